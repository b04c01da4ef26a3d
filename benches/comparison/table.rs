//! What was measured, as Markdown, and which of the aims it meets. Knows the names of figures, not how they are made.

use crate::{
    Arguments,
    ingest::Ingest,
    machine,
    question::{BANDS, BOTH_ENDS, Cost, Length, Report, WHALE_CURVE},
    service::Figures,
};

/// The engines that a user would choose for fast answers.
const FAST_PEERS: [&str; 3] = ["DuckDB", "Polars", "ClickHouse"];

pub fn print(arguments: &Arguments, reports: &[Report], figures: &Figures) {
    let size = arguments.size();
    println!();
    println!(
        "{} activities of {} customers over three years, seed {}; load at the end {:.1}.",
        size.activities,
        size.customers,
        size.seed,
        machine::load()
    );
    println!("Times of questions are processor / wall, in milliseconds.");
    answers(reports, BOTH_ENDS);
    answers(reports, WHALE_CURVE);
    for what in [BOTH_ENDS, WHALE_CURVE] {
        answers(reports, &format!("{what}, rows in the order of days"));
    }
    answers(reports, &as_submitted());
    answers(reports, BANDS);
    answers(reports, &format!("{BOTH_ENDS}, asked again"));
    holdings(reports);
    if !figures.phases.is_empty() {
        service(figures);
    }
    aims(arguments, reports, figures);
}

/// Both ends, on rows as they were submitted: customers by their ids, amounts as exact decimals.
fn as_submitted() -> String {
    format!("{BOTH_ENDS}, rows as submitted")
}

fn cost(report: &Report, what: &str, length: Length) -> Option<Cost> {
    let measured = report.measured.iter();
    let mut found = measured.filter(|measured| measured.what == what && measured.length == length);
    found.next().map(|measured| measured.cost)
}

fn answers(reports: &[Report], what: &str) {
    let has = |report: &&Report| cost(report, what, Length::Quarter).is_some();
    if !reports.iter().any(|report| has(&report)) {
        return;
    }
    println!("\n| {what} | 90 days | a year | all time | load |\n| --- | --- | --- | --- | --- |");
    for report in reports.iter().filter(has) {
        let cells = Length::ALL.map(|length| match cost(report, what, length) {
            Some(cost) => format!("{:.1} / {:.1}", cost.processor, cost.wall),
            None => String::new(),
        });
        println!(
            "| {} | {} | {:.1} |",
            report.engine,
            cells.join(" | "),
            report.machine_load
        );
    }
}

fn holdings(reports: &[Report]) {
    println!(
        "\n| engine | ready after | processor | memory | disk |\n| --- | --- | --- | --- | --- |"
    );
    for report in reports {
        let Report { engine, load, .. } = report;
        if let Some(skipped) = &report.skipped {
            println!("| {engine} | skipped: {skipped} |");
            continue;
        }
        println!(
            "| {engine} | {:.1} s | {:.1} s | {:.0} MB | {:.0} MB |",
            load.wall / 1e3,
            load.processor / 1e3,
            report.memory_megabytes,
            report.disk_megabytes
        );
    }
    println!();
    for report in reports.iter().filter(|report| !report.layout.is_empty()) {
        println!("* {}: {}", report.engine, report.layout);
    }
}

fn service(figures: &Figures) {
    println!(
        "\n| ingest | activities a second | processor each | memory | load |\n| --- | --- | --- | --- | --- |"
    );
    let row = |name: &str, ingest: &Ingest| {
        println!(
            "| {name} | {:.0} | {:.2} µs | {:.0} MB | {:.1} |",
            ingest.rate, ingest.micros, ingest.megabytes, ingest.load
        );
    };
    let phases = figures.bare.iter().zip(&figures.phases);
    for (number, (bare, phase)) in (1..).zip(phases) {
        row(&format!("phase {number}, only counted"), bare);
        row(&format!("phase {number}"), phase);
    }
    println!("\n| what | median | 99th percentile | load |\n| --- | --- | --- | --- |");
    for (name, spread) in [
        ("a batch of 1,000 acknowledged", figures.acknowledged),
        ("the same batch, only counted", figures.bare_batch),
        ("the same bytes appended and synced", figures.synced),
        ("100 best of 90 days, idle", figures.idle),
        (
            "100 best of 90 days, while activities come in",
            figures.busy,
        ),
    ] {
        println!(
            "| {name} | {:.2} ms | {:.2} ms | {:.1} |",
            spread.median, spread.p99, spread.load
        );
    }
    println!("\n| what | figure |\n| --- | --- |");
    println!(
        "| activities a second meanwhile | {:.0} |",
        figures.busy_rate
    );
    println!(
        "| highest memory while taking in | {:.0} MB |",
        figures.peak_megabytes
    );
    println!("| clean stop | {:.2} s |", figures.stopped);
    println!("| opening after it | {:.2} s |", figures.opened_clean);
    println!(
        "| opening after `kill -9`, {} writes | {:.2} s |",
        figures.at_opening, figures.opened_crashed
    );
    match figures.replayed {
        Some(seconds) => println!("| opening without its checkpoint | {seconds:.2} s |"),
        None => println!("| opening without its checkpoint | it has none |"),
    }
}

/// Prints one aim, what was measured, and whether it is met.
fn aim(text: &str, measured: String, met: bool) {
    println!(
        "| {text} | {measured} | {} |",
        if met { "yes" } else { "no" }
    );
}

fn aims(arguments: &Arguments, reports: &[Report], figures: &Figures) {
    let named = |name: &str| {
        reports
            .iter()
            .find(|report| report.engine.starts_with(name))
    };
    println!("\n| aim | measured | met |\n| --- | --- | --- |");
    if let (Some(own), Some(limit)) = (named("profitscore, in process"), named("limit")) {
        for length in Length::ALL {
            times_the_limit(own, limit, length);
        }
    }
    let fast: Vec<_> = FAST_PEERS.iter().filter_map(|name| named(name)).collect();
    if let Some(own) = named("profitscore, through gRPC") {
        for length in Length::ALL {
            beside_peers(own, &fast, length);
        }
    }
    let (Some(first), Some(last)) = (figures.phases.first(), figures.phases.last()) else {
        return;
    };
    let (all, count) = (arguments.activities as f64, figures.phases.len() as f64);
    let rate_of = |phases: &[Ingest]| {
        let seconds = phases.iter().map(|phase| 1.0 / phase.rate);
        phases.len() as f64 / seconds.sum::<f64>()
    };
    let (rate, bare) = (rate_of(&figures.phases), rate_of(&figures.bare));
    let micros = figures.phases.iter().map(|phase| phase.micros).sum::<f64>() / count;
    let part = rate / bare;
    aim(
        "ingest at least half of the bare stream",
        format!("{part:.2} ({rate:.0} of {bare:.0} a second)"),
        part >= 0.5,
    );
    aim(
        "at most 2 µs of processor time an activity",
        format!("{micros:.2} µs"),
        micros <= 2.0,
    );
    let slower = format!("{:.2} then {:.2} µs", first.micros, last.micros);
    aim(
        "the last million no slower than the first",
        slower,
        last.micros <= first.micros * 1.1,
    );
    let allowed = figures.bare_batch.median + 2.0 * figures.synced.median;
    let acknowledged = figures.acknowledged.median;
    let measured = format!("{acknowledged:.2} of {allowed:.2} ms");
    aim(
        "acknowledged within a bare batch and two syncs",
        measured,
        acknowledged <= allowed,
    );
    let times = figures.busy.p99 / figures.idle.median;
    aim(
        "99th percentile while busy at most three times the idle median",
        format!("{times:.1} times"),
        times <= 3.0,
    );
    // Without a checkpoint every opening is a replay.
    let (opened, checkpoint) = (figures.opened_clean, figures.replayed.is_some());
    let measured = format!(
        "{opened:.2} s{}",
        if checkpoint { "" } else { ", it has none" }
    );
    aim(
        "opening from a checkpoint within a second",
        measured,
        checkpoint && opened <= 1.0,
    );
    let rate = figures.at_opening as f64 / figures.replayed.unwrap_or(figures.opened_crashed);
    aim(
        "replay at 1.5 million a second",
        format!("{rate:.0} a second"),
        rate >= 1.5e6,
    );
    let memory = last.megabytes * 1_048_576.0 / all;
    aim(
        "at most 60 bytes of memory an activity",
        format!("{memory:.0} bytes"),
        memory <= 60.0,
    );
    let disk = figures.disk_megabytes * 1_048_576.0 / all;
    aim(
        "at most 50 bytes of disk an activity",
        format!("{disk:.0} bytes"),
        disk <= 50.0,
    );
}

fn times_the_limit(own: &Report, limit: &Report, length: Length) {
    let both = |report| cost(report, BOTH_ENDS, length).map(|cost| cost.processor);
    if let (Some(own), Some(limit)) = (both(own), both(limit)) {
        let measured = format!("{:.1} times ({own:.1} and {limit:.1} ms)", own / limit);
        aim(
            &format!("both ends of {length} at most twice the limit"),
            measured,
            own <= 2.0 * limit,
        );
    }
}

fn beside_peers(own: &Report, peers: &[&Report], length: Length) {
    let least = |what: &str| {
        let costs = peers.iter().filter_map(|peer| cost(peer, what, length));
        costs.map(|cost| cost.processor).min_by(f64::total_cmp)
    };
    let times = if length == Length::Quarter {
        10.0
    } else {
        30.0
    };
    if let (Some(own), Some(peer)) = (cost(own, BOTH_ENDS, length), least(BOTH_ENDS)) {
        let own = own.processor;
        let measured = format!("{:.1} times ({peer:.1} and {own:.1} ms)", peer / own);
        aim(
            &format!("both ends of {length} {times} times less than the best peer"),
            measured,
            peer >= times * own,
        );
        if let Some(peer) = least(&as_submitted()) {
            aim(
                "the same, the peer on rows as submitted",
                format!("{:.1} times ({peer:.1} and {own:.1} ms)", peer / own),
                peer >= times * own,
            );
        }
    }
    if let Some(own) = cost(own, WHALE_CURVE, length) {
        let measured = format!("{:.1} ms", own.processor);
        aim(
            &format!("whale curve of {length} at most 35 ms"),
            measured,
            own.processor <= 35.0,
        );
    }
}
