//! What each tenth brought, from the best to the last. Equal scores at an edge are shared out evenly, so that no order
//! among them shows.

use super::{Forecast, Tie, Valued, tied, ties};

/// Into how many parts prospects are divided.
const PARTS: usize = 10;

/// What a part of the prospects brought.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decile {
    /// How many there are; need not be whole.
    pub count: f64,
    /// What they brought: how many were won, or the sum of their values.
    pub value: f64,
    /// Their mean over the mean of all; `None` if that is zero.
    pub lift: Option<f64>,
    /// The share of everything that they and those before them brought; `None` if everything is zero.
    pub cumulative_share: Option<f64>,
}

/// A part of equal size: how many, the sum of their scores, and of what they brought.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Part {
    pub count: f64,
    pub score: f64,
    pub value: f64,
}

/// Divides ties, which are in order, into so many parts of the same size.
pub(super) fn parts(ties: &[Tie], parts: usize) -> Vec<Part> {
    let count: f64 = ties.iter().map(|tie| tie.count).sum();
    if count == 0.0 {
        return Vec::new();
    }
    let nothing = Part {
        count: 0.0,
        score: 0.0,
        value: 0.0,
    };
    let mut found = vec![nothing; parts];
    #[allow(clippy::cast_precision_loss, reason = "there are few parts")]
    let size = count / parts as f64;
    let (mut place, mut free) = (0, size);
    for tie in ties {
        let mut rest = tie.count;
        while rest > 0.0 {
            // Rounding leaves crumbs, which the last part takes in.
            let last = place + 1 == parts;
            let taken = if last { rest } else { rest.min(free) };
            let part = &mut found[place];
            part.count += taken;
            part.score += taken * tie.score;
            part.value += tie.value * (taken / tie.count);
            rest -= taken;
            free -= taken;
            if free <= 0.0 && !last {
                place += 1;
                free = size;
            }
        }
    }
    found.retain(|part| part.count > 0.0);
    found
}

fn deciles(mut ties: Vec<Tie>) -> Vec<Decile> {
    ties.reverse();
    let parts = parts(&ties, PARTS);
    let count: f64 = parts.iter().map(|part| part.count).sum();
    let whole: f64 = parts.iter().map(|part| part.value).sum();
    let mut sum = 0.0;
    let line = |part: &Part| {
        sum += part.value;
        Decile {
            count: part.count,
            value: part.value,
            lift: (whole != 0.0).then(|| part.value / part.count * count / whole),
            cumulative_share: (whole != 0.0).then(|| sum / whole),
        }
    };
    parts.iter().map(line).collect()
}

/// How many were won in each tenth by probability, the most probable first.
pub fn of_wins(forecasts: &[Forecast]) -> Vec<Decile> {
    deciles(ties(forecasts))
}

/// What each tenth by score brought, the highest scores first.
pub fn of_value(valued: &[Valued]) -> Vec<Decile> {
    deciles(tied(
        valued.iter().map(|own| (own.score, own.value)).collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_order_has_all_wins_in_front() {
        let all: Vec<Forecast> = (0..100)
            .map(|i| Forecast {
                probability: f64::from(i),
                won: i >= 90,
            })
            .collect();
        let found = of_wins(&all);
        assert_eq!(found.len(), 10);
        assert_eq!((found[0].value, found[0].lift), (10.0, Some(10.0)));
        assert_eq!(
            (found[1].value, found[1].cumulative_share),
            (0.0, Some(1.0))
        );
    }

    #[test]
    fn equal_scores_share_what_they_brought() {
        let all: Vec<Valued> = (0..15)
            .map(|i| Valued {
                score: 1.0,
                value: f64::from(i),
            })
            .collect();
        let found = of_value(&all);
        assert!(found.iter().all(|own| (own.count - 1.5).abs() < 1e-9));
        assert!(
            found
                .iter()
                .all(|own| (own.lift.unwrap() - 1.0).abs() < 1e-9)
        );
    }

    #[test]
    fn nobody_and_nothing_are_no_numbers() {
        assert!(of_wins(&[]).is_empty());
        let found = of_value(&[Valued {
            score: 1.0,
            value: 0.0,
        }]);
        assert!(
            found
                .iter()
                .all(|own| own.lift.is_none() && own.cumulative_share.is_none())
        );
    }
}
