//! The content of a simulated file: what reads show, what would be left after a loss of power, and what may be.

use super::random::Random;
use std::collections::{BTreeMap, BTreeSet};

/// What a disk writes at once: whole or not at all.
pub const SECTOR: usize = 512;

type Sector = [u8; SECTOR];

/// What a loss of power leaves of that which was not synced.
#[derive(Debug, Clone, Copy)]
pub enum Loss {
    /// Nothing.
    All,
    /// Everything.
    None,
    /// Each sector as it was at any moment since the last sync.
    Some,
}

/// The content of a file.
#[derive(Default)]
pub struct Content {
    /// What reads show.
    shown: Vec<u8>,
    /// What is on the disk for certain.
    durable: Vec<u8>,
    /// What each sector was since the last sync, in order.
    pending: BTreeMap<usize, Vec<Sector>>,
    /// What the size was since the last sync, in order.
    sizes: Vec<usize>,
    /// Sectors that are shown, and that a sync that failed has forgotten: no later sync writes them.
    forgotten: BTreeSet<usize>,
    /// Bits that are flipped whenever they are read.
    flips: Vec<(usize, u8)>,
}

fn sector(bytes: &[u8], index: usize) -> Sector {
    let mut sector = [0; SECTOR];
    let start = (index * SECTOR).min(bytes.len());
    let end = (start + SECTOR).min(bytes.len());
    sector[..end - start].copy_from_slice(&bytes[start..end]);
    sector
}

fn put(bytes: &mut Vec<u8>, index: usize, sector: &Sector) {
    let end = (index + 1) * SECTOR;
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[end - SECTOR..end].copy_from_slice(sector);
}

impl Content {
    /// How many bytes are shown.
    pub fn size(&self) -> usize {
        self.shown.len()
    }

    /// All bytes that are shown.
    pub fn shown(&self) -> &[u8] {
        &self.shown
    }

    /// Fills `bytes`, or says that there are not so many.
    pub fn read(&self, place: usize, bytes: &mut [u8]) -> bool {
        let Some(found) = self.shown.get(place..place + bytes.len()) else {
            return false;
        };
        bytes.copy_from_slice(found);
        for (at, bits) in &self.flips {
            if let Some(byte) = (at.checked_sub(place)).and_then(|index| bytes.get_mut(index)) {
                *byte ^= bits;
            }
        }
        true
    }

    /// Writes, durably or not.
    pub fn write(&mut self, place: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let end = place + bytes.len();
        if self.shown.len() < end {
            self.shown.resize(end, 0);
            self.sizes.push(end);
        }
        self.shown[place..end].copy_from_slice(bytes);
        for index in place / SECTOR..end.div_ceil(SECTOR) {
            let image = sector(&self.shown, index);
            self.pending.entry(index).or_default().push(image);
            self.forgotten.remove(&index);
        }
    }

    /// Cuts off or lengthens with zeros.
    pub fn resize(&mut self, size: usize) {
        let before = self.shown.len();
        self.shown.resize(size, 0);
        self.sizes.push(size);
        if size < before {
            for index in size / SECTOR..before.div_ceil(SECTOR) {
                let image = sector(&self.shown, index);
                self.pending.entry(index).or_default().push(image);
            }
        }
    }

    /// Makes everything durable that was not forgotten.
    pub fn sync(&mut self) {
        self.durable.resize(self.shown.len(), 0);
        self.sizes.clear();
        for index in std::mem::take(&mut self.pending).into_keys() {
            if index * SECTOR < self.shown.len() {
                self.keep(index);
            }
        }
    }

    fn keep(&mut self, index: usize) {
        let size = self.durable.len().max(self.shown.len());
        put(&mut self.durable, index, &sector(&self.shown, index));
        self.durable.truncate(size);
    }

    /// Writes some of what is pending and forgets the rest, though reads go on to show it.
    pub fn fail_sync(&mut self, random: &mut Random) {
        for index in std::mem::take(&mut self.pending).into_keys() {
            if random.chance(500) {
                self.keep(index);
            } else {
                self.forgotten.insert(index);
            }
        }
    }

    /// The process has ended: what was forgotten may be read from the disk from now on.
    pub fn evict(&mut self, random: &mut Random) {
        for index in std::mem::take(&mut self.forgotten) {
            if random.chance(500) {
                self.forgotten.insert(index);
                continue;
            }
            let (size, image) = (self.shown.len(), sector(&self.durable, index));
            put(&mut self.shown, index, &image);
            self.shown.truncate(size);
        }
    }

    /// The power is lost: what was not synced is there or not, by chance.
    pub fn lose_power(&mut self, random: &mut Random, loss: Loss) {
        let mut bytes = self.durable.clone();
        let mut choose = |count: usize| match loss {
            Loss::All => 0,
            Loss::None => count,
            Loss::Some => random.below(count + 1),
        };
        let size = match choose(self.sizes.len()) {
            0 => bytes.len(),
            index => self.sizes[index - 1],
        };
        for index in std::mem::take(&mut self.forgotten) {
            if choose(1) == 1 {
                put(&mut bytes, index, &sector(&self.shown, index));
            }
        }
        for (index, images) in std::mem::take(&mut self.pending) {
            if let Some(kept) = choose(images.len()).checked_sub(1) {
                put(&mut bytes, index, &images[kept]);
            }
        }
        bytes.resize(size, 0);
        self.sizes.clear();
        self.shown.clone_from(&bytes);
        self.durable = bytes;
    }

    /// Whether everything that is shown is on the disk.
    pub fn is_durable(&self) -> bool {
        self.pending.is_empty() && self.sizes.is_empty() && self.forgotten.is_empty()
    }

    /// Flips bits from now on.
    pub fn flip(&mut self, place: usize, bits: u8) {
        self.flips.push((place, bits));
    }

    /// Flips nothing any more.
    pub fn mend(&mut self) {
        self.flips.clear();
    }
}
