//! A mapping's fields bound to a message of the contract: names and types are the contract's own, by its description.
//! A row becomes the message's bytes.

use super::{
    columns::{Cell, Row, Scope},
    mapping::Rule,
    rules::{NumberRule, TextRule, TimeRule},
};
use crate::{
    api::pb::google_type::{Decimal, Money},
    cli::output::money::money_of_micros,
    domain::decimal::{MICRO_PLACES, format_fixed},
};
use jiff::tz::TimeZone;
use prost::{
    Message as _, Name as _,
    encoding::{self, WireType},
};
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use prost_types::Timestamp;

/// What is wrong with one field of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field, from the message down.
    pub field: String,
    /// What is wrong, for people.
    pub message: String,
}

/// What all fields of a section share.
pub struct Setting<'a> {
    /// The columns.
    pub scope: &'a Scope,
    /// The currency of amounts.
    pub currency: Option<&'a str>,
    /// Where times are that name no offset.
    pub zone: &'a TimeZone,
}

/// A message whose fields know their columns.
#[derive(Debug, Clone)]
pub struct BoundMessage {
    fields: Vec<BoundField>,
}

#[derive(Debug, Clone)]
struct BoundField {
    path: String,
    tag: u32,
    /// Written even if all of its own fields are empty, because which one of several it is says something.
    is_choice: bool,
    value: Value,
}

#[derive(Debug, Clone)]
enum Value {
    Text(TextRule),
    Flag(TextRule),
    Enum(TextRule, EnumDescriptor),
    Decimal(NumberRule),
    Money(NumberRule, TextRule),
    Time(TimeRule),
    Message(BoundMessage),
}

impl BoundMessage {
    /// Binds a table of the mapping to a message; `path` is the field it stands in, empty for the whole.
    pub fn bind(
        table: &toml::Table,
        descriptor: &MessageDescriptor,
        path: &str,
        setting: &Setting<'_>,
    ) -> Result<Self, String> {
        let mut fields = Vec::new();
        let mut chosen: Option<&str> = None;
        for (name, value) in table {
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            let field = descriptor.get_field_by_name(name).ok_or_else(|| {
                let known: Vec<_> = descriptor.fields().map(|f| f.name().to_owned()).collect();
                format!("there is no field {path}; there are {}", known.join(", "))
            })?;
            let is_choice = field.containing_oneof().is_some();
            if let (true, Some(other)) = (is_choice, chosen) {
                return Err(format!("{path} and {other}: only one of them can be given"));
            }
            if is_choice {
                chosen = Some(name);
            }
            fields.push(BoundField {
                value: Value::bind(value, &field, &path, setting)
                    .map_err(|problem| within(&path, problem))?,
                tag: field.number(),
                is_choice,
                path,
            });
        }
        Ok(Self { fields })
    }

    /// The message's bytes for a row.
    pub fn encode(&self, row: &Row<'_>) -> Result<Vec<u8>, FieldProblem> {
        let mut bytes = Vec::new();
        for field in &self.fields {
            field.encode(row, &mut bytes)?;
        }
        Ok(bytes)
    }

    /// The columns behind a field that the service named, such as `sale.revenue.nanos`.
    pub fn cells_of(&self, path: &str) -> Vec<Cell> {
        let within = |field: &&BoundField| {
            let rest = path.strip_prefix(field.path.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let Some(field) = self.fields.iter().find(within) else {
            return Vec::new();
        };
        match &field.value {
            Value::Text(rule) | Value::Flag(rule) | Value::Enum(rule, _) => rule.cells(),
            Value::Decimal(rule) => rule.cells(),
            Value::Money(rule, currency) => {
                rule.cells().into_iter().chain(currency.cells()).collect()
            }
            Value::Time(rule) => rule.cells(),
            Value::Message(message) => message.cells_of(path),
        }
    }
}

/// Tells where a problem is, once.
fn within(path: &str, problem: String) -> String {
    match problem.starts_with(path) || problem.starts_with("there is no field") {
        true => problem,
        false => format!("{path}: {problem}"),
    }
}

impl Value {
    fn bind(
        value: &toml::Value,
        field: &FieldDescriptor,
        path: &str,
        setting: &Setting<'_>,
    ) -> Result<Self, String> {
        if field.is_list() || field.is_map() {
            return Err("cannot be mapped".to_owned());
        }
        let kind = field.kind();
        let message = kind.as_message().map(MessageDescriptor::full_name);
        let is_leaf = message.is_none_or(|name| {
            [
                Money::full_name(),
                Decimal::full_name(),
                Timestamp::full_name(),
            ]
            .contains(&name.to_owned())
        });
        if let (Kind::Message(inner), false) = (&kind, is_leaf) {
            let table = value.as_table().ok_or("is a table of fields")?;
            return Ok(Self::Message(BoundMessage::bind(
                table, inner, path, setting,
            )?));
        }
        let rule: Rule = value
            .clone()
            .try_into()
            .map_err(|problem: toml::de::Error| problem.message().to_owned())?;
        let scope = setting.scope;
        if let Kind::Enum(of) = kind {
            return Ok(Self::Enum(TextRule::bind(&rule, scope)?, of));
        }
        if kind == Kind::String {
            return Ok(Self::Text(TextRule::bind(&rule, scope)?));
        }
        if kind == Kind::Bool {
            return Ok(Self::Flag(TextRule::bind(&rule, scope)?));
        }
        let Kind::Message(of) = kind else {
            return Err(format!("a field of type {kind:?} cannot be mapped"));
        };
        if of.full_name() == Money::full_name() {
            let currency = setting.currency.ok_or("the section names no currency")?;
            let number = NumberRule::bind(&rule, scope)?;
            let currency = TextRule::with_map(currency, None, None, scope);
            let currency = currency.map_err(|problem| format!("currency: {problem}"))?;
            return Ok(Self::Money(number, currency));
        }
        if of.full_name() == Decimal::full_name() {
            return Ok(Self::Decimal(NumberRule::bind(&rule, scope)?));
        }
        Ok(Self::Time(TimeRule::bind(&rule, scope, setting.zone)?))
    }
}

impl BoundField {
    fn encode(&self, row: &Row<'_>, bytes: &mut Vec<u8>) -> Result<(), FieldProblem> {
        let problem = |message| FieldProblem {
            field: self.path.clone(),
            message,
        };
        match &self.value {
            Value::Text(rule) => {
                if let Some(text) = rule.of(row).map_err(problem)? {
                    encoding::string::encode(self.tag, &text.into_owned(), bytes);
                }
            }
            Value::Flag(rule) => {
                if let Some(flag) = rule.flag_of(row).map_err(problem)? {
                    encoding::bool::encode(self.tag, &flag, bytes);
                }
            }
            Value::Enum(rule, of) => {
                if let Some(text) = rule.of(row).map_err(problem)? {
                    let number = number_of(of, &text).map_err(problem)?;
                    encoding::int32::encode(self.tag, &number, bytes);
                }
            }
            Value::Decimal(rule) => {
                if let Some(micros) = rule.of(row).map_err(problem)? {
                    let value = format_fixed(micros.into(), MICRO_PLACES);
                    self.nest(&Decimal { value }.encode_to_vec(), bytes);
                }
            }
            Value::Money(rule, currency) => {
                if let Some(micros) = rule.of(row).map_err(problem)? {
                    let code = currency.of(row).map_err(problem)?.unwrap_or_default();
                    self.nest(&money_of_micros(micros, &code).encode_to_vec(), bytes);
                }
            }
            Value::Time(rule) => {
                if let Some(at) = rule.of(row).map_err(problem)? {
                    // jiff counts both from the same side of zero; the contract wants nanos above it.
                    let nanos = at.subsec_nanosecond();
                    let borrowed = i64::from(nanos < 0);
                    let timestamp = Timestamp {
                        seconds: at.as_second() - borrowed,
                        nanos: nanos + i32::from(nanos < 0) * 1_000_000_000,
                    };
                    self.nest(&timestamp.encode_to_vec(), bytes);
                }
            }
            Value::Message(message) => {
                let inner = message.encode(row)?;
                if self.is_choice || !inner.is_empty() {
                    self.nest(&inner, bytes);
                }
            }
        }
        Ok(())
    }

    fn nest(&self, inner: &[u8], bytes: &mut Vec<u8>) {
        encoding::encode_key(self.tag, WireType::LengthDelimited, bytes);
        encoding::encode_varint(inner.len() as u64, bytes);
        bytes.extend_from_slice(inner);
    }
}

/// The number of an enum's value by its name, with or without the prefix that all of its names share.
pub fn number_of(of: &EnumDescriptor, text: &str) -> Result<i32, String> {
    let unspecified = of.default_value().name().to_owned();
    let prefix = unspecified.trim_end_matches("UNSPECIFIED");
    let wanted = text.to_ascii_uppercase();
    let known = |name: &str| name == wanted || name.strip_prefix(prefix) == Some(wanted.as_str());
    let found = of
        .values()
        .find(|value| value.number() != 0 && known(value.name()));
    found.map(|value| value.number()).ok_or_else(|| {
        let names = of.values().filter(|value| value.number() != 0);
        let names: Vec<_> = names
            .map(|v| v.name().trim_start_matches(prefix).to_owned())
            .collect();
        format!("{text:?} is none of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::pb::{Activity, DirectCostKind, activity},
        cli::{import::columns::tests::with_row, output::json::descriptor},
    };

    const HEADER: [&str; 7] = ["Id", "Who", "When", "Sales", "Cost", "Branch", "Kind"];

    fn activity(mapping: &str, cells: &[&str]) -> Result<Activity, String> {
        let table: toml::Table = toml::from_str(mapping).unwrap();
        let descriptor = descriptor(&Activity::full_name()).unwrap();
        with_row(&HEADER, cells, |scope, row| {
            let setting = Setting {
                scope,
                currency: Some("USD"),
                zone: &TimeZone::UTC,
            };
            let bound = BoundMessage::bind(&table, &descriptor, "", &setting)?;
            let bytes = bound
                .encode(row)
                .map_err(|p| format!("{}: {}", p.field, p.message))?;
            Ok(Activity::decode(bytes.as_slice()).unwrap())
        })
    }

    const SALE: &str = r#"
        activity_id = "{Id}"
        customer_id = "{Who}"
        occur_time = "{When}"
        dimensions = { branch_id = "{Branch}" }
        sale = { revenue = "{Sales}", cost_of_goods = "{Cost}", quantity = 2 }
    "#;

    #[test]
    fn a_row_becomes_an_activity() {
        let cells = ["7", "C1", "2016-11-08", "261.96", "-0.000001", "South", ""];
        let read = activity(SALE, &cells).unwrap();
        assert_eq!(read.activity_id, "7");
        assert_eq!(read.occur_time.unwrap().seconds, 1_478_563_200);
        assert_eq!(read.dimensions.unwrap().branch_id, "South");
        let Some(activity::Kind::Sale(sale)) = read.kind else {
            panic!("not a sale");
        };
        assert_eq!(sale.revenue, Some(money_of_micros(261_960_000, "USD")));
        assert_eq!(sale.cost_of_goods.unwrap().nanos, -1_000);
        assert_eq!(sale.quantity.unwrap().value, "2");
    }

    #[test]
    fn empty_cells_leave_their_fields_out() {
        let read = activity(SALE, &["7", "C1", "", "", "", "", ""]).unwrap();
        assert_eq!((read.occur_time, read.dimensions), (None, None));
        let Some(activity::Kind::Sale(sale)) = read.kind else {
            panic!("the kind was given, so that the service can say what it lacks");
        };
        assert_eq!(sale.revenue, None);
    }

    #[test]
    fn instants_before_1970_keep_their_nanos_above_zero() {
        let cells = ["7", "C1", "1969-12-31T23:59:59.5Z", "", "", "", ""];
        let at = activity(SALE, &cells).unwrap().occur_time.unwrap();
        assert_eq!((at.seconds, at.nanos), (-1, 500_000_000));
    }

    #[test]
    fn enums_are_named_short_or_whole() {
        let mapping = "direct_cost = { kind = \"{Kind}\", amount = \"{Sales}\" }";
        let kind = |name: &str| {
            let read = activity(mapping, &["", "", "", "1", "", "", name])?;
            match read.kind {
                Some(activity::Kind::DirectCost(cost)) => Ok::<_, String>(cost.kind()),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(kind("FREIGHT"), Ok(DirectCostKind::Freight));
        assert_eq!(kind("freight"), Ok(DirectCostKind::Freight));
        assert_eq!(
            kind("DIRECT_COST_KIND_FREIGHT"),
            Ok(DirectCostKind::Freight)
        );
        assert!(kind("POSTAGE").unwrap_err().contains("COMMISSION"));
        assert!(kind("UNSPECIFIED").is_err());
    }

    #[test]
    fn wrong_mappings_are_told_with_their_field() {
        let wrong = |mapping: &str| activity(mapping, &["", "", "", "x", "", "", ""]).unwrap_err();
        assert!(
            wrong("sale = { revenu = \"{Sales}\" }").contains("sale.revenu; there are revenue")
        );
        assert!(wrong("sale = \"{Sales}\"").contains("sale: is a table"));
        assert!(wrong("sale = { revenue = \"{Sale}\" }").starts_with("sale.revenue: "));
        assert!(wrong("sale = {}\nrefund = {}").contains("only one"));
        assert!(wrong("sale = { revenue = \"{Sales}\" }").starts_with("sale.revenue: \"x\" in"));
    }

    #[test]
    fn a_named_field_leads_to_its_columns() {
        let table: toml::Table = toml::from_str(SALE).unwrap();
        let descriptor = descriptor(&Activity::full_name()).unwrap();
        with_row(&HEADER, &[], |scope, _| {
            let setting = Setting {
                scope,
                currency: Some("USD"),
                zone: &TimeZone::UTC,
            };
            let bound = BoundMessage::bind(&table, &descriptor, "", &setting).unwrap();
            let names = |path: &str| {
                let cells = bound.cells_of(path).into_iter();
                cells.map(|cell| scope.name(cell)).collect::<Vec<_>>()
            };
            assert_eq!(names("sale.revenue.nanos"), ["Sales"]);
            assert_eq!(names("customer_id"), ["Who"]);
            assert!(names("sale").is_empty());
            assert!(names("refund").is_empty());
        });
    }
}
