//! How large the trees of orders are that one order brought about.

use std::collections::BTreeMap;

use aftershock_measure::NotMeasurable;
use aftershock_measure::borel::Borel;
use aftershock_measure::cascade::Cascade;
use aftershock_measure::power_law::{Sizes, fit};
use aftershock_measure::tail_compare::against_borel;
use aftershock_replay::world::Journal;

use super::super::{CheckError, Crash};
use super::Measured;
use crate::synth::Declared;

/// Crashes whose avalanches are put together, one a seed.
const SEEDS: u64 = 20;

/// The orders as a forest. An order has the parent that the journal names only where the null would never have sent it:
/// by then, nearly all orders have one, and a crash is one tree.
fn forest(journal: &Journal) -> Result<Cascade, NotMeasurable> {
    let orders = &journal.orders;
    let places: BTreeMap<u32, usize> = orders
        .iter()
        .enumerate()
        .map(|(place, row)| (row.id, place))
        .collect();
    let parents: Vec<Option<usize>> = orders
        .iter()
        .map(|row| {
            let parent = row.parent.filter(|_| row.additional)?;
            places.get(&parent).copied()
        })
        .collect();
    let volumes: Vec<f64> = orders
        .iter()
        .map(|row| row.notional_usd + row.deleveraged_usd)
        .collect();
    Cascade::from_parents(&parents, &volumes)
}

pub(super) fn measured(declared: &Declared) -> Result<Measured, CheckError> {
    let (mut counts, mut largest) = (Vec::new(), 0.0_f64);
    for turn in 0..SEEDS {
        let crash = Crash::new(&Declared {
            seed: declared.seed.saturating_add(turn),
            ..declared.clone()
        })?;
        let avalanches = forest(&crash.factual()?.journal)?.avalanches();
        let all: f64 = avalanches.iter().map(|one| one.volume).sum();
        for one in avalanches {
            counts.push(one.count as f64);
            largest = largest.max(one.volume / all);
        }
    }
    let mean = counts.iter().sum::<f64>() / counts.len() as f64;
    let most = counts.iter().copied().fold(0.0, f64::max);
    Ok(Measured {
        measure: "avalanches",
        figure: format!(
            "{} in {SEEDS} crashes, {mean:.2} orders in the mean and {most} at the most, which is {:.0} % of its crash's value; {}",
            counts.len(),
            100.0 * largest,
            tail(&counts).unwrap_or_else(|reason| format!("tail not measurable: {reason}")),
        ),
        meaning: "orders that the null would never have sent, with the order that brought them about; critical branching \
                  has a tail exponent of 3/2, weak branching a tail that ends early (Borel)",
    })
}

fn tail(counts: &[f64]) -> Result<String, NotMeasurable> {
    let found = fit(counts, Sizes::Counts)?;
    let borel = Borel::fit(counts)?;
    let better = match against_borel(&found.law, counts, &borel)?.first_is_better() {
        Some(true) => "a power law fits the tail better than Borel",
        Some(false) => "Borel fits the tail better than a power law",
        None => "power law and Borel cannot be told apart",
    };
    Ok(format!(
        "tail from {} on: exponent {:.2}, {} avalanches; Borel ratio {:.2}; {better}",
        found.law.x_min,
        found.law.exponent,
        found.tail,
        borel.ratio()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::declared;

    /// Without orders that are additional every order is a tree of its own, and all together are all orders.
    #[test]
    fn a_forest_holds_every_order_once() {
        let crash = Crash::new(&declared(1)).expect("it is a crash");
        let mut journal = crash.factual().expect("it runs").journal;
        let count = |journal: &Journal| -> (usize, usize) {
            let avalanches = forest(journal).expect("parents come first").avalanches();
            (avalanches.len(), avalanches.iter().map(|one| one.count).sum())
        };
        let orders = journal.orders.len();
        let additional = journal.orders.iter().filter(|row| row.additional).count();
        assert!(additional > 0);
        assert_eq!(count(&journal), (orders - additional, orders));
        for row in &mut journal.orders {
            row.additional = false;
        }
        assert_eq!(count(&journal), (orders, orders));
    }
}
