//! Which columns of an answer a table shows, under which title and in which form.

use crate::show::Show::{self, Code, Digits, Fixed, Plain, Signed};

/// Name in the query, title, form. Titles hold no digits: they are words, not figures.
pub(crate) type Column = (&'static str, &'static str, Show);

const MILLION: f64 = 1e-6;
const MINUTES: f64 = 1.0 / 60.0;

pub(crate) const STATEMENTS: &[Column] = &[("name", "about", Plain), ("text", "what to know", Plain)];

pub(crate) const PRIORS: &[Column] = &[("name", "prior", Code), ("text", "in words", Plain)];

pub(crate) const DERIVED: &[Column] = &[("name", "derived", Code), ("text", "in words", Plain)];

pub(crate) const ABOUT: &[Column] = &[
    ("trigger_at", "trigger, UTC", Plain),
    ("trigger_source", "trigger from", Plain),
    ("replay_from", "replayed from", Plain),
    ("replay_to", "to", Plain),
    ("instrument", "price record", Plain),
    ("fineness", "fineness", Plain),
    ("venues", "forced flow of", Plain),
];

pub(crate) const HEADLINE: &[Column] = &[
    ("line", "", Plain),
    ("median_pct", "fall, %", Fixed(1.0, 2)),
    ("low_pct", "low", Fixed(1.0, 2)),
    ("high_pct", "high", Fixed(1.0, 2)),
    (
        "median_change",
        "against the rules of record, points",
        Signed(1.0, 2),
    ),
    ("low_change", "low", Signed(1.0, 2)),
    ("high_change", "high", Signed(1.0, 2)),
    ("draws", "draws", Fixed(1.0, 0)),
];

pub(crate) const AMPLIFICATION: &[Column] = &[
    ("rule_set", "rules", Plain),
    ("clock_s", "clock, min", Fixed(MINUTES, 0)),
    ("n", "returns", Fixed(1.0, 0)),
    ("median", "amplification", Fixed(1.0, 3)),
    ("low", "low", Fixed(1.0, 3)),
    ("high", "high", Fixed(1.0, 3)),
    ("recorded_rv", "variance recorded", Digits(3)),
    ("mark_rv", "replayed", Digits(3)),
    ("null_rv", "off the book", Digits(3)),
    ("reason", "not measurable because", Plain),
];

pub(crate) const LOSSES: &[Column] = &[
    ("rule_set", "rules", Plain),
    ("measure", "million USD", Plain),
    ("median", "median", Fixed(MILLION, 2)),
    ("low", "low", Fixed(MILLION, 2)),
    ("high", "high", Fixed(MILLION, 2)),
    ("median_change", "against the rules of record", Signed(MILLION, 2)),
    ("low_change", "low", Signed(MILLION, 2)),
    ("high_change", "high", Signed(MILLION, 2)),
];

pub(crate) const RULES: &[Column] = &[
    ("rule_set", "rules", Plain),
    ("title", "title", Plain),
    ("summary", "what they change", Plain),
    ("source", "sources", Plain),
];

pub(crate) const COUNTS: &[Column] = &[
    ("rule_set", "rules", Plain),
    ("rule", "rule", Plain),
    ("step", "step", Code),
    ("decision", "decision", Plain),
    ("high_first", "times, high first", Fixed(1.0, 0)),
    ("low_first", "times, low first", Fixed(1.0, 0)),
    ("first_at", "first, UTC", Plain),
    ("last_at", "last, UTC", Plain),
];

pub(crate) const INTERVENTIONS: &[Column] = &[
    ("rule_set", "rules", Plain),
    ("event_at", "when, UTC", Plain),
    ("step", "step", Code),
    ("decision", "decision", Plain),
    ("subject", "subject", Plain),
    ("before", "before", Digits(4)),
    ("after", "after", Digits(4)),
    ("until_at", "until, UTC", Plain),
    ("reason", "reason", Plain),
];

pub(crate) const HALTS: &[Column] = &[
    ("rule_set", "rules", Plain),
    ("bar_order", "order inside a bar", Plain),
    ("from_at", "from, UTC", Plain),
    ("until_at", "until, UTC", Plain),
    ("halt_s", "min", Fixed(MINUTES, 0)),
    ("halted_usd", "halted at, USD", Fixed(1.0, 0)),
    ("reopening_usd", "reopened at, USD", Fixed(1.0, 0)),
];

pub(crate) const ATTRIBUTION: &[Column] = &[
    ("clock_s", "clock, min", Fixed(MINUTES, 0)),
    ("mechanism", "mechanism", Plain),
    ("median", "share of log amplification", Fixed(1.0, 4)),
    ("low", "low", Fixed(1.0, 4)),
    ("high", "high", Fixed(1.0, 4)),
    ("alone", "alone", Fixed(1.0, 4)),
    ("last", "taken out last", Fixed(1.0, 4)),
    ("total", "all together", Fixed(1.0, 4)),
    ("reading", "reading", Plain),
];

pub(crate) const SENSITIVITIES: &[Column] = &[
    ("name", "unknown", Code),
    ("fall", "fall", Signed(1.0, 2)),
    ("excess", "fall beyond the null", Signed(1.0, 2)),
    ("forced_sell", "forced selling", Signed(1.0, 2)),
    ("draws", "draws", Fixed(1.0, 0)),
];

pub(crate) const OVERLAP: &[Column] = &[
    ("rule_set", "rules", Plain),
    ("clock_s", "clock, min", Fixed(MINUTES, 0)),
    ("overlap", "overlap", Fixed(1.0, 2)),
    ("fall_pct", "fall, %", Fixed(1.0, 2)),
    ("amplification", "amplification", Fixed(1.0, 3)),
    (
        "forced_sell_usd",
        "forced selling, million USD",
        Fixed(MILLION, 2),
    ),
    ("bad_debt_usd", "bad debt, million USD", Fixed(MILLION, 3)),
];

pub(crate) const PUBLISHED: &[Column] = &[
    ("measure", "measure", Code),
    ("timing", "when", Plain),
    ("scope", "scope", Plain),
    ("value", "published", Digits(4)),
    ("replayed", "replayed", Digits(4)),
    ("unit", "unit", Plain),
    ("reading", "read it as", Plain),
    ("source", "source", Plain),
    ("trust", "trust", Plain),
];

pub(crate) const RECORD: &[Column] = &[
    ("venue", "venue", Plain),
    ("instrument", "instrument", Plain),
    ("price_origin", "price", Plain),
    ("taker_origin", "taker share", Plain),
    ("bars", "bars", Fixed(1.0, 0)),
    ("from_at", "from, UTC", Plain),
    ("to_at", "to, UTC", Plain),
    ("gaps", "gaps", Fixed(1.0, 0)),
    ("without_taker_share", "without taker share", Fixed(1.0, 0)),
    ("source", "source", Code),
];

pub(crate) const DAYS: &[Column] = &[
    ("day_at", "day", Plain),
    ("low_usd", "perpetual's low, USD", Fixed(1.0, 1)),
    ("spot_low_usd", "spot's low, USD", Fixed(1.0, 1)),
    ("low_gap_log", "gap, %", Signed(100.0, 2)),
    ("volume_usd", "perpetual's volume, million USD", Fixed(MILLION, 0)),
    ("funding_usd_per_btc", "funding, USD per BTC", Signed(1.0, 2)),
    ("funding_origin", "funding is", Plain),
];

pub(crate) const ASSUMPTIONS: &[Column] = &[
    ("name", "input", Code),
    ("value", "value", Digits(4)),
    ("unit", "unit", Plain),
    ("origin", "origin", Plain),
    ("text", "in words", Plain),
    ("source", "source", Plain),
];

pub(crate) const GATES: &[Column] = &[
    ("rule_set", "rules", Plain),
    ("gate", "gate", Plain),
    ("verdict", "verdict", Plain),
    ("detail", "detail", Plain),
];

pub(crate) const MADE_FROM: &[Column] = &[
    ("run", "run", Code),
    ("draws", "draws", Fixed(1.0, 0)),
    ("seed", "seed", Plain),
    ("command", "command", Code),
    ("tape_sha256", "tape", Code),
    ("rule_set_sha256", "rules", Code),
    ("calibration_sha256", "calibration", Code),
    ("engine_sha256", "engine", Code),
    ("created_by", "made by", Plain),
];
