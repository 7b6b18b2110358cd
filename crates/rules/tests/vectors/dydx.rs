//! dYdX v4: bankruptcy and fillable prices as the chain's own tests have them, and under the parameters of its genesis.

use aftershock_market::{Cash, Coin, Price, Side};
use aftershock_protocol::dydx::{FillablePrice, Leg, MILLION, Market, Subaccount, TierMargin};
use aftershock_protocol::venue::maintenance::open_interest_initial_ratio;
use aftershock_protocol::venue::margin::InitialTerms;
use aftershock_protocol::venue::rounding::Rounding;
use aftershock_rules::record::Protocol;

use super::at;
use super::table::{Kind, Table};

const TESTS: &str = "dydxprotocol/v4-chain, tests of liquidations (defaults: spread 0.1, maintenance 10 %)";
const GENESIS: &str = "the chain's formula under its genesis file";

fn market(instrument: &str, day: &str) -> Market {
    match at("dydx-v4", instrument, day) {
        Protocol::Dydx(market) => *market,
        other => panic!("{other:?} is not of dYdX"),
    }
}

fn bitcoin() -> Market {
    market("BTC-USD", "2023-11-01T00:00:00Z")
}

fn leg(side: Side, margin: TierMargin) -> Leg {
    Leg {
        side,
        quantity: Coin::from_f64(0.1),
        oracle: Price::from_f64(50_000.0),
        margin,
    }
}

fn account(leg: &Leg, usdc: f64) -> Subaccount {
    Subaccount {
        collateral: Cash::from_f64(usdc + leg.side.sign() * 5_000.0),
        maintenance: leg.margin.maintenance(leg.quantity, leg.oracle),
    }
}

/// The vectors set the margin, and the spread, of the chain's tests; the adjustment is the file's.
#[test]
fn bankruptcy_and_fillable_prices() {
    let mut table = Table::default();
    let ten_percent = TierMargin {
        initial_ppm: 200_000,
        maintenance_fraction_ppm: 500_000,
    };
    let ours = FillablePrice {
        spread_to_maintenance_ppm: 100_000,
        ..bitcoin().liquidations.price
    };
    let twice = FillablePrice {
        bankruptcy_adjustment_ppm: 2 * MILLION,
        ..ours
    };
    let wider = FillablePrice {
        spread_to_maintenance_ppm: 200_000,
        ..ours
    };
    let price = |side, usdc, terms: &FillablePrice| {
        let leg = leg(side, ten_percent);
        let rounding = match side {
            Side::Long => Rounding::Up,
            Side::Short => Rounding::Down,
        };
        let price = account(&leg, usdc).fillable_price(&leg, terms, rounding);
        price.map_or(f64::NAN, Price::to_f64)
    };
    let quote = |side, usdc, close: f64| {
        let leg = leg(side, ten_percent);
        let quote = account(&leg, usdc).bankruptcy_quote(&leg, Coin::from_f64(close));
        quote.map_or(f64::NAN, Cash::to_f64)
    };
    let (long, short) = (Side::Long, Side::Short);
    for (id, what, expected, ours) in [
        (
            "V-DY1",
            "0.1 BTC long, -4,501 USDC: fillable price",
            49_999.0,
            price(long, -4_501.0, &ours),
        ),
        (
            "V-DY1",
            "its bankruptcy quote",
            4_501.0,
            quote(long, -4_501.0, 0.1),
        ),
        (
            "V-DY2",
            "with twice the adjustment",
            49_998.0,
            price(long, -4_501.0, &twice),
        ),
        (
            "V-DY2",
            "with twice the spread",
            49_998.0,
            price(long, -4_501.0, &wider),
        ),
        (
            "V-DY3",
            "0.1 BTC short, 5,499 USDC: fillable price",
            50_001.0,
            price(short, 5_499.0, &ours),
        ),
        (
            "V-DY3",
            "with twice the adjustment",
            50_002.0,
            price(short, 5_499.0, &twice),
        ),
        (
            "V-DY3",
            "its bankruptcy quote",
            -5_499.0,
            quote(short, 5_499.0, 0.1),
        ),
        (
            "V-DY4",
            "0.1 BTC long, -5,000 USDC: quote of a half",
            2_500.0,
            quote(long, -5_000.0, 0.05),
        ),
    ] {
        table.near(id, Kind::Test, TESTS, what, expected, ours, 0.000_000_5);
    }
    table.finish();
}

/// Worked by hand: 0.1 BTC at 50,000 needs 3 %, 150. With 100 left the account is rated a third; the widest spread is 1.5
/// times 150, so that a third of it over 0.1 coins is 750. A block takes 1,000 dollars of it, and a tenth of a position
/// of 500,000.
#[test]
fn under_the_genesis_file() {
    let mut table = Table::default();
    let bitcoin = bitcoin();
    let leg = leg(Side::Long, bitcoin.margin);
    let account = account(&leg, -4_900.0);
    let price = account.fillable_price(&leg, &bitcoin.liquidations.price, Rounding::Up);
    let limits = bitcoin.liquidations.limits;
    let block = |coins: f64| {
        let quantity = limits.quantity(
            Coin::from_f64(coins),
            leg.oracle,
            bitcoin.perpetual.lot,
            Cash::ZERO,
        );
        quantity.to_f64()
    };
    for (what, expected, ours) in [
        (
            "maintenance of 0.1 BTC at 50,000",
            150.0,
            account.maintenance.to_f64(),
        ),
        (
            "fillable price with 100 left",
            49_250.0,
            price.map_or(f64::NAN, Price::to_f64),
        ),
        ("a block takes of 0.1 BTC", 0.02, block(0.1)),
        ("a block takes of 10 BTC", 1.0, block(10.0)),
        (
            "largest funding rate an hour, %",
            1.5,
            100.0 * bitcoin.perpetual.funding.rule.rate(1.0, None),
        ),
    ] {
        table.near(
            "genesis",
            Kind::Derived,
            GENESIS,
            what,
            expected,
            ours,
            0.000_000_5,
        );
    }
    table.finish();
}

#[test]
fn open_interest_scales_initial_margin() {
    let mut table = Table::default();
    let solana = market("SOL-USD", "2024-07-01T00:00:00Z");
    let InitialTerms::OpenInterestScaled {
        base_ratio,
        lower_cap_usd,
        upper_cap_usd,
    } = *solana.perpetual.margin.initial()
    else {
        panic!("{:?} is not scaled", solana.perpetual.margin.initial());
    };
    let ratio = |base, open| open_interest_initial_ratio(base, open, lower_cap_usd, upper_cap_usd);
    table.near(
        "V-DY5",
        Kind::Derived,
        "dydxprotocol/v4-chain, open-interest margin fraction; caps of the file, base of the vector",
        "base 5 %, caps 20M and 50M, open interest 35M",
        0.525,
        ratio(0.05, 35e6),
        0.000_5,
    );
    table.near(
        "V-DY5",
        Kind::Derived,
        "the same at the file's base of 10 %",
        "SOL in July 2024, open interest 35M",
        0.55,
        ratio(base_ratio, 35e6),
        0.000_5,
    );
    table.finish();
}
