//! Deleveraging and default: who bears a loss beyond margin.

mod by_profit;
mod insurance_size;
mod pro_rata;
mod queue;
mod socialisation;
mod whole_lots;

use aftershock_protocol::{Decision, Deleverage, Shared};
pub use by_profit::DeleverageByProfit;
pub use insurance_size::InsuranceSize;
pub use pro_rata::DeleverageProRata;
pub use queue::DeleverageQueue;
pub use socialisation::LossSocialisation;
pub use whole_lots::DeleverageWholeLots;

use crate::{Kind, Parameter};

pub(crate) const KINDS: &[Kind] = &[
    queue::KIND,
    pro_rata::KIND,
    whole_lots::KIND,
    by_profit::KIND,
    socialisation::KIND,
    insurance_size::KIND,
];

/// What is laid on winners.
const SHARE: Parameter = Parameter {
    name: "share",
    default: 1.0,
    allowed: [0.0, 1.0],
    meaning: "share of what cannot be borne that is closed against winners; never less than history's",
};

/// At least this share is closed against winners, laid on them so.
fn lay(step: &Deleverage, share: f64, shared: Shared) -> Decision<Deleverage> {
    let share = share.max(step.share);
    if share == step.share && shared == step.shared {
        return Decision::Accept;
    }
    Decision::Amend(
        Deleverage {
            share,
            shared,
            ..step.clone()
        },
        "no reserve bears it: winners are closed at the bankruptcy price".into(),
    )
}

#[cfg(test)]
#[path = "losses_tests.rs"]
mod tests;
