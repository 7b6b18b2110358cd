//! How far leverage is from the point where feedback sustains itself.

use crate::not_measurable::{NotMeasurable, require_finite};

/// Elasticity of the drawdown above which a scale counts as critical although the branching ratio stays below 1.
pub const CRITICAL_ELASTICITY: f64 = 3.0;

/// What a replay with all leverage scaled shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stress {
    /// Largest structural branching ratio over the replay, `max_t R_t`.
    pub branching: f64,
    /// Elasticity of the drawdown in the scale, as by [`crate::sensitivity::elasticity`].
    pub drawdown_elasticity: f64,
}

/// Where the system turns critical, if it does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Critical {
    /// Between `safe`, which was tried and is not critical, and `critical`, which was tried and is: `s_c`, the margin of
    /// safety. `stress` is that at `critical` and says which of the two conditions was met.
    Between {
        /// The largest scale below it that was tried.
        safe: f64,
        /// The smallest critical scale that was tried.
        critical: f64,
        /// What was seen there.
        stress: Stress,
    },
    /// Already critical at the first scale tried.
    AtOrBelow {
        /// That scale.
        scale: f64,
    },
    /// Not critical at any scale tried.
    NotUpTo {
        /// The largest of them.
        scale: f64,
    },
}

/// The smallest scale of leverage at which `max_t R_t >= 1` or the drawdown's elasticity is above 3.
///
/// The scales are tried ascending until one is critical; then the interval below it is halved until it is no longer
/// than `tolerance`. Stress need not grow with the scale: a critical island narrower than the steps between `scales` is
/// not seen. `stress` replays at a scale; its errors are passed on.
///
/// # Errors
/// Those of `stress`, and where it gives a number that is not finite.
///
/// # Panics
/// When no scale is given, they do not ascend from above zero, or the tolerance is not above zero.
///
/// ```
/// use aftershock_measure::{NotMeasurable, critical::{Critical, Stress, critical_scale}};
/// let replay = |s: f64| Ok::<_, NotMeasurable>(Stress { branching: 0.4 * s, drawdown_elasticity: 1.0 });
/// let found = critical_scale(&[1.0, 2.0, 3.0], 1e-3, replay).unwrap();
/// assert!(matches!(found, Critical::Between { critical, .. } if (critical - 2.5).abs() < 1e-3));
/// ```
pub fn critical_scale<E: From<NotMeasurable>>(
    scales: &[f64],
    tolerance: f64,
    mut stress: impl FnMut(f64) -> Result<Stress, E>,
) -> Result<Critical, E> {
    assert!(
        scales.first().is_some_and(|first| *first > 0.0) && scales.windows(2).all(|w| w[0] < w[1]),
        "scales must ascend from above zero"
    );
    assert!(tolerance > 0.0, "a tolerance of {tolerance} is never reached");
    let mut look = |scale: f64| -> Result<(bool, Stress), E> {
        let seen = stress(scale)?;
        require_finite(&[seen.branching, seen.drawdown_elasticity], 2)?;
        let is_critical = seen.branching >= 1.0 || seen.drawdown_elasticity > CRITICAL_ELASTICITY;
        Ok((is_critical, seen))
    };
    let mut below = None;
    for &scale in scales {
        let (is_critical, seen) = look(scale)?;
        if !is_critical {
            below = Some(scale);
            continue;
        }
        let Some(mut safe) = below else {
            return Ok(Critical::AtOrBelow { scale });
        };
        let (mut critical, mut at_critical) = (scale, seen);
        while critical - safe > tolerance {
            let middle = 0.5 * (safe + critical);
            if middle <= safe || middle >= critical {
                break; // The tolerance is finer than the numbers are.
            }
            match look(middle)? {
                (true, seen) => (critical, at_critical) = (middle, seen),
                (false, _) => safe = middle,
            }
        }
        return Ok(Critical::Between {
            safe,
            critical,
            stress: at_critical,
        });
    }
    Ok(Critical::NotUpTo {
        scale: scales[scales.len() - 1],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Seen = Result<Stress, NotMeasurable>;

    fn linear(scale: f64) -> Seen {
        // R = 0.3·s and an elasticity of 1/(1 − R): critical at R = 2/3 by the drawdown, before R reaches 1.
        let branching = 0.3 * scale;
        Ok(Stress {
            branching,
            drawdown_elasticity: 1.0 / (1.0 - branching),
        })
    }

    /// Source: by hand: 1/(1 − 0.3·s) is above 3 from s = 20/9.
    #[test]
    fn the_drawdown_turns_first() {
        let found = critical_scale(&[0.5, 1.0, 2.0, 3.0], 1e-6, linear).unwrap();
        let Critical::Between {
            safe,
            critical,
            stress,
        } = found
        else {
            panic!("{found:?}")
        };
        assert!(safe < 20.0 / 9.0 + 1e-9 && critical >= 20.0 / 9.0 && critical - safe <= 1e-6);
        assert!(stress.branching < 1.0 && stress.drawdown_elasticity > 3.0);
    }

    #[test]
    fn a_jump_is_found_however_fine_the_tolerance() {
        let step = |s: f64| -> Seen {
            Ok(Stress {
                branching: if s < 1.7 { 0.1 } else { 5.0 },
                drawdown_elasticity: 1.0,
            })
        };
        let found = critical_scale(&[1.0, 4.0], f64::MIN_POSITIVE, step).unwrap();
        assert!(matches!(found, Critical::Between { safe, critical, .. } if safe < 1.7 && critical == 1.7));
    }

    #[test]
    fn none_or_all() {
        assert_eq!(
            critical_scale(&[0.5, 1.0], 0.1, linear),
            Ok(Critical::NotUpTo { scale: 1.0 })
        );
        assert_eq!(
            critical_scale(&[3.0, 4.0], 0.1, linear),
            Ok(Critical::AtOrBelow { scale: 3.0 })
        );
    }

    #[test]
    fn a_number_that_is_none_is_never_safe() {
        let unknown = |_| -> Seen {
            Ok(Stress {
                branching: f64::NAN,
                drawdown_elasticity: 1.0,
            })
        };
        assert_eq!(
            critical_scale(&[1.0], 0.1, unknown),
            Err(NotMeasurable::NotFinite { index: 0 })
        );
        assert_eq!(
            critical_scale(&[1.0], 0.1, |_| Err(NotMeasurable::NoVariation)),
            Err(NotMeasurable::NoVariation)
        );
    }
}
