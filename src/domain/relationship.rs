//! What a relationship costs and gives beside sales and service: what it took to win and to keep it, bonuses, gifts,
//! feedback, effects on others, and what nobody can put a figure on.
//!
//! Knows nothing of stores. What each of them posts is said here, once.

use super::{
    account::{Account, WorkPurpose},
    activity::{Activity, ContactChannel, DirectCostKind, EffortPurpose, Kind, Work, closed_list},
    decimal::MICRO_PLACES,
    id::{ActivityId, FactorName},
    ledger::Position,
    money::{Micros, divide_half_even},
    problem::{Problem, Reason},
    referral::Advocacy,
};
use serde::{Deserialize, Serialize};

/// One in millionths.
const ONE: i64 = 10_i64.pow(MICRO_PLACES);

/// What happened in a relationship. New kinds are added at the end: the order is part of the stored form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relationship {
    /// A direct cost that was caused by a sale and is taken back with it, such as its commission.
    CausedCost {
        /// What kind.
        kind: DirectCostKind,
        /// How much, in micro-units.
        amount: Micros,
        /// The sale.
        sale_activity_id: ActivityId,
    },
    /// Working time of which it is told how urgent or how complex the work was.
    QualifiedEffort {
        /// Who and how long.
        work: Work,
        /// What for.
        purpose: EffortPurpose,
        /// How.
        channel: Option<ContactChannel>,
        /// How urgent.
        urgency: Option<Urgency>,
        /// How complex.
        complexity: Option<Complexity>,
    },
    /// A bonus was accrued, redeemed or expired.
    Bonus {
        /// Which of them.
        event: BonusEvent,
        /// How much, in micro-units.
        amount: Micros,
        /// The sale that it was given for, with which it is taken back.
        sale_activity_id: Option<ActivityId>,
    },
    /// A gift, a card or a perk.
    Appreciation {
        /// Which of them.
        kind: AppreciationKind,
        /// What it cost, in micro-units.
        amount: Micros,
        /// What it was.
        description: String,
    },
    /// What was spent to win the customer; channel and campaign are dimensions.
    Acquisition {
        /// What it cost, in micro-units.
        amount: Micros,
        /// The offer that won it.
        offer_id: String,
    },
    /// What was spent to keep the customer.
    RetentionSpend {
        /// What it cost, in micro-units.
        amount: Micros,
        /// What it was.
        description: String,
    },
    /// The customer said how content it is.
    Feedback {
        /// The score, in millionths.
        score: i64,
        /// The worst score that could be given, in millionths.
        worst: i64,
        /// The best score that could be given, in millionths; another than the worst.
        best: i64,
        /// What was said.
        comment: String,
    },
    /// An effect on others: an estimate that is outside of every total.
    Externality {
        /// On whom.
        kind: ExternalityKind,
        /// Above zero if it does good, below if it does harm, in micro-units.
        estimate: Micros,
        /// Who estimated it and how.
        source: String,
    },
    /// Something that counts and has no price.
    QualitativeFactor {
        /// What.
        name: FactorName,
        /// How much it counts, above zero if it speaks for the customer, in millionths.
        weight: i64,
        /// Why.
        note: String,
    },
    /// The customer recommended, or was asked to.
    Advocacy(Advocacy),
}

closed_list! {
    /// How urgent work was.
    Urgency {
        /// In its turn.
        Normal = "NORMAL",
        /// At once, before other work.
        Rush = "RUSH",
    }
}

closed_list! {
    /// How complex work was.
    Complexity {
        /// Simpler than most.
        Simple = "SIMPLE",
        /// As most.
        Standard = "STANDARD",
        /// More complex than most.
        Complex = "COMPLEX",
    }
}

closed_list! {
    /// What became of a bonus.
    BonusEvent {
        /// It was promised: a cost, and a liability from now on.
        Accrued = "ACCRUED",
        /// It was used: the liability ends.
        Redeemed = "REDEEMED",
        /// It was never used: liability and cost end.
        Expired = "EXPIRED",
    }
}

closed_list! {
    /// How appreciation was shown.
    AppreciationKind {
        /// A gift.
        Gift = "GIFT",
        /// A card or a letter.
        Card = "CARD",
        /// A perk, such as an invitation or a free service.
        Perk = "PERK",
    }
}

closed_list! {
    /// On whom a customer has an effect.
    ExternalityKind {
        /// On other customers.
        OtherCustomers = "OTHER_CUSTOMERS",
        /// On the reputation of the business.
        Reputation = "REPUTATION",
    }
}

/// What can make a minute dearer than another of the same role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Circumstance {
    /// It was rush work.
    Rush,
    /// It was done through a channel.
    Channel(ContactChannel),
    /// It was of a complexity; standard work has none.
    Complexity(Complexity),
}

impl Circumstance {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let channels = ContactChannel::ALL.iter().copied().map(Self::Channel);
        let complexities = [Complexity::Simple, Complexity::Complex].map(Self::Complexity);
        std::iter::once(Self::Rush)
            .chain(channels)
            .chain(complexities)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rush => Urgency::Rush.as_str(),
            Self::Channel(channel) => channel.as_str(),
            Self::Complexity(complexity) => complexity.as_str(),
        }
    }
}

/// What makes minutes dearer, of what is told of effort.
pub fn circumstances(
    channel: Option<ContactChannel>,
    urgency: Option<Urgency>,
    complexity: Option<Complexity>,
) -> impl Iterator<Item = Circumstance> {
    let rush = (urgency == Some(Urgency::Rush)).then_some(Circumstance::Rush);
    let complexity = complexity.filter(|complexity| *complexity != Complexity::Standard);
    let channel = channel.map(Circumstance::Channel);
    let complexity = complexity.map(Circumstance::Complexity);
    rush.into_iter().chain(channel).chain(complexity)
}

/// Posts working time: under its purpose, and once more under each circumstance that is told.
pub fn post_effort(
    post: &mut impl FnMut(Account, i64),
    work: &Work,
    purpose: EffortPurpose,
    told: impl Iterator<Item = Circumstance>,
) {
    let Work {
        role_id,
        milli_minutes,
    } = work;
    let purpose = WorkPurpose::Effort(purpose);
    post(Account::Minutes(role_id.clone(), purpose), *milli_minutes);
    for circumstance in told {
        let account = Account::Circumstance(role_id.clone(), circumstance);
        post(account, *milli_minutes);
    }
}

impl Relationship {
    /// Calls `post` for every posting: the account and the signed quantity in the account's unit. Those of accounts
    /// with a name of their own are all of one quantity.
    pub fn for_each_posting(&self, post: &mut impl FnMut(Account, i64)) {
        match self {
            Self::CausedCost { kind, amount, .. } => post(Account::DirectCost(*kind), *amount),
            Self::QualifiedEffort {
                work,
                purpose,
                channel,
                urgency,
                complexity,
            } => {
                let told = circumstances(*channel, *urgency, *complexity);
                post_effort(post, work, *purpose, told);
            }
            Self::Bonus { event, amount, .. } => post(Account::Bonus(*event), *amount),
            Self::Appreciation { kind, amount, .. } => post(Account::Appreciation(*kind), *amount),
            Self::Acquisition { amount, .. } => post(Account::AcquisitionCost, *amount),
            Self::RetentionSpend { amount, .. } => post(Account::RetentionSpend, *amount),
            Self::Feedback {
                score, worst, best, ..
            } => {
                post(Account::FeedbackCount, 1);
                let content = contentment(*score, *worst, *best);
                if content != 0 {
                    post(Account::Feedback, content);
                }
            }
            Self::Externality { kind, estimate, .. } => {
                post(Account::Externality(*kind), *estimate);
            }
            Self::QualitativeFactor { name, weight, .. } => {
                post(Account::Factor(name.clone()), *weight);
            }
            Self::Advocacy(advocacy) => advocacy.for_each_posting(post),
        }
    }

    /// The sale with which it is taken back.
    pub fn sale(&self) -> Option<&ActivityId> {
        match self {
            Self::CausedCost {
                sale_activity_id, ..
            } => Some(sale_activity_id),
            Self::Bonus {
                sale_activity_id, ..
            } => sale_activity_id.as_ref(),
            Self::QualifiedEffort { .. }
            | Self::Appreciation { .. }
            | Self::Acquisition { .. }
            | Self::RetentionSpend { .. }
            | Self::Feedback { .. }
            | Self::Externality { .. }
            | Self::QualitativeFactor { .. }
            | Self::Advocacy(_) => None,
        }
    }

    /// The working time in it.
    pub fn work(&self) -> Option<&Work> {
        let Self::QualifiedEffort { work, .. } = self else {
            return None;
        };
        Some(work)
    }

    /// Its free text.
    pub fn text(&self) -> &str {
        match self {
            Self::CausedCost { .. } | Self::QualifiedEffort { .. } | Self::Bonus { .. } => "",
            Self::Appreciation { description, .. } | Self::RetentionSpend { description, .. } => {
                description
            }
            Self::Acquisition { offer_id, .. } => offer_id,
            Self::Feedback { comment, .. } => comment,
            Self::Externality { source, .. } => source,
            Self::QualitativeFactor { note, .. } => note,
            Self::Advocacy(advocacy) => advocacy.text(),
        }
    }
}

/// A score as a part of the way from the worst to the best of its scale, in millionths, rounded half to even: so
/// scores of different scales have one mean.
fn contentment(score: i64, worst: i64, best: i64) -> i64 {
    let way = i128::from(best) - i128::from(worst);
    if way == 0 {
        return 0;
    }
    let gone = (i128::from(score) - i128::from(worst)) * i128::from(ONE);
    // From zero to one million, since a score is on its scale.
    i64::try_from(divide_half_even(gone * way.signum(), way.abs())).unwrap_or(0)
}

/// The field that names the sale.
fn sale_field(caused: &Activity) -> &'static str {
    let bonus = matches!(caused.kind, Kind::Relationship(Relationship::Bonus { .. }));
    match bonus {
        true => "bonus.sale_activity_id",
        false => "direct_cost.sale_activity_id",
    }
}

/// Refuses what is caused by a sale that is not in the ledger, or by something else than a sale.
pub fn sale_not_found(caused: &Activity, sale: &ActivityId) -> Problem {
    let message = format!("there is no sale {sale} to go with");
    let variables = [("sale_activity_id", sale.to_string())];
    Problem::new(Reason::SaleNotFound, sale_field(caused), message, variables)
}

/// Refuses what is caused by a sale that was taken back.
pub fn sale_already_reversed(
    caused: &Activity,
    sale: &ActivityId,
    reversed_at: Position,
) -> Problem {
    let message = format!("sale {sale} was taken back, at position {reversed_at}");
    let variables = [
        ("sale_activity_id", sale.to_string()),
        ("reversed_at", reversed_at.to_string()),
    ];
    Problem::new(
        Reason::SaleAlreadyReversed,
        sale_field(caused),
        message,
        variables,
    )
}

/// The first field, in the order of the contract, in which two differ.
pub fn differing_field(a: &Relationship, b: &Relationship) -> &'static str {
    let (a, b) = (a.fields(), b.fields());
    let mut both = a.iter().zip(&b);
    match both.find(|(a, b)| a != b) {
        Some(((a, _), (b, _))) if a == b => a,
        _ => "kind",
    }
}

impl Relationship {
    /// Its fields by their names in the contract, as texts that differ if they do.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let text = |value: &dyn std::fmt::Debug| format!("{value:?}");
        match self {
            Self::CausedCost {
                kind,
                amount,
                sale_activity_id,
            } => vec![
                ("direct_cost.kind", text(kind)),
                ("direct_cost.amount", text(amount)),
                ("direct_cost.sale_activity_id", text(sale_activity_id)),
            ],
            Self::QualifiedEffort {
                work,
                purpose,
                channel,
                urgency,
                complexity,
            } => vec![
                ("effort.role_id", text(&work.role_id)),
                ("effort.minutes", text(&work.milli_minutes)),
                ("effort.purpose", text(purpose)),
                ("effort.channel", text(channel)),
                ("effort.urgency", text(urgency)),
                ("effort.complexity", text(complexity)),
            ],
            Self::Bonus {
                event,
                amount,
                sale_activity_id,
            } => vec![
                ("bonus.event", text(event)),
                ("bonus.amount", text(amount)),
                ("bonus.sale_activity_id", text(sale_activity_id)),
            ],
            Self::Appreciation {
                kind,
                amount,
                description,
            } => vec![
                ("appreciation.kind", text(kind)),
                ("appreciation.amount", text(amount)),
                ("appreciation.description", text(description)),
            ],
            Self::Acquisition { .. }
            | Self::RetentionSpend { .. }
            | Self::Feedback { .. }
            | Self::Externality { .. }
            | Self::QualitativeFactor { .. } => self.other_fields(),
            Self::Advocacy(advocacy) => advocacy.fields(),
        }
    }

    fn other_fields(&self) -> Vec<(&'static str, String)> {
        let text = |value: &dyn std::fmt::Debug| format!("{value:?}");
        match self {
            Self::Acquisition { amount, offer_id } => vec![
                ("acquisition.amount", text(amount)),
                ("acquisition.offer_id", text(offer_id)),
            ],
            Self::RetentionSpend {
                amount,
                description,
            } => vec![
                ("retention_spend.amount", text(amount)),
                ("retention_spend.description", text(description)),
            ],
            Self::Feedback {
                score,
                worst,
                best,
                comment,
            } => vec![
                ("feedback.score", text(score)),
                ("feedback.worst_score", text(worst)),
                ("feedback.best_score", text(best)),
                ("feedback.comment", text(comment)),
            ],
            Self::Externality {
                kind,
                estimate,
                source,
            } => vec![
                ("externality.kind", text(kind)),
                ("externality.estimate", text(estimate)),
                ("externality.source", text(source)),
            ],
            Self::QualitativeFactor { name, weight, note } => vec![
                ("qualitative_factor.name", text(name)),
                ("qualitative_factor.weight", text(weight)),
                ("qualitative_factor.note", text(note)),
            ],
            Self::CausedCost { .. }
            | Self::QualifiedEffort { .. }
            | Self::Bonus { .. }
            | Self::Appreciation { .. }
            | Self::Advocacy(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_of_different_scales_have_one_mean() {
        // 4 of 1 to 5 is three quarters of the way, 8 of 0 to 10 is 0.8, and 2 of 6 (worst) to 1 (best) is 0.8.
        assert_eq!(contentment(4 * ONE, ONE, 5 * ONE), 750_000);
        assert_eq!(contentment(8 * ONE, 0, 10 * ONE), 800_000);
        assert_eq!(contentment(2 * ONE, 6 * ONE, ONE), 800_000);
        // A third of the way is rounded once.
        assert_eq!(contentment(ONE, 0, 3 * ONE), 333_333);
        assert_eq!(contentment(i64::MAX, i64::MIN, i64::MAX), ONE);
    }

    #[test]
    fn what_is_as_usual_makes_nothing_dearer() {
        let told = |urgency, complexity| circumstances(None, urgency, complexity).count();
        assert_eq!(told(Some(Urgency::Normal), Some(Complexity::Standard)), 0);
        assert_eq!(told(Some(Urgency::Rush), Some(Complexity::Complex)), 2);
        assert_eq!(Circumstance::all().count(), 9);
    }
}
