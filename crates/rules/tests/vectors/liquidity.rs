//! Fees that a pool sets by its own volatility.

use aftershock_protocol::fee::{Accumulator, Algebra, LiquidityBook};

use crate::table::{Kind, Table};

#[test]
fn fees() {
    let mut table = Table::default();
    let terms = LiquidityBook {
        bin_step_bp: 10,
        base_factor_bp: 5_000,
        filter_s: 30,
        decay_s: 600,
        reduction_bp: 5_000,
        control: 40_000,
        most: 350_000,
    };
    let joe = "traderjoe-xyz/joe-v2, PairParameterHelper.sol and defaults of its tests; in Python";
    let percent = |fee: u128| fee as f64 / 1e16;
    table.near(
        "V-LQ1",
        Kind::Derived,
        joe,
        "base fee, %",
        0.05,
        percent(terms.base_fee()),
        1e-12,
    );
    let variable = [
        (0, 0.0),
        (1, 0.0004),
        (5, 0.01),
        (10, 0.04),
        (20, 0.16),
        (35, 0.49),
        (50, 0.49),
    ];
    for (bins, expected) in variable {
        let mut state = Accumulator::new(8_388_608, 0);
        state.reach(&terms, 8_388_608 + bins);
        let ours = percent(terms.variable_fee(&state));
        table.near(
            "V-LQ1",
            Kind::Derived,
            joe,
            &format!("variable fee after {bins} bins, %"),
            expected,
            ours,
            1e-12,
        );
    }
    let snapshot = "cryptoalgebra/Algebra, snapshot of the plugin's fee test";
    let fees = [
        (0, 100),
        (100, 134),
        (200, 279),
        (360, 1_550),
        (500, 2_752),
        (1_000, 3_000),
        (10_000, 3_033),
        (60_000, 9_000),
        (100_000, 14_892),
    ];
    for (volatility, expected) in fees {
        let ours = Algebra::INITIAL.fee(volatility * 15);
        table.same(
            "V-LQ2",
            Kind::Test,
            snapshot,
            &format!("fee at {volatility}, millionths"),
            expected,
            ours,
        );
    }
    table.finish();
}
