//! What trading cost and how far it moved the price, read from prices and volumes alone.
//!
//! Each of the three is a description of a span, not a forecast: [`kyle_lambda`] needs to know who was the aggressor,
//! [`amihud`] only how much traded, [`roll_spread`] nothing but prices.

use crate::not_measurable::{NotMeasurable, divide, require_finite};

/// Kyle's `λ`: slope of the least-squares line, with a constant, of price changes on the signed flow that came with them.
///
/// Its unit is that of `changes` over that of `flows`: log units per USD where the changes are log returns and the
/// flow is in USD. News that moves price and flow together enters it, so that it is an upper bound on what a trade
/// does by itself; see [`crate::instrument`] for an estimate that does without.
///
/// Source: Kyle (1985), `Δp = λ·y + ε`; least squares as in Hasbrouck (2007), "Empirical Market Microstructure", §7.
///
/// # Errors
/// Below three pairs, where a value is not finite, and where the flow does not vary.
///
/// # Panics
/// When the slices differ in length.
pub fn kyle_lambda(changes: &[f64], flows: &[f64]) -> Result<f64, NotMeasurable> {
    assert_eq!(changes.len(), flows.len(), "every change has one flow");
    require_finite(changes, 3)?;
    require_finite(flows, 3)?;
    let n = changes.len() as f64;
    let (change, flow) = (changes.iter().sum::<f64>() / n, flows.iter().sum::<f64>() / n);
    let pairs = changes.iter().zip(flows);
    let (mut both, mut square) = (0.0, 0.0);
    for (c, f) in pairs {
        both += (f - flow) * (c - change);
        square += (f - flow) * (f - flow);
    }
    // What rounding of the mean leaves of a constant flow is no variation.
    if square <= 1e-28 * flow * flow * n {
        return Err(NotMeasurable::NoVariation);
    }
    divide(both, square)
}

/// Amihud's illiquidity: the mean of `|return|/volume` over the spans in which something traded.
///
/// With log returns and volumes in USD its unit is log units per USD. Spans without volume are left out, as days
/// without trade are in the source.
///
/// Source: Amihud (2002), equation 1.
///
/// # Errors
/// Without a span with volume, where a value is not finite, and where a volume is negative.
///
/// # Panics
/// When the slices differ in length.
pub fn amihud(returns: &[f64], volumes: &[f64]) -> Result<f64, NotMeasurable> {
    assert_eq!(returns.len(), volumes.len(), "every return has one volume");
    require_finite(returns, 1)?;
    require_finite(volumes, 1)?;
    if let Some(index) = volumes.iter().position(|v| *v < 0.0) {
        return Err(NotMeasurable::OutOfRange {
            index,
            value: volumes[index],
            wanted: "at least zero",
        });
    }
    let (mut sum, mut count) = (0.0, 0.0);
    for (r, v) in returns.iter().zip(volumes).filter(|(_, v)| **v > 0.0) {
        sum += r.abs() / v;
        count += 1.0;
    }
    if count == 0.0 {
        return Err(NotMeasurable::TooFew { found: 0, needed: 1 });
    }
    divide(sum, count)
}

/// Roll's effective spread `2√(−cov(Δp_t, Δp_{t−1}))`, in the unit of the prices.
///
/// The covariance is the sample's, over `n − 1`. A price that bounces between bid and ask reverses itself; where the
/// covariance is above zero the price trended instead, and there is no spread to be had from it.
///
/// Source: Roll (1984).
///
/// # Errors
/// Below four prices, where one is not finite, and where neighbouring changes do not tend to reverse.
pub fn roll_spread(prices: &[f64]) -> Result<f64, NotMeasurable> {
    require_finite(prices, 4)?;
    let changes: Vec<f64> = prices.windows(2).map(|w| w[1] - w[0]).collect();
    let (before, after) = (&changes[..changes.len() - 1], &changes[1..]);
    let n = before.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
    let (mean_before, mean_after) = (mean(before), mean(after));
    let products = before
        .iter()
        .zip(after)
        .map(|(b, a)| (b - mean_before) * (a - mean_after));
    let covariance = products.sum::<f64>() / (n - 1.0);
    if covariance > 0.0 {
        return Err(NotMeasurable::OutOfRange {
            index: 0,
            value: covariance,
            wanted: "a covariance of neighbouring changes of at most zero",
        });
    }
    Ok(2.0 * covariance.abs().sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    /// Source: worked by hand. Changes 1 −1 1 −1 0 1 −1 1 0 have eight products of neighbours that sum to −5; the first
    /// eight have mean 1/8, the last eight 0, so that the covariance is −5/7.
    #[test]
    fn a_price_that_bounces() {
        let prices = [
            100.0, 101.0, 100.0, 101.0, 100.0, 100.0, 101.0, 100.0, 101.0, 101.0,
        ];
        assert_close(roll_spread(&prices).unwrap(), 2.0 * (5.0_f64 / 7.0).sqrt());
        assert_close(
            roll_spread(&prices.map(|p| 3.0 * p)).unwrap(),
            6.0 * (5.0_f64 / 7.0).sqrt(),
        );
        assert_eq!(roll_spread(&[7.0; 5]), Ok(0.0));
    }

    /// Source: worked by hand. Flows −2 −1 0 1 2 and changes −3 −3 0 1 5 have sums of products 20 and of squares 10, means
    /// 0 and 0.
    #[test]
    fn the_slope_of_five_trades() {
        let (changes, flows) = ([-3.0, -3.0, 0.0, 1.0, 5.0], [-2.0, -1.0, 0.0, 1.0, 2.0]);
        assert_eq!(kyle_lambda(&changes, &flows), Ok(2.0));
        // A drift is taken by the constant, and units pass through.
        assert_close(
            kyle_lambda(&changes.map(|c| c + 9.0), &flows.map(|f| 1e6 * f)).unwrap(),
            2e-6,
        );
    }

    /// Source: worked by hand: (0.01/100 + 0.02/400)/2.
    #[test]
    fn the_mean_of_what_traded() {
        let measured = amihud(&[0.01, -0.02, 0.5], &[100.0, 400.0, 0.0]).unwrap();
        assert_close(measured, 0.75e-4);
    }

    #[test]
    fn nothing_to_measure() {
        assert_eq!(
            roll_spread(&[1.0, 2.0, 3.0]),
            Err(NotMeasurable::TooFew { found: 3, needed: 4 })
        );
        assert!(matches!(
            roll_spread(&[1.0, 2.0, 4.0, 8.0, 16.0]),
            Err(NotMeasurable::OutOfRange { .. })
        ));
        assert!(roll_spread(&[1.0, f64::NAN, 1.0, 2.0]).is_err());
        assert_eq!(
            kyle_lambda(&[1.0, 2.0, 3.0], &[0.1; 3]),
            Err(NotMeasurable::NoVariation)
        );
        assert!(kyle_lambda(&[1.0, 2.0], &[1.0, 2.0]).is_err());
        assert!(amihud(&[0.1], &[0.0]).is_err());
        assert!(amihud(&[0.1], &[-1.0]).is_err());
        assert!(amihud(&[f64::NAN], &[1.0]).is_err());
    }
}
