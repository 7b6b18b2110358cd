//! What a page may do: show what is in it. It may fetch nothing, send nothing, and run only the scripts it was made with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// A script as it stands in a page: inside a section of plain characters, so that the page is well-formed XML too.
pub(crate) fn script(code: &str) -> String {
    format!("//<![CDATA[\n{}\n//]]>", code.trim_end())
}

/// The Content-Security-Policy of a page with this style and these scripts, as they stand between their tags.
pub(crate) fn policy(style: &str, scripts: &[String]) -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let scripts: Vec<String> = scripts.iter().map(|script| hash(script)).collect();
    format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        scripts.join(" "),
        hash(style)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_named_by_the_digest_of_its_text() {
        // printf %s 'alert(1)' | openssl dgst -sha256 -binary | base64
        let policy = policy("", &["alert(1)".to_owned()]);
        assert!(
            policy.contains("script-src 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"),
            "{policy}"
        );
        assert!(policy.starts_with("default-src 'none';"));
    }
}
