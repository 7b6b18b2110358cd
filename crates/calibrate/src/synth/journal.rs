//! The journal of a generated crash under each rule set, as rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use aftershock_market::synthetic::{
    ClockRow, Journal, LedgerRow, MarketRow, OrderRow, Place, PriceRow, ResponseRow, WorldRow,
};
use aftershock_market::{Side, Timestamp};
use aftershock_replay::world::{EntryKind, Frame, WorldRun, WorldSpec};

use super::borne::{Borne, borne};
use super::declared::Contract;
use super::run::Stage;
use super::truth::Truth;
use super::under::{Under, UnderRules};
use super::{START, SynthError, Target, checks, parameters, words};

/// Clocks of the paths of a page, s; the first with at most [`POINTS`] points is taken.
const PATH_CLOCKS_S: [u32; 10] = [1, 2, 5, 10, 15, 30, 60, 300, 900, 3_600];
const POINTS: u32 = 400;

impl Stage<'_> {
    /// The rows of the crash under each of the rule sets.
    pub(super) fn journal(
        &self,
        (spec, run): (&WorldSpec, &WorldRun),
        truth: &Truth,
        rule_sets: &[UnderRules<'_>],
    ) -> Result<Journal, SynthError> {
        let reserves = checks::reserves(self, spec);
        let places = self.places(spec);
        let mut journal = Journal {
            worlds: vec![self.world_row(truth)],
            markets: self.market_rows(spec, &places, &reserves),
            parameters: parameters::rows(self.declared),
            limits: words::limits(),
            ..Journal::default()
        };
        for set in rule_sets {
            let rule_set = &set.about.rule_set;
            let under = self.under((spec, run), set.rules)?;
            let (borne, owners) = borne(spec, &under.held);
            journal.rule_sets.push(set.about.clone());
            journal
                .prices
                .extend(price_rows(rule_set, spec, &under.held, &places));
            journal
                .orders
                .extend(order_rows(rule_set, &under.held, &borne, &places));
            journal
                .ledger
                .extend(ledger_rows(rule_set, spec, &under.held, &owners, &places));
            clock_rows(rule_set, &under.held, &mut journal);
            let amplification = self.amplification_rows(rule_set, &under.held, &places);
            let outcomes = self.outcome_rows(rule_set, &under, &borne, &amplification, &places);
            journal.amplification.extend(amplification);
            journal.outcomes.extend(outcomes);
            journal
                .checks
                .extend(checks::of_run(rule_set, &under.held, &reserves));
            if set.rules.is_record() {
                self.of_record((spec, run), rule_set, &under, &mut journal)?;
            }
        }
        Ok(journal)
    }

    /// What is told of the rules of record alone.
    fn of_record(
        &self,
        (spec, run): (&WorldSpec, &WorldRun),
        rule_set: &Arc<str>,
        under: &Under,
        journal: &mut Journal,
    ) -> Result<(), SynthError> {
        let attribution = self.attribution(spec, run)?;
        journal.checks.push(checks::of_drive(rule_set, run, &under.held));
        journal
            .checks
            .extend(checks::of_attribution(rule_set, &attribution));
        journal.shapley.extend(attribution.rows);
        Ok(())
    }

    fn places(&self, spec: &WorldSpec) -> Vec<Place> {
        let of = |(market, one): (usize, &aftershock_replay::world::InstrumentSpec)| Place {
            market: Some(market as i32),
            venue: format!("synthetic-{}", self.declared.venues[one.venue].name).into(),
            instrument: one.name.as_str().into(),
        };
        spec.instruments.iter().enumerate().map(of).collect()
    }

    fn world_row(&self, truth: &Truth) -> WorldRow {
        let declared = self.declared;
        let after = |seconds: f64| START.plus_seconds(seconds);
        let (from_s, to_s) = declared.ramp.span_s();
        let path_clock_s = PATH_CLOCKS_S
            .into_iter()
            .find(|clock_s| declared.duration_s / clock_s <= POINTS && self.beats(f64::from(*clock_s)) > 0)
            .unwrap_or(3_600);
        WorldRow {
            title: format!(
                "Synthetic crash, seed {}: {} markets of {}",
                declared.seed,
                truth.markets.len(),
                names(declared.assets.iter().map(|asset| asset.name.as_str()))
            ),
            seed: declared.seed as i64,
            template: parameters::template(declared),
            declared_sha256: truth.declared_sha256.clone(),
            declared_toml: declared.to_toml(),
            start_at: START,
            end_at: after(f64::from(declared.duration_s)),
            ramp_from_at: after(from_s),
            ramp_to_at: after(to_s),
            ramp_fall_log: declared.ramp.size,
            markets: truth.markets.len() as i32,
            open_interest_scale: truth.search.last().map_or(1.0, |last| last.open_interest_scale),
            amplification_clock_s: declared.amplification_clock_s as i32,
            amplification_declared: match declared.amplification {
                Target::Ratio(ratio) => Some(ratio),
                Target::AsDeclared => None,
            },
            path_clock_s: path_clock_s as i32,
        }
    }

    fn market_rows(
        &self,
        spec: &WorldSpec,
        places: &[Place],
        reserves: &[[aftershock_market::Cash; 2]],
    ) -> Vec<MarketRow> {
        let of = |(market, one): (usize, &aftershock_replay::world::InstrumentSpec)| {
            let venue = &self.declared.venues[one.venue];
            let asset = &self.declared.assets[one.asset];
            let perpetual = venue.contract != Contract::Spot;
            MarketRow {
                place: places[market].clone(),
                asset: asset.name.clone(),
                contract: match venue.contract {
                    Contract::Linear => "linear",
                    Contract::Inverse => "inverse",
                    Contract::Spot => "spot",
                },
                settles_in: if one.inverse {
                    asset.name.clone()
                } else {
                    "USD".into()
                },
                reference: spec.assets[one.asset].reference == market,
                volume_daily_usd: venue.volume_daily_usd,
                open_interest_usd: one.parameters.open_interest_usd,
                depth_usd_per_log: one.parameters.book_usd_per_log,
                maintenance_ratio: perpetual.then_some(venue.maintenance_ratio),
                latency_s: perpetual.then_some(venue.latency_s),
                fund_settled: reserves[market][0],
                vault_settled: reserves[market][1],
            }
        };
        spec.instruments.iter().enumerate().map(of).collect()
    }
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(" and ")
}

fn price_rows(rule_set: &Arc<str>, spec: &WorldSpec, run: &WorldRun, places: &[Place]) -> Vec<PriceRow> {
    let of = |row: &aftershock_replay::world::PriceRow| PriceRow {
        rule_set: Arc::clone(rule_set),
        event_at: row.at,
        place: places[row.market].clone(),
        price_usd: libm::exp(row.log_price),
        mark_usd: libm::exp(row.log_mark),
        null_usd: libm::exp(row.log_null),
        bid_depth_ratio: row.depth_ratio[0],
        ask_depth_ratio: row.depth_ratio[1],
        backlog_usd: row.backlog_usd,
        open_interest_contracts: row.open_interest,
        open_interest_usd: Frame::new(spec.instruments[row.market].inverse)
            .notional_usd(row.open_interest, row.log_mark),
        funding_ratio: row.funding_rate,
        arbitrage_usd: row.arbitrage_usd,
        carry_usd: row.carry_usd,
        closed: row.closed,
    };
    run.journal.prices.iter().map(of).collect()
}

const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Long => "long",
        Side::Short => "short",
    }
}

fn order_rows(rule_set: &Arc<str>, run: &WorldRun, borne: &[Borne], places: &[Place]) -> Vec<OrderRow> {
    let orders = &run.journal.orders;
    // A parent was sent before its children; it may still be under way where the tape ends.
    let mut by_id: Vec<_> = orders.iter().map(|order| (order.id, order.parent)).collect();
    by_id.sort_unstable();
    let mut families: BTreeMap<u32, u32> = BTreeMap::new();
    for (id, parent) in by_id {
        let family = parent.map_or(id, |parent| families.get(&parent).copied().unwrap_or(parent));
        families.insert(id, family);
    }
    let of = |(order, borne): (&aftershock_replay::world::OrderRow, &Borne)| OrderRow {
        rule_set: Arc::clone(rule_set),
        order_id: i64::from(order.id),
        parent_id: order.parent.map(i64::from),
        family_id: i64::from(families[&order.id]),
        generation: order.generation as i32,
        additional: order.additional,
        cause: order.cause.name(),
        place: places[order.market].clone(),
        closes: side_name(order.side),
        triggered_at: order.triggered_at,
        executed_at: order.executed_at,
        trigger_usd: libm::exp(order.log_trigger),
        before_usd: libm::exp(order.log_before),
        fill_usd: libm::exp(order.log_fill),
        quantity_contracts: order.quantity,
        notional_usd: order.notional_usd,
        deleveraged_contracts: order.deleveraged,
        deleveraged_usd: order.deleveraged_usd,
        margin_usd: borne.margin_usd,
        fund_usd: borne.fund_usd,
        vault_usd: borne.vault_usd,
        winners_usd: borne.winners_usd,
        bad_debt_usd: borne.bad_debt_usd,
    };
    orders.iter().zip(borne).map(of).collect()
}

fn ledger_rows(
    rule_set: &Arc<str>,
    spec: &WorldSpec,
    run: &WorldRun,
    owners: &[Option<usize>],
    places: &[Place],
) -> Vec<LedgerRow> {
    let mut rows = Vec::with_capacity(owners.len());
    for (number, (entry, owner)) in run.journal.entries.iter().zip(owners).enumerate() {
        let draws = entry.kind == EntryKind::Draw;
        let reserve = match entry.kind {
            EntryKind::Draw if entry.quantity.0 != 0 => Some("vault"),
            EntryKind::Draw | EntryKind::Feed => Some("fund"),
            _ => None,
        };
        let moves = matches!(entry.kind, EntryKind::Endow | EntryKind::Open | EntryKind::Close);
        let side = Frame::new(spec.instruments[entry.market].inverse).side(entry.side);
        rows.push(LedgerRow {
            rule_set: Arc::clone(rule_set),
            entry_id: number as i64,
            event_at: entry.at,
            place: places[entry.market].clone(),
            order_id: owner.map(|place| i64::from(run.journal.orders[place].id)),
            kind: match entry.kind {
                EntryKind::Endow => "endow",
                EntryKind::Open => "open",
                EntryKind::Close => "close",
                EntryKind::Draw => "draw",
                EntryKind::Feed => "feed",
                EntryKind::Socialised => "socialised",
                EntryKind::Fee => "fee",
                EntryKind::BadDebt => "bad_debt",
                EntryKind::Deposit => "deposit",
            },
            reserve,
            side: moves.then(|| side_name(side)),
            quantity_contracts: if draws {
                aftershock_market::Coin::ZERO
            } else {
                entry.quantity
            },
            margin_settled: entry.margin,
            entry_value_settled: entry.entry_value,
            exit_value_settled: entry.exit_value,
            amount_settled: entry.amount,
        });
    }
    rows
}

fn clock_rows(rule_set: &Arc<str>, run: &WorldRun, journal: &mut Journal) {
    for row in &run.journal.clock {
        journal.clock.push(ClockRow {
            rule_set: Arc::clone(rule_set),
            event_at: row.at,
            spectral_radius: Some(row.spectral_radius).filter(|radius| radius.is_finite()),
            arbitrage_capital_ratio: row.arbitrage_capital,
        });
        response_rows(rule_set, row.at, &row.response, &mut journal.response);
    }
}

fn response_rows(rule_set: &Arc<str>, at: Timestamp, response: &[f64], rows: &mut Vec<ResponseRow>) {
    let count = response.len().isqrt();
    let entries = response.iter().enumerate().filter(|(_, entry)| **entry != 0.0);
    rows.extend(entries.map(|(place, entry)| ResponseRow {
        rule_set: Arc::clone(rule_set),
        event_at: at,
        to_market: (place / count) as i32,
        from_market: (place % count) as i32,
        response_ratio: *entry,
    }));
}
