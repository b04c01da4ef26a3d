//! Bits flip in files, which must be named or do no harm.

use super::World;
use crate::{
    domain::problem::Reason,
    store::embedded::{
        Engine,
        log::BEGIN,
        simulation::{
            audit::Finding,
            faults::{Ended, Faults},
        },
    },
};
use std::sync::Arc;

impl World {
    /// Flips a bit in a file that nobody writes to any more, and opens the folder: it is named or harmless. The last
    /// segment is such a file only if the folder was closed.
    pub(super) fn flip_while_closed(&mut self, is_closed: bool) -> Result<(), Finding> {
        let mut names = self.disk.segments();
        if !is_closed {
            names.pop();
        } else if self.random.chance(100) {
            names = ["META", "WITNESS", "CHECKPOINT"]
                .map(str::to_owned)
                .to_vec();
        }
        if names.is_empty() {
            return Ok(());
        }
        let name = self.random.pick(&names);
        let size = match self.disk.is_durable(&name) {
            true => self.disk.size_of(&name),
            false => 0,
        };
        if size == 0 {
            return Ok(());
        }
        let is_within = self.flip(&name, size);
        self.disk.set_faults(Faults::default());
        self.verify_damaged(&name, is_within)?;
        self.disk = self.disk.boot(Ended::Killed);
        let disk = Arc::new(self.disk.clone());
        match Engine::open(disk, &self.settings, |_| ()) {
            // It may have gone on from a checkpoint: then damage is found when it is read, and named as well.
            Ok(engine) => {
                self.audit(&engine, Some(&name))?;
            }
            Err(problem) => {
                self.disk.say(format!("not opened: {problem}"));
                let place = match name.ends_with(".log") {
                    true => format!("file {name}, offset "),
                    false => format!("file {name}"),
                };
                let is_damage = problem.reason == Reason::LedgerDamaged;
                if !is_damage || !problem.message.contains(&place) {
                    return Err(format!("{name} is damaged, and it says: {problem}"));
                }
            }
        }
        self.disk.mend();
        self.disk = self.disk.boot(Ended::Killed);
        Ok(())
    }

    /// Says whether it is where something of a segment's frames is. A segment without any is as good as one that was
    /// never begun, whatever its first bytes are.
    fn flip(&mut self, name: &str, size: usize) -> bool {
        let used = usize::try_from(self.settings.segment_size).unwrap() + 200;
        let place = self.random.below(size.min(used));
        let bits = self.random.pick(&[1, 2, 4, 8, 16, 32, 64, 128, 255]);
        self.disk.say(format!("flip {bits} of {name} at {place}"));
        let used = self.disk.used_size_of(name);
        let is_within = name.ends_with(".log") && used > BEGIN && place < used;
        self.disk.flip(name, place, bits);
        is_within
    }

    /// Flips bits in a complete segment while the engine reads it.
    pub(super) fn flip_while_open(&mut self) -> Result<(), Finding> {
        let mut names = self.disk.segments();
        names.pop();
        if names.is_empty() {
            return self.ask();
        }
        let name = self.random.pick(&names);
        let size = self.disk.size_of(&name);
        for _ in 0..=self.random.below(8) {
            self.flip(&name, size);
        }
        for _ in 0..4 {
            if self.random.chance(600) {
                self.tend()?;
            }
            self.ask_once(Some(name.clone()))?;
            if self.random.chance(100) {
                self.verify_open(Some(&name))?;
            }
            let request = self.request();
            self.submit(vec![request], Some(name.clone()))?;
        }
        self.disk.mend();
        Ok(())
    }
}
