//! How pools are allocated: policies.

use super::common::{check_list, item, micros_from_pb, micros_to_pb, minutes_to_pb, required_enum};
use crate::{
    api::pb::{self, allocation_policy::Policy as PolicyPb, google_type},
    domain::{
        decimal::{self, MICRO_PLACES, MILLI_PLACES},
        id::{PartyId, RoleId},
        policy::{Capacity, Cause, Happening, Policy, Population, Proportion},
        problem::Problem,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The most quantities that a cost model can supply.
pub const SUPPLIED_LIMIT: usize = 10_000;
const ROLES_LIMIT: usize = 100;
/// As long as an effort can take, in thousandths of a minute.
const MINUTES_LIMIT: i64 = 10_000_000_000;

/// The four policies that a comparison is about, in the order of the contract.
pub fn compared_from_pb(
    request: &pb::CompareAllocationPoliciesRequest,
) -> Result<[Policy; 4], Problem> {
    let proportional = request
        .proportional_to_basis
        .unwrap_or(pb::ProportionalToBasis {
            basis: pb::AllocationBasis::Revenue.into(),
        });
    let by_driver = match &request.by_driver {
        Some(driver) => cause_from_pb(driver, "by_driver")?,
        None => Cause::Happened(Happening::Sale),
    };
    let population = request.equal_per_customer.unwrap_or_default().population;
    let field = "equal_per_customer.population";
    let time_driven = request.time_driven.clone().unwrap_or_default();
    Ok([
        Policy::EqualPerCustomer(population_from_pb(population, field)?),
        Policy::Proportional(required_enum(
            proportional.basis,
            PROPORTIONS,
            proportion_to_pb,
            "proportional_to_basis.basis",
        )?),
        Policy::Driver(by_driver),
        Policy::TimeDriven(capacity_from_pb(&time_driven, "time_driven")?),
    ])
}

/// A policy; without one, the default.
pub fn policy_from_pb(
    policy: Option<&pb::AllocationPolicy>,
    field: &str,
) -> Result<Policy, Problem> {
    let Some(policy) = policy else {
        return Ok(Policy::default());
    };
    let at = |name: &str| format!("{field}.{name}");
    match &policy.policy {
        None => Err(Problem::field_required(&at("policy"))),
        Some(PolicyPb::EqualPerCustomer(equal)) => {
            let field = at("equal_per_customer.population");
            Ok(Policy::EqualPerCustomer(population_from_pb(
                equal.population,
                &field,
            )?))
        }
        Some(PolicyPb::ProportionalToBasis(proportional)) => {
            let field = at("proportional_to_basis.basis");
            let basis = required_enum(proportional.basis, PROPORTIONS, proportion_to_pb, &field)?;
            Ok(Policy::Proportional(basis))
        }
        Some(PolicyPb::ByDriver(driver)) => {
            cause_from_pb(driver, &at("by_driver")).map(Policy::Driver)
        }
        Some(PolicyPb::TimeDriven(time)) => {
            capacity_from_pb(time, &at("time_driven")).map(Policy::TimeDriven)
        }
    }
}

fn population_from_pb(population: i32, field: &str) -> Result<Population, Problem> {
    match population {
        0 => Ok(Population::Active),
        _ => required_enum(
            population,
            &[Population::Active, Population::Buying],
            population_to_pb,
            field,
        ),
    }
}

fn population_to_pb(population: Population) -> pb::CustomerPopulation {
    match population {
        Population::Active => pb::CustomerPopulation::Active,
        Population::Buying => pb::CustomerPopulation::Buying,
    }
}

const PROPORTIONS: &[Proportion] = &[
    Proportion::Spend,
    Proportion::Revenue,
    Proportion::ContributionMargin,
];

fn proportion_to_pb(proportion: Proportion) -> pb::AllocationBasis {
    match proportion {
        Proportion::Spend => pb::AllocationBasis::Spend,
        Proportion::Revenue => pb::AllocationBasis::Revenue,
        Proportion::ContributionMargin => pb::AllocationBasis::ContributionMargin,
    }
}

/// A driver without what belongs to it.
#[derive(Clone, Copy)]
enum Plain {
    Happened(Happening),
    Minutes,
    Supplied,
}

const DRIVERS: &[Plain] = &[
    Plain::Happened(Happening::Sale),
    Plain::Happened(Happening::Unit),
    Plain::Happened(Happening::Invoice),
    Plain::Happened(Happening::Complaint),
    Plain::Happened(Happening::SpecialDemand),
    Plain::Minutes,
    Plain::Supplied,
];

fn plain_to_pb(driver: Plain) -> pb::AllocationDriver {
    match driver {
        Plain::Happened(Happening::Sale) => pb::AllocationDriver::Sales,
        Plain::Happened(Happening::Unit) => pb::AllocationDriver::Units,
        Plain::Happened(Happening::Invoice) => pb::AllocationDriver::Invoices,
        Plain::Happened(Happening::Complaint) => pb::AllocationDriver::Complaints,
        Plain::Happened(Happening::SpecialDemand) => pb::AllocationDriver::SpecialDemands,
        Plain::Minutes => pb::AllocationDriver::Minutes,
        Plain::Supplied => pb::AllocationDriver::Supplied,
    }
}

fn cause_from_pb(driver: &pb::ByDriver, field: &str) -> Result<Cause, Problem> {
    let at = |name: &str| format!("{field}.{name}");
    let plain = required_enum(driver.driver, DRIVERS, plain_to_pb, &at("driver"))?;
    if !driver.role_ids.is_empty() && !matches!(plain, Plain::Minutes) {
        let problem = "belongs to the driver MINUTES alone";
        return Err(Problem::field_invalid(&at("role_ids"), problem));
    }
    let quantities = at("supplied_quantities");
    if !driver.supplied_quantities.is_empty() && !matches!(plain, Plain::Supplied) {
        let problem = "belongs to the driver SUPPLIED alone";
        return Err(Problem::field_invalid(&quantities, problem));
    }
    match plain {
        Plain::Happened(happening) => Ok(Cause::Happened(happening)),
        Plain::Minutes => roles_from_pb(&driver.role_ids, &at("role_ids")).map(Cause::Minutes),
        Plain::Supplied => {
            let supplied = supplied_from_pb(&driver.supplied_quantities, &quantities)?;
            Ok(Cause::Supplied(Arc::new(supplied)))
        }
    }
}

fn roles_from_pb(roles: &[String], field: &str) -> Result<BTreeSet<RoleId>, Problem> {
    check_list(roles.len(), ROLES_LIMIT, field)?;
    let mut converted = BTreeSet::new();
    for (index, role) in roles.iter().enumerate() {
        let field = item(field, index);
        if !converted.insert(RoleId::parse(role, &field)?) {
            return Err(Problem::field_invalid(&field, "is given twice"));
        }
    }
    Ok(converted)
}

fn supplied_from_pb(
    quantities: &[pb::SuppliedQuantity],
    field: &str,
) -> Result<BTreeMap<PartyId, i64>, Problem> {
    if quantities.is_empty() {
        return Err(Problem::field_required(field));
    }
    check_list(quantities.len(), SUPPLIED_LIMIT, field)?;
    let mut converted = BTreeMap::new();
    for (index, supplied) in quantities.iter().enumerate() {
        let path = item(field, index);
        let (id, number) = (format!("{path}.customer_id"), format!("{path}.quantity"));
        let customer = PartyId::parse(&supplied.customer_id, &id)?;
        let quantity = supplied.quantity.as_ref();
        let quantity = quantity.ok_or_else(|| Problem::field_required(&number))?;
        let quantity = micros_from_pb(quantity, &number)?;
        let quantity = decimal::check_range(quantity, 1, i64::MAX, MICRO_PLACES, &number)?;
        if converted.insert(customer, quantity).is_some() {
            return Err(Problem::field_invalid(&id, "is given twice"));
        }
    }
    Ok(converted)
}

fn capacity_from_pb(time: &pb::TimeDriven, field: &str) -> Result<Capacity, Problem> {
    let at = |name: &str| format!("{field}.{name}");
    let capacity = at("practical_capacity_minutes");
    let milli_minutes = time
        .practical_capacity_minutes
        .as_ref()
        .map(|minutes| minutes_from_pb(minutes, i64::MAX, &capacity))
        .transpose()?;
    let mut equation = BTreeMap::new();
    for (index, term) in time.time_equation.iter().enumerate() {
        let path = item(&at("time_equation"), index);
        let driver = format!("{path}.driver");
        let Plain::Happened(happening) = required_enum(term.driver, DRIVERS, plain_to_pb, &driver)?
        else {
            let problem = "is nothing that happens, so that it has no time of its own";
            return Err(Problem::field_invalid(&driver, problem));
        };
        let each = format!("{path}.minutes_each");
        let minutes = term.minutes_each.as_ref();
        let minutes = minutes.ok_or_else(|| Problem::field_required(&each))?;
        let minutes = minutes_from_pb(minutes, MINUTES_LIMIT, &each)?;
        if equation.insert(happening, minutes).is_some() {
            return Err(Problem::field_invalid(&driver, "is given twice"));
        }
    }
    Ok(Capacity {
        milli_minutes,
        roles: roles_from_pb(&time.role_ids, &at("role_ids"))?,
        equation,
    })
}

/// Minutes above zero.
pub fn minutes_from_pb(
    minutes: &google_type::Decimal,
    limit: i64,
    field: &str,
) -> Result<i64, Problem> {
    let minutes = decimal::parse_fixed(&minutes.value, MILLI_PLACES, field)?;
    decimal::check_range(minutes, 1, limit, MILLI_PLACES, field)
}

// === to_pb ===

/// A policy.
pub fn policy_to_pb(policy: &Policy) -> pb::AllocationPolicy {
    let policy = match policy {
        Policy::EqualPerCustomer(population) => PolicyPb::EqualPerCustomer(pb::EqualPerCustomer {
            population: population_to_pb(*population).into(),
        }),
        Policy::Proportional(proportion) => {
            PolicyPb::ProportionalToBasis(pb::ProportionalToBasis {
                basis: proportion_to_pb(*proportion).into(),
            })
        }
        Policy::Driver(cause) => PolicyPb::ByDriver(cause_to_pb(cause)),
        Policy::TimeDriven(capacity) => PolicyPb::TimeDriven(capacity_to_pb(capacity)),
    };
    pb::AllocationPolicy {
        policy: Some(policy),
    }
}

fn cause_to_pb(cause: &Cause) -> pb::ByDriver {
    let (plain, roles, supplied) = match cause {
        Cause::Happened(happening) => (Plain::Happened(*happening), None, None),
        Cause::Minutes(roles) => (Plain::Minutes, Some(roles), None),
        Cause::Supplied(quantities) => (Plain::Supplied, None, Some(quantities)),
    };
    let supplied = supplied
        .into_iter()
        .flat_map(|quantities| quantities.iter());
    pb::ByDriver {
        driver: plain_to_pb(plain).into(),
        role_ids: roles.map(roles_to_pb).unwrap_or_default(),
        supplied_quantities: supplied
            .map(|(customer, quantity)| pb::SuppliedQuantity {
                customer_id: customer.to_string(),
                quantity: Some(micros_to_pb(i128::from(*quantity))),
            })
            .collect(),
    }
}

fn roles_to_pb(roles: &BTreeSet<RoleId>) -> Vec<String> {
    roles.iter().map(RoleId::to_string).collect()
}

fn capacity_to_pb(capacity: &Capacity) -> pb::TimeDriven {
    let minutes = |milli_minutes: i64| minutes_to_pb(i128::from(milli_minutes));
    let terms = capacity.equation.iter();
    pb::TimeDriven {
        practical_capacity_minutes: capacity.milli_minutes.map(minutes),
        role_ids: roles_to_pb(&capacity.roles),
        time_equation: terms
            .map(|(happening, milli_minutes)| pb::TimeEquationTerm {
                driver: plain_to_pb(Plain::Happened(*happening)).into(),
                minutes_each: Some(minutes(*milli_minutes)),
            })
            .collect(),
    }
}
