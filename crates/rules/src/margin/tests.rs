//! What the tests of margin rules share, and what holds for every one of them.

use aftershock_market::Timestamp;
use aftershock_protocol::{AssessMargin, NO_PAST, Past, ProtocolRule, RuleSet, View};

use crate::{RuleSetFile, find};

/// Closes `seconds` apart, by their log returns.
pub(super) fn past(seconds: i64, returns: &[f64]) -> Past {
    let mut past = Past::new();
    let mut log = 0.0;
    past.close(Timestamp::from_seconds(0), log);
    for (turn, one) in returns.iter().enumerate() {
        log += one;
        past.close(Timestamp::from_seconds(seconds * (turn as i64 + 1)), log);
    }
    past
}

/// A daily volatility of 4 %, before and now; 10M USD on either side, of which bids hold a tenth within 1 %.
pub(super) fn view(past: &Past) -> View<'_> {
    View {
        now: past.closes().last().map_or(Timestamp(0), |(at, _)| *at),
        mark_usd: 40_000.0,
        mean_mark_1h_usd: 40_000.0,
        volatility_1h: 0.04,
        volatility_24h: 0.04,
        volatility_normal: 0.04,
        open_interest_usd: 1e7,
        forced_usd: 0.0,
        insurance_usd: 0.0,
        index_usd: None,
        bid_depth_1pct_usd: 1e6,
        depth_ratio: 1.0,
        past,
    }
}

/// Margin of 1 % and 0.5 %, in force and asked for by history, first assessed now.
pub(super) fn step() -> AssessMargin {
    AssessMargin {
        tier: 1,
        account_usd: 0.0,
        offset_ratio: 0.0,
        initial_ratio: 0.01,
        maintenance_ratio: 0.005,
        exposure_ratio: 1.0,
        in_force_initial_ratio: 0.01,
        in_force_maintenance_ratio: 0.005,
        elapsed_s: 0.0,
        model: 0.0,
    }
}

/// What is asked in the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Asked {
    pub(super) initial: f64,
    pub(super) maintenance: f64,
}

impl Asked {
    pub(super) const HISTORY: Self = Self {
        initial: 0.01,
        maintenance: 0.005,
    };

    /// Of `rule` where history asks for [`step`].
    pub(super) fn of(rule: impl ProtocolRule + 'static, past: &Past) -> Self {
        Self::on(rule, step(), &view(past))
    }

    /// Of `rule` where `initial` is asked for already, and half of it to hold.
    pub(super) fn after(initial: f64, rule: impl ProtocolRule + 'static, past: &Past) -> Self {
        let step = AssessMargin {
            initial_ratio: initial,
            maintenance_ratio: 0.5 * initial,
            ..step()
        };
        Self::on(rule, step, &view(past))
    }

    /// Of `rule` on a step, as a replay puts it.
    pub(super) fn on(rule: impl ProtocolRule + 'static, step: AssessMargin, view: &View<'_>) -> Self {
        let rules = RuleSet::new(vec![Box::new(rule)]);
        assert!(rules.sets_margin());
        Self::by(&rules, step, view)
    }

    fn by(rules: &RuleSet, step: AssessMargin, view: &View<'_>) -> Self {
        let step = rules
            .assess_margin(step, &rules.models(view), view)
            .expect("sound")
            .step;
        Self {
            initial: step.initial_ratio,
            maintenance: step.maintenance_ratio,
        }
    }
}

#[track_caller]
pub(super) fn near(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-9, "{found} is not {expected}");
}

/// The reason why numbers of a rule alone are refused.
pub(super) fn refused(rule: &str) -> String {
    let file = format!("name = \"n\"\ntitle = \"t\"\nsummary = \"s\"\ncosts = \"c\"\n[[rule]]\n{rule}");
    RuleSetFile::parse("x", &file).expect_err("refused").to_string()
}

/// Returns of one to `count` closes, of which every seventh is three times as large.
fn returns(count: usize) -> Vec<f64> {
    let sign = |turn: usize| if turn.is_multiple_of(3) { -1.0 } else { 1.0 };
    let large = |turn: usize| if turn.is_multiple_of(7) { 3.0 } else { 1.0 };
    (1..=count)
        .map(|turn| 1e-4 * turn as f64 * sign(turn) * large(turn))
        .collect()
}

/// No rule but the speed limit asks less than what it is given, all leave what is sound, on no past and on a long one.
#[test]
fn margins_only_rise() {
    let long = past(60, &returns(400));
    for kind in super::KINDS {
        let rules = RuleSetFile::of_kind(kind).expect("numbers alone make it").rules;
        for (initial_ratio, past) in [0.01, 0.1, 1.0]
            .into_iter()
            .flat_map(|ratio| [(ratio, &NO_PAST), (ratio, &long)])
        {
            let step = AssessMargin {
                initial_ratio,
                maintenance_ratio: 0.5 * initial_ratio,
                account_usd: 1e6,
                elapsed_s: 60.0,
                in_force_initial_ratio: initial_ratio,
                in_force_maintenance_ratio: 0.5 * initial_ratio,
                ..step()
            };
            let asked = Asked::by(&rules, step, &view(past));
            assert!(asked.initial >= initial_ratio, "{}", kind.name);
            assert!(asked.maintenance >= 0.5 * initial_ratio, "{}", kind.name);
        }
    }
}

/// The models differ from each other on the same closes.
#[test]
fn models_differ() {
    let long = past(60, &returns(400));
    let names = [
        "volatility",
        "ewma",
        "historical",
        "filtered-historical",
        "garch",
        "extreme-value",
        "scenario",
    ];
    let mut models: Vec<f64> = names
        .iter()
        .map(|name| {
            let kind = find(&format!("{name}-margin")).expect("known");
            let rules = RuleSetFile::of_kind(kind).expect("numbers alone make it").rules;
            let view = View {
                volatility_24h: 0.06,
                ..view(&long)
            };
            let asked = Asked::by(&rules, step(), &view).initial;
            if rules.models(&view)[0] > 0.0 {
                rules.models(&view)[0]
            } else {
                asked
            }
        })
        .collect();
    models.sort_by(f64::total_cmp);
    models.dedup();
    assert_eq!(models.len(), names.len());
}

/// A model, a buffer and a speed limit over 400 closes: margin is never below history's, in order, and within 2 an hour of what was in force.
#[test]
fn a_chain_keeps_to_its_limits() {
    let file = "name = \"n\"\ntitle = \"t\"\nsummary = \"s\"\ncosts = \"c\"\n\
                [[rule]]\nkind = \"ewma-margin\"\nlambda = 0.8\n[[rule]]\nkind = \"margin-buffer\"\n\
                [[rule]]\nkind = \"margin-speed-limit\"\nrise_per_h = 1.0\nfall_per_h = 1.0\n";
    let rules = RuleSetFile::parse("x", file).expect("sound").rules;
    let returns = returns(400);
    let mut stands = Asked::HISTORY;
    let mut moved = [0, 0];
    for closes in 0..=400 {
        let past = past(600, &returns[..closes]);
        let step = AssessMargin {
            in_force_initial_ratio: stands.initial,
            in_force_maintenance_ratio: stands.maintenance,
            elapsed_s: if closes > 0 { 600.0 } else { 0.0 },
            ..step()
        };
        let next = Asked::by(&rules, step, &view(&past));
        assert!(next.initial >= 0.01 && next.maintenance >= 0.005 && next.maintenance <= next.initial);
        if closes > 0 {
            let factor = 2.0_f64.powf(1.0 / 6.0) * (1.0 + 1e-12);
            for (now, before) in [
                (next.initial, stands.initial),
                (next.maintenance, stands.maintenance),
            ] {
                assert!(now <= before * factor && now >= before / factor);
            }
            moved[usize::from(next.initial > stands.initial)] += 1;
        }
        stands = next;
    }
    // It is a market in which all of it is at work.
    assert!(
        stands.initial > 0.1 && moved.iter().all(|count| *count > 20),
        "{stands:?} {moved:?}"
    );
}
