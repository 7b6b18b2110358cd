use super::*;

#[test]
fn every_embedded_map_holds_together() {
    for (name, map) in EMBEDDED.iter() {
        if let Err(error) = map {
            panic!("{name}: {error}");
        }
    }
    assert!(EMBEDDED.len() > 20);
}

#[test]
fn try_all() {
    let root = format!("{}/data", std::env::var("AFTERSHOCK_SHARED").unwrap());
    let dir = tempfile::tempdir().unwrap();
    for path in std::env::var("TRY").unwrap().split_whitespace() {
        let tape = aftershock_archive::tape::Tape::new(aftershock_archive::store::Store::folder(dir.path()));
        let _ = (&root, tape, path);
    }
}
