use aftershock_protocol::{Decision, Liquidate, Part, ProtocolRule, View, band_fraction};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "soft-liquidation",
    what: "a position is sold little by little as the mark goes down through a band below its liquidation price",
    changes: "A position's band begins at its liquidation price and ends where its loss exceeds its margin by beyond_ratio of its value. What \
              has been sold of it is in proportion to how deep the mark has stood in the band when it was looked at; what is sold takes its \
              share of the margin along. After the pause of its bracket it is looked at again, below the mark it was sold down to. \
              A mark that rises sells nothing, and buys nothing back: Curve's de-liquidation is not modelled, nor that its bands are \
              an exchange whose arbitrageurs pay, nor that a borrower chooses the width of his band. Where maintenance is small the band is \
              narrow: half a percent of the price at a ratio of 0.5 %.",
    helps: "No price triggers a whole position, and who is barely broken loses barely anything.",
    costs: "What is left of a position falls with the price to the end of its band; a gap through it sells all at once, at the bottom.",
    parameters: &[
        Parameter {
            name: "beyond_ratio",
            default: 0.0,
            allowed: [0.0, 0.2],
            meaning: "loss beyond the margin at which the last of a position is sold, over its value, ratio",
        },
        Parameter {
            name: "pause_s",
            default: 10.0,
            allowed: [0.0, 3_600.0],
            meaning: "time until the bracket may be looked at again, s",
        },
    ],
    example: "A long liquidated at 36,180 and bankrupt at 36,000 has sold half at 36,090, whether the mark went there in one go or in ten.",
    sources: &[
        "Curve documentation, LLAMMA: collateral is converted within a borrower's bands as the price falls through them",
        "a band from maintenance to bankruptcy, sold in proportion to the price, and the pause: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<SoftLiquidation>(table)?)),
};

/// Positions are sold as the mark goes through a band below their liquidation price.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoftLiquidation {
    /// Loss beyond the margin at which the last is sold, over value.
    pub beyond_ratio: f64,
    /// Time until the bracket may be looked at again, s.
    pub pause_s: f64,
}

impl ProtocolRule for SoftLiquidation {
    fn name(&self) -> &str {
        "soft-liquidation"
    }

    fn fastest_s(&self) -> Option<f64> {
        (self.pause_s > 0.0).then_some(self.pause_s)
    }

    fn liquidate(&self, step: &Liquidate, _view: &View<'_>) -> Decision<Liquidate> {
        if step.part != Part::Share {
            return Decision::Accept;
        }
        // Prices of the mean of those broken, over the price at which it is bankrupt.
        let at = |equity_ratio: f64| 1.0 / (1.0 - step.side.sign() * equity_ratio);
        let mean = band_fraction(
            step.side,
            at(step.maintenance_ratio),
            at(-self.beyond_ratio),
            at(step.equity_ratio),
        );
        let amended = Liquidate {
            part: Part::InBand {
                beyond_ratio: self.beyond_ratio,
                mean,
            },
            keeps_margin: false,
            pause_s: step.pause_s.max(self.pause_s),
            ..step.clone()
        };
        Decision::Amend(amended, "no more than the mark's depth in the band".into())
    }
}

#[cfg(test)]
mod tests {
    use aftershock_market::Side;
    use aftershock_protocol::step::Step;

    use super::*;
    use crate::liquidation::testing::{amended, at, step};

    const RULE: SoftLiquidation = SoftLiquidation {
        beyond_ratio: 0.0,
        pause_s: 10.0,
    };

    fn depth(rule: &SoftLiquidation, side: Side, equity_ratio: f64) -> f64 {
        let broken = Liquidate {
            side,
            equity_ratio,
            ..step()
        };
        amended(rule.liquidate(&broken, &at(0))).value()
    }

    /// By hand: a long bankrupt at 36,000 is liquidated at 36,180.904523 at a maintenance of 0.5 %. At 36,045.226131, a quarter of the way up,
    /// its equity is `1 - 36,000 / 36,045.226131` = 0.125470514 % of value. Above the band nothing is sold and below it all is.
    #[test]
    fn what_is_sold_is_how_deep_the_mark_stands() {
        assert!((depth(&RULE, Side::Long, 0.001_254_705_14) - 0.75).abs() < 1e-8);
        assert_eq!(depth(&RULE, Side::Long, 0.0), 1.0);
        assert_eq!(depth(&RULE, Side::Long, -0.01), 1.0);
        assert_eq!(depth(&RULE, Side::Long, 0.005), 0.0);
    }

    /// By hand, a short bankrupt at 100: liquidated at `100 / 1.005 = 99.50249`; with a loss of 1 % beyond the margin the band ends at
    /// `100 / 0.99 = 101.0101`. At 100 the share `0.49751 / 1.50761 = 0.33` is sold.
    #[test]
    fn a_band_may_end_beyond_the_margin() {
        let wider = SoftLiquidation {
            beyond_ratio: 0.01,
            ..RULE
        };
        assert!((depth(&wider, Side::Short, 0.0) - 0.33).abs() < 1e-4);
    }

    #[test]
    fn it_keeps_the_pause_and_the_part_of_a_rule_before_it() {
        let before = Liquidate {
            fraction: 0.2,
            keeps_margin: true,
            pause_s: 60.0,
            ..step()
        };
        let left = amended(RULE.liquidate(&before, &at(0)));
        assert_eq!(
            (left.fraction, left.keeps_margin, left.pause_s),
            (0.2, false, 60.0)
        );
        assert_eq!(left.breach(), None);
        assert_eq!(RULE.liquidate(&left, &at(0)), Decision::Accept);
        assert_eq!(RULE.fastest_s(), Some(10.0));
        assert_eq!(amended(RULE.liquidate(&step(), &at(0))).pause_s, 10.0);
        let without = SoftLiquidation { pause_s: 0.0, ..RULE };
        assert_eq!(without.fastest_s(), None);
    }
}
