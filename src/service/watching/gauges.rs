//! Standing questions of the operator: a few figures of the whale curve, as gauges for Prometheus.

use crate::{
    domain::{
        id::TenantId,
        ledger::Position,
        money::{NANOS_PER_UNIT, Nanos},
        problem::Problem,
        question::Scope,
        ranking::{Basis, Direction, share},
        time::Period,
        watch::Window,
    },
    service::{ReadOptions, Service, rankings::RankingRequest},
    telemetry::{metrics::Text, names},
};
use serde::Deserialize;
use std::{collections::BTreeSet, time::Duration};

/// How long one question may take; its gauges are left out of a reading otherwise.
const PATIENCE: Duration = Duration::from_secs(10);

/// One standing question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GaugeQuestion {
    /// What its gauges are labelled with.
    pub name: String,
    /// Whose.
    pub tenant: TenantId,
    /// By what.
    pub basis: Basis,
    /// Which days; the last ones end today.
    pub window: Window,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    standing_question: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default)]
    tenant: String,
    #[serde(default)]
    basis: Option<String>,
    #[serde(default)]
    period: Option<String>,
}

/// Reads standing questions from TOML; says what is wrong with it.
pub fn parse_all(text: &str) -> Result<Vec<GaugeQuestion>, String> {
    let file: File = toml::from_str(text).map_err(|problem| problem.to_string())?;
    let mut names = BTreeSet::new();
    let all = file.standing_question.into_iter().map(|written| {
        let name = written.name;
        let within = |problem: String| format!("standing question {name}: {problem}");
        if name.is_empty() || !names.insert(name.clone()) {
            return Err(within("its name is empty or given twice".to_owned()));
        }
        let tenant = TenantId::parse_or_default(&written.tenant, "tenant");
        let tenant = tenant.map_err(|problem| within(problem.message))?;
        let basis = basis(written.basis.as_deref().unwrap_or("NET_PROFIT")).map_err(within)?;
        let window = window(written.period.as_deref().unwrap_or("ALL_TIME")).map_err(within)?;
        Ok(GaugeQuestion {
            name,
            tenant,
            basis,
            window,
        })
    });
    all.collect()
}

fn basis(text: &str) -> Result<Basis, String> {
    match text {
        "SPEND" => Ok(Basis::Spend),
        "REVENUE" => Ok(Basis::Revenue),
        "CONTRIBUTION_MARGIN" => Ok(Basis::ContributionMargin),
        "NET_PROFIT" => Ok(Basis::NetProfit),
        other => Err(format!(
            "basis {other} is none of SPEND, REVENUE, CONTRIBUTION_MARGIN and NET_PROFIT"
        )),
    }
}

fn window(text: &str) -> Result<Window, String> {
    if text == "ALL_TIME" {
        return Ok(Window::Period(Period::ALL));
    }
    let days = text
        .strip_prefix("LAST_")
        .and_then(|rest| rest.strip_suffix("_DAYS"));
    let days = days.and_then(|days| days.parse::<i32>().ok());
    match days.filter(|days| (1..=36_600).contains(days)) {
        Some(days) => Ok(Window::LastDays(days)),
        None => Err(format!(
            "period {text} is neither ALL_TIME nor such as LAST_90_DAYS"
        )),
    }
}

/// What a question comes to.
struct Values {
    as_of: Position,
    customers: u64,
    negative: u64,
    total: Nanos,
    peak: (u64, Nanos),
    best_fifth: Option<f64>,
}

impl Service {
    /// Writes the gauges of standing questions, and the newest positions of their tenants.
    pub async fn write_gauges(&self, questions: &[GaugeQuestion], text: &mut Text) {
        let mut found = Vec::new();
        for question in questions {
            let values = tokio::time::timeout(PATIENCE, self.gauge(question)).await;
            if let Ok(Err(problem)) = &values {
                let (name, problem) = (&question.name, &problem.message);
                tracing::warn!(name, problem, "a standing question could not be answered");
            }
            found.push((question, values.ok().and_then(Result::ok)));
        }
        write_values(&found, text);
    }

    async fn gauge(&self, question: &GaugeQuestion) -> Result<Values, Problem> {
        let tenant = &question.tenant;
        let as_of = self.read_position(tenant, ReadOptions::default()).await?;
        let period = question
            .window
            .period(Some(self.clock.now()), &self.settings().calendar);
        let request = RankingRequest {
            scope: Scope::all_of(period, as_of),
            basis: question.basis,
            direction: Direction::BestFirst,
            cost_model_version: None,
        };
        let found = self.concentration(tenant, &request, 1).await?;
        let curve = found.curve;
        Ok(Values {
            as_of,
            customers: curve.totals.customers,
            negative: curve.totals.negative,
            total: curve.total,
            peak: curve.peak,
            best_fifth: share(curve.best_fifth, curve.total),
        })
    }
}

/// In units of the currency.
#[allow(
    clippy::cast_precision_loss,
    reason = "a gauge is no amount of the books"
)]
fn units(amount: Nanos) -> f64 {
    amount as f64 / NANOS_PER_UNIT as f64
}

fn write_values(found: &[(&GaugeQuestion, Option<Values>)], text: &mut Text) {
    let mut family = |name: &str, help: &str, of: &dyn Fn(&Values) -> Option<f64>| {
        text.family(name, "gauge", help);
        for (question, values) in found {
            if let Some(value) = values.as_ref().and_then(of) {
                let labels = [
                    ("name", question.name.as_str()),
                    ("tenant", question.tenant.as_str()),
                ];
                text.sample(name, &labels, value);
            }
        }
    };
    #[allow(
        clippy::cast_precision_loss,
        reason = "a gauge is a floating-point number"
    )]
    let count = |count: u64| Some(count as f64);
    family(names::STANDING_CUSTOMERS, "Customers.", &|one| {
        count(one.customers)
    });
    family(names::STANDING_NEGATIVE, "Customers below zero.", &|one| {
        count(one.negative)
    });
    family(
        names::STANDING_TOTAL,
        "What all customers add up to.",
        &|one| Some(units(one.total)),
    );
    family(
        names::STANDING_PEAK,
        "The most that the best customers add up to.",
        &|one| Some(units(one.peak.1)),
    );
    family(
        names::STANDING_PEAK_CUSTOMERS,
        "How many customers these are.",
        &|one| count(one.peak.0),
    );
    family(
        names::STANDING_TOP_SHARE,
        "What the best fifth of the customers adds up to, of the total.",
        &|one| one.best_fifth,
    );
    text.family(
        names::STANDING_UP,
        "gauge",
        "Whether the question was answered.",
    );
    for (question, values) in found {
        let labels = [
            ("name", question.name.as_str()),
            ("tenant", question.tenant.as_str()),
        ];
        text.sample(names::STANDING_UP, &labels, u8::from(values.is_some()));
    }
    text.family(names::LEDGER_POSITION, "gauge", "The newest position.");
    let mut told = BTreeSet::new();
    for (question, values) in found {
        if let Some(values) = values
            && told.insert(&question.tenant)
        {
            let labels = [("tenant", question.tenant.as_str())];
            text.sample(names::LEDGER_POSITION, &labels, values.as_of);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_read_and_mistakes_are_named() {
        let text = "[[standing_question]]\nname = \"all\"\n\n[[standing_question]]\nname = \"quarter\"\n\
                    tenant = \"t\"\nbasis = \"REVENUE\"\nperiod = \"LAST_90_DAYS\"\n";
        let found = parse_all(text).unwrap();
        assert_eq!(found[0].window, Window::Period(Period::ALL));
        assert_eq!(
            (found[1].basis, found[1].window),
            (Basis::Revenue, Window::LastDays(90))
        );
        assert_eq!(found[1].tenant.as_str(), "t");
        for wrong in [
            "[[standing_question]]\nname = \"a\"\nbasis = \"PROFIT\"",
            "[[standing_question]]\nname = \"a\"\nperiod = \"LAST_0_DAYS\"",
            "[[standing_question]]\nname = \"a\"\n[[standing_question]]\nname = \"a\"",
            "[[standing_question]]\nname = \"a\"\nperiods = \"ALL_TIME\"",
        ] {
            assert!(parse_all(wrong).is_err(), "{wrong}");
        }
    }
}
