//! How finely books are divided, and when checkpoints are written.

use super::random::Random;
use crate::store::embedded::{BookSizes, CheckpointSizes};

/// Books that are divided as finely as can be, or less so.
pub fn books(random: &mut Random) -> BookSizes {
    let finest = BookSizes {
        recent_rows: 3,
        kept_positions: 2,
        leaf_rows: 2,
    };
    let some = BookSizes {
        recent_rows: 8 + random.below(20),
        kept_positions: 16,
        leaf_rows: 5,
    };
    random.pick(&[finest, some, BookSizes::default(), BookSizes::default()])
}

/// Checkpoints after few writes in small steps, or hardly ever.
pub fn checkpoints(random: &mut Random) -> CheckpointSizes {
    let often = CheckpointSizes {
        writes: 1 + random.below(40) as u64,
        share: 1_000,
        writes_at_close: 1 + random.below(40) as u64,
        share_at_close: 1_000,
        step_bytes: 1 + random.below(3_000),
        sync_bytes: 1 + random.below(6_000) as u64,
    };
    random.pick(&[often, often, CheckpointSizes::default()])
}
