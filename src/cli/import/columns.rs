//! The columns of a file and of those joined to it, and the cells of one row.

use super::rational::Rational;
use csv::StringRecord;

/// Where a cell stands: in which file (0 for the file itself, then the joined ones in their order) and which column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    file: usize,
    column: usize,
}

/// How a file writes numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberFormat {
    /// Between the whole and its parts.
    pub decimal_mark: char,
    /// Between groups of digits, if any.
    pub group_mark: Option<char>,
}

impl Default for NumberFormat {
    fn default() -> Self {
        Self {
            decimal_mark: '.',
            group_mark: None,
        }
    }
}

/// The columns that a mapping can name.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    files: Vec<FileColumns>,
}

#[derive(Debug, Clone)]
struct FileColumns {
    /// What a joined file's columns are named with: `product.` for a join as `product`.
    prefix: String,
    names: Vec<String>,
    format: NumberFormat,
}

impl Scope {
    /// Adds a file's columns. `name` is empty for the file itself.
    pub fn add(&mut self, name: &str, header: &StringRecord, format: NumberFormat) {
        let prefix = if name.is_empty() {
            String::new()
        } else {
            format!("{name}.")
        };
        // Spreadsheets like to begin a file with a byte order mark.
        let clean = |name: &str| name.trim_start_matches('\u{feff}').trim().to_owned();
        self.files.push(FileColumns {
            prefix,
            names: header.iter().map(clean).collect(),
            format,
        });
    }

    /// A column by its name, and whether a question mark after it says that it may be empty.
    pub fn find(&self, name: &str) -> Result<(Cell, bool), String> {
        let optional = name.strip_suffix('?');
        let exact = self.matching(name);
        let (found, is_optional) = match (exact.is_empty(), optional) {
            (true, Some(name)) => (self.matching(name), true),
            _ => (exact, false),
        };
        match found.as_slice() {
            [cell] => Ok((*cell, is_optional)),
            [] => Err(format!(
                "there is no column {name:?}; there are {}",
                self.all_names()
            )),
            _ => Err(format!("there are several columns {name:?}")),
        }
    }

    fn matching(&self, name: &str) -> Vec<Cell> {
        let mut found = Vec::new();
        for (file, columns) in self.files.iter().enumerate() {
            let Some(name) = name.strip_prefix(&columns.prefix) else {
                continue;
            };
            let same = columns
                .names
                .iter()
                .enumerate()
                .filter(|(_, own)| *own == name);
            found.extend(same.map(|(column, _)| Cell { file, column }));
        }
        found
    }

    fn all_names(&self) -> String {
        let of = |file: &FileColumns| {
            let prefix = file.prefix.clone();
            file.names
                .iter()
                .map(move |name| format!("{prefix}{name}"))
                .collect::<Vec<_>>()
        };
        self.files
            .iter()
            .flat_map(of)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// A column's name.
    pub fn name(&self, cell: Cell) -> String {
        let file = self.files.get(cell.file);
        let name = file.and_then(|file| Some((file, file.names.get(cell.column)?)));
        name.map_or_else(String::new, |(file, name)| format!("{}{name}", file.prefix))
    }
}

/// One row with what is joined to it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The columns.
    pub scope: &'a Scope,
    /// One record for each file; none where a join that may be missing is.
    pub records: &'a [Option<&'a StringRecord>],
}

impl<'a> Row<'a> {
    /// A cell's text; empty if a join is missing.
    pub fn cell(&self, cell: Cell) -> &'a str {
        let record = self.records.get(cell.file).copied().flatten();
        record
            .and_then(|record| record.get(cell.column))
            .unwrap_or("")
    }

    /// A cell's number; none if it is empty.
    pub fn number(&self, cell: Cell) -> Result<Option<Rational>, String> {
        let text = self.cell(cell);
        if text.is_empty() {
            return Ok(None);
        }
        let format = self
            .scope
            .files
            .get(cell.file)
            .map_or_else(Default::default, |f| f.format);
        let number = match format == NumberFormat::default() {
            true => Rational::parse(text),
            false => Rational::parse(&plain(text, format)),
        };
        let wrong = || {
            format!(
                "{text:?} in column {} is not a number",
                self.scope.name(cell)
            )
        };
        number.map(Some).ok_or_else(wrong)
    }
}

/// A number with a decimal point and without groups. A point that is neither mark makes it no number.
fn plain(text: &str, format: NumberFormat) -> String {
    let character = |c: char| match c {
        c if Some(c) == format.group_mark => None,
        c if c == format.decimal_mark => Some('.'),
        '.' => Some('?'),
        c => Some(c),
    };
    text.chars().filter_map(character).collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Calls `check` with one row of one file.
    pub fn with_row<T>(
        header: &[&str],
        cells: &[&str],
        check: impl FnOnce(&Scope, &Row<'_>) -> T,
    ) -> T {
        let mut scope = Scope::default();
        scope.add(
            "",
            &StringRecord::from(header.to_vec()),
            NumberFormat::default(),
        );
        let record = StringRecord::from(cells.to_vec());
        let records = [Some(&record)];
        let row = Row {
            scope: &scope,
            records: &records,
        };
        check(&scope, &row)
    }

    #[test]
    fn joined_columns_have_a_prefix() {
        let mut scope = Scope::default();
        scope.add(
            "",
            &StringRecord::from(vec!["Key", "Name", "Name"]),
            NumberFormat::default(),
        );
        scope.add(
            "product",
            &StringRecord::from(vec!["Key", "Why?"]),
            NumberFormat::default(),
        );
        let found = |name| {
            scope
                .find(name)
                .map(|(cell, optional)| (scope.name(cell), optional))
        };
        assert_eq!(found("Key"), Ok(("Key".to_owned(), false)));
        assert_eq!(found("product.Key?"), Ok(("product.Key".to_owned(), true)));
        assert_eq!(
            found("product.Why?"),
            Ok(("product.Why?".to_owned(), false))
        );
        assert!(found("Name").unwrap_err().contains("several"));
        assert!(found("key").unwrap_err().contains("product.Key"));
    }

    #[test]
    fn numbers_are_read_as_the_file_writes_them() {
        let read = |text: &str, decimal_mark, group_mark| {
            let format = NumberFormat {
                decimal_mark,
                group_mark,
            };
            let mut scope = Scope::default();
            scope.add("", &StringRecord::from(vec!["A"]), format);
            let record = StringRecord::from(vec![text]);
            let row = Row {
                scope: &scope,
                records: &[Some(&record)],
            };
            let number = row.number(scope.find("A").unwrap().0);
            number.map(|number| number.map(|number| number.to_micros(false).unwrap()))
        };
        assert_eq!(read("1.234,5", ',', Some('.')), Ok(Some(1_234_500_000)));
        assert_eq!(read("1,234.5", '.', Some(',')), Ok(Some(1_234_500_000)));
        assert_eq!(read("", '.', None), Ok(None));
        assert!(read("1,5", '.', None).is_err());
        assert!(read("1.5", ',', None).is_err());
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_name() {
        let mut scope = Scope::default();
        scope.add(
            "",
            &StringRecord::from(vec!["\u{feff}Key "]),
            NumberFormat::default(),
        );
        assert!(scope.find("Key").is_ok());
    }
}
