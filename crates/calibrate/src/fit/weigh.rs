//! Weights of draws by what they regenerate: a likelihood-free kernel on the first half of printed forced flow, and a score
//! on the second, which no weight has seen.

use aftershock_measure::quantile::quantile;

/// Share of draws that lie within one width of the kernel.
const NEAR: f64 = 0.25;

/// Weights of draws, and how they do where they were not fitted.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Weighed {
    /// One a draw; they sum to one.
    pub weights: Vec<f64>,
    /// How many draws of equal weight they are worth.
    pub effective: f64,
    /// Bins of the first half.
    pub first_half: usize,
    /// Weighted mean distance of the regenerated flow from the printed one in the first half, share of what is printed:
    /// 0 is the same flow in every bin, 2 two flows that never meet.
    pub distance: f64,
    /// Log of regenerated over printed forced volume in the second half: 5 %, 50 % and 95 % over weighted draws.
    pub second_half: Option<(f64, f64, f64)>,
}

/// Weighs draws by the flow that each regenerates, signed USD a bin, against what was printed over `reporting`.
///
/// The distance is that of signed square roots, squared and summed, over what was printed: large bins do not decide alone.
/// `None` where nothing was printed or there is no draw.
///
/// # Panics
/// Where a draw has not as many bins as the print.
pub fn weigh(regenerated: &[&[f64]], printed: &[f64], reporting: f64) -> Option<Weighed> {
    let total: f64 = printed.iter().map(|usd| usd.abs()).sum();
    if total <= 0.0 || regenerated.is_empty() {
        return None;
    }
    let mut sum = 0.0;
    let half = printed.iter().position(|usd| {
        sum += usd.abs();
        sum >= 0.5 * total
    });
    let first_half = half.map_or(printed.len(), |bin| bin + 1);
    let in_first: f64 = printed[..first_half]
        .iter()
        .map(|usd| usd.abs() / reporting)
        .sum();
    let root = |usd: f64| usd.abs().sqrt().copysign(usd);
    let distances: Vec<f64> = regenerated
        .iter()
        .map(|draw| {
            assert_eq!(draw.len(), printed.len(), "a draw has the bins of the print");
            let squares = draw[..first_half].iter().zip(printed).map(|(model, print)| {
                let off = root(*model) - root(print / reporting);
                off * off
            });
            squares.sum::<f64>() / in_first
        })
        .collect();
    let mut sorted = distances.clone();
    sorted.sort_by(f64::total_cmp);
    let width = quantile(&sorted, NEAR)?.max(1e-9);
    let nearest = sorted[0];
    // Against the nearest draw, so that no tape leaves all weights at zero.
    let mut weights: Vec<f64> = distances
        .iter()
        .map(|one| libm::exp(-0.5 * (one * one - nearest * nearest) / (width * width)))
        .collect();
    let all: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= all);
    let effective = 1.0 / weights.iter().map(|weight| weight * weight).sum::<f64>();
    let distance = weights
        .iter()
        .zip(&distances)
        .map(|(weight, one)| weight * one)
        .sum();
    let later = |bins: &[f64]| bins[first_half..].iter().map(|usd| usd.abs()).sum::<f64>();
    let printed_later = later(printed) / reporting;
    let mut ratios: Vec<(f64, f64)> = regenerated
        .iter()
        .zip(&weights)
        .map(|(draw, weight)| (libm::log(later(draw).max(1.0) / printed_later), *weight))
        .collect();
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let at = |share: f64| {
        let mut below = 0.0;
        for (ratio, weight) in &ratios {
            below += weight;
            if below >= share {
                return *ratio;
            }
        }
        f64::NAN
    };
    Some(Weighed {
        effective,
        first_half,
        distance,
        second_half: (printed_later > 0.0).then(|| (at(0.05), at(0.5), at(0.95))),
        weights,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Printed 4, 4, 8, 2 in four bins: the first half of the 18 ends in the third. One draw is the print, one sells nothing;
    /// the latter lies (4 + 4 + 8)/16 = 1 away, and so exp(-1/2 (1/w)²) with w the first quartile 0.25 of {0, 1}.
    #[test]
    fn the_draw_that_was_printed_weighs_most() {
        let printed = [-4.0, -4.0, -8.0, -2.0];
        let found = weigh(&[&printed, &[0.0; 4]], &printed, 1.0).expect("something is printed");
        assert_eq!(found.first_half, 3);
        let other = libm::exp(-0.5 / (0.25 * 0.25));
        assert!(
            (found.weights[1] - other / (1.0 + other)).abs() < 1e-12,
            "{found:?}"
        );
        let (_, middle, _) = found.second_half.expect("something is printed later");
        assert!(middle.abs() < 1e-12, "the print regenerates itself");
    }

    /// A feed that prints half of everything: draws of twice its size are right.
    #[test]
    fn reporting_scales_what_was_printed() {
        let printed = [-1e6, -1e6, -2e6, -1e6];
        let twice: Vec<f64> = printed.iter().map(|usd| 2.0 * usd).collect();
        let found = weigh(&[&printed, &twice], &printed, 0.5).expect("something is printed");
        assert!(found.weights[1] > 0.9, "{found:?}");
    }

    #[test]
    fn nothing_printed_weighs_nothing() {
        assert_eq!(weigh(&[&[1.0, 2.0]], &[0.0, 0.0], 1.0), None);
    }
}
