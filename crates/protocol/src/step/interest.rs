use super::Step;

/// The open interest above which nobody may open.
#[derive(Clone, Debug, PartialEq)]
pub struct CapInterest {
    /// Open interest of one side now; at the start of a replay that which history had, USD.
    pub open_interest_usd: f64,
    /// Highest allowed, USD; infinite in history.
    pub cap_usd: f64,
}

impl Step for CapInterest {
    const NAME: &'static str = "cap_interest";
    fn breach(&self) -> Option<String> {
        (self.cap_usd.is_nan() || self.cap_usd <= 0.0).then(|| format!("cap {} USD > 0", self.cap_usd))
    }
    fn value(&self) -> f64 {
        self.cap_usd
    }
}
