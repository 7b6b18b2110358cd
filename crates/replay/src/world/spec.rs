//! What a world is made of, and what is believed of it.

use aftershock_market::Cash;
pub use aftershock_protocol::Mark;
use aftershock_protocol::venue::deleveraging::Ranking;
use aftershock_protocol::venue::funding::{Averaging, FundingRule, Schedule};
use aftershock_protocol::venue::index::IndexRule;
use aftershock_protocol::venue::liquidation::LiquidationRule;

use crate::response::basis::ArbitrageParameters;
use crate::response::carry::CarryParameters;
use crate::response::cross_impact::CrossImpact;
use crate::{DecayTable, Parameters};

/// A venue's liquidation engine and what stands behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Liquidation {
    /// How positions are worked off.
    pub rule: LiquidationRule,
    /// Who is closed first where winners have to be.
    pub ranking: Ranking,
    /// From trigger to the book, s.
    pub latency_s: f64,
    /// What the engine can send, USD a second; infinite where nothing limits it. What it cannot send waits.
    pub throughput_usd_per_s: f64,
    /// What is left of a liquidated margin goes to the insurance fund and not to the holder.
    pub keeps_remainder: bool,
    /// Backstop vault behind the insurance fund, settlement asset.
    pub vault: Cash,
    /// Close winners of the other side at the bankruptcy price where no reserve is left; otherwise it is bad debt.
    pub deleverages: bool,
}

/// Funding of a perpetual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Funding {
    /// From premium to rate.
    pub rule: FundingRule,
    /// How premium samples are weighed.
    pub averaging: Averaging,
    /// When it is paid.
    pub schedule: Schedule,
    /// From one premium sample to the next, s.
    pub sample_s: f64,
    /// Size of the order whose price is the impact bid or ask, USD.
    pub impact_notional_usd: f64,
}

impl Funding {
    /// Hyperliquid: an eighth of an eight-hour rate every hour, sampled every 5 s at an impact notional of 20,000 USD
    /// (<https://hyperliquid.gitbook.io/hyperliquid-docs/trading/funding>).
    pub const HYPERLIQUID: Self = Self {
        rule: FundingRule::HYPERLIQUID,
        averaging: Averaging::Time,
        schedule: Schedule::HOURLY,
        sample_s: 5.0,
        impact_notional_usd: 20_000.0,
    };

    /// Rate of an interval with no premium: what carry earns in calm.
    pub fn calm_rate(&self) -> f64 {
        self.rule.rate(0.0, None)
    }
}

/// What a coin can be turned into by whoever issued it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Redemption {
    /// So many dollars.
    Usd(f64),
    /// So many coins of another asset, at the price of its reference market.
    Coins {
        /// Place of the asset.
        asset: usize,
        /// How many a coin.
        ratio: f64,
    },
}

/// An asset and where its price is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asset {
    /// Name in tables.
    pub name: String,
    /// Place of its reference market, to which arbitrage holds the others.
    pub reference: usize,
    /// How its index is made.
    pub index: IndexRule,
    /// Markets that the index looks at, with their weights.
    pub sources: Vec<(usize, f64)>,
    /// What it can be redeemed for; absent where nobody redeems it.
    pub redemption: Option<Redemption>,
}

impl Asset {
    /// An asset whose index is its reference market.
    pub fn of_one(name: impl Into<String>, reference: usize) -> Self {
        Self {
            name: name.into(),
            reference,
            index: IndexRule::Median,
            sources: vec![(reference, 1.0)],
            redemption: None,
        }
    }
}

/// Holders of spot who are short of the perpetual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CarryTraders {
    /// Part of the open interest at the start that is theirs, [0, 1].
    pub share: f64,
    /// What they do. `limit_usd` is set so that at the interest part of funding they want what they have.
    pub parameters: CarryParameters,
}

/// A market: spot, or a perpetual whose positions can break.
#[derive(Clone, Debug)]
pub struct InstrumentSpec {
    /// Name in tables, such as `alpha:BTC-PERP`.
    pub name: String,
    /// Place of its venue.
    pub venue: usize,
    /// Place of its asset.
    pub asset: usize,
    /// A contract of one dollar, margined in coin.
    pub inverse: bool,
    /// Impact, depth, brackets, leverage mix and reserves. `latency_s` and `open_interest_usd` of a perpetual only.
    pub parameters: Parameters,
    /// Absent on spot.
    pub liquidation: Option<Liquidation>,
    /// Absent where none is paid.
    pub funding: Option<Funding>,
    /// What margin is valued at.
    pub mark: Mark,
    /// Who holds this market to the asset's reference market; absent on the reference itself.
    pub arbitrage: Option<ArbitrageParameters>,
    /// Who carries; absent where nobody does.
    pub carry: Option<CarryTraders>,
}

/// A venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Venue {
    /// Name in tables.
    pub name: String,
}

/// The channels that are switched on, for attribution. All of them are declared beliefs about the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels {
    /// Forced orders move the price.
    pub liquidation: bool,
    /// Depth leaves as volatility rises.
    pub depth_withdrawal: bool,
    /// Arbitrageurs carry a move from one venue to the others.
    pub arbitrage: bool,
    /// Carry traders build and unwind both legs, and sell the spot whose hedge was taken from them.
    pub carry: bool,
    /// A margin call is met by selling elsewhere.
    pub cross_margin: bool,
}

impl Channels {
    /// Everything.
    pub const ALL: Self = Self {
        liquidation: true,
        depth_withdrawal: true,
        arbitrage: true,
        carry: true,
        cross_margin: true,
    };
    /// Names, in the order of the bits of [`Channels::from_mask`].
    pub const NAMES: [&'static str; 5] = [
        "liquidation",
        "depth_withdrawal",
        "arbitrage",
        "carry",
        "cross_margin",
    ];

    /// Bit 0 liquidation, 1 depth withdrawal, 2 arbitrage, 3 carry, 4 cross-margin.
    pub const fn from_mask(mask: u32) -> Self {
        Self {
            liquidation: mask & 1 != 0,
            depth_withdrawal: mask & 2 != 0,
            arbitrage: mask & 4 != 0,
            carry: mask & 8 != 0,
            cross_margin: mask & 16 != 0,
        }
    }
}

/// A world: venues, assets, markets.
#[derive(Clone, Debug)]
pub struct WorldSpec {
    /// Venues.
    pub venues: Vec<Venue>,
    /// Assets.
    pub assets: Vec<Asset>,
    /// Markets.
    pub instruments: Vec<InstrumentSpec>,
    /// What flow in one asset's reference market does to another's, an entry an asset.
    pub cross_impact: CrossImpact,
    /// Decay of impact and of the volatility that depth answers, common to all markets.
    pub table: DecayTable,
    /// From one arbitrage round to the next, s.
    pub arbitrage_s: f64,
    /// From one decision of rules to the next, s.
    pub decision_s: f64,
    /// From one row of prices, backlogs and reserves to the next, s.
    pub clock_s: f64,
    /// From a margin call to the cash at the venue that called, s.
    pub transfer_s: f64,
}

impl WorldSpec {
    /// Checks that every place names something.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn check(&self) -> Result<(), crate::ReplayError> {
        let fail = |text: String| Err(crate::ReplayError::World(text));
        let [venues, assets, instruments] = [self.venues.len(), self.assets.len(), self.instruments.len()];
        for asset in &self.assets {
            let places = asset
                .sources
                .iter()
                .map(|source| source.0)
                .chain([asset.reference]);
            for place in places {
                if place >= instruments {
                    let name = &asset.name;
                    return fail(format!(
                        "asset {name} looks at market {place}, there are {instruments}"
                    ));
                }
            }
        }
        for asset in &self.assets {
            let sound = match asset.redemption {
                None => true,
                Some(Redemption::Usd(usd)) => usd.is_finite() && usd > 0.0,
                Some(Redemption::Coins { asset, ratio }) => {
                    asset < assets && ratio.is_finite() && ratio > 0.0
                }
            };
            if !sound {
                let Asset { name, redemption, .. } = asset;
                return fail(format!(
                    "asset {name} is redeemed for {redemption:?}, should be a positive number of dollars or of coins of one \
                     of {assets} assets"
                ));
            }
        }
        for one in &self.instruments {
            if one.venue >= venues || one.asset >= assets {
                return fail(format!(
                    "market {} stands at venue {} of {venues} and asset {} of {assets}",
                    one.name, one.venue, one.asset
                ));
            }
            let reference = self.assets[one.asset].reference;
            if self.instruments[reference].asset != one.asset {
                return fail(format!(
                    "the reference market of {} trades another asset",
                    one.name
                ));
            }
        }
        if self.cross_impact.instruments() != assets {
            return fail(format!(
                "cross impact is of {} assets, there are {assets}",
                self.cross_impact.instruments()
            ));
        }
        for (name, seconds) in [
            ("arbitrage_s", self.arbitrage_s),
            ("decision_s", self.decision_s),
            ("clock_s", self.clock_s),
        ] {
            if !(seconds.is_finite() && seconds >= 1e-3) {
                return fail(format!("{name} is {seconds}, should be at least a millisecond"));
            }
        }
        Ok(())
    }
}
