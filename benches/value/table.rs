//! Tables of figures as Markdown.

/// A cell as it is printed.
pub struct Cell(String);

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn number(number: f64, decimals: usize) -> Self {
        Self(format!("{number:.decimals$}"))
    }

    pub fn percent(share: f64) -> Self {
        Self(format!("{:+.1}%", 100.0 * share))
    }
}

/// A table that is printed when it is complete.
pub struct Table {
    title: &'static str,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub fn new(title: &'static str, columns: &[&str]) -> Self {
        let names = columns.iter().map(|name| Cell::text(*name)).collect();
        Self {
            title,
            rows: vec![names],
        }
    }

    pub fn add(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    pub fn print(&self) {
        println!("\n{}\n", self.title);
        for (number, row) in self.rows.iter().enumerate() {
            let cells: Vec<&str> = row.iter().map(|cell| cell.0.as_str()).collect();
            println!("| {} |", cells.join(" | "));
            if number == 0 {
                println!("|{}", " --- |".repeat(row.len()));
            }
        }
    }
}
