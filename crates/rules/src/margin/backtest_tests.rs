//! Models on a series whose volatility triples for a while, against the same models written independently.
//!
//! Source of all figures: Python with numpy 2.4.6, scipy 1.17.1, arch 8.0.0 and lmoments3 1.0.8, each model from its formula:
//! weights as a dot product, `numpy.quantile` by `inverted_cdf`, the GARCH recursion with its forecast added up close by close
//! (equal to `arch_model(..., mean="Zero").fix(...).forecast`), L-moments and `scipy.stats.genpareto.isf`; Kupiec from
//! `scipy.stats.binom.logpmf`, Christoffersen from counts and `xlogy`, p values from `scipy.stats.chi2`.

use aftershock_measure::backtest::{christoffersen, kupiec, transitions};
use aftershock_measure::tail::normal_quantile;
use aftershock_protocol::{ProtocolRule, View};

use super::tests::{near, past, view};
use super::{EwmaMargin, ExtremeValueMargin, FilteredHistoricalMargin, GarchMargin, HistoricalMargin};

/// A thousand hourly returns, normal: 1 % an hour, 3 % from the 600th to the 699th. Uniform by `x = 48271 x mod (2^31 - 1)`
/// from 1.
fn series() -> Vec<f64> {
    let mut x: u64 = 1;
    (0..1_000)
        .map(|turn| {
            x = 48_271 * x % 2_147_483_647;
            let z = normal_quantile(x as f64 / 2_147_483_647.0).expect("within 0 and 1");
            z * if (600..700).contains(&turn) { 0.03 } else { 0.01 }
        })
        .collect()
}

/// A daily volatility of 5 % before; a horizon of one close.
fn model(rule: &dyn ProtocolRule, returns: &[f64]) -> f64 {
    let past = past(3_600, returns);
    rule.model(&View {
        volatility_normal: 0.05,
        ..view(&past)
    })
}

/// Falls from the 250th return on that went beyond what `rule` had asked just before them.
fn hits(rule: &dyn ProtocolRule) -> Vec<bool> {
    let returns = series();
    (250..1_000)
        .map(|turn| -returns[turn] > model(rule, &returns[..turn]))
        .collect()
}

const EWMA: EwmaMargin = EwmaMargin {
    confidence: 0.99,
    horizon_h: 1.0,
    lambda: 0.97,
    maintenance_share: 0.5,
    cap: 0.5,
};
const HISTORICAL: HistoricalMargin = HistoricalMargin {
    confidence: 0.99,
    horizon_h: 1.0,
    maintenance_share: 0.5,
    cap: 0.5,
};
const FILTERED: FilteredHistoricalMargin = FilteredHistoricalMargin {
    confidence: 0.99,
    horizon_h: 1.0,
    lambda: 0.97,
    maintenance_share: 0.5,
    cap: 0.5,
};
const GARCH: GarchMargin = GarchMargin {
    confidence: 0.99,
    horizon_h: 1.0,
    alpha: 0.1,
    beta: 0.85,
    maintenance_share: 0.5,
    cap: 0.5,
};
const EXTREME: ExtremeValueMargin = ExtremeValueMargin {
    confidence: 0.99,
    horizon_h: 1.0,
    threshold: 0.9,
    maintenance_share: 0.5,
    cap: 0.5,
};

/// What each model asks after 250 and after 999 returns.
#[test]
fn margins() {
    let returns = series();
    near(returns.iter().sum(), 0.124255670139537);
    let known: [(&dyn ProtocolRule, f64, f64); 5] = [
        (&EWMA, 0.0225573721469032, 0.025286665722140406),
        (&HISTORICAL, 0.02357641730509883, 0.03964168780058666),
        (&FILTERED, 0.02292833361677996, 0.026561135141056662),
        (&GARCH, 0.024617773854524256, 0.025409164157797134),
        (&EXTREME, 0.02355170585446508, 0.03730591703553032),
    ];
    for (rule, early, late) in known {
        near(model(rule, &returns[..250]), early);
        near(model(rule, &returns[..999]), late);
    }
    // The forecast of arch over eight closes, from the last of all.
    let eight = GarchMargin {
        horizon_h: 8.0,
        ..GARCH
    };
    near(model(&eight, &returns), 0.06969459629728077);
}

/// A model; pairs of neighbouring falls, then statistic and p value of Kupiec's test and of Christoffersen's.
type Known<'a> = (&'a dyn ProtocolRule, [[u64; 2]; 2], [f64; 2], [f64; 2]);

/// Of 750 falls 7.5 should go beyond. Historical margin, slow to learn that volatility has tripled, is broken too often and is
/// refused; filtered by volatility it holds.
#[test]
fn coverage() {
    let known: [Known<'_>; 5] = [
        (
            &EWMA,
            [[725, 12], [12, 0]],
            [2.3074150931575392, 0.12875801421105376],
            [0.3907906739087821, 0.5318840825846567],
        ),
        (
            &HISTORICAL,
            [[713, 17], [17, 2]],
            [12.501407652333302, 0.0004066455072655856],
            [2.9151968250783113, 0.0877487059167065],
        ),
        (
            &FILTERED,
            [[731, 9], [9, 0]],
            [0.2848203679933228, 0.5935590422683479],
            [0.21892431625333586, 0.6398607604784312],
        ),
        (
            &GARCH,
            [[721, 14], [14, 0]],
            [4.533389786619544, 0.033239714429638835],
            [0.5333655879514652, 0.4651953232101522],
        ),
        (
            &EXTREME,
            [[715, 16], [16, 2]],
            [10.666064313185283, 0.0010911904648498647],
            [3.2815774299352256, 0.0700615604973093],
        ),
    ];
    for (rule, pairs, unconditional, independent) in known {
        let hits = hits(rule);
        let count = hits.iter().filter(|hit| **hit).count() as u64;
        assert_eq!((transitions(&hits), hits.len()), (pairs, 750), "{}", rule.name());
        let (found, expected) = (kupiec(750, count, 0.01).expect("measurable"), unconditional);
        near(found.statistic, expected[0]);
        near(found.p_value, expected[1]);
        let (found, expected) = (christoffersen(&hits).expect("measurable"), independent);
        near(found.statistic, expected[0]);
        near(found.p_value, expected[1]);
    }
}
