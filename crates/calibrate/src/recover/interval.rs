//! Spreads of weighted draws, and how good they are as forecasts.

/// Share of draws beyond each end of an interval.
const TAIL: f64 = 0.05;

/// The middle nine tenths of a figure over draws.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Interval {
    /// 5th percentile.
    pub low: f64,
    /// Median.
    pub median: f64,
    /// 95th percentile.
    pub high: f64,
}

impl Interval {
    /// Of draws with their weights, which are not negative and not all zero; `None` where there is no draw.
    pub fn of(draws: impl IntoIterator<Item = (f64, f64)>) -> Option<Self> {
        let mut draws: Vec<(f64, f64)> = draws.into_iter().filter(|(_, weight)| *weight > 0.0).collect();
        draws.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = draws.iter().map(|draw| draw.1).sum();
        let at = |share: f64| {
            // A draw stands in the middle of its weight; between two of them the quantile is on the line.
            let aim = share * total;
            let mut below = 0.0;
            let mut last: Option<(f64, f64)> = None;
            for (value, weight) in &draws {
                let place = below + 0.5 * weight;
                if place >= aim {
                    return match last {
                        Some((before, value_before)) => {
                            value_before + (value - value_before) * (aim - before) / (place - before)
                        }
                        None => *value,
                    };
                }
                below += weight;
                last = Some((place, *value));
            }
            last.map_or(f64::NAN, |last| last.1)
        };
        (!draws.is_empty()).then(|| Self {
            low: at(TAIL),
            median: at(0.5),
            high: at(1.0 - TAIL),
        })
    }

    /// Whether a value lies inside.
    pub fn covers(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// How far the ends lie apart.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }

    /// The interval score of Gneiting and Raftery (2007, eq. 43) at 90 %: width, and 20 times what a value lies outside;
    /// less is better.
    pub fn score(&self, value: f64) -> f64 {
        self.width() + (2.0 / (2.0 * TAIL)) * ((self.low - value).max(0.0) + (value - self.high).max(0.0))
    }

    /// Whether all of it lies on one side of zero.
    pub fn claims_a_sign(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked by hand: 1.0 wide, the value 0.1 above the upper end costs 20 times that.
    #[test]
    fn the_score_is_width_and_a_fine() {
        let interval = Interval {
            low: 0.0,
            median: 0.4,
            high: 1.0,
        };
        assert!((interval.score(0.5) - 1.0).abs() < 1e-12);
        assert!((interval.score(1.1) - 3.0).abs() < 1e-12);
        assert!(!interval.claims_a_sign());
    }

    /// 1 to 1,000 in thousandths, evenly weighted: the 5th percentile lies at 50.5, as numpy's `hazen` method has it.
    #[test]
    fn equal_weights_give_plain_quantiles() {
        let found = Interval::of((1..=1_000).map(|one| (f64::from(one), 1.0))).expect("there are draws");
        assert!((found.low - 50.5).abs() < 1e-9, "{found:?}");
        assert!((found.median - 500.5).abs() < 1e-9);
        assert!((found.high - 950.5).abs() < 1e-9);
    }

    /// A draw without weight is no draw; one with all of it is the answer.
    #[test]
    fn weights_decide() {
        let found = Interval::of([(1.0, 0.0), (2.0, 5.0), (9.0, 0.0)]).expect("one has weight");
        assert_eq!((found.low, found.median, found.high), (2.0, 2.0, 2.0));
        assert_eq!(Interval::of([]), None);
    }
}
