//! What is answered of referrals, for people.

use crate::{
    api::pb::{
        AskOutcomeCount, CalendarMonth, GetReferralReportResponse, GetReferralValueResponse,
        LeftOutReason, ListReferralAsksResponse, ListReferralQuadrantsResponse, ReferralFigures,
        ReferralFlow, ReferralQuadrant, ReferralTotals,
    },
    cli::output::{
        Grid, Side,
        money::{count, decimal, shown},
        proof,
    },
};

pub fn short(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_owned()
}

pub fn quadrant(quadrant: ReferralQuadrant) -> String {
    short(quadrant.as_str_name(), "REFERRAL_QUADRANT_")
}

fn reason(reason: LeftOutReason) -> String {
    short(reason.as_str_name(), "LEFT_OUT_REASON_")
}

fn amounts(figures: &ReferralFigures) -> [String; 3] {
    [
        shown(&figures.own_profit),
        shown(&figures.referral_value),
        shown(&figures.total_value),
    ]
}

fn totals_text(totals: &Option<ReferralTotals>) -> String {
    let totals = totals.clone().unwrap_or_default();
    format!(
        "All customers: own profit {}, referral value {}, total value {}; {} referrals, of which {} tell no kind\n",
        shown(&totals.own_profit),
        shown(&totals.referral_value),
        shown(&totals.total_value),
        count(totals.referral_count),
        count(totals.untold_count),
    )
}

fn outcomes_text(asks: &[AskOutcomeCount]) -> String {
    let each = asks.iter().map(|own| {
        let outcome = short(own.outcome().as_str_name(), "REFERRAL_ASK_OUTCOME_");
        format!("{outcome} {}", count(own.count))
    });
    match asks.is_empty() {
        true => "Nobody was asked in the period\n".to_owned(),
        false => format!(
            "Asked in the period: {}\n",
            each.collect::<Vec<_>>().join(", ")
        ),
    }
}

/// What one customer brings.
pub fn value_text(answer: &GetReferralValueResponse) -> String {
    let figures = answer.figures.clone().unwrap_or_default();
    let [own, credited, total] = amounts(&figures);
    let mut text = format!(
        "{} {}\nOwn profit {own}, referral value {credited}, total value {total}\n",
        answer.customer_id, answer.display_name,
    );
    if !answer.brought_by.is_empty() {
        text.push_str(&format!("Brought by {}\n", answer.brought_by));
    }
    let mut grid = Grid::new(&[
        ("Generation", Side::Right),
        ("Party", Side::Left),
        ("Brought by", Side::Left),
        ("Kind", Side::Left),
        ("Family", Side::Left),
        ("Margin", Side::Right),
        ("Worth", Side::Right),
        ("Credited", Side::Right),
    ]);
    for edge in &answer.edges {
        grid.row([
            count(edge.generation),
            edge.referred_party_id.clone(),
            edge.referrer_id.clone(),
            short(edge.kind().as_str_name(), "REFERRAL_KIND_"),
            edge.product_family.clone(),
            shown(&edge.customer_margin),
            shown(&edge.worth),
            shown(&edge.credited),
        ]);
    }
    text.push_str(&grid.to_string());
    for one in &answer.left_out {
        let why = reason(one.reason());
        text.push_str(&format!(
            "Does not count: {} of {} ({why})\n",
            one.activity_id, one.referred_party_id
        ));
    }
    text + &totals_text(&answer.totals) + &proof(&answer.control_total, &answer.read_at)
}

/// Customers by quadrants.
pub fn quadrant_text(answer: &ListReferralQuadrantsResponse) -> String {
    let mut sums = Grid::new(&[
        ("Quadrant", Side::Left),
        ("Customers", Side::Right),
        ("Own profit", Side::Right),
        ("Referral value", Side::Right),
        ("Total value", Side::Right),
    ]);
    for own in &answer.quadrants {
        sums.row([
            quadrant(own.quadrant()),
            count(own.customer_count),
            shown(&own.own_profit),
            shown(&own.referral_value),
            shown(&own.total_value),
        ]);
    }
    let columns = [
        ("Customer", Side::Left),
        ("Name", Side::Left),
        ("Quadrant", Side::Left),
        ("Own profit", Side::Right),
        ("Referral value", Side::Right),
        ("Total value", Side::Right),
        ("Brought", Side::Right),
        ("Reach", Side::Right),
    ];
    let mut rows = Grid::new(&columns);
    let mut row = |id: &str, name: &str, place: String, figures: &Option<ReferralFigures>| {
        let figures = figures.clone().unwrap_or_default();
        let [own, credited, total] = amounts(&figures);
        rows.row([
            id.to_owned(),
            name.to_owned(),
            place,
            own,
            credited,
            total,
            count(figures.direct_referral_count),
            count(figures.reach),
        ]);
    };
    for own in &answer.customers {
        row(
            &own.customer_id,
            &own.display_name,
            quadrant(own.quadrant()),
            &own.figures,
        );
    }
    for own in &answer.centres_of_influence {
        row(
            &own.customer_id,
            &own.display_name,
            "centre".to_owned(),
            &own.figures,
        );
    }
    format!(
        "{sums}\nMuch is above {} of own profit and {} of referral value\n\n{rows}\n{}{}",
        shown(&answer.own_profit_threshold),
        shown(&answer.referral_value_threshold),
        totals_text(&answer.totals),
        proof(&answer.control_total, &answer.read_at),
    )
}

/// Word of mouth.
pub fn report_text(answer: &GetReferralReportResponse) -> String {
    let mut grid = Grid::new(&[
        ("Family", Side::Left),
        ("Brought", Side::Right),
        ("Bought", Side::Right),
        ("Open", Side::Right),
        ("In 30 days", Side::Right),
        ("Margin", Side::Right),
        ("Pipeline", Side::Right),
    ]);
    let total = answer.total.clone().unwrap_or_default();
    let mut row = |name: &str, flow: &ReferralFlow| {
        grid.row([
            name.to_owned(),
            count(flow.arrival_count),
            count(flow.converted_count),
            count(flow.open_count),
            decimal(&flow.arrivals_per_30_days),
            shown(&flow.customer_margin),
            shown(&flow.pipeline_value),
        ]);
    };
    for flow in &answer.families {
        row(&flow.product_family, flow);
    }
    row("TOTAL", &total);
    let mut months = Grid::new(&[
        ("Month", Side::Left),
        ("Brought", Side::Right),
        ("Bought", Side::Right),
    ]);
    for own in &answer.months {
        let CalendarMonth { year, month } = own.month.unwrap_or_default();
        months.row([
            format!("{year:04}-{month:02}"),
            count(own.arrival_count),
            count(own.converted_count),
        ]);
    }
    let mut text = format!(
        "{grid}\nOver {} days\n\n{months}\n",
        count(answer.day_count)
    );
    for own in &answer.left_out {
        let why = reason(own.reason());
        text.push_str(&format!("Do not count: {} ({why})\n", count(own.count)));
    }
    let proof = proof(&answer.control_total, &answer.read_at);
    text + &outcomes_text(&answer.asks) + &totals_text(&answer.totals) + &proof
}

/// Whom to ask.
pub fn ask_text(answer: &ListReferralAsksResponse) -> String {
    let mut grid = Grid::new(&[
        ("Customer", Side::Left),
        ("Name", Side::Left),
        ("Ask for", Side::Right),
        ("Asked", Side::Right),
        ("Last outcome", Side::Left),
        ("Feedback", Side::Right),
        ("Brought", Side::Right),
        ("Own profit", Side::Right),
        ("Referral value", Side::Right),
        ("Total value", Side::Right),
    ]);
    for own in &answer.customers {
        let figures = own.figures.clone().unwrap_or_default();
        let [profit, credited, total] = amounts(&figures);
        let outcome = match own.last_ask_time {
            Some(_) => short(own.last_outcome().as_str_name(), "REFERRAL_ASK_OUTCOME_"),
            None => "-".to_owned(),
        };
        grid.row([
            own.customer_id.clone(),
            own.display_name.clone(),
            count(own.ask_count),
            count(own.asked_count),
            outcome,
            decimal(&own.mean_feedback),
            count(figures.direct_referral_count),
            profit,
            credited,
            total,
        ]);
    }
    let mut text = format!(
        "{grid}\nAsk {} of {} active customers for {} referrals\n",
        count(answer.customer_count),
        count(answer.active_customer_count),
        count(answer.ask_count),
    );
    for own in &answer.skipped {
        let why = short(own.reason().as_str_name(), "ASK_SKIP_REASON_");
        text.push_str(&format!("Skipped: {} ({why})\n", count(own.customer_count)));
    }
    text + &outcomes_text(&answer.asks) + &proof(&answer.control_total, &answer.read_at)
}
