//! Use cases: the order of steps, which state is read, and the clock.
//!
//! Async lives here and above. Knows the domain and the `Store` trait; knows nothing of gRPC and of any one store.

pub mod acquisition;
pub mod activities;
pub mod allocation;
pub mod appreciation;
pub mod bonus_returns;
pub mod capacity;
pub mod clock;
pub mod closings;
mod compute;
pub mod copying;
pub mod cost_models;
pub mod cross_report;
pub mod customer_value;
pub mod data_subjects;
pub mod decision_outcomes;
pub mod decisions;
pub mod dependence;
pub mod dimension_ranking;
mod end_search;
pub mod evaluate;
pub mod exchange_rates;
pub mod expected_profit;
pub mod growth;
pub mod inactive;
pub mod kept;
pub mod late_arrivals;
mod learning_position;
pub mod lookalike;
pub mod lookalike_selection;
pub mod models;
pub mod outcomes;
pub mod parties;
pub mod portfolio;
pub mod prequalify;
pub mod price_terms;
pub mod products;
pub mod profile;
pub mod prospect_models;
pub mod proxies;
pub mod rankings;
pub mod receivables;
pub mod referrals;
pub mod report;
pub mod restating;
pub mod seeds;
pub mod simulation;
pub mod solvency;
pub mod spiral;
pub mod standings;
pub mod time_plan;
pub mod trends;
pub mod watching;
pub mod win;

use crate::{
    domain::{
        acquisition::Won,
        closing::Month,
        id::TenantId,
        ledger::Position,
        model::worth::WorthModel,
        money::Currency,
        problem::{Problem, Reason},
        receivables::cost::ReceivablesCosts,
        time::Calendar,
    },
    store::Store,
};
use appreciation::{Appreciation, AppreciationAsked};
use clock::Clock;
use cross_report::{ColumnTotals, ColumnsAsked};
use customer_value::ValueLearning;
use expected_profit::{ExpectedAsked, ExpectedOrder};
use inactive::{Inactive, InactiveAsked};
use kept::Kept;
use late_arrivals::{LateArrivals, LateQuestion};
use lookalike_selection::{Selection, SelectionAsked};
use profile::{BestCustomers, LearntOfBest};
use prospect_models::{Learning, Trained};
use receivables::CostsAsked;
use referrals::{Credited, CreditedAsked};
use restating::Restating;
use seeds::{Seeds, ServiceEffort};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};
use win::{HeldModel, LearntWin, WinLearning};

/// How many trained models are kept, how many profiles, and the columns of how many cross reports.
const KEPT: usize = 8;
/// How many trained models are kept: each question has four of them.
const KEPT_TRAINED: usize = 32;

/// Of how many states it is kept how customers were won: one has a line for every customer.
const KEPT_WON: usize = 2;
/// The pages of how many reports of late arrivals are kept: each may hold every customer.
const KEPT_LATE: usize = 2;
/// How many selections of lookalikes are kept: one has a line for every prospect.
const KEPT_SELECTIONS: usize = 2;
/// How many orders by expected profit are kept, and how many budgets for appreciation: one has a line for every
/// customer.
const KEPT_EXPECTED: usize = 2;
/// Of how many rankings it is kept who has no activity in them: one has a line for every such customer.
const KEPT_INACTIVE: usize = 2;

/// Of how many questions it is kept what is credited to whom: one has a line for every customer.
const KEPT_CREDITED: usize = 2;

/// What holds for the whole service.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The currency of the books: every amount that is summed is in it.
    pub currency: Currency,
    /// The reporting time zone's calendar: the books are kept by its days.
    pub calendar: Calendar,
}

/// Which state a read sees; without either, the newest.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOptions {
    /// At least the writes up to this position.
    pub at_least_as_fresh: Option<Position>,
    /// Exactly the writes up to this position.
    pub as_of: Option<Position>,
    /// Exactly what was written when this month was closed.
    pub as_closed: Option<Month>,
}

/// The use cases over one store, which may still be opening.
pub struct Service {
    settings: Settings,
    clock: Arc<dyn Clock>,
    store: OnceLock<Arc<dyn Store>>,
    stopping: AtomicBool,
    trained_models: Kept<Learning, Trained>,
    win_models: Kept<WinLearning, LearntWin>,
    held_models: Kept<(TenantId, Option<u64>, Position), HeldModel>,
    profiles: Kept<(TenantId, BestCustomers), LearntOfBest>,
    seeds: Kept<(TenantId, BestCustomers), Seeds>,
    service_efforts: Kept<(TenantId, BestCustomers), ServiceEffort>,
    selections: Kept<SelectionAsked, Selection>,
    worth_models: Kept<ValueLearning, WorthModel>,
    expected_orders: Kept<ExpectedAsked, ExpectedOrder>,
    appreciations: Kept<AppreciationAsked, Appreciation>,
    column_totals: Kept<ColumnsAsked, ColumnTotals>,
    won: Kept<(TenantId, Position), Won>,
    receivables_costs: Kept<CostsAsked, ReceivablesCosts>,
    credited: Kept<CreditedAsked, Credited>,
    late_arrivals: Kept<(TenantId, usize, LateQuestion), LateArrivals>,
    inactive: Kept<InactiveAsked, Inactive>,
    /// What the store is seen through, where a report is made in another currency.
    restating: Option<Arc<Restating>>,
}

impl Service {
    /// A service whose store is still opening: every call is answered with STARTING until [`Service::open`].
    pub fn starting(settings: Settings, clock: Arc<dyn Clock>) -> Self {
        Self {
            settings,
            clock,
            store: OnceLock::new(),
            stopping: AtomicBool::new(false),
            trained_models: Kept::new(KEPT_TRAINED),
            win_models: Kept::new(KEPT),
            held_models: Kept::new(KEPT),
            profiles: Kept::new(KEPT),
            seeds: Kept::new(KEPT),
            service_efforts: Kept::new(KEPT),
            selections: Kept::new(KEPT_SELECTIONS),
            worth_models: Kept::new(KEPT),
            expected_orders: Kept::new(KEPT_EXPECTED),
            appreciations: Kept::new(KEPT_EXPECTED),
            column_totals: Kept::new(KEPT),
            won: Kept::new(KEPT_WON),
            receivables_costs: Kept::new(KEPT),
            credited: Kept::new(KEPT_CREDITED),
            late_arrivals: Kept::new(KEPT_LATE),
            inactive: Kept::new(KEPT_INACTIVE),
            restating: None,
        }
    }

    /// Gives it its store. Only the first call counts.
    pub fn open(&self, store: Arc<dyn Store>) {
        let _ = self.store.set(store);
    }

    /// From here on every call is answered with STOPPING.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// What holds for the whole service.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The store, once it is open and until the service stops.
    pub fn store(&self) -> Result<&dyn Store, Problem> {
        if self.stopping.load(Ordering::Relaxed) {
            let message = "the service is stopping".to_owned();
            return Err(Problem::new(Reason::Stopping, "", message, []));
        }
        self.store.get().map(|store| &**store).ok_or_else(|| {
            let message = "the service is reading its ledger".to_owned();
            Problem::new(Reason::Starting, "", message, [])
        })
    }

    /// Whether the store can be asked anything.
    pub async fn reach(&self) -> Result<(), Problem> {
        self.store()?.reach().await
    }

    /// The position that a read sees.
    pub async fn read_position(
        &self,
        tenant: &TenantId,
        options: ReadOptions,
    ) -> Result<Position, Problem> {
        let written = self.store()?.watermark(tenant).await?;
        let fields = [
            (options.at_least_as_fresh, "read_options.at_least_as_fresh"),
            (options.as_of, "read_options.as_of"),
        ];
        for (position, field) in fields {
            if let Some(position) = position.filter(|position| *position > written) {
                return Err(Problem::position_not_reached(field, position, written));
            }
        }
        let as_of = match (options.as_of, options.as_closed) {
            (Some(_), Some(_)) => {
                let field = "read_options.as_closed";
                return Err(Problem::field_invalid(
                    field,
                    "is given together with as_of",
                ));
            }
            (as_of, None) => as_of.unwrap_or(written),
            (None, Some(month)) => {
                let field = "read_options.as_closed";
                self.closing(tenant, month, written, field).await?.position
            }
        };
        if options.at_least_as_fresh.is_some_and(|fresh| fresh > as_of) {
            let field = "read_options.at_least_as_fresh";
            return Err(Problem::field_invalid(field, "is after as_of"));
        }
        Ok(as_of)
    }
}
