//! Had it been asked about the newcomers of some year when only the years before were known: what did those it would
//! have pursued really bring?

use super::newcomers::{HORIZON_DAYS, Newcomer, since};
use crate::{
    api::pb::{
        LedgerPosition, PrequalificationDecision, PrequalifyProspectsRequest,
        PrequalifyProspectsResponse, google_type::Interval,
    },
    cli::{
        arguments::midnight,
        commands::prequalify::{answered, ask, inline, model_text, pinned},
        connection::Connection,
        errors::Failure,
        output::{
            Grid, Side,
            money::{PLACES_SHOWN, grouped, money_of_micros},
        },
    },
    domain::money::{MICROS_PER_UNIT, NANOS_PER_UNIT, Nanos, divide_half_even},
};
use jiff::civil::Date;
use std::cmp::Reverse;

/// The first days of newcomers that are asked about.
const CUTOFFS: [Date; 2] = [Date::constant(2017, 1, 1), Date::constant(2015, 1, 1)];
/// What winning one is assumed to cost, in whole units.
const ACQUISITION_COSTS: [i64; 2] = [0, 100];

/// All back-tests for people.
pub async fn text(connection: &Connection) -> Result<String, Failure> {
    let mut text =
        "\n# Had it been asked before: what did those it would have pursued really bring?\n"
            .to_owned();
    for cutoff in CUTOFFS {
        let (newcomers, before, position) = since(connection, cutoff).await?;
        text += &format!(
            "\n## Trained on what happened before {cutoff} ({before} customers), asked about the {} \
             who came later\n\nWhat they brought is their customer margin over {HORIZON_DAYS} days from \
             their first order, or to the end of the data.\n",
            newcomers.len(),
        );
        for cost in ACQUISITION_COSTS {
            let answer = answers(connection, &newcomers, cutoff, cost, position).await?;
            if cost == ACQUISITION_COSTS[0] {
                text += &model_text(&answer);
            }
            let pursued = pursued(&answer);
            text += &result(&newcomers, &pursued, cost);
        }
    }
    Ok(text)
}

/// What the service says of the newcomers, knowing only what happened before the day.
async fn answers(
    connection: &Connection,
    newcomers: &[Newcomer],
    cutoff: Date,
    cost: i64,
    position: Option<LedgerPosition>,
) -> Result<PrequalifyProspectsResponse, Failure> {
    let prospect = |one: &Newcomer| inline(&one.customer_id, one.traits.clone());
    let request = PrequalifyProspectsRequest {
        tenant_id: connection.tenant(),
        prospects: newcomers.iter().map(prospect).collect(),
        horizon_days: HORIZON_DAYS,
        acquisition_cost: Some(money_of_micros(cost * MICROS_PER_UNIT, "USD")),
        training_period: Some(Interval {
            start_time: None,
            end_time: Some(midnight(cutoff, "UTC")?),
        }),
        read_options: pinned(position),
        ..PrequalifyProspectsRequest::default()
    };
    Ok(ask(connection, request).await?.1)
}

/// For each newcomer, whether it would have been pursued.
fn pursued(answer: &PrequalifyProspectsResponse) -> Vec<bool> {
    let is_pursued = |result| {
        answered(result).is_some_and(|one| one.decision() == PrequalificationDecision::Pursue)
    };
    answer.results.iter().map(is_pursued).collect()
}

/// The comparison for people.
fn result(newcomers: &[Newcomer], pursued: &[bool], cost: i64) -> String {
    let all: Vec<&Newcomer> = newcomers.iter().collect();
    let chosen: Vec<_> = newcomers
        .iter()
        .zip(pursued)
        .filter(|(_, is)| **is)
        .map(|(one, _)| one)
        .collect();
    let mut by_size = all.clone();
    by_size.sort_by_key(|one| (Reverse(one.first_sales), &one.customer_id));
    by_size.truncate(chosen.len());
    let mut grid = Grid::new(&[
        ("Newcomers", Side::Left),
        ("How many", Side::Right),
        ("Brought", Side::Right),
        ("Each", Side::Right),
        ("Lost money", Side::Right),
    ]);
    let size = "as many, by size alone*";
    for (name, group) in [
        ("all", &all),
        ("it would have pursued", &chosen),
        (size, &by_size),
    ] {
        let each = |one: &&Newcomer| one.margin - Nanos::from(cost) * NANOS_PER_UNIT;
        let brought: Nanos = group.iter().map(each).sum();
        // A list in memory is shorter than any i128.
        let count = i128::try_from(group.len()).unwrap_or(i128::MAX);
        grid.row([
            name.to_owned(),
            group.len().to_string(),
            grouped(brought, PLACES_SHOWN),
            match count {
                0 => "-".to_owned(),
                count => grouped(divide_half_even(brought, count), PLACES_SHOWN),
            },
            group.iter().filter(|one| each(one) < 0).count().to_string(),
        ]);
    }
    let heading = match cost {
        0 => "\nIf winning one costs nothing:\n\n".to_owned(),
        cost => format!("\nIf winning one costs {cost} USD, taken off below:\n\n"),
    };
    let size_note =
        "* by the sales of the first day, which nobody knows before a prospect is won\n";
    format!(
        "{heading}{grid}{size_note}{}\n",
        verdict(newcomers.len(), chosen.len())
    )
}

/// What the comparison does not say.
fn verdict(all: usize, chosen: usize) -> String {
    match chosen {
        0 => "It would have pursued none: the lower end of no expected return is above zero."
            .to_owned(),
        chosen if chosen == all => {
            format!("It would have pursued all {all}, so this comparison says nothing.")
        }
        chosen => format!("It would have left {} alone.", all - chosen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newcomer(id: &str, first_sales: Nanos, margin: Nanos) -> Newcomer {
        Newcomer {
            customer_id: id.to_owned(),
            traits: Vec::new(),
            first_sales: first_sales * NANOS_PER_UNIT,
            margin: margin * NANOS_PER_UNIT,
        }
    }

    #[test]
    fn the_pursued_are_set_against_all_and_against_the_largest() {
        let newcomers = [
            newcomer("A", 10, 300),
            newcomer("B", 900, -500),
            newcomer("C", 50, 40),
        ];
        let text = result(&newcomers, &[true, false, false], 0);
        let cells = |name: &str| {
            let line = text
                .lines()
                .find(|line| line.trim_start().starts_with(name))
                .unwrap();
            let end: Vec<_> = line.split_whitespace().rev().take(4).collect();
            end.into_iter().rev().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(cells("all"), "3 -160.00 -53.33 1");
        assert_eq!(cells("it would"), "1 300.00 300.00 0");
        assert_eq!(cells("as many"), "1 -500.00 -500.00 1");
        assert!(text.contains("left 2 alone"));
        let text = result(&newcomers, &[true, true, true], 100);
        assert!(text.contains("says nothing"));
        assert!(text.contains("-460.00"), "{text}");
        let text = result(&newcomers, &[false; 3], 0);
        assert!(text.contains("pursued none"));
    }
}
