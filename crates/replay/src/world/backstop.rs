//! Fees, rebates and capital that rules put to the book; bids funded beforehand take forced sales first, below the price,
//! until their capital is gone.

use aftershock_market::{Coin, Side, Timestamp};
use aftershock_protocol::{RuleSet, SetLiquidity};

use super::market::Market;
use super::spec::InstrumentSpec;
use crate::ReplayError;
use crate::observer::{Noted, Observer};

/// What such bids take of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Taken {
    /// Share of its contracts.
    pub(crate) share: f64,
    /// Log price that they pay.
    pub(crate) log_price: f64,
}

impl Taken {
    /// Average price of the bids' part and of what walked the book, log: the price that gives both together what each gives
    /// alone.
    pub(crate) fn average(&self, market: &Market, log_walked: f64) -> f64 {
        if self.share == 0.0 {
            return log_walked;
        }
        let y = self.share * market.frame.y(self.log_price) + (1.0 - self.share) * market.frame.y(log_walked);
        if market.frame.inverse {
            -libm::log(y)
        } else {
            libm::log(y)
        }
    }
}

impl Market {
    /// What bids funded beforehand take of an order that closes `side`, at a log price on the market.
    pub(crate) fn backstop(&self, side: Side, quantity: Coin, log_price: f64) -> Taken {
        let left_usd = self.liquidity.backstop_usd - self.backstop_used_usd;
        if side == Side::Short || left_usd <= 0.0 {
            return Taken::default();
        }
        let log_price = log_price + libm::log1p(-self.liquidity.backstop_discount_ratio);
        Taken {
            share: (left_usd / self.frame.notional_usd(quantity, log_price)).min(1.0),
            log_price,
        }
    }

    /// Fees and entering capital are put to the rules; told where they change.
    pub(crate) fn decide_liquidity(
        &mut self,
        at: i64,
        spec: &InstrumentSpec,
        rules: &RuleSet,
        observer: &mut dyn Observer,
    ) -> Result<(), ReplayError> {
        let verdict = rules.set_liquidity(SetLiquidity::HISTORY, &self.view(at, spec))?;
        let step = if verdict.allowed {
            verdict.step
        } else {
            SetLiquidity::HISTORY
        };
        if step == self.liquidity {
            return Ok(());
        }
        let note = |rule: &str, decision, before, after, reason: &str, observer: &mut dyn Observer| {
            observer.intervention(&Noted {
                at: Timestamp(at),
                rule,
                step: "set_liquidity",
                decision,
                subject: "book".to_owned(),
                before: Some(before),
                after: Some(after),
                until: None,
                reason,
            });
        };
        for one in &verdict.interventions {
            note(
                &one.rule,
                one.decision,
                one.before,
                one.after,
                &one.reason.0,
                observer,
            );
        }
        match verdict.interventions.last() {
            Some(last) => self.liquidity_rule.clone_from(&last.rule),
            None => {
                use aftershock_protocol::Step;
                let reason = "no rule asks for it any more";
                note(
                    &self.liquidity_rule,
                    "end",
                    self.liquidity.value(),
                    0.0,
                    reason,
                    observer,
                );
            }
        }
        self.set_liquidity(step);
        Ok(())
    }
}
