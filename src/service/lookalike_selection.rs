//! Which of the prospects that were scored are listed, and in which order: how like the best they must be, that they
//! are no customers already, that they are not all of a kind, and how many there is time to serve.

use super::{
    Service,
    compute::compute,
    profile::{BestCustomers, LearntOfBest},
    seeds::ServiceEffort,
};
use crate::domain::{
    id::{PartyId, TenantId},
    ledger::Position,
    model::{
        diversity::reordered,
        expansion_level::ExpansionLevel,
        lookalike::{Score, Scorer},
        scored_rows::all_rows,
    },
    party::{PartyQuestion, Stage},
    problem::Problem,
    prospect::{ProspectAnswer, ProspectTable},
    same_customer::{KnownParties, Matching},
    traits::Traits,
};
use std::{ops::Range, sync::Arc};

/// So many of the first are put in a new order so that they differ.
const DIVERSE: usize = 1_000;
/// How many parties are asked for at once.
const AT_ONCE: usize = 10_000;
/// Nano-minutes of a millionth of an hour.
const NANO_MINUTES: i128 = 60_000;

/// What a list of lookalikes is to be like, beside its order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LookalikeTerms {
    /// How like the best they must be.
    pub expansion: Option<ExpansionLevel>,
    /// How much likeness to those above weighs against the score, in millionths.
    pub diversity: u32,
    /// How many millionths of an hour there are in a month.
    pub capacity: Option<i64>,
    /// How customers under another id are recognised.
    pub matching: Option<Matching>,
}

/// What a selection depends on.
pub type SelectionAsked = (TenantId, BestCustomers, LookalikeTerms);

/// The prospects that are listed, in order.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The rows of the prospects.
    pub rows: Vec<SelectedRow>,
    /// How many were left out as customers.
    pub matched: u64,
    /// How many were left out as too unlike the best.
    pub beyond_expansion: u64,
    /// How many there is no time for.
    pub beyond_capacity: u64,
    /// What the level asks for.
    pub least_score: Option<Score>,
    /// What serving the best takes, if there is a capacity.
    pub effort: Option<Arc<ServiceEffort>>,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SelectedRow {
    /// Its row in the table of prospects.
    pub row: u32,
    /// Its score.
    pub score: Score,
    /// What serving it and what serving all down to it is expected to take, in nano-minutes a month.
    pub minutes: Option<(i128, i128)>,
    /// How like it is to the one above it that is most like it.
    pub nearest: Option<f64>,
}

impl LookalikeTerms {
    /// Whether everybody is listed, by score.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    fn diversity(&self) -> f64 {
        f64::from(self.diversity) / 1e6
    }
}

impl Service {
    /// Selects of the prospects that are not left out.
    pub(super) async fn selection(
        &self,
        tenant: &TenantId,
        (best, terms): (&BestCustomers, &LookalikeTerms),
        learnt: &LearntOfBest,
        (answer, left_out): (&Arc<ProspectAnswer>, &Arc<Vec<u32>>),
    ) -> Result<Arc<Selection>, Problem> {
        let asked = (tenant.clone(), best.clone(), terms.clone());
        let select = async || {
            let mut selection = Selection::default();
            let as_of = best.scope.as_of;
            let mut rows = {
                let (scorer, answer) = (Arc::clone(&learnt.scorer), Arc::clone(answer));
                let left_out = Arc::clone(left_out);
                compute(move || all_rows(&scorer, &answer.table, &left_out)).await?
            };
            if let Some(level) = terms.expansion {
                let seeds = self.seeds(tenant, best, learnt).await?;
                selection.least_score = level.least(&seeds.scores);
                let least = selection.least_score.unwrap_or_default();
                let like = rows.partition_point(|(_, score)| *score >= least);
                selection.beyond_expansion = (rows.len() - like) as u64;
                rows.truncate(like);
            }
            if let Some(matching) = &terms.matching {
                let before = rows.len();
                rows = self
                    .without_customers(tenant, (matching, as_of), answer, rows)
                    .await?;
                selection.matched = (before - rows.len()) as u64;
            }
            if terms.capacity.is_some() {
                let seeds = self.seeds(tenant, best, learnt).await?;
                selection.effort = Some(self.service_effort(tenant, best, &seeds).await?);
            }
            let (scorer, answer) = (Arc::clone(&learnt.scorer), Arc::clone(answer));
            let terms = terms.clone();
            let put_in_order = move || {
                selection.rows = diverse(&scorer, &answer.table, rows, terms.diversity());
                selection.fill(&answer.table, terms.capacity);
                selection
            };
            compute(put_in_order).await
        };
        self.selections.find_or(&asked, select).await
    }

    /// Leaves out those who are customers under another id.
    async fn without_customers(
        &self,
        tenant: &TenantId,
        (matching, as_of): (&Matching, Position),
        answer: &ProspectAnswer,
        rows: Vec<(u32, Score)>,
    ) -> Result<Vec<(u32, Score)>, Problem> {
        let known = self
            .known_customers(tenant, (matching, as_of), answer)
            .await?;
        let mut others = Vec::with_capacity(rows.len());
        for some in rows.chunks(AT_ONCE) {
            let ids = ids_of(&answer.table, some.iter().map(|(row, _)| *row));
            let parties = self.store()?.party(tenant, &ids, as_of).await?;
            let is_other = |party: &Option<Arc<_>>| {
                !party
                    .as_ref()
                    .is_some_and(|party| known.holds(party, matching))
            };
            let pairs = some.iter().zip(&parties);
            others.extend(
                pairs
                    .filter(|(_, party)| is_other(party))
                    .map(|(own, _)| *own),
            );
        }
        Ok(others)
    }

    /// The names and domains of everybody who is stored as a customer, and of prospects who have bought.
    async fn known_customers(
        &self,
        tenant: &TenantId,
        (matching, as_of): (&Matching, Position),
        answer: &ProspectAnswer,
    ) -> Result<KnownParties, Problem> {
        let mut known = KnownParties::default();
        for some in answer.converted.chunks(AT_ONCE) {
            let ids = ids_of(&answer.table, some.iter().copied());
            let parties = self.store()?.party(tenant, &ids, as_of).await?;
            let parties = parties.iter().flatten();
            parties.for_each(|party| known.add(party, matching));
        }
        let mut after = None;
        loop {
            let question = PartyQuestion {
                stage: Some(Stage::Customer),
                traits: Vec::new(),
                without_sales: false,
                after,
                as_of,
                limit: AT_ONCE,
            };
            let parties = self.store()?.parties(tenant, &question).await?.parties;
            parties.iter().for_each(|party| known.add(party, matching));
            match parties.last().filter(|_| parties.len() == AT_ONCE) {
                None => return Ok(known),
                Some(last) => after = Some(last.party_id.clone()),
            }
        }
    }
}

impl Selection {
    /// Those at some places.
    pub fn page(&self, places: &Range<u64>) -> Vec<SelectedRow> {
        let place = |place: u64| usize::try_from(place).map_or(usize::MAX, |place| place);
        let end = place(places.end).min(self.rows.len());
        let start = place(places.start).min(end);
        self.rows[start..end].to_vec()
    }

    /// Ends the list before the prospect for whom there is no time.
    fn fill(&mut self, table: &ProspectTable, capacity: Option<i64>) {
        let (Some(effort), Some(capacity)) = (&self.effort, capacity) else {
            return;
        };
        let capacity = i128::from(capacity) * NANO_MINUTES;
        let (mut all, mut listed) = (0, 0);
        for own in &mut self.rows {
            let minutes = effort.expected(&traits_of(table, own.row));
            all += minutes;
            if all > capacity {
                break;
            }
            own.minutes = Some((minutes, all));
            listed += 1;
        }
        self.beyond_capacity = (self.rows.len() - listed) as u64;
        self.rows.truncate(listed);
    }
}

/// The first of them in an order in which those like each other are apart, and all others as they are.
fn diverse(
    scorer: &Scorer,
    table: &ProspectTable,
    rows: Vec<(u32, Score)>,
    diversity: f64,
) -> Vec<SelectedRow> {
    let selected = |(row, score): &(u32, Score)| SelectedRow {
        row: *row,
        score: *score,
        minutes: None,
        nearest: None,
    };
    if diversity <= 0.0 {
        return rows.iter().map(selected).collect();
    }
    let (first, others) = rows.split_at(rows.len().min(DIVERSE));
    let binned = first.iter().map(|(row, score)| {
        // What is rare is like nothing else, not even what else is rare.
        let rare = usize::MAX - *row as usize;
        (*score, scorer.bins(&table.row(*row as usize), rare))
    });
    let binned: Vec<_> = binned.collect();
    let taken = reordered(&binned, diversity).into_iter();
    let first = taken.map(|taken| SelectedRow {
        nearest: taken.nearest,
        ..selected(&first[taken.place])
    });
    first.chain(others.iter().map(selected)).collect()
}

fn ids_of(table: &ProspectTable, rows: impl Iterator<Item = u32>) -> Vec<PartyId> {
    let ids = rows.filter_map(|row| table.ids().get(row as usize));
    ids.cloned().collect()
}

/// The traits of a row that are in the table.
fn traits_of(table: &ProspectTable, row: u32) -> Traits {
    let values = table.row(row as usize);
    let known = table.traits().iter().zip(values);
    known
        .filter_map(|(key, value)| Some((key.clone(), value?.clone())))
        .collect()
}
