//! How a venue closes an account that no longer meets its maintenance margin: how much, by which order, and
//! when again.

use aftershock_market::{Cash, Coin, Price, Timestamp, UNITS_PER_ONE};

use super::contract::{Contract, MaintenanceOn};
use super::maintenance::MarginSchedule;
use super::rounding::Rounding;
use crate::dydx::limits::BlockLimits;

/// How a forced order meets the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    /// Takes whatever the book has until it is filled.
    Market,
    /// Takes what the book has at once; the rest is cancelled.
    ImmediateOrCancel,
    /// Is filled at once and whole, or not at all.
    FillOrKill,
    /// Never meets the book: the venue takes the position at its bankruptcy price and works it off.
    TakeOver,
}

/// The tier that a partial liquidation goes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The one below: BitMEX, Bybit.
    Below,
    /// The lowest: OKX.
    Lowest,
}

/// A venue's way of closing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LiquidationRule {
    /// Everything at once.
    Whole {
        /// By which order.
        order_kind: OrderKind,
    },
    /// Large positions are cut to the cap of a lower tier; small ones, and those of which a fill-or-kill
    /// order was not filled, go whole.
    ///
    /// Source: Bybit, "Liquidation process (USDC)": fill-or-kill for the excess, else the engine at
    /// bankruptcy; OKX help on partial liquidation: from tier 3 to tier 1, whole up to tier 2, again after
    /// about a minute; BitMEX, "Liquidation": the engine tries to bring the position to a lower risk limit.
    TieredPartial {
        /// Where a cut goes to.
        target: Target,
        /// The highest tier, from 1, that is closed whole.
        whole_through_tier: usize,
        /// Order of a cut.
        partial: OrderKind,
        /// Order for everything.
        whole: OrderKind,
        /// Time before the next order, s.
        retry_s: f64,
    },
    /// Small market orders until maintenance margin is no more than equity.
    ///
    /// Source: Deribit's early help page, "Incremental liquidation" (one contract of 10 USD at a time).
    Incremental {
        /// Size of an order.
        step: Coin,
        /// Time between two orders, s.
        pause_s: f64,
    },
    /// Above a notional only a fraction at first; after the cooldown everything that is left.
    ///
    /// Source: Hyperliquid, "Liquidations", by third parties: 100,000 USDC, 20 %, 30 s.
    FractionThenAll {
        /// The notional above which a first order is a fraction.
        threshold_usd: f64,
        /// That fraction.
        fraction: f64,
        /// Time before the second order, s.
        cooldown_s: f64,
    },
    /// Above a notional only a fraction; within a window after an order all that is left; then a fraction again.
    ///
    /// Source: Hyperliquid's announcement (copy of its channel, post 307); third parties say
    /// [`LiquidationRule::FractionThenAll`]. The window runs from the last order here, from the last fraction there.
    FractionFirst {
        /// The notional above which an order may be a fraction.
        threshold_usd: f64,
        /// That fraction.
        fraction: f64,
        /// How long after an order the next is for everything, s.
        window_s: f64,
        /// Time from one block to the next, s.
        block_s: f64,
    },
    /// In every block an immediate-or-cancel order for what its limits allow, until maintenance margin is no more than
    /// equity. The price that the order may be filled at is [`crate::dydx::Subaccount::fillable_price`].
    ///
    /// Source: dydxprotocol/v4-chain, `GetLiquidatablePositionSizeDelta`.
    BlockLimited {
        /// How much goes in a block.
        limits: BlockLimits,
        /// Time from one block to the next, s.
        block_s: f64,
    },
    /// One immediate-or-cancel order for the least quantity that, closed at the mark and with its fee paid,
    /// leaves the account compliant; if the account still falls short, the venue takes the rest at its
    /// bankruptcy price. Where no quantity can make it compliant, the order is for everything.
    ///
    /// Source: Binance, "Smart liquidation".
    SmartIoc {
        /// Liquidation fee over the value closed. It changed by date and sources conflict on it, see the record of
        /// the venue.
        fee: f64,
    },
}

impl LiquidationRule {
    /// What to do with an account now.
    pub fn propose(&self, account: &Account) -> Action {
        let unit_value = account.unit_value();
        let equity = account.equity.to_f64();
        let held = account.quantity;
        if held <= Coin::ZERO || equity >= account.margins.maintenance(held.to_f64(), unit_value) {
            return Action::Sound;
        }
        if let Some(last) = account.last.filter(|last| account.at < last.earliest_next_at) {
            return Action::Wait {
                until_at: last.earliest_next_at,
            };
        }
        let send = |quantity, order_kind, after_s| {
            Action::Send(Proposal {
                quantity,
                order_kind,
                earliest_next_at: account.at.plus_seconds(after_s),
            })
        };
        match *self {
            Self::Whole { order_kind } => send(held, order_kind, 0.0),
            Self::TieredPartial {
                target,
                whole_through_tier,
                partial,
                whole,
                retry_s,
            } => {
                let tier = account.margins.tier(held.to_f64(), unit_value);
                let killed =
                    partial == OrderKind::FillOrKill && account.last.is_some_and(|last| !last.filled);
                if killed || tier < whole_through_tier {
                    return send(held, whole, retry_s);
                }
                let to = match target {
                    Target::Below => tier.saturating_sub(1),
                    Target::Lowest => 0,
                };
                match account.largest_within(to, unit_value) {
                    kept if kept < held => send(held - kept, partial, retry_s),
                    _ => send(held, whole, retry_s),
                }
            }
            Self::Incremental { step, pause_s } => send(step.min(held), OrderKind::Market, pause_s),
            Self::FractionThenAll {
                threshold_usd,
                fraction,
                cooldown_s,
            } => {
                let notional_usd = account.contract.notional_usd(held, account.mark_usd);
                if account.last.is_some() || notional_usd <= threshold_usd {
                    return send(held, OrderKind::Market, 0.0);
                }
                send(account.part(fraction), OrderKind::Market, cooldown_s)
            }
            Self::FractionFirst {
                threshold_usd,
                fraction,
                window_s,
                block_s,
            } => {
                let until = |last: Forced| last.earliest_next_at.plus_seconds(window_s - block_s);
                let within = account.last.is_some_and(|last| account.at < until(last));
                let notional_usd = account.contract.notional_usd(held, account.mark_usd);
                let quantity = if within || notional_usd <= threshold_usd {
                    held
                } else {
                    account.part(fraction)
                };
                send(quantity, OrderKind::Market, block_s)
            }
            Self::BlockLimited { limits, block_s } => {
                let mark = Price::from_f64(account.mark_usd);
                let quantity = limits.quantity(held, mark, account.lot, Cash::ZERO);
                send(quantity, OrderKind::ImmediateOrCancel, block_s)
            }
            Self::SmartIoc { fee } => match account.last {
                Some(_) => send(held, OrderKind::TakeOver, 0.0),
                None => send(
                    account.least_compliant(fee).unwrap_or(held),
                    OrderKind::ImmediateOrCancel,
                    0.0,
                ),
            },
        }
    }
}

/// An account as its liquidation sees it. Of several positions the one to be closed is given, with equity net
/// of what the others need.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// What it holds.
    pub contract: Contract,
    /// How much.
    pub quantity: Coin,
    /// The mark, USD.
    pub mark_usd: f64,
    /// Margin and unrealised result at the mark, settlement asset.
    pub equity: Cash,
    /// Value at which it was opened, settlement asset.
    pub opening_value: Cash,
    /// What it has to meet.
    pub margins: &'a MarginSchedule,
    /// The value that margins are charged on and tiers counted in.
    pub on: MaintenanceOn,
    /// Smallest tradable quantity, positive; an order may also be for everything.
    pub lot: Coin,
    /// Now.
    pub at: Timestamp,
    /// The last order of this liquidation. To be forgotten once the account was [`Action::Sound`]: that a
    /// venue then starts over is our reading, sources do not say.
    pub last: Option<Forced>,
}

/// A forced order that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forced {
    /// From its proposal.
    pub earliest_next_at: Timestamp,
    /// Whether it was filled whole.
    pub filled: bool,
}

/// What a rule wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing: equity meets the maintenance margin.
    Sound,
    /// Nothing before `until_at`.
    Wait {
        /// The first instant at which an order may be sent.
        until_at: Timestamp,
    },
    /// Send this.
    Send(Proposal),
}

/// A forced order to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Quantity to close, above zero and at most what is held.
    pub quantity: Coin,
    /// By which order.
    pub order_kind: OrderKind,
    /// The first instant at which the next may be sent.
    pub earliest_next_at: Timestamp,
}

impl Account<'_> {
    /// Value of one contract that margins are charged on; closing a part leaves it as it is.
    fn unit_value(&self) -> f64 {
        match self.on {
            MaintenanceOn::EntryValue => self.opening_value.to_f64() / self.quantity.to_f64(),
            MaintenanceOn::MarkValue => self.contract.unit_value(self.mark_usd),
        }
    }

    /// A fraction of the position, in whole lots.
    fn part(&self, fraction: f64) -> Coin {
        self.up_to_lots(Coin((self.quantity.0 as f64 * fraction).round() as i64))
    }

    /// `quantity` rounded up to whole lots, at least one, at most what is held.
    fn up_to_lots(&self, quantity: Coin) -> Coin {
        let lots = Rounding::Up.divide(quantity.0 as i128, self.lot.0 as i128).max(1);
        self.lots(lots)
    }

    fn lots(&self, lots: i128) -> Coin {
        Coin((lots * self.lot.0 as i128).min(self.quantity.0 as i128) as i64)
    }

    /// The most of the position, in whole lots, that stays within `tier`.
    fn largest_within(&self, tier: usize, unit_value: f64) -> Coin {
        let cap = self.margins.cap_contracts(tier, unit_value) * UNITS_PER_ONE as f64;
        if cap >= self.quantity.0 as f64 {
            return self.quantity;
        }
        let kept = Coin(cap.round() as i64 / self.lot.0 * self.lot.0);
        // A cap that is no whole number of units may have been rounded to one above it.
        let over = self.margins.tier(kept.to_f64(), unit_value) > tier;
        if over { kept - self.lot } else { kept }
    }

    /// The least quantity, in lots, after which equity less the fee meets the maintenance margin of the rest.
    ///
    /// What is gained by closing one lot more is the tier's ratio less the fee. It falls with the position,
    /// so the surplus rises to one peak: the search ends where the surplus is not negative or the peak is
    /// passed, whichever comes first.
    fn least_compliant(&self, fee: f64) -> Option<Coin> {
        let equity = self.equity.to_f64();
        let unit_value = self.unit_value();
        let unit_fee = fee * self.contract.unit_value(self.mark_usd);
        let kept = |lots| (self.quantity - self.lots(lots)).to_f64();
        let sound = |lots| {
            let paid = unit_fee * self.lots(lots).to_f64();
            equity - paid >= self.margins.maintenance(kept(lots), unit_value)
        };
        let freed = |lots| unit_value * self.margins.marginal_ratio(kept(lots), unit_value);
        let ends = |lots| sound(lots) || freed(lots) <= unit_fee;
        let all = Rounding::Up.divide(self.quantity.0 as i128, self.lot.0 as i128);
        if ends(0) || !ends(all) {
            return None;
        }
        let (mut short, mut end) = (0, all);
        while end - short > 1 {
            let middle = short + (end - short) / 2;
            if ends(middle) {
                end = middle;
            } else {
                short = middle;
            }
        }
        sound(end).then(|| self.lots(end))
    }
}

/// Who takes what the book did not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backstop {
    /// Taken over where equity is below this share of the maintenance margin.
    pub equity_share_of_maintenance: f64,
}

impl Backstop {
    /// Whether position and margin go to the backstop, the book having failed. Both in the settlement asset.
    #[inline]
    pub fn takes_over(&self, equity: f64, maintenance: f64) -> bool {
        equity < self.equity_share_of_maintenance * maintenance
    }
}

/// What a liquidated account is charged on the part that was closed. Zero for book liquidations of
/// Hyperliquid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiquidationFee {
    /// Over its value at the mark.
    pub on_mark: f64,
    /// Over its value at the fill.
    pub on_fill: f64,
}

impl LiquidationFee {
    /// The fee, rounded up, settlement asset.
    ///
    /// Source: Chitra et al. on auto-deleveraging, appendix.
    pub fn charge(&self, mark_value: Cash, fill_value: Cash) -> Cash {
        Rounding::Up.part_of(mark_value, self.on_mark) + Rounding::Up.part_of(fill_value, self.on_fill)
    }
}

#[cfg(test)]
#[path = "liquidation_tests.rs"]
mod tests;
