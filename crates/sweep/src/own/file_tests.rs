//! What a file of positions may say.

use super::OwnBook;
use super::tests::{HEADER, LONG};

#[test]
fn csv_and_toml_say_the_same() {
    let toml = r#"
[[position]]
account = "mine, too"
venue = "binance-usdm"
instrument = "BTCUSDT"
side = "short"
quantity = 0.25
entry_usd = 8000
collateral_usd = 300.5
margin = "cross"
"#;
    let from_toml = OwnBook::parse("own.toml", toml).unwrap_or_else(|error| panic!("{error}"));
    let csv = "# of a friend\nside,account,venue,instrument,quantity,entry_usd,collateral_usd,margin\n\
               short ,\"mine, too\",binance-usdm, BTCUSDT ,0.25,8000.0,300.50,cross\n";
    let from_csv = OwnBook::parse("own.csv", csv).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(from_toml.to_csv(), from_csv.to_csv());
    assert_eq!(
        from_csv.to_csv(),
        format!("{HEADER}\"mine, too\",binance-usdm,BTCUSDT,short,0.25,8000,300.5,cross\n")
    );
    let again = OwnBook::parse("manifest", &from_csv.to_csv()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again.to_csv(), from_csv.to_csv());
}

#[test]
fn what_cannot_be_read_is_refused_with_its_line() {
    let row = |text: &str| format!("{HEADER}{LONG}{text}\n");
    let cases = [
        (
            String::new(),
            "own.csv:1: no column `account`; needed are account, venue",
        ),
        ("account,venue\n".into(), "own.csv:1: no column `instrument`"),
        (
            HEADER.replace("entry_usd", "entry"),
            "own.csv:1: unknown column `entry`; known are account",
        ),
        (HEADER.into(), "own.csv:1: there is no position"),
        (
            row("a,binance-usdm,BTCUSDT,buy,1,8000,100,"),
            "own.csv:3: side is `buy`; it should be long or short",
        ),
        (
            row("a,binance-usdm,BTCUSDT,long,-1,8000,100,"),
            "own.csv:3: quantity is `-1`; it should be a number above 0, in BTC",
        ),
        (
            row("a,binance-usdm,BTCUSDT,long,1,NaN,100,"),
            "own.csv:3: entry_usd is `NaN`",
        ),
        (
            row("a,binance-usdm,BTCUSDT,long,1,8000,0,isolated"),
            "own.csv:3: collateral_usd is `0`",
        ),
        (
            row("a,binance-usdm,BTCUSDT,long,1,8000,0,cross"),
            "own.csv:3: collateral_usd is 0",
        ),
        (
            row("a,binance-usdm,BTCUSDT,long,1,8000,100,portfolio"),
            "own.csv:3: margin is `portfolio`; it should be isolated or cross",
        ),
        (
            row("a,binance-usdm,BTCUSDT,long,1,8000"),
            "own.csv:3: has 6 values; the header names 8 columns",
        ),
        (
            row(",binance-usdm,BTCUSDT,long,1,8000,100,"),
            "own.csv:3: account is empty",
        ),
    ];
    for (text, words) in cases {
        let error = OwnBook::parse("own.csv", &text).expect_err(&text).to_string();
        assert!(error.starts_with(words), "{error}\nis not\n{words}");
    }
    let error = OwnBook::parse("own.toml", "[[position]]\naccount = \"a\"\n").expect_err("keys are missing");
    assert!(
        error.to_string().starts_with("own.toml:1: no key `venue`"),
        "{error}"
    );
    let error = OwnBook::parse("own.toml", "\n[[positions]]\n").expect_err("a key is unknown");
    assert!(
        error
            .to_string()
            .starts_with("own.toml:2: unknown field `positions`"),
        "{error}"
    );
}
