//! `aftershock calibrate`.

use std::path::{Path, PathBuf};

use aftershock_archive::tape::Tape;
use aftershock_calibrate::calibration::{Calibration, Input};
use aftershock_calibrate::clocked::Clocked;
use aftershock_calibrate::observed::Observed;
use aftershock_calibrate::recover::{Asked, calibrated, one_bracket};
use aftershock_market::Timestamp;
use aftershock_query::Session;
use aftershock_study::venues;
use anyhow::{Context, Result};

use crate::failure::Mistake;
use crate::observed::{self, Wanted};
use crate::table;
use crate::tape::TapeArgument;

const EXAMPLE: &str = "\
Example: what the tape of a made-up crash says, whose truth lies beside it.

  $ aftershock synth --seed 1 --out made
  $ aftershock calibrate --tape made/tape --venue synthetic-alpha --maintenance 0.005

Everything comes from the tape and from the frozen priors; `truth` is never read. Needed are trades with their sides and bars
before them; liquidations, open interest, depth and marks are used as far as they are there.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    #[command(flatten)]
    tape: TapeArgument,
    /// Venue of the market; may be left out where the tape has one market with trades
    #[arg(long)]
    venue: Option<String>,
    /// Its instrument, likewise
    #[arg(long)]
    instrument: Option<String>,
    /// Start of the span, a day or an instant; the first trade where it is not given
    #[arg(long, value_name = "WHEN")]
    from: Option<Timestamp>,
    /// End of the span; the last trade where it is not given
    #[arg(long, value_name = "WHEN")]
    to: Option<Timestamp>,
    /// Step of the clock, s
    #[arg(long, default_value_t = 1.0, value_name = "SECONDS")]
    step: f64,
    /// Maintenance margin over notional; needed where no margin brackets of the venue are at hand
    #[arg(long, value_name = "RATIO")]
    maintenance: Option<f64>,
    /// Draws of amplification from printed flow
    #[arg(long, default_value_t = 360, value_parser = clap::value_parser!(u32).range(18..=100_000))]
    draws: u32,
    /// Draws of the closed loop, two replays each
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(12..=10_000))]
    replays: u32,
    /// Where the calibration file goes; `calibrations` in the data folder where it is not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(data: &Path, arguments: Arguments) -> Result<()> {
    if !(0.05..=60.0).contains(&arguments.step) {
        return Err(Mistake::new(format!("--step {} s, should lie in 0.05 to 60", arguments.step)).into());
    }
    if arguments.out.as_deref().is_some_and(Path::is_dir) {
        return Err(Mistake::new("--out is a folder")
            .hint("it takes the name of a file")
            .into());
    }
    let tape = arguments.tape.open(data)?;
    let wanted = wanted(&tape, &arguments)?;
    let brackets = brackets(&wanted, arguments.maintenance)?;
    let session = Session::open_tape(data, tape, aftershock_study::catalog::tables(&[], &[])?)?;
    let observed = observed::read(&session, &wanted)?;
    let clocked = Clocked::new(&observed, wanted.from, wanted.to, arguments.step)?;
    let tape = arguments.tape.open(data)?;
    let others = others(&session, &tape, &wanted)?;
    let priors = aftershock_study::priors()?;
    let name = format!(
        "{}:{} {} {}",
        wanted.venue, wanted.instrument, wanted.from, wanted.to
    );
    let asked = Asked {
        observed: &observed,
        clocked: &clocked,
        priors: &priors,
        brackets: &brackets,
        name: &name,
        draws: arguments.draws,
        replays: arguments.replays,
    };
    let found = calibrated(&asked)
        .with_context(|| format!("{}:{} cannot be calibrated", wanted.venue, wanted.instrument))?;
    let file = Calibration::new(&asked, &found, &others, inputs(&tape)?);
    let out = arguments.out.unwrap_or_else(|| {
        let day = wanted.from.to_string().replace(':', "");
        let name = format!("{}-{}-{day}.toml", wanted.venue, wanted.instrument);
        data.join("calibrations").join(name)
    });
    write(&out, &file.to_toml())?;
    say(&file)?;
    crate::say!("calibration  {}", out.display());
    Ok(())
}

/// The market and span that are meant.
fn wanted(tape: &Tape, arguments: &Arguments) -> Result<Wanted> {
    let all = observed::markets(tape)?;
    let is = |name: &Option<String>, value: &str| name.as_deref().is_none_or(|name| name == value);
    let mut fitting: Vec<Wanted> = all
        .iter()
        .filter(|one| is(&arguments.venue, &one.venue) && is(&arguments.instrument, &one.instrument))
        .cloned()
        .collect();
    let list = |markets: &[Wanted]| {
        let names: Vec<String> = markets
            .iter()
            .take(12)
            .map(|one| format!("--venue {} --instrument {}", one.venue, one.instrument))
            .collect();
        names.join("; ")
    };
    let mut one = match (fitting.pop(), fitting.is_empty()) {
        (Some(one), true) => one,
        (None, _) if all.is_empty() => {
            return Err(
                Mistake::new(format!("the tape at {} has no trades", tape.store().location()))
                    .hint("`aftershock ingest` adds to it; --tape names another")
                    .into(),
            );
        }
        (None, _) => {
            return Err(Mistake::new("the tape has no trades of this market")
                .hint(format!("it has {}", list(&all)))
                .into());
        }
        (Some(last), false) => {
            fitting.push(last);
            return Err(Mistake::new(format!("{} markets have trades", fitting.len()))
                .hint(format!("name one: {}", list(&fitting)))
                .into());
        }
    };
    let (first, last) = (one.from, one.to);
    // The clock begins on a whole second.
    let second = 1_000_000;
    one.from = arguments
        .from
        .unwrap_or(Timestamp(one.from.0.div_euclid(second) * second));
    one.to = arguments.to.unwrap_or(one.to);
    if one.from >= one.to || one.to < first || one.from > last {
        return Err(Mistake::new(format!(
            "from {} to {} is no span of the trades, which go from {first} to {last}",
            one.from, one.to
        ))
        .into());
    }
    Ok(one)
}

/// The venue's margin table at the date, or one bracket of the ratio that is given.
fn brackets(wanted: &Wanted, maintenance: Option<f64>) -> Result<aftershock_calibrate::Brackets> {
    if let Some(ratio) = maintenance {
        return one_bracket(ratio)
            .map_err(|why| Mistake::new(format!("--maintenance {ratio}: {why}")).into());
    }
    let venue = venues::known(&wanted.venue)?;
    let table = venue.and_then(|venue| venue.brackets(&wanted.instrument, wanted.from).ok().flatten());
    table.map(|(brackets, _)| brackets).ok_or_else(|| {
        Mistake::new(format!(
            "no margin brackets of {}:{} at {} are at hand",
            wanted.venue, wanted.instrument, wanted.from
        ))
        .hint("give the maintenance margin over notional, such as --maintenance 0.005")
        .into()
    })
}

/// Markets of the same base asset, for the basis; those that have no prices in the span are left out.
fn others(session: &Session, tape: &Tape, wanted: &Wanted) -> Result<Vec<Observed>> {
    let base = |instrument: &str| {
        instrument
            .split(['-', '_', '/'])
            .next()
            .unwrap_or(instrument)
            .to_owned()
    };
    let mut others = Vec::new();
    for one in observed::markets(tape)? {
        let same = one.venue == wanted.venue && one.instrument == wanted.instrument;
        if same || base(&one.instrument) != base(&wanted.instrument) {
            continue;
        }
        let other = Wanted {
            from: wanted.from,
            to: wanted.to,
            ..one
        };
        if let Ok(read) = observed::read(session, &other) {
            others.push(read);
        }
    }
    Ok(others)
}

fn inputs(tape: &Tape) -> Result<Vec<Input>> {
    let sources = tape.list()?.sources;
    Ok(sources
        .iter()
        .map(|source| Input {
            name: source.name.clone(),
            sha256: source.sha256.clone(),
        })
        .collect())
}

/// Beside the place first, then in place, so that nothing is half-written.
fn write(path: &Path, text: &str) -> Result<()> {
    let fail = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(fail)?;
    }
    let beside = path.with_extension("toml.new");
    let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // What could not be put in place is not left behind.
        let _ = std::fs::remove_file(&beside);
    }
    written.with_context(fail)
}

fn say(file: &Calibration) -> Result<()> {
    let number = |value: f64| aftershock_query::cells::significant(value, 3);
    let range = |low: f64, high: f64| format!("[{}, {}]", number(low), number(high));
    for limit in &file.limits {
        crate::say!("note: {limit}");
    }
    let rows: Vec<Vec<String>> = file
        .figures
        .iter()
        .map(|one| {
            vec![
                one.figure.clone(),
                one.clock_s.to_string(),
                number(one.median),
                range(one.low, one.high),
            ]
        })
        .collect();
    table::print(
        &table::headers(&["variance times", "clock, s", "median", "5 to 95 %"]),
        &rows,
    )?;
    let rows: Vec<Vec<String>> = file
        .impact
        .iter()
        .map(|one| {
            let or = |value: Option<f64>| value.map_or("-".to_owned(), number);
            vec![
                one.form.clone(),
                if one.recorded_depth { "yes" } else { "no" }.to_owned(),
                number(one.y),
                range(one.low, one.high),
                or(one.y_iv),
                or(one.y_ols),
                or(one.first_stage_f),
                number(one.weight),
                one.verdict.clone(),
            ]
        })
        .collect();
    let headers = [
        "impact under",
        "depth",
        "Y",
        "5 to 95 %",
        "IV",
        "OLS",
        "F",
        "weight",
        "verdict",
    ];
    table::print(&table::headers(&headers), &rows)?;
    let rows: Vec<Vec<String>> = file
        .leverage
        .iter()
        .map(|one| {
            vec![
                format!("{}x", one.leverage),
                format!("{:.4}", one.median),
                format!("[{:.4}, {:.4}]", one.low, one.high),
                if one.identified {
                    "printed liquidations"
                } else {
                    "prior"
                }
                .to_owned(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        table::print(
            &table::headers(&["opened with", "share", "5 to 95 %", "told by"]),
            &rows,
        )?;
    }
    let rows: Vec<Vec<String>> = file
        .parameters
        .iter()
        .map(|one| {
            let interval = match (one.low, one.high) {
                (Some(low), Some(high)) => range(low, high),
                _ => "-".to_owned(),
            };
            vec![
                one.name.clone(),
                one.value.map_or("-".to_owned(), number),
                interval,
                one.unit.clone(),
                format!("{:?}", one.origin).to_lowercase(),
                one.how.clone(),
            ]
        })
        .collect();
    table::print(
        &table::headers(&["parameter", "value", "5 to 95 %", "unit", "origin", "how"]),
        &rows,
    )
}
