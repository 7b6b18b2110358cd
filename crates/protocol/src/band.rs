//! Where a price may go, and what halts trading when it gets there: circuit breakers of exchanges.
//!
//! Pure functions of a reference price, and small states. Which reference there is (the mean trade of five minutes,
//! yesterday's settlement) is the caller's.

use aftershock_market::{Side, Timestamp};

/// Prices between which trading goes on, USD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Lowest.
    pub lower: f64,
    /// Highest.
    pub upper: f64,
}

impl Band {
    /// A reference price, and a part of it on either side.
    ///
    /// ```
    /// let band = aftershock_protocol::band::Band::around(100_000.0, 0.07);
    /// assert_eq!((band.lower, band.upper), (93_000.0, 107_000.0));
    /// ```
    pub fn around(reference: f64, ratio: f64) -> Self {
        let width = reference * ratio;
        Self {
            lower: (reference - width).max(0.0),
            upper: reference + width,
        }
    }

    /// The bound a price is at or beyond; the side is that of an order which would push on.
    pub fn reached(&self, price: f64) -> Option<Side> {
        if price >= self.upper {
            return Some(Side::Long);
        }
        (price <= self.lower).then_some(Side::Short)
    }
}

/// Tier of a security under the Limit Up-Limit Down plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// S&P 500, Russell 1000 and some exchange-traded products.
    One,
    /// The others.
    Two,
}

/// Width of a price band around its reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Width {
    /// A part of the reference.
    Ratio(f64),
    /// The lesser of an amount, USD, and a part of the reference.
    LesserOf {
        /// That amount.
        usd: f64,
        /// That part.
        ratio: f64,
    },
}

impl Width {
    /// The band of a Limit Up-Limit Down security by its previous close: 5 % or 10 % above 3 USD by tier, 20 % down
    /// to 0.75 USD, below that the lesser of 0.15 USD and 75 %; twice as wide where `doubled`, after the opening and
    /// before the close. An amendment of 2020 took some of the doubling away (unconfirmed), so that is the caller's.
    ///
    /// Source: Plan to address extraordinary market volatility (luldplan.com); Solomon exam prep, section 5.13.3.
    pub fn limit_up_limit_down(tier: Tier, previous_close: f64, doubled: bool) -> Self {
        let times = if doubled { 2.0 } else { 1.0 };
        if previous_close < 0.75 {
            return Self::LesserOf {
                usd: 0.15 * times,
                ratio: 0.75 * times,
            };
        }
        Self::Ratio(match (tier, previous_close > 3.0) {
            (Tier::One, true) => 0.05 * times,
            (Tier::Two, true) => 0.1 * times,
            (_, false) => 0.2 * times,
        })
    }

    /// The band around a reference price; it does not go below zero.
    pub fn around(self, reference: f64) -> Band {
        match self {
            Self::Ratio(ratio) => Band::around(reference, ratio),
            Self::LesserOf { usd, ratio } => {
                let width = usd.min(reference * ratio);
                Band {
                    lower: (reference - width).max(0.0),
                    upper: reference + width,
                }
            }
        }
    }
}

/// What a step of a ladder of limits does when the price reaches it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Then {
    /// Trading pauses for so long, s.
    Pause(f64),
    /// No trade beyond it until the reference is set anew.
    Limit,
}

/// A limit at a part of the reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// That part.
    pub ratio: f64,
    /// What happens there.
    pub then: Then,
}

/// Bitcoin futures of CME at their launch in 2017, from the previous settlement: 7 % and 13 % pause two minutes, 20 %
/// is the limit of the day.
///
/// Source: reports of 2017-11-07 and 2017-12-07 on the contract's price limits.
pub const CME_BITCOIN_2017: [Step; 3] = [
    Step {
        ratio: 0.07,
        then: Then::Pause(120.0),
    },
    Step {
        ratio: 0.13,
        then: Then::Pause(120.0),
    },
    Step {
        ratio: 0.2,
        then: Then::Limit,
    },
];

/// The band that trading has now, `paused` steps of a ladder having been reached; the last one once all have.
pub fn ladder(steps: &[Step], reference: f64, paused: usize) -> Option<(Band, Then)> {
    let step = steps.get(paused).or(steps.last())?;
    Some((Band::around(reference, step.ratio), step.then))
}

/// How long a quote may rest on a bound, and how long trading then stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HaltTerms {
    /// Time on the bound before a pause, s.
    pub limit_s: f64,
    /// A pause, and each time it is made longer, s.
    pub pause_s: f64,
}

impl HaltTerms {
    /// Limit Up-Limit Down: 15 s, then five minutes.
    ///
    /// Source: Plan to address extraordinary market volatility; Webull help on LULD.
    pub const LIMIT_UP_LIMIT_DOWN: Self = Self {
        limit_s: 15.0,
        pause_s: 300.0,
    };
}

/// Whether a security trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trading {
    /// Freely within the band.
    Open,
    /// The best quote rests on a bound since then: trades go on, at it.
    AtLimit {
        /// Which: an order of this side would push on.
        side: Side,
        /// Since when.
        since: Timestamp,
    },
    /// Not until then.
    Paused {
        /// End of the pause.
        until: Timestamp,
    },
}

impl Trading {
    /// The state after `now`, given the bound that the best quote rests on, and whether at the end of a pause the
    /// market can reopen; if not the pause is made longer.
    pub fn step(self, terms: &HaltTerms, now: Timestamp, at_bound: Option<Side>, reopens: bool) -> Self {
        match (self, at_bound) {
            (Self::Paused { until }, _) if now < until => self,
            (Self::Paused { until }, _) if !reopens => {
                let longer = Self::Paused {
                    until: until.plus_seconds(terms.pause_s),
                };
                longer.step(terms, now, at_bound, reopens)
            }
            (Self::AtLimit { side, since }, Some(bound)) if side == bound => {
                let due = since.plus_seconds(terms.limit_s);
                if now < due {
                    return self;
                }
                Self::Paused {
                    until: due.plus_seconds(terms.pause_s),
                }
            }
            (_, Some(side)) => Self::AtLimit { side, since: now },
            (_, None) => Self::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(band: Band, lower: f64, upper: f64) {
        let close = (band.lower - lower).abs() < 1e-9 && (band.upper - upper).abs() < 1e-9;
        assert!(close, "{band:?} is not {lower} to {upper}");
    }

    /// V-CB1. Source: the table of the plan; by hand, close and reference the same.
    #[test]
    fn bands_by_price() {
        let of = |tier, price, doubled| Width::limit_up_limit_down(tier, price, doubled).around(price);
        is(of(Tier::One, 100.0, false), 95.0, 105.0);
        is(of(Tier::One, 100.0, true), 90.0, 110.0);
        is(of(Tier::Two, 100.0, false), 90.0, 110.0);
        is(of(Tier::Two, 100.0, true), 80.0, 120.0);
        is(of(Tier::One, 2.0, false), 1.6, 2.4);
        is(of(Tier::Two, 2.0, true), 1.2, 2.8);
        is(of(Tier::Two, 3.0, false), 2.4, 3.6);
        is(of(Tier::One, 0.75, false), 0.6, 0.9);
        is(of(Tier::One, 0.5, false), 0.35, 0.65);
        is(of(Tier::One, 0.5, true), 0.2, 0.8);
        is(of(Tier::One, 0.1, false), 0.025, 0.175);
        is(of(Tier::One, 0.1, true), 0.0, 0.25);
    }

    /// V-CB3. Source: Solomon exam prep, section 5.13.3: a reference of 100 at 5 %, and 3.01 in the first 15 minutes.
    #[test]
    fn the_examples_of_a_course() {
        is(
            Width::limit_up_limit_down(Tier::One, 100.0, false).around(100.0),
            95.0,
            105.0,
        );
        let opening = Width::limit_up_limit_down(Tier::One, 3.01, true);
        assert_eq!(opening, Width::Ratio(0.1));
    }

    /// Source: the table of the plan, where both 0.75 and 3 USD belong to the row of 20 %; by hand: closes on and below
    /// its edges, references of 1 and 5.
    #[test]
    fn the_close_chooses_the_row_and_the_reference_the_band() {
        is(
            Width::limit_up_limit_down(Tier::One, 0.75, false).around(1.0),
            0.8,
            1.2,
        );
        is(
            Width::limit_up_limit_down(Tier::One, 0.749, false).around(1.0),
            0.85,
            1.15,
        );
        is(
            Width::limit_up_limit_down(Tier::One, 3.0, false).around(5.0),
            4.0,
            6.0,
        );
    }

    /// V-CB2. Source: 7, 13 and 20 % of a settlement of 100,000, by hand.
    #[test]
    fn steps_from_a_settlement() {
        let bands = [(93e3, 107e3), (87e3, 113e3), (80e3, 120e3), (80e3, 120e3)];
        for (paused, (lower, upper)) in bands.into_iter().enumerate() {
            let (band, then) = ladder(&CME_BITCOIN_2017, 100e3, paused).unwrap_or_else(|| panic!("a step"));
            is(band, lower, upper);
            assert_eq!(then == Then::Limit, paused > 1);
        }
        assert_eq!(ladder(&[], 100e3, 0), None);
    }

    #[test]
    fn a_quote_on_a_bound_pauses_trading() {
        let terms = HaltTerms::LIMIT_UP_LIMIT_DOWN;
        let at = |seconds: i64| Timestamp::from_seconds(1_000_000 + seconds);
        let band = Band::around(100.0, 0.05);
        assert_eq!(band.reached(100.0), None);
        assert_eq!(band.reached(105.0), Some(Side::Long));
        let down = band.reached(95.0);
        assert_eq!(down, Some(Side::Short));

        let touched = Trading::Open.step(&terms, at(0), down, true);
        let (side, since) = (Side::Short, at(0));
        assert_eq!(touched, Trading::AtLimit { side, since });
        assert_eq!(touched.step(&terms, at(14), down, true), touched);
        assert_eq!(touched.step(&terms, at(14), None, true), Trading::Open);
        let other = Trading::AtLimit {
            side: Side::Long,
            since: at(14),
        };
        assert_eq!(touched.step(&terms, at(14), Some(Side::Long), true), other);

        let paused = touched.step(&terms, at(15), down, true);
        assert_eq!(paused, Trading::Paused { until: at(315) });
        assert_eq!(paused.step(&terms, at(314), None, true), paused);
        assert_eq!(paused.step(&terms, at(315), None, true), Trading::Open);
        let longer = paused.step(&terms, at(320), down, false);
        assert_eq!(longer, Trading::Paused { until: at(615) });
        assert_eq!(
            paused.step(&terms, at(920), down, false),
            Trading::Paused { until: at(1_215) }
        );
    }
}
