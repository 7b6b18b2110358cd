//! G14: two counts of how much forced flow forced flow brings about.
//!
//! # Which two can be compared
//!
//! In the linear picture price `p` falls by its own news `m` and by what forced flow does, `dp = dm + κ g dp`, so that
//! `dp/dm = 1/(1 - R)` with `R = κ g`. Of the flow `N(p)` that a fall to `p` sets free, the news alone would have set
//! free `N(m)`. The rest is
//!
//! ```text
//! 1 - N(m)/N(p) = [(m - p)/N(p)] · [(N(p) - N(m))/(m - p)] = κ · g
//! ```
//!
//! exactly, if `κ` is the secant of impact over all the flow and `g` that of the positions over the stretch that
//! feedback adds, from where the null came to to where the price came to. So what `R` says of a fall of finite size is
//! the share of forced flow that the null would *never* have triggered: the journal's `additional`. It is not the share
//! that it would not have triggered *by then* (`parent`), which is one in any fall that goes on, however weak the push;
//! and it is not the slope of impact at an instant times what a fall of 1 % breaks there (the diagonal of the journal's
//! response matrix): impact is concave and decays, so that slope is several times its secant over the fall, and what
//! stands within 1 % is not what stands in the stretch that feedback adds.
//!
//! # How both are found
//!
//! *Structural* knows no order. From the start's positions comes `N`, by the algebra of their liquidation prices; from the
//! null its lowest mark in each market; from the declaration impact and its decay. The markets of an asset are one where
//! arbitrage holds them together: equal moves `h` in square-root laws of one `Y σ` mean equal `J/V`, which is one law with
//! all volumes added. What cross impact carries to another asset is added to what stands there. `N` breaks along the
//! null's own way down, is divided by the depth that the run had at that instant, and decays until the null is at its
//! lowest: that gives the share `s` of it that stands. Then the least solution of
//!
//! ```text
//! Δ = h(Σ s N(m - Δ)),   R = 1 - Σ N(m)/Σ N(m - Δ)
//! ```
//!
//! is found from below. *Causal* knows nothing of it: it is the value of the run's liquidated longs that are marked
//! `additional`, over all of them.
//!
//! Left out, and so in the difference: positions that opened in the fall, engines that take their time, arbitrage that does
//! too, ordinary flow in `J`, and markets that an outage cuts off. Where the difference is above the threshold, the causal
//! figure is the one to report. That happens: positions stand in clusters, and where the fall ends at the edge of one, a
//! little more or less of it is a large part of the flow.

mod structural;

use aftershock_market::Side;
use aftershock_replay::world::{Cause, OrderRow, WorldRun};
use structural::structural;

use super::{CheckError, Crash, Finding, Gate, Verdict};
use crate::synth::Declared;

/// Crashes that are looked at, one a seed.
const SEEDS: u64 = 20;
/// Largest difference of the two.
const AGREE: f64 = 0.1;

/// How much of the forced flow of a fall is due to forced flow, counted in several ways.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Branching {
    /// From positions, impact and the null.
    pub structural: f64,
    /// From the run's orders: those that the null would never have sent.
    pub causal: f64,
    /// From the run's orders: those that the null would not have sent by then.
    pub by_then: f64,
    /// Slope of impact as it stands times what a fall of 1 % would break, a mean over forced flow.
    pub slope: f64,
}

/// Counts a run of a crash. Absent where the null breaks no long, or no long is liquidated.
pub fn branching(crash: &Crash, run: &WorldRun) -> Option<Branching> {
    let longs = || {
        let orders = run.journal.orders.iter();
        orders.filter(|row| row.side == Side::Long && row.cause == Cause::Liquidation)
    };
    let value = |row: &OrderRow| row.notional_usd + row.deleveraged_usd;
    let all: f64 = longs().map(value).sum();
    if all == 0.0 {
        return None;
    }
    let markets = crash.markets();
    let slope = |row: &OrderRow| {
        let clock = &run.journal.clock;
        let seen = clock.partition_point(|one| one.at <= row.triggered_at);
        clock[seen.saturating_sub(1)].response[row.market * markets + row.market]
    };
    Some(Branching {
        structural: structural(crash, run)?,
        causal: longs().filter(|row| row.additional).map(value).sum::<f64>() / all,
        by_then: longs().filter(|row| row.parent.is_some()).map(value).sum::<f64>() / all,
        slope: longs().map(|row| slope(row) * value(row)).sum::<f64>() / all,
    })
}

/// The declared crash and those of the seeds after it.
pub(super) fn gate(declared: &Declared) -> Result<Finding, CheckError> {
    let mut counted = Vec::new();
    for turn in 0..SEEDS {
        let crash = Crash::new(&Declared {
            seed: declared.seed.saturating_add(turn),
            ..declared.clone()
        })?;
        counted.extend(branching(&crash, &crash.factual()?));
    }
    Ok(judge(&counted))
}

fn judge(counted: &[Branching]) -> Finding {
    let median = |of: fn(&Branching) -> f64| {
        let mut values: Vec<f64> = counted.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let gap = |one: &Branching| (one.structural - one.causal).abs();
    let largest = counted.iter().map(gap).fold(0.0, f64::max);
    let apart = counted.iter().filter(|one| gap(one) > AGREE).count();
    let verdict = if counted.len() < SEEDS as usize {
        Verdict::NotMeasurable(format!(
            "{} of {SEEDS} crashes liquidate longs that the null liquidates too",
            counted.len()
        ))
    } else {
        Verdict::of(apart == 0)
    };
    Finding {
        gate: Gate::Branching,
        figure: format!(
            "{largest:.3} apart at the most and {:.3} in the median of {} seeds, {apart} of them beyond; medians: \
             structural {:.3}, causal {:.3}; not comparable: by then {:.3}, slope {:.3}",
            median(gap),
            counted.len(),
            median(|one| one.structural),
            median(|one| one.causal),
            median(|one| one.by_then),
            median(|one| one.slope),
        ),
        verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::declared;

    #[test]
    fn counts_that_differ_fail() {
        let one = Branching {
            structural: 0.2,
            causal: 0.25,
            by_then: 0.99,
            slope: 0.5,
        };
        let mut all = [one; SEEDS as usize];
        assert_eq!(judge(&all).verdict, Verdict::Pass);
        all[7].causal = 0.301;
        assert_eq!(judge(&all).verdict, Verdict::Fail);
        assert!(matches!(judge(&all[..5]).verdict, Verdict::NotMeasurable(_)));
    }

    /// A journal that marks every order as additional, or none, disagrees with the positions.
    #[test]
    fn a_journal_that_lies_is_seen() {
        let crash = Crash::new(&declared(17)).expect("it is a crash");
        let mut run = crash.factual().expect("it runs");
        let gap = |run: &WorldRun| {
            let found = branching(&crash, run).expect("longs are liquidated");
            (found.structural - found.causal).abs()
        };
        assert!(gap(&run) <= AGREE);
        for additional in [true, false] {
            for row in &mut run.journal.orders {
                row.additional = additional;
            }
            assert!(gap(&run) > AGREE, "{additional}");
        }
    }

    /// A structural figure from another impact than the run had disagrees. It is a blunt test of impact: positions stand in
    /// clusters, so that in some falls even twice the impact reaches no further ones.
    #[test]
    fn another_impact_is_seen() {
        let apart = |times: f64| {
            let apart = |seed: &u64| {
                let crash = Crash::new(&declared(*seed)).expect("it is a crash");
                let run = crash.factual().expect("it runs");
                let wrong = crash.changed(|spec| {
                    for one in &mut spec.instruments {
                        one.parameters.impact.y *= times;
                    }
                });
                let structural = structural(&wrong, &run).expect("longs are liquidated");
                let causal = branching(&crash, &run).expect("longs are liquidated").causal;
                (structural - causal).abs() > AGREE
            };
            (1..=SEEDS).filter(apart).count()
        };
        let found = [0.25, 0.5, 1.0, 2.0, 4.0].map(apart);
        assert_eq!(found[2], 0);
        assert!(found[0] > 0 && found[3] > 0, "{found:?}");
    }
}
