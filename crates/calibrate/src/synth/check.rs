//! What a declaration may not say, by the name of what says it.

use aftershock_protocol::venue::funding::Schedule;

use super::declared::{Contract, Coverage, Declared, Engine, Venue};
use super::ramp::{Ramp, Shape};
use super::{Target, half_tick_us};

/// Most ticks of a tape, all markets together.
const MOST_TICKS: f64 = 1e6;
/// Shares sum to one within this.
const ROUNDING: f64 = 1e-9;

pub(crate) type Checked = Result<(), String>;

impl Declared {
    /// Looks for values that make no tape.
    ///
    /// # Errors
    /// The first one by its name, what it is and what it should be.
    pub fn check(&self) -> Checked {
        let most_seed = i64::MAX as u64;
        if self.seed > most_seed {
            return refuse("seed", self.seed, &format!("{most_seed} at most"));
        }
        within("ticks_per_s", self.ticks_per_s, 0.01, 100.0)?;
        let markets = self.assets.len() * self.venues.len();
        if self.duration_s < 60 {
            return refuse("duration_s", self.duration_s, "a minute or more, 60");
        }
        let ticks = f64::from(self.duration_s) * self.ticks_per_s * markets as f64;
        if ticks > MOST_TICKS {
            let should =
                format!("shorter or coarser: {ticks} ticks of {markets} markets are more than {MOST_TICKS}");
            return refuse("duration_s", self.duration_s, &should);
        }
        below_one("news_flow_correlation", self.news_flow_correlation)?;
        below_one("asset_correlation", self.asset_correlation)?;
        share("cross_impact", self.cross_impact)?;
        if let Target::Ratio(ratio) = self.amplification {
            within("amplification", ratio, 1.0, 20.0)?;
        }
        within("amplification_tolerance", self.amplification_tolerance, 1e-4, 0.5)?;
        if self.amplification_clock_s == 0 || self.amplification_clock_s > self.duration_s / 30 {
            let should = format!(
                "above 0, and {} at most so that it gives thirty returns",
                self.duration_s / 30
            );
            return refuse("amplification_clock_s", self.amplification_clock_s, &should);
        }
        self.on_the_clock("amplification_clock_s", f64::from(self.amplification_clock_s))?;
        check_ramp(&self.ramp, self.duration_s)?;
        self.check_impact()?;
        self.check_holders()?;
        self.check_snapshots()?;
        self.check_assets()?;
        self.check_venues()
    }

    /// A time that must fall on the clock of the run, which beats twice a tick.
    fn on_the_clock(&self, name: &str, seconds: f64) -> Checked {
        let half_us = half_tick_us(self.ticks_per_s) as f64;
        let beats = seconds * 1e6 / half_us;
        if beats >= 1.0 - 1e-9 && (beats - beats.round()).abs() < 1e-6 {
            return Ok(());
        }
        let should = format!("a multiple of half the time between ticks, {} s", half_us * 1e-6);
        refuse(name, seconds, &should)
    }

    fn check_impact(&self) -> Checked {
        let impact = &self.impact;
        within("impact.y", impact.y, 1e-6, 100.0)?;
        within("impact.floor_s", impact.floor_s, 1e-3, 86_400.0)?;
        for half_life_s in impact.half_lives_s {
            within("impact.half_lives_s", half_life_s, 1e-3, 1e8)?;
        }
        for weight in impact.weights {
            share("impact.weights", weight)?;
        }
        sums_to_one("impact.weights", impact.weights)?;
        within("impact.depth_elasticity", impact.depth_elasticity, 0.0, 5.0)?;
        within("impact.depth_floor", impact.depth_floor, 1e-4, 1.0)?;
        within("impact.book_distance", impact.book_distance, 1e-6, 1.0)?;
        within("impact.book_end", impact.book_end, impact.book_distance, 2.0)?;
        within("impact.book_refill_s", impact.book_refill_s, 1e-3, 1e7)
    }

    fn check_holders(&self) -> Checked {
        let positions = &self.positions;
        within("positions.history_h", positions.history_h, 1.0, 10_000.0)?;
        within("positions.age_half_life_h", positions.age_half_life_h, 1e-2, 1e6)?;
        share("positions.reopen_share", positions.reopen_share)?;
        for (size_usd, _) in &positions.account_sizes {
            within("positions.account_sizes", *size_usd, 100.0, 1e10)?;
        }
        shares("positions.account_sizes", &positions.account_sizes)?;
        let arbitrage = &self.arbitrage;
        if arbitrage.half_life_s.is_nan() || arbitrage.half_life_s < 0.1 {
            return refuse(
                "arbitrage.half_life_s",
                arbitrage.half_life_s,
                "0.1 or more, or inf for none",
            );
        }
        within("arbitrage.capital_usd", arbitrage.capital_usd, 1.0, 1e13)?;
        within(
            "arbitrage.return_half_life_s",
            arbitrage.return_half_life_s,
            1e-3,
            1e8,
        )?;
        share("carry.share", self.carry.share)?;
        share("carry.resold", self.carry.resold)?;
        within("carry.resell_s", self.carry.resell_s, 1e-3, 1e7)
    }

    fn check_snapshots(&self) -> Checked {
        let snapshots = &self.snapshots;
        self.on_the_clock("snapshots.open_interest_s", snapshots.open_interest_s)?;
        self.on_the_clock("snapshots.depth_s", snapshots.depth_s)?;
        self.on_the_clock("snapshots.mark_s", snapshots.mark_s)?;
        let rising = snapshots.depth_bands_pct.windows(2).all(|pair| pair[0] < pair[1]);
        let inside = snapshots
            .depth_bands_pct
            .iter()
            .all(|band| *band > 0.0 && *band < 100.0);
        if !(rising && inside && !snapshots.depth_bands_pct.is_empty()) {
            let found = format!("{:?}", snapshots.depth_bands_pct);
            return refuse(
                "snapshots.depth_bands_pct",
                found,
                "rising percentages above 0 and below 100",
            );
        }
        Ok(())
    }

    fn check_assets(&self) -> Checked {
        if !(1..=2).contains(&self.assets.len()) {
            return refuse("assets", self.assets.len(), "one or two");
        }
        for (place, asset) in self.assets.iter().enumerate() {
            let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
            if asset.name.is_empty() || asset.name.len() > 12 || !asset.name.chars().all(plain) {
                return refuse("assets.name", &asset.name, "capitals and digits, at most twelve");
            }
            if self.assets[..place].iter().any(|other| other.name == asset.name) {
                return refuse(
                    "assets.name",
                    &asset.name,
                    "another name than the asset before it",
                );
            }
            within("assets.price_usd", asset.price_usd, 1e-3, 1e7)?;
            within(
                "assets.news_volatility_daily",
                asset.news_volatility_daily,
                1e-4,
                2.0,
            )?;
            within("assets.ramp_share", asset.ramp_share, -2.0, 2.0)?;
        }
        Ok(())
    }

    fn check_venues(&self) -> Checked {
        if !(1..=6).contains(&self.venues.len()) {
            return refuse("venues", self.venues.len(), "one to six");
        }
        for (place, venue) in self.venues.iter().enumerate() {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            if venue.name.is_empty() || venue.name.len() > 24 || !venue.name.chars().all(plain) {
                return refuse("venues.name", &venue.name, "small letters and digits, at most 24");
            }
            if self.venues[..place].iter().any(|other| other.name == venue.name) {
                return refuse(
                    "venues.name",
                    &venue.name,
                    "another name than the venue before it",
                );
            }
            check_venue(venue).map_err(|reason| format!("venue {}: {reason}", venue.name))?;
        }
        if self.venues.iter().all(|venue| venue.contract == Contract::Spot) {
            return refuse(
                "venues.contract",
                "spot at all venues",
                "a perpetual at one of them at least",
            );
        }
        Ok(())
    }
}

/// A ramp must lie within its tape.
pub(crate) fn check_ramp(ramp: &Ramp, duration_s: u32) -> Checked {
    within("ramp.size", ramp.size, -2.0, 2.0)?;
    within("ramp.start_s", ramp.start_s, 0.0, f64::from(duration_s))?;
    within("ramp.length_s", ramp.length_s, 1e-3, 1e7)?;
    if ramp.shape == Shape::Jumps && !(1..=1_000).contains(&ramp.jumps) {
        return refuse("ramp.jumps", ramp.jumps, "from 1 to 1000");
    }
    if ramp.size != 0.0 && ramp.span_s().1 > f64::from(duration_s) {
        let should = format!(
            "earlier: the ramp ends at {} s, the tape at {duration_s} s",
            ramp.span_s().1
        );
        return refuse("ramp.start_s", ramp.start_s, &should);
    }
    Ok(())
}

fn check_venue(venue: &Venue) -> Checked {
    within("volume_daily_usd", venue.volume_daily_usd, 1e4, 1e13)?;
    within("ordinary_flow", venue.ordinary_flow, 1e-6, 1e4)?;
    within("open_interest_ratio", venue.open_interest_ratio, 1e-6, 10.0)?;
    for (leverage, _) in &venue.leverage {
        within("leverage", *leverage, 1.0, 1.0 / venue.maintenance_ratio)?;
    }
    shares("leverage", &venue.leverage)?;
    within("maintenance_ratio", venue.maintenance_ratio, 1e-4, 0.5)?;
    within("latency_s", venue.latency_s, 1e-3, 3_600.0)?;
    match venue.engine {
        Engine::Whole => {}
        Engine::FractionThenAll {
            threshold_usd,
            fraction,
            cooldown_s,
        } => {
            within("engine.fraction-then-all.threshold_usd", threshold_usd, 0.0, 1e12)?;
            within("engine.fraction-then-all.fraction", fraction, 0.01, 0.99)?;
            within("engine.fraction-then-all.cooldown_s", cooldown_s, 1e-3, 3_600.0)?;
        }
        Engine::Incremental { step_usd, pause_s } => {
            within("engine.incremental.step_usd", step_usd, 1.0, 1e9)?;
            within("engine.incremental.pause_s", pause_s, 1e-3, 3_600.0)?;
        }
    }
    if venue.throughput_usd_per_s.is_nan() || venue.throughput_usd_per_s < 1.0 {
        return refuse(
            "throughput_usd_per_s",
            venue.throughput_usd_per_s,
            "1 or more, or inf for no limit",
        );
    }
    share("insurance_ratio", venue.insurance_ratio)?;
    share("vault_ratio", venue.vault_ratio)?;
    let interval_s = venue.funding_interval_h * 3_600.0;
    if venue.funding_interval_h != 0.0 && Schedule::new(0, interval_s as i64).is_err() {
        return refuse(
            "funding_interval_h",
            venue.funding_interval_h,
            "a whole part of a day, such as 8, or 0 for none",
        );
    }
    if let Coverage::Share(kept) = venue.coverage {
        within("coverage.share", kept, 1e-4, 1.0)?;
    }
    Ok(())
}

pub(crate) fn refuse(name: &str, found: impl std::fmt::Display, should: &str) -> Checked {
    Err(format!("{name} is {found}, should be {should}"))
}

pub(crate) fn within(name: &str, value: f64, low: f64, high: f64) -> Checked {
    if value >= low && value <= high {
        return Ok(());
    }
    refuse(name, value, &format!("from {low} to {high}"))
}

pub(crate) fn share(name: &str, value: f64) -> Checked {
    within(name, value, 0.0, 1.0)
}

pub(crate) fn below_one(name: &str, value: f64) -> Checked {
    if (0.0..1.0).contains(&value) {
        return Ok(());
    }
    refuse(name, value, "0 or more and below 1")
}

pub(crate) fn shares(name: &str, classes: &[(f64, f64)]) -> Checked {
    for (_, part) in classes {
        share(name, *part)?;
    }
    sums_to_one(name, classes.iter().map(|class| class.1))
}

fn sums_to_one(name: &str, parts: impl IntoIterator<Item = f64>) -> Checked {
    let sum: f64 = parts.into_iter().sum();
    if (sum - 1.0).abs() < ROUNDING {
        return Ok(());
    }
    Err(format!("shares of {name} sum to {sum}, should sum to 1"))
}
