use aftershock_protocol::venue::maintenance::open_interest_initial_ratio;
use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

use super::common::raise;
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "open-interest-margin",
    what: "initial margin that grows with open interest",
    changes: "Initial margin grows in proportion to open interest of one side, from what is asked anyway at the lower cap to \
              the whole value at the upper one. Maintenance margin stays, so that nobody who holds a position is closed by a rise. \
              At or below the lower cap it does nothing and its journal is that of the rules of record.",
    helps: "The more has been built up, the less leverage is added to it.",
    costs: "Newcomers pay for what others hold; near the upper cap nobody can open with leverage. What stands already is \
            made no safer by a rise in the replay; where open interest was beyond the upper cap before it, nobody holds leverage \
            when it begins.",
    parameters: &[
        Parameter {
            name: "lower_cap_usd",
            default: 1e9,
            allowed: [0.0, 1e12],
            meaning: "open interest from which initial margin grows, USD",
        },
        Parameter {
            name: "upper_cap_usd",
            default: 5e9,
            allowed: [1.0, 1e13],
            meaning: "open interest at which initial margin is the whole value, USD; above the lower cap",
        },
    ],
    example: "At 5 %, caps of 20M and 50M USD and open interest of 35M: 5 % + 0.5 · 95 % = 52.5 %.",
    sources: &[
        "dYdX v4 chain, perpetuals module: initial margin by open interest, maintenance a share of the unscaled one; caps of \
         25M and 50M for its mid-cap markets, none for its largest",
        "default caps: declared, not calibrated; open interest differs a hundredfold between venues",
    ],
    overlap: None,
    build: |table| {
        let rule = read::<OpenInterestMargin>(table)?;
        if rule.upper_cap_usd <= rule.lower_cap_usd {
            return Err(format!(
                "upper_cap_usd: is {}, allowed is above {} (the lower cap)",
                rule.upper_cap_usd, rule.lower_cap_usd
            ));
        }
        Ok(Box::new(rule))
    },
};

/// Initial margin that grows with open interest.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenInterestMargin {
    /// Open interest from which initial margin grows, USD.
    pub lower_cap_usd: f64,
    /// Open interest at which initial margin is the whole value, USD.
    pub upper_cap_usd: f64,
}

impl ProtocolRule for OpenInterestMargin {
    fn name(&self) -> &str {
        "open-interest-margin"
    }

    fn sets_margin(&self) -> bool {
        true
    }

    fn assess_margin(&self, step: &AssessMargin, view: &View<'_>) -> Decision<AssessMargin> {
        let wanted = open_interest_initial_ratio(
            step.initial_ratio,
            view.open_interest_usd,
            self.lower_cap_usd,
            self.upper_cap_usd,
        );
        raise(step, wanted, 0.0, "initial margin follows open interest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aftershock_protocol::NO_PAST;

    use crate::margin::tests::{Asked, near, refused, step, view};

    /// Source: dYdX v4 chain, perpetuals module, its formula at base 5 %, caps 20M and 50M: 5 % to 20M, 52.5 % at 35M, the
    /// whole from 50M; maintenance stays 3 %.
    #[test]
    fn dydx() {
        for (open_interest_usd, initial) in [
            (1e7, 0.05),
            (20e6, 0.05),
            (23e6, 0.145),
            (35e6, 0.525),
            (50e6, 1.0),
            (80e6, 1.0),
        ] {
            let seen = View {
                open_interest_usd,
                ..view(&NO_PAST)
            };
            let step = AssessMargin {
                initial_ratio: 0.05,
                maintenance_ratio: 0.03,
                ..step()
            };
            let rule = OpenInterestMargin {
                lower_cap_usd: 20e6,
                upper_cap_usd: 50e6,
            };
            let asked = Asked::on(rule, step, &seen);
            near(asked.initial, initial);
            assert_eq!(asked.maintenance, 0.03);
        }
    }

    #[test]
    fn caps_are_apart() {
        assert_eq!(
            refused("kind = \"open-interest-margin\"\nlower_cap_usd = 5e6\nupper_cap_usd = 5e6\n"),
            "x:8: open-interest-margin: upper_cap_usd: is 5000000, allowed is above 5000000 (the lower cap)"
        );
    }
}
