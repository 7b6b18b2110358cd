use aftershock_market::Cash;
use aftershock_protocol::{AssessMargin, CoverDeficit, NetMargin, Reserve, RuleSet};

use crate::testing::view;

/// `[from own, from others]` of a deficit in history's order without a vault, in USD.
fn covered(toml: &str, deficit: i64, own: i64, others: i64) -> [f64; 2] {
    let step = lost(&[(own, deficit), (others, 0), (0, 0)], 0);
    let step = rules(toml).cover_deficit(step, &view()).expect("sound").step;
    [step.from_own().to_f64(), step.from_others().to_f64()]
}

/// The part of `pool` of a loss that met these `(fund, loss)`, USD, paid of its own fund alone; the vault is the last.
fn lost(reserves: &[(i64, i64)], pool: usize) -> CoverDeficit {
    let usd = |amount: i64| Cash::from_f64(amount as f64);
    let left: Vec<Cash> = reserves.iter().map(|(fund, _)| usd(*fund)).collect();
    let mut draws = vec![Cash::ZERO; left.len()];
    let deficit = usd(reserves[pool].1);
    draws[pool] = left[pool].min(deficit);
    CoverDeficit {
        deficit,
        pool,
        reserves: reserves
            .iter()
            .map(|(fund, loss)| Reserve {
                fund: usd(*fund),
                loss: usd(*loss),
            })
            .collect(),
        left,
        draws,
        socialised: Cash::ZERO,
    }
}

/// What each pool draws from each reserve, USD, one pool after another.
fn cleared(toml: &str, reserves: &[(i64, i64)]) -> Vec<Vec<f64>> {
    let mut left: Option<Vec<Cash>> = None;
    let pool = |pool| {
        let mut step = lost(reserves, pool);
        if let Some(left) = &left {
            step.draws[pool] = step.draws[pool].min(left[pool]);
            step.left.clone_from(left);
        }
        let step = rules(toml).cover_deficit(step, &view()).expect("sound").step;
        left = Some(
            step.left
                .iter()
                .zip(&step.draws)
                .map(|(left, draw)| *left - *draw)
                .collect(),
        );
        step.draws.iter().map(|draw| draw.to_f64()).collect()
    };
    (0..reserves.len() - 1).map(pool).collect()
}

fn clearing(called: f64, alpha: f64, beta: f64) -> String {
    format!("[[rule]]\nkind = \"clearing-vector\"\ncalled = {called:?}\nalpha = {alpha:?}\nbeta = {beta:?}\n")
}

fn assert_draws(drawn: &[Vec<f64>], expected: &[&[f64]]) {
    assert_eq!(drawn.len(), expected.len());
    for (drawn, expected) in drawn.iter().zip(expected) {
        assert_eq!(drawn.len(), expected.len());
        for (drawn, expected) in drawn.iter().zip(*expected) {
            assert!((drawn - expected).abs() < 1e-6, "{drawn} for {expected}");
        }
    }
}

/// By hand. 7,000 are lacking, and pools B and C with 20,000 and 5,000 are called for 5,600 and 1,400; nobody defaults, so that
/// what a default would cost does not matter. Where half is called, A defaults on 12,000: 0.5 of its 5,000, and 0.8 of the 2,800
/// and 700 that reach it.
#[test]
fn who_is_called_pays_in_proportion_to_its_fund() {
    let reserves = [(5000, 12_000), (20_000, 8000), (5000, 0), (0, 0)];
    let whole: [&[f64]; 3] = [
        &[5000.0, 5600.0, 1400.0, 0.0],
        &[0.0, 8000.0, 0.0, 0.0],
        &[0.0; 4],
    ];
    assert_draws(&cleared(&clearing(1.0, 0.5, 0.8), &reserves), &whole);
    let half: [&[f64]; 3] = [&[2500.0, 2240.0, 560.0, 0.0], &[0.0, 8000.0, 0.0, 0.0], &[0.0; 4]];
    assert_draws(&cleared(&clearing(0.5, 0.5, 0.8), &reserves), &half);
    // The vault is called as a pool is.
    let vault = [(5000, 12_000), (20_000, 8000), (5000, 0)];
    let of_vault: [&[f64]; 2] = [&[5000.0, 5600.0, 1400.0], &[0.0, 8000.0, 0.0]];
    assert_draws(&cleared(&clearing(1.0, 0.5, 0.8), &vault), &of_vault);
}

/// By hand: B owes 8,000 and 19,000 and has 20,000. It defaults on what A calls, and 8/27 of 10,000 go to its own winners, 19/27
/// to A, which pays 2,500 and half of that. Without costs of default B pays 20,000 and A 5,000 beside 19/27 of these.
#[test]
fn a_sound_pool_is_brought_down_by_a_call() {
    let reserves = [(5000, 24_000), (20_000, 8000), (0, 0)];
    let costly: [&[f64]; 2] = [
        &[2500.0, 0.5 * 10_000.0 * 19.0 / 27.0, 0.0],
        &[0.0, 10_000.0 * 8.0 / 27.0, 0.0],
    ];
    assert_draws(&cleared(&clearing(1.0, 0.5, 0.5), &reserves), &costly);
    let free: [&[f64]; 2] = [
        &[5000.0, 20_000.0 * 19.0 / 27.0, 0.0],
        &[0.0, 20_000.0 * 8.0 / 27.0, 0.0],
    ];
    assert_draws(&cleared(&clearing(1.0, 1.0, 1.0), &reserves), &free);
    // Nobody stands in: each has its own fund, or a part of it.
    let alone: [&[f64]; 2] = [&[2500.0, 0.0, 0.0], &[0.0, 8000.0, 0.0]];
    assert_draws(&cleared(&clearing(0.0, 0.5, 0.5), &reserves), &alone);
}

/// Nobody is left to be called, and what winners were charged already is not drawn again.
#[test]
fn debts_without_anybody_to_pay_them_stay() {
    let all_short = [(5000, 6000), (1000, 4000), (0, 0)];
    let own: [&[f64]; 2] = [&[2500.0, 0.0, 0.0], &[0.0, 500.0, 0.0]];
    assert_draws(&cleared(&clearing(1.0, 0.5, 1.0), &all_short), &own);
    let after = CoverDeficit {
        socialised: Cash::from_f64(9000.0),
        ..lost(&[(5000, 12_000), (20_000, 0), (0, 0)], 0)
    };
    let step = rules(&clearing(1.0, 1.0, 1.0))
        .cover_deficit(after, &view())
        .expect("sound")
        .step;
    assert_eq!(
        [step.from_own().to_f64(), step.from_others().to_f64()],
        [3000.0, 0.0]
    );
}

fn rules(toml: &str) -> RuleSet {
    let file =
        format!("name = \"n\"\ntitle = \"t\"\nsummary = \"s\"\ncosts = \"c\"\nworld.overlap = 0.5\n{toml}");
    crate::RuleSetFile::parse("test", &file).expect("reads").rules
}

fn exposure(toml: &str, offset_ratio: f64) -> f64 {
    let step = AssessMargin {
        tier: 1,
        account_usd: 0.0,
        offset_ratio,
        initial_ratio: 0.01,
        maintenance_ratio: 0.005,
        exposure_ratio: 1.0,
        in_force_initial_ratio: 0.01,
        in_force_maintenance_ratio: 0.005,
        elapsed_s: 0.0,
        model: 0.0,
    };
    rules(toml)
        .assess_margin(step, &[], &view())
        .expect("sound")
        .step
        .exposure_ratio
}

/// 12,000 on a fund of 5,000 leaves 7,000; a quarter of 20,000 is 5,000, all of it pays the 7,000.
#[test]
fn the_others_pay_after_the_own_fund_and_within_their_share() {
    let rule = |share: f64| format!("[[rule]]\nkind = \"shared-default-fund\"\nshare = {share:?}\n");
    assert_eq!(covered(&rule(0.25), 12_000, 5000, 20_000), [5000.0, 5000.0]);
    assert_eq!(covered(&rule(1.0), 12_000, 5000, 20_000), [5000.0, 7000.0]);
    assert_eq!(covered(&rule(1.0), 12_000, 5000, 3000), [5000.0, 3000.0]);
    assert_eq!(covered(&rule(1.0), 5000, 5000, 3000), [5000.0, 0.0]);
    assert_eq!(covered(&rule(0.0), 12_000, 5000, 20_000), [5000.0, 0.0]);
}

/// At the fund there is no default; a unit beyond it there is. 12,000 on 5,000 with alpha = beta = 1/2: 2,500, then half of
/// min(20,000, 9,500). With 4,000 elsewhere half of these.
#[test]
fn a_pool_in_default_recovers_part() {
    let rule = |alpha: f64, beta: f64| {
        format!("[[rule]]\nkind = \"default-waterfall\"\nalpha = {alpha:?}\nbeta = {beta:?}\n")
    };
    assert_eq!(covered(&rule(0.5, 0.5), 5000, 5000, 20_000), [5000.0, 0.0]);
    assert_eq!(covered(&rule(0.5, 0.5), 5001, 5000, 20_000), [2500.0, 1250.5]);
    assert_eq!(covered(&rule(0.5, 0.5), 12_000, 5000, 20_000), [2500.0, 4750.0]);
    assert_eq!(covered(&rule(0.5, 0.5), 12_000, 5000, 4000), [2500.0, 2000.0]);
    assert_eq!(covered(&rule(1.0, 0.0), 12_000, 5000, 4000), [5000.0, 0.0]);
}

#[test]
fn without_costs_of_default_the_waterfall_is_the_shared_fund() {
    let waterfall = "[[rule]]\nkind = \"default-waterfall\"\nalpha = 1.0\nbeta = 1.0\n";
    let shared = "[[rule]]\nkind = \"shared-default-fund\"\nshare = 1.0\n";
    for (deficit, own, others) in [(12_000, 5000, 20_000), (12_000, 0, 3000), (7, 8, 9), (0, 0, 0)] {
        assert_eq!(
            covered(waterfall, deficit, own, others),
            covered(shared, deficit, own, others)
        );
    }
}

#[test]
fn nobody_pays_bilaterally_and_history_stays_by_protocol() {
    let kind = |name: &str| format!("[[rule]]\nkind = \"{name}\"\n");
    assert_eq!(
        covered(&kind("bilateral-clearing"), 12_000, 5000, 20_000),
        [0.0; 2]
    );
    assert_eq!(
        covered(&kind("protocol-clearing"), 12_000, 5000, 20_000),
        [5000.0, 0.0]
    );
    let then_shared = kind("bilateral-clearing") + "[[rule]]\nkind = \"shared-default-fund\"\nshare = 0.5\n";
    assert_eq!(covered(&then_shared, 12_000, 5000, 20_000), [0.0, 10_000.0]);
}

/// 1 - 1 · 0.6 = 0.4 and 1 - 0.5 · 0.6 = 0.7: the net add-on 0.4 + 0.6 · NGR at net-to-gross ratios of 0 and 1/2.
/// Source: Basel II, Annex 4, current exposure method.
#[test]
fn netting_after_a_haircut() {
    let rule = |netting: f64, haircut: f64| {
        format!("[[rule]]\nkind = \"standardised-haircuts\"\nnetting = {netting:?}\nhaircut = {haircut:?}\n")
    };
    assert!((exposure(&rule(1.0, 0.4), 1.0) - 0.4).abs() < 1e-12);
    assert!((exposure(&rule(0.5, 0.4), 1.0) - 0.7).abs() < 1e-12);
    assert_eq!(exposure(&rule(1.0, 0.4), 0.0), 1.0);
    assert_eq!(exposure(&rule(1.0, 1.0), 1.0), 1.0);
    assert_eq!(exposure(&(rule(0.5, 0.0) + &rule(0.5, 0.0)), 1.0), 0.25);
}

#[test]
fn margin_across_venues_nets_and_shares_no_fund() {
    let rule = "[[rule]]\nkind = \"cross-venue-margin\"\nnetting = 0.75\n";
    assert_eq!(exposure(rule, 1.0), 0.25);
    assert_eq!(exposure(rule, 0.0), 1.0);
    assert_eq!(covered(rule, 12_000, 5000, 20_000), [5000.0, 0.0]);
}

fn asked(toml: &str, gross: f64, within_assets: f64, across_assets: f64) -> f64 {
    let step = NetMargin {
        gross,
        within_assets,
        across_assets,
        asked: gross,
    };
    rules(toml).net_margin(step, &view()).expect("sound").step.asked
}

/// By hand: 500 long and 300 short of one asset are 200 net; of two assets they share 300.
#[test]
fn margin_of_an_account_is_netted() {
    let by = |share: f64| format!("[[rule]]\nkind = \"netting-by-asset\"\nnetting = {share:?}\n");
    let across = |credit: f64| format!("[[rule]]\nkind = \"netting-across-assets\"\ncredit = {credit:?}\n");
    assert_eq!(asked(&by(1.0), 800.0, 300.0, 0.0), 200.0);
    assert_eq!(asked(&by(0.5), 800.0, 300.0, 0.0), 500.0);
    assert_eq!(asked(&by(1.0), 800.0, 0.0, 300.0), 800.0);
    assert_eq!(asked(&across(0.5), 800.0, 0.0, 300.0), 500.0);
    assert_eq!(asked(&across(1.0), 800.0, 0.0, 300.0), 200.0);
    assert_eq!(
        asked(&across(0.0), 800.0, 300.0, 100.0),
        asked(&by(1.0), 800.0, 300.0, 100.0)
    );
    // The least of two rules stands, in either order.
    for both in [by(0.5) + &across(0.5), across(0.5) + &by(0.5)] {
        assert_eq!(asked(&both, 800.0, 200.0, 100.0), 300.0);
    }
}
