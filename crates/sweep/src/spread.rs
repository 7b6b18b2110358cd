//! Spreads over the draws of an ensemble.

use aftershock_market::Side;
use aftershock_market::journal::{BandRow, OverlapRow};
use aftershock_measure::quantile::{median, quantile};

use crate::ensemble::{JobResult, Measured, OVERLAPS};
use crate::{Case, DRAWS_FOR_INTERVAL};

/// Spread over draws and orders at every bar close; the central draw is left out where there is an ensemble.
pub(crate) fn bands(case: &Case<'_>, set: usize, results: &[JobResult]) -> Vec<BandRow> {
    let drawn: Vec<&Measured> = results
        .iter()
        .skip(if case.draws > 0 { 2 } else { 0 })
        .filter_map(|result| result.sets[set].as_ref().ok())
        .collect();
    let wide = case.draws >= DRAWS_FOR_INTERVAL;
    type Series<'a> = (&'static str, bool, Box<dyn Fn(&Measured, usize) -> f64 + 'a>);
    let series: [Series<'_>; 4] = [
        ("mark_usd", true, Box::new(|one, bar| one.marks[bar])),
        ("null_usd", true, Box::new(|one, bar| one.nulls[bar])),
        (
            "forced_sell_usd",
            false,
            Box::new(|one, bar| one.forced[Side::Long.index()][bar]),
        ),
        (
            "forced_buy_usd",
            false,
            Box::new(|one, bar| one.forced[Side::Short.index()][bar]),
        ),
    ];
    let mut rows = Vec::with_capacity(4 * case.recorded.close_at.len());
    for (bar, event_at) in case.recorded.close_at.iter().enumerate() {
        for (name, is_log, value) in &series {
            let mut values: Vec<f64> = drawn.iter().map(|one| value(one, bar)).collect();
            values.sort_by(f64::total_cmp);
            let at = |share| {
                let value = quantile(&values, share).unwrap_or(f64::NAN);
                if *is_log { libm::exp(value) } else { value }
            };
            rows.push(BandRow {
                event_at: *event_at,
                series: name,
                p05: wide.then(|| at(0.05)),
                p50: at(0.5),
                p95: wide.then(|| at(0.95)),
            });
        }
    }
    rows
}

/// Medians over draws and orders at each declared overlap.
pub(crate) fn overlap_curve(case: &Case<'_>, curve: usize, results: &[JobResult]) -> Vec<OverlapRow> {
    let mut rows = Vec::new();
    for (point, overlap) in OVERLAPS.iter().enumerate() {
        let measured: Vec<&Measured> = results
            .iter()
            .skip(if case.draws > 0 { 2 } else { 0 })
            .filter_map(|result| result.curves[curve][point].as_ref().ok())
            .collect();
        let middle = |value: &dyn Fn(&Measured) -> f64| {
            median(&measured.iter().map(|one| value(one)).collect::<Vec<f64>>()).unwrap_or(f64::NAN)
        };
        for (index, clock_s) in case.clocks_s().into_iter().enumerate() {
            let amplifications: Vec<f64> = measured
                .iter()
                .filter_map(|one| one.amplification[index].amplification)
                .collect();
            rows.push(OverlapRow {
                overlap: *overlap,
                clock_s,
                mark_drawdown: middle(&|one| one.outcome.mark_drawdown),
                amplification: (amplifications.len() == measured.len())
                    .then(|| median(&amplifications))
                    .flatten(),
                forced_sell_usd: middle(&|one| one.outcome.forced_sell_usd),
                bad_debt_usd: middle(&|one| one.outcome.bad_debt_usd),
            });
        }
    }
    rows
}
