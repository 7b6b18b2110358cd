use aftershock_measure::tail::normal_quantile;
use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

use super::common::{CAP, CONFIDENCE, HORIZON_H, MAINTENANCE_SHARE, daily_per_root_s, follow, moves, over};
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "garch-margin",
    what: "margin at a normal quantile of volatility that returns to normal",
    changes: "Variance follows GARCH(1,1) from close to close: (1 − alpha − beta) of the normal variance, alpha of the last \
              squared return, beta of the last variance; it begins at the normal one. Initial margin becomes z(confidence) \
              times the root of the variance forecast over the horizon, never below history's, at most the cap; maintenance \
              becomes a share of it. Normal is the volatility of the days before the episode. With fewer than two returns \
              history stands. Not modelled: an estimate of alpha and beta, which are stated; closes that come at unlike times.",
    helps: "A shock is expected to fade, so margin over a long horizon rises less than by ewma-margin, and never falls far \
            below what is normal.",
    costs: "Margin rises in the fall itself. Tails are taken as normal, so large moves break it more often than it says.",
    parameters: &[
        CONFIDENCE,
        HORIZON_H,
        Parameter {
            name: "alpha",
            default: 0.05,
            allowed: [0.0, 0.99],
            meaning: "weight of the last squared return, ratio",
        },
        Parameter {
            name: "beta",
            default: 0.94,
            allowed: [0.0, 0.9999],
            meaning: "weight of the last variance, ratio; alpha and beta together below 1",
        },
        MAINTENANCE_SHARE,
        CAP,
    ],
    example: "Variance at four times normal, alpha + beta = 0.9, over ten closes: 10 + 3 · (1 − 0.9^10) / 0.1 = 29.5 normal \
              closes in place of 40.",
    sources: &[
        "Bollerslev, \"Generalized autoregressive conditional heteroskedasticity\", Journal of Econometrics 31 (1986)",
        "Engle and Mezrich, \"GARCH for Groups\", Risk 9 (1996): the constant by the variance aimed at",
        "alpha, beta and all other parameters: declared, not estimated",
    ],
    overlap: None,
    build: |table| {
        let rule = read::<GarchMargin>(table)?;
        if rule.alpha + rule.beta >= 1.0 {
            return Err(format!(
                "beta: is {}, allowed is 0 to below {} (1 less alpha): variance would never return to normal",
                rule.beta,
                1.0 - rule.alpha
            ));
        }
        Ok(Box::new(rule))
    },
};

/// Margin at a normal quantile of a GARCH(1,1) forecast.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GarchMargin {
    /// Share of moves that margin covers.
    pub confidence: f64,
    /// Horizon over which the position must stand, h.
    pub horizon_h: f64,
    /// Weight of the last squared return.
    pub alpha: f64,
    /// Weight of the last variance.
    pub beta: f64,
    /// Maintenance over initial margin.
    pub maintenance_share: f64,
    /// Highest initial margin that the rule asks.
    pub cap: f64,
}

impl GarchMargin {
    /// Mean variance of the next `steps` closes, where variance is `next` at the first and `normal` in the long run; with less
    /// than a close it is that of the first.
    fn mean_variance(&self, next: f64, normal: f64, steps: f64) -> f64 {
        let kept = self.alpha + self.beta;
        let steps = steps.max(1.0);
        normal + (next - normal) * (1.0 - libm::pow(kept, steps)) / ((1.0 - kept) * steps)
    }
}

impl ProtocolRule for GarchMargin {
    fn name(&self) -> &str {
        "garch-margin"
    }

    fn sets_margin(&self) -> bool {
        true
    }

    fn model(&self, view: &View<'_>) -> f64 {
        let moves = moves(view);
        let (Some((first, _)), Some((last, _))) = (view.past.closes().first(), view.past.closes().last())
        else {
            return 0.0;
        };
        if moves.is_empty() {
            return 0.0;
        }
        let normal = daily_per_root_s(view.volatility_normal);
        let normal = normal * normal;
        let next = moves.iter().fold(normal, |variance, one| {
            (1.0 - self.alpha - self.beta) * normal + self.alpha * one * one + self.beta * variance
        });
        let close_h = last.seconds_since(*first) / moves.len() as f64 / 3_600.0;
        let mean = self.mean_variance(next, normal, self.horizon_h / close_h);
        normal_quantile(self.confidence).unwrap_or(0.0) * over(self.horizon_h, mean.sqrt())
    }

    fn assess_margin(&self, step: &AssessMargin, _view: &View<'_>) -> Decision<AssessMargin> {
        follow(
            step,
            self.cap,
            self.maintenance_share,
            "margin follows a variance that returns to normal",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::margin::tests::{Asked, near, past, refused};

    const RULE: GarchMargin = GarchMargin {
        confidence: 0.99,
        horizon_h: 1.0,
        alpha: 0.1,
        beta: 0.8,
        maintenance_share: 0.5,
        cap: 1.0,
    };

    /// By hand: from 4 down to 1 by 0.9 a close, over three closes 4 + 3.7 + 3.43 = 11.13.
    #[test]
    fn variance_returns_to_normal() {
        near(RULE.mean_variance(4.0, 1.0, 3.0), 11.13 / 3.0);
        for steps in [0.25, 1.0] {
            near(RULE.mean_variance(4.0, 1.0, steps), 4.0);
        }
        assert!((RULE.mean_variance(4.0, 1.0, 1e9) - 1.0).abs() < 1e-6);
    }

    /// By hand: normal is 4 % a day, so 1.6e-3/24 an hour, N. Two hourly returns of 1 %: N·0.1 + 1e-5 + 0.8·N, and once more
    /// N·0.1 + 1e-5 + 0.8·(0.9·N + 1e-5) = 0.82·N + 1.8e-5.
    #[test]
    fn by_hand() {
        let normal = 1.6e-3_f64 / 24.0;
        let next = 0.82 * normal + 1.8e-5;
        let past = past(3_600, &[0.01, -0.01]);
        let z = 2.3263478740408408;
        let asked = Asked::of(RULE, &past);
        near(asked.initial, z * next.sqrt());
        near(asked.maintenance, 0.5 * z * next.sqrt());
        let two = GarchMargin {
            horizon_h: 2.0,
            ..RULE
        };
        near(
            Asked::of(two, &past).initial,
            z * (next + 0.1 * normal + 0.9 * next).sqrt(),
        );
        assert_eq!(
            Asked::of(GarchMargin { cap: 0.011, ..RULE }, &past).initial,
            0.011
        );
        assert_eq!(Asked::after(0.3, RULE, &past).initial, 0.3);
    }

    #[test]
    fn history_stands_where_nothing_is_known() {
        for returns in [&[][..], &[0.1]] {
            assert_eq!(Asked::of(RULE, &past(60, returns)), Asked::HISTORY);
        }
    }

    #[test]
    fn variance_must_return() {
        assert_eq!(
            refused("kind = \"garch-margin\"\nalpha = 0.25\nbeta = 0.75\n"),
            "x:8: garch-margin: beta: is 0.75, allowed is 0 to below 0.75 (1 less alpha): variance would never return to normal"
        );
    }
}
