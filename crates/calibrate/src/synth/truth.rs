//! What really happened: for those who score an estimate, and for nobody who makes one.

use aftershock_market::{Coin, Side};
use aftershock_measure::impact::SquareRootImpact;
use aftershock_replay::world::{EntryKind, OrderRow, WorldRun, WorldSpec};
use serde::Serialize;

use super::declared::{Contract, Declared, Venue};
use super::feed::Forced;
use super::news::tick_at;
use super::nulls::Null;
use super::printed::{Printed, Unit};
use super::run::Stage;
use super::{START, Tried, market_name};

/// The truth of a generated tape. Times are s from the start of the tape, prices USD a coin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Truth {
    /// What this is.
    pub about: &'static str,
    /// All parameters.
    pub declared: Declared,
    /// Their digest, which the tape's list of sources carries too.
    pub declared_sha256: String,
    /// Start of the tape.
    pub start_at: String,
    /// The search for the open interest that amplifies as declared; the last one is the tape's.
    pub search: Vec<Tried>,
    /// The factual path, called `none`, and the nulls, with amplification against each.
    pub nulls: [Null; 4],
    /// How much forced flow forced flow brought about.
    pub branching: Branching,
    /// Markets, in the order of all lists by market.
    pub markets: Vec<Market>,
    /// Where positions were opened: `[log distance from the price at the start, share]`.
    pub entries: Vec<(f64, f64)>,
    /// Every forced order.
    pub orders: Orders,
    /// What came from outside.
    pub exogenous: Exogenous,
    /// Largest difference between long and short contracts after any order, 1e-8 contracts: 0.
    pub contracts_imbalance: i64,
    /// Largest residual of the books after any order, 1e-8 of the settlement asset: 0.
    pub money_imbalance: i64,
}

/// Branching ratios. Shares of the value of all forced orders; absent where there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Branching {
    /// Orders that the null `off-book` had not triggered by then.
    pub by_then: Option<f64>,
    /// Orders that it never triggered.
    pub at_all: Option<f64>,
    /// Spectral radius of the response matrix (slope of impact as it stands, times what a fall of 1 % would break), at its
    /// largest. Impact is concave, so that this is far above what finite flow does.
    pub structural_largest: Option<f64>,
    /// The same, its mean over the instants at which a forced order was on its way.
    pub structural_while_forced: Option<f64>,
}

/// A market in truth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Market {
    /// Venue, without the prefix of the tape.
    pub venue: String,
    /// Instrument.
    pub instrument: String,
    /// Asset that it settles in.
    pub settles_in: String,
    /// `Y` of the square-root law.
    pub impact_y: f64,
    /// `σ` of it, log, a day.
    pub impact_sigma_daily: f64,
    /// `V` of it, USD a day.
    pub impact_volume_daily_usd: f64,
    /// `J0` of it, USD.
    pub impact_j0_usd: f64,
    /// Half-lives of its states, s.
    pub impact_half_lives_s: [f64; 6],
    /// Their weights.
    pub impact_weights: [f64; 6],
    /// Normal depth, USD a unit of log price, each side.
    pub depth_usd_per_log: f64,
    /// Open interest of one side at the start, USD.
    pub open_interest_usd: f64,
    /// Contracts at the start, long and short.
    pub contracts_at_start: [f64; 2],
    /// Contracts at the end, long and short.
    pub contracts_at_end: [f64; 2],
    /// Leverage of those who hold them at the start: declared, and what is left after those who would have been broken
    /// before the tape.
    pub leverage: Vec<LeverageClass>,
    /// Forced orders and what of them is printed.
    pub feed: Feed,
    /// Closed against winners, USD.
    pub deleveraged_usd: f64,
    /// Insurance fund at the start and the end, settlement asset.
    pub fund: [f64; 2],
    /// Vault behind it, likewise.
    pub vault: [f64; 2],
    /// Losses that nobody paid, settlement asset.
    pub bad_debt: f64,
}

/// Shares of open interest of one leverage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeverageClass {
    /// Leverage at entry.
    pub leverage: f64,
    /// Share as declared.
    pub declared: f64,
    /// Share of the longs at the start.
    pub long: f64,
    /// Share of the shorts.
    pub short: f64,
}

/// What a feed shows of what was liquidated.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Feed {
    /// Accounts liquidated.
    pub liquidated: usize,
    /// Their value, USD.
    pub liquidated_usd: f64,
    /// Accounts printed.
    pub printed: usize,
    /// Their value, USD.
    pub printed_usd: f64,
}

/// Forced orders, a column each, in the order of execution.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Orders {
    /// Number, in the order of sending.
    pub id: Vec<u32>,
    /// The order without which it would not have been sent by then.
    pub parent: Vec<Option<u32>>,
    /// 0 without a parent, else one more than the parent's.
    pub generation: Vec<u32>,
    /// Whether the null never came to its trigger.
    pub additional: Vec<bool>,
    /// Why.
    pub cause: Vec<&'static str>,
    /// Place of the market.
    pub market: Vec<usize>,
    /// Side that was closed: `long` or `short`.
    pub closes: Vec<&'static str>,
    /// When its mark was crossed, s.
    pub triggered_s: Vec<f64>,
    /// When it met the book, s.
    pub executed_s: Vec<f64>,
    /// Mark that triggered it.
    pub trigger_usd: Vec<f64>,
    /// Mean price of its fill.
    pub fill_usd: Vec<f64>,
    /// Contracts on the book.
    pub quantity: Vec<f64>,
    /// Their value, USD.
    pub notional_usd: Vec<f64>,
    /// Closed against winners, USD.
    pub deleveraged_usd: Vec<f64>,
    /// Loss beyond margins, settlement asset.
    pub deficit: Vec<f64>,
    /// Left of it after fund and vault.
    pub bad_debt: Vec<f64>,
}

/// What came from outside, tick by tick.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exogenous {
    /// First tick, s.
    pub first_s: f64,
    /// From one tick to the next, s.
    pub step_s: f64,
    /// Log price less all impact, an asset each.
    pub log_price: Vec<Vec<f64>>,
    /// Ordinary flow, USD, buys positive, a market each.
    pub ordinary_usd: Vec<Vec<f64>>,
    /// Depth over normal that it met, likewise.
    pub depth: Vec<Vec<f64>>,
}

const ABOUT: &str = "The truth of a generated tape. No program reads this file; a calibration that is to be scored with it \
                     must not either.";

impl Stage<'_> {
    pub(super) fn truth(
        &self,
        (spec, run): (&WorldSpec, &WorldRun),
        search: Vec<Tried>,
        nulls: [Null; 4],
        printed: &Printed,
        forced: &[Forced],
    ) -> Truth {
        let venues = &self.declared.venues;
        let market = |place: usize| {
            let venue = &venues[place % venues.len()];
            let feed = feed(venue, &forced[place], &printed.markets[place].liquidations);
            self.market_truth((spec, run), place, venue, feed)
        };
        Truth {
            about: ABOUT,
            declared: self.declared.clone(),
            declared_sha256: self.declared.sha256(),
            start_at: START.to_string(),
            search,
            nulls,
            branching: branching(run),
            markets: (0..self.markets()).map(market).collect(),
            entries: self.entries.clone(),
            orders: Orders::of(&run.journal.orders),
            exogenous: self.exogenous(run),
            contracts_imbalance: run.imbalance.0.0,
            money_imbalance: i64::try_from(run.imbalance.1.0).unwrap_or(i64::MAX),
        }
    }

    fn market_truth(
        &self,
        (spec, run): (&WorldSpec, &WorldRun),
        place: usize,
        venue: &Venue,
        feed: Feed,
    ) -> Market {
        let asset = &self.declared.assets[place / self.declared.venues.len()];
        let one = &spec.instruments[place];
        let SquareRootImpact {
            y,
            sigma_daily,
            volume_daily_usd,
            j0_usd,
        } = one.parameters.impact;
        let inverse = venue.contract == Contract::Inverse;
        let settlement_usd = if inverse { asset.price_usd } else { 1.0 };
        // A venue's long is short in the frame of an inverse contract.
        let sides = |[long, short]: [Coin; 2]| {
            let [long, short] = if inverse { [short, long] } else { [long, short] };
            [long.to_f64(), short.to_f64()]
        };
        let mut at_start = [Coin::ZERO; 2];
        let mut leverage: Vec<LeverageClass> = Vec::new();
        if one.liquidation.is_some() {
            leverage.extend(venue.leverage.iter().map(|&(leverage, declared)| LeverageClass {
                leverage,
                declared,
                long: 0.0,
                short: 0.0,
            }));
        }
        let endowed = run
            .journal
            .entries
            .iter()
            .filter(|entry| entry.market == place && entry.kind == EntryKind::Endow);
        for entry in endowed {
            at_start[entry.side.index()] += entry.quantity;
            let held = entry.entry_value.0 as f64 / entry.margin.0.max(1) as f64;
            let distance = |class: &LeverageClass| libm::log(class.leverage / held).abs();
            if let Some(class) = leverage
                .iter_mut()
                .min_by(|a, b| distance(a).total_cmp(&distance(b)))
            {
                let long = (entry.side == Side::Long) != inverse;
                *(if long { &mut class.long } else { &mut class.short }) += entry.quantity.to_f64();
            }
        }
        let at_start = sides(at_start);
        for class in &mut leverage {
            class.long /= at_start[0];
            class.short /= at_start[1];
        }
        let fund_at_start: f64 = one
            .parameters
            .pools
            .iter()
            .map(|pool| pool.share * pool.fund_ratio)
            .sum::<f64>()
            * one.parameters.open_interest_usd
            / settlement_usd;
        Market {
            venue: venue.name.clone(),
            instrument: market_name(asset, venue),
            settles_in: if inverse { asset.name.clone() } else { "USD".into() },
            impact_y: y,
            impact_sigma_daily: sigma_daily,
            impact_volume_daily_usd: volume_daily_usd,
            impact_j0_usd: j0_usd,
            impact_half_lives_s: self.declared.impact.half_lives_s,
            impact_weights: one.parameters.impact_weights,
            depth_usd_per_log: one.parameters.book_usd_per_log,
            open_interest_usd: one.parameters.open_interest_usd,
            contracts_at_start: at_start,
            contracts_at_end: sides(run.open_interest[place]),
            leverage,
            feed,
            deleveraged_usd: run
                .journal
                .orders
                .iter()
                .filter(|order| order.market == place)
                .fold(0.0, |sum, order| sum + order.deleveraged_usd),
            fund: [fund_at_start, run.reserves[place][0].to_f64()],
            vault: [
                one.liquidation.map_or(0.0, |one| one.vault.to_f64()),
                run.reserves[place][1].to_f64(),
            ],
            bad_debt: run.bad_debt[place].to_f64(),
        }
    }

    fn exogenous(&self, run: &WorldRun) -> Exogenous {
        let (_, depth) = run
            .exogenous
            .as_ref()
            .expect("a run that news drove returns what was exogenous");
        let markets = self.markets();
        // The first event of the tape is no tick, nor is the last.
        let of = |market: usize| {
            depth[1..depth.len() - 1]
                .iter()
                .skip(market)
                .step_by(markets)
                .copied()
                .collect()
        };
        let at_s = |tick| tick_at(self.declared, tick).seconds_since(START);
        Exogenous {
            first_s: at_s(0),
            step_s: at_s(1) - at_s(0),
            log_price: self.news.log_price.clone(),
            ordinary_usd: self.news.ordinary_usd.clone(),
            depth: (0..markets).map(of).collect(),
        }
    }
}

fn feed(venue: &Venue, forced: &Forced, printed: &super::printed::Prints) -> Feed {
    let unit = Unit::of(venue);
    let usd = |prints: &super::printed::Prints| {
        let rows = prints.quantity.iter().zip(&prints.price_usd);
        rows.fold(0.0, |sum, (quantity, price_usd)| {
            sum + unit.usd(*quantity, *price_usd)
        })
    };
    Feed {
        liquidated: forced.liquidations.len(),
        liquidated_usd: usd(&forced.liquidations),
        printed: printed.len(),
        printed_usd: usd(printed),
    }
}

fn branching(run: &WorldRun) -> Branching {
    let journal = &run.journal;
    let markets = run.open_interest.len();
    let radii = journal.clock.iter().map(|row| row.spectral_radius);
    let under_way = |beat: usize| {
        let rows = journal.prices[beat * markets..].iter().take(markets);
        rows.map(|row| row.backlog_usd).sum::<f64>() > 0.0
    };
    let forced: Vec<f64> = radii
        .clone()
        .enumerate()
        .filter(|(beat, _)| under_way(*beat))
        .map(|one| one.1)
        .collect();
    Branching {
        by_then: journal.branching_ratio(),
        at_all: journal.additional_share(),
        structural_largest: radii.reduce(f64::max).filter(|radius| radius.is_finite()),
        structural_while_forced: (!forced.is_empty())
            .then(|| forced.iter().sum::<f64>() / forced.len() as f64)
            .filter(|mean| mean.is_finite()),
    }
}

impl Orders {
    fn of(rows: &[OrderRow]) -> Self {
        let mut orders = Self::default();
        for row in rows {
            orders.id.push(row.id);
            orders.parent.push(row.parent);
            orders.generation.push(row.generation);
            orders.additional.push(row.additional);
            orders.cause.push(row.cause.name());
            orders.market.push(row.market);
            orders.closes.push(match row.side {
                Side::Long => "long",
                Side::Short => "short",
            });
            orders.triggered_s.push(row.triggered_at.seconds_since(START));
            orders.executed_s.push(row.executed_at.seconds_since(START));
            orders.trigger_usd.push(libm::exp(row.log_trigger));
            orders.fill_usd.push(libm::exp(row.log_fill));
            orders.quantity.push(row.quantity.to_f64());
            orders.notional_usd.push(row.notional_usd);
            orders.deleveraged_usd.push(row.deleveraged_usd);
            orders.deficit.push(row.deficit.to_f64());
            orders.bad_debt.push(row.bad_debt.to_f64());
        }
        orders
    }
}

impl Truth {
    /// Amplification that was declared and is reached: all markets against `off-book` on the declared clock.
    pub fn amplification(&self) -> Option<f64> {
        let clock_s = self.declared.amplification_clock_s;
        let off_book = self.nulls.iter().find(|null| null.name == "off-book")?;
        off_book.whole.iter().find(|one| one.clock_s == clock_s)?.all
    }

    /// The truth as JSON, one line; numbers that are not finite, such as a throughput without limit, are null.
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("the truth has a JSON form");
        bytes.push(b'\n');
        bytes
    }
}
