//! What became of an import: counts, the first problems with their place, and a bar that shows how far it is.

use super::message::FieldProblem;
use crate::{
    api::pb::Rejection,
    cli::{
        commands::results,
        output::{money::count, note},
    },
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// What became of one section's rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Posted or stored; in a dry run: what would be.
    pub taken: u64,
    /// In the ledger or stored already.
    pub already: u64,
    /// Refused by the service, or not fit to be sent.
    pub refused: u64,
    /// Chunks that were sent again after a break.
    pub resent_chunks: u64,
    /// Everything up to this position is durable.
    pub position: i64,
}

/// Tells how an import goes.
pub struct Report {
    file: String,
    /// The counts so far.
    pub tally: Tally,
    shown_max: u64,
    /// How far the file is read.
    pub progress: ProgressBar,
}

impl Report {
    /// A report on a file that shows at most so many problems. The bar is drawn only on a terminal.
    pub fn new(file: &str, shown_max: u64) -> Self {
        let progress = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:40} {percent:>3}%  {msg}");
        if let Ok(style) = style {
            progress.set_style(style);
        }
        progress.enable_steady_tick(Duration::from_millis(200));
        Self {
            file: file.to_owned(),
            tally: Tally::default(),
            shown_max,
            progress,
        }
    }

    /// Tells of a row that could not be made into an item.
    pub fn unfit(&mut self, line: u64, problem: &FieldProblem, columns: &[String]) {
        self.problem(line, &problem.field, columns, &problem.message);
    }

    /// Tells of an item that the service refused.
    pub fn refused(&mut self, line: u64, field: &str, columns: &[String], rejection: &Rejection) {
        // The service counts items by their place in a batch, which says nothing to people.
        let message = match field {
            "" => rejection.message.clone(),
            field => rejection.message.replace(&rejection.field, field),
        };
        let told = Rejection {
            message,
            ..rejection.clone()
        };
        self.problem(line, field, columns, &results::refusal(&told));
    }

    fn problem(&mut self, line: u64, field: &str, columns: &[String], message: &str) {
        self.tally.refused += 1;
        if self.tally.refused <= self.shown_max {
            let text = problem_text(&self.file, line, field, columns, message);
            self.progress.suspend(|| note(&text));
        }
    }

    /// Shows the counts beside the bar.
    pub fn tick(&self) {
        let Tally {
            taken,
            already,
            refused,
            ..
        } = self.tally;
        let done = taken + already + refused;
        let seconds = self.progress.elapsed().as_millis().max(1);
        let rate = u128::from(done) * 1_000 / seconds;
        self.progress.set_message(format!(
            "{} rows, {} a second",
            shown(done),
            shown(u64::try_from(rate).unwrap_or(u64::MAX))
        ));
    }

    /// Takes the bar away and says how many problems were not shown.
    pub fn finish(&self) {
        self.progress.finish_and_clear();
        if let Some(more) = self
            .tally
            .refused
            .checked_sub(self.shown_max)
            .filter(|more| *more > 0)
        {
            note(&format!("{}: {} more were refused", self.file, shown(more)));
        }
    }
}

/// A count for people.
pub fn shown(number: u64) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX))
}

fn problem_text(file: &str, line: u64, field: &str, columns: &[String], message: &str) -> String {
    let columns = match columns {
        [] => String::new(),
        [one] => format!(" (column {one})"),
        several => format!(" (columns {})", several.join(", ")),
    };
    match field {
        "" => format!("{file}:{line}: {message}"),
        field => format!("{file}:{line}: {field}{columns}: {message}"),
    }
}

/// A field's path within an item: `activities[3].sale.revenue` is `sale.revenue`.
pub fn field_of_item(path: &str) -> &str {
    match path.split_once(']') {
        Some((item, rest)) if !item.contains('.') => rest.trim_start_matches('.'),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_with_its_place() {
        let columns = ["Sales".to_owned(), "Profit".to_owned()];
        assert_eq!(
            problem_text(
                "orders.csv",
                12,
                "sale.cost_of_goods",
                &columns,
                "is below zero"
            ),
            "orders.csv:12: sale.cost_of_goods (columns Sales, Profit): is below zero"
        );
        assert_eq!(
            problem_text("orders.csv", 3, "", &[], "x"),
            "orders.csv:3: x"
        );
    }

    #[test]
    fn fields_are_told_from_the_item_down() {
        assert_eq!(field_of_item("activities[3].sale.revenue"), "sale.revenue");
        assert_eq!(
            field_of_item("parties[0].traits[2].value"),
            "traits[2].value"
        );
        assert_eq!(field_of_item("activities[3]"), "");
        assert_eq!(field_of_item("sale.revenue"), "sale.revenue");
        assert_eq!(
            field_of_item("sale.items[1].revenue"),
            "sale.items[1].revenue"
        );
    }

    #[test]
    fn all_problems_are_counted_and_few_are_shown() {
        let mut report = Report::new("orders.csv", 1);
        let problem = FieldProblem {
            field: String::new(),
            message: "has 3 cells, the header has 2".to_owned(),
        };
        for line in 2..5 {
            report.unfit(line, &problem, &[]);
        }
        assert_eq!(report.tally.refused, 3);
    }
}
