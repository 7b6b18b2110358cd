//! Basis traders: short the perpetual, long the spot, as far as funding pays for it; and what is left of them when a
//! leg is taken away.

use super::clock::pass;

/// A year of 365 days, s.
pub(crate) const YEAR_S: f64 = 365.0 * 86_400.0;

/// What basis traders of one instrument are believed to do. Rates are a year of 365 days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CarryParameters {
    /// Cost of the money in the spot leg, a year; prior 0.05.
    pub cost_annual: f64,
    /// Fees of opening and closing both legs, over notional; prior 0.001.
    pub fee_ratio: f64,
    /// Time over which fees must be earned back, s; prior 30 days.
    pub horizon_s: f64,
    /// `γ`, risk aversion, a USD. Prior: a net carry of 10 % a year fills the limit.
    pub risk_aversion_per_usd: f64,
    /// `σ_b`, volatility of the basis, a square root of a year; prior 0.05.
    pub basis_volatility_annual: f64,
    /// `B_max`, notional a leg with all capital there, USD. A part of recorded open interest: a prior of the caller.
    pub limit_usd: f64,
    /// Time constant of building up, s; prior 3600.
    pub build_s: f64,
    /// Time constant of unwinding, s; prior 300.
    pub unwind_s: f64,
    /// `φ_re`, share of a spot leg left naked that is sold; prior uniform in 0.3 to 0.9, median 0.6.
    pub resale_share: f64,
    /// `τ_re`, time constant of that sale, s; prior log-uniform in 10 to 600, median 77.5.
    pub resale_s: f64,
}

impl CarryParameters {
    /// The medians of the priors above.
    pub const fn prior(limit_usd: f64) -> Self {
        let basis_volatility_annual = 0.05;
        Self {
            cost_annual: 0.05,
            fee_ratio: 0.001,
            horizon_s: 30.0 * 86_400.0,
            risk_aversion_per_usd: 0.10 / (basis_volatility_annual * basis_volatility_annual * limit_usd),
            basis_volatility_annual,
            limit_usd,
            build_s: 3_600.0,
            unwind_s: 300.0,
            resale_share: 0.6,
            resale_s: 77.5,
        }
    }

    /// `B*`, the notional a mean–variance trader wants a leg to have, USD, where `capital` in [0, 1] is still there.
    ///
    /// `funding_annual` is what the short perpetual earns a year, over notional.
    #[inline]
    pub fn desired_usd(&self, funding_annual: f64, capital: f64) -> f64 {
        let fees_annual = self.fee_ratio * YEAR_S / self.horizon_s;
        let net = funding_annual - self.cost_annual - fees_annual;
        let variance = self.basis_volatility_annual * self.basis_volatility_annual;
        let wanted = net / (self.risk_aversion_per_usd * variance);
        // In this order an unknown funding wants nothing.
        wanted.max(0.0).min(self.limit_usd * capital)
    }
}

/// What basis traders do on both markets, USD, purchases positive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CarryFlow {
    /// On the perpetual.
    pub perp_usd: f64,
    /// On the spot market.
    pub spot_usd: f64,
}

/// Legs of the basis traders in coin, so that a falling price leaves them alone. The spot leg is the perpetual leg
/// and what is naked, always.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Carry {
    at_us: i64,
    perp_coin: f64,
    selling_coin: f64,
    held_coin: f64,
}

impl Carry {
    /// Traders who hold this much on either leg.
    pub fn new(now_us: i64, leg_coin: f64) -> Self {
        Self {
            at_us: now_us,
            perp_coin: leg_coin,
            selling_coin: 0.0,
            held_coin: 0.0,
        }
    }

    /// Short on the perpetual, coin.
    pub fn perp_coin(&self) -> f64 {
        self.perp_coin
    }

    /// Spot without its hedge, coin.
    pub fn naked_coin(&self) -> f64 {
        self.selling_coin + self.held_coin
    }

    /// Long on the spot market, coin.
    pub fn spot_coin(&self) -> f64 {
        self.perp_coin + self.naked_coin()
    }

    /// Lets time pass: legs near the desired notional at this price, naked spot is sold.
    ///
    /// `dB = θ·(B* − B) dt` and `dN = −N/τ_re dt` in closed form: it does not matter how a span is cut while price and
    /// desire stand still.
    pub fn advance(
        &mut self,
        now_us: i64,
        desired_usd: f64,
        price_usd: f64,
        parameters: &CarryParameters,
    ) -> CarryFlow {
        let seconds = pass(&mut self.at_us, now_us);
        if seconds == 0.0 {
            return CarryFlow::default();
        }
        let distance = desired_usd / price_usd - self.perp_coin;
        let constant_s = if distance > 0.0 {
            parameters.build_s
        } else {
            parameters.unwind_s
        };
        let built = distance * done(seconds, constant_s);
        let sold = self.selling_coin * done(seconds, parameters.resale_s);
        self.perp_coin = (self.perp_coin + built).max(0.0);
        self.selling_coin -= sold;
        CarryFlow {
            perp_usd: -built * price_usd,
            spot_usd: (built - sold) * price_usd,
        }
    }

    /// Auto-deleveraging closes the perpetual leg of `usd` against its counterparties, off the book, and leaves naked
    /// spot. Returns what was closed, USD: at most the leg. Acts at the instant the state stands at.
    pub fn deleveraged(&mut self, usd: f64, price_usd: f64, parameters: &CarryParameters) -> f64 {
        let closed = (usd / price_usd).max(0.0).min(self.perp_coin);
        let selling = closed * parameters.resale_share;
        self.perp_coin -= closed;
        self.selling_coin += selling;
        self.held_coin += closed - selling;
        closed * price_usd
    }

    /// A margin call takes `usd` of both legs off: buys the perpetual, sells the spot, at once; at most the leg. Acts
    /// at the instant the state stands at.
    pub fn margin_called(&mut self, usd: f64, price_usd: f64) -> CarryFlow {
        let closed = (usd / price_usd).max(0.0).min(self.perp_coin);
        self.perp_coin -= closed;
        CarryFlow {
            perp_usd: closed * price_usd,
            spot_usd: -closed * price_usd,
        }
    }
}

/// Share of a distance that is covered after `seconds`.
#[inline]
fn done(seconds: f64, constant_s: f64) -> f64 {
    -libm::expm1(-seconds / constant_s)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000;

    fn close(actual: f64, expected: f64) -> bool {
        (actual - expected).abs() <= 1e-11 * expected.abs().max(1.0)
    }

    /// Source: by hand. Fees of 0.1 % over 30 days are 1.21667 % a year; 11.21667 % leaves 5 % net, half of the
    /// 10 % that fill the limit.
    #[test]
    fn funding_buys_size() {
        let parameters = CarryParameters::prior(4e8);
        assert!(close(parameters.desired_usd(0.112_166_666_666_666_67, 1.0), 2e8));
        assert!(close(parameters.desired_usd(0.9, 0.25), 1e8), "capital is short");
        assert_eq!(parameters.desired_usd(-0.3, 1.0), 0.0);
        assert_eq!(parameters.desired_usd(f64::NAN, 1.0), 0.0);
    }

    /// Source: by hand, `1 − e^(−1)` of the way after one time constant.
    #[test]
    fn builds_in_an_hour_unwinds_in_minutes() {
        let parameters = CarryParameters::prior(1e9);
        let mut carry = Carry::new(0, 0.0);
        let built = carry.advance(3_600 * SECOND, 1e8, 50_000.0, &parameters);
        assert!(close(built.spot_usd, 63_212_055.882_855_77));
        assert_eq!(built.perp_usd, -built.spot_usd);
        let unwound = carry.advance(3_900 * SECOND, 0.0, 50_000.0, &parameters);
        assert!(close(unwound.perp_usd, 39_957_640.089_372_8));
    }

    #[test]
    fn a_deleveraged_hedge_leaves_spot_to_sell() {
        let parameters = CarryParameters {
            unwind_s: f64::INFINITY,
            ..CarryParameters::prior(1e9)
        };
        let mut carry = Carry::new(0, 1_000.0);
        // 400 coins at 50,000; 240 of them are sold, 151.709 within one time constant.
        assert_eq!(carry.deleveraged(2e7, 50_000.0, &parameters), 2e7);
        assert_eq!(
            (carry.perp_coin(), carry.naked_coin(), carry.spot_coin()),
            (600.0, 400.0, 1_000.0)
        );
        let flow = carry.advance(77_500_000, 0.0, 40_000.0, &parameters);
        assert_eq!(flow.perp_usd, 0.0);
        assert!(close(flow.spot_usd, -151.708_934_118_853_86 * 40_000.0));
        carry.advance(1_000_000 * SECOND, 0.0, 40_000.0, &parameters);
        assert!(close(carry.spot_coin(), 760.0));
        // No more can be taken than is there.
        assert_eq!(carry.deleveraged(1e12, 40_000.0, &parameters), 600.0 * 40_000.0);
        assert_eq!(carry.margin_called(1e9, 40_000.0), CarryFlow::default());
    }

    #[test]
    fn a_margin_call_buys_the_perpetual_and_sells_the_spot() {
        let mut carry = Carry::new(0, 10.0);
        let flow = carry.margin_called(250_000.0, 100_000.0);
        assert_eq!(
            flow,
            CarryFlow {
                perp_usd: 250_000.0,
                spot_usd: -250_000.0
            }
        );
        assert_eq!((carry.perp_coin(), carry.spot_coin()), (7.5, 7.5));
    }

    proptest! {
        #[test]
        fn a_span_may_be_cut_anywhere(
            leg in 0.0..1e4_f64,
            desired in 0.0..1e9_f64,
            deleveraged in 0.0..1e9_f64,
            mut cuts in prop::collection::vec(0..9_000_000_000_i64, 0..10),
        ) {
            let parameters = CarryParameters::prior(1e9);
            let mut once = Carry::new(0, leg);
            once.deleveraged(deleveraged, 5e4, &parameters);
            let mut often = once;
            let whole = once.advance(9_000_000_000, desired, 5e4, &parameters);
            cuts.sort_unstable();
            cuts.push(9_000_000_000);
            let (mut perp_usd, mut spot_usd) = (0.0, 0.0);
            for cut in cuts {
                let part = often.advance(cut, desired, 5e4, &parameters);
                perp_usd += part.perp_usd;
                spot_usd += part.spot_usd;
            }
            prop_assert!((perp_usd - whole.perp_usd).abs() < 1e-2 && (spot_usd - whole.spot_usd).abs() < 1e-2);
            prop_assert!((once.perp_coin() - often.perp_coin()).abs() < 1e-7);
            prop_assert!((once.naked_coin() - often.naked_coin()).abs() < 1e-7);
        }

        /// A second ledger, in coin traded: legs are what was bought and sold, and the spot leg is hedged or naked.
        #[test]
        fn what_was_traded_is_what_is_there(
            steps in prop::collection::vec((0..3_u8, 0..900_000_000_i64, 0.0..1e8_f64, 1e4..9e4_f64), 1..60),
        ) {
            let parameters = CarryParameters::prior(1e9);
            let mut carry = Carry::new(0, 500.0);
            let (mut short, mut long, mut now_us) = (500.0, 500.0, 0);
            for (what, dt_us, usd, price_usd) in steps {
                now_us += dt_us;
                let flow = match what {
                    0 => {
                        short -= carry.deleveraged(usd, price_usd, &parameters) / price_usd;
                        CarryFlow::default()
                    }
                    1 => carry.margin_called(usd, price_usd),
                    _ => carry.advance(now_us, usd, price_usd, &parameters),
                };
                short -= flow.perp_usd / price_usd;
                long += flow.spot_usd / price_usd;
                prop_assert_eq!(carry.spot_coin(), carry.perp_coin() + carry.naked_coin());
                prop_assert!(carry.perp_coin() >= 0.0 && carry.naked_coin() >= 0.0);
                prop_assert!((carry.perp_coin() - short).abs() < 1e-8 && (carry.spot_coin() - long).abs() < 1e-8);
            }
        }
    }
}
