use super::Step;

/// What the venue asks and offers so that the book is deep.
#[derive(Clone, Debug, PartialEq)]
pub struct SetLiquidity {
    /// Fee of an order that takes, ratio of its value, above what history charged.
    pub taker_fee_ratio: f64,
    /// Paid to an order that makes, ratio of its value, above what history paid.
    pub maker_rebate_ratio: f64,
    /// Capital that enters the book beside the makers', over normal depth: 0 none, 1 as much again.
    pub entering_depth: f64,
    /// Bids funded beforehand that take forced orders first, all there ever were, USD; what was used is gone.
    pub backstop_usd: f64,
    /// How far from the price they stand, ratio.
    pub backstop_discount_ratio: f64,
}

impl SetLiquidity {
    /// Nothing beside what history had.
    pub const HISTORY: Self = Self {
        taker_fee_ratio: 0.0,
        maker_rebate_ratio: 0.0,
        entering_depth: 0.0,
        backstop_usd: 0.0,
        backstop_discount_ratio: 0.0,
    };
}

impl Step for SetLiquidity {
    const NAME: &'static str = "set_liquidity";
    fn breach(&self) -> Option<String> {
        let ratio = |value: f64| (0.0..1.0).contains(&value);
        let sound = ratio(self.taker_fee_ratio)
            && ratio(self.maker_rebate_ratio)
            && ratio(self.backstop_discount_ratio)
            && self.entering_depth.is_finite()
            && self.entering_depth >= 0.0
            && self.backstop_usd.is_finite()
            && self.backstop_usd >= 0.0;
        (!sound).then(|| {
            format!(
                "fee {}, rebate {} and discount {} in [0, 1), entering depth {} and backstop {} USD at least 0",
                self.taker_fee_ratio,
                self.maker_rebate_ratio,
                self.backstop_discount_ratio,
                self.entering_depth,
                self.backstop_usd
            )
        })
    }
    fn value(&self) -> f64 {
        if self.backstop_usd > 0.0 {
            self.backstop_usd
        } else if self.entering_depth > 0.0 {
            self.entering_depth
        } else {
            self.taker_fee_ratio.max(self.maker_rebate_ratio)
        }
    }
}
