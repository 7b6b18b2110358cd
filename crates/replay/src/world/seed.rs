//! Positions and state with which a world begins.

use aftershock_market::{Cash, Coin, Side, Timestamp};
use aftershock_protocol::venue::funding::Averaging;
use aftershock_protocol::venue::index::MAX_SOURCES;
use aftershock_protocol::venue::mark::MarkState;
use aftershock_protocol::{
    CapInterest, ChooseIndex, ChooseMark, Intervention, Ledger, Position, PositionBook, RuleSet, SizeFund,
    Slot, Step,
};

use super::engine::{World, entry};
use super::frame::Frame;
use super::journal::{Entry, EntryKind, Holder, Journal};
use super::market::Market;
use super::spec::{Asset, Channels, InstrumentSpec, Mark, WorldSpec};
use crate::ReplayError;
use crate::inventory::{Margins, cap_before};
use crate::market_state::MarketState;
use crate::observer::{Noted, Observer};
use crate::response::carry::{Carry, CarryParameters, YEAR_S};

/// Entry prices of positions, against the price at the start, log, each with its share of open interest.
pub type Entries<'a> = &'a [(f64, f64)];

/// What rules did before the tape, by step and subject.
type Told = Vec<(&'static str, String, Vec<Intervention>)>;

/// A world at an instant: every perpetual holds its open interest, opened at the given distances from the start's price,
/// each in all leverage classes and account sizes; a level that the start's mark has crossed already is left out, and the
/// rest are scaled, on both sides alike.
///
/// # Errors
/// A world whose parts do not fit.
///
/// # Panics
/// Where there are not as many prices as markets.
pub fn seed<'a>(
    spec: &'a WorldSpec,
    rules: &'a RuleSet,
    channels: Channels,
    at: Timestamp,
    log_prices: &[f64],
    entries: Entries<'_>,
) -> Result<World<'a>, ReplayError> {
    spec.check()?;
    assert_eq!(log_prices.len(), spec.instruments.len(), "one price a market");
    let mut journal = Journal::default();
    let mut before_tape = Vec::new();
    let assets = indexes(spec, rules, &mut before_tape)?;
    let mut markets = Vec::with_capacity(spec.instruments.len());
    for (place, one) in spec.instruments.iter().enumerate() {
        let log_price = log_prices[place];
        let frame = Frame::new(one.inverse);
        let parameters = &one.parameters;
        let to_settlement = if one.inverse { libm::exp(-log_price) } else { 1.0 };
        let state = MarketState::new(at, log_price, !rules.is_record());
        // Who opened before the tape did so under the margins that the rules ask in calm.
        let mut margins = Margins::of_record(parameters);
        if !rules.is_record() && one.liquidation.is_some() {
            let view = state.before(at, log_price, parameters, [1.0; 2]);
            let mut asked = Asked(&mut before_tape);
            margins.assess(&parameters.brackets, rules, &view, false, &mut asked)?;
        }
        let ratios: Vec<f64> = margins.maintenance.iter().step_by(2).copied().collect();
        let openings = margins.openings(parameters, false);
        let mut reserves: Vec<Cash> = Vec::with_capacity(parameters.pools.len() + 1);
        for pool in &parameters.pools {
            let mut fund_usd = pool.share * pool.fund_ratio * parameters.open_interest_usd;
            if !rules.is_record() {
                let step = SizeFund {
                    fund_usd,
                    open_interest_usd: pool.share * parameters.open_interest_usd,
                };
                let view = state.before(at, log_price, parameters, [1.0; 2]);
                let verdict = rules.size_fund(step, &view)?;
                fund_usd = verdict.step.fund_usd;
                if !verdict.interventions.is_empty() {
                    before_tape.push((SizeFund::NAME, pool.name.clone(), verdict.interventions));
                }
            }
            reserves.push(Cash::from_f64(fund_usd * to_settlement));
        }
        reserves.push(
            one.liquidation
                .map_or(Cash::ZERO, |liquidation| liquidation.vault),
        );
        let mut ledger = Ledger::new(reserves);
        let mut book = PositionBook::new(&ratios);
        let mut cap_usd = f64::INFINITY;
        if one.liquidation.is_some() {
            let (cap, interventions) = cap_before(rules, &state.before(at, log_price, parameters, [1.0; 2]))?;
            cap_usd = cap;
            if !interventions.is_empty() {
                before_tape.push((CapInterest::NAME, one.name.clone(), interventions));
            }
            let positions = positions(
                &frame,
                parameters.open_interest_usd.min(cap_usd),
                log_price,
                entries,
                &openings,
                &ratios,
            );
            if positions.is_empty() {
                return Err(ReplayError::World(format!(
                    "no position of {} survives to its start",
                    one.name
                )));
            }
            for (side, _, position) in &positions {
                ledger.endow(*side, position.margin, position.entry_value);
                journal.entries.push(Entry {
                    side: *side,
                    quantity: position.quantity,
                    margin: position.margin,
                    entry_value: position.entry_value,
                    ..entry(at.0, place, EntryKind::Endow, Holder::Cohort)
                });
            }
            book.fill(positions);
        }
        let sigma = parameters.impact.sigma_daily;
        let mark = mark(one, rules, &mut before_tape)?;
        let mark_state = match mark {
            Mark::Last => None,
            Mark::Rule { rule, every_s } => Some(
                MarkState::new(rule, every_s)
                    .map_err(|error| ReplayError::World(format!("mark of {}: {error}", one.name)))?,
            ),
        };
        let carry = one.carry.map(|traders| {
            let held_usd = traders.share * parameters.open_interest_usd;
            let annual = one.funding.map_or(0.0, |funding| {
                funding.calm_rate() * YEAR_S / funding.schedule.interval_s()
            });
            // At funding without a premium they want what they have.
            let unit = CarryParameters {
                limit_usd: 1.0,
                risk_aversion_per_usd: traders.parameters.risk_aversion_per_usd
                    * traders.parameters.limit_usd,
                ..traders.parameters
            };
            let wanted = unit.desired_usd(annual, 1.0);
            let limit_usd = if wanted > 0.0 { held_usd / wanted } else { 0.0 };
            let scaled = CarryParameters {
                limit_usd,
                risk_aversion_per_usd: unit.risk_aversion_per_usd / limit_usd.max(1.0),
                ..unit
            };
            (
                Carry::new(at.0, limit_usd * wanted / libm::exp(log_price)),
                scaled,
            )
        });
        let mut market = Market::new(
            parameters,
            frame,
            book,
            ledger,
            margins,
            openings,
            state,
            sigma * sigma / 86_400.0,
            log_price,
            at.0,
            carry,
            mark_state,
            one.funding.map_or(Averaging::Time, |funding| funding.averaging),
        );
        market.cap_usd = cap_usd;
        let index = &assets[one.asset];
        market.has_index = index.sources.iter().any(|(source, _)| *source != place);
        market.follows_index = mark != one.mark || *index != spec.assets[one.asset];
        markets.push(market);
    }
    let mut world = World::assemble(spec, rules, channels, markets, journal);
    world.assets = assets;
    world.before = before_tape;
    world.marks_by_rule = true;
    Ok(world)
}

/// Assets with their indexes as rules make them.
fn indexes(spec: &WorldSpec, rules: &RuleSet, told: &mut Told) -> Result<Vec<Asset>, ReplayError> {
    let mut assets = spec.assets.clone();
    if rules.is_record() {
        return Ok(assets);
    }
    for (turn, asset) in assets.iter_mut().enumerate() {
        let markets = spec.instruments.iter().enumerate();
        let markets: Vec<(usize, f64)> = markets
            .filter(|(_, one)| one.asset == turn)
            .map(|(place, one)| (place, one.parameters.impact.volume_daily_usd))
            .collect();
        let verdict = rules.choose_index(ChooseIndex {
            index: asset.index,
            sources: asset.sources.len(),
            markets: markets.len(),
            everywhere: false,
        })?;
        asset.index = verdict.step.index;
        if verdict.step.everywhere {
            if markets.len() > MAX_SOURCES {
                let (name, count) = (&asset.name, markets.len());
                let text = format!("the index of {name} has {count} sources, {MAX_SOURCES} are possible");
                return Err(ReplayError::World(text));
            }
            asset.sources = markets;
        }
        if !verdict.interventions.is_empty() {
            told.push((ChooseIndex::NAME, asset.name.clone(), verdict.interventions));
        }
    }
    Ok(assets)
}

/// The mark of a perpetual as rules make it.
fn mark(one: &InstrumentSpec, rules: &RuleSet, told: &mut Told) -> Result<Mark, ReplayError> {
    if rules.is_record() || one.liquidation.is_none() {
        return Ok(one.mark);
    }
    let verdict = rules.choose_mark(ChooseMark { mark: one.mark })?;
    if !verdict.interventions.is_empty() {
        told.push((ChooseMark::NAME, one.name.clone(), verdict.interventions));
    }
    Ok(verdict.step.mark)
}

/// A position this near to its bankruptcy price has been closed, whatever margin is asked.
const NEAR: f64 = 1.02;

/// What rules ask of margins before the tape, to be told at its start.
struct Asked<'a>(&'a mut Told);

impl Observer for Asked<'_> {
    fn intervention(&mut self, noted: &Noted<'_>) {
        let one = Intervention {
            rule: noted.rule.to_owned(),
            decision: noted.decision,
            before: noted.before.unwrap_or_default(),
            after: noted.after.unwrap_or_default(),
            reason: noted.reason.into(),
        };
        self.0.push((noted.step, noted.subject.clone(), vec![one]));
    }
}

/// Positions of both sides; each side holds exactly the same number of contracts.
fn positions(
    frame: &Frame,
    open_interest_usd: f64,
    log_price: f64,
    entries: Entries<'_>,
    openings: &[crate::Opening],
    maintenance: &[f64],
) -> Vec<(Side, Slot, Position)> {
    let mark = frame.kept(log_price);
    let mut all = Vec::with_capacity(2 * entries.len() * openings.len());
    let mut kept = [Coin::ZERO; 2];
    for side in Side::BOTH {
        // A level's weight, where it stands.
        let mut alive = Vec::with_capacity(entries.len() * openings.len());
        for &(distance, share) in entries {
            let y = frame.y(log_price + distance);
            for opening in openings {
                let key = y * opening.key_ratio[side.index()];
                let asked = maintenance[opening.slot[side.index()].tier];
                let broken = match side {
                    Side::Long => mark <= key * NEAR.max(1.0 / (1.0 - asked)),
                    Side::Short => mark * NEAR.max(1.0 + asked) >= key,
                };
                if !broken && share * opening.weight > 0.0 {
                    alive.push((y, share * opening.weight, opening));
                }
            }
        }
        let weight: f64 = alive.iter().map(|one| one.1).sum();
        for (y, part, opening) in alive {
            let quantity = frame.quantity(open_interest_usd * part / weight, log_price);
            let value = Cash((quantity.0 as f64 * y).floor() as i128);
            let (slot, position) = opening.position(side, quantity, value, y);
            kept[side.index()] += quantity;
            all.push((side, slot, position));
        }
    }
    // Rounding leaves the sides a few units apart: the first level of the smaller side takes them.
    let gap = kept[0] - kept[1];
    let smaller = if gap.0 > 0 { Side::Short } else { Side::Long };
    if let Some((_, _, position)) = all.iter_mut().find(|one| one.0 == smaller) {
        let more = Coin(gap.0.abs());
        position.entry_value += position
            .entry_value
            .share_floor(more.0, position.quantity.0.max(1));
        position.quantity += more;
    }
    all
}
