//! What signed aggressive flow does to the price.
//!
//! Sources: the square-root law `Y·σ·√(Q/V)` with `Y` of order one, on cryptocurrencies too, is discussed in arXiv
//! 2510.06879 (§1) and measured on Bitcoin in Donier and Bonart, arXiv 1412.4503. A concave function of one decaying
//! volume state is the class of Alfonsi, Fruth and Schied, which arXiv 2510.06879 names as one where the absence of
//! price manipulation can be ensured.

/// Square-root law: the log move of a metaorder of `quantity` in a market that trades `volume_daily`.
///
/// `y` is of order one, `sigma_daily` the volatility of a day in log units; quantity and volume share any one unit.
/// The sign of the answer is the sign of `quantity`.
///
/// ```
/// let move_log = aftershock_measure::impact::sqrt_law(1.0, 0.05, 1e8, 1e10);
/// assert!((move_log - 0.005).abs() < 1e-15); // 1 % of a day's volume at σ = 5 % moves the price by 50 bp
/// ```
#[inline]
pub fn sqrt_law(y: f64, sigma_daily: f64, quantity: f64, volume_daily: f64) -> f64 {
    (y * sigma_daily * (quantity.abs() / volume_daily).sqrt()).copysign(quantity)
}

/// The square-root law of an impact state `J`, with a finite slope at `J = 0`.
///
/// `h(J) = Y·σ·sgn(J)·[√((|J|+J₀)/V) − √(J₀/V)]`. The state `J` is signed aggressive flow in USD, already scaled by
/// the depth ratio and decayed by whoever keeps it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SquareRootImpact {
    /// `Y`, of order one, no unit.
    pub y: f64,
    /// `σ`, volatility of a day, log units.
    pub sigma_daily: f64,
    /// `V`, volume of a day, USD, over the same venues as the flow in `J`.
    pub volume_daily_usd: f64,
    /// `J₀`, USD: the flow below which impact is close to linear.
    pub j0_usd: f64,
}

impl SquareRootImpact {
    /// `h(J)`, the log move that stands while the state is `j_usd`.
    #[inline]
    pub fn log_impact(&self, j_usd: f64) -> f64 {
        self.prepared().log_impact(j_usd)
    }

    /// The same with what no state changes worked out once, for those who ask at every tick.
    #[inline]
    pub fn prepared(&self) -> PreparedImpact {
        let floor = self.j0_usd / self.volume_daily_usd;
        PreparedImpact {
            scale: self.y * self.sigma_daily,
            volume_daily_usd: self.volume_daily_usd,
            floor,
            root_of_floor: floor.sqrt(),
        }
    }

    /// `dh/dJ = Y·σ/(2√(V·(|J|+J₀)))`, per USD; infinite at `J = 0` where `J₀` is 0.
    ///
    /// It is the slope in the state; a trade's own slope is this times the depth ratio it is scaled by.
    #[inline]
    pub fn slope(&self, j_usd: f64) -> f64 {
        self.y * self.sigma_daily / (2.0 * (self.volume_daily_usd * (j_usd.abs() + self.j0_usd)).sqrt())
    }
}

/// A [`SquareRootImpact`] of which one root and two divisions are left; its answers are the same to the last bit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PreparedImpact {
    /// `Y·σ`, log units.
    scale: f64,
    volume_daily_usd: f64,
    /// `J₀/V`, no unit.
    floor: f64,
    root_of_floor: f64,
}

impl PreparedImpact {
    /// `h(J)`, the log move that stands while the state is `j_usd`.
    #[inline]
    pub fn log_impact(&self, j_usd: f64) -> f64 {
        let excess = j_usd.abs() / self.volume_daily_usd;
        let sum_of_roots = (excess + self.floor).sqrt() + self.root_of_floor;
        if sum_of_roots == 0.0 {
            return 0.0;
        }
        // √(x+f) − √f is x/(√(x+f)+√f), which loses no digits where J is far below J₀.
        (self.scale * excess / sum_of_roots).copysign(j_usd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    const IMPACT: SquareRootImpact = SquareRootImpact {
        y: 0.9,
        sigma_daily: 0.045,
        volume_daily_usd: 7e10,
        j0_usd: 2e6,
    };

    /// Source: computed independently in Python from the formula.
    #[test]
    fn square_root_law_at_sigma_5_percent() {
        let expected_bp = [
            (0.001, 15.811388300841896),
            (0.01, 50.00000000000001),
            (0.05, 111.80339887498948),
            (0.1, 158.11388300841898),
        ];
        for (share, bp) in expected_bp {
            assert_close(sqrt_law(1.0, 0.05, share, 1.0) * 1e4, bp);
            assert_close(sqrt_law(1.0, 0.05, -share, 1.0) * 1e4, -bp);
            let unregularised = SquareRootImpact {
                y: 1.0,
                sigma_daily: 0.05,
                volume_daily_usd: 1.0,
                j0_usd: 0.0,
            };
            assert_close(unregularised.log_impact(share) * 1e4, bp);
        }
    }

    /// Source: computed independently in Python from the formula in 50-digit decimals.
    #[test]
    fn regularised_root() {
        assert_close(IMPACT.log_impact(5e8), 3.2132320430726317e-3);
        assert_close(IMPACT.log_impact(1.0), 5.4120394722217446e-11);
        assert_close(IMPACT.slope(5e8), 3.416049451216828e-12);
    }

    #[test]
    fn odd_growing_and_concave() {
        assert_eq!(IMPACT.log_impact(0.0), 0.0);
        let mut before = (0.0, f64::INFINITY);
        for j in [1.0, 1e3, 1e6, 1e8, 1e10] {
            let (h, slope) = (IMPACT.log_impact(j), IMPACT.slope(j));
            assert_eq!(IMPACT.log_impact(-j), -h);
            assert_eq!(IMPACT.slope(-j), slope);
            assert!(h > before.0 && slope < before.1);
            before = (h, slope);
        }
    }

    #[test]
    fn slope_is_the_derivative() {
        for j in [-3e8_f64, -1e5, 2e5, 1e7, 4e9] {
            let step = 1e-4 * j.abs();
            let difference = (IMPACT.log_impact(j + step) - IMPACT.log_impact(j - step)) / (2.0 * step);
            assert!((difference / IMPACT.slope(j) - 1.0).abs() < 1e-7);
        }
    }

    #[test]
    fn units_cancel() {
        let in_millions = SquareRootImpact {
            volume_daily_usd: 7e4,
            j0_usd: 2.0,
            ..IMPACT
        };
        assert_close(in_millions.log_impact(123.0), IMPACT.log_impact(123e6));
    }

    #[test]
    fn nothing_moves_nothing_without_regularisation() {
        let sharp = SquareRootImpact {
            j0_usd: 0.0,
            ..IMPACT
        };
        assert_eq!(sharp.log_impact(0.0), 0.0);
        assert_eq!(sharp.slope(0.0), f64::INFINITY);
        assert!(IMPACT.log_impact(f64::NAN).is_nan());
    }
}
