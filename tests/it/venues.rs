//! What venues had chosen, as a user asks for it, and replays under the margin brackets of another date.

use std::collections::BTreeSet;
use std::fs;

use aftershock_rules::record;
use anyhow::{Result, ensure};

use crate::cli::User;
use crate::workspace::{names, venue};

#[test]
fn every_file_has_code_and_every_code_its_file() -> Result<()> {
    let files: BTreeSet<String> = names("data/venues")?
        .into_iter()
        .map(|name| name.trim_end_matches(".toml").to_owned())
        .collect();
    let known: BTreeSet<String> = record::names().map(str::to_owned).collect();
    ensure!(files == known, "files {files:?}, code {known:?}");
    for name in known {
        let venue = venue(&name)?;
        for instrument in venue.file.instruments() {
            ensure!(
                !venue.dates(&instrument).is_empty(),
                "{name} {instrument} is never complete"
            );
        }
    }
    Ok(())
}

/// Source: Binance announcement of 2021-03-18 (10 to 20 million at 5 %), its mark's window from 2025-09-18T08:01Z, and dss
/// (ttl of 10 minutes until the executive of 2020-03-12).
#[test]
fn rules_are_those_of_the_date() -> Result<()> {
    let user = User::new()?;
    let says = |arguments: &[&str]| -> Result<String> {
        let said = user.says(&[&["venues"], arguments].concat())?.fine()?;
        Ok(said.text()?.to_owned())
    };
    let row = |text: &str, words: &[&str]| {
        text.lines().any(|line| {
            let cells: Vec<&str> = line.split('│').map(str::trim).collect();
            words.iter().all(|word| cells.contains(word))
        })
    };
    let list = says(&[])?;
    for name in record::names().filter(|name| name.len() < 12) {
        ensure!(row(&list, &[name]), "no {name} in: {list}");
    }
    let may = says(&["binance-usdm", "--at", "2021-05-19", "--instrument", "BTCUSDT"])?;
    ensure!(row(&may, &["10000000", "20000000", "0.05", "10"]), "{may}");
    ensure!(
        may.contains("Sources that disagree:") && may.contains("1.25 %"),
        "{may}"
    );
    for (at, points) in [("2025-09-18T08:00:59Z", "60"), ("2025-09-18T08:01:00Z", "30")] {
        let text = says(&["binance-usdm", "--at", at, "--instrument", "BTCUSDT"])?;
        ensure!(row(&text, &["mark_points", points]), "{at}: {text}");
    }
    let maker = says(&["maker", "--at", "2020-03-12"])?;
    ensure!(row(&maker, &["flip_ttl_s", "600"]), "{maker}");
    let later = says(&["maker", "--at", "2022-01-01"])?;
    ensure!(
        !later.contains("flip_ttl_s") && later.contains("clip_buf_ratio"),
        "{later}"
    );
    Ok(())
}

/// Source: by hand. BitMEX at 100x: P0 / (1 + IM - MM) without the closing fee is 9,950.25; with 0.075 % of the value at the
/// mark set aside, 10,000 (1 + 0.00075) / (1 + 0.01 - 0.005) = 9,957.71. Binance, short of 2 at 43,000 with 20x:
/// (4,300 + 50 + 86,000) / (2 · 1.005) = 44,950.25.
#[test]
fn a_position_is_asked_what_the_venue_asked() -> Result<()> {
    let user = User::new()?;
    let says = |arguments: &[&str]| user.says(&[&["venues"], arguments].concat());
    let position = ["--entry", "10000", "--leverage", "100", "--at", "2020-03-12"];
    let bitmex = says(&[&["bitmex", "--long", "1000000"], &position[..]].concat())?.fine()?;
    ensure!(bitmex.text()?.contains(" 9957.7114"), "{}", bitmex.text()?);
    let short = [
        "binance-usdm",
        "--short",
        "2",
        "--entry",
        "43000",
        "--leverage",
        "20",
    ];
    let when = ["--instrument", "BTCUSDT", "--at", "2021-05-19"];
    let binance = says(&[&short[..], &when].concat())?.fine()?;
    ensure!(binance.text()?.contains("44950.24875621"), "{}", binance.text()?);

    says(&short)?.refused(&["several instruments", "--instrument", "ETHUSDT"])?;
    let large = [
        "binance-usdm",
        "--long",
        "200",
        "--entry",
        "43000",
        "--leverage",
        "50",
    ];
    says(&[&large[..], &when].concat())?.refused(&["leverage 50 is above 20"])?;
    let maker = ["maker", "--long", "1", "--entry", "200", "--leverage", "2"];
    says(&maker)?.refused(&["no positions with a liquidation price"])?;
    let synthetix = [
        "synthetix-perps-v2",
        "--instrument",
        "sBTCPERP",
        "--entry",
        "2000",
    ];
    let small = ["--short", "0.001", "--leverage", "3"];
    says(&[&synthetix[..], &small].concat())?.refused(&["liquidated as it is opened"])?;
    let bold = ["--long", "1", "--leverage", "90"];
    says(&[&synthetix[..], &bold].concat())?.refused(&["leverage 90 is above 55"])?;
    let end = [
        "binance-usdm",
        "--long",
        "20000",
        "--entry",
        "40000",
        "--leverage",
        "1",
    ];
    says(&[&end[..], &when].concat())?
        .refused(&["800000000 is beyond the end of the margin table, 500000000"])?;
    let sideless = says(&["bitmex", "--entry", "8000", "--leverage", "5"])?;
    ensure!(
        sideless.code == Some(2) && sideless.stderr.contains("--long"),
        "{}",
        sideless.stderr
    );
    says(&["bitmax"])?.refused(&["no venue 'bitmax'", "did you mean bitmex?"])?;
    says(&["bitmex", "--at", "2015-01-01"])?.refused(&["the first are of 2016-05-13"])?;
    says(&["bitmex", "--instrument", "ETHUSD"])?.refused(&["known are XBTUSD"])?;
    user.nothing_is_left()
}

/// Source: by hand. A long of 250 coins from 40,000 with 2.5 million: under the table of 2021-03-18 (1 to 10 million: 2.5 % less
/// 16,300) it closes at (10,000,000 - 2,500,000 - 16,300) / (250 · 0.975) = 30,702.36, under that of 2024-05-30 (3 to 12
/// million: 1 % less 11,450) at 7,488,550 / 247.5 = 30,256.77.
#[test]
fn an_episode_is_replayed_under_the_brackets_of_another_date() -> Result<()> {
    let user = User::new()?;
    let header = "account,venue,instrument,side,quantity,entry_usd,collateral_usd,margin";
    let large = "large,binance-usdm,BTCUSDT,long,250,40000,2500000,isolated";
    fs::write(user.path("own.csv"), format!("{header}\n{large}\n"))?;
    let replay = [
        "replay",
        "2021-05-19",
        "--draws",
        "4",
        "--positions",
        "own.csv",
        "--brackets-of",
    ];
    user.says(&[&replay[..], &["2024-06-15"]].concat())?.fine()?;
    let closing = "SELECT rule_set, round(min(closing_usd), 2), round(max(closing_usd), 2) FROM replayed.own_accounts \
                   GROUP BY rule_set ORDER BY rule_set";
    let said = user.says(&["sql", "--format", "csv", closing])?.fine()?;
    let lines: Vec<&str> = said.text()?.lines().skip(1).collect();
    ensure!(
        lines
            == [
                "brackets-of-2024-05-30,30256.77,30256.77",
                "record,30702.36,30702.36"
            ],
        "{lines:?}"
    );
    let run = "SELECT run FROM catalog.runs WHERE rule_set <> 'record'";
    let run = user.says(&["sql", "--format", "csv", run])?.fine()?;
    let run = run.text()?.lines().nth(1).unwrap_or_default().to_owned();
    let verified = user.says(&["verify", &run])?.fine()?;
    ensure!(
        verified.text()?.contains("all digests equal"),
        "{}",
        verified.text()?
    );

    let same = user.says(&[&replay[..], &["2021-04-01"]].concat())?;
    same.refused(&["nothing to compare", "aftershock venues binance-usdm"])?;
    let early = user.says(&[&replay[..], &["2018-01-01"]].concat())?;
    early.refused(&["no rules of BTCUSDT at 2018-01-01"])?;
    let incomplete = user.says(&[&replay[..], &["2019-10-01"]].concat())?;
    incomplete.refused(&["no complete rules of BTCUSDT", "from 2020-01-01T00:00:00Z on"])?;
    // The tables of 2022-05-21 and of 2021-03-18 differ in where their last bracket ends.
    let endless = user.says(&[&replay[..], &["2022-06-01"]].concat())?;
    endless.refused(&["nothing to compare"])?;
    let own = "name = \"brackets-of-2024-05-30\"\ntitle = \"t\"\nsummary = \"s\"\ncosts = \"c\"\n";
    fs::write(user.path("own.toml"), own)?;
    let twice = user.says(&[&replay[..], &["2024-05-30", "--rules", "own.toml"]].concat())?;
    twice.refused(&["two rule sets are named 'brackets-of-2024-05-30'"])
}
