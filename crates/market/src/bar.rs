//! Recorded bars, as they stand on a tape.

use crate::Timestamp;

/// One price bar of the record. Prices in USD a coin (a USDT quote is booked as USD).
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Start of the bar.
    pub open_at: Timestamp,
    /// End of the bar, exclusive.
    pub close_at: Timestamp,
    /// Who traded, such as `binance-spot`.
    pub venue: String,
    /// What was traded, such as `BTCUSDT`.
    pub instrument: String,
    /// First price, USD.
    pub open_usd: f64,
    /// Highest price, USD.
    pub high_usd: f64,
    /// Lowest price, USD.
    pub low_usd: f64,
    /// Last price, USD.
    pub close_usd: f64,
    /// Volume in coin.
    pub volume_btc: Option<f64>,
    /// Volume in USD.
    pub volume_usd: Option<f64>,
    /// Part of the USD volume in which the buyer was the aggressor.
    pub taker_buy_usd: Option<f64>,
    /// `recorded`, `reconstructed` or `derived`: how price and stamp came about.
    pub price_origin: String,
    /// `recorded` or `hourly` (the share of the hour spread over its bars); absent where nothing is known.
    pub taker_origin: Option<String>,
    /// File name of the original.
    pub source: String,
    /// Row of the original, from 0.
    pub source_row: i64,
}

impl Bar {
    /// Length of the bar in seconds.
    pub fn length_s(&self) -> f64 {
        self.close_at.seconds_since(self.open_at)
    }

    /// `venue:instrument`, the name of an instrument everywhere.
    pub fn instrument_id(&self) -> String {
        format!("{}:{}", self.venue, self.instrument)
    }

    /// Volume in USD: recorded, else coin volume at the mean of open, high, low and close.
    pub fn volume_usd_or_estimate(&self) -> Option<f64> {
        let typical = (self.open_usd + self.high_usd + self.low_usd + self.close_usd) / 4.0;
        self.volume_usd
            .or_else(|| self.volume_btc.map(|coin| coin * typical))
    }
}

/// One day of a perpetual future.
#[derive(Clone, Debug, PartialEq)]
pub struct PerpDay {
    /// 00:00 UTC of the day.
    pub day_at: Timestamp,
    /// Who traded, such as `binance-usdm`.
    pub venue: String,
    /// What was traded.
    pub instrument: String,
    /// First price, USD.
    pub open_usd: f64,
    /// Highest price, USD.
    pub high_usd: f64,
    /// Lowest price, USD.
    pub low_usd: f64,
    /// Last price, USD.
    pub close_usd: f64,
    /// Volume in coin.
    pub volume_btc: f64,
    /// Volume in USD.
    pub volume_usd: f64,
    /// Funding paid over the day, USD for one coin held long; positive where longs pay.
    pub funding_usd_per_btc: Option<f64>,
    /// `recorded` or `derived` (a proxy stood in for the mark price).
    pub funding_origin: String,
    /// File name of the original.
    pub source: String,
    /// Row of the original, from 0.
    pub source_row: i64,
}
