//! Short numbers that stand for many bytes. They tell things apart; they prove nothing to somebody who wants to cheat.

/// A fingerprint that grows with every byte: FNV-1a of 64 bits (Fowler, Noll and Vo, 1991).
#[derive(Debug, Clone, Copy)]
pub struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fingerprint {
    /// Takes in some bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// The fingerprint so far.
    pub fn value(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_the_published_one() {
        // The test vector "foobar" of draft-eastlake-fnv.
        let mut fingerprint = Fingerprint::default();
        fingerprint.add(b"foo");
        fingerprint.add(b"bar");
        assert_eq!(fingerprint.value(), 0x8594_4171_f739_67e8);
    }
}
