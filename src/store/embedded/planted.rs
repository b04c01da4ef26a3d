//! Bugs that a simulation plants into the engine to show that it finds them. Outside of unit tests none can be planted,
//! and the compiler leaves nothing of them.

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Planted {
    /// A frame is acknowledged without a sync.
    SkipSync,
    /// What could not be appended is acknowledged.
    AcknowledgeFailure,
    /// What could not be appended is posted to the books.
    PostFailure,
    /// The watermark is moved before the append.
    PublishEarly,
    /// Some ids are forgotten when the folder is opened again.
    ForgetFingerprints,
    /// The ids of reversals are forgotten when the folder is opened again.
    ForgetReversals,
    /// Some activities are posted twice when the folder is opened again.
    PostTwice,
    /// A row is believed whatever its checksum.
    BelieveRows,
    /// A frame is believed whatever its checksum.
    BelieveFrames,
    /// What the witness says is passed over.
    IgnoreWitness,
    /// Some frames are taken for torn ones.
    CutFrame,
    /// The last frame is not written again when the folder is opened.
    TrustLastFrame,
    /// What is left of a torn frame stays.
    LeaveTorn,
    /// Writes go on after a sync that failed.
    WriteOn,
    /// The chain of frames goes on after a write that failed.
    ChainFailure,
    /// What a frame that did not fit has left stays.
    LeaveSoiled,
    /// The witness tells of a frame before it is durable.
    WitnessEarly,
    /// The name of a new segment is not made durable.
    LoseSegmentName,
    /// A segment that was packed takes its name before it is durable.
    PackUnsynced,
    /// Packing writes some writes twice and others never.
    PackLoses,
    /// Packing turns rows around.
    PackReorders,
    /// Names are believed to be durable when the folder is opened.
    TrustNames,
    /// An activity can be taken back twice.
    ReverseTwice,
    /// What a part of a checkpoint holds is posted to it once more.
    CheckpointTwice,
    /// Fingerprints that came while a checkpoint was written are taken for noted.
    CheckpointForgets,
    /// A backup is not made durable.
    BackupUnsynced,
    /// Verifying does not hear the witness.
    VerifyAlone,
    /// What was taken back is owed still.
    OweReversed,
    /// What changed what customers owe is read once, and never again.
    OweFirst,
}

/// Whether a bug is planted.
#[cfg(not(test))]
pub(super) const fn is_planted(_: Planted) -> bool {
    false
}

#[cfg(test)]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Planted>> = const { std::cell::Cell::new(None) };
}

/// Whether a bug is planted in what this thread does.
#[cfg(test)]
pub(super) fn is_planted(bug: Planted) -> bool {
    PLANTED.get() == Some(bug)
}

/// Plants a bug in what this thread does, or none.
#[cfg(test)]
pub(super) fn plant(bug: Option<Planted>) {
    PLANTED.set(bug);
}
