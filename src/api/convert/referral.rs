//! Referrals and asks for them, as they are submitted and as they are listed, and the terms by which they are credited.

use super::{
    activity::{DIMENSION_LIMIT, TEXT_LIMIT},
    common::{Path, count_from_pb, enum_from_pb, micros_from_pb, optional_amount, required_enum},
    ranking::{optional_version_from_pb, scope_from_pb},
};
use crate::{
    api::{
        pb::{self, activity::Kind as KindPb, google::r#type as google_type},
        wire::activity::{ReferralAskView, ReferralView},
    },
    domain::{
        activity::Kind,
        decimal::{MICRO_PLACES, check_range},
        id::{PartyId, check_optional_text},
        ledger::Position,
        money::{Currency, Micros},
        problem::Problem,
        referral::{
            Advocacy, AskOutcome, ReferralKind, Skip, credit::Decay, graph::LeftOut,
            quadrant::Quadrant,
        },
        relationship::Relationship,
    },
    service::{
        Settings,
        referrals::{
            ReferralTerms, ReferralsRequest, asks::AsksRequest, quadrants::QuadrantsRequest,
        },
    },
};

/// For how many referrals a customer is asked by default and at most.
const QUOTA: (u64, u64) = (2, 100);
/// How many days it is left in peace by default and at most.
const REST_DAYS: (u32, i32) = (90, 3_650);
/// The mean feedback below which it is not asked by default, and the best, in millionths.
const CONTENT: (i64, i64) = (500_000, 1_000_000);

/// A referral.
pub fn referral_from_wire(referral: &ReferralView<'_>, path: &Path<'_>) -> Result<Kind, Problem> {
    let at = |name| path.at(name);
    let referred_party_id = PartyId::parse(referral.referred_party_id, at("referred_party_id"))?;
    let kinds = ReferralKind::ALL;
    let kind = enum_from_pb(referral.kind, kinds, referral_kind_to_pb, at("kind"))?;
    let product_family = referral.product_family;
    check_optional_text(product_family, DIMENSION_LIMIT, at("product_family"))?;
    Ok(match (kind, product_family) {
        (None, "") => Kind::Referral { referred_party_id },
        _ => Kind::Relationship(Relationship::Advocacy(Advocacy::Referral {
            referred_party_id,
            kind,
            product_family: product_family.to_owned(),
        })),
    })
}

/// An ask for referrals.
pub fn ask_from_wire(ask: &ReferralAskView<'_>, path: &Path<'_>) -> Result<Kind, Problem> {
    let at = |name| path.at(name);
    check_optional_text(ask.note, TEXT_LIMIT, at("note"))?;
    let outcomes = AskOutcome::ALL;
    Ok(Kind::Relationship(Relationship::Advocacy(Advocacy::Ask {
        outcome: required_enum(ask.outcome, outcomes, outcome_to_pb, at("outcome"))?,
        note: ask.note.to_owned(),
    })))
}

/// Who was referred, if a kind tells that.
pub fn referred(kind: &Kind) -> Option<&PartyId> {
    let (Kind::Referral { referred_party_id }
    | Kind::Relationship(Relationship::Advocacy(Advocacy::Referral {
        referred_party_id, ..
    }))) = kind
    else {
        return None;
    };
    Some(referred_party_id)
}

/// A referral or an ask, as it is listed.
pub fn advocacy_to_pb(advocacy: Advocacy) -> KindPb {
    match advocacy {
        Advocacy::Referral {
            referred_party_id,
            kind,
            product_family,
        } => KindPb::Referral(pb::Referral {
            referred_party_id: referred_party_id.to_string(),
            kind: kind.map_or(0, |kind| referral_kind_to_pb(kind) as i32),
            product_family,
        }),
        Advocacy::Ask { outcome, note } => KindPb::ReferralAsk(pb::ReferralAsk {
            outcome: outcome_to_pb(outcome) as i32,
            note,
        }),
    }
}

/// How referrals are credited.
pub fn referral_terms_from_pb(
    terms: Option<pb::ReferralTerms>,
    currency: Currency,
    field: &str,
) -> Result<ReferralTerms, Problem> {
    let terms = terms.unwrap_or_default();
    let at = |name: &str| format!("{field}.{name}");
    let decay = match &terms.generation_decay {
        None => Decay::default(),
        Some(number) => {
            let field = at("generation_decay");
            let millionths = micros_from_pb(number, &field)?;
            let most = i64::from(Decay::MOST);
            let millionths = check_range(millionths, 0, most, MICRO_PLACES, &field)?;
            let decay = u32::try_from(millionths).ok().and_then(Decay::of);
            // It is in its range.
            decay.unwrap_or_default()
        }
    };
    let (kinds, untold) = (ReferralKind::ALL, at("untold_as"));
    let untold = enum_from_pb(terms.untold_as, kinds, referral_kind_to_pb, untold.as_str())?;
    let saved = terms.acquisition_cost_saved.as_ref();
    let field = at("acquisition_cost_saved");
    Ok(ReferralTerms {
        decay,
        untold: untold.unwrap_or(ReferralKind::WouldNotHaveCome),
        saved: optional_amount(saved, currency, field.as_str())?,
    })
}

/// What is asked of referrals.
pub fn referrals_from_pb(
    period: Option<&google_type::Interval>,
    cost_model_version: Option<i64>,
    terms: Option<pb::ReferralTerms>,
    (settings, as_of): (&Settings, Position),
) -> Result<ReferralsRequest, Problem> {
    Ok(ReferralsRequest {
        scope: scope_from_pb(period, None, settings, "", as_of)?,
        cost_model_version: optional_version_from_pb(cost_model_version)?,
        terms: referral_terms_from_pb(terms, settings.currency, "terms")?,
    })
}

/// What is asked of quadrants.
pub fn quadrants_from_pb(
    request: pb::ListReferralQuadrantsRequest,
    settings: &Settings,
    as_of: Position,
) -> Result<QuadrantsRequest, Problem> {
    let amount = |amount: Option<google_type::Money>, field: &str| {
        let amount = amount.as_ref();
        let amount = amount.map(|own| super::common::amount_from_pb(own, settings.currency, field));
        amount.transpose()
    };
    let version = request.cost_model_version;
    let period = request.period.as_ref();
    let referrals = referrals_from_pb(period, version, request.terms, (settings, as_of))?;
    let quadrants = Quadrant::ALL;
    let own: Option<Micros> = amount(request.own_profit_threshold, "own_profit_threshold")?;
    let credited = amount(request.referral_value_threshold, "referral_value_threshold")?;
    Ok(QuadrantsRequest {
        referrals,
        quadrant: enum_from_pb(request.quadrant, quadrants, quadrant_to_pb, "quadrant")?,
        own,
        credited,
    })
}

/// What is asked of whom to ask.
pub fn asks_from_pb(
    request: pb::ListReferralAsksRequest,
    settings: &Settings,
    as_of: Position,
) -> Result<AsksRequest, Problem> {
    let version = request.cost_model_version;
    let period = request.period.as_ref();
    let referrals = referrals_from_pb(period, version, request.terms, (settings, as_of))?;
    let rest_days = match request.rest_days {
        None => REST_DAYS.0,
        Some(days) => {
            let in_range = (0..=REST_DAYS.1).contains(&days);
            let days = u32::try_from(days).ok().filter(|_| in_range);
            let most = REST_DAYS.1.to_string();
            days.ok_or_else(|| Problem::number_out_of_range("rest_days", "0", &most))?
        }
    };
    let field = "least_content";
    let least_content = match &request.least_content {
        None => CONTENT.0,
        Some(number) => {
            let number = micros_from_pb(number, field)?;
            check_range(number, 0, CONTENT.1, MICRO_PLACES, field)?
        }
    };
    Ok(AsksRequest {
        referrals,
        quota: count_from_pb(request.quota, QUOTA.0, QUOTA.1, "quota")?,
        rest_days,
        least_content,
    })
}

/// What a referral changed.
pub fn referral_kind_to_pb(kind: ReferralKind) -> pb::ReferralKind {
    match kind {
        ReferralKind::WouldNotHaveCome => pb::ReferralKind::WouldNotHaveCome,
        ReferralKind::WouldHaveCome => pb::ReferralKind::WouldHaveCome,
    }
}

/// What came of asking.
pub fn outcome_to_pb(outcome: AskOutcome) -> pb::ReferralAskOutcome {
    match outcome {
        AskOutcome::Open => pb::ReferralAskOutcome::Open,
        AskOutcome::Named => pb::ReferralAskOutcome::Named,
        AskOutcome::Declined => pb::ReferralAskOutcome::Declined,
    }
}

/// A kind of customers.
pub fn quadrant_to_pb(quadrant: Quadrant) -> pb::ReferralQuadrant {
    match quadrant {
        Quadrant::Champions => pb::ReferralQuadrant::Champions,
        Quadrant::Affluents => pb::ReferralQuadrant::Affluents,
        Quadrant::Advocates => pb::ReferralQuadrant::Advocates,
        Quadrant::Misers => pb::ReferralQuadrant::Misers,
    }
}

/// Why a referral does not count.
pub fn left_out_to_pb(why: LeftOut) -> pb::LeftOutReason {
    match why {
        LeftOut::Repeated => pb::LeftOutReason::Repeated,
        LeftOut::AlreadyReferred => pb::LeftOutReason::AlreadyReferred,
        LeftOut::Circle => pb::LeftOutReason::Circle,
    }
}

/// Why a customer is not to be asked.
pub fn skip_to_pb(skip: Skip) -> pb::AskSkipReason {
    match skip {
        Skip::Complained => pb::AskSkipReason::Complained,
        Skip::Unhappy => pb::AskSkipReason::Unhappy,
        Skip::QuotaReached => pb::AskSkipReason::QuotaReached,
        Skip::AskedLately => pb::AskSkipReason::AskedLately,
    }
}
