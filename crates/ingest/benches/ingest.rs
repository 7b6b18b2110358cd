//! Rows a second from a made-up CSV of aggregated trades to a tape on disk, plain and packed; beside it the time that
//! unpacking alone takes. `tests/bench/ingest.py` compares with other programs, on real rows.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use aftershock_archive::Store;
use aftershock_archive::tape::Tape;
use aftershock_ingest::{Options, Progress, ingest};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROWS: u64 = 1_000_000;
const FILE: &str = "BTCUSDT-aggTrades-2024-01.csv";

struct Silent;

impl Progress for Silent {
    fn begin(&self, _files: usize, _bytes: u64) {}
    fn advance(&self, _bytes: u64, _records: u64) {}
    fn commit(&self) {}
}

/// A price that wanders by ticks of a cent, quantities of five decimals, about twelve trades a second.
fn csv() -> String {
    let mut text = String::from(
        "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n",
    );
    let (mut state, mut price, mut at) = (88_172_645_463_325_252_u64, 4_228_358_i64, 1_704_067_200_000_u64);
    for row in 0..ROWS {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        price += (state % 21) as i64 - 10;
        at += state >> 32 & 127;
        let quantity = 1 + (state >> 20) % 50_000;
        writeln!(
            text,
            "{},{}.{:02}000000,0.{quantity:05}000,{},{},{at},{}",
            2_000_000_000 + row,
            price / 100,
            price % 100,
            3_000_000_000 + 2 * row,
            3_000_000_001 + 2 * row,
            if state & 1 == 0 { "true" } else { "false" }
        )
        .expect("memory takes all");
    }
    text
}

fn once(file: &Path) -> u64 {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("tape").to_string_lossy().into_owned();
    let tape = Tape::new(Store::open(&place).expect("a place for a tape"));
    let given = [file.to_string_lossy().into_owned()];
    let report = ingest(&tape, &given, &Options::default(), &Silent).expect("a file that can be read");
    report.files[0].kept
}

fn packed(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join(format!("{FILE}.gz"));
    let file = std::fs::File::create(&path).expect("a file");
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    encoder.write_all(text.as_bytes()).expect("a disk takes all");
    encoder.finish().expect("a disk takes all");
    path
}

fn whole(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let text = csv();
    let plain = folder.path().join(FILE);
    std::fs::write(&plain, &text).expect("a file");
    let packed = packed(folder.path(), &text);
    assert_eq!(once(&plain), ROWS);
    let mut group = criterion.benchmark_group("ingest");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(ROWS));
    group.bench_function("csv", |bencher| bencher.iter(|| once(&plain)));
    group.bench_function("csv.gz", |bencher| bencher.iter(|| once(&packed)));
    group.bench_function("unpack alone", |bencher| {
        bencher.iter(|| {
            let file = std::fs::File::open(&packed).expect("a file");
            let mut reader = flate2::read::MultiGzDecoder::new(std::io::BufReader::new(file));
            let mut room = vec![0; 1 << 20];
            let mut bytes = 0;
            while let Ok(count @ 1..) = reader.read(&mut room) {
                bytes += count;
            }
            bytes
        });
    });
    group.finish();
}

criterion_group!(benches, whole);
criterion_main!(benches);
