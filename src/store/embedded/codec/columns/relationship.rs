//! What relationships cost and give, in columns. Numbers of kinds are part of the stored form.

use super::{Columns, Target};
use crate::domain::{id::ActivityId, referral::Advocacy, relationship::Relationship};

/// The numbers of the kinds.
pub(super) const CAUSED_COST: i64 = 15;
pub(super) const QUALIFIED_EFFORT: i64 = 16;
pub(super) const BONUS: i64 = 17;
pub(super) const APPRECIATION: i64 = 18;
pub(super) const ACQUISITION: i64 = 19;
pub(super) const RETENTION_SPEND: i64 = 20;
pub(super) const FEEDBACK: i64 = 21;
pub(super) const EXTERNALITY: i64 = 22;
pub(super) const QUALITATIVE_FACTOR: i64 = 23;
pub(super) const REFERRAL: i64 = 24;
pub(super) const REFERRAL_ASK: i64 = 25;

/// A choice of a closed list from 1, or 0 for none.
fn choice(number: Option<i64>) -> i64 {
    number.map_or(0, |number| number + 1)
}

impl<'w> Columns<'w> {
    /// Adds which sale caused an activity, and where that is.
    pub(super) fn caused(
        &mut self,
        sale: Option<&'w ActivityId>,
        target: Option<&Target>,
    ) -> Result<(), String> {
        match (sale, target) {
            (None, None) => Ok(()),
            (Some(sale), Some(target)) => {
                self.target.push(target.position.cast_signed());
                self.target_day.push(i64::from(target.day.0));
                self.target_id.push(sale.as_str());
                Ok(())
            }
            _ => Err("an activity without where its sale is".to_owned()),
        }
    }

    /// Adds what is particular to a kind; gives its number and its shape.
    pub(super) fn relationship(&mut self, one: &'w Relationship) -> (i64, i64) {
        match one {
            Relationship::CausedCost { kind, amount, .. } => {
                self.amounts[0].push(*amount);
                (CAUSED_COST, *kind as i64)
            }
            Relationship::QualifiedEffort {
                work,
                purpose,
                channel,
                urgency,
                complexity,
            } => {
                self.work(Some(work));
                let channel = choice(channel.map(|own| own as i64)) << 4;
                let urgency = choice(urgency.map(|own| own as i64)) << 8;
                let complexity = choice(complexity.map(|own| own as i64)) << 12;
                let shape = *purpose as i64 | channel | urgency | complexity;
                (QUALIFIED_EFFORT, shape)
            }
            Relationship::Bonus { event, amount, .. } => {
                self.amounts[0].push(*amount);
                let is_caused = i64::from(one.sale().is_some());
                (BONUS, is_caused | (*event as i64) << 1)
            }
            Relationship::Appreciation { kind, amount, .. } => {
                self.bill(*amount, one.text());
                (APPRECIATION, *kind as i64)
            }
            Relationship::Acquisition { amount, .. } => {
                (ACQUISITION, self.bill(*amount, one.text()))
            }
            Relationship::RetentionSpend { amount, .. } => {
                (RETENTION_SPEND, self.bill(*amount, one.text()))
            }
            Relationship::Feedback {
                score, worst, best, ..
            } => {
                self.amounts[1].push(*worst);
                self.amounts[2].push(*best);
                (FEEDBACK, self.bill(*score, one.text()))
            }
            Relationship::Externality { kind, estimate, .. } => {
                self.bill(*estimate, one.text());
                (EXTERNALITY, *kind as i64)
            }
            Relationship::QualitativeFactor { name, weight, .. } => {
                self.mention(name.as_str());
                (QUALITATIVE_FACTOR, self.bill(*weight, one.text()))
            }
            Relationship::Advocacy(advocacy) => self.advocacy(advocacy),
        }
    }

    fn advocacy(&mut self, advocacy: &'w Advocacy) -> (i64, i64) {
        match advocacy {
            Advocacy::Referral {
                referred_party_id,
                kind,
                ..
            } => {
                self.mention(referred_party_id.as_str());
                self.mention(advocacy.text());
                (REFERRAL, choice(kind.map(|own| own as i64)))
            }
            Advocacy::Ask { outcome, .. } => {
                self.mention(advocacy.text());
                (REFERRAL_ASK, *outcome as i64)
            }
        }
    }
}
