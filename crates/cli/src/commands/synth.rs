//! `aftershock synth`.

mod foreign;
mod rows;
mod under;

use std::path::{Path, PathBuf};

use aftershock_archive::tape::{SourceEntry, Tape};
use aftershock_archive::{Store, synthetic};
use aftershock_calibrate::observed::Observed;
use aftershock_calibrate::synth::{Declared, Generated, START, Target, Truth, generate_under};
use anyhow::Result;
pub(super) use foreign::Name as ForeignName;
use indicatif::HumanCount;

use crate::failure::Mistake;
use crate::table;

const TRUTH: &str = "truth.json";
const EXAMPLE: &str = "\
Example: an hour of two venues, one of which shows a third of its liquidations, with news that moves the flow too.

  $ cat hour.toml
  duration_s = 3600
  news_flow_correlation = 0.3
  amplification = 1.25
  ramp = { shape = \"jumps\", size = 0.06, start_s = 1200.0 }
  venues = [{ name = \"open\" }, { name = \"shy\", coverage = { share = 0.3 } }]
  $ aftershock synth --seed 7 --declared hour.toml --out hour
  $ aftershock sql --tape hour/tape \"SELECT venue, side, count(*), sum(price * quantity) AS usd
                                    FROM recorded.liquidations GROUP BY venue, side ORDER BY venue, side\"

What its world did lies in `truth`, as tables of the schema `synthetic` and as a page, under the rules of record and under
those of --rules.

A tape of --foreign comes from other equations, and no rule set runs in it: it shows whether an estimate holds where its
own equations do not. Its truth tells the amplification and what two caps on leverage do.

A generated tape begins with 2099, the bars before it lie in the last days of 2098, and its venues are called `synthetic-…`.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// Names all noise: the same seed and declaration give the same bytes; over what the file says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    seed: Option<u64>,
    /// What the tape is to be, in TOML; what it leaves out is as `--template` shows
    #[arg(long, value_name = "FILE")]
    declared: Option<PathBuf>,
    /// Folder for `tape` and `truth`; `synthetic/<seed>-<digest of the declaration>` in the data folder where it is not
    /// given
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Rule set by name, or the path of a TOML file; repeat for several. The rules of record always run beside them
    #[arg(long = "rules", value_name = "NAME|FILE")]
    rules: Vec<String>,
    /// Equations that are not the replay's; the tape and its truth alone are written
    #[arg(long, value_name = "KIND", value_enum)]
    foreign: Option<foreign::Name>,
    /// Print a declaration with every parameter, its unit and its default; with --foreign one of its own
    #[arg(long, conflicts_with_all = ["seed", "declared", "out", "rules"])]
    template: bool,
}

pub(crate) fn run(data: &Path, arguments: Arguments) -> Result<()> {
    if arguments.template {
        use std::io::Write as _;
        let text = arguments
            .foreign
            .map_or(Declared::TEMPLATE, |_| foreign::template());
        std::io::stdout().lock().write_all(text.as_bytes())?;
        return Ok(());
    }
    if let Some(name) = arguments.foreign {
        return foreign::run(data, &arguments, name);
    }
    let mut declared = match &arguments.declared {
        Some(path) => read(path)?,
        None => Declared::default(),
    };
    if let Some(seed) = arguments.seed {
        declared.seed = seed;
    }
    let sets = under::rule_sets(&arguments.rules, &declared)?;
    let sha256 = declared.sha256();
    let out = arguments.out.unwrap_or_else(|| {
        let name = format!("{}-{}", declared.seed, &sha256[..8]);
        data.join("synthetic").join(name)
    });
    let place = folder(&out)?;
    let tape = Tape::new(Store::open(&place("tape"))?);
    if !tape.list()?.sources.is_empty() {
        // The report is written last.
        if !out.join("truth/report/synthetic-crash.md").exists() {
            return Err(Mistake::new(format!(
                "{} holds a crash that was not finished: it has a tape and no truth/report",
                out.display()
            ))
            .hint("remove the folder and run the command again, or name another with --out")
            .into());
        }
        return Err(Mistake::new(format!("{} holds a tape already", out.display()))
            .hint("the same seed and declaration give the same tape; remove the folder or name another with --out")
            .into());
    }
    let (generated, journal) = generate_under(&declared, &under::under(&sets))?;
    let made = Made {
        sha256: &sha256,
        seed: declared.seed,
        bytes: declared.to_toml().len() as u64,
    };
    write(&tape, &made, &generated.printed.markets)?;
    let truth = Store::open(&place("truth"))?;
    put(&truth, TRUTH, &generated.truth.to_json())?;
    let world = format!("{}-{}", declared.seed, &sha256[..8]);
    for (name, bytes) in synthetic::files(&world, &journal) {
        put(&truth, &name, &bytes)?;
    }
    let pages = under::report(&out, &world)?;

    summary(&declared, &generated)?;
    if sets.len() > 1 {
        under::outcomes(&out, &world)?;
    }
    crate::say!(
        "tape    {}  (declared parameters {})",
        place("tape"),
        &sha256[..16]
    );
    crate::say!(
        "truth   {}/{TRUTH}  (for scoring; whoever estimates must not see what lies beside the tape)",
        place("truth")
    );
    for page in pages {
        crate::say!("report  {}", page.display());
    }
    crate::say!(
        "ask     aftershock sql --tape {} \"SELECT * FROM recorded.sources\"",
        place("tape")
    );
    crate::say!(
        "        aftershock sql --synthetic {} --named synthetic/rule_outcomes -p world={world}",
        out.display()
    );
    Ok(())
}

/// Places in a folder of this machine.
fn folder(out: &Path) -> Result<impl Fn(&str) -> String + use<'_>> {
    if out.to_string_lossy().contains("://") {
        return Err(
            Mistake::new(format!("{} is no folder of this machine", out.display()))
                .hint("--out takes a folder; copy its `tape` to a store afterwards")
                .into(),
        );
    }
    crate::checked(out)?;
    Ok(|name: &str| out.join(name).to_string_lossy().into_owned())
}

/// Puts a file in place, whatever stood there.
fn put(store: &Store, name: &str, bytes: &[u8]) -> Result<()> {
    let held = store.get(name)?.map(|(_, version)| version);
    store.put_if(name, bytes, held.as_ref())?;
    Ok(())
}

pub(crate) fn read(path: &Path) -> Result<Declared> {
    let (name, text) = read_text(path)?;
    Ok(Declared::parse(&name, &text)?)
}

/// Name and text of a declaration.
fn read_text(path: &Path) -> Result<(String, String)> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Mistake::new(format!(
            "cannot read {name}: {}",
            error.to_string().to_lowercase()
        ))
        .hint("`aftershock synth --template` prints a declaration to begin with")
    })?;
    Ok((name, text))
}

/// What a tape was made from.
struct Made<'a> {
    sha256: &'a str,
    seed: u64,
    /// Length of the declaration.
    bytes: u64,
}

/// The tape says of itself that it is generated, and by which parameters, and nothing of what they are.
fn write(tape: &Tape, made: &Made<'_>, markets: &[Observed]) -> Result<()> {
    let source = &made.sha256[..16];
    let mut writer = tape.write()?;
    let mut staging = writer.stage(source);
    let mut records = 0;
    for market in markets {
        rows::push(&mut staging, source, market, &mut records)?;
    }
    let staged = staging.finish()?;
    let entry = SourceEntry {
        source: source.to_owned(),
        dialect: "synthetic".to_owned(),
        sha256: made.sha256.to_owned(),
        bytes: made.bytes,
        name: format!("synthetic-{}", made.seed),
        what: format!(
            "generated from declared parameters with seed {}; no record",
            made.seed
        ),
        records,
        rejected: 0,
        rows: staged.rows_by_table(),
    };
    writer.add(entry, staged);
    writer.commit()?;
    Ok(())
}

/// What was made, for whoever made it.
fn summary(declared: &Declared, Generated { printed, truth }: &Generated) -> Result<()> {
    let count = |count: usize| HumanCount(count as u64).to_string();
    let millions = |usd: f64| format!("{:.0}", usd / 1e6);
    let rows: Vec<Vec<String>> = printed
        .markets
        .iter()
        .zip(&truth.markets)
        .zip(&truth.nulls[1].drawdown)
        .zip(&truth.nulls[0].drawdown)
        .map(|(((printed, market), null), fallen)| {
            vec![
                printed.venue.clone(),
                printed.instrument.clone(),
                count(printed.trades.len()),
                millions(market.open_interest_usd),
                count(market.feed.liquidated),
                millions(market.feed.liquidated_usd),
                count(market.feed.printed),
                millions(market.feed.printed_usd),
                percent(*fallen),
                percent(*null),
            ]
        })
        .collect();
    let headers = [
        "venue",
        "instrument",
        "trades",
        "interest, MUSD",
        "liquidated",
        "MUSD",
        "printed",
        "MUSD",
        "fall, %",
        "off-book, %",
    ];
    table::print(&table::headers(&headers), &rows)?;
    crate::say!(
        "{} s from {START} on, seed {}: {}",
        declared.duration_s,
        declared.seed,
        amplified(declared, truth)
    );
    Ok(())
}

/// A fall of the logarithm as one of the price.
fn percent(log: f64) -> String {
    format!("{:.2}", -100.0 * (-log).exp_m1())
}

fn amplified(declared: &Declared, truth: &Truth) -> String {
    let found = truth.amplification().unwrap_or(f64::NAN);
    let clock_s = declared.amplification_clock_s;
    let scale = truth.search.last().map_or(1.0, |last| last.open_interest_scale);
    match declared.amplification {
        Target::Ratio(1.0) => "nobody holds a position, amplification 1".to_owned(),
        Target::Ratio(target) => format!(
            "on {clock_s} s prices vary {found:.3} times as much as without feedback, where {target} was declared; open \
             interest was multiplied by {scale:.3} for it"
        ),
        Target::AsDeclared => {
            format!("on {clock_s} s prices vary {found:.3} times as much as without feedback")
        }
    }
}
