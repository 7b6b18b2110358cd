#!/usr/bin/env python3
"""Cut the embedded sample record out of the registry originals.

    python3 data/sample/cut.py <folder with the originals>

Reads the windows of data/episodes/*.toml and writes, beside itself,
`<episode-id>/bars.parquet`, `<episode-id>/perp_daily.parquet` and
`PROVENANCE.toml`. The same originals give the same bytes with the pyarrow
version named in data/README.md. Prices and volumes are copied unchanged; what
is computed here is listed under `marks` of each file.
"""

import hashlib
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
EPISODES = HERE.parent / "episodes"

DAY = pd.Timedelta(days=1)
# Days of perpetual record before the window, so that a 30-day median exists.
PERP_LEAD = 23 * DAY
# Up to here every daily funding sum contains a settlement without a recorded mark.
FUNDING_MARK_SINCE = pd.Timestamp("2023-11-01", tz="UTC")
# The rebuilt 15-minute file ends inside this hour, so hourly bars take over at its start.
LAST_FULL_15M = pd.Timestamp("2022-11-09 06:00", tz="UTC")
DOLLAR_BARS_END = pd.Timestamp("2026-02-07", tz="UTC")


@dataclass(frozen=True)
class Original:
    file: str
    package: str
    version: str
    path: str
    content: str
    licence: str = "MIT"


LIMEN = ("vaquum-limen", "5.46.2")
SPOT_15M_2020 = Original(
    "btcusdt_binance_spot_15m_20200101_20221109_ts.parquet",
    *LIMEN,
    "tests/fixtures/indicator_equivalence_long.parquet",
    "Binance spot BTCUSDT, 15-minute bars",
)
SPOT_1H_2017 = Original(
    "btcusdt_binance_spot_1h_20170817_20240101.csv.gz",
    "gapless-crypto-data",
    "4.0.0",
    "tests/fixtures/test_data_large/binance_spot_BTCUSDT-1h_20140101-20240101_v2.10.0.csv",
    "Binance spot BTCUSDT, hourly bars with taker buys",
)
SPOT_1H_2024 = Original(
    "btcusdt_binance_spot_1h_20240101_20241231.parquet",
    *LIMEN,
    "tests/fixtures/spot_1h_20240101_20241231.parquet",
    "Binance spot BTCUSDT, hourly bars with maker volume",
)
SPOT_15M_2025 = Original(
    "btcusdt_binance_spot_15m_20250101_20250531.parquet",
    *LIMEN,
    "tests/fixtures/spot_15m_20250101_20250531.parquet",
    "Binance spot BTCUSDT, 15-minute bars with maker volume",
)
SPOT_DOLLAR_2026 = Original(
    "btcusdt_binance_spot_15Musd_dollarbars_20260101_20260206.parquet",
    *LIMEN,
    "tests/fixtures/dollar_bar_crash_reversal_15m.parquet",
    "Binance spot BTCUSDT, bars of about 15 million USDT traded, maker volume",
)
PERP_1H = Original(
    "btcusdt_binance_perp_1h_20250922_20260130.csv.gz",
    "cyqnt-trd",
    "0.1.16",
    "cyqnt_trd/tmp/get_kline_with_factor_n_points_result.parquet",
    "Binance USD-M perpetual BTCUSDT, hourly bars",
)
PERP_DAILY = Original(
    "binance_perp_daily_funding_top10_20210101_20260909.parquet",
    "cyqnt-trd",
    "0.1.16",
    "cyqnt_trd/eval/data/top10_daily.parquet",
    "Binance USD-M perpetual BTCUSDT, daily bars and the day's funding",
)

TIME = pa.timestamp("us", tz="UTC")


def schema(*fields: str) -> pa.Schema:
    """Builds a schema from `name type` strings; a trailing `?` allows null."""
    kinds = {"ts": TIME, "utf8": pa.string(), "f64": pa.float64(), "i64": pa.int64()}
    pairs = (field.split() for field in fields)
    return pa.schema(
        [pa.field(name, kinds[kind.rstrip("?")], nullable=kind.endswith("?")) for name, kind in pairs]
    )


BARS = schema(
    "open_at ts", "close_at ts", "venue utf8", "instrument utf8",
    "open_usd f64", "high_usd f64", "low_usd f64", "close_usd f64",
    "volume_btc f64?", "volume_usd f64?", "taker_buy_usd f64?",
    "price_origin utf8", "taker_origin utf8?", "source utf8", "source_row i64",
)  # fmt: skip
PERP = schema(
    "day_at ts", "venue utf8", "instrument utf8",
    "open_usd f64", "high_usd f64", "low_usd f64", "close_usd f64",
    "volume_btc f64", "volume_usd f64",
    "funding_usd_per_btc f64?", "funding_origin utf8", "source utf8", "source_row i64",
)  # fmt: skip


class Originals:
    """Reads each original once and names it by its digest."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.frames: dict[str, pd.DataFrame] = {}

    def read(self, original: Original) -> pd.DataFrame:
        if original.file not in self.frames:
            path = self.folder / original.file
            if original.file.endswith(".parquet"):
                frame = pd.read_parquet(path)
            else:
                frame = csv.read_csv(path).to_pandas()
            self.frames[original.file] = frame
        return self.frames[original.file].copy()

    def digest(self, original: Original) -> str:
        return sha256(self.folder / original.file)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def utc(stamps: pd.Series) -> pd.Series:
    return pd.to_datetime(stamps, utc=True).astype("datetime64[us, UTC]")


def bars(
    frame: pd.DataFrame,
    original: Original,
    *,
    open_at: str,
    length: str | None,
    venue: str = "binance-spot",
    price_origin: str = "recorded",
) -> pd.DataFrame:
    """The columns every kind of bar shares; volumes start out as not recorded."""
    stamps = utc(frame[open_at])
    # Stamps are whole seconds, so bars within one second get a microsecond each to keep their order.
    stamps += pd.to_timedelta(frame.groupby(open_at).cumcount(), unit="us")
    if length:
        close_at = stamps + pd.Timedelta(length)
    else:
        close_at = stamps.shift(-1).fillna(DOLLAR_BARS_END)
    return pd.DataFrame(
        {
            "open_at": stamps,
            "close_at": close_at,
            "venue": venue,
            "instrument": "BTCUSDT",
            "open_usd": frame.open,
            "high_usd": frame.high,
            "low_usd": frame.low,
            "close_usd": frame.close,
            "volume_btc": frame.volume if "volume" in frame else np.nan,
            "volume_usd": np.nan,
            "taker_buy_usd": np.nan,
            "price_origin": price_origin,
            "taker_origin": None,
            "source": original.file,
            "source_row": np.arange(len(frame), dtype="int64"),
        }
    )


def spot_1h_2017(originals: Originals) -> pd.DataFrame:
    frame = originals.read(SPOT_1H_2017)
    out = bars(frame, SPOT_1H_2017, open_at="date", length="1h")
    out["volume_usd"] = frame.quote_asset_volume
    out["taker_buy_usd"] = frame.taker_buy_quote_asset_volume
    out["taker_origin"] = "recorded"
    # The package fills venue outages with copies of other hours.
    return out[~frame.suspect_fill.astype(bool)]


def spot_15m_2020(originals: Originals) -> pd.DataFrame:
    """15-minute prices; dollars and taker buys are the hour's, split by BTC volume."""
    frame = originals.read(SPOT_15M_2020)
    out = bars(
        frame, SPOT_15M_2020, open_at="open_time", length="15min", price_origin="reconstructed"
    )
    out["verified"] = frame.hour_verified
    hour = out.open_at.dt.floor("h")
    hourly = spot_1h_2017(originals).set_index("open_at")
    recorded = hourly.volume_btc.reindex(hour).to_numpy()
    summed = out.volume_btc.groupby(hour).transform("sum").to_numpy()
    # An hour whose four bars do not add up to the hourly record is another hour's copy.
    same = np.isclose(summed, recorded, rtol=1e-9, atol=1e-6) & (recorded > 0)
    share = np.where(same, out.volume_btc / recorded, np.nan)
    out["volume_usd"] = share * hourly.volume_usd.reindex(hour).to_numpy()
    out["taker_buy_usd"] = share * hourly.taker_buy_usd.reindex(hour).to_numpy()
    out["taker_origin"] = np.where(same, "hourly", None)
    return out[out.open_at < LAST_FULL_15M]


def with_maker(originals: Originals, original: Original, length: str | None) -> pd.DataFrame:
    """Bars that record the dollars whose buyer was the maker, that is the taker sells."""
    frame = originals.read(original)
    out = bars(frame, original, open_at="datetime", length=length)
    out["volume_usd"] = frame.liquidity_sum
    out["taker_buy_usd"] = frame.liquidity_sum - frame.maker_liquidity
    out["taker_origin"] = "recorded"
    return out


def perp_1h(originals: Originals) -> pd.DataFrame:
    frame = originals.read(PERP_1H)
    return bars(frame, PERP_1H, open_at="open_time", length="1h", venue="binance-usdm")


def perp_daily(originals: Originals) -> pd.DataFrame:
    frame = originals.read(PERP_DAILY)
    frame["row"] = np.arange(len(frame), dtype="int64")
    frame = frame[frame.symbol == "BTCUSDT"]
    day = frame.pivot(index="ts", columns="field", values="value").sort_index()
    row = frame[frame.field == "open"].set_index("ts").row.reindex(day.index)
    day_at = utc(day.index.to_series()).reset_index(drop=True)
    day = day.reset_index(drop=True)
    return pd.DataFrame(
        {
            "day_at": day_at,
            "venue": "binance-usdm",
            "instrument": "BTCUSDT",
            "open_usd": day.open,
            "high_usd": day.high,
            "low_usd": day.low,
            "close_usd": day.close,
            "volume_btc": day.volume,
            "volume_usd": day.quote_volume,
            "funding_usd_per_btc": day.funding,
            "funding_origin": np.where(day_at < FUNDING_MARK_SINCE, "derived", "recorded"),
            "source": PERP_DAILY.file,
            "source_row": row.to_numpy(),
        }
    )


REBUILT = "stamps rebuilt and checked against the hourly record; prices and BTC volume unchanged"
HOURLY = (
    "volume_usd and taker_buy_usd: the recorded hour's, split by each bar's share of its BTC volume; "
    "null where the hour is missing, suspect or does not add up; "
    "volume_usd / volume_btc is a price of the hour, not of the bar"
)
MAKER = "taker_buy_usd = liquidity_sum - maker_liquidity"
NO_DOLLARS = "no dollar volume and no taker side recorded"
DOLLAR = (
    "close_at is the next bar's open, the last one the end of its day; the second of two bars stamped "
    "2026-01-31 17:08:13 is set one microsecond later; no BTC volume recorded"
)
FUNDING = (
    "funding_usd_per_btc: the day's settlements, rate times mark; before 2023-11-01 the mark is a "
    "proxy; source_row is the row of the day's open"
)

# (instrument, fineness) to the originals that hold it, in order of time:
# original, what else it draws on, loader, end of its use, marks.
FEEDS = {
    ("binance-spot:BTCUSDT", "15m"): [
        (SPOT_15M_2020, [SPOT_1H_2017], spot_15m_2020, [REBUILT, HOURLY]),
        (SPOT_15M_2025, [], lambda o: with_maker(o, SPOT_15M_2025, "15min"), [MAKER]),
    ],
    ("binance-spot:BTCUSDT", "1h"): [
        (SPOT_1H_2017, [], spot_1h_2017, []),
        (SPOT_1H_2024, [], lambda o: with_maker(o, SPOT_1H_2024, "1h"), [MAKER]),
    ],
    ("binance-spot:BTCUSDT", "dollar-15M"): [
        (SPOT_DOLLAR_2026, [], lambda o: with_maker(o, SPOT_DOLLAR_2026, None), [MAKER, DOLLAR]),
    ],
    ("binance-usdm:BTCUSDT", "1h"): [(PERP_1H, [], perp_1h, [NO_DOLLARS])],
}


def feeds(record: dict):
    for fineness in record["fineness"].removeprefix("mixed ").split("+"):
        yield from FEEDS[record["instrument"], fineness]


def cut_bars(originals: Originals, episode: dict):
    """Rows of the episode's window, finest first, and the originals they came from."""
    start, end = (pd.Timestamp(episode["window"][key]) for key in ("tape_from", "tape_to"))
    parts, used, marks = [], [], []
    for original, also, load, notes in feeds(episode["record"]):
        rows = load(originals)
        rows = rows[(rows.open_at >= start) & (rows.open_at <= end)]
        if parts:
            rows = rows[rows.open_at >= parts[-1].close_at.iloc[-1]]
        if rows.empty:
            continue
        parts.append(rows)
        used += [o for o in (original, *also) if o not in used]
        marks += notes
    return pd.concat(parts, ignore_index=True), used, marks


def check(name: str, rows: pd.DataFrame, at: str) -> None:
    assert rows[at].is_monotonic_increasing, f"{name}: out of order"
    assert rows[at].is_unique, f"{name}: duplicate rows"
    body = rows[["open_usd", "close_usd"]]
    assert (rows.high_usd >= body.max(axis=1)).all(), f"{name}: high below the body"
    assert (rows.low_usd <= body.min(axis=1)).all(), f"{name}: low above the body"
    assert (rows[["open_usd", "high_usd", "low_usd", "close_usd"]] > 0).all(axis=None)
    if "taker_buy_usd" in rows:
        taker = rows.dropna(subset=["taker_buy_usd"])
        assert taker.taker_buy_usd.between(0, taker.volume_usd * (1 + 1e-9)).all(), name


def gaps(rows: pd.DataFrame) -> list[str]:
    after = rows.open_at.shift(-1)
    holes = rows[(after - rows.close_at) > pd.Timedelta(0)]
    return [f"{row.close_at:%Y-%m-%d %H:%M} to {after[i]:%Y-%m-%d %H:%M}" for i, row in holes.iterrows()]


def write(path: Path, rows: pd.DataFrame, layout: pa.Schema) -> None:
    table = pa.Table.from_pandas(rows[layout.names], schema=layout, preserve_index=False)
    path.parent.mkdir(exist_ok=True)
    stamps = [field.name for field in layout if field.type == TIME]
    floats = [field.name for field in layout if field.type == pa.float64()]
    words = [field.name for field in layout if field.type == pa.string()]
    pq.write_table(
        table.replace_schema_metadata(None),
        path,
        compression="zstd",
        compression_level=19,
        use_dictionary=words,
        column_encoding={name: "DELTA_BINARY_PACKED" for name in [*stamps, "source_row"]}
        | {name: "BYTE_STREAM_SPLIT" for name in floats},
    )


def entry(originals: Originals, path: Path, rows, used, marks: list[str]) -> str:
    def keys(original: Original) -> list[str]:
        return [
            f'package = "{original.package}"',
            f'package_version = "{original.version}"',
            f'licence = "{original.licence}"',
            f'path_in_package = "{original.path}"',
            f'original = "{original.file}"',
            f'original_sha256 = "{originals.digest(original)}"',
        ]

    main, *also = used
    lines = ["[[file]]", f'path = "{path.relative_to(HERE)}"', f'sha256 = "{sha256(path)}"']
    lines += keys(main)
    lines += [f"rows = {len(rows)}", f'content = "{main.content}"', f"marks = {toml_list(marks)}"]
    for original in also:
        lines += ["", "[[file.also]]", *keys(original), f'content = "{original.content}"']
    return "\n".join(lines) + "\n"


def toml_list(items: list[str]) -> str:
    return "[" + ", ".join(f'"{item}"' for item in items) + "]"


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    originals = Originals(Path(sys.argv[1]))
    daily = perp_daily(originals)
    entries = []
    for file in sorted(EPISODES.glob("*.toml")):
        episode = tomllib.loads(file.read_text())
        name, window = episode["id"], episode["window"]
        rows, used, marks = cut_bars(originals, episode)
        check(name, rows, "open_at")
        path = HERE / name / "bars.parquet"
        write(path, rows, BARS)
        entries.append(entry(originals, path, rows, used, marks))
        unverified = rows[rows.verified.eq(False)].open_at if "verified" in rows else []
        print(
            f"{name}: {len(rows)} bars {rows.open_at.iloc[0]:%Y-%m-%d %H:%M} .. "
            f"{rows.close_at.iloc[-1]:%Y-%m-%d %H:%M}, low {rows.low_usd.min()} "
            f"at {rows.open_at[rows.low_usd.idxmin()]}, gaps {gaps(rows)}, "
            f"no taker side {rows.taker_buy_usd.isna().sum()}, unverified {len(unverified)}"
        )
        start = pd.Timestamp(window["tape_from"]).floor("D") - PERP_LEAD
        days = daily[(daily.day_at >= start) & (daily.day_at <= pd.Timestamp(window["tape_to"]))]
        if not days.empty:
            check(name, days, "day_at")
            assert (days.day_at.diff().dropna() == DAY).all(), f"{name}: a day is missing"
            path = HERE / name / "perp_daily.parquet"
            write(path, days, PERP)
            entries.append(entry(originals, path, days, [PERP_DAILY], [FUNDING]))
    head = "# Written by cut.py. Where each sample file was cut from; `also` names further originals.\n\n"
    (HERE / "PROVENANCE.toml").write_text(head + "\n".join(entries))


if __name__ == "__main__":
    main()
