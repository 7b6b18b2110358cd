//! The calibrations of a data folder, a row a line.

use std::fs;
use std::path::Path;

use aftershock_market::Timestamp;
use aftershock_query::catalog::CalibrationRow;
use serde::Deserialize;

/// Folder of the files that `aftershock calibrate` writes.
const FOLDER: &str = "calibrations";

/// What is read of a file; `aftershock_calibrate::calibration` writes it.
#[derive(Deserialize)]
struct File {
    priors_sha256: String,
    market: Market,
    span: Span,
    limits: Vec<String>,
    parameters: Vec<Parameter>,
    impact: Vec<Impact>,
    leverage: Vec<Class>,
    figures: Vec<Figure>,
}

#[derive(Deserialize)]
struct Market {
    venue: String,
    instrument: String,
}

#[derive(Deserialize)]
struct Span {
    from: String,
    to: String,
    step_s: f64,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    origin: String,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    unit: String,
    how: String,
}

#[derive(Deserialize)]
struct Impact {
    form: String,
    recorded_depth: bool,
    verdict: String,
    reason: Option<String>,
    y: f64,
    low: f64,
    high: f64,
}

#[derive(Deserialize)]
struct Class {
    leverage: f64,
    low: f64,
    median: f64,
    high: f64,
    identified: bool,
}

#[derive(Deserialize)]
struct Figure {
    figure: String,
    clock_s: f64,
    low: f64,
    median: f64,
    high: f64,
}

/// Every line of every file, by name; a file that cannot be read has one row that says why.
pub(super) fn rows(data: &Path) -> Vec<CalibrationRow> {
    let files = fs::read_dir(data.join(FOLDER)).into_iter().flatten().flatten();
    let mut files: Vec<_> = files
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    files.iter().flat_map(|path| of(path)).collect()
}

fn of(path: &Path) -> Vec<CalibrationRow> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let read = fs::read_to_string(path).map_err(|error| error.to_string());
    let lines = read.and_then(|text| lines(&name, &text));
    lines.unwrap_or_else(|fault| {
        vec![CalibrationRow {
            file: name.into(),
            fault: Some(fault),
            ..CalibrationRow::default()
        }]
    })
}

fn lines(name: &str, text: &str) -> Result<Vec<CalibrationRow>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
    let at = |text: &str| -> Result<Timestamp, String> {
        text.parse().map_err(|_| format!("`{text}` is no instant"))
    };
    let line = CalibrationRow {
        file: name.to_owned(),
        venue: Some(file.market.venue),
        instrument: Some(file.market.instrument),
        from_at: Some(at(&file.span.from)?),
        to_at: Some(at(&file.span.to)?),
        step_s: Some(file.span.step_s),
        priors_sha256: Some(file.priors_sha256),
        ..CalibrationRow::default()
    };
    let part = |part: &str, name: Option<String>| CalibrationRow {
        part: Some(part.to_owned()),
        name,
        ..line.clone()
    };
    let figures = file.figures.into_iter().map(|one| CalibrationRow {
        clock_s: Some(one.clock_s),
        value: Some(one.median),
        low: Some(one.low),
        high: Some(one.high),
        unit: Some("ratio of variances".into()),
        ..part("figure", Some(one.figure))
    });
    let impact = file.impact.into_iter().map(|one| {
        let depth = if one.recorded_depth {
            ", with the depth of the tape"
        } else {
            ""
        };
        let reason = one
            .reason
            .as_ref()
            .map_or(String::new(), |reason| format!(": {reason}"));
        let origin = if one.reason.is_some() { "prior" } else { "fitted" };
        CalibrationRow {
            value: Some(one.y),
            low: Some(one.low),
            high: Some(one.high),
            unit: Some("Y of the square-root law".into()),
            origin: Some(origin.into()),
            how: Some(format!("{}{reason}", one.verdict)),
            ..part("impact", Some(format!("{}{depth}", one.form)))
        }
    });
    let leverage = file.leverage.into_iter().map(|one| {
        let (origin, how) = if one.identified {
            ("fitted", "printed liquidations")
        } else {
            ("prior", "no printed liquidations speak of it")
        };
        CalibrationRow {
            value: Some(one.median),
            low: Some(one.low),
            high: Some(one.high),
            unit: Some("share of open interest at opening".into()),
            origin: Some(origin.into()),
            how: Some(how.into()),
            ..part("leverage", Some(format!("{}x", one.leverage)))
        }
    });
    let parameters = file.parameters.into_iter().map(|one| CalibrationRow {
        value: one.value,
        low: one.low,
        high: one.high,
        unit: Some(one.unit),
        origin: Some(one.origin),
        how: Some(one.how),
        ..part("parameter", Some(one.name))
    });
    let limits = file.limits.into_iter().map(|limit| CalibrationRow {
        how: Some(limit),
        ..part("limit", None)
    });
    Ok(figures
        .chain(impact)
        .chain(leverage)
        .chain(parameters)
        .chain(limits)
        .collect())
}
