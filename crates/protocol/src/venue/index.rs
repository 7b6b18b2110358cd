//! One price from several: the index or oracle that a mark and funding stand on.
//!
//! A source that is down has no price and drops out; where all are down there is no index, and the caller
//! keeps the last.

/// The most sources an index may have; they are sorted on the stack.
pub const MAX_SOURCES: usize = 16;

/// One venue's contribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Source {
    /// Its price; `None` while it is down.
    pub price_usd: Option<f64>,
    /// Its weight, zero or more.
    pub weight: f64,
}

/// How sources become one price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum IndexRule {
    /// Mean by weight. With a guard of 0.05, one source more than 5 % off the median of the sources gets
    /// weight zero; where more than one is, the index is the median.
    ///
    /// Source: Binance, "Price index" (guard 5 %).
    WeightedMean {
        /// Distance from the median over the median; infinite for none.
        guard: f64,
    },
    /// Median of the sources, each counted once.
    Median,
    /// Median by weight.
    ///
    /// Source: Hyperliquid, "Oracle": Binance 3, OKX 2, Bybit 2, Kraken 1, KuCoin 1, Gate 1, MEXC 1.
    WeightedMedian,
}

impl IndexRule {
    /// The index, USD; `None` where every source is down.
    ///
    /// ```
    /// use aftershock_protocol::venue::index::{IndexRule, Source};
    /// let at = |price| Source { price_usd: price, weight: 1.0 };
    /// let sources = [at(Some(100.0)), at(Some(101.0)), at(Some(120.0)), at(None)];
    /// assert_eq!(IndexRule::WeightedMean { guard: 0.05 }.index(&sources), Some(100.5));
    /// ```
    ///
    /// # Panics
    /// Where there are more than [`MAX_SOURCES`].
    pub fn index(self, sources: &[Source]) -> Option<f64> {
        match self {
            Self::WeightedMean { guard } => guarded_mean(sources, guard),
            Self::Median => Up::of(sources).median(),
            Self::WeightedMedian => weighted_median(sources),
        }
    }
}

/// The price at which half of the weight lies on either side; between two prices where the halves meet there.
///
/// The sources that use it do not say how they break such a tie; with Hyperliquid's weights (in total 11)
/// there is none while all sources are up. `None` where no weight is up.
///
/// # Panics
/// Where there are more than [`MAX_SOURCES`].
pub fn weighted_median(sources: &[Source]) -> Option<f64> {
    let up = Up::of(sources);
    let up = up.sorted();
    let half: f64 = up.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut below = 0.0;
    for (at, (price, weight)) in up.iter().enumerate() {
        below += weight;
        if below > half {
            return Some(*price);
        }
        if below == half && half > 0.0 {
            let next = up[at + 1..].iter().find(|(_, weight)| *weight > 0.0);
            return Some(next.map_or(*price, |(next, _)| (price + next) / 2.0));
        }
    }
    None
}

fn guarded_mean(sources: &[Source], guard: f64) -> Option<f64> {
    let up = Up::of(sources);
    let median = up.median()?;
    let off = |price: f64| (price - median).abs() > guard * median;
    let within = up.sorted().iter().filter(|(price, _)| !off(*price));
    let (count, sum, weight) = within.fold((0, 0.0, 0.0), |(count, sum, whole), (price, weight)| {
        (count + 1, sum + price * weight, whole + weight)
    });
    let mean_holds = count + 1 >= up.count && weight > 0.0;
    Some(if mean_holds { sum / weight } else { median })
}

/// The sources that are up, by rising price.
struct Up {
    held: [(f64, f64); MAX_SOURCES],
    count: usize,
}

impl Up {
    fn of(sources: &[Source]) -> Self {
        assert!(
            sources.len() <= MAX_SOURCES,
            "an index has at most {MAX_SOURCES} sources"
        );
        let mut up = Self {
            held: [(0.0, 0.0); MAX_SOURCES],
            count: 0,
        };
        for source in sources {
            if let Some(price) = source.price_usd {
                up.held[up.count] = (price, source.weight);
                up.count += 1;
            }
        }
        up.held[..up.count].sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        up
    }

    fn sorted(&self) -> &[(f64, f64)] {
        &self.held[..self.count]
    }

    fn median(&self) -> Option<f64> {
        let (low, high) = (self.count.checked_sub(1)? / 2, self.count / 2);
        Some((self.held[low].0 + self.held[high].0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sources(rows: &[(f64, f64)]) -> Vec<Source> {
        rows.iter()
            .map(|(price, weight)| Source {
                price_usd: (*price > 0.0).then_some(*price),
                weight: *weight,
            })
            .collect()
    }

    /// Source: Binance, "Price index": the two guards, worked by hand. The median of 100, 102, 104, 110 is
    /// 103: only 110 is more than 5 % off it. With 90 for 100 two are off, and the median of 90, 102, 104,
    /// 110 is 103.
    #[test]
    fn one_source_off_is_left_out_and_two_make_it_a_median() {
        let mean = |rows: &[(f64, f64)]| IndexRule::BINANCE.index(&sources(rows));
        assert_eq!(
            mean(&[(100.0, 1.0), (102.0, 2.0), (104.0, 1.0), (110.0, 5.0)]),
            Some(102.0)
        );
        assert_eq!(
            mean(&[(90.0, 1.0), (102.0, 2.0), (104.0, 1.0), (110.0, 5.0)]),
            Some(103.0)
        );
        let unguarded = IndexRule::WeightedMean { guard: f64::INFINITY };
        assert_eq!(
            unguarded.index(&sources(&[(100.0, 1.0), (110.0, 3.0)])),
            Some(107.5)
        );
    }

    #[test]
    fn sources_that_are_down_drop_out() {
        let rows = sources(&[(0.0, 5.0), (100.0, 1.0), (102.0, 1.0)]);
        assert_eq!(IndexRule::BINANCE.index(&rows), Some(101.0));
        for rule in [IndexRule::BINANCE, IndexRule::Median, IndexRule::WeightedMedian] {
            assert_eq!(rule.index(&sources(&[(0.0, 1.0)])), None);
            assert_eq!(rule.index(&[]), None);
        }
    }

    #[test]
    fn the_middle_price_or_between_the_two() {
        let median = |prices: &[f64]| {
            let rows: Vec<_> = prices.iter().map(|price| (*price, 1.0)).collect();
            IndexRule::Median.index(&sources(&rows))
        };
        assert_eq!(median(&[100.0]), Some(100.0));
        assert_eq!(median(&[104.0, 100.0]), Some(102.0));
        assert_eq!(median(&[120.0, 100.0, 101.0]), Some(101.0));
        assert_eq!(median(&[120.0, 100.0, 101.0, 105.0]), Some(103.0));
        assert_eq!(
            median(&[120.0, 100.0, 101.0, 105.0, 1.0, 2.0, 103.0]),
            Some(101.0)
        );
    }

    /// Source: Hyperliquid, "Oracle", weights 3, 2, 2, 1, 1, 1, 1; the sixth of eleven units by hand.
    #[test]
    fn the_middle_of_the_weight() {
        let rows = [
            (100.0, 3.0),
            (99.0, 2.0),
            (103.0, 2.0),
            (98.0, 1.0),
            (104.0, 1.0),
            (105.0, 1.0),
            (106.0, 1.0),
        ];
        assert_eq!(IndexRule::WeightedMedian.index(&sources(&rows)), Some(100.0));
        // Without the heaviest, three units lie below the two at 103 and three above.
        let mut down = sources(&rows);
        down[0].price_usd = None;
        assert_eq!(IndexRule::WeightedMedian.index(&down), Some(103.0));
        let tie = sources(&[(100.0, 2.0), (101.0, 0.0), (102.0, 2.0)]);
        assert_eq!(IndexRule::WeightedMedian.index(&tie), Some(101.0));
    }

    proptest! {
        #[test]
        fn an_index_lies_within_its_sources(
            rows in prop::collection::vec((1.0..1_000.0_f64, 0.5..5.0_f64), 1..=MAX_SOURCES),
        ) {
            let low = rows.iter().map(|row| row.0).fold(f64::INFINITY, f64::min);
            let high = rows.iter().map(|row| row.0).fold(0.0, f64::max);
            for rule in [IndexRule::BINANCE, IndexRule::Median, IndexRule::WeightedMedian] {
                let index = rule.index(&sources(&rows)).expect("a source is up");
                prop_assert!(low * (1.0 - 1e-12) <= index && index <= high * (1.0 + 1e-12));
            }
        }
    }
}
