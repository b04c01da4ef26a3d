//! The whole service through its socket. First part: taking the world in, and answering. Second part, on the same
//! folder: acknowledgements, rankings while activities come in, crash, and opening again.

use crate::{
    Arguments, Failure, asking,
    ingest::{Ingest, Phase, ingest},
    machine::{self, Process, milliseconds},
    question::{
        BANDS, BOTH_ENDS, Cost, Length, Measured, Question, Report, WHALE_CURVE, median, quantile,
    },
    wire::{self, CHUNK},
    world::{Size, World},
};
use prost::bytes::Bytes;
use rustix::fs::fdatasync;
use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, time::interval};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};

/// Activities of one measured phase of the ingest.
const PHASE: usize = 1_000_000;
/// Batches whose acknowledgement is timed.
const BATCHES: usize = 200;
/// Questions asked idle.
const ASKED: u32 = 200;
/// How often the same question is asked again.
const AGAIN: usize = 50;
/// How long questions of one kind are asked.
const PATIENCE: Duration = Duration::from_secs(5);
/// A server that has used no processor time for so long is at rest.
const PAUSE: Duration = Duration::from_secs(1);
/// How many of them are waited for at most.
const MOST_PAUSES: u32 = 60;
/// How long is asked while activities come in.
const BUSY: Duration = Duration::from_secs(8);
/// How long activities come in before the crash.
const BEFORE_CRASH: Duration = Duration::from_millis(700);

/// Milliseconds at the median and at the 99th percentile.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spread {
    pub median: f64,
    pub p99: f64,
    pub load: f64,
}

/// What only the service is asked to show.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// The same phases to the bare server, each in turn with its own: the machine is not as fast at all times.
    pub bare: Vec<Ingest>,
    pub phases: Vec<Ingest>,
    pub peak_megabytes: f64,
    pub disk_megabytes: f64,
    pub acknowledged: Spread,
    pub bare_batch: Spread,
    pub synced: Spread,
    pub idle: Spread,
    pub busy: Spread,
    pub busy_rate: f64,
    /// In seconds.
    pub stopped: f64,
    pub opened_clean: f64,
    pub opened_crashed: f64,
    /// Without a checkpoint; nothing if there is none.
    pub replayed: Option<f64>,
    pub at_opening: usize,
}

impl Spread {
    fn of(mut times: Vec<f64>) -> Self {
        Self {
            median: median(&mut times),
            p99: quantile(&mut times, 0.99),
            load: machine::load(),
        }
    }
}

fn start_server(folder: &Path) -> Result<Process, Failure> {
    Process::listening(
        Path::new(env!("CARGO_BIN_EXE_profitscore")),
        |command, address| {
            command
                .args(["serve", "--listen", address, "--data"])
                .arg(folder);
        },
    )
}

fn start_bare() -> Result<Process, Failure> {
    Process::listening(&std::env::current_exe()?, |command, address| {
        command.args(["--role", "bare-server", "--listen", address]);
    })
}

/// A connection, as soon as there is somebody to connect to.
async fn connect(server: &Process) -> Result<Channel, Failure> {
    let begin = Instant::now();
    loop {
        match Endpoint::from_shared(server.endpoint.clone())?
            .connect()
            .await
        {
            Ok(channel) => return Ok(channel),
            Err(error) if begin.elapsed() > Duration::from_secs(10) => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(2)).await,
        }
    }
}

/// A server on a folder, once it has answered a question, and how long that took in seconds.
async fn open(folder: &Path) -> Result<(Process, Channel, f64), Failure> {
    let begin = Instant::now();
    let server = start_server(folder)?;
    let channel = connect(&server).await?;
    loop {
        match asking::ready(&channel).await {
            Ok(()) => return Ok((server, channel, begin.elapsed().as_secs_f64())),
            Err(error) if begin.elapsed() > Duration::from_secs(120) => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(2)).await,
        }
    }
}

/// Takes the world in and answers; the folder then holds it, and no server runs on it.
pub async fn first_part(
    arguments: &Arguments,
    world: &Arc<World>,
    folder: &Path,
    figures: &mut Figures,
) -> Result<Report, Failure> {
    let (server, channel, _) = open(folder).await?;
    asking::put_rates(&channel).await?;
    let bare = start_bare()?;
    let bare_channel = connect(&bare).await?;
    let mut load = Cost::default();
    let all = world.activities();
    for start in (0..all).step_by(PHASE) {
        let end = (start + PHASE).min(all);
        let phase = Phase::of(world, start..end, arguments);
        if start == 0 {
            // Once to warm up.
            ingest(&bare, &bare_channel, &phase).await?;
        }
        let counted = ingest(&bare, &bare_channel, &phase).await?;
        println!("activities {start} to {end}, only counted: {counted:?}");
        figures.bare.push(counted);
        let taken = ingest(&server, &channel, &phase).await?;
        println!("activities {start} to {end}: {taken:?}");
        load.wall += (end - start) as f64 / taken.rate * 1e3;
        load.processor += (end - start) as f64 * taken.micros / 1e3;
        figures.phases.push(taken);
    }
    figures.peak_megabytes = server.megabytes("VmHWM");
    let mut report = Report::of("profitscore, through gRPC");
    report.layout =
        "durable before acknowledged; answers are whole statements with their places".to_owned();
    load.processor += milliseconds(rest(&server).await);
    report.load = load;
    questions(&server, &channel, &mut report).await?;
    report.memory_megabytes = server.megabytes("VmRSS");
    figures.idle = asked_for_a_while(&channel, 0, ASKED).await?;
    drop(channel);
    figures.stopped = server.stop()?.as_secs_f64();
    report.disk_megabytes = machine::folder_megabytes(folder);
    figures.disk_megabytes = report.disk_megabytes;
    Ok(report)
}

/// Waits until the server has nothing left to do of what it took in, such as a checkpoint, which would count as
/// questions otherwise: what processor time that took.
async fn rest(server: &Process) -> Duration {
    let before = server.processor_time();
    let mut used = before;
    for _ in 0..MOST_PAUSES {
        tokio::time::sleep(PAUSE).await;
        let now = server.processor_time();
        if now == used {
            break;
        }
        used = now;
    }
    used.saturating_sub(before)
}

/// Asks each kind of question often, each time another one: medians of the wall time, means of the processor time,
/// which is told in hundredths of a second only.
async fn questions(
    server: &Process,
    channel: &Channel,
    report: &mut Report,
) -> Result<(), Failure> {
    for length in Length::ALL {
        for index in 0..u32::try_from(crate::question::COMPARED)? {
            let question = Question::of(length, index);
            let ranked = asking::ranked(channel, question).await?;
            let curve = asking::curve(channel, question).await?;
            report.answer(index as usize, question, ranked, curve);
        }
        for (from, what) in [(100, BOTH_ENDS), (200, BANDS), (300, WHALE_CURVE)] {
            let others = (from..from + 60).map(|index| Question::of(length, index));
            report.measured.push(Measured {
                length,
                ..series(server, channel, what, others).await?
            });
        }
        let question = Question::of(length, 0);
        asking::ranked(channel, question).await?;
        let again = (0..AGAIN).map(|_| question);
        report.measured.push(Measured {
            what: format!("{BOTH_ENDS}, asked again"),
            length,
            ..series(server, channel, BOTH_ENDS, again).await?
        });
    }
    Ok(())
}

/// Asks questions of one kind, at least five, for some seconds.
async fn series(
    server: &Process,
    channel: &Channel,
    what: &str,
    questions: impl Iterator<Item = Question>,
) -> Result<Measured, Failure> {
    let (begin, before) = (Instant::now(), server.processor_time());
    let mut wall = Vec::new();
    for question in questions {
        if wall.len() >= 5 && begin.elapsed() > PATIENCE {
            break;
        }
        let begin = Instant::now();
        match what {
            BANDS => asking::bands(channel, question).await?,
            WHALE_CURVE => drop(asking::curve(channel, question).await?),
            _ => drop(asking::ranked(channel, question).await?),
        }
        wall.push(milliseconds(begin.elapsed()));
    }
    let used = server.processor_time().saturating_sub(before);
    let count = wall.len();
    Ok(Measured {
        what: what.to_owned(),
        length: Length::Always,
        cost: Cost {
            wall: median(&mut wall),
            processor: milliseconds(used) / count as f64,
        },
        count,
    })
}

/// The 100 best of other 90 days again and again.
async fn asked_for_a_while(channel: &Channel, from: u32, count: u32) -> Result<Spread, Failure> {
    let mut times = Vec::new();
    for index in from..from + count {
        let question = Question::of(Length::Quarter, 500 + index);
        let begin = Instant::now();
        asking::best(channel, question).await?;
        times.push(milliseconds(begin.elapsed()));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(Spread::of(times))
}

/// Opens the folder again, times acknowledgements, asks while activities come in, crashes, and opens once more.
pub async fn second_part(
    arguments: &Arguments,
    folder: &Path,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let (server, channel, seconds) = open(folder).await?;
    figures.opened_clean = seconds;
    // What comes in meanwhile, in whole chunks, and as much again for the crash.
    let full = figures.phases.last().map_or(0.0, |phase| phase.rate);
    let every = Duration::from_secs_f64(CHUNK as f64 * 2.0 / full.max(1.0));
    let meanwhile = CHUNK * usize::try_from(BUSY.as_nanos() / every.as_nanos())?.max(1);
    let size = arguments.size();
    let more = World::generate(Size {
        activities: BATCHES * CHUNK + 2 * meanwhile,
        seed: size.seed + 1,
        ..size
    });
    acknowledgements(&more, folder, &channel, figures).await?;
    let start = BATCHES * CHUNK;
    let chunks = wire::encode_chunks(&more, start..start + meanwhile, usize::MAX);
    busy(chunks, every, &channel, figures).await?;
    let chunks = wire::encode_chunks(&more, start + meanwhile..more.activities(), usize::MAX);
    let position = crash(server, channel, chunks).await?;
    let (server, channel, seconds) = open(folder).await?;
    figures.opened_crashed = seconds;
    let kept = asking::position(&channel).await?;
    if kept < position {
        return Err(format!("position {position} was acknowledged and {kept} is left").into());
    }
    figures.at_opening = usize::try_from(kept)?;
    drop(channel);
    server.stop()?;
    let mut removed = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with("CHECKPOINT")
        {
            removed += 1;
            match entry.file_type()?.is_dir() {
                true => fs::remove_dir_all(entry.path())?,
                false => fs::remove_file(entry.path())?,
            }
        }
    }
    if removed > 0 {
        let (server, _, seconds) = open(folder).await?;
        figures.replayed = Some(seconds);
        server.stop()?;
    }
    Ok(())
}

/// One batch at a time, in turns: to the service, to the bare server, and to a file that is synced.
async fn acknowledgements(
    world: &World,
    folder: &Path,
    channel: &Channel,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let bare = start_bare()?;
    let bare_channel = connect(&bare).await?;
    let batches: Vec<Bytes> = (0..BATCHES)
        .map(|batch| wire::encode_batch(world, "latency", batch * CHUNK))
        .collect();
    let mut probe = File::create(folder.with_extension("probe"))?;
    let (mut own, mut counted, mut synced) = (Vec::new(), Vec::new(), Vec::new());
    for batch in batches {
        let begin = Instant::now();
        let posted = wire::submit(channel.clone(), batch.clone()).await?;
        own.push(milliseconds(begin.elapsed()));
        if posted != CHUNK {
            return Err(format!("{posted} activities of a batch were posted").into());
        }
        let begin = Instant::now();
        wire::submit(bare_channel.clone(), batch.clone()).await?;
        counted.push(milliseconds(begin.elapsed()));
        let begin = Instant::now();
        probe.write_all(&batch)?;
        fdatasync(&probe)?;
        synced.push(milliseconds(begin.elapsed()));
    }
    fs::remove_file(folder.with_extension("probe"))?;
    figures.acknowledged = Spread::of(own);
    figures.bare_batch = Spread::of(counted);
    figures.synced = Spread::of(synced);
    Ok(())
}

/// Asks while activities come in at half of the full rate.
async fn busy(
    chunks: Vec<Bytes>,
    every: Duration,
    channel: &Channel,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let all = chunks.len() * CHUNK;
    let (sender, paced) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut ticks = interval(every);
        for chunk in chunks {
            ticks.tick().await;
            if sender.send(chunk).await.is_err() {
                return;
            }
        }
    });
    let begin = Instant::now();
    let streaming = channel.clone();
    let streaming = tokio::spawn(async move {
        let paced = ReceiverStream::new(paced);
        let streamed = wire::stream(streaming, paced, &AtomicI64::new(0)).await;
        (streamed.map_err(|error| error.to_string()), begin.elapsed())
    });
    let mut times = Vec::new();
    let mut index = ASKED;
    while !streaming.is_finished() {
        let question = Question::of(Length::Quarter, 500 + index);
        let begin = Instant::now();
        asking::best(channel, question).await?;
        times.push(milliseconds(begin.elapsed()));
        tokio::time::sleep(Duration::from_millis(10)).await;
        index += 1;
    }
    let (posted, took) = streaming.await?;
    if posted? != all {
        return Err(format!("not all of {all} activities were posted").into());
    }
    figures.busy_rate = all as f64 / took.as_secs_f64();
    figures.busy = Spread::of(times);
    Ok(())
}

/// Kills the server while activities come in at the full rate, and gives the last position that it acknowledged.
async fn crash(server: Process, channel: Channel, chunks: Vec<Bytes>) -> Result<i64, Failure> {
    let acknowledged = Arc::new(AtomicI64::new(0));
    let heard = Arc::clone(&acknowledged);
    let streaming = tokio::spawn(async move {
        // It ends with an error when the server does.
        let _ = wire::stream(channel, tokio_stream::iter(chunks), &heard).await;
    });
    tokio::time::sleep(BEFORE_CRASH).await;
    server.kill()?;
    streaming.await?;
    Ok(acknowledged.load(Ordering::Relaxed))
}
