//! Who was the aggressor, where the record does not say.
//!
//! Source: the documentation of `vpin` in the R package `PINstimation` (bulk volume classification, buckets, VPIN).

pub use crate::normal::normal_cdf;

/// Share of a bar's volume counted as bought by bulk classification, `Φ(ΔP/σ)`, in [0, 1].
///
/// `delta_price` is the bar's price change and `sigma` the standard deviation of such changes in the same unit, taken
/// from bars before this one where a replay must not look ahead. An unchanged price gives one half; without any
/// variation (`sigma` not above zero) a change gives all or nothing. The share is modelled, never recorded.
///
/// ```
/// assert_eq!(aftershock_measure::flow::bulk_buy_share(0.0, 12.5), 0.5);
/// ```
#[inline]
pub fn bulk_buy_share(delta_price: f64, sigma: f64) -> f64 {
    if delta_price == 0.0 && !sigma.is_nan() {
        return 0.5;
    }
    let scale = if sigma <= 0.0 { 0.0 } else { sigma };
    normal_cdf(delta_price / scale)
}

/// Bought and sold volume of one bucket, in the unit of the bars it was filled from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Volume whose aggressor bought.
    pub buy: f64,
    /// Volume whose aggressor sold.
    pub sell: f64,
}

/// Pours bars into buckets of equal volume, splitting a bar across as many as it fills.
///
/// `buy_shares` holds each bar's bought share, in [0, 1]: [`bulk_buy_share`], or the recorded share where there is
/// one. `volumes` and `bucket_volume` share any one unit. A last bucket that does not fill is dropped. `None` where a
/// share is outside [0, 1], a volume is negative, something is not finite, or a bar would fill more than a million
/// buckets.
///
/// # Panics
/// When `buy_shares` and `volumes` differ in length.
pub fn volume_buckets(buy_shares: &[f64], volumes: &[f64], bucket_volume: f64) -> Option<Vec<Bucket>> {
    assert_eq!(
        buy_shares.len(),
        volumes.len(),
        "every bar needs one share and one volume"
    );
    let usable = |share: f64, volume: f64| {
        (0.0..=1.0).contains(&share) && (0.0..=1e6 * bucket_volume).contains(&volume)
    };
    if !(bucket_volume > 0.0 && bucket_volume.is_finite()) {
        return None;
    }
    // What rounding leaves over at the brim is neither a bucket nor room for one.
    let dust = 1e-12 * bucket_volume;
    let mut buckets = Vec::new();
    let mut open = Bucket { buy: 0.0, sell: 0.0 };
    let mut room = bucket_volume;
    for (&share, &volume) in buy_shares.iter().zip(volumes) {
        if !usable(share, volume) {
            return None;
        }
        let mut left = volume;
        while left > dust {
            let taken = left.min(room);
            open.buy += taken * share;
            open.sell += taken * (1.0 - share);
            left -= taken;
            room -= taken;
            if room <= dust {
                buckets.push(open);
                open = Bucket { buy: 0.0, sell: 0.0 };
                room = bucket_volume;
            }
        }
    }
    Some(buckets)
}

/// Volume-synchronised probability of informed trading: the mean of `|buy − sell|` over a bucket's volume, in [0, 1].
///
/// The customary sample is the last 50 buckets, each a 50th of a day's volume. It describes how one-sided the flow
/// was; it is not used to predict. `None` for no buckets, or buckets without volume.
pub fn vpin(buckets: &[Bucket]) -> Option<f64> {
    let imbalance: f64 = buckets.iter().map(|b| (b.buy - b.sell).abs()).sum();
    let volume: f64 = buckets.iter().map(|b| b.buy + b.sell).sum();
    (volume > 0.0).then(|| imbalance / volume)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;
    use crate::moments::sample_std;

    #[test]
    fn shares_mirror_and_grow() {
        let mut before = 0.0;
        for dp in [-900.0, -3.0, -0.5, 0.0, 0.5, 3.0] {
            let share = bulk_buy_share(dp, 1.5);
            assert!(share >= before);
            assert_close(share + bulk_buy_share(-dp, 1.5), 1.0);
            assert_eq!(share, bulk_buy_share(2.0 * dp, 3.0));
            before = share;
        }
    }

    #[test]
    fn no_variation_or_no_number() {
        assert_eq!(bulk_buy_share(0.0, 0.0), 0.5);
        assert_eq!(bulk_buy_share(1.0, 0.0), 1.0);
        assert_eq!(bulk_buy_share(-1.0, -2.0), 0.0);
        assert!(bulk_buy_share(f64::NAN, 1.0).is_nan());
        assert!(bulk_buy_share(1.0, f64::NAN).is_nan());
        assert!(bulk_buy_share(0.0, f64::NAN).is_nan());
    }

    const PRICE_CHANGES: [f64; 8] = [0.5, -0.3, 0.1, -1.2, -0.4, 0.9, 0.0, -0.2];
    const VOLUMES: [f64; 8] = [120.0, 80.0, 200.0, 300.0, 100.0, 250.0, 50.0, 100.0];

    /// Source: computed independently in Python from the formula.
    #[test]
    fn four_buckets_from_eight_bars() {
        let sigma = sample_std(&PRICE_CHANGES).unwrap_or(f64::NAN);
        assert_close(sigma, 0.6273527146441853);
        let shares = PRICE_CHANGES.map(|dp| bulk_buy_share(dp, sigma));
        let buckets = volume_buckets(&shares, &VOLUMES, 300.0).unwrap_or_default();
        let expected = [
            (176.10556103391096, 123.89443896608904),
            (61.90968330949484, 238.09031669050515),
            (121.40533496333177, 178.59466503666823),
            (201.13882109545125, 98.86117890454875),
        ];
        assert_eq!(buckets.len(), expected.len());
        for (bucket, (buy, sell)) in buckets.iter().zip(expected) {
            assert_close(bucket.buy, buy);
            assert_close(bucket.sell, sell);
        }
        assert_close(vpin(&buckets).unwrap_or(f64::NAN), 0.3232156064275593);
    }

    #[test]
    fn scale_and_mirror_leave_vpin_alone() {
        let shares = PRICE_CHANGES.map(|dp| bulk_buy_share(dp, 0.6));
        let measured = |shares: &[f64], volumes: &[f64], bucket| {
            volume_buckets(shares, volumes, bucket)
                .and_then(|b| vpin(&b))
                .unwrap_or(f64::NAN)
        };
        let base = measured(&shares, &VOLUMES, 170.0);
        assert_close(measured(&shares, &VOLUMES.map(|v| v / 7.0), 170.0 / 7.0), base);
        assert_close(measured(&shares.map(|s| 1.0 - s), &VOLUMES, 170.0), base);
    }

    #[test]
    fn one_bar_may_fill_many_and_the_rest_is_dropped() {
        let buckets = volume_buckets(&[1.0, 0.0], &[0.75, 0.3], 0.1).unwrap_or_default();
        assert_eq!(buckets.len(), 10);
        assert_close(vpin(&buckets[..7]).unwrap_or(f64::NAN), 1.0);
        assert!((buckets[7].buy - 0.05).abs() < 1e-12 && (buckets[7].sell - 0.05).abs() < 1e-12);
        assert_close(buckets[8].sell, 0.1);
        assert_eq!(volume_buckets(&[], &[], 1.0), Some(vec![]));
        assert_eq!(volume_buckets(&[0.5], &[0.0], 1.0), Some(vec![]));
        assert_eq!(vpin(&[]), None);
    }

    #[test]
    fn unusable_bars() {
        for (share, volume, bucket) in [
            (1.1, 1.0, 1.0),
            (f64::NAN, 1.0, 1.0),
            (0.5, -1.0, 1.0),
            (0.5, f64::NAN, 1.0),
            (0.5, f64::INFINITY, 1.0),
            (0.5, 1e20, 1.0),
            (0.5, 1.0, 0.0),
            (0.5, 1.0, f64::NAN),
            (0.5, 1.0, f64::INFINITY),
        ] {
            assert_eq!(
                volume_buckets(&[share], &[volume], bucket),
                None,
                "{share} {volume} {bucket}"
            );
        }
    }
}
