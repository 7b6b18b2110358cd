//! What rests in the book when flow comes, over what rests in normal times, off the tape's depth bands.

use aftershock_measure::quantile::median;

use crate::clocked::Clocked;
use crate::observed::Observed;

/// Share of printed forced flow before which times are normal.
const BEFORE: f64 = 0.05;
/// Depth is never taken for less than this share of normal, as in the priors.
const FLOOR: f64 = 0.02;

/// For each step the depth that its flow meets over normal: the bids' where more was sold than bought, else the asks', by
/// the last reading of the nearest band before the step. `None` where the tape has no bands on both sides.
pub(super) fn depth_ratio(observed: &Observed, clocked: &Clocked) -> Option<Vec<f64>> {
    let side = |bids: bool| {
        let nearest = observed
            .depth_band_pct
            .iter()
            .filter(|pct| (**pct < 0.0) == bids)
            .map(|pct| pct.abs())
            .fold(f64::INFINITY, f64::min);
        let (mut at, mut usd) = (Vec::new(), Vec::new());
        for (place, pct) in observed.depth_band_pct.iter().enumerate() {
            if (*pct < 0.0) == bids && pct.abs() == nearest {
                at.push(observed.depth.at[place].0);
                usd.push(observed.depth.notional_usd[place]);
            }
        }
        let calm = at.partition_point(|at| *at <= calm_until(clocked));
        let normal = median(&usd[..calm])?;
        (normal > 0.0).then(|| {
            (
                at,
                usd.iter()
                    .map(|usd| (usd / normal).max(FLOOR))
                    .collect::<Vec<f64>>(),
            )
        })
    };
    let sides = [side(false)?, side(true)?];
    let step_us = clocked.step_s * 1e6;
    let mut next = [0, 0];
    let ratios = (0..clocked.len()).map(|step| {
        let begins = clocked.from.0 + (step as f64 * step_us) as i64;
        let which = usize::from(clocked.flow_usd[step] < 0.0);
        let (at, ratio) = &sides[which];
        while next[which] < at.len() && at[next[which]] <= begins {
            next[which] += 1;
        }
        next[which].checked_sub(1).map_or(1.0, |last| ratio[last])
    });
    Some(ratios.collect())
}

/// The end of normal times, µs: where the first of the forced flow has been printed; the end of the tape without any.
fn calm_until(clocked: &Clocked) -> i64 {
    let total: f64 = clocked.forced_usd.iter().map(|usd| usd.abs()).sum();
    let mut sum = 0.0;
    let step = clocked.forced_usd.iter().position(|usd| {
        sum += usd.abs();
        total > 0.0 && sum > BEFORE * total
    });
    let step = step.unwrap_or(clocked.len());
    clocked.from.0 + (step as f64 * clocked.step_s * 1e6) as i64
}
