//! Where a figure comes from, told apart by a sign and a word and not by colour alone.

use minijinja::{Value, context};

/// What a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It stands in the record.
    Recorded,
    /// Somebody published it.
    Published,
    /// It lies between what is recorded.
    Interpolated,
    /// A replay came to it, from inputs some of which are recorded.
    Modelled,
    /// A replay came to it from beliefs: nothing recorded narrows it.
    PriorOnly,
}

impl Kind {
    /// All of them, in the order of a legend.
    pub(crate) const ALL: [Self; 5] = [
        Self::Recorded,
        Self::Published,
        Self::Interpolated,
        Self::Modelled,
        Self::PriorOnly,
    ];

    /// The sign, of a shape of its own.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Recorded => "●",
            Self::Published => "■",
            Self::Interpolated => "◐",
            Self::Modelled => "◆",
            Self::PriorOnly => "△",
        }
    }

    /// Its name.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Published => "published",
            Self::Interpolated => "interpolated",
            Self::Modelled => "modelled",
            Self::PriorOnly => "prior-only",
        }
    }

    /// What that says of a figure.
    fn meaning(self) -> &'static str {
        match self {
            Self::Recorded => "stands in the record, or is counted from it alone",
            Self::Published => "somebody published it; the source stands beside it",
            Self::Interpolated => "lies between what is recorded, such as a price inside a bar",
            Self::Modelled => "a replay came to it, from a record that narrows its inputs",
            Self::PriorOnly => "a replay came to it from beliefs; nothing recorded narrows it",
        }
    }

    /// For a template.
    pub(crate) fn view(self) -> Value {
        context! { sign => self.sign(), word => self.word(), meaning => self.meaning() }
    }
}

/// What the figures of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// Words, or figures that say so themselves.
    Words,
    /// This.
    Is(Kind),
    /// What the results of the page are.
    Result,
}
