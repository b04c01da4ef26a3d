//! Asks a store a question, and gives the whole answer as text.

use crate::{
    decisions::told_of_decisions,
    generate::{CUSTOMERS, Question},
    price_terms::told_of_terms,
    prospects::rows as prospect_rows,
    words::*,
};
use profitscore::{domain::id::TenantId, store::Store};

impl Question {
    /// The whole answer as text.
    pub async fn ask(&self, store: &dyn Store, tenant: &TenantId) -> String {
        match self {
            Self::Rank(question) => format!("{:#?}", store.rank(tenant, question).await.unwrap()),
            Self::Curve(question) => format!("{:#?}", store.curve(tenant, question).await.unwrap()),
            Self::Cross(question) => format!("{:#?}", store.cross(tenant, question).await.unwrap()),
            Self::Cells(question) => format!("{:#?}", store.cells(tenant, question).await.unwrap()),
            Self::Lift(question) => format!("{:#?}", store.lift(tenant, question).await.unwrap()),
            Self::Profiles(question) => {
                format!("{:#?}", store.profiles(tenant, question).await.unwrap())
            }
            Self::Entries(question) => {
                format!("{:#?}", store.entries(tenant, question).await.unwrap())
            }
            Self::Parties(question) => {
                format!("{:#?}", store.parties(tenant, question).await.unwrap())
            }
            Self::Receivables(question) => {
                format!("{:#?}", store.receivables(tenant, question).await.unwrap())
            }
            Self::Purchases(question) => {
                format!("{:#?}", store.purchases(tenant, question).await.unwrap())
            }
            Self::Referrals(question) => {
                format!("{:#?}", store.referrals(tenant, question).await.unwrap())
            }
            Self::Values(question) => {
                format!("{:#?}", store.values(tenant, question).await.unwrap())
            }
            Self::Prospects(question) => {
                let answer = store.prospects(tenant, question).await.unwrap();
                format!("{:#?} {:?}", prospect_rows(&answer.table), answer.converted)
            }
            Self::Others(as_of) => {
                let ids: Vec<_> = CUSTOMERS.iter().map(|id| party_id(id)).collect();
                format!(
                    "{:#?} {:#?} {:#?} {:#?} {:#?} {:#?} {:#?} {} {} {:#?} {:#?} {:#?} {:#?}",
                    store.party(tenant, &ids, *as_of).await.unwrap(),
                    store.trait_definitions(tenant, *as_of).await.unwrap(),
                    store.cost_models(tenant, *as_of).await.unwrap(),
                    store.closings(tenant, *as_of).await.unwrap(),
                    store.products(tenant, *as_of).await.unwrap(),
                    all_rates(store, tenant, *as_of).await,
                    some_rates(store, tenant, *as_of).await,
                    told_of_terms(store, tenant, &CUSTOMERS, *as_of).await,
                    told_of_decisions(store, tenant, *as_of).await,
                    store.decided_prospects(tenant, *as_of).await.unwrap(),
                    store.subject_requests(tenant, *as_of).await.unwrap(),
                    store.model_versions(tenant, *as_of).await.unwrap(),
                    store.watermark(tenant).await.unwrap(),
                )
            }
        }
    }
}
