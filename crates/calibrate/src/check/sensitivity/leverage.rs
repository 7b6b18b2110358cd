//! All leverage a little higher: where the answer turns from small to large.

use aftershock_measure::critical::{Critical, Stress, critical_scale};
use aftershock_measure::sensitivity::elasticity;
use aftershock_measure::signature::changes;
use aftershock_measure::variance::realized_variance;

use super::super::{CheckError, Crash, branching};
use super::{Measured, drawdown, path};
use crate::synth::Declared;

/// Scales that are shown.
const SHOWN: [f64; 5] = [0.5, 0.75, 1.0, 1.5, 2.0];
/// Scales that are tried for the critical one, before halving in between.
const TRIED: [f64; 9] = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0];
/// How closely the critical scale is found.
const TOLERANCE: f64 = 0.05;
/// Share by which leverage is moved for the elasticity.
const STRETCH: f64 = 0.1;
/// No leverage comes closer than this to one that maintenance margin forbids.
const CEILING: f64 = 0.9;

/// The crash with all leverage multiplied.
fn scaled(crash: &Crash, scale: f64) -> Result<Crash, CheckError> {
    let mut declared: Declared = crash.declared.clone();
    for venue in &mut declared.venues {
        let most = CEILING / venue.maintenance_ratio;
        for (leverage, _) in &mut venue.leverage {
            *leverage = (*leverage * scale).clamp(1.0, most);
        }
    }
    Ok(Crash::new(&declared)?)
}

pub(super) fn measured(crash: &Crash) -> Result<Vec<Measured>, CheckError> {
    let mut shown = Vec::new();
    for scale in SHOWN {
        let crash = scaled(crash, scale)?;
        let run = crash.factual()?;
        let debt: f64 = (0..crash.markets())
            .map(|market| {
                let price_usd = if crash.spec.instruments[market].inverse {
                    crash.declared.assets[crash.spec.instruments[market].asset].price_usd
                } else {
                    1.0
                };
                run.bad_debt[market].to_f64() * price_usd
            })
            .sum();
        let taken: f64 = run.journal.orders.iter().map(|row| row.deleveraged_usd).sum();
        let every = (f64::from(crash.declared.amplification_clock_s) / crash.spec.clock_s).round() as usize;
        let null: Vec<f64> = run
            .journal
            .prices
            .iter()
            .filter(|row| row.market == 0)
            .map(|row| row.log_null)
            .collect();
        let variance = |path: &[f64]| realized_variance(&changes(path, every));
        shown.push(format!(
            "×{scale}: A {:.2}, fall {:.2} %, deleveraged {:.0} M, bad debt {:.1} M USD",
            variance(&path(&run)) / variance(&null),
            -100.0 * libm::expm1(-drawdown(&run)),
            taken / 1e6,
            debt / 1e6
        ));
    }
    let stress = |scale: f64| -> Result<Stress, CheckError> {
        let fallen =
            |scale: f64| -> Result<f64, CheckError> { Ok(drawdown(&scaled(crash, scale)?.factual()?)) };
        let at = scaled(crash, scale)?;
        let found = branching(&at, &at.factual()?);
        Ok(Stress {
            branching: found.map_or(0.0, |one| one.slope),
            drawdown_elasticity: elasticity(fallen, scale, STRETCH)?,
        })
    };
    let at = |stress: Stress| {
        format!(
            "there the local ratio is {:.2} and the elasticity of the fall {:.2}",
            stress.branching, stress.drawdown_elasticity
        )
    };
    let critical = match critical_scale(&TRIED, TOLERANCE, stress)? {
        Critical::Between {
            safe,
            critical,
            stress,
        } => {
            format!("between ×{safe:.2} and ×{critical:.2}; {}", at(stress))
        }
        Critical::AtOrBelow { scale } => format!("at ×{scale} or below"),
        Critical::NotUpTo { scale } => format!("none up to ×{scale}"),
    };
    Ok(vec![
        Measured {
            measure: "all leverage scaled",
            figure: shown.join("; "),
            meaning: "the same news and open interest with other leverage; who would have been broken before the start is \
                      replaced by others",
        },
        Measured {
            measure: "critical leverage",
            figure: critical,
            meaning: "smallest scale at which a dollar of forced flow frees a dollar at once (impact's slope as it stands, a \
                      mean over forced flow) or the fall grows by more than 3 % for 1 % of leverage",
        },
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::declared;

    #[test]
    fn leverage_stays_below_what_maintenance_forbids() {
        let crash = Crash::new(&declared(1)).expect("it is a crash");
        let scaled = scaled(&crash, 4.0).expect("it is a crash");
        let highest = |crash: &Crash| {
            let classes = crash.declared.venues[0].leverage.iter();
            classes.map(|class| class.0).fold(0.0, f64::max)
        };
        // 0.9 over a maintenance ratio of 0.005.
        assert_eq!((highest(&crash), highest(&scaled)), (100.0, 180.0));
    }
}
