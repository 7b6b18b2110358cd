use super::Step;

/// Margin of a tier from now on, for positions to be opened and for those that stand.
#[derive(Clone, Debug, PartialEq)]
pub struct AssessMargin {
    /// Bracket, from 1.
    pub tier: i32,
    /// Largest account that this tier holds of those that are believed to exist, USD; 0 where none does.
    pub account_usd: f64,
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
    /// Maintenance ratio in force until now.
    pub in_force_maintenance_ratio: f64,
    /// Time since the margin was last assessed, s; 0 the first time.
    pub elapsed_s: f64,
    /// What the rule's own [`model`](crate::ProtocolRule::model) came to at this decision; the fold sets it for each rule.
    pub model: f64,
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
