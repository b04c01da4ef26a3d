//! What relationships cost and give, as rows: numbers and columns of each, which are part of the stored form.

use super::posting::{Column, Meaning, REFERRAL, What};
use crate::domain::{
    account::{Account, WorkPurpose},
    activity::{ContactChannel, DirectCostKind, EffortPurpose, Severity},
    referral::Advocacy,
    relationship::{
        AppreciationKind, BonusEvent, Circumstance, Complexity, ExternalityKind, Relationship,
        Urgency, circumstances,
    },
};

/// What tells of referrals and of asks for them.
pub const ADVOCACY: [What; 2] = [REFERRAL, REFERRAL_ASK];

/// The first severity of complaints; the others follow in their order. Before that, all were one number.
const COMPLAINT: What = 14;
/// The first of what becomes of bonuses; the others follow in their order.
const BONUS: What = 60;
/// The first way to show appreciation; the others follow in their order.
const APPRECIATION: What = 64;
const ACQUISITION: What = 68;
const RETENTION_SPEND: What = 69;
const FEEDBACK: What = 70;
/// The first kind of externality; the others follow in their order.
const EXTERNALITY: What = 72;
/// Whose role is the name of the factor.
const FACTOR: What = 76;
/// Moves nothing.
const REFERRAL_ASK: What = 77;
/// Effort of a purpose under circumstances: the purpose times [`CIRCUMSTANCES`], and the number of the circumstances.
const EFFORT: What = 1_000;
/// How many circumstances there can be together: of channel, complexity and urgency.
const CIRCUMSTANCES: What = 7 * 3 * 2;

/// A complaint.
pub fn complaint(severity: Severity) -> What {
    COMPLAINT + severity as What
}

/// Whether rows are of complaints.
pub fn is_complaint(what: What) -> bool {
    Severity::ALL
        .iter()
        .any(|severity| complaint(*severity) == what)
}

/// Effort under circumstances; `None` under none.
pub fn effort(purpose: EffortPurpose, told: impl Iterator<Item = Circumstance>) -> Option<What> {
    let mut number = 0;
    for circumstance in told {
        number += match circumstance {
            Circumstance::Channel(channel) => 1 + channel as What,
            Circumstance::Complexity(Complexity::Complex) => 7,
            Circumstance::Complexity(_) => 14,
            Circumstance::Rush => 21,
        };
    }
    (number > 0).then(|| EFFORT + purpose as What * CIRCUMSTANCES + number)
}

/// The purpose and the circumstances of effort.
pub fn effort_of(what: What) -> Option<(EffortPurpose, Vec<Circumstance>)> {
    let number = what.checked_sub(EFFORT).filter(|number| *number >= 0)?;
    let purpose = EffortPurpose::ALL.get(usize::try_from(number / CIRCUMSTANCES).ok()?)?;
    let number = number % CIRCUMSTANCES;
    if number == 0 {
        return None;
    }
    let channel = usize::try_from(number % 7).ok()?;
    let channel = channel
        .checked_sub(1)
        .map(|place| ContactChannel::ALL[place]);
    let complexity = match number / 7 % 3 {
        1 => Some(Complexity::Complex),
        2 => Some(Complexity::Simple),
        _ => None,
    };
    let urgency = (number >= 21).then_some(Urgency::Rush);
    Some((
        *purpose,
        circumstances(channel, urgency, complexity).collect(),
    ))
}

/// What a row of these is of; `direct` and `plain` say it of direct costs and of effort without circumstances.
pub fn what_of(
    one: &Relationship,
    direct: impl Fn(DirectCostKind) -> What,
    plain: impl Fn(EffortPurpose) -> What,
) -> What {
    match one {
        Relationship::CausedCost { kind, .. } => direct(*kind),
        Relationship::QualifiedEffort {
            purpose,
            channel,
            urgency,
            complexity,
            ..
        } => {
            let told = circumstances(*channel, *urgency, *complexity);
            effort(*purpose, told).unwrap_or_else(|| plain(*purpose))
        }
        Relationship::Bonus { event, .. } => BONUS + *event as What,
        Relationship::Appreciation { kind, .. } => APPRECIATION + *kind as What,
        Relationship::Acquisition { .. } => ACQUISITION,
        Relationship::RetentionSpend { .. } => RETENTION_SPEND,
        Relationship::Feedback { .. } => FEEDBACK,
        Relationship::Externality { kind, .. } => EXTERNALITY + *kind as What,
        Relationship::QualitativeFactor { .. } => FACTOR,
        Relationship::Advocacy(Advocacy::Referral { .. }) => REFERRAL,
        Relationship::Advocacy(Advocacy::Ask { .. }) => REFERRAL_ASK,
    }
}

/// Everything that such a row can be of.
pub fn all() -> impl Iterator<Item = What> {
    let complaints = Severity::ALL.iter().map(|severity| complaint(*severity));
    let bonuses = BonusEvent::ALL.iter().map(|event| BONUS + *event as What);
    let appreciation = AppreciationKind::ALL.iter();
    let appreciation = appreciation.map(|kind| APPRECIATION + *kind as What);
    let externalities = ExternalityKind::ALL.iter();
    let externalities = externalities.map(|kind| EXTERNALITY + *kind as What);
    let others = [ACQUISITION, RETENTION_SPEND, FEEDBACK, FACTOR, REFERRAL_ASK];
    let purposes = What::try_from(EffortPurpose::ALL.len()).unwrap_or(0);
    let efforts = (EFFORT..EFFORT + purposes * CIRCUMSTANCES)
        .filter(|what| (what - EFFORT) % CIRCUMSTANCES != 0);
    complaints
        .chain(bonuses)
        .chain(appreciation)
        .chain(externalities)
        .chain(others)
        .chain(efforts)
}

/// What the columns of such rows mean, what names a role left out.
pub fn meanings(what: What) -> Vec<Meaning> {
    use Column::{Deduction, Live, Money};
    if is_complaint(what) {
        let severity = Severity::ALL.iter();
        let mut severity = severity.filter(|severity| complaint(**severity) == what);
        let own = severity
            .next()
            .map(|severity| Account::Complaints(*severity));
        let mut meanings = vec![
            (Account::Compensation, Deduction, 1),
            (Account::ComplaintCount, Live, 1),
        ];
        meanings.extend(own.map(|own| (own, Live, 1)));
        return meanings;
    }
    let place = |first: What| usize::try_from(what - first).ok();
    if let Some(event) = place(BONUS).and_then(|place| BonusEvent::ALL.get(place)) {
        // What is weighed goes one way in a column, so that nothing is decided row by row.
        return vec![match event {
            BonusEvent::Accrued => (Account::Bonus(*event), Deduction, 1),
            BonusEvent::Redeemed => (Account::Bonus(*event), Money, 1),
            BonusEvent::Expired => (Account::Bonus(*event), Deduction, -1),
        }];
    }
    if let Some(kind) = place(APPRECIATION).and_then(|place| AppreciationKind::ALL.get(place)) {
        return vec![(Account::Appreciation(*kind), Deduction, 1)];
    }
    if let Some(kind) = place(EXTERNALITY).and_then(|place| ExternalityKind::ALL.get(place)) {
        return vec![(Account::Externality(*kind), Money, 1)];
    }
    match what {
        ACQUISITION => vec![(Account::AcquisitionCost, Deduction, 1)],
        RETENTION_SPEND => vec![(Account::RetentionSpend, Deduction, 1)],
        FEEDBACK => vec![
            (Account::Feedback, Money, 1),
            (Account::FeedbackCount, Live, 1),
        ],
        _ => Vec::new(),
    }
}

/// The column of an amount that is counted under a name, and not as working time.
pub fn named(what: What) -> Option<Column> {
    (what == FACTOR).then_some(Column::Money)
}

/// What working time in such rows is counted under.
pub fn purpose(what: What) -> Option<WorkPurpose> {
    if is_complaint(what) {
        return Some(WorkPurpose::Complaint);
    }
    effort_of(what).map(|(purpose, _)| WorkPurpose::Effort(purpose))
}
