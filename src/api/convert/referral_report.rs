//! What is answered of referrals.

use super::{
    common::{count_to_pb, instant_to_pb, money_to_pb, month_to_pb, position_to_pb},
    ranking::{control_total_to_pb, name_of},
    referral::{left_out_to_pb, outcome_to_pb, quadrant_to_pb, referral_kind_to_pb, skip_to_pb},
};
use crate::{
    api::pb::{self, google::r#type as google_type},
    domain::{
        decimal,
        ledger::Position,
        money::{Currency, Nanos},
        referral::{AskOutcome, graph::LeftOut, quadrant::Quadrant},
    },
    service::referrals::{
        Figures, Totals,
        asks::{AskList, AskableCustomer},
        quadrants::{QuadrantList, QuadrantRow, QuadrantSums},
        report::{Flow, ReferralReport},
        value::{Edge, Generation, ReferralValue},
    },
};
use std::collections::BTreeMap;

/// Decimal places of rates and of feedback.
const PLACES: u32 = 3;

/// What a customer is worth.
pub fn figures_to_pb(figures: &Figures, currency: Currency) -> pb::ReferralFigures {
    let money = |amount| Some(money_to_pb(amount, currency));
    pb::ReferralFigures {
        own_profit: money(figures.own),
        referral_value: money(figures.credited),
        total_value: money(figures.own + figures.credited),
        direct_referral_count: count_to_pb(figures.reach.direct),
        reach: count_to_pb(figures.reach.all),
        generation_count: count_to_pb(figures.reach.generations),
    }
}

/// What all customers are worth.
pub fn totals_to_pb(totals: &Totals, currency: Currency) -> pb::ReferralTotals {
    let money = |amount: Nanos| money_to_pb(amount, currency);
    pb::ReferralTotals {
        own_profit: Some(money(totals.own)),
        referral_value: Some(money(totals.credited)),
        total_value: Some(money(totals.own + totals.credited)),
        referral_count: count_to_pb(totals.referrals),
        untold_count: count_to_pb(totals.untold),
        acquisition_cost_saved: totals.saved.map(money),
    }
}

/// What one customer brings.
pub fn referral_value_to_pb(
    customer: &str,
    value: &ReferralValue,
    (as_of, currency): (Position, Currency),
) -> pb::GetReferralValueResponse {
    let generations = (1..).zip(&value.generations);
    let left_out = value.left_out.iter();
    pb::GetReferralValueResponse {
        customer_id: customer.to_owned(),
        display_name: name_of(value.party.as_ref()),
        figures: Some(figures_to_pb(&value.figures, currency)),
        brought_by: value
            .brought_by
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        generations: generations
            .map(|(number, own)| generation_to_pb(number, own, currency))
            .collect(),
        edges: value
            .edges
            .iter()
            .map(|edge| edge_to_pb(edge, currency))
            .collect(),
        left_out: left_out
            .map(|(referral, why)| pb::LeftOutReferral {
                activity_id: referral.activity_id.to_string(),
                referrer_id: referral.referrer.to_string(),
                referred_party_id: referral.referred.to_string(),
                occur_time: Some(instant_to_pb(referral.occur_time)),
                reason: left_out_to_pb(*why) as i32,
            })
            .collect(),
        totals: Some(totals_to_pb(&value.totals, currency)),
        control_total: Some(control_total_to_pb(&value.footing, currency)),
        cost_model_version: count_to_pb(value.footing.cost_model_version),
        read_at: Some(position_to_pb(as_of)),
    }
}

fn generation_to_pb(number: i64, own: &Generation, currency: Currency) -> pb::ReferralGeneration {
    let money = |amount| Some(money_to_pb(amount, currency));
    pb::ReferralGeneration {
        generation: number,
        party_count: count_to_pb(own.parties),
        customer_margin: money(own.margin),
        worth: money(own.worth),
        credited: money(own.credited),
    }
}

fn edge_to_pb(edge: &Edge, currency: Currency) -> pb::ReferralEdge {
    let money = |amount| Some(money_to_pb(amount, currency));
    let referral = &edge.referral;
    pb::ReferralEdge {
        referred_party_id: referral.referred.to_string(),
        referrer_id: referral.referrer.to_string(),
        kind: referral
            .kind
            .map_or(0, |kind| referral_kind_to_pb(kind) as i32),
        product_family: referral.product_family.clone(),
        occur_time: Some(instant_to_pb(referral.occur_time)),
        activity_id: referral.activity_id.to_string(),
        generation: count_to_pb(edge.generation),
        customer_margin: money(edge.margin),
        worth: money(edge.worth),
        credited: money(edge.credited),
    }
}

/// One page of customers by quadrants.
pub fn quadrants_to_pb(
    list: &QuadrantList,
    next_page_token: String,
    (as_of, currency): (Position, Currency),
) -> pb::ListReferralQuadrantsResponse {
    let money = |amount| Some(money_to_pb(amount, currency));
    let customer = |row: &QuadrantRow| pb::QuadrantCustomer {
        customer_id: row.customer.to_string(),
        display_name: name_of(row.party.as_ref()),
        quadrant: quadrant_to_pb(row.quadrant) as i32,
        figures: Some(figures_to_pb(&row.figures, currency)),
    };
    let centre = |row: &QuadrantRow| pb::CentreOfInfluence {
        customer_id: row.customer.to_string(),
        display_name: name_of(row.party.as_ref()),
        figures: Some(figures_to_pb(&row.figures, currency)),
    };
    let sums = |(quadrant, sums): (&Quadrant, &QuadrantSums)| pb::QuadrantSums {
        quadrant: quadrant_to_pb(*quadrant) as i32,
        customer_count: count_to_pb(sums.customers),
        own_profit: money(sums.own),
        referral_value: money(sums.credited),
        total_value: money(sums.own + sums.credited),
    };
    pb::ListReferralQuadrantsResponse {
        customers: list.rows.iter().map(customer).collect(),
        next_page_token,
        quadrants: Quadrant::ALL
            .iter()
            .zip(&list.quadrants)
            .map(sums)
            .collect(),
        centres_of_influence: list.centres.iter().map(centre).collect(),
        own_profit_threshold: money(list.thresholds.own),
        referral_value_threshold: money(list.thresholds.credited),
        customer_count: count_to_pb(list.customers),
        totals: Some(totals_to_pb(&list.totals, currency)),
        control_total: Some(control_total_to_pb(&list.footing, currency)),
        cost_model_version: count_to_pb(list.footing.cost_model_version),
        read_at: Some(position_to_pb(as_of)),
    }
}

/// Word of mouth.
pub fn report_to_pb(
    report: &ReferralReport,
    as_of: Position,
    currency: Currency,
) -> pb::GetReferralReportResponse {
    let flow = |family: &str, flow: &Flow| pb::ReferralFlow {
        product_family: family.to_owned(),
        arrival_count: count_to_pb(flow.arrivals),
        converted_count: count_to_pb(flow.converted),
        open_count: count_to_pb(flow.open()),
        arrivals_per_30_days: flow.rate(report.days).map(thousandths),
        customer_margin: Some(money_to_pb(flow.margin, currency)),
        pipeline_value: Some(money_to_pb(flow.pipeline(), currency)),
    };
    let months = report.months.iter();
    let families = report.families.iter();
    pb::GetReferralReportResponse {
        families: families.map(|(family, own)| flow(family, own)).collect(),
        total: Some(flow("", &report.total)),
        months: months
            .map(|(month, arrivals, converted)| pb::ReferralMonth {
                month: Some(month_to_pb(*month)),
                arrival_count: count_to_pb(*arrivals),
                converted_count: count_to_pb(*converted),
            })
            .collect(),
        day_count: count_to_pb(report.days),
        left_out: left_out_counts(&report.left_out),
        asks: outcome_counts(&report.asks),
        totals: Some(totals_to_pb(&report.totals, currency)),
        control_total: Some(control_total_to_pb(&report.footing, currency)),
        cost_model_version: count_to_pb(report.footing.cost_model_version),
        read_at: Some(position_to_pb(as_of)),
    }
}

/// One page of whom to ask.
pub fn asks_to_pb(
    list: &AskList,
    next_page_token: String,
    (as_of, currency): (Position, Currency),
) -> pb::ListReferralAsksResponse {
    let skipped = list.skipped.iter();
    pb::ListReferralAsksResponse {
        customers: list
            .rows
            .iter()
            .map(|row| askable_to_pb(row, currency))
            .collect(),
        next_page_token,
        customer_count: count_to_pb(list.customers),
        ask_count: count_to_pb(list.asks),
        skipped: skipped
            .map(|(skip, count)| pb::SkippedCount {
                reason: skip_to_pb(*skip) as i32,
                customer_count: count_to_pb(*count),
            })
            .collect(),
        asks: outcome_counts(&list.outcomes),
        active_customer_count: count_to_pb(list.active),
        control_total: Some(control_total_to_pb(&list.footing, currency)),
        cost_model_version: count_to_pb(list.footing.cost_model_version),
        read_at: Some(position_to_pb(as_of)),
    }
}

fn askable_to_pb(row: &AskableCustomer, currency: Currency) -> pb::AskableCustomer {
    let last = row.last.as_ref();
    pb::AskableCustomer {
        customer_id: row.customer.to_string(),
        display_name: name_of(row.party.as_ref()),
        ask_count: count_to_pb(row.asks),
        asked_count: count_to_pb(row.asked),
        last_ask_time: last.map(|ask| instant_to_pb(ask.occur_time)),
        last_outcome: last.map_or(0, |ask| outcome_to_pb(ask.outcome) as i32),
        mean_feedback: row.content.map(thousandths),
        figures: Some(figures_to_pb(&row.figures, currency)),
    }
}

fn left_out_counts(counts: &BTreeMap<LeftOut, u64>) -> Vec<pb::LeftOutCount> {
    let counts = counts.iter().map(|(why, count)| pb::LeftOutCount {
        reason: left_out_to_pb(*why) as i32,
        count: count_to_pb(*count),
    });
    counts.collect()
}

fn outcome_counts(counts: &BTreeMap<AskOutcome, u64>) -> Vec<pb::AskOutcomeCount> {
    let counts = counts.iter().map(|(outcome, count)| pb::AskOutcomeCount {
        outcome: outcome_to_pb(*outcome) as i32,
        count: count_to_pb(*count),
    });
    counts.collect()
}

fn thousandths(number: i128) -> google_type::Decimal {
    google_type::Decimal {
        value: decimal::format_fixed(number, PLACES),
    }
}
