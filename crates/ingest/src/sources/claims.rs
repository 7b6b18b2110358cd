//! No source claims a file of another's.

use std::path::{Path, PathBuf};

use super::SOURCES;
use crate::{Head, Hints};

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder reads") {
        let path = entry.expect("the entry reads").path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_none_or(|extension| extension != "md") {
            found.push(path);
        }
    }
}

#[test]
fn every_fixture_is_claimed_by_the_source_of_its_folder_alone() {
    let root = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fixtures/ingest"
    ));
    for source in SOURCES {
        let mut files = Vec::new();
        files_below(root, &mut files);
        for file in files {
            let bytes = std::fs::read(&file).expect("the fixture reads");
            let begins: &[u8] = &bytes[..bytes.len().min(65_536)];
            if std::str::from_utf8(&begins[..begins.len().min(4)]).is_err() || begins.starts_with(b"PAR1") {
                continue;
            }
            let path = file.to_string_lossy();
            let head = Head {
                path: &path,
                bytes: begins,
                schema: None,
                hints: &Hints::default(),
            };
            let folder = path[root.to_string_lossy().len() + 1..].split('/').next();
            let own = folder.is_some_and(|folder| folder.replace('_', "-") == source.name());
            // An error is a claim too: the file is the source's and lacks something.
            let claimed = !matches!(source.recognise(&head), Ok(None));
            assert!(own || !claimed, "{} claims {path}", source.name());
        }
    }
}
