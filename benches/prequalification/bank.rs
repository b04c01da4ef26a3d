//! Bank Marketing: who took the deposit, `duration` left out because it is known only after the call.

use super::{
    aim,
    chance::mixed,
    naive_bayes, print,
    world::{definition, micros},
};
use profitscore::domain::{
    id::TraitKey,
    model::{
        evaluation::{Forecast, discrimination::auc},
        win::{Closed, WinModel, WinSettings},
    },
    party::{TraitDefinition, TraitType, TraitValue},
    time::Day,
    traits::{SharedTraits, Traits},
};
use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The columns that are numbers.
const NUMBERS: [&str; 10] = [
    "AGE",
    "DURATION",
    "CAMPAIGN",
    "PDAYS",
    "PREVIOUS",
    "EMP_VAR_RATE",
    "CONS_PRICE_IDX",
    "CONS_CONF_IDX",
    "EURIBOR3M",
    "NR_EMPLOYED",
];
/// What is known of the person and of earlier calls; the others tell of the calendar and of the economy.
const OF_CLIENT: [&str; 12] = [
    "AGE",
    "JOB",
    "MARITAL",
    "EDUCATION",
    "DEFAULT",
    "HOUSING",
    "LOAN",
    "CONTACT",
    "CAMPAIGN",
    "PDAYS",
    "PREVIOUS",
    "POUTCOME",
];
/// How many calls a model of the rolling window is learnt from.
const WINDOW: usize = 5_000;
/// After how many calls it is learnt anew.
const STEP: usize = 500;
/// How many of the latest outcomes set the level of the rolling window's probabilities.
const LATEST: usize = 1_000;

/// The calls, in the order in which they were made.
pub struct Bank {
    pub ids: Vec<String>,
    pub traits: Vec<Traits>,
    /// The same as text, for naive Bayes, and whether the deposit was taken.
    pub rows: Vec<(Vec<String>, bool)>,
    pub definitions: Vec<Arc<TraitDefinition>>,
    /// The period of each call: a run of the same month.
    periods: Vec<usize>,
}

pub fn shared() -> PathBuf {
    env::var_os("PROFITSCORE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    )
}

impl Bank {
    /// Reads the columns that are wanted; `None`, and says so, if the data set is not there.
    pub fn read(wanted: impl Fn(&str) -> bool) -> Option<Self> {
        let path = shared().join("data/bank_marketing/bank-additional-full.csv");
        let Ok(mut reader) = csv::Reader::from_path(&path) else {
            println!("skipped: {} is not there", path.display());
            return None;
        };
        let names = reader.headers().unwrap().iter();
        let names: Vec<String> = names
            .map(|name| name.replace('.', "_").to_uppercase())
            .collect();
        let kept: Vec<usize> = (0..names.len())
            .filter(|place| names[*place] != "Y" && wanted(&names[*place]))
            .collect();
        let trait_type = |name: &str| match NUMBERS.contains(&name) {
            true => TraitType::Number,
            false => TraitType::Category,
        };
        let mut bank = Self {
            ids: Vec::new(),
            traits: Vec::new(),
            rows: Vec::new(),
            definitions: kept
                .iter()
                .map(|place| definition(&names[*place], trait_type(&names[*place])))
                .collect(),
            periods: Vec::new(),
        };
        let month = names.iter().position(|name| name == "MONTH").unwrap();
        let (mut shared, mut last, mut period) = (SharedTraits::default(), String::new(), 0);
        for (number, row) in reader.records().enumerate() {
            let row = row.unwrap();
            let mut own = BTreeMap::new();
            for place in &kept {
                let (name, text) = (&names[*place], row[*place].to_owned());
                let value = match trait_type(name) {
                    TraitType::Number => TraitValue::Number(micros(&text)),
                    TraitType::Category | TraitType::Set | TraitType::Flag => {
                        TraitValue::Category(text)
                    }
                };
                own.insert(TraitKey::parse(name, "").unwrap(), value);
            }
            if row[month] != last {
                last = row[month].to_owned();
                period += 1;
            }
            bank.periods.push(period);
            bank.ids.push(format!("call-{number:05}"));
            bank.traits.push(shared.share(own.into_iter().collect()));
            let texts = kept.iter().map(|place| row[*place].to_owned()).collect();
            bank.rows.push((texts, &row[row.len() - 1] == "yes"));
        }
        Some(bank)
    }

    /// Everything but how long the call took.
    pub fn without_duration() -> Option<Self> {
        Self::read(|name| name != "DURATION")
    }

    pub fn closed(&self, rows: impl Iterator<Item = usize>) -> Vec<Closed<'_>> {
        let closed = |row: usize| Closed {
            id: &self.ids[row],
            traits: &self.traits[row],
            late: &[],
            won: self.rows[row].1,
            closed: Day(row as i32),
            weight: 1.0,
        };
        rows.map(closed).collect()
    }

    pub fn forecasts(&self, model: &WinModel, rows: impl Iterator<Item = usize>) -> Vec<Forecast> {
        let forecast = |row: usize| Forecast {
            probability: model.probability(&self.traits[row]),
            won: self.rows[row].1,
        };
        rows.map(forecast).collect()
    }

    /// Each fifth by a model of the others; the rows with their forecasts, and those of naive Bayes.
    fn five_folds(&self) -> (Vec<usize>, Vec<Forecast>, Vec<Forecast>) {
        let (mut rows, mut own, mut bayes) = (Vec::new(), Vec::new(), Vec::new());
        for fold in 0..5 {
            let (asked, learnt): (Vec<usize>, Vec<usize>) =
                (0..self.ids.len()).partition(|row| mixed(*row as u64 ^ 77) % 5 == fold);
            let closed = self.closed(learnt.iter().copied());
            let model = WinModel::train(&closed, &self.definitions, &WinSettings::default());
            own.extend(self.forecasts(&model, asked.iter().copied()));
            bayes.extend(naive_bayes::forecasts(&self.rows, &learnt, &asked));
            rows.extend(asked);
        }
        (rows, own, bayes)
    }

    /// Each piece of the time by models of the window before it.
    fn rolling(&self) -> (Vec<usize>, Vec<Forecast>, Vec<Forecast>) {
        let (mut own, mut bayes) = (Vec::new(), Vec::new());
        let settings = WinSettings {
            latest: Some(LATEST),
            ..WinSettings::default()
        };
        for start in (WINDOW..self.ids.len()).step_by(STEP) {
            let end = (start + STEP).min(self.ids.len());
            let learnt: Vec<usize> = (start - WINDOW..start).collect();
            let closed = self.closed(learnt.iter().copied());
            let model = WinModel::train(&closed, &self.definitions, &settings);
            own.extend(self.forecasts(&model, start..end));
            let asked: Vec<usize> = (start..end).collect();
            bayes.extend(naive_bayes::forecasts(&self.rows, &learnt, &asked));
        }
        ((WINDOW..self.ids.len()).collect(), own, bayes)
    }

    /// The AUC within periods, each weighing as many pairs of a won and a lost one as it has.
    fn within_periods(&self, rows: &[usize], forecasts: &[Forecast]) -> f64 {
        let mut periods = BTreeMap::<usize, Vec<Forecast>>::new();
        for (row, forecast) in rows.iter().zip(forecasts) {
            periods
                .entry(self.periods[*row])
                .or_default()
                .push(*forecast);
        }
        let (mut sum, mut weight) = (0.0, 0.0);
        for own in periods.values() {
            let won = own.iter().filter(|forecast| forecast.won).count() as f64;
            let pairs = won * (own.len() as f64 - won);
            if let Some(auc) = auc(own) {
                sum += pairs * auc.value;
                weight += pairs;
            }
        }
        sum / weight
    }
}

pub fn run() {
    let Some(bank) = Bank::without_duration() else {
        return;
    };
    let (rows, own, bayes) = bank.five_folds();
    let found = print("all traits, random five folds", &own);
    println!(
        "    within periods: AUC {:.4}",
        bank.within_periods(&rows, &own)
    );
    aim("AUC", found.auc, "at least .797", found.auc >= 0.797);
    aim(
        "lift of the best tenth",
        found.lift,
        "at least 4.4",
        found.lift >= 4.4,
    );
    let error = found.calibration_error;
    aim("calibration error", error, "at most .012", error <= 0.012);
    print("the same by naive Bayes", &bayes);
    println!(
        "    within periods: AUC {:.4}",
        bank.within_periods(&rows, &bayes)
    );

    let (rows, own, bayes) = bank.rolling();
    let found = print("rolling window of 5,000, anew every 500", &own);
    println!(
        "    within periods: AUC {:.4}",
        bank.within_periods(&rows, &own)
    );
    aim("AUC", found.auc, "at least .755", found.auc >= 0.755);
    let half = found.better_half;
    aim(
        "share in the better half",
        half,
        "at least .76",
        half >= 0.76,
    );
    print("the same by naive Bayes", &bayes);
    println!(
        "    within periods: AUC {:.4}",
        bank.within_periods(&rows, &bayes)
    );

    if let Some(bank) = Bank::read(|name| OF_CLIENT.contains(&name)) {
        let (rows, own, bayes) = bank.five_folds();
        let found = print("client traits alone, random five folds", &own);
        println!(
            "    within periods: AUC {:.4}",
            bank.within_periods(&rows, &own)
        );
        aim("AUC", found.auc, "at least .700", found.auc >= 0.700);
        print("the same by naive Bayes", &bayes);
    }
    if let Some(bank) = Bank::read(|_| true) {
        let closed = bank.closed(0..bank.ids.len());
        let model = WinModel::train(&closed, &bank.definitions, &WinSettings::default());
        for leak in &model.leaks {
            println!(
                "with duration: {} refused, information value {:.2}, AUC {:.3}",
                leak.key, leak.information_value, leak.auc
            );
        }
        aim(
            "traits refused",
            model.leaks.len() as f64,
            "duration alone",
            model.leaks.len() == 1,
        );
    }
}
