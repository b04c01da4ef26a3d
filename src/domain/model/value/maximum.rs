//! Where a likelihood of positive parameters is greatest: Newton's method in their logarithms.
//!
//! Damped as by Levenberg and Marquardt where the curvature is not that of a maximum, with steps halved until they
//! lead up (Nocedal & Wright, Numerical Optimization, 2006, chapters 3 and 10). In logarithms no step can make a
//! parameter negative, and a parameter that runs away stops at a bound instead of overflowing.

/// Logarithms of parameters stay within this distance from zero.
const BOUND: f64 = 14.0;
/// The longest step of a logarithm.
const LONGEST_STEP: f64 = 3.0;
/// With less than this to be gained (in units of log-likelihood), a maximum is reached.
const GAIN: f64 = 1e-12;
/// Near a maximum, differences of likelihoods are rounding; the step is then taken without looking.
const NEAR: f64 = 1e-7;
const MOST_STEPS: u32 = 200;

/// A square matrix.
pub type Matrix<const N: usize> = [[f64; N]; N];

/// A value with its first and second derivatives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve<const N: usize> {
    /// The value.
    pub value: f64,
    /// Its first derivatives.
    pub gradient: [f64; N],
    /// Its second derivatives.
    pub hessian: Matrix<N>,
}

impl<const N: usize> Curve<N> {
    /// Zero everywhere.
    pub const ZERO: Self = Self {
        value: 0.0,
        gradient: [0.0; N],
        hessian: [[0.0; N]; N],
    };

    /// Fills in the upper triangle from the lower one.
    #[must_use]
    pub fn mirrored(mut self) -> Self {
        for row in 0..N {
            for column in 0..row {
                self.hessian[column][row] = self.hessian[row][column];
            }
        }
        self
    }

    /// The same in the parameters' logarithms.
    fn in_logarithms(mut self, parameters: &[f64; N]) -> Self {
        for row in 0..N {
            for column in 0..N {
                self.hessian[row][column] *= parameters[row] * parameters[column];
            }
            self.gradient[row] *= parameters[row];
            self.hessian[row][row] += self.gradient[row];
        }
        self
    }

    fn is_finite(&self) -> bool {
        let mut cells = self.hessian.iter().flatten().chain(&self.gradient);
        self.value.is_finite() && cells.all(|cell| cell.is_finite())
    }
}

/// Something whose maximum is looked for.
pub trait Likelihood<const N: usize> {
    /// The logarithm of the likelihood with its derivatives by the parameters themselves, all of them positive.
    fn at(&self, parameters: &[f64; N]) -> Curve<N>;
}

/// Where the maximum is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Maximum<const N: usize> {
    /// The parameters.
    pub parameters: [f64; N],
    /// The logarithm of the likelihood there.
    pub log_likelihood: f64,
    /// Covariance of the parameters' logarithms: the inverse of the curvature. Zero for those at a bound.
    pub covariance: Matrix<N>,
    /// How often the likelihood was taken with its derivatives.
    pub evaluations: u32,
    /// Whether the maximum was reached.
    pub converged: bool,
}

struct Place<const N: usize> {
    logarithms: [f64; N],
    curve: Curve<N>,
}

fn place<const N: usize>(likelihood: &impl Likelihood<N>, logarithms: [f64; N]) -> Place<N> {
    let parameters = logarithms.map(libm::exp);
    let curve = likelihood.at(&parameters).in_logarithms(&parameters);
    Place { logarithms, curve }
}

/// Looks for the maximum from a start of positive parameters.
pub fn maximum<const N: usize>(likelihood: &impl Likelihood<N>, start: &[f64; N]) -> Maximum<N> {
    let start = start.map(|parameter| libm::log(parameter).clamp(-BOUND, BOUND));
    let mut best = place(likelihood, start.map(|l| if l.is_nan() { 0.0 } else { l }));
    let mut evaluations = 1;
    let mut converged = false;
    let mut damping = 0.0;
    while evaluations < MOST_STEPS && best.curve.is_finite() {
        let free = free(&best);
        let Some((step, gain)) = newton_step(&best.curve, &free, &mut damping) else {
            break;
        };
        if gain < GAIN {
            best.logarithms = moved(&best.logarithms, &step, 1.0);
            converged = true;
            break;
        }
        let longest = step.iter().fold(0.0_f64, |most, part| most.max(part.abs()));
        let mut share = (LONGEST_STEP / longest).min(1.0);
        let mut higher = None;
        while higher.is_none() && share > 1e-4 && evaluations < MOST_STEPS {
            let next = place(likelihood, moved(&best.logarithms, &step, share));
            evaluations += 1;
            let risen = next.curve.value - best.curve.value;
            let is_up = risen >= 1e-4 * share * gain || gain < NEAR;
            if is_up && next.curve.is_finite() {
                higher = Some(next);
            }
            share *= 0.3;
        }
        match higher {
            Some(next) => best = next,
            None if damping < 1e6 => damping = (damping * 10.0).max(1e-3),
            None => break,
        }
    }
    Maximum {
        parameters: best.logarithms.map(libm::exp),
        log_likelihood: best.curve.value,
        covariance: covariance(&best.curve, &free(&best)),
        evaluations,
        converged,
    }
}

/// Which parameters are not held back by a bound.
fn free<const N: usize>(place: &Place<N>) -> [bool; N] {
    std::array::from_fn(|row| {
        let (at, slope) = (place.logarithms[row], place.curve.gradient[row]);
        let held = (at >= BOUND && slope >= 0.0) || (at <= -BOUND && slope <= 0.0);
        !held
    })
}

fn moved<const N: usize>(from: &[f64; N], step: &[f64; N], share: f64) -> [f64; N] {
    std::array::from_fn(|row| (from[row] + share * step[row]).clamp(-BOUND, BOUND))
}

/// The step, and what it would gain if the curve were a parabola, twice over.
fn newton_step<const N: usize>(
    curve: &Curve<N>,
    free: &[bool; N],
    damping: &mut f64,
) -> Option<([f64; N], f64)> {
    let mut gradient = curve.gradient;
    for (slope, _) in gradient.iter_mut().zip(free).filter(|(_, free)| !**free) {
        *slope = 0.0;
    }
    for _ in 0..60 {
        let bent = negated(curve, free, *damping);
        if let Some(factor) = cholesky(&bent) {
            let step = solved(&factor, &gradient);
            let gain: f64 = step.iter().zip(&gradient).map(|(a, b)| a * b).sum();
            *damping = if *damping < 1e-6 { 0.0 } else { *damping * 0.1 };
            return gain.is_finite().then_some((step, gain));
        }
        *damping = (*damping * 4.0).max(1e-4);
    }
    None
}

/// The curvature turned round, with `damping` times its diagonal on top; the identity where a parameter is held back.
fn negated<const N: usize>(curve: &Curve<N>, free: &[bool; N], damping: f64) -> Matrix<N> {
    std::array::from_fn(|row| {
        std::array::from_fn(|column| {
            let own = row == column;
            if !(free[row] && free[column]) {
                return if own { 1.0 } else { 0.0 };
            }
            let cell = -curve.hessian[row][column];
            let extra = if own {
                damping * cell.abs().max(1e-3)
            } else {
                0.0
            };
            cell + extra
        })
    })
}

/// The lower Cholesky factor of a positive definite matrix, `None` of another.
pub fn cholesky<const N: usize>(matrix: &Matrix<N>) -> Option<Matrix<N>> {
    let mut lower = [[0.0; N]; N];
    for row in 0..N {
        for column in 0..=row {
            let known = lower[row][..column].iter().zip(&lower[column][..column]);
            let rest = matrix[row][column] - known.map(|(a, b)| a * b).sum::<f64>();
            if row == column {
                // A pivot that is all rounding is none.
                let least = matrix[row][row].abs() * 1e-14;
                if rest.is_nan() || rest <= least {
                    return None;
                }
                lower[row][row] = rest.sqrt();
            } else {
                lower[row][column] = rest / lower[column][column];
            }
        }
    }
    Some(lower)
}

/// Solves with the matrix whose factor is given.
pub fn solved<const N: usize>(lower: &Matrix<N>, right: &[f64; N]) -> [f64; N] {
    let mut x = *right;
    for row in 0..N {
        for column in 0..row {
            x[row] -= lower[row][column] * x[column];
        }
        x[row] /= lower[row][row];
    }
    for row in (0..N).rev() {
        for below in row + 1..N {
            x[row] -= lower[below][row] * x[below];
        }
        x[row] /= lower[row][row];
    }
    x
}

fn covariance<const N: usize>(curve: &Curve<N>, free: &[bool; N]) -> Matrix<N> {
    let mut result = [[0.0; N]; N];
    let Some(factor) = cholesky(&negated(curve, free, 0.0)) else {
        return result;
    };
    for column in (0..N).filter(|column| free[*column]) {
        let unit = std::array::from_fn(|row| if row == column { 1.0 } else { 0.0 });
        let solution = solved(&factor, &unit);
        for row in (0..N).filter(|row| free[*row]) {
            result[row][column] = solution[row];
        }
    }
    result
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Asserts that the derivatives of a likelihood are those of its values.
    #[track_caller]
    pub fn assert_derivatives<const N: usize>(likelihood: &impl Likelihood<N>, at: &[f64; N]) {
        let curve = likelihood.at(at);
        for row in 0..N {
            let step = at[row] * 1e-5;
            let with = |change: f64| {
                let mut moved = *at;
                moved[row] += change;
                likelihood.at(&moved)
            };
            let (up, down) = (with(step), with(-step));
            let close = |ours: f64, theirs: f64, size: f64| {
                let error = (ours - theirs).abs();
                assert!(error <= 2e-6 * size, "{ours} and {theirs} at {at:?}, {row}");
            };
            let slope = (up.value - down.value) / (2.0 * step);
            // Where the slope nearly vanishes, the rounding of the values is what is left.
            let rounding = curve.value.abs() * 1e-9 / at[row];
            close(curve.gradient[row], slope, slope.abs() + rounding);
            for column in 0..N {
                let bend = (up.gradient[column] - down.gradient[column]) / (2.0 * step);
                let size = bend.abs() + (curve.gradient[column] / at[row]).abs() * 1e-3 + 1e-6;
                close(curve.hessian[row][column], bend, size);
                assert_eq!(curve.hessian[row][column], curve.hessian[column][row]);
            }
        }
    }

    /// The logarithm of a gamma density's shape: greatest at `(3, 0.5)`, not concave everywhere.
    struct Hill;

    impl Likelihood<2> for Hill {
        fn at(&self, p: &[f64; 2]) -> Curve<2> {
            let [a, b] = *p;
            let (u, v) = (a - 3.0, b * a - 1.5);
            Curve {
                value: -(1.0 + u * u + v * v).ln(),
                gradient: [
                    -(2.0 * u + 2.0 * v * b) / (1.0 + u * u + v * v),
                    -2.0 * v * a / (1.0 + u * u + v * v),
                ],
                hessian: {
                    let d = 1.0 + u * u + v * v;
                    let (da, db) = (2.0 * u + 2.0 * v * b, 2.0 * v * a);
                    let aa = -(2.0 + 2.0 * b * b) / d + da * da / (d * d);
                    let ab = -(2.0 * a * b + 2.0 * v) / d + da * db / (d * d);
                    let bb = -(2.0 * a * a) / d + db * db / (d * d);
                    [[aa, ab], [ab, bb]]
                },
            }
        }
    }

    /// Has no maximum: rises for ever.
    struct Slope;

    impl Likelihood<1> for Slope {
        fn at(&self, p: &[f64; 1]) -> Curve<1> {
            Curve {
                value: -1.0 / p[0],
                gradient: [1.0 / (p[0] * p[0])],
                hessian: [[-2.0 / (p[0] * p[0] * p[0])]],
            }
        }
    }

    #[test]
    fn the_maximum_is_found_from_afar() {
        assert_derivatives(&Hill, &[0.7, 2.0]);
        for start in [[1.0, 1.0], [100.0, 0.001], [0.01, 50.0], [f64::NAN, 1.0]] {
            let found = maximum(&Hill, &start);
            assert!(found.converged, "{start:?}");
            assert!((found.parameters[0] - 3.0).abs() < 1e-7, "{found:?}");
            assert!((found.parameters[1] - 0.5).abs() < 1e-7, "{found:?}");
        }
    }

    #[test]
    fn what_runs_away_is_held_at_the_bound() {
        let found = maximum(&Slope, &[1.0]);
        assert!(found.parameters[0] <= libm::exp(BOUND) * 1.000_001);
        assert!(found.parameters[0] > 1e3, "{found:?}");
        assert!(found.log_likelihood.is_finite());
        assert!(found.covariance[0][0].is_finite());
    }

    #[test]
    fn a_matrix_that_is_not_positive_has_no_factor() {
        assert!(cholesky(&[[1.0, 2.0], [2.0, 1.0]]).is_none());
        assert!(cholesky(&[[f64::NAN]]).is_none());
        let factor = cholesky(&[[4.0, 2.0], [2.0, 5.0]]).unwrap();
        assert_eq!(factor, [[2.0, 0.0], [1.0, 2.0]]);
        assert_eq!(solved(&factor, &[8.0, 12.0]), [1.0, 2.0]);
    }
}
