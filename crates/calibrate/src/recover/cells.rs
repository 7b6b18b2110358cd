//! The structural cells: what nobody knows of impact's form, each fitted by itself.

use crate::clocked::Clocked;
use crate::fit::impact::{
    Cell as Fitted, Choice, ImpactForm, ImpactShape, Settings, fit_cells, predetermined,
};
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
    pub fitted: Fitted,
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
    let mut forms = Vec::new();
    for (shape_name, shape) in shapes {
        for slower in SLOWER {
            forms.push(ImpactForm {
                name: format!("{shape_name}, decay {slower:.2} times"),
                half_lives_s: half_lives.map(|half_life| half_life * slower).to_vec(),
                weights: weights.to_vec(),
                shape,
            });
        }
    }
    let depths = [Some(None), depth_ratio.map(Some)];
    let mut cells = Vec::new();
    for ratio in depths.into_iter().flatten() {
        let fitted = fit_cells(clocked, &forms, &forced, ratio, &settings);
        for (place, (form, fitted)) in forms.iter().zip(fitted).enumerate() {
            cells.push(Cell {
                form: form.clone(),
                slower: SLOWER[place % SLOWER.len()],
                thin: ratio.is_some(),
                fitted,
            });
        }
    }
    cells
}
