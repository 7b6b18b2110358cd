use aftershock_protocol::{Decision, Liquidate, ProtocolRule, Sale, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "dutch-auction",
    what: "what breaks is put up in an auction whose price falls until a keeper takes it, who sells it on the book",
    changes: "What breaks in a bracket at a check is one lot. Its price begins above the mark (below it for shorts) and moves by the cut at \
              each step. A keeper, who is a stated response and no part of the rule, takes the whole lot as soon as what it would \
              fetch on the book exceeds the price by 1 %, sells it there at once and keeps the difference; positions get the price of the \
              auction. An auction that nobody took by its tail begins anew at the mark of then. Maker's partial takes, its \
              incentives for who starts an auction and its limits on auctions at a time are not modelled.",
    helps: "Forced sales come later and one by one, when the book can take them, and a price that recovers meanwhile is what they get.",
    costs: "Positions in an auction keep losing while it runs; holders, or the fund, pay the keeper. What is still in \
            auction when a replay ends is neither sold nor counted as lost, so that a tape shorter than the auction shows too little.",
    parameters: &[
        Parameter {
            name: "above_ratio",
            default: 0.2,
            allowed: [0.0, 1.0],
            meaning: "first price above the mark, ratio (Maker's buf less one)",
        },
        Parameter {
            name: "cut_ratio",
            default: 0.01,
            allowed: [0.0001, 0.5],
            meaning: "share by which the price falls a step, ratio (one less Maker's cut)",
        },
        Parameter {
            name: "step_s",
            default: 90.0,
            allowed: [1.0, 3_600.0],
            meaning: "length of a step, whole s",
        },
        Parameter {
            name: "tail_s",
            default: 8_400.0,
            allowed: [1.0, 604_800.0],
            meaning: "time after which an auction begins anew, whole s",
        },
    ],
    example: "From 1.2 times the mark at 1 % every 90 s the price is below 0.99 of it after 20 steps, half an hour.",
    sources: &[
        "makerdao/dss, src/clip.sol and src/abaci.sol: buf, StairstepExponentialDecrease with cut and step, tail",
        "defaults: about those of ETH-A in 2021, from memory, so declared; the keeper's 1 %: declared",
    ],
    overlap: None,
    build: |table| {
        let rule = read::<DutchAuction>(table)?;
        for (key, value) in [("step_s", rule.step_s), ("tail_s", rule.tail_s)] {
            if value.fract() != 0.0 {
                return Err(format!("{key}: is {value}, should be whole seconds"));
            }
        }
        if rule.tail_s < rule.step_s {
            return Err(format!(
                "tail_s: is {}, allowed is {} (a step) to 604800",
                rule.tail_s, rule.step_s
            ));
        }
        Ok(Box::new(rule))
    },
};

/// What breaks is sold in a Dutch auction.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutchAuction {
    /// First price above the mark.
    pub above_ratio: f64,
    /// Share by which the price falls a step.
    pub cut_ratio: f64,
    /// Length of a step, whole s.
    pub step_s: f64,
    /// Time after which an auction begins anew, whole s.
    pub tail_s: f64,
}

impl ProtocolRule for DutchAuction {
    fn name(&self) -> &str {
        "dutch-auction"
    }

    fn fastest_s(&self) -> Option<f64> {
        Some(self.step_s)
    }

    fn liquidate(&self, step: &Liquidate, _view: &View<'_>) -> Decision<Liquidate> {
        if step.sale != Sale::Book {
            return Decision::Accept;
        }
        let amended = Liquidate {
            sale: Sale::DutchAuction {
                above_ratio: self.above_ratio,
                cut_ratio: self.cut_ratio,
                step_s: self.step_s as u32,
                tail_s: self.tail_s as u32,
            },
            ..step.clone()
        };
        Decision::Amend(amended, "sold to the first keeper who takes it".into())
    }
}

#[cfg(test)]
mod tests {
    use aftershock_protocol::step::Step;

    use super::*;
    use crate::liquidation::testing::{amended, at, step};

    const RULE: DutchAuction = DutchAuction {
        above_ratio: 0.2,
        cut_ratio: 0.01,
        step_s: 90.0,
        tail_s: 8_400.0,
    };

    #[test]
    fn it_changes_how_and_not_how_much_is_sold() {
        let before = Liquidate {
            fraction: 0.2,
            pause_s: 30.0,
            ..step()
        };
        let left = amended(RULE.liquidate(&before, &at(0)));
        let sale = Sale::DutchAuction {
            above_ratio: 0.2,
            cut_ratio: 0.01,
            step_s: 90,
            tail_s: 8_400,
        };
        assert_eq!(left, Liquidate { sale, ..before });
        assert_eq!((left.breach(), RULE.fastest_s()), (None, Some(90.0)));
        assert_eq!(RULE.liquidate(&left, &at(0)), Decision::Accept);
    }

    #[test]
    fn seconds_are_whole_and_a_step_fits_into_the_tail() {
        let refused = |changes: &[(&str, f64)]| {
            let mut table = toml::Table::new();
            for parameter in KIND.parameters {
                table.insert(parameter.name.into(), parameter.default.into());
            }
            for (key, value) in changes {
                table.insert((*key).into(), (*value).into());
            }
            (KIND.build)(table).map(|_| ()).err()
        };
        assert_eq!(
            refused(&[("step_s", 1.5)]).as_deref(),
            Some("step_s: is 1.5, should be whole seconds")
        );
        assert_eq!(
            refused(&[("tail_s", 89.0)]).as_deref(),
            Some("tail_s: is 89, allowed is 90 (a step) to 604800")
        );
        assert_eq!(refused(&[("tail_s", 90.0)]), None);
    }
}
