//! The binary as a user meets it: what it says, where it says it, and how it ends.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// The binary, which `cargo test` builds for the tests of its own package.
pub const BINARY: &str = env!("CARGO_BIN_EXE_aftershock");

/// What a command came to.
pub struct Said {
    pub code: Option<i32>,
    stdout: Vec<u8>,
    pub stderr: String,
}

impl Said {
    pub fn text(&self) -> Result<&str> {
        Ok(std::str::from_utf8(&self.stdout)?)
    }

    /// The user's mistake: exit 1, nothing on stdout, and words that help.
    #[track_caller]
    pub fn refused(&self, words: &[&str]) -> Result<()> {
        ensure!(self.code == Some(1), "ends with {:?}: {}", self.code, self.stderr);
        ensure!(self.stdout.is_empty(), "stdout holds {:?}", self.text());
        for word in words {
            ensure!(self.stderr.contains(word), "no `{word}` in: {}", self.stderr);
        }
        ensure!(!self.stderr.contains("panicked"), "{}", self.stderr);
        Ok(())
    }

    #[track_caller]
    pub fn fine(self) -> Result<Self> {
        ensure!(self.code == Some(0), "ends with {:?}: {}", self.code, self.stderr);
        Ok(self)
    }
}

/// A user in an empty folder of his own.
pub struct User {
    home: TempDir,
    binary: PathBuf,
}

impl User {
    pub fn new() -> Result<Self> {
        Self::with(BINARY.into())
    }

    /// Somebody with a binary of his own.
    pub fn with(binary: PathBuf) -> Result<Self> {
        Ok(Self {
            home: tempfile::tempdir()?,
            binary,
        })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn says(&self, arguments: &[&str]) -> Result<Said> {
        self.says_to(arguments, "")
    }

    /// What is said to somebody who pipes a text in.
    pub fn says_to(&self, arguments: &[&str], input: &str) -> Result<Said> {
        let (reader, mut writer) = std::io::pipe()?;
        // The pipe holds as much as a test writes.
        writer.write_all(input.as_bytes())?;
        drop(writer);
        let output = self
            .command(&self.binary.to_string_lossy(), arguments)
            .stdin(reader)
            .output()?;
        Ok(Said {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr)?,
        })
    }

    /// A program in the user's folder.
    pub fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.home.path())
            .env_remove("AFTERSHOCK_DATA")
            .env_remove("AFTERSHOCK_TAPE")
            .env("NO_PROXY", "127.0.0.1");
        command
    }

    /// Replays an episode quickly; the run of the rules of record.
    fn replayed(&self) -> Result<String> {
        self.says(&QUICK)?.fine()?;
        let runs = fs::read_dir(self.path("data/runs"))?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<Result<Vec<_>>>()?;
        let run = runs.iter().find_map(|name| name.strip_prefix("run="));
        ensure!(runs.len() == 1, "one rule set leaves one run, not {runs:?}");
        Ok(run.context("a run's folder says so")?.to_owned())
    }

    pub fn nothing_is_left(&self) -> Result<()> {
        let left: Vec<_> = fs::read_dir(self.home.path())?
            .map(|entry| Ok(entry?.file_name()))
            .collect::<Result<_>>()?;
        ensure!(!self.path("data").exists(), "left behind: {left:?}");
        Ok(())
    }
}

const QUICK: [&str; 6] = ["replay", "2026-02-05", "--draws", "4", "--rules", "record"];

#[test]
fn a_slip_in_an_episode_s_name_is_met_with_the_nearest() -> Result<()> {
    let user = User::new()?;
    user.says(&["replay", "2026-02-06"])?
        .refused(&["no episode `2026-02-06`", "`2026-02-05`"])?;
    user.says(&["replay", "black-thursdy"])?
        .refused(&["black-thursday"])?;
    user.nothing_is_left()
}

#[test]
fn a_faulty_rule_set_is_refused_with_its_place_and_what_is_allowed() -> Result<()> {
    const HEAD: &str = "name = \"x\"\ntitle = \"t\"\nsummary = \"s\"\ncosts = \"c\"\n\n[[rule]]\n";
    let user = User::new()?;
    let cases = [
        (
            "kind = \"price-band\"\nband_pct = 0.1\nhalt_s = 60\n",
            [
                "own.toml:8: band_pct is 0.1",
                "allowed is 0.5 to 50",
                "half width",
            ],
        ),
        (
            "kind = \"price-bond\"\n",
            ["own.toml:7: ", "unknown kind", "did you mean price-band?"],
        ),
        (
            "kind = \"price-band\"\nband_pct = 7.0\nhalt = 60\n",
            ["own.toml:9: ", "unknown field `halt`", "`halt_s`"],
        ),
        ("kind = [\n", ["own.toml:7: ", "unclosed array", "`]`"]),
    ];
    for (rule, words) in cases {
        fs::write(user.path("own.toml"), format!("{HEAD}{rule}"))?;
        user.says(&["replay", "2026-02-05", "--rules", "own.toml"])?
            .refused(&words)
            .context(rule)?;
    }
    user.says(&["replay", "2026-02-05", "--rules", "price-bond"])?
        .refused(&["no rule set 'price-bond'", "did you mean price-band?"])?;
    user.nothing_is_left()
}

#[test]
fn a_run_is_made_once_listed_verified_and_asked() -> Result<()> {
    let user = User::new()?;
    let first = user.says(&QUICK)?.fine()?;
    ensure!(
        !first.text()?.contains("note:"),
        "stdout holds more than the answer"
    );
    let again = user.says(&QUICK)?.fine()?;
    ensure!(again.stdout == first.stdout, "the same run answers the same");
    ensure!(
        again.stderr.contains("the same run was there"),
        "{}",
        again.stderr
    );
    let run = user.replayed()?;
    let listed = user.says(&["runs", "list"])?.fine()?;
    ensure!(listed.text()?.contains(&run), "{}", listed.text()?);
    let verified = user.says(&["verify", &run])?.fine()?;
    ensure!(
        verified.text()?.contains("all digests equal"),
        "{}",
        verified.text()?
    );

    let sql = "SELECT rule_set, draws FROM catalog.runs";
    let csv = user.says(&["sql", sql, "--format", "csv"])?.fine()?;
    ensure!(
        csv.text()? == "rule_set,draws\nrecord,4\n" && csv.stderr.is_empty(),
        "{}",
        csv.text()?
    );
    let jsonl = user.says(&["sql", sql, "--format", "jsonl"])?.fine()?;
    ensure!(
        jsonl.text()? == "{\"rule_set\":\"record\",\"draws\":4}\n",
        "{}",
        jsonl.text()?
    );
    let parquet = user.says(&["sql", sql, "--format", "parquet"])?.fine()?;
    ensure!(
        parquet.stdout.starts_with(b"PAR1") && parquet.stdout.ends_with(b"PAR1"),
        "no Parquet"
    );
    let outcomes = "SELECT count(*) AS n FROM replayed.outcomes";
    let counted = user.says(&["sql", outcomes, "--format", "csv"])?.fine()?;
    // Five draws, the central one among them, in both orders.
    ensure!(counted.text()? == "n\n10\n", "{}", counted.text()?);

    user.says(&["sql", "SELECT marc_usd FROM replayed.prices"])?
        .refused(&["no column is named `marc_usd`", "did you mean mark_usd?"])?;
    for statement in [
        "INSERT INTO replayed.prices SELECT * FROM replayed.prices",
        "DROP TABLE replayed.prices",
        "CREATE TABLE t AS SELECT 1",
        "COPY (SELECT 1) TO 'stolen.csv'",
    ] {
        user.says(&["sql", statement])?
            .refused(&["only queries are allowed"])?;
    }
    ensure!(!user.path("stolen.csv").exists());
    Ok(())
}

#[test]
fn what_is_damaged_is_named_and_what_is_missing_is_made_again() -> Result<()> {
    let user = User::new()?;
    let run = user.replayed()?;
    fs::remove_dir_all(user.path("data/cuts"))?;
    user.says(&["verify", &run])?.fine()?;
    ensure!(user.path("data/cuts").exists(), "the cut was not made again");

    let prices = user.path(&format!("data/runs/run={run}/prices.parquet"));
    let whole = fs::read(&prices)?;
    fs::write(&prices, &whole[..whole.len() / 2])?;
    user.says(&["verify", &run])?
        .refused(&["prices.parquet", "corrupt"])?;
    user.says(&["sql", "SELECT sum(mark_usd) FROM replayed.prices"])?
        .refused(&[
            "cannot read",
            "prices.parquet",
            "`aftershock runs prune --broken`",
        ])?;
    let kept = fs::read(&prices)?;
    user.says(&QUICK)?.refused(&["prices.parquet", "corrupt"])?;
    ensure!(kept == fs::read(&prices)?, "a damaged run is evidence and stays");
    let all = user.says(&["report", "--all"])?.fine()?;
    for words in [
        "left out the run",
        "prices.parquet",
        "`aftershock runs prune --broken`",
    ] {
        ensure!(all.stderr.contains(words), "no {words} in {}", all.stderr);
    }
    for page in ["index.html", "index.md"] {
        let page = fs::read_to_string(user.path("data/reports").join(page))?;
        ensure!(
            page.contains("Left out are runs") && page.contains(&run),
            "{page}"
        );
    }
    // Without a table the run is not passed over.
    fs::remove_file(&prices)?;
    user.says(&["sql", "SELECT count(*) FROM replayed.prices"])?
        .refused(&["cannot read", "prices.parquet", "is gone"])?;
    user.says(&["sql", "SELECT count(*) FROM replayed.outcomes"])?
        .fine()?;
    // A file that opens and is not what was written: its pages do not.
    let mut changed = whole.clone();
    for byte in &mut changed[8..whole.len() / 2] {
        *byte = !*byte;
    }
    fs::write(&prices, changed)?;
    user.says(&["sql", "SELECT sum(mark_usd) FROM replayed.prices"])?
        .refused(&[
            "cannot read",
            "prices.parquet",
            "`aftershock runs prune --broken`",
        ])?;

    let bars =
        user.path("data/cuts/bars/episode=2026-02-05-day-long-slide/venue=binance-spot/part-0.parquet");
    let mut cut = fs::read(&bars)?;
    let middle = cut.len() / 2;
    cut[middle] ^= 1;
    fs::write(&bars, cut)?;
    user.says(&QUICK)?.refused(&["part-0.parquet"])?;
    Ok(())
}

/// What a rule did is told against the rules of record, whose run is in the report whether it is named or not.
#[test]
fn a_report_of_a_rule_holds_the_rules_of_record_too() -> Result<()> {
    let user = User::new()?;
    let quick = |rules: &str| user.says(&["replay", "2026-02-05", "--draws", "4", "--rules", rules]);
    quick("price-band")?.fine()?;
    let listed = "SELECT run FROM catalog.runs ORDER BY rule_set";
    let listed = user.says(&["sql", listed, "--format", "csv"])?.fine()?;
    let listed = listed.text()?.to_owned();
    let [_, band, record] = listed.lines().collect::<Vec<_>>()[..] else {
        anyhow::bail!("{listed}");
    };
    let alone = user.says(&["report", band, "--reports", "alone"])?.fine()?;
    ensure!(alone.stderr.contains(record), "{}", alone.stderr);
    user.says(&["report", record, band, "--reports", "both"])?
        .fine()?;
    let page =
        |folder: &str| fs::read_to_string(user.path(folder).join("2026-02-05-day-long-slide/post-mortem.md"));
    ensure!(
        page("alone")? == page("both")?,
        "the page depends on how its runs were named"
    );

    // Another replay takes the place of the page, and says whose it was.
    let again = quick("volatility-margin")?.fine()?;
    let said = format!("`aftershock report {record} {band}` makes it again");
    ensure!(again.stderr.contains(&said), "no {said} in {}", again.stderr);
    fs::remove_dir_all(user.path(&format!("data/runs/run={record}")))?;
    user.says(&["report", band])?.refused(&[
        "has no run of the rules of record beside it",
        "replay the episode",
    ])
}

#[test]
fn a_name_of_nothing_is_no_empty_answer() -> Result<()> {
    let user = User::new()?;
    user.says(&["query", "drawdowns", "-p", "episode=nope"])?
        .refused(&["no episode is named nope", "2020-03-12-black-thursday"])?;
    user.says(&["query", "across_episodes", "-p", "rule_set=%band"])?
        .fine()?;
    user.says(&["query", "across_episodes", "-p", "rule_set=band"])?
        .refused(&["no rule_set is named band", "price-band"])?;
    for command in [&["report", "--all"][..], &["sql", "SELECT 1"], &["runs", "list"]] {
        let arguments = [command, &["--data", "elsewhere"]].concat();
        user.says(&arguments)?
            .refused(&["there is no folder elsewhere", "--data"])?;
    }
    user.nothing_is_left()?;
    // Deep, and of one line that is longer than a screen.
    let sum = format!("SELECT {}1 AS n", "1 + ".repeat(5_000));
    let long = user.says(&["sql", &sum, "--format", "csv"])?;
    ensure!(
        matches!(long.code, Some(0 | 1)),
        "ends with {:?}: {}",
        long.code,
        long.stderr
    );
    let slip = format!("SELECT {}marc FROM catalog.runs", "1, ".repeat(2_000));
    let slip = user.says(&["sql", &slip])?;
    ensure!(
        slip.stderr.contains("^^^^") && slip.stderr.len() < 2_000,
        "{}",
        slip.stderr
    );
    let functions = user
        .says(&["sql", "--functions", "medrv", "--format", "csv"])?
        .fine()?;
    ensure!(
        functions.text()?.starts_with("name,kind,signature,"),
        "{}",
        functions.text()?
    );
    Ok(())
}

#[test]
fn a_question_is_asked_by_its_name() -> Result<()> {
    let user = User::new()?;
    let listed = user.says(&["query"])?.fine()?;
    for word in [
        "comparison\n",
        "drawdowns",
        "market\n",
        "episode",
        "How far did the price fall",
    ] {
        ensure!(listed.text()?.contains(word), "no {word:?} in {}", listed.text()?);
    }
    let asked = [
        "query",
        "episode",
        "-p",
        "episode=2020-03-12-black-thursday",
        "--format",
        "csv",
    ];
    let answered = user.says(&asked)?.fine()?;
    ensure!(
        answered.text()?.contains("\n2020-03-12-black-thursday,"),
        "{}",
        answered.text()?
    );
    let in_full = user.says(&[
        "sql",
        "--named",
        "market/episode",
        "-p",
        asked[3],
        "--format",
        "csv",
    ])?;
    ensure!(in_full.fine()?.text()? == answered.text()?);
    user.says(&["query", "drawdwns"])?.refused(&[
        "no query is named `drawdwns`",
        "did you mean comparison/drawdowns?",
    ])?;
    user.says(&["query", "drawdowns"])?.refused(&[
        "comparison/drawdowns needs episode",
        "-p episode=…",
        "2020-03-12-black-thursday",
    ])?;
    user.says(&["query", "drawdowns", "-p", "episodes=x"])?
        .refused(&["comparison/drawdowns has no parameter episodes", "it has episode"])?;
    Ok(())
}

#[test]
fn a_mistake_is_pointed_at_and_functions_are_listed() -> Result<()> {
    let user = User::new()?;
    let sql = "SELECT run,\n  marc_usd\nFROM replayed.prices";
    let pointed =
        "line 2, column 3:   marc_usd\n                    ^^^^^^^^\n  hint: did you mean mark_usd?";
    user.says(&["sql", sql])?.refused(&[pointed])?;
    let one = user.says(&["sql", "--functions", "medrv"])?.fine()?;
    for word in [
        "medrv(at, price[, clock])",
        "NULL",
        "Andersen, Dobrev and Schaumburg",
    ] {
        ensure!(one.text()?.contains(word), "no {word:?} in {}", one.text()?);
    }
    let all = user.says(&["sql", "--functions"])?.fine()?;
    for function in aftershock_query::functions::list() {
        let name = format!("{}(", function.name);
        ensure!(all.text()?.contains(&name), "no {name} in {}", all.text()?);
    }
    // Those that a study brings stand among them, each once.
    let listed = "SELECT name FROM catalog.functions ORDER BY name";
    let listed = user.says(&["sql", listed, "--format", "csv"])?.fine()?;
    let names: Vec<&str> = listed.text()?.lines().skip(1).collect();
    ensure!(
        names.contains(&"replay") && names.contains(&"realized_variance"),
        "{names:?}"
    );
    ensure!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}");
    let parts = "SELECT named_struct('a', 1) AS pair";
    user.says(&["sql", parts, "--format", "csv"])?
        .refused(&["CSV cannot hold `pair`, which has parts", "JSON lines"])?;
    user.says(&["sql", "\\df nothing"])?
        .refused(&["no function of this field is named nothing"])?;
    Ok(())
}

#[test]
fn a_folder_that_cannot_be_written_is_named_and_left_alone() -> Result<()> {
    let user = User::new()?;
    fs::write(user.path("file"), "mine")?;
    for data in ["file", "file/below"] {
        let mut arguments = QUICK.to_vec();
        arguments.extend(["--data", data]);
        user.says(&arguments)?.refused(&["cannot create", "file"])?;
    }
    ensure!(fs::read_to_string(user.path("file"))? == "mine");
    let left: Vec<_> = fs::read_dir(user.home.path())?.collect();
    ensure!(left.len() == 1, "{left:?}");
    Ok(())
}

/// A reader who has seen enough, as `head` has, is no failure and no panic; a disk that is full is one.
#[test]
fn who_stops_reading_is_no_failure() -> Result<()> {
    let user = User::new()?;
    for arguments in [
        &["rules", "price-band"][..],
        &["venues", "maker", "--at", "2020-03-12"],
        &["episodes"],
        &["query"],
        &["sql", "SELECT * FROM catalog.venues"],
        &["sql", "SELECT * FROM catalog.venues", "--format", "csv"],
    ] {
        let command = |stdout: Stdio| -> Result<std::process::Output> {
            let mut command = Command::new(BINARY);
            command.args(arguments).current_dir(user.home.path());
            Ok(command.stdin(Stdio::null()).stdout(stdout).output()?)
        };
        let (reader, writer) = std::io::pipe()?;
        drop(reader);
        let closed = command(writer.into())?;
        let said = String::from_utf8(closed.stderr)?;
        ensure!(
            closed.status.code() == Some(0),
            "{arguments:?} ends with {:?}: {said}",
            closed.status
        );
        ensure!(!said.contains("panicked"), "{arguments:?}: {said}");
        if let Ok(full) = fs::File::options().write(true).open("/dev/full") {
            let full = command(full.into())?;
            let said = String::from_utf8(full.stderr)?;
            ensure!(
                full.status.code() != Some(0),
                "{arguments:?} is content with a full disk"
            );
            ensure!(
                !said.contains("panicked") && !said.is_empty(),
                "{arguments:?}: {said}"
            );
        }
    }
    Ok(())
}
