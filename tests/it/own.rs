//! Accounts of the user's own, and moves that no record holds, as a user meets them.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::cli::User;

const EPISODE: &str = "2026-02-05-day-long-slide";
const SCENARIO: &str = "2026-02-05-day-long-slide.shock-minus-30pct-over-10m";
const QUICK: [&str; 6] = ["replay", "2026-02-05", "--draws", "4", "--rules", "record"];
/// Longs of one coin from 73,000: with 8,000 closed at (8,000 - 73,000) / (0.004 - 1) = 65,261.04 in the lowest bracket,
/// with 30,000 at 43,172.69, below anything on record.
const POSITIONS: &str = "account,venue,instrument,side,quantity,entry_usd,collateral_usd,margin
bold,binance-usdm,BTCUSDT,long,1,73000,8000,isolated
careful,binance-usdm,BTCUSDT,long,1,73000,30000,isolated
";

impl User {
    /// The only line of a query's answer below its header.
    pub fn asked(&self, sql: &str) -> Result<String> {
        let said = self.says(&["sql", sql, "--format", "csv"])?.fine()?;
        let mut lines = said.text()?.lines().skip(1).map(str::to_owned);
        let line = lines.next().with_context(|| sql.to_owned())?;
        ensure!(lines.next().is_none(), "{sql}");
        Ok(line)
    }

    fn replays(&self, more: &[&str]) -> Result<(String, String)> {
        let mut arguments = QUICK.to_vec();
        arguments.extend(more);
        let said = self.says(&arguments)?.fine()?;
        Ok((said.text()?.to_owned(), said.stderr))
    }
}

#[test]
fn own_accounts_follow_the_record_and_leave_it_as_it_was() -> Result<()> {
    let user = User::new()?;
    fs::write(user.path("own.csv"), POSITIONS)?;
    user.replays(&[])?;
    let plain = user.asked("SELECT run FROM catalog.runs")?;
    let (table, notes) = user.replays(&["--positions", "own.csv"])?;
    for words in ["own accounts under", "bold", "2026-02-05 19:51", "survived"] {
        ensure!(table.contains(words), "no `{words}` in: {table}");
    }
    ensure!(notes.contains("too small to move the market"), "{notes}");

    // A run of its own, with every table but its own the same.
    let run = user.asked("SELECT run FROM catalog.runs WHERE positions_sha256 IS NOT NULL")?;
    ensure!(
        run != plain && run.starts_with(&format!("{EPISODE}.record.")),
        "{run}"
    );
    let file = |run: &str, table: &str| fs::read(user.path(&format!("data/runs/run={run}/{table}.parquet")));
    for table in [
        "prices",
        "bands",
        "outcomes",
        "amplification",
        "forced_orders",
        "gates",
    ] {
        ensure!(file(&run, table)? == file(&plain, table)?, "{table} has changed");
    }
    let rows = "SELECT count(*) FROM replayed.own_accounts";
    ensure!(user.asked(rows)? == "20", "two accounts, five draws, two orders");

    // Under the rules of record the mark is the record: the first bar whose low lies below the price closes the long.
    let bar = "SELECT min(open_at) FROM recorded.episode_bars
               WHERE low_usd <= 65261.04 AND open_at >= '2026-02-04T23:46:58Z'";
    let inside = format!(
        "SELECT count(*) FROM replayed.own_accounts a JOIN recorded.episode_bars b
             ON b.open_at = ({bar}) AND a.triggered_at > b.open_at AND a.triggered_at <= b.close_at
         WHERE account = 'bold' AND fate = 'liquidated' AND trigger_usd <= 65261.04"
    );
    ensure!(
        user.asked(&inside)? == "10",
        "every draw and order closes it in that bar"
    );
    let end = "SELECT count(*) FROM replayed.own_accounts
               WHERE account = 'careful' AND fate = 'survived' AND abs(end_equity_usd - (30000 - 73000 + (
                   SELECT close_usd FROM recorded.episode_bars WHERE open_at < '2026-02-07T00:00:00Z'
                   ORDER BY open_at DESC LIMIT 1))) < 0.01";
    ensure!(user.asked(end)? == "10", "the last close decides what is left");

    let verified = user.says(&["verify", &run])?.fine()?;
    ensure!(
        verified.text()?.contains("all digests equal"),
        "{}",
        verified.text()?
    );
    let report = fs::read_to_string(user.path(&format!("data/reports/{EPISODE}/post-mortem.md")))?;
    ensure!(report.contains("## Your accounts") && report.contains("--positions FILE"));
    user.replays(&[])?;
    let report = fs::read_to_string(user.path(&format!("data/reports/{EPISODE}/post-mortem.md")))?;
    ensure!(
        !report.contains("Your accounts"),
        "a replay without positions shows some"
    );

    // The same positions in TOML are the same run.
    let toml = POSITIONS.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        format!(
            "[[position]]\naccount = \"{}\"\nvenue = \"{}\"\ninstrument = \"{}\"\nside = \"{}\"\nquantity = {}\n\
             entry_usd = {}\ncollateral_usd = {}\n",
            cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6]
        )
    });
    fs::write(user.path("own.toml"), toml.collect::<String>())?;
    let (_, said) = user.replays(&["--positions", "own.toml"])?;
    ensure!(
        said.contains(&run) && said.contains("the same run was there"),
        "{said}"
    );
    Ok(())
}

#[test]
fn a_shocked_run_is_nowhere_the_episode_s() -> Result<()> {
    let user = User::new()?;
    fs::write(user.path("own.csv"), POSITIONS)?;
    let (table, _) = user.replays(&["--positions", "own.csv", "--shock", "-30%"])?;
    for words in [
        "MADE UP: a move of -30 % over 10m",
        "not measurable: part of the price is made up",
        "own accounts under",
    ] {
        ensure!(table.contains(words), "no `{words}` in: {table}");
    }
    let run = user.asked(&format!(
        "SELECT run FROM catalog.runs WHERE episode = '{SCENARIO}'"
    ))?;
    ensure!(run.starts_with(&format!("{SCENARIO}.record.")), "{run}");
    let told = user.asked("SELECT recorded_episode, shock_pct, shock_over_s FROM catalog.runs")?;
    ensure!(
        told == format!("{EPISODE},-30,600") || told == format!("{EPISODE},-30.0,600.0"),
        "{told}"
    );
    let kind = user.asked(&format!(
        "SELECT kind FROM catalog.episodes WHERE episode = '{SCENARIO}'"
    ))?;
    ensure!(kind == "made up", "{kind}");
    for table in [
        "prices",
        "outcomes",
        "amplification",
        "bands",
        "own_accounts",
        "assumptions",
    ] {
        let asked = user.asked(&format!(
            "SELECT count(*) FILTER (WHERE episode <> '{SCENARIO}'), count(*) > 0 FROM replayed.{table}"
        ))?;
        ensure!(asked == "0,true", "{table}: {asked}");
    }
    let measured = user.asked("SELECT count(amplification) FROM replayed.amplification")?;
    ensure!(measured == "0", "{measured} amplifications of a made-up price");
    // What was added stands in the null to the end; the record beside it is untouched.
    let null = user.asked(
        "SELECT count(*) FROM replayed.prices p JOIN (
             SELECT bar_order, max(event_at) AS event_at FROM replayed.prices GROUP BY bar_order) e
             ON e.bar_order = p.bar_order AND e.event_at = p.event_at
         WHERE p.mark_usd < 0.72 * p.recorded_usd AND p.bar_close",
    )?;
    ensure!(null == "2", "{null}");
    let closed = user.asked("SELECT count(*) FROM replayed.own_accounts WHERE fate = 'liquidated'")?;
    ensure!(
        closed == "20",
        "a fall of 30 % and then 15 % closes both, always: {closed}"
    );

    let verified = user.says(&["verify", &run])?.fine()?;
    ensure!(
        verified.text()?.contains("all digests equal"),
        "{}",
        verified.text()?
    );
    ensure!(!user.path(&format!("data/reports/{EPISODE}")).exists());
    for form in ["md", "html"] {
        let page = fs::read_to_string(user.path(&format!("data/reports/{SCENARIO}/post-mortem.{form}")))?;
        for words in [
            "Made up: The day-long slide",
            "This is not a post-mortem of what happened.",
            "this is not what happened: a move of -30 % over 10m",
            "--shock -30",
        ] {
            ensure!(page.contains(words), "no `{words}` in the {form}");
        }
        ensure!(
            !page.contains("by construction"),
            "the record is not what is replayed"
        );
    }
    Ok(())
}

#[test]
fn what_cannot_be_followed_is_refused_before_anything_is_written() -> Result<()> {
    let user = User::new()?;
    let with = |arguments: &[&str]| {
        let mut all = QUICK.to_vec();
        all.extend(arguments);
        user.says(&all)
    };
    with(&["--positions", "none.csv"])?.refused(&["cannot read the positions none.csv"])?;
    fs::write(user.path("own.csv"), POSITIONS.replace("long", "up"))?;
    with(&["--positions", "own.csv"])?.refused(&["own.csv:2: side is `up`", "long or short"])?;
    with(&["--shock", "-30"])?.refused(&["--shock is `-30`", "-30%"])?;
    with(&["--shock", "-30%", "--shock-over", "soon"])?.refused(&["--shock-over is `soon`", "10m"])?;
    user.nothing_is_left()?;

    for (from, to, words) in [
        ("BTCUSDT", "ETHUSDT", "own.csv:2: instrument is `ETHUSDT`"),
        ("binance-usdm", "okx", "own.csv:2: venue is `okx`"),
        (
            "long,1,73000,8000",
            "long,1,90000,8000",
            "own.csv:2: account `bold` would have been closed before the replay begins: at the mark of",
        ),
    ] {
        fs::write(user.path("own.csv"), POSITIONS.replace(from, to))?;
        with(&["--positions", "own.csv"])?.refused(&[words])?;
    }
    with(&["--shock", "-30%", "--shock-over", "100h"])?.refused(&["takes longer than the replay"])?;
    ensure!(!user.path("data/runs").exists(), "a run was left behind");

    // A book that would have been felt is followed, and said to have been.
    fs::write(
        user.path("own.csv"),
        POSITIONS.replace("long,1,73000,8000", "long,9000,73000,300000000"),
    )?;
    let said = with(&["--positions", "own.csv"])?.fine()?;
    ensure!(
        said.stderr.contains("would have moved the price against itself"),
        "{}",
        said.stderr
    );
    Ok(())
}
