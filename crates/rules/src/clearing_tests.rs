use aftershock_market::Cash;
use aftershock_protocol::{AssessMargin, CoverDeficit, NetMargin, RuleSet};

use crate::testing::view;

/// `[from own, from others]` of a deficit in history's order without a vault, in USD.
fn covered(toml: &str, deficit: i64, own: i64, others: i64) -> [f64; 2] {
    let usd = |amount: i64| Cash::from_f64(amount as f64);
    let step = CoverDeficit {
        deficit: usd(deficit),
        own_fund: usd(own),
        other_funds: usd(others),
        from_own: usd(own.min(deficit)),
        from_others: Cash::ZERO,
        socialised: Cash::ZERO,
    };
    let step = rules(toml).cover_deficit(step, &view()).expect("sound").step;
    [step.from_own.to_f64(), step.from_others.to_f64()]
}

fn rules(toml: &str) -> RuleSet {
    let file = format!("name = \"n\"\ntitle = \"t\"\nsummary = \"s\"\ncosts = \"c\"\n{toml}");
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
