//! Count it twice: a naive ledger, rebuilt from a run's journal alone, comes to the same sums.

use std::collections::{BTreeMap, BTreeSet};

use aftershock_market::journal::{AccountStateRow, ForcedOrderRow, FundRow, Journal, OutcomeRow};
use aftershock_market::{BarOrder, Timestamp};
use anyhow::{Context, Result, ensure};

use crate::workspace::{Loaded, rule_set, text};

/// Waterfalls are kept in 1e-8 USD, the journal in `f64`.
const RELATIVE: f64 = 1e-6;
const EPISODES: [&str; 2] = ["2020-03-12", "2021-05-19"];
const RULE_SETS: [&str; 4] = [
    "record",
    "partial-liquidation",
    "price-band",
    "cross-protocol-clearing",
];

fn near(found: f64, expected: f64, scale: f64) -> bool {
    (found - expected).abs() <= RELATIVE * scale.abs().max(1.0)
}

/// The central draw of one bar order.
struct Central<'a> {
    orders: Vec<&'a ForcedOrderRow>,
    funds: Vec<&'a FundRow>,
    states: Vec<&'a AccountStateRow>,
    outcome: &'a OutcomeRow,
    reopen_share: f64,
}

impl<'a> Central<'a> {
    fn of(journal: &'a Journal, order: BarOrder) -> Result<Self> {
        let outcome = journal
            .outcomes
            .iter()
            .find(|row| row.draw == 0 && row.bar_order == order);
        let share = journal
            .parameters
            .iter()
            .find(|row| row.draw == 0 && row.name == "reopen_share");
        Ok(Self {
            orders: journal
                .forced_orders
                .iter()
                .filter(|row| row.bar_order == order)
                .collect(),
            funds: journal
                .fund_balances
                .iter()
                .filter(|row| row.bar_order == order)
                .collect(),
            states: journal
                .account_states
                .iter()
                .filter(|row| row.bar_order == order)
                .collect(),
            outcome: outcome.context("the central draw has an outcome")?,
            reopen_share: share.context("the central draw has a reopen_share")?.value,
        })
    }

    fn sum(&self, value: impl Fn(&ForcedOrderRow) -> f64) -> f64 {
        self.orders.iter().map(|row| value(row)).sum()
    }

    /// First and last balance of each pool's fund, and its bad debt.
    fn pools(&self) -> BTreeMap<&str, (f64, f64, f64)> {
        let mut pools = BTreeMap::new();
        for row in &self.funds {
            let (_, last, bad_debt) =
                pools
                    .entry(row.venue.as_str())
                    .or_insert((row.insurance_usd, 0.0, 0.0));
            (*last, *bad_debt) = (row.insurance_usd, row.bad_debt_usd);
        }
        pools
    }

    /// Every loss beyond a margin is paid by a fund or is bad debt, row by row and in sum.
    fn money(&self) -> Result<()> {
        for row in &self.orders {
            ensure!(
                near(
                    row.insurance_usd + row.bad_debt_usd,
                    row.shortfall_usd,
                    row.shortfall_usd
                ),
                "a shortfall is neither paid nor owed: {row:?}"
            );
            ensure!(row.shortfall_usd >= 0.0 && row.insurance_usd >= 0.0 && row.bad_debt_usd >= 0.0);
            ensure!(near(
                row.notional_usd,
                row.quantity_btc * row.fill_usd,
                row.notional_usd
            ));
        }
        let pools = self.pools();
        let drawn: f64 = pools.values().map(|(first, last, _)| first - last).sum();
        let owed: f64 = pools.values().map(|(_, _, bad_debt)| bad_debt).sum();
        let (insurance, bad_debt) = (self.outcome.insurance_used_usd, self.outcome.bad_debt_usd);
        ensure!(
            near(drawn, insurance, insurance),
            "funds fell by {drawn}, {insurance} was paid"
        );
        ensure!(
            near(owed, bad_debt, bad_debt),
            "pools owe {owed}, bad debt is {bad_debt}"
        );
        let shortfall = self.sum(|row| row.shortfall_usd);
        // A holder who closes against a forced order may lose beyond his margin too: no row, but a loss.
        ensure!(
            shortfall <= (insurance + bad_debt) * (1.0 + RELATIVE) + 1.0,
            "orders fell short by {shortfall}, only {insurance} + {bad_debt} was booked"
        );
        ensure!(pools.values().all(|(_, last, _)| *last >= 0.0));
        Ok(())
    }

    /// Forced volume and what is left open.
    fn contracts(&self) -> Result<()> {
        let side = |side: &str, value: &dyn Fn(&ForcedOrderRow) -> f64| -> f64 {
            let rows = self.orders.iter().filter(|row| row.side == side);
            rows.map(|row| value(row)).sum()
        };
        for (name, expected) in [
            ("sell", self.outcome.forced_sell_usd),
            ("buy", self.outcome.forced_buy_usd),
        ] {
            let found = side(name, &|row| row.notional_usd);
            ensure!(
                near(found, expected, expected),
                "{name}: {found}, expected {expected}"
            );
        }
        let forced = self.sum(|row| row.quantity_btc);
        let (before, after) = (
            self.outcome.open_interest_btc_before,
            self.outcome.open_interest_btc_after,
        );
        let closed = forced * (1.0 - self.reopen_share);
        ensure!(
            near(before - after, closed, before),
            "open interest fell from {before} to {after}; {forced} BTC were forced, so {closed} should have closed"
        );
        ensure!(after >= 0.0);
        let largest = self.orders.iter().map(|row| row.quantity_btc).fold(0.0, f64::max);
        ensure!(
            largest <= before,
            "an order of {largest} BTC in an open interest of {before}"
        );
        Ok(())
    }

    /// What is held of both sides at the start, and what is under way, is the open interest; where no order is under way both sides
    /// are one; steps are of two percent of the first price, whole, and hold what the mark makes of them.
    fn levels(&self, journal: &Journal, order: BarOrder, of_record: bool) -> Result<()> {
        let marks: BTreeMap<Timestamp, (f64, f64)> = journal
            .prices
            .iter()
            .filter(|row| row.bar_order == order)
            // Of one instant the close comes first; what is held is told then.
            .rev()
            .map(|row| (row.event_at, (row.recorded_usd, row.mark_usd)))
            .collect();
        let (start, (first_usd, _)) = marks.first_key_value().context("a first price")?;
        let mut held: BTreeMap<Timestamp, [f64; 2]> = BTreeMap::new();
        for row in &self.states {
            let place = ["long", "short"].iter().position(|side| *side == row.side);
            held.entry(row.event_at).or_default()[place.context("a side")?] += row.quantity_btc;
            let step = 50.0 * row.from_usd / first_usd;
            ensure!(near(step, step.round(), 50.0), "no step: {row:?}");
            let width = row.to_usd.map(|to| 50.0 * (to - row.from_usd) / first_usd);
            ensure!(
                width.is_none_or(|width| near(width, 1.0, 1.0))
                    && (row.to_usd.is_some() || row.from_usd == 0.0),
                "no step: {row:?}"
            );
            let (_, mark) = marks.get(&row.event_at).context("no price then")?;
            ensure!(
                near(row.notional_usd, row.quantity_btc * mark, row.notional_usd),
                "not its value at {mark}: {row:?}"
            );
            ensure!(
                row.positions > 0 && row.quantity_btc > 0.0 && row.margin_usd > 0.0,
                "{row:?}"
            );
            // What the mark has left behind by the whole step is closed by now, unless a rule let it wait.
            if let Some(to) = row.to_usd {
                let broken = match row.side {
                    "long" => *mark < row.from_usd,
                    _ => *mark > to,
                };
                ensure!(!(broken && of_record), "stands at a mark of {mark}: {row:?}");
            }
        }
        let before = self.outcome.open_interest_btc_before;
        let mut at_start = *held.get(start).context("nothing at the start")?;
        // What the first price breaks is under way at once.
        for row in self.orders.iter().filter(|row| row.triggered_at <= *start) {
            at_start[usize::from(row.side == "buy")] += row.quantity_btc;
        }
        ensure!(
            at_start.iter().all(|side| near(*side, before, before)),
            "{at_start:?} at the start, not {before}"
        );
        let under_way = |at: Timestamp| {
            let mut orders = self.orders.iter();
            orders.any(|row| row.triggered_at <= at && at <= row.event_at)
        };
        let mut quiet = 0;
        for (at, [long, short]) in held.iter().filter(|(at, _)| !under_way(**at)) {
            ensure!(near(*long, *short, before), "{at}: {long} long, {short} short");
            quiet += 1;
        }
        ensure!(quiet >= 5, "only {quiet} of {} instants are quiet", held.len());
        // Halted bars too.
        let hourly = |at: Timestamp| at.micros() % 3_600_000_000 == 0;
        let closes = journal.prices.iter().filter(|row| {
            row.bar_order == order && ((row.bar_close && hourly(row.event_at)) || row.event_at == *start)
        });
        let expected: BTreeSet<Timestamp> = closes.map(|row| row.event_at).collect();
        let told: BTreeSet<Timestamp> = held.keys().copied().collect();
        ensure!(told == expected, "told at {told:?}, not at {expected:?}");
        Ok(())
    }

    /// Orders follow what triggered them, and what their losses imply was a price of the record.
    fn causes(&self, journal: &Journal, loaded: &Loaded, order: BarOrder, latency_s: f64) -> Result<()> {
        let marks: Vec<(i64, f64)> = journal
            .prices
            .iter()
            .filter(|row| row.bar_order == order)
            .map(|row| (row.event_at.0, row.mark_usd))
            .collect();
        let path = loaded.recorded.path(order);
        let replayed = marks.iter().map(|(_, mark)| *mark);
        let fills = self.orders.iter().map(|row| row.fill_usd);
        let seen: Vec<f64> = path
            .log_price
            .iter()
            .map(|log| log.exp())
            .chain(replayed)
            .chain(fills)
            .collect();
        let lowest = seen.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = seen.iter().copied().fold(0.0, f64::max);
        for row in &self.orders {
            ensure!(
                row.event_at.seconds_since(row.triggered_at) >= latency_s,
                "sooner than the latency: {row:?}"
            );
            let at = marks.partition_point(|(at, _)| *at < row.triggered_at.0);
            let then = marks[at..].iter().take_while(|(at, _)| *at == row.triggered_at.0);
            ensure!(
                then.into_iter()
                    .any(|(_, mark)| near(*mark, row.trigger_usd, *mark)),
                "the mark was never at the trigger: {row:?}"
            );
            if row.shortfall_usd > 0.01 {
                let bankruptcy = match row.side {
                    "sell" => row.fill_usd + row.shortfall_usd / row.quantity_btc,
                    _ => row.fill_usd - row.shortfall_usd / row.quantity_btc,
                };
                let side = if row.side == "sell" { 1.0 } else { -1.0 };
                let entry = bankruptcy / (1.0 - side / row.leverage);
                ensure!(
                    entry > lowest * (1.0 - 1e-3) && entry < highest * (1.0 + 1e-3),
                    "opened at {entry}, but prices lay in {lowest}..{highest}: {row:?}"
                );
            }
            ensure!(
                row.leverage >= 1.0 - 1e-9 && row.leverage <= 125.0 + 1e-6,
                "{row:?}"
            );
        }
        Ok(())
    }
}

#[test]
fn the_journal_adds_up() -> Result<()> {
    let priors: toml::Table = toml::from_str(&text("data/priors.toml")?)?;
    let latency_s = priors["fixed"]["latency_s"].as_float().context("a latency")?;
    let sets = RULE_SETS.map(rule_set).into_iter().collect::<Result<Vec<_>>>()?;
    let sets: Vec<_> = sets.iter().collect();
    for episode in EPISODES {
        let loaded = Loaded::new(episode)?;
        let journals = aftershock_sweep::ensemble(&loaded.case(1, 2), &sets, &|_, _| {})?;
        for (set, journal) in sets.iter().zip(&journals) {
            for order in BarOrder::BOTH {
                let named = || format!("{episode}, {}, {}", set.name, order.name());
                let central = Central::of(journal, order).with_context(named)?;
                ensure!(!central.orders.is_empty(), "{}: nothing was forced", named());
                central.money().with_context(named)?;
                central.contracts().with_context(named)?;
                central
                    .levels(journal, order, set.name == "record")
                    .with_context(named)?;
                central
                    .causes(journal, &loaded, order, latency_s)
                    .with_context(named)?;
            }
        }
    }
    Ok(())
}

/// Each pool's rows and its own fund tell the same story.
#[test]
fn the_rows_of_a_pool_agree_with_its_fund() -> Result<()> {
    let record = rule_set("record")?;
    for episode in EPISODES {
        let loaded = Loaded::new(episode)?;
        let journals = aftershock_sweep::ensemble(&loaded.case(1, 0), &[&record], &|_, _| {})?;
        for order in BarOrder::BOTH {
            let central = Central::of(&journals[0], order)?;
            for (pool, (first, last, bad_debt)) in central.pools() {
                let rows = central.orders.iter().filter(|row| row.venue == pool);
                let (paid, owed) = rows.fold((0.0, 0.0), |(paid, owed), row| {
                    (paid + row.insurance_usd, owed + row.bad_debt_usd)
                });
                let fund = first - last;
                ensure!(
                    near(paid, fund, fund) && near(owed, bad_debt, bad_debt),
                    "{episode}, {}, {pool}: its fund paid {fund} and it owes {bad_debt}, its orders say {paid} and {owed}",
                    order.name()
                );
            }
        }
    }
    Ok(())
}
