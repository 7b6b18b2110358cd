use aftershock_market::Cash;
use aftershock_measure::clearing::rogers_veraart;
use aftershock_protocol::{CoverDeficit, Decision, ProtocolRule, Reserve, View};
use serde::Deserialize;

use super::part;
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "clearing-vector",
    what: "pools owe one another what they undertook to pay, and all debts of a loss are cleared together: one default can bring down another",
    changes: "A loss is dealt to the pools at once. One whose fund does not reach calls a share of what it lacks from those whose funds \
              do, each in proportion to its fund, the vault among them. A pool then owes its own winners and those who call on it, and \
              pays all of them alike: in full, or, in default, alpha of its fund and beta of what reaches it from others, in \
              proportion to what it owes each. These payments are the greatest vector that clears.",
    helps: "Shows when standing in for one another saves a pool and when it takes a sound one along: a pool whose own fund would have \
            done can default on what others call from it.",
    costs: "Winners of a sound pool, where it is brought down. What a pool in default does not recover stays in its fund, so that a \
            later loss meets it again: no default is remembered and no money is destroyed. A pool that lacks something is called for \
            nothing, and no call has a limit but the fund. It replaces the draws of rules before it and reckons with the whole loss, \
            whatever a rule before charged to winners.",
    parameters: &[
        Parameter {
            name: "called",
            default: 1.0,
            allowed: [0.0, 1.0],
            meaning: "share of what a pool lacks that the others undertook to pay",
        },
        Parameter {
            name: "alpha",
            default: 0.8,
            allowed: [0.0, 1.0],
            meaning: "share of its own fund that a pool in default pays out",
        },
        Parameter {
            name: "beta",
            default: 0.8,
            allowed: [0.0, 1.0],
            meaning: "share of what others pay it that a pool in default pays on",
        },
    ],
    example: "Losses of 24,000 on a fund of 5,000 and of 8,000 on a fund of 20,000, alpha = beta = 0.5: the second pool owes 8,000 and \
              the 19,000 that the first calls, defaults on 27,000 and pays 10,000, 2,962.96 of them to its own winners; the first pays \
              2,500 and half of the 7,037.04 that reach it.",
    sources: &[
        "Eisenberg and Noe 2001: clearing vectors, in proportion to what is owed",
        "Rogers and Veraart 2013: recovery rates alpha and beta, definition 2.6 and the greatest vector",
        "who undertook what, alpha and beta: declared; no record of such undertakings between these venues exists",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<ClearingVector>(table)?)),
};

/// Pools that stand in for one another are cleared together.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClearingVector {
    /// Share of what a pool lacks that the others owe it, 0 to 1.
    pub called: f64,
    /// Share of its own fund that a pool in default pays out, 0 to 1.
    pub alpha: f64,
    /// Share of what others pay it that a pool in default pays on, 0 to 1.
    pub beta: f64,
}

impl ClearingVector {
    /// What `pool` draws from each reserve when the debts of a loss are cleared.
    fn draws(&self, reserves: &[Reserve], pool: usize) -> Vec<Cash> {
        let calls: Vec<Vec<Cash>> = (0..reserves.len()).map(|of| self.calls(reserves, of)).collect();
        let paid_share = self.paid_shares(reserves, &calls);
        let own = reserves[pool];
        let mut draws = vec![Cash::ZERO; reserves.len()];
        if own.loss <= own.fund {
            draws[pool] = part(own.loss, paid_share[pool]);
        } else if paid_share[pool] == 1.0 {
            draws.clone_from(&calls[pool]);
            draws[pool] = own.fund;
        } else {
            for (draw, (called, share)) in draws.iter_mut().zip(calls[pool].iter().zip(&paid_share)) {
                *draw = part(*called, self.beta * share);
            }
            draws[pool] = part(own.fund, self.alpha);
        }
        draws
    }

    /// What a pool calls from each of the others.
    fn calls(&self, reserves: &[Reserve], pool: usize) -> Vec<Cash> {
        let own = reserves[pool];
        let mut calls = vec![Cash::ZERO; reserves.len()];
        if own.loss <= own.fund {
            return calls;
        }
        let sound = |one: &Reserve| one.loss <= one.fund;
        let mut funds: Cash = reserves.iter().filter(|one| sound(one)).map(|one| one.fund).sum();
        let mut left = part(own.loss - own.fund, self.called);
        for (call, one) in calls.iter_mut().zip(reserves) {
            if sound(one) && one.fund > Cash::ZERO {
                // The last of them is called for the rest, to the unit.
                *call = part(left, one.fund.0 as f64 / funds.0 as f64);
                left -= *call;
                funds -= one.fund;
            }
        }
        calls
    }

    /// The share that each pool pays of all it owes.
    fn paid_shares(&self, reserves: &[Reserve], calls: &[Vec<Cash>]) -> Vec<f64> {
        let pools = reserves.len();
        // One more node stands for all winners, who owe nothing.
        let mut debts = vec![vec![0.0; pools + 1]; pools + 1];
        let mut funds = vec![0.0; pools + 1];
        for (pool, reserve) in reserves.iter().enumerate() {
            debts[pool][pools] = reserve.loss.to_f64();
            funds[pool] = reserve.fund.to_f64();
            for (other, call) in calls[pool].iter().enumerate() {
                debts[other][pool] = call.to_f64();
            }
        }
        let paid = rogers_veraart(&debts, &funds, self.alpha, self.beta).greatest;
        let share = |pool: usize| {
            let owed: f64 = debts[pool].iter().sum();
            if paid[pool] >= owed {
                1.0
            } else {
                paid[pool] / owed
            }
        };
        (0..pools).map(share).collect()
    }
}

impl ProtocolRule for ClearingVector {
    fn name(&self) -> &str {
        "clearing-vector"
    }

    fn cover_deficit(&self, step: &CoverDeficit, _: &View<'_>) -> Decision<CoverDeficit> {
        let mut owed = step.deficit - step.socialised;
        let mut draws = self.draws(&step.reserves, step.pool);
        for (draw, left) in draws.iter_mut().zip(&step.left) {
            *draw = (*draw).min(*left).min(owed);
            owed -= *draw;
        }
        if draws == step.draws {
            return Decision::Accept;
        }
        Decision::Amend(
            CoverDeficit {
                draws,
                ..step.clone()
            },
            "the pools' debts are cleared together".into(),
        )
    }
}
