//! From rows to one belief about `Y`.

use aftershock_measure::instrument::Instrumented;
use aftershock_measure::quantile::median;

use super::{ImpactFit, LogNormal, Row, Settings, Weight};

/// Log of the lowest and of the highest `Y` looked at: 0.05 and 20.
const LOG_ENDS: (f64, f64) = (-2.995_732_273_553_991, 2.995_732_273_553_991);
const POINTS: usize = 600;

/// What rows say together. `variance` is added to the squared error of every row: what tapes differ by, where rows
/// are sums over several.
pub fn conclude(form: &str, rows: Vec<Row>, variance: f64, settings: &Settings) -> ImpactFit {
    let measured: Vec<&Instrumented> = rows.iter().filter_map(|row| row.sums.as_ref().ok()).collect();
    let over = |of: fn(&Instrumented) -> f64| {
        let values: Vec<f64> = measured.iter().map(|sums| of(sums)).collect();
        median(&values)
    };
    let y_iv = over(Instrumented::slope);
    let f = over(Instrumented::first_stage_f);
    let reason = match f {
        None => {
            let first = rows.iter().find_map(|row| row.sums.as_ref().err());
            Some(match first {
                Some(why) => format!("no window has a slope by instrument: {why}"),
                None => "no window was asked for".to_owned(),
            })
        }
        // An F without end is that of a handful of steps which happen to lie on one line.
        Some(f) if f >= settings.least_f && f.is_finite() => None,
        Some(f) => Some(format!(
            "the median first-stage F of {} rows is {f:.1}, below {}",
            measured.len(),
            settings.least_f
        )),
    };
    let (belief, tape) = match reason {
        Some(_) => (Belief::of(&[], Some(settings.prior), 0.0, 0.0), None),
        None => (
            Belief::of(&measured, Some(settings.prior), variance, settings.form_sd_log),
            Some(Belief::of(&measured, None, variance, settings.form_sd_log)),
        ),
    };
    let largest = measured.iter().map(|sums| sums.slope()).reduce(f64::max);
    ImpactFit {
        form: form.to_owned(),
        y_ols: over(Instrumented::ols),
        y_iv,
        upper_bound: largest,
        f,
        y: belief.quantile(0.5),
        sd_log: belief.sd_log(),
        interval: belief.interval(settings.level),
        tape_interval: tape.map(|tape| tape.interval(settings.level)),
        verdict: reason.map_or(Weight::Measured, Weight::PriorDominated),
        rows,
    }
}

/// Probability of cells of equal width in `ln Y`.
struct Belief(Vec<f64>);

impl Belief {
    /// The average over rows of prior times likelihood, each made to sum to one; the prior where there is no row. Without
    /// a prior, flat in `Y` between the ends.
    fn of(rows: &[&Instrumented], prior: Option<LogNormal>, variance: f64, form_sd_log: f64) -> Self {
        let log_prior = |log_y: f64| match prior {
            Some(prior) => {
                let z = (log_y - libm::log(prior.median)) / prior.sd_log;
                -0.5 * z * z
            }
            None => log_y,
        };
        let mut mean = vec![0.0; POINTS];
        let mut one = vec![0.0; POINTS];
        let mut add = |log_density: &dyn Fn(f64, f64) -> f64| {
            for (point, value) in one.iter_mut().enumerate() {
                let log_y = at(point as f64 + 0.5);
                *value = log_density(log_y, libm::exp(log_y));
            }
            let highest = one.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mut total = 0.0;
            for value in &mut one {
                *value = libm::exp(*value - highest);
                total += *value;
            }
            for (sum, value) in mean.iter_mut().zip(&one) {
                *sum += value / total;
            }
        };
        if rows.is_empty() {
            add(&|log_y, _| log_prior(log_y));
        }
        for row in rows {
            let slope = row.slope();
            let widen = few_blocks(row.effective_blocks());
            add(&|log_y, y| {
                let error = row.error_at(y);
                let (off, form) = (slope - y, form_sd_log * y);
                log_prior(log_y) - 0.5 * off * off / (widen * error * error + variance + form * form)
            });
        }
        let count = rows.len().max(1) as f64;
        mean.iter_mut().for_each(|share| *share /= count);
        Self(mean)
    }

    fn quantile(&self, share: f64) -> f64 {
        let mut below = 0.0;
        for (point, here) in self.0.iter().enumerate() {
            if below + here >= share {
                return libm::exp(at(point as f64 + (share - below) / here));
            }
            below += here;
        }
        libm::exp(LOG_ENDS.1)
    }

    fn interval(&self, level: f64) -> (f64, f64) {
        let tail = 0.5 * (1.0 - level);
        (self.quantile(tail), self.quantile(1.0 - tail))
    }

    fn sd_log(&self) -> f64 {
        let moment = |of: &dyn Fn(f64) -> f64| -> f64 {
            let cells = self.0.iter().enumerate();
            cells
                .map(|(point, share)| share * of(at(point as f64 + 0.5)))
                .sum()
        };
        let mean = moment(&|log_y| log_y);
        moment(&|log_y| (log_y - mean) * (log_y - mean)).sqrt()
    }
}

/// What the squared error of a row is multiplied with because it stands on few blocks: the variance of few values is
/// taken from one degree of freedom less, and 90 % of Student's law reach further than of the normal one.
///
/// The quantile is the expansion of Abramowitz and Stegun (1964), 26.7.5; it is within 2 % for 2 degrees and more,
/// and fewer are counted as 2.
pub(super) fn few_blocks(blocks: f64) -> f64 {
    let freedom = (blocks - 1.0).max(2.0);
    let z = 1.644_853_626_951_472_6_f64;
    let z2 = z * z;
    let first = z * (z2 + 1.0) / 4.0;
    let second = z * ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
    let third = z * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;
    let student = z + (first + (second + third / freedom) / freedom) / freedom;
    (student / z) * (student / z) * (freedom + 1.0) / freedom
}

/// `ln Y` at a place counted in cells from the lowest.
fn at(place: f64) -> f64 {
    LOG_ENDS.0 + (LOG_ENDS.1 - LOG_ENDS.0) * place / POINTS as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use aftershock_measure::instrument::MomentVariance;

    fn row(slope: f64, error: f64) -> Row {
        let sums = Instrumented {
            zx: 1.0,
            zy: slope,
            xx: 1.0,
            xy: 2.0,
            zz: 1.0,
            zz_blocks: 1e-9,
            variance: MomentVariance {
                zx: 1e-4,
                zy: error * error,
                both: 0.0,
            },
            ..Instrumented::default()
        };
        Row {
            window_s: 60.0,
            trend: false,
            offset_s: 0.0,
            sums: Ok(sums),
        }
    }

    /// Source: scipy's `t.ppf(0.95, ν)`: 2.9200 at 2, 2.1318 at 4, 1.7247 at 20.
    #[test]
    fn few_blocks_widen() {
        for (freedom, student) in [(2.0, 2.9200), (4.0, 2.1318), (20.0, 1.7247_f64)] {
            let wanted = (student / 1.644_854_f64).powi(2) * (freedom + 1.0) / freedom;
            let found = few_blocks(freedom + 1.0);
            assert!(
                (found / wanted - 1.0).abs() < 0.03,
                "{freedom}: {found} is not {wanted}"
            );
        }
    }

    /// Source: of LogN(0, 0.35²) the 5 % and 95 % points are exp(∓1.6448536·0.35) = 0.5623, 1.7784.
    #[test]
    fn a_weak_instrument_leaves_the_prior() {
        let mut weak = row(3.0, 0.1);
        if let Ok(sums) = &mut weak.sums {
            sums.variance.zx = 0.1;
        }
        let fit = conclude("form", vec![weak], 0.0, &Settings::default());
        assert_eq!(fit.verdict.to_string(), "impact prior-dominated");
        let wanted = "the median first-stage F of 1 rows is 10.0, below 20";
        assert_eq!(fit.verdict, Weight::PriorDominated(wanted.to_owned()));
        assert!((fit.interval.0 - 0.5623).abs() < 5e-4 && (fit.interval.1 - 1.7784).abs() < 5e-4);
        assert!((fit.sd_log - 0.35).abs() < 1e-3 && (fit.y - 1.0).abs() < 1e-3);
        let none = conclude("form", vec![], 0.0, &Settings::default());
        assert_eq!((none.y_iv, none.tape_interval), (None, None));
    }

    /// Source: numpy, prior LogN(0, .35²) times N(slope, error² + 1e-4·Y²) averaged over both rows on a grid of 200,001
    /// points of ln Y between ln 0.05 and ln 20: quantiles 0.05, 0.5, 0.95.
    #[test]
    fn two_rows_that_disagree_widen_the_interval() {
        let rows = vec![row(0.9, 0.1), row(1.4, 0.15)];
        let settings = Settings {
            form_sd_log: 0.0,
            ..Settings::default()
        };
        let fit = conclude("form", rows, 0.0, &settings);
        let wanted = [0.77813, 1.07751, 1.53212];
        for (found, wanted) in [fit.interval.0, fit.y, fit.interval.1].iter().zip(wanted) {
            assert!((found - wanted).abs() < 2e-3, "{found} is not {wanted}");
        }
        assert_eq!(fit.upper_bound, Some(1.4));
        assert_eq!(fit.verdict, Weight::Measured);
    }
}
