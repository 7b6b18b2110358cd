//! A toy that was followed by an independent computation.

use aftershock_market::Timestamp;

use super::*;
use crate::fit::binned::{Binned, Bins};
use crate::fit::positions::Assumed;

const BARS: [[f64; 4]; 4] = [
    [102.0, 99.0, 101.0, 2_000.0],
    [101.5, 97.0, 98.0, 3_000.0],
    [99.0, 96.0, 98.5, 1_000.0],
    [100.0, 98.0, 99.0, 4_000.0],
];

/// Four bars, five minutes of marks, one liquidation of 0.4 in the second minute.
fn toy() -> (Observed, Clocked, Assumed) {
    let minute = |count: i64| Timestamp(count * 60_000_000);
    let mut observed = Observed {
        quantity_unit: "base",
        coverage: "complete",
        ..Observed::default()
    };
    for (place, [high, low, close, volume]) in BARS.into_iter().enumerate() {
        let bars = &mut observed.bars;
        bars.open_at.push(minute(5 * place as i64 - 20));
        bars.close_at.push(minute(5 * place as i64 - 15));
        bars.open_usd.push(close);
        bars.high_usd.push(high);
        bars.low_usd.push(low);
        bars.close_usd.push(close);
        bars.volume_usd.push(volume);
    }
    let rows = [
        (99.0, 10.0),
        (98.5, 10.0),
        (95.0, 10.0),
        (94.5, 9.0),
        (104.0, 9.0),
        (80.0, 8.5),
    ];
    for (place, (mark, open_interest)) in rows.into_iter().enumerate() {
        observed.marks.at.push(minute(place as i64));
        observed.marks.mark_usd.push(mark);
        observed.marks.mid_usd.push(mark);
        observed.open_interest.at.push(minute(place as i64));
        observed.open_interest.quantity.push(open_interest);
        let traded_at = Timestamp(minute(place as i64).0 + 1_000_000);
        observed
            .trades
            .push(traded_at, mark, 5_000.0 / mark, place % 2 == 0);
    }
    observed
        .liquidations
        .push(Timestamp(90_000_000), 95.0, 0.4, false);
    let clocked = Clocked::new(&observed, minute(0), minute(5), 60.0).expect("it begins with a price");
    let assumed = Assumed {
        classes: vec![5.0, 20.0, 40.0],
        churn: 0.1,
        churn_within: 0.02,
        top_up_per_h: 0.0,
        latency_s: 0.0,
        ..Assumed::new(0.01)
    };
    (observed, clocked, assumed)
}

#[track_caller]
fn close(found: f64, wanted: f64) {
    assert!(
        (found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0),
        "{found} is not {wanted}"
    );
}

/// Source: an independent computation in Python that follows each position of the same toy by itself, minute by minute.
#[test]
fn a_toy_followed_by_hand() {
    let (observed, clocked, assumed) = toy();
    let positions = Positions::new(&observed, &clocked, assumed).expect("it has bars and open interest");
    let survived = [
        [1.0, 0.8737527085355629, 0.7006282437399763],
        [1.0, 0.9856360881779519, 0.8717994022805137],
    ];
    for (side, survived) in survived.iter().enumerate() {
        for (class, survived) in survived.iter().enumerate() {
            close(positions.survived[side][class], *survived);
        }
    }
    let crossings = Crossings::new(&observed, &clocked, &positions);
    let binned = Binned::new(&observed, &clocked, &crossings, 3, Bins::Time(60.0), (0.0, 300.0));
    close(binned.printed_usd[1], 38.0);
    let start = [
        [
            [0.0; 3],
            [0.0, 242.04367020931144, 586.0974673097053],
            [0.0, 305.9054812331017, 11.452045299970171],
            [0.0; 3],
            [193.90500452636076, 97.81731226353875, 0.0],
        ],
        [
            [0.0; 3],
            [0.0; 3],
            [0.0; 3],
            [0.0, 573.7308800711309, 582.0162425070853],
            [0.0; 3],
        ],
    ];
    let within = [
        [
            [0.0; 3],
            [0.0, 0.0, 95.95959595959597],
            [0.0, 89.58191047531149, 0.0],
            [0.0; 3],
            [84.65608465608464, 215.92315061012184, 215.92315061012184],
        ],
        [
            [0.0; 3],
            [0.0; 3],
            [0.0; 3],
            [0.0, 268.3966029517726, 268.3966029517726],
            [0.0; 3],
        ],
    ];
    let (whole, halved) = (binned.matrix([1.0, 1.0]), binned.matrix([0.5, 0.5]));
    for side in 0..2 {
        for bin in 0..5 {
            for class in 0..3 {
                let place = (side * 5 + bin) * 3 + class;
                let (start, within) = (start[side][bin][class], within[side][bin][class]);
                close(whole[place], start + within);
                close(halved[place], 2.0 * start + within);
            }
        }
    }
}

/// Both sides hold the open interest of the start, whatever the mix.
#[test]
fn sides_hold_the_same() {
    let (observed, clocked, mut assumed) = toy();
    assumed.top_up_per_h = 0.5;
    let positions = Positions::new(&observed, &clocked, assumed).expect("it has bars and open interest");
    let cohorts = positions.of_mix(&[0.2, 0.5, 0.3]);
    for short in [false, true] {
        let rows = cohorts.quantity.iter().zip(&cohorts.short);
        let held: f64 = rows.filter(|row| *row.1 == short).map(|row| row.0).sum();
        close(held, 10.0);
    }
    let shares = positions.shares(&[0.2, 0.5, 0.3]);
    close(shares[0].iter().sum(), 1.0);
    assert!(shares[0][2] < 0.3);
}
