//! Columns of the page of a made-up crash.

use super::{Column, MILLION, MINUTES, WHOLE, column};
use crate::show::Show::{Code, Digits, Fixed, Measured, Plain, Signed};

pub(crate) const LIMITS: &[Column] = &[
    column("on", &["topic"], Plain),
    column("what to know", &["text"], Plain),
];

pub(crate) const STAMP: &[Column] = &[
    column("seed", &["seed"], Plain),
    column("declared as", &["template"], Plain),
    column("provenance", &["provenance"], Plain),
];

pub(crate) const CRASH: &[Column] = &[
    column("from, UTC", &["start_at"], Plain),
    column("to", &["end_at"], Plain),
    column("news fall from", &["ramp_from_at"], Plain),
    column("to", &["ramp_to_at"], Plain),
    column("by, percent", &["ramp_fall_pct"], Fixed(1.0, 2)),
    column("amplification declared", &["amplification_declared"], Digits(3)),
    column("on a clock of, s", &["amplification_clock_s"], WHOLE),
    column("open interest scaled by", &["open_interest_scale"], Fixed(1.0, 3)),
];

pub(crate) const MARKETS: &[Column] = &[
    column("venue", &["venue"], Plain),
    column("instrument", &["instrument"], Code),
    column("contract", &["contract"], Plain),
    column("for arbitrage", &["place"], Plain),
    column(
        "volume, million USD a day",
        &["volume_daily_usd"],
        Fixed(MILLION, 0),
    ),
    column(
        "open interest, million USD",
        &["open_interest_usd"],
        Fixed(MILLION, 0),
    ),
    column(
        "depth of a side, million USD a percent",
        &["depth_usd_per_pct"],
        Fixed(MILLION, 1),
    ),
];

pub(crate) const BEHIND: &[Column] = &[
    column("venue", &["venue"], Plain),
    column("instrument", &["instrument"], Code),
    column("maintenance, percent", &["maintenance_pct"], Fixed(1.0, 2)),
    column("latency, s", &["latency_s"], Fixed(1.0, 2)),
    column("insurance fund", &["fund_settled"], Fixed(1.0, 2)),
    column("vault", &["vault_settled"], Fixed(1.0, 2)),
    column("both in", &["settles_in"], Plain),
];

pub(crate) const FALLS: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("fall, percent", &["fall_pct"], Fixed(1.0, 2)),
    column(
        "against the rules of record, points",
        &["change_points"],
        Signed(1.0, 3),
    ),
    column("fall of the null, percent", &["null_fall_pct"], Fixed(1.0, 2)),
    column(
        "fall with books of its own, percent",
        &["free_fall_pct"],
        Fixed(1.0, 2),
    ),
    column("amplification", &["amplification"], Measured(3)),
    column("clock, s", &["clock_s"], WHOLE),
    column("null", &["against"], Plain),
];

pub(crate) const VOLUMES: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("forced orders", &["forced_orders"], WHOLE),
    column(
        "forced on the book, million USD",
        &["forced_usd"],
        Fixed(MILLION, 1),
    ),
    column(
        "deleveraged, million USD",
        &["deleveraged_usd"],
        Fixed(MILLION, 2),
    ),
    column("bad debt, million USD", &["bad_debt_usd"], Fixed(MILLION, 3)),
    column(
        "backlog at its peak, million USD",
        &["backlog_peak_usd"],
        Fixed(MILLION, 1),
    ),
    column("halts", &["halts"], WHOLE),
    column("closed, min over all markets", &["halted_s"], MINUTES),
    column("closed at the end", &["closed_at_end"], WHOLE),
];

pub(crate) const SHARES: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("forced orders", &["forced_orders"], WHOLE),
    column("hastened, percent of value", &["hastened_share"], Fixed(100.0, 2)),
    column(
        "additional, percent of value",
        &["additional_share"],
        Fixed(100.0, 2),
    ),
];

pub(crate) const VENUES: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("venue", &["venue"], Plain),
    column("instrument", &["instrument"], Code),
    column("fall, percent", &["fall_pct"], Fixed(1.0, 2)),
    column("of its null", &["null_fall_pct"], Fixed(1.0, 2)),
    column("amplification", &["amplification"], Measured(3)),
    column("halts", &["halts"], WHOLE),
    column("closed, min", &["halted_s"], MINUTES),
    column("at the end", &["closed_at_end"], WHOLE),
];

pub(crate) const VENUE_VOLUMES: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("venue", &["venue"], Plain),
    column("instrument", &["instrument"], Code),
    column("forced orders", &["forced_orders"], WHOLE),
    column("on the book, million USD", &["forced_usd"], Fixed(MILLION, 1)),
    column("deleveraged", &["deleveraged_usd"], Fixed(MILLION, 2)),
    column("bad debt", &["bad_debt_usd"], Fixed(MILLION, 3)),
    column("backlog at its peak", &["backlog_peak_usd"], Fixed(MILLION, 1)),
];

pub(crate) const AMPLIFICATION: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("clock, s", &["clock_s"], WHOLE),
    column("whole tape", &["whole_amplification"], Measured(3)),
    column("returns", &["whole_returns"], WHOLE),
    column("the crash", &["crash_amplification"], Measured(3)),
    column("returns", &["crash_returns"], WHOLE),
];

pub(crate) const WATERFALL: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("who bore it", &["bearer"], Plain),
    column("loss, million USD", &["loss_usd"], Fixed(MILLION, 3)),
    column("percent of all", &["share_pct"], Fixed(1.0, 2)),
    column(
        "against the rules of record, million USD",
        &["change_usd"],
        Signed(MILLION, 3),
    ),
    column("orders", &["orders"], WHOLE),
];

pub(crate) const CHANNELS: &[Column] = &[
    column("of", &["measure"], Plain),
    column("channel", &["channel"], Plain),
    column("share, log", &["phi"], Fixed(1.0, 5)),
    column("percent of the total", &["share_pct"], Signed(1.0, 1)),
    column("first in", &["first_in"], Fixed(1.0, 5)),
    column("last out", &["last_out"], Fixed(1.0, 5)),
    column("total, log", &["total"], Fixed(1.0, 5)),
    column("reading", &["reading"], Plain),
    column("efficiency gap", &["efficiency_gap"], Digits(2)),
];

pub(crate) const GENERATIONS: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("generations from", &["from_generation"], WHOLE),
    column("to", &["to_generation"], WHOLE),
    column("orders", &["orders"], WHOLE),
    column("value, million USD", &["value_usd"], Fixed(MILLION, 2)),
    column("percent of all", &["share_pct"], Fixed(1.0, 2)),
    column(
        "of it additional, percent of all",
        &["additional_pct"],
        Fixed(1.0, 2),
    ),
];

pub(crate) const FAMILIES: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("root sent, UTC", &["triggered_at"], Plain),
    column("at", &["venue"], Plain),
    column("root, million USD", &["root_usd"], Fixed(MILLION, 3)),
    column("orders", &["orders"], WHOLE),
    column("generations", &["generations"], WHOLE),
    column("markets", &["markets"], WHOLE),
    column("family, million USD", &["value_usd"], Fixed(MILLION, 2)),
    column("percent of all", &["share_pct"], Fixed(1.0, 1)),
    column("additional, million USD", &["additional_usd"], Fixed(MILLION, 2)),
];

pub(crate) const RESPONSE: &[Column] = &[
    column("rules", &["rule_set"], Plain),
    column("when, UTC", &["event_at"], Plain),
    column("spectral radius", &["spectral_radius"], Digits(4)),
    column("under way, million USD", &["backlog_usd"], Fixed(MILLION, 1)),
    column("market that falls", &["falling_market"], Plain),
    column("market that answers", &["answering_market"], Plain),
    column("answer", &["response_ratio"], Digits(4)),
];

pub(crate) const DECLARED: &[Column] = &[
    column("parameter", &["name"], Code),
    column("value", &["value"], Code),
    column("what it is", &["about"], Plain),
    column("", &["origin"], Plain),
];

pub(crate) const CHECKS: &[Column] = &[
    column("check", &["check"], Plain),
    column("rules", &["rule_set"], Plain),
    column("verdict", &["verdict"], Plain),
    column("detail", &["detail"], Plain),
];

pub(crate) const AGAIN: &[Column] = &[
    column("command", &["command"], Code),
    column("declaration, digest", &["declared_sha256"], Code),
];
