//! The branching ratio from counts alone: how much more they vary than they would by chance.

use crate::not_measurable::{NotMeasurable, divide, require_finite};

/// Fano factor of counts in equal bins, variance over mean, divisor `n − 1`; 1 for events that come independently.
///
/// # Errors
/// Below two bins, where a count is negative or not finite, and where all are 0.
pub fn fano_factor(counts: &[f64]) -> Result<f64, NotMeasurable> {
    require_finite(counts, 2)?;
    if let Some(index) = counts.iter().position(|c| *c < 0.0) {
        return Err(NotMeasurable::OutOfRange {
            index,
            value: counts[index],
            wanted: "at least zero",
        });
    }
    let n = counts.len() as f64;
    let mean = counts.iter().sum::<f64>() / n;
    let squares: f64 = counts.iter().map(|c| (c - mean) * (c - mean)).sum();
    divide(squares / (n - 1.0), mean)
}

/// Branching ratio `1 − 1/√F` of a stationary self-exciting process from the Fano factor of its counts.
///
/// In bins long against the memory of the process `F → 1/(1−n)²`. Shorter bins give too little. It cannot tell
/// excitation from news that comes in bursts or a rate that drifts: both raise `F`, and in a crash both do.
///
/// Source: Hardiman and Bouchaud (2014), "Branching-ratio approximation for the self-exciting Hawkes process".
///
/// # Errors
/// Those of [`fano_factor`], and where counts vary less than by chance (`F < 1`), which no branching can do.
pub fn fano_branching_ratio(counts: &[f64]) -> Result<f64, NotMeasurable> {
    let fano = fano_factor(counts)?;
    if fano < 1.0 {
        return Err(NotMeasurable::OutOfRange {
            index: 0,
            value: fano,
            wanted: "a variance of at least the mean",
        });
    }
    Ok(1.0 - 1.0 / fano.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    /// Source: computed independently with `numpy.var(ddof=1)/numpy.mean`.
    #[test]
    fn twelve_bins() {
        let counts = [3.0, 5.0, 2.0, 8.0, 1.0, 0.0, 9.0, 4.0, 6.0, 2.0, 7.0, 12.0];
        assert_close(fano_factor(&counts).unwrap(), 2.6425269645608624);
        assert_close(fano_branching_ratio(&counts).unwrap(), 0.38483688669046767);
    }

    #[test]
    fn nothing_to_measure() {
        assert_eq!(
            fano_factor(&[1.0]),
            Err(NotMeasurable::TooFew { found: 1, needed: 2 })
        );
        assert_eq!(fano_factor(&[0.0; 4]), Err(NotMeasurable::NoVariation));
        assert_eq!(fano_factor(&[3.0; 4]), Ok(0.0));
        assert!(fano_branching_ratio(&[3.0; 4]).is_err());
        assert!(fano_factor(&[1.0, -1.0]).is_err());
        assert!(fano_factor(&[1.0, f64::NAN]).is_err());
    }
}
