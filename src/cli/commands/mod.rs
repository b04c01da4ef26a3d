//! One file for each command: its flags, the request they become, and how the answer is shown.

pub mod activities;
pub mod allocation;
pub mod bands;
pub mod by;
pub mod capacity;
pub mod closings;
pub mod comparison;
pub mod copy;
pub mod costs;
pub mod cross;
pub mod database;
pub mod folder;
pub mod lookalikes;
pub mod parties;
pub mod prequalify;
pub mod profile;
pub mod rank;
pub mod rates;
pub mod receivables;
pub mod results;
pub mod reverse;
pub mod serve;
pub mod statement;
pub mod traits;
pub mod trend;
pub mod whale;
