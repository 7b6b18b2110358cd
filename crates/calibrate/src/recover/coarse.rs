//! The same tape as bars of five minutes: what a record without forced flow, open interest and depth keeps of it.

use aftershock_market::Bar;
use aftershock_replay::ReplayError;

use super::Refused;
use crate::clocked::Clocked;
use crate::observed::Observed;
use crate::{Recorded, Scope, Window};

/// Length of the bars, s.
pub(super) const BAR_S: f64 = 300.0;

/// A tape as an embedded episode is held: bars with a taker side, and nothing else.
pub(super) fn coarse(observed: &Observed, clocked: &Clocked) -> Result<Recorded, Refused> {
    let mut bars: Vec<Bar> = Vec::new();
    let history = &observed.bars;
    for place in 0..history.len() {
        if history.close_at[place] > clocked.from {
            break;
        }
        bars.push(Bar {
            open_at: history.open_at[place],
            close_at: history.close_at[place],
            open_usd: history.open_usd[place],
            high_usd: history.high_usd[place],
            low_usd: history.low_usd[place],
            close_usd: history.close_usd[place],
            volume_usd: Some(history.volume_usd[place]),
            ..empty(observed)
        });
    }
    let steps = (BAR_S / clocked.step_s).round().max(1.0) as usize;
    let step_us = (clocked.step_s * 1e6) as i64;
    for bar in 0..clocked.len() / steps {
        let (first, last) = (bar * steps, (bar + 1) * steps);
        let prices = &clocked.log_mid[first..=last];
        let high = prices.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let low = prices.iter().copied().fold(f64::INFINITY, f64::min);
        let flow: f64 = clocked.flow_usd[first..last].iter().sum();
        let volume: f64 = clocked.volume_usd[first..last].iter().sum();
        let at = |step: usize| aftershock_market::Timestamp(clocked.from.0 + step as i64 * step_us);
        bars.push(Bar {
            open_at: at(first),
            close_at: at(last),
            open_usd: libm::exp(prices[0]),
            high_usd: libm::exp(high),
            low_usd: libm::exp(low),
            close_usd: libm::exp(prices[steps]),
            volume_usd: Some(volume),
            taker_buy_usd: Some(0.5 * (volume + flow)),
            taker_origin: Some("recorded".into()),
            ..empty(observed)
        });
    }
    let window = Window {
        from: clocked.from,
        to: bars.last().map_or(clocked.from, |bar| bar.close_at),
    };
    let scope = Scope {
        venues: vec![format!("{}-scale", observed.venue)],
        perpetual: false,
    };
    Ok(Recorded::new(&bars, &[], window, &scope, None)?)
}

fn empty(observed: &Observed) -> Bar {
    let at = aftershock_market::Timestamp(0);
    Bar {
        open_at: at,
        close_at: at,
        venue: observed.venue.clone(),
        instrument: observed.instrument.clone(),
        open_usd: 0.0,
        high_usd: 0.0,
        low_usd: 0.0,
        close_usd: 0.0,
        volume_btc: None,
        volume_usd: None,
        taker_buy_usd: None,
        price_origin: "recorded".into(),
        taker_origin: None,
        source: String::new(),
        source_row: 0,
    }
}

impl From<ReplayError> for Refused {
    fn from(cause: ReplayError) -> Self {
        Self::Replay(cause)
    }
}
