//! How one-sided the flow of one instrument is, in volume time.

/// Buckets that are remembered at most: the customary sample of VPIN.
pub const MAX_BUCKETS: usize = 50;

/// What a bucket holds and how many are remembered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToxicityParameters {
    /// Volume of a bucket, USD, above zero; customary a 50th of a day's volume.
    pub bucket_usd: f64,
    /// Buckets in the mean, from 1 to [`MAX_BUCKETS`]; customary 50.
    pub buckets: usize,
}

impl ToxicityParameters {
    /// The customary sample for a market of this volume a day (R package `PINstimation`, documentation of `vpin`).
    pub const fn customary(volume_daily_usd: f64) -> Self {
        Self {
            bucket_usd: volume_daily_usd / 50.0,
            buckets: MAX_BUCKETS,
        }
    }
}

/// VPIN as trades come: the mean of `|bought − sold|` over the volume of the last buckets.
///
/// It has no clock. A trade fills as many buckets as it holds, and may come in pieces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Toxicity {
    /// `|bought − sold|` of full buckets, over their volume; a ring.
    imbalances: [f64; MAX_BUCKETS],
    next: usize,
    full: usize,
    /// The open bucket: its volume and what was bought less sold, over a bucket's volume.
    filled: f64,
    net: f64,
    ratio: Option<f64>,
}

impl Toxicity {
    /// Nothing seen.
    ///
    /// # Panics
    /// When the number of buckets is not in 1 to [`MAX_BUCKETS`], or their volume is not above zero.
    pub fn new(parameters: &ToxicityParameters) -> Self {
        assert!(
            (1..=MAX_BUCKETS).contains(&parameters.buckets),
            "the number of buckets must be in 1 to {MAX_BUCKETS}, not {}",
            parameters.buckets
        );
        assert!(
            parameters.bucket_usd > 0.0,
            "the volume of a bucket must be above zero, not {} USD",
            parameters.bucket_usd
        );
        Self {
            imbalances: [0.0; MAX_BUCKETS],
            next: 0,
            full: 0,
            filled: 0.0,
            net: 0.0,
            ratio: None,
        }
    }

    /// Takes in what aggressors bought and sold, USD, each at least 0: a trade, or a bar whose order is not known.
    /// Volume that is not finite is left out.
    pub fn pour(&mut self, bought_usd: f64, sold_usd: f64, parameters: &ToxicityParameters) {
        let volume_usd = bought_usd + sold_usd;
        let mut left = volume_usd / parameters.bucket_usd;
        if !(left > 0.0 && left.is_finite()) {
            return;
        }
        let lean = (bought_usd - sold_usd) / volume_usd;
        let room = 1.0 - self.filled;
        if left < room {
            self.filled += left;
            self.net += left * lean;
            return;
        }
        self.close((self.net + room * lean).abs(), parameters);
        left -= room;
        // Beyond the sample a whole bucket pushes out its like.
        let whole = libm::floor(left);
        for _ in 0..whole.min(parameters.buckets as f64) as usize {
            self.close(lean.abs(), parameters);
        }
        self.filled = left - whole;
        self.net = self.filled * lean;
        let sum: f64 = self.imbalances[..parameters.buckets].iter().sum();
        self.ratio = (self.full == parameters.buckets).then(|| sum / self.full as f64);
    }

    fn close(&mut self, imbalance: f64, parameters: &ToxicityParameters) {
        self.imbalances[self.next] = imbalance;
        self.next = (self.next + 1) % parameters.buckets;
        self.full = (self.full + 1).min(parameters.buckets);
    }

    /// The ratio in [0, 1]; `None` until the sample is full.
    pub fn ratio(&self) -> Option<f64> {
        self.ratio
    }
}

#[cfg(test)]
mod tests {
    use aftershock_measure::flow::{Bucket, vpin};
    use proptest::prelude::*;

    use super::*;

    const FOUR: ToxicityParameters = ToxicityParameters {
        bucket_usd: 300.0,
        buckets: 4,
    };

    /// Source: computed independently in Python from the formula: eight bars of these volumes, bought by bulk
    /// classification of their price changes, in buckets of 300.
    #[test]
    fn four_buckets_from_eight_bars() {
        let volumes = [120.0, 80.0, 200.0, 300.0, 100.0, 250.0, 50.0, 100.0];
        let shares = [
            0.7872744317704206,
            0.3162539699146115,
            0.5633231162829155,
            0.027886858406016422,
            0.26186709498828487,
            0.9242993962390165,
            0.5,
            0.37493911659598783,
        ];
        let mut toxicity = Toxicity::new(&FOUR);
        for (volume, share) in volumes.iter().zip(shares) {
            assert_eq!(toxicity.ratio(), None);
            toxicity.pour(volume * share, volume * (1.0 - share), &FOUR);
        }
        let ratio = toxicity.ratio().unwrap();
        assert!((ratio - 0.3232156064275593).abs() < 1e-12, "{ratio}");
    }

    #[test]
    fn a_flood_is_all_toxic_and_a_balance_is_not() {
        let mut toxicity = Toxicity::new(&FOUR);
        toxicity.pour(0.0, 1e12, &FOUR);
        assert_eq!(toxicity.ratio(), Some(1.0));
        toxicity.pour(5e5, 5e5, &FOUR);
        assert_eq!(toxicity.ratio(), Some(0.0));
        let before = toxicity;
        toxicity.pour(0.0, 0.0, &FOUR);
        toxicity.pour(f64::NAN, 1.0, &FOUR);
        toxicity.pour(f64::INFINITY, 1.0, &FOUR);
        assert_eq!(toxicity, before);
    }

    proptest! {
        /// Against a ledger that pours a unit at a time.
        #[test]
        fn units_poured_one_by_one(trades in prop::collection::vec(-3000..3000_i32, 1..60)) {
            let parameters = ToxicityParameters { bucket_usd: 512.0, buckets: 7 };
            let mut toxicity = Toxicity::new(&parameters);
            let mut buckets = vec![Bucket { buy: 0.0, sell: 0.0 }];
            for trade in trades {
                toxicity.pour(f64::from(trade.max(0)), f64::from((-trade).max(0)), &parameters);
                for _ in 0..trade.abs() {
                    let open = buckets.last_mut().unwrap();
                    *(if trade > 0 { &mut open.buy } else { &mut open.sell }) += 1.0;
                    if open.buy + open.sell == 512.0 {
                        buckets.push(Bucket { buy: 0.0, sell: 0.0 });
                    }
                }
            }
            let full = &buckets[..buckets.len() - 1];
            let expected = full.len().checked_sub(7).and_then(|first| vpin(&full[first..]));
            prop_assert_eq!(toxicity.ratio().is_some(), expected.is_some());
            if let (Some(ratio), Some(expected)) = (toxicity.ratio(), expected) {
                prop_assert!((ratio - expected).abs() < 1e-12);
            }
        }
    }
}
