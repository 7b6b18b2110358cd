//! What the user brings to a replay: positions of his own, and a move that no record holds.

use std::path::Path;

use aftershock_archive::Manifest;
use aftershock_market::Shock;
use aftershock_sweep::own::{OwnBook, Traded};

use crate::venues::MARGIN_VENUE;
use crate::{Error, Prepared, Result};

/// Smallest and largest move, hundredths of a percent.
const MOVES_BP: std::ops::RangeInclusive<i32> = -9_900..=100_000;

/// Both, read; most replays have neither.
#[derive(Debug, Default)]
pub struct Own {
    /// Positions to be followed.
    pub book: Option<OwnBook>,
    /// A move that is added to the record.
    pub shock: Option<Shock>,
}

impl Own {
    /// Reads positions from a file.
    ///
    /// # Errors
    /// The file cannot be read, or holds no positions: file, line and what is right.
    pub fn book(path: &Path) -> Result<OwnBook> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| Error::Unreadable {
            what: format!("the positions {name}"),
            source,
        })?;
        Ok(OwnBook::parse(&name, &text)?)
    }

    /// As a run was made.
    ///
    /// # Errors
    /// Positions in it that cannot be read.
    pub fn of_manifest(manifest: &Manifest) -> Result<Self> {
        let name = format!("{} (manifest)", manifest.run);
        let book = manifest
            .positions_csv
            .as_ref()
            .map(|text| OwnBook::parse(&name, text));
        Ok(Self {
            book: book.transpose()?,
            shock: manifest.shock.as_ref().map(|departure| departure.shock()),
        })
    }

    /// Checks that both can be replayed with this episode.
    ///
    /// # Errors
    /// A move that takes longer than the replay, or positions of what it does not trade.
    pub fn check(&self, prepared: &Prepared) -> Result<()> {
        let window = &prepared.episode.window;
        let length_s = window.replay_to.seconds_since(window.replay_from);
        if let Some(shock) = self.shock.filter(|shock| f64::from(shock.over_s) > length_s) {
            return Err(Error::asked(format!(
                "a shock of {shock} takes longer than the replay of {}, which is of {} hours",
                prepared.episode.id,
                length_s / 3_600.0
            ))
            .or_rather("let it take a shorter time, such as 10m"));
        }
        if let Some(book) = &self.book {
            let case = prepared.case(0, 0, self);
            book.check(&Traded::of(&case, MARGIN_VENUE, prepared.margin_instrument()))?;
        }
        Ok(())
    }
}

/// Reads a move such as `-30%` and the time it takes, such as `10m`; the last are how errors call the two.
///
/// # Errors
/// One of them cannot be read, or lies outside what is allowed.
pub fn shock(given: &str, over: &str, [shock, shock_over]: [&str; 2]) -> Result<Shock> {
    let percent = given
        .strip_suffix('%')
        .and_then(|number| number.trim().parse::<f64>().ok());
    let hundredths = percent.map(|percent| percent * 100.0);
    // A hundredth of a percent is the finest step, so that a move has one name.
    let move_bp = hundredths
        .map(f64::round)
        .filter(|whole| hundredths.is_some_and(|given| (given - whole).abs() < 1e-6))
        .map(|whole| whole as i32)
        .filter(|move_bp| *move_bp != 0 && MOVES_BP.contains(move_bp));
    let Some(move_bp) = move_bp else {
        return Err(Error::asked(format!("{shock} is `{given}`")).or_rather(
            "it should be a move of the price in percent, from -99% to +1000% and not 0, such as -30% or +12.5%",
        ));
    };
    let units = [("s", 1), ("m", 60), ("h", 3_600)];
    let over_s = units.iter().find_map(|(unit, seconds)| {
        let number = over.strip_suffix(unit)?.parse::<u32>().ok()?;
        number.checked_mul(*seconds).filter(|over_s| *over_s > 0)
    });
    let Some(over_s) = over_s else {
        return Err(Error::asked(format!("{shock_over} is `{over}`")).or_rather(
            "it should be a whole number of seconds, minutes or hours above 0, such as 90s, 10m or 2h",
        ));
    };
    Ok(Shock { move_bp, over_s })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shock_has_one_name() -> Result<()> {
        for (given, over, name) in [
            ("-30%", "10m", "-30 % over 10m"),
            ("-30.00 %", "600s", "-30 % over 10m"),
            ("+10%", "2h", "+10 % over 2h"),
            ("12.25%", "90s", "+12.25 % over 90s"),
        ] {
            assert_eq!(shock(given, over, ["shock", "shock_over"])?.to_string(), name);
        }
        for (given, over) in [
            ("-30", "10m"),
            ("-100%", "10m"),
            ("0%", "10m"),
            ("1.001%", "10m"),
            ("NaN%", "10m"),
            ("1e9%", "10m"),
            ("-30%", "10"),
            ("-30%", "0s"),
            ("-30%", "-5m"),
            ("-30%", "1.5h"),
        ] {
            assert!(
                shock(given, over, ["shock", "shock_over"]).is_err(),
                "{given} over {over}"
            );
        }
        Ok(())
    }
}
