//! What the tables of `replayed` mean: the journals of runs.

use crate::meaning::{self, Table};

/// What a table of `replayed` holds.
pub(crate) fn about(table: &str) -> Option<&'static str> {
    meaning::about(TABLES, table)
}

/// What a column of it means.
pub(crate) fn column_about(table: &str, column: &str) -> Option<&'static str> {
    meaning::column_about(TABLES, COMMON, table, column)
}

/// Columns that mean the same wherever they stand.
const COMMON: &[(&str, &str)] = &[
    (
        "run",
        "The run: episode, rule set and a digest of all that decided it; `catalog.runs` has the rest.",
    ),
    (
        "episode",
        "The episode replayed, or the scenario's name where a move was made up.",
    ),
    (
        "rule_set",
        "The rule set it was replayed under; `record` is history's.",
    ),
    ("instrument", "What was replayed, `venue:symbol`."),
    (
        "draw",
        "Number of the draw from the priors; 0 is the central one, which is no sample.",
    ),
    (
        "bar_order",
        "What a bar is taken to have reached first, `high_first` or `low_first`; each draw is replayed in both.",
    ),
    ("clock_s", "Length of the sampling interval of the variances, s."),
    ("n", "Number of returns on that clock."),
];

const TABLES: &[Table] = &[
    Table {
        name: "prices",
        about: "The price at one waypoint of the central draw.",
        columns: &[
            ("event_at", "Instant of the waypoint."),
            ("recorded_usd", "The record, USD."),
            ("mark_usd", "The replayed mark under this run's rules, USD."),
            (
                "null_usd",
                "The same machinery with forced flow taken off the book, USD.",
            ),
            (
                "impact_log",
                "Impact of forced flow that stands in the mark, log price.",
            ),
            (
                "depth_ratio",
                "What rests in the thinner side of the book after this waypoint, over normal.",
            ),
            ("halted", "Whether a rule had halted trading."),
            (
                "bar_close",
                "Whether the waypoint is a bar's close; variances use only these.",
            ),
        ],
    },
    Table {
        name: "bands",
        about: "The spread of one series over draws and intra-bar orders at a bar's close.",
        columns: &[
            ("event_at", "The bar's close."),
            (
                "series",
                "`mark_usd`, `null_usd`, `forced_sell_usd` or `forced_buy_usd`; forced flow is that of the bar.",
            ),
            ("p05", "5th percentile; null below 100 draws."),
            ("p50", "Median."),
            ("p95", "95th percentile; null below 100 draws."),
        ],
    },
    Table {
        name: "forced_orders",
        about: "A forced order of the central draw, a row for each leverage and pool of the batch it went out with.",
        columns: &[
            ("order_id", "Number of the row within the replay, from 0."),
            (
                "batch_id",
                "The batch in the order of sending: what one mark broke on one side, sent as one order.",
            ),
            (
                "parent_id",
                "The batch but for which this one would not have come by then; null where the null brings it too.",
            ),
            (
                "generation",
                "0 where there is no parent, else one more than the parent's.",
            ),
            (
                "additional",
                "Whether the null never came to the mark that triggered it.",
            ),
            ("triggered_at", "When the mark crossed the liquidation price."),
            ("event_at", "When the order met the book."),
            ("venue", "The clearing pool that held the position."),
            ("side", "`sell` closes longs, `buy` closes shorts."),
            (
                "leverage",
                "Notional at entry over margin of the positions closed, to a millionth.",
            ),
            (
                "linked",
                "Whether the holder owns an offsetting position elsewhere.",
            ),
            ("quantity_btc", "Quantity closed, BTC."),
            ("notional_usd", "Value at the fill, USD."),
            ("trigger_usd", "Mark that triggered it, USD."),
            ("fill_usd", "Average fill, USD."),
            ("shortfall_usd", "Loss beyond the margin, USD."),
            ("insurance_usd", "Part of the shortfall that insurance paid, USD."),
            ("bad_debt_usd", "Part of the shortfall that nobody covered, USD."),
        ],
    },
    Table {
        name: "interventions",
        about: "A decision of a rule other than to let things stand, in the central draw.",
        columns: &[
            ("event_at", "When it was decided."),
            ("rule", "Name of the rule."),
            ("step", "What was put to it."),
            ("decision", "`amend`, `reject`, `defer` or `halt`."),
            ("subject", "What it was about, such as a margin tier."),
            ("before", "The value proposed; null where there is none."),
            ("after", "The value decided."),
            ("until_at", "End of a deferral or halt."),
            ("reason", "The rule's reason, verbatim."),
        ],
    },
    Table {
        name: "margins",
        about: "Margin in force for one bracket from an instant on, in the central draw.",
        columns: &[
            ("event_at", "From when."),
            ("venue", "Whose bracket it is."),
            ("tier", "The bracket, from 1."),
            ("initial_ratio", "Initial margin over notional."),
            ("maintenance_ratio", "Maintenance margin over notional."),
        ],
    },
    Table {
        name: "account_states",
        about: "What the model's accounts of one side and step of liquidation price held at the start or a whole hour, in the \
                central draw.",
        columns: &[
            (
                "event_at",
                "The start of the replay, or a whole hour at which a bar ended.",
            ),
            (
                "side",
                "Side of the positions: `long` or `short`; those whose closing order is under way are in no row.",
            ),
            (
                "from_usd",
                "Lower end of the step of liquidation price, two percent of the first recorded price, USD; 0 also for \
                 positions that no price liquidates.",
            ),
            (
                "to_usd",
                "Upper end of the step, not part of it, USD; null for positions that no price liquidates.",
            ),
            (
                "positions",
                "Number of positions that the model keeps apart, each for all that are alike.",
            ),
            ("quantity_btc", "Their size, BTC."),
            ("notional_usd", "Their value at the mark, USD."),
            ("margin_usd", "Margin posted, USD."),
            (
                "profit_usd",
                "Gain at the mark that is not realised, funding included, USD; a loss is negative.",
            ),
        ],
    },
    Table {
        name: "fund_balances",
        about: "Reserves of a clearing pool after a change, in the central draw.",
        columns: &[
            ("event_at", "When it changed."),
            ("venue", "The clearing pool."),
            ("insurance_usd", "What is left of the insurance fund, USD."),
            ("bad_debt_usd", "Uncovered shortfall so far, USD."),
        ],
    },
    Table {
        name: "outcomes",
        about: "What one draw came to in one intra-bar order.",
        columns: &[
            (
                "recorded_drawdown",
                "Largest fall of the record from a running high, log.",
            ),
            (
                "mark_drawdown",
                "The same of the replayed mark; during a halt, of the price as if trading were open.",
            ),
            ("null_drawdown", "The same with forced flow taken off the book."),
            ("forced_sell_usd", "Forced selling, USD at the fill."),
            ("forced_buy_usd", "Forced buying, USD at the fill."),
            (
                "open_interest_usd",
                "Open interest of one side at the start, USD.",
            ),
            ("open_interest_btc_before", "The same in BTC."),
            ("open_interest_btc_after", "Open interest at the end, BTC."),
            ("bad_debt_usd", "Uncovered shortfall, USD."),
            ("insurance_used_usd", "Paid by insurance, USD."),
            (
                "margin_lost_usd",
                "Of the margins of positions closed by force, what their losses and fees took, USD.",
            ),
            ("forced_fees_usd", "Fees that rules charge on forced orders, USD."),
            ("socialised_usd", "Loss charged to holders who had gained, USD."),
            (
                "deleveraged_usd",
                "Closed against winners at the price at which those they win from had nothing left, USD.",
            ),
            (
                "deleveraged_profit_usd",
                "Profit at the mark that those winners gave up, USD.",
            ),
            ("halted_s", "Time under a halt, s."),
            (
                "reopening_gap_log",
                "Largest absolute jump at a reopening, log; null without a halt.",
            ),
            ("end_gap_log", "Mark minus record at the end, log."),
            (
                "low_reached_s",
                "When the replay first traded within half a percent of the record's low, s from its start; null where it \
                 never did.",
            ),
            (
                "stale_s",
                "Time in which the last price that traded stood further than half a percent from an open market's, s.",
            ),
            (
                "volume_lost_usd",
                "Volume that traded in the record while trading was halted here, USD.",
            ),
            (
                "margin_called_usd",
                "Margin called from positions that stood because what is asked of them rose, USD.",
            ),
            (
                "margin_peak_to_trough",
                "Highest initial margin over the lowest, brackets weighed by the open interest believed in each.",
            ),
            (
                "margin_growth_1d",
                "Largest growth of that initial margin within a day, ratio.",
            ),
        ],
    },
    Table {
        name: "amplification",
        about: "Amplification of one draw, in one intra-bar order, on one clock.",
        columns: &[
            ("recorded_rv", "Realized variance of the record."),
            ("mark_rv", "Realized variance of the replayed mark."),
            (
                "null_rv",
                "Realized variance with forced flow taken off the book.",
            ),
            (
                "amplification",
                "`mark_rv / null_rv`; null where it is not measurable.",
            ),
            ("reason", "Why it is not measurable."),
        ],
    },
    Table {
        name: "shapley",
        about: "Attribution of one draw's log amplification to one mechanism on one clock, under the rules of record.",
        columns: &[
            ("mechanism", "`liquidation` or `depth_withdrawal`."),
            ("phi", "Shapley value, log."),
            ("first_in", "Value of the mechanism alone, log."),
            ("last_out", "Loss of value when it is taken out last, log."),
            (
                "log_amplification",
                "Log amplification of all mechanisms together.",
            ),
        ],
    },
    Table {
        name: "parameters",
        about: "The value of one parameter in one draw.",
        columns: &[
            (
                "name",
                "Name of the parameter; `assumptions` has its unit and source.",
            ),
            ("value", "Its value."),
        ],
    },
    Table {
        name: "assumptions",
        about: "Something the run takes as given.",
        columns: &[
            ("name", "Name of the input."),
            ("value", "Its value; null where it is no number."),
            ("text", "In words."),
            ("unit", "Unit of the value."),
            (
                "origin",
                "`recorded`, `published`, `derived`, `prior` or `declared`.",
            ),
            ("source", "Where it comes from."),
        ],
    },
    Table {
        name: "gates",
        about: "The verdict of one gate on the run.",
        columns: &[
            ("gate", "The gate, `G0`, `G1`, …"),
            ("verdict", "`pass`, `fail` or `not measurable`."),
            ("detail", "The figure it was judged by, or why it cannot be."),
        ],
    },
    Table {
        name: "overlap_curve",
        about: "The outcome over one declared share of positions that offset each other across venues, on one clock.",
        columns: &[
            ("overlap", "Declared share, 0 to 1."),
            ("mark_drawdown", "Median largest fall of the mark, log."),
            (
                "amplification",
                "Median amplification; null where it is not measurable.",
            ),
            ("forced_sell_usd", "Median forced selling, USD."),
            ("bad_debt_usd", "Median uncovered shortfall, USD."),
        ],
    },
    Table {
        name: "own_accounts",
        about: "What became of one margin account of the user's own in one draw and intra-bar order.",
        columns: &[
            (
                "number",
                "Number of the margin account in the order of the file, from 1.",
            ),
            ("account", "The account's name."),
            ("venue", "Its venue."),
            ("instrument", "What it holds."),
            (
                "margin",
                "`isolated`: one position with collateral of its own; `cross`: all cross positions of the account.",
            ),
            ("holding", "Its positions in words."),
            ("net_btc", "Longs less shorts, BTC."),
            ("collateral_usd", "Posted, USD."),
            (
                "closing_usd",
                "Mark that closes it under the rules of record, USD; null with several positions, or where none does.",
            ),
            (
                "fate",
                "`survived`; `reduced`: closed in part; `liquidated`: closed; `closing`: its last order waited at the end.",
            ),
            ("triggered_at", "When a closing order first went out."),
            ("trigger_usd", "Mark at that instant, USD."),
            ("filled_at", "When its last closing order met the book."),
            ("fill_usd", "Average fill of its closing orders, USD."),
            (
                "loss_usd",
                "Collateral less what is left of it at the end, USD; negative is a gain.",
            ),
            ("bad_debt_usd", "Loss beyond the collateral, USD."),
            (
                "lowest_ratio",
                "Lowest equity over maintenance margin while it was held.",
            ),
            ("lowest_at", "When that was."),
            (
                "end_equity_usd",
                "What is left at the window's end, open positions at the last mark, USD.",
            ),
        ],
    },
    Table {
        name: "quiet_days",
        about: "Amplification of one draw on one day of a quiet time, where there is nothing to amplify.",
        columns: &[
            ("from_at", "Start of the 24 hours."),
            ("mark_rv", "Realized variance of the replayed mark."),
            (
                "null_rv",
                "Realized variance with forced flow taken off the book.",
            ),
            (
                "amplification",
                "`mark_rv / null_rv`; null where the null does not move or there are too few returns.",
            ),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use aftershock_archive::journal;

    #[test]
    fn every_table_and_column_of_a_run_has_its_meaning() {
        let told: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        assert_eq!(told, journal::table_names());
        for table in TABLES {
            let schema = journal::schema(table.name).expect("a table of a run");
            for field in schema.fields() {
                let meaning = column_about(table.name, field.name());
                assert!(meaning.is_some(), "{}.{}", table.name, field.name());
            }
            for (column, _) in table.columns {
                assert!(schema.index_of(column).is_ok(), "{}.{column}", table.name);
            }
        }
    }
}
