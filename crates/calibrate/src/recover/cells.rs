//! The structural cells: what nobody knows of impact's form, each fitted by itself.

use crate::clocked::Clocked;
use crate::fit::impact::{Choice, ImpactFit, ImpactForm, ImpactShape, Settings, fit, predetermined};
use crate::observed::Observed;
use crate::{Priors, Recorded};

/// How much slower impact may decay than the priors have it, times.
const SLOWER: [f64; 3] = [1.0 / 3.0, 1.0, 3.0];
/// Flow at which the straight line agrees with the square root, days of volume.
const AGREE_DAYS: f64 = 0.002;
/// Flow at which the logarithm bends, days of volume.
const BEND_DAYS: f64 = 0.0005;

/// A form of impact on a tape, with what its `Y` is found to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The form.
    pub form: ImpactForm,
    /// How much slower it decays than the priors have it, times.
    pub slower: f64,
    /// Whether flow counts for more where less rests, as the tape shows it.
    pub thin: bool,
    /// What the tape says of it.
    pub fit: ImpactFit,
}

/// Fits every cell: three decays, three shapes, with and without recorded depth where there is one.
pub(super) fn cells(
    priors: &Priors,
    (observed, clocked): (&Observed, &Clocked),
    recorded: &Recorded,
    depth_ratio: Option<&[f64]>,
    latency_s: f64,
) -> Vec<Cell> {
    let forced = predetermined(observed, clocked, Choice::Predetermined { latency_s });
    let volume = recorded.volume_daily_usd;
    let root = ImpactShape::SquareRoot {
        sigma_daily: recorded.sigma_daily,
        volume_daily_usd: volume,
        j0_usd: volume * priors.impact_floor_s() / 86_400.0,
    };
    let shapes = [
        ("square root", root),
        ("logarithm", root.log_at(AGREE_DAYS * volume, BEND_DAYS * volume)),
        ("straight", root.linear_at(AGREE_DAYS * volume)),
    ];
    let (half_lives, weights) = priors.impact_decay();
    let settings = Settings::default();
    let mut cells = Vec::new();
    for (shape_name, shape) in shapes {
        for slower in SLOWER {
            for thin in [false, true] {
                let ratio = if thin { depth_ratio } else { None };
                if thin && ratio.is_none() {
                    continue;
                }
                let form = ImpactForm {
                    name: format!(
                        "{shape_name}, decay {slower:.2} times{}",
                        if thin { ", recorded depth" } else { "" }
                    ),
                    half_lives_s: half_lives.map(|half_life| half_life * slower).to_vec(),
                    weights: weights.to_vec(),
                    shape,
                };
                let fit = fit(clocked, &form, &forced, ratio, &settings);
                cells.push(Cell {
                    form,
                    slower,
                    thin,
                    fit,
                });
            }
        }
    }
    cells
}
