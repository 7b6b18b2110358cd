//! Closing of winners: begun where what a side is owed exceeds a share of the pool, and never so far that it falls below
//! another.
//!
//! A flag says whether winners of a side may be closed. It is set by an update and cleared by one; each close also
//! checks the share itself. Between the two shares lies the band in which one close may land: from its lower end it
//! takes a new rise of what is owed to begin again.

use aftershock_market::Cash;

use crate::venue::rounding::Rounding;

/// Shares of the pool that may be owed to the winners of a side. The pool counts by the worth of the tokens that back that
/// side (the long token for longs), without what traders are owed.
///
/// Source: gmx-io/gmx-synthetics, `contracts/adl/AdlUtils.sol`, `updateAdlState`, and `AdlHandler.sol`, `executeAdl`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdlTerms {
    /// Closing begins above it.
    pub begins_above: f64,
    /// A close may leave no less than it.
    pub leaves_at_least: f64,
}

/// Whether winners of a side may be closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AdlFlag(bool);

/// Why a close of a winner is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdlRefused {
    /// The flag is not set.
    #[error("winners may not be closed before an update has found that they are owed too much")]
    Off,
    /// No longer above the share.
    #[error("winners are owed {owed:?}, which is not above {limit:?}")]
    NotRequired {
        /// Owed before the close.
        owed: Cash,
        /// What closing begins above.
        limit: Cash,
    },
    /// It would leave too little.
    #[error("a close would leave {left:?} owed, it should leave at least {least:?}")]
    TooMuch {
        /// Owed after the close.
        left: Cash,
        /// What a close may leave.
        least: Cash,
    },
}

impl AdlTerms {
    /// Whether winners owed `owed` by a pool worth `pool` are owed too much.
    pub fn exceeded(&self, owed: Cash, pool: Cash) -> bool {
        owed > self.limit(pool)
    }

    /// The most that one close may take off what is owed.
    pub fn most(&self, owed: Cash, pool: Cash) -> Cash {
        (owed - self.least(pool)).max(Cash::ZERO)
    }

    fn limit(&self, pool: Cash) -> Cash {
        Rounding::Down.part_of(pool, self.begins_above)
    }

    fn least(&self, pool: Cash) -> Cash {
        Rounding::Up.part_of(pool, self.leaves_at_least)
    }
}

impl AdlFlag {
    /// Whether it is set.
    pub fn is_on(self) -> bool {
        self.0
    }

    /// Finds anew whether winners are owed too much.
    pub fn update(&mut self, terms: &AdlTerms, owed: Cash, pool: Cash) {
        self.0 = terms.exceeded(owed, pool);
    }

    /// Whether a close that takes what is owed from `owed` to `left` is allowed.
    ///
    /// # Errors
    /// Winners that may not be closed, are not owed too much, or would be closed too far.
    pub fn allows(self, terms: &AdlTerms, owed: Cash, left: Cash, pool: Cash) -> Result<(), AdlRefused> {
        if !self.0 {
            return Err(AdlRefused::Off);
        }
        if !terms.exceeded(owed, pool) {
            let limit = terms.limit(pool);
            return Err(AdlRefused::NotRequired { owed, limit });
        }
        let least = terms.least(pool);
        if left < least {
            return Err(AdlRefused::TooMuch { left, least });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TERMS: AdlTerms = AdlTerms {
        begins_above: 0.85,
        leaves_at_least: 0.77,
    };

    /// Source: by hand, a pool of 100 with the shares 85 % and 77 %.
    #[test]
    fn a_close_lands_between_the_shares() {
        let usd = Cash::from_f64;
        let pool = usd(100.0);
        let mut flag = AdlFlag::default();
        assert_eq!(
            flag.allows(&TERMS, usd(90.0), usd(80.0), pool),
            Err(AdlRefused::Off)
        );
        flag.update(&TERMS, usd(85.0), pool);
        assert!(!flag.is_on());
        flag.update(&TERMS, usd(90.0), pool);
        assert!(flag.is_on());
        assert_eq!(TERMS.most(usd(90.0), pool), usd(13.0));
        assert_eq!(flag.allows(&TERMS, usd(90.0), usd(77.0), pool), Ok(()));
        let too_far = flag.allows(&TERMS, usd(90.0), usd(76.0), pool);
        assert!(matches!(too_far, Err(AdlRefused::TooMuch { .. })));
        let late = flag.allows(&TERMS, usd(84.0), usd(80.0), pool);
        assert!(matches!(late, Err(AdlRefused::NotRequired { .. })));
    }

    proptest! {
        #[test]
        fn after_the_largest_close_it_takes_a_rise_to_begin_again(
            pool in 1_i128..1_000_000_000_000_000_000,
            over in 0.0..1.0_f64,
            rise in 0.0..0.08_f64,
        ) {
            let pool = Cash(pool);
            let owed = Rounding::Up.part_of(pool, 0.85 + 0.1 * over) + Cash(1);
            let mut flag = AdlFlag::default();
            flag.update(&TERMS, owed, pool);
            prop_assert!(flag.is_on());
            let left = owed - TERMS.most(owed, pool);
            prop_assert_eq!(flag.allows(&TERMS, owed, left, pool), Ok(()));
            flag.update(&TERMS, left, pool);
            prop_assert!(!flag.is_on());
            // Within the band between the shares the flag stays where it is.
            flag.update(&TERMS, Rounding::Down.part_of(pool, 0.77 + rise), pool);
            prop_assert!(!flag.is_on());
        }
    }
}
