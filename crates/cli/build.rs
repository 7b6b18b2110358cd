//! Rebuilds this crate when a file is added to the folders that it embeds, which `include_dir` alone would miss.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../data/rule-sets");
    println!("cargo::rerun-if-changed=../../data/venues");
}
