//! Outcomes dealt out anew: nothing may be learnt from them.

use super::{adventureworks, aim, bank::Bank, chance::shuffled, resellers::brought};
use profitscore::domain::{
    model::{
        decision::{Decision, Terms, decide},
        encode::quantile_edges,
        lift::LiftTable,
        profit::ProfitModel,
        win::{Standing, WinModel, WinSettings},
    },
    party::{TraitDefinition, TraitType, TraitValue},
    question::{CustomerProfile, LiftAnswer, RankTotals, TraitBin},
    time::Day,
};
use std::{collections::BTreeMap, sync::Arc};

const RUNS: u64 = 100;
/// How many calls each run of the model of winning learns from.
const CALLS: usize = 3_000;

/// Who is among the best tenth: counts by trait value, as a store answers them.
fn table(customers: &[CustomerProfile], definitions: &[Arc<TraitDefinition>]) -> LiftTable {
    let mut profits: Vec<f64> = customers.iter().map(brought).collect();
    profits.sort_unstable_by(f64::total_cmp);
    let threshold = profits[profits.len() - profits.len() / 10];
    let mut edges = BTreeMap::new();
    for definition in definitions
        .iter()
        .filter(|own| own.trait_type == TraitType::Number)
    {
        let number =
            |customer: &CustomerProfile| match customer.party.as_ref()?.traits.get(&definition.key)
            {
                Some(TraitValue::Number(number)) => Some(*number),
                _ => None,
            };
        let numbers = customers.iter().filter_map(number).collect();
        edges.insert(definition.key.clone(), quantile_edges(numbers));
    }
    let mut answer = LiftAnswer {
        totals: RankTotals {
            customers: customers.len() as u64,
            ..RankTotals::default()
        },
        ..LiftAnswer::default()
    };
    for customer in customers {
        let profit = brought(customer);
        let (best, loss) = (u64::from(profit >= threshold), u64::from(profit < 0.0));
        answer.best += best;
        answer.totals.negative += loss;
        for definition in definitions {
            let key = &definition.key;
            let value = customer
                .party
                .as_ref()
                .and_then(|party| party.traits.get(key));
            let bin = match value {
                Some(TraitValue::Category(category)) => TraitBin::Category(category.clone()),
                Some(TraitValue::Number(number)) => {
                    TraitBin::Number(edges[key].partition_point(|edge| edge <= number))
                }
                Some(TraitValue::Flag(flag)) => TraitBin::Flag(*flag),
                Some(TraitValue::Set(_)) | None => TraitBin::Missing,
            };
            let count = answer.counts.entry((key.clone(), bin)).or_default();
            count.best += best;
            count.loss_makers += loss;
            count.all += 1;
        }
    }
    LiftTable::of(definitions, &edges, &answer)
}

fn of_winning() {
    let Some(bank) = Bank::without_duration() else {
        return;
    };
    let (mut silent, mut above) = (0_u32, 0_u32);
    for run in 0..RUNS {
        let rows = shuffled(bank.ids.len(), run);
        let dealt = shuffled(CALLS, run + RUNS);
        let mut closed = bank.closed(rows[..CALLS].iter().copied());
        let won: Vec<bool> = closed.iter().map(|own| own.won).collect();
        for (own, from) in closed.iter_mut().zip(dealt) {
            own.won = won[from];
        }
        let model = WinModel::train(&closed, &bank.definitions, &WinSettings::default());
        silent += u32::from(model.standing == Standing::NoSignal);
        let asked = rows[CALLS..CALLS + 200].iter();
        let chances = asked.map(|row| {
            profitscore::domain::model::expected_return::WinChance::of(
                &model.predict(&bank.traits[*row]),
            )
        });
        let base = model.base_rate;
        above += u32::from(chances.into_iter().any(|chance| chance.probability > base));
    }
    aim(
        "runs with 'no signal' of winning, of 100",
        f64::from(silent),
        "at least 90",
        silent >= 90,
    );
    aim(
        "runs that decide on more than the base rate",
        f64::from(above),
        "at most 10",
        above <= 10,
    );
}

fn of_profit() {
    let Some(world) = adventureworks::resellers() else {
        return;
    };
    let customers = world.profiles(Day(i32::MAX), |_| true);
    let cut = Day(world.lines.iter().map(|line| line.1.0).max().unwrap_or(0) + 1);
    let (mut silent, mut none, mut pursued, mut clean) = (0_u32, 0_u32, 0_usize, 0_u32);
    for run in 0..RUNS {
        let mut dealt = customers.clone();
        for (own, from) in dealt.iter_mut().zip(shuffled(customers.len(), run)) {
            own.party = customers[from].party.clone();
        }
        let lines = table(&dealt, &world.definitions).lines();
        none += u32::from(lines.iter().all(|line| !line.distinguishing));
        let model = ProfitModel::train(&dealt, &world.definitions, cut, 365);
        silent += u32::from(!model.has_signal);
        let for_traits = |customer: &&CustomerProfile| {
            let prediction = model.predict(&customer.party.as_ref().unwrap().traits);
            prediction.expected > model.mean_profit
                && decide(&prediction, &Terms::default()).decision == Decision::Pursue
                && !model.mean_reaches(0)
        };
        let own = customers.iter().filter(for_traits).count();
        pursued += own;
        clean += u32::from(own == 0);
    }
    aim(
        "runs with 'no signal' of profit, of 100",
        f64::from(silent),
        "at least 90",
        silent >= 90,
    );
    aim(
        "runs without a distinguishing trait value",
        f64::from(none),
        "at least 90",
        none >= 90,
    );
    aim(
        "runs in which nobody is pursued for its traits",
        f64::from(clean),
        "at least 90",
        clean >= 90,
    );
    println!(
        "    pursued for their traits in all runs: {pursued} of {}",
        customers.len() as u64 * RUNS
    );
}

pub fn run() {
    of_winning();
    of_profit();
}
