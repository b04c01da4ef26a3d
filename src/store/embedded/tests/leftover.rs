//! A segment that could not be made for want of room is removed, and can come back with its name when the power is
//! lost. A simulation found that a folder that was closed then was taken for a damaged one.

use super::*;

#[test]
fn an_empty_segment_that_came_back_is_no_damage() {
    let folder = TempDir::new().unwrap();
    let open = || {
        let faults = Arc::new(Faults::default());
        let disk = FaultyDisk {
            disk: RealDisk::open(folder.path()).unwrap(),
            faults: Arc::clone(&faults),
        };
        (engine_on(Arc::new(disk), 300), faults)
    };
    let (mut engine, faults) = open();
    write(&mut engine, payments(0..4)).unwrap();
    faults.no_room.store(true, SeqCst);
    write(&mut engine, payments(4..8)).unwrap_err();
    engine.close();
    let next = folder.path().join("0000000002.log");
    for left in [&[0; 4_096][..], &[], b"PrScSegm\x02"] {
        assert!(
            !next.exists(),
            "the first segment is full, and there is no second"
        );
        fs::write(&next, left).unwrap();
        let (engine, _) = open();
        assert_eq!(all_entries(&engine).len(), 4);
        engine.close();
        fs::remove_file(&next).unwrap();
    }
    fs::write(&next, []).unwrap();
    let (mut engine, _) = open();
    let written = write(&mut engine, payments(3..6)).unwrap();
    assert_eq!(
        written,
        [
            Outcome::Duplicate(4),
            Outcome::Posted(5),
            Outcome::Posted(6)
        ]
    );
    engine.close();
    assert_eq!(all_entries(&open().0).len(), 6);
}
