//! One slope by instrument, after slow drift has been taken out of every window.
//!
//! `y = b·x + u` where `u` moves `x` too, and `z` moves `x` and is not moved by `u`. Sources: J. M. Wooldridge,
//! "Econometric Analysis of Cross Section and Panel Data" (2010), §5.1 (two-stage least squares with one instrument is
//! `Σzy/Σzx`) and §10.5 (what is taken out of each window); W. K. Newey and K. D. West, Econometrica 55 (1987), 703-708
//! (errors with memory); T. W. Anderson and H. Rubin, Annals of Mathematical Statistics 20 (1949), 46-63 (a set of slopes
//! that holds however weak the instrument is). No small-sample correction is made anywhere.

use crate::normal::normal_quantile;
use crate::not_measurable::{NotMeasurable, require_finite};

/// What is taken out before the slope: of each window of `steps`, the first beginning `offset` steps into the slices.
///
/// What is left at either end and fills no window is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Length of a window, steps; more than there are means one window of all steps.
    pub steps: usize,
    /// Where the first begins.
    pub offset: usize,
    /// Whether a straight line is taken out, and not the mean alone.
    pub trend: bool,
    /// What is taken out at each step is fitted to the later steps of the window alone, and `z` stays as it is.
    ///
    /// For an instrument that earlier `u` moves, as flow forced by earlier news is. Taking the mean of the whole window
    /// out of it puts that news into every step and biases the slope by the order of one over the window's length
    /// (Nickell, Econometrica 49, 1981, 1417-1426). What is left of `u` after later steps alone holds no earlier `u`,
    /// so that `z` stays apart from it (forward orthogonal deviations: Arellano and Bover, Journal of Econometrics 68,
    /// 1995, 29-51). Scaled so that the sums of squares of `y` and `x` are those without it.
    pub ahead: bool,
}

/// Sums that say all of a slope by one instrument; those of several tapes may be added ([`Instrumented::and`]).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Instrumented {
    /// Number of steps used.
    pub steps: usize,
    /// Number of windows used.
    pub windows: usize,
    /// Number of windows in which the instrument varies: all others say nothing.
    pub varied: usize,
    /// `Σx²`.
    pub xx: f64,
    /// `Σxy`.
    pub xy: f64,
    /// `Σzz`.
    pub zz: f64,
    /// Sum over blocks of `lags + 1` steps of the square of their `Σzz`.
    pub zz_blocks: f64,
    /// `Σzx`: the first stage.
    pub zx: f64,
    /// `Σzy`: the reduced form.
    pub zy: f64,
    /// Variance of `zx`, of `zy`, and their covariance, with memory.
    pub variance: MomentVariance,
}

/// Variances and covariance, with memory, of `Σzx` and `Σzy` around their regressions on `z`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MomentVariance {
    /// Of `Σzx`.
    pub zx: f64,
    /// Of `Σzy`.
    pub zy: f64,
    /// Between the two.
    pub both: f64,
}

/// Slopes that the data do not reject at some level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SlopeSet {
    /// From the first to the second.
    Between(f64, f64),
    /// All but those strictly between the first and the second: the instrument is too weak for a bounded set.
    Outside(f64, f64),
    /// All: the instrument says nothing.
    All,
}

/// Room for what is left of `y`, `x` and `z`, kept from call to call.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    y: Vec<f64>,
    x: Vec<f64>,
    z: Vec<f64>,
}

/// The sums for `y` on `x` with instrument `z`; memory of up to `lags` steps enters variances with Bartlett's weights.
///
/// # Errors
/// A value that is not finite, fewer than two windows' worth of steps where more than one is asked for, or an
/// instrument that varies in no window.
///
/// # Panics
/// When the slices differ in length, or a window is too short for what is taken out of it.
pub fn instrumented(
    y: &[f64],
    x: &[f64],
    z: &[f64],
    windows: Windows,
    lags: usize,
    scratch: &mut Scratch,
) -> Result<Instrumented, NotMeasurable> {
    assert!(
        y.len() == x.len() && x.len() == z.len(),
        "slices differ in length"
    );
    let terms = 1 + usize::from(windows.trend);
    assert!(windows.steps > terms, "a window of {} steps", windows.steps);
    for values in [y, x, z] {
        require_finite(values, terms + 2)?;
    }
    let length = windows.steps.min(y.len());
    let offset = if length == y.len() { 0 } else { windows.offset };
    let count = y.len().saturating_sub(offset) / length;
    if count == 0 {
        let (found, needed) = (y.len(), offset + length);
        return Err(NotMeasurable::TooFew { found, needed });
    }
    let used = offset..offset + count * length;
    let Scratch { y: ry, x: rx, z: rz } = scratch;
    rz.clear();
    rz.extend_from_slice(&z[used.clone()]);
    if !windows.ahead {
        for window in rz.chunks_exact_mut(length) {
            take_out(window, windows.trend);
        }
    }
    for (left, values) in [(&mut *ry, y), (&mut *rx, x)] {
        left.clear();
        left.extend_from_slice(&values[used.clone()]);
        for window in left.chunks_exact_mut(length) {
            if windows.ahead {
                take_out_ahead(window, windows.trend);
            } else {
                take_out(window, windows.trend);
            }
        }
    }
    let varied = z[used].chunks_exact(length).filter(|window| {
        let first = window[0];
        window.iter().any(|value| *value != first)
    });
    let mut sums = Instrumented {
        steps: count * length,
        windows: count,
        varied: varied.count(),
        ..Instrumented::default()
    };
    for ((y, x), z) in ry.iter().zip(&*rx).zip(&*rz) {
        sums.xx += x * x;
        sums.xy += x * y;
        sums.zz += z * z;
        sums.zx += z * x;
        sums.zy += z * y;
    }
    if sums.varied == 0 || sums.zz <= 0.0 || sums.xx <= 0.0 {
        return Err(NotMeasurable::NoVariation);
    }
    let block = |steps: &[f64]| {
        let own: f64 = steps.iter().map(|z| z * z).sum();
        own * own
    };
    sums.zz_blocks = rz.chunks(lags + 1).map(block).sum();
    let (first, reduced) = (sums.zx / sums.zz, sums.zy / sums.zz);
    for ((y, x), z) in ry.iter_mut().zip(rx.iter_mut()).zip(&*rz) {
        *x = z * (*x - first * z);
        *y = z * (*y - reduced * z);
    }
    sums.variance = with_memory(rx, ry, lags);
    Ok(sums)
}

/// Takes the mean, or the straight line of least squares, out of a window.
fn take_out(window: &mut [f64], trend: bool) {
    let n = window.len() as f64;
    let mean = window.iter().sum::<f64>() / n;
    let middle = 0.5 * (n - 1.0);
    let slope = if trend {
        let rise = |(step, value): (usize, &f64)| (step as f64 - middle) * value;
        window.iter().enumerate().map(rise).sum::<f64>() * 12.0 / (n * (n * n - 1.0))
    } else {
        0.0
    };
    for (step, value) in window.iter_mut().enumerate() {
        *value -= mean + slope * (step as f64 - middle);
    }
}

/// Takes out what a mean, or a straight line, of the later steps of the window foretells: recursive residuals with time
/// turned round, each over the root of its variance factor. Steps with too few after them become 0.
fn take_out_ahead(window: &mut [f64], trend: bool) {
    let (mut count, mut mean) = (0.0, 0.0);
    // Of the later steps, counted from the window's end: mean place, sum of squares, and of products with the values.
    let (mut place_mean, mut squares, mut products) = (0.0, 0.0, 0.0);
    for (place, value) in window.iter_mut().rev().enumerate() {
        let now = *value;
        let place = place as f64;
        let away = place - place_mean;
        *value = if trend && count >= 2.0 {
            let foretold = mean + products / squares * away;
            (now - foretold) / (1.0 + 1.0 / count + away * away / squares).sqrt()
        } else if !trend && count >= 1.0 {
            (now - mean) * (count / (count + 1.0)).sqrt()
        } else {
            0.0
        };
        let off = now - mean;
        squares += away * away * count / (count + 1.0);
        products += away * off * count / (count + 1.0);
        count += 1.0;
        mean += off / count;
        place_mean += away / count;
    }
}

/// Newey and West's variance of two sums and their covariance.
///
/// Bartlett's weights `1 - k/(lags+1)` are what overlapping sums of `lags + 1` neighbours give, squared and summed, so
/// that one pass is enough.
fn with_memory(a: &[f64], b: &[f64], lags: usize) -> MomentVariance {
    let (mut of_a, mut of_b) = (0.0, 0.0);
    let mut sums = MomentVariance::default();
    let span = lags + 1;
    for end in 0..a.len() + lags {
        if let (Some(a), Some(b)) = (a.get(end), b.get(end)) {
            of_a += a;
            of_b += b;
        }
        if let Some(gone) = end.checked_sub(span).filter(|gone| *gone < a.len()) {
            of_a -= a[gone];
            of_b -= b[gone];
        }
        sums.zx += of_a * of_a;
        sums.zy += of_b * of_b;
        sums.both += of_a * of_b;
    }
    let share = 1.0 / span as f64;
    MomentVariance {
        zx: sums.zx * share,
        zy: sums.zy * share,
        both: sums.both * share,
    }
}

impl Instrumented {
    /// Slope by least squares, without the instrument.
    pub fn ols(&self) -> f64 {
        self.xy / self.xx
    }

    /// Slope by the instrument; infinite or not a number where the first stage is exactly 0.
    pub fn slope(&self) -> f64 {
        self.zy / self.zx
    }

    /// Standard error of [`Self::slope`], with memory.
    pub fn standard_error(&self) -> f64 {
        self.error_at(self.slope())
    }

    /// Standard error of the slope were `slope` the true one, with memory: what Anderson and Rubin's test divides by.
    pub fn error_at(&self, slope: f64) -> f64 {
        self.moment_variance_at(slope).sqrt() / self.zx.abs()
    }

    /// Variance of `Σz(y - slope·x)`.
    fn moment_variance_at(&self, slope: f64) -> f64 {
        let MomentVariance { zx, zy, both } = self.variance;
        (zy - 2.0 * slope * both + slope * slope * zx).max(0.0)
    }

    /// Number of blocks of `lags + 1` steps that the instrument comes to when they are counted by weight: 1 where all of
    /// it falls into one block. Large-sample errors stand on about so many independent values and no more.
    pub fn effective_blocks(&self) -> f64 {
        self.zz * self.zz / self.zz_blocks
    }

    /// F statistic of the first stage: the squared t of `z` in the regression of `x` on it, with memory.
    pub fn first_stage_f(&self) -> f64 {
        self.zx * self.zx / self.variance.zx
    }

    /// Anderson and Rubin's t: how many standard errors the reduced form lies above what `slope` would give.
    pub fn reduced_t(&self, slope: f64) -> f64 {
        (self.zy - slope * self.zx) / self.moment_variance_at(slope).sqrt()
    }

    /// Slopes which Anderson and Rubin's test does not reject at `level` (0.9: ninety in a hundred such sets hold the
    /// truth, in large samples and however weak the instrument).
    ///
    /// # Panics
    /// When the level is not within (0, 1).
    pub fn anderson_rubin(&self, level: f64) -> SlopeSet {
        let normal = normal_quantile(0.5 * (1.0 + level)).filter(|z| *z > 0.0);
        let critical = normal.map(|z| z * z).expect("a level within (0, 1)");
        let MomentVariance { zx, zy, both } = self.variance;
        // (zy - b·zx)² <= critical·variance(b), as a·b² - 2·half·b + c <= 0.
        let a = self.zx * self.zx - critical * zx;
        let half = self.zy * self.zx - critical * both;
        let c = self.zy * self.zy - critical * zy;
        let discriminant = half * half - a * c;
        if a > 0.0 {
            let root = discriminant.max(0.0).sqrt();
            SlopeSet::Between((half - root) / a, (half + root) / a)
        } else if discriminant > 0.0 && a < 0.0 {
            let root = discriminant.sqrt();
            // Dividing by a negative number turns the order round.
            SlopeSet::Outside((half + root) / a, (half - root) / a)
        } else {
            SlopeSet::All
        }
    }

    /// Sums over both: one regression over two tapes, each with its own windows.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            steps: self.steps + other.steps,
            windows: self.windows + other.windows,
            varied: self.varied + other.varied,
            xx: self.xx + other.xx,
            xy: self.xy + other.xy,
            zz: self.zz + other.zz,
            zz_blocks: self.zz_blocks + other.zz_blocks,
            zx: self.zx + other.zx,
            zy: self.zy + other.zy,
            variance: MomentVariance {
                zx: self.variance.zx + other.variance.zx,
                zy: self.variance.zy + other.variance.zy,
                both: self.variance.both + other.variance.both,
            },
        }
    }
}

impl SlopeSet {
    /// Whether a slope is in the set.
    pub fn holds(&self, slope: f64) -> bool {
        match *self {
            Self::Between(low, high) => (low..=high).contains(&slope),
            Self::Outside(low, high) => slope <= low || slope >= high,
            Self::All => true,
        }
    }

    /// Whether it has two ends.
    pub fn bounded(&self) -> bool {
        matches!(self, Self::Between(..))
    }
}

#[cfg(test)]
mod tests;
