//! Ingests files into a tape without the rest of the program, for measurements:
//! `cargo run --release -p aftershock-ingest --example ingest -- TAPE FILE…`

use aftershock_archive::Store;
use aftershock_archive::tape::Tape;
use aftershock_ingest::{Options, Progress, ingest};

/// The program's own: blocks come and go, and the system's allocator gives their pages back each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Silent;

impl Progress for Silent {
    fn begin(&self, _files: usize, _bytes: u64) {}
    fn advance(&self, _bytes: u64, _records: u64) {}
    fn commit(&self) {}
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let tape = arguments.next().ok_or("expected: TAPE FILE…")?;
    let paths: Vec<String> = arguments.collect();
    let tape = Tape::new(Store::open(&tape)?);
    let report = ingest(&tape, &paths, &Options::default(), &Silent)?;
    for file in &report.files {
        println!(
            "{}: {}; {} records, {} rows, {} kept, {} rejected",
            file.path, file.what, file.records, file.rows, file.kept, file.rejected
        );
    }
    for (path, reason) in &report.unknown {
        println!("{}: left out: {reason}", path.display());
    }
    Ok(())
}
