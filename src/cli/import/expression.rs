//! Arithmetic on columns: `{Sales} - {Profit}`, `{Sales} / (1 - {Discount})`. Every step is exact.

use super::{
    columns::{Cell, Row, Scope},
    rational::Rational,
};

/// How deeply parentheses may be nested.
const DEPTH_MAX: usize = 50;

/// A formula, bound to a file's columns.
#[derive(Debug, Clone)]
pub enum Expression {
    /// A number.
    Constant(Rational),
    /// A column. An empty one empties the formula, or counts as zero if it is optional.
    Column {
        /// Which.
        cell: Cell,
        /// Whether it may be empty.
        optional: bool,
    },
    /// Two formulas and what is done with them.
    Operation(Box<(Expression, Operator, Expression)>),
    /// The formula on the other side of zero.
    Negation(Box<Expression>),
}

/// What is done with two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Addition.
    Plus,
    /// Subtraction.
    Minus,
    /// Multiplication.
    Times,
    /// Division.
    DividedBy,
}

impl Expression {
    /// Reads a formula and finds its columns.
    pub fn bind(text: &str, scope: &Scope) -> Result<Self, String> {
        let mut reader = Reader {
            rest: text,
            scope,
            depth: 0,
        };
        let expression = reader
            .sum()
            .map_err(|problem| format!("{text:?}: {problem}"))?;
        match reader.rest.trim_start() {
            "" => Ok(expression),
            rest => Err(format!(
                "{text:?}: {rest:?} was not expected; columns stand in braces"
            )),
        }
    }

    /// The columns it uses.
    pub fn cells(&self) -> Vec<Cell> {
        match self {
            Self::Constant(_) => Vec::new(),
            Self::Column { cell, .. } => vec![*cell],
            Self::Negation(inner) => inner.cells(),
            Self::Operation(operation) => {
                let mut cells = operation.0.cells();
                cells.extend(operation.2.cells());
                cells
            }
        }
    }

    /// The result of a row; none if a needed column is empty.
    pub fn of(&self, row: &Row<'_>) -> Result<Option<Rational>, String> {
        Ok(match self {
            Self::Constant(number) => Some(*number),
            Self::Column { cell, optional } => match row.number(*cell)? {
                None if *optional => Some(Rational::ZERO),
                number => number,
            },
            Self::Negation(inner) => match inner.of(row)? {
                None => None,
                Some(number) => Some(number.negated().map_err(|problem| problem.text())?),
            },
            Self::Operation(operation) => {
                let (left, operator, right) = operation.as_ref();
                let (Some(left), Some(right)) = (left.of(row)?, right.of(row)?) else {
                    return Ok(None);
                };
                let result = match operator {
                    Operator::Plus => left.plus(right),
                    Operator::Minus => left.minus(right),
                    Operator::Times => left.times(right),
                    Operator::DividedBy => left.divided_by(right),
                };
                Some(result.map_err(|problem| problem.text())?)
            }
        })
    }
}

struct Reader<'a> {
    rest: &'a str,
    scope: &'a Scope,
    depth: usize,
}

impl Reader<'_> {
    /// Takes the character if it comes next.
    fn take(&mut self, character: char) -> bool {
        let trimmed = self.rest.trim_start();
        match trimmed.strip_prefix(character) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn sum(&mut self) -> Result<Expression, String> {
        let mut left = self.product()?;
        loop {
            let operator = match () {
                () if self.take('+') => Operator::Plus,
                () if self.take('-') => Operator::Minus,
                () => return Ok(left),
            };
            let right = self.product()?;
            left = Expression::Operation(Box::new((left, operator, right)));
        }
    }

    fn product(&mut self) -> Result<Expression, String> {
        let mut left = self.factor()?;
        loop {
            let operator = match () {
                () if self.take('*') => Operator::Times,
                () if self.take('/') => Operator::DividedBy,
                () => return Ok(left),
            };
            let right = self.factor()?;
            left = Expression::Operation(Box::new((left, operator, right)));
        }
    }

    fn factor(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("is nested too deeply".to_owned());
        }
        let factor = self.nested()?;
        self.depth -= 1;
        Ok(factor)
    }

    fn nested(&mut self) -> Result<Expression, String> {
        if self.take('-') {
            return Ok(Expression::Negation(Box::new(self.factor()?)));
        }
        if self.take('(') {
            let inner = self.sum()?;
            return match self.take(')') {
                true => Ok(inner),
                false => Err("a parenthesis is not closed".to_owned()),
            };
        }
        if self.take('{') {
            let (name, rest) = self.rest.split_once('}').ok_or("a brace is not closed")?;
            self.rest = rest;
            let (cell, optional) = self.scope.find(name)?;
            return Ok(Expression::Column { cell, optional });
        }
        let text = self.rest.trim_start();
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let number = Rational::parse(&text[..end]);
        self.rest = &text[end..];
        number.map(Expression::Constant).ok_or_else(|| match text {
            "" => "a number or a column is missing".to_owned(),
            text => format!("{text:?} is neither a number nor a column; columns stand in braces"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::import::columns::tests::with_row;

    const HEADER: [&str; 5] = ["Sales", "Profit", "Discount", "Note", "Word"];
    const CELLS: [&str; 5] = ["16.448", "5.5512", "0.2", "", "none"];

    fn of(text: &str) -> Result<Option<i64>, String> {
        with_row(&HEADER, &CELLS, |scope, row| {
            let number = Expression::bind(text, scope)?.of(row)?;
            let micros = number.map(|number| number.to_micros(false)).transpose();
            micros.map_err(|problem| problem.text().to_owned())
        })
    }

    #[test]
    fn formulas_are_exact() {
        assert_eq!(of("{Sales} - {Profit}"), Ok(Some(10_896_800)));
        assert_eq!(of("{Sales}/(1-{Discount})"), Ok(Some(20_560_000)));
        assert_eq!(of("-{Profit}"), Ok(Some(-5_551_200)));
        assert_eq!(of("2 + 3 * 4 - 6 / 3"), Ok(Some(12_000_000)));
        assert_eq!(of("8 / 4 / 2"), Ok(Some(1_000_000)));
        assert_eq!(of("1.5"), Ok(Some(1_500_000)));
    }

    #[test]
    fn empty_columns_empty_the_formula_unless_they_may_be_empty() {
        assert_eq!(of("{Sales} - {Note}"), Ok(None));
        assert_eq!(of("{Sales} - {Note?}"), Ok(Some(16_448_000)));
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert!(
            of("{Sales} / {Note?}")
                .unwrap_err()
                .contains("divides by zero")
        );
        assert!(of("{Sales} / 3").unwrap_err().contains("6 decimal places"));
        assert!(
            of("{Word}")
                .unwrap_err()
                .contains("\"none\" in column Word")
        );
        assert!(of("Sales").unwrap_err().contains("braces"));
        assert!(of("{Sales} {Profit}").unwrap_err().contains("not expected"));
        assert!(of("({Sales}").unwrap_err().contains("not closed"));
        assert!(of("{Sales} -").unwrap_err().contains("missing"));
        assert!(of("{Sale}").unwrap_err().contains("Sales"));
        assert!(of(&"(".repeat(1_000)).unwrap_err().contains("too deeply"));
        assert!(of(&"-".repeat(1_000)).unwrap_err().contains("too deeply"));
    }
}
