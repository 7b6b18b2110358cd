//! A tape of one market as the engine takes it: bars before the span, then a clock.

use aftershock_market::Timestamp;
use aftershock_measure::moments::sample_std;
use aftershock_replay::Path;

use super::{DAY_S, FlowOrigin, LEAST_BARS, OpenInterest, Recorded, RecordedError, push};
use crate::clocked::Clocked;
use crate::observed::{Bars, Observed};

/// Rules are put their steps once a minute, as on bars of one.
const DECISION_S: f64 = 60.0;

impl Recorded {
    /// A tape's bars up to the clock's start, and its clock from there on. Open interest is [`OpenInterest::Prior`]: what
    /// the tape says of it is a matter of the calibration.
    ///
    /// # Errors
    /// Too few bars before the clock begins, or none with a volume.
    pub fn of_tape(observed: &Observed, clocked: &Clocked) -> Result<Self, RecordedError> {
        let bars = &observed.bars;
        let lead = bars.close_at.partition_point(|at| *at <= clocked.from);
        if lead < LEAST_BARS {
            return Err(RecordedError::ShortLeadIn {
                bars: lead,
                from: clocked.from,
            });
        }
        // Holes between bars are no time in which nothing traded.
        let lead_s: f64 = (0..lead)
            .map(|bar| bars.close_at[bar].seconds_since(bars.open_at[bar]))
            .sum();
        let returns: Vec<f64> = bars.close_usd[..lead]
            .windows(2)
            .map(|pair| libm::log(pair[1] / pair[0]))
            .collect();
        let bar_s = lead_s / lead as f64;
        let sigma_daily = sample_std(&returns).unwrap_or(0.0) * (DAY_S / bar_s).sqrt();
        let volume_daily_usd = bars.volume_usd[..lead].iter().sum::<f64>() / lead_s * DAY_S;
        if !(volume_daily_usd > 0.0 && sigma_daily > 0.0) {
            return Err(RecordedError::NoVolume {
                venues: vec![observed.venue.clone()],
                from: clocked.from,
            });
        }
        let path = path(bars, lead, clocked);
        let close_at: Vec<Timestamp> = (path.first..path.len())
            .filter(|waypoint| path.bar_close[*waypoint])
            .map(|waypoint| path.at[waypoint])
            .collect();
        Ok(Self {
            paths: [path.clone(), path],
            sigma_daily,
            volume_daily_usd,
            volume_days: 0,
            bar_volume_daily_usd: volume_daily_usd,
            flow_origin: FlowOrigin {
                recorded: 1.0,
                ..FlowOrigin::default()
            },
            open_interest: OpenInterest::Prior,
            close_at,
        })
    }
}

/// Four prices a bar, high before low, then one a step.
fn path(bars: &Bars, lead: usize, clocked: &Clocked) -> Path {
    let mut path = Path {
        ordinary_holds_forced: true,
        ..Path::default()
    };
    for bar in 0..lead {
        let (from, to) = (bars.open_at[bar].0, bars.close_at[bar].0);
        let prices = [
            bars.open_usd[bar],
            bars.high_usd[bar],
            bars.low_usd[bar],
            bars.close_usd[bar],
        ];
        for (leg, price_usd) in prices.into_iter().enumerate() {
            let at = from + (to - from) * leg as i64 / 3;
            let volume_usd = if leg == 0 { 0.0 } else { bars.volume_usd[bar] / 3.0 };
            push(&mut path, at, libm::log(price_usd), volume_usd, 0.0);
        }
        path.bar_close.pop();
        path.bar_close.push(true);
    }
    path.first = path.len();
    let step_us = clocked.step_s * aftershock_market::MICROS_PER_SECOND as f64;
    let every = (DECISION_S / clocked.step_s).round().max(1.0) as usize;
    for step in 0..clocked.len() {
        let at = clocked.from.0 + ((step + 1) as f64 * step_us).round() as i64;
        push(
            &mut path,
            at,
            clocked.log_mid[step + 1],
            clocked.volume_usd[step],
            clocked.flow_usd[step],
        );
        if (step + 1) % every == 0 || step + 1 == clocked.len() {
            path.bar_close.pop();
            path.bar_close.push(true);
        }
    }
    path
}
