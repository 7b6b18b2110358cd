//! What the user brings to a replay: positions of his own, and a move that no record holds.

use std::path::{Path, PathBuf};

use aftershock_archive::Manifest;
use aftershock_market::Shock;
use aftershock_sweep::own::{OwnBook, Traded};
use anyhow::{Context, Result};

use crate::failure::Mistake;
use crate::prepared::Prepared;

/// Smallest and largest move, hundredths of a percent.
const MOVES_BP: std::ops::RangeInclusive<i32> = -9_900..=100_000;

#[derive(clap::Args)]
pub(crate) struct OwnArguments {
    /// Positions of your own, CSV or TOML: what becomes of them under each rule set
    #[arg(long, value_name = "FILE")]
    positions: Option<PathBuf>,
    /// A further move of the price, made up, such as -30%
    #[arg(long, value_name = "MOVE", allow_hyphen_values = true)]
    shock: Option<String>,
    /// Time the move takes, such as 90s, 10m or 2h
    #[arg(long, value_name = "TIME", default_value = "10m", requires = "shock")]
    shock_over: String,
}

/// Both, read; most replays have neither.
#[derive(Default)]
pub(crate) struct Own {
    pub(crate) book: Option<OwnBook>,
    pub(crate) shock: Option<Shock>,
}

impl Own {
    pub(crate) fn read(arguments: &OwnArguments) -> Result<Self> {
        let shock = arguments
            .shock
            .as_ref()
            .map(|given| shock(given, &arguments.shock_over));
        let book = arguments.positions.as_deref().map(book);
        Ok(Self {
            book: book.transpose()?,
            shock: shock.transpose()?,
        })
    }

    /// As a run was made.
    pub(crate) fn of_manifest(manifest: &Manifest) -> Result<Self> {
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
    pub(crate) fn check(&self, prepared: &Prepared) -> Result<()> {
        let window = &prepared.episode.window;
        let length_s = window.replay_to.seconds_since(window.replay_from);
        if let Some(shock) = self.shock.filter(|shock| f64::from(shock.over_s) > length_s) {
            return Err(Mistake::new(format!(
                "a shock of {shock} takes longer than the replay of {}, which is of {} hours",
                prepared.episode.id,
                length_s / 3_600.0
            ))
            .hint("give --shock-over a shorter time, such as 10m")
            .into());
        }
        if let Some(book) = &self.book {
            let case = prepared.case(0, 0, self);
            book.check(&Traded::of(
                &case,
                crate::embedded::MARGIN_VENUE,
                prepared.margin_instrument(),
            ))?;
        }
        Ok(())
    }
}

fn book(path: &Path) -> Result<OwnBook> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the positions {name}"))?;
    Ok(OwnBook::parse(&name, &text)?)
}

fn shock(given: &str, over: &str) -> Result<Shock> {
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
        return Err(Mistake::new(format!("--shock is `{given}`"))
            .hint("it should be a move of the price in percent, from -99% to +1000% and not 0, such as -30% or +12.5%")
            .into());
    };
    let units = [("s", 1), ("m", 60), ("h", 3_600)];
    let over_s = units.iter().find_map(|(unit, seconds)| {
        let number = over.strip_suffix(unit)?.parse::<u32>().ok()?;
        number.checked_mul(*seconds).filter(|over_s| *over_s > 0)
    });
    let Some(over_s) = over_s else {
        return Err(Mistake::new(format!("--shock-over is `{over}`"))
            .hint("it should be a whole number of seconds, minutes or hours above 0, such as 90s, 10m or 2h")
            .into());
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
            assert_eq!(shock(given, over)?.to_string(), name);
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
            assert!(shock(given, over).is_err(), "{given} over {over}");
        }
        Ok(())
    }
}
