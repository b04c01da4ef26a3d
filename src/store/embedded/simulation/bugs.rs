//! Every planted bug is found, within so many seeds; and the seed that finds it finds nothing where there is no bug.

use super::live;
use crate::store::embedded::planted::Planted;
use std::ops::Range;

/// Lives seeds with a bug until it is found.
fn assert_found(bug: Planted, seeds: Range<u64>) {
    let found = seeds
        .clone()
        .find_map(|seed| Some((seed, live(seed, Some(bug)).err()?)));
    let Some((seed, finding)) = found else {
        panic!("{bug:?} is not found by the seeds {seeds:?}");
    };
    let finding = finding.lines().next().unwrap_or_default();
    let words: String = finding.chars().take(300).collect();
    println!("{bug:?} is found: {words}");
    let honest = live(seed, None);
    assert!(honest.is_ok(), "{honest:?}");
}

macro_rules! found {
    ($($name:ident: $bug:ident by $seeds:expr;)+) => {
        $(
            #[test]
            fn $name() {
                assert_found(Planted::$bug, $seeds);
            }
        )+
    };
}

// A soiled end takes a full disk in the middle of a long frame, a short one over it, and a polite close.
found! {
    a_sync_that_is_skipped: SkipSync by 0..200;
    a_failure_that_is_acknowledged: AcknowledgeFailure by 0..200;
    a_failure_that_is_posted: PostFailure by 0..200;
    a_watermark_that_runs_ahead: PublishEarly by 0..200;
    ids_that_are_forgotten: ForgetFingerprints by 0..200;
    reversals_that_are_forgotten: ForgetReversals by 0..200;
    activities_that_are_posted_twice: PostTwice by 0..200;
    rows_that_are_believed: BelieveRows by 0..400;
    frames_that_are_believed: BelieveFrames by 0..400;
    a_witness_that_is_not_heard: IgnoreWitness by 0..400;
    a_frame_that_is_cut: CutFrame by 0..200;
    a_last_frame_that_is_trusted: TrustLastFrame by 0..400;
    a_torn_frame_that_stays: LeaveTorn by 0..400;
    writes_after_a_failure: WriteOn by 0..200;
    a_chain_that_goes_on: ChainFailure by 0..200;
    a_soiled_end_that_stays: LeaveSoiled by 100..500;
    a_witness_that_speaks_early: WitnessEarly by 0..200;
    a_segment_without_a_name: LoseSegmentName by 0..400;
    packing_without_a_sync: PackUnsynced by 0..400;
    packing_that_loses: PackLoses by 0..200;
    packing_that_reorders: PackReorders by 0..200;
    names_that_are_trusted: TrustNames by 0..400;
    reversals_of_the_reversed: ReverseTwice by 0..200;
    a_checkpoint_that_counts_twice: CheckpointTwice by 0..200;
    a_checkpoint_that_forgets: CheckpointForgets by 0..200;
    a_backup_without_a_sync: BackupUnsynced by 0..200;
    verifying_without_the_witness: VerifyAlone by 0..400;
    what_was_taken_back_and_is_owed: OweReversed by 0..200;
    what_was_written_since_and_is_not_owed: OweFirst by 0..200;
}
