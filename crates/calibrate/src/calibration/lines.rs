//! Parameters as lines: a value, its interval, and where it comes from.

use serde::Serialize;

use crate::clocked::Clocked;
use crate::fit::depth::{OneSided, depth};
use crate::fit::leverage::{Fitting, reference_prior};
use crate::fit::positions::Assumed;
use crate::fit::reporting::COLLINEARITY;
use crate::fit::{basis, latency, trend};
use crate::observed::Observed;
use crate::recover::{Asked, Calibrated, LEAST_LATENCY_S};

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Estimated from the tape.
    Fitted,
    /// Stands on the tape.
    Recorded,
    /// A prior within bounds that the tape sets.
    Bounded,
    /// A prior alone.
    Prior,
    /// The tape cannot tell, and nothing is put in its place.
    Untold,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Its value, where it is one number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// 5 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// 95 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Unit.
    pub unit: String,
    /// How it was found, or why it was not.
    pub how: String,
}

/// Half-width of nine tenths of a normal law, standard deviations.
const NINE_TENTHS: f64 = 1.644_853_626_951_472_7;
/// Longest lag of the mark that is looked for, s.
const MARK_LAG_S: f64 = 60.0;

struct Lines(Vec<Line>);

impl Lines {
    fn add(&mut self, name: &str, origin: Origin, value: Option<f64>, unit: &str, how: impl Into<String>) {
        self.0.push(Line {
            name: name.into(),
            origin,
            value,
            low: None,
            high: None,
            unit: unit.into(),
            how: how.into(),
        });
    }

    fn within(&mut self, low: f64, high: f64) {
        if let Some(last) = self.0.last_mut() {
            (last.low, last.high) = (Some(low), Some(high));
        }
    }
}

pub(super) fn of(asked: &Asked<'_>, calibrated: &Calibrated, others: &[Observed]) -> Vec<Line> {
    let mut lines = Lines(Vec::new());
    let recorded = &calibrated.recorded;
    lines.add(
        "sigma_daily",
        Origin::Recorded,
        Some(recorded.sigma_daily),
        "log",
        "standard deviation of bar closes before the span, over a day",
    );
    lines.add(
        "volume_daily_usd",
        Origin::Recorded,
        Some(recorded.volume_daily_usd),
        "USD",
        "volume of the bars before the span, over a day",
    );
    match calibrated.open_interest_usd {
        Some(usd) => lines.add(
            "open_interest_usd",
            Origin::Recorded,
            Some(usd),
            "USD",
            "last reading at or before the start, one side",
        ),
        None => lines.add(
            "open_interest_usd",
            Origin::Prior,
            None,
            "USD",
            "not on the tape: the prior's multiple of daily volume",
        ),
    }
    reporting(&mut lines, calibrated);
    weights(&mut lines, calibrated);
    pro_cyclical(&mut lines, asked);
    lags(&mut lines, asked);
    depths(&mut lines, asked);
    for other in others {
        bases(&mut lines, asked, other);
    }
    let told = [
        "impact_y",
        "impact_decay",
        "leverage_mix",
        "latency_s",
        "open_interest_ratio",
    ];
    for one in asked.priors.beliefs(recorded) {
        let fitted = lines.0.iter().any(|line| line.name == one.name);
        if !fitted && !told.contains(&one.name.as_str()) && one.origin == "prior" {
            lines.add(&one.name, Origin::Prior, one.value, &one.unit, one.text);
        }
    }
    lines.0
}

fn reporting(lines: &mut Lines, calibrated: &Calibrated) {
    let reporting = &calibrated.reporting;
    let (low, middle, high) = reporting.interval;
    let (origin, how) = match reporting.prior {
        None => (
            Origin::Recorded,
            "the feed says that it is complete, which is taken for true".to_owned(),
        ),
        Some((a, b)) => (
            Origin::Bounded,
            format!("Beta({a}, {b}) from {:.3} to 1. {COLLINEARITY}", reporting.least),
        ),
    };
    lines.add("reporting_share", origin, Some(middle), "share", how);
    lines.within(low, high);
    if let Some(share) = reporting.of_fall {
        lines.add(
            "printed_over_fall_of_open_interest",
            Origin::Recorded,
            Some(share),
            "share",
            "printed liquidations over the fall of open interest in the span; above the reporting share where liquidated positions \
             were opened again by others",
        );
    }
}

fn weights(lines: &mut Lines, calibrated: &Calibrated) {
    let Some(weighed) = &calibrated.weighed else {
        lines.add(
            "weights",
            Origin::Untold,
            None,
            "draws",
            "no forced flow is printed that draws could be weighed by",
        );
        return;
    };
    lines.add(
        "effective_draws",
        Origin::Fitted,
        Some(weighed.effective),
        "draws",
        format!(
            "of the closed loop, weighed by the flow that each regenerates in the first half of printed forced volume ({} bins of a \
             minute)",
            weighed.first_half
        ),
    );
    match weighed.second_half {
        Some((low, middle, high)) => {
            lines.add(
                "second_half_regenerated_over_printed",
                Origin::Fitted,
                Some(libm::exp(middle)),
                "ratio",
                "forced volume of the second half, which no weight has seen",
            );
            lines.within(libm::exp(low), libm::exp(high));
        }
        None => lines.add(
            "second_half_regenerated_over_printed",
            Origin::Untold,
            None,
            "ratio",
            "nothing is printed after the first half",
        ),
    }
}

fn pro_cyclical(lines: &mut Lines, asked: &Asked<'_>) {
    let around = Assumed::new(asked.brackets.tiers()[0].maintenance_ratio);
    let fitting = Fitting {
        draws: 0,
        ..Fitting::new(reference_prior(&around.classes))
    };
    let span_s = (0.0, asked.clocked.step_s * asked.clocked.len() as f64);
    match trend::trend(asked.observed, asked.clocked, &around, &fitting, span_s) {
        Ok(found) => {
            // At an end of what is looked at the best is not found.
            let told = found.improves && found.best.abs() < 1.0;
            lines.add(
                "leverage_with_trailing_return",
                if told { Origin::Fitted } else { Origin::Untold },
                told.then_some(found.best),
                "log leverage a standard deviation of trailing return",
                format!(
                    "leverage that rises with the return before the entry: {} the fit (gain of AIC {:.1}; best {:.2} of -1 to 1, \
                     whose ends count as not found); funding is not on what a calibration reads",
                    if found.improves { "improves" } else { "does not improve" },
                    found.aic_gain,
                    found.best
                ),
            );
        }
        Err(why) => lines.add(
            "leverage_with_trailing_return",
            Origin::Untold,
            None,
            "log leverage a standard deviation of trailing return",
            why.to_string(),
        ),
    }
}

fn lags(lines: &mut Lines, asked: &Asked<'_>) {
    match latency::latency(asked.observed) {
        Ok(found) => {
            lines.add(
                "latency_s",
                Origin::Fitted,
                Some(found.median_s),
                "s",
                format!(
                    "from a new extreme of the mark to the print; marks come every {:.2} s, and the trigger may lie as long before. \
                     The instrument takes fills of the first {LEAST_LATENCY_S} s of a step for triggered before it",
                    found.mark_spacing_s
                ),
            );
            lines.within(found.interval_s.0, found.interval_s.1);
        }
        Err(why) => lines.add("latency_s", Origin::Untold, None, "s", why.to_string()),
    }
    if asked.observed.marks.mark_usd.is_empty() {
        lines.add("mark_lag_s", Origin::Untold, None, "s", "no mark on the tape");
        return;
    }
    let steps = (MARK_LAG_S / asked.clocked.step_s).round() as usize;
    match latency::mark_lag(asked.clocked, steps) {
        Some((lag, correlation)) => lines.add(
            "mark_lag_s",
            Origin::Fitted,
            Some(lag as f64 * asked.clocked.step_s),
            "s",
            format!("lag at which changes of the mark go most with those of the mid (correlation {correlation:.2})"),
        ),
        None => lines.add("mark_lag_s", Origin::Untold, None, "s", "mark or mid does not move"),
    }
}

fn depths(lines: &mut Lines, asked: &Asked<'_>) {
    match depth(asked.observed, asked.clocked, None) {
        Ok(found) => {
            let (value, error) = found.volatility;
            lines.add(
                "depth_elasticity",
                Origin::Fitted,
                Some(value),
                "elasticity of depth to volatility",
                format!(
                    "over {} readings, volatility of half-life {:.0} s; explains {:.2} of log depth; G8 {}",
                    found.readings, found.volatility_half_life_s, found.explained, found.hold_out.verdict
                ),
            );
            lines.within(value - NINE_TENTHS * error, value + NINE_TENTHS * error);
            if let Some((value, error)) = found.forced {
                lines.add(
                    "depth_with_forced_flow",
                    Origin::Fitted,
                    Some(value),
                    "log depth",
                    "what leaves while forced orders were about in the last ten seconds",
                );
                lines.within(value - NINE_TENTHS * error, value + NINE_TENTHS * error);
            }
            let how = match &found.gate {
                OneSided::Passes { adds, t } => {
                    format!("passes its gate: adds {adds:.3} to what is explained, t {t:.1}")
                }
                OneSided::Fails { adds, t, why } => {
                    format!(
                        "fails its gate, {why}: adds {adds:.3} to what is explained, t {t:.1}; depth is not driven by it"
                    )
                }
                OneSided::NotMeasurable(why) => format!("not measurable: {why}; depth is not driven by it"),
            };
            let unseen = matches!(found.gate, OneSided::NotMeasurable(_));
            lines.add(
                "depth_with_one_sided_flow",
                if unseen { Origin::Untold } else { Origin::Fitted },
                (!unseen).then_some(found.one_sided),
                "log depth",
                how,
            );
        }
        Err(why) => lines.add(
            "depth_elasticity",
            Origin::Prior,
            None,
            "elasticity of depth to volatility",
            format!("{why}; the prior's is drawn"),
        ),
    }
}

fn bases(lines: &mut Lines, asked: &Asked<'_>, other: &Observed) {
    let clocked = asked.clocked;
    let to = clocked.from.plus_seconds(clocked.step_s * clocked.len() as f64);
    let name = format!("basis_half_life_s against {}:{}", other.venue, other.instrument);
    let found = Clocked::new(other, clocked.from, to, clocked.step_s)
        .map_err(|why| why.to_string())
        .and_then(|other| basis::basis(clocked, &other).map_err(|why| why.to_string()));
    match found {
        Ok(found) => {
            lines.add(
                &name,
                Origin::Fitted,
                Some(found.half_life_s),
                "s",
                format!(
                    "of the gap on {} steps without forced flow; a gap that forced flow opens may close otherwise",
                    found.steps
                ),
            );
            lines.within(found.half_life_interval_s.0, found.half_life_interval_s.1);
        }
        Err(why) => lines.add(&name, Origin::Untold, None, "s", why),
    }
}
