//! Gauss's hypergeometric series, `F(a, b; c; z)` for `z` from 0 to below 1.
//!
//! Abramowitz & Stegun 15.1.1. Whoever asks transforms it first (Euler, Pfaff), so that its terms do not grow.

use super::lanes::{LANES, Lanes};

/// Terms of a series. That is enough for all digits up to `z = 0.998`; beyond, digits are lost.
const MOST_TERMS: u32 = 20_000;
/// A term that is smaller than this part of the sum is the last.
const NOTHING: f64 = 1e-17;
/// Coefficients that are kept for several arguments.
const KEPT: usize = 96;

/// The series as a polynomial, if few terms are enough.
pub struct Polynomial {
    coefficients: [f64; KEPT],
    count: usize,
}

impl Polynomial {
    /// No polynomial: every argument is taken by itself.
    pub const NONE: Self = Self {
        coefficients: [0.0; KEPT],
        count: 0,
    };

    /// A polynomial that is good from zero up to `most`; none if it would be too long.
    pub fn of(a: f64, b: f64, c: f64, most: f64) -> Self {
        let mut found = Self::NONE;
        let (mut coefficient, mut power, mut sum, mut n) = (1.0_f64, 1.0_f64, 0.0_f64, 0.0);
        for count in 0..KEPT {
            found.coefficients[count] = coefficient;
            let term = coefficient * power;
            sum += term;
            // Terms may change their signs once, so that one may vanish by chance.
            if term.abs() <= NOTHING * sum.abs() && count > 1 {
                found.count = count + 1;
                return found;
            }
            coefficient *= (a + n) * (b + n) / ((c + n) * (n + 1.0));
            power *= most;
            n += 1.0;
        }
        Self::NONE
    }

    /// `F(a, b; c; z)` of eight arguments.
    pub fn at(&self, z: &Lanes, a: f64, b: f64, c: f64) -> Lanes {
        if self.count == 0 {
            return z.map(|z| series(a, b, c, z));
        }
        let mut sum = [0.0; LANES];
        for coefficient in self.coefficients[..self.count].iter().rev() {
            for (sum, z) in sum.iter_mut().zip(z) {
                *sum = *sum * z + coefficient;
            }
        }
        sum
    }
}

fn series(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let (mut term, mut sum) = (1.0_f64, 1.0_f64);
    for n in 0..MOST_TERMS {
        let n = f64::from(n);
        term *= (a + n) * (b + n) / ((c + n) * (n + 1.0)) * z;
        sum += term;
        if term.abs() <= NOTHING * sum.abs() {
            break;
        }
    }
    sum
}

/// The sum of `(a)_(n-1) (d)_n / ((c)_(n-1) n!) z^n` from `n = 1` on: `(c-1)/(a-1) [F(a-1, d; c-1; z) - 1]`, which
/// has no pole at `a = 1` or `c = 1`.
pub fn shifted_series(a: f64, d: f64, c: f64, z: f64) -> f64 {
    let mut term = d * z;
    let mut sum = term;
    for n in 1..MOST_TERMS {
        let n = f64::from(n);
        term *= (a + n - 1.0) * (d + n) / ((c + n - 1.0) * (n + 1.0)) * z;
        sum += term;
        if term.abs() <= NOTHING * sum.abs() {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `b`, `c`, `z` and the value, with `a` = 1.976 after Euler's transformation: by mpmath 1.3 with 50 digits,
    /// rounded.
    const TRUTH: [(f64, f64, f64, f64); 6] = [
        (-0.207, 2.219, 0.05, 0.990_609_568_818_532),
        (-0.207, 2.219, 0.473_3, 0.891_612_714_654_594_2),
        (-0.207, 2.219, 0.9, 0.691_045_616_340_291_4),
        (-0.207, 3.219, 0.99, 0.792_080_320_893_389_6),
        (-0.207, 223.219, 0.99, 0.998_176_347_840_063_5),
        (-0.207, 1_002.219, 0.99, 0.999_595_483_305_503_9),
    ];

    #[test]
    fn series_have_their_values() {
        for (b, c, z, truth) in TRUTH {
            let a = 1.976;
            assert!((series(a, b, c, z) / truth - 1.0).abs() < 1e-13, "{truth}");
            let polynomial = Polynomial::of(a, b, c, z);
            for value in polynomial.at(&[z; LANES], a, b, c) {
                assert!((value / truth - 1.0).abs() < 1e-13, "{truth}");
            }
            // (c-1)/(a-1) [F(a-1, d; c-1; z) - 1], taken one up.
            let again = 1.0 + a / c * shifted_series(a + 1.0, b, c + 1.0, z);
            assert!((again / truth - 1.0).abs() < 1e-13, "{again} {truth}");
        }
        assert_eq!(Polynomial::of(1.976, -0.207, 2.219, 0.99).count, 0);
        assert!(Polynomial::of(1.976, -0.207, 2.219, 0.473_3).count > 3);
    }
}
