//! The rows of a file: read one after another, with what is joined to them, if they meet the section's conditions.

use super::{
    columns::{NumberFormat, Row, Scope},
    files::Files,
    line_ends::LineEnds,
    mapping::{FileRule, JoinRule, Missing, Section},
    message::FieldProblem,
    quotes::Quotes,
    text::Text,
};
use crate::cli::errors::Failure;
use csv::{ErrorKind, Reader, StringRecord};
use indicatif::ProgressBar;
use jiff::tz::TimeZone;
use std::{collections::HashMap, io::Read};

type FileReader = Reader<Box<dyn Read + Send>>;

/// A section's file, opened.
pub struct Rows {
    reader: FileReader,
    file: String,
    scope: Scope,
    joins: Vec<Join>,
    conditions: Vec<Condition>,
}

struct Join {
    on: Text,
    /// How to call it in messages.
    name: String,
    missing: Missing,
    records: HashMap<String, StringRecord>,
}

struct Condition {
    value: Text,
    any_of: Option<Vec<String>>,
    none_of: Vec<String>,
}

impl Rows {
    /// Opens a section's file and reads the joined ones.
    pub fn open(
        section: &Section,
        files: &dyn Files,
        progress: &ProgressBar,
    ) -> Result<Self, Failure> {
        let mut scope = Scope::default();
        let mut reader = open(&section.file, files, progress)?;
        let header = header(&mut reader, &section.file)?;
        scope.add("", &header, number_format(&section.file));
        let mut joins = Vec::new();
        for rule in &section.joins {
            joins.push(Join::open(rule, files, &mut scope)?);
        }
        let mut conditions = Vec::new();
        for rule in &section.only {
            let value = Text::bind(&rule.value, &scope)
                .map_err(|problem| Failure::usage(format!("only: {problem}")))?;
            conditions.push(Condition {
                value,
                any_of: rule.any_of.clone(),
                none_of: rule.none_of.clone().unwrap_or_default(),
            });
        }
        Ok(Self {
            reader,
            file: section.file.name.clone(),
            scope,
            joins,
            conditions,
        })
    }

    /// The columns.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Calls `each` with the line and the content of every row that meets the conditions, or with what is wrong with
    /// it.
    pub fn for_each(
        mut self,
        mut each: impl FnMut(u64, Result<&Row<'_>, FieldProblem>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut record = StringRecord::new();
        loop {
            let begin = self.reader.position().line();
            match self.reader.read_record(&mut record) {
                Ok(false) => return Ok(()),
                Ok(true) => {
                    let line = record.position().map_or(begin, csv::Position::line);
                    match joined(&self.joins, &self.scope, &record) {
                        Err(problem) => each(line, Err(problem))?,
                        Ok(records) => {
                            let row = Row {
                                scope: &self.scope,
                                records: &records,
                            };
                            if self
                                .conditions
                                .iter()
                                .all(|condition| condition.holds(&row))
                            {
                                each(line, Ok(&row))?;
                            }
                        }
                    }
                }
                Err(problem) => each(begin, Err(unreadable(&self.file, problem)?))?,
            }
        }
    }
}

/// What is wrong with a row that cannot be read, or a failure if no further one can.
fn unreadable(file: &str, problem: csv::Error) -> Result<FieldProblem, Failure> {
    let message = if let ErrorKind::UnequalLengths {
        expected_len, len, ..
    } = problem.kind()
    {
        format!("has {len} cells, the header has {expected_len}")
    } else if let ErrorKind::Utf8 { .. } = problem.kind() {
        "is not UTF-8; convert the file with iconv".to_owned()
    } else {
        return Err(Failure::usage(format!("{file}: {problem}")));
    };
    Ok(FieldProblem {
        field: String::new(),
        message,
    })
}

fn joined<'a>(
    joins: &'a [Join],
    scope: &Scope,
    record: &'a StringRecord,
) -> Result<Vec<Option<&'a StringRecord>>, FieldProblem> {
    let mut records = vec![Some(record)];
    for join in joins {
        let key = join.on.of(&Row {
            scope,
            records: &records,
        });
        let found = join.records.get(key.as_ref());
        if found.is_none() && join.missing == Missing::Refuse {
            return Err(FieldProblem {
                field: String::new(),
                message: format!("{} has no row {key:?}", join.name),
            });
        }
        records.push(found);
    }
    Ok(records)
}

impl Join {
    fn open(rule: &JoinRule, files: &dyn Files, scope: &mut Scope) -> Result<Self, Failure> {
        let name = &rule.file.name;
        let wrong = |problem: String| Failure::usage(format!("join as {}: {problem}", rule.r#as));
        if rule.r#as.is_empty() {
            return Err(wrong("has no name".to_owned()));
        }
        let on = Text::bind(&rule.on, scope).map_err(wrong)?;
        let mut reader = open(&rule.file, files, &ProgressBar::hidden())?;
        let header = header(&mut reader, &rule.file)?;
        let mut own = Scope::default();
        own.add("", &header, NumberFormat::default());
        let (key, _) = own.find(&rule.key).map_err(wrong)?;
        let mut records = HashMap::new();
        for record in reader.into_records() {
            let record = record.map_err(|problem| wrong(format!("{name}: {problem}")))?;
            let row = Row {
                scope: &own,
                records: &[Some(&record)],
            };
            let value = row.cell(key).to_owned();
            if records.insert(value.clone(), record).is_some() {
                return Err(wrong(format!(
                    "{name} has several rows with {} {value}",
                    rule.key
                )));
            }
        }
        scope.add(&rule.r#as, &header, number_format(&rule.file));
        Ok(Self {
            on,
            name: format!("{name} ({})", rule.key),
            missing: rule.missing,
            records,
        })
    }
}

impl Condition {
    fn holds(&self, row: &Row<'_>) -> bool {
        let value = self.value.of(row);
        let is = |one: &String| one.as_str() == value;
        self.any_of.as_ref().is_none_or(|any| any.iter().any(is)) && !self.none_of.iter().any(is)
    }
}

fn open(rule: &FileRule, files: &dyn Files, progress: &ProgressBar) -> Result<FileReader, Failure> {
    let delimiter = rule.delimiter.unwrap_or(',');
    let delimiter = u8::try_from(delimiter)
        .ok()
        .filter(u8::is_ascii)
        .ok_or_else(|| {
            Failure::usage(format!(
                "{}: the delimiter {delimiter:?} is not ASCII",
                rule.name
            ))
        })?;
    let content = files.open(&rule.name, progress)?;
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(delimiter).trim(csv::Trim::All);
    let content = Quotes::of(LineEnds::of(content), delimiter);
    Ok(builder.from_reader(Box::new(content)))
}

fn header(reader: &mut FileReader, rule: &FileRule) -> Result<StringRecord, Failure> {
    let header = reader.headers();
    header
        .cloned()
        .map_err(|problem| Failure::usage(format!("{}: {problem}", rule.name)))
}

fn number_format(rule: &FileRule) -> NumberFormat {
    NumberFormat {
        decimal_mark: rule.decimal_mark.unwrap_or('.'),
        group_mark: rule.group_mark,
    }
}

/// Where a section's times are that name no offset.
pub fn zone(section: &Section) -> Result<TimeZone, Failure> {
    let name = section.file.time_zone.as_deref().unwrap_or("UTC");
    TimeZone::get(name).map_err(|_| Failure::usage(format!("{name} is not an IANA time zone")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::import::{files::Embedded, mapping};

    const FILES: Embedded = Embedded(&[
        (
            "sales.csv",
            b"Reseller,Sales\n1, 5 \n2,6\n3,7,8\n9,1\n1,\xff\n1,0\n",
        ),
        (
            "resellers.csv",
            b"Key,Name,Place\n1,Ann,10\n2,Bo,20\n3,Cy,\n",
        ),
        ("places.csv", b"Key,City\n10,Oslo\n"),
        ("twice.csv", b"Key\n1\n1\n"),
    ]);

    fn read(section: &str) -> Result<Vec<String>, Failure> {
        let mapping = mapping::parse(section, "a.toml")?;
        let rows = Rows::open(&mapping.activities[0], &FILES, &ProgressBar::hidden())?;
        let names = ["{Sales}", "{who.Name}", "{where.City?}"];
        let texts = names.map(|name| Text::bind(name, rows.scope()).map_err(Failure::usage));
        let [sales, name, city] = texts;
        let (sales, name, city) = (sales?, name?, city?);
        let mut lines = Vec::new();
        rows.for_each(|line, row| {
            lines.push(match row {
                Err(problem) => format!("{line}: {}", problem.message),
                Ok(row) => format!(
                    "{line}: {} {} {}",
                    sales.of(row),
                    name.of(row),
                    city.of(row)
                ),
            });
            Ok(())
        })?;
        Ok(lines)
    }

    #[test]
    fn joins_follow_one_another_and_lines_are_counted() {
        let lines = read(
            r#"
            [[activities]]
            file = "sales.csv"
            only = [{ value = "{Sales}", none_of = ["0"] }]
            joins = [
              { file = "resellers.csv", as = "who", on = "{Reseller}", key = "Key" },
              { file = "places.csv", as = "where", on = "{who.Place}", key = "Key", missing = "empty" },
            ]
            "#,
        );
        let expected = [
            "2: 5 Ann Oslo",
            "3: 6 Bo ",
            "4: has 3 cells, the header has 2",
            "5: resellers.csv (Key) has no row \"9\"",
            "6: is not UTF-8; convert the file with iconv",
        ];
        assert_eq!(lines.unwrap(), expected);
    }

    #[test]
    fn wrong_files_and_joins_are_told() {
        let wrong = |section: &str| match read(&format!("[[activities]]\n{section}")) {
            Err(Failure::Usage(problem)) => problem,
            other => panic!("{other:?}"),
        };
        assert!(wrong("file = \"none.csv\"").contains("none.csv"));
        let join = |file: &str, on: &str| {
            let join = format!("{{ file = \"{file}\", as = \"x\", on = \"{on}\", key = \"Key\" }}");
            wrong(&format!("file = \"sales.csv\"\njoins = [{join}]"))
        };
        assert!(join("twice.csv", "{Reseller}").contains("several rows with Key 1"));
        assert!(join("places.csv", "{Seller}").contains("Reseller"));
        assert!(join("sales.csv", "{Reseller}").contains("no column \"Key\""));
    }
}
