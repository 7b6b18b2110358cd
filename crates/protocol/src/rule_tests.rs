use aftershock_market::{Cash, Side};

use super::*;
use crate::Edge;
use crate::view::tests::calm;

#[derive(Debug)]
struct Scale(f64);
impl ProtocolRule for Scale {
    fn name(&self) -> &str {
        "scale"
    }
    fn liquidate(&self, step: &Liquidate, _: &View) -> Decision<Liquidate> {
        Decision::Amend(
            Liquidate {
                fraction: step.fraction * self.0,
                ..step.clone()
            },
            "scaled".into(),
        )
    }
}

#[derive(Debug)]
struct Refuse;
impl ProtocolRule for Refuse {
    fn name(&self) -> &str {
        "refuse"
    }
    fn liquidate(&self, _: &Liquidate, _: &View) -> Decision<Liquidate> {
        Decision::Reject("no".into())
    }
}

fn step() -> Liquidate {
    Liquidate {
        side: Side::Long,
        tier: 1,
        notional_usd: 1e6,
        account_usd: 1e5,
        tier_floor_usd: 0.0,
        maintenance_ratio: 0.005,
        equity_ratio: 0.005,
        part: crate::Part::Share,
        fraction: 1.0,
        keeps_margin: false,
        pause_s: 0.0,
        sale: crate::Sale::Book,
    }
}

#[test]
fn each_rule_sees_what_the_last_one_left() {
    let rules = RuleSet::new(vec![
        Box::new(Scale(0.5)),
        Box::new(Scale(0.5)),
        Box::new(Refuse),
        Box::new(Scale(0.5)),
    ]);
    let verdict = rules.liquidate(step(), &calm()).expect("fractions stay in range");
    assert_eq!(verdict.step.fraction, 0.25);
    assert!(!verdict.allowed);
    let names: Vec<_> = verdict
        .interventions
        .iter()
        .map(|one| (one.rule.as_str(), one.decision))
        .collect();
    assert_eq!(
        names,
        [("scale", "amend"), ("scale", "amend"), ("refuse", "reject")]
    );
}

#[test]
fn a_breach_names_rule_step_and_invariant() {
    let error = RuleSet::new(vec![Box::new(Scale(2.0))])
        .liquidate(step(), &calm())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "rule scale left step liquidate broken: 0 < fraction 2 <= 1 should hold"
    );
}

#[test]
fn history_is_the_empty_set() {
    let verdict = RuleSet::default()
        .liquidate(step(), &calm())
        .expect("nothing to break");
    assert_eq!((verdict.step, verdict.interventions), (step(), Vec::new()));
}

#[derive(Debug)]
struct Paced(f64);
impl ProtocolRule for Paced {
    fn name(&self) -> &str {
        "paced"
    }
    fn fastest_s(&self) -> Option<f64> {
        Some(self.0)
    }
}

/// A rule that names no time asks nothing of the record; of those that do the quickest counts.
#[test]
fn the_quickest_rule_sets_the_pace() {
    assert_eq!(RuleSet::default().fastest_s(), None);
    assert_eq!(RuleSet::new(vec![Box::new(Refuse)]).fastest_s(), None);
    let rules = RuleSet::new(vec![
        Box::new(Paced(60.0)),
        Box::new(Refuse),
        Box::new(Paced(5.0)),
        Box::new(Paced(3_600.0)),
    ]);
    assert_eq!(rules.fastest_s(), Some(5.0));
}

#[test]
fn margins_are_ordered_and_at_most_the_value() {
    let margin = |maintenance_ratio, initial_ratio, exposure_ratio| AssessMargin {
        tier: 1,
        account_usd: 1e4,
        offset_ratio: 0.0,
        initial_ratio,
        maintenance_ratio,
        exposure_ratio,
        in_force_initial_ratio: 0.01,
        in_force_maintenance_ratio: 0.005,
        elapsed_s: 60.0,
        model: 0.0,
    };
    for sound in [
        (0.005, 0.01, 1.0),
        (0.01, 0.01, 0.5),
        (1.0, 1.0, 0.0),
        (f64::MIN_POSITIVE, 1.0, 1.0),
    ] {
        assert_eq!(margin(sound.0, sound.1, sound.2).breach(), None, "{sound:?}");
    }
    for (maintenance, initial) in [
        (0.0, 0.01),
        (-0.01, 0.01),
        (0.02, 0.01),
        (0.5, 1.01),
        (f64::NAN, 0.01),
        (0.005, f64::NAN),
    ] {
        assert_eq!(
            margin(maintenance, initial, 1.0).breach(),
            Some(format!(
                "0 < maintenance ratio {maintenance} <= initial ratio {initial} <= 1"
            ))
        );
    }
    for exposure in [-0.1, 1.1, f64::NAN] {
        assert_eq!(
            margin(0.005, 0.01, exposure).breach(),
            Some(format!("0 <= exposure ratio {exposure} <= 1"))
        );
    }
    assert_eq!(margin(0.005, 0.01, 1.0).value(), 0.005);
}

#[test]
fn a_band_has_two_edges_in_order_and_a_halt() {
    let band = |lower_usd, upper_usd, halt_s| SetBand {
        lower: Edge::halting(lower_usd, halt_s, "rule"),
        upper: Edge::halting(upper_usd, halt_s, "rule"),
    };
    for sound in [
        band(0.0, f64::INFINITY, 300.0),
        band(95.0, 105.0, 0.1),
        band(0.0, 0.01, 300.0),
    ] {
        assert_eq!(sound.breach(), None, "{sound:?}");
    }
    for broken in [
        band(-1.0, 105.0, 300.0),
        band(105.0, 105.0, 300.0),
        band(106.0, 105.0, 300.0),
        band(f64::NAN, 105.0, 300.0),
        band(95.0, 105.0, 0.0),
        band(95.0, 105.0, -1.0),
    ] {
        assert!(broken.breach().is_some(), "{broken:?}");
    }
    assert_eq!(
        band(-1.0, 105.0, 300.0).breach().as_deref(),
        Some("0 <= lower -1 < upper 105")
    );
    for broken in [
        Edge {
            limit_s: -1.0,
            ..Edge::halting(95.0, 300.0, "rule")
        },
        Edge {
            collar_ratio: 0.0,
            ..Edge::halting(95.0, 300.0, "rule")
        },
        Edge {
            extend_s: 0.0,
            ..Edge::halting(95.0, 300.0, "rule")
        },
    ] {
        let lower = SetBand {
            lower: broken.clone(),
            ..SetBand::OPEN
        };
        let upper = SetBand {
            upper: broken,
            ..SetBand::OPEN
        };
        assert!(lower.breach().is_some() && upper.breach().is_some(), "{lower:?}");
    }
    assert_eq!(band(95.0, 105.0, 300.0).value(), 95.0);
}

#[test]
fn a_liquidated_fraction_is_more_than_nothing_and_at_most_all() {
    let of = |fraction| Liquidate { fraction, ..step() };
    for fraction in [f64::MIN_POSITIVE, 0.2, 1.0] {
        assert_eq!(of(fraction).breach(), None);
    }
    for fraction in [0.0, -0.2, 1.000_1, f64::NAN] {
        assert!(of(fraction).breach().is_some(), "{fraction}");
    }
}

/// Of a loss of 100, with 60 in the pool's own fund and 50 in the others'.
#[test]
fn a_deficit_is_covered_within_the_funds_and_not_beyond() {
    let cover = |from_own: i128, from_others: i128| CoverDeficit {
        deficit: Cash(100),
        pool: 0,
        reserves: Vec::new(),
        left: vec![Cash(60), Cash(50)],
        draws: vec![Cash(from_own), Cash(from_others)],
        socialised: Cash::ZERO,
    };
    for sound in [
        cover(0, 0),
        cover(60, 0),
        cover(0, 50),
        cover(60, 40),
        cover(50, 50),
    ] {
        assert_eq!(sound.breach(), None, "{sound:?}");
    }
    for broken in [
        cover(-1, 0),
        cover(61, 0),
        cover(0, -1),
        cover(0, 51),
        cover(60, 41),
        cover(60, 50),
        cover(-1, 51),
        cover(61, -1),
    ] {
        assert_eq!(
            broken.breach().as_deref(),
            Some("draws lie within the funds and with what is shared out do not exceed the deficit")
        );
    }
    let coins = |value| Cash::from_f64(value);
    let drawn = CoverDeficit {
        draws: vec![coins(60.0), coins(40.0)],
        ..cover(0, 0)
    };
    assert_eq!(drawn.value(), 100.0);
    let shared_out = |socialised| CoverDeficit {
        socialised: Cash(socialised),
        ..cover(60, 0)
    };
    assert_eq!(shared_out(40).breach(), None);
    assert!(shared_out(41).breach().is_some() && shared_out(-1).breach().is_some());
}
