use super::*;

fn tier(floor: f64, cap: f64, ratio: f64, leverage: f64, amount: f64) -> Tier {
    Tier {
        floor_usd: floor,
        cap_usd: cap,
        maintenance_ratio: ratio,
        max_leverage: leverage,
        maintenance_amount_usd: amount,
    }
}

/// Source: Binance announcement of 2021-03-18, BTCUSDT leverage and margin tiers.
fn binance_2021() -> Brackets {
    Brackets::new(vec![
        tier(0.0, 50e3, 0.004, 125.0, 0.0),
        tier(50e3, 250e3, 0.005, 100.0, 50.0),
        tier(250e3, 1e6, 0.01, 50.0, 1_300.0),
        tier(1e6, 10e6, 0.025, 20.0, 16_300.0),
        tier(10e6, 20e6, 0.05, 10.0, 266_300.0),
        tier(20e6, f64::INFINITY, 0.1, 5.0, 1_266_300.0),
    ])
    .unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn close(actual: f64, expected: f64, tolerance: f64) {
    assert!(
        (actual - expected).abs() <= tolerance,
        "{actual} is not {expected} within {tolerance}"
    );
}

/// Source: the closed forms `P0 (1 - 1/L) / (1 - mmr)` and `P0 (1 + 1/L) / (1 + mmr)`, evaluated in Python.
#[test]
fn ten_times_leverage_at_100k() {
    close(
        liquidation_price(Side::Long, 1.0, 1e5, 1e4, 0.004, 0.0),
        90_361.445_783_132_53,
        1e-9 * 1e5,
    );
    close(
        liquidation_price(Side::Short, 1.0, 1e5, 1e4, 0.004, 0.0),
        109_561.752_988_047_81,
        1e-9 * 1e5,
    );
    close(
        liquidation_price(Side::Long, 50.0, 1e5, 250e3, 0.01, 1_500.0),
        95_929.292_929_292_93,
        1e-9 * 1e5,
    );
}

/// V-BN7. Source: freqtrade, tests of the Binance liquidation price (q = 1, entry 10, wallet 2, 1 %, amount 0.01).
#[test]
fn small_wallet() {
    close(
        liquidation_price(Side::Long, 1.0, 10.0, 2.0, 0.01, 0.01),
        8.070_707_07,
        1e-8,
    );
    close(
        liquidation_price(Side::Short, 1.0, 10.0, 2.0, 0.01, 0.01),
        11.891_089_11,
        1e-8,
    );
}

/// V-BN4. Source: Binance "How to calculate liquidation price of USD-M futures", cross example with ETH and BTC longs;
/// the other contract enters as wallet minus its maintenance plus its unrealised result.
#[test]
fn cross_margin_example_of_the_venue() {
    let wallet = 1_535_443.01;
    let (btc_maintenance, btc_result) = (71_200.811_44, -56_354.574_48);
    let (eth_maintenance, eth_result) = (356_512.508_16, -448_192.890_36);
    let eth = liquidation_price(
        Side::Long,
        3_683.979,
        1_456.84,
        wallet - btc_maintenance + btc_result,
        0.10,
        135_365.0,
    );
    close(eth, 1_153.26, 0.005);
    let btc = liquidation_price(
        Side::Long,
        109.488,
        32_481.98,
        wallet - eth_maintenance + eth_result,
        0.025,
        16_300.0,
    );
    close(btc, 26_316.89, 0.005);
}

/// V-BN1, V-BN2. Source: Binance "Leverage and margin of USD-M futures": 264,000 stands in the 1 % bracket; 500,000 needs
/// 500,000 x 1 % - 1,300 = 3,700.
#[test]
fn brackets_of_2021() {
    let table = binance_2021();
    assert_eq!(table.tiers()[table.index_of(264_000.0)].maintenance_ratio, 0.01);
    close(table.maintenance_usd(500_000.0), 3_700.0, 1e-9);
}

#[test]
fn equity_meets_maintenance_at_the_liquidation_price_across_tier_edges() {
    let table = binance_2021();
    for side in Side::BOTH {
        for leverage in [2.0, 3.0, 5.0, 9.9] {
            for notional in [
                40e3, 50e3, 51e3, 249e3, 252e3, 1.01e6, 9.9e6, 10.2e6, 19e6, 21e6, 60e6_f64,
            ] {
                let entry = 40_000.0;
                let quantity = notional / entry;
                let margin = notional / leverage;
                let Some((tier, price)) = table.liquidation(side, quantity, entry, margin) else {
                    panic!("{side:?} {leverage} {notional} has a liquidation price");
                };
                let equity = margin + side.sign() * quantity * (price - entry);
                let maintenance = table.maintenance_usd(quantity * price);
                close(equity, maintenance, 1e-6 * notional);
                assert_eq!(tier, table.index_of(quantity * price));
                let bankrupt = bankruptcy_price(side, quantity, entry, margin);
                close(
                    margin + side.sign() * quantity * (bankrupt - entry),
                    0.0,
                    1e-6 * notional,
                );
            }
        }
    }
}

#[test]
fn a_broken_table_names_its_bracket() {
    let gap = Brackets::new(vec![
        tier(0.0, 50e3, 0.004, 125.0, 0.0),
        tier(60e3, 1e6, 0.005, 100.0, 60.0),
    ]);
    assert_eq!(
        gap.unwrap_err().to_string(),
        "bracket 2: runs from 60000 to 1000000, should start at 50000"
    );
    let refused = |second: Tier| {
        let table = Brackets::new(vec![tier(0.0, 50e3, 0.004, 125.0, 0.0), second]);
        table.expect_err("it is refused").to_string()
    };
    assert_eq!(
        refused(tier(50e3, 1e6, 0.005, 126.0, 50.0)),
        "bracket 2: leverage 126 should be at most the 125 of smaller positions"
    );
    assert!(
        Brackets::new(vec![
            tier(0.0, 1e6, 0.004, 125.0, 0.0),
            tier(1e6, 2e6, 0.005, 125.0, 1e3)
        ])
        .is_ok()
    );
    for (second, word) in [
        (tier(f64::NAN, 1e6, 0.005, 100.0, 50.0), "NaN"),
        (tier(50e3, f64::NAN, 0.005, 100.0, 50.0), "NaN"),
        (tier(50e3, 1e6, f64::NAN, 100.0, 50.0), "NaN"),
        (tier(50e3, 1e6, 0.005, f64::NAN, 50.0), "NaN"),
        (tier(50e3, 1e6, 0.005, 100.0, f64::NAN), "NaN"),
    ] {
        let said = refused(second);
        assert!(said.starts_with("bracket 2: ") && said.contains(word), "{said}");
    }
    let jump = Brackets::new(vec![
        tier(0.0, 50e3, 0.004, 125.0, 0.0),
        tier(50e3, 1e6, 0.005, 100.0, 40.0),
    ]);
    assert_eq!(
        jump.unwrap_err().to_string(),
        "bracket 2: maintenance amount 40 should be 50"
    );
}

/// A long whose margin is its value has nothing to be liquidated at; with a cent less it has.
#[test]
fn no_price_liquidates_a_long_without_leverage() {
    let table = binance_2021();
    assert_eq!(table.liquidation(Side::Long, 1.0, 40_000.0, 40_000.0), None);
    assert_eq!(table.liquidation(Side::Long, 1.0, 40_000.0, 50_000.0), None);
    let near = table.liquidation(Side::Long, 1.0, 40_000.0, 39_999.99);
    assert!(near.is_some_and(|(tier, price)| tier == 0 && price > 0.0));
}

/// Source: by hand, Deribit's 1 % + 0.005 % a coin: 100 coins need 1.5. A holder who has gained or lost 10 on the way
/// there and has 11.5, or 10 less, behind it meets that; the roots are those of 0.9604 and 1.0404.
#[test]
fn a_requirement_that_grows_with_value_is_crossed_at_its_root() {
    for (paid, opening, cushion) in [
        (1.0, 110.0, 11.5),
        (1.0, 100.0, 1.5),
        (-1.0, 90.0, 11.5),
        (-1.0, 110.0, -8.5),
    ] {
        let (over, under) = crossing_value(paid, opening, cushion, 0.01, 0.000_05);
        close(over / under, 100.0, 1e-9);
    }
}
