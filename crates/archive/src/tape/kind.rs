//! The tables of a tape: which columns each has, what its stamp is, and when two of its rows are the same event.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// Form of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An instant, microseconds of UTC.
    At,
    /// A whole number.
    Int,
    /// A number: the double nearest to what the source wrote.
    Real,
    /// One of few words.
    Word,
    /// Any text.
    Text,
    /// Yes or no.
    Flag,
}

impl Form {
    /// Arrow's type while rows are gathered; in the file a word is text like any other.
    pub fn data_type(self) -> DataType {
        match self {
            Self::At => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Int => DataType::Int64,
            Self::Real => DataType::Float64,
            Self::Word => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            Self::Text => DataType::Utf8,
            Self::Flag => DataType::Boolean,
        }
    }
}

/// One column of a table of the tape.
#[derive(Clone, Copy, Debug)]
pub struct ColumnSpec {
    /// Name in files and SQL, unit last.
    pub name: &'static str,
    /// Its form.
    pub form: Form,
    /// A row without it cannot stand.
    pub required: bool,
    /// What it means.
    pub about: &'static str,
}

/// How much time one part of a table covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// A day: tables with a row a tick.
    Day,
    /// A month: tables with a row a minute or so.
    Month,
    /// A year: tables with a few rows a day.
    Year,
}

/// When two rows of a table are one event.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// Columns that hold the venue's id, the first one that is not null deciding; empty where there is none.
    pub id: &'static [&'static str],
    /// With equal ids these must be equal too, else the rows conflict and both are kept.
    pub facts: &'static [&'static str],
    /// Rows without an id are one event where all columns but the origin are equal. Where this is set, one source
    /// can still hold several such events (two trades of one size at one price and instant), so that equal rows of
    /// one source are all kept, and of several sources as many as the source with the most has.
    pub repeats: bool,
    /// The id is content that several events of one source can share, because no source of the table carries an id
    /// that all others carry too. Rows of one id are then counted as `repeats` says and never merged within a source.
    pub shared: bool,
    /// Stamps of one id may differ by less than this between sources of other precision, µs.
    pub tolerance_us: i64,
}

macro_rules! kinds {
    ($($(#[doc = $about:literal])* $kind:ident $name:literal $module:ident $span:ident
        $identity:expr;
        { $($column:ident: $form:ident $requirement:ident $column_name:literal $column_about:literal,)* })*) => {
        /// A table of the tape.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum Kind {
            $($(#[doc = $about])* #[serde(rename = $name)] $kind,)*
        }

        impl Kind {
            /// All tables, in the order of their definition.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// Name of the table in folders and SQL.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// What a row of it is.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$kind => concat!($($about),*).trim_ascii(),)* }
            }

            /// How much time one part covers.
            pub const fn span(self) -> Span {
                match self { $(Self::$kind => Span::$span,)* }
            }

            /// When two rows are one event.
            pub const fn identity(self) -> Identity {
                match self { $(Self::$kind => $identity,)* }
            }

            /// Its own columns, the stamp first; [`ORIGIN`] follows them in every table.
            pub const fn own_columns(self) -> &'static [ColumnSpec] {
                match self { $(Self::$kind => $module::COLUMNS,)* }
            }
        }

        $(
            #[doc = concat!("Columns of `", $name, "`.")]
            pub mod $module {
                #[allow(unused_imports, reason = "not every table has columns of every form")]
                use super::{At, ColumnSpec, Flag, Form, Int, Real, Text, Word};

                #[allow(non_camel_case_types, dead_code, clippy::upper_case_acronyms, reason = "only its numbers are used, and it is named like the columns")]
                enum Place { $($column,)* }
                $(
                    #[doc = $column_about]
                    pub const $column: $form = $form(Place::$column as usize);
                )*
                pub(super) const COLUMNS: &[ColumnSpec] = &[$(ColumnSpec {
                    name: $column_name,
                    form: Form::$form,
                    required: kinds!(@ $requirement),
                    about: $column_about,
                },)*];
            }
        )*
    };
    (@ needed) => { true };
    (@ maybe) => { false };
}

macro_rules! places {
    ($($(#[doc = $about:literal])* $name:ident)*) => {
        $($(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub usize);)*
    };
}

places! {
    /// Place of a column of instants.
    At
    /// Place of a column of whole numbers.
    Int
    /// Place of a column of numbers.
    Real
    /// Place of a column of words.
    Word
    /// Place of a column of texts.
    Text
    /// Place of a column of flags.
    Flag
}

/// A table with ids: equal ids with equal facts are one event.
const fn by_id(
    id: &'static [&'static str],
    facts: &'static [&'static str],
    repeats: bool,
    tolerance_us: i64,
) -> Identity {
    Identity {
        id,
        facts,
        repeats,
        shared: false,
        tolerance_us,
    }
}

/// A table whose stamp and `key` name a row: there is one funding rate at one time.
const fn by_key(key: &'static [&'static str], facts: &'static [&'static str]) -> Identity {
    Identity {
        id: key,
        facts,
        repeats: false,
        shared: false,
        tolerance_us: 1,
    }
}

/// A table whose sources agree only on what happened: the key is content, and one source may hold it more than once.
const fn by_content(key: &'static [&'static str]) -> Identity {
    Identity {
        id: key,
        facts: &[],
        repeats: true,
        shared: true,
        tolerance_us: 1,
    }
}

/// As [`by_key`], for stamps that differ by milliseconds from source to source.
const fn within_a_second(key: &'static [&'static str], facts: &'static [&'static str]) -> Identity {
    Identity {
        tolerance_us: 1_000_000,
        ..by_key(key, facts)
    }
}

kinds! {
    /// One trade, or one aggregated trade.
    Trades "trades" trades Day
    by_id(&["trade_id", "trade_key"], &["price", "quantity", "side", "first_trade_id"], true, 1_000);
    {
        TRADED_AT: At needed "traded_at" "When the venue matched it.",
        TRADE_ID: Int maybe "trade_id" "The venue's number of the trade.",
        PRICE: Real needed "price" "Quote asset for one unit of the base asset.",
        QUANTITY: Real needed "quantity" "How much, in `quantity_unit`.",
        QUANTITY_UNIT: Word needed "quantity_unit" "`base`: units of the base asset; `quote`: of the quote asset, USD for inverse contracts of one dollar; `contract`: contracts of `contract_size`.",
        CONTRACT_SIZE: Real maybe "contract_size" "Size of one contract, where quantity is in contracts and the size is known.",
        CONTRACT_UNIT: Word maybe "contract_unit" "Unit of `contract_size`: `base` or `quote`.",
        SIDE: Word maybe "side" "Side of the taker: `buy` or `sell`.",
        FIRST_TRADE_ID: Int maybe "first_trade_id" "First trade of an aggregated one.",
        LAST_TRADE_ID: Int maybe "last_trade_id" "Last trade of an aggregated one.",
        TRADE_KEY: Text maybe "trade_key" "The venue's id of the trade where it is not a number.",
        QUOTE_QUANTITY: Real maybe "quote_quantity" "How much in the quote asset, where the source says so.",
        BASE_QUANTITY: Real maybe "base_quantity" "How much in the base asset, where the source says so and `quantity` is in another unit.",
        BEST_MATCH: Flag maybe "best_match" "The archive's flag that the trade was at the best price.",
        LIQUIDATION: Word maybe "liquidation" "Who was liquidated by it, where the venue marks trades: `maker`, `taker` or `both`.",
        TICK: Word maybe "tick" "The venue's direction of the tick, as written.",
        BLOCK: Text maybe "block" "Id of the block trade, combo or auction it belongs to.",
        INDEX_PRICE: Real maybe "index_price" "Index at the trade.",
        MARK_PRICE: Real maybe "mark_price" "Mark at the trade.",
        IMPLIED_VOLATILITY: Real maybe "implied_volatility" "Of an option's trade, ratio a year.",
        RECEIVED_AT: At maybe "received_at" "When the recorder received it.",
        NANOSECONDS: Int maybe "nanoseconds" "Nanoseconds of the stamp beyond its microsecond, where the source is that fine.",
        SEQUENCE: Int maybe "sequence" "The venue's number of the trade within its instrument.",
        CONTRACTS: Real maybe "contracts" "Number of contracts, where the source gives it beside the quantity.",
        TRADE_TYPE: Word maybe "trade_type" "The venue's own class of the trade, as written: BitMEX's `trdType`, Bybit's `RPI`, OKX's `source`, Binance's `X`, which is `MARKET` for trades of the book.",
        BOOK: Word maybe "book" "Which of the venue's books, where it has several.",
        SETTLEMENT_VALUE: Real maybe "settlement_value" "Value in the smallest unit of the settlement asset, as the venue counts it.",
        PRICE_ORIGIN: Word maybe "price_origin" "`derived` where the source holds only `quote_quantity` and `quantity` and the price is their exact ratio.",
        EVENT_AT: At maybe "event_at" "When the venue sent it, where it stamps that too.",
    }

    /// One bar: extremes and volume of an interval.
    Bars "bars" bars Month
    by_key(&["interval_s", "price_kind"], &["open", "high", "low", "close", "volume"]);
    {
        OPEN_AT: At needed "open_at" "Start of the interval.",
        INTERVAL_S: Int needed "interval_s" "Length of the interval, s; 0 where bars are not cut by time.",
        PRICE_KIND: Word needed "price_kind" "`last`, `mark`, `index` or `premium`.",
        CLOSE_AT: At needed "close_at" "End of the interval, exclusive.",
        OPEN: Real needed "open" "First price; on BitMEX the close of the bar before.",
        HIGH: Real needed "high" "Highest price.",
        LOW: Real needed "low" "Lowest price.",
        CLOSE: Real needed "close" "Last price.",
        VOLUME: Real maybe "volume" "Volume, in `volume_unit`.",
        VOLUME_UNIT: Word maybe "volume_unit" "`base`, `quote` or `contract`.",
        BASE_VOLUME: Real maybe "base_volume" "Volume in the base asset, where `volume` is in another unit and the source says so.",
        QUOTE_VOLUME: Real maybe "quote_volume" "Volume in the quote asset.",
        TRADES: Int maybe "trades" "Number of trades.",
        TAKER_BUY_VOLUME: Real maybe "taker_buy_volume" "Of `volume`, what takers bought.",
        TAKER_BUY_BASE_VOLUME: Real maybe "taker_buy_base_volume" "Of `base_volume`, what takers bought.",
        TAKER_BUY_QUOTE_VOLUME: Real maybe "taker_buy_quote_volume" "Of `quote_volume`, what takers bought.",
        VWAP: Real maybe "vwap" "Mean price by volume.",
        LAST_QUANTITY: Real maybe "last_quantity" "Quantity of the last trade.",
        PRICE_ORIGIN: Word needed "price_origin" "`recorded`, or `derived` where the source computed it from something else.",
        SETTLEMENT_VALUE: Real maybe "settlement_value" "Turnover in the smallest unit of the settlement asset, as the venue counts it.",
    }

    /// Best bid and ask.
    Quotes "quotes" quotes Day
    by_id(&["update_id"], &["bid_price", "bid_quantity", "ask_price", "ask_quantity"], true, 1_000);
    {
        QUOTED_AT: At needed "quoted_at" "When the venue stamped it.",
        RECEIVED_AT: At maybe "received_at" "When the recorder received it.",
        UPDATE_ID: Int maybe "update_id" "The venue's number of the update.",
        BID_PRICE: Real maybe "bid_price" "Best bid; null where there was none.",
        BID_QUANTITY: Real maybe "bid_quantity" "Quantity at the best bid, in `quantity_unit`.",
        ASK_PRICE: Real maybe "ask_price" "Best ask; null where there was none.",
        ASK_QUANTITY: Real maybe "ask_quantity" "Quantity at the best ask, in `quantity_unit`.",
        QUANTITY_UNIT: Word needed "quantity_unit" "`base`, `quote` or `contract`.",
        NANOSECONDS: Int maybe "nanoseconds" "Nanoseconds of the stamp beyond its microsecond, where the source is that fine.",
        QUOTE_ORIGIN: Word maybe "quote_origin" "`recorded` as the venue sent it, `derived` where a vendor read it off the book; null where the source does not say.",
        EVENT_AT: At maybe "event_at" "When the venue sent it, where it stamps that too.",
    }

    /// One level of the book: a change, or part of a snapshot.
    Depth "depth" depth Day
    by_id(&[], &[], true, 1);
    {
        UPDATED_AT: At needed "updated_at" "When the venue stamped it.",
        RECEIVED_AT: At maybe "received_at" "When the recorder received it.",
        UPDATE_ID: Int maybe "update_id" "The venue's number of the update, the last one where it covers several.",
        FIRST_UPDATE_ID: Int maybe "first_update_id" "First number that the update covers.",
        PREVIOUS_UPDATE_ID: Int maybe "previous_update_id" "Last number of the update before it.",
        SNAPSHOT: Flag needed "snapshot" "Part of a whole book rather than a change.",
        SIDE: Word needed "side" "`bid` or `ask`.",
        LEVEL: Int maybe "level" "Place in the book from 0, in snapshots of fixed depth.",
        PRICE: Real needed "price" "Price of the level.",
        QUANTITY: Real needed "quantity" "Resting there now, in `quantity_unit`; 0 where the level is gone.",
        QUANTITY_UNIT: Word needed "quantity_unit" "`base`, `quote` or `contract`.",
        NANOSECONDS: Int maybe "nanoseconds" "Nanoseconds of the stamp beyond its microsecond, where the source is that fine.",
        EVENT_AT: At maybe "event_at" "When the venue sent it, where it stamps that too.",
    }

    /// One clearing of a book: what was known of it before is no longer true.
    BookResets "book_resets" book_resets Month
    by_id(&[], &[], true, 1);
    {
        RESET_AT: At needed "reset_at" "When the venue stamped it.",
        RECEIVED_AT: At maybe "received_at" "When the recorder received it.",
        SIDE: Word maybe "side" "`bid` or `ask`; null where both are cleared.",
        PRICE: Real maybe "price" "Levels from the best one to this price are cleared; null where all of the side is.",
        NANOSECONDS: Int maybe "nanoseconds" "Nanoseconds of the stamp beyond its microsecond, where the source is that fine.",
    }

    /// Resting quantity within a band around the price.
    DepthBands "depth_bands" depth_bands Month
    by_key(&["band_pct"], &["quantity", "notional_quote"]);
    {
        TAKEN_AT: At needed "taken_at" "When the book was looked at.",
        BAND_PCT: Real needed "band_pct" "Distance from the price, percent; bids below 0.",
        QUANTITY: Real needed "quantity" "Resting up to there, in `quantity_unit`.",
        QUANTITY_UNIT: Word needed "quantity_unit" "`base`, `quote` or `contract`.",
        NOTIONAL_QUOTE: Real maybe "notional_quote" "The same in the quote asset.",
    }

    /// One forced order as the venue prints it.
    Liquidations "liquidations" liquidations Month
    by_id(&["liquidation_key"], &["price", "quantity", "side"], true, 1_000);
    {
        LIQUIDATED_AT: At needed "liquidated_at" "When the venue stamped it.",
        LIQUIDATION_KEY: Text maybe "liquidation_key" "The venue's id of the order or fill.",
        SIDE: Word maybe "side" "Side of the forced order: `sell` closes a long.",
        PRICE: Real maybe "price" "Price of the order.",
        AVERAGE_PRICE: Real maybe "average_price" "Mean price of its fills.",
        QUANTITY: Real needed "quantity" "Quantity of the order, in `quantity_unit`.",
        FILLED_QUANTITY: Real maybe "filled_quantity" "Filled so far.",
        LAST_FILLED_QUANTITY: Real maybe "last_filled_quantity" "Of the last fill.",
        QUANTITY_UNIT: Word needed "quantity_unit" "`base`, `quote` or `contract`.",
        CONTRACT_SIZE: Real maybe "contract_size" "Size of one contract, where quantity is in contracts and the size is known.",
        CONTRACT_UNIT: Word maybe "contract_unit" "Unit of `contract_size`: `base` or `quote`.",
        STATUS: Word maybe "status" "Status of the order, as written.",
        ORDER_TYPE: Word maybe "order_type" "Type and time in force, as written.",
        METHOD: Word maybe "method" "How it was closed, as the venue calls it: `market`, `backstop`.",
        MARK_PRICE: Real maybe "mark_price" "Mark at the liquidation.",
        ACCOUNT: Text maybe "account" "Who was liquidated.",
        BANKRUPTCY_PRICE: Real maybe "bankruptcy_price" "Where equity was zero.",
        COVERAGE: Word needed "coverage" "`complete`; `throttled` where the feed shows one order a second and sums are lower bounds; `aggregated` where a row sums up an interval of `interval_s`; `unknown`.",
        INTERVAL_S: Int maybe "interval_s" "Length that an aggregated row sums up, from `liquidated_at`, s.",
        RECEIVED_AT: At maybe "received_at" "When the recorder received it.",
        BANKRUPTCY_LOSS: Real maybe "bankruptcy_loss" "Loss beyond the margin, as the venue gives it.",
        EVENT_AT: At maybe "event_at" "When the venue sent it, where it stamps that too.",
    }

    /// One profitable position closed to cover another's loss.
    Deleveragings "deleveragings" deleveragings Month
    by_id(&["deleveraging_key"], &["price", "quantity", "side"], true, 1_000);
    {
        DELEVERAGED_AT: At needed "deleveraged_at" "When the venue stamped it.",
        DELEVERAGING_KEY: Text maybe "deleveraging_key" "The venue's id of the fill.",
        SIDE: Word needed "side" "Side of the closing order: `buy` closes a short.",
        PRICE: Real needed "price" "Price of the closing.",
        QUANTITY: Real needed "quantity" "How much, in `quantity_unit`.",
        QUANTITY_UNIT: Word needed "quantity_unit" "`base`, `quote` or `contract`.",
        ACCOUNT: Text maybe "account" "Whose position was closed.",
        LIQUIDATED_ACCOUNT: Text maybe "liquidated_account" "Whose loss it covered.",
        CLOSED_PROFIT_QUOTE: Real maybe "closed_profit_quote" "Profit realized by the closing.",
        MARK_PRICE: Real maybe "mark_price" "Mark at the closing.",
        RECEIVED_AT: At maybe "received_at" "When the recorder received it.",
    }

    /// One funding payment, or a rate charged continuously as of an instant.
    Funding "funding" funding Year
    // Venues stamp a settlement some milliseconds late, and not all vendors keep them.
    within_a_second(&["rate_kind"], &["rate"]);
    {
        FUNDED_AT: At needed "funded_at" "When it was settled, or the instant a rate was read.",
        RATE: Real needed "rate" "Ratio of notional for one interval; longs pay where it is above zero.",
        RATE_KIND: Word needed "rate_kind" "`settled`; `predicted` for the coming settlement, `predicted_next` for the one behind it; `continuous` where it is charged at every instant; `daily_sum` in quote asset for one unit of base.",
        INTERVAL_H: Real maybe "interval_h" "Length of the interval the rate is for, hours.",
        MARK_PRICE: Real maybe "mark_price" "Mark it was charged on.",
        RATE_DAILY: Real maybe "rate_daily" "The venue's own rate for a day.",
        PREMIUM: Real maybe "premium" "Premium of the perpetual over the index, ratio.",
        SETTLES_AT: At maybe "settles_at" "The settlement that a predicted rate is for.",
    }

    /// Open interest at an instant.
    OpenInterest "open_interest" open_interest Month
    by_key(&["quantity_unit"], &["quantity"]);
    {
        READ_AT: At needed "read_at" "When it was read.",
        QUANTITY: Real needed "quantity" "One side, in `quantity_unit`.",
        QUANTITY_UNIT: Word needed "quantity_unit" "`base`, `quote` or `contract`.",
        NOTIONAL_QUOTE: Real maybe "notional_quote" "The same in the quote asset, where the source says so.",
    }

    /// Longs against shorts at an instant.
    LongShort "long_short" long_short Month
    by_key(&["measure"], &["ratio"]);
    {
        READ_AT: At needed "read_at" "When it was read.",
        MEASURE: Word needed "measure" "What is compared: `accounts`, `top_trader_accounts`, `top_trader_positions` or `taker_volume`.",
        RATIO: Real needed "ratio" "Longs divided by shorts, or buys by sells.",
        LONG_SHARE: Real maybe "long_share" "Longs of all, where the source says so.",
    }

    /// Mark, index and their kin at an instant.
    Marks "marks" marks Day
    by_id(&[], &[], false, 1);
    {
        MARKED_AT: At needed "marked_at" "When the venue stamped it.",
        RECEIVED_AT: At maybe "received_at" "When the recorder received it.",
        MARK_PRICE: Real maybe "mark_price" "What margin is valued at.",
        INDEX_PRICE: Real maybe "index_price" "Spot composite.",
        ORACLE_PRICE: Real maybe "oracle_price" "What a chain was told.",
        LAST_PRICE: Real maybe "last_price" "Last trade.",
        MID_PRICE: Real maybe "mid_price" "Middle of the book.",
        SETTLEMENT_PRICE: Real maybe "settlement_price" "Estimated settlement.",
        IMPACT_BID_PRICE: Real maybe "impact_bid_price" "Price of selling the venue's impact notional.",
        IMPACT_ASK_PRICE: Real maybe "impact_ask_price" "Price of buying it.",
        PREMIUM: Real maybe "premium" "Premium of the perpetual over the index, ratio.",
        VOLUME_DAY_QUOTE: Real maybe "volume_day_quote" "Traded over the last day, quote asset.",
        PRICE_DAY_BEFORE: Real maybe "price_day_before" "Price a day before.",
    }

    /// One look at one option.
    Options "options" options Day
    by_id(&[], &[], false, 1);
    {
        QUOTED_AT: At needed "quoted_at" "When the venue stamped it.",
        RECEIVED_AT: At maybe "received_at" "When the recorder received it.",
        OPTION_TYPE: Word needed "option_type" "`call` or `put`.",
        STRIKE_PRICE: Real needed "strike_price" "Strike.",
        EXPIRES_AT: At needed "expires_at" "Expiry.",
        UNDERLYING: Word maybe "underlying" "What it is written on.",
        UNDERLYING_PRICE: Real maybe "underlying_price" "Its price.",
        OPEN_INTEREST: Real maybe "open_interest" "In contracts of the base asset.",
        LAST_PRICE: Real maybe "last_price" "Last trade, in the option's own quote asset.",
        BID_PRICE: Real maybe "bid_price" "Best bid.",
        BID_QUANTITY: Real maybe "bid_quantity" "At the best bid.",
        BID_IMPLIED_VOLATILITY: Real maybe "bid_implied_volatility" "Ratio a year.",
        ASK_PRICE: Real maybe "ask_price" "Best ask.",
        ASK_QUANTITY: Real maybe "ask_quantity" "At the best ask.",
        ASK_IMPLIED_VOLATILITY: Real maybe "ask_implied_volatility" "Ratio a year.",
        MARK_PRICE: Real maybe "mark_price" "The venue's mark.",
        MARK_IMPLIED_VOLATILITY: Real maybe "mark_implied_volatility" "Ratio a year.",
        DELTA: Real maybe "delta" "As the venue gives it.",
        GAMMA: Real maybe "gamma" "As the venue gives it.",
        VEGA: Real maybe "vega" "As the venue gives it.",
        THETA: Real maybe "theta" "As the venue gives it.",
        RHO: Real maybe "rho" "As the venue gives it.",
    }

    /// One liquidation of a loan; the instrument is the collateral asset.
    LendingLiquidations "lending_liquidations" lending_liquidations Year
    by_content(&["event_key"]);
    {
        LIQUIDATED_AT: At needed "liquidated_at" "Time of the block.",
        EVENT_KEY: Text maybe "event_key" "What the sources of one event agree on: second, borrower and collateral to twelve digits, as `1655078400:0x12…:2.36651103000e0`.",
        BLOCK_NUMBER: Int maybe "block_number" "The block.",
        TRANSACTION: Text maybe "transaction" "Hash of the transaction.",
        LOG_INDEX: Int maybe "log_index" "Place of the log in the block.",
        EVENT: Word needed "event" "Name of the event, such as `LiquidationCall`.",
        COLLATERAL_ASSET: Text maybe "collateral_asset" "Symbol or address.",
        COLLATERAL_QUANTITY: Real maybe "collateral_quantity" "Taken from the borrower, in units of the asset.",
        COLLATERAL_QUANTITY_RAW: Text maybe "collateral_quantity_raw" "The same as the contract counts it.",
        COLLATERAL_USD: Real maybe "collateral_usd" "Its value, where the source says so.",
        DEBT_ASSET: Text maybe "debt_asset" "Symbol or address.",
        DEBT_QUANTITY: Real maybe "debt_quantity" "Repaid, in units of the asset.",
        DEBT_QUANTITY_RAW: Text maybe "debt_quantity_raw" "The same as the contract counts it.",
        DEBT_USD: Real maybe "debt_usd" "Its value, where the source says so.",
        BORROWER: Text maybe "borrower" "Whose loan it was.",
        LIQUIDATOR: Text maybe "liquidator" "Who repaid it.",
        POOL: Text maybe "pool" "Contract that logged it.",
        AMOUNT_ORIGIN: Word needed "amount_origin" "`decimal` as written; `scaled` where whole units of the contract were divided by the token's decimals; `raw` where the decimals are not known.",
    }

    /// One step of a collateral auction; the instrument is the collateral type.
    Auctions "auctions" auctions Year
    by_id(&["event_key"], &[], false, 1);
    {
        OCCURRED_AT: At needed "occurred_at" "Time of the block.",
        EVENT_KEY: Text maybe "event_key" "Transaction and place of the log.",
        BLOCK_NUMBER: Int maybe "block_number" "The block.",
        TRANSACTION: Text maybe "transaction" "Hash of the transaction.",
        LOG_INDEX: Int maybe "log_index" "Place of the log in the block.",
        EVENT: Word needed "event" "`bite`, `kick`, `tend`, `dent`, `deal`, `bark`, `take`, `redo`, `yank`; `buy` where a protocol sells without an auction.",
        CONTRACT: Text maybe "contract" "Contract that logged it.",
        AUCTION_ID: Int maybe "auction_id" "Number of the auction.",
        COLLATERAL_QUANTITY: Real maybe "collateral_quantity" "Lot, in units of the collateral.",
        BID_QUANTITY: Real maybe "bid_quantity" "Bid, in units of the debt asset.",
        DEBT_QUANTITY: Real maybe "debt_quantity" "To be raised, in units of the debt asset.",
        PRICE: Real maybe "price" "Price of the collateral in the debt asset.",
        BIDDER: Text maybe "bidder" "Who bid.",
        BORROWER: Text maybe "borrower" "Whose vault it was.",
        RAW: Text maybe "raw" "All arguments as the contract wrote them, as JSON.",
    }

    /// One event of a pool.
    Pools "pools" pools Day
    by_id(&["event_key"], &[], false, 1);
    {
        OCCURRED_AT: At needed "occurred_at" "Time of the block.",
        EVENT_KEY: Text maybe "event_key" "Transaction and place of the log.",
        BLOCK_NUMBER: Int maybe "block_number" "The block.",
        TRANSACTION: Text maybe "transaction" "Hash of the transaction.",
        LOG_INDEX: Int maybe "log_index" "Place of the log in the block.",
        EVENT: Word needed "event" "`swap`, `sync`, `mint`, `burn` or `collect`.",
        AMOUNT_0: Real maybe "amount_0" "Of the first token, into the pool above zero, in units of the token where its decimals are known.",
        AMOUNT_1: Real maybe "amount_1" "Of the second token, likewise.",
        RESERVE_0: Real maybe "reserve_0" "First reserve after the event.",
        RESERVE_1: Real maybe "reserve_1" "Second reserve after the event.",
        SQRT_PRICE_X96: Text maybe "sqrt_price_x96" "Root of the price as the contract holds it.",
        TICK: Int maybe "tick" "Tick after the event.",
        TICK_LOWER: Int maybe "tick_lower" "Lower tick of the position.",
        TICK_UPPER: Int maybe "tick_upper" "Upper tick of the position.",
        LIQUIDITY: Text maybe "liquidity" "Liquidity, as the contract holds it.",
        SENDER: Text maybe "sender" "Who called.",
        RECIPIENT: Text maybe "recipient" "Who was paid.",
        RAW: Text maybe "raw" "All arguments as the contract wrote them, as JSON.",
        AMOUNT_ORIGIN: Word needed "amount_origin" "As in `lending_liquidations`.",
    }

    /// One value that belongs to no other table: a gas price, a reserve, an interest rate.
    Levels "levels" levels Month
    by_key(&["measure"], &["value"]);
    {
        READ_AT: At needed "read_at" "When it was read.",
        MEASURE: Word needed "measure" "What was measured.",
        VALUE: Real needed "value" "How much, in `unit`.",
        UNIT: Word needed "unit" "Its unit.",
    }

    /// One row of a source that could not be kept.
    Rejects "rejects" rejects Year
    by_id(&[], &[], false, 1);
    {
        REASON: Word needed "reason" "Why, a word of a closed list.",
        RAW: Text needed "raw" "The row as it stands in the source, up to 4 kB.",
        COLUMN: Word maybe "column" "The column whose number does not read; null where the reason is another.",
    }
}

/// Columns that end every table.
pub const ORIGIN: &[ColumnSpec] = &[
    ColumnSpec {
        name: "exact",
        form: Form::Text,
        required: false,
        about: "Numbers whose text a double cannot give back, as `column=digits`, spaces between.",
    },
    ColumnSpec {
        name: "source",
        form: Form::Word,
        required: true,
        about: "Which file: the first 16 digits of its SHA-256, and the member of an archive that has several.",
    },
    ColumnSpec {
        name: "source_row",
        form: Form::Int,
        required: true,
        about: "Row of that file, from 0, a header not counted.",
    },
];

impl Kind {
    /// The table of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// All its columns: its own, then [`ORIGIN`].
    pub fn columns(self) -> impl Iterator<Item = &'static ColumnSpec> {
        self.own_columns().iter().chain(ORIGIN)
    }

    /// Name of the column that orders it, absent for rejects.
    pub fn stamp(self) -> Option<&'static str> {
        self.own_columns()
            .first()
            .filter(|column| column.form == Form::At)
            .map(|column| column.name)
    }

    /// The column with the venue's number by which rows stamped alike are ordered, those without one last; where it has one.
    pub fn number(self) -> Option<&'static str> {
        match self {
            Self::Trades => Some("trade_id"),
            Self::Quotes | Self::Depth => Some("update_id"),
            _ => None,
        }
    }

    /// Schema of its rows while they are gathered; venue and instrument are folders.
    pub fn schema(self) -> SchemaRef {
        self.schema_of(Form::data_type)
    }

    /// Schema of its files: words are text there.
    pub fn stored_schema(self) -> SchemaRef {
        self.schema_of(|form| match form {
            Form::Word => DataType::Utf8,
            other => other.data_type(),
        })
    }

    fn schema_of(self, data_type: fn(Form) -> DataType) -> SchemaRef {
        let fields: Vec<Field> = self
            .columns()
            .map(|column| Field::new(column.name, data_type(column.form), !column.required))
            .collect();
        Arc::new(Schema::new(fields))
    }
}
