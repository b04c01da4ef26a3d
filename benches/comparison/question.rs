//! What every engine is asked, what it answers, and how its answers and times are handed on. Knows no engine.

use crate::world::DAYS;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How many rows of each end are asked for.
pub const ROWS: usize = 100;
/// How many points of the whale curve.
pub const POINTS: usize = 100;
/// How many questions of each length are answered by every engine and compared.
pub const COMPARED: usize = 5;
/// What a minute of working time costs, in cents, unless a question says otherwise.
pub const RATE: i64 = 85;

/// How long the period of a question is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Length {
    #[serde(rename = "90 days")]
    Quarter,
    #[serde(rename = "a year")]
    Year,
    #[serde(rename = "all time")]
    Always,
}

impl Length {
    pub const ALL: [Self; 3] = [Self::Quarter, Self::Year, Self::Always];

    fn days(self) -> u32 {
        match self {
            Self::Quarter => 90,
            Self::Year => 365,
            Self::Always => DAYS,
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quarter => "90 days",
            Self::Year => "a year",
            Self::Always => "all time",
        })
    }
}

/// A period and the rate of a minute.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Question {
    pub length: Length,
    pub first_day: u32,
    pub days: u32,
    pub rate_cents: i64,
}

impl Question {
    /// One of many questions of a length, no two of which are the same, so that no answer can be kept from an earlier
    /// one: periods differ, and where there is but one period, rates differ.
    pub fn of(length: Length, index: u32) -> Self {
        let starts = DAYS - length.days() + 1;
        // A step that is coprime to the numbers of starts visits each before it comes back to the first.
        let (first_day, round) = (index.wrapping_mul(211) % starts, index / starts);
        Self {
            length,
            first_day,
            days: length.days(),
            rate_cents: RATE + i64::from(round),
        }
    }

    /// The questions that every engine answers.
    pub fn compared() -> Vec<Self> {
        let count = 0..u32::try_from(COMPARED).unwrap_or(0);
        let lengths = Length::ALL.into_iter();
        lengths
            .flat_map(|length| count.clone().map(move |index| Self::of(length, index)))
            .collect()
    }
}

/// Amounts in cents; customers by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranked {
    pub best: Vec<(i32, i64)>,
    pub worst: Vec<(i32, i64)>,
}

/// The whale curve: numbers of customers and their cumulative value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Curve {
    pub customers: usize,
    pub positive: usize,
    pub negative: usize,
    pub peak: (usize, i64),
    pub points: Vec<(usize, i64)>,
}

impl Curve {
    /// Of values from the greatest to the least.
    pub fn of(values: impl ExactSizeIterator<Item = i64>) -> Self {
        let customers = values.len();
        let mut curve = Self {
            customers,
            positive: 0,
            negative: 0,
            peak: (0, 0),
            points: Vec::with_capacity(POINTS),
        };
        let (mut index, mut sum) = (1, 0);
        for (number, value) in (1..).zip(values) {
            sum += value;
            curve.positive += usize::from(value > 0);
            curve.negative += usize::from(value < 0);
            if sum > curve.peak.1 {
                curve.peak = (number, sum);
            }
            if number == (index * customers).div_ceil(POINTS) {
                curve.points.push((number, sum));
                while index <= POINTS && (index * customers).div_ceil(POINTS) <= number {
                    index += 1;
                }
            }
        }
        curve
    }
}

/// Wall and processor time in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Cost {
    pub wall: f64,
    pub processor: f64,
}

/// One question answered by one engine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answered {
    pub question: Question,
    pub ranked: Ranked,
    pub curve: Curve,
}

/// What one kind of question of one length costs: medians, except where `processor` is said to be a mean.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Measured {
    pub what: String,
    pub length: Length,
    pub cost: Cost,
    pub count: usize,
}

/// What one engine did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    pub engine: String,
    /// Why it was left out; the rest is then empty.
    #[serde(default)]
    pub skipped: Option<String>,
    /// How it holds the data, and what its best way to answer was.
    #[serde(default)]
    pub layout: String,
    /// Until it can answer, in milliseconds.
    #[serde(default)]
    pub load: Cost,
    /// Resident memory after the questions.
    #[serde(default)]
    pub memory_megabytes: f64,
    #[serde(default)]
    pub disk_megabytes: f64,
    /// The machine's load in the last minute.
    #[serde(default)]
    pub machine_load: f64,
    #[serde(default)]
    pub measured: Vec<Measured>,
    #[serde(default)]
    pub answered: Vec<Answered>,
}

/// The names of what is measured.
pub const BOTH_ENDS: &str = "100 best + 100 worst";
pub const BANDS: &str = "100 best, middle and worst";
pub const WHALE_CURVE: &str = "whale curve";

/// The median; 0 of nothing.
pub fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value below which this part of the values is; 0 of nothing.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a part of a length is a place in it"
)]
pub fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let place = (values.len() as f64 * part) as usize;
    values
        .get(place.min(values.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0.0)
}

/// The first difference between the answers of two engines to the same questions.
pub fn difference(one: &Report, other: &Report) -> Option<String> {
    for a in &one.answered {
        let same = |b: &&Answered| {
            (b.question.first_day, b.question.days, b.question.rate_cents)
                == (a.question.first_day, a.question.days, a.question.rate_cents)
        };
        let Some(b) = other.answered.iter().find(same) else {
            continue;
        };
        let differing = pairs("best", &a.ranked.best, &b.ranked.best)
            .or_else(|| pairs("worst", &a.ranked.worst, &b.ranked.worst))
            .or_else(|| pairs("points", &a.curve.points, &b.curve.points))
            .or_else(|| {
                (a.curve != b.curve).then(|| format!("curve: {:?} and {:?}", a.curve, b.curve))
            });
        if let Some(what) = differing {
            let (names, question) = (format!("{} and {}", one.engine, other.engine), a.question);
            return Some(format!("{names} differ on {question:?}: {what}"));
        }
    }
    None
}

fn pairs<T: PartialEq + fmt::Debug>(name: &str, one: &[T], other: &[T]) -> Option<String> {
    if one.len() != other.len() {
        return Some(format!(
            "{name}: {} rows and {} rows",
            one.len(),
            other.len()
        ));
    }
    let place = one.iter().zip(other).position(|(a, b)| a != b)?;
    Some(format!(
        "{name}[{place}]: {:?} and {:?}",
        one[place], other[place]
    ))
}
