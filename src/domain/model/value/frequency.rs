//! The models of how often and until when, by one name: fitting them, and what they say of one customer.

use super::{
    counts::Row,
    geometric::{self, FirstChance, Geometric},
    maximum::{Likelihood, Matrix, Maximum, maximum},
    outlook::{Leaving, Outlook},
    pareto::{self, Pareto},
    table::Design,
};

/// With more rows than this a fit without a start looks at a part of them first.
const MANY_ROWS: usize = 40_000;
/// As large a part.
const PART_ROWS: usize = 10_000;

/// A model of how often customers order and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrequencyModel {
    /// Customers may leave after each repeat order.
    BgNbd,
    /// Customers may leave after each order, the first included.
    MbgNbd,
    /// Customers may leave at any moment.
    ParetoNbd,
}

impl FrequencyModel {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::BgNbd, Self::MbgNbd, Self::ParetoNbd];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::BgNbd => "BG/NBD",
            Self::MbgNbd => "MBG/NBD",
            Self::ParetoNbd => "Pareto/NBD",
        }
    }

    /// Its parameters' symbols.
    pub fn symbols(self) -> [&'static str; 4] {
        match self {
            Self::BgNbd | Self::MbgNbd => ["r", "alpha", "a", "b"],
            Self::ParetoNbd => ["r", "alpha", "s", "beta"],
        }
    }

    /// Fits it by maximum likelihood, from parameters that are near if such are known. `None` if nobody ordered
    /// again: then nothing tells one rate from another.
    pub fn fit(self, rows: &[Row], start: Option<&[f64; 4]>) -> Option<FrequencyFit> {
        let design = Design::of(rows);
        if design.repeats < 1.0 || design.weeks <= 0.0 {
            return None;
        }
        let mut evaluations = 0;
        let start = match start {
            Some(start) => *start,
            None if rows.len() > MANY_ROWS => {
                let part = design.sample(rows.len().div_ceil(PART_ROWS));
                let near = self.maximum(&part, &self.first_start(&part));
                evaluations = near.evaluations;
                near.parameters
            }
            None => self.first_start(&design),
        };
        let found = self.maximum(&design, &start);
        Some(FrequencyFit {
            model: self,
            parameters: found.parameters,
            covariance: found.covariance,
            log_likelihood: found.log_likelihood,
            customers: design.customers,
            evaluations: evaluations + found.evaluations,
            converged: found.converged,
        })
    }

    fn maximum(self, design: &Design, start: &[f64; 4]) -> Maximum<4> {
        let of_geometric = |first_chance| {
            let likelihood = Geometric {
                design,
                first_chance,
            };
            maximum(&likelihood, start)
        };
        match self {
            Self::BgNbd => of_geometric(FirstChance::AfterRepeat),
            Self::MbgNbd => of_geometric(FirstChance::AtOnce),
            Self::ParetoNbd => maximum(&Pareto::of(design), start),
        }
    }

    /// A start that is on the scale of the data.
    fn first_start(self, design: &Design) -> [f64; 4] {
        let rate = (design.repeats / design.weeks.max(f64::MIN_POSITIVE)).max(1e-4);
        let weeks = (design.weeks / design.customers.max(1.0)).max(0.1);
        match self {
            Self::BgNbd | Self::MbgNbd => [0.5, 0.5 / rate, 0.8, 2.5],
            Self::ParetoNbd => [0.5, 0.5 / rate, 0.6, 0.5 * weeks],
        }
    }

    /// The likelihood of rows with its derivatives, for those who want to look at it.
    pub fn with_likelihood<T>(self, rows: &[Row], see: impl FnOnce(&dyn At) -> T) -> T {
        let design = Design::of(rows);
        let of_geometric = |first_chance| Geometric {
            design: &design,
            first_chance,
        };
        match self {
            Self::BgNbd => see(&of_geometric(FirstChance::AfterRepeat)),
            Self::MbgNbd => see(&of_geometric(FirstChance::AtOnce)),
            Self::ParetoNbd => see(&Pareto::of(&design)),
        }
    }
}

/// A likelihood of four parameters that may stand behind a reference.
pub trait At {
    /// See [`Likelihood::at`].
    fn value_at(&self, parameters: &[f64; 4]) -> super::maximum::Curve<4>;
}

impl<L: Likelihood<4>> At for L {
    fn value_at(&self, parameters: &[f64; 4]) -> super::maximum::Curve<4> {
        self.at(parameters)
    }
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct FrequencyFit {
    /// Which.
    pub model: FrequencyModel,
    /// Its parameters, by week: see [`FrequencyModel::symbols`].
    pub parameters: [f64; 4],
    /// Covariance of their logarithms.
    pub covariance: Matrix<4>,
    /// The logarithm of the likelihood, all constants included.
    pub log_likelihood: f64,
    /// How many customers it was fitted to.
    pub customers: f64,
    /// How often the likelihood was taken.
    pub evaluations: u32,
    /// Whether the maximum was reached.
    pub converged: bool,
}

impl FrequencyFit {
    /// A model with given parameters, taken for exact.
    pub fn known(model: FrequencyModel, parameters: [f64; 4]) -> Self {
        Self {
            model,
            parameters,
            covariance: [[0.0; 4]; 4],
            log_likelihood: 0.0,
            customers: 0.0,
            evaluations: 0,
            converged: true,
        }
    }

    /// The logarithm of the likelihood of rows.
    pub fn log_likelihood_of(&self, rows: &[Row]) -> f64 {
        let of_row = |row: &Row| f64::from(row.customers) * self.log_likelihood_of_one(row);
        rows.iter().map(of_row).sum()
    }

    /// The logarithm of the likelihood of one customer of a row.
    pub fn log_likelihood_of_one(&self, row: &Row) -> f64 {
        let parameters = &self.parameters;
        match self.model {
            FrequencyModel::BgNbd => {
                geometric::log_likelihood(parameters, FirstChance::AfterRepeat, row)
            }
            FrequencyModel::MbgNbd => {
                geometric::log_likelihood(parameters, FirstChance::AtOnce, row)
            }
            FrequencyModel::ParetoNbd => pareto::log_likelihood(parameters, row),
        }
    }

    /// What is to be expected of a customer with so many repeat orders, the last at an age of `recency` weeks, seen
    /// for `observed` weeks.
    pub fn outlook(&self, repeats: u32, recency: f64, observed: f64) -> Outlook {
        let x = f64::from(repeats);
        let [r, alpha, third, fourth] = self.parameters;
        let geometric = |chance: FirstChance| {
            let odds = geometric::log_odds_of_left(&self.parameters, chance, x, recency, observed);
            let stayed = fourth + x + f64::from(chance.chances());
            (
                odds,
                Leaving::Geometric {
                    a: third,
                    b: stayed,
                },
            )
        };
        let (odds_of_left, leaving) = match self.model {
            FrequencyModel::BgNbd => geometric(FirstChance::AfterRepeat),
            FrequencyModel::MbgNbd => geometric(FirstChance::AtOnce),
            FrequencyModel::ParetoNbd => (
                pareto::log_odds_of_left(&self.parameters, x, recency, observed),
                Leaving::Exponential {
                    shape: third,
                    rate: fourth + observed,
                },
            ),
        };
        Outlook {
            alive: 1.0 / (1.0 + libm::exp(odds_of_left)),
            shape: r + x,
            rate: alpha + observed,
            leaving,
        }
    }
}
