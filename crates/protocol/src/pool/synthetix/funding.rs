//! Funding by velocity: the skew moves the rate, and the rate stays where it is once the skew is gone.

use aftershock_market::{Cash, Coin, Price, Timestamp, UNITS_PER_ONE};

use super::SkewTerms;

const DAY_S: f64 = 86_400.0;

/// Funding of a market: its rate and what has been paid on one coin since it began.
///
/// Source: Synthetixio/synthetix, `contracts/PerpsV2MarketBase.sol`, current funding rate and unrecorded funding; SIP-279,
/// "Funding rate velocity". The price that a stretch is paid at is the one at its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SkewFunding {
    /// Rate a day, over value; positive where longs pay.
    pub rate: f64,
    /// Paid on one coin held long, USD.
    pub paid_a_coin: f64,
    /// When both were found.
    pub at: Timestamp,
}

impl SkewFunding {
    /// A market that begins at rest.
    pub fn new(at: Timestamp) -> Self {
        Self {
            rate: 0.0,
            paid_a_coin: 0.0,
            at,
        }
    }

    /// Rate at `at` under the `skew` since the last advance.
    pub fn rate_at(&self, terms: &SkewTerms, skew: Coin, at: Timestamp) -> f64 {
        let days = at.seconds_since(self.at) / DAY_S;
        self.rate + terms.max_velocity * terms.share(skew) * days
    }

    /// Advances to `at` under the `skew` since the last advance; to be called before every change of the skew.
    pub fn advance(&mut self, terms: &SkewTerms, skew: Coin, price: Price, at: Timestamp) {
        let days = at.seconds_since(self.at) / DAY_S;
        let rate = self.rate_at(terms, skew, at);
        self.paid_a_coin += (self.rate + rate) / 2.0 * days * price.to_f64();
        self.rate = rate;
        self.at = at;
    }

    /// What a position of `size` (negative for a short) has received since one coin had paid `paid_a_coin`, USD, rounded
    /// down; negative where it has paid.
    pub fn received(&self, size: Coin, paid_a_coin: f64) -> Cash {
        let usd = -size.to_f64() * (self.paid_a_coin - paid_a_coin);
        Cash((usd * UNITS_PER_ONE as f64).floor() as i128)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ETHER: SkewTerms = SkewTerms {
        scale: Coin(100_000_000_000_000),
        max_velocity: 3.0,
    };

    fn start() -> Timestamp {
        Timestamp::from_seconds(1_672_531_200)
    }

    /// V-SNX2. Source: SIP-279, "Test cases": 100 ETH long at 2,000 for 24 hours, maximum velocity 300 %: the rate is
    /// 0.03 % a day, and the mean of it and zero has cost 30 sUSD.
    #[test]
    fn a_day_under_skew() {
        let skew = Coin::from_f64(100.0);
        let mut funding = SkewFunding::new(start());
        let price = Price::from_f64(2_000.0);
        funding.advance(&ETHER, skew, price, start().plus_seconds(86_400.0));
        assert!((funding.rate - 0.000_3).abs() < 5e-7, "{}", funding.rate);
        let paid = funding.received(skew, 0.0).to_f64();
        assert!((paid + 30.0).abs() < 1e-7, "{paid}");
        // Without skew the rate rests, and is paid on.
        funding.advance(&ETHER, Coin::ZERO, price, start().plus_seconds(172_800.0));
        assert!((funding.rate - 0.000_3).abs() < 1e-15);
        let paid = funding.received(skew, 0.0).to_f64();
        assert!((paid + 90.0).abs() < 1e-7, "{paid}");
    }

    proptest! {
        #[test]
        fn velocity_integrates_linearly(
            skew in -1_000_000_000_000_i64..1_000_000_000_000,
            cuts in prop::collection::vec(1.0..86_400.0_f64, 1..6),
        ) {
            let (skew, price) = (Coin(skew), Price::from_f64(2_000.0));
            let (mut once, mut often) = (SkewFunding::new(start()), SkewFunding::new(start()));
            let mut at = start();
            for cut in cuts {
                at = at.plus_seconds(cut);
                often.advance(&ETHER, skew, price, at);
            }
            once.advance(&ETHER, skew, price, at);
            prop_assert!((once.rate - often.rate).abs() <= 1e-12 * (1.0 + once.rate.abs()));
            let (whole, parts) = (once.paid_a_coin, often.paid_a_coin);
            prop_assert!((whole - parts).abs() <= 1e-9 * (1.0 + whole.abs()), "{whole} {parts}");
        }

        #[test]
        fn what_longs_pay_shorts_receive(size in 1_i64..1_000_000_000_000, days in 0.0..30.0_f64) {
            let mut funding = SkewFunding::new(start());
            let at = start().plus_seconds(days * DAY_S);
            funding.advance(&ETHER, Coin(size), Price::from_f64(2_000.0), at);
            let sum = funding.received(Coin(size), 0.0) + funding.received(Coin(-size), 0.0);
            // The market's own side takes no more than the rounding.
            prop_assert!((-1..=0).contains(&sum.0), "{sum:?}");
        }
    }
}
