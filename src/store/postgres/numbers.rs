//! Whole numbers of any length as PostgreSQL's `numeric` sends them: sums come back exactly. Knows nothing of SQL.

use ethnum::I256;
use std::error::Error;
use tokio_postgres::types::{FromSql, Type, accepts};

/// A whole number that fits an `i128`, sent as a `numeric` or in eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exact(pub i128);

/// A whole number that fits an [`I256`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wide(pub I256);

impl Exact {
    /// So many of a unit; `None` if an `i128` has no room for it.
    pub fn of_unit(self, unit: i128) -> Option<i128> {
        self.0.checked_mul(unit)
    }
}

impl<'a> FromSql<'a> for Exact {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        if *kind == Type::INT8 {
            return Ok(Self(i128::from(i64::from_sql(kind, raw)?)));
        }
        let number = whole(raw).ok_or("a number that is not whole, or too long")?;
        Ok(Self(i128::try_from(number)?))
    }

    accepts!(NUMERIC, INT8);
}

impl<'a> FromSql<'a> for Wide {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(
            whole(raw).ok_or("a number that is not whole, or too long")?,
        ))
    }

    accepts!(NUMERIC);
}

/// Reads the binary form: how many digits of four decimal places, the power of 10,000 of the first, the sign, the
/// number of decimal places to be shown, and the digits.
fn whole(raw: &[u8]) -> Option<I256> {
    let mut words = raw
        .chunks(2)
        .map(|word| Some(i16::from_be_bytes(word.try_into().ok()?)));
    let mut next = || words.next().flatten();
    let (digits, first_power, sign, _) = (next()?, next()?, next()?, next()?);
    let mut number = I256::ZERO;
    for place in 0..digits {
        let digit = next()?;
        if place > first_power {
            // After the point.
            if digit != 0 {
                return None;
            }
            continue;
        }
        number = number
            .checked_mul(I256::from(10_000))?
            .checked_add(I256::from(digit))?;
    }
    if digits > 0 {
        for _ in digits..=first_power {
            number = number.checked_mul(I256::from(10_000))?;
        }
    }
    match sign {
        0 => Some(number),
        0x4000 => number.checked_neg(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(words: &[i16]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn whole_numbers_are_read() {
        let read = |words: &[i16]| whole(&bytes(words)).map(|number| number.to_string());
        assert_eq!(read(&[0, 0, 0, 0]).unwrap(), "0");
        assert_eq!(read(&[1, 0, 0, 0, 7]).unwrap(), "7");
        assert_eq!(read(&[1, 2, 0x4000, 0, 7]).unwrap(), "-700000000");
        assert_eq!(read(&[2, 1, 0, 0, 12, 34]).unwrap(), "120034");
        assert_eq!(read(&[2, 0, 0, 2, 12, 0]).unwrap(), "12");
        assert_eq!(read(&[2, 0, 0, 2, 12, 5000]), None);
        assert_eq!(read(&[0, 0, -0x4000, 0]), None);
        assert_eq!(read(&[2, 0, 0, 0, 12]), None);
    }
}
