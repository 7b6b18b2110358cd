//! Which files a request means, and what is known to be missing before the first of them is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use aftershock_market::Timestamp;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate};

use super::error::FetchError;
use super::pattern::{self, Words};
use super::source::{Dataset, Free, Hole, Period, SourceFile};

const HOUR_S: f64 = 3_600.0;

/// What to fetch.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Names of sources; empty for all.
    pub sources: Vec<String>,
    /// Kinds, or names of datasets; empty for every dataset that is not on request.
    pub kinds: Vec<String>,
    /// Assets such as `BTC`, or symbols in the venue's own words; empty for all that the source files list.
    pub symbols: Vec<String>,
    /// Length of bars, such as `1m`; the dataset's own where absent.
    pub interval: Option<String>,
    /// Start of the window.
    pub from: Timestamp,
    /// End of the window, exclusive.
    pub to: Timestamp,
    /// Another base address for a source, by its name: a mirror. The files go to the same places.
    pub base_urls: BTreeMap<String, String>,
}

/// What will be fetched and what will not.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The files, by source, dataset, symbol and day.
    pub files: Vec<PlannedFile>,
    /// What is known to be missing, doubtful or out of reach within the window.
    pub told: Vec<Told>,
}

/// One file of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFile {
    /// Name of the source.
    pub source: String,
    /// Name of the dataset.
    pub dataset: String,
    /// Its kind.
    pub kind: String,
    /// Its market.
    pub product: String,
    /// Symbol; absent where one file holds all.
    pub symbol: Option<String>,
    /// The day it is of, or the first day of its month, in the archive's own days.
    pub day: NaiveDate,
    /// Address.
    pub url: String,
    /// Place below `data/raw`: `<source>/<the address below the base>`.
    pub path: PathBuf,
    /// Address of its checksum.
    pub checksum_url: Option<String>,
}

/// What a [`Told`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Missing or wrong within the archive.
    Hole,
    /// Before the dataset begins or after it ends.
    Outside,
    /// Not to be had without a key or payment, or withdrawn by the owner.
    OutOfReach,
    /// Layout or dates that nobody confirmed.
    Unconfirmed,
}

/// One thing to tell before starting. Prints as a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it is about.
    pub about: About,
    /// Name of the source.
    pub source: String,
    /// Name of the dataset; absent where it is the whole source.
    pub dataset: Option<String>,
    /// First day, in the archive's own days.
    pub from: NaiveDate,
    /// Last day, inclusive.
    pub to: NaiveDate,
    /// What to know.
    pub what: String,
    /// Who says so.
    pub cited: String,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.about {
            About::Hole => "hole",
            About::Outside => "outside",
            About::OutOfReach => "out of reach",
            About::Unconfirmed => "unconfirmed",
        };
        write!(f, "{}", self.source)?;
        if let Some(dataset) = &self.dataset {
            write!(f, " {dataset}")?;
        }
        write!(f, ", {}", self.from)?;
        if self.to != self.from {
            write!(f, " to {}", self.to)?;
        }
        write!(f, ": {word}: {} ({})", self.what, self.cited)
    }
}

/// Lists the files of a request and what is known of them.
///
/// # Errors
/// [`FetchError`] for names no source file knows, an empty window, and words that fit no address.
pub fn plan(sources: &[SourceFile], request: &Request) -> Result<Plan, FetchError> {
    if request.to <= request.from {
        return Err(FetchError::EmptyWindow {
            from: request.from,
            to: request.to,
        });
    }
    let symbols_asked = request.symbols.iter().map(|word| ("symbol", word));
    let mut words = symbols_asked.chain(request.interval.iter().map(|word| ("interval", word)));
    if let Some((what, word)) = words.find(|(_, word)| !pattern::fits(word)) {
        return Err(FetchError::UnfitWord {
            what,
            word: word.clone(),
        });
    }
    let chosen = choose(sources, request)?;
    let listed: BTreeSet<&str> = chosen
        .iter()
        .flat_map(|(_, dataset)| dataset.symbols.iter())
        .flat_map(|(asset, symbol)| [asset.as_str(), symbol.as_str()])
        .collect();
    let mut plan = Plan::default();
    let mut paths = BTreeSet::new();
    for (source, dataset) in chosen {
        let span = Span::of(dataset, request);
        plan.told.extend(span.told(source, dataset));
        if source.unavailable.is_some() || dataset.unavailable.is_some() {
            continue;
        }
        let symbols = symbols(dataset, &request.symbols, &listed);
        let touched = |hole: &&Hole| {
            let meant = |symbol: &Option<String>| {
                hole.symbols.is_empty() || symbol.as_ref().is_none_or(|symbol| hole.symbols.contains(symbol))
            };
            symbols.iter().any(meant) && span.touches(hole.from, hole.to)
        };
        plan.told
            .extend(dataset.holes.iter().filter(touched).map(|hole| Told {
                about: About::Hole,
                source: source.name.clone(),
                dataset: Some(dataset.name.clone()),
                from: hole.from,
                to: hole.to.unwrap_or(span.last).max(hole.from),
                what: hole.what.clone(),
                cited: hole.source.clone(),
            }));
        for symbol in &symbols {
            for day in span.units(dataset) {
                let file = file(source, dataset, symbol.as_deref(), day, request);
                if paths.insert(file.path.clone()) {
                    plan.files.push(file);
                }
            }
        }
    }
    Ok(plan)
}

/// The datasets a request means.
fn choose<'a>(
    sources: &'a [SourceFile],
    request: &Request,
) -> Result<Vec<(&'a SourceFile, &'a Dataset)>, FetchError> {
    let unknown = |name: &&String| !sources.iter().any(|source| source.name == **name);
    let mut named = request.sources.iter().chain(request.base_urls.keys());
    if let Some(name) = named.find(unknown) {
        return Err(FetchError::UnknownName {
            what: "source",
            name: name.clone(),
            known: sources.iter().map(|source| source.name.clone()).collect(),
        });
    }
    let all: Vec<(&SourceFile, &Dataset)> = sources
        .iter()
        .filter(|source| request.sources.is_empty() || request.sources.contains(&source.name))
        .flat_map(|source| source.datasets.iter().map(move |dataset| (source, dataset)))
        .collect();
    let unknown = |kind: &&String| {
        !all.iter()
            .any(|(_, dataset)| dataset.kind == **kind || dataset.name == **kind)
    };
    if let Some(kind) = request.kinds.iter().find(unknown) {
        let known: BTreeSet<&String> = all
            .iter()
            .flat_map(|(_, dataset)| [&dataset.kind, &dataset.name])
            .collect();
        return Err(FetchError::UnknownName {
            what: "kind",
            name: kind.clone(),
            known: known.into_iter().cloned().collect(),
        });
    }
    let meant = |dataset: &Dataset| {
        let named = request.kinds.contains(&dataset.name);
        let kind = request.kinds.is_empty() || request.kinds.contains(&dataset.kind);
        named || (kind && !dataset.on_request)
    };
    Ok(all.into_iter().filter(|(_, dataset)| meant(dataset)).collect())
}

/// The symbols of a dataset that a request means; one `None` where a file holds all.
fn symbols(dataset: &Dataset, asked: &[String], listed: &BTreeSet<&str>) -> BTreeSet<Option<String>> {
    if dataset.symbols.is_empty() {
        return BTreeSet::from([None]);
    }
    if asked.is_empty() {
        return dataset.symbols.values().cloned().map(Some).collect();
    }
    asked
        .iter()
        .filter_map(|word| {
            let own = dataset.symbols.values().any(|symbol| symbol == word);
            // A word another dataset lists is its word; one that nobody lists is tried wherever it might be.
            let anybody_s = own || !listed.contains(word.as_str());
            dataset.symbols.get(word).or(anybody_s.then_some(word)).cloned()
        })
        .map(Some)
        .collect()
}

fn file(
    source: &SourceFile,
    dataset: &Dataset,
    symbol: Option<&str>,
    day: NaiveDate,
    request: &Request,
) -> PlannedFile {
    let interval = request.interval.as_deref().or(dataset.interval.as_deref());
    let words = Words {
        symbol: symbol.unwrap_or_default(),
        interval: interval.unwrap_or_default(),
        day,
    };
    let below = pattern::fill(&dataset.url, &words);
    let base = request.base_urls.get(&source.name).unwrap_or(&source.base_url);
    let url = format!("{}/{below}", base.trim_end_matches('/'));
    PlannedFile {
        source: source.name.clone(),
        dataset: dataset.name.clone(),
        kind: dataset.kind.clone(),
        product: dataset.product.clone(),
        symbol: symbol.map(str::to_owned),
        day,
        path: PathBuf::from(&source.name).join(below),
        checksum_url: dataset
            .checksum
            .as_ref()
            .map(|checksum| checksum.replace("{url}", &url)),
        url,
    }
}

/// The window in the archive's own days, both ends inclusive.
struct Span {
    first: NaiveDate,
    last: NaiveDate,
}

impl Span {
    fn of(dataset: &Dataset, request: &Request) -> Self {
        let ahead_s = f64::from(dataset.day_ahead_h) * HOUR_S;
        let day = |at: Timestamp| {
            let micros = at.plus_seconds(ahead_s).micros();
            DateTime::from_timestamp_micros(micros).map_or(NaiveDate::MAX, |at| at.date_naive())
        };
        Self {
            first: day(request.from),
            last: day(Timestamp(request.to.micros() - 1)),
        }
    }

    fn touches(&self, from: NaiveDate, to: Option<NaiveDate>) -> bool {
        from <= self.last && to.is_none_or(|to| to >= self.first)
    }

    /// The days, or first days of months, of the files that exist within the window.
    fn units(&self, dataset: &Dataset) -> Vec<NaiveDate> {
        let first = self.first.max(dataset.from);
        let last = dataset.to.map_or(self.last, |to| to.min(self.last));
        if last < first {
            return Vec::new();
        }
        match dataset.period {
            Period::Day => first
                .iter_days()
                .take_while(|day| *day <= last)
                .filter(|day| dataset.free.is_none_or(|Free::FirstOfMonth| day.day() == 1))
                .collect(),
            Period::Month => {
                let begin = |day: NaiveDate| day.with_day(1).unwrap_or(day);
                std::iter::successors(Some(begin(first)), |month| {
                    month.checked_add_months(Months::new(1))
                })
                .take_while(|month| *month <= last)
                .collect()
            }
        }
    }

    /// What to tell of a dataset but its holes.
    fn told(&self, source: &SourceFile, dataset: &Dataset) -> Vec<Told> {
        let tell = |about, from: NaiveDate, to: NaiveDate, what: String| Told {
            about,
            source: source.name.clone(),
            dataset: Some(dataset.name.clone()),
            from,
            to,
            what,
            cited: dataset.source.clone(),
        };
        if let Some(why) = source.unavailable.as_ref().or(dataset.unavailable.as_ref()) {
            return vec![tell(About::OutOfReach, self.first, self.last, why.clone())];
        }
        let mut told = Vec::new();
        if self.first < dataset.from {
            let last = self.last.min(dataset.from - Days::new(1));
            let what = format!("it begins on {}", dataset.from);
            told.push(tell(About::Outside, self.first, last, what));
        }
        if let Some(end) = dataset.to.filter(|end| self.last > *end) {
            let first = self.first.max(end + Days::new(1));
            told.push(tell(
                About::Outside,
                first,
                self.last,
                format!("it ended on {end}"),
            ));
        }
        let units = self.units(dataset);
        let locked = |day: &NaiveDate| day.day() != 1;
        let mut days = self.first.iter_days().take_while(|day| *day <= self.last);
        if dataset.free == Some(Free::FirstOfMonth) && days.any(|day| locked(&day)) {
            let what = "only the first day of each month can be had without a key".to_owned();
            told.push(tell(About::OutOfReach, self.first, self.last, what));
        }
        if let Some(why) = dataset.unconfirmed.as_ref().filter(|_| !units.is_empty()) {
            told.push(tell(About::Unconfirmed, self.first, self.last, why.clone()));
        }
        told
    }
}
