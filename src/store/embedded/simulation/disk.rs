//! A simulated disk: it keeps what was synced and forgets the rest by chance, fails, lies, fills up and flips bits, all
//! by its seed; and it can end before or after any single operation. Knows nothing of what is in its files.

use super::{
    content::{Content, Loss},
    faults::{Ended, Ending, Faults, NameChange},
    history::History,
    random::Random,
};
use crate::store::embedded::disk::{Disk, DiskFile};
use siphasher::sip::SipHasher13;
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub(super) struct State {
    random: Random,
    pub(super) history: History,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    pending_names: Vec<NameChange>,
    files: Vec<Content>,
    boot: u64,
    operations: u64,
    ending: Option<Ending>,
    is_off: bool,
    faults: Faults,
    injected: u64,
    must_stop: bool,
    may_refuse: bool,
}

/// A disk, or what a process that was started when it was booted sees of it.
#[derive(Clone)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
    boot: u64,
}

struct SimulatedFile {
    disk: SimulatedDisk,
    file: usize,
}

fn gone() -> io::Error {
    io::Error::other("the machine has ended")
}

fn broken() -> io::Error {
    io::Error::other("a simulated failure")
}

fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

impl SimulatedDisk {
    /// An empty disk.
    pub fn new(seed: u64) -> Self {
        let state = State {
            random: Random::new(seed),
            history: History::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            pending_names: Vec::new(),
            files: Vec::new(),
            boot: 0,
            operations: 0,
            ending: None,
            is_off: false,
            faults: Faults::default(),
            injected: 0,
            must_stop: false,
            may_refuse: false,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            boot: 0,
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a line of the history.
    pub fn say(&self, line: String) {
        self.state().history.say(line);
    }

    /// How often operations go wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// Lets the machine end so many operations from now.
    pub fn end_in(&self, operations: u64, is_done: bool) {
        let mut state = self.state();
        let operation = state.operations + operations.max(1);
        state.ending = Some(match is_done {
            true => Ending::After(operation),
            false => Ending::Before(operation),
        });
    }

    /// Lets the machine end before names are synced.
    pub fn end_at_names(&self) {
        self.state().ending = Some(Ending::AtNames);
    }

    /// Whether the machine has ended.
    pub fn is_off(&self) -> bool {
        self.state().is_off
    }

    /// How many failures there were.
    pub fn injected(&self) -> u64 {
        self.state().injected
    }

    /// Whether something failed after which nobody may write until the folder is opened again.
    pub fn must_stop(&self) -> bool {
        self.state().must_stop
    }

    /// Whether something failed after which writes may be refused until the folder is opened again.
    pub fn may_refuse(&self) -> bool {
        let state = self.state();
        state.must_stop || state.may_refuse
    }

    /// Ends every process, and is what a process that is started then sees.
    pub fn boot(&self, ended: Ended) -> Self {
        let mut state = self.state();
        state.end(ended);
        state.boot += 1;
        (state.is_off, state.ending) = (false, None);
        (state.must_stop, state.may_refuse) = (false, false);
        Self {
            state: Arc::clone(&self.state),
            boot: state.boot,
        }
    }

    /// The names of the log's segments, rising.
    pub fn segments(&self) -> Vec<String> {
        let state = self.state();
        let segments = state.names.keys().filter(|name| name.ends_with(".log"));
        segments.cloned().collect()
    }

    /// How many bytes a file has.
    pub fn size_of(&self, name: &str) -> usize {
        let state = self.state();
        state
            .names
            .get(name)
            .map_or(0, |file| state.files[*file].size())
    }

    /// How many bytes a file has up to the last that is not zero.
    pub fn used_size_of(&self, name: &str) -> usize {
        let state = self.state();
        let file = state.names.get(name);
        let shown = file.map_or(&[][..], |file| state.files[*file].shown());
        shown
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1)
    }

    /// Whether everything that a file shows is on the disk.
    pub fn is_durable(&self, name: &str) -> bool {
        let state = self.state();
        (state.names.get(name)).is_some_and(|file| state.files[*file].is_durable())
    }

    /// Flips bits of a file until [`SimulatedDisk::mend`].
    pub fn flip(&self, name: &str, place: usize, bits: u8) {
        let mut state = self.state();
        if let Some(file) = state.names.get(name).copied() {
            state.files[file].flip(place, bits);
        }
    }

    /// Flips no bits any more.
    pub fn mend(&self) {
        self.state().files.iter_mut().for_each(Content::mend);
    }

    /// What two runs of a seed must have in common: all that happened, and all bytes that are left.
    pub fn digest(&self) -> u64 {
        let state = &mut *self.state();
        for (name, file) in &state.names {
            state.history.note(name.as_bytes());
            state.history.note(state.files[*file].shown());
        }
        state.history.digest()
    }

    /// Does an operation, unless the machine has ended or ends before.
    fn operate<T>(
        &self,
        what: impl FnOnce(&State) -> String,
        act: impl FnOnce(&mut State) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut state = self.state();
        if state.boot != self.boot || state.is_off {
            return Err(gone());
        }
        state.operations += 1;
        let what = what(&state);
        let ends_before = match state.ending {
            Some(Ending::Before(operation)) => operation == state.operations,
            Some(Ending::AtNames) => what == "sync names",
            Some(Ending::After(_)) | None => false,
        };
        if ends_before {
            state.is_off = true;
            state.history.say(format!("ended before {what}"));
            return Err(gone());
        }
        let done = act(&mut state);
        // Nobody wants to read of all that was read.
        let is_read = ["read", "open", "list", "size of"]
            .iter()
            .any(|word| what.starts_with(word));
        match &done {
            Ok(_) if is_read => state.history.note(what.as_bytes()),
            Ok(_) => state.history.say(what),
            Err(error) => state.history.say(format!("{what}: {error}")),
        }
        if state.ending == Some(Ending::After(state.operations)) {
            state.is_off = true;
            state.history.say("ended after it".to_owned());
            return Err(gone());
        }
        done
    }
}

impl State {
    /// Whether a failure comes now.
    fn fails(&mut self, in_thousand: u64) -> bool {
        let fails = in_thousand > 0 && self.random.chance(in_thousand);
        self.injected += u64::from(fails);
        fails
    }

    fn name_of(&self, file: usize) -> &str {
        let found = self.names.iter().find(|(_, own)| **own == file);
        found.map_or("a file without a name", |(name, _)| name)
    }

    /// Whether a file is one that is written to as it grows, so that nobody knows what is in it after a failure.
    fn grows(&self, file: usize) -> bool {
        let name = self.name_of(file);
        name.ends_with(".log") || name == "WITNESS"
    }

    fn end(&mut self, ended: Ended) {
        self.history.say(format!("{ended:?}"));
        if ended == Ended::Killed {
            for file in &mut self.files {
                file.evict(&mut self.random);
            }
            return;
        }
        let random = &mut self.random;
        let loss = random.pick(&[Loss::All, Loss::None, Loss::Some, Loss::Some]);
        for file in &mut self.files {
            file.lose_power(random, loss);
        }
        let pending = std::mem::take(&mut self.pending_names);
        let all = match loss {
            Loss::All => 0,
            Loss::None => pending.len(),
            Loss::Some => random.below(pending.len() + 1),
        };
        let in_order = random.chance(500);
        for (index, change) in pending.into_iter().enumerate() {
            let is_kept = match loss {
                Loss::Some if !in_order => random.chance(500),
                Loss::All | Loss::None | Loss::Some => index < all,
            };
            if is_kept {
                change.apply(&mut self.durable_names);
            }
        }
        self.names.clone_from(&self.durable_names);
    }

    fn change_name(&mut self, change: NameChange) {
        change.clone().apply(&mut self.names);
        self.pending_names.push(change);
    }
}

impl Disk for SimulatedDisk {
    fn names(&self) -> io::Result<Vec<String>> {
        self.operate(
            |_| "list".to_owned(),
            |state| Ok(state.names.keys().cloned().collect()),
        )
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let what = |_: &State| format!("create {name}");
        let file = self.operate(what, |state| {
            if state.fails(state.faults.full) {
                return Err(full());
            }
            if state.fails(state.faults.write) {
                state.must_stop |= !name.ends_with(".new");
                return Err(broken());
            }
            if let Some(file) = state.names.get(name).copied() {
                state.files[file].resize(0);
                return Ok(file);
            }
            state.files.push(Content::default());
            let file = state.files.len() - 1;
            state.change_name(NameChange::Made(name.to_owned(), file));
            Ok(file)
        })?;
        let disk = self.clone();
        Ok(Arc::new(SimulatedFile { disk, file }))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let what = |_: &State| format!("open {name}");
        let file = self.operate(what, |state| {
            if state.fails(state.faults.read) {
                return Err(broken());
            }
            let file = state.names.get(name).copied();
            file.ok_or_else(|| io::ErrorKind::NotFound.into())
        })?;
        let disk = self.clone();
        Ok(Arc::new(SimulatedFile { disk, file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let what = |_: &State| format!("rename {from} to {to}");
        self.operate(what, |state| {
            if state.fails(state.faults.names) {
                return Err(broken());
            }
            let file = state.names.get(from).copied();
            let file = file.ok_or(io::ErrorKind::NotFound)?;
            state.change_name(NameChange::Renamed(from.to_owned(), to.to_owned(), file));
            Ok(())
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let what = |_: &State| format!("remove {name}");
        self.operate(what, |state| {
            if state.fails(state.faults.names) {
                return Err(broken());
            }
            if !state.names.contains_key(name) {
                return Err(io::ErrorKind::NotFound.into());
            }
            state.change_name(NameChange::Removed(name.to_owned()));
            Ok(())
        })
    }

    fn sync_names(&self) -> io::Result<()> {
        let what = |_: &State| "sync names".to_owned();
        self.operate(what, |state| {
            if state.fails(state.faults.names) {
                state.must_stop = true;
                return Err(broken());
            }
            if !state.fails(state.faults.lie) {
                state.durable_names.clone_from(&state.names);
                state.pending_names.clear();
            }
            Ok(())
        })
    }
}

/// Places and counts of a simulated file fit in memory.
fn narrow(number: u64) -> io::Result<usize> {
    usize::try_from(number).map_err(io::Error::other)
}

impl DiskFile for SimulatedFile {
    fn size(&self) -> io::Result<u64> {
        let what = |state: &State| format!("size of {}", state.name_of(self.file));
        self.disk
            .operate(what, |state| Ok(state.files[self.file].size() as u64))
    }

    fn read_at(&self, place: u64, bytes: &mut [u8]) -> io::Result<()> {
        let place = narrow(place)?;
        let count = bytes.len();
        let what = |state: &State| format!("read {} at {place}, {count}", state.name_of(self.file));
        self.disk.operate(what, |state| {
            if state.fails(state.faults.read) {
                return Err(broken());
            }
            match state.files[self.file].read(place, bytes) {
                true => Ok(()),
                false => Err(io::ErrorKind::UnexpectedEof.into()),
            }
        })
    }

    fn write_at(&self, place: u64, bytes: &[u8]) -> io::Result<()> {
        let place = narrow(place)?;
        let what = |state: &State| {
            let (name, count, sum) = (
                state.name_of(self.file),
                bytes.len(),
                SipHasher13::new().hash(bytes),
            );
            format!("write {name} at {place}, {count} bytes {sum:016x}")
        };
        self.disk.operate(what, |state| {
            let count = state.random.below(bytes.len().max(1));
            if state.fails(state.faults.full) {
                state.files[self.file].write(place, &bytes[..count]);
                state.may_refuse |= state.name_of(self.file) == "WITNESS";
                return Err(full());
            }
            if state.fails(state.faults.write) {
                // Even all of it may be there.
                let count = if count % 4 == 0 { bytes.len() } else { count };
                state.files[self.file].write(place, &bytes[..count]);
                state.must_stop |= state.grows(self.file);
                return Err(broken());
            }
            state.files[self.file].write(place, bytes);
            Ok(())
        })
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        let size = narrow(size)?;
        let what = |state: &State| format!("size {} {size}", state.name_of(self.file));
        self.disk.operate(what, |state| {
            if state.fails(state.faults.full) {
                return Err(full());
            }
            if state.fails(state.faults.write) {
                state.must_stop |= state.grows(self.file);
                return Err(broken());
            }
            state.files[self.file].resize(size);
            Ok(())
        })
    }

    fn sync(&self) -> io::Result<()> {
        let what = |state: &State| format!("sync {}", state.name_of(self.file));
        self.disk.operate(what, |state| {
            let file = self.file;
            if state.fails(state.faults.sync) {
                let is_full = state.random.chance(200);
                let is_witness = state.name_of(file) == "WITNESS";
                state.must_stop |= state.grows(file) && !(is_witness && is_full);
                let State { files, random, .. } = state;
                files[file].fail_sync(random);
                return Err(if is_full { full() } else { broken() });
            }
            if !state.fails(state.faults.lie) {
                state.files[file].sync();
            }
            Ok(())
        })
    }
}
