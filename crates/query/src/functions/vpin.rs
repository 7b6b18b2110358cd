//! How one-sided the flow was, bucket of volume by bucket: VPIN, with sides guessed from prices or as recorded.

use aftershock_measure::flow::{bulk_buy_share, volume_buckets, vpin};
use aftershock_measure::moments::sample_std;

use super::aggregate::{Answer, Estimator, Measured, Settings};
use super::argument::{AT, CLOCK, Form, needed};
use super::rows::Ordered;
use super::{AGGREGATE, Described, IMPOSED};

const UNITS: &str = "ratio, 0 to 1";

pub(super) static BULK: Estimator = Estimator {
    described: Described {
        name: "vpin",
        kind: AGGREGATE,
        signature: "vpin(at, price, volume, bucket_volume[, clock])",
        meaning: "Mean of |bought − sold| over volume, in full buckets of `bucket_volume` (a 50th of a day's volume is customary). Sides are guessed: of a bar's volume the share Φ(ΔP/σ) counts as bought, ΔP the change of price since the bar before and σ the standard deviation of all ΔP of the group. A row is a bar, or with `clock` the rows of a span of it (one minute is customary); the first bar has no ΔP and is left out, as is a last bucket that is not full. It describes the flow and predicts nothing. NULL below two changes or without a full bucket.",
        units: UNITS,
        order: IMPOSED,
        source: "Easley, López de Prado and O'Hara (2012); the R package PINstimation",
    },
    arguments: &[
        AT,
        needed("price", Form::Price),
        needed("volume", Form::Number),
        needed("bucket_volume", Form::Positive),
        CLOCK,
    ],
    answer: Answer::Number(bulk),
};

fn bulk(rows: &Ordered<'_>, settings: &Settings) -> Measured {
    let Some(bucket_volume) = settings.number(0) else {
        return Ok(None);
    };
    let bars = rows.spans(0, 1, settings.span(1));
    let changes: Vec<f64> = bars.closes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let measured = || {
        let sigma = sample_std(&changes)?;
        let shares: Vec<f64> = changes
            .iter()
            .map(|change| bulk_buy_share(*change, sigma))
            .collect();
        vpin(&volume_buckets(&shares, &bars.flows, bucket_volume)?)
    };
    Ok(measured())
}

pub(super) static SIGNED: Estimator = Estimator {
    described: Described {
        name: "vpin_signed",
        kind: AGGREGATE,
        signature: "vpin_signed(at, signed_volume, bucket_volume)",
        meaning: "VPIN from recorded sides: the mean of |bought − sold| over volume in full buckets of `bucket_volume`, where `signed_volume` is above zero for what takers bought and below for what they sold: a row is a trade, or what one side traded in a span; the net of a bar hides what both sides did and gives too much. What is stamped alike enters a bucket in one piece, so that order within an instant does not matter. NULL without a full bucket.",
        units: UNITS,
        order: IMPOSED,
        source: "Easley, López de Prado and O'Hara (2012), with the venue's sides in place of bulk classification",
    },
    arguments: &[
        AT,
        needed("signed_volume", Form::Number),
        needed("bucket_volume", Form::Positive),
    ],
    answer: Answer::Number(|rows, settings| {
        let (mut shares, mut volumes) = (Vec::new(), Vec::new());
        for instant in rows.instants() {
            let flows = &rows.numbers[0][instant];
            let volume: f64 = flows.iter().map(|flow| flow.abs()).sum();
            let bought: f64 = flows.iter().map(|flow| flow.max(0.0)).sum();
            if volume.is_nan() {
                return Ok(None);
            }
            if volume > 0.0 {
                shares.push(bought / volume);
                volumes.push(volume);
            }
        }
        let buckets = settings
            .number(0)
            .and_then(|bucket_volume| volume_buckets(&shares, &volumes, bucket_volume));
        Ok(buckets.and_then(|buckets| vpin(&buckets)))
    }),
};
