use super::*;
use proptest::prelude::*;

fn run(allocation: Allocation, needed: i64, holdings: &[i64]) -> (Vec<(usize, i64)>, i64) {
    let holdings: Vec<Coin> = holdings.iter().map(|held| Coin(*held)).collect();
    let mut shares = vec![(9, Coin(9))];
    let left = allocation.allocate(Coin(needed), &holdings, &mut shares);
    (
        shares.into_iter().map(|(at, share)| (at, share.0)).collect(),
        left.0,
    )
}

/// V-MEX4. Source: BitMEX, auto-deleveraging examples: six accounts by quantity and score, 20 contracts bankrupt at
/// 650; accounts 2 and 5 give 10 each at 650, and the lights stand at 20, 40, 60, 80, 80 and 100 % in the
/// order 2, 5, 4, 1, 6, 3.
#[test]
fn bitmex_example() {
    let holdings = [10, 10, 20, 30, 20, 10];
    let scores = [3.0, 6.0, 1.0, 4.0, 5.0, 2.0];
    let (closed, left) = run(Allocation::Queue(&scores), 20, &holdings);
    assert_eq!((closed, left), (vec![(1, 10), (4, 10)], 0));
    assert_eq!(holdings[4] - 10, 10);
    let prices = Prices {
        bankruptcy_usd: 650.0,
        mark_usd: 640.0,
        previous_mark_usd: 641.0,
        previous_oracle_usd: 642.0,
    };
    assert_eq!(ClosedAt::Bankruptcy.price(&prices), 650.0);
    let (ranked, _) = run(Allocation::Queue(&scores), 100, &holdings);
    let mut through = 0;
    let lights: Vec<(usize, u8)> = ranked
        .iter()
        .map(|(at, held)| {
            through += held;
            (at + 1, 20 * light(Coin(through), Coin(100)))
        })
        .collect();
    assert_eq!(lights, [(2, 20), (5, 40), (4, 60), (1, 80), (6, 80), (3, 100)]);
}

#[test]
fn prices_by_convention() {
    let prices = Prices {
        bankruptcy_usd: 1.0,
        mark_usd: 2.0,
        previous_mark_usd: 3.0,
        previous_oracle_usd: 4.0,
    };
    let all = [
        ClosedAt::Bankruptcy,
        ClosedAt::Mark,
        ClosedAt::PreviousMark,
        ClosedAt::PreviousOracle,
    ];
    assert_eq!(all.map(|at| at.price(&prices)), [1.0, 2.0, 3.0, 4.0]);
}

/// Source: the largest-remainder method by hand: 10 over 3, 3, 5 of 11 is 2.73, 2.73, 4.55: two units are
/// left, for the first two.
#[test]
fn pro_rata_by_largest_remainder() {
    assert_eq!(
        run(Allocation::ProRata, 10, &[3, 3, 5]),
        (vec![(0, 3), (1, 3), (2, 4)], 0)
    );
    assert_eq!(
        run(Allocation::ProRata, 12, &[3, 0, 5]),
        (vec![(0, 3), (2, 5)], 4)
    );
    assert_eq!(run(Allocation::ProRata, 0, &[3, 5]), (vec![], 0));
    assert_eq!(run(Allocation::ProRata, 7, &[]), (vec![], 7));
}

/// Source: by hand: of 12 by weights 6, 3, 3 the first would bear 6 but has 2; the others share 10. An
/// account without weight bears none.
#[test]
fn what_one_does_not_have_goes_to_the_others() {
    let weights = [6, 3, 3, 0];
    assert_eq!(
        run(Allocation::Weights(&weights), 12, &[2, 20, 20, 20]),
        (vec![(0, 2), (1, 5), (2, 5)], 0)
    );
    assert_eq!(
        run(Allocation::Weights(&weights), 50, &[2, 20, 20, 20]),
        (vec![(0, 2), (1, 20), (2, 20)], 8)
    );
}

fn long() -> Standing {
    Standing {
        side: Side::Long,
        entry_usd: 100.0,
        mark_usd: 120.0,
        opening_value: 1_000.0,
        mark_value: 1_200.0,
        profit: 200.0,
        margin: 100.0,
        equity: 300.0,
        maintenance: 6.0,
    }
}

/// Source: the venues' formulas by hand. Ten coins from 100 to 120 with 100 of margin: 20 % at an effective
/// leverage of 4; 200 % at a margin ratio of 2 %; 1.2 times 4. A loss of 10 % with 200 of equity has an
/// effective leverage of 4.5.
#[test]
fn scores() {
    let near = |score: f64, expected: f64| assert!((score - expected).abs() < 1e-12, "{score}");
    near(Ranking::Bitmex.score(&long()), 0.8);
    near(Ranking::Binance.score(&long()), 0.04);
    near(Ranking::Okx.score(&long()), 0.04);
    near(Ranking::Hyperliquid.score(&long()), 4.8);
    let loser = Standing {
        mark_usd: 90.0,
        mark_value: 900.0,
        profit: -100.0,
        margin: 300.0,
        equity: 200.0,
        ..long()
    };
    near(Ranking::Bitmex.score(&loser), -0.1 / 4.5);
    // Ten coins short from 100 to 80: 1.25 times an effective leverage of 800 over 300.
    let short = Standing {
        side: Side::Short,
        mark_usd: 80.0,
        mark_value: 800.0,
        ..long()
    };
    near(Ranking::Hyperliquid.score(&short), 10.0 / 3.0);
    let bankrupt = Standing {
        equity: 0.0,
        ..long()
    };
    assert_eq!(Ranking::Bitmex.score(&bankrupt), f64::NEG_INFINITY);
}

proptest! {
    /// What is laid on accounts and what nobody can bear are what was needed; no account gives more than it
    /// has; pro rata, none is a unit from its share.
    #[test]
    fn an_allocation_sums_to_what_was_needed(
        accounts in prop::collection::vec(
            (prop_oneof![0..20_i64, 0..i64::MAX / 1_000], prop_oneof![0..5_i64, 0..i64::MAX], -9.0..9.0_f64),
            0..30,
        ),
        share in 0.0..1.2_f64,
    ) {
        let holdings: Vec<Coin> = accounts.iter().map(|account| Coin(account.0)).collect();
        let weights: Vec<i64> = accounts.iter().map(|account| account.1).collect();
        let scores: Vec<f64> = accounts.iter().map(|account| account.2).collect();
        let open: Coin = holdings.iter().copied().sum();
        let needed = Coin((open.0 as f64 * share) as i64 + 1);
        let mut shares = Vec::new();
        for allocation in [Allocation::Queue(&scores), Allocation::ProRata, Allocation::Weights(&weights)] {
            let left = allocation.allocate(needed, &holdings, &mut shares);
            let given: Coin = shares.iter().map(|(_, share)| *share).sum();
            prop_assert_eq!(given + left, needed);
            let mut seen = vec![false; holdings.len()];
            for (at, share) in &shares {
                prop_assert!(Coin::ZERO < *share && *share <= holdings[*at]);
                prop_assert!(!std::mem::replace(&mut seen[*at], true));
            }
            let bears = |at: usize| allocation != Allocation::Weights(&weights) || weights[at] > 0;
            if left > Coin::ZERO {
                let able: Coin = (0..holdings.len()).filter(|at| bears(*at)).map(|at| holdings[at]).sum();
                prop_assert_eq!(given, able);
            }
            if allocation == Allocation::ProRata && needed <= open {
                for (at, held) in holdings.iter().enumerate() {
                    let got = shares.iter().find(|share| share.0 == at).map_or(0, |share| share.1.0);
                    let off = got as i128 * open.0 as i128 - needed.0 as i128 * held.0 as i128;
                    prop_assert!(off.abs() < open.0 as i128);
                }
            }
        }
    }
}

/// dYdX v4 ranks nobody: the caller's order stands.
#[test]
fn those_that_are_drawn_stand_in_the_order_of_the_draw() {
    let winner = Standing {
        side: Side::Short,
        entry_usd: 100.0,
        mark_usd: 90.0,
        opening_value: 100.0,
        mark_value: 90.0,
        profit: 10.0,
        margin: 10.0,
        equity: 20.0,
        maintenance: 3.0,
    };
    let small = Standing {
        profit: 1.0,
        ..winner
    };
    let scores = [Ranking::Drawn.score(&small), Ranking::Drawn.score(&winner)];
    assert_eq!(
        run(Allocation::Queue(&scores), 4, &[3, 3]),
        (vec![(0, 3), (1, 1)], 0)
    );
}
