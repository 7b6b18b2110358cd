//! All that a world did, in memory, in the order in which it happened.

use aftershock_market::{Cash, Coin, Side, Timestamp};

/// Why an order was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A mark crossed a liquidation price.
    Liquidation,
    /// A call at another venue is met by selling here.
    MarginCall,
    /// Collateral of a broken account is sold.
    Collateral,
}

impl Cause {
    /// The word in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Liquidation => "liquidation",
            Self::MarginCall => "margin_call",
            Self::Collateral => "collateral",
        }
    }
}

/// An order that somebody had to send, at its execution.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderRow {
    /// Number, from 0, in the order of sending.
    pub id: u32,
    /// The order without which it would not have been sent: absent where the price without forced flow would have
    /// triggered it too.
    pub parent: Option<u32>,
    /// Whether the null never came to the mark that triggered it: with a parent and without this it came only sooner.
    pub additional: bool,
    /// 0 where there is no parent, else one more than the parent's.
    pub generation: u32,
    /// Why.
    pub cause: Cause,
    /// Place of the market.
    pub market: usize,
    /// Side of the contract that was closed.
    pub side: Side,
    /// When the mark crossed, or the cause arose.
    pub triggered_at: Timestamp,
    /// When it met the book.
    pub executed_at: Timestamp,
    /// Log mark at the trigger.
    pub log_trigger: f64,
    /// Log price on the market before and the average fill.
    pub log_before: f64,
    /// Average fill, log; of an auction the price that the positions got.
    pub log_fill: f64,
    /// Filled on the book.
    pub quantity: Coin,
    /// Value of that, USD.
    pub notional_usd: f64,
    /// Closed against winners at the bankruptcy price.
    pub deleveraged: Coin,
    /// Value of that, USD.
    pub deleveraged_usd: f64,
    /// Profit that those closed against it gave up: at the mark less at the price they were closed at, USD.
    pub deleveraged_profit_usd: f64,
    /// What a keeper kept who bought the lot in an auction and sold it on, USD: 0 without one.
    pub keeper_usd: f64,
    /// Loss beyond the margins, settlement asset.
    pub deficit: Cash,
    /// Paid of it by fund and vault.
    pub covered: Cash,
    /// Charged to winners of it, a claim that their margins do not show.
    pub socialised: Cash,
    /// Left of it.
    pub bad_debt: Cash,
    /// Of the margin of the positions closed what their loss took, fees included, settlement asset; of an account nothing, whose
    /// cash answers for all that it holds.
    pub margin_lost: Cash,
    /// Fees charged on it, settlement asset, without what a keeper kept.
    pub fees: Cash,
}

/// Whose position an entry moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// One of the many who are kept as levels.
    Cohort,
    /// An account by its place.
    Account(u32),
}

/// What an entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A position that was there before.
    Endow,
    /// A position opens.
    Open,
    /// A position, or part of one, closes at `exit_value`.
    Close,
    /// A reserve pays `amount`; `side` is not read, `quantity` is the reserve: 0 the fund, 1 the vault.
    Draw,
    /// A reserve takes `amount`.
    Feed,
    /// `amount` is charged to winners.
    Socialised,
    /// Makers, or a keeper, get `amount` that a forced order was charged; it is in the exit value of the close.
    Fee,
    /// `amount` stays unpaid.
    BadDebt,
    /// Cash of an account changes by `amount` from outside: its deposit, a transfer, the sale of its collateral.
    Deposit,
}

/// One line of the books, in the settlement asset of its market and in its frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The order at whose fill it was written; absent where none is behind it.
    pub order: Option<u32>,
    /// Place of the market.
    pub market: usize,
    /// What.
    pub kind: EntryKind,
    /// Whose.
    pub holder: Holder,
    /// Side in the frame.
    pub side: Side,
    /// Contracts.
    pub quantity: Coin,
    /// Margin that goes in (open) or comes out (close).
    pub margin: Cash,
    /// Entry value.
    pub entry_value: Cash,
    /// Value at the close.
    pub exit_value: Cash,
    /// For draws, feeds, fees, bad debt and deposits.
    pub amount: Cash,
}

/// A market at an instant of the clock.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceRow {
    /// When.
    pub at: Timestamp,
    /// Place of the market.
    pub market: usize,
    /// Log price on the market.
    pub log_price: f64,
    /// Log mark.
    pub log_mark: f64,
    /// Log price without any forced or arbitrage flow: the null `off-book`.
    pub log_null: f64,
    /// Depth over normal of bids and of asks, as makers last looked.
    pub depth_ratio: [f64; 2],
    /// Forced orders that were sent and have not met the book, USD: the backlog.
    pub backlog_usd: f64,
    /// Open interest of one side.
    pub open_interest: Coin,
    /// Funding rate that will be paid next, an interval.
    pub funding_rate: f64,
    /// What arbitrageurs have traded here so far, net, USD.
    pub arbitrage_usd: f64,
    /// What carry traders have traded here so far, net, USD.
    pub carry_usd: f64,
    /// Whether the venue was down or the market halted.
    pub closed: bool,
}

/// The world at an instant of the clock.
#[derive(Clone, Debug, PartialEq)]
pub struct ClockRow {
    /// When.
    pub at: Timestamp,
    /// Response matrix `R = K·G` between markets, row by row: forced flow of the column's market (for a fall of one in
    /// log price) times its impact on the row's.
    pub response: Vec<f64>,
    /// Its spectral radius.
    pub spectral_radius: f64,
    /// Share of capital that arbitrageurs have free where they have least.
    pub arbitrage_capital: f64,
}

/// A halt that a rule called, at its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HaltRow {
    /// Place of the market.
    pub market: usize,
    /// When the price left the rule's band.
    pub from_at: Timestamp,
    /// When trading resumed.
    pub until_at: Timestamp,
    /// Edge of the band: the last log price before.
    pub log_edge: f64,
    /// First log price after.
    pub log_reopening: f64,
}

/// The rows of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Journal {
    /// Orders, in the order of execution.
    pub orders: Vec<OrderRow>,
    /// The books.
    pub entries: Vec<Entry>,
    /// Prices on the clock.
    pub prices: Vec<PriceRow>,
    /// The world on the clock.
    pub clock: Vec<ClockRow>,
    /// Halts that ended.
    pub halts: Vec<HaltRow>,
}

impl Journal {
    /// Value of orders that the null would not have triggered by then, over the value of all: `1 - immigrants / all`. In a
    /// fall that goes on, nearly every order comes a little sooner for those before it, so that this is close to one and
    /// says little; see [`Journal::additional_share`]. Absent without an order.
    pub fn branching_ratio(&self) -> Option<f64> {
        self.share(|row| row.parent.is_some())
    }

    /// Value of orders that the null would never have triggered, over the value of all. Absent without an order.
    pub fn additional_share(&self) -> Option<f64> {
        self.share(|row| row.additional)
    }

    fn share(&self, of: impl Fn(&OrderRow) -> bool) -> Option<f64> {
        let value = |row: &OrderRow| row.notional_usd + row.deleveraged_usd;
        let all: f64 = self.orders.iter().map(value).sum();
        let part: f64 = self.orders.iter().filter(|row| of(row)).map(value).sum();
        (all > 0.0).then(|| part / all)
    }
}
