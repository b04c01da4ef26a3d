//! AdventureWorks' resellers, if the data folder is at hand.

use super::world::{Row, World, day, definition, micros, rows};
use profitscore::domain::{
    id::TraitKey,
    party::{TraitType, TraitValue},
};
use std::{
    collections::{BTreeMap, HashMap},
    env, fs,
    path::{Path, PathBuf},
};

fn folder() -> PathBuf {
    let shared = env::var_os("PROFITSCORE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    shared.join("data/adventureworks_dw")
}

/// The resellers as prospects would be known, and their order lines: size is sales, profit is sales less product cost.
pub fn resellers() -> Option<World> {
    let folder = folder();
    if !folder.is_dir() {
        println!("skipped: {} is not there", folder.display());
        return None;
    }
    let rows = |name: &str| rows(&fs::read_to_string(folder.join(name)).unwrap());
    let keyed = |name: &str, key: &str| -> HashMap<String, Row> {
        let rows = rows(name).into_iter();
        rows.map(|row| (row[key].clone(), row)).collect()
    };
    let places = keyed("DimGeography.csv", "GeographyKey");
    let territories = keyed("DimSalesTerritory.csv", "SalesTerritoryKey");
    let mut traits = BTreeMap::new();
    for row in rows("DimReseller.csv") {
        let place = &places[&row["GeographyKey"]];
        let mut own = BTreeMap::new();
        let mut put = |key: &str, value: TraitValue| {
            own.insert(TraitKey::parse(key, "").unwrap(), value);
        };
        for key in ["BusinessType", "ProductLine", "BankName"] {
            put(key, TraitValue::Category(row[key].clone()));
        }
        for key in ["AnnualSales", "NumberEmployees", "YearOpened"] {
            put(key, TraitValue::Number(micros(&row[key])));
        }
        let territory = &territories[&place["SalesTerritoryKey"]]["SalesTerritoryRegion"];
        put("Territory", TraitValue::Category(territory.clone()));
        put(
            "State",
            TraitValue::Category(place["StateProvinceName"].clone()),
        );
        traits.insert(row["ResellerKey"].clone(), own);
    }
    let lines = rows("FactResellerSales.csv").into_iter().map(|row| {
        let sales = micros(&row["SalesAmount"]);
        let profit = sales - micros(&row["TotalProductCost"]);
        (
            row["ResellerKey"].clone(),
            day(&row["OrderDate"]),
            sales,
            profit,
        )
    });
    let category = |key| definition(key, TraitType::Category);
    let number = |key| definition(key, TraitType::Number);
    let definitions = vec![
        category("BusinessType"),
        category("ProductLine"),
        category("BankName"),
        category("Territory"),
        category("State"),
        number("AnnualSales"),
        number("NumberEmployees"),
        number("YearOpened"),
    ];
    Some(World::new(definitions, traits, lines.collect()))
}
