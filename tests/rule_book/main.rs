//! The rule book: pages of `tests/rules`, each a rule set, a tape small enough to follow by hand, and what happens.
//!
//! A page's tape has no ordinary flow, a book too deep to walk and no impact unless it says otherwise, so that
//! every figure of its journal follows from the rule alone. `UPDATE_EXPECT=1` rewrites the journals.

mod distinct;
mod world;

use std::fmt::Write;
use std::fs;
use std::path::{Path as Folder, PathBuf};

use aftershock_calibrate::synthetic;
use aftershock_market::{Cash, Coin, MICROS_PER_SECOND, Side, Timestamp};
use aftershock_protocol::{AssessMargin, Brackets, NO_PAST, Position, Slot, Tier, View};
use aftershock_replay::{
    Exogenous, ForcedOrder, Fund, MarginInForce, Mechanisms, Mode, Noted, Observer, Parameters, Path, Pool,
    Replay, Silent, Waypoint, lead_in,
};
use aftershock_rules::RuleSetFile;
use anyhow::{Context, Result, bail, ensure};

const MINUTE_US: i64 = 60 * MICROS_PER_SECOND;

/// A tape block: a lead-in, who holds what, who pays, and prices by minute.
struct Tape {
    parameters: Parameters,
    lead: i64,
    lead_usd: f64,
    positions: Vec<(Side, bool, f64, f64, f64)>,
    prices: Vec<(i64, f64)>,
    tiers: Vec<Tier>,
}

fn number(word: Option<&&str>) -> Result<f64> {
    let word = word.context("a number is missing")?;
    word.parse().with_context(|| format!("{word} is no number"))
}

fn minutes(clock: &str) -> Result<i64> {
    let (hours, minutes) = clock.split_once(':').context("expected hh:mm")?;
    Ok(60 * hours.parse::<i64>()? + minutes.parse::<i64>()?)
}

impl Tape {
    fn parse(block: &str) -> Result<Self> {
        let mut parameters = synthetic::parameters(0.0);
        parameters.impact.y = 0.0;
        parameters.book_usd_per_log = f64::INFINITY;
        // What an order has eaten, and what makers took away for it, is back by the next minute.
        parameters.book_refill_s = 1.0;
        parameters.book_end = f64::INFINITY;
        parameters.reopen_share = 0.0;
        parameters.open_interest_usd = 1e6;
        parameters.pools.clear();
        let mut tape = Self {
            parameters,
            lead: 0,
            lead_usd: 0.0,
            positions: Vec::new(),
            prices: Vec::new(),
            tiers: Vec::new(),
        };
        for line in block.lines() {
            tape.line(line).with_context(|| format!("tape line `{line}`"))?;
        }
        if tape.parameters.pools.is_empty() {
            tape.parameters.pools.push(Pool {
                name: "pool-a".into(),
                share: 1.0,
                fund_ratio: 0.0,
            });
        }
        Ok(tape)
    }

    fn line(&mut self, line: &str) -> Result<()> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["lead-in", minutes, "minutes", "at", price] => {
                (self.lead, self.lead_usd) = (minutes.parse()?, price.parse()?);
            }
            ["book", depth, "USD", ..] => self.parameters.book_usd_per_log = depth.parse()?,
            ["bracket", "to", cap, "maintenance", ratio, "leverage", leverage] => {
                self.bracket(cap.parse()?, ratio.parse()?, leverage.parse()?)?;
            }
            ["latency", latency, "s"] => self.parameters.latency_s = latency.parse()?,
            ["reopen", share] => self.parameters.reopen_share = share.parse()?,
            ["overlap", overlap] => self.parameters.overlap = overlap.parse()?,
            ["pool", name, share, "fund", fund] => {
                let (share, fund): (f64, f64) = (share.parse()?, fund.parse()?);
                self.parameters.pools.push(Pool {
                    name: (*name).to_owned(),
                    share,
                    fund_ratio: fund / (self.parameters.open_interest_usd * share),
                });
            }
            [
                side @ ("long" | "short"),
                quantity,
                "at",
                entry,
                "leverage",
                leverage,
                linked @ ..,
            ] => {
                let side = if *side == "long" { Side::Long } else { Side::Short };
                let (quantity, entry, leverage) = (
                    number(Some(quantity))?,
                    number(Some(entry))?,
                    number(Some(leverage))?,
                );
                self.positions
                    .push((side, linked == ["linked"], quantity, entry, leverage));
            }
            [clock, price] => self.prices.push((minutes(clock)?, price.parse()?)),
            _ => bail!("not understood"),
        }
        Ok(())
    }

    /// The next bracket of the margin table; the first replaces the table there is.
    fn bracket(&mut self, cap_usd: f64, maintenance_ratio: f64, max_leverage: f64) -> Result<()> {
        let mut tiers = self.tiers.clone();
        let (floor_usd, ratio, amount) = tiers.last().map_or((0.0, maintenance_ratio, 0.0), |last| {
            (last.cap_usd, last.maintenance_ratio, last.maintenance_amount_usd)
        });
        tiers.push(Tier {
            floor_usd,
            cap_usd,
            maintenance_ratio,
            max_leverage,
            maintenance_amount_usd: amount + floor_usd * (maintenance_ratio - ratio),
        });
        self.parameters.brackets = Brackets::new(tiers.clone())?;
        self.tiers = tiers;
        Ok(())
    }

    /// One bar a minute; a minute that is not listed keeps the last price.
    fn path(&self) -> Result<Path> {
        let last = self.prices.last().context("no price")?.0;
        let mut path = Path {
            first: self.lead as usize,
            ..Path::default()
        };
        let mut price = self.lead_usd;
        for minute in -self.lead..=last {
            if let Some((_, listed)) = self.prices.iter().find(|(at, _)| *at == minute) {
                price = *listed;
            }
            path.at.push(Timestamp(minute * MINUTE_US));
            path.log_price.push(price.ln());
            path.volume_usd.push(1e6);
            path.ordinary_usd.push(0.0);
            path.recorded.push(true);
            path.bar_close.push(true);
        }
        Ok(path)
    }

    /// The positions as the rule set margins them.
    fn positions(&self, rules: &RuleSetFile) -> Result<Vec<(Side, Slot, Position)>> {
        let tier = self.parameters.brackets.tiers()[0];
        self.positions
            .iter()
            .map(|&(side, linked, quantity, entry, leverage)| {
                let step = AssessMargin {
                    tier: 1,
                    account_usd: 0.0,
                    offset_ratio: f64::from(u8::from(linked)),
                    initial_ratio: 1.0 / tier.max_leverage,
                    maintenance_ratio: tier.maintenance_ratio,
                    exposure_ratio: 1.0,
                    in_force_initial_ratio: 1.0 / tier.max_leverage,
                    in_force_maintenance_ratio: tier.maintenance_ratio,
                    elapsed_s: 0.0,
                    model: 0.0,
                };
                let exposure = rules
                    .rules
                    .assess_margin(step, &[], &self.calm())?
                    .step
                    .exposure_ratio;
                let value = Cash::from_f64(quantity * entry);
                let margin = Cash::from_f64(quantity * entry / leverage);
                let brackets = &self.parameters.brackets;
                let tier = brackets
                    .liquidation(side, quantity, entry, margin.to_f64())
                    .map_or(0, |(tier, _)| tier);
                let amount = brackets.tiers()[tier].maintenance_amount_usd;
                let quantity = Coin::from_f64(quantity);
                let key = Position::key(side, quantity, value, margin, amount, exposure);
                let position = Position {
                    key,
                    quantity,
                    entry_value: value,
                    margin,
                };
                Ok((side, Slot { tier, linked }, position))
            })
            .collect()
    }

    fn calm(&self) -> View<'static> {
        View {
            now: Timestamp(0),
            mark_usd: self.lead_usd,
            mean_mark_1h_usd: self.lead_usd,
            volatility_1h: 0.0,
            volatility_24h: 0.0,
            volatility_normal: 0.0,
            open_interest_usd: self.parameters.open_interest_usd,
            forced_usd: 0.0,
            insurance_usd: 0.0,
            index_usd: None,
            bid_depth_1pct_usd: f64::INFINITY,
            depth_ratio: 1.0,
            past: &NO_PAST,
        }
    }
}

/// Writes the journal of a page, a line an event, from minute 0 on.
struct Lines<'a> {
    path: &'a Path,
    pools: &'a [Pool],
    text: String,
    halted: bool,
    funds: Vec<(Cash, Cash)>,
    margin: Option<(f64, f64)>,
}

impl Lines<'_> {
    fn line(&mut self, at: Timestamp, what: &str) {
        if at >= Timestamp(0) {
            let _ = writeln!(self.text, "{} {what}", clock(at));
        }
    }
}

fn clock(at: Timestamp) -> String {
    let minute = at.0 / MINUTE_US;
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// Thousands separated, cents.
fn usd(value: f64) -> String {
    let cents = format!("{value:.2}");
    let (whole, rest) = cents.split_once('.').unwrap_or((&cents, "00"));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped}.{rest}")
}

/// Up to six digits, without the noise of binary fractions.
fn plain(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Observer for Lines<'_> {
    fn waypoint(&mut self, waypoint: &Waypoint) {
        if self.halted && !waypoint.halted {
            let at = self.path.at[waypoint.index];
            self.line(at, &format!("reopens at {}", usd(waypoint.log_mark.exp())));
        }
        self.halted = waypoint.halted;
    }

    fn forced_order(&mut self, order: &ForcedOrder) {
        let mut what = format!(
            "{} {} BTC at {} ({})",
            order.side.closing_order(),
            plain(order.quantity_btc),
            usd(order.fill_usd),
            self.pools[order.pool].name
        );
        if order.shortfall_usd > 0.0 {
            let _ = write!(what, ", {} beyond its margin", usd(order.shortfall_usd));
        }
        self.line(order.executed_at, &what);
    }

    fn intervention(&mut self, noted: &Noted<'_>) {
        let what = match (noted.step, noted.decision, noted.until) {
            // Margins in force are told on their own.
            ("assess_margin", ..) => return,
            (_, decision @ ("halt" | "limit" | "extend"), Some(until)) => format!(
                "{}: {decision} at {} until {}",
                noted.rule,
                usd(noted.after.unwrap_or_default()),
                clock(until)
            ),
            (step, decision, _) => format!(
                "{}: {decision} {step} of {}, {} to {}",
                noted.rule,
                noted.subject,
                plain(noted.before.unwrap_or_default()),
                plain(noted.after.unwrap_or_default())
            ),
        };
        self.line(noted.at, &what);
    }

    fn margin(&mut self, margin: &MarginInForce) {
        let now = (margin.initial_ratio, margin.maintenance_ratio);
        if margin.at >= Timestamp(0) && self.margin != Some(now) {
            self.margin = Some(now);
            let what = format!(
                "margin: initial {} %, maintenance {} %",
                plain(100.0 * now.0),
                plain(100.0 * now.1)
            );
            self.line(margin.at, &what);
        }
    }

    fn fund(&mut self, fund: &Fund) {
        let now = (fund.insurance, fund.bad_debt);
        let told = self.funds[fund.pool];
        self.funds[fund.pool] = now;
        if told != now {
            let what = format!(
                "fund of {}: {}, bad debt {}",
                self.pools[fund.pool].name,
                usd(now.0.to_f64()),
                usd(now.1.to_f64())
            );
            self.line(fund.at, &what);
        }
    }
}

/// The top of the workspace.
fn root() -> PathBuf {
    let here = Folder::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Pages of the rule book by name.
fn pages() -> Result<Vec<String>> {
    let entries = fs::read_dir(root().join("tests/rules"))?;
    let mut names = entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

/// What happens on `tape` under `rules`.
fn journal(rules: &RuleSetFile, tape: &Tape) -> Result<String> {
    let path = tape.path()?;
    let table = synthetic::decay_table();
    let replay = Replay {
        path: &path,
        parameters: &tape.parameters,
        table: &table,
        rules: &rules.rules,
    };
    let start = lead_in(&replay, &mut Silent)?.with_positions(tape.positions(rules)?);
    let replayed = path.len() - path.first;
    let exogenous = Exogenous {
        log_price: path.log_price[path.first..].to_vec(),
        ordinary_usd: path.ordinary_usd[path.first..].to_vec(),
        ordinary_depth: vec![1.0; replayed],
        log_null: path.log_price[path.first..].to_vec(),
    };
    let mut lines = Lines {
        path: &path,
        pools: &tape.parameters.pools,
        text: String::new(),
        halted: false,
        funds: vec![(Cash::ZERO, Cash::ZERO); tape.parameters.pools.len()],
        margin: None,
    };
    let mode = Mode::closed_loop(&exogenous, Mechanisms::ALL);
    let totals = replay.run(start, mode, &mut lines)?.totals;
    ensure!(
        totals.imbalance == (Coin::ZERO, Cash::ZERO),
        "contracts or money were made"
    );
    let mut text = lines.text;
    let _ = writeln!(
        text,
        "end   {} of {} BTC open, halted {} s",
        plain(totals.open_interest_after.to_f64()),
        plain(totals.open_interest_before.to_f64()),
        totals.halted_s
    );
    Ok(text)
}

/// What happens on a tape of one market or of several.
fn told(rules: &RuleSetFile, tape: &str) -> Result<String> {
    if tape.starts_with("world\n") {
        return world::journal(&rules.rules, tape);
    }
    journal(rules, &Tape::parse(tape)?)
}

/// Start and end of what stands between the `nth` fence of `kind` and the next fence.
fn block(page: &str, kind: &str, from: usize) -> Option<(usize, usize)> {
    let fence = format!("```{kind}\n");
    let start = from + page[from..].find(&fence)? + fence.len();
    let end = start + page[start..].find("```")?;
    Some((start, end))
}

#[test]
fn every_page_of_the_rule_book_holds() -> Result<()> {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for file in pages()? {
        let path = format!("tests/rules/{file}");
        let mut page = fs::read_to_string(root().join(&path)).with_context(|| path.clone())?;
        let mut from = 0;
        let mut cases = 0;
        while let Some((start, end)) = block(&page, "toml", from) {
            let rules = RuleSetFile::parse(&path, &page[start..end])?;
            let (tape_start, tape_end) = block(&page, "tape", end).context("a tape follows the rule set")?;
            let tape = &page[tape_start..tape_end];
            let found = told(&rules, tape).with_context(|| format!("{path}: {}", rules.name))?;
            let (start, end) = block(&page, "journal", tape_end).context("a journal follows the tape")?;
            if page[start..end] != found {
                if update {
                    page.replace_range(start..end, &found);
                } else {
                    wrong.push(format!(
                        "{path}: {} gives\n{found}expected\n{}",
                        rules.name,
                        &page[start..end]
                    ));
                }
            }
            from = start;
            cases += 1;
        }
        ensure!(cases > 0, "{path} shows no case");
        if update {
            fs::write(root().join(&path), &page)?;
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
