//! CDNOW's customers, and tables of numbers, where they are at hand.

use flate2::read::GzDecoder;
use profitscore::domain::{
    model::value::{DaySum, Orders},
    time::Day,
};
use std::{
    collections::BTreeMap,
    env, fs,
    io::Read,
    path::{Path, PathBuf},
};

/// A row of a table by the names of its columns.
pub type Record = BTreeMap<String, String>;

/// The number in a column.
pub fn number(record: &Record, column: &str) -> f64 {
    record[column].parse().unwrap()
}

/// A file of the data folder beside the checkout, `None` if it is not there.
pub fn shared(path: &str) -> Option<String> {
    let folder = env::var_os("PROFITSCORE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let path = folder.join(path);
    if !path.is_file() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(fs::read_to_string(path).unwrap())
}

/// The rows of a table whose first line names its columns.
pub fn records(text: &str) -> Vec<Record> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let record = |line: &str| {
        let cells = line.split(',').map(str::to_owned);
        names
            .iter()
            .map(|name| (*name).to_owned())
            .zip(cells)
            .collect()
    };
    lines.map(record).collect()
}

/// Less than any amount of money: an order that cost nothing is counted as one, as in the published figures.
const FREE: f64 = 1e-9;

/// Orders of customers by id, from rows of customer, ISO date and value.
pub fn customers(rows: impl Iterator<Item = (String, String, f64)>) -> Vec<Orders> {
    let mut sums: BTreeMap<String, Vec<DaySum>> = BTreeMap::new();
    for (customer, date, value) in rows {
        let day = Day(days_since_1970(&date));
        let value = value.max(FREE);
        sums.entry(customer)
            .or_default()
            .push(DaySum { day, value });
    }
    sums.into_values().filter_map(Orders::of).collect()
}

/// CDNOW's sample of 2,357 customers, which is part of the repository.
pub fn cdnow_sample() -> Vec<Orders> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/cdnow/CDNOW_sample.txt.gz");
    let mut text = String::new();
    let mut file = GzDecoder::new(fs::File::open(path).unwrap());
    file.read_to_string(&mut text).unwrap();
    let rows = text.lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let date = format!("{}-{}-{}", &words[2][..4], &words[2][4..6], &words[2][6..]);
        (words[1].to_owned(), date, words[4].parse().unwrap())
    });
    customers(rows)
}

/// All of CDNOW's 23,570 customers, `None` if they are not at hand.
pub fn cdnow_master() -> Option<Vec<Orders>> {
    let text = shared("data/cdnow/cdnow_master.csv")?;
    let rows = records(&text).into_iter().map(|record| {
        (
            record["customer_id"].clone(),
            record["date"].clone(),
            number(&record, "dollar_value"),
        )
    });
    Some(customers(rows))
}

/// Days from 1970-01-01 to an ISO date (Howard Hinnant's days_from_civil).
pub fn days_since_1970(date: &str) -> i32 {
    let parts: Vec<i32> = date.split('-').map(|part| part.parse().unwrap()).collect();
    let (year, month, day) = (parts[0] - i32::from(parts[1] <= 2), parts[1], parts[2]);
    let era = year / 400;
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}
