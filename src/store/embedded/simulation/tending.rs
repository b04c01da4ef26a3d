//! Work that nobody waits for and that cannot be done is counted, and harms nothing else.

use super::{disk::SimulatedDisk, faults::Faults, requests::Maker};
use crate::{
    domain::{money::Currency, time::Calendar},
    store::embedded::{CheckpointSizes, Engine, EngineSettings, Failures},
};
use std::sync::Arc;

#[test]
fn what_cannot_be_packed_or_saved_is_counted() {
    let disk = SimulatedDisk::new(1);
    let calendar = Calendar::of_zone("UTC").unwrap();
    let settings = EngineSettings {
        segment_size: 600,
        reserve: 4_096,
        checkpoints: CheckpointSizes {
            writes: 1,
            share: u64::MAX,
            ..CheckpointSizes::default()
        },
        ..EngineSettings::new(calendar, Currency::parse("EUR", "").unwrap(), (1, 2))
    };
    let mut engine = Engine::open(Arc::new(disk.clone()), &settings, |_| ()).unwrap();
    let mut maker = Maker::new(1);
    let mut write = |engine: &mut Engine| {
        for _ in 0..20 {
            assert!(engine.answer(&[maker.request()])[0].is_ok());
        }
    };
    write(&mut engine);
    assert!(engine.untended() > 1);
    disk.set_faults(Faults {
        write: 1_000,
        ..Faults::default()
    });
    while engine.tend() {}
    let failures = engine.failures();
    assert!(
        failures.packing > 1 && failures.checkpoints == 1,
        "{failures:?}"
    );
    disk.set_faults(Faults::default());
    write(&mut engine);
    while engine.tend() {}
    // What failed is left alone; what came since is tended.
    assert_eq!(engine.failures(), failures);
    assert!(disk.size_of("CHECKPOINT") > 0);
    assert_ne!(failures, Failures::default());
}
