//! What customers owe, compared with what the entries alone come to.

use super::{Allowed, Auditor, Finding};
use crate::{
    domain::{id::TenantId, receivables::ReceivablesQuestion},
    store::embedded::{
        Questions,
        simulation::questions::{Question, receivables},
    },
};

impl Auditor {
    /// Asks of every tenant for everybody at the newest position, and anything else.
    pub(super) fn check_receivables(
        &mut self,
        questions: &Questions,
        allowed: &dyn Fn() -> Allowed,
    ) -> Result<bool, Finding> {
        for (id, tenant) in &self.truth.tenants {
            let as_of = self.random.number() % (tenant.newest + 1);
            let everybody = ReceivablesQuestion {
                customers: None,
                before: None,
                as_of: tenant.newest,
            };
            for question in [everybody, receivables(&mut self.random, as_of)] {
                let found = questions.receivables(id, &question);
                let Some(found) = allowed().check(found)? else {
                    return Ok(false);
                };
                let expected = tenant.receivables(&question, &self.calendar);
                if found != expected {
                    return Err(format!(
                        "tenant {id}, {question:?}: {found:?} instead of {expected:?}"
                    ));
                }
            }
        }
        Ok(true)
    }

    /// What was answered to a question by chance, if it was this one.
    pub(super) fn check_owed(
        &self,
        id: &TenantId,
        question: &Question,
        answer: &str,
    ) -> Result<(), Finding> {
        let Question::Receivables(asked) = question else {
            return Ok(());
        };
        let tenant = self.truth.tenants.get(id);
        let expected = tenant.map(|own| own.receivables(asked, &self.calendar));
        let expected = format!("{:?}", expected.unwrap_or_default());
        match answer == expected {
            true => Ok(()),
            false => Err(format!(
                "tenant {id}, {asked:?}: {answer} instead of {expected} by the entries"
            )),
        }
    }
}
