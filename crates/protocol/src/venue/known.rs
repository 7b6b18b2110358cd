//! Venues as unit tests of this crate take them: what they really chose, by date, is in `data/venues`.

use super::funding::{Cap, FundingRule, RateForm, Schedule};
use super::index::IndexRule;
use super::liquidation::{Backstop, LiquidationRule, OrderKind, Target};
use super::maintenance::SizeLinear;
use super::mark::MarkRule;

impl MarkRule {
    /// Binance USD-M with so many samples of the basis, one a second.
    pub(crate) const fn binance(points: usize) -> Self {
        Self::MedianOfThree {
            interval_s: 28_800.0,
            points,
            spacing_s: 1.0,
        }
    }
}

impl FundingRule {
    /// Binance USD-M every `interval_h` hours, with or without the division of September 2025.
    pub(crate) fn binance(interest: f64, interval_h: f64, divided: bool, cap: Cap) -> Self {
        Self {
            divisor: if divided { 8.0 / interval_h } else { 1.0 },
            ..Self::bitmex(interest, cap)
        }
    }

    /// BitMEX every eight hours.
    pub(crate) fn bitmex(interest: f64, cap: Cap) -> Self {
        Self {
            form: RateForm::Clamped {
                interest,
                clamp: 0.000_5,
            },
            divisor: 1.0,
            cap,
        }
    }

    /// Deribit over eight hours.
    pub(crate) fn deribit(cap: Cap) -> Self {
        Self {
            form: RateForm::DeadBand { half_width: 0.000_25 },
            divisor: 1.0,
            cap,
        }
    }
}

impl Schedule {
    /// 04:00, 12:00, 20:00.
    pub(crate) const BITMEX: Self = Self::every(14_400, 28_800);
    /// 00:00, 08:00, 16:00.
    pub(crate) const EIGHT_HOURS: Self = Self::every(0, 28_800);
}

impl LiquidationRule {
    /// Hyperliquid as third parties read it.
    pub(crate) const HYPERLIQUID: Self = Self::FractionThenAll {
        threshold_usd: 100_000.0,
        fraction: 0.2,
        cooldown_s: 30.0,
    };
    /// OKX by its older help page.
    pub(crate) const OKX: Self = Self::TieredPartial {
        target: Target::Lowest,
        whole_through_tier: 2,
        partial: OrderKind::Market,
        whole: OrderKind::TakeOver,
        retry_s: 60.0,
    };
    /// Bybit.
    pub(crate) const BYBIT: Self = Self::TieredPartial {
        target: Target::Below,
        whole_through_tier: 1,
        partial: OrderKind::FillOrKill,
        whole: OrderKind::TakeOver,
        retry_s: 0.0,
    };
}

impl Backstop {
    /// Two thirds.
    pub(crate) const HYPERLIQUID: Self = Self {
        equity_share_of_maintenance: 2.0 / 3.0,
    };
}

impl SizeLinear {
    /// Deribit BTC, initial margin since 2022-01-11.
    pub(crate) const DERIBIT_BTC_INITIAL: Self = Self {
        base: 0.02,
        per_unit: 0.000_05,
    };
    /// Deribit BTC, maintenance margin since then.
    pub(crate) const DERIBIT_BTC_MAINTENANCE: Self = Self {
        base: 0.01,
        per_unit: 0.000_05,
    };
}

impl IndexRule {
    /// Binance's index.
    pub(crate) const BINANCE: Self = Self::WeightedMean { guard: 0.05 };
}
