//! A tape of several markets: marks, indexes, funding and accounts with collateral.
//!
//! Its first line is `world`. A market stands at the venue before the colon and keeps its price until another is listed; the
//! first market of an asset is its reference and its index. Nothing but news moves a price: no impact, no carry, no
//! arbitrage. On a perpetual others hold positions at leverage 2 that never break.

use std::fmt::Write;

use aftershock_calibrate::synthetic;
use aftershock_market::{Cash, Coin, MICROS_PER_SECOND, Side, Timestamp};
use aftershock_protocol::RuleSet;
use aftershock_protocol::venue::deleveraging::Ranking;
use aftershock_protocol::venue::funding::{Cap, FundingRule, Schedule};
use aftershock_protocol::venue::liquidation::{LiquidationRule, OrderKind};
use aftershock_replay::response::cross_impact::CrossImpact;
use aftershock_replay::world::{
    Account, Asset, Channels, Collateral, Drive, Funding, Holding, InstrumentSpec, Liquidation, Mark, Owner,
    Redemption, Venue, WorldEvent, WorldRun, WorldSpec, WorldTape, seed,
};
use aftershock_replay::{Noted, Observer, Parameters, Pool};
use anyhow::{Context, Result, bail, ensure};

use super::{minutes, number, plain, usd};

const HOUR_S: i64 = 3_600;

#[derive(Default)]
struct Tape {
    venues: Vec<Venue>,
    assets: Vec<Asset>,
    markets: Vec<InstrumentSpec>,
    start_usd: Vec<f64>,
    accounts: Vec<Account>,
    /// Minute of the day, market, price.
    prices: Vec<(i64, usize, f64)>,
}

impl Tape {
    fn parse(text: &str) -> Result<Self> {
        let mut tape = Self::default();
        for line in text.lines().skip(1) {
            tape.line(line).with_context(|| format!("tape line `{line}`"))?;
        }
        Ok(tape)
    }

    fn line(&mut self, line: &str) -> Result<()> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [
                kind @ ("spot" | "perpetual"),
                asset,
                "on",
                name,
                "at",
                price,
                more @ ..,
            ] => {
                self.market(*kind == "perpetual", asset, name, price.parse()?, more)?;
            }
            [asset, "is", "redeemed", "for", price, "USD"] => {
                let asset = self.asset(asset)?;
                self.assets[asset].redemption = Some(Redemption::Usd(price.parse()?));
            }
            [asset, "is", "redeemed", "for", ratio, other] => {
                let (asset, other) = (self.asset(asset)?, self.asset(other)?);
                self.assets[asset].redemption = Some(Redemption::Coins {
                    asset: other,
                    ratio: ratio.parse()?,
                });
            }
            ["account", name, "at", venue, "cash", cash] => {
                let venue = self.venue(venue);
                let owner = Owner(self.accounts.len() as u32);
                self.accounts
                    .push(Account::new(*name, owner, venue, Cash::from_f64(cash.parse()?)));
            }
            [side @ ("long" | "short"), quantity, market, "at", price] => {
                let quantity = number(Some(quantity))?;
                let held = Holding {
                    market: self.place(market)?,
                    side: if *side == "long" { Side::Long } else { Side::Short },
                    quantity: Coin::from_f64(quantity),
                    entry_value: Cash::from_f64(quantity * number(Some(price))?),
                    under_way: Coin::ZERO,
                };
                self.last_account()?.holdings.push(held);
            }
            ["collateral", quantity, asset, "haircut", haircut] => {
                let coins = Collateral {
                    asset: self.asset(asset)?,
                    quantity: Coin::from_f64(quantity.parse()?),
                    haircut: haircut.parse()?,
                };
                self.last_account()?.collateral.push(coins);
            }
            [clock, market, price] => {
                let place = self.place(market)?;
                self.prices.push((minutes(clock)?, place, price.parse()?));
            }
            _ => bail!("not understood"),
        }
        Ok(())
    }

    fn market(
        &mut self,
        perpetual: bool,
        asset: &str,
        name: &str,
        price_usd: f64,
        more: &[&str],
    ) -> Result<()> {
        let (venue, _) = name.split_once(':').context("expected venue:market")?;
        let place = self.markets.len();
        let asset = match self.asset(asset) {
            Ok(known) => known,
            Err(_) => {
                self.assets.push(Asset::of_one(asset, place));
                self.assets.len() - 1
            }
        };
        let mut parameters = parameters(perpetual);
        let mut funding = None;
        for pair in more.chunks(2) {
            match *pair {
                ["volume", volume] => parameters.impact.volume_daily_usd = volume.parse()?,
                ["fund", fund] => {
                    parameters.pools[0].fund_ratio = number(Some(&fund))? / parameters.open_interest_usd
                }
                ["funding", hours] => {
                    let hours: i64 = hours.trim_end_matches('h').parse()?;
                    funding = Some(Funding {
                        rule: FundingRule {
                            divisor: 8.0 / hours as f64,
                            cap: Cap::NONE,
                            ..FundingRule::HYPERLIQUID
                        },
                        schedule: Schedule::new(0, hours * HOUR_S)?,
                        ..Funding::HYPERLIQUID
                    });
                }
                _ => bail!("{pair:?} is not understood"),
            }
        }
        let liquidation = Liquidation {
            rule: LiquidationRule::Whole {
                order_kind: OrderKind::Market,
            },
            ranking: Ranking::Bitmex,
            latency_s: 1.0,
            throughput_usd_per_s: f64::INFINITY,
            keeps_remainder: false,
            vault: Cash::ZERO,
            deleverages: false,
        };
        let venue = self.venue(venue);
        self.markets.push(InstrumentSpec {
            name: name.to_owned(),
            venue,
            asset,
            inverse: false,
            parameters,
            liquidation: perpetual.then_some(liquidation),
            funding,
            mark: Mark::Last,
            arbitrage: None,
            carry: None,
        });
        self.start_usd.push(price_usd);
        Ok(())
    }

    fn venue(&mut self, name: &str) -> usize {
        let known = self.venues.iter().position(|one| one.name == name);
        known.unwrap_or_else(|| {
            self.venues.push(Venue {
                name: name.to_owned(),
            });
            self.venues.len() - 1
        })
    }

    fn asset(&self, name: &str) -> Result<usize> {
        let found = self.assets.iter().position(|one| one.name == name);
        found.with_context(|| format!("no asset {name}"))
    }

    fn place(&self, name: &str) -> Result<usize> {
        let found = self.markets.iter().position(|one| one.name == name);
        found.with_context(|| format!("no market {name}"))
    }

    fn last_account(&mut self) -> Result<&mut Account> {
        self.accounts.last_mut().context("an account comes first")
    }

    fn run(&self, rules: &RuleSet, told: &mut Told) -> Result<WorldRun> {
        let (Some(first), Some(last)) = (self.prices.first(), self.prices.last()) else {
            bail!("no price");
        };
        let minute = |minute: i64| Timestamp(minute * 60 * MICROS_PER_SECOND);
        let spec = WorldSpec {
            venues: self.venues.clone(),
            assets: self.assets.clone(),
            instruments: self.markets.clone(),
            cross_impact: CrossImpact::none(self.assets.len()),
            table: synthetic::decay_table(),
            arbitrage_s: 60.0,
            decision_s: 60.0,
            clock_s: 3_600.0,
            transfer_s: 0.0,
        };
        let mut now_usd = self.start_usd.clone();
        let mut tape = WorldTape::default();
        for at in first.0..=last.0 {
            for (_, market, price_usd) in self.prices.iter().filter(|price| price.0 == at) {
                now_usd[*market] = *price_usd;
            }
            for (market, price_usd) in now_usd.iter().enumerate() {
                let tick = WorldEvent::Tick {
                    market: market as u16,
                    log_price: price_usd.ln(),
                    ordinary_usd: 0.0,
                };
                tape.push(minute(at), tick);
            }
        }
        let log_prices: Vec<f64> = self.start_usd.iter().map(|usd| usd.ln()).collect();
        let channels = Channels::from_mask(1);
        let mut world = seed(
            &spec,
            rules,
            channels,
            minute(first.0),
            &log_prices,
            &[(0.0, 1.0)],
        )?;
        for account in &self.accounts {
            world.add_account(account.clone(), minute(first.0))?;
        }
        Ok(world.observed(told).run(&tape, Drive::News)?)
    }
}

fn parameters(perpetual: bool) -> Parameters {
    let mut parameters = synthetic::parameters(0.0);
    parameters.impact.y = 0.0;
    parameters.book_usd_per_log = f64::INFINITY;
    parameters.book_end = f64::INFINITY;
    parameters.open_interest_usd = if perpetual { 1e6 } else { 0.0 };
    parameters.mix.classes = vec![(2.0, 1.0)];
    parameters.pools = vec![Pool {
        name: "fund".into(),
        share: 1.0,
        fund_ratio: 0.0,
    }];
    parameters
}

/// What rules did, by instant.
#[derive(Default)]
struct Told(Vec<(Timestamp, String)>);

impl Observer for Told {
    fn intervention(&mut self, noted: &Noted<'_>) {
        let what = format!(
            "{}: {} {} of {}, {} to {}",
            noted.rule,
            noted.decision,
            noted.step,
            noted.subject,
            plain(noted.before.unwrap_or_default()),
            plain(noted.after.unwrap_or_default())
        );
        self.0.push((noted.at, what));
    }
}

fn clock(at: Timestamp) -> String {
    let seconds = at.0 / MICROS_PER_SECOND;
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// What happens on `tape` under `rules`.
pub fn journal(rules: &RuleSet, text: &str) -> Result<String> {
    let tape = Tape::parse(text)?;
    let mut told = Told::default();
    let run = tape.run(rules, &mut told)?;
    ensure!(
        run.imbalance == (Coin::ZERO, Cash::ZERO),
        "contracts or money were made"
    );
    let mut lines = told.0;
    for order in &run.journal.orders {
        let mut what = format!(
            "{} {} of {} at {}, broken at a mark of {}",
            order.side.closing_order(),
            plain(order.quantity.to_f64()),
            tape.markets[order.market].name,
            usd(order.log_fill.exp()),
            usd(order.log_trigger.exp()),
        );
        if order.deficit > Cash::ZERO {
            let _ = write!(what, ", {} beyond its margin", usd(order.deficit.to_f64()));
        }
        lines.push((order.executed_at, what));
    }
    lines.sort_by_key(|line| line.0);
    let mut journal = String::new();
    for (at, what) in lines {
        let _ = writeln!(journal, "{} {what}", clock(at));
    }
    for (one, paid) in tape.markets.iter().zip(&run.funding_paid) {
        if one.funding.is_some() {
            let _ = writeln!(
                journal,
                "end      longs of {} paid {paid:.4} a contract",
                one.name
            );
        }
    }
    for account in &run.accounts {
        let open: f64 = account.holdings.iter().map(|held| held.quantity.to_f64()).sum();
        let (name, cash) = (&account.name, account.cash.to_f64());
        let _ = writeln!(
            journal,
            "end      {name} holds {} contracts and {cash:.2} of cash",
            plain(open)
        );
    }
    Ok(journal)
}
