//! Customer value against published numbers, against simulated customers, and on time that was held back.

#![allow(clippy::unwrap_used, reason = "what cannot be built fails the test")]

mod data;
mod published;
mod reference;
