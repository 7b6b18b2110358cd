//! What thins books: recorded depth against volatility, volume, one-sided flow and forced flow of the reading before.

use aftershock_market::Timestamp;
use aftershock_measure::NotMeasurable;
use aftershock_measure::flow::{Bucket, volume_buckets, vpin};
use aftershock_measure::ols::{Regression, regress};

use super::fidelity::{self, Judged};
use crate::clocked::Clocked;
use crate::observed::Observed;

/// Half-lives of volatility that are tried, s; the one that explains most is kept.
const VOLATILITY_HALF_LIVES_S: [f64; 3] = [600.0, 1_800.0, 3_600.0];
/// Half-life of volume, s.
const VOLUME_HALF_LIFE_S: f64 = 600.0;
/// Forced flow of this many s counts as recent.
const RECENT_S: f64 = 10.0;
/// Buckets of a sample of one-sided flow.
const SAMPLE: usize = 50;
/// Buckets that the volume before the trigger is cut into; on a tape of hours the customary fiftieth of a day is too long.
const BUCKETS: f64 = 250.0;
/// Largest that may be added to the explained share without counting, and the t that must be passed: §10.
const GATE: (f64, f64) = (0.01, 3.0);

/// A market's depth at the times it is read, and what was known at the reading before.
#[derive(Clone, Debug, Default, PartialEq)]
struct Rows {
    at: Vec<Timestamp>,
    /// Log depth less its band's mean.
    log_depth: Vec<f64>,
    log_volatility: Vec<f64>,
    log_volume: Vec<f64>,
    one_sided: Vec<f64>,
    forced: Vec<f64>,
    /// Readings at one instant.
    bands: usize,
}

/// Elasticities of depth. A fall of depth with a rise of the covariate is positive, as in the equation of depth.
#[derive(Clone, Debug, PartialEq)]
pub struct Depth {
    /// To the logarithm of volatility, with its standard error.
    pub volatility: (f64, f64),
    /// Half-life of the volatility that explains most, s.
    pub volatility_half_life_s: f64,
    /// To forced flow in the last ten seconds, log depth, with its standard error; `None` where there was none.
    pub forced: Option<(f64, f64)>,
    /// To one-sided flow, zero unless the gate lets it through.
    pub one_sided: f64,
    /// What the gate says of one-sided flow.
    pub gate: OneSided,
    /// Share of the variation of log depth within bands that is explained.
    pub explained: f64,
    /// Readings.
    pub readings: usize,
    /// G8: fitted on the first half of the readings, judged on the second.
    pub hold_out: Judged,
}

/// Whether one-sided flow may drive depth: it must add to what volatility and volume explain before the trigger.
#[derive(Clone, Debug, PartialEq)]
pub enum OneSided {
    /// It does.
    Passes {
        /// What it adds to the explained share.
        adds: f64,
        /// Its t.
        t: f64,
    },
    /// It does not, and why.
    Fails {
        /// What it adds to the explained share.
        adds: f64,
        /// Its t.
        t: f64,
        /// Which of the two conditions it breaks.
        why: &'static str,
    },
    /// Nothing can be said, and why.
    NotMeasurable(String),
}

/// Regresses log depth of all bands on what was known a reading before. `trigger` ends what the gate of one-sided flow
/// may see; by default the first printed liquidation.
///
/// # Errors
/// No depth, too few readings, or depth or volatility that does not vary.
pub fn depth(
    observed: &Observed,
    clocked: &Clocked,
    trigger: Option<Timestamp>,
) -> Result<Depth, NotMeasurable> {
    let trigger = trigger.or_else(|| observed.liquidations.at.first().copied());
    let tried = VOLATILITY_HALF_LIVES_S.map(|half_life_s| {
        let rows = Rows::new(observed, &Paths::new(clocked, half_life_s, trigger), clocked);
        let fit = rows.regress(0..rows.at.len(), |rows, place| {
            vec![1.0, rows.log_volatility[place]]
        });
        (half_life_s, rows, fit)
    });
    let explained =
        |fit: &Result<Regression, NotMeasurable>| fit.as_ref().map_or(f64::NEG_INFINITY, |fit| fit.r_squared);
    let [first, others @ ..] = tried;
    let best = others.into_iter().fold(first, |best, one| {
        if explained(&one.2) > explained(&best.2) {
            one
        } else {
            best
        }
    });
    let (half_life_s, rows, _) = best;
    let all = 0..rows.at.len();
    let with_forced = rows.forced.iter().any(|one| *one > 0.0);
    let columns = |rows: &Rows, place: usize| {
        let mut columns = vec![1.0, rows.log_volatility[place]];
        if with_forced {
            columns.push(rows.forced[place]);
        }
        columns
    };
    let fit = rows.regress(all.clone(), columns)?;
    let gate = rows.gate(trigger);
    let one_sided = match (&gate, &trigger) {
        (OneSided::Passes { .. }, _) => rows
            .regress(all.clone(), |rows, place| {
                let mut columns = columns(rows, place);
                columns.push(rows.one_sided[place]);
                columns
            })
            .map_or(0.0, |fit| -fit.coefficients[fit.coefficients.len() - 1]),
        _ => 0.0,
    };
    let half = all.len() / 2;
    let hold_out = match rows.regress(0..half, |rows, place| vec![1.0, rows.log_volatility[place]]) {
        Err(_) => fidelity::depth(&[], &[]),
        Ok(first) => {
            let model =
                |place: usize| first.coefficients[0] + first.coefficients[1] * rows.log_volatility[place];
            let model: Vec<f64> = (half..all.len()).map(model).collect();
            fidelity::depth(&model, &rows.log_depth[half..])
        }
    };
    let of = |column: usize| (-fit.coefficients[column], fit.standard_errors[column]);
    Ok(Depth {
        volatility: of(1),
        volatility_half_life_s: half_life_s,
        forced: with_forced.then(|| of(2)),
        one_sided,
        gate,
        explained: fit.r_squared,
        readings: all.len(),
        hold_out,
    })
}

impl Rows {
    fn new(observed: &Observed, paths: &Paths, clocked: &Clocked) -> Self {
        let read = &observed.depth;
        let mut bands: Vec<f64> = observed.depth_band_pct.clone();
        bands.sort_by(f64::total_cmp);
        bands.dedup();
        let mut rows = Self {
            bands: bands.len(),
            ..Self::default()
        };
        let mut band_of = Vec::new();
        let step_us = clocked.step_s * 1e6;
        let mut before = None;
        let mut instant = None;
        for place in 0..read.at.len() {
            if instant != Some(read.at[place]) {
                before = instant;
                instant = Some(read.at[place]);
            }
            // What was known at the reading before.
            let Some(known) = before.map(|at: Timestamp| ((at.0 - clocked.from.0) as f64 / step_us) as usize)
            else {
                continue;
            };
            let depth = read.notional_usd[place];
            let known_usable = known > 0 && known <= clocked.len() && paths.volatility[known - 1] > 0.0;
            if !(known_usable && depth > 0.0 && read.at[place] > clocked.from) {
                continue;
            }
            rows.at.push(read.at[place]);
            rows.log_depth.push(libm::log(depth));
            rows.log_volatility
                .push(0.5 * libm::log(paths.volatility[known - 1]));
            rows.log_volume.push(libm::log(paths.volume[known - 1].max(1.0)));
            rows.one_sided.push(paths.one_sided[known - 1]);
            // Forced flow acts within seconds: it is that of the last ten before this reading, not the last.
            let now =
                (((read.at[place].0 - clocked.from.0) as f64 / step_us) as usize).clamp(1, clocked.len());
            rows.forced.push(paths.forced[now - 1]);
            let band = observed.depth_band_pct[place];
            band_of.push(bands.iter().position(|one| *one == band).unwrap_or(0));
        }
        let mut means = vec![(0.0, 0.0); bands.len()];
        for (log, band) in rows.log_depth.iter().zip(&band_of) {
            means[*band].0 += log;
            means[*band].1 += 1.0;
        }
        for (log, band) in rows.log_depth.iter_mut().zip(&band_of) {
            *log -= means[*band].0 / means[*band].1;
        }
        rows
    }

    /// Standard errors count residuals of five instants as neighbours, all bands of each.
    fn regress(
        &self,
        places: std::ops::Range<usize>,
        columns: impl Fn(&Self, usize) -> Vec<f64>,
    ) -> Result<Regression, NotMeasurable> {
        let count = places.len();
        let mut matrix = Vec::new();
        for place in places.clone() {
            matrix.extend(columns(self, place));
        }
        if count == 0 {
            return Err(NotMeasurable::TooFew { found: 0, needed: 30 });
        }
        regress(
            &matrix,
            matrix.len() / count,
            &self.log_depth[places],
            5 * self.bands,
        )
    }

    fn gate(&self, trigger: Option<Timestamp>) -> OneSided {
        let count = trigger.map_or(self.at.len(), |trigger| {
            self.at.partition_point(|at| *at < trigger)
        });
        let usable = (0..count).find(|place| self.one_sided[*place].is_finite());
        let Some(from) = usable.filter(|from| count - from >= 30 * self.bands.max(1)) else {
            return OneSided::NotMeasurable(format!(
                "{count} readings before the trigger, with {SAMPLE} buckets of volume before thirty of them needed"
            ));
        };
        let base = |rows: &Self, place: usize| vec![1.0, rows.log_volatility[place], rows.log_volume[place]];
        let with = |rows: &Self, place: usize| {
            let mut columns = base(rows, place);
            columns.push(rows.one_sided[place]);
            columns
        };
        let fits = self
            .regress(from..count, base)
            .and_then(|base| Ok((base, self.regress(from..count, with)?)));
        match fits {
            Err(why) => OneSided::NotMeasurable(format!("before the trigger: {why}")),
            Ok((base, with)) => {
                // Depth that is thinned by one-sided flow falls with it.
                let (adds, t) = (with.r_squared - base.r_squared, -with.t(3));
                if adds <= GATE.0 {
                    let why = "it adds no more than 0.01 to what volatility and volume explain";
                    OneSided::Fails { adds, t, why }
                } else if t <= GATE.1 {
                    let why = "its t is no more than 3";
                    OneSided::Fails { adds, t, why }
                } else {
                    OneSided::Passes { adds, t }
                }
            }
        }
    }
}

/// What is known at the end of each step.
struct Paths {
    /// Variance of a step.
    volatility: Vec<f64>,
    volume: Vec<f64>,
    /// One-sided flow of the last buckets; NaN before there are enough.
    one_sided: Vec<f64>,
    /// Whether forced flow was printed in the last ten seconds.
    forced: Vec<f64>,
}

impl Paths {
    fn new(clocked: &Clocked, volatility_half_life_s: f64, trigger: Option<Timestamp>) -> Self {
        let smooth = |values: &mut dyn Iterator<Item = f64>, half_life_s: f64| -> Vec<f64> {
            let keep = libm::exp2(-clocked.step_s / half_life_s);
            let (mut mean, mut weight) = (0.0, 0.0);
            let one = |value: f64| {
                weight = weight * keep + 1.0 - keep;
                mean += (1.0 - keep) / weight * (value - mean);
                mean
            };
            values.map(one).collect()
        };
        let recent = (RECENT_S / clocked.step_s).round().max(1.0) as usize;
        let mut since = usize::MAX;
        let forced = clocked.forced_usd.iter().map(|usd| {
            since = if *usd == 0.0 { since.saturating_add(1) } else { 0 };
            f64::from(u8::from(since < recent))
        });
        Self {
            volatility: smooth(
                &mut clocked.returns().iter().map(|r| r * r),
                volatility_half_life_s,
            ),
            volume: smooth(&mut clocked.volume_usd.iter().copied(), VOLUME_HALF_LIFE_S),
            one_sided: one_sided(clocked, trigger),
            forced: forced.collect(),
        }
    }
}

/// One-sided flow by true signs, at the end of each step.
fn one_sided(clocked: &Clocked, trigger: Option<Timestamp>) -> Vec<f64> {
    let before = trigger.map_or(clocked.len(), |trigger| {
        (trigger.seconds_since(clocked.from) / clocked.step_s).clamp(0.0, clocked.len() as f64) as usize
    });
    let all: f64 = clocked.volume_usd[..before].iter().sum();
    if all <= 0.0 {
        return vec![f64::NAN; clocked.len()];
    }
    let bucket = all / BUCKETS;
    let share = |(flow, volume): (&f64, &f64)| {
        if *volume > 0.0 {
            (0.5 * (1.0 + flow / volume)).clamp(0.0, 1.0)
        } else {
            0.5
        }
    };
    let shares: Vec<f64> = clocked
        .flow_usd
        .iter()
        .zip(&clocked.volume_usd)
        .map(share)
        .collect();
    let buckets: Vec<Bucket> = volume_buckets(&shares, &clocked.volume_usd, bucket).unwrap_or_default();
    let mut so_far = 0.0;
    let mut told: (usize, f64) = (0, f64::NAN);
    let of = |volume: &f64| {
        so_far += volume;
        let full = ((so_far / bucket) as usize).min(buckets.len());
        if full >= SAMPLE && full != told.0 {
            told = (full, vpin(&buckets[full - SAMPLE..full]).unwrap_or(f64::NAN));
        }
        told.1
    };
    clocked.volume_usd.iter().map(of).collect()
}

#[cfg(test)]
mod tests;
