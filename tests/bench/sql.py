#!/usr/bin/env python3
"""The same questions of the same Parquet, side by side: this program, DuckDB, Polars and chDB.

    pip install duckdb polars pyarrow chdb numpy
    cargo build --release -p aftershock-ingest --example ingest
    cargo build --release -p aftershock-query --example ask
    python3 tests/bench/sql.py target/release/examples [rows] [rounds] [folder]

A month of made-up trades (20 million by default) and a funding rate a minute are ingested into a tape; all four read its files.
Every question is asked in a process of its own, on two threads; rounds alternate; figures are medians over rounds. `wall` of
this program is the whole process; that of the other three only the query, without the start of Python and the import, which
`CPU` and memory hold. `others` is how many cores other processes took meanwhile.

Answers are compared first: they must agree to one part in a billion, and VPIN to one in a hundred, because this program
splits a trade at the edge of a bucket and the others give it to the bucket that it begins in.
"""
import glob
import json
import os
import statistics
import subprocess
import sys
import tempfile

from timed import timed

START_US = 1_704_067_200_000_000
BUCKET = 2_000.0
QUESTIONS = {
    "OHLCV per second": """
        SELECT count(*) AS n, sum(o) AS o, sum(h) AS h, sum(l) AS l, sum(c) AS c, sum(v) AS v, sum(n) AS trades FROM (
            SELECT time_bucket(INTERVAL '1 second', traded_at) AS at, first_value(price ORDER BY traded_at, trade_id) AS o,
                   max(price) AS h, min(price) AS l, last_value(price ORDER BY traded_at, trade_id) AS c,
                   sum(quantity) AS v, count(*) AS n
            FROM recorded.trades GROUP BY at ORDER BY at)""",
    "realized variance per minute": """
        WITH seconds AS (SELECT time_bucket(INTERVAL '1 second', traded_at) AS at, last_value(price ORDER BY traded_at, trade_id) AS c
                         FROM recorded.trades GROUP BY at),
             returns AS (SELECT at, ln(c / lag(c) OVER (ORDER BY at)) AS r FROM seconds),
             minutes AS (SELECT time_bucket(INTERVAL '1 minute', at) AS at, sum(r * r) AS rv FROM returns GROUP BY 1)
        SELECT count(*) AS n, sum(rv) AS rv FROM minutes""",
    "trades as of funding": """
        SELECT sum(price * quantity * rate) FILTER (WHERE side = 'buy') AS bought,
               sum(price * quantity * rate) FILTER (WHERE side = 'sell') AS sold
        FROM recorded.trades AS t ASOF JOIN recorded.funding AS f MATCH_CONDITION (t.traded_at >= f.funded_at)""",
    "VPIN per day": f"""
        SELECT count(*) AS n, sum(vpin) AS vpin FROM (
            SELECT time_bucket(INTERVAL '1 day', traded_at) AS at,
                   vpin_signed(traded_at, CASE side WHEN 'buy' THEN quantity ELSE -quantity END, {BUCKET}) AS vpin
            FROM recorded.trades GROUP BY at)""",
    "top hundred by notional": """
        SELECT sum(trade_id) AS ids, sum(notional) AS notional FROM (
            SELECT trade_id, price * quantity AS notional FROM recorded.trades ORDER BY notional DESC, trade_id LIMIT 100)""",
    "five minutes of the month": f"""
        SELECT count(*) AS n, sum(price * quantity) AS notional FROM recorded.trades
        WHERE traded_at >= TIMESTAMP '2024-01-15 12:00:00' AND traded_at < TIMESTAMP '2024-01-15 12:05:00'""",
}
FIVE = START_US + 14 * 86_400_000_000 + 12 * 3_600_000_000

DUCKDB = f"""
import duckdb, json, sys, time
question, trades, funding = sys.argv[1:]
T, F = f"read_parquet('{{trades}}/**/*.parquet')", f"read_parquet('{{funding}}/**/*.parquet')"
SQL = {{
"OHLCV per second": f'''SELECT count(*), sum(o), sum(h), sum(l), sum(c), sum(v), sum(n) FROM (
    SELECT epoch_us(traded_at) // 1000000 AS s, arg_min(price, trade_id) o, max(price) h, min(price) l, arg_max(price, trade_id) c,
           sum(quantity) v, count(*) n FROM {{T}} GROUP BY 1 ORDER BY 1)''',
"realized variance per minute": f'''WITH s AS (SELECT epoch_us(traded_at) // 1000000 AS s, arg_max(price, trade_id) c FROM {{T}} GROUP BY 1),
    r AS (SELECT s, ln(c / lag(c) OVER (ORDER BY s)) r FROM s), m AS (SELECT s // 60 AS m, sum(r * r) rv FROM r GROUP BY 1)
    SELECT count(*), sum(rv) FROM m''',
"trades as of funding": f'''SELECT sum(price * quantity * rate) FILTER (side = 'buy'), sum(price * quantity * rate) FILTER (side = 'sell')
    FROM {{T}} t ASOF LEFT JOIN {{F}} f ON t.traded_at >= f.funded_at''',
"VPIN per day": f'''WITH t AS (SELECT epoch_us(traded_at) // 86400000000 AS d, quantity q, CASE side WHEN 'buy' THEN quantity ELSE -quantity END AS s,
        sum(quantity) OVER (PARTITION BY epoch_us(traded_at) // 86400000000 ORDER BY trade_id ROWS UNBOUNDED PRECEDING) AS v FROM {{T}}),
    b AS (SELECT d, floor((v - q) / {BUCKET}) AS b, abs(sum(s)) AS i, sum(q) AS q FROM t GROUP BY 1, 2),
    full_ones AS (SELECT *, row_number() OVER (PARTITION BY d ORDER BY b DESC) AS back FROM b)
    SELECT count(DISTINCT d), sum(v) FROM (SELECT d, sum(i) / sum(q) AS v FROM full_ones WHERE back > 1 GROUP BY d)''',
"top hundred by notional": f'''SELECT sum(trade_id)::BIGINT, sum(n) FROM (
    SELECT trade_id, price * quantity n FROM {{T}} ORDER BY n DESC, trade_id LIMIT 100)''',
"five minutes of the month": f'''SELECT count(*), sum(price * quantity) FROM {{T}}
    WHERE traded_at >= make_timestamptz({FIVE}) AND traded_at < make_timestamptz({FIVE + 300_000_000})''',
}}
c = duckdb.connect()
c.execute("SET threads=2")
c.execute("SET TimeZone='UTC'")
start = time.perf_counter()
row = c.execute(SQL[question]).fetchone()
print(json.dumps([time.perf_counter() - start, list(row)]))
"""
POLARS = f"""
import datetime, json, os, sys, time
os.environ["POLARS_MAX_THREADS"] = "2"
import polars as pl
question, trades, funding = sys.argv[1:]
c = pl.col
start = time.perf_counter()
t = pl.scan_parquet(trades + "/**/*.parquet")
f = pl.scan_parquet(funding + "/**/*.parquet").select("funded_at", "rate")
us = c("traded_at").cast(pl.Int64)
if question == "OHLCV per second":
    asked = t.group_by((us // 1000000).alias("s")).agg(o=c("price").first(), h=c("price").max(), l=c("price").min(), c=c("price").last(),
        v=c("quantity").sum(), n=pl.len()).sort("s").select(pl.len(), *[c(k).sum() for k in "ohlcvn"])
elif question == "realized variance per minute":
    asked = (t.group_by((us // 1000000).alias("s")).agg(c=c("price").last()).sort("s")
        .with_columns(r=(c("c") / c("c").shift(1)).log()).group_by(c("s") // 60).agg(rv=(c("r") ** 2).sum()).select(pl.len(), c("rv").sum()))
elif question == "trades as of funding":
    asked = (t.select("traded_at", "price", "quantity", "side").set_sorted("traded_at")
        .join_asof(f.set_sorted("funded_at"), left_on="traded_at", right_on="funded_at", strategy="backward")
        .with_columns(x=c("price") * c("quantity") * c("rate"))
        .select(b=c("x").filter(c("side") == "buy").sum(), s=c("x").filter(c("side") == "sell").sum()))
elif question == "VPIN per day":
    day, q = (us // 86400000000).alias("d"), c("quantity")
    asked = (t.select(day, q, s=pl.when(c("side") == "buy").then(q).otherwise(-q))
        .with_columns(b=((c("quantity").cum_sum().over("d") - q) / {BUCKET}).floor())
        .group_by("d", "b").agg(i=c("s").sum().abs(), q=c("quantity").sum())
        .filter(c("b") < c("b").max().over("d")).group_by("d").agg(v=c("i").sum() / c("q").sum()).select(pl.len(), c("v").sum()))
elif question == "top hundred by notional":
    asked = (t.select("trade_id", n=c("price") * c("quantity")).sort(["n", "trade_id"], descending=[True, False]).head(100)
        .select(c("trade_id").sum(), c("n").sum()))
else:
    low = datetime.datetime.fromtimestamp({FIVE} / 1e6, datetime.timezone.utc)
    asked = (t.filter((c("traded_at") >= low) & (c("traded_at") < low + datetime.timedelta(minutes=5)))
        .select(pl.len(), (c("price") * c("quantity")).sum()))
row = asked.collect(engine="streaming").row(0)
print(json.dumps([time.perf_counter() - start, list(row)]))
"""
CHDB = f"""
import chdb, json, sys, time
question, trades, funding = sys.argv[1:]
T, F = f"file('{{trades}}/**/*.parquet', Parquet)", f"file('{{funding}}/**/*.parquet', Parquet)"
SQL = {{
"OHLCV per second": f'''SELECT count(*), sum(o), sum(h), sum(l), sum(c), sum(v), sum(n) FROM (
    SELECT toStartOfSecond(traded_at) AS s, argMin(price, trade_id) o, max(price) h, min(price) l, argMax(price, trade_id) c,
           sum(quantity) v, count(*) n FROM {{T}} GROUP BY s ORDER BY s)''',
"realized variance per minute": f'''WITH s AS (SELECT toStartOfSecond(traded_at) AS s, argMax(price, trade_id) c FROM {{T}} GROUP BY s),
    r AS (SELECT s, ln(c / lagInFrame(c, 1, c) OVER (ORDER BY s)) r FROM s),
    m AS (SELECT toStartOfMinute(s) AS m, sum(r * r) rv FROM r GROUP BY m) SELECT count(*), sum(rv) FROM m''',
"trades as of funding": f'''SELECT sumIf(price * quantity * rate, side = 'buy'), sumIf(price * quantity * rate, side = 'sell')
    FROM (SELECT 1 k, traded_at, price, quantity, side FROM {{T}}) t
    ASOF LEFT JOIN (SELECT 1 k, funded_at, rate FROM {{F}}) f ON t.k = f.k AND t.traded_at >= f.funded_at''',
"VPIN per day": f'''WITH t AS (SELECT toDate(traded_at) AS d, quantity q, if(side = 'buy', quantity, -quantity) AS s,
        sum(quantity) OVER (PARTITION BY toDate(traded_at) ORDER BY trade_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS v FROM {{T}}),
    b AS (SELECT d, floor((v - q) / {BUCKET}) AS b, abs(sum(s)) AS i, sum(q) AS w FROM t GROUP BY d, b),
    x AS (SELECT *, row_number() OVER (PARTITION BY d ORDER BY b DESC) AS back FROM b)
    SELECT count(*), sum(v) FROM (SELECT d, sum(i) / sum(w) AS v FROM x WHERE back > 1 GROUP BY d)''',
"top hundred by notional": f'''SELECT sum(trade_id), sum(n) FROM (
    SELECT trade_id, price * quantity n FROM {{T}} ORDER BY n DESC, trade_id LIMIT 100)''',
"five minutes of the month": f'''SELECT count(*), sum(price * quantity) FROM {{T}}
    WHERE traded_at >= fromUnixTimestamp64Micro({FIVE}) AND traded_at < fromUnixTimestamp64Micro({FIVE + 300_000_000})''',
}}
start = time.perf_counter()
row = json.loads(str(chdb.query(SQL[question] + " SETTINGS max_threads = 2, session_timezone = 'UTC', output_format_json_quote_64bit_integers = 0", "JSONCompactEachRow")).splitlines()[0])
print(json.dumps([time.perf_counter() - start, row]))
"""


def month(rows, folder):
    """A price that wanders by ticks of ten cents and a funding rate a minute, as Binance's archive writes them."""
    import numpy
    import polars

    random = numpy.random.default_rng(1)
    ids = numpy.arange(rows, dtype=numpy.int64) + 2_000_000_000
    at = START_US // 1000 + numpy.sort(random.integers(0, 31 * 86_400_000, rows))
    price = 42_000 + numpy.cumsum(random.integers(-3, 4, rows)) / 10
    quantity = numpy.round(random.lognormal(-3, 1.5, rows), 3) + 0.001
    polars.DataFrame({
        "agg_trade_id": ids, "price": numpy.round(price, 1), "quantity": quantity, "first_trade_id": ids, "last_trade_id": ids,
        "transact_time": at, "is_buyer_maker": random.random(rows) < 0.5,
    }).write_csv(os.path.join(folder, "BTCUSDT-aggTrades-2024-01.csv"))
    minutes = START_US // 1000 + 60_000 * numpy.arange(31 * 1440, dtype=numpy.int64)
    polars.DataFrame({
        "calc_time": minutes, "funding_interval_hours": numpy.full(len(minutes), 8, dtype=numpy.int64),
        "last_funding_rate": numpy.round(numpy.cumsum(random.normal(0, 1e-6, len(minutes))), 8),
    }).write_csv(os.path.join(folder, "BTCUSDT-fundingRate-2024-01.csv"))


def asked(program, name, command):
    """Seconds of the query, CPU seconds, peak MB, others, and the answer."""
    with tempfile.TemporaryFile("w+") as out:
        wall, cpu, peak, others = timed(command, out)
        out.seek(0)
        said = out.read()
    try:
        if program == "aftershock":
            return wall, cpu, peak, others, list(json.loads(said.splitlines()[0]).values())
        inner, row = json.loads(said.splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise SystemExit(f"{program} on {name}: {error} in what it printed:\n{said}")
    return inner, cpu, peak, others, row


def agree(name, first, other):
    near = 1e-2 if "VPIN" in name else 1e-9
    return len(first) == len(other) and all(abs(a - b) <= near * max(abs(a), abs(b)) for a, b in zip(first, other))


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    ours = os.path.abspath(sys.argv[1])
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000_000
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    folder = sys.argv[4] if len(sys.argv) > 4 else tempfile.mkdtemp()
    data = os.path.join(folder, "data")
    if not os.path.isdir(data):
        os.makedirs(folder, exist_ok=True)
        # In a process of its own: a child's peak memory begins at that of its parent.
        subprocess.run([sys.executable, "-c", f"import sys; sys.path.insert(0, {os.path.dirname(__file__)!r}); import sql; "
                        f"sql.month({rows}, {folder!r})"], check=True)
        subprocess.run([os.path.join(ours, "ingest"), os.path.join(data, "tape"), *sorted(glob.glob(folder + "/*.csv"))],
                       check=True, stdout=subprocess.DEVNULL)
    trades, funding = os.path.join(data, "tape", "trades"), os.path.join(data, "tape", "funding")
    size = sum(os.path.getsize(path) for path in glob.glob(trades + "/**/*.parquet", recursive=True))
    print(f"{rows:,} rows, {size:,} bytes of Parquet, {rounds} rounds, {os.cpu_count()} cores")
    print(f"{'':30}{'':12}{'wall s':>8}{'CPU s':>8}{'peak MB':>9}{'others':>8}")
    for name, sql in QUESTIONS.items():
        commands = {"aftershock": [os.path.join(ours, "ask"), data, sql]}
        for peer, script in (("duckdb", DUCKDB), ("polars", POLARS), ("chdb", CHDB)):
            commands[peer] = [sys.executable, "-c", script, name, trades, funding]
        found = {program: [] for program in commands}
        for turn in range(rounds):
            for program in list(commands) if turn % 2 == 0 else reversed(list(commands)):
                found[program].append(asked(program, name, commands[program]))
        first = found["aftershock"][0][4]
        best = min(statistics.median(sample[0] for sample in found[peer]) for peer in found if peer != "aftershock")
        for program, samples in found.items():
            for sample in samples:
                if not agree(name, first, sample[4]):
                    sys.exit(f"{name}: {program} answers {sample[4]}, this program {first}")
            wall, cpu, peak, others = (statistics.median(sample[k] for sample in samples) for k in range(4))
            ratio = f"   {wall / best:.2f} of the best other" if program == "aftershock" else ""
            print(f"{name if program == 'aftershock' else '':30}{program:12}{wall:8.2f}{cpu:8.2f}{peak:9.0f}{others:8.2f}{ratio}", flush=True)


if __name__ == "__main__":
    main()
