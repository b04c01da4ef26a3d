//! Customer value against published numbers, against simulated customers, and on time that was held back.

#![allow(clippy::unwrap_used, reason = "what cannot be built fails the test")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of tests are small"
)]

mod answers;
mod data;
mod dice;
mod published;
mod reference;
mod simulated;
