//! Who brought whom and who was asked to: the rows of the ledger that tell it, those left out that were taken back.

use super::{
    database::{Database, column},
    entries::entry_of,
    posting_relationship::ADVOCACY,
    sql::{Sql, count, seq},
};
use crate::domain::{
    ledger::Entry,
    problem::Problem,
    referral::{Fact, ReferralsAnswer, ReferralsQuestion},
    time::Calendar,
};

/// All referrals and asks.
pub async fn referrals(
    database: &Database,
    tenant: i32,
    question: &ReferralsQuestion,
    calendar: &Calendar,
) -> Result<ReferralsAnswer, Problem> {
    let mut facts = Vec::new();
    database
        .each_row(&statement(tenant, question), |row| {
            let position = count(column(row, "seq")?);
            if let Entry::Activity(activity) = &entry_of(column(row, "body")?, position)? {
                facts.extend(Fact::of(activity, calendar));
            }
            Ok(())
        })
        .await?;
    Ok(ReferralsAnswer::of(facts.into_iter()))
}

fn statement(tenant: i32, question: &ReferralsQuestion) -> Sql {
    let mut sql = Sql::default();
    let (tenant, as_of) = (sql.bind(tenant), sql.bind(seq(question.as_of)));
    let kinds = sql.bind(ADVOCACY.to_vec());
    let mut conditions = format!(
        "l.tenant = {tenant} AND l.seq <= {as_of} AND l.what = ANY({kinds}) AND l.target IS NULL"
    );
    if let Some(before) = question.before {
        let before = sql.bind(before.0);
        conditions.push_str(&format!(" AND l.day < {before}"));
    }
    // A reversal has the customer of what it takes back, and is on the same machine.
    sql.push(&format!(
        "SELECT l.seq, l.body FROM profitscore.ledger l WHERE {conditions} AND NOT EXISTS \
         (SELECT FROM profitscore.ledger r WHERE r.tenant = {tenant} AND r.customer = l.customer \
         AND r.target = l.seq AND r.seq <= {as_of})"
    ));
    sql
}
