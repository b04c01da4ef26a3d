//! How long learning and answering take, and whether the same comes out of shuffled rows and of several threads.

use super::{
    aim,
    chance::{even, mixed, shuffled},
    world::definition,
};
use profitscore::domain::{
    id::TraitKey,
    model::win::{Closed, WinModel, WinSettings},
    party::{TraitType, TraitValue},
    time::Day,
    traits::{SharedTraits, Traits},
};
use std::{collections::BTreeMap, fs, hint::black_box, thread, time::Instant};

const ROWS: usize = 100_000;
const TRAITS: u64 = 20;
const ANSWERS: usize = 1_000;

/// The processor time of this thread so far, in seconds, where the system tells it; else the time on the wall.
fn processor_time(begin: Instant) -> f64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanos.map_or_else(|| begin.elapsed().as_secs_f64(), |nanos| nanos / 1e9)
}

fn trait_type(number: u64) -> TraitType {
    match number {
        0..8 => TraitType::Number,
        8..17 => TraitType::Category,
        17..19 => TraitType::Flag,
        _ => TraitType::Set,
    }
}

fn name(number: u64) -> TraitKey {
    TraitKey::parse(&format!("TRAIT_{number:02}"), "").unwrap()
}

/// One of twenty values is missing; half of the traits say something.
fn prospect(row: u64) -> (Traits, bool) {
    let mut eta = -2.0;
    let mut own = BTreeMap::new();
    for number in 0..TRAITS {
        let chance = mixed(row * 64 + number);
        let part = even(row * 64 + number);
        if mixed(chance).is_multiple_of(20) {
            continue;
        }
        let value = match trait_type(number) {
            TraitType::Number => {
                eta += if number.is_multiple_of(2) {
                    0.4 * (part - 0.5) * number as f64
                } else {
                    0.0
                };
                TraitValue::Number((part * part * 1e9) as i64)
            }
            TraitType::Category => {
                let value = (part * (number * 4 - 28) as f64) as u64;
                eta += 0.2 * ((mixed(value * 31 + number) % 5) as f64 - 2.0);
                TraitValue::Category(format!("value {value}"))
            }
            TraitType::Flag => TraitValue::Flag(chance.is_multiple_of(3)),
            TraitType::Set => {
                let tags = (0..chance % 4).map(|tag| format!("tag {}", mixed(chance ^ tag) % 12));
                TraitValue::Set(tags.collect())
            }
        };
        own.insert(name(number), value);
    }
    let won = even(row ^ 0xabc_def0) < 1.0 / (1.0 + f64::exp(-eta));
    (own.into_iter().collect(), won)
}

pub fn run() {
    let mut shared = SharedTraits::default();
    let mut rows = Vec::with_capacity(ROWS);
    for row in 0..ROWS as u64 {
        let (traits, won) = prospect(row);
        rows.push((format!("p{row}"), shared.share(traits), won));
    }
    let definitions: Vec<_> = (0..TRAITS)
        .map(|number| definition(name(number).as_str(), trait_type(number)))
        .collect();
    let closed = |row: usize| Closed {
        id: &rows[row].0,
        traits: &rows[row].1,
        late: &[],
        won: rows[row].2,
        closed: Day(row as i32),
        weight: 1.0,
    };
    let settings = WinSettings::default();
    let all: Vec<Closed> = (0..ROWS).map(closed).collect();
    let begin = Instant::now();
    let before = processor_time(begin);
    let model = WinModel::train(&all, &definitions, &settings);
    let used = processor_time(begin) - before;
    println!(
        "learnt from {ROWS} with {TRAITS} traits in {used:.2} s of processor time, {:.2} s on the wall, \
         AUC of those held back {:.4}",
        begin.elapsed().as_secs_f64(),
        model.held_back_auc.map_or(0.5, |auc| auc.value)
    );
    aim("seconds of processor time", used, "below 2", used < 2.0);
    let begin = Instant::now();
    let before = processor_time(begin);
    for (_, traits, _) in &rows[..ANSWERS] {
        black_box(model.predict(traits));
    }
    let each = (processor_time(begin) - before) / ANSWERS as f64;
    aim(
        "milliseconds for one prospect",
        1e3 * each,
        "below 1",
        each < 1e-3,
    );

    let print = model.fingerprint();
    let mixed_up: Vec<Closed> = shuffled(ROWS, 1).into_iter().map(closed).collect();
    let again = WinModel::train(&mixed_up, &definitions, &settings).fingerprint();
    aim(
        "the same of shuffled rows",
        f64::from(u8::from(again == print)),
        "1",
        again == print,
    );
    for threads in [2, 8] {
        let learn = || WinModel::train(&all, &definitions, &settings).fingerprint();
        let same = thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(learn)).collect();
            running
                .into_iter()
                .all(|own| own.join().is_ok_and(|own| own == print))
        });
        let what = format!("the same on {threads} threads at once");
        aim(&what, f64::from(u8::from(same)), "1", same);
    }
}
