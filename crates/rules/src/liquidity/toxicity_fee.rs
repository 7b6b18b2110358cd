use aftershock_protocol::{Decision, ProtocolRule, SetLiquidity, View};
use serde::Deserialize;

use super::charge;
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "toxicity-fee",
    what: "a fee on takers that grows with forced volume, for makers",
    changes: "The fee is slope × forced volume of the last hour over open interest, up to the cap. Makers answer a better income with depth × (1 + income / 1 bp)^0.1, a declared response, not a choice of the venue.",
    helps: "Makers are paid while one-sided flow runs them over.",
    costs: "Forced orders pay the fee out of what they get, and a fund pays it for who has nothing left; makers receive it. Ordinary takers pay it too: what they would trade less is not modelled. It sees forced orders only after they have filled.",
    parameters: &[
        Parameter {
            name: "slope_bp",
            default: 500.0,
            allowed: [1.0, 100000.0],
            meaning: "fee where forced volume of the last hour equals open interest, basis points",
        },
        Parameter {
            name: "cap_bp",
            default: 50.0,
            allowed: [0.1, 1000.0],
            meaning: "highest fee, basis points",
        },
    ],
    example: "Slope 500 bp: forced volume of 2 % of open interest within the hour charges 10 bp.",
    sources: &[
        "flow toxicity against makers: Easley, López de Prado and O’Hara 2012, Flow toxicity and liquidity in a high-frequency world",
        "its measure here, forced volume over open interest, slope and cap: declared, not calibrated",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<ToxicityFee>(table)?)),
};

/// A fee on takers that grows with forced volume of the last hour.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToxicityFee {
    /// Fee where forced volume of the last hour equals open interest, basis points.
    pub slope_bp: f64,
    /// Highest fee, basis points.
    pub cap_bp: f64,
}

impl ProtocolRule for ToxicityFee {
    fn name(&self) -> &str {
        "toxicity-fee"
    }

    fn set_liquidity(&self, step: &SetLiquidity, view: &View<'_>) -> Decision<SetLiquidity> {
        let forced = view.past.forced_usd(view.now, 3_600.0);
        let share = if view.open_interest_usd > 0.0 {
            forced / view.open_interest_usd
        } else {
            0.0
        };
        let fee = (self.slope_bp * share).min(self.cap_bp) * 1e-4;
        charge(step, fee, "the fee follows forced volume")
    }
}

#[cfg(test)]
mod tests {
    use aftershock_market::Timestamp;
    use aftershock_protocol::Past;

    use super::*;
    use crate::liquidity::testing::{after, view};

    /// By hand: 20 of 1,000 million are 2 %, at slope 500 bp 10 bp; 200 are 100 bp, cut at 50.
    #[test]
    fn fee_by_forced_volume() {
        let rule = ToxicityFee {
            slope_bp: 500.0,
            cap_bp: 50.0,
        };
        for (usd, bp) in [(0.0, 0.0), (2e7, 10.0), (2e8, 50.0)] {
            let mut past = Past::new();
            past.forced(Timestamp::from_seconds(1_000), usd);
            let fee = after(&rule, &SetLiquidity::HISTORY, &view(&past)).taker_fee_ratio;
            assert!((fee - bp * 1e-4).abs() < 1e-15, "{usd}: {fee}");
        }
    }
}
