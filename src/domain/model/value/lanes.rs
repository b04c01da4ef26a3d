//! Exponential and logarithm of eight numbers at once, without branches, so that the compiler can turn them into wide
//! instructions. Only additions, multiplications and divisions, which are exact to the last bit on every machine, and
//! no fused ones: the result does not depend on the width.
//!
//! Reduction to a small interval and a polynomial there (Muller, Elementary Functions, 2016, chapters 3 and 11).
//! Errors stay below two units in the last place.

/// How many numbers are taken at once.
pub const LANES: usize = 8;
/// Eight numbers.
pub type Lanes = [f64; LANES];

const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Added and taken away again, it rounds to a whole number; the lowest bits of the sum are that number.
const ROUNDER: f64 = 6_755_399_441_055_744.0;
/// Below, the exponential is taken for zero; above, it stops growing.
const LEAST_EXPONENT: f64 = -708.0;
const GREATEST_EXPONENT: f64 = 709.0;

/// `exp` of each. Below -708 zero, above 709 as at 709.
#[inline(always)]
pub fn exp(x: &Lanes) -> Lanes {
    let mut result = [0.0; LANES];
    for (result, &x) in result.iter_mut().zip(x) {
        *result = exp_of(x);
    }
    result
}

#[inline(always)]
fn exp_of(x: f64) -> f64 {
    let inside = x.clamp(LEAST_EXPONENT, GREATEST_EXPONENT);
    let shifted = inside * std::f64::consts::LOG2_E + ROUNDER;
    let whole = shifted - ROUNDER;
    let rest = (inside - whole * LN_2_HIGH) - whole * LN_2_LOW;
    // The series to the 13th power: the next term is below 4e-18 of the sum.
    let mut sum = 1.0 / 6_227_020_800.0;
    sum = sum * rest + 1.0 / 479_001_600.0;
    sum = sum * rest + 1.0 / 39_916_800.0;
    sum = sum * rest + 1.0 / 3_628_800.0;
    sum = sum * rest + 1.0 / 362_880.0;
    sum = sum * rest + 1.0 / 40_320.0;
    sum = sum * rest + 1.0 / 5_040.0;
    sum = sum * rest + 1.0 / 720.0;
    sum = sum * rest + 1.0 / 120.0;
    sum = sum * rest + 1.0 / 24.0;
    sum = sum * rest + 1.0 / 6.0;
    sum = sum * rest + 0.5;
    let power = 1.0 + (rest + rest * rest * sum);
    // The lowest bits of `shifted` are the whole number, in two's complement.
    let scale = f64::from_bits((shifted.to_bits().wrapping_add(1_023)) << 52);
    let value = power * scale;
    if x < LEAST_EXPONENT { 0.0 } else { value }
}

/// `ln` of each; all of them positive, finite and not subnormal.
#[inline(always)]
pub fn ln(x: &Lanes) -> Lanes {
    let mut result = [0.0; LANES];
    for (result, &x) in result.iter_mut().zip(x) {
        *result = ln_of(x);
    }
    result
}

#[inline(always)]
fn ln_of(x: f64) -> f64 {
    /// The bits of the square root of one half.
    const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    const FRACTION: u64 = (1 << 52) - 1;
    let bits = x.to_bits();
    // How many doublings lie between the root of one half and x, and what is left: from that root up to the root of
    // 2.
    let doublings = bits.wrapping_sub(ROOT_HALF) >> 52;
    let rest = f64::from_bits(bits.wrapping_sub(doublings << 52));
    // `doublings` is 12 bits wide and wraps below zero: made signed by flipping its sign bit and taking it away
    // again.
    let biased = f64::from_bits(0x4330_0000_0000_0000 | ((doublings & FRACTION) ^ 0x800));
    let whole = biased - (4_503_599_627_370_496.0 + 2_048.0);
    let f = rest - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let mut sum = 1.0 / 23.0;
    sum = sum * z + 1.0 / 21.0;
    sum = sum * z + 1.0 / 19.0;
    sum = sum * z + 1.0 / 17.0;
    sum = sum * z + 1.0 / 15.0;
    sum = sum * z + 1.0 / 13.0;
    sum = sum * z + 1.0 / 11.0;
    sum = sum * z + 1.0 / 9.0;
    sum = sum * z + 1.0 / 7.0;
    sum = sum * z + 1.0 / 5.0;
    sum = sum * z + 1.0 / 3.0;
    // 2 s = f - s f: what the division lost is put back.
    let series = 2.0 * s * z * sum;
    whole * LN_2_HIGH + (f - (s * f - (series + whole * LN_2_LOW)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ours: f64, truth: f64, x: f64) {
        let error = ((ours - truth) / truth).abs();
        assert!(
            ours == truth || error < 5e-16,
            "{ours} is not {truth} at {x}"
        );
    }

    #[test]
    fn they_are_those_of_the_library() {
        let mut x = -707.9;
        while x < 708.9 {
            check(exp(&[x; LANES])[3], libm::exp(x), x);
            x += 0.137_731;
        }
        let mut x = 1e-300;
        while x < 1e300 {
            check(ln(&[x; LANES])[7], libm::log(x), x);
            x *= 1.173_1;
        }
        let mut x = 0.3;
        while x < 3.0 {
            check(ln(&[x; LANES])[0], libm::log(x), x);
            x += 0.000_731;
        }
        assert_eq!(exp(&[0.0; LANES]), [1.0; LANES]);
        assert_eq!(ln(&[1.0; LANES]), [0.0; LANES]);
        assert_eq!(exp(&[-800.0; LANES]), [0.0; LANES]);
        assert!(exp(&[1e9; LANES])[0].is_finite());
        assert_eq!(exp(&[f64::NEG_INFINITY; LANES])[0], 0.0);
    }
}
