//! What to sell to whom: products that profitable customers buy, and customers with whom more of a product pays.

use super::{
    Service,
    report::{ControlTotal, Costs, Footing, check_range, check_sum, check_tie, footing},
};
use crate::domain::{
    account::{Account, Sums, Weights},
    dimension::per_hour,
    expansion::{Bought, Potential, upper_quartile},
    id::{PartyId, TenantId, UNASSIGNED},
    model::{
        MINIMUM_CUSTOMERS,
        cross_sell::{ProductCount, Suggestion, suggestions},
        evidence_too_thin,
    },
    money::{NANOS_PER_MICRO, Nanos},
    party::Party,
    price_terms::PriceTerms,
    problem::{Problem, Reason},
    question::{
        CellsAnswer, CellsQuestion, CrossQuestion, Group, Order, RankQuestion, RankTotals,
        RowSelection, Scope,
    },
    ranking::{Basis, Direction},
    relation,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How many customers are compared at most.
pub(super) const CUSTOMERS_LIMIT: u64 = 50_000;

/// Which customers are looked at.
#[derive(Debug, Clone)]
pub struct GrowthRequest {
    /// Which postings and customers, as of which position.
    pub scope: Scope,
    /// Which version of the cost model; the newest if `None`.
    pub cost_model_version: Option<u64>,
}

/// Products to sell.
#[derive(Debug, Clone)]
pub struct CrossSell {
    /// The greatest lower bound first.
    pub suggestions: Vec<Suggestion>,
    /// How many customers were compared.
    pub customers: u64,
    /// How many of them are profitable.
    pub profitable: u64,
    /// By customer margin.
    pub footing: Footing,
}

/// Customers with whom more of a product pays.
#[derive(Debug, Clone)]
pub struct Expansion {
    /// The most for an hour first.
    pub potentials: Vec<CustomerPotential>,
    /// How many buyers are not among them.
    pub left_out: u64,
    /// The contribution margin of the product.
    pub control_total: ControlTotal,
    /// The version of the cost model.
    pub cost_model_version: u64,
}

/// What more of a product would bring with a customer.
#[derive(Debug, Clone)]
pub struct CustomerPotential {
    /// The customer.
    pub customer: PartyId,
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// What it bought.
    pub bought: Bought,
    /// What more would bring.
    pub potential: Potential,
    /// By what it buys on the last day of the period.
    pub terms: Option<PriceTerms>,
}

impl CustomerPotential {
    /// What an hour brings; `None` if it takes no time.
    pub fn margin_per_hour(&self) -> Option<Nanos> {
        per_hour(self.potential.margin, self.potential.milli_minutes)
    }
}

/// A customer with what it did.
struct Member {
    customer: PartyId,
    party: Option<Arc<Party>>,
    sums: Sums,
}

/// Everybody who is looked at, with what each did with each product.
struct Population {
    members: Vec<Member>,
    products: CellsAnswer,
    totals: RankTotals,
    order: Order,
}

impl Service {
    /// Gathers the customers of a scope, the best by what they bring first.
    async fn population(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        costs: &Costs,
    ) -> Result<Population, Problem> {
        let order = costs.order(Basis::NetProfit, Direction::BestFirst);
        let mut population = Population {
            members: Vec::new(),
            products: CellsAnswer::new(),
            totals: RankTotals::default(),
            order: order.clone(),
        };
        let store = self.store()?;
        let question = |places| RankQuestion {
            scope: scope.clone(),
            order: order.clone(),
            beside: Vec::new(),
            rows: RowSelection::Places(places),
        };
        let none = question(Vec::new());
        population.totals = store.rank(tenant, &none).await?.totals;
        let customers = population.totals.customers;
        if customers > CUSTOMERS_LIMIT {
            return Err(too_many(customers));
        }
        let all = question(std::iter::once(0..customers).collect());
        let rows = store.rank(tenant, &all).await?.rows;
        // Everybody at once: to find the products of some, the rows of all are gone over.
        let cells = CellsQuestion {
            scope: scope.clone(),
            customers: rows.iter().map(|row| row.customer.clone()).collect(),
            group: Group::Product,
        };
        population.products = store.cells(tenant, &cells).await?;
        let members = rows.into_iter().map(|row| Member {
            customer: row.customer,
            party: row.party,
            sums: row.sums,
        });
        population.members.extend(members);
        Ok(population)
    }

    /// Products that profitable customers buy, without those that a customer has.
    pub async fn cross_sell(
        &self,
        tenant: &TenantId,
        request: &GrowthRequest,
        customer: Option<&PartyId>,
    ) -> Result<CrossSell, Problem> {
        let scope = &request.scope;
        let costs = self
            .direct_costs(tenant, request.cost_model_version, scope)
            .await?;
        let has = match customer {
            None => BTreeSet::new(),
            Some(customer) => self.products_of(tenant, scope, customer).await?,
        };
        let population = self.population(tenant, scope, &costs).await?;
        let footing = footing(&costs, &population.order, &population.totals)?;
        let customers = population.totals.customers;
        if customers < MINIMUM_CUSTOMERS {
            return Err(evidence_too_thin(customers));
        }
        let weights = &population.order.weights;
        let values = population.members.iter();
        let values: BTreeMap<&PartyId, Nanos> = values
            .map(|one| (&one.customer, weights.value(&one.sums)))
            .collect();
        let all: Nanos = values.values().sum();
        check_sum(footing.control_total.reported, all)?;
        let profitable = values.values().filter(|value| **value > 0).count() as u64;
        let margin = Basis::ContributionMargin.weights(&costs.model);
        let mut counts = BTreeMap::<&str, ProductCount>::new();
        let mut cells_value = 0;
        for ((customer, product), sums) in &population.products {
            cells_value += weights.value(sums);
            if product == UNASSIGNED || has.contains(product) {
                continue;
            }
            let count = counts.entry(product).or_default();
            count.buyers += 1;
            if values.get(customer).is_some_and(|value| *value > 0) {
                count.profitable_buyers += 1;
                count.margin += margin.value(sums);
            }
        }
        // What was done with each product is all that was done.
        check_sum(all, cells_value)?;
        let counts = counts.into_iter().map(|(product, count)| ProductCount {
            product: product.to_owned(),
            ..count
        });
        let found = suggestions(counts.collect(), profitable, customers);
        for one in &found {
            check_range("suggestions.margin_per_buyer", one.count.margin)?;
            check_range("suggestions.expected_margin_lower", one.expected_lower)?;
            check_range("suggestions.expected_margin_upper", one.expected_upper)?;
        }
        Ok(CrossSell {
            suggestions: found,
            customers,
            profitable,
            footing,
        })
    }

    /// The products of one customer, whatever the filter.
    async fn products_of(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        customer: &PartyId,
    ) -> Result<BTreeSet<String>, Problem> {
        let question = CellsQuestion {
            scope: Scope::all_of(scope.period, scope.as_of),
            customers: vec![customer.clone()],
            group: Group::Product,
        };
        let cells = self.store()?.cells(tenant, &question).await?;
        Ok(cells.into_keys().map(|(_, product)| product).collect())
    }

    /// Ranks the buyers of a product by what more of it would bring for an hour; `units` more in millionths, or up to
    /// what three of four buyers do not exceed.
    pub async fn expansion(
        &self,
        tenant: &TenantId,
        request: &GrowthRequest,
        product: &str,
        units: Option<i128>,
    ) -> Result<Expansion, Problem> {
        let scope = &request.scope;
        let costs = self
            .direct_costs(tenant, request.cost_model_version, scope)
            .await?;
        let population = self.population(tenant, scope, &costs).await?;
        let weights = Basis::ContributionMargin.weights(&costs.model);
        let question = CrossQuestion {
            scope: scope.clone(),
            group: Group::Product,
        };
        let all = self.store()?.cross(tenant, &question).await?;
        let ledger = all.get(product).map_or(0, |sums| weights.value(sums));
        let mut reported = 0;
        let mut buyers: Vec<Buyer> = Vec::new();
        let mut products = population.products;
        let mut count = 0_u64;
        for member in population.members {
            let key = (member.customer, product.to_owned());
            let Some(sums) = products.remove(&key) else {
                continue;
            };
            reported += weights.value(&sums);
            count += 1;
            let bought = bought(&sums, &member.sums, &weights);
            if bought.quantity > 0 {
                buyers.push((key.0, member.party, bought));
            }
        }
        let control_total = ControlTotal {
            ledger,
            reported,
            filtered_out: 0,
        };
        check_tie(control_total)?;
        check_range("control_total.ledger", ledger)?;
        let customers: Vec<_> = buyers
            .iter()
            .map(|(customer, ..)| customer.clone())
            .collect();
        let terms = self.terms_of(tenant, &customers, scope).await?;
        let potentials = potentials(buyers, terms, units)?;
        Ok(Expansion {
            left_out: count - potentials.len() as u64,
            potentials,
            control_total,
            cost_model_version: costs.model.version,
        })
    }
}

/// A customer with what it bought of a product.
type Buyer = (PartyId, Option<Arc<Party>>, Bought);

/// What more would bring with each buyer who has room for more, the most for an hour first.
fn potentials(
    buyers: Vec<Buyer>,
    terms: Vec<Option<PriceTerms>>,
    units: Option<i128>,
) -> Result<Vec<CustomerPotential>, Problem> {
    let mut quantities: Vec<_> = buyers.iter().map(|(.., own)| own.quantity).collect();
    let many = upper_quartile(&mut quantities);
    let mut potentials = Vec::with_capacity(buyers.len());
    for ((customer, party, bought), terms) in buyers.into_iter().zip(terms) {
        let more = units.unwrap_or(many - bought.quantity);
        if more <= 0 {
            continue;
        }
        let discount = terms.as_ref().and_then(|terms| terms.nominal_discount);
        let potential = bought.potential(more, discount).ok_or_else(too_large)?;
        let one = CustomerPotential {
            customer,
            party,
            bought,
            potential,
            terms,
        };
        for (figure, amount) in [
            ("potentials.list_price", potential.list_price),
            ("potentials.net_price", potential.net_price),
            ("potentials.margin", potential.margin),
            (
                "potentials.margin_per_hour",
                one.margin_per_hour().unwrap_or(0),
            ),
        ] {
            check_range(figure, amount)?;
        }
        potentials.push(one);
    }
    potentials.sort_by_cached_key(|one| {
        let by_hour = one.margin_per_hour();
        let value = by_hour.unwrap_or(one.potential.margin);
        (by_hour.is_some(), Reverse(value), one.customer.clone())
    });
    Ok(potentials)
}

/// What a customer bought of a product, of its sums of the product and of everything.
fn bought(own: &Sums, all: &Sums, margin: &Weights) -> Bought {
    let amount = |account: &Account| own.get(account) * NANOS_PER_MICRO;
    let (gross, discounts) = (amount(&Account::GrossRevenue), amount(&Account::Discounts));
    Bought {
        quantity: own.get(&Account::Quantity),
        gross,
        discounts,
        // All that the margin is less than what was charged.
        costs: gross - discounts - margin.value(own),
        all_quantity: all.get(&Account::Quantity),
        all_milli_minutes: relation::milli_minutes(all, |_| true),
    }
}

/// More customers than can be compared.
pub(super) fn too_many(customers: u64) -> Problem {
    let actual = usize::try_from(customers).unwrap_or(usize::MAX);
    let limit = usize::try_from(CUSTOMERS_LIMIT).unwrap_or(usize::MAX);
    Problem::list_too_long("filter", limit, actual)
}

fn too_large() -> Problem {
    let message = "potentials.margin is too large for an amount of money".to_owned();
    let variables = [("figure", "potentials.margin".to_owned())];
    Problem::new(Reason::SumOutOfRange, "", message, variables)
}
