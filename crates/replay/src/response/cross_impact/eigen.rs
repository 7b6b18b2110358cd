//! Eigenvalues of a small symmetric matrix by Jacobi's rotations.
//!
//! Not nalgebra: it multiplies larger matrices with instructions chosen at run time (`matrixmultiply`), so that bits
//! may differ between machines, and it takes as long to compile as this crate with all else it needs (14 s of one core
//! against 13). This uses `+ − × ÷ √` alone.

/// Sweeps after which rotations no longer change anything; five or six are the rule.
const SWEEPS: usize = 64;

pub(super) struct Eigen {
    n: usize,
    pub(super) values: Vec<f64>,
    /// Column `k` belongs to value `k`; row by row.
    vectors: Vec<f64>,
}

impl Eigen {
    /// Of a symmetric matrix of finite numbers, row by row.
    pub(super) fn of(n: usize, matrix: &[f64]) -> Self {
        let mut a = matrix.to_vec();
        let mut vectors: Vec<f64> = (0..n * n)
            .map(|at| f64::from(u8::from(at / n == at % n)))
            .collect();
        for _ in 0..SWEEPS {
            let mut turned = false;
            for p in 0..n {
                for q in p + 1..n {
                    turned |= rotate(&mut a, &mut vectors, n, (p, q));
                }
            }
            if !turned {
                break;
            }
        }
        Self {
            n,
            values: (0..n).map(|i| a[i * n + i]).collect(),
            vectors,
        }
    }

    /// The matrix with `of` applied to every eigenvalue, row by row.
    pub(super) fn compose(&self, of: impl Fn(f64) -> f64) -> Vec<f64> {
        let n = self.n;
        let mut out = vec![0.0; n * n];
        for (k, &value) in self.values.iter().enumerate() {
            let value = of(value);
            for i in 0..n {
                for j in 0..n {
                    out[i * n + j] += value * (self.vectors[i * n + k] * self.vectors[j * n + k]);
                }
            }
        }
        out
    }
}

/// Turns the plane of `p` and `q` so that their entry vanishes; `false` where it is too small to matter already.
fn rotate(a: &mut [f64], vectors: &mut [f64], n: usize, (p, q): (usize, usize)) -> bool {
    let (app, aqq, apq) = (a[p * n + p], a[q * n + q], a[p * n + q]);
    if apq.abs() <= f64::EPSILON * 1e-3 * (app.abs() + aqq.abs()) {
        return false;
    }
    let half_gap = (aqq - app) / (2.0 * apq);
    // The smaller of the two angles that serve.
    let tangent = half_gap.signum() / (half_gap.abs() + (half_gap * half_gap + 1.0).sqrt());
    let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sine = tangent * cosine;
    for k in 0..n {
        let (akp, akq) = (a[k * n + p], a[k * n + q]);
        a[k * n + p] = cosine * akp - sine * akq;
        a[k * n + q] = sine * akp + cosine * akq;
    }
    for k in 0..n {
        let (apk, aqk) = (a[p * n + k], a[q * n + k]);
        a[p * n + k] = cosine * apk - sine * aqk;
        a[q * n + k] = sine * apk + cosine * aqk;
    }
    (a[p * n + q], a[q * n + p]) = (0.0, 0.0);
    for k in 0..n {
        let (vkp, vkq) = (vectors[k * n + p], vectors[k * n + q]);
        vectors[k * n + p] = cosine * vkp - sine * vkq;
        vectors[k * n + q] = sine * vkp + cosine * vkq;
    }
    true
}
