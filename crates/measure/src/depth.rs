//! What a market order pays while it walks the book.

/// Log distance of the last and of the average fill when `quantity_usd` walks a book of constant density.
///
/// `depth_usd_per_log` is the resting USD per unit of log price on the side that is hit, so `V(x) = D·x` lies within
/// `x` of the mid, the last fill is at `Q/D` and the average at half of that. Both answers carry the sign of the
/// quantity: a sale is below the mid. The average is the mean of the log price weighted by quantity.
///
/// A book without depth answers with infinities, unless nothing is asked of it; a negative depth counts as none.
///
/// ```
/// // 5 million USD into 1 million USD per 1 % (100 million USD per unit log): to 5 %, at 2.5 % on average.
/// assert_eq!(aftershock_measure::depth::walk_book(1e8, 5e6), (0.05, 0.025));
/// ```
#[inline]
pub fn walk_book(depth_usd_per_log: f64, quantity_usd: f64) -> (f64, f64) {
    if quantity_usd == 0.0 {
        return (0.0, 0.0);
    }
    // Not `f64::max`, which would turn an unknown depth into none.
    let depth = if depth_usd_per_log < 0.0 {
        0.0
    } else {
        depth_usd_per_log.abs()
    };
    let end_log = quantity_usd / depth;
    (end_log, end_log / 2.0)
}

#[cfg(test)]
mod tests {
    use super::walk_book;

    #[test]
    fn a_sale_goes_down() {
        assert_eq!(walk_book(2e8, -5e6), (-0.025, -0.0125));
    }

    #[test]
    fn the_average_is_what_small_slices_pay() {
        let (depth, quantity, slices) = (3e7, 1.2e6, 100_000);
        let paid: f64 = (0..slices)
            .map(|i| quantity * (f64::from(i) + 0.5) / f64::from(slices) / depth)
            .sum();
        let (_, mean_log) = walk_book(depth, quantity);
        assert!((paid / f64::from(slices) - mean_log).abs() < 1e-12);
    }

    #[test]
    fn no_depth() {
        assert_eq!(walk_book(0.0, 0.0), (0.0, 0.0));
        for depth in [0.0, -0.0, -5.0] {
            assert_eq!(walk_book(depth, 1.0), (f64::INFINITY, f64::INFINITY));
            assert_eq!(walk_book(depth, -1.0), (f64::NEG_INFINITY, f64::NEG_INFINITY));
        }
        assert!(walk_book(f64::NAN, 1.0).0.is_nan());
    }
}
