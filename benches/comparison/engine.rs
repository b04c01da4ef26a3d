//! Engines in this process: the service's embedded store, asked through the `Store` trait, and the limit program
//! beside it. Each runs in a process of its own, so that its memory can be told.

use crate::{
    Failure,
    limit::Limit,
    machine::{self, Stopwatch},
    question::{
        Answered, BOTH_ENDS, COMPARED, Cost, Curve, Length, Measured, POINTS, Question, ROWS,
        Ranked, Report, WHALE_CURVE, median,
    },
    world::{FIRST_SECOND, ROLE, World, customer_number},
};
use profitscore::{
    domain::{
        cost_model::CostModel,
        id::{RoleId, TenantId},
        ledger::WriteMode,
        money::Currency,
        question::{CurveQuestion, Order, RankQuestion, RankRow, RowSelection, Scope},
        ranking::{Basis, Direction},
        time::{Calendar, Day, Instant, Period},
    },
    store::{
        Store,
        embedded::{BookSizes, CheckpointSizes, EmbeddedSettings, EmbeddedStore},
    },
};
use std::{future::Future, ops::Range, path::Path};

/// Questions of one length that are measured.
const MEASURED: u32 = 40;
/// Entries that are appended at once.
const BATCH: usize = 1_000;
const NANOS_OF_A_CENT: i128 = 10_000_000;

/// The limit program's report.
pub fn limit(world: World) -> Result<Report, Failure> {
    let stopwatch = Stopwatch::start();
    let limit = Limit::build(&world)?;
    let load = stopwatch.cost();
    drop(world);
    let mut report = Report {
        layout: "month planes, days at the edges, one scan that keeps what passes a threshold; one thread".to_owned(),
        load,
        ..Report::of("limit program, in process")
    };
    for length in Length::ALL {
        let questions = (0..MEASURED).map(|index| Question::of(length, index));
        let (mut ranks, mut curves) = (Vec::new(), Vec::new());
        for (index, question) in questions.enumerate() {
            let stopwatch = Stopwatch::start();
            let ranked = limit.rank(question);
            ranks.push(stopwatch.cost());
            let stopwatch = Stopwatch::start();
            let curve = limit.curve(question);
            curves.push(stopwatch.cost());
            report.answer(index, question, ranked, curve);
        }
        report.measure(BOTH_ENDS, length, &ranks);
        report.measure(WHALE_CURVE, length, &curves);
    }
    report.memory_megabytes = machine::own_megabytes();
    Ok(report)
}

impl Report {
    pub fn of(engine: &str) -> Self {
        Self {
            engine: engine.to_owned(),
            skipped: None,
            layout: String::new(),
            load: Cost::default(),
            memory_megabytes: 0.0,
            disk_megabytes: 0.0,
            machine_load: machine::load(),
            measured: Vec::new(),
            answered: Vec::new(),
        }
    }

    /// Keeps an answer if it is one of those that are compared.
    pub fn answer(&mut self, index: usize, question: Question, ranked: Ranked, curve: Curve) {
        if index < COMPARED {
            self.answered.push(Answered {
                question,
                ranked,
                curve,
            });
        }
    }

    /// Adds the medians of what questions of one kind and length cost.
    pub fn measure(&mut self, what: &str, length: Length, costs: &[Cost]) {
        let mut wall: Vec<f64> = costs.iter().map(|cost| cost.wall).collect();
        let mut processor: Vec<f64> = costs.iter().map(|cost| cost.processor).collect();
        self.measured.push(Measured {
            what: what.to_owned(),
            length,
            cost: Cost {
                wall: median(&mut wall),
                processor: median(&mut processor),
            },
            count: costs.len(),
        });
    }
}

/// The embedded store's report. A folder without activities is filled from the world first.
pub fn embedded(world: World, folder: &Path) -> Result<Report, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(ask_embedded(world, folder))
}

/// One tenant's books and the state to read.
struct Books {
    store: EmbeddedStore,
    tenant: TenantId,
    as_of: u64,
}

async fn ask_embedded(world: World, folder: &Path) -> Result<Report, Failure> {
    let settings = EmbeddedSettings {
        folder: folder.to_owned(),
        calendar: Calendar::of_zone("UTC")?,
        currency: Currency::parse("USD", "currency")?,
        books: BookSizes::default(),
        checkpoints: CheckpointSizes::default(),
    };
    let mut report = Report::of("profitscore, in process");
    let stopwatch = Stopwatch::start();
    let store = EmbeddedStore::open(&settings, |_| {})?;
    let tenant = TenantId::parse_or_default("", "tenant_id")?;
    let made = store.watermark(&tenant).await? == 0;
    if made {
        fill(&store, &tenant, &world).await?;
    }
    report.load = stopwatch.cost();
    report.layout = match made {
        true => "embedded store, filled through its trait",
        false => "embedded store, opened as the server left it",
    }
    .to_owned();
    drop(world);
    let bytes = store.memory(&tenant)?;
    let megabytes = |bytes: usize| bytes >> 20;
    report.layout += &format!(
        "; of the memory, rows take {} MB, planes of sums {}, customers' ids {}",
        megabytes(bytes.rows),
        megabytes(bytes.planes),
        megabytes(bytes.customers)
    );
    let as_of = store.watermark(&tenant).await?;
    let books = Books {
        store,
        tenant,
        as_of,
    };
    for length in Length::ALL {
        let (mut ranks, mut curves) = (Vec::new(), Vec::new());
        // Asked once before, so that the first one measured does not pay for what is made once.
        books.curve(Question::of(length, 2 * MEASURED)).await?;
        for index in 0..MEASURED {
            let question = Question::of(length, index);
            let (cost, curve) = books.curve(question).await?;
            curves.push(cost);
            // Another question than the curve's, so that no answer is left of it.
            let other = Question::of(length, MEASURED + index);
            ranks.push(books.rank(other, curve.customers).await?);
            if (index as usize) < COMPARED {
                let ranked = books.ends(question).await?;
                report.answer(index as usize, question, ranked, curve);
            }
        }
        report.measure(BOTH_ENDS, length, &ranks);
        report.measure(WHALE_CURVE, length, &curves);
    }
    report.memory_megabytes = machine::own_megabytes();
    report.disk_megabytes = machine::folder_megabytes(folder);
    Ok(report)
}

async fn fill(store: &EmbeddedStore, tenant: &TenantId, world: &World) -> Result<(), Failure> {
    let record_time = Instant {
        seconds: FIRST_SECOND,
        nanos: 0,
    };
    for start in (0..world.activities()).step_by(BATCH) {
        let end = (start + BATCH).min(world.activities());
        let entries = (start..end)
            .map(|index| world.entry(index))
            .collect::<Result<_, _>>()?;
        store
            .append(tenant, entries, record_time, WriteMode::Keep)
            .await?;
    }
    Ok(())
}

impl Books {
    fn question(&self, question: Question) -> Result<(Scope, Order), Failure> {
        let first = i32::try_from(FIRST_SECOND / 86_400)?;
        let day = |day: u32| i32::try_from(day).map(|day| Some(Day(first + day)));
        let period = Period {
            start: day(question.first_day)?,
            end: day(question.first_day + question.days)?,
        };
        let mut costs = CostModel::default();
        costs.rates.insert(
            RoleId::parse(ROLE, "role_id")?,
            question.rate_cents * 10_000,
        );
        let scope = Scope {
            period,
            branches: Vec::new(),
            traits: Vec::new(),
            as_of: self.as_of,
        };
        let order = Order {
            weights: Basis::NetProfit.weights(&costs),
            split: Vec::new(),
            driven: Vec::new(),
            value_bears_split: true,
            direction: Direction::BestFirst,
        };
        Ok((scope, order))
    }

    /// What the rows of both ends cost in one question. Periods of a length have about as many customers each.
    async fn rank(&self, question: Question, customers: usize) -> Result<Cost, Failure> {
        let (rows, customers) = (ROWS as u64, customers as u64);
        let ends = vec![
            0..rows.min(customers),
            customers.saturating_sub(rows)..customers,
        ];
        let (cost, answer) = measured(self.rows(question, Direction::BestFirst, ends)).await;
        answer?;
        Ok(cost)
    }

    /// The rows of each end, equal values in the order of their customers from either end.
    async fn ends(&self, question: Question) -> Result<Ranked, Failure> {
        let ends = || std::iter::once(0..ROWS as u64).collect();
        Ok(Ranked {
            best: self.rows(question, Direction::BestFirst, ends()).await?,
            worst: self.rows(question, Direction::WorstFirst, ends()).await?,
        })
    }

    async fn rows(
        &self,
        question: Question,
        direction: Direction,
        places: Vec<Range<u64>>,
    ) -> Result<Vec<(i32, i64)>, Failure> {
        let (scope, order) = self.question(question)?;
        let asked = RankQuestion {
            scope,
            order: Order { direction, ..order },
            beside: Vec::new(),
            rows: RowSelection::Places(places),
        };
        let answer = self.store.rank(&self.tenant, &asked).await?;
        answer.rows.iter().map(pair).collect()
    }

    async fn curve(&self, question: Question) -> Result<(Cost, Curve), Failure> {
        let (scope, order) = self.question(question)?;
        let asked = CurveQuestion {
            scope,
            order,
            points: POINTS as u64,
        };
        let (cost, answer) = measured(self.store.curve(&self.tenant, &asked)).await;
        let answer = answer?;
        let point = |(number, value): &(u64, i128)| {
            Ok::<_, Failure>((usize::try_from(*number)?, cents(*value)?))
        };
        let curve = Curve {
            customers: usize::try_from(answer.totals.customers)?,
            positive: usize::try_from(answer.positive)?,
            negative: usize::try_from(answer.totals.negative)?,
            peak: point(&answer.peak)?,
            points: answer.points.iter().map(point).collect::<Result<_, _>>()?,
        };
        Ok((cost, curve))
    }
}

async fn measured<T>(asked: impl Future<Output = T>) -> (Cost, T) {
    let stopwatch = Stopwatch::start();
    let answer = asked.await;
    (stopwatch.cost(), answer)
}

fn pair(row: &RankRow) -> Result<(i32, i64), Failure> {
    let id = row.customer.as_str();
    let customer = customer_number(id).ok_or_else(|| format!("unknown customer {id}"))?;
    Ok((customer, cents(row.value)?))
}

fn cents(nanos: i128) -> Result<i64, Failure> {
    match nanos % NANOS_OF_A_CENT {
        0 => Ok(i64::try_from(nanos / NANOS_OF_A_CENT)?),
        _ => Err(format!("{nanos} nano-units are no whole number of cents").into()),
    }
}
