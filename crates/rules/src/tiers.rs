//! Margin brackets as TOML has them.

use aftershock_protocol::{BracketError, Brackets, Tier};
use serde::{Deserialize, Serialize};

/// A row of a margin table.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TierRow {
    floor_usd: f64,
    /// Left out of the last bracket where it has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    cap_usd: Option<f64>,
    maintenance_ratio: f64,
    max_leverage: f64,
    maintenance_amount_usd: f64,
}

impl TierRow {
    /// The table of these rows.
    ///
    /// # Errors
    /// As [`Brackets::new`].
    pub(crate) fn table(rows: &[Self]) -> Result<Brackets, BracketError> {
        let tier = |row: &Self| Tier {
            floor_usd: row.floor_usd,
            cap_usd: row.cap_usd.unwrap_or(f64::INFINITY),
            maintenance_ratio: row.maintenance_ratio,
            max_leverage: row.max_leverage,
            maintenance_amount_usd: row.maintenance_amount_usd,
        };
        Brackets::new(rows.iter().map(tier).collect())
    }

    /// The rows of a table.
    pub(crate) fn rows(table: &Brackets) -> Vec<Self> {
        let row = |tier: &Tier| Self {
            floor_usd: tier.floor_usd,
            cap_usd: tier.cap_usd.is_finite().then_some(tier.cap_usd),
            maintenance_ratio: tier.maintenance_ratio,
            max_leverage: tier.max_leverage,
            maintenance_amount_usd: tier.maintenance_amount_usd,
        };
        table.tiers().iter().map(row).collect()
    }
}
