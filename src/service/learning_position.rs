//! At which position everything is learnt that is read as of another.
//!
//! A short ledger is learnt from as it is at the position that is read. Of a long one everything is learnt at round
//! positions alone, the last but one before that which is read: whoever reads meanwhile finds it done, since it is
//! begun as soon as that position is reached.

use crate::domain::ledger::Position;

/// Up to this position everything is learnt as of the position that is read.
const SHORT_LEDGER: Position = 8_192;
/// Of a longer ledger there are so many round positions before it is twice as long.
const ROUND_POSITIONS: Position = 128;

/// The position at which everything is learnt that is read as of another.
pub fn learning_position(as_of: Position) -> Position {
    match step(as_of) {
        0 => as_of,
        // At least a hundred of them are before it.
        step => (as_of / step - 1) * step,
    }
}

/// The last round position: what is read a little later is learnt at it.
pub fn next_learning_position(as_of: Position) -> Option<Position> {
    match step(as_of) {
        0 => None,
        step => Some(as_of / step * step),
    }
}

/// How far apart round positions are; 0 if every position is one.
fn step(as_of: Position) -> Position {
    match as_of < SHORT_LEDGER {
        true => 0,
        // The greatest power of two up to it, over a power of two.
        false => (1 << as_of.ilog2()) / ROUND_POSITIONS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_learnt_is_at_most_a_sixty_fourth_behind_and_rarely_learnt() {
        let mut last = 0;
        let mut changes = 0;
        for as_of in 0..1_000_000 {
            let position = learning_position(as_of);
            assert!(position <= as_of && (as_of - position) * 64 <= as_of.max(64));
            // It never goes back but where a ledger becomes long, and was the next one before it is needed.
            if as_of == SHORT_LEDGER {
                last = 0;
            }
            assert!(position >= last);
            if as_of >= 2 * SHORT_LEDGER && position > last {
                changes += 1;
                let ahead = next_learning_position(as_of - 1);
                assert!(ahead.is_some_and(|ahead| ahead >= position));
            }
            last = position;
        }
        assert!(changes < 7 * 128, "{changes}");
        assert_eq!(learning_position(8_191), 8_191);
        assert_eq!(learning_position(8_192), 8_128);
    }
}
