//! The command line as its users meet it: the real program against the real service, in processes of their own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod adventureworks;
mod broken_streams;
mod closings;
#[path = "../shared/cluster.rs"]
mod cluster;
mod copying;
mod costs;
mod demo;
mod exit_codes;
mod folders;
mod imports;
mod prices;
mod process;
mod prospects;
mod rankings;
mod resuming;
mod roles;
mod superstore;
mod two_services;
mod values;
