//! Symmetric positive definite systems: Cholesky's factor and its inverse.
//!
//! Own code and no library, for one reason: every sum here is taken in one fixed order on every machine, while the fast
//! libraries choose their kernels by the processor they find, and a model would have other last digits on another one.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `S` | given | the matrix, `S = L L'` |
//! | `L` | `lower` | Cholesky's factor, lower triangular |
//! | `M` | [`Inverse`] | the inverse of `L`, so that the inverse of `S` is `M' M` |

/// A pivot smaller than this part of its diagonal is rounding: the column says nothing that others do not.
const SMALLEST_PIVOT: f64 = 1e-13;

/// A symmetric matrix; only the lower triangle is kept, row by row in a square.
#[derive(Debug, Clone, PartialEq)]
pub struct Symmetric {
    size: usize,
    cells: Vec<f64>,
}

impl Symmetric {
    /// A matrix of zeros.
    pub fn zeros(size: usize) -> Self {
        Self {
            size,
            cells: vec![0.0; size * size],
        }
    }

    /// How many rows it has.
    pub fn size(&self) -> usize {
        self.size
    }

    /// A cell of the lower triangle: `column` is at most `row`.
    pub fn cell(&self, row: usize, column: usize) -> f64 {
        self.cells[row * self.size + column]
    }

    /// Adds to a cell of the lower triangle.
    pub fn add(&mut self, row: usize, column: usize, value: f64) {
        self.cells[row * self.size + column] += value;
    }

    /// Adds to several cells of a row of the lower triangle: no column is beyond the row.
    pub fn add_along(&mut self, row: usize, columns: &[u16], value: f64) {
        let cells = &mut self.cells[row * self.size..=row * self.size + row];
        for column in columns {
            cells[usize::from(*column)] += value;
        }
    }

    /// Adds another matrix of the same size.
    pub fn add_all(&mut self, other: &Self) {
        for (own, value) in self.cells.iter_mut().zip(&other.cells) {
            *own += value;
        }
    }
}

impl Symmetric {
    /// Multiplies every cell.
    pub fn scale(&mut self, by: f64) {
        self.cells.iter_mut().for_each(|cell| *cell *= by);
    }
}

/// The inverse of a Cholesky factor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Inverse {
    size: usize,
    /// Column `j` of `M` at `j * size`; its rows before `j` are zero.
    columns: Vec<f64>,
}

/// The inner product, in eight strands: a fixed order that the compiler can still turn into wide instructions.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut strands = [0.0_f64; 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a_chunks
        .remainder()
        .iter()
        .zip(b_chunks.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for (strand, (a, b)) in strands.iter_mut().zip(a.iter().zip(b)) {
            *strand += a * b;
        }
    }
    strands.iter().sum::<f64>() + rest
}

impl Inverse {
    /// Inverts the factor of `matrix + diagonal`. A pivot that rounding made too small is raised, never taken for zero.
    pub fn of(matrix: &Symmetric, diagonal: &[f64]) -> Self {
        let size = matrix.size;
        let mut lower = matrix.cells.clone();
        for (row, extra) in diagonal.iter().enumerate().take(size) {
            lower[row * size + row] += extra;
        }
        for row in 0..size {
            let (above, own) = lower.split_at_mut(row * size);
            for column in 0..row {
                let other = &above[column * size..=column * size + column];
                let sum = dot(&own[..column], &other[..column]);
                own[column] = (own[column] - sum) / other[column];
            }
            let whole = own[row];
            let pivot = whole - dot(&own[..row], &own[..row]);
            let least = (whole * SMALLEST_PIVOT).max(f64::MIN_POSITIVE);
            own[row] = if pivot > least { pivot } else { least }.sqrt();
        }
        Self {
            size,
            columns: inverse_columns(&lower, size),
        }
    }

    fn column(&self, column: usize) -> &[f64] {
        &self.columns[column * self.size..(column + 1) * self.size]
    }

    /// A diagonal cell of the inverse of the factor: the square root of a determinant is one over the product of these.
    #[cfg(test)]
    pub fn corner(&self, place: usize) -> f64 {
        self.column(place)[place]
    }

    /// A diagonal cell of the inverse of the matrix.
    pub fn diagonal(&self, place: usize) -> f64 {
        let column = &self.column(place)[place..];
        dot(column, column)
    }

    /// Solves the system.
    pub fn solve(&self, right: &[f64]) -> Vec<f64> {
        let mut half = vec![0.0; self.size];
        for (column, value) in right.iter().enumerate().take(self.size) {
            for (sum, cell) in half[column..]
                .iter_mut()
                .zip(&self.column(column)[column..])
            {
                *sum += cell * value;
            }
        }
        (0..self.size)
            .map(|column| dot(&self.column(column)[column..], &half[column..]))
            .collect()
    }

    /// `x' S^-1 x` for the `x` that is 1 at these places and 0 elsewhere.
    pub fn quadratic(&self, places: &[usize]) -> f64 {
        let mut half = vec![0.0; self.size];
        for place in places {
            for (sum, cell) in half[*place..]
                .iter_mut()
                .zip(&self.column(*place)[*place..])
            {
                *sum += cell;
            }
        }
        dot(&half, &half)
    }
}

/// Solves `L M = 1` column by column.
fn inverse_columns(lower: &[f64], size: usize) -> Vec<f64> {
    let mut columns = vec![0.0; size * size];
    for (place, column) in columns.chunks_exact_mut(size.max(1)).enumerate() {
        column[place] = 1.0 / lower[place * size + place];
        for row in place + 1..size {
            let own = &lower[row * size..=row * size + row];
            column[row] = -dot(&own[place..row], &column[place..row]) / own[row];
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::tests::Dice;

    /// A matrix `B B'` of rolled numbers, and itself in full.
    fn rolled(size: usize, dice: &mut Dice) -> Symmetric {
        let rows: Vec<Vec<f64>> = (0..size)
            .map(|_| (0..size).map(|_| dice.roll(9) as f64 - 4.0).collect())
            .collect();
        let mut matrix = Symmetric::zeros(size);
        for row in 0..size {
            for column in 0..=row {
                matrix.add(row, column, dot(&rows[row], &rows[column]));
            }
        }
        matrix
    }

    fn product(matrix: &Symmetric, diagonal: &[f64], x: &[f64]) -> Vec<f64> {
        let cell = |i: usize, j: usize| matrix.cell(i.max(j), i.min(j));
        (0..x.len())
            .map(|i| diagonal[i] * x[i] + (0..x.len()).map(|j| cell(i, j) * x[j]).sum::<f64>())
            .collect()
    }

    #[test]
    fn solving_and_multiplying_is_the_identity() {
        let mut dice = Dice(5);
        for size in 1..30 {
            let matrix = rolled(size, &mut dice);
            let diagonal = vec![2.0; size];
            let wanted: Vec<f64> = (0..size).map(|_| dice.roll(100) as f64).collect();
            let inverse = Inverse::of(&matrix, &diagonal);
            let found = inverse.solve(&product(&matrix, &diagonal, &wanted));
            for (found, wanted) in found.iter().zip(&wanted) {
                assert!(
                    (found - wanted).abs() < 1e-7,
                    "{found} for {wanted} of size {size}"
                );
            }
        }
    }

    #[test]
    fn quadratic_forms_are_those_of_the_inverse() {
        let mut dice = Dice(6);
        let matrix = rolled(12, &mut dice);
        let inverse = Inverse::of(&matrix, &[1.0; 12]);
        let mut x = vec![0.0; 12];
        for place in [1, 4, 11] {
            x[place] = 1.0;
        }
        let wanted = dot(&x, &inverse.solve(&x));
        assert!((inverse.quadratic(&[1, 4, 11]) - wanted).abs() < 1e-12);
        assert!((inverse.quadratic(&[4]) - inverse.diagonal(4)).abs() < 1e-15);
    }

    #[test]
    fn singular_and_empty_matrices_do_no_harm() {
        let mut equal = Symmetric::zeros(3);
        for row in 0..3 {
            for column in 0..=row {
                equal.add(row, column, 1.0);
            }
        }
        let inverse = Inverse::of(&equal, &[0.0; 3]);
        assert!(
            inverse
                .solve(&[1.0, 1.0, 1.0])
                .iter()
                .all(|x| x.is_finite())
        );
        let zero = Inverse::of(&Symmetric::zeros(2), &[0.0; 2]);
        assert_eq!(zero.solve(&[0.0, 0.0]), [0.0, 0.0]);
        assert!(Inverse::of(&Symmetric::zeros(0), &[]).solve(&[]).is_empty());
    }
}
