//! Runs of the declared world: the one that is printed, and its nulls.

use aftershock_measure::signature::changes;
use aftershock_measure::variance::realized_variance;
use aftershock_protocol::{Need, RuleSet};
use aftershock_replay::world::{Channels, Drive, PriceRow, World, WorldRun, WorldSpec, WorldTape, seed};

use super::declared::Declared;
use super::news::{News, news, tape};
use super::spec::{entries, spec};
use super::{START, SynthError, Target, Tried, half_tick_us, target};

/// Open interest of all perpetuals over their daily volume is scaled no further than to this.
const MOST_OPEN_INTEREST_RATIO: f64 = 5.0;

/// What is the same in all runs of a declaration.
pub(crate) struct Stage<'a> {
    pub(crate) declared: &'a Declared,
    pub(super) news: News,
    pub(crate) tape: WorldTape,
    pub(crate) entries: Vec<(f64, f64)>,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(declared: &'a Declared) -> Self {
        let news = news(declared);
        Self {
            declared,
            tape: tape(declared, &news),
            entries: entries(declared),
            news,
        }
    }

    /// The world of this open interest, under the rules of record.
    pub(super) fn spec(&self, open_interest_scale: f64) -> WorldSpec {
        spec(self.declared, open_interest_scale)
    }

    pub(super) fn run(
        &self,
        spec: &WorldSpec,
        channels: Channels,
        drive: Drive<'_>,
    ) -> Result<WorldRun, SynthError> {
        self.run_under(&RuleSet::default(), spec, channels, drive)
    }

    pub(super) fn run_under(
        &self,
        rules: &RuleSet,
        spec: &WorldSpec,
        channels: Channels,
        drive: Drive<'_>,
    ) -> Result<WorldRun, SynthError> {
        Ok(self.world(rules, spec, channels)?.run(&self.tape, drive)?)
    }

    /// What rules need and the declared world does not have.
    pub(super) fn lacks(&self, rules: &RuleSet) -> Result<Vec<Need>, SynthError> {
        Ok(self.world(rules, &self.spec(1.0), Channels::ALL)?.lacks())
    }

    fn world<'w>(
        &self,
        rules: &'w RuleSet,
        spec: &'w WorldSpec,
        channels: Channels,
    ) -> Result<World<'w>, SynthError> {
        let log_prices: Vec<f64> = spec
            .instruments
            .iter()
            .map(|one| libm::log(self.declared.assets[one.asset].price_usd))
            .collect();
        Ok(seed(spec, rules, channels, START, &log_prices, &self.entries)?)
    }

    /// The run that is printed, and how its open interest was found.
    pub(crate) fn factual(&self) -> Result<(WorldSpec, WorldRun, Vec<Tried>), SynthError> {
        let made = |scale: f64| {
            let spec = self.spec(scale);
            let run = self.run(&spec, Channels::ALL, Drive::News)?;
            Ok::<_, SynthError>((spec, run))
        };
        let ratio = match self.declared.amplification {
            Target::Ratio(ratio) if ratio > 1.0 => ratio,
            fixed => {
                let scale = if fixed == Target::AsDeclared { 1.0 } else { 0.0 };
                let (spec, run) = made(scale)?;
                let tried = vec![Tried {
                    open_interest_scale: scale,
                    amplification: self.amplification(&run),
                }];
                return Ok((spec, run, tried));
            }
        };
        let mut last = None;
        let tolerance = self.declared.amplification_tolerance;
        let tried = target::reach(ratio, tolerance, self.largest_scale(), |scale| {
            let (spec, run) = made(scale)?;
            let found = self.amplification(&run);
            last = Some((spec, run));
            Ok(found)
        })?;
        let (spec, run) = last.expect("the search ends with a run");
        Ok((spec, run, tried))
    }

    /// The run at this scale of open interest.
    pub(super) fn at_scale(&self, scale: f64) -> Result<WorldRun, SynthError> {
        self.run(&self.spec(scale), Channels::ALL, Drive::News)
    }

    fn largest_scale(&self) -> f64 {
        let (mut held, mut traded) = (0.0, 0.0);
        for one in &self.spec(1.0).instruments {
            if one.liquidation.is_some() {
                held += one.parameters.open_interest_usd;
                traded += one.parameters.impact.volume_daily_usd;
            }
        }
        MOST_OPEN_INTEREST_RATIO * traded / held
    }

    /// Number of markets.
    pub(super) fn markets(&self) -> usize {
        self.news.ordinary_usd.len()
    }

    /// Variance of all markets over that of their null `off-book`, on the declared clock.
    fn amplification(&self, run: &WorldRun) -> f64 {
        let clock_s = self.declared.amplification_clock_s;
        let variance = |log_price: fn(&PriceRow) -> f64| -> f64 {
            (0..self.markets())
                .map(|market| realized_variance(&changes(&self.path(run, market, clock_s, log_price), 1)))
                .sum()
        };
        variance(|row| row.log_price) / variance(|row| row.log_null)
    }

    /// The rows of a market every so many beats, from the start of the tape on.
    ///
    /// Every beat of the clock has a row a market, in the order of the markets; ticks stand on the odd beats.
    pub(super) fn rows<'r>(
        &self,
        run: &'r WorldRun,
        market: usize,
        beats: usize,
    ) -> impl Iterator<Item = &'r PriceRow> + use<'r> {
        run.journal
            .prices
            .iter()
            .skip(market)
            .step_by(self.markets() * beats)
    }

    /// How many beats of the clock so many seconds are; 0 where they are no whole number.
    pub(super) fn beats(&self, seconds: f64) -> usize {
        let half_us = half_tick_us(self.declared.ticks_per_s);
        let beats = (seconds * 1e6 / half_us as f64).round();
        if (beats * half_us as f64 - seconds * 1e6).abs() < 1.0 {
            beats as usize
        } else {
            0
        }
    }

    /// A market's path on a clock of whole seconds, from the start to the end of the tape.
    pub(super) fn path(
        &self,
        run: &WorldRun,
        market: usize,
        clock_s: u32,
        log_price: impl Fn(&PriceRow) -> f64,
    ) -> Vec<f64> {
        self.rows(run, market, self.beats(f64::from(clock_s)))
            .map(log_price)
            .collect()
    }
}
