//! Which columns of an answer a table shows, under which title and in which form.

pub(crate) mod synthetic;

use crate::kind::{Kind, Of};
use crate::show::Show::{self, Code, Digits, Fixed, Measured, Plain, Signed};

/// A column of a table: one column of the query, or a median with the two ends of its interval.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Over the column. No digits: titles are words, not figures.
    pub(crate) title: &'static str,
    /// Names in the query.
    pub(crate) names: &'static [&'static str],
    pub(crate) show: Show,
    /// What its figures are.
    pub(crate) of: Of,
}

const fn column(title: &'static str, names: &'static [&'static str], show: Show) -> Column {
    Column {
        title,
        names,
        show,
        of: Of::Words,
    }
}

/// A column of what the replays came to.
const fn result(title: &'static str, names: &'static [&'static str], show: Show) -> Column {
    Column {
        of: Of::Result,
        ..column(title, names, show)
    }
}

/// A column whose figures are all of one kind.
const fn of(kind: Kind, title: &'static str, names: &'static [&'static str], show: Show) -> Column {
    Column {
        of: Of::Is(kind),
        ..column(title, names, show)
    }
}

pub(crate) const WHOLE: Show = Fixed(1.0, 0);
const MINUTES: Show = Fixed(1.0 / 60.0, 0);
const MILLION: f64 = 1e-6;

pub(crate) const LIMITS: &[Column] = &[
    column("on", &["topic"], Plain),
    column("what to know", &["text"], Plain),
    column("because", &["source"], Plain),
];

/// Of the limits, those that stand above the first number.
pub(crate) const FIRST_LIMITS: &[Column] = &[column("what to know first", &["text"], Plain)];

pub(crate) const PRIORS: &[Column] = &[
    column("prior", &["name"], Code),
    column("what it is", &["text"], Plain),
];

pub(crate) const ABOUT: &[Column] = &[
    column("trigger, UTC", &["trigger_at"], Plain),
    column("replayed from", &["replay_from"], Plain),
    column("to", &["replay_to"], Plain),
    column("price record", &["instrument"], Plain),
    column("fineness", &["fineness"], Plain),
    column("forced flow of", &["venues"], Plain),
];

pub(crate) const MOMENTS: &[Column] = &[
    column("in the picture", &["mark"], Plain),
    of(Kind::Published, "when, UTC", &["event_at"], Plain),
    column("what", &["what"], Plain),
    column("scope", &["scope"], Plain),
    column("source", &["source"], Plain),
    column("trust", &["trust"], Plain),
];

pub(crate) const BESIDE: &[Column] = &[
    column("kind", &["kind"], Plain),
    column("venue", &["venue"], Plain),
    column("instrument", &["instrument"], Plain),
    column("when, UTC", &["event_at"], Plain),
    column("until", &["until_at"], Plain),
    of(Kind::Recorded, "value", &["value"], Digits(4)),
    column("unit", &["unit"], Plain),
];

/// The hours of one rule set in which forced flow added most.
pub(crate) const FEEDBACK: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("hour, UTC", &["hour_at"], Plain),
    result(
        "move off the book, log percent",
        &["null_move_log"],
        Signed(100.0, 2),
    ),
    result("added, log percent", &["added_log"], Signed(100.0, 2)),
    result("loop gain", &["loop_gain"], Measured(2)),
    column("sign", &["feedback"], Plain),
];

pub(crate) const FALLS: &[Column] = &[
    column("", &["line"], Plain),
    column(
        "fall, percent, median",
        &["median_pct", "low_pct", "high_pct"],
        Fixed(1.0, 2),
    ),
    result(
        "against the rules of record, points",
        &["median_change", "low_change", "high_change"],
        Signed(1.0, 2),
    ),
    column("draws", &["draws"], WHOLE),
];

/// What changed against the rules of record, measure by measure.
pub(crate) const JUDGEMENT: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("measure", &["measure"], Plain),
    column("unit", &["unit"], Plain),
    result("of record", &["of_record"], Digits(4)),
    result("of the rule", &["of_rule"], Digits(4)),
    result("change", &["median", "low", "high"], Digits(3)),
    result("of one sign, percent", &["same_sign_pct"], Fixed(1.0, 0)),
    result("compared, percent", &["compared_pct"], Fixed(1.0, 0)),
];

pub(crate) const NOT_MEASURABLE: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("clock, min", &["clock_s"], MINUTES),
    column("not measurable because", &["reason"], Plain),
];

pub(crate) const LEVEL_MAP: &[Column] = &[
    column("at, UTC", &["event_at"], Plain),
    column("positions", &["side"], Plain),
    result("closed from, USD", &["from_usd"], WHOLE),
    result("to", &["to_usd"], WHOLE),
    result("million USD", &["notional_usd"], Fixed(MILLION, 1)),
    result("percent of that side", &["share_pct"], Fixed(1.0, 1)),
];

pub(crate) const LEVELS: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("orders", &["side"], Plain),
    result("mark from, USD", &["from_usd"], WHOLE),
    result("to", &["to_usd"], WHOLE),
    result("percent of the start", &["from_pct"], Signed(1.0, 0)),
    result("million USD", &["notional_usd"], Fixed(MILLION, 1)),
    result("additional, percent", &["additional_pct"], Fixed(1.0, 0)),
    column("first triggered, UTC", &["first_at"], Plain),
    column("last triggered, UTC", &["last_at"], Plain),
];

pub(crate) const AMPLIFICATION: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("clock, min", &["clock_s"], MINUTES),
    column("returns", &["n"], WHOLE),
    result("amplification, median", &["median", "low", "high"], Measured(3)),
    of(Kind::Recorded, "variance recorded", &["recorded_rv"], Digits(4)),
    result("replayed", &["mark_rv"], Digits(4)),
    result("off the book", &["null_rv"], Digits(4)),
];

/// What the central draw says on clocks that start at other times.
pub(crate) const STARTS: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("clock, min", &["clock_s"], MINUTES),
    result("central draw, clock as above", &["with_the_replay"], Measured(3)),
    result("least of the starts", &["least"], Measured(3)),
    result("most", &["most"], Measured(3)),
    column("starts", &["starts"], WHOLE),
];

pub(crate) const LOSSES: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("measure", &["measure"], Plain),
    result(
        "million USD, median",
        &["median", "low", "high"],
        Fixed(MILLION, 2),
    ),
    result(
        "against the rules of record, million USD",
        &["median_change", "low_change", "high_change"],
        Signed(MILLION, 2),
    ),
];

pub(crate) const TREE: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("orders", &["side"], Plain),
    column("came", &["came"], Plain),
    result("batches", &["batches"], WHOLE),
    result("deepest generation", &["deepest_generation"], WHOLE),
    result("million USD", &["notional_usd"], Fixed(MILLION, 1)),
    result("percent of its side", &["share_pct"], Fixed(1.0, 1)),
];

pub(crate) const OWN: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("account", &["account"], Plain),
    column("margin", &["margin"], Plain),
    column("holds, BTC at USD", &["holding"], Plain),
    column("collateral, USD", &["collateral_usd"], WHOLE),
    column("closed at a mark of, USD", &["closing_usd"], Fixed(1.0, 1)),
    result("closed in percent of draws", &["closed_pct"], Fixed(1.0, 1)),
    result(
        "loss, USD, median",
        &["median_loss", "low_loss", "high_loss"],
        WHOLE,
    ),
    result(
        "beyond the collateral, USD",
        &["median_debt", "low_debt", "high_debt"],
        WHOLE,
    ),
];

pub(crate) const OWN_CENTRAL: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("account", &["account"], Plain),
    column("fate", &["fate"], Plain),
    column("closing order, UTC", &["triggered_at"], Plain),
    result("mark, USD", &["trigger_usd"], Fixed(1.0, 1)),
    column("filled, UTC", &["filled_at"], Plain),
    result("at, USD", &["fill_usd"], Fixed(1.0, 1)),
    result("lowest equity over maintenance", &["lowest_ratio"], Fixed(1.0, 2)),
    column("when, UTC", &["lowest_at"], Plain),
    result("left at the end, USD", &["end_equity_usd"], WHOLE),
];

pub(crate) const RULES: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("title", &["title"], Plain),
    column("what they change", &["summary"], Plain),
    column("who is worse off", &["cost"], Plain),
    column("sources", &["source"], Plain),
];

pub(crate) const COUNTS: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("phase", &["phase"], Plain),
    column("rule", &["rule"], Plain),
    column("step", &["step"], Code),
    column("decision", &["decision"], Plain),
    result("times, high first", &["high_first"], WHOLE),
    result("times, low first", &["low_first"], WHOLE),
    column("first, UTC", &["first_at"], Plain),
    column("last, UTC", &["last_at"], Plain),
];

pub(crate) const INTERVENTIONS: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("when, UTC", &["event_at"], Plain),
    column("step", &["step"], Code),
    column("decision", &["decision"], Plain),
    column("subject", &["subject"], Plain),
    column("from", &["before"], Digits(4)),
    column("to", &["after"], Digits(4)),
    column("until, UTC", &["until_at"], Plain),
    column("reason", &["reason"], Plain),
];

pub(crate) const HALTS: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("order inside a bar", &["bar_order"], Plain),
    column("from, UTC", &["from_at"], Plain),
    column("until, UTC", &["until_at"], Plain),
    result("min", &["halt_s"], MINUTES),
    result("halted at, USD", &["halted_usd"], WHOLE),
    result("reopened at, USD", &["reopening_usd"], WHOLE),
];

pub(crate) const ATTRIBUTION: &[Column] = &[
    column("clock, min", &["clock_s"], MINUTES),
    column("mechanism", &["mechanism"], Plain),
    result(
        "share of log amplification, median",
        &["median", "low", "high"],
        Fixed(1.0, 4),
    ),
    result("alone", &["alone"], Fixed(1.0, 4)),
    result("taken out last", &["last"], Fixed(1.0, 4)),
    result("all together", &["total"], Fixed(1.0, 4)),
    column("reading", &["reading"], Plain),
];

pub(crate) const TORNADO: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("figure", &["line"], Plain),
    column("unknown", &["unknown"], Plain),
    result("lowest fifth", &["low"], Digits(4)),
    result("highest fifth", &["high"], Digits(4)),
    result("swing", &["swing"], Digits(3)),
    result("rank correlation", &["rank_correlation"], Signed(1.0, 2)),
    result("explained, %", &["explained"], Fixed(100.0, 0)),
];

pub(crate) const PLACEBO: &[Column] = &[
    column("", &["line"], Plain),
    column("from, UTC", &["from_at"], Plain),
    column("returns", &["n"], WHOLE),
    result("amplification, median", &["median", "low", "high"], Measured(4)),
    column("draws", &["draws"], WHOLE),
    column("gate", &["verdict"], Plain),
];

pub(crate) const OVERLAP: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("clock, min", &["clock_s"], MINUTES),
    column("overlap", &["overlap"], Fixed(1.0, 2)),
    result("fall, percent", &["fall_pct"], Fixed(1.0, 2)),
    result("amplification", &["amplification"], Measured(3)),
    result(
        "forced selling, million USD",
        &["forced_sell_usd"],
        Fixed(MILLION, 2),
    ),
    result("bad debt, million USD", &["bad_debt_usd"], Fixed(MILLION, 3)),
];

pub(crate) const PUBLISHED: &[Column] = &[
    column("verdict", &["verdict"], Plain),
    column("measure", &["measure"], Plain),
    column("scope", &["scope"], Plain),
    of(Kind::Published, "published", &["value"], Digits(4)),
    result("ours, median", &["replayed", "low", "high"], Digits(4)),
    column("unit", &["unit"], Plain),
    result("error", &["error"], Signed(1.0, 2)),
    column("read it as", &["reading"], Plain),
    column("source", &["source"], Plain),
    column("trust", &["trust"], Plain),
];

/// Published figures beside those of the record, which no replay changes.
pub(crate) const OF_RECORD: &[Column] = &[
    column("verdict", &["verdict"], Plain),
    column("measure", &["measure"], Plain),
    column("scope", &["scope"], Plain),
    of(Kind::Published, "published", &["value"], Digits(4)),
    of(Kind::Recorded, "the record", &["replayed"], Digits(4)),
    column("unit", &["unit"], Plain),
    column("error", &["error"], Signed(1.0, 2)),
    column("read it as", &["reading"], Plain),
    column("source", &["source"], Plain),
    column("trust", &["trust"], Plain),
];

pub(crate) const NOT_REPLAYED: &[Column] = &[
    column("measure", &["measure"], Plain),
    column("scope", &["scope"], Plain),
    of(Kind::Published, "published", &["value"], Digits(4)),
    column("unit", &["unit"], Plain),
    column("not replayed because", &["reading"], Plain),
    column("source", &["source"], Plain),
    column("trust", &["trust"], Plain),
];

pub(crate) const RECORD: &[Column] = &[
    column("venue", &["venue"], Plain),
    column("price", &["price_origin"], Plain),
    column("taker share", &["taker_origin"], Plain),
    column("bars", &["bars"], WHOLE),
    column("from, UTC", &["from_at"], Plain),
    column("to, UTC", &["to_at"], Plain),
    column("gaps", &["gaps"], WHOLE),
    column("without taker share", &["without_taker_share"], WHOLE),
    column("source", &["source"], Code),
];

pub(crate) const DAYS: &[Column] = &[
    column("day", &["day_at"], Plain),
    of(
        Kind::Recorded,
        "perpetual's low, USD",
        &["low_usd"],
        Fixed(1.0, 1),
    ),
    of(
        Kind::Recorded,
        "spot's low, USD",
        &["spot_low_usd"],
        Fixed(1.0, 1),
    ),
    of(
        Kind::Recorded,
        "gap, log percent",
        &["low_gap_log"],
        Signed(100.0, 2),
    ),
    of(
        Kind::Recorded,
        "perpetual's volume, million USD",
        &["volume_usd"],
        Fixed(MILLION, 0),
    ),
    column("funding, USD per BTC", &["funding_usd_per_btc"], Signed(1.0, 2)),
    column("funding is", &["funding_origin"], Plain),
];

pub(crate) const ASSUMPTIONS: &[Column] = &[
    column("origin", &["origin"], Plain),
    column("input", &["name"], Code),
    column("value", &["value"], Digits(4)),
    column("unit", &["unit"], Plain),
    column("what it is", &["text"], Plain),
    column("source", &["source"], Plain),
    column("runs under", &["rule_sets"], Plain),
];

pub(crate) const GATES: &[Column] = &[
    column("gate", &["gate"], Plain),
    column("verdict", &["verdict"], Plain),
    column("detail", &["detail"], Plain),
    column("runs under", &["rule_sets"], Plain),
];

pub(crate) const RECOVERY_IN_WORDS: &[Column] = &[column("scores, in words", &["text"], Plain)];

/// The shortest answer to how far an interval can be trusted.
pub(crate) const FARED: &[Column] = &[
    column("equations", &["family"], Plain),
    column("crashes", &["crashes"], WHOLE),
    column("truth inside, percent", &["covered_pct"], WHOLE),
];

pub(crate) const RECOVERY: &[Column] = &[
    column("figure", &["figure"], Plain),
    column("equations", &["family"], Plain),
    column("clock, s", &["clock_s"], WHOLE),
    column("answered", &["way"], Plain),
    column("crashes", &["crashes"], WHOLE),
    column("truth inside, percent", &["covered_pct"], WHOLE),
    column("width, factor", &["width_factor"], Fixed(1.0, 2)),
    column("interval score", &["interval_score"], Fixed(1.0, 3)),
    column("median error", &["median_error"], Fixed(1.0, 3)),
    column("signs right", &["signs_right"], WHOLE),
    column("of", &["signs_of"], WHOLE),
    column("claims right", &["claims_right"], WHOLE),
    column("of", &["claims_of"], WHOLE),
    column("false claims", &["false_claims"], WHOLE),
    column("of", &["false_claims_of"], WHOLE),
];

pub(crate) const RUNS: &[Column] = &[
    column("run", &["run"], Code),
    column("draws", &["draws"], WHOLE),
    column("seed", &["seed"], Plain),
    column("command", &["command"], Code),
    column("cut", &["cut_sha256"], Code),
    column("rules", &["rule_set_sha256"], Code),
    column("calibration", &["calibration_sha256"], Code),
    column("engine", &["engine_sha256"], Code),
    column("made by", &["created_by"], Plain),
];

/// What was looked at together on the page of all runs.
pub(crate) const MULTIPLICITY: &[Column] = &[
    column("episodes", &["episodes"], WHOLE),
    column("rule sets", &["rule_sets"], WHOLE),
    column("comparisons", &["comparisons"], WHOLE),
    column("with an interval", &["judged"], WHOLE),
    column("fell less: interval below zero", &["less"], WHOLE),
    column("fell more: above zero", &["more"], WHOLE),
    column("fall unmoved in every draw", &["unmoved"], WHOLE),
];

/// A line of the league; the episode stands before it, as a link.
pub(crate) const LEAGUE: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("draws", &["draws"], WHOLE),
    result("fall of record, percent, median", &["record_pct"], Fixed(1.0, 2)),
    result(
        "change, points, median",
        &["median_change", "low_change", "high_change"],
        Signed(1.0, 2),
    ),
    result("draws of one sign, percent", &["same_sign_pct"], Fixed(1.0, 0)),
    result(
        "forced selling of record, million USD",
        &["record_sold_musd"],
        Fixed(1.0, 0),
    ),
    result("of the rules", &["sold_musd"], Fixed(1.0, 0)),
    result(
        "bad debt of record, million USD",
        &["record_debt_musd"],
        Fixed(1.0, 1),
    ),
    result("of the rules", &["debt_musd"], Fixed(1.0, 1)),
];
