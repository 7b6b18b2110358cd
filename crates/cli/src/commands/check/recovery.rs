//! G13: the table of scores, and the verdict.

use std::path::Path;

use aftershock_calibrate::check::Finding;
use aftershock_calibrate::check::recovery::{Extent, Family, Score, answered, scores, verdict};
use anyhow::Result;

use super::{csv, progress};
use crate::table;

const COLUMNS: [&str; 19] = [
    "family",
    "figure",
    "clock_s",
    "by",
    "crashes",
    "covers",
    "width",
    "interval_score",
    "median_error",
    "bias",
    "signs_right",
    "signs_of",
    "claims_right",
    "claims_of",
    "false_claims",
    "false_claims_of",
    "first",
    "draws",
    "replays",
];

pub(super) fn run(seed: u64, crashes: u32, out: Option<&Path>) -> Result<Finding> {
    let extent = Extent {
        crashes,
        ..Extent::of_seed(seed)
    };
    let all = u64::from(crashes) * Family::ALL.len() as u64;
    crate::say!(
        "{crashes} made-up crashes of our own equations and {crashes} of foreign ones, from number {} on: each calibrated, and \
         answered from the priors alone",
        extent.first
    );
    let bar = progress(all, "crashes");
    let found = answered(&aftershock_study::priors()?, extent, &|| bar.inc(1))?;
    bar.finish_and_clear();
    let scores = scores(&found);
    let rows: Vec<Vec<String>> = scores.iter().map(row).collect();
    let headers = [
        "family", "figure", "clock", "by", "n", "in, %", "width", "score", "error", "bias", "signs",
        "claims", "false",
    ];
    table::print(&table::headers(&headers), &rows)?;
    crate::say!(
        "log amplification and log effect of a cap of leverage, clocks in s: share of truths inside the interval of nine \
         tenths, its median width, its mean interval score (less is better), median error and bias of its median; signs \
         right of truths of 0.05 and more, claims (intervals without 0) right of all on those, and claims where the truth \
         is 0"
    );
    if let Some(path) = out {
        let whole: Vec<Vec<String>> = scores.iter().map(|one| whole(one, extent)).collect();
        csv(path, &COLUMNS, &whole)?;
    }
    Ok(verdict(&scores))
}

fn row(one: &Score) -> Vec<String> {
    let of = |(right, all): (u32, u32)| format!("{right}/{all}");
    vec![
        one.family.name().to_owned(),
        if one.figure == "amplification" {
            "ln A"
        } else {
            one.figure
        }
        .to_owned(),
        one.clock_s.to_string(),
        one.by.to_owned(),
        one.crashes.to_string(),
        format!("{:.0}", 100.0 * one.covered()),
        format!("{:.3}", one.width),
        format!("{:.3}", one.interval_score),
        format!("{:.3}", one.median_error),
        format!("{:+.3}", one.bias),
        of(one.large),
        of(one.claimed),
        of(one.false_claims),
    ]
}

fn whole(one: &Score, extent: Extent) -> Vec<String> {
    let mut cells = vec![
        one.family.name().to_owned(),
        one.figure.to_owned(),
        one.clock_s.to_string(),
        one.by.to_owned(),
    ];
    cells.extend([one.crashes, one.covers].map(|count| count.to_string()));
    cells.extend([one.width, one.interval_score, one.median_error, one.bias].map(|value| value.to_string()));
    for (right, all) in [one.large, one.claimed, one.false_claims] {
        cells.extend([right, all].map(|count| count.to_string()));
    }
    cells.push(extent.first.to_string());
    cells.extend([extent.draws, extent.replays].map(|count| count.to_string()));
    cells
}
