//! What happened in a simulation: a digest of all of it, to compare two runs, and the end of it, to be read.

use siphasher::sip::SipHasher13;
use std::{collections::VecDeque, hash::Hasher};

/// How many lines are kept.
const KEPT: usize = 64;

/// What happened so far.
pub struct History {
    digest: SipHasher13,
    end: VecDeque<String>,
}

impl History {
    /// Nothing happened yet.
    pub fn new() -> Self {
        Self {
            digest: SipHasher13::new(),
            end: VecDeque::new(),
        }
    }

    /// Notes what nobody needs to read.
    pub fn note(&mut self, bytes: &[u8]) {
        self.digest.write_usize(bytes.len());
        self.digest.write(bytes);
    }

    /// Notes a line.
    pub fn say(&mut self, line: String) {
        self.note(line.as_bytes());
        if self.end.len() == KEPT {
            self.end.pop_front();
        }
        self.end.push_back(line);
    }

    /// What two runs of a seed must have in common.
    pub fn digest(&self) -> u64 {
        self.digest.finish()
    }

    /// The last lines.
    pub fn end(&self) -> String {
        let lines: Vec<&str> = self.end.iter().map(String::as_str).collect();
        lines.join("\n  ")
    }
}
