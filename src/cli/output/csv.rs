//! Rows for programs: one header line, plain exact decimals.

use anyhow::Context as _;

/// A header and its rows.
pub struct Sheet {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Sheet {
    /// No rows yet.
    pub fn new(header: &[&str]) -> Self {
        Self::of_columns(header.iter().map(|column| (*column).to_owned()))
    }

    /// No rows yet, with columns that depend on the answer.
    pub fn of_columns(header: impl IntoIterator<Item = String>) -> Self {
        Self {
            header: header.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.row_of(cells);
    }

    /// Adds a row of any length: as many cells as there are columns.
    pub fn row_of(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The whole text.
    pub fn to_csv(&self) -> anyhow::Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.header)?;
        for row in &self.rows {
            writer.write_record(row)?;
        }
        let bytes = writer
            .into_inner()
            .context("the rows could not be written")?;
        Ok(String::from_utf8(bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_with_commas_are_quoted() {
        let mut sheet = Sheet::new(&["customer_id", "value"]);
        sheet.row(["Smith, \"Jo\"".to_owned(), "-1.5".to_owned()]);
        assert_eq!(
            sheet.to_csv().unwrap(),
            "customer_id,value\n\"Smith, \"\"Jo\"\"\",-1.5\n"
        );
    }
}
