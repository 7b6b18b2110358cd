//! Priors in TOML, and the draws from them.

use aftershock_measure::impact::SquareRootImpact;
use aftershock_protocol::Brackets;
use aftershock_replay::response::book::BookParameters;
use aftershock_replay::{DecayTable, LeverageMix, Parameters, Pool};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, StandardNormal};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::toml_file::{self, FileError};
use crate::{OpenInterest, Recorded};

const HOUR_S: f64 = 3_600.0;
const DAY_S: f64 = 86_400.0;

/// One belief: a distribution, its unit and where it comes from.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prior {
    /// `log-normal`, `log-uniform`, `normal` or `uniform`.
    kind: Shape,
    median: Option<f64>,
    sd_log: Option<f64>,
    mean: Option<f64>,
    sd: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    /// Unit of the value.
    pub unit: String,
    /// Where the belief comes from.
    pub source: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Shape {
    LogNormal,
    LogUniform,
    Normal,
    Uniform,
}

impl Prior {
    fn check(&self) -> Result<(), String> {
        let needed: [(&str, Option<f64>); 2] = match self.kind {
            Shape::LogNormal => [("median", self.median), ("sd_log", self.sd_log)],
            Shape::Normal => [("mean", self.mean), ("sd", self.sd)],
            Shape::LogUniform | Shape::Uniform => [("low", self.low), ("high", self.high)],
        };
        for (key, value) in needed {
            match value {
                None => return Err(format!("'{key}' is missing")),
                Some(value) if !value.is_finite() || value < 0.0 => {
                    return Err(format!("'{key}' is {value}, should be finite and not negative"));
                }
                Some(_) => {}
            }
        }
        let (low, high) = (self.low.unwrap_or(0.0), self.high.unwrap_or(f64::INFINITY));
        if low >= high || (self.kind == Shape::LogUniform && low == 0.0) {
            return Err(format!(
                "'low' {low} should lie below 'high' {high}, and above 0 for a log-uniform"
            ));
        }
        Ok(())
    }

    /// The median.
    pub fn median(&self) -> f64 {
        let of = |value: Option<f64>| value.expect("checked when it was read");
        match self.kind {
            Shape::LogNormal => of(self.median),
            Shape::Normal => of(self.mean),
            Shape::LogUniform => (of(self.low) * of(self.high)).sqrt(),
            Shape::Uniform => 0.5 * (of(self.low) + of(self.high)),
        }
    }

    fn sample(&self, rng: &mut ChaCha8Rng) -> f64 {
        let of = |value: Option<f64>| value.expect("checked when it was read");
        let value = match self.kind {
            Shape::LogNormal => {
                let z: f64 = StandardNormal.sample(rng);
                self.median() * libm::exp(of(self.sd_log) * z)
            }
            Shape::Normal => {
                let z: f64 = StandardNormal.sample(rng);
                self.median() + of(self.sd) * z
            }
            Shape::LogUniform => {
                let u: f64 = rng.random();
                of(self.low) * libm::exp(u * libm::log(of(self.high) / of(self.low)))
            }
            Shape::Uniform => {
                let u: f64 = rng.random();
                of(self.low) + u * (of(self.high) - of(self.low))
            }
        };
        value.clamp(self.low.unwrap_or(0.0), self.high.unwrap_or(f64::INFINITY))
    }

    /// The distribution in words.
    pub fn describe(&self) -> String {
        let of = |value: Option<f64>| value.expect("checked when it was read");
        match self.kind {
            Shape::LogNormal => format!(
                "log-normal, median {}, sd of log {}",
                of(self.median),
                of(self.sd_log)
            ),
            Shape::Normal => format!("normal, mean {}, sd {}", of(self.mean), of(self.sd)),
            Shape::LogUniform => format!("log-uniform, {:.4} to {:.4}", of(self.low), of(self.high)),
            Shape::Uniform => format!("uniform, {} to {}", of(self.low), of(self.high)),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeverageToml {
    concentration: f64,
    classes: Vec<LeverageClass>,
    source: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeverageClass {
    leverage: f64,
    share: f64,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct SizesToml {
    classes: Vec<SizeClass>,
    source: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct SizeClass {
    notional_usd: f64,
    share: f64,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct DecayToml {
    half_lives_s: [f64; 6],
    weights: [f64; 6],
    source: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct FixedToml {
    latency_s: f64,
    depth_floor: f64,
    book_distance: f64,
    book_refill_s: f64,
    book_end: f64,
    source: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct PoolToml {
    name: String,
    share: f64,
    fund_ratio: f64,
    source: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct PriorsToml {
    impact_y: Prior,
    impact_floor_s: Prior,
    open_interest_ratio: Prior,
    open_interest_level_sd: Prior,
    depth_elasticity: Prior,
    churn_half_life_s: Prior,
    reopen_share: Prior,
    cancelled_share: Prior,
    fund_scale: Prior,
    leverage: LeverageToml,
    account_sizes: SizesToml,
    decay: DecayToml,
    fixed: FixedToml,
    pool: Vec<PoolToml>,
}

/// All priors of a calibration.
#[derive(Clone, Debug)]
pub struct Priors {
    toml: PriorsToml,
    /// SHA-256 of the text, hex.
    pub sha256: String,
}

/// A belief as the report lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct Believed {
    /// Name.
    pub name: String,
    /// Median or fixed value, where it is one number.
    pub value: Option<f64>,
    /// In words.
    pub text: String,
    /// Unit.
    pub unit: String,
    /// `prior` or `declared`.
    pub origin: &'static str,
    /// Where from.
    pub source: String,
}

/// One draw from the priors for one episode.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// Number; 0 is the central draw.
    pub number: u32,
    /// Values by name, in a fixed order.
    pub values: Vec<(&'static str, f64)>,
    /// What the engine takes.
    pub parameters: Parameters,
}

impl Priors {
    /// Reads priors; `file` is named in errors.
    ///
    /// # Errors
    /// Malformed TOML, an unknown or missing key, a distribution that is none, or shares that do not sum to one.
    pub fn parse(file: &str, text: &str) -> Result<Self, FileError> {
        let fail = |reason: String| FileError {
            file: file.into(),
            reason,
        };
        let toml: PriorsToml = toml_file::read(file, text)?;
        for (name, prior) in toml.named() {
            prior
                .check()
                .map_err(|reason| fail(format!("[{name}] {reason}")))?;
        }
        let sums = [
            (
                "leverage",
                toml.leverage.classes.iter().map(|class| class.share).sum::<f64>(),
            ),
            (
                "account_sizes",
                toml.account_sizes.classes.iter().map(|class| class.share).sum(),
            ),
            ("decay.weights", toml.decay.weights.iter().sum()),
            ("pool", toml.pool.iter().map(|pool| pool.share).sum()),
        ];
        for (name, sum) in sums {
            if (sum - 1.0).abs() > 1e-9 {
                return Err(fail(format!("shares of [{name}] sum to {sum}, should sum to 1")));
            }
        }
        let positive = [
            ("leverage.concentration", toml.leverage.concentration),
            ("fixed.latency_s", toml.fixed.latency_s),
            ("fixed.depth_floor", toml.fixed.depth_floor),
            ("fixed.book_distance", toml.fixed.book_distance),
            ("fixed.book_refill_s", toml.fixed.book_refill_s),
            ("fixed.book_end", toml.fixed.book_end),
        ];
        for (name, value) in positive {
            if !(value > 0.0 && value.is_finite()) {
                return Err(fail(format!("{name} is {value}, should be above 0")));
            }
        }
        Ok(Self {
            toml,
            sha256: hex(&Sha256::digest(text.as_bytes())),
        })
    }

    /// Decay factors over the priors' impact half-lives and the volatility half-life.
    pub fn decay_table(&self) -> DecayTable {
        let mut half_lives = [HOUR_S; 7];
        half_lives[..6].copy_from_slice(&self.toml.decay.half_lives_s);
        DecayTable::new(half_lives)
    }

    /// Half-lives, s, and weights of the impact states.
    pub fn impact_decay(&self) -> ([f64; 6], [f64; 6]) {
        (self.toml.decay.half_lives_s, self.toml.decay.weights)
    }

    /// Median of the flow below which impact is linear, in seconds of mean volume.
    pub fn impact_floor_s(&self) -> f64 {
        self.toml.impact_floor_s.median()
    }

    /// Median of the share of a forced order that meets a newly opened position.
    pub fn reopen_share(&self) -> f64 {
        self.toml.reopen_share.median()
    }

    /// The pools' names, in order.
    pub fn pools(&self) -> Vec<String> {
        self.toml.pool.iter().map(|pool| pool.name.clone()).collect()
    }

    /// Draw `number` for an episode; number 0 takes every median. `seed` names the ensemble.
    pub fn draw(
        &self,
        episode: &str,
        seed: u64,
        number: u32,
        recorded: &Recorded,
        brackets: &Brackets,
    ) -> Draw {
        let toml = &self.toml;
        let mut values: Vec<(&'static str, f64)> = Vec::new();
        let mut take = |name: &'static str, prior: &Prior| {
            let value = if number == 0 {
                prior.median()
            } else {
                prior.sample(&mut self.stream(episode, seed, number, name))
            };
            values.push((name, value));
            value
        };
        let y = take("impact_y", &toml.impact_y);
        let floor_s = take("impact_floor_s", &toml.impact_floor_s);
        let open_interest_usd = match recorded.open_interest {
            OpenInterest::Published { level_usd, .. } => {
                level_usd * take("open_interest_level_sd", &toml.open_interest_level_sd)
            }
            OpenInterest::Prior => {
                recorded.volume_daily_usd * take("open_interest_ratio", &toml.open_interest_ratio)
            }
        };
        let depth_elasticity = take("depth_elasticity", &toml.depth_elasticity);
        let churn_half_life_s = take("churn_half_life_s", &toml.churn_half_life_s);
        let reopen_share = take("reopen_share", &toml.reopen_share);
        let cancelled_share = take("cancelled_share", &toml.cancelled_share);
        let fund_scale = take("fund_scale", &toml.fund_scale);

        let shares = self.leverage_shares(episode, seed, number);
        let classes: Vec<(f64, f64)> = toml
            .leverage
            .classes
            .iter()
            .zip(&shares)
            .map(|(class, share)| (class.leverage, *share))
            .collect();
        values.push((
            "mean_leverage",
            classes.iter().map(|(leverage, share)| leverage * share).sum(),
        ));

        let volume = recorded.volume_daily_usd;
        let impact = SquareRootImpact {
            y,
            sigma_daily: recorded.sigma_daily,
            volume_daily_usd: volume,
            j0_usd: volume / DAY_S * floor_s,
        };
        let parameters = Parameters {
            impact,
            impact_weights: toml.decay.weights,
            depth_elasticity,
            depth_floor: toml.fixed.depth_floor,
            // The square-root law moves `book_distance` for V (book_distance / Y sigma)^2; that over the distance.
            book_usd_per_log: volume * toml.fixed.book_distance
                / (y * recorded.sigma_daily * y * recorded.sigma_daily),
            book_end: toml.fixed.book_end,
            book_refill_s: toml.fixed.book_refill_s,
            latency_s: toml.fixed.latency_s,
            open_interest_usd,
            churn_half_life_s,
            mix: LeverageMix {
                classes,
                account_sizes: toml
                    .account_sizes
                    .classes
                    .iter()
                    .map(|class| (class.notional_usd, class.share))
                    .collect(),
            },
            brackets: brackets.clone(),
            reopen_share,
            cancelled_share,
            overlap: 0.0,
            hold_equity: false,
            pools: toml
                .pool
                .iter()
                .map(|pool| Pool {
                    name: pool.name.clone(),
                    share: pool.share,
                    fund_ratio: pool.fund_ratio * fund_scale,
                })
                .collect(),
        };
        Draw {
            number,
            values,
            parameters,
        }
    }

    /// Shares of the leverage classes: the reference, or a Dirichlet draw around it.
    fn leverage_shares(&self, episode: &str, seed: u64, number: u32) -> Vec<f64> {
        let reference = &self.toml.leverage.classes;
        if number == 0 {
            return reference.iter().map(|class| class.share).collect();
        }
        let mut rng = self.stream(episode, seed, number, "leverage");
        let weights: Vec<f64> = reference
            .iter()
            .map(|class| {
                let shape = self.toml.leverage.concentration * class.share;
                Gamma::new(shape, 1.0)
                    .expect("shares and concentration are positive")
                    .sample(&mut rng)
            })
            .collect();
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / sum).collect()
    }

    /// A generator of its own for every draw and name, keyed by episode, priors and seed.
    pub(crate) fn stream(&self, episode: &str, seed: u64, number: u32, name: &str) -> ChaCha8Rng {
        let key: [u8; 32] = Sha256::digest(format!("{episode}\n{}\n{seed}", self.sha256).as_bytes()).into();
        let mut rng = ChaCha8Rng::from_seed(key);
        let stream: [u8; 32] = Sha256::digest(format!("{number}\n{name}").as_bytes()).into();
        rng.set_stream(u64::from_le_bytes(
            stream[..8].try_into().expect("a digest has 32 bytes"),
        ));
        rng
    }

    /// All beliefs in order, for the report. Those that the record replaces are left out.
    pub fn beliefs(&self, recorded: &Recorded) -> Vec<Believed> {
        let toml = &self.toml;
        let published = matches!(recorded.open_interest, OpenInterest::Published { .. });
        let unused = if published {
            "open_interest_ratio"
        } else {
            "open_interest_level_sd"
        };
        let mut beliefs: Vec<Believed> = toml
            .named()
            .into_iter()
            .filter(|(name, _)| *name != unused)
            .map(|(name, prior)| Believed {
                name: name.into(),
                value: Some(prior.median()),
                text: prior.describe(),
                unit: prior.unit.clone(),
                origin: "prior",
                source: prior.source.clone(),
            })
            .collect();
        let list = |items: Vec<String>| items.join(", ");
        let mut add = |name: &str, value: Option<f64>, text: String, unit: &str, origin, source: &str| {
            beliefs.push(Believed {
                name: name.into(),
                value,
                text,
                unit: unit.into(),
                origin,
                source: source.into(),
            });
        };
        let classes = toml
            .leverage
            .classes
            .iter()
            .map(|class| format!("{}x {}", class.leverage, class.share))
            .collect();
        add(
            "leverage_mix",
            None,
            format!(
                "Dirichlet, concentration {}, around {}",
                toml.leverage.concentration,
                list(classes)
            ),
            "share of notional",
            "prior",
            &toml.leverage.source,
        );
        let sizes = toml
            .account_sizes
            .classes
            .iter()
            .map(|class| format!("{} USD {}", class.notional_usd, class.share))
            .collect();
        add(
            "account_sizes",
            None,
            list(sizes),
            "share of notional",
            "prior",
            &toml.account_sizes.source,
        );
        let decay = toml.decay.half_lives_s.iter().zip(&toml.decay.weights);
        let decay = decay
            .map(|(half_life, weight)| format!("{half_life} s {weight}"))
            .collect();
        add(
            "impact_decay",
            None,
            list(decay),
            "half-life and weight",
            "prior",
            &toml.decay.source,
        );
        let fixed = &toml.fixed;
        add(
            "latency_s",
            Some(fixed.latency_s),
            "fixed; on bars at least one waypoint".into(),
            "s",
            "prior",
            &fixed.source,
        );
        add(
            "depth_floor",
            Some(fixed.depth_floor),
            "fixed".into(),
            "ratio",
            "prior",
            &fixed.source,
        );
        add(
            "book_distance",
            Some(fixed.book_distance),
            "fixed".into(),
            "log price",
            "prior",
            &fixed.source,
        );
        add(
            "book_end",
            Some(fixed.book_end),
            "fixed; what a forced order wants beyond it fills there".into(),
            "log price",
            "prior",
            &fixed.source,
        );
        add(
            "book_refill_s",
            Some(fixed.book_refill_s),
            "fixed half-life; what forced orders have eaten comes back with it".into(),
            "s",
            "prior",
            &fixed.source,
        );
        let book = BookParameters::prior(1.0);
        for (name, value, text, unit) in [
            (
                "book_thinning_s",
                book.thinning_half_life_s,
                "fixed half-life with which depth leaves once makers want less of it",
                "s",
            ),
            (
                "book_forced_withdrawal",
                book.forced_withdrawal,
                "fixed; log depth that makers take away while a forced order is about",
                "log depth",
            ),
            (
                "book_forced_memory_s",
                book.forced_memory_us as f64 * 1e-6,
                "fixed; for so long a forced order is about",
                "s",
            ),
        ] {
            add(
                name,
                Some(value),
                text.into(),
                unit,
                "prior",
                "nothing on record separates it",
            );
        }
        for pool in &toml.pool {
            let text = format!(
                "share {}, fund over open interest {}",
                pool.share, pool.fund_ratio
            );
            add(
                &pool.name,
                Some(pool.share),
                text,
                "ratio",
                "declared",
                &pool.source,
            );
        }
        beliefs
    }
}

impl PriorsToml {
    fn named(&self) -> Vec<(&'static str, &Prior)> {
        vec![
            ("impact_y", &self.impact_y),
            ("impact_floor_s", &self.impact_floor_s),
            ("open_interest_ratio", &self.open_interest_ratio),
            ("open_interest_level_sd", &self.open_interest_level_sd),
            ("depth_elasticity", &self.depth_elasticity),
            ("churn_half_life_s", &self.churn_half_life_s),
            ("reopen_share", &self.reopen_share),
            ("cancelled_share", &self.cancelled_share),
            ("fund_scale", &self.fund_scale),
        ]
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
