//! The last price of a grid at which something still holds.

use aftershock_market::{Price, Side, UNITS_PER_ONE};

/// Coming from the side's sound end (high for a long, low for a short) the last price of the grid of 1e-8 USD at
/// which `holds`; `None` where it holds to the other end, or nowhere. There must be one change at most.
///
/// The search gallops away from `candidate_usd` and bisects, so that the candidate decides how long it takes and
/// nothing else; without one it starts at the unsound end.
pub(super) fn last_sound(
    side: Side,
    candidate_usd: Option<f64>,
    holds: impl Fn(Price) -> bool,
) -> Option<Price> {
    let (downhill, end) = match side {
        Side::Long => (-1, 1),
        Side::Short => (1, i64::MAX),
    };
    let on_grid = |usd: f64| ((usd * UNITS_PER_ONE as f64).round() as i64).max(1);
    let start = candidate_usd.map_or(end, on_grid);
    let start_holds = holds(Price(start));
    let away = if start_holds { downhill } else { -downhill };
    let (mut near, mut far, mut step) = (start, start, 1_i64);
    while holds(Price(far)) == start_holds {
        near = far;
        far = near.saturating_add(away * step).max(1);
        if far == near {
            return None;
        }
        step = step.saturating_mul(2);
    }
    let (mut sound, mut unsound) = if start_holds { (near, far) } else { (far, near) };
    while sound.abs_diff(unsound) > 1 {
        let middle = sound + (unsound - sound) / 2;
        if holds(Price(middle)) {
            sound = middle;
        } else {
            unsound = middle;
        }
    }
    Some(Price(sound))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wherever the search starts, it ends at the change, down to both ends of the grid.
    #[test]
    fn any_candidate_finds_the_change() {
        let most = i64::MAX;
        let candidates = [
            None,
            Some(0.0),
            Some(1e-8),
            Some(5e-8),
            Some(123.0),
            Some(9e10),
            Some(1e30),
        ];
        for last in [1, 2, 3, 7, 100, 12_345_678_901, most - 2, most - 1, most] {
            for candidate in candidates {
                let long = last_sound(Side::Long, candidate, |price| price.0 >= last);
                assert_eq!(long, (last > 1).then_some(Price(last)), "{candidate:?}");
                let short = last_sound(Side::Short, candidate, |price| price.0 <= last);
                assert_eq!(short, (last < most).then_some(Price(last)), "{candidate:?}");
            }
        }
        assert_eq!(last_sound(Side::Long, Some(1.0), |_| false), None);
        assert_eq!(last_sound(Side::Short, Some(1.0), |_| false), None);
    }
}
