//! Rules in order, and how a step is put to them.

use aftershock_market::Timestamp;

use crate::View;
use crate::rule::{Decision, Need, ProtocolRule, Reason};
use crate::step::{
    AssessMargin, CapInterest, ChargeFunding, ChooseIndex, ChooseMark, CoverDeficit, Deleverage, Liquidate,
    NetMargin, ScheduleFunding, SetBand, SetLiquidity, SizeFund, Step, ValueCollateral,
};

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

    /// What any of the rules needs, each once.
    pub fn needs(&self) -> Vec<Need> {
        let mut needs: Vec<Need> = self.rules.iter().flat_map(|rule| rule.needs()).copied().collect();
        needs.sort_unstable();
        needs.dedup();
        needs
    }

    /// Whether any of the rules changes what holders must post.
    pub fn sets_margin(&self) -> bool {
        self.rules.iter().any(|rule| rule.sets_margin())
    }

    /// What each rule works out once before margins are assessed, in order.
    pub fn models(&self, view: &View<'_>) -> Vec<f64> {
        self.rules.iter().map(|rule| rule.model(view)).collect()
    }

    /// Puts a margin assessment to the rules; `models` as [`RuleSet::models`] gave them at this decision.
    ///
    /// # Errors
    /// A rule left the step with an invariant broken.
    pub fn assess_margin(
        &self,
        step: AssessMargin,
        models: &[f64],
        view: &View<'_>,
    ) -> Result<Verdict<AssessMargin>, RuleBreach> {
        self.fold(step, |turn, rule, step| {
            let step = AssessMargin {
                model: models.get(turn).copied().unwrap_or(0.0),
                ..step.clone()
            };
            rule.assess_margin(&step, view)
        })
    }

    /// Puts the margin of an account with several positions to the rules.
    ///
    /// # Errors
    /// As [`RuleSet::assess_margin`].
    pub fn net_margin(&self, step: NetMargin, view: &View<'_>) -> Result<Verdict<NetMargin>, RuleBreach> {
        self.fold(step, |_, rule, step| rule.net_margin(step, view))
    }

    /// Puts a price band to the rules.
    ///
    /// # Errors
    /// As [`RuleSet::assess_margin`].
    pub fn set_band(&self, step: SetBand, view: &View<'_>) -> Result<Verdict<SetBand>, RuleBreach> {
        self.fold(step, |_, rule, step| rule.set_band(step, view))
    }

    /// Puts a liquidation to the rules.
    ///
    /// # Errors
    /// As [`RuleSet::assess_margin`].
    pub fn liquidate(&self, step: Liquidate, view: &View<'_>) -> Result<Verdict<Liquidate>, RuleBreach> {
        self.fold(step, |_, rule, step| rule.liquidate(step, view))
    }

    /// Puts the covering of a deficit to the rules.
    ///
    /// # Errors
    /// As [`RuleSet::assess_margin`].
    pub fn cover_deficit(
        &self,
        step: CoverDeficit,
        view: &View<'_>,
    ) -> Result<Verdict<CoverDeficit>, RuleBreach> {
        self.fold(step, |_, rule, step| rule.cover_deficit(step, view))
    }

    /// Puts a loss that no reserve bears to the rules.
    ///
    /// # Errors
    /// As [`RuleSet::assess_margin`].
    pub fn deleverage(&self, step: Deleverage, view: &View<'_>) -> Result<Verdict<Deleverage>, RuleBreach> {
        self.fold(step, |_, rule, step| rule.deleverage(step, view))
    }

    /// Puts fees and entering capital to the rules.
    ///
    /// # Errors
    /// As [`RuleSet::assess_margin`].
    pub fn set_liquidity(
        &self,
        step: SetLiquidity,
        view: &View<'_>,
    ) -> Result<Verdict<SetLiquidity>, RuleBreach> {
        self.fold(step, |_, rule, step| rule.set_liquidity(step, view))
    }

    /// Puts the cap of open interest to the rules.
    ///
    /// # Errors
    /// As [`RuleSet::assess_margin`].
    pub fn cap_interest(
        &self,
        step: CapInterest,
        view: &View<'_>,
    ) -> Result<Verdict<CapInterest>, RuleBreach> {
        self.fold(step, |_, rule, step| rule.cap_interest(step, view))
    }

    /// Puts the size of an insurance fund to the rules.
    ///
    /// # Errors
    /// As [`RuleSet::assess_margin`].
    pub fn size_fund(&self, step: SizeFund, view: &View<'_>) -> Result<Verdict<SizeFund>, RuleBreach> {
        self.fold(step, |_, rule, step| rule.size_fund(step, view))
    }

    /// Puts the making of a mark to the rules.
    ///
    /// # Errors
    /// As [`RuleSet::assess_margin`].
    pub fn choose_mark(&self, step: ChooseMark) -> Result<Verdict<ChooseMark>, RuleBreach> {
        self.fold(step, |_, rule, step| rule.choose_mark(step))
    }

    /// Puts the making of an index to the rules.
    ///
    /// # Errors
    /// As [`RuleSet::assess_margin`].
    pub fn choose_index(&self, step: ChooseIndex) -> Result<Verdict<ChooseIndex>, RuleBreach> {
        self.fold(step, |_, rule, step| rule.choose_index(step))
    }

    /// Puts the funding of an interval to the rules.
    ///
    /// # Errors
    /// As [`RuleSet::assess_margin`].
    pub fn charge_funding(
        &self,
        step: ChargeFunding,
        view: &View<'_>,
    ) -> Result<Verdict<ChargeFunding>, RuleBreach> {
        self.fold(step, |_, rule, step| rule.charge_funding(step, view))
    }

    /// Puts the length of the next funding interval to the rules.
    ///
    /// # Errors
    /// As [`RuleSet::assess_margin`].
    pub fn schedule_funding(
        &self,
        step: ScheduleFunding,
        view: &View<'_>,
    ) -> Result<Verdict<ScheduleFunding>, RuleBreach> {
        self.fold(step, |_, rule, step| rule.schedule_funding(step, view))
    }

    /// Puts the value of collateral to the rules.
    ///
    /// # Errors
    /// As [`RuleSet::assess_margin`].
    pub fn value_collateral(
        &self,
        step: ValueCollateral,
        view: &View<'_>,
    ) -> Result<Verdict<ValueCollateral>, RuleBreach> {
        self.fold(step, |_, rule, step| rule.value_collateral(step, view))
    }

    fn fold<S: Step>(
        &self,
        step: S,
        decide: impl Fn(usize, &dyn ProtocolRule, &S) -> Decision<S>,
    ) -> Result<Verdict<S>, RuleBreach> {
        let mut verdict = Verdict {
            step,
            allowed: true,
            until: None,
            interventions: Vec::new(),
        };
        for (turn, rule) in self.rules.iter().enumerate() {
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
            match decide(turn, rule.as_ref(), &verdict.step) {
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
