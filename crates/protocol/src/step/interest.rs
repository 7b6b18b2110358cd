use super::Step;

/// The open interest above which nobody may open.
#[derive(Clone, Debug, PartialEq)]
pub struct CapInterest {
    /// Open interest of one side with which history began the replay, USD.
    pub history_usd: f64,
    /// Open interest of one side now, USD; at the start that of history.
    pub open_interest_usd: f64,
    /// Highest allowed, USD; infinite in history. What history had above it at the start was never opened; afterwards an
    /// order's counterparty opens no further than to it.
    pub cap_usd: f64,
}

impl Step for CapInterest {
    const NAME: &'static str = "cap_interest";
    fn breach(&self) -> Option<String> {
        let sound = self.cap_usd > 0.0;
        (!sound).then(|| format!("cap {} USD > 0", self.cap_usd))
    }
    /// What may be open of what is.
    fn value(&self) -> f64 {
        self.open_interest_usd.min(self.cap_usd)
    }
}
