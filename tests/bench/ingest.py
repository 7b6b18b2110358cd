#!/usr/bin/env python3
"""CSV to sorted, single, zstd Parquet, side by side: this program, DuckDB, Polars and pyarrow on the same rows.

    pip install duckdb polars pyarrow
    cargo build --release -p aftershock-ingest --example ingest
    python3 tests/bench/ingest.py BTCUSDT-aggTrades-2024-01-01.zip target/release/examples/ingest [rows] [rounds]

The file is a day of Binance's archive of aggregated trades on spot. It is repeated, with ids and stamps shifted by a day
each time, until there are as many rows as asked for (20 million by default), with a header, because the other three are
told the types and names of the columns. Every program runs in a process of its own, on two threads; rounds alternate;
wall and CPU seconds are medians, memory is the peak, `others` is how many cores other processes took meanwhile.

"same table" writes the columns of the tape, sorted by stamp and id, one row an id: what this program does; it hashes the
file too, and the others do not. "copy" writes the file's own columns in the file's own order and checks nothing.
"""
import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
import zipfile

from timed import timed

COLUMNS = ["agg_trade_id", "price", "quantity", "first_trade_id", "last_trade_id", "transact_time", "is_buyer_maker"]
DAY_MS = 86_400_000

DUCKDB = """
import duckdb, sys
types = "{'agg_trade_id':'BIGINT','price':'DOUBLE','quantity':'DOUBLE','first_trade_id':'BIGINT','last_trade_id':'BIGINT'," \\
        "'transact_time':'BIGINT','is_buyer_maker':'BOOLEAN'}"
rows = f"read_csv('{sys.argv[1]}', header=true, auto_detect=false, columns={types})"
table = f'''
    SELECT make_timestamp(transact_time * 1000) AS traded_at, agg_trade_id AS trade_id, price, quantity,
           'base' AS quantity_unit, CASE WHEN is_buyer_maker THEN 'sell' ELSE 'buy' END AS side,
           first_trade_id, last_trade_id, '0123456789abcdef' AS source, source_row
    FROM (SELECT *, row_number() OVER () AS source_row FROM {rows})
    QUALIFY row_number() OVER (PARTITION BY agg_trade_id ORDER BY source_row) = 1
    ORDER BY traded_at, trade_id'''
duckdb.sql("SET threads=2")
query = table if sys.argv[3] == "table" else f"FROM {rows}"
duckdb.sql(f"COPY ({query}) TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3)")
"""
POLARS = """
import os, sys, zipfile
os.environ["POLARS_MAX_THREADS"] = "2"
import polars as pl
whole, real, word = pl.Int64, pl.Float64, pl.Categorical
types = dict(zip(%r, [whole, real, real, whole, whole, whole, pl.Boolean]))
path, out, form = sys.argv[1:]
if path.endswith(".zip"):
    with zipfile.ZipFile(path) as archive:
        path = archive.read(archive.namelist()[0])
rows = pl.scan_csv(path, schema=types, row_index_name="source_row" if form == "table" else None)
if form == "table":
    rows = rows.unique(subset="agg_trade_id", keep="first").select(
        traded_at=pl.from_epoch("transact_time", time_unit="ms").cast(pl.Datetime("us")),
        trade_id="agg_trade_id", price="price", quantity="quantity",
        quantity_unit=pl.lit("base").cast(word),
        side=pl.when("is_buyer_maker").then(pl.lit("sell")).otherwise(pl.lit("buy")).cast(word),
        first_trade_id="first_trade_id", last_trade_id="last_trade_id",
        source=pl.lit("0123456789abcdef").cast(word), source_row="source_row",
    ).sort("traded_at", "trade_id")
rows.sink_parquet(out, compression="zstd", compression_level=3)
""" % COLUMNS
PYARROW = """
import sys
import pyarrow as pa, pyarrow.compute as pc, pyarrow.csv, pyarrow.parquet
pa.set_cpu_count(2)
whole, real = pa.int64(), pa.float64()
types = dict(zip(%r, [whole, real, real, whole, whole, whole, pa.bool_()]))
path, out, form = sys.argv[1:]
blocks = pa.csv.open_csv(path, read_options=pa.csv.ReadOptions(block_size=8 << 20),
                         convert_options=pa.csv.ConvertOptions(column_types=types))
if form == "table":
    rows = blocks.read_all()
    words = lambda values: pc.dictionary_encode(values)
    n = len(rows)
    side = pc.if_else(rows["is_buyer_maker"], "sell", "buy")
    rows = pa.table({
        "traded_at": pc.multiply(rows["transact_time"], 1000).cast(pa.timestamp("us")),
        "trade_id": rows["agg_trade_id"], "price": rows["price"], "quantity": rows["quantity"],
        "quantity_unit": pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), n), ["base"]),
        "side": words(side), "first_trade_id": rows["first_trade_id"], "last_trade_id": rows["last_trade_id"],
        "source": pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), n), ["0123456789abcdef"]),
        "source_row": pc.cumulative_sum(pa.repeat(pa.scalar(1, whole), n)),
    }).sort_by([("traded_at", "ascending"), ("trade_id", "ascending")])
    ids = rows["trade_id"].combine_chunks()
    first = pa.concat_arrays([pa.array([True]), pc.not_equal(ids.slice(1), ids.slice(0, n - 1))])
    pa.parquet.write_table(rows.filter(first), out, compression="zstd", compression_level=3)
else:
    with pa.parquet.ParquetWriter(out, blocks.schema, compression="zstd", compression_level=3) as writer:
        for block in blocks:
            writer.write_batch(block, row_group_size=1 << 20)
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
    wall, cpu, peak, others = timed(command)
    return wall, cpu, peak, size(out), others


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    day, ours = sys.argv[1], sys.argv[2]
    rows = int(sys.argv[3]) if len(sys.argv) > 3 else 20_000_000
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    with tempfile.TemporaryDirectory() as folder:
        csv = os.path.join(folder, "BTCUSDT-aggTrades-2024-01.csv")
        # In a process of its own: a child's peak memory begins at that of its parent.
        writer = multiprocessing.Process(target=repeated, args=(day, rows, csv))
        writer.start()
        writer.join()
        packed = os.path.join(folder, "BTCUSDT-aggTrades-2024-01.zip")
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            archive.write(csv, os.path.basename(csv))
        at = lambda name: os.path.join(folder, name)
        python = [sys.executable, "-c"]
        cases = {
            "aftershock, same table": ([ours, at("tape"), csv], at("tape")),
            "duckdb, same table": (python + [DUCKDB, csv, at("d.parquet"), "table"], at("d.parquet")),
            "polars, same table": (python + [POLARS, csv, at("p.parquet"), "table"], at("p.parquet")),
            "pyarrow, same table": (python + [PYARROW, csv, at("a.parquet"), "table"], at("a.parquet")),
            "duckdb, copy": (python + [DUCKDB, csv, at("d.parquet"), "copy"], at("d.parquet")),
            "polars, copy": (python + [POLARS, csv, at("p.parquet"), "copy"], at("p.parquet")),
            "pyarrow, copy": (python + [PYARROW, csv, at("a.parquet"), "copy"], at("a.parquet")),
            "aftershock, same table, zip": ([ours, at("tape-zip"), packed], at("tape-zip")),
            "polars, copy, zip": (python + [POLARS, packed, at("z.parquet"), "copy"], at("z.parquet")),
            "inflate alone": (python + [INFLATE, packed], at("none")),
        }
        found = {name: [] for name in cases}
        for turn in range(rounds):
            for name in list(cases) if turn % 2 == 0 else reversed(list(cases)):
                command, out = cases[name]
                found[name].append(run(command, out))
        print(f"{rows:,} rows, {os.path.getsize(csv):,} bytes of CSV, {rounds} rounds, {os.cpu_count()} cores")
        print(f"{'':28}{'wall s':>8}{'M rows/s':>10}{'CPU s':>8}{'peak MB':>9}{'bytes a row':>13}{'others':>8}")
        for name, samples in found.items():
            wall, cpu, peak, out, others = (statistics.median(column) for column in zip(*samples))
            bytes_a_row = f"{out / rows:.2f}" if out else ""
            print(f"{name:28}{wall:8.2f}{rows / wall / 1e6:10.2f}{cpu:8.2f}{peak:9.0f}{bytes_a_row:>13}{others:8.2f}")


INFLATE = """
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive, archive.open(archive.namelist()[0]) as member:
    while member.read(1 << 20):
        pass
"""

if __name__ == "__main__":
    main()
