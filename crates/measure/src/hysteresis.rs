//! Whether the way up and the way down differ: a parameter swept both ways through a state that remembers.

use crate::not_measurable::{NotMeasurable, require_finite};

/// A quantity along a sweep up and back down, both in the order of the scales.
#[derive(Debug, Clone, PartialEq)]
pub struct Hysteresis {
    /// The scales, ascending.
    pub scales: Vec<f64>,
    /// The quantity at each scale on the way up.
    pub up: Vec<f64>,
    /// The quantity at each scale on the way down.
    pub down: Vec<f64>,
}

/// Sweeps `scales` up and then down again with one state carried along.
///
/// `settle` moves the state to a scale and gives the quantity, such as the final open interest of a replay that starts
/// where the last one ended. A state that forgets gives no loop; a sweep in steps too long or settled too briefly gives
/// one that is the sweep's own.
///
/// # Errors
/// Those of `settle`, and where it gives a number that is not finite; the index is that of the scale.
///
/// # Panics
/// When fewer than two scales are given or they do not ascend.
pub fn sweep_both_ways<S, E: From<NotMeasurable>>(
    scales: &[f64],
    mut state: S,
    mut settle: impl FnMut(&mut S, f64) -> Result<f64, E>,
) -> Result<Hysteresis, E> {
    assert!(
        scales.len() >= 2 && scales.windows(2).all(|w| w[0] < w[1]),
        "a sweep needs two scales or more, ascending"
    );
    let mut visit = |&scale: &f64| settle(&mut state, scale);
    let up: Vec<f64> = scales.iter().map(&mut visit).collect::<Result<_, E>>()?;
    let mut down: Vec<f64> = scales.iter().rev().map(&mut visit).collect::<Result<_, E>>()?;
    down.reverse();
    require_finite(&up, 0)?;
    require_finite(&down, 0)?;
    Ok(Hysteresis {
        scales: scales.to_vec(),
        up,
        down,
    })
}

impl Hysteresis {
    /// Area between the two ways, `∫|up − down|` by trapezoids, unit of the quantity times that of the scale.
    pub fn area(&self) -> f64 {
        let gaps: Vec<f64> = self.gaps().collect();
        let widths = self.scales.windows(2).map(|w| w[1] - w[0]);
        gaps.windows(2)
            .zip(widths)
            .map(|(g, width)| 0.5 * (g[0] + g[1]) * width)
            .sum()
    }

    /// Largest difference between the two ways at one scale.
    pub fn largest_gap(&self) -> f64 {
        self.gaps().fold(0.0, f64::max)
    }

    /// Scale above which the largest change to the next scale lies, on the way up and on the way down. Where these
    /// differ and the changes are large against the others, the transition is abrupt, as of first order.
    pub fn jumps(&self) -> (f64, f64) {
        let largest = |way: &[f64]| {
            let mut found = (0.0, self.scales[0]);
            for (values, scale) in way.windows(2).zip(&self.scales) {
                let change = (values[1] - values[0]).abs();
                if change > found.0 {
                    found = (change, *scale);
                }
            }
            found.1
        };
        (largest(&self.up), largest(&self.down))
    }

    fn gaps(&self) -> impl Iterator<Item = f64> {
        self.up.iter().zip(&self.down).map(|(up, down)| (up - down).abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    /// Source: by hand: a switch that turns on at 3 and off at 1 is apart on both ways at 1 < s < 3.
    #[test]
    fn a_switch_with_two_thresholds() {
        let scales: Vec<f64> = (0..=8).map(|i| 0.5 * f64::from(i)).collect();
        let loop_ = sweep_both_ways(&scales, false, |on, s| {
            *on = s >= 3.0 || (*on && s > 1.0);
            Ok::<_, NotMeasurable>(f64::from(*on))
        })
        .unwrap();
        assert_eq!(loop_.up, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
        assert_eq!(loop_.down, [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
        assert_close(loop_.area(), 1.5);
        assert_eq!(loop_.largest_gap(), 1.0);
        assert_eq!(loop_.jumps(), (2.5, 1.0));
    }

    #[test]
    fn a_state_that_forgets_gives_no_loop() {
        let loop_ = sweep_both_ways(&[1.0, 2.0, 4.0], (), |(), s| Ok::<_, NotMeasurable>(s * s)).unwrap();
        assert_eq!((loop_.area(), loop_.largest_gap()), (0.0, 0.0));
        assert_eq!(loop_.jumps(), (2.0, 2.0));
    }

    #[test]
    fn nothing_to_measure() {
        let broken = sweep_both_ways(&[1.0, 2.0], (), |(), s| {
            Ok::<_, NotMeasurable>(if s > 1.0 { f64::NAN } else { 0.0 })
        });
        assert_eq!(broken, Err(NotMeasurable::NotFinite { index: 1 }));
        let failed = sweep_both_ways(&[1.0, 2.0], (), |(), _| Err(NotMeasurable::NoVariation));
        assert_eq!(failed, Err(NotMeasurable::NoVariation));
    }
}
