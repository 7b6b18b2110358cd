//! Names the engine: a digest of the sources that decide what a run comes to, and of the numeric crates below them.

use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest, Sha256};

const CRATES: [&str; 7] = [
    "calibrate",
    "market",
    "measure",
    "protocol",
    "replay",
    "rules",
    "sweep",
];
const NUMERIC: [&str; 5] = ["libm", "rand", "rand_chacha", "rand_core", "rand_distr"];

fn main() {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let crates = here.parent().expect("this crate lies in crates/").to_owned();
    let mut files = Vec::new();
    for name in CRATES {
        let sources = crates.join(name).join("src");
        println!("cargo:rerun-if-changed={}", sources.display());
        collect(&sources, &mut files);
    }
    files.sort();
    let mut digest = Sha256::new();
    for file in files {
        let text = fs::read(&file).expect("a listed source can be read");
        let name = file
            .strip_prefix(&crates)
            .expect("sources lie in crates/")
            .to_string_lossy()
            .replace('\\', "/");
        digest.update(name.as_bytes());
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(&text);
    }
    let lock = crates
        .parent()
        .expect("the workspace holds crates/")
        .join("Cargo.lock");
    println!("cargo:rerun-if-changed={}", lock.display());
    let lock = fs::read_to_string(&lock).unwrap_or_default();
    for package in lock.split("[[package]]") {
        let named = NUMERIC
            .iter()
            .any(|name| package.contains(&format!("name = \"{name}\"\n")));
        if named {
            digest.update(package.as_bytes());
        }
    }
    let hex: String = digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    println!("cargo:rustc-env=AFTERSHOCK_ENGINE_SHA256={hex}");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder)
        .expect("a source folder can be read")
        .flatten()
    {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
