//! Files that are read, and files that are refused.

use aftershock_market::Timestamp;

use super::{Dated, InForce, Trust, VenueFile};

const HEAD: &str = "title = \"Nowhere\"\nabout = \"A venue of tests.\"\n";

fn row(parameter: &str, instrument: &str, from: &str, value: &str) -> String {
    let instrument = if instrument.is_empty() {
        String::new()
    } else {
        format!("instrument = \"{instrument}\"\n")
    };
    format!(
        "[[rule]]\nparameter = \"{parameter}\"\n{instrument}valid_from = {from}T00:00:00Z\ndated = \"announced\"\n\
         value = {value}\nunit = \"ratio\"\nsource = \"a page\"\ntrust = \"high\"\n"
    )
}

fn day(text: &str) -> Timestamp {
    text.parse().expect("a day")
}

fn file(rows: &[String]) -> VenueFile {
    VenueFile::parse("nowhere", &format!("{HEAD}{}", rows.concat())).expect("a venue's file")
}

#[track_caller]
fn refused(text: &str) -> String {
    VenueFile::parse("nowhere", text)
        .expect_err("it is refused")
        .to_string()
}

#[test]
fn the_latest_row_of_the_date_is_in_force_and_an_instruments_own_before_all_instruments() {
    let file = file(&[
        row("ratio", "", "2020-01-01", "0.01"),
        row("ratio", "", "2022-01-01", "0.02"),
        row("ratio", "A", "2021-01-01", "0.03"),
        row("other", "B", "2020-06-01", "1"),
    ]);
    let ratio = |instrument: &str, at: &str| InForce::new(&file, instrument, day(at))?.number("ratio");
    assert_eq!(ratio("A", "2020-12-31"), Ok(0.01));
    assert_eq!(ratio("A", "2021-01-01"), Ok(0.03));
    assert_eq!(ratio("A", "2023-01-01"), Ok(0.03));
    assert_eq!(ratio("B", "2021-12-31"), Ok(0.01));
    assert_eq!(ratio("B", "2022-01-01"), Ok(0.02));
    assert_eq!(file.instruments(), ["A", "B"]);
    let changes: Vec<Timestamp> = file.changes("B").into_iter().collect();
    assert_eq!(changes, [day("2020-01-01"), day("2020-06-01"), day("2022-01-01")]);
    assert_eq!(
        ratio("A", "2019-12-31").map_err(|error| error.to_string()),
        Err(
            "nowhere.toml:1: Nowhere has no rules of A at 2019-12-31T00:00:00Z; the first are of \
             2020-01-01T00:00:00Z"
                .to_owned()
        )
    );
    assert_eq!(
        ratio("C", "2021-01-01").map_err(|error| error.to_string()),
        Err("nowhere.toml:1: Nowhere has no rules of an instrument 'C'; known are A, B".to_owned())
    );
}

#[test]
fn a_rule_ends_where_it_says() {
    let ends = row("old", "", "2020-01-01", "1") + "valid_to = 2021-01-01T00:00:00Z\n";
    let file = file(&[ends.clone(), row("new", "", "2021-01-01", "2")]);
    let held = |at: &str| -> Vec<String> {
        let rules = InForce::new(&file, "", day(at)).expect("it has rules");
        rules.rules().map(|rule| rule.parameter.clone()).collect()
    };
    assert_eq!(
        (held("2020-12-31"), held("2021-01-01")),
        (vec!["old".to_owned()], vec!["new".to_owned()])
    );
    assert_eq!(
        refused(&format!("{HEAD}{}", ends.replace("2021-01-01T", "2020-01-01T"))),
        "nowhere.toml:3: old ends before it begins"
    );
}

#[test]
fn what_is_read_has_its_kind_and_range() {
    let file = file(&[
        row("whole", "", "2020-01-01", "7"),
        row("word", "", "2020-01-01", "\"entry\""),
        row("tiers", "", "2020-01-01", "[{ cap = 1.5 }, { cap = 2 }]"),
    ]);
    let rules = InForce::new(&file, "", day("2021-01-01")).expect("it has rules");
    assert_eq!(rules.all_read().expect_err("nothing is read").line, 19);
    assert_eq!(rules.number("whole"), Ok(7.0));
    assert_eq!(rules.optional_number("absent"), Ok(None));
    assert_eq!(rules.word("word", &[("mark", 1), ("entry", 2)]), Ok(2));
    #[derive(serde::Deserialize)]
    struct Row {
        cap: f64,
    }
    let rows: Vec<Row> = rules.rows("tiers").expect("rows");
    assert_eq!(rows.iter().map(|row| row.cap).sum::<f64>(), 3.5);
    assert_eq!(rules.all_read(), Ok(()));
    let said = |error: super::RecordError| error.to_string();
    assert_eq!(
        rules.ratio("whole").map_err(said),
        Err("nowhere.toml:3: whole at 2021-01-01T00:00:00Z: is 7, should be a ratio from 0 to 1".to_owned())
    );
    assert_eq!(
        rules.number("word").map_err(said),
        Err("nowhere.toml:11: word at 2021-01-01T00:00:00Z: is \"entry\", should be a number".to_owned())
    );
    assert_eq!(
        rules.word("word", &[("mark", 1)]).map_err(said),
        Err("nowhere.toml:11: word at 2021-01-01T00:00:00Z: is \"entry\", should be one of mark".to_owned())
    );
    assert_eq!(
        rules.number("absent").map_err(said),
        Err("nowhere.toml:1: absent at 2021-01-01T00:00:00Z: is not set, and the venue needs it".to_owned())
    );
}

#[test]
fn provenance_is_kept() {
    let rows = row("ratio", "", "2020-01-01", "0.5")
        .replace("announced", "assumed")
        .replace("high", "unconfirmed");
    let file = file(&[rows, "note = \"n\"\nstand_in = true\n".to_owned()]);
    let rule = &file.rules[0];
    assert_eq!((rule.dated, rule.trust), (Dated::Assumed, Trust::Unconfirmed));
    assert_eq!(
        (rule.line, rule.source.as_str(), rule.note.as_str()),
        (3, "a page", "n")
    );
    assert!(rule.stand_in && Trust::Unconfirmed < Trust::High);
}

#[test]
fn a_broken_file_names_its_line() {
    let one = row("ratio", "", "2020-01-01", "0.5");
    assert!(
        refused(&format!("{HEAD}{}", one.replace("trust", "thrust")))
            .starts_with("nowhere.toml:10: unknown field")
    );
    assert_eq!(
        refused(&format!("{HEAD}{one}{one}")),
        "nowhere.toml:11: ratio of 2020-01-01T00:00:00Z is set twice, here and in line 3"
    );
    assert_eq!(
        refused(&format!(
            "{HEAD}{}",
            one.replace("2020-01-01T00:00:00Z", "2020-01-01T00:00:00")
        )),
        "nowhere.toml:3: valid_from of ratio is 2020-01-01T00:00:00, should be an instant in UTC such as \
         2021-03-18T00:00:00Z"
    );
    assert_eq!(
        refused(&format!("{HEAD}{}", one.replace("a page", ""))),
        "nowhere.toml:3: ratio needs a source and a unit"
    );
    let conflict = "[[conflict]]\nparameter = \"rate\"\nclaims = [\"a\", \"b\"]\nwhy = \"w\"\n";
    assert_eq!(
        refused(&format!("{HEAD}{one}{conflict}")),
        "nowhere.toml:1: a conflict about 'rate', which no rule sets"
    );
}
