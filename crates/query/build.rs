//! Rebuilds this crate when a query is added or taken away.

fn main() {
    println!("cargo:rerun-if-changed=../../queries");
}
