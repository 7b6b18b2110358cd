#!/usr/bin/env python3
"""CSV to sorted, single, zstd Parquet, side by side: this program, DuckDB, Polars and pyarrow on the same rows.

    pip install duckdb polars pyarrow
    cargo build --release -p aftershock-ingest --example ingest
    python3 tests/bench/ingest.py BTCUSDT-aggTrades-2024-01-01.zip target/release/examples/ingest [rows] [rounds]

The file is a day of Binance's archive of aggregated trades on spot. It is repeated, with ids and stamps shifted by a day
each time, until there are as many rows as asked for (20 million by default), with a header, because the other three are
told the types and names of the columns. Every program runs in a process of its own; rounds alternate; wall and CPU
seconds are medians, memory is the peak. The others neither check the order, nor take out repetitions, nor keep where a
row came from, nor hash the file; they write what they read.
"""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

COLUMNS = ["agg_trade_id", "price", "quantity", "first_trade_id", "last_trade_id", "transact_time", "is_buyer_maker"]
DAY_MS = 86_400_000

DUCKDB = """
import duckdb, sys
types = "{'agg_trade_id':'BIGINT','price':'DOUBLE','quantity':'DOUBLE','first_trade_id':'BIGINT','last_trade_id':'BIGINT'," \\
        "'transact_time':'BIGINT','is_buyer_maker':'BOOLEAN'}"
duckdb.sql("SET threads=2")
duckdb.sql(f"COPY (FROM read_csv('{sys.argv[1]}', header=true, auto_detect=false, columns={types})) "
           f"TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3)")
"""
POLARS = """
import os, sys
os.environ["POLARS_MAX_THREADS"] = "2"
import polars as pl
whole, real = pl.Int64, pl.Float64
types = dict(zip(%r, [whole, real, real, whole, whole, whole, pl.Boolean]))
pl.scan_csv(sys.argv[1], schema=types).sink_parquet(sys.argv[2], compression="zstd", compression_level=3)
""" % COLUMNS
PYARROW = """
import sys
import pyarrow as pa, pyarrow.csv, pyarrow.parquet
pa.set_cpu_count(2)
whole, real = pa.int64(), pa.float64()
types = dict(zip(%r, [whole, real, real, whole, whole, whole, pa.bool_()]))
blocks = pa.csv.open_csv(sys.argv[1], read_options=pa.csv.ReadOptions(block_size=8 << 20),
                         convert_options=pa.csv.ConvertOptions(column_types=types))
with pa.parquet.ParquetWriter(sys.argv[2], blocks.schema, compression="zstd", compression_level=3) as out:
    for block in blocks:
        out.write_batch(block, row_group_size=1 << 20)
""" % COLUMNS


def repeated(day, rows, path):
    """Writes the day again and again until there are `rows` rows."""
    with zipfile.ZipFile(day) as archive:
        lines = archive.read(archive.namelist()[0]).decode().splitlines()
    day = [line.split(",") for line in lines if line[0].isdigit()]
    ids = int(day[-1][0]) - int(day[0][0]) + 1
    trades = int(day[-1][4]) - int(day[0][3]) + 1
    written = turn = 0
    with open(path, "w", buffering=1 << 22) as out:
        out.write(",".join(COLUMNS) + "\n")
        while written < rows:
            for r in day[: rows - written]:
                out.write(f"{int(r[0]) + turn * ids},{r[1]},{r[2]},{int(r[3]) + turn * trades},"
                          f"{int(r[4]) + turn * trades},{int(r[5]) + turn * DAY_MS},{r[6]}\n")
            written += min(len(day), rows - written)
            turn += 1


def size(path):
    if not os.path.exists(path):
        return 0
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(path) for name in names
               if name.endswith(".parquet"))


def run(command, out):
    if os.path.isdir(out):
        shutil.rmtree(out)
    elif os.path.exists(out):
        os.remove(out)
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[0]} failed")
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, size(out)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    day, ours = sys.argv[1], sys.argv[2]
    rows = int(sys.argv[3]) if len(sys.argv) > 3 else 20_000_000
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    with tempfile.TemporaryDirectory() as folder:
        csv = os.path.join(folder, "BTCUSDT-aggTrades-2024-01.csv")
        repeated(day, rows, csv)
        packed = os.path.join(folder, "BTCUSDT-aggTrades-2024-01.zip")
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            archive.write(csv, os.path.basename(csv))
        at = lambda name: os.path.join(folder, name)
        python = [sys.executable, "-c"]
        cases = {
            "aftershock": ([ours, at("tape"), csv], at("tape")),
            "duckdb": (python + [DUCKDB, csv, at("d.parquet")], at("d.parquet")),
            "polars": (python + [POLARS, csv, at("p.parquet")], at("p.parquet")),
            "pyarrow": (python + [PYARROW, csv, at("a.parquet")], at("a.parquet")),
            "aftershock, zip": ([ours, at("tape-zip"), packed], at("tape-zip")),
            "inflate alone": (python + [INFLATE, packed], at("none")),
        }
        found = {name: [] for name in cases}
        for turn in range(rounds):
            for name in list(cases) if turn % 2 == 0 else reversed(list(cases)):
                command, out = cases[name]
                found[name].append(run(command, out))
        print(f"{rows:,} rows, {os.path.getsize(csv):,} bytes of CSV, {rounds} rounds, {os.cpu_count()} cores")
        print(f"{'':18}{'wall s':>8}{'M rows/s':>10}{'CPU s':>8}{'peak MB':>9}{'bytes a row':>13}")
        for name, samples in found.items():
            wall, cpu, peak, out = (statistics.median(column) for column in zip(*samples))
            bytes_a_row = f"{out / rows:.2f}" if out else ""
            print(f"{name:18}{wall:8.2f}{rows / wall / 1e6:10.2f}{cpu:8.2f}{peak:9.0f}{bytes_a_row:>13}")


INFLATE = """
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive, archive.open(archive.namelist()[0]) as member:
    while member.read(1 << 20):
        pass
"""

if __name__ == "__main__":
    main()
