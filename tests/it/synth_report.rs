//! The journal and the page of a made-up crash: every figure again from the tables, the tables again from the journal, the
//! same bytes again, and nothing that could be taken for a record.

use std::fs;

use aftershock_calibrate::synth::{Declared, UnderRules, generate_under};
use aftershock_market::Timestamp;
use aftershock_market::synthetic::{Journal, RuleSetRow};
use aftershock_query::Session;
use aftershock_query::cells::{Cell, Rows};
use aftershock_rules::RuleSetFile;
use anyhow::{Context, Result, ensure};

use crate::cli::User;
use crate::ingest::tree;
use crate::report::{asked_again, twin_asked_again};

/// Half an hour in which news fall by 12 % in six jumps, with reserves too small for it: one venue deleverages, the other
/// leaves bad debt, and an engine that sends 20 million USD a second leaves a backlog.
const DECLARED: &str = r#"
duration_s = 1800
amplification = "as-declared"
amplification_clock_s = 10
ramp = { shape = "jumps", size = 0.12, start_s = 600.0, length_s = 300.0 }
venues = [
    { name = "open", insurance_ratio = 1e-5, throughput_usd_per_s = 2e7 },
    { name = "inverse", contract = "inverse", volume_daily_usd = 5e9, insurance_ratio = 1e-5, vault_ratio = 1e-5, deleverages = false },
    { name = "spot", contract = "spot", volume_daily_usd = 5e9 },
]
"#;
const RULES: [&str; 2] = ["record", "price-band"];
/// Prices are kept as prices and not as logarithms: a bit of a logarithm.
const CLOSE: f64 = 1e-9;

struct Made {
    user: User,
    session: Session,
    world: String,
}

impl Made {
    fn new() -> Result<Self> {
        let user = User::new()?;
        fs::write(user.path("d.toml"), DECLARED)?;
        user.says(&[
            "synth",
            "--seed",
            "3",
            "--declared",
            "d.toml",
            "--rules",
            RULES[1],
            "--out",
            "one",
        ])?
        .fine()?;
        let session = Session::open_synthetic(&user.path("one"))?;
        let worlds = Rows::of(&session.sql("SELECT world FROM synthetic.worlds")?);
        let world = worlds.rows[0][0].text().context("a name")?.to_owned();
        Ok(Self { user, session, world })
    }

    fn ask(&self, query: &str) -> Result<Rows> {
        Ok(self.session.ask(query, &[("world", self.world.as_str())])?)
    }

    fn numbers(&self, sql: &str) -> Result<Vec<f64>> {
        let rows = Rows::of(&self.session.sql(sql)?).rows;
        let first = rows.first().context("a row")?;
        Ok(first
            .iter()
            .map(|cell| cell.number().unwrap_or(f64::NAN))
            .collect())
    }

    fn page(&self, ending: &str) -> Result<String> {
        let path = format!("one/truth/report/synthetic-crash.{ending}");
        fs::read_to_string(self.user.path(&path)).context(path)
    }
}

fn close(what: &str, found: f64, expected: f64) -> Result<()> {
    let apart = (found - expected).abs();
    ensure!(
        apart <= CLOSE * found.abs().max(expected.abs()).max(1.0),
        "{what}: {found}, again {expected}"
    );
    Ok(())
}

/// The journal in memory, made again by the library.
fn journal() -> Result<Journal> {
    let declared = Declared {
        seed: 3,
        ..Declared::parse("d.toml", DECLARED)?
    };
    let sets = RULES
        .iter()
        .map(|name| {
            let path = format!("data/rule-sets/{name}.toml");
            Ok(RuleSetFile::parse(&path, &crate::workspace::text(&path)?)?)
        })
        .collect::<Result<Vec<_>>>()?;
    let under: Vec<UnderRules<'_>> = sets
        .iter()
        .map(|set| UnderRules {
            about: RuleSetRow {
                rule_set: set.name.as_str().into(),
                title: String::new(),
                summary: String::new(),
                cost: String::new(),
                source: String::new(),
                toml: String::new(),
            },
            rules: &set.rules,
        })
        .collect();
    Ok(generate_under(&declared, &under)?.1)
}

/// Largest fall from a running high, percent, by its definition.
fn fall_pct(prices: impl Iterator<Item = f64>) -> f64 {
    let (mut high, mut worst) = (0.0_f64, 0.0_f64);
    for price in prices {
        high = high.max(price);
        worst = worst.max(100.0 * (1.0 - price / high));
    }
    worst
}

#[test]
fn the_page_is_its_tables() -> Result<()> {
    let made = Made::new()?;
    let html = made.page("html")?;
    let cells = asked_again(&made.session, &html)?;
    ensure!(cells > 500, "only {cells} cells");
    let twin = twin_asked_again(&made.session, &made.page("md")?)?;
    ensure!(twin > 500, "only {twin} cells");
    // Its one script says where a figure comes from when it is clicked; the policy allows no other.
    ensure!(html.matches("<script>").count() == 1 && html.contains("default-src &#x27;none&#x27;"));
    for needle in ["<script ", "src=", "https:", "url("] {
        ensure!(!html.contains(needle), "{needle}");
    }
    for text in [html, made.page("md")?] {
        let (top, _) = text.split_once("Before the first number").context("limits")?;
        ensure!(
            top.contains("SYNTHETIC CRASH") && top.contains("not a record"),
            "{top}"
        );
    }
    Ok(())
}

/// Length of the longest unbroken run of `true`.
fn longest_run(values: impl Iterator<Item = bool>) -> usize {
    let (mut now, mut longest) = (0, 0);
    for value in values {
        now = if value { now + 1 } else { 0 };
        longest = longest.max(now);
    }
    longest
}

#[test]
fn the_tables_are_the_journal() -> Result<()> {
    let made = Made::new()?;
    let journal = journal()?;
    let outcomes = made.ask("synthetic/rule_outcomes")?;
    let venues = made.ask("synthetic/venue_outcomes")?;
    let waterfall = made.ask("synthetic/waterfall")?;
    for (row, rules) in RULES.into_iter().enumerate() {
        let shown = |rows: &Rows, row: usize, column: &str| rows.get(row, column).and_then(Cell::number);
        let of = |column| shown(&outcomes, row, column).context(column);
        let prices = |market: i32| {
            let mine = move |row: &&aftershock_market::synthetic::PriceRow| {
                &*row.rule_set == rules && row.place.market == Some(market)
            };
            journal.prices.iter().filter(mine)
        };
        let (mut deepest, mut deepest_null) = (0.0_f64, 0.0_f64);
        let (mut variance, mut null_variance) = (0.0, 0.0);
        for market in 0..3 {
            let fell = fall_pct(prices(market).map(|row| row.price_usd));
            close(
                "fall of a market",
                shown(&venues, 3 * row + market as usize, "fall_pct").context("a fall")?,
                fell,
            )?;
            deepest = deepest.max(fell);
            deepest_null = deepest_null.max(fall_pct(prices(market).map(|row| row.null_usd)));
            // Every tenth second of a clock of half seconds.
            let squares = |price: fn(&aftershock_market::synthetic::PriceRow) -> f64| -> f64 {
                let path: Vec<f64> = prices(market).step_by(20).map(|row| price(row).ln()).collect();
                path.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum()
            };
            variance += squares(|row| row.price_usd);
            null_variance += squares(|row| row.null_usd);
        }
        close("fall", of("fall_pct")?, deepest)?;
        close("fall of the null", of("null_fall_pct")?, deepest_null)?;
        // A rule that stopped a market for longer than the clock leaves nothing to compare.
        let longest = (0..3).map(|market| longest_run(prices(market).map(|row| row.closed)));
        match shown(&outcomes, row, "amplification") {
            Some(told) => close("amplification", told, variance / null_variance)?,
            None => ensure!(longest.max().is_some_and(|beats| beats >= 20), "{rules} halts"),
        }
        ensure!(rules != "record" || of("amplification").is_ok(), "nothing halts");

        let orders: Vec<_> = journal
            .orders
            .iter()
            .filter(|order| &*order.rule_set == rules)
            .collect();
        let sum = |usd: fn(&aftershock_market::synthetic::OrderRow) -> f64| -> f64 {
            orders.iter().map(|order| usd(order)).sum()
        };
        ensure!(of("forced_orders")? == orders.len() as f64 && orders.len() > 20);
        close("forced", of("forced_usd")?, sum(|order| order.notional_usd))?;
        close(
            "deleveraged",
            of("deleveraged_usd")?,
            sum(|order| order.deleveraged_usd),
        )?;
        close("bad debt", of("bad_debt_usd")?, sum(|order| order.bad_debt_usd))?;
        let all = sum(|order| order.notional_usd + order.deleveraged_usd);
        let hastened = |order: &aftershock_market::synthetic::OrderRow| {
            f64::from(u8::from(order.parent_id.is_some())) * (order.notional_usd + order.deleveraged_usd)
        };
        close("hastened", of("hastened_share")?, sum(hastened) / all)?;
        for (place, usd) in [
            (0, sum(|order| order.margin_usd)),
            (1, sum(|order| order.fund_usd)),
            (2, sum(|order| order.vault_usd)),
            (3, sum(|order| order.winners_usd)),
            (4, sum(|order| order.bad_debt_usd)),
        ] {
            close(
                "waterfall",
                shown(&waterfall, 5 * row + place, "loss_usd").context("a loss")?,
                usd,
            )?;
        }
        let mut waiting: std::collections::BTreeMap<Timestamp, f64> = std::collections::BTreeMap::new();
        for price in journal.prices.iter().filter(|price| &*price.rule_set == rules) {
            *waiting.entry(price.event_at).or_default() += price.backlog_usd;
        }
        close(
            "backlog",
            of("backlog_peak_usd")?,
            waiting.into_values().fold(0.0, f64::max),
        )?;

        // The same from the tables alone, by the engine of the queries.
        let sql = format!(
            "SELECT sum(notional_usd), sum(deleveraged_usd), sum(bad_debt_usd), count(*) FROM synthetic.orders \
             WHERE rule_set = '{rules}'"
        );
        let again = made.numbers(&sql)?;
        for (column, again) in ["forced_usd", "deleveraged_usd", "bad_debt_usd", "forced_orders"]
            .into_iter()
            .zip(again)
        {
            close(column, of(column)?, again)?;
        }
        let sql = format!(
            "SELECT max(fall) FROM (SELECT 100 * (1 - price_usd / max(price_usd) OVER \
             (PARTITION BY market ORDER BY event_at)) AS fall FROM synthetic.prices WHERE rule_set = '{rules}')"
        );
        close("fall in SQL", of("fall_pct")?, made.numbers(&sql)?[0])?;
    }
    ensure!(
        outcomes.get(1, "halts").and_then(Cell::number) > Some(0.0),
        "nothing was halted"
    );
    Ok(())
}

/// Open interest, reserves and losses counted from the lines of the books, in exact decimals.
#[test]
fn the_books_close_in_sql() -> Result<()> {
    let made = Made::new()?;
    for rules in RULES {
        let sql = format!(
            "SELECT sum(CASE WHEN kind IN ('endow', 'open') THEN 1 WHEN kind = 'close' THEN -1 ELSE 0 END \
                 * CASE WHEN side = 'long' THEN 1 WHEN side = 'short' THEN -1 ELSE 0 END * quantity_contracts) = 0 AS even, \
             min(event_at) >= TIMESTAMP '2099-01-01T00:00:00' AS later FROM synthetic.ledger WHERE rule_set = '{rules}'"
        );
        let rows = Rows::of(&made.session.sql(&sql)?).rows;
        ensure!(
            rows[0] == [Cell::Bool(true), Cell::Bool(true)],
            "{rules}: {rows:?}"
        );
        // Of the linear market, which settles in USD, fund and unpaid losses are those of its orders.
        let sql = format!(
            "SELECT (SELECT CAST(sum(amount_settled) AS DOUBLE) FROM synthetic.ledger \
                     WHERE rule_set = '{rules}' AND market = 0 AND kind = 'draw'), \
                    (SELECT sum(fund_usd + vault_usd) FROM synthetic.orders WHERE rule_set = '{rules}' AND market = 0), \
                    (SELECT CAST(coalesce(sum(amount_settled), 0) AS DOUBLE) FROM synthetic.ledger \
                     WHERE rule_set = '{rules}' AND market = 0 AND kind = 'bad_debt'), \
                    (SELECT sum(bad_debt_usd) FROM synthetic.orders WHERE rule_set = '{rules}' AND market = 0)"
        );
        let found = made.numbers(&sql)?;
        ensure!(found[0] > 0.0, "{rules}: nothing was drawn");
        close("drawn", found[0], found[1])?;
        close("unpaid", found[2], found[3])?;
    }
    let checks = made.ask("synthetic/checks")?;
    ensure!(checks.rows.len() == 4 * RULES.len() + 3, "{checks:?}");
    for row in 0..checks.rows.len() {
        ensure!(
            checks.get(row, "verdict").and_then(Cell::text) == Some("pass"),
            "{:?}",
            checks.rows[row]
        );
    }
    // Shares of channels add up to what all of them bring about.
    let sums = made.numbers(
        "SELECT sum(CASE WHEN measure = 'fall_log' THEN phi END), max(CASE WHEN measure = 'fall_log' THEN total END), \
         sum(CASE WHEN measure <> 'fall_log' THEN phi END), max(CASE WHEN measure <> 'fall_log' THEN total END), \
         max(CASE WHEN measure <> 'fall_log' THEN exp(total) END), \
         (SELECT amplification FROM synthetic.outcomes WHERE rule_set = 'record' AND market IS NULL) FROM synthetic.shapley",
    )?;
    close("shares of the fall", sums[0], sums[1])?;
    close("shares of amplification", sums[2], sums[3])?;
    close("amplification", sums[4], sums[5])
}

#[test]
fn the_same_bytes_and_nothing_that_looks_recorded() -> Result<()> {
    let made = Made::new()?;
    let user = &made.user;
    user.says(&[
        "synth",
        "--seed",
        "3",
        "--declared",
        "d.toml",
        "--rules",
        RULES[1],
        "--out",
        "two",
    ])?
    .fine()?;
    ensure!(
        tree(&user.path("one"))? == tree(&user.path("two"))?,
        "other bytes"
    );
    let names: Vec<String> = tree(&user.path("one/tape"))?
        .into_keys()
        .map(|path| format!("{path:?}"))
        .collect();
    for table in ["orders", "ledger", "worlds", "outcomes"] {
        ensure!(
            names
                .iter()
                .all(|name| !name.contains(&format!("{table}.parquet"))),
            "{names:?}"
        );
    }
    for table in made
        .session
        .tables()
        .iter()
        .filter(|name| name.starts_with("synthetic."))
    {
        let strangers = made.numbers(&format!(
            "SELECT count(*) - sum(CASE WHEN provenance = 'synthetic' AND world = '{}' THEN 1 ELSE 0 END) FROM {table}",
            made.world
        ))?;
        ensure!(strangers == [0.0], "{table}: {strangers:?}");
    }
    let venues = made.numbers("SELECT count(*) FROM synthetic.prices WHERE venue NOT LIKE 'synthetic-%'")?;
    ensure!(venues == [0.0], "{venues:?}");
    // The tape alone shows nothing of it.
    let seen = user
        .says(&[
            "sql",
            "--tape",
            "one/tape",
            "SELECT count(*) AS n FROM synthetic.orders",
            "--format",
            "csv",
        ])?
        .fine()?;
    ensure!(seen.text()? == "n\n0\n", "{}", seen.text()?);
    let seen = user
        .says(&[
            "sql",
            "--synthetic",
            "one",
            "SELECT count(*) AS n FROM recorded.trades",
            "--format",
            "csv",
        ])?
        .fine()?;
    ensure!(seen.text()? == "n\n0\n", "{}", seen.text()?);
    Ok(())
}

#[test]
fn what_cannot_be_run_is_refused_before_anything_is_written() -> Result<()> {
    let user = User::new()?;
    fs::write(user.path("d.toml"), DECLARED)?;
    let synth = |rules: &str, out: &str| {
        user.says(&["synth", "--declared", "d.toml", "--rules", rules, "--out", out])
    };
    synth("cross-protocol-clearing", "out")?
        .refused(&["a share of 0.5 of holders", "in a made-up crash nobody does"])?;
    synth("price-bond", "out")?.refused(&["no rule set 'price-bond'", "did you mean price-band?"])?;
    synth("none.toml", "out")?.refused(&["cannot read the rule set none.toml"])?;
    synth("price-band", "s3://bucket/out")?.refused(&["no folder of this machine"])?;
    synth("price-band", "o*t")?.refused(&["one of * ? [ ]"])?;
    ensure!(!user.path("out").exists());
    user.says(&["sql", "--synthetic", "none", "SELECT 1"])?
        .refused(&["none", "truth/journal", "aftershock synth --out"])?;
    Ok(())
}
