//! Impact that decays with a power of age.

use super::declared::Declared;

/// Part of daily volume that is worked over a minute to say how large impact is.
const WORKED: f64 = 0.005;
/// That minute, s.
const WORKED_S: usize = 60;

/// `gamma0`, log price times s^beta over (seconds of mean volume)^psi.
pub(super) fn gamma0(declared: &Declared) -> f64 {
    let told = &declared.propagator;
    let rate = WORKED * super::DAY_S / WORKED_S as f64;
    let sum: f64 = (0..WORKED_S).map(|age| decay(age, told.beta, told.l0_s)).sum();
    told.y * declared.news_volatility_daily * WORKED.sqrt() / (libm::pow(rate, told.psi) * sum)
}

/// Impact of one unit at every age up to the length of the tape.
pub(super) fn kernel(declared: &Declared) -> Vec<f64> {
    let told = &declared.propagator;
    let gamma0 = gamma0(declared);
    (0..declared.duration_s as usize)
        .map(|age| gamma0 * decay(age, told.beta, told.l0_s))
        .collect()
}

fn decay(age: usize, beta: f64, l0_s: f64) -> f64 {
    let age = age as f64;
    libm::pow(l0_s * l0_s + age * age, -0.5 * beta)
}

/// Adds what flow in a step does to the price of it and of all later ones.
pub(super) fn add(impact: &mut [f64], step: usize, kernel: &[f64], flow: f64) {
    for (price, weight) in impact[step..].iter_mut().zip(kernel) {
        *price += flow * weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand from the formula: with `l0 = 3`, `beta = 0.5` the kernel at age 4 is `5^-0.5` of what `gamma0` says.
    #[test]
    fn the_kernel_is_a_power_of_age() {
        let mut declared = Declared::default();
        (declared.propagator.beta, declared.propagator.l0_s) = (0.5, 3.0);
        let (kernel, gamma0) = (kernel(&declared), gamma0(&declared));
        assert!((kernel[4] / gamma0 - 5.0_f64.powf(-0.5)).abs() < 1e-15);
        assert!((kernel[7_000] / kernel[1_750] - 0.5).abs() < 1e-5);
    }

    /// `y sigma sqrt(0.005) = 0.03 * 0.0707107 = 0.00212132`, at the end of a minute of `0.005 * 86400 / 60 = 7.2` seconds
    /// of volume each second.
    #[test]
    fn a_minute_of_half_a_percent_moves_the_price_as_declared() {
        for psi in [1.0, 0.6] {
            let mut declared = Declared::default();
            declared.propagator.psi = psi;
            let kernel = kernel(&declared);
            let mut impact = vec![0.0; 100];
            for step in 0..60 {
                add(&mut impact, step, &kernel, 7.2_f64.powf(psi));
            }
            assert!(
                (impact[59] - 0.002_121_320_343_559_643).abs() < 1e-15,
                "{}",
                impact[59]
            );
            assert!(impact[99] < impact[59]);
        }
    }
}
