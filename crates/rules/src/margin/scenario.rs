use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

use super::common::{CAP, HORIZON_H, MAINTENANCE_SHARE, daily_per_root_s, follow, over};
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "scenario-margin",
    what: "margin at the worst of a grid of price moves",
    changes: "Initial margin becomes the largest loss over SPAN's scenarios: the price unchanged, up and down by one, two and \
              three thirds of the scan range, and an extreme move of several ranges of which a share is covered; never below \
              history's, at most the cap; maintenance becomes a share of it. The scan range is multiple · volatility, \
              weighted with a half-life of a day, · √(horizon / day), rounded up to whole steps. Of SPAN only this is left: a linear position does not \
              depend on volatility, so the halves of the grid that differ by it are one, and the worst is the range or the \
              covered extreme. Not modelled: spreads between contracts, options, a range set by judgement.",
    helps: "Margin moves in whole steps, seldom, and everybody can work it out.",
    costs: "Each step up is a jump for all holders at once, in the fall.",
    parameters: &[
        Parameter {
            name: "multiple",
            default: 3.0,
            allowed: [0.5, 10.0],
            meaning: "scan range in standard deviations",
        },
        HORIZON_H,
        Parameter {
            name: "step_pct",
            default: 0.5,
            allowed: [0.01, 10.0],
            meaning: "steps of the scan range, percent",
        },
        Parameter {
            name: "extreme_multiple",
            default: 2.0,
            allowed: [1.0, 10.0],
            meaning: "extreme move in scan ranges",
        },
        Parameter {
            name: "extreme_cover",
            default: 0.35,
            allowed: [0.0, 1.0],
            meaning: "share of the extreme loss that margin covers",
        },
        MAINTENANCE_SHARE,
        CAP,
    ],
    example: "3 · 4 % · √(1/24) = 2.45 % is rounded up to 2.5 %. The extreme is 2 · 2.5 % · 0.35 = 1.75 %: the range counts.",
    sources: &[
        "CME, SPAN: sixteen risk scenarios of the price scan range and the volatility scan range",
        "the extremes as they are tabulated: twice the range, 35 % of the loss; McMillan, \"Options as a Strategic Investment\", \
         has 7,000 for a range of 10,000",
        "the range from volatility, its steps, and other parameters: declared, not calibrated",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<ScenarioMargin>(table)?)),
};

/// Margin at the worst of a grid of price moves.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioMargin {
    /// Scan range in standard deviations.
    pub multiple: f64,
    /// Horizon over which the position must stand, h.
    pub horizon_h: f64,
    /// Steps of the scan range, percent.
    pub step_pct: f64,
    /// Extreme move in scan ranges.
    pub extreme_multiple: f64,
    /// Share of the extreme loss that margin covers.
    pub extreme_cover: f64,
    /// Maintenance over initial margin.
    pub maintenance_share: f64,
    /// Highest initial margin that the rule asks.
    pub cap: f64,
}

impl ScenarioMargin {
    /// What a long position of one loses in each scenario in which it is hit, of a scan range of `range`; a short loses the
    /// same the other way.
    fn losses(&self, range: f64) -> [f64; 5] {
        let third = range / 3.0;
        [
            0.0,
            third,
            2.0 * third,
            range,
            self.extreme_multiple * range * self.extreme_cover,
        ]
    }
}

impl ProtocolRule for ScenarioMargin {
    fn name(&self) -> &str {
        "scenario-margin"
    }

    fn sets_margin(&self) -> bool {
        true
    }

    fn model(&self, view: &View<'_>) -> f64 {
        let step = self.step_pct / 100.0;
        let wide = self.multiple * over(self.horizon_h, daily_per_root_s(view.volatility_24h));
        // A range that is whole steps in decimals may come out a little above them.
        let range = (wide / step - 1e-9).ceil() * step;
        self.losses(range).into_iter().fold(0.0, f64::max)
    }

    fn assess_margin(&self, step: &AssessMargin, _view: &View<'_>) -> Decision<AssessMargin> {
        follow(
            step,
            self.cap,
            self.maintenance_share,
            "margin covers the worst scenario",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aftershock_protocol::NO_PAST;

    use crate::margin::tests::{Asked, near, step, view};

    const RULE: ScenarioMargin = ScenarioMargin {
        multiple: 3.0,
        horizon_h: 1.0,
        step_pct: 0.5,
        extreme_multiple: 2.0,
        extreme_cover: 0.35,
        maintenance_share: 0.5,
        cap: 0.5,
    };

    /// Source: McMillan, "Options as a Strategic Investment", the SPAN array of an S&P 500 future: 3,330, 6,670, 10,000 and
    /// 7,000, to ten dollars.
    #[test]
    fn a_future_of_range_10000() {
        for (found, loss) in RULE
            .losses(10_000.0)
            .into_iter()
            .zip([0.0, 3_330.0, 6_670.0, 10_000.0, 7_000.0])
        {
            assert!((found - loss).abs() < 5.0, "{found} is not {loss}");
        }
    }

    fn asked(rule: ScenarioMargin, volatility_24h: f64) -> Asked {
        let seen = View {
            volatility_24h,
            ..view(&NO_PAST)
        };
        Asked::on(rule, step(), &seen)
    }

    /// By hand, over a day at multiple 1 and steps of 0.5 %: 4 % stays, 4.01 % is 4.5 %; half of it maintains. With half of a
    /// threefold move covered the extreme is one and a half ranges, 6 %.
    #[test]
    fn whole_steps() {
        let day = ScenarioMargin {
            multiple: 1.0,
            horizon_h: 24.0,
            ..RULE
        };
        for (volatility, initial) in [(0.04, 0.04), (0.0401, 0.045), (0.0449, 0.045)] {
            let found = asked(day.clone(), volatility);
            near(found.initial, initial);
            near(found.maintenance, 0.5 * initial);
        }
        let extreme = ScenarioMargin {
            extreme_multiple: 3.0,
            extreme_cover: 0.5,
            ..day.clone()
        };
        near(asked(extreme, 0.04).initial, 0.06);
        assert_eq!(asked(ScenarioMargin { cap: 0.03, ..day }, 0.04).initial, 0.03);
        // The example: 3 · 4 % · 0.2041 = 2.449 %.
        near(asked(RULE, 0.04).initial, 0.025);
        assert_eq!(asked(RULE, 0.0), Asked::HISTORY);
    }
}
