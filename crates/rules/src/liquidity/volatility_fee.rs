use aftershock_protocol::{Decision, ProtocolRule, SetLiquidity, View};
use serde::Deserialize;

use super::charge;
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "volatility-fee",
    what: "a fee on takers that grows with volatility, for makers",
    changes: "The fee is slope × (volatility over normal − 1), volatility weighted with a half-life of an hour, from nothing up to the cap. Makers answer a better income with depth × (1 + income / 1 bp)^0.1, a declared response, not a choice of the venue.",
    helps: "Makers are paid most when staying is most dangerous.",
    costs: "Forced orders pay the fee out of what they get, and a fund pays it for who has nothing left; makers receive it. Ordinary takers pay it too: what they would trade less is not modelled.",
    parameters: &[
        Parameter {
            name: "slope_bp",
            default: 5.0,
            allowed: [0.1, 1000.0],
            meaning: "fee for each multiple of normal volatility above one, basis points",
        },
        Parameter {
            name: "cap_bp",
            default: 50.0,
            allowed: [0.1, 1000.0],
            meaning: "highest fee, basis points",
        },
    ],
    example: "Slope 5 bp: three times normal volatility charges 10 bp, and the book is 1.27 times as deep (the tenth root of 11).",
    sources: &[
        "fees that rise with volatility: LFJ Liquidity Book and Algebra Integral charge so (see liquidity-book-fee, algebra-fee)",
        "slope and cap: declared, not calibrated",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<VolatilityFee>(table)?)),
};

/// A fee on takers that grows with volatility.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolatilityFee {
    /// Fee for each multiple of normal volatility above one, basis points.
    pub slope_bp: f64,
    /// Highest fee, basis points.
    pub cap_bp: f64,
}

impl ProtocolRule for VolatilityFee {
    fn name(&self) -> &str {
        "volatility-fee"
    }

    fn set_liquidity(&self, step: &SetLiquidity, view: &View<'_>) -> Decision<SetLiquidity> {
        let ratio = view.volatility_1h / view.volatility_normal;
        let above = if ratio.is_finite() {
            (ratio - 1.0).max(0.0)
        } else {
            0.0
        };
        let fee = (self.slope_bp * above).min(self.cap_bp) * 1e-4;
        charge(step, fee, "the fee follows volatility")
    }
}

#[cfg(test)]
mod tests {
    use aftershock_protocol::NO_PAST;

    use super::*;
    use crate::liquidity::testing::{after, view};

    /// By hand: twice normal is one above it, 5 bp; thrice 10 bp, which the cap of 8 cuts; normal and below is nothing.
    #[test]
    fn fee_by_volatility() {
        let rule = VolatilityFee {
            slope_bp: 5.0,
            cap_bp: 8.0,
        };
        for (volatility_1h, bp) in [(0.02, 0.0), (0.04, 0.0), (0.08, 5.0), (0.12, 8.0)] {
            let view = View {
                volatility_1h,
                ..view(&NO_PAST)
            };
            let fee = after(&rule, &SetLiquidity::HISTORY, &view).taker_fee_ratio;
            assert!((fee - bp * 1e-4).abs() < 1e-15, "{volatility_1h}: {fee}");
        }
        let dearer = SetLiquidity {
            taker_fee_ratio: 0.01,
            ..SetLiquidity::HISTORY
        };
        assert_eq!(after(&rule, &dearer, &view(&NO_PAST)), dearer);
    }
}
