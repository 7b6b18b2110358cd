//! The truth, gathered from a run.

use aftershock_market::{Coin, Side};
use aftershock_measure::impact::SquareRootImpact;
use aftershock_replay::world::{EntryKind, OrderRow, WorldRun, WorldSpec};

use super::declared::{Contract, Venue};
use super::feed::Forced;
use super::news::tick_at;
use super::nulls::Null;
use super::printed::{Printed, Unit};
use super::run::Stage;
use super::truth::{Branching, Exogenous, Feed, LeverageClass, Market, Orders, Truth};
use super::{START, Tried, market_name};
use crate::observed::Prints;

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

fn feed(venue: &Venue, forced: &Forced, printed: &Prints) -> Feed {
    let unit = Unit::of(venue);
    let usd = |prints: &Prints| {
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
