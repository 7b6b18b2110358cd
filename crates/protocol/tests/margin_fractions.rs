//! Maintenance margins, liquidation and bankruptcy prices computed elsewhere: in Python, with `fractions.Fraction` for
//! every rate and value, tiers looked up with their published amounts, prices by bisection over every point of the grid.

use aftershock_market::{Cash, Coin, Price, Side};
use aftershock_protocol::venue::contract::{Contract, Holding, MaintenanceOn};
use aftershock_protocol::venue::maintenance::{
    MarginSchedule, RateTier, SizeBy, SizeLinear, hyperliquid_brackets,
};
use aftershock_protocol::venue::margin::{InitialTerms, MarginTerms};
use aftershock_protocol::{Brackets, Tier};

use MaintenanceOn::{EntryValue, MarkValue};

fn schedule(name: &str, base: f64) -> MarginSchedule {
    let binance = [
        (0.0, 50e3, 0.004, 125.0, 0.0),
        (50e3, 250e3, 0.005, 100.0, 50.0),
        (250e3, 1e6, 0.01, 50.0, 1_300.0),
        (1e6, 10e6, 0.025, 20.0, 16_300.0),
        (10e6, 20e6, 0.05, 10.0, 266_300.0),
        (20e6, f64::INFINITY, 0.1, 5.0, 1_266_300.0),
    ];
    let bracket = |(floor_usd, cap_usd, maintenance_ratio, max_leverage, maintenance_amount_usd)| Tier {
        floor_usd,
        cap_usd,
        maintenance_ratio,
        max_leverage,
        maintenance_amount_usd,
    };
    let tiers = |caps: [f64; 2]| {
        let rows = [(caps[0], 0.005), (caps[1], 0.01), (f64::INFINITY, 0.015)];
        let tier = |(cap, maintenance_ratio)| RateTier {
            cap,
            maintenance_ratio,
        };
        rows.map(tier).to_vec()
    };
    match name {
        "binance" => Brackets::new(binance.map(bracket).into()).map(MarginSchedule::Brackets),
        "hyperliquid" => hyperliquid_brackets(&[(0.0, 40.0), (150e6, 20.0)]).map(MarginSchedule::Brackets),
        "contracts" => MarginSchedule::whole_rate(SizeBy::Contracts, tiers([2_000.0, 10_000.0])),
        "value" => MarginSchedule::whole_rate(SizeBy::Value, tiers([200.0, 300.0])),
        _ => Ok(MarginSchedule::SizeLinear(SizeLinear {
            base,
            per_unit: 0.000_05,
        })),
    }
    .expect("a table in order")
}

/// Schedule, contract and units of one, side, contracts, opening value, margin, value charged on, closing fee, mark;
/// expected: maintenance at that mark, liquidation and bankruptcy price. All but the fee in units of 1e-8.
const ROWS: &str = "
binance linear 100000000 long 330000000 9900000000000 495000000000 mark 0 3000000000000 44500000000 2862798842699 2850000000000
binance linear 100000000 long 400000000000 12000000000000000 4000000000000000 mark 0.0004 3000000000000 1073370000000000 2188019675412 2000800320129
binance linear 100000000 long 166666666 4999999980000 39999999840 entry 0 3000000000000 19999999920 2988000000000 2976000000000
hyperliquid linear 100000000 long 200000000000 20000000000002000 1176470588235412 mark 0 10000000000001 312500000000050 9556938159881 9411764705884
contracts linear 1000000 long 200000000000 86420246913560 1728404938272 mark 0.0006 4321012345678 432101234568 4258439359176 4237134379393
contracts linear 1000000 long 200000000001 86420246913993 1728404938280 mark 0.0006 4321012345678 864202469140 4279959671281 4237134379393
contracts inverse 10000000000 long 1000000000000 2314272489 30856967 mark 0.0005 4321012345678 23142725 4308930569711 4266288999748
value inverse 100000000 long 150000000000000 20000000000 200000000 entry 0 750000000000 100000000 746268656717 742574257426
value inverse 100000000 long 150000100000000 20000013333 800000534 entry 0.00075 750000000000 200000134 728701456342 721694711557
growing inverse 1000000000 long 50000000000000 10000000000 1000000000 mark 0 5000000000000 150000000 4615529530089 4545454545455
growing inverse 1000000000 long 333333300000000 69266940963 2098998211 mark 0.0005 4812300000000 2762605996 4857866007665 4673097145706
growing inverse 1000000000 long 50000000000000 10000000000 1000000000 entry 0 5000000000000 150000000 4608294930876 4545454545455
value linear 100000000000 long 10000000000000000 10000000000000 66666666667 entry 0 100 150000000000 101 100
contracts linear 100000000 long 10000000000000000 100000000000000000000000 50000000000000000000000 mark 0.0006 1000000000000000 1500000000000000000000 507923608289314 500300180108065
contracts inverse 100000000 long 10000000000000000 10000000000000000000000 1428571428571428571429 mark 0 100 150000000000000000000 89 88
binance linear 100000000 long 10000000000000000 10000000000 66666667 mark 0 100 40000000 100 100
binance linear 100000000 short 330000000 9900000000000 495000000000 mark 0 3000000000000 44500000000 3135835971656 3150000000000
binance linear 100000000 short 400000000000 12000000000000000 4000000000000000 mark 0.0004 3000000000000 1073370000000000 3663810886950 3998400639744
binance linear 100000000 short 166666666 4999999980000 39999999840 entry 0 3000000000000 19999999920 3012000000000 3024000000000
hyperliquid linear 100000000 short 200000000000 20000000000002000 1176470588235412 mark 0 10000000000001 312500000000050 10421449067432 10588235294118
contracts linear 1000000 short 200000000000 86420246913560 1728404938272 mark 0.0006 4321012345678 432101234568 4382888417453 4404789718760
contracts linear 1000000 short 200000000001 86420246913992 1728404938280 mark 0.0006 4321012345678 864202469140 4361203831972 4404789718760
contracts inverse 10000000000 short 1000000000000 2314272490 30856967 mark 0.0005 4321012345678 23142725 4333420658693 4377214702663
value inverse 100000000 short 150000000000000 20000000000 200000000 entry 0 750000000000 100000000 753768844221 757575757575
value inverse 100000000 short 150000100000000 20000013334 800000534 entry 0.00075 750000000000 200000134 772615979330 780664062488
growing inverse 1000000000 short 50000000000000 10000000000 1000000000 mark 0 5000000000000 150000000 5474630453860 5555555555555
growing inverse 1000000000 short 333333300000000 69266940964 2098998212 mark 0.0005 4812300000000 2762605996 4760400103262 4960203032850
growing inverse 1000000000 short 50000000000000 10000000000 1000000000 entry 0 5000000000000 150000000 5464480874316 5555555555555
value linear 100000000000 short 10000000000000000 10000000000000 66666666667 entry 0 100 150000000000 99 100
contracts linear 100000000 short 10000000000000000 100000000000000000000000 50000000000000000000000 mark 0.0006 1000000000000000 1500000000000000000000 1476959432847577 1499100539676194
contracts inverse 100000000 short 10000000000000000 10000000000000000000000 1428571428571428571429 mark 0 100 150000000000000000000 114 116
binance linear 100000000 short 10000000000000000 10000000000 66666667 mark 0 100 40000000 100 100
";

fn case(row: &str) -> Option<()> {
    let mut cells = row.split_whitespace();
    let name = cells.next()?;
    let (kind, one) = (cells.next()?, cells.next()?);
    let contract = match kind {
        "linear" => Contract::Linear {
            multiplier: Coin(one.parse().ok()?),
        },
        _ => Contract::Inverse {
            usd: Cash(one.parse().ok()?),
        },
    };
    let side = if cells.next()? == "long" {
        Side::Long
    } else {
        Side::Short
    };
    let held = Holding {
        side,
        quantity: Coin(cells.next()?.parse().ok()?),
        opening_value: Cash(cells.next()?.parse().ok()?),
        margin: Cash(cells.next()?.parse().ok()?),
    };
    let on = if cells.next()? == "entry" {
        EntryValue
    } else {
        MarkValue
    };
    let fee = cells.next()?.parse().ok()?;
    let mark = Price(cells.next()?.parse().ok()?);
    let maintenance = Cash(cells.next()?.parse().ok()?);
    let liquidated = Price(cells.next()?.parse().ok()?);
    let bankrupt = Price(cells.next()?.parse().ok()?);
    // The growing ratio with a fee has the base of before 2022.
    let base = if fee > 0.0 { 0.005_25 } else { 0.01 };
    let initial = InitialTerms::ByLeverage { max_leverage: 150.0 };
    let terms = MarginTerms::new(initial, schedule(name, base), on, fee).ok()?;
    let ours = (
        terms.maintenance_margin(contract, &held, mark),
        terms.liquidation_price(contract, &held),
        terms.bankruptcy_price(contract, &held),
    );
    assert_eq!(ours, (maintenance, Some(liquidated), Some(bankrupt)), "{row}");
    Some(())
}

#[test]
fn prices_computed_in_fractions() {
    let rows: Vec<&str> = ROWS.lines().filter(|row| !row.is_empty()).collect();
    assert_eq!(rows.len(), 32);
    for row in rows {
        assert!(case(row).is_some(), "cannot be read: {row}");
    }
}
