//! Rows made into the service's messages, a chunk at a time, on a thread of their own.

use super::{
    columns::Row,
    files::Files,
    mapping::Section,
    message::{BoundMessage, FieldProblem, Setting},
    party::BoundParty,
    rows::{Rows, zone},
    rules::TimeRule,
};
use crate::{
    api::pb::{Activity, Party, PartyStage},
    cli::{errors::Failure, output::json::descriptor},
};
use anyhow::Context as _;
use indicatif::ProgressBar;
use jiff::Timestamp;
use prost::{Message as _, Name as _};
use prost_reflect::{FieldDescriptor, MessageDescriptor};
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::mpsc;

/// How many items are sent at once: the most that the service takes.
pub(super) const CHUNK_ITEMS: usize = 1_000;
/// How many chunks are read ahead.
pub(super) const CHUNKS_AHEAD: usize = 4;

/// Items to send, and what could not be made into one.
#[derive(Debug, Clone)]
pub struct Chunk<T> {
    /// The items.
    pub items: Vec<T>,
    /// The line of each item.
    pub lines: Vec<u64>,
    /// What is wrong with rows before or among them, by line.
    pub problems: Vec<(u64, FieldProblem)>,
}

impl<T> Default for Chunk<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            lines: Vec::new(),
            problems: Vec::new(),
        }
    }
}

/// Chunks as they are read; a failure is the last.
pub type Chunks<T> = mpsc::Receiver<Result<Chunk<T>, Failure>>;

/// Makes rows into items of one kind, and leads from an item's field back to its columns.
pub trait Maker: Send + Sync + 'static {
    /// The kind.
    type Item: Send + Clone + 'static;
    /// The item of a row.
    fn make(&self, row: &Row<'_>) -> Result<Self::Item, FieldProblem>;
    /// The names of the columns behind a field, such as `sale.revenue.nanos`.
    fn columns_of(&self, field: &str, item: Option<&Self::Item>) -> Vec<String>;
}

/// Makes activities.
pub struct ActivityMaker {
    message: BoundMessage,
    scope: super::columns::Scope,
}

impl Maker for ActivityMaker {
    type Item = Activity;

    fn make(&self, row: &Row<'_>) -> Result<Activity, FieldProblem> {
        let bytes = self.message.encode(row)?;
        // Written by the contract's own description, so that reading it back cannot fail.
        Activity::decode(bytes.as_slice()).map_err(|problem| FieldProblem {
            field: String::new(),
            message: problem.to_string(),
        })
    }

    fn columns_of(&self, field: &str, _: Option<&Activity>) -> Vec<String> {
        let cells = self.message.cells_of(field).into_iter();
        cells.map(|cell| self.scope.name(cell)).collect()
    }
}

/// Makes customers or prospects.
pub struct PartyMaker {
    party: BoundParty,
    scope: super::columns::Scope,
}

impl Maker for PartyMaker {
    type Item = Party;

    fn make(&self, row: &Row<'_>) -> Result<Party, FieldProblem> {
        self.party.of(row)
    }

    fn columns_of(&self, field: &str, item: Option<&Party>) -> Vec<String> {
        let cells = self
            .party
            .cells_of(field, item.unwrap_or(&Party::default()));
        cells
            .into_iter()
            .map(|cell| self.scope.name(cell))
            .collect()
    }
}

/// Opens a section of activities.
pub fn activities(
    section: &Section,
    files: &dyn Files,
    progress: &ProgressBar,
) -> Result<(Arc<ActivityMaker>, Chunks<Activity>), Failure> {
    if section.first_by.is_some() {
        return Err(Failure::usage("first_by is for customers and prospects"));
    }
    let rows = Rows::open(section, files, progress)?;
    let setting = Setting {
        scope: rows.scope(),
        currency: section.currency.as_deref(),
        zone: &zone(section)?,
    };
    let descriptor = descriptor(&Activity::full_name()).context("no contract")?;
    let message = BoundMessage::bind(&section.fields, &descriptor, "", &setting)
        .and_then(|message| check_whole(&section.fields, &descriptor).map(|()| message));
    let maker = Arc::new(ActivityMaker {
        message: message.map_err(Failure::usage)?,
        scope: rows.scope().clone(),
    });
    Ok((Arc::clone(&maker), spawn(rows, maker)))
}

/// Refuses a mapping that can make no activity: what every row would lack is told once.
fn check_whole(fields: &toml::Table, descriptor: &MessageDescriptor) -> Result<(), String> {
    for name in ["activity_id", "customer_id", "occur_time"] {
        if !fields.contains_key(name) {
            return Err(format!("{name} is required"));
        }
    }
    let of_oneof = |field: &FieldDescriptor| field.containing_oneof().is_some();
    let kinds: Vec<_> = descriptor
        .fields()
        .filter(of_oneof)
        .map(|f| f.name().to_owned())
        .collect();
    match kinds.iter().any(|kind| fields.contains_key(kind)) {
        true => Ok(()),
        false => Err(format!("one of {} is required", kinds.join(", "))),
    }
}

/// Opens a section of customers or prospects.
pub fn parties(
    section: &Section,
    stage: PartyStage,
    files: &dyn Files,
    progress: &ProgressBar,
) -> Result<(Arc<PartyMaker>, Chunks<Party>), Failure> {
    if section.currency.is_some() {
        return Err(Failure::usage("currency is for activities"));
    }
    let rows = Rows::open(section, files, progress)?;
    let party = BoundParty::bind(&section.fields, stage, rows.scope()).map_err(Failure::usage)?;
    let maker = Arc::new(PartyMaker {
        party,
        scope: rows.scope().clone(),
    });
    let chunks = match &section.first_by {
        None => spawn(rows, Arc::clone(&maker)),
        Some(rule) => {
            let rule = TimeRule::bind(rule, rows.scope(), &zone(section)?)
                .map_err(|problem| Failure::usage(format!("first_by: {problem}")))?;
            spawn_first(rows, Arc::clone(&maker), rule)
        }
    };
    Ok((maker, chunks))
}

/// Reads rows on a thread of their own. It ends early when nobody listens any more.
pub(super) fn spawn<M: Maker>(rows: Rows, maker: Arc<M>) -> Chunks<M::Item> {
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    std::thread::spawn(move || {
        let mut chunk = Chunk::default();
        let read = rows.for_each(|line, row| {
            match row.and_then(|row| maker.make(row)) {
                Err(problem) => chunk.problems.push((line, problem)),
                Ok(item) => {
                    chunk.items.push(item);
                    chunk.lines.push(line);
                }
            }
            if chunk.items.len() + chunk.problems.len() < CHUNK_ITEMS {
                return Ok(());
            }
            send(&sender, Ok(std::mem::take(&mut chunk)))
        });
        let last = read.and_then(|()| send(&sender, Ok(chunk)));
        if let Err(failure) = last {
            let _ = send(&sender, Err(failure));
        }
    });
    receiver
}

/// Reads all rows first and keeps, for each id, the one with the earliest time; of equal times the first line.
fn spawn_first(rows: Rows, maker: Arc<PartyMaker>, time: TimeRule) -> Chunks<Party> {
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    std::thread::spawn(move || {
        let mut first: BTreeMap<String, (Option<Timestamp>, u64, Party)> = BTreeMap::new();
        let mut problems = Vec::new();
        let read = rows.for_each(|line, row| {
            let made = row.and_then(|row| {
                let at = time.of(row).map_err(|message| FieldProblem {
                    field: "first_by".to_owned(),
                    message,
                })?;
                Ok((at, maker.make(row)?))
            });
            match made {
                Err(problem) => problems.push((line, problem)),
                Ok((at, party)) => {
                    // A row without a time comes after all that have one.
                    let key = |at: Option<Timestamp>| (at.is_none(), at);
                    let known = first.get(&party.party_id);
                    if known.is_none_or(|(known, ..)| key(at) < key(*known)) {
                        first.insert(party.party_id.clone(), (at, line, party));
                    }
                }
            }
            Ok(())
        });
        let sent = read.and_then(|()| {
            let mut chunk = Chunk {
                problems,
                ..Chunk::default()
            };
            for (_, line, party) in first.into_values() {
                chunk.items.push(party);
                chunk.lines.push(line);
                if chunk.items.len() == CHUNK_ITEMS {
                    send(&sender, Ok(std::mem::take(&mut chunk)))?;
                }
            }
            send(&sender, Ok(chunk))
        });
        if let Err(failure) = sent {
            let _ = send(&sender, Err(failure));
        }
    });
    receiver
}

pub(super) fn send<T>(
    sender: &mpsc::Sender<Result<Chunk<T>, Failure>>,
    chunk: Result<Chunk<T>, Failure>,
) -> Result<(), Failure> {
    let sent = sender.blocking_send(chunk);
    sent.map_err(|_| Failure::usage("the import was given up"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::import::{files::Embedded, mapping};

    const FILES: Embedded = Embedded(&[(
        "orders.csv",
        b"Id,Who,Date,Region\n1,B,2016-02-01,East\n2,A,2016-03-01,West\n3,B,2016-01-01,South\n\
          4,A,2016-03-01,North\n5,C,soon,East\n",
    )]);

    #[tokio::test]
    async fn one_party_comes_of_many_rows() {
        let text = "[[customers]]\nfile = \"orders.csv\"\nparty_id = \"{Who}\"\n\
                    first_by = \"{Date}\"\ntraits = { REGION = { category = \"{Region}\" } }";
        let mapping = mapping::parse(text, "a.toml").unwrap();
        let section = &mapping.customers[0];
        let hidden = ProgressBar::hidden();
        let (_, mut chunks) = parties(section, PartyStage::Customer, &FILES, &hidden).unwrap();
        let chunk = chunks.recv().await.unwrap().unwrap();
        assert!(chunks.recv().await.is_none());
        let ids: Vec<_> = chunk
            .items
            .iter()
            .map(|party| party.party_id.as_str())
            .collect();
        assert_eq!(ids, ["A", "B"]);
        assert_eq!(chunk.lines, [3, 4]);
        assert_eq!(chunk.problems.len(), 1);
        assert_eq!(chunk.problems[0].0, 6);
    }

    #[tokio::test]
    async fn activities_keep_their_lines() {
        let text = "[[activities]]\nfile = \"orders.csv\"\ncurrency = \"USD\"\n\
                    activity_id = \"{Id}\"\ncustomer_id = \"{Who}\"\noccur_time = \"{Date}\"\n\
                    sale = { revenue = 5 }";
        let mapping = mapping::parse(text, "a.toml").unwrap();
        let section = &mapping.activities[0];
        let (maker, mut chunks) = activities(section, &FILES, &ProgressBar::hidden()).unwrap();
        let chunk = chunks.recv().await.unwrap().unwrap();
        assert_eq!(chunk.lines, [2, 3, 4, 5]);
        assert_eq!(chunk.problems[0].1.field, "occur_time");
        assert_eq!(maker.columns_of("customer_id", None), ["Who"]);
    }
}
