//! Funding: what longs and shorts pay each other.

mod cap;
mod clamp;
mod interval;
mod stress;

pub use cap::FundingCap;
pub use clamp::FundingClamp;
pub use interval::FundingInterval;
pub use stress::StressFunding;

use aftershock_protocol::{Decision, ScheduleFunding};

use crate::Kind;

pub(crate) const KINDS: &[Kind] = &[clamp::KIND, cap::KIND, interval::KIND, stress::KIND];

const HOUR_S: f64 = 3_600.0;

/// Whole hours that divide a day.
fn divides_a_day(interval_h: f64) -> Result<(), String> {
    if interval_h.fract() == 0.0 && 24.0 % interval_h == 0.0 {
        Ok(())
    } else {
        Err(format!(
            "interval_h: {interval_h} should be whole hours that divide a day: 1, 2, 3, 4, 6, 8, 12 or 24"
        ))
    }
}

/// Funding is next paid after this.
fn next_after(interval_s: f64, step: &ScheduleFunding, why: &str) -> Decision<ScheduleFunding> {
    Decision::Amend(
        ScheduleFunding {
            interval_s,
            ..step.clone()
        },
        why.into(),
    )
}

#[cfg(test)]
mod tests {
    use aftershock_protocol::ChargeFunding;
    use aftershock_protocol::venue::funding::{Cap, FundingRule, RateForm};

    use crate::RuleSetFile;
    pub(super) use crate::testing::view;

    /// Eight hours at a premium of so many percent, interest 0.01 %, and a clamp in percent.
    pub(super) fn charge(premium_pct: f64, clamp_pct: f64) -> ChargeFunding {
        ChargeFunding {
            rule: FundingRule {
                form: RateForm::Clamped {
                    interest: 0.000_1,
                    clamp: clamp_pct / 100.0,
                },
                divisor: 1.0,
                cap: Cap::NONE,
            },
            premium: premium_pct / 100.0,
            previous_rate: None,
            interval_s: 28_800.0,
        }
    }

    pub(super) fn set(rules: &str) -> RuleSetFile {
        let head = "name = \"n\"\ntitle = \"t\"\nsummary = \"s\"\ncosts = \"c\"\n";
        RuleSetFile::parse("test", &format!("{head}{rules}")).expect("reads")
    }

    /// Rate in percent under these rules.
    pub(super) fn rate_pct(rules: &str, step: ChargeFunding) -> f64 {
        let verdict = set(rules).rules.charge_funding(step, &view()).expect("sound");
        100.0 * verdict.step.rate()
    }

    #[track_caller]
    pub(super) fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
    }

    #[test]
    fn an_interval_that_does_not_divide_a_day_is_refused() {
        let head = "name = \"n\"\ntitle = \"t\"\nsummary = \"s\"\ncosts = \"c\"\n";
        for (kind, hours) in [("funding-interval", "5"), ("stress-funding", "1.5")] {
            let rule = format!("{head}[[rule]]\nkind = \"{kind}\"\ninterval_h = {hours}\n");
            let error = RuleSetFile::parse("x.toml", &rule).unwrap_err().to_string();
            assert!(
                error.starts_with("x.toml:7: ") && error.contains("divide a day"),
                "{error}"
            );
        }
    }

    /// A clamp, then a cap: V-BN8's premium of 1 % gives 0.95 %, of which 0.3 % is left; the other order is the same.
    #[test]
    fn a_cap_stands_over_a_clamp() {
        let clamp = "[[rule]]\nkind = \"funding-clamp\"\nclamp_pct = 0.05\n";
        let cap = "[[rule]]\nkind = \"funding-cap\"\ncap_pct = 0.3\n";
        near(rate_pct(&format!("{clamp}{cap}"), charge(1.0, 0.2)), 0.3);
        near(rate_pct(&format!("{cap}{clamp}"), charge(1.0, 0.2)), 0.3);
        near(rate_pct(clamp, charge(1.0, 0.2)), 0.95);
    }
}
