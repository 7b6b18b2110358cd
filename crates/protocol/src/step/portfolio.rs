use super::Step;

/// Maintenance margin of an account with several positions, whenever it is looked at. Amounts in the settlement asset.
#[derive(Clone, Debug, PartialEq)]
pub struct NetMargin {
    /// Asked of its positions one by one; read only.
    pub gross: f64,
    /// What longs and shorts of the same asset have in common: the smaller of both sides' margin, summed over assets; read only.
    pub within_assets: f64,
    /// The same of what is left, all assets together; read only.
    pub across_assets: f64,
    /// Asked of the account.
    pub asked: f64,
}

impl Step for NetMargin {
    const NAME: &'static str = "net_margin";
    fn breach(&self) -> Option<String> {
        let Self { gross, asked, .. } = self;
        (!(*asked >= 0.0 && *asked <= *gross)).then(|| format!("asked {asked} within 0 and gross {gross}"))
    }
    /// Asked of the account, settlement asset.
    fn value(&self) -> f64 {
        self.asked
    }
}
