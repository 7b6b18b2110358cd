//! What the fits make of tapes whose answer is known.

use std::path::Path;

use aftershock_calibrate::fit::impact::Settings;
use aftershock_calibrate::fit::impact::known::{Answer, Case, cases, foreign_cases, known_answers};
use aftershock_calibrate::fit::known_leverage::{COVERAGES, Row, known_leverage};
use anyhow::Result;

use super::{csv, progress};
use crate::table;

/// A fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum What {
    /// How strongly flow moves the price, by forced flow as an instrument
    Impact,
    /// Who held what with which leverage
    Leverage,
}

pub(super) fn run(what: What, seeds: Option<u64>, first: u64, out: Option<&Path>) -> Result<()> {
    match what {
        What::Impact => impact(first..first + seeds.unwrap_or(24), out),
        What::Leverage => leverage((1 + first)..(1 + first + seeds.unwrap_or(6)), out),
    }
}

fn impact(seeds: std::ops::Range<u64>, out: Option<&Path>) -> Result<()> {
    let cases: Vec<Case> = cases().into_iter().chain(foreign_cases()).collect();
    let (seeds, settings): (Vec<u64>, Settings) = (seeds.collect(), Settings::default());
    crate::say!(
        "{} on {} each",
        table::counted(cases.len() as u64, "case"),
        table::counted(seeds.len() as u64, "tape")
    );
    let bar = progress(cases.len() as u64, "cases");
    let mut answers: Vec<Answer> = Vec::with_capacity(cases.len());
    for case in cases {
        answers.extend(known_answers(&[case], &seeds, &settings)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let headers = [
        "case", "corr", "Y", "F", "OLS", "IV", "sd", "after", "from", "to", "in, %", "bound, %", "prior, %",
    ];
    let percent = |share: f64| format!("{:.0}", 100.0 * share);
    let two = |value: f64| format!("{value:.2}");
    let row = |one: &Answer| {
        let mut cells = vec![
            one.case.clone(),
            format!("{:.1}", one.correlation),
            two(one.truth),
            format!("{:.0}", one.f),
        ];
        cells.extend(
            [
                one.ols,
                one.y_iv,
                one.y_iv_sd,
                one.estimate,
                one.interval.0,
                one.interval.1,
            ]
            .map(two),
        );
        cells.extend([one.covered, one.below_upper_bound, one.prior_dominated].map(percent));
        cells
    };
    let rows: Vec<Vec<String>> = answers.iter().map(row).collect();
    table::print(&table::headers(&headers), &rows)?;
    crate::say!(
        "corr: of news and ordinary flow; Y: the truth; F, slopes by least squares and by instrument, its spread over tapes, \
         Y after the tape with the prior and the interval of nine tenths, as medians; intervals that hold the truth, largest \
         rows above it, and tapes on which the prior stands alone"
    );
    if let Some(path) = out {
        whole_impact(path, &answers)?;
    }
    Ok(())
}

fn whole_impact(path: &Path, answers: &[Answer]) -> Result<()> {
    let mut headers: Vec<String> =
        table::headers(&["case", "correlation", "y", "tapes", "f", "ols", "whole"]);
    for (window_s, trend, _) in answers.first().map_or(&[][..], |one| &one.iv_by_window[..]) {
        headers.push(format!("iv_{window_s}{}", if *trend { "_trend" } else { "" }));
    }
    headers.extend(table::headers(&[
        "iv",
        "iv_sd",
        "bias",
        "after",
        "from",
        "to",
        "covered",
        "width",
        "covered_by_tape",
        "width_by_tape",
        "below_upper_bound",
        "reversal_bound",
        "below_reversal_bound",
        "prior_dominated",
    ]));
    let row = |one: &Answer| {
        let mut cells = vec![one.case.clone()];
        cells.extend([one.correlation, one.truth].map(|value| value.to_string()));
        cells.push(one.seeds.to_string());
        let mut values = vec![one.f, one.ols, one.whole];
        values.extend(one.iv_by_window.iter().map(|window| window.2));
        values.extend([
            one.y_iv,
            one.y_iv_sd,
            one.bias,
            one.estimate,
            one.interval.0,
            one.interval.1,
        ]);
        values.extend([one.covered, one.width, one.covered_by_tape, one.width_by_tape]);
        values.extend([
            one.below_upper_bound,
            one.reversal_bound,
            one.below_reversal_bound,
            one.prior_dominated,
        ]);
        cells.extend(values.iter().map(f64::to_string));
        cells
    };
    let rows: Vec<Vec<String>> = answers.iter().map(row).collect();
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    csv(path, &headers, &rows)
}

fn leverage(seeds: std::ops::Range<u64>, out: Option<&Path>) -> Result<()> {
    let seeds: Vec<u64> = seeds.collect();
    let bar = progress(seeds.len() as u64, "tapes of each feed");
    let mut rows: Vec<Row> = Vec::new();
    for seed in &seeds {
        rows.extend(known_leverage(&[*seed])?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let mut classes: Vec<f64> = rows.iter().map(|row| row.leverage).collect();
    classes.sort_by(f64::total_cmp);
    classes.dedup();
    let mut table_rows = Vec::new();
    for coverage in COVERAGES {
        for leverage in &classes {
            let of: Vec<&Row> = rows
                .iter()
                .filter(|row| row.coverage == coverage && row.leverage == *leverage)
                .collect();
            table_rows.push(summary(coverage, *leverage, &of));
        }
    }
    let headers = [
        "printed, %",
        "leverage",
        "times share",
        "least squares",
        "EM",
        "from",
        "to",
        "crossed, %",
        "identified",
        "in",
    ];
    table::print(&table::headers(&headers), &table_rows)?;
    crate::say!(
        "medians over {}: the share at opening times what the feed prints, in truth, by least squares and by expectation and \
         maximisation, with the interval of nine tenths; what of the class the recorded mark liquidates, on how many tapes it \
         counts as identified, and on how many of those the interval holds the truth",
        table::counted(seeds.len() as u64, "tape")
    );
    if let Some(path) = out {
        let columns = [
            "coverage",
            "seed",
            "leverage",
            "truth",
            "least_squares",
            "em",
            "from",
            "to",
            "crossed",
            "identified",
            "covered",
        ];
        let row = |one: &Row| {
            let mut cells = vec![one.coverage.to_string(), one.seed.to_string()];
            let (low, high) = one.interval;
            cells.extend(
                [
                    one.leverage,
                    one.truth,
                    one.least_squares,
                    one.em,
                    low,
                    high,
                    one.crossed,
                ]
                .map(|value| value.to_string()),
            );
            cells.push(one.identified.to_string());
            cells.push(one.covered.map_or(String::new(), |covered| covered.to_string()));
            cells
        };
        let whole: Vec<Vec<String>> = rows.iter().map(row).collect();
        csv(path, &columns, &whole)?;
    }
    Ok(())
}

fn summary(coverage: f64, leverage: f64, of: &[&Row]) -> Vec<String> {
    let median = |pick: &dyn Fn(&Row) -> f64| {
        let mut values: Vec<f64> = of.iter().map(|row| pick(row)).collect();
        values.sort_by(f64::total_cmp);
        let (n, at) = (values.len(), |place: usize| {
            values.get(place).copied().unwrap_or(f64::NAN)
        });
        0.5 * (at(n.saturating_sub(1) / 2) + at(n / 2))
    };
    let count = |pick: &dyn Fn(&Row) -> bool| of.iter().filter(|row| pick(row)).count();
    let three = |value: f64| format!("{value:.3}");
    let identified = count(&|row| row.identified);
    vec![
        format!("{:.0}", 100.0 * coverage),
        leverage.to_string(),
        three(coverage * median(&|row| row.truth)),
        three(median(&|row| row.least_squares)),
        three(median(&|row| row.em)),
        three(median(&|row| row.interval.0)),
        three(median(&|row| row.interval.1)),
        format!("{:.1}", 100.0 * median(&|row| row.crossed)),
        format!("{identified}/{}", of.len()),
        format!("{}/{identified}", count(&|row| row.covered == Some(true))),
    ]
}
