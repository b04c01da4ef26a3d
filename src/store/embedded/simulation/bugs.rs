//! Every planted bug is found, within so many seeds; and the seed that finds it finds nothing where there is no bug.

use super::live;
use crate::store::embedded::planted::Planted;

/// Lives seeds with a bug until it is found.
fn assert_found(bug: Planted, within: u64) {
    let found = (0..within).find_map(|seed| Some((seed, live(seed, Some(bug)).err()?)));
    let Some((seed, finding)) = found else {
        panic!("{bug:?} is not found by {within} seeds");
    };
    let finding = finding.lines().next().unwrap_or_default();
    let words: String = finding.chars().take(300).collect();
    println!("{bug:?} is found by {} seeds: {words}", seed + 1);
    let honest = live(seed, None);
    assert!(honest.is_ok(), "{honest:?}");
}

macro_rules! found {
    ($($name:ident: $bug:ident within $seeds:literal;)+) => {
        $(
            #[test]
            fn $name() {
                assert_found(Planted::$bug, $seeds);
            }
        )+
    };
}

found! {
    a_sync_that_is_skipped: SkipSync within 200;
    a_failure_that_is_acknowledged: AcknowledgeFailure within 200;
    a_failure_that_is_posted: PostFailure within 200;
    a_watermark_that_runs_ahead: PublishEarly within 200;
    ids_that_are_forgotten: ForgetFingerprints within 200;
    reversals_that_are_forgotten: ForgetReversals within 200;
    activities_that_are_posted_twice: PostTwice within 200;
    rows_that_are_believed: BelieveRows within 400;
    frames_that_are_believed: BelieveFrames within 400;
    a_witness_that_is_not_heard: IgnoreWitness within 400;
    a_frame_that_is_cut: CutFrame within 200;
    a_last_frame_that_is_trusted: TrustLastFrame within 400;
    a_torn_frame_that_stays: LeaveTorn within 400;
    writes_after_a_failure: WriteOn within 200;
    a_chain_that_goes_on: ChainFailure within 200;
    rows_that_are_found_early: IndexEarly within 200;
    a_soiled_end_that_stays: LeaveSoiled within 400;
    a_witness_that_speaks_early: WitnessEarly within 200;
    a_segment_without_a_name: LoseSegmentName within 400;
    packing_without_a_sync: PackUnsynced within 400;
    packing_that_loses: PackLoses within 200;
    packing_that_reorders: PackReorders within 200;
    names_that_are_trusted: TrustNames within 400;
    reversals_of_the_reversed: ReverseTwice within 200;
}
