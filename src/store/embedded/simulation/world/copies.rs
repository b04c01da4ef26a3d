//! An operator verifies the folder and backs it up, while the service writes to it, and while it is closed.

use super::{World, has_failed};
use crate::{
    domain::problem::{Problem, Reason},
    store::embedded::{
        Engine,
        maintenance::{Verified, copy_disk, verify_disk},
        simulation::{
            audit::{Allowed, Finding},
            disk::SimulatedDisk,
            faults::{Ended, Faults},
        },
    },
};
use std::sync::Arc;

impl World {
    /// Something that the service does while an operator reads its folder.
    fn meanwhile(&mut self) -> Result<(), Finding> {
        match self.random.below(8) {
            0 | 1 => {
                let request = self.request();
                self.submit(vec![request], None).map(|_| ())
            }
            2 | 3 => self.tend(),
            _ => Ok(()),
        }
    }

    /// Which problems an operator may be told of.
    fn allowed(&self, disk: &SimulatedDisk, injected: u64, damaged: Option<&str>) -> Allowed {
        Allowed {
            failures: has_failed(disk, injected),
            damaged: damaged.map(str::to_owned),
        }
    }

    /// Verifies the folder while it is served.
    pub(super) fn verify_open(&mut self, damaged: Option<&str>) -> Result<(), Finding> {
        let (disk, injected) = (self.disk.clone(), self.disk.injected());
        let since = self.auditor.frames();
        let mut meanwhile = Ok(());
        let verified = verify_disk(&disk, |_| {
            if damaged.is_none() && meanwhile.is_ok() {
                meanwhile = self.meanwhile();
            }
        });
        meanwhile?;
        self.disk.say(format!("verified: {}", told(&verified)));
        let allowed = self.allowed(&disk, injected, damaged);
        match self.check(allowed, verified)? {
            Some(verified) => self.auditor.check_verified(&verified.tenants, since),
            None => Ok(()),
        }
    }

    /// What was found, if nothing failed that may have.
    fn check<T>(&self, allowed: Allowed, found: Result<T, Problem>) -> Result<Option<T>, Finding> {
        match found {
            // What a disk that lies has lost may be missed only now.
            Err(problem)
                if self.profile.lies
                    && problem.reason == Reason::LedgerDamaged
                    && problem.message.contains("file ") =>
            {
                Ok(None)
            }
            found => allowed.check(found),
        }
    }

    /// Verifies a folder that is closed and in which something is damaged: it is named, or does no harm; it must be
    /// named if it is where frames are.
    pub(super) fn verify_damaged(&mut self, name: &str, is_within: bool) -> Result<(), Finding> {
        let disk = self.disk.boot(Ended::Killed);
        let since = self.auditor.frames();
        let verified = verify_disk(&disk, |_| ());
        self.disk.say(format!("verified: {}", told(&verified)));
        let problem = match verified {
            Ok(_) if is_within => {
                return Err(format!("{name} is damaged, and it is verified"));
            }
            Ok(verified) => return self.auditor.check_verified(&verified.tenants, since),
            Err(problem) => problem,
        };
        let is_named = problem.message.contains(&format!("file {name}"));
        match problem.reason == Reason::LedgerDamaged && is_named {
            true => Ok(()),
            false => Err(format!("{name} is damaged, and verifying says: {problem}")),
        }
    }

    /// Backs the folder up while it is served, onto a disk that may fail as well, and opens the copy.
    pub(super) fn back_up(&mut self) -> Result<(), Finding> {
        let (disk, injected) = (self.disk.clone(), self.disk.injected());
        let since = self.auditor.frames();
        let target = SimulatedDisk::new(self.random.number());
        let lie = 0;
        let faults = match self.random.chance(400) {
            true => Faults {
                lie,
                ..self.profile.faults
            },
            false => Faults::default(),
        };
        target.set_faults(faults);
        if self.profile.ends && self.random.chance(300) {
            target.end_in(1 + self.random.number() % 30, self.random.chance(500));
        }
        let mut meanwhile = Ok(());
        let copied = copy_disk(&disk, || Ok(target.clone()), &mut |_| {
            if meanwhile.is_ok() {
                meanwhile = self.meanwhile();
            }
        });
        meanwhile?;
        self.disk.say(format!("backed up: {copied:?}"));
        let allowed = Allowed {
            failures: has_failed(&disk, injected) || has_failed(&target, 0),
            damaged: None,
        };
        let is_copied = self.check(allowed, copied)?.is_some();
        let ended = self.random.pick(&[Ended::Killed, Ended::WithoutPower]);
        self.look_at_copy(&target.boot(ended), since, is_copied)
    }

    /// Verifies a copy and opens it. One that was never finished is refused, or as good as another.
    fn look_at_copy(
        &mut self,
        target: &SimulatedDisk,
        since: usize,
        is_copied: bool,
    ) -> Result<(), Finding> {
        target.set_faults(Faults::default());
        match verify_disk(target, |_| ()) {
            Ok(verified) => self.auditor.check_verified(&verified.tenants, since)?,
            Err(problem) if is_copied => return Err(format!("a backup is damaged: {problem}")),
            Err(_) => {}
        }
        match Engine::open(Arc::new(target.clone()), &self.settings, |_| ()) {
            Ok(engine) => {
                (self.auditor).check_copy(engine.questions(), since, !is_copied)?;
                engine.close();
            }
            Err(problem) if is_copied => return Err(format!("a backup is not opened: {problem}")),
            Err(_) => {}
        }
        let digest = target.digest();
        self.disk.say(format!("the copy is {digest:016x}"));
        Ok(())
    }
}

fn told(verified: &Result<Verified, Problem>) -> String {
    match verified {
        Ok(verified) => format!("{} tenants", verified.tenants.len()),
        Err(problem) => problem.message.clone(),
    }
}
