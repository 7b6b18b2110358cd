use super::Step;
use crate::venue::index::IndexRule;
use crate::venue::mark::MarkRule;

/// What margin is valued at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mark {
    /// The price of the instrument's own market.
    Last,
    /// By a venue's rule, so often.
    Rule {
        /// The rule.
        rule: MarkRule,
        /// From one mark to the next, s.
        every_s: f64,
    },
}

/// How a market's mark is made, asked once before a replay begins.
#[derive(Clone, Debug, PartialEq)]
pub struct ChooseMark {
    /// The mark.
    pub mark: Mark,
}

impl Step for ChooseMark {
    const NAME: &'static str = "choose_mark";
    fn breach(&self) -> Option<String> {
        match self.mark {
            Mark::Rule { every_s, .. } if every_s.is_nan() || every_s <= 0.0 => {
                Some(format!("from mark to mark {every_s} s > 0"))
            }
            _ => None,
        }
    }
    /// From one mark to the next, s.
    fn value(&self) -> f64 {
        match self.mark {
            Mark::Last => 0.0,
            Mark::Rule { every_s, .. } => every_s,
        }
    }
}

/// How an asset's index is made of its sources, asked once before a replay begins.
#[derive(Clone, Debug, PartialEq)]
pub struct ChooseIndex {
    /// The rule.
    pub index: IndexRule,
    /// Number of markets it looks at; read only.
    pub sources: usize,
    /// Number of markets of the asset, spot and perpetual; read only.
    pub markets: usize,
    /// Whether it looks at all of them, weighed by their daily volume, in place of its own sources.
    pub everywhere: bool,
}

impl Step for ChooseIndex {
    const NAME: &'static str = "choose_index";
    fn breach(&self) -> Option<String> {
        let IndexRule::WeightedMean { guard } = self.index else {
            return None;
        };
        (guard.is_nan() || guard <= 0.0).then(|| format!("guard {guard} > 0"))
    }
    /// Number of markets that the index looks at.
    fn value(&self) -> f64 {
        (if self.everywhere {
            self.markets
        } else {
            self.sources
        }) as f64
    }
}

/// What a coin of collateral counts for.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueCollateral {
    /// Its price on the venue's own book, USD; absent where the venue has none; read only.
    pub own_book_usd: Option<f64>,
    /// What it can be redeemed for, USD; absent where it cannot; read only.
    pub redemption_usd: Option<f64>,
    /// What it counts for, USD.
    pub value_usd: f64,
}

impl Step for ValueCollateral {
    const NAME: &'static str = "value_collateral";
    fn breach(&self) -> Option<String> {
        (!(self.value_usd >= 0.0 && self.value_usd.is_finite()))
            .then(|| format!("value {} USD >= 0", self.value_usd))
    }
    fn value(&self) -> f64 {
        self.value_usd
    }
}
