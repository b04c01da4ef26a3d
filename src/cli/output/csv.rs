//! Rows for programs: one header line, plain exact decimals.

use anyhow::Context as _;

/// A header and its rows.
pub struct Sheet {
    header: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Sheet {
    /// No rows yet.
    pub fn new(header: &'static [&'static str]) -> Self {
        Self {
            header,
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// The whole text.
    pub fn to_csv(&self) -> anyhow::Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.header)?;
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
