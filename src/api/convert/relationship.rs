//! What relationships cost and give, as it is submitted and as it is listed.

use super::{
    activity::{DIMENSION_LIMIT, TEXT_LIMIT},
    common::{
        Path, amount_from_pb, micros_to_pb, minutes_to_pb, money_to_pb, positive_amount,
        required_enum,
    },
    ledger::{channel_to_pb, direct_cost_to_pb, purpose_to_pb},
    referral::advocacy_to_pb,
};
use crate::{
    api::{
        pb::{self, activity::Kind as KindPb},
        wire::activity::{
            AcquisitionView, AppreciationView, BonusView, DecimalView, ExternalityView,
            FeedbackView, QualitativeFactorView, RetentionSpendView,
        },
    },
    domain::{
        activity::Kind,
        decimal::{self, MICRO_PLACES},
        id::{ActivityId, FactorName, check_optional_text, check_text},
        money::{Currency, Micros, to_nanos},
        problem::Problem,
        relationship::{
            AppreciationKind, BonusEvent, Complexity, ExternalityKind, Relationship, Urgency,
        },
    },
};
use std::fmt::Display;

/// The sale that caused something, if one is named.
pub fn sale_from_wire_id(
    id: &str,
    field: impl Display + Copy,
) -> Result<Option<ActivityId>, Problem> {
    match id {
        "" => Ok(None),
        id => ActivityId::parse(id, field).map(Some),
    }
}

/// A bonus.
pub fn bonus_from_wire(
    bonus: &BonusView<'_>,
    currency: Currency,
    path: &Path<'_>,
) -> Result<Kind, Problem> {
    let at = |name| path.at(name);
    Ok(Kind::Relationship(Relationship::Bonus {
        event: required_enum(bonus.event, BonusEvent::ALL, bonus_to_pb, at("event"))?,
        amount: positive_amount(bonus.amount.as_ref(), currency, at("amount"))?,
        sale_activity_id: sale_from_wire_id(bonus.sale_activity_id, at("sale_activity_id"))?,
    }))
}

/// Appreciation.
pub fn appreciation_from_wire(
    appreciation: &AppreciationView<'_>,
    currency: Currency,
    path: &Path<'_>,
) -> Result<Kind, Problem> {
    let at = |name| path.at(name);
    let kinds = AppreciationKind::ALL;
    check_optional_text(appreciation.description, TEXT_LIMIT, at("description"))?;
    Ok(Kind::Relationship(Relationship::Appreciation {
        kind: required_enum(appreciation.kind, kinds, appreciation_to_pb, at("kind"))?,
        amount: positive_amount(appreciation.amount.as_ref(), currency, at("amount"))?,
        description: appreciation.description.to_owned(),
    }))
}

/// Acquisition.
pub fn acquisition_from_wire(
    acquisition: &AcquisitionView<'_>,
    currency: Currency,
    path: &Path<'_>,
) -> Result<Kind, Problem> {
    let at = |name| path.at(name);
    check_optional_text(acquisition.offer_id, DIMENSION_LIMIT, at("offer_id"))?;
    Ok(Kind::Relationship(Relationship::Acquisition {
        amount: positive_amount(acquisition.amount.as_ref(), currency, at("amount"))?,
        offer_id: acquisition.offer_id.to_owned(),
    }))
}

/// What was spent to keep a customer.
pub fn retention_spend_from_wire(
    spend: &RetentionSpendView<'_>,
    currency: Currency,
    path: &Path<'_>,
) -> Result<Kind, Problem> {
    let at = |name| path.at(name);
    check_optional_text(spend.description, TEXT_LIMIT, at("description"))?;
    Ok(Kind::Relationship(Relationship::RetentionSpend {
        amount: positive_amount(spend.amount.as_ref(), currency, at("amount"))?,
        description: spend.description.to_owned(),
    }))
}

/// Feedback.
pub fn feedback_from_wire(feedback: &FeedbackView<'_>, path: &Path<'_>) -> Result<Kind, Problem> {
    let at = |name| path.at(name);
    let number = |number: &Option<DecimalView<'_>>, name| micros(number.as_ref(), at(name));
    let worst = number(&feedback.worst_score, "worst_score")?;
    let best = number(&feedback.best_score, "best_score")?;
    if worst == best {
        return Err(Problem::field_invalid(
            at("best_score"),
            "is the worst score too",
        ));
    }
    let (least, most) = (worst.min(best), worst.max(best));
    let score = number(&feedback.score, "score")?;
    check_optional_text(feedback.comment, TEXT_LIMIT, at("comment"))?;
    Ok(Kind::Relationship(Relationship::Feedback {
        score: decimal::check_range(score, least, most, MICRO_PLACES, at("score"))?,
        worst,
        best,
        comment: feedback.comment.to_owned(),
    }))
}

/// An effect on others.
pub fn externality_from_wire(
    externality: &ExternalityView<'_>,
    currency: Currency,
    path: &Path<'_>,
) -> Result<Kind, Problem> {
    let at = |name| path.at(name);
    let (kinds, field) = (ExternalityKind::ALL, at("estimate"));
    let estimate = externality.estimate.as_ref();
    let estimate = estimate.ok_or_else(|| Problem::field_required(field))?;
    check_text(externality.source, TEXT_LIMIT, at("source"))?;
    Ok(Kind::Relationship(Relationship::Externality {
        kind: required_enum(externality.kind, kinds, externality_to_pb, at("kind"))?,
        estimate: not_zero(amount_from_pb(estimate, currency, field)?, field)?,
        source: externality.source.to_owned(),
    }))
}

/// What counts and has no price.
pub fn qualitative_factor_from_wire(
    factor: &QualitativeFactorView<'_>,
    path: &Path<'_>,
) -> Result<Kind, Problem> {
    let at = |name| path.at(name);
    let weight = micros(factor.weight.as_ref(), at("weight"))?;
    check_optional_text(factor.note, TEXT_LIMIT, at("note"))?;
    Ok(Kind::Relationship(Relationship::QualitativeFactor {
        name: FactorName::parse(factor.name, at("name"))?,
        weight: not_zero(weight, at("weight"))?,
        note: factor.note.to_owned(),
    }))
}

/// A number that must be given, in millionths.
fn micros(number: Option<&DecimalView<'_>>, field: impl Display + Copy) -> Result<i64, Problem> {
    let number = number.ok_or_else(|| Problem::field_required(field))?;
    decimal::parse_fixed(number.value, MICRO_PLACES, field)
}

/// Any number but zero and the least of its type, which has no opposite.
fn not_zero(number: i64, field: impl Display + Copy) -> Result<i64, Problem> {
    match number {
        0 => Err(Problem::field_invalid(field, "is zero")),
        number => decimal::check_range(number, -i64::MAX, i64::MAX, MICRO_PLACES, field),
    }
}

/// What happened in a relationship.
pub fn relationship_to_pb(one: Relationship, currency: Currency) -> KindPb {
    let money = |amount: Micros| Some(money_to_pb(to_nanos(amount), currency));
    let number = |number: i64| Some(micros_to_pb(i128::from(number)));
    let id = |id: ActivityId| id.to_string();
    match one {
        Relationship::CausedCost {
            kind,
            amount,
            sale_activity_id,
        } => KindPb::DirectCost(pb::DirectCost {
            kind: direct_cost_to_pb(kind) as i32,
            amount: money(amount),
            sale_activity_id: id(sale_activity_id),
        }),
        Relationship::QualifiedEffort {
            work,
            purpose,
            channel,
            urgency,
            complexity,
        } => KindPb::Effort(pb::Effort {
            minutes: Some(minutes_to_pb(i128::from(work.milli_minutes))),
            role_id: work.role_id.to_string(),
            purpose: purpose_to_pb(purpose) as i32,
            channel: channel.map_or(0, |channel| channel_to_pb(channel) as i32),
            urgency: urgency.map_or(0, |urgency| urgency_to_pb(urgency) as i32),
            complexity: complexity.map_or(0, |complexity| complexity_to_pb(complexity) as i32),
        }),
        Relationship::Bonus {
            event,
            amount,
            sale_activity_id,
        } => KindPb::Bonus(pb::Bonus {
            event: bonus_to_pb(event) as i32,
            amount: money(amount),
            sale_activity_id: sale_activity_id.map(id).unwrap_or_default(),
        }),
        Relationship::Appreciation {
            kind,
            amount,
            description,
        } => KindPb::Appreciation(pb::Appreciation {
            kind: appreciation_to_pb(kind) as i32,
            amount: money(amount),
            description,
        }),
        Relationship::Acquisition { amount, offer_id } => KindPb::Acquisition(pb::Acquisition {
            amount: money(amount),
            offer_id,
        }),
        Relationship::RetentionSpend {
            amount,
            description,
        } => KindPb::RetentionSpend(pb::RetentionSpend {
            amount: money(amount),
            description,
        }),
        Relationship::Feedback {
            score,
            worst,
            best,
            comment,
        } => KindPb::Feedback(pb::Feedback {
            score: number(score),
            worst_score: number(worst),
            best_score: number(best),
            comment,
        }),
        Relationship::Externality {
            kind,
            estimate,
            source,
        } => KindPb::Externality(pb::Externality {
            kind: externality_to_pb(kind) as i32,
            estimate: money(estimate),
            source,
        }),
        Relationship::QualitativeFactor { name, weight, note } => {
            KindPb::QualitativeFactor(pb::QualitativeFactor {
                name: name.to_string(),
                weight: number(weight),
                note,
            })
        }
        Relationship::Advocacy(advocacy) => advocacy_to_pb(advocacy),
    }
}

/// An urgency.
pub fn urgency_to_pb(urgency: Urgency) -> pb::EffortUrgency {
    match urgency {
        Urgency::Normal => pb::EffortUrgency::Normal,
        Urgency::Rush => pb::EffortUrgency::Rush,
    }
}

/// A complexity.
pub fn complexity_to_pb(complexity: Complexity) -> pb::EffortComplexity {
    match complexity {
        Complexity::Simple => pb::EffortComplexity::Simple,
        Complexity::Standard => pb::EffortComplexity::Standard,
        Complexity::Complex => pb::EffortComplexity::Complex,
    }
}

fn bonus_to_pb(event: BonusEvent) -> pb::BonusEvent {
    match event {
        BonusEvent::Accrued => pb::BonusEvent::Accrued,
        BonusEvent::Redeemed => pb::BonusEvent::Redeemed,
        BonusEvent::Expired => pb::BonusEvent::Expired,
    }
}

fn appreciation_to_pb(kind: AppreciationKind) -> pb::AppreciationKind {
    match kind {
        AppreciationKind::Gift => pb::AppreciationKind::Gift,
        AppreciationKind::Card => pb::AppreciationKind::Card,
        AppreciationKind::Perk => pb::AppreciationKind::Perk,
    }
}

fn externality_to_pb(kind: ExternalityKind) -> pb::ExternalityKind {
    match kind {
        ExternalityKind::OtherCustomers => pb::ExternalityKind::OtherCustomers,
        ExternalityKind::Reputation => pb::ExternalityKind::Reputation,
    }
}
