//! What the tables of `catalog` mean that come from the program's own files, and from the manifests of runs.

use crate::meaning::{self, Table};

/// What such a table holds.
pub(crate) fn about(table: &str) -> Option<&'static str> {
    meaning::about(TABLES, table)
}

/// What a column of it means.
pub(crate) fn column_about(table: &str, column: &str) -> Option<&'static str> {
    meaning::column_about(TABLES, &[], table, column)
}

const TABLES: &[Table] = &[
    Table {
        name: "episodes",
        about: "A declared crash or quiet spell, or the scenario of a run with a made-up move.",
        columns: &[
            ("episode", "Its name in every table."),
            ("title", "One line."),
            ("aliases", "Other names that are understood, comma-separated."),
            ("kind", "`crash`, `quiet` or `made up`."),
            ("summary", "What happened."),
            ("tape_from", "Start of the record."),
            ("tape_to", "End of the record."),
            ("trigger_at", "The declared trigger."),
            ("trigger_source", "Where the trigger's time comes from."),
            ("trigger_trust", "How far that carries."),
            ("replay_from", "Start of the replay."),
            ("replay_to", "End of the replay."),
            ("instrument", "`venue:symbol` of the price record."),
            ("fineness", "How fine the record is, such as `15m`."),
            ("bar_s", "Longest bar of the replay, s."),
            (
                "mark",
                "`spot-proxy`: spot stands for the mark; `perp-last`: a perpetual's last price does.",
            ),
            ("absent", "What is not recorded, comma-separated."),
            (
                "venues",
                "Venues whose forced flow and volume are meant, comma-separated.",
            ),
            ("volume", "Where the volume comes from."),
            (
                "open_interest_btc",
                "Open interest published before the event, BTC; null where there is none.",
            ),
            ("open_interest_source", "Source of that level."),
        ],
    },
    Table {
        name: "published",
        about: "A figure that somebody published about an episode.",
        columns: &[
            ("episode", "The episode."),
            ("measure", "What was measured."),
            ("value", "The figure."),
            ("unit", "Its unit."),
            ("scope", "The venues and products it covers."),
            (
                "covers",
                "The same against what is replayed: `same`, `more`, `less` or `other`.",
            ),
            (
                "timing",
                "`before`, `during` or `after` the event; only what was known before may be an input.",
            ),
            ("source", "Who published it."),
            ("trust", "How far that carries: `high`, `medium` or `low`."),
        ],
    },
    Table {
        name: "rule_sets",
        about: "A named rule set, as `aftershock replay --rules` and `replay(…)` take it.",
        columns: &[
            ("rule_set", "Its name."),
            ("title", "One line."),
            ("summary", "What it changes."),
            ("cost", "Who is worse off, and when."),
            ("toml", "Its text."),
            ("source", "Where its parameters come from."),
        ],
    },
    Table {
        name: "runs",
        about: "A run in the data folder: what decided its every byte.",
        columns: &[
            ("run", "Its name."),
            ("episode", "What was replayed, or the scenario of a made-up move."),
            ("rule_set", "Under which rule set."),
            (
                "baseline",
                "The run of the rules of record with the same inputs, the only one it may be compared with; null where there \
                 is none.",
            ),
            ("instrument", "`venue:symbol` of the price record."),
            ("rule_set_toml", "The rule set's text."),
            ("cut_sha256", "SHA-256 of the cut."),
            ("rule_set_sha256", "SHA-256 of the rule set's text."),
            ("calibration_sha256", "SHA-256 of what is believed and declared."),
            (
                "engine_sha256",
                "SHA-256 of the sources that decide what a run comes to.",
            ),
            ("seed", "Names the ensemble of draws."),
            ("draws", "Draws besides the central one."),
            (
                "recorded_episode",
                "The episode whose record was replayed, with a made-up move or without.",
            ),
            ("shock_pct", "The made-up move, percent; null without one."),
            ("shock_over_s", "Time it takes, s."),
            (
                "positions_sha256",
                "SHA-256 of the user's own positions; null without any.",
            ),
            ("created_by", "Program and version that wrote the run."),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CatalogTables;

    #[test]
    fn every_column_has_its_meaning() {
        let CatalogTables {
            episodes,
            published,
            rule_sets,
            ..
        } = CatalogTables::empty();
        let batches = [
            ("episodes", episodes),
            ("published", published),
            ("rule_sets", rule_sets),
            ("runs", crate::tables::runs(&[])),
        ];
        for (table, batch) in batches {
            let known = TABLES.iter().find(|known| known.name == table);
            crate::catalog::same_names(&batch, known.expect(table));
        }
    }
}
