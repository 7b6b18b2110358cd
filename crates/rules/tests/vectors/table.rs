//! A table of vectors: printed whole, then asserted row by row.

/// Who says what is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Printed in the venue's own document.
    Official,
    /// A test of the protocol's or another's code.
    Test,
    /// Computed from the sourced formula.
    Derived,
}

/// Vectors of one family, in order.
#[derive(Default)]
pub struct Table {
    rows: Vec<(String, bool)>,
}

impl Table {
    /// A number within `tolerance` of what is expected: half a unit of the last digit that the source prints.
    #[expect(clippy::too_many_arguments, reason = "the columns of a row")]
    pub fn near(
        &mut self,
        id: &str,
        kind: Kind,
        source: &str,
        what: &str,
        expected: f64,
        ours: f64,
        tolerance: f64,
    ) {
        let holds = (ours - expected).abs() <= tolerance;
        self.row(id, kind, source, what, &expected.to_string(), &shown(ours), holds);
    }

    /// Something that is as expected, or is not: an amount to the unit, an order of accounts, a refusal.
    pub fn same<T: PartialEq + std::fmt::Debug>(
        &mut self,
        id: &str,
        kind: Kind,
        source: &str,
        what: &str,
        expected: T,
        ours: T,
    ) {
        let holds = expected == ours;
        self.row(
            id,
            kind,
            source,
            what,
            &format!("{expected:?}"),
            &format!("{ours:?}"),
            holds,
        );
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of a row")]
    fn row(
        &mut self,
        id: &str,
        kind: Kind,
        source: &str,
        what: &str,
        expected: &str,
        ours: &str,
        holds: bool,
    ) {
        let verdict = if holds { "holds" } else { "FAILS" };
        let kind = format!("{kind:?}").to_lowercase();
        self.rows.push((
            format!("| {id} | {what} | {expected} | {ours} | {verdict} | {kind}: {source} |"),
            holds,
        ));
    }

    /// Prints the rows and asserts that all hold.
    pub fn finish(self) {
        assert!(!self.rows.is_empty(), "a table of vectors has rows");
        for (row, _) in &self.rows {
            println!("{row}");
        }
        let failed: Vec<&String> = self
            .rows
            .iter()
            .filter(|(_, holds)| !holds)
            .map(|(row, _)| row)
            .collect();
        assert!(failed.is_empty(), "vectors that do not hold: {failed:#?}");
    }
}

/// Ten decimals at most.
fn shown(number: f64) -> String {
    let text = format!("{number:.10}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
