//! Who may ask, and where the server may listen.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;

/// What somebody hears who may not ask; not why.
pub(crate) const REFUSED: &str = "the token is missing or wrong";
/// Shortest token with which the server listens beyond this machine.
const TOKEN_LETTERS: usize = 16;

/// What a client must show, and what the server shows in return.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// What every client must know; anybody may ask where there is none.
    pub token: Option<String>,
    /// Certificate and key; text is plain where there are none.
    pub tls: Option<Tls>,
    /// Whether to listen beyond this machine although everybody on the way reads along, token and all.
    pub plain_text: bool,
}

/// A certificate chain and its private key, both PEM.
#[derive(Clone)]
pub struct Tls {
    /// The chain, the server's own certificate first.
    pub certificate: Vec<u8>,
    /// The key.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

impl Access {
    /// Refuses to listen beyond this machine without a token, or where it could be read on the way.
    ///
    /// # Errors
    /// What is missing, as primary and hint.
    pub(crate) fn allows(&self, address: SocketAddr) -> Result<(), (String, String)> {
        if self.token.as_deref().is_some_and(str::is_empty) {
            return Err(("the token is empty".into(), "leave it out, or give one".into()));
        }
        if address.ip().is_loopback() {
            return Ok(());
        }
        let beyond = format!("{address} can be reached from other machines");
        match &self.token {
            None => Err((
                format!("{beyond}, and no token is given"),
                "put one into a file and name it with --token-file, or listen on 127.0.0.1".into(),
            )),
            Some(token) if token.len() < TOKEN_LETTERS => Err((
                format!("{beyond}, and the token has fewer than {TOKEN_LETTERS} letters"),
                "take a long random one, such as `openssl rand -hex 32` gives".into(),
            )),
            Some(_) if self.tls.is_none() && !self.plain_text => Err((
                format!("{beyond}, and the token and all answers would pass in plain text"),
                "give --tls-cert and --tls-key; or --plain-text where another tunnel protects them".into(),
            )),
            Some(_) => Ok(()),
        }
    }

    /// Whether certificate and key serve, as far as can be told before a client comes.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn check_certificate(&self) -> Result<(), String> {
        self.acceptor().map(drop)
    }

    /// Ciphers connections where there is a certificate.
    ///
    /// # Errors
    /// When certificate or key cannot be read, or do not belong together.
    pub(crate) fn acceptor(&self) -> Result<Option<TlsAcceptor>, String> {
        let Some(Tls { certificate, key }) = &self.tls else {
            return Ok(None);
        };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
        let chain = chain.map_err(|error| error.to_string())?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| error.to_string())?;
        // Flight's library takes the process's own; whoever set one before may keep it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| error.to_string())?;
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(Some(TlsAcceptor::from(Arc::new(config))))
    }

    /// Whether a header `Bearer <token>`, or `Basic` with the token as password, lets in.
    pub(crate) fn admits_header(&self, header: Option<&str>) -> bool {
        if self.token.is_none() {
            return true;
        }
        let Some((scheme, value)) = header.and_then(|header| header.split_once(' ')) else {
            return false;
        };
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" => self.admits(value.trim()),
            "basic" => decoded(value.trim()).is_some_and(|pair| match pair.split_once(':') {
                Some((_user, password)) => self.admits(password),
                None => false,
            }),
            _ => false,
        }
    }

    /// Whether this is the token. Digests are compared, so that the time it takes says nothing.
    pub(crate) fn admits(&self, said: &str) -> bool {
        match &self.token {
            None => true,
            Some(token) => Sha256::digest(said) == Sha256::digest(token),
        }
    }

    /// The header to be sent from now on.
    pub(crate) fn bearer(&self) -> Option<String> {
        self.token.as_ref().map(|token| format!("Bearer {token}"))
    }
}

/// Text behind base64, with or without the signs that fill it up: Go's clients leave them out.
fn decoded(text: &str) -> Option<String> {
    use base64::Engine as _;
    let plain = base64::engine::general_purpose::STANDARD_NO_PAD;
    let bytes = plain.decode(text.trim_end_matches('=')).ok()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(token: Option<&str>) -> Access {
        Access {
            token: token.map(str::to_owned),
            ..Access::default()
        }
    }

    #[test]
    fn a_header_lets_in_with_the_token_alone() {
        let closed = access(Some("open sesame"));
        // `user:open sesame` and `user:open` by coreutils' base64.
        for (header, admitted) in [
            (Some("Bearer open sesame"), true),
            (Some("bearer open sesame"), true),
            (Some("Basic dXNlcjpvcGVuIHNlc2FtZQ=="), true),
            (Some("Basic dXNlcjpvcGVuIHNlc2FtZQ"), true),
            (Some("Basic dXNlcjpvcGVu"), false),
            (Some("Basic %%%"), false),
            (Some("Bearer open"), false),
            (Some("Bearer "), false),
            (Some("open sesame"), false),
            (Some("Digest open sesame"), false),
            (None, false),
        ] {
            assert_eq!(closed.admits_header(header), admitted, "{header:?}");
        }
        assert!(access(None).admits_header(None));
    }

    #[test]
    fn beyond_this_machine_a_token_and_a_cipher_are_needed() {
        let near: SocketAddr = "127.0.0.1:1".parse().expect("an address");
        let near6: SocketAddr = "[::1]:1".parse().expect("an address");
        let far: SocketAddr = "0.0.0.0:1".parse().expect("an address");
        let long = "0123456789abcdef";
        assert!(access(None).allows(near).is_ok());
        assert!(access(None).allows(near6).is_ok());
        assert!(access(Some("")).allows(near).is_err());
        assert!(access(None).allows(far).is_err());
        assert!(access(Some("short")).allows(far).is_err());
        assert!(access(Some(long)).allows(far).is_err());
        let mut plain = access(Some(long));
        plain.plain_text = true;
        assert!(plain.allows(far).is_ok());
        let mut ciphered = access(Some(long));
        ciphered.tls = Some(Tls {
            certificate: Vec::new(),
            key: Vec::new(),
        });
        assert!(ciphered.allows(far).is_ok());
        ciphered.token = None;
        assert!(ciphered.allows(far).is_err());
    }
}
