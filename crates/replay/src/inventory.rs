//! Positions that stand when the replay begins: who opened before, at which price and leverage, and survived.

use aftershock_market::{Cash, Coin, Price, Side, Timestamp};
use aftershock_protocol::{
    AssessMargin, Brackets, CapInterest, Intervention, Ledger, Position, PositionBook, RuleSet, SizeFund,
    Slot, View,
};

use crate::decay::Decay;
use crate::market_state::MarketState;
use crate::observer::{MarginInForce, Noted, Observer};
use crate::response::ImpactState;
use crate::response::book::{Book, Stress};
use crate::{Parameters, Path, Replay, ReplayError};

/// A fall of one percent, log.
pub(crate) const ONE_PERCENT_LOG: f64 = 0.010_050_335_853_501_442;

/// A way of opening a position: a leverage class in an account size, under the margins in force.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Opening {
    /// Share of the notional opened.
    pub weight: f64,
    /// Leverage after brackets and initial margin.
    pub leverage: f64,
    /// The same over the leverage that brackets alone would allow: how large a position the same equity opens.
    pub leverage_kept: f64,
    /// Bracket at the liquidation price, long and short.
    pub slot: [Slot; 2],
    /// Effective bankruptcy price over entry price, long and short.
    pub key_ratio: [f64; 2],
}

impl Opening {
    /// The position that opens `quantity` for `value` at `price_usd`.
    pub(crate) fn position(
        &self,
        side: Side,
        quantity: Coin,
        value: Cash,
        price_usd: f64,
    ) -> (Slot, Position) {
        let margin = Cash((value.0 as f64 / self.leverage) as i128);
        let key = price_usd * self.key_ratio[side.index()];
        (
            self.slot[side.index()],
            Position {
                key,
                quantity,
                entry_value: value,
                margin,
            },
        )
    }
}

/// Margins in force, one entry a slot: bracket by bracket, unlinked before linked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Margins {
    pub(crate) initial: Vec<f64>,
    pub(crate) maintenance: Vec<f64>,
    pub(crate) exposure: Vec<f64>,
    /// Largest account of those believed to exist in each bracket, USD; 0 where there is none.
    accounts_usd: Vec<f64>,
    assessed_at: Option<Timestamp>,
}

impl Margins {
    pub(crate) fn of_record(parameters: &Parameters) -> Self {
        let brackets = &parameters.brackets;
        let twice = |value: fn(&aftershock_protocol::Tier) -> f64| {
            brackets
                .tiers()
                .iter()
                .flat_map(|tier| [value(tier); 2])
                .collect::<Vec<f64>>()
        };
        let slots = 2 * brackets.tiers().len();
        Self {
            initial: twice(|tier| 1.0 / tier.max_leverage),
            maintenance: twice(|tier| tier.maintenance_ratio),
            exposure: vec![1.0; slots],
            accounts_usd: accounts_usd(parameters),
            assessed_at: None,
        }
    }

    /// Puts every slot's margin to the rules, linked ones only where there are any; returns whether any changed.
    pub(crate) fn assess(
        &mut self,
        brackets: &Brackets,
        rules: &RuleSet,
        view: &View<'_>,
        with_linked: bool,
        observer: &mut dyn Observer,
    ) -> Result<bool, ReplayError> {
        let elapsed_s = self.assessed_at.map_or(0.0, |at| view.now.seconds_since(at));
        self.assessed_at = Some(view.now);
        let models = rules.models(view);
        let mut changed = false;
        for slot in 0..self.initial.len() {
            let tier = &brackets.tiers()[slot / 2];
            let linked = slot % 2 == 1;
            if linked && !with_linked {
                continue;
            }
            let step = AssessMargin {
                tier: (slot / 2 + 1) as i32,
                account_usd: self.accounts_usd[slot / 2],
                offset_ratio: linked as u8 as f64,
                initial_ratio: 1.0 / tier.max_leverage,
                maintenance_ratio: tier.maintenance_ratio,
                exposure_ratio: 1.0,
                in_force_initial_ratio: self.initial[slot],
                in_force_maintenance_ratio: self.maintenance[slot],
                elapsed_s,
                model: 0.0,
            };
            let verdict = rules.assess_margin(step, &models, view)?;
            if !verdict.allowed {
                continue;
            }
            let step = verdict.step;
            let differs = step.initial_ratio != self.initial[slot]
                || step.maintenance_ratio != self.maintenance[slot]
                || step.exposure_ratio != self.exposure[slot];
            if !differs {
                continue;
            }
            changed = true;
            let (before, after) = if step.exposure_ratio != self.exposure[slot] {
                (self.exposure[slot], step.exposure_ratio)
            } else {
                (self.maintenance[slot], step.maintenance_ratio)
            };
            for one in &verdict.interventions {
                observer.intervention(&Noted {
                    at: view.now,
                    rule: &one.rule,
                    step: "assess_margin",
                    decision: one.decision,
                    subject: format!(
                        "tier {}{}",
                        step.tier,
                        if linked { ", offset elsewhere" } else { "" }
                    ),
                    before: Some(before),
                    after: Some(after),
                    until: None,
                    reason: &one.reason.0,
                });
            }
            (self.initial[slot], self.maintenance[slot], self.exposure[slot]) =
                (step.initial_ratio, step.maintenance_ratio, step.exposure_ratio);
            if !linked {
                observer.margin(&MarginInForce {
                    at: view.now,
                    tier: step.tier,
                    initial_ratio: step.initial_ratio,
                    maintenance_ratio: step.maintenance_ratio,
                    exposure_ratio: step.exposure_ratio,
                });
            }
        }
        Ok(changed)
    }

    /// Tells the margins as they stand.
    pub(crate) fn tell(&self, at: Timestamp, observer: &mut dyn Observer) {
        for slot in (0..self.initial.len()).step_by(2) {
            observer.margin(&MarginInForce {
                at,
                tier: (slot / 2 + 1) as i32,
                initial_ratio: self.initial[slot],
                maintenance_ratio: self.maintenance[slot],
                exposure_ratio: self.exposure[slot],
            });
        }
    }

    /// Ways of opening under these margins; `linked` ones only where the holder owns an offset elsewhere.
    pub(crate) fn openings(&self, parameters: &Parameters, linked: bool) -> Vec<Opening> {
        let tiers = parameters.brackets.tiers();
        let mut openings: Vec<Opening> =
            Vec::with_capacity(parameters.mix.classes.len() * parameters.mix.account_sizes.len());
        for &(size_usd, size_share) in &parameters.mix.account_sizes {
            let held = parameters.brackets.index_of(size_usd);
            let slot_held = 2 * held + linked as usize;
            // Classes that the bracket caps at the same leverage are one.
            let mut merged_of_size = 0;
            for &(class, class_share) in &parameters.mix.classes {
                let history = class.min(tiers[held].max_leverage);
                let leverage = history.min(1.0 / self.initial[slot_held]).max(1.0);
                let kept = leverage / history.max(1.0);
                let exposure = self.exposure[slot_held];
                let weight = size_share * class_share;
                let first_of_size = openings.len() - merged_of_size;
                if let Some(same) = openings[first_of_size..]
                    .iter_mut()
                    .find(|one| one.leverage == leverage)
                {
                    same.leverage_kept =
                        (same.leverage_kept * same.weight + kept * weight) / (same.weight + weight);
                    same.weight += weight;
                    continue;
                }
                merged_of_size += 1;
                let at_side = |side: Side| {
                    let tier = parameters
                        .brackets
                        .liquidation(side, 1.0, size_usd, size_usd / leverage)
                        .map_or(held, |(tier, _)| tier);
                    let slot = Slot { tier, linked };
                    let amount = tiers[tier].maintenance_amount_usd / size_usd;
                    let key_ratio = if exposure == 0.0 {
                        if side == Side::Long { 0.0 } else { f64::INFINITY }
                    } else {
                        1.0 - side.sign() * (1.0 / (leverage * exposure) + amount)
                    };
                    (slot, key_ratio)
                };
                let (long, short) = (at_side(Side::Long), at_side(Side::Short));
                openings.push(Opening {
                    weight,
                    leverage,
                    leverage_kept: kept,
                    slot: [long.0, short.0],
                    key_ratio: [long.1, short.1],
                });
            }
        }
        openings
    }
}

/// Largest account of the mix in each bracket, USD.
fn accounts_usd(parameters: &Parameters) -> Vec<f64> {
    let mut largest = vec![0.0; parameters.brackets.tiers().len()];
    for (size_usd, _) in &parameters.mix.account_sizes {
        let held: &mut f64 = &mut largest[parameters.brackets.index_of(*size_usd)];
        *held = held.max(*size_usd);
    }
    largest
}

/// The state in which a replay begins.
#[derive(Clone, Debug)]
pub struct Start {
    pub(crate) book: PositionBook,
    pub(crate) ledger: Ledger,
    pub(crate) margins: Margins,
    pub(crate) market: MarketState,
    pub(crate) ordinary: ImpactState,
    pub(crate) depth: Book,
    /// Mean variance a second of the lead-in's waypoints, against which depth is measured.
    pub(crate) variance_normal: f64,
    /// Open interest of one side.
    pub open_interest: Coin,
    /// Open interest beyond which nobody opens, USD.
    pub(crate) cap_usd: f64,
}

impl Start {
    /// Number of positions held on both sides.
    pub fn positions(&self) -> usize {
        self.book.len(Side::Long) + self.book.len(Side::Short)
    }

    /// A start with given positions instead of those the lead-in leaves; both sides must hold the same quantity.
    ///
    /// # Panics
    /// Where they do not.
    pub fn with_positions(mut self, positions: Vec<(Side, Slot, Position)>) -> Self {
        let ratios: Vec<f64> = self.margins.maintenance.iter().step_by(2).copied().collect();
        self.book = PositionBook::new(&ratios);
        self.ledger = Ledger::new(self.ledger.insurance().to_vec());
        for (side, _, position) in &positions {
            self.ledger.endow(*side, position.margin, position.entry_value);
        }
        self.book.fill(positions);
        self.open_interest = self.book.quantity(Side::Long);
        assert_eq!(
            self.open_interest,
            self.book.quantity(Side::Short),
            "both sides hold the same quantity"
        );
        self
    }
}

struct LeadBar {
    typical_usd: f64,
    low_usd: f64,
    high_usd: f64,
    volume_usd: f64,
    age_s: f64,
    openings: [usize; 2],
    maintenance: usize,
}

/// Walks the path before its first replayed waypoint: volatility, ordinary impact, margins and positions.
///
/// Positions open in every bar in proportion to its volume, fade with the churn half-life, and are dropped where a
/// later mark of the lead-in would have liquidated them under the margins then in force. What survives is scaled to
/// the open interest given, on both sides alike.
///
/// # Errors
/// A broken path, a rule's breach, or a side of which nothing survives.
pub fn lead_in(replay: &Replay<'_>, observer: &mut dyn Observer) -> Result<Start, ReplayError> {
    let Replay {
        path,
        parameters,
        table,
        rules,
    } = *replay;
    path.check()?;
    let first = path.first;
    let variance_normal = mean_variance(path);
    let mut decay = Decay::new(table);
    let mut market = MarketState::new(path.at[0], path.log_price[0], !rules.is_record());
    let mut margins = Margins::of_record(parameters);
    let mut ordinary = ImpactState::default();
    let book_parameters = parameters.book();
    let mut depth = Book::new(path.at[0].0, &book_parameters, &Stress::NONE);

    // Distinct margins along the way; bars point at theirs.
    let mut opening_sets = vec![
        margins.openings(parameters, false),
        margins.openings(parameters, true),
    ];
    let mut maintenance_sets = vec![margins.maintenance.clone()];
    let mut bars: Vec<LeadBar> = Vec::new();
    let (mut low, mut high, mut log_sum, mut count, mut volume) =
        (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0, 0.0);

    for i in 0..first {
        let log_price = path.log_price[i];
        if i > 0 {
            let dt_us = path.at[i].0 - path.at[i - 1].0;
            let stress = Stress {
                volatility_ratio: (market.variance_1h / variance_normal).max(1.0).sqrt(),
                ..Stress::NONE
            };
            depth.face(path.at[i].0, &book_parameters, &stress);
            let flow = path.ordinary_usd[i];
            let factors = decay.over(dt_us);
            ordinary.decay(factors);
            ordinary.trade(flow / depth.hit_by(flow).offered(&book_parameters));
            market.step(path.at[i], log_price, dt_us, factors[6]);
        }
        low = low.min(log_price);
        high = high.max(log_price);
        log_sum += log_price;
        count += 1;
        volume += path.volume_usd[i];
        if !path.bar_close[i] {
            continue;
        }
        bars.push(LeadBar {
            typical_usd: libm::exp(log_sum / count as f64),
            low_usd: libm::exp(low),
            high_usd: libm::exp(high),
            volume_usd: volume,
            age_s: path.at[first].seconds_since(path.at[i]),
            openings: [opening_sets.len() - 2, opening_sets.len() - 1],
            maintenance: maintenance_sets.len() - 1,
        });
        (low, high, log_sum, count, volume) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0, 0.0);
        if !rules.is_record() {
            market.close(path.at[i], log_price);
            let bids = depth.bids.offered(&book_parameters);
            let [of_bids, of_asks] = [depth.bids, depth.asks].map(|side| side.ratio(&book_parameters));
            let view = market.before(path.at[i], log_price, parameters, [bids, of_bids.min(of_asks)]);
            if margins.assess(
                &parameters.brackets,
                rules,
                &view,
                parameters.overlap > 0.0,
                observer,
            )? {
                opening_sets.push(margins.openings(parameters, false));
                opening_sets.push(margins.openings(parameters, true));
                maintenance_sets.push(margins.maintenance.clone());
            }
        }
    }

    let entry_usd = libm::exp(path.log_price[first - 1]);
    let view = market.before(path.at[first], path.log_price[first - 1], parameters, [1.0; 2]);
    let cap_usd = cap(rules, &view, observer)?;
    let open_interest = Coin::from_f64(parameters.open_interest_usd.min(cap_usd) / entry_usd);
    let mut reserves = funds(replay, &view, observer)?;
    // Behind the pools' funds stands a vault, and it is empty.
    reserves.push(Cash::ZERO);
    let mut ledger = Ledger::new(reserves);
    let ratios: Vec<f64> = margins.maintenance.iter().step_by(2).copied().collect();
    let mut book = PositionBook::new(&ratios);
    for (slot, ratio) in margins.maintenance.iter().enumerate() {
        book.set_maintenance(
            Slot {
                tier: slot / 2,
                linked: slot % 2 == 1,
            },
            *ratio,
        );
    }

    let both = Side::BOTH.map(|side| survivors(side, &bars, &opening_sets, &maintenance_sets, parameters));
    let open_interest = match parameters.hold_equity {
        false => open_interest,
        // The side that can hold less decides: both are equal.
        true => {
            let [long, short] = both.each_ref().map(|side| size_kept(side));
            Coin((open_interest.0 as f64 * long.min(short)) as i64)
        }
    };
    let mut positions: Vec<(Side, Slot, Position)> = Vec::new();
    for (side, survivors) in Side::BOTH.into_iter().zip(both) {
        let total: f64 = survivors.iter().map(|(_, _, weight)| weight).sum();
        if total <= 0.0 {
            let side = if side == Side::Long { "long" } else { "short" };
            return Err(ReplayError::NoInventory { side });
        }
        let mut left = open_interest;
        for (index, (opening, bar, weight)) in survivors.iter().enumerate() {
            let last = index + 1 == survivors.len();
            let quantity = if last {
                left
            } else {
                Coin((open_interest.0 as f64 * (weight / total)) as i64).min(left)
            };
            left -= quantity;
            if quantity == Coin::ZERO {
                continue;
            }
            let value = quantity.value_floor(Price::from_f64(bar.typical_usd));
            let (slot, position) = opening.position(side, quantity, value, bar.typical_usd);
            ledger.endow(side, position.margin, position.entry_value);
            positions.push((side, slot, position));
        }
    }
    book.fill(positions);
    Ok(Start {
        book,
        ledger,
        margins,
        market,
        ordinary,
        depth,
        variance_normal,
        open_interest,
        cap_usd,
    })
}

/// Size of the positions that survive over what the same equity would hold under brackets alone. Weights are those of
/// positions as they are, so that each stands for `1 / leverage kept` of what it would be.
fn size_kept(survivors: &[(&Opening, &LeadBar, f64)]) -> f64 {
    let is: f64 = survivors.iter().map(|(_, _, weight)| weight).sum();
    let would_be: f64 = survivors
        .iter()
        .map(|(opening, _, weight)| weight / opening.leverage_kept)
        .sum();
    if would_be > 0.0 { is / would_be } else { 1.0 }
}

/// A pool's fund in history, USD.
fn fund_usd(parameters: &Parameters, pool: &crate::Pool) -> f64 {
    (parameters.open_interest_usd * pool.share * pool.fund_ratio).round()
}

/// Open interest beyond which nobody opened before the replay, USD; infinite in history.
pub(crate) fn cap_before(rules: &RuleSet, view: &View<'_>) -> Result<(f64, Vec<Intervention>), ReplayError> {
    let step = CapInterest {
        history_usd: view.open_interest_usd,
        open_interest_usd: view.open_interest_usd,
        cap_usd: f64::INFINITY,
    };
    let verdict = rules.cap_interest(step, view)?;
    Ok((verdict.step.cap_usd, verdict.interventions))
}

fn cap(rules: &RuleSet, view: &View<'_>, observer: &mut dyn Observer) -> Result<f64, ReplayError> {
    let (cap_usd, interventions) = cap_before(rules, view)?;
    for one in &interventions {
        observer.intervention(&Noted {
            at: view.now,
            rule: &one.rule,
            step: "cap_interest",
            decision: one.decision,
            subject: "open interest".to_owned(),
            before: Some(one.before),
            after: Some(one.after),
            until: None,
            reason: &one.reason.0,
        });
    }
    Ok(cap_usd)
}

/// The fund of each pool as the replay begins: history's, or as rules size it.
fn funds(
    replay: &Replay<'_>,
    view: &View<'_>,
    observer: &mut dyn Observer,
) -> Result<Vec<Cash>, ReplayError> {
    let Replay {
        parameters, rules, ..
    } = *replay;
    let mut funds = Vec::with_capacity(parameters.pools.len() + 1);
    for pool in &parameters.pools {
        let step = SizeFund {
            fund_usd: fund_usd(parameters, pool),
            open_interest_usd: parameters.open_interest_usd * pool.share,
        };
        let verdict = rules.size_fund(step, view)?;
        for one in &verdict.interventions {
            observer.intervention(&Noted {
                at: view.now,
                rule: &one.rule,
                step: "size_fund",
                decision: one.decision,
                subject: pool.name.clone(),
                before: Some(one.before),
                after: Some(one.after),
                until: None,
                reason: &one.reason.0,
            });
        }
        funds.push(Cash::from_f64(verdict.step.fund_usd));
    }
    Ok(funds)
}

/// Openings of one side that no later bar of the lead-in liquidates, with their bar and weight, oldest first.
fn survivors<'a>(
    side: Side,
    bars: &'a [LeadBar],
    opening_sets: &'a [Vec<Opening>],
    maintenance_sets: &[Vec<f64>],
    parameters: &Parameters,
) -> Vec<(&'a Opening, &'a LeadBar, f64)> {
    let slots = maintenance_sets[0].len();
    // The key at or beyond which a position of the slot is liquidated later on: an upper bound for longs.
    let mut bound = vec![if side == Side::Long { f64::INFINITY } else { 0.0 }; slots];
    let mut kept = Vec::with_capacity(bars.len() * opening_sets[0].len());
    for bar in bars.iter().rev() {
        let fade = libm::exp2(-bar.age_s / parameters.churn_half_life_s) * bar.volume_usd;
        for (set, share) in [
            (bar.openings[0], 1.0 - parameters.overlap),
            (bar.openings[1], parameters.overlap),
        ] {
            if share == 0.0 {
                continue;
            }
            for opening in opening_sets[set].iter().rev() {
                let key = bar.typical_usd * opening.key_ratio[side.index()];
                let slot = opening.slot[side.index()];
                let bound = bound[2 * slot.tier + slot.linked as usize];
                let survives = if side == Side::Long {
                    key < bound
                } else {
                    key > bound
                };
                let size = if parameters.hold_equity {
                    opening.leverage_kept
                } else {
                    1.0
                };
                let weight = fade * share * opening.weight * size;
                if survives && weight > 0.0 {
                    kept.push((opening, bar, weight));
                }
            }
        }
        for (bound, ratio) in bound.iter_mut().zip(&maintenance_sets[bar.maintenance]) {
            *bound = match side {
                Side::Long => bound.min(bar.low_usd * (1.0 - ratio)),
                Side::Short => bound.max(bar.high_usd * (1.0 + ratio)),
            };
        }
    }
    kept.reverse();
    kept
}

fn mean_variance(path: &Path) -> f64 {
    let prices = &path.log_price[..path.first];
    let sum: f64 = prices
        .windows(2)
        .map(|pair| (pair[1] - pair[0]) * (pair[1] - pair[0]))
        .sum();
    sum / path.at[path.first - 1].seconds_since(path.at[0])
}
