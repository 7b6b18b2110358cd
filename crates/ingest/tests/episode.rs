//! An episode file is read as it is written, and a mistake is told where it is and what would have been right.

use aftershock_ingest::episode::{Covers, Kind, TriggerTrust, Unit, Volume, When};
use aftershock_ingest::{Catalog, Episode, IngestError};
use aftershock_market::Timestamp;

const FILE: &str = "2021-09-07-test.toml";
const TEXT: &str = r#"id = "2021-09-07-test"
title = "A test"
aliases = ["2021-09-07", "test"]
kind = "crash"
summary = "It fell."

[window]
tape_from = 2021-08-31T00:00:00Z
tape_to = 2021-09-09T23:59:59Z
trigger_at = 2021-09-07T16:00:00+02:00
trigger_source = "declared: the largest fall"
trigger_trust = "declared"
replay_from = 2021-09-07T13:45:00Z
replay_to = 2021-09-10T00:00:00Z

[record]
instrument = "binance-spot:BTCUSDT"
fineness = "15m"
bar_s = 900
mark = "spot-proxy"
absent = ["depth"]

[scope]
venues = ["binance-usdm"]
volume = "perp_daily"

[open_interest]
level_btc = 130000
at = 2021-09-06T00:00:00Z
scope = ["binance-usdm"]
source = "a paper"
trust = "medium"

[[published]]
measure = "open_interest_change"
value = -0.30
unit = "ratio"
scope = "all venues"
covers = "more"
when = "after"
source = "a paper"
trust = "high"
"#;

fn parse(text: &str) -> Result<Episode, Box<dyn std::error::Error>> {
    Ok(Episode::parse(FILE, text)?)
}

#[test]
fn every_key_is_read() -> Result<(), Box<dyn std::error::Error>> {
    let episode = parse(TEXT)?;
    assert_eq!(episode.kind, Kind::Crash);
    assert_eq!(episode.window.trigger_at, Timestamp::from_seconds(1_631_023_200));
    assert_eq!(episode.window.trigger_trust, TriggerTrust::Declared);
    assert_eq!(episode.window.tape_end(), episode.window.replay_to);
    assert_eq!(episode.scope.volume, Volume::PerpDaily);
    assert_eq!(episode.published[0].unit, Unit::Ratio);
    assert_eq!(episode.published[0].covers, Covers::More);
    let unsaid = parse(&TEXT.replace("covers = \"more\"\n", ""))?;
    assert_eq!(unsaid.published[0].covers, Covers::Other);
    assert_eq!(episode.published[0].when.name(), "after");
    assert_eq!(episode.published[0].when, When::After);
    assert_eq!(
        episode.open_interest.map(|level| level.level_btc),
        Some(130_000.0)
    );
    Ok(())
}

#[test]
fn a_mistake_is_told_with_line_column_key_and_what_is_allowed() {
    let cases: &[(&str, &str, &str)] = &[
        ("kind = \"crash\"", "kind = ", ":4:8: "),
        (
            "kind = \"crash\"",
            "kind = \"boom\"",
            ":4:8: kind: unknown variant `boom`, expected `crash` or `quiet`",
        ),
        (
            "bar_s = 900",
            "bar_s = 900\nbars = 1",
            ":20:1: record.bars: unknown field `bars`, expected one of `instrument`",
        ),
        (
            "bar_s = 900",
            "bar_s = -1",
            ":19:9: record.bar_s: invalid value: integer `-1`, expected u32",
        ),
        ("bar_s = 900", "bar_s = 0", ":19:9: record.bar_s: 0 is no length"),
        ("title = \"A test\"\n", "", "missing field `title`"),
        (
            "tape_to = 2021-09-09T23:59:59Z\n",
            "",
            ":7:1: window: missing field `tape_to`",
        ),
        (
            "2021-09-09T23:59:59Z",
            "2021-09-09",
            ":9:11: window.tape_to: `2021-09-09` is no instant; expected date, time",
        ),
        (
            "2021-09-10T00:00:00Z",
            "2021-09-08T13:59:59Z",
            ":14:13: window.replay_to: 2021-09-08T13:59:59Z is less than 24 hours after the trigger of a crash; expected 2021-09-08T14:00:00Z or later",
        ),
        (
            "2021-09-10T00:00:00Z",
            "2021-09-10T00:00:01Z",
            ":14:13: window.replay_to: 2021-09-10T00:00:01Z is out of order; expected it at or before the end of the record 2021-09-10T00:00:00Z",
        ),
        (
            "2021-09-07T13:45:00Z",
            "2021-09-07T14:15:00Z",
            ":10:14: window.trigger_at: ",
        ),
        (
            "2021-09-07T13:45:00Z",
            "2021-08-31T00:00:00Z",
            ":13:15: window.replay_from: ",
        ),
        (
            "id = \"2021-09-07-test\"",
            "id = \"other\"",
            ":1:6: id: `other` is not the file's name; expected `2021-09-07-test`",
        ),
        (
            "[\"2021-09-07\", \"test\"]",
            "[\"test\"]",
            ":3:11: aliases: the bare date is not among them; expected `2021-09-07`",
        ),
        (
            "scope = [\"binance-usdm\"]",
            "scope = [\"okx\"]",
            ":30:9: open_interest.scope: forced flow and the volume that scales impact must cover the same venue set: open interest covers [`okx`], scope.venues is [`binance-usdm`]",
        ),
        (
            "130000",
            "-1",
            ":28:13: open_interest.level_btc: -1 is no level; expected BTC above zero",
        ),
        (
            "at = 2021-09-06T00:00:00Z",
            "at = 2021-09-08T00:00:00Z",
            ":29:6: open_interest.at: ",
        ),
        (
            "value = -0.30",
            "value = nan",
            ":36:9: published.1.value: NaN is no figure; expected a finite number",
        ),
        (
            "\"open_interest_change\"",
            "\"Open Interest\"",
            ":35:11: published.1.measure: `Open Interest` is not snake_case",
        ),
        (
            "unit = \"ratio\"",
            "unit = \"eur\"",
            ":37:8: published.1.unit: unknown variant `eur`, expected one of `ratio`, `usd`",
        ),
        (
            "\"binance-spot:BTCUSDT\"",
            "\"BTCUSDT\"",
            "record.instrument: `BTCUSDT` is not `venue:symbol`",
        ),
    ];
    for (right, wrong, expected) in cases {
        assert!(TEXT.contains(right), "{right}");
        let error = Episode::parse(FILE, &TEXT.replacen(right, wrong, 1))
            .expect_err(wrong)
            .to_string();
        assert!(
            error.starts_with(FILE) && error.contains(expected),
            "{wrong}\n  {error}\n  expected {expected}"
        );
    }
}

#[test]
fn an_id_is_a_date_and_a_short_name() {
    let text = TEXT.replacen("id = \"2021-09-07-test\"", "id = \"test\"", 1);
    let error = Episode::parse("test.toml", &text)
        .expect_err("no date")
        .to_string();
    assert!(error.contains("is not `<date>-<short-name>`"), "{error}");
}

#[test]
fn two_episodes_cannot_share_a_name() -> Result<(), Box<dyn std::error::Error>> {
    let mut other = parse(TEXT)?;
    other.id = "2021-09-08-other".to_owned();
    let error = Catalog::new(vec![parse(TEXT)?, other]).expect_err("the alias is shared");
    assert!(
        matches!(&error, IngestError::AmbiguousName { name, .. } if name == "2021-09-07"),
        "{error}"
    );
    Ok(())
}
