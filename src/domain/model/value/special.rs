//! Functions: the derivatives of the gamma function's logarithm, the incomplete beta function, and nodes of
//! quadrature.
//!
//! | here | source |
//! |---|---|
//! | [`digamma`], [`trigamma`] | Abramowitz & Stegun 6.3.5, 6.3.18, 6.4.6, 6.4.12: recurrence, asymptotic series |
//! | [`incomplete_beta`] | DLMF 8.17.22, the continued fraction, by Lentz's method |
//! | [`NODES`] | Gauss and Legendre, eight nodes: Abramowitz & Stegun, table 25.4 |

/// Eight nodes of Gauss and Legendre on -1 to 1.
pub const NODES: [f64; 8] = [
    -0.960_289_856_497_536_2,
    -0.796_666_477_413_626_7,
    -0.525_532_409_916_329,
    -0.183_434_642_495_649_8,
    0.183_434_642_495_649_8,
    0.525_532_409_916_329,
    0.796_666_477_413_626_7,
    0.960_289_856_497_536_2,
];

/// Their weights.
pub const WEIGHTS: [f64; 8] = [
    0.101_228_536_290_376_26,
    0.222_381_034_453_374_48,
    0.313_706_645_877_887_27,
    0.362_683_783_378_361_96,
    0.362_683_783_378_361_96,
    0.313_706_645_877_887_27,
    0.222_381_034_453_374_48,
    0.101_228_536_290_376_26,
];

/// From here on the asymptotic series are exact to the last digits.
const ASYMPTOTIC: f64 = 12.0;

/// The derivative of the gamma function's logarithm; `x` above zero.
pub fn digamma(mut x: f64) -> f64 {
    let mut below = 0.0;
    while x < ASYMPTOTIC {
        below += 1.0 / x;
        x += 1.0;
    }
    let z = 1.0 / (x * x);
    let mut series = 1.0 / 12.0;
    series = 691.0 / 32_760.0 - z * series;
    series = 1.0 / 132.0 - z * series;
    series = 1.0 / 240.0 - z * series;
    series = 1.0 / 252.0 - z * series;
    series = 1.0 / 120.0 - z * series;
    series = 1.0 / 12.0 - z * series;
    libm::log(x) - 0.5 / x - z * series - below
}

/// The second derivative of the gamma function's logarithm; `x` above zero.
pub fn trigamma(mut x: f64) -> f64 {
    let mut below = 0.0;
    while x < ASYMPTOTIC {
        below += 1.0 / (x * x);
        x += 1.0;
    }
    let z = 1.0 / (x * x);
    let mut series = 7.0 / 6.0;
    series = 691.0 / 2_730.0 - z * series;
    series = 5.0 / 66.0 - z * series;
    series = 1.0 / 30.0 - z * series;
    series = 1.0 / 42.0 - z * series;
    series = 1.0 / 30.0 - z * series;
    series = 1.0 / 6.0 - z * series;
    (1.0 + 0.5 / x + z * series) / x + below
}

/// The regularised incomplete beta function: the probability that a share with the beta distribution `a`, `b` is at
/// most `x`.
pub fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let log_front = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b)
        + a * libm::log(x)
        + b * libm::log1p(-x);
    let front = libm::exp(log_front);
    if x < (a + 1.0) / (a + b + 2.0) {
        (front * fraction(a, b, x) / a).min(1.0)
    } else {
        (1.0 - front * fraction(b, a, 1.0 - x) / b).max(0.0)
    }
}

/// The continued fraction.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let kept = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / kept(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / kept(1.0 + even * d);
        c = kept(1.0 + even / c);
        value *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / kept(1.0 + odd * d);
        c = kept(1.0 + odd / c);
        let change = d * c;
        value *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `x`, digamma, trigamma: by mpmath 1.3 with 50 digits.
    #[allow(
        clippy::excessive_precision,
        reason = "as many digits as the source gives"
    )]
    const TRUTH: [(f64, f64, f64); 12] = [
        (1e-8, -100_000_000.577_215_648, 10_000_000_000_000_001.6),
        (0.01, -100.560_885_457_868_674, 10_001.621_213_528_313_2),
        (0.243, -4.351_093_864_423_210_6, 18.141_779_787_095_828_6),
        (0.5, -1.963_510_026_021_423_48, 4.934_802_200_544_679_31),
        (1.0, -0.577_215_664_901_532_861, 1.644_934_066_848_226_44),
        (1.5, 0.036_489_973_978_576_520_6, 0.934_802_200_544_679_309),
        (2.0, 0.422_784_335_098_467_139, 0.644_934_066_848_226_436),
        (3.74, 1.179_479_353_462_892_42, 0.306_268_109_689_563_438),
        (10.25, 2.277_704_790_686_723_97, 0.102_474_521_517_991_867),
        (29.243, 3.358_444_682_794_587_1, 0.034_787_571_736_546_534_5),
        (
            1_000.243,
            6.907_498_287_640_062_1,
            0.001_000_256_982_668_391_79,
        ),
        (1e6, 13.815_510_057_964_190_8, 1.000_000_500_000_166_67e-6),
    ];

    #[test]
    fn gamma_functions_have_their_values() {
        for (x, first, second) in TRUTH {
            let close = |ours: f64, truth: f64| {
                let error = (ours - truth).abs();
                assert!(
                    error <= 4e-15 * truth.abs().max(1.0),
                    "{ours} is not {truth}"
                );
            };
            close(digamma(x), first);
            close(trigamma(x) * x, second * x);
        }
    }

    #[test]
    fn nodes_integrate_polynomials_of_degree_fifteen() {
        for power in 0..16 {
            let sum: f64 = NODES
                .iter()
                .zip(WEIGHTS)
                .map(|(x, w)| w * x.powi(power))
                .sum();
            let whole = if power % 2 == 0 {
                2.0 / f64::from(power + 1)
            } else {
                0.0
            };
            assert!((sum - whole).abs() < 1e-15, "{power}: {sum}");
        }
    }

    #[test]
    fn the_incomplete_beta_function_has_its_values() {
        // I_x(1, b) = 1 - (1 - x)^b, I_x(a, 1) = x^a, and I_1/2(a, a) = 1/2.
        for x in [1e-6, 0.1, 0.37, 0.9, 0.999] {
            for a in [0.2, 1.0, 6.5, 300.0] {
                // The gamma functions of large numbers lose some digits.
                let close =
                    |ours: f64, truth: f64| assert!((ours - truth).abs() < 1e-11, "{ours} {truth}");
                close(incomplete_beta(1.0, a, x), 1.0 - (1.0 - x).powf(a));
                close(incomplete_beta(a, 1.0, x), x.powf(a));
                close(incomplete_beta(a, a, 0.5), 0.5);
                close(
                    incomplete_beta(a, 3.0, x) + incomplete_beta(3.0, a, 1.0 - x),
                    1.0,
                );
            }
        }
        assert_eq!(incomplete_beta(2.0, 3.0, f64::NAN), 0.0);
        assert_eq!(incomplete_beta(2.0, 3.0, 1.5), 1.0);
    }
}
