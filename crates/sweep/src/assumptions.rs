//! What a run takes as given, in words and numbers, for the table and the top of the report.

use aftershock_calibrate::OpenInterest;
use aftershock_market::journal::AssumptionRow;
use aftershock_rules::{Hold, RuleSetFile};

use crate::Case;

mod user;

/// All assumptions of a run, in the order in which they matter to a reader; `open_interest_usd` is that of each draw.
///
/// `halts` says whether trading stopped in any of them.
pub(crate) fn of(
    case: &Case<'_>,
    rule_set: &RuleSetFile,
    open_interest_usd: &[f64],
    halts: bool,
) -> Vec<AssumptionRow> {
    let mut list = List(Vec::new());
    user::shock(case, &mut list);
    user::accounts(case, open_interest_usd, &mut list);
    record(case, &mut list);
    model(case, rule_set, halts, &mut list);
    inputs(case, &mut list);
    for one in case.priors.beliefs(case.recorded) {
        list.0.push(AssumptionRow {
            name: one.name,
            value: one.value,
            text: one.text,
            unit: one.unit,
            origin: one.origin,
            source: one.source,
        });
    }
    if rule_set.brackets.is_some() {
        list.text(
            "brackets_of_the_rule_set",
            "in place of the venue's margin table of the date the rule set's own, for positions opened before the replay \
             too; sizes and intended leverage of accounts are as under the rules of record, cut to what this table allows",
            "declared",
            &rule_set.sources.join("; "),
        );
    }
    if let Some(overlap) = rule_set.overlap {
        list.number(
            "overlap",
            overlap,
            "share of open interest whose holders own the offsetting position at the other venue",
            "ratio",
            "declared",
            "rule set; no record of it exists, so the outcome is drawn from none to all",
        );
    }
    list.0
}

struct List(Vec<AssumptionRow>);

impl List {
    fn text(&mut self, name: &str, text: &str, origin: &'static str, source: &str) {
        let unit = String::new();
        self.0.push(AssumptionRow {
            name: name.into(),
            value: None,
            text: text.into(),
            unit,
            origin,
            source: source.into(),
        });
    }

    fn number(&mut self, name: &str, value: f64, text: &str, unit: &str, origin: &'static str, source: &str) {
        self.0.push(AssumptionRow {
            name: name.into(),
            value: Some(value),
            text: text.into(),
            unit: unit.into(),
            origin,
            source: source.into(),
        });
    }
}

/// What the record is and is not.
fn record(case: &Case<'_>, list: &mut List) {
    let context = &case.context;
    if context.spot_for_mark {
        list.text(
            "mark_price",
            "mark proxied by spot: liquidations are triggered on the spot price, the perpetual may have gone lower",
            "derived",
            context.instrument,
        );
        if let Some(ratio) = context.perpetual_low_ratio {
            list.number(
                "perpetual_low_over_record_low",
                ratio,
                "lowest perpetual price of the replayed days over the lowest price of the record; below 1 the replay \
                 sees too few liquidations",
                "ratio",
                "recorded",
                "daily bars of the perpetual",
            );
        }
    } else {
        list.text(
            "mark_price",
            "mark proxied by the perpetual's last price",
            "derived",
            context.instrument,
        );
    }
    // A shocked replay is not the record's, under any rules.
    if case.shock.is_none() {
        list.text(
            "closed_loop",
            "no forced flow is recorded, so under the rules of record the replay equals the record by construction; that \
             forced orders push the price their way is built in, only how far is informed. A null that falls deeper than \
             the record, or an amplification below one, says that impact or the flow it is charged with is overestimated \
             on this record: read such a figure as no amplification shown, not as damping",
            "declared",
            "model",
        );
    }
    list.text(
        "dominated_by_priors",
        "impact, open interest where none is published, leverage, account sizes, depth, turnover and funds are priors: \
         impact prior-dominated, every figure below carries their spread",
        "prior",
        "priors",
    );
    if context.reconstructed {
        list.text(
            "reconstructed_stamps",
            "the stamps of the price bars were reconstructed by matching an independent hourly record; prices and \
             volumes are the original's",
            "derived",
            "provenance of the sample",
        );
    }
    if !context.absent.is_empty() {
        list.text(
            "absent",
            &context.absent.join("; "),
            "recorded",
            "the record lacks these",
        );
    }
    list.text("trigger", context.trigger, "declared", "episode file");
}

/// How the model answers.
fn model(case: &Case<'_>, rule_set: &RuleSetFile, halts: bool, list: &mut List) {
    list.text(
        "null",
        "amplification is the variance of the mark over that of the same path with forced flow taken off the book",
        "declared",
        "model",
    );
    list.text(
        "execution_grid",
        "between two prices of the record the path is a straight line in steps of 5 s, on which a forced order fills 15 s \
         after its trigger; the record went its own way between them. Against steps of 15 s the null's fall and the \
         amplification agree to a part in a thousand, what insurance pays to 2 % and bad debt to 6 %",
        "declared",
        "model; measured on 2021-05-19 at 5 s and 15 s",
    );
    list.text(
        "ordinary_flow_holds_liquidations",
        "taker volume contains the liquidations of its time, which are not on record: those regenerated are taken out of \
         it, so that their flow stands in the price once; what is wrong in them is then wrong in ordinary flow",
        "declared",
        "model",
    );
    list.text(
        "intra_bar_order",
        "the order of a bar's extremes is unknown; high first and low first are both run and both in the interval",
        "declared",
        "model",
    );
    list.text(
        "response_impact",
        "signed flow moves the price by a square-root law of a decaying state; without a trade nothing but decay and \
         news moves it",
        "declared",
        "model",
    );
    list.text(
        "response_depth",
        "depth leaves as volatility rises and while forced orders are about, is eaten by them and comes back; it scales \
         forced flow when it trades, and its effect on ordinary flow stays in the exogenous path",
        "declared",
        "model",
    );
    list.text(
        "response_counterparty",
        "a share of each forced order meets a newly opened position, the rest holders of the other side who close, the \
         most comfortable first; what was opened can be liquidated again, so that forced volume may exceed open interest",
        "declared",
        "model",
    );
    if !rule_set.is_record() {
        let (name, held) = match rule_set.hold {
            Hold::Notional => (
                "hold_notional",
                "open interest is kept under other margins, and who holds it is what survives the lead-in under them: cohorts that \
                 higher margin spares weigh more; those who would have traded less are not modelled",
            ),
            Hold::Equity => (
                "hold_equity",
                "traders keep what they post under other margins and hold less; those who would have posted more are not \
                 modelled",
            ),
        };
        list.text(name, held, "declared", "model");
        list.text(
            "ordinary_flow_is_held",
            "news and ordinary flow are what they were, whatever the rules",
            "declared",
            "model",
        );
    }
    if let Some(fastest) = rule_set.rules.fastest_s() {
        list.number(
            "rule_acts_in",
            fastest,
            "shortest time in which the rule acts; a record with coarser bars cannot measure it",
            "s",
            "declared",
            "rule set",
        );
    }
    if halts {
        list.text(
            "halt",
            "during a halt news goes on, ordinary flow waits or is cancelled, forced orders wait; the fall is that of the \
             price as it would have stood were trading open, because a low that nobody could trade at is not a fall \
             avoided; one reopening jump weighs more in a variance than the path it replaces",
            "declared",
            "model",
        );
    }
    list.text(
        "not_modelled",
        "funding, cross-margin between assets, basis and arbitrage between venues, auto-deleveraging, liquidation fees, \
         take-over by an engine, voluntary turnover inside the window, options, lending and pools; what a rule of the set brings \
         of these is modelled",
        "declared",
        "model",
    );
    list.number(
        "variance_clock_s",
        f64::from(case.bar_s),
        "finest clock of variance: the coarsest bar of the record",
        "s",
        "declared",
        "episode file",
    );
}

/// What was read off the record.
fn inputs(case: &Case<'_>, list: &mut List) {
    let recorded = case.recorded;
    let context = &case.context;
    list.text(
        "scope",
        &format!(
            "forced flow and the volume that scales impact both cover {}",
            context.venues
        ),
        "declared",
        "episode file",
    );
    if context.perpetual_volume {
        list.number(
            "volume_daily_usd",
            recorded.volume_daily_usd,
            &format!(
                "median of {} days of the perpetual before the replay",
                recorded.volume_days
            ),
            "USD a day",
            "recorded",
            context.venues,
        );
        list.number(
            "bar_volume_daily_usd",
            recorded.bar_volume_daily_usd,
            "volume of the price bars before the replay; their signed flow is scaled up to the scope's volume, which \
             assumes that takers there lean the same way",
            "USD a day",
            "derived",
            context.instrument,
        );
    } else {
        list.number(
            "volume_daily_usd",
            recorded.volume_daily_usd,
            "no perpetual volume is recorded: spot volume stands in and sets the scale of every dollar figure",
            "USD a day",
            "derived",
            context.instrument,
        );
    }
    list.number(
        "sigma_daily",
        recorded.sigma_daily,
        "volatility a day of bar closes before the replay",
        "log",
        "derived",
        context.instrument,
    );
    let origin = recorded.flow_origin;
    for (name, share, text) in [
        (
            "ordinary_flow_recorded",
            origin.recorded,
            "share of replayed volume whose taker side is recorded",
        ),
        (
            "ordinary_flow_hourly",
            origin.hourly,
            "share whose taker side is that of its hour, spread over its bars",
        ),
        (
            "ordinary_flow_modelled",
            origin.bulk,
            "share whose taker side is modelled from the price change",
        ),
    ] {
        list.number(name, share, text, "ratio", "derived", context.instrument);
    }
    match recorded.open_interest {
        OpenInterest::Published { level_btc, level_usd } => {
            list.number(
                "open_interest_btc",
                level_btc,
                "published level before the event",
                "BTC",
                "published",
                context.open_interest_source,
            );
            list.number(
                "open_interest_usd",
                level_usd,
                "the published level at the last price before the replay",
                "USD",
                "derived",
                context.open_interest_source,
            );
        }
        OpenInterest::Prior => list.text(
            "open_interest",
            "no level is published for exactly this scope before the event: a prior multiple of daily volume, prior-only",
            "prior",
            "priors",
        ),
    }
    list.text(
        "margin_brackets",
        if context.brackets_stand_in {
            "the margin table of the era is not at hand; a later one stands in"
        } else {
            "the venue's margin table at the date"
        },
        if context.brackets_stand_in {
            "declared"
        } else {
            "published"
        },
        context.brackets_source,
    );
}
