//! Tables for people.

use comfy_table::{Cell, CellAlignment, Table, TableComponent, presets};
use std::fmt;

/// On which side a column's cells stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// A table that grows row by row.
pub struct Grid {
    table: Table,
    sides: Vec<Side>,
}

impl Grid {
    /// An empty table with these columns.
    pub fn new(columns: &[(&str, Side)]) -> Self {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_style(TableComponent::HeaderLines, '─');
        let mut grid = Self {
            table,
            sides: columns.iter().map(|(_, side)| *side).collect(),
        };
        let header = grid.cells(columns.iter().map(|(title, _)| (*title).to_owned()));
        grid.table.set_header(header);
        grid
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.row_of(cells);
    }

    /// Adds a row of any length.
    pub fn row_of(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells = self.cells(cells);
        self.table.add_row(cells);
    }

    fn cells(&self, texts: impl IntoIterator<Item = String>) -> Vec<Cell> {
        let aligned = |(text, side): (String, &Side)| {
            Cell::new(text).set_alignment(match side {
                Side::Left => CellAlignment::Left,
                Side::Right => CellAlignment::Right,
            })
        };
        texts.into_iter().zip(&self.sides).map(aligned).collect()
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.table.lines() {
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_and_texts_left() {
        let mut grid = Grid::new(&[("Customer", Side::Left), ("Profit", Side::Right)]);
        grid.row(["A".to_owned(), "1,234.00".to_owned()]);
        grid.row(["Long name".to_owned(), "-5.00".to_owned()]);
        let shown = grid.to_string();
        let lines: Vec<_> = shown.lines().collect();
        assert!(
            lines[0].starts_with(" Customer ") && lines[0].ends_with(" Profit"),
            "{shown}"
        );
        assert!(lines[1].chars().all(|c| c == '─'), "{shown}");
        assert!(
            lines[2].starts_with(" A ") && lines[2].ends_with(" 1,234.00"),
            "{shown}"
        );
        assert!(
            lines[3].starts_with(" Long name ") && lines[3].ends_with(" -5.00"),
            "{shown}"
        );
        assert_eq!(lines[2].len(), lines[3].len());
    }
}
