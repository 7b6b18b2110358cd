//! Auto-deleveraging: which winners are closed, how much of each, and at what price, once no reserve is left.

use aftershock_market::{Coin, Side};

use super::rounding::Rounding;

/// A position that may be closed against a bankrupt one. Values in the settlement asset, unsigned unless said
/// otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// Its side.
    pub side: Side,
    /// Entry price, USD.
    pub entry_usd: f64,
    /// Mark, USD.
    pub mark_usd: f64,
    /// Value when it was opened.
    pub opening_value: f64,
    /// Value at the mark.
    pub mark_value: f64,
    /// Unrealised result, signed.
    pub profit: f64,
    /// Margin behind it, above zero.
    pub margin: f64,
    /// Margin and result, signed; of the account where margin is crossed.
    pub equity: f64,
    /// Maintenance margin.
    pub maintenance: f64,
}

/// Who is closed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ranking {
    /// Result over opening value times effective leverage; a loss is divided by it. Effective leverage is the
    /// value over what is left to bankruptcy, which is the equity.
    ///
    /// Source: BitMEX support, "Auto-deleveraging".
    Bitmex,
    /// Result over collateral, times the margin ratio (maintenance over equity). How a loss ranks is
    /// unconfirmed: it is divided here, as at BitMEX.
    ///
    /// Source: Binance, "Auto-deleveraging".
    Binance,
    /// Result over margin, divided by the margin ratio (equity over maintenance); a loss is multiplied.
    ///
    /// Source: OKX help, "Auto-deleveraging", early copy. Which way its margin ratio runs is our reading.
    Okx,
    /// `(mark / entry) * (notional / account value)`. For a short the first factor is turned over, which is
    /// unconfirmed: the source states one direction.
    ///
    /// Source: Hyperliquid, "Auto-deleveraging".
    Hyperliquid,
    /// None: accounts are taken in the order in which they are come upon, from one that is drawn. All score the same,
    /// so that a queue takes them in the order in which the caller drew them.
    ///
    /// Source: dydxprotocol/v4-chain, `OffsetSubaccountPerpetualPosition`.
    Drawn,
}

impl Ranking {
    /// The higher, the earlier. Minus infinity where nothing is left of the account: it is no winner.
    pub fn score(self, position: &Standing) -> f64 {
        let p = position;
        if p.equity <= 0.0 {
            return f64::NEG_INFINITY;
        }
        let ranked = |result: f64, factor: f64| {
            if result >= 0.0 {
                result * factor
            } else {
                result / factor
            }
        };
        match self {
            Self::Bitmex => ranked(p.profit / p.opening_value, p.mark_value / p.equity),
            Self::Drawn => 0.0,
            Self::Binance | Self::Okx => ranked(p.profit / p.margin, p.maintenance / p.equity),
            Self::Hyperliquid => {
                let won = match p.side {
                    Side::Long => p.mark_usd / p.entry_usd,
                    Side::Short => p.entry_usd / p.mark_usd,
                };
                won * (p.mark_value / p.equity)
            }
        }
    }
}

/// The price at which winners are closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedAt {
    /// Bankruptcy price of the liquidated order. Source: BitMEX, Binance and dYdX, "Auto-deleveraging".
    Bankruptcy,
    /// The mark. Source: OKX help, early copy.
    Mark,
    /// The mark before the present one. Source: Hyperliquid, "Auto-deleveraging".
    PreviousMark,
    /// The oracle price before the present one. Source: the same page, older text: choose by the date of the
    /// event.
    PreviousOracle,
}

/// The prices of one instant among which [`ClosedAt`] chooses, USD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices {
    /// Where the liquidated account's equity is zero.
    pub bankruptcy_usd: f64,
    /// Mark now.
    pub mark_usd: f64,
    /// Mark before.
    pub previous_mark_usd: f64,
    /// Oracle price before.
    pub previous_oracle_usd: f64,
}

impl ClosedAt {
    /// The price, USD.
    pub fn price(self, prices: &Prices) -> f64 {
        match self {
            Self::Bankruptcy => prices.bankruptcy_usd,
            Self::Mark => prices.mark_usd,
            Self::PreviousMark => prices.previous_mark_usd,
            Self::PreviousOracle => prices.previous_oracle_usd,
        }
    }
}

/// How what is needed is laid on accounts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Allocation<'a> {
    /// By falling score, each whole before the next; the lower index first where two are equal. One score an
    /// account.
    Queue(&'a [f64]),
    /// By holding.
    ProRata,
    /// By weight, zero or more; what an account does not have goes to the others by weight. One weight an
    /// account.
    Weights(&'a [i64]),
}

/// An account's index and what is closed of it.
pub type Share = (usize, Coin);

impl Allocation<'_> {
    /// Lays `needed` on accounts that hold `holdings`, into `shares` (by index for weights, by rank for a
    /// queue; none is empty), and returns what nobody can bear.
    ///
    /// Pro rata and weights are exact: parts are rounded down and the units left over go to the largest
    /// remainders, the lower index first where two are equal. The largest holding times all weights together
    /// (or holdings, pro rata) fits in 128 bits.
    ///
    /// # Panics
    /// Where scores or weights are not one an account, or a quantity or weight is negative.
    pub fn allocate(self, needed: Coin, holdings: &[Coin], shares: &mut Vec<Share>) -> Coin {
        assert!(
            needed >= Coin::ZERO && holdings.iter().all(|held| *held >= Coin::ZERO),
            "quantities are unsigned"
        );
        shares.clear();
        match self {
            Self::Queue(scores) => queue(needed, holdings, scores, shares),
            Self::ProRata => weighted(needed, holdings, |at| holdings[at].0, shares),
            Self::Weights(weights) => {
                assert_eq!(weights.len(), holdings.len(), "one weight an account");
                assert!(weights.iter().all(|weight| *weight >= 0), "weights are unsigned");
                weighted(needed, holdings, |at| weights[at], shares)
            }
        }
    }
}

/// Lights of the queue: 1 for the fifth of the quantity that is closed first, to 5, for an account up to
/// which, itself included, `through` of `whole` are ranked.
///
/// Source: BitMEX support, "Auto-deleveraging" (20 % quantiles).
pub fn light(through: Coin, whole: Coin) -> u8 {
    Rounding::Up
        .divide(5 * through.0 as i128, whole.0 as i128)
        .clamp(1, 5) as u8
}

fn queue(needed: Coin, holdings: &[Coin], scores: &[f64], shares: &mut Vec<Share>) -> Coin {
    assert_eq!(scores.len(), holdings.len(), "one score an account");
    let held = holdings
        .iter()
        .enumerate()
        .filter(|(_, held)| **held > Coin::ZERO);
    shares.extend(held.map(|(at, held)| (at, *held)));
    shares.sort_unstable_by(|a, b| scores[b.0].total_cmp(&scores[a.0]).then(a.0.cmp(&b.0)));
    let mut left = needed;
    for (_, share) in shares.iter_mut() {
        *share = left.min(*share);
        left -= *share;
    }
    shares.retain(|(_, share)| *share > Coin::ZERO);
    left
}

fn weighted(needed: Coin, holdings: &[Coin], weight: impl Fn(usize) -> i64, shares: &mut Vec<Share>) -> Coin {
    let weight = |at: usize| weight(at) as i128;
    let bear = (0..holdings.len()).filter(|at| holdings[*at] > Coin::ZERO && weight(*at) > 0);
    shares.extend(bear.map(|at| (at, holdings[at])));
    // By rising holding over weight: whoever is exhausted by the common rate stands before whoever is not.
    shares.sort_unstable_by(|(a, has), (b, had)| {
        let (left, right) = (has.0 as i128 * weight(*b), had.0 as i128 * weight(*a));
        left.cmp(&right).then(a.cmp(b))
    });
    let mut left = needed.0 as i128;
    let mut whole: i128 = shares.iter().map(|(at, _)| weight(*at)).sum();
    let mut exhausted = 0;
    for (at, held) in shares.iter() {
        if held.0 as i128 * whole > left * weight(*at) {
            break;
        }
        left -= held.0 as i128;
        whole -= weight(*at);
        exhausted += 1;
    }
    // Nobody in the rest is exhausted by the common rate, so a part rounded up is still within the holding.
    let rest = &mut shares[exhausted..];
    if !rest.is_empty() {
        let due = left;
        rest.sort_unstable_by(|(a, _), (b, _)| {
            let remainder = |at| (due * weight(at)) % whole;
            remainder(*b).cmp(&remainder(*a)).then(a.cmp(b))
        });
        for (at, share) in rest.iter_mut() {
            *share = Coin((due * weight(*at) / whole) as i64);
            left -= share.0 as i128;
        }
        for (_, share) in rest.iter_mut().take(left as usize) {
            share.0 += 1;
        }
        left = 0;
    }
    shares.retain(|(_, share)| *share > Coin::ZERO);
    shares.sort_unstable_by_key(|(at, _)| *at);
    Coin(left as i64)
}

#[cfg(test)]
#[path = "deleveraging_tests.rs"]
mod tests;
