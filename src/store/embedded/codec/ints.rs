//! A column of whole numbers: in blocks of 128, each with its least value, and for each number as many bits as the
//! greatest needs beyond that. Amounts in whole cents are counted in cents.

use crate::store::embedded::log::{Bytes, add_varint};

/// How many numbers share a least value and a width.
const BLOCK: usize = 128;
/// What all numbers of a column may be multiples of.
const SCALES: [i64; 3] = [1_000_000, 10_000, 1];
/// The widest numbers that can be read out of eight bytes wherever they begin; wider ones take all eight.
const WIDEST: u32 = 56;
/// A block's bits, and eight bytes more to read from.
const BUFFER: usize = BLOCK * 8 + 8;

/// Adds a column.
pub fn write(bytes: &mut Vec<u8>, values: &[i64]) {
    add_varint(bytes, values.len() as u64);
    if values.is_empty() {
        return;
    }
    // Divisors that the compiler knows: dividing by others takes ten times as long.
    if are_multiples::<{ SCALES[0] }>(values) {
        write_blocks::<{ SCALES[0] }>(bytes, 0, values);
    } else if are_multiples::<{ SCALES[1] }>(values) {
        write_blocks::<{ SCALES[1] }>(bytes, 1, values);
    } else {
        write_blocks::<{ SCALES[2] }>(bytes, 2, values);
    }
}

fn are_multiples<const SCALE: i64>(values: &[i64]) -> bool {
    values.iter().all(|value| value % SCALE == 0)
}

fn write_blocks<const SCALE: i64>(bytes: &mut Vec<u8>, code: u8, values: &[i64]) {
    bytes.push(code);
    let mut scaled = [0_i64; BLOCK];
    for block in values.chunks(BLOCK) {
        let scaled = &mut scaled[..block.len()];
        for (scaled, value) in scaled.iter_mut().zip(block) {
            *scaled = value / SCALE;
        }
        write_block(bytes, scaled);
    }
}

fn write_block(bytes: &mut Vec<u8>, values: &[i64]) {
    let least = values.iter().copied().min().unwrap_or_default();
    let greatest = values.iter().copied().max().unwrap_or_default();
    let beyond = |value: i64| value.wrapping_sub(least).cast_unsigned();
    let bits = u64::BITS - beyond(greatest).leading_zeros();
    let width = if bits > WIDEST { 64 } else { bits };
    add_varint(bytes, zigzag(least));
    let [narrow, ..] = width.to_le_bytes();
    bytes.push(narrow);
    if width == 0 {
        return;
    }
    // Bits that are not written yet: fewer than 64 before each value.
    let (mut bits, mut filled) = (0, 0);
    let mut buffer = [0_u8; BUFFER];
    let mut words = buffer.chunks_exact_mut(8);
    for value in values {
        let value = beyond(*value);
        bits |= value << filled;
        filled += width;
        if filled >= u64::BITS {
            if let Some(word) = words.next() {
                word.copy_from_slice(&bits.to_le_bytes());
            }
            filled -= u64::BITS;
            // What had no room.
            bits = value.checked_shr(width - filled).unwrap_or_default();
        }
    }
    if let Some(word) = words.next() {
        word.copy_from_slice(&bits.to_le_bytes());
    }
    let length = (values.len() * width as usize).div_ceil(8);
    bytes.extend_from_slice(&buffer[..length]);
}

/// Reads a column of at most `limit` numbers.
pub fn read(bytes: &mut Bytes<'_>, limit: usize) -> Option<Vec<i64>> {
    let count = usize::try_from(bytes.varint()?).ok()?;
    if count > limit {
        return None;
    }
    if count == 0 {
        return Some(Vec::new());
    }
    let scale = *SCALES.get(usize::from(bytes.u8()?))?;
    let mut values = Vec::with_capacity(count);
    while values.len() < count {
        read_block(bytes, BLOCK.min(count - values.len()), scale, &mut values)?;
    }
    Some(values)
}

fn read_block(
    bytes: &mut Bytes<'_>,
    count: usize,
    scale: i64,
    values: &mut Vec<i64>,
) -> Option<()> {
    let least = unzigzag(bytes.varint()?);
    let width = u32::from(bytes.u8()?);
    if width > WIDEST && width != 64 {
        return None;
    }
    if width == 0 {
        let value = least.wrapping_mul(scale);
        values.resize(values.len() + count, value);
        return Some(());
    }
    let packed = bytes.take((count * width as usize).div_ceil(8))?;
    let mut buffer = [0_u8; BUFFER];
    buffer.get_mut(..packed.len())?.copy_from_slice(packed);
    let mask = u64::MAX >> (64 - width);
    let mut bit = 0;
    for _ in 0..count {
        let (byte, shift) = (bit / 8, bit % 8);
        let place = buffer.get(byte..)?.first_chunk::<8>()?;
        let beyond = u64::from_le_bytes(*place) >> shift & mask;
        values.push(least.wrapping_add(beyond.cast_signed()).wrapping_mul(scale));
        bit += width as usize;
    }
    Some(())
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn back(values: &[i64]) -> Option<Vec<i64>> {
        let mut bytes = Vec::new();
        write(&mut bytes, values);
        let mut rest = Bytes(&bytes);
        let read = read(&mut rest, values.len());
        assert!(rest.0.is_empty());
        read
    }

    #[test]
    fn cents_of_any_size_take_few_bytes() {
        let cents: Vec<i64> = (0..1_000).map(|i| i * 7_919 % 100_000 * 10_000).collect();
        let mut bytes = Vec::new();
        write(&mut bytes, &cents);
        assert!(bytes.len() < 1_000 * 17 / 8 + 100, "{}", bytes.len());
        assert_eq!(back(&cents).unwrap(), cents);
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(
            values in prop_oneof![
                proptest::collection::vec(any::<i64>(), 0..300),
                proptest::collection::vec(-3_i64..3, 0..300),
                proptest::collection::vec((-1_000_i64..1_000).prop_map(|cents| cents * 10_000), 0..300),
                proptest::collection::vec(prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0)], 0..300),
            ],
        ) {
            prop_assert_eq!(back(&values).unwrap(), values);
        }

        #[test]
        fn damaged_bytes_neither_panic_nor_ask_for_the_moon(
            bytes in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            if let Some(values) = read(&mut Bytes(&bytes), 1_024) {
                prop_assert!(values.len() <= 1_024);
            }
        }
    }
}
