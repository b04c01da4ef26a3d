//! What is advised about AdventureWorks' resellers, as docs/advice.md and docs/remedies.md say, if the data is there.

use crate::{
    adventureworks::data,
    process::{Server, amount, nanos},
};
use serde_json::Value;

/// The resellers' sales, and the assumed costs of docs/advice.md.
fn resellers() -> Option<(Server, String)> {
    let folder = data()?.to_str().unwrap().to_owned();
    let server = Server::in_memory();
    for recipe in ["reseller_customers", "resellers"] {
        let recipe = format!("examples/adventureworks/{recipe}.toml");
        server.run(&["import", &recipe, "--folder", &folder]).text();
    }
    let costs = "examples/adventureworks/service_costs.toml";
    server.run(&["costs", "put", costs]).text();
    Some((server, folder))
}

/// The steps of ending customers: one line of JSON each.
fn steps(server: &Server, words: &[&str]) -> Vec<Value> {
    let words = [&["advise", "end-worst", "--output", "json"], words].concat();
    let text = server.run(&words).text();
    let lines = serde_json::Deserializer::from_str(&text).into_iter();
    lines.map(Result::unwrap).collect()
}

#[test]
fn the_plan_of_resellers_is_their_whale_curve() {
    let Some((server, _)) = resellers() else {
        return;
    };
    let words = ["advise", "portfolio", "--all", "--output", "json"];
    let plan = server.run(&words).json();
    let customers = plan["customers"].as_array().unwrap();
    assert_eq!(customers.len(), 635);
    let whale = ["whale", "--points", "635", "--output", "json"];
    let whale = server.run(&whale).json();
    let points = whale["points"].as_array().unwrap();
    for (customer, point) in customers.iter().zip(points) {
        assert_eq!(
            nanos(&customer["cumulativeNetProfit"]),
            nanos(&point["cumulativeValue"])
        );
    }
    let total = amount("70482.6033");
    assert_eq!(nanos(&plan["controlTotal"]["reported"]), total);
    let all = plan["dispositionTotals"].as_array().unwrap();
    let counts: Vec<&str> = all
        .iter()
        .map(|one| one["customerCount"].as_str().unwrap_or("0"))
        .collect();
    assert_eq!(counts, ["158", "0", "142", "281", "54"]);
    assert_eq!(
        all.iter().map(|one| nanos(&one["netProfit"])).sum::<i128>(),
        total
    );
    let below = customers.iter().filter(|one| one["belowFloor"] == true);
    assert_eq!(below.count(), 335);
    // The ten worst: the last of the curve.
    let worst: Vec<(&str, &str)> = customers[625..]
        .iter()
        .rev()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap();
            (text("customerId"), text("disposition"))
        })
        .collect();
    let (exit, repair) = ("DISPOSITION_EXIT", "DISPOSITION_REPAIR");
    assert_eq!(
        worst,
        [
            ("599", exit),
            ("193", exit),
            ("154", exit),
            ("205", exit),
            ("520", exit),
            ("169", exit),
            ("24", repair),
            ("85", repair),
            ("366", exit),
            ("448", repair)
        ]
    );
}

#[test]
fn ending_the_loss_makers_strands_their_overhead() {
    let Some((server, _)) = resellers() else {
        return;
    };
    let avoidable = steps(&server, &["--by-margin"]);
    let ended = &avoidable[1];
    assert_eq!(
        (avoidable.len(), &ended["endedCount"]),
        (2, &Value::from("335"))
    );
    let money = |step: &Value, name: &str| nanos(&step[name]);
    assert_eq!(money(ended, "endedCustomerMargin"), amount("-2173060.7157"));
    assert_eq!(money(ended, "strandedFixedCost"), amount("211023.622042"));
    assert_eq!(ended["turnedUnprofitableCount"], "23");
    // What is left is the peak of the whale curve, less the whole overhead.
    let books = &ended["books"];
    assert_eq!(nanos(&books["customerMargin"]), amount("2643543.319"));
    assert_eq!(nanos(&books["allocatedFixedCost"]), amount("400000.0"));
    // By full cost 464 go, and then others: each step after the first loses money.
    let full = steps(&server, &[]);
    let counts: Vec<_> = full
        .iter()
        .map(|step| step["endedCount"].as_str().unwrap_or("0"))
        .collect();
    assert_eq!(counts, ["0", "464", "45", "9"]);
    let profits: Vec<i128> = full
        .iter()
        .map(|step| nanos(&step["books"]["profitAfterAllFixedCost"]))
        .collect();
    assert!(
        profits[1] > profits[2] && profits[2] > profits[3],
        "{profits:?}"
    );
    assert!(nanos(&books["profitAfterAllFixedCost"]) > profits[1]);
}

#[test]
fn remedies_for_resellers_are_those_of_the_document() {
    let Some((server, folder)) = resellers() else {
        return;
    };
    let recipe = "examples/adventureworks/reseller_service.toml";
    server.run(&["import", recipe, "--folder", &folder]).text();
    let simulate = |customer: &str, more: &[&str]| {
        let words = [
            "advise",
            "simulate",
            customer,
            "--from",
            "2012-12-01",
            "--to",
            "2013-12-01",
        ];
        let words = [&words, more, &["--output", "json"]].concat();
        server.run(&words).json()
    };
    let action = |answer: &Value, name: &str| {
        let name = format!("RELATIONSHIP_ACTION_{name}");
        let actions = answer["actions"].as_array().unwrap();
        actions
            .iter()
            .find(|one| one["action"] == *name)
            .unwrap()
            .clone()
    };
    let plaza = simulate("599", &[]);
    let charged = action(&plaza, "SURCHARGE");
    assert_eq!(charged["feeTotal"], plaza["shortfall"]);
    assert_eq!(charged["customerMargin"], plaza["targetCustomerMargin"]);
    assert_eq!(plaza["advisedAction"], "RELATIONSHIP_ACTION_SURCHARGE");
    let gone = action(&plaza, "DIRECT");
    let margin = nanos(&plaza["statement"]["customerMargin"]);
    assert_eq!(nanos(&gone["profitChange"]), -margin);
    let [with, without] =
        ["booksWith", "booksWithout"].map(|name| nanos(&plaza[name]["customerMargin"]));
    assert_eq!(with, without + margin);
    // One who loses by full cost alone.
    let trap = simulate("661", &[]);
    assert_eq!(trap["warnings"][0], "SIMULATION_WARNING_FULL_COST_TRAP");
    assert!(nanos(&action(&trap, "DIRECT")["profitChange"]) < 0);
    // Ten minutes cost five, of which 1.1761 are missing.
    let small = simulate("472", &["--target-margin", "0"]);
    let cut = action(&small, "REDUCE_COST_TO_SERVE");
    assert_eq!(cut["breakEvenMinutes"]["value"], "7.647");
}
