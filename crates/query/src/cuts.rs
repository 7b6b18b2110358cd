//! What the tables of `recorded` mean that hold the cuts: the record that replays of the embedded episodes read.

use crate::meaning::{self, Table};

/// What such a table holds.
pub(crate) fn about(table: &str) -> Option<&'static str> {
    meaning::about(TABLES, table)
}

/// What a column of it means.
pub(crate) fn column_about(table: &str, column: &str) -> Option<&'static str> {
    meaning::column_about(TABLES, COMMON, table, column)
}

const COMMON: &[(&str, &str)] = &[
    ("episode", "The episode whose cut it is."),
    ("venue", "Who traded, such as `binance-spot`."),
    ("instrument", "What was traded, such as `BTCUSDT`."),
    ("open_usd", "First price, USD."),
    ("high_usd", "Highest price, USD."),
    ("low_usd", "Lowest price, USD."),
    ("close_usd", "Last price, USD."),
    ("source", "File name of the original."),
    ("source_row", "Row of the original, from 0."),
];

const TABLES: &[Table] = &[
    Table {
        name: "episode_bars",
        about: "A price bar of an embedded episode, as its replays read it.",
        columns: &[
            ("open_at", "Start of the bar."),
            ("close_at", "End of the bar, exclusive."),
            ("volume_btc", "Volume in coin; null where it is not recorded."),
            ("volume_usd", "Volume in USD, likewise."),
            (
                "taker_buy_usd",
                "Part of the USD volume in which the buyer was the aggressor, likewise.",
            ),
            (
                "price_origin",
                "`recorded`, `reconstructed` or `derived`: how price and stamp came about.",
            ),
            (
                "taker_origin",
                "`recorded`, or `hourly`: the share of the hour spread over its bars; null where nothing is known.",
            ),
        ],
    },
    Table {
        name: "episode_perp_daily",
        about: "A day of a perpetual future in an embedded episode, as its replays read it.",
        columns: &[
            ("day_at", "00:00 UTC of the day."),
            ("volume_btc", "Volume in coin."),
            ("volume_usd", "Volume in USD."),
            (
                "funding_usd_per_btc",
                "Funding paid over the day, USD for one coin held long; positive where longs pay.",
            ),
            (
                "funding_origin",
                "`recorded`, or `derived`: a proxy stood in for the mark.",
            ),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use aftershock_archive::cut;

    #[test]
    fn every_column_of_a_cut_has_its_meaning() {
        let tables = [
            ("episode_bars", cut::bars_schema()),
            ("episode_perp_daily", cut::perp_daily_schema()),
        ];
        for (table, schema) in tables {
            for field in schema.fields() {
                let meaning = column_about(table, field.name());
                assert!(meaning.is_some(), "{table}.{}", field.name());
            }
        }
    }
}
