//! Rules: proposals and verdicts.
//!
//! A venue proposes a step; each rule, in declared order, sees the step as the rules before it left it and accepts,
//! amends, rejects or defers it. The first rejection or deferral ends the fold. After each amendment the step's own
//! check runs, and a breach stops the replay naming the rule, the step and the invariant.

use std::fmt::Debug;

use aftershock_market::{Cash, Side, Timestamp};

use crate::View;

/// Why a rule decided as it did, verbatim in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(pub String);

impl<T: Into<String>> From<T> for Reason {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

/// A rule's verdict on a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision<S> {
    /// Let it stand.
    Accept,
    /// Do this instead.
    Amend(S, Reason),
    /// Do nothing now.
    Reject(Reason),
    /// Do nothing before `until`.
    Defer {
        /// The first instant at which the step may be proposed again.
        until: Timestamp,
        /// Why.
        reason: Reason,
    },
}

/// Margin of a tier from now on, for positions to be opened and for those that stand.
#[derive(Clone, Debug, PartialEq)]
pub struct AssessMargin {
    /// Bracket, from 1.
    pub tier: i32,
    /// Share of the positions that their holders offset at another venue: 0 or 1.
    pub offset_ratio: f64,
    /// Initial margin over notional that history asks for.
    pub initial_ratio: f64,
    /// Maintenance margin over notional that history asks for.
    pub maintenance_ratio: f64,
    /// Share of the position that margin is asked for and gains and losses are charged on.
    pub exposure_ratio: f64,
    /// Initial ratio in force until now.
    pub in_force_initial_ratio: f64,
    /// Time since the margin was last assessed, s; 0 the first time.
    pub elapsed_s: f64,
}

/// The price range outside which trading halts, until it is set again.
#[derive(Clone, Debug, PartialEq)]
pub struct SetBand {
    /// Lower edge, USD; 0 where there is none.
    pub lower_usd: f64,
    /// Upper edge, USD; infinite where there is none.
    pub upper_usd: f64,
    /// Length of the halt when an edge is crossed, s.
    pub halt_s: f64,
}

/// Positions of one side whose liquidation price the mark has crossed.
#[derive(Clone, Debug, PartialEq)]
pub struct Liquidate {
    /// Side of the positions.
    pub side: Side,
    /// Their value at the mark, USD.
    pub notional_usd: f64,
    /// Share of each position that is sent to the book now, (0, 1]; the rest is proposed again at the next check.
    pub fraction: f64,
}

/// A loss beyond a position's margin.
#[derive(Clone, Debug, PartialEq)]
pub struct CoverDeficit {
    /// The loss.
    pub deficit: Cash,
    /// Left of the fund of the pool that held the position.
    pub own_fund: Cash,
    /// Left of the other pools' funds together.
    pub other_funds: Cash,
    /// To be drawn from the pool's own fund.
    pub from_own: Cash,
    /// To be drawn from the other pools' funds, in proportion to what is left of them.
    pub from_others: Cash,
}

/// A step knows its name and its invariants.
pub trait Step: Clone + Debug + PartialEq {
    /// The name in the journal.
    const NAME: &'static str;
    /// The invariant that does not hold, if any.
    fn breach(&self) -> Option<String>;
    /// The step's leading value, for the journal's before and after.
    fn value(&self) -> f64;
}

impl Step for AssessMargin {
    const NAME: &'static str = "assess_margin";
    fn breach(&self) -> Option<String> {
        let ordered = 0.0 < self.maintenance_ratio
            && self.maintenance_ratio <= self.initial_ratio
            && self.initial_ratio <= 1.0;
        if !ordered {
            return Some(format!(
                "0 < maintenance ratio {} <= initial ratio {} <= 1",
                self.maintenance_ratio, self.initial_ratio
            ));
        }
        (!(0.0..=1.0).contains(&self.exposure_ratio))
            .then(|| format!("0 <= exposure ratio {} <= 1", self.exposure_ratio))
    }
    fn value(&self) -> f64 {
        self.maintenance_ratio
    }
}

impl Step for SetBand {
    const NAME: &'static str = "set_band";
    fn breach(&self) -> Option<String> {
        let sound = 0.0 <= self.lower_usd && self.lower_usd < self.upper_usd && self.halt_s > 0.0;
        (!sound).then(|| {
            format!(
                "0 <= lower {} < upper {} and halt {} s > 0",
                self.lower_usd, self.upper_usd, self.halt_s
            )
        })
    }
    fn value(&self) -> f64 {
        self.lower_usd
    }
}

impl Step for Liquidate {
    const NAME: &'static str = "liquidate";
    fn breach(&self) -> Option<String> {
        (!(self.fraction > 0.0 && self.fraction <= 1.0))
            .then(|| format!("0 < fraction {} <= 1", self.fraction))
    }
    fn value(&self) -> f64 {
        self.fraction
    }
}

impl Step for CoverDeficit {
    const NAME: &'static str = "cover_deficit";
    fn breach(&self) -> Option<String> {
        let within = Cash::ZERO <= self.from_own
            && self.from_own <= self.own_fund
            && Cash::ZERO <= self.from_others
            && self.from_others <= self.other_funds
            && self.from_own + self.from_others <= self.deficit;
        (!within).then(|| "draws lie within the funds and do not exceed the deficit".into())
    }
    fn value(&self) -> f64 {
        (self.from_own + self.from_others).to_f64()
    }
}

/// A change to how a venue decides. Every method defaults to letting the step stand.
pub trait ProtocolRule: Debug + Send + Sync {
    /// Name in tables and reports.
    fn name(&self) -> &str;

    /// The shortest time in which this rule acts, s; a record coarser than that cannot measure it.
    fn fastest_s(&self) -> Option<f64> {
        None
    }

    /// Margin of a tier, assessed at every bar close.
    fn assess_margin(&self, _step: &AssessMargin, _view: &View) -> Decision<AssessMargin> {
        Decision::Accept
    }

    /// Price band, set at every bar close and at a reopening.
    fn set_band(&self, _step: &SetBand, _view: &View) -> Decision<SetBand> {
        Decision::Accept
    }

    /// Positions that the mark has crossed, one step a side and check.
    fn liquidate(&self, _step: &Liquidate, _view: &View) -> Decision<Liquidate> {
        Decision::Accept
    }

    /// A loss beyond the margin, one step a pool and batch.
    fn cover_deficit(&self, _step: &CoverDeficit, _view: &View) -> Decision<CoverDeficit> {
        Decision::Accept
    }
}

/// A rule left a step that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleBreach {
    /// The rule.
    pub rule: String,
    /// The step.
    pub step: &'static str,
    /// What should hold.
    pub invariant: String,
}

impl std::fmt::Display for RuleBreach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "rule {} left step {} broken: {} should hold",
            self.rule, self.step, self.invariant
        )
    }
}

impl std::error::Error for RuleBreach {}

/// What became of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict<S> {
    /// The step as it stands after all rules.
    pub step: S,
    /// Whether it may be done now.
    pub allowed: bool,
    /// Where it was deferred, until when.
    pub until: Option<Timestamp>,
    /// Who intervened, how and why, in order.
    pub interventions: Vec<Intervention>,
}

/// A decision other than accept.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervention {
    /// Name of the rule.
    pub rule: String,
    /// `amend`, `reject` or `defer`.
    pub decision: &'static str,
    /// The step's value before and after.
    pub before: f64,
    /// After.
    pub after: f64,
    /// Verbatim.
    pub reason: Reason,
}

/// Rules in declared order. The empty set is the rules of record.
#[derive(Debug, Default)]
pub struct RuleSet {
    rules: Vec<Box<dyn ProtocolRule>>,
}

impl RuleSet {
    /// Rules in the order in which they see each step.
    pub fn new(rules: Vec<Box<dyn ProtocolRule>>) -> Self {
        Self { rules }
    }

    /// The rules, in order.
    pub fn rules(&self) -> &[Box<dyn ProtocolRule>] {
        &self.rules
    }

    /// Whether these are the rules of record.
    pub fn is_record(&self) -> bool {
        self.rules.is_empty()
    }

    /// The shortest time in which any rule acts, s.
    pub fn fastest_s(&self) -> Option<f64> {
        self.rules
            .iter()
            .filter_map(|rule| rule.fastest_s())
            .min_by(f64::total_cmp)
    }

    /// Puts a margin assessment to the rules.
    ///
    /// # Errors
    /// A rule left the step with an invariant broken.
    pub fn assess_margin(
        &self,
        step: AssessMargin,
        view: &View,
    ) -> Result<Verdict<AssessMargin>, RuleBreach> {
        self.fold(step, |rule, step| rule.assess_margin(step, view))
    }

    /// Puts a price band to the rules.
    ///
    /// # Errors
    /// As [`RuleSet::assess_margin`].
    pub fn set_band(&self, step: SetBand, view: &View) -> Result<Verdict<SetBand>, RuleBreach> {
        self.fold(step, |rule, step| rule.set_band(step, view))
    }

    /// Puts a liquidation to the rules.
    ///
    /// # Errors
    /// As [`RuleSet::assess_margin`].
    pub fn liquidate(&self, step: Liquidate, view: &View) -> Result<Verdict<Liquidate>, RuleBreach> {
        self.fold(step, |rule, step| rule.liquidate(step, view))
    }

    /// Puts the covering of a deficit to the rules.
    ///
    /// # Errors
    /// As [`RuleSet::assess_margin`].
    pub fn cover_deficit(
        &self,
        step: CoverDeficit,
        view: &View,
    ) -> Result<Verdict<CoverDeficit>, RuleBreach> {
        self.fold(step, |rule, step| rule.cover_deficit(step, view))
    }

    fn fold<S: Step>(
        &self,
        step: S,
        decide: impl Fn(&dyn ProtocolRule, &S) -> Decision<S>,
    ) -> Result<Verdict<S>, RuleBreach> {
        let mut verdict = Verdict {
            step,
            allowed: true,
            until: None,
            interventions: Vec::new(),
        };
        for rule in &self.rules {
            let before = verdict.step.value();
            let mut note = |decision, after, reason| {
                verdict.interventions.push(Intervention {
                    rule: rule.name().into(),
                    decision,
                    before,
                    after,
                    reason,
                });
            };
            match decide(rule.as_ref(), &verdict.step) {
                Decision::Accept => continue,
                Decision::Amend(step, reason) => {
                    if let Some(invariant) = step.breach() {
                        return Err(RuleBreach {
                            rule: rule.name().into(),
                            step: S::NAME,
                            invariant,
                        });
                    }
                    note("amend", step.value(), reason);
                    verdict.step = step;
                }
                Decision::Reject(reason) => {
                    note("reject", before, reason);
                    verdict.allowed = false;
                    break;
                }
                Decision::Defer { until, reason } => {
                    note("defer", before, reason);
                    verdict.allowed = false;
                    verdict.until = Some(until);
                    break;
                }
            }
        }
        Ok(verdict)
    }
}

#[cfg(test)]
#[path = "rule_tests.rs"]
mod tests;
