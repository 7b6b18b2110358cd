//! Which truths are made, and what the fit is told of each.

use aftershock_market::Timestamp;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::KnownTruth;
use crate::clocked::{ClockError, Clocked};
use crate::fit::impact::{
    Choice, ImpactFit, ImpactForm, Path, Settings, conclude, predetermined, reversal_bound, rows,
};
use crate::synth::Shape;

/// One truth, and what the fit believes of it beside `Y`.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What it is called in tables.
    pub name: String,
    /// What is true.
    pub truth: KnownTruth,
    /// Whether `Y` is drawn from the fit's prior for each seed, times that of `truth`.
    pub y_drawn: bool,
    /// Form of impact that the fit uses.
    pub form: ImpactForm,
    /// Forced flow that the fit takes for predetermined.
    pub choice: Choice,
    /// Length of a step of the fit's clock, s.
    pub step_s: f64,
}

/// What the fit says of one tape.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The true `Y`.
    pub truth: f64,
    /// The fit.
    pub fit: ImpactFit,
    /// Slope by instrument with the mean of the whole tape taken out, and no window.
    pub whole: Option<f64>,
    /// Upper bound from news that would have to reverse.
    pub reversal_bound: Option<f64>,
}

/// Correlations of news and ordinary flow that each case is run at.
const CORRELATIONS: [f64; 3] = [0.0, 0.3, 0.6];

/// Standing flow at which other shapes agree with the square root, USD.
const MATCH_USD: f64 = 3e8;
/// Half-lives and weights of the six states that made-up tapes declare (`synth/default.toml`).
const SIX_HALF_LIVES_S: [f64; 6] = [3.5, 20.8, 124.8, 748.6, 4_491.6, 26_949.7];
const SIX_WEIGHTS: [f64; 6] = [0.25, 0.2, 0.2, 0.15, 0.1, 0.1];

/// The experiment as documented, and the variations under which it was found to fail.
pub fn cases() -> Vec<Case> {
    let truth = KnownTruth::default;
    let ramp = |shape| {
        let mut truth = truth();
        truth.ramp.shape = shape;
        truth
    };
    let half_life = |factor: f64| {
        let form = truth().form;
        let half_life_s = form.half_lives_s[0] * factor;
        form.with_decay("exponential", &[half_life_s], &[1.0])
    };
    let drawn = [
        ("Y from the prior", truth()),
        ("Y from the prior, exp.", ramp(Shape::Exponential)),
    ];
    let right = truth().form;
    let told = [
        ("as documented", truth(), right.clone()),
        ("ramp shifted 300 s", ramp(Shape::Shifted), right.clone()),
        ("ramp exponential", ramp(Shape::Exponential), right.clone()),
        ("ramp 180 s long", ramp(Shape::Short), right.clone()),
        ("ramp in jumps", ramp(Shape::Jumps), right),
        ("decay 3 times too slow", truth(), half_life(3.0)),
        ("decay 3 times too fast", truth(), half_life(1.0 / 3.0)),
    ];
    let mut cases = Vec::new();
    for (name, truth, form) in told {
        for correlation in CORRELATIONS {
            let mut case = Case::new(name, truth.clone(), form.clone());
            case.truth.correlation = correlation;
            cases.push(case);
        }
    }
    for (name, truth) in drawn {
        let mut case = Case::new(name, truth.clone(), truth.form);
        case.truth.correlation = 0.3;
        case.y_drawn = true;
        cases.push(case);
    }
    cases
}

/// What the experiment leaves out: forms of impact that the fit does not know, depth that thins, a latency below the
/// clock's step, a tape without a fall.
pub fn foreign_cases() -> Vec<Case> {
    let truth = KnownTruth::default;
    let told = truth().form;
    let six = told.with_decay("six states", &SIX_HALF_LIVES_S, &SIX_WEIGHTS);
    let shape = told.shape;
    let formed = |form: ImpactForm| KnownTruth {
        form,
        correlation: 0.3,
        ..truth()
    };
    let linear = told.with_shape("linear", shape.linear_at(MATCH_USD));
    let log = told.with_shape("log", shape.log_at(MATCH_USD, 1e7));
    let quick = |latency_s| KnownTruth {
        latency_s,
        tick_s: 0.05,
        ..formed(told.clone())
    };
    let mut calm = formed(told.clone());
    calm.ramp.size = 0.0;
    let thin = KnownTruth {
        depth_in_crash: 1.0 / 3.0,
        ..formed(told.clone())
    };
    let mut cases = vec![
        Case::new("six states, told", formed(six.clone()), six.clone()),
        Case::new("six states, not told", formed(six.clone()), told.clone()),
        Case::new("300 s, told six states", formed(told.clone()), six),
        Case::new("power law 0.4, not told", formed(power_law(&told)), told.clone()),
        Case::new("linear, told", formed(linear.clone()), linear.clone()),
        Case::new("linear, not told", formed(linear.clone()), told.clone()),
        Case::new("root, told linear", formed(told.clone()), linear),
        Case::new("log, not told", formed(log.clone()), told.clone()),
        Case::new("root, told log", formed(told.clone()), log),
        Case::new("depth a third, not told", thin, told.clone()),
        Case::new("no fall", calm, told.clone()),
    ];
    for latency_s in [0.3, 0.75] {
        for (name, choice) in [
            ("early fills", Choice::Predetermined { latency_s }),
            ("all fills", Choice::All),
            ("fills a step ago", Choice::Lagged),
        ] {
            let mut case = Case::new(&format!("{latency_s} s, {name}"), quick(latency_s), told.clone());
            case.choice = choice;
            cases.push(case);
        }
    }
    cases
}

/// `(1 + t/10 s)^-0.4` by twelve states a factor 3 apart, as the mixture of exponentials whose rates are gamma.
fn power_law(like: &ImpactForm) -> ImpactForm {
    let half_lives_s: Vec<f64> = (0..12)
        .map(|state| 2.0 * libm::pow(3.0, f64::from(state)))
        .collect();
    let weight = |half_life_s: &f64| {
        let rate = 10.0 * core::f64::consts::LN_2 / half_life_s;
        libm::pow(rate, 0.4) * libm::exp(-rate)
    };
    let raw: Vec<f64> = half_lives_s.iter().map(weight).collect();
    let total: f64 = raw.iter().sum();
    let weights: Vec<f64> = raw.iter().map(|one| one / total).collect();
    like.with_decay("power law", &half_lives_s, &weights)
}

impl Case {
    /// A case on a clock of 1 s, all of whose fills are taken for predetermined.
    fn new(name: &str, truth: KnownTruth, form: ImpactForm) -> Self {
        Self {
            name: name.to_owned(),
            truth,
            y_drawn: false,
            form,
            choice: Choice::All,
            step_s: 1.0,
        }
    }

    /// The truth of one seed.
    pub fn truth_of(&self, seed: u64, settings: &Settings) -> KnownTruth {
        let mut truth = self.truth.clone();
        if self.y_drawn {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(2);
            let z: f64 = StandardNormal.sample(&mut rng);
            truth.y *= settings.prior.median * libm::exp(settings.prior.sd_log * z);
        }
        truth
    }

    /// What the fit says of the tape of a seed.
    ///
    /// # Errors
    /// A tape without a step.
    pub fn run(&self, seed: u64, settings: &Settings) -> Result<Told, ClockError> {
        let truth = self.truth_of(seed, settings);
        let observed = truth.tape(seed);
        let end = Timestamp((truth.duration_s * 1e6) as i64);
        let tape = Clocked::new(&observed, Timestamp(0), end, self.step_s)?;
        let forced = predetermined(&observed, &tape, self.choice);
        let path = Path::new(&tape, &self.form, &forced, None);
        let whole = Settings {
            windows: vec![(truth.duration_s, false)],
            offsets: vec![0.0],
            ahead: false,
            ..settings.clone()
        };
        Ok(Told {
            truth: truth.y,
            whole: rows(&tape, &path, &whole)[0].y_iv(),
            fit: conclude(&self.form.name, rows(&tape, &path, settings), 0.0, settings),
            reversal_bound: reversal_bound(&tape, &path, settings),
        })
    }
}
