//! The gates by name.

use std::fmt;
use std::str::FromStr;

use crate::fit::fidelity;

/// A gate that made-up crashes can decide, or that is named here to say where it stands. Numbers are those of the method
/// notes; G3, G18 and G19 are in the report of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// The same run gives the same bytes.
    Determinism,
    /// Money and contracts are conserved to the unit.
    Conservation,
    /// What is abducted from a record gives the record back.
    Identity,
    /// How much is forced, where the mix was not fitted.
    ForcedVolume,
    /// When it is forced.
    ForcedTiming,
    /// At which prices it is forced.
    ForcedPrices,
    /// The path of open interest.
    OpenInterest,
    /// The path of depth, where it was not fitted.
    Depth,
    /// What impact explains of prices that its fit has not seen.
    ImpactOutOfSample,
    /// How strong the instrument of impact is.
    InstrumentStrength,
    /// Amplification where there was no crash.
    Placebo,
    /// Amplification once forced flow has been moved in time.
    FlowShuffle,
    /// What a calibration says of crashes whose truth is known.
    Recovery,
    /// Two counts of how much forced flow forced flow brings about agree.
    Branching,
    /// The parts of an attribution add up to the whole.
    Attribution,
    /// What one venue published of an event, given the accounts that it published.
    External,
    /// What comes later changes nothing before.
    LookAhead,
}

impl Gate {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 17] = [
        Self::Determinism,
        Self::Conservation,
        Self::Identity,
        Self::ForcedVolume,
        Self::ForcedTiming,
        Self::ForcedPrices,
        Self::OpenInterest,
        Self::Depth,
        Self::ImpactOutOfSample,
        Self::InstrumentStrength,
        Self::Placebo,
        Self::FlowShuffle,
        Self::Recovery,
        Self::Branching,
        Self::Attribution,
        Self::External,
        Self::LookAhead,
    ];
    /// Those that hold of the machinery on any crash: [`super::run`].
    pub const MACHINERY: [Self; 6] = [
        Self::Determinism,
        Self::Conservation,
        Self::Identity,
        Self::Branching,
        Self::Attribution,
        Self::LookAhead,
    ];
    /// Those that a calibration passes or fails on one tape: [`super::calibration`].
    pub const CALIBRATION: [Self; 8] = [
        Self::ForcedVolume,
        Self::ForcedTiming,
        Self::ForcedPrices,
        Self::OpenInterest,
        Self::Depth,
        Self::ImpactOutOfSample,
        Self::InstrumentStrength,
        Self::FlowShuffle,
    ];

    /// Its number, such as `G1`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Determinism => "G0",
            Self::Conservation => "G1",
            Self::Identity => "G2",
            Self::ForcedVolume => "G4",
            Self::ForcedTiming => "G5",
            Self::ForcedPrices => "G6",
            Self::OpenInterest => "G7",
            Self::Depth => "G8",
            Self::ImpactOutOfSample => "G9",
            Self::InstrumentStrength => "G10",
            Self::Placebo => "G11",
            Self::FlowShuffle => "G12",
            Self::Recovery => "G13",
            Self::Branching => "G14",
            Self::Attribution => "G15",
            Self::External => "G16",
            Self::LookAhead => "G17",
        }
    }

    /// What has to hold.
    pub const fn threshold(self) -> &'static str {
        match self {
            Self::Determinism => "identical",
            Self::Conservation => "exactly 0",
            Self::Identity => "at most 1e-9 (log)",
            Self::ForcedVolume => fidelity::VOLUME,
            Self::ForcedTiming => fidelity::TIMING,
            Self::ForcedPrices => fidelity::PRICE,
            Self::OpenInterest => fidelity::HELD,
            Self::Depth => fidelity::DEPTH,
            Self::ImpactOutOfSample => "R² above 0.05, 4 of 4 inside",
            Self::InstrumentStrength => "at least 20",
            Self::Placebo => "median at most 1.03, the interval holds 1",
            Self::FlowShuffle => "at least 80 % gone",
            Self::Recovery => "covers 0.85, error 0.03, signs 0.95, better than priors",
            Self::Branching => "at most 0.10",
            Self::Attribution => "at most 1e-12",
            Self::External => "first deleveraging 61.7 s ± 10 s",
            Self::LookAhead => "bit-identical",
        }
    }

    /// Why no made-up crash decides it, and where it is to be found.
    pub const fn elsewhere(self) -> Option<&'static str> {
        match self {
            Self::Placebo => Some(
                "a made-up crash is no quiet day; the two quiet fortnights carry it, in their reports and in \
                 `aftershock sql --named quality/gates`",
            ),
            Self::External => Some(
                "the published tables have no positions of those who won, so that nobody can be put in the queue \
                 (method notes, §14.12.14)",
            ),
            _ => None,
        }
    }
}

impl FromStr for Gate {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL
            .into_iter()
            .find(|gate| gate.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.into_iter().map(Self::name).collect();
            format!(
                "there are {}; G3, G18 and G19 are in the report of a replay",
                names.join(", ")
            )
        })
    }
}

/// How a gate ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// This crash cannot tell, and why.
    NotMeasurable(String),
}

impl Verdict {
    pub(crate) fn of(holds: bool) -> Self {
        if holds { Self::Pass } else { Self::Fail }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.write_str("pass"),
            Self::Fail => f.write_str("fail"),
            Self::NotMeasurable(reason) => write!(f, "not measurable: {reason}"),
        }
    }
}

/// What a gate found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The gate.
    pub gate: Gate,
    /// What was measured, in words with the number first.
    pub figure: String,
    /// How it ends.
    pub verdict: Verdict,
}

impl Finding {
    pub(crate) fn not_measurable(gate: Gate, why: impl fmt::Display) -> Self {
        Self {
            gate,
            figure: String::new(),
            verdict: Verdict::NotMeasurable(why.to_string()),
        }
    }
}
