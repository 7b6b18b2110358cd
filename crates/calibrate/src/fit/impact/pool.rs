//! Several tapes as one: what they say of a tape that is left out.

use aftershock_measure::NotMeasurable;
use aftershock_measure::between::combine;
use aftershock_measure::instrument::Instrumented;
use aftershock_measure::quantile::median;

use super::{ImpactFit, Row, Settings, conclude};

/// What several tapes say of `Y` on a tape that is not among them.
#[derive(Clone, Debug, PartialEq)]
pub struct Pooled {
    /// Rows are sums over tapes, so that F adds up; the interval is that of the next tape: its variance is that of the
    /// mean and once more what tapes differ by.
    pub fit: ImpactFit,
    /// Number of tapes that were used.
    pub tapes: usize,
    /// Standard deviation of `Y` between tapes beyond their errors (DerSimonian and Laird, on each tape's median row).
    pub between_sd: f64,
}

/// Pools fits of one form and equal settings, but for the one at `leave_out`.
///
/// Tapes weigh by how much their forced flow moved impact (`Σzx`), which is what one regression over all of them does;
/// a tape without a slope weighs nothing.
pub fn pooled(fits: &[ImpactFit], leave_out: Option<usize>, settings: &Settings) -> Pooled {
    let kept = fits
        .iter()
        .enumerate()
        .filter(|(place, _)| Some(*place) != leave_out);
    let used: Vec<&ImpactFit> = kept
        .map(|(_, fit)| fit)
        .filter(|fit| fit.y_iv.is_some())
        .collect();
    let (mut slopes, mut errors, mut shares) = (vec![], vec![], vec![]);
    for fit in &used {
        let measured = || fit.rows.iter().filter_map(|row| row.sums.as_ref().ok());
        let middle = |of: fn(&Instrumented) -> f64| {
            let values: Vec<f64> = measured().map(of).collect();
            median(&values).unwrap_or(f64::NAN)
        };
        slopes.push(middle(Instrumented::slope));
        errors.push(middle(Instrumented::standard_error));
        shares.push(middle(|sums| sums.zx));
    }
    let between = combine(&slopes, &errors).map_or(0.0, |combined| combined.between);
    let total: f64 = shares.iter().sum();
    let spread: f64 = shares.iter().map(|share| (share / total) * (share / total)).sum();
    let variance = if used.is_empty() {
        0.0
    } else {
        between * (1.0 + spread)
    };
    let form = used
        .first()
        .or(fits.first().as_ref())
        .map_or("", |fit| fit.form.as_str());
    Pooled {
        fit: conclude(form, summed(&used), variance, settings),
        tapes: used.len(),
        between_sd: between.sqrt(),
    }
}

/// Row by row, the sums over tapes.
fn summed(fits: &[&ImpactFit]) -> Vec<Row> {
    let Some(first) = fits.first() else {
        return Vec::new();
    };
    let row = |(place, row): (usize, &Row)| {
        let all = fits
            .iter()
            .filter_map(|fit| fit.rows.get(place)?.sums.as_ref().ok());
        Row {
            sums: all
                .copied()
                .reduce(|sum, next| sum.and(&next))
                .ok_or(NotMeasurable::NoVariation),
            ..row.clone()
        }
    };
    first.rows.iter().enumerate().map(row).collect()
}
