use aftershock_protocol::fee::{Accumulator, LiquidityBook};
use aftershock_protocol::past::KEPT_S;
use aftershock_protocol::{Decision, ProtocolRule, SetLiquidity, View};
use serde::Deserialize;

use super::charge;
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "liquidity-book-fee",
    what: "the fee of a Liquidity Book pair on takers, by bins crossed of late",
    changes: "The fee is that of an LFJ Liquidity Book v2 pair whose trades are the marks at decisions of the last hour: a base fee, and one that grows with the square of bins crossed. Filter 30 s, decay 600 s, half kept, control 40,000, at most 35 bins. Makers answer a better income with depth × (1 + income / 1 bp)^0.1, a declared response, not a choice of the venue.",
    helps: "Makers are paid for the move itself, at once.",
    costs: "Forced orders pay the fee out of what they get, and a fund pays it for who has nothing left; makers receive it. Ordinary takers pay it too: what they would trade less is not modelled. A real pair counts every trade; one decision a bar counts fewer crossings.",
    parameters: &[
        Parameter {
            name: "bin_step_bp",
            default: 10.0,
            allowed: [1.0, 100.0],
            meaning: "price step from bin to bin, basis points, whole",
        },
        Parameter {
            name: "base_factor_bp",
            default: 5000.0,
            allowed: [0.0, 20000.0],
            meaning: "base fee over the bin step, basis points, whole",
        },
    ],
    example: "Bin step 10 bp: a fall over 10 bins between two decisions charges 0.05 % + 0.04 %, one over 35 or more 0.05 % + 0.49 %.",
    sources: &[
        "traderjoe-xyz/joe-v2, PairParameterHelper.sol @0820111e: the formula; the defaults are those of its tests",
        "trades taken to be the marks at decisions: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<LiquidityBookFee>(table)?)),
};

/// The fee of a Liquidity Book pair, driven by marks at decisions of the last hour.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiquidityBookFee {
    /// Price step from bin to bin, basis points, whole.
    pub bin_step_bp: f64,
    /// Base fee over the bin step, basis points, whole.
    pub base_factor_bp: f64,
}

impl LiquidityBookFee {
    fn fee(&self, view: &View<'_>) -> f64 {
        let terms = LiquidityBook {
            bin_step_bp: self.bin_step_bp as u64,
            base_factor_bp: self.base_factor_bp as u64,
            filter_s: 30,
            decay_s: 600,
            reduction_bp: 5_000,
            control: 40_000,
            most: 350_000,
        };
        let width = libm::log1p(self.bin_step_bp * 1e-4);
        // Bins are counted from 2^23, as the contract does, so that none is negative.
        let bin = |log_mark: f64| ((log_mark / width).floor() + 8_388_608.0).max(0.0) as u64;
        let closes = view.past.closes();
        let from = closes.partition_point(|(at, _)| view.now.seconds_since(*at) > KEPT_S);
        let second = |at: aftershock_market::Timestamp| at.0.max(0) as u64 / 1_000_000;
        let mut pair: Option<Accumulator> = None;
        for &(at, log_mark) in &closes[from..] {
            let pair = pair.get_or_insert_with(|| Accumulator::new(bin(log_mark), second(at)));
            pair.begin(&terms, second(at));
            pair.reach(&terms, bin(log_mark));
        }
        let fee = pair.map_or(terms.base_fee(), |pair| terms.fee(&pair));
        fee as f64 / 1e18
    }
}

impl ProtocolRule for LiquidityBookFee {
    fn name(&self) -> &str {
        "liquidity-book-fee"
    }

    fn set_liquidity(&self, step: &SetLiquidity, view: &View<'_>) -> Decision<SetLiquidity> {
        charge(step, self.fee(view), "the fee follows bins crossed")
    }
}

#[cfg(test)]
mod tests {
    use aftershock_market::Timestamp;
    use aftershock_protocol::{NO_PAST, Past};

    use super::*;
    use crate::liquidity::testing::{after, view};

    fn fee(logs: &[(i64, f64)]) -> f64 {
        let rule = LiquidityBookFee {
            bin_step_bp: 10.0,
            base_factor_bp: 5_000.0,
        };
        let mut past = Past::new();
        for (second, bins) in logs {
            // Half a bin on, so that rounding decides nothing.
            past.close(Timestamp::from_seconds(*second), (bins + 0.5) * libm::log(1.001));
        }
        after(&rule, &SetLiquidity::HISTORY, &view(&past)).taker_fee_ratio
    }

    /// Source: the formula of joe-v2 evaluated in Python (V-LQ1): 10 bins 0.04 %, 35 and more 0.49 %, base 0.05 %.
    #[test]
    fn fee_by_bins_crossed_between_decisions() {
        for (bins, percent) in [
            (0.0, 0.05),
            (10.0, 0.09),
            (-10.0, 0.09),
            (35.0, 0.54),
            (60.0, 0.54),
        ] {
            let found = fee(&[(3_000, 900.0), (3_060, 900.0 + bins)]);
            assert!((found - percent / 100.0).abs() < 1e-12, "{bins}: {found}");
        }
        // What is older than the hour is not seen, and nothing seen is the base fee.
        assert!((fee(&[(-60, 500.0), (3_000, 900.0)]) - 0.000_5).abs() < 1e-12);
        assert!((fee(&[]) - 0.000_5).abs() < 1e-12);
        let _ = &NO_PAST;
    }
}
