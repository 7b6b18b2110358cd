//! The synthetic crash that gates are run on: what is declared, with accounts and an outage in it.

use aftershock_market::{Cash, Coin, Side};
use aftershock_protocol::RuleSet;
use aftershock_replay::ReplayError;
use aftershock_replay::world::{
    Account, Channels, Collateral, Drive, Holding, Owner, World, WorldEvent, WorldRun, WorldSpec, WorldTape,
    seed,
};

use crate::synth::{Contract, Declared, Ramp, START, Stage, SynthError, Target, Venue};

/// An account's positions over the open interest of its market.
const ACCOUNT_SHARE: f64 = 0.005;
/// Leverage of the accounts that lose.
const LEVERAGE: f64 = 12.0;
/// Equity over maintenance margin at which their owner is called.
const CALL_RATIO: f64 = 6.0;
/// Part of a coin's price that does not count as margin.
const HAIRCUT: f64 = 0.2;

/// The smallest crash in which everything happens: twenty minutes, a fall of 8 % within five of them, two linear
/// perpetuals, an inverse one with a slow engine, and spot; funding is paid in the middle of it.
pub fn declared(seed: u64) -> Declared {
    let venue = |name: &str, contract, volume_daily_usd| Venue {
        name: name.into(),
        contract,
        volume_daily_usd,
        funding_interval_h: 1.0 / 6.0,
        ..Venue::default()
    };
    Declared {
        seed,
        duration_s: 1_200,
        amplification: Target::AsDeclared,
        amplification_clock_s: 10,
        ramp: Ramp {
            size: 0.08,
            start_s: 300.0,
            length_s: 300.0,
            ..Ramp::default()
        },
        venues: vec![
            venue("alpha", Contract::Linear, 2e10),
            Venue {
                throughput_usd_per_s: 2e6,
                ..venue("beta", Contract::Inverse, 5e9)
            },
            Venue {
                insurance_ratio: 0.0,
                keeps_remainder: false,
                ..venue("delta", Contract::Linear, 5e9)
            },
            venue("gamma", Contract::Spot, 5e9),
        ],
        ..Declared::default()
    }
}

/// A declared crash, ready to be run again and again.
#[derive(Debug)]
pub struct Crash {
    /// What is declared.
    pub declared: Declared,
    /// Its world.
    pub spec: WorldSpec,
    /// News and ordinary flow, with an outage of a perpetual's venue while the price falls.
    pub tape: WorldTape,
    log_prices: Vec<f64>,
    entries: Vec<(f64, f64)>,
    rules: RuleSet,
}

impl Crash {
    /// The crash of a declaration.
    ///
    /// # Errors
    /// A declaration that makes no tape, or an amplification that no open interest brings about.
    pub fn new(declared: &Declared) -> Result<Self, SynthError> {
        declared.check().map_err(SynthError::Declared)?;
        let stage = Stage::new(declared);
        let spec = match declared.amplification {
            Target::AsDeclared => crate::synth::spec(declared, 1.0),
            Target::Ratio(_) => stage.factual()?.0,
        };
        let price =
            |one: &aftershock_replay::world::InstrumentSpec| libm::log(declared.assets[one.asset].price_usd);
        Ok(Self {
            log_prices: spec.instruments.iter().map(price).collect(),
            tape: with_outage(&stage.tape, &spec, &declared.ramp),
            entries: stage.entries,
            declared: declared.clone(),
            rules: RuleSet::default(),
            spec,
        })
    }

    /// Its world before the first event, with accounts.
    ///
    /// # Errors
    /// A world whose parts do not fit.
    pub fn world(&self, channels: Channels) -> Result<World<'_>, ReplayError> {
        let mut world = seed(
            &self.spec,
            &self.rules,
            channels,
            START,
            &self.log_prices,
            &self.entries,
        )?;
        for account in self.accounts() {
            world.add_account(account, START)?;
        }
        Ok(world)
    }

    /// What news makes of it, with all channels.
    ///
    /// # Errors
    /// A tape that cannot be run.
    pub fn factual(&self) -> Result<WorldRun, ReplayError> {
        self.world(Channels::ALL)?.run(&self.tape, Drive::News)
    }

    /// The same crash in a world that is changed a little.
    pub fn changed(&self, change: impl FnOnce(&mut WorldSpec)) -> Self {
        let mut spec = self.spec.clone();
        change(&mut spec);
        Self {
            declared: self.declared.clone(),
            spec,
            tape: self.tape.clone(),
            log_prices: self.log_prices.clone(),
            entries: self.entries.clone(),
            rules: RuleSet::default(),
        }
    }

    /// Number of markets.
    pub fn markets(&self) -> usize {
        self.spec.instruments.len()
    }

    /// On every linear perpetual a long with coins as collateral; where there are two, the owner of the first is short
    /// at the second and can be called.
    fn accounts(&self) -> Vec<Account> {
        let linear: Vec<usize> = (0..self.markets())
            .filter(|&place| {
                self.spec.instruments[place].liquidation.is_some() && !self.spec.instruments[place].inverse
            })
            .collect();
        let mut accounts = Vec::new();
        for (turn, &market) in linear.iter().enumerate() {
            let mut one = self.account("long", turn, market, Side::Long, LEVERAGE);
            one.call_ratio = CALL_RATIO;
            one.collateral.push(Collateral {
                asset: self.spec.instruments[market].asset,
                quantity: Coin(one.holdings[0].quantity.0 / 100),
                haircut: HAIRCUT,
            });
            accounts.push(one);
        }
        if let [_, second, ..] = linear[..] {
            accounts.push(self.account("short", 0, second, Side::Short, 2.0));
        }
        accounts
    }

    fn account(&self, name: &str, owner: usize, market: usize, side: Side, leverage: f64) -> Account {
        let spec = &self.spec.instruments[market];
        let price_usd = libm::exp(self.log_prices[market]);
        let value_usd = ACCOUNT_SHARE * spec.parameters.open_interest_usd;
        let mut one = Account::new(
            format!("{name}-{}", spec.name),
            Owner(owner as u32),
            spec.venue,
            Cash::from_f64(value_usd / leverage),
        );
        one.holdings.push(Holding {
            market,
            side,
            quantity: Coin::from_f64(value_usd / price_usd),
            entry_value: Cash::from_f64(value_usd),
            under_way: Coin::ZERO,
        });
        one
    }
}

/// The tape with the last perpetual's venue down for a tenth of the ramp in its middle, where there is another one.
fn with_outage(tape: &WorldTape, spec: &WorldSpec, ramp: &Ramp) -> WorldTape {
    let perpetuals: Vec<usize> = spec
        .instruments
        .iter()
        .filter(|one| one.liquidation.is_some())
        .map(|one| one.venue)
        .collect();
    let Some(venue) = perpetuals.last().copied().filter(|last| perpetuals[0] != *last) else {
        return tape.clone();
    };
    let (from_s, to_s) = ramp.span_s();
    let instant = |share: f64| START.plus_seconds((from_s + share * (to_s - from_s)).floor());
    let switches = [(instant(0.5), true), (instant(0.6), false)];
    let mut out = WorldTape::with_capacity(tape.len() + 2);
    let mut turn = 0;
    for place in 0..tape.len() {
        let (at, event) = tape.event(place);
        while turn < 2 && at >= switches[turn].0 {
            let (when, down) = switches[turn];
            out.push(
                when,
                WorldEvent::Outage {
                    venue: venue as u16,
                    down,
                },
            );
            turn += 1;
        }
        let silent = match event {
            WorldEvent::Tick { market, .. } => {
                turn == 1 && spec.instruments[usize::from(market)].venue == venue
            }
            _ => false,
        };
        if !silent {
            out.push(at, event);
        }
    }
    out
}
