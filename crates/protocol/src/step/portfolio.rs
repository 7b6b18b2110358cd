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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_less_than_nothing_and_no_more_than_one_by_one() {
        let breach = |asked| {
            let step = NetMargin {
                gross: 800.0,
                within_assets: 0.0,
                across_assets: 0.0,
                asked,
            };
            step.breach().is_some()
        };
        assert!(!breach(0.0) && !breach(800.0));
        assert!(breach(-0.01) && breach(800.01) && breach(f64::NAN));
    }
}
