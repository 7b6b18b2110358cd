//! The journal of a made-up crash as files: a table each, and every one of them says that it is made up.
//!
//! They lie in [`FOLDER`] beside the crash's truth and never in a tape, so that nothing that reads records meets them.
//! Every row begins with the name of its world and with [`PROVENANCE`]; the file's own metadata say the same.

use std::sync::Arc;

use aftershock_market::synthetic::{
    AmplificationRow, CheckRow, ClockRow, Journal, LedgerRow, LimitRow, MarketRow, OrderRow, OutcomeRow,
    ParameterRow, PriceRow, ResponseRow, RuleSetRow, ShapleyRow, WorldRow,
};
use arrow::datatypes::{Field, Schema, SchemaRef};

use crate::column::{self, Column};
use crate::file;

/// What every row says of itself.
pub const PROVENANCE: &str = "synthetic";
/// Folder of the files, beside the truth.
pub const FOLDER: &str = "journal";
/// The table that is written last: without it the others are not read.
pub const LAST: &str = "worlds";

/// Columns that every table begins with.
const EVERYWHERE: [(&str, &str); 2] = [
    (
        "world",
        "The made-up crash: its seed and the first digits of the digest of its declaration.",
    ),
    (
        "provenance",
        "`synthetic` in every row: nothing of this was recorded.",
    ),
];

/// A table and what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What a row of it is.
    pub about: &'static str,
    own: &'static [(&'static str, &'static str)],
}

impl Table {
    /// What a column means, with its unit.
    pub fn column_about(&self, column: &str) -> Option<&'static str> {
        let mut columns = EVERYWHERE.iter().chain(self.own);
        columns.find(|(name, _)| *name == column).map(|(_, about)| *about)
    }
}

/// The table of a name.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

macro_rules! last {
    ($name:ident) => {
        stringify!($name)
    };
    ($outer:ident $name:ident) => {
        stringify!($name)
    };
}

macro_rules! tables {
    ($($table:ident: $row:ty, $what:literal { $($field:ident $(. $inner:ident)?: $about:literal,)* })*) => {
        /// All tables, in the order of [`Journal`].
        pub const TABLES: &[Table] = &[$(Table {
            name: stringify!($table),
            about: $what,
            own: &[$((last!($field $($inner)?), $about)),*],
        }),*];

        /// Columns of a table, or `None` where no table has this name.
        pub fn schema(table: &str) -> Option<SchemaRef> {
            match table {
                $(stringify!($table) => Some(described(table, &column::schema(&$table("")))),)*
                _ => None,
            }
        }

        /// The files of a crash, name and bytes, in the order in which they are to be written.
        pub fn files(world: &str, journal: &Journal) -> Vec<(String, Vec<u8>)> {
            let mut files = vec![$((
                stringify!($table),
                file::encode_with(&column::batch(&$table(world), &journal.$table), &[], &said(stringify!($table))),
            )),*];
            files.sort_by_key(|(name, _)| *name == LAST);
            files.into_iter().map(|(name, bytes)| (format!("{FOLDER}/{name}.parquet"), bytes)).collect()
        }

        $(fn $table(world: &str) -> Vec<Column<$row>> {
            vec![
                Column::constant(EVERYWHERE[0].0, world),
                Column::constant(EVERYWHERE[1].0, PROVENANCE),
                $(Column::new(last!($field $($inner)?), |row: &$row| &row.$field $(.$inner)?)),*
            ]
        })*
    };
}

tables! {
    worlds: WorldRow, "A made-up crash." {
        title: "One line.",
        seed: "Names all its noise.",
        template: "How its declaration differs from the template.",
        declared_sha256: "SHA-256 of the declaration.",
        declared_toml: "The declaration.",
        start_at: "Its start; all of it lies in 2099.",
        end_at: "Its end.",
        ramp_from_at: "Where the fall of news begins.",
        ramp_to_at: "Where it ends.",
        ramp_fall_log: "How far news fall in it, log.",
        markets: "Number of markets.",
        open_interest_scale: "What the declared open interest was multiplied by to reach the declared amplification.",
        amplification_clock_s: "Clock on which amplification is declared, s.",
        amplification_declared: "Variance over that of the null off-book, as declared; null where open interest is.",
        path_clock_s: "Clock of the paths that a page draws, s.",
    }
    rule_sets: RuleSetRow, "A rule set that the crash was run under." {
        rule_set: "Its name.",
        title: "One line.",
        summary: "What it changes.",
        cost: "Who is worse off, and when.",
        source: "Where its parameters come from.",
        toml: "As written.",
    }
    markets: MarketRow, "A market at the start." {
        place.market: "Its number, from 0.",
        place.venue: "Its venue, which begins with `synthetic-`.",
        place.instrument: "What it trades.",
        asset: "The asset.",
        contract: "`linear` (a coin, settled in USD), `inverse` (a dollar, settled in coin) or `spot`.",
        settles_in: "Asset that it settles in.",
        reference: "Whether arbitrage holds the asset's other markets to this one.",
        volume_daily_usd: "Normal volume, USD a day.",
        open_interest_usd: "Open interest of one side at the start, USD.",
        depth_usd_per_log: "Normal depth of a side, USD a unit of log price.",
        maintenance_ratio: "Maintenance margin over notional; null on spot.",
        latency_s: "From the trigger of a liquidation to the book, s; null on spot.",
        fund_settled: "Insurance fund at the start, settlement asset.",
        vault_settled: "Vault behind it at the start, settlement asset.",
    }
    prices: PriceRow, "A market at an instant of the clock, under a rule set." {
        rule_set: "Under which rules.",
        event_at: "When.",
        place.market: "Number of the market.",
        place.venue: "Its venue.",
        place.instrument: "What it trades.",
        price_usd: "Price on the market, USD a coin; stands still while it is closed.",
        mark_usd: "What margin is valued at, USD a coin.",
        null_usd: "The null off-book: the same news and ordinary flow without any forced, arbitrage or carry flow, USD a coin.",
        bid_depth_ratio: "Depth of bids over normal, as makers last looked.",
        ask_depth_ratio: "Depth of asks over normal, likewise.",
        backlog_usd: "Forced orders that were sent and have not met the book, USD.",
        open_interest_contracts: "Open interest of one side, contracts.",
        open_interest_usd: "The same at the mark, USD.",
        funding_ratio: "Funding rate that is paid next, share of notional an interval; positive: longs pay.",
        arbitrage_usd: "What arbitrage has traded here so far, net, USD, purchases positive.",
        carry_usd: "What carry traders have traded here so far, net, USD, purchases positive.",
        closed: "Whether the market was halted or its venue down.",
    }
    orders: OrderRow, "A forced order at its execution, under a rule set." {
        rule_set: "Under which rules.",
        order_id: "Number, from 0, in the order of sending.",
        parent_id: "The order without which it would not have been sent by then; null where the null had triggered it by then.",
        family_id: "The order at the root of its family; itself where it has no parent.",
        generation: "0 without a parent, else one more than the parent's.",
        additional: "Whether the null never came to its trigger in the whole tape.",
        cause: "`liquidation`, `margin_call` or `collateral`.",
        place.market: "Number of the market.",
        place.venue: "Its venue.",
        place.instrument: "What it trades.",
        closes: "Side of the contract that was closed, `long` or `short`.",
        triggered_at: "When the mark crossed.",
        executed_at: "When it met the book.",
        trigger_usd: "Mark that triggered it, USD a coin.",
        before_usd: "Price on the market before it, USD a coin.",
        fill_usd: "Average fill, USD a coin.",
        quantity_contracts: "Filled on the book, contracts.",
        notional_usd: "Value of that at the fill, USD.",
        deleveraged_contracts: "Closed against winners at the bankruptcy price, contracts.",
        deleveraged_usd: "Value of that at the fill, USD.",
        margin_usd: "Loss that margins of those it closed bore, USD at the fill.",
        fund_usd: "Loss that the insurance fund bore, USD at the fill.",
        vault_usd: "Loss that the vault bore, USD at the fill.",
        winners_usd: "What winners were not paid: their contracts at the fill against the bankruptcy price, USD.",
        bad_debt_usd: "Loss that nobody bore, USD at the fill.",
    }
    ledger: LedgerRow, "A line of the books, under a rule set; exact to 1e-8." {
        rule_set: "Under which rules.",
        entry_id: "Number, from 0.",
        event_at: "When.",
        place.market: "Number of the market.",
        place.venue: "Its venue.",
        place.instrument: "What it trades.",
        order_id: "The order behind it; null for positions that were there before.",
        kind: "`endow`, `open`, `close`, `draw` (a reserve pays), `feed` (a reserve takes), `bad_debt` or `deposit`.",
        reserve: "`fund` or `vault` where a reserve pays or takes.",
        side: "Side of the contract, `long` or `short`, where a position moves.",
        quantity_contracts: "Contracts that move.",
        margin_settled: "Margin that goes in or comes out, settlement asset.",
        entry_value_settled: "Entry value, settlement asset.",
        exit_value_settled: "Value at the close, settlement asset.",
        amount_settled: "Amount of draws, feeds, bad debt and deposits, settlement asset.",
    }
    clock: ClockRow, "The world at an instant of the clock, under a rule set." {
        rule_set: "Under which rules.",
        event_at: "When.",
        spectral_radius: "Spectral radius of the response matrix at this instant; null where it is not finite.",
        arbitrage_capital_ratio: "Share of capital that arbitrage has free where it has least.",
    }
    response: ResponseRow, "An entry other than zero of the response matrix at an instant of the clock, under a rule set." {
        rule_set: "Under which rules.",
        event_at: "When.",
        to_market: "Number of the market whose price answers.",
        from_market: "Number of the market that falls.",
        response_ratio: "Fall that forced flow brings about at once, for a fall of one in log price.",
    }
    outcomes: OutcomeRow, "What a rule set came to in a market, or in all of them." {
        rule_set: "Under which rules.",
        place.market: "Number of the market; null for all together.",
        place.venue: "Its venue; `all` for all together.",
        place.instrument: "What it trades; `all` for all together.",
        fall_log: "Largest fall of the price from a running high, log; of all markets the deepest.",
        null_fall_log: "The same of the null off-book.",
        free_fall_log: "The same of the price where ordinary flow meets the books of this rule set's own world.",
        clock_s: "Clock of the amplification, s.",
        amplification: "Variance of the price over that of the null off-book on this clock, whole tape; null under thirty returns, or where a rule stopped the market for as long.",
        forced_orders: "Forced orders.",
        forced_usd: "Their value on the book, USD at the fill.",
        deleveraged_usd: "Closed against winners, USD at the fill.",
        fund_usd: "Loss that insurance funds bore, USD.",
        vault_usd: "Loss that vaults bore, USD.",
        bad_debt_usd: "Loss that nobody bore, USD.",
        backlog_peak_usd: "Most forced orders under way at once, USD.",
        halts: "Times that a market closed.",
        halted_s: "Time closed on the clock, s, summed over markets.",
        closed_at_end: "Markets still closed where the tape ends.",
        hastened_share: "Value of orders with a parent over that of all; null without an order.",
        additional_share: "Value of orders to whose trigger the null never came over that of all; null without an order.",
    }
    amplification: AmplificationRow, "Amplification on a clock, under a rule set." {
        rule_set: "Under which rules.",
        span: "`whole` tape, or the `crash`: from five minutes before the ramp's start to an hour after it.",
        clock_s: "The clock, s.",
        place.market: "Number of the market; null for the sum of all variances.",
        place.venue: "Its venue; `all` for all together.",
        place.instrument: "What it trades; `all` for all together.",
        returns: "Returns on the clock.",
        amplification: "Variance of the price over that of the null off-book; null under thirty returns, or where a rule stopped the market for as long as the clock.",
    }
    shapley: ShapleyRow, "What a channel of the world adds under the rules of record." {
        measure: "`log_amplification` of all markets on the declared clock, or `fall_log` of the deepest market.",
        channel: "The channel.",
        phi: "Its Shapley value.",
        first_in: "What it adds alone.",
        last_out: "What is lost where it is taken out last.",
        total: "What all channels add together.",
        efficiency_gap: "How far the values miss the total.",
        order_dependent: "Whether alone and last differ by more than half the value.",
    }
    checks: CheckRow, "Something that was counted twice or must hold." {
        rule_set: "Under which rules.",
        check: "What.",
        verdict: "`pass` or `fail`.",
        detail: "The figure it was judged by.",
    }
    parameters: ParameterRow, "A declared parameter." {
        number: "Its place in the declaration, from 0.",
        name: "Its name.",
        value: "Its value, as written in TOML.",
        about: "What it is, with its unit, in the template's words.",
        changed: "Whether it is not as in the template.",
    }
    limits: LimitRow, "What a reader must know." {
        number: "Its place, from 0.",
        topic: "`made up`, `the comparison`, `the model` or `not modelled`.",
        text: "In words.",
    }
}

/// What a file says of itself.
fn said(name: &str) -> Vec<(String, String)> {
    let mut said = vec![("provenance".to_owned(), PROVENANCE.to_owned())];
    if let Some(table) = table(name) {
        said.push(("about".to_owned(), table.about.to_owned()));
        let columns = EVERYWHERE.iter().chain(table.own);
        said.extend(columns.map(|(name, about)| (format!("column.{name}"), (*about).to_owned())));
    }
    said
}

/// The schema with the same words in it.
fn described(name: &str, schema: &SchemaRef) -> SchemaRef {
    let about = |field: &Arc<Field>| -> Field {
        let words = table(name).and_then(|table| table.column_about(field.name()));
        let words = words.map(|words| ("about".to_owned(), words.to_owned()));
        field.as_ref().clone().with_metadata(words.into_iter().collect())
    };
    let fields: Vec<Field> = schema.fields().iter().map(about).collect();
    let provenance = ("provenance".to_owned(), PROVENANCE.to_owned());
    Arc::new(Schema::new_with_metadata(
        fields,
        [provenance].into_iter().collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    #[test]
    fn every_file_says_that_it_is_made_up() {
        let files = files("1-0", &Journal::default());
        assert_eq!(files.len(), TABLES.len());
        assert_eq!(
            files.last().expect("there are tables").0,
            "journal/worlds.parquet"
        );
        for (name, bytes) in files {
            let reader = SerializedFileReader::new(Bytes::from(bytes)).expect("a whole file");
            let said = reader
                .metadata()
                .file_metadata()
                .key_value_metadata()
                .expect("words");
            let found = said
                .iter()
                .find(|one| one.key == "provenance")
                .and_then(|one| one.value.as_deref());
            assert_eq!(found, Some(PROVENANCE), "{name}");
        }
        for table in TABLES {
            let schema = schema(table.name).expect("every table has columns");
            assert_eq!(schema.field(1).name(), "provenance", "{}", table.name);
            for field in schema.fields() {
                assert!(
                    table
                        .column_about(field.name())
                        .is_some_and(|about| !about.is_empty())
                );
            }
        }
    }
}
