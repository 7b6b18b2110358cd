//! The table that `aftershock check --gate G13 --out` writes, read back.

use std::num::{ParseFloatError, ParseIntError};

use aftershock_query::catalog::RecoveryRow;

const HEADER: &str = "family,figure,clock_s,by,crashes,covers,width,interval_score,median_error,bias,signs_right,signs_of,\
                      claims_right,claims_of,false_claims,false_claims_of,first,draws,replays";

/// A table that is not the one the gate writes.
#[derive(Debug, thiserror::Error)]
#[error("{file}, line {line}: {reason}; write it again with `aftershock check --gate G13 --out {file}`")]
pub struct Refused {
    file: String,
    line: u64,
    reason: String,
}

/// The rows of `text`; `file` names it in errors.
///
/// # Errors
/// Another header, a value that is none of its column's, or a count above what it is counted of.
pub(crate) fn parse(file: &str, text: &str) -> Result<Vec<RecoveryRow>, Refused> {
    let refused = |line, reason| Refused {
        file: file.to_owned(),
        line,
        reason,
    };
    if text.lines().next() != Some(HEADER) {
        return Err(refused(1, format!("the header is not `{HEADER}`")));
    }
    let mut rows = Vec::new();
    for record in csv::Reader::from_reader(text.as_bytes()).records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(1, csv::Position::line);
            refused(line, format!("it is not a row of the header: {error}"))
        })?;
        let line = record.position().map_or(1, csv::Position::line);
        rows.push(row(&record).map_err(|reason| refused(line, reason))?);
    }
    Ok(rows)
}

fn row(record: &csv::StringRecord) -> Result<RecoveryRow, String> {
    let place = |column: &str| HEADER.split(',').position(|name| name == column);
    let text = |column: &str| {
        place(column)
            .and_then(|place| record.get(place))
            .unwrap_or_default()
    };
    let one_of = |column: &str, known: &[&str]| {
        let found = text(column);
        known
            .contains(&found)
            .then(|| found.to_owned())
            .ok_or_else(|| format!("`{column}` is `{found}`, not one of {}", known.join(", ")))
    };
    let count = |column: &str| {
        let found = text(column);
        found
            .parse::<u64>()
            .map_err(|_: ParseIntError| format!("`{column}` is `{found}`, not a whole number"))
    };
    let number = |column: &str| {
        let found = text(column);
        let reason = || format!("`{column}` is `{found}`, not a number");
        let value: f64 = found.parse().map_err(|_: ParseFloatError| reason())?;
        value.is_finite().then_some(value).ok_or_else(reason)
    };
    for (part, whole) in [
        ("covers", "crashes"),
        ("signs_right", "signs_of"),
        ("signs_of", "crashes"),
        ("claims_right", "claims_of"),
        ("claims_of", "signs_of"),
        ("false_claims", "false_claims_of"),
        ("false_claims_of", "crashes"),
    ] {
        if count(part)? > count(whole)? {
            return Err(format!(
                "`{part}` is {}, more than `{whole}`, which is {}",
                text(part),
                text(whole)
            ));
        }
    }
    Ok(RecoveryRow {
        family: one_of("family", &["own", "foreign"])?,
        figure: one_of("figure", &["amplification", "effect"])?,
        clock_s: number("clock_s")?,
        way: one_of("by", &["calibrated", "prior-only", "prior-only on bars"])?,
        crashes: count("crashes")?,
        covers: count("covers")?,
        width: number("width")?,
        interval_score: number("interval_score")?,
        median_error: number("median_error")?,
        bias: number("bias")?,
        signs_right: count("signs_right")?,
        signs_of: count("signs_of")?,
        claims_right: count("claims_right")?,
        claims_of: count("claims_of")?,
        false_claims: count("false_claims")?,
        false_claims_of: count("false_claims_of")?,
        first: count("first")?,
        draws: count("draws")?,
        replays: count("replays")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        "own,effect,300,prior-only on bars,100,97,1.5,1.75,0.125,-0.0625,40,60,12,13,2,30,1000,180,40";

    fn told(text: &str) -> String {
        parse("data/recovery.csv", text).map_or_else(|error| error.to_string(), |rows| format!("{rows:?}"))
    }

    #[test]
    fn the_embedded_table_can_be_read() {
        let embedded = crate::catalog::RECOVERY;
        assert!(parse("data/recovery.csv", embedded).is_ok(), "{}", told(embedded));
    }

    #[test]
    fn every_value_lands_in_its_column() {
        let rows = parse("data/recovery.csv", &format!("{HEADER}\n{LINE}\n")).unwrap_or_default();
        let expected = RecoveryRow {
            family: "own".into(),
            figure: "effect".into(),
            clock_s: 300.0,
            way: "prior-only on bars".into(),
            crashes: 100,
            covers: 97,
            width: 1.5,
            interval_score: 1.75,
            median_error: 0.125,
            bias: -0.0625,
            signs_right: 40,
            signs_of: 60,
            claims_right: 12,
            claims_of: 13,
            false_claims: 2,
            false_claims_of: 30,
            first: 1000,
            draws: 180,
            replays: 40,
        };
        assert_eq!(rows, [expected]);
        assert_eq!(told(HEADER), "[]");
    }

    #[test]
    fn a_malformed_line_is_named_with_its_fault() {
        let wrong = |from: &str, to: &str| told(&format!("{HEADER}\n{LINE}\n{}\n", LINE.replace(from, to)));
        for (found, words) in [
            (
                wrong("own", "ours"),
                "data/recovery.csv, line 3: `family` is `ours`, not one of own, foreign",
            ),
            (
                wrong(",97,", ",many,"),
                "line 3: `covers` is `many`, not a whole number",
            ),
            (
                wrong(",97,", ",101,"),
                "line 3: `covers` is 101, more than `crashes`, which is 100",
            ),
            (
                wrong("1.75", "NaN"),
                "line 3: `interval_score` is `NaN`, not a number",
            ),
            (wrong(",40,60", ",40"), "line 3: it is not a row of the header"),
            (
                told("family,figure\n"),
                "line 1: the header is not `family,figure,clock_s,by,",
            ),
        ] {
            assert!(found.contains(words), "{found}");
            assert!(
                found.ends_with("`aftershock check --gate G13 --out data/recovery.csv`"),
                "{found}"
            );
        }
    }
}
