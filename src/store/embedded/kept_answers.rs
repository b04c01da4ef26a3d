//! Answers to the questions that were asked last, as they were given: whoever asks the same again as of the same
//! position gets the same.

use super::kept::Kept;
use crate::domain::{
    id::TenantId,
    question::{CurveAnswer, CurveQuestion, RankAnswer, RankQuestion, RankRow},
};
use std::sync::Arc;

/// How many bytes of rankings are kept, and of curves.
const KEPT_BYTES: usize = 8 * 1_024 * 1_024;
/// About what a question and the totals of its answer take.
const QUESTION_BYTES: usize = 4_096;
/// About what a row takes beside itself: ids and sums by account.
const ROW_BYTES: usize = 2_048;

/// Whose answer it is, and how many parties had been erased: an erasure changes what is told as of earlier positions.
pub(super) type Of = (TenantId, usize);

/// All tenants' answers.
pub(super) struct KeptAnswers {
    /// Rankings.
    pub rankings: Kept<(Of, RankQuestion), Arc<RankAnswer>>,
    /// Whale curves.
    pub curves: Kept<(Of, CurveQuestion), Arc<CurveAnswer>>,
}

impl Default for KeptAnswers {
    fn default() -> Self {
        Self {
            rankings: Kept::within(KEPT_BYTES),
            curves: Kept::within(KEPT_BYTES),
        }
    }
}

/// About how many bytes the answer to a question takes.
pub(super) fn bytes_of_ranking(answer: &RankAnswer) -> usize {
    QUESTION_BYTES + answer.rows.len() * (size_of::<RankRow>() + ROW_BYTES)
}

/// About how many bytes a curve takes.
pub(super) fn bytes_of_curve(answer: &CurveAnswer) -> usize {
    QUESTION_BYTES + size_of_val(answer.points.as_slice())
}
