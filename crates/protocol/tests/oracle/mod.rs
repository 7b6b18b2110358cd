//! The margin algebra a second time, to check the first: unbounded integers, rates and caps read off their decimal
//! digits, margins summed over slices of value instead of looked up with an amount, prices found by bisection over
//! the whole grid. Nothing of the functions under test is called.

use aftershock_market::{Cash, Coin, Price, Side};
use aftershock_protocol::venue::contract::{Contract, Holding, MaintenanceOn};
use aftershock_protocol::venue::maintenance::{MarginSchedule, SizeBy};
use aftershock_protocol::venue::margin::MarginTerms;
use num_bigint::BigInt;

/// Units of one.
pub const UNIT: i128 = 100_000_000;
/// Decimal digits in which a rate is counted.
const RATE_DIGITS: usize = 15;
/// Decimal digits of money, contracts and prices.
const DIGITS: usize = 8;

/// A number to so many decimal digits.
fn decimal(number: f64, digits: usize) -> BigInt {
    let written = format!("{number:.digits$}").replace('.', "");
    written.parse().expect("digits")
}

fn ten_to(power: usize) -> BigInt {
    BigInt::from(10).pow(power as u32)
}

fn ceiling(over: BigInt, under: BigInt) -> BigInt {
    (over + &under - 1) / under
}

enum Need {
    /// Slices of value with the rate of each, in order; the last without end.
    Slices(Vec<(Option<BigInt>, BigInt)>),
    /// A rate on everything.
    Rate(BigInt),
    /// Base and slope.
    Growing(BigInt, BigInt),
}

/// An account and what it needs.
pub struct Oracle {
    contract: Contract,
    side: Side,
    quantity: BigInt,
    opening: BigInt,
    margin: BigInt,
    need: Need,
    on: MaintenanceOn,
    fee: BigInt,
    /// By how much the published amounts of brackets are off at most, units; what a continuous margin would have.
    pub off_by: BigInt,
}

impl Oracle {
    pub fn new(contract: Contract, held: &Holding, terms: &MarginTerms) -> Self {
        let rate = |ratio| decimal(ratio, RATE_DIGITS);
        let mut off_by = BigInt::ZERO;
        let need = match terms.maintenance() {
            MarginSchedule::Brackets(table) => {
                let cap = |usd: f64| usd.is_finite().then(|| decimal(usd, DIGITS));
                let mut slices: Vec<_> = table
                    .tiers()
                    .iter()
                    .map(|tier| (cap(tier.cap_usd), rate(tier.maintenance_ratio)))
                    .collect();
                if let Some(last) = slices.last_mut() {
                    last.0 = None;
                }
                let (mut floor, mut before, mut amount) = (BigInt::ZERO, BigInt::ZERO, BigInt::ZERO);
                for (tier, (cap, rate)) in table.tiers().iter().zip(&slices) {
                    amount += &floor * (rate - &before);
                    let published = decimal(tier.maintenance_amount_usd, DIGITS) * ten_to(RATE_DIGITS);
                    if published != amount {
                        let off = BigInt::from((&amount - published).magnitude().clone());
                        off_by = off_by.max(off / ten_to(RATE_DIGITS) + 1);
                    }
                    (floor, before) = (cap.clone().unwrap_or_default(), rate.clone());
                }
                Need::Slices(slices)
            }
            MarginSchedule::WholeRate { by, tiers } => {
                let size = match by {
                    SizeBy::Value => BigInt::from(held.opening_value.0),
                    SizeBy::Contracts => BigInt::from(held.quantity.0),
                };
                // Digits are written slowly: of many tiers only those near the size are compared in digits.
                let near = size.to_string().parse::<f64>().unwrap_or(0.0) / UNIT as f64;
                let fits = |cap: f64| cap > near * 2.0 || (cap > near / 2.0 && size <= decimal(cap, DIGITS));
                let found = tiers.iter().find(|tier| fits(tier.cap)).or(tiers.last());
                Need::Rate(rate(found.expect("a tier").maintenance_ratio))
            }
            MarginSchedule::SizeLinear(ratio) => Need::Growing(rate(ratio.base), rate(ratio.per_unit)),
        };
        Self {
            contract,
            side: held.side,
            quantity: held.quantity.0.into(),
            opening: held.opening_value.0.into(),
            margin: held.margin.0.into(),
            need,
            on: terms.on(),
            fee: rate(terms.closing_fee()),
            off_by,
        }
    }

    /// Whether the holder gains as the value in the settlement asset rises.
    pub fn gains(&self) -> bool {
        match self.contract {
            Contract::Linear { .. } => self.side == Side::Long,
            Contract::Inverse { .. } => self.side == Side::Short,
        }
    }

    /// Value at which the position is closed: what is received is rounded down, what is paid up.
    pub fn value(&self, price: i64) -> BigInt {
        let (over, under) = match self.contract {
            Contract::Linear { multiplier } => {
                (&self.quantity * multiplier.0 * price, ten_to(DIGITS + DIGITS))
            }
            Contract::Inverse { usd } => (&self.quantity * usd.0, BigInt::from(price)),
        };
        if self.gains() {
            over / under
        } else {
            ceiling(over, under)
        }
    }

    pub fn equity(&self, price: i64) -> BigInt {
        let moved = self.value(price) - &self.opening;
        &self.margin + if self.gains() { moved } else { -moved }
    }

    /// Maintenance of a value, over 10^23, before rounding.
    fn exact_need(&self, value: &BigInt) -> BigInt {
        let scale = ten_to(DIGITS);
        match &self.need {
            Need::Rate(rate) => rate * value * scale,
            Need::Growing(base, slope) => value * (base * scale + slope * value),
            Need::Slices(slices) => {
                let (mut floor, mut sum) = (BigInt::ZERO, BigInt::ZERO);
                for (cap, rate) in slices {
                    let top = cap.as_ref().map_or(value, |cap| cap.min(value));
                    if *top > floor {
                        sum += (top - &floor) * rate;
                    }
                    floor = cap.clone().unwrap_or(floor);
                }
                sum * scale
            }
        }
    }

    /// Maintenance margin, rounded up.
    pub fn maintenance(&self, price: i64) -> BigInt {
        let value = match self.on {
            MaintenanceOn::EntryValue => self.opening.clone(),
            MaintenanceOn::MarkValue => self.value(price),
        };
        ceiling(self.exact_need(&value), ten_to(RATE_DIGITS + DIGITS))
    }

    /// Maintenance margin and closing fee.
    pub fn required(&self, price: i64) -> BigInt {
        let value = self.value(price);
        let unit = ten_to(RATE_DIGITS + DIGITS);
        let fee = &self.fee * &value * ten_to(DIGITS);
        match self.on {
            MaintenanceOn::EntryValue => {
                ceiling(self.exact_need(&self.opening), unit.clone()) + ceiling(fee, unit)
            }
            MaintenanceOn::MarkValue => ceiling(self.exact_need(&value) + fee, unit),
        }
    }

    pub fn sound(&self, price: i64) -> bool {
        self.equity(price) >= self.required(price)
    }

    pub fn solvent(&self, price: i64) -> bool {
        let fee = ceiling(&self.fee * self.value(price), ten_to(RATE_DIGITS));
        self.equity(price) >= fee
    }

    /// The unsound end of the grid.
    fn danger(&self) -> i64 {
        match self.side {
            Side::Long => 1,
            Side::Short => i64::MAX,
        }
    }

    /// The price from which the danger lies in one direction only: the other end of the grid, or where a growing
    /// ratio leaves most.
    fn safety(&self) -> i64 {
        let end = match self.side {
            Side::Long => i64::MAX,
            Side::Short => 1,
        };
        let peak = match &self.need {
            Need::Growing(base, slope)
                if self.gains() && self.on == MaintenanceOn::MarkValue && *slope > BigInt::ZERO =>
            {
                let left = (ten_to(RATE_DIGITS) - base - &self.fee) * ten_to(DIGITS);
                left / (slope * 2)
            }
            _ => return end,
        };
        between(end, self.danger(), |price| self.value(price) > peak).map_or(end, |(_, next)| next)
    }

    pub fn liquidation_price(&self) -> Option<i64> {
        between(self.safety(), self.danger(), |price| self.sound(price)).map(|(last, _)| last)
    }

    pub fn bankruptcy_price(&self) -> Option<i64> {
        let end = if self.side == Side::Long { i64::MAX } else { 1 };
        between(end, self.danger(), |price| self.solvent(price)).map(|(last, _)| last)
    }
}

/// The two neighbours between which `holds` ends, going from one price to another; `None` where it holds at both or
/// not at the first.
fn between(from: i64, to: i64, holds: impl Fn(i64) -> bool) -> Option<(i64, i64)> {
    if !holds(from) || holds(to) {
        return None;
    }
    let (mut held, mut not) = (i128::from(from), i128::from(to));
    while held.abs_diff(not) > 1 {
        let middle = (held + not) / 2;
        if holds(middle as i64) {
            held = middle;
        } else {
            not = middle;
        }
    }
    Some((held as i64, not as i64))
}

/// Coin (or dollars) of one contract, units.
fn size_of_one(contract: Contract) -> f64 {
    match contract {
        Contract::Linear { multiplier } => multiplier.0 as f64,
        Contract::Inverse { usd } => usd.0 as f64,
    }
}

/// A position of `quantity` whose opening value is exactly `opening` where a price from 1e-6 to 1e7 USD can
/// make it so, and the price it was opened at.
pub fn holding(
    contract: Contract,
    side: Side,
    quantity: Coin,
    opening: Cash,
    leverage: f64,
) -> (Holding, Price) {
    let size = quantity.to_f64() * size_of_one(contract) / UNIT as f64;
    let usd = match contract {
        Contract::Linear { .. } => opening.to_f64() / size,
        Contract::Inverse { .. } => size / opening.to_f64(),
    };
    let price = Price::from_f64(usd.clamp(1e-6, 1e7));
    let opening_value = if (1e-6..1e7).contains(&usd) {
        opening
    } else {
        contract.opening_value(side, quantity, price)
    };
    let margin = Cash((opening_value.0 as f64 / leverage).ceil() as i128);
    let held = Holding {
        side,
        quantity,
        opening_value,
        margin,
    };
    (held, price)
}

/// The price next to one on the unsound side.
fn beyond(side: Side, price: Price) -> Price {
    match side {
        Side::Long => Price(price.0 - 1),
        Side::Short => Price(price.0 + 1),
    }
}

/// Everything that must hold of one account, the mark being `price`; the second algebra of it.
///
/// Where published amounts of brackets are off by part of a cent, so may margins be, and whether an account is sound is
/// then what the terms say.
pub fn check(contract: Contract, held: &Holding, terms: &MarginTerms, price: Price) -> Oracle {
    let oracle = Oracle::new(contract, held, terms);
    let case = || format!("{contract:?} {held:?} {terms:?} {price:?}");
    let off = oracle.off_by.clone();
    let same = |ours: Cash, exact: BigInt, within: &BigInt, what: &str| {
        let difference = BigInt::from(ours.0) - exact;
        assert!(
            difference.magnitude() <= within.magnitude(),
            "{what} off by {difference}: {}",
            case()
        );
    };
    same(
        contract.equity(held, price),
        oracle.equity(price.0),
        &BigInt::ZERO,
        "equity",
    );
    let maintenance = terms.maintenance_margin(contract, held, price);
    same(maintenance, oracle.maintenance(price.0), &off, "maintenance");
    let required = terms.required(contract, held, price);
    same(required, oracle.required(price.0), &off, "required");
    let sound = |at: Price| match off == BigInt::ZERO {
        true => oracle.sound(at.0),
        false => contract.equity(held, at) >= terms.required(contract, held, at),
    };
    assert_eq!(terms.is_sound(contract, held, price), sound(price), "{}", case());
    let liquidated = terms.liquidation_price(contract, held);
    if let Some(at) = liquidated {
        assert!(sound(at), "unsound at {at:?}: {}", case());
        assert!(!sound(beyond(held.side, at)), "sound beyond {at:?}: {}", case());
    }
    let bankrupt = terms.bankruptcy_price(contract, held);
    if let Some(at) = bankrupt {
        assert!(oracle.solvent(at.0), "insolvent at {at:?}: {}", case());
        assert!(
            !oracle.solvent(beyond(held.side, at).0),
            "solvent beyond {at:?}: {}",
            case()
        );
    }
    if let (true, Some(liquidated), Some(bankrupt)) = (sound(price), liquidated, bankrupt) {
        let order = match held.side {
            Side::Long => [bankrupt, liquidated, price],
            Side::Short => [price, liquidated, bankrupt],
        };
        assert!(order.is_sorted(), "{order:?}: {}", case());
    }
    oracle
}
