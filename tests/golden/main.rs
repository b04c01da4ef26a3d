//! Golden reports: small worlds in YAML, with the whole answers to questions about them and the arithmetic by hand in
//! their comments. Every file in `worlds` is lived once on each store; a new world needs no line of Rust.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "JSON will have no further kinds of values"
)]

mod client;
#[path = "../shared/cluster.rs"]
mod cluster;
mod comparing;
mod contract;
mod coverage;
mod printing;
mod readable;
mod stores;
mod world;

use world::World;

/// Lives every world on its own store and fails with all that differs at once.
async fn live_all<S: Future<Output = Option<stores::Opened>>>(open: impl Fn() -> S) {
    let mut differences = Vec::new();
    for world in World::all() {
        // What cannot be opened here says that its test is skipped.
        let Some(opened) = open().await else { return };
        differences.extend(world.live(opened.store).await);
    }
    assert!(differences.is_empty(), "\n\n{}\n", differences.join("\n\n"));
}

#[tokio::test]
async fn worlds_in_memory() {
    live_all(stores::memory).await;
}

#[tokio::test]
async fn worlds_on_the_embedded_store() {
    live_all(stores::embedded).await;
}

#[tokio::test]
async fn worlds_on_postgresql() {
    live_all(stores::postgres).await;
}
