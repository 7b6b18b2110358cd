use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

use super::common::CAP;
use crate::{Kind, Parameter, read};

/// Depth is told within this share of the price.
const DEPTH_WITHIN: f64 = 0.01;

pub(super) const KIND: Kind = Kind {
    name: "liquidity-margin",
    what: "margin grows by what closing the largest account would cost",
    changes: "Initial and maintenance margin both grow by multiple times the mean cost of selling the bracket's largest \
              account into the bids that rest now, as if they lay evenly: half of 1 % · account / bids within 1 %. The initial \
              margin that comes of it is at most the cap. A bracket that holds no account is left alone. Shorts are asked the \
              same. Where the book is too deep to walk it does nothing. Not modelled: asks of another depth, a sale spread \
              over time, several accounts closed together.",
    helps: "Whoever is too large for the book pays for it, before others do.",
    costs: "Holders of large positions post more, the more the thinner the book: bids leave in a fall, so margin rises in it.",
    parameters: &[
        Parameter {
            name: "multiple",
            default: 1.0,
            allowed: [0.01, 20.0],
            meaning: "margin over the cost of closing",
        },
        CAP,
    ],
    example: "An account of 5M USD against 2M of bids within 1 %: the last is sold 2.5 % lower, the mean 1.25 % lower; 0.8 % \
              becomes 2.05 %.",
    sources: &[
        "CPMI and IOSCO, Principles for financial market infrastructures (2012), principle 6: margin for the time of closing \
         out",
        "Almgren and Chriss, \"Optimal execution of portfolio transactions\", Journal of Risk 3 (2001): cost linear in what is \
         sold at once",
        "the largest account of a bracket, and parameters: declared, not calibrated",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<LiquidityMargin>(table)?)),
};

/// Margin grows by what closing the largest account would cost.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiquidityMargin {
    /// Margin over the cost of closing.
    pub multiple: f64,
    /// Highest initial margin that the rule asks.
    pub cap: f64,
}

impl ProtocolRule for LiquidityMargin {
    fn name(&self) -> &str {
        "liquidity-margin"
    }

    fn sets_margin(&self) -> bool {
        true
    }

    fn assess_margin(&self, step: &AssessMargin, view: &View<'_>) -> Decision<AssessMargin> {
        let cost = 0.5 * DEPTH_WITHIN * step.account_usd / view.bid_depth_1pct_usd;
        let added = (step.initial_ratio + self.multiple * cost).min(self.cap) - step.initial_ratio;
        // No account against no bids costs no number.
        if step.account_usd <= 0.0 || added.is_nan() || added <= 0.0 {
            return Decision::Accept;
        }
        Decision::Amend(
            AssessMargin {
                initial_ratio: step.initial_ratio + added,
                maintenance_ratio: step.maintenance_ratio + added,
                ..step.clone()
            },
            "margin covers closing the largest account".into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aftershock_protocol::NO_PAST;

    use crate::margin::tests::{Asked, near, step, view};

    fn asked(account_usd: f64, bid_depth_1pct_usd: f64) -> Asked {
        let seen = View {
            bid_depth_1pct_usd,
            ..view(&NO_PAST)
        };
        let rule = LiquidityMargin {
            multiple: 2.0,
            cap: 0.5,
        };
        Asked::on(
            rule,
            AssessMargin {
                account_usd,
                ..step()
            },
            &seen,
        )
    }

    /// By hand: 5M against 2M within 1 % is 2.5 % to the last and 1.25 % in the mean, twice that 2.5 %, on 1 % and 0.5 %.
    #[test]
    fn both_margins_grow_by_the_cost() {
        near(asked(5e6, 2e6).initial, 0.035);
        near(asked(5e6, 2e6).maintenance, 0.03);
        assert_eq!(asked(0.0, 2e6), Asked::HISTORY);
        assert_eq!(asked(0.0, 0.0), Asked::HISTORY);
        assert_eq!(asked(5e6, f64::INFINITY), Asked::HISTORY);
    }

    /// By hand: no bids at all cost more than any cap: 50 %, 49 points more than the 1 % and the 0.5 % there were.
    #[test]
    fn the_cap_holds() {
        near(asked(5e6, 0.0).initial, 0.5);
        near(asked(5e6, 0.0).maintenance, 0.495);
        let over = AssessMargin {
            initial_ratio: 0.6,
            account_usd: 5e6,
            ..step()
        };
        let rule = LiquidityMargin {
            multiple: 1.0,
            cap: 0.5,
        };
        assert_eq!(Asked::on(rule, over, &view(&NO_PAST)).initial, 0.6);
    }
}
