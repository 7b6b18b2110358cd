use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "margin-buffer",
    what: "a buffer on margin that is used up while margin rises",
    changes: "Margin is asked a buffer above what the rules before ask, or history; while that rises, what is in force stays \
              until the buffer is used up, and follows from there. When it falls, what is in force stays until the whole \
              buffer is there again, and follows down. Initial and maintenance margin grow by the same factor. It goes behind a model and \
              may go beyond its cap; what rules after it ask is taken for its own. Not modelled: a decision of a \
              committee to let it down.",
    helps: "The first quarter of a rise closes nobody and calls nobody.",
    costs: "Holders post more in calm days, and after a peak margin comes down later.",
    parameters: &[Parameter {
        name: "buffer",
        default: 0.25,
        allowed: [0.0, 2.0],
        meaning: "buffer over the margin asked for otherwise, ratio",
    }],
    example: "4 % is asked with a buffer at 5 %. A model that rises to 4.8 % leaves 5 %, one that rises to 6 % gets 6 %; when \
              it falls to 4.8 % 6 % stays, at 4.4 % it is 5.5 %.",
    sources: &[
        "Commission Delegated Regulation (EU) 153/2013, Article 28(1)(a): a buffer of at least 25 % that may be exhausted for \
         a time while margin rises",
        "when it is let down and filled again: declared, one reading of that article",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<MarginBuffer>(table)?)),
};

/// A buffer on margin that is used up while margin rises.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarginBuffer {
    /// Buffer over the margin asked for otherwise.
    pub buffer: f64,
}

impl ProtocolRule for MarginBuffer {
    fn name(&self) -> &str {
        "margin-buffer"
    }

    fn sets_margin(&self) -> bool {
        true
    }

    fn assess_margin(&self, step: &AssessMargin, _view: &View<'_>) -> Decision<AssessMargin> {
        let full = (step.initial_ratio * (1.0 + self.buffer)).min(1.0);
        let initial = if step.elapsed_s > 0.0 {
            step.in_force_initial_ratio.clamp(step.initial_ratio, full)
        } else {
            full
        };
        if initial == step.initial_ratio {
            return Decision::Accept;
        }
        // Rounding must neither carry one beyond the other nor look like a change.
        let scaled = (step.maintenance_ratio * (initial / step.initial_ratio)).min(initial);
        let stands = (scaled / step.in_force_maintenance_ratio - 1.0).abs() < 1e-12;
        let maintenance = if stands {
            step.in_force_maintenance_ratio
        } else {
            scaled
        };
        Decision::Amend(
            AssessMargin {
                initial_ratio: initial,
                maintenance_ratio: maintenance,
                ..step.clone()
            },
            "a buffer stands above margin".into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aftershock_protocol::NO_PAST;

    use crate::margin::tests::{Asked, near, step, view};

    fn asked(initial_ratio: f64, in_force_initial_ratio: f64, elapsed_s: f64) -> Asked {
        let step = AssessMargin {
            initial_ratio,
            maintenance_ratio: 0.5 * initial_ratio,
            in_force_initial_ratio,
            elapsed_s,
            ..step()
        };
        Asked::on(MarginBuffer { buffer: 0.25 }, step, &view(&NO_PAST))
    }

    /// By hand: 4 % has a buffer to 5 %. A model at 4.8 % keeps 5 %, at 5 % has none left, at 6 % is asked as it is. Down at
    /// 4.8 % the whole buffer is 6 %, at 4.4 % 5.5 %. Maintenance is half throughout.
    #[test]
    fn used_up_and_filled_again() {
        for (model, in_force, elapsed_s, initial) in [
            (0.04, 0.008, 0.0, 0.05),
            (0.04, 0.05, 60.0, 0.05),
            (0.048, 0.05, 60.0, 0.05),
            (0.05, 0.05, 60.0, 0.05),
            (0.06, 0.05, 60.0, 0.06),
            (0.06, 0.06, 60.0, 0.06),
            (0.048, 0.06, 60.0, 0.06),
            (0.044, 0.06, 60.0, 0.055),
            (0.9, 0.9, 0.0, 1.0),
        ] {
            let found = asked(model, in_force, elapsed_s);
            near(found.initial, initial);
            near(found.maintenance, 0.5 * initial);
        }
    }

    /// What stands, stands to the last bit: 5 % and 2.5 % in force, asked of any margin that the buffer of 5 % covers.
    #[test]
    fn rounding_is_no_change() {
        for part in 400..=500 {
            let initial_ratio = f64::from(part) / 1e4;
            let step = AssessMargin {
                initial_ratio,
                maintenance_ratio: 0.5 * initial_ratio,
                in_force_initial_ratio: 0.05,
                in_force_maintenance_ratio: 0.025,
                elapsed_s: 60.0,
                ..step()
            };
            let found = Asked::on(MarginBuffer { buffer: 0.25 }, step, &view(&NO_PAST));
            assert_eq!((found.initial, found.maintenance), (0.05, 0.025), "{part}");
        }
    }

    #[test]
    fn maintenance_never_goes_beyond_initial() {
        for ratio in (1..1_000).map(|part| f64::from(part) / 1_000.0) {
            let step = AssessMargin {
                initial_ratio: ratio,
                maintenance_ratio: ratio,
                ..step()
            };
            let found = Asked::on(MarginBuffer { buffer: 0.25 }, step, &view(&NO_PAST));
            assert!(found.maintenance <= found.initial);
        }
    }
}
