//! What is found when a folder is verified or copied while it is written to.

use super::{Allowed, Auditor, Finding, found};
use crate::store::embedded::{
    Questions, VerifiedTenant,
    simulation::truth::{Newest, Truth},
};

impl Auditor {
    /// How many frames were acknowledged.
    pub fn frames(&self) -> usize {
        self.truth.frames.len()
    }

    /// Everything that may be there when so many frames were acknowledged before it was looked at: what was then, what
    /// is now, and anything between; and what may have been written without being acknowledged.
    fn possible(&self, since: usize, newest: &Newest) -> Vec<Truth> {
        let frames = &self.truth.frames;
        let is_there = |count: &usize| match count.checked_sub(1) {
            None => newest.is_empty(),
            Some(last) => frames[last].1 == *newest,
        };
        let counts = (since..=frames.len()).filter(is_there);
        let mut possible: Vec<Truth> = counts.map(|count| self.truth.after(count)).collect();
        for group in &self.in_flight {
            for chosen in 1..1_u32 << group.len() {
                let mut truth = self.truth.clone();
                let chosen = (0..group.len()).filter(|index| chosen >> index & 1 == 1);
                for index in chosen {
                    truth.write(&group[index]);
                }
                if truth.newest() == *newest {
                    possible.push(truth);
                }
            }
        }
        possible
    }

    /// Compares what verifying has counted with what was there.
    pub fn check_verified(&self, tenants: &[VerifiedTenant], since: usize) -> Result<(), Finding> {
        let position = |own: &VerifiedTenant| (own.tenant.clone(), own.position);
        let newest: Newest = tenants.iter().map(position).collect();
        let is_right = |truth: &Truth| {
            tenants.iter().all(|own| {
                let counts = (own.activities, own.reversals, own.records);
                let tenant = truth.tenants.get(&own.tenant);
                tenant.is_some_and(|tenant| tenant.counts() == counts)
            })
        };
        match self.possible(since, &newest).iter().any(is_right) {
            true => Ok(()),
            false => Err(format!(
                "verified {tenants:?}, with {since} frames before and {:?} now",
                self.truth.newest()
            )),
        }
    }

    /// Compares what a copy holds with what was there; `may_be_empty` if it was never finished.
    pub fn check_copy(
        &self,
        questions: &Questions,
        since: usize,
        may_be_empty: bool,
    ) -> Result<(), Finding> {
        let newest = found(questions)?;
        if may_be_empty && newest.is_empty() {
            return Ok(());
        }
        let mut finding = format!(
            "the copy holds {newest:?}, with {since} frames before and {:?} now",
            self.truth.newest()
        );
        for truth in self.possible(since, &newest) {
            let mut auditor = Self::of(truth, &self.calendar, self.random.clone());
            let compared = auditor.check_entries(questions, &Allowed::default);
            match compared.and_then(|_| auditor.check_sums(questions, &Allowed::default)) {
                Ok(_) => return Ok(()),
                Err(other) => finding = other,
            }
        }
        Err(finding)
    }
}
