//! A rule that never acts changes nothing: record and counterfactual execute the same orders at the same prices.

use aftershock_rules::RuleSetFile;
use aftershock_sweep::ensemble;
use anyhow::{Result, ensure};

use crate::workspace::{Loaded, rule_set};

const INERT: &str = r#"
name = "inert"
title = "Never"
summary = "No liquidation is that large."
costs = "Nobody."

[[rule]]
kind = "declared"
name = "never"
on = "liquidate"
when = "notional_usd > 1000000000000000000"
then.fraction = "0.5"
reason = "never"
"#;

#[test]
fn a_rule_that_never_acts_changes_nothing() -> Result<()> {
    let (record, inert) = (rule_set("record")?, RuleSetFile::parse("inert.toml", INERT)?);
    for episode in ["2020-03-12", "2021-05-19", "2025-10-10"] {
        let loaded = Loaded::new(episode)?;
        let journals = ensemble(&loaded.case(1, 10), &[&record, &inert], &|_, _| {})?;
        for (was, is) in journals[0].outcomes.iter().zip(&journals[1].outcomes) {
            let name = format!("{episode}, draw {}, {}", was.draw, was.bar_order.name());
            let pairs = [
                ("forced selling", was.forced_sell_usd, is.forced_sell_usd),
                ("forced buying", was.forced_buy_usd, is.forced_buy_usd),
                ("insurance", was.insurance_used_usd, is.insurance_used_usd),
                ("bad debt", was.bad_debt_usd, is.bad_debt_usd),
                (
                    "open interest left",
                    was.open_interest_btc_after,
                    is.open_interest_btc_after,
                ),
            ];
            for (what, was, is) in pairs {
                let scale = f64::max(1.0, f64::abs(was));
                ensure!(
                    f64::abs(was - is) <= 1e-9 * scale,
                    "{name}: {what} {was} became {is}"
                );
            }
            let moved = f64::abs(was.mark_drawdown - is.mark_drawdown);
            ensure!(moved <= 1e-9, "{name}: the fall moved by {moved}");
        }
    }
    Ok(())
}
