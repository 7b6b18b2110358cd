//! Asks one question of a data folder without the rest of the program, for measurements:
//! `cargo run --release -p aftershock-query --example ask -- DATA SQL`

use std::io::Write;
use std::path::Path;

use aftershock_query::{CatalogTables, Session, format};

/// The program's own: batches come and go, and the system's allocator gives their pages back each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, sql] = &arguments[..] else {
        return Err("expected: DATA SQL".into());
    };
    let session = Session::open(Path::new(data), CatalogTables::empty())?;
    let mut answer = Vec::new();
    format::write_json_lines(&session.sql(sql)?, &mut answer)?;
    Ok(std::io::stdout().write_all(&answer)?)
}
