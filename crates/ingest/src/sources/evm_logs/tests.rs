//! Fixtures and their origin: `tests/fixtures/ingest/evm_logs/SOURCE.md`.

use aftershock_archive::tape::Kind;

use crate::testing::{Parsed, cells, fixture, parse_bytes};
use crate::{Hints, IngestError};

fn parse(file: &str, hints: &Hints) -> Result<Parsed, IngestError> {
    let bytes = fixture(&format!("evm_logs/{file}"));
    parse_bytes(&format!("raw/evm/{file}"), &bytes, hints)
}

fn of_blocks(blocks: &[(u64, i64)]) -> Hints {
    Hints {
        blocks: blocks.to_vec(),
        ..Hints::default()
    }
}

/// Source: rotki's decoder tests say of these logs that 23.084547675349898741 MTA became 58.517806710690769903 DAI by
/// way of WETH, at 1672784687, and that 7.073493 USDC and 0.005839327781368506 WETH were removed.
#[test]
fn an_answer_of_a_node_with_pools_of_uniswap_v2() {
    let hints = Hints {
        venue: Some("uniswap-v2".to_owned()),
        ..Hints::default()
    };
    let parsed = parse("uniswap_v2-eth_getLogs.json", &hints).unwrap();
    assert_eq!((parsed.source, parsed.read, parsed.rejected), ("evm-logs", 6, 0));
    let shown = [
        "occurred_at",
        "event",
        "amount_0",
        "amount_1",
        "amount_origin",
        "exact",
    ];
    let dai = parsed.rows(
        Kind::Pools,
        "uniswap-v2",
        "0xa478c2975ab1ea89e8196811f51a7b7ade33eb11",
    );
    assert_eq!(
        cells(dai, 1, shown),
        [
            "2023-01-03T22:24:47Z",
            "swap",
            "-58.51780671069077",
            "0.16421763971659686",
            "scaled",
            "amount_0=-58.517806710690769903 amount_1=0.164217639716596858"
        ]
    );
    let usdc = parsed.rows(
        Kind::Pools,
        "uniswap-v2",
        "0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc",
    );
    assert_eq!(
        cells(usdc, 1, ["event", "amount_0", "amount_1", "exact", "event_key"]),
        [
            "burn",
            "-7.073493",
            "-0.005839327781368506",
            "",
            "0xec15324d55274d9ad3181ed2f29d29e9812841e5e79aa9228a0f3ef4d3ce8d2c:37"
        ]
    );
    let unknown = parsed.rows(
        Kind::Pools,
        "uniswap-v2",
        "0x0d0d65e7a7db277d3e0f5e1676325e75f3340455",
    );
    assert_eq!(
        cells(unknown, 1, ["event", "amount_0", "amount_origin", "raw"]),
        [
            "swap",
            "",
            "raw",
            r#"{"amount0In":"23084547675349898741","amount1In":"0","amount0Out":"0","amount1Out":"164217639716596858"}"#
        ]
    );
}

/// Source: SorellaLabs/brontes says of these logs what was swapped, burnt, collected (USDC and WETH as contracts count).
#[test]
fn pools_of_uniswap_v3_take_their_time_from_the_blocks() {
    let missing = parse("uniswap_v3-logs.json", &Hints::default()).err().unwrap();
    assert!(missing.to_string().ends_with("--blocks says it"), "{missing}");

    let hints = of_blocks(&[(18_513_777, 1_699_262_400), (18_514_530, 1_699_271_400)]);
    let parsed = parse("uniswap_v3-logs.json", &hints).unwrap();
    // The mint was quoted without its indexed topics, so that it is no log of the event, and its block is not given.
    assert_eq!((parsed.read, parsed.rejected), (4, 1));
    let pool = parsed.rows(
        Kind::Pools,
        "uniswap-v3",
        "0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640",
    );
    let shown = [
        "event",
        "amount_0",
        "amount_1",
        "tick_lower",
        "tick_upper",
        "block_number",
    ];
    assert_eq!(
        cells(pool, 0, shown),
        [
            "collect",
            "-479371.252166",
            "-256.22476878978625",
            "199180",
            "202330",
            "18513777"
        ]
    );
    assert_eq!(cells(pool, 1, ["event", "amount_0"]), ["burn", "-459314.264116"]);
    assert_eq!(
        cells(
            pool,
            2,
            ["event", "amount_0", "amount_1", "exact", "tick", "occurred_at"]
        ),
        [
            "swap",
            "1798.049585",
            "-0.9487305191457736",
            "amount_1=-0.948730519145773605",
            "200854",
            "2023-11-06T11:50:00Z"
        ]
    );
    let rejects = parsed.rows(Kind::Rejects, "uniswap-v3", "all");
    assert_eq!(cells(rejects, 0, ["reason", "source_row"]), ["stamp", "2"]);
}

/// Source: the expected rows of OasisDEX/oasis-borrow-cache for the same logs of mainnet.
#[test]
fn makers_first_auctions() {
    let parsed = parse("maker-logs.json", &of_blocks(&[(1, 1_562_066_281)])).unwrap();
    assert_eq!((parsed.read, parsed.rejected), (5, 0));
    let ether = parsed.rows(Kind::Auctions, "maker", "ETH-A");
    let shown = [
        "event",
        "auction_id",
        "collateral_quantity",
        "bid_quantity",
        "debt_quantity",
        "borrower",
        "bidder",
    ];
    assert_eq!(
        cells(ether, 0, shown),
        [
            "bite",
            "572",
            "20.0",
            "",
            "2609.269832949261",
            "0xbae2de84e004a28bbecf7e01ef46cbacd179b598",
            ""
        ]
    );
    assert_eq!(
        cells(ether, 0, ["raw"]),
        [concat!(
            r#"{"ink":"20000000000000000000","art":"2562530344205456551250","#,
            r#""tab":"2609269832949260925402608059753953160914230101250","#,
            r#""flip":"0xd8a04f5412223f513dc55f839574430f5ec15531","id":"572"}"#
        )]
    );
    assert_eq!(
        cells(ether, 1, shown),
        [
            "kick",
            "578",
            "3.676",
            "0.0",
            "548.3114137659417",
            "0xb861d96d3d7619a517ebfb8d1e31f734658207e7",
            ""
        ]
    );
    let bidder = "0x9c05a05893ada984fc20d0da0c046de5cc0e8273";
    let bid = "2948.474911232665";
    assert_eq!(
        cells(ether, 2, shown),
        ["tend", "572", "20.0", bid, "", "", bidder]
    );
    assert_eq!(
        cells(ether, 3, shown),
        ["dent", "572", "15.506222067599063", bid, "", "", bidder]
    );
    assert_eq!(
        cells(
            parsed.rows(Kind::Auctions, "maker", "BAT-A"),
            0,
            ["event", "auction_id", "occurred_at"]
        ),
        ["deal", "84", "2019-07-02T11:18:01Z"]
    );
}

#[test]
fn liquidations_of_loans() {
    let parsed = parse("constructed-lending.jsonl", &Hints::default()).unwrap();
    assert_eq!((parsed.read, parsed.rejected), (16, 5));
    let shown = [
        "liquidated_at",
        "event",
        "collateral_asset",
        "collateral_quantity",
        "collateral_quantity_raw",
        "debt_asset",
        "debt_quantity",
        "debt_quantity_raw",
        "amount_origin",
        "event_key",
    ];
    let borrower = "0x1111111111111111111111111111111111111111";
    assert_eq!(
        cells(
            parsed.rows(Kind::LendingLiquidations, "aave-v2", "WBTC"),
            0,
            shown
        ),
        [
            "2022-06-13T00:00:00Z",
            "LiquidationCall",
            "WBTC",
            "0.05000001",
            "5000001",
            "USDC",
            "1234.56789",
            "1234567890",
            "scaled",
            &format!("1655078400:{borrower}:5.00000100000e-2")
        ]
    );
    assert_eq!(
        cells(
            parsed.rows(Kind::LendingLiquidations, "aave-v3", "WETH"),
            0,
            ["collateral_quantity", "debt_quantity", "exact"]
        ),
        [
            "1.2345678901234567",
            "2500.1234567890124",
            "collateral_quantity=1.234567890123456789 debt_quantity=2500.123456789012345678"
        ]
    );
    assert_eq!(
        cells(
            parsed.rows(Kind::LendingLiquidations, "compound-v2", "cETH"),
            0,
            ["event", "collateral_quantity", "debt_asset", "debt_quantity"]
        ),
        ["LiquidateBorrow", "43.21012345", "USDC", "1500.0"]
    );
    assert_eq!(
        cells(
            parsed.rows(Kind::LendingLiquidations, "compound-v3", "WBTC"),
            0,
            ["event", "collateral_quantity", "collateral_usd"]
        ),
        ["AbsorbCollateral", "0.1", "3000.12345678"]
    );
    assert_eq!(
        cells(
            parsed.rows(Kind::LendingLiquidations, "compound-v3", "USDC"),
            0,
            ["event", "debt_quantity", "debt_usd", "collateral_asset"]
        ),
        ["AbsorbDebt", "2700.0", "2700.0", ""]
    );
    assert_eq!(
        cells(
            parsed.rows(Kind::Auctions, "compound-v3", "WBTC"),
            0,
            ["event", "collateral_quantity", "bid_quantity"]
        ),
        ["buy", "0.1", "2800.0"]
    );
    // A token of unknown decimals stays as its contract counts it, to the largest number there is.
    assert_eq!(
        cells(
            parsed.rows(
                Kind::LendingLiquidations,
                "aave-v2",
                "0x9999999999999999999999999999999999999999"
            ),
            0,
            [
                "collateral_quantity",
                "collateral_quantity_raw",
                "debt_quantity_raw",
                "amount_origin"
            ]
        ),
        [
            "",
            "115792089237316195423570985008687907853269984665640564039457584007913129639935",
            "1000000",
            "raw"
        ]
    );
}

#[test]
fn makers_later_auctions() {
    let parsed = parse("constructed-lending.jsonl", &Hints::default()).unwrap();
    let shown = [
        "event",
        "auction_id",
        "collateral_quantity",
        "debt_quantity",
        "price",
        "bid_quantity",
    ];
    assert_eq!(
        cells(parsed.rows(Kind::Auctions, "maker", "ETH-A"), 0, shown),
        ["bark", "31", "10.0", "10170.0", "", ""]
    );
    let house = parsed.rows(
        Kind::Auctions,
        "maker",
        "0xcccccccccccccccccccccccccccccccccccccccc",
    );
    assert_eq!(
        cells(house, 0, shown),
        ["kick", "31", "10.0", "10170.0", "1300.0", ""]
    );
    assert_eq!(
        cells(house, 1, shown),
        ["take", "31", "5.0", "4420.0", "1150.0", "5750.0"]
    );
    assert_eq!(
        cells(house, 2, shown),
        ["redo", "31", "5.0", "4420.0", "1250.0", ""]
    );
}

#[test]
fn rejects_say_why() {
    let parsed = parse("constructed-lending.jsonl", &Hints::default()).unwrap();
    let rejects = parsed.rows(Kind::Rejects, "aave-v2", "all");
    let reasons: Vec<[String; 2]> = (0..5)
        .map(|row| cells(rejects, row, ["source_row", "reason"]))
        .collect();
    assert_eq!(
        reasons,
        [
            ["10", "event"],
            ["11", "withdrawn"],
            ["12", "event"],
            ["13", "instrument"],
            ["15", "stamp"]
        ]
    );
}
