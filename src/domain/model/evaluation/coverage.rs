//! How often intervals held what they were made for: overall, and among the best tenth by prediction, where people act.

/// An interval that was told, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// What was expected; orders the forecasts.
    pub expected: f64,
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
    /// What happened.
    pub outcome: f64,
}

/// How often intervals held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coverage {
    /// The share of outcomes within their interval, ends included.
    pub overall: f64,
    /// The same among the tenth with the highest expectations, at least one.
    pub best_tenth: f64,
    /// How many were asked.
    pub count: u64,
}

/// Counts what intervals held; `None` without any. Equal expectations at the edge of the best tenth all belong to it.
pub fn coverage(told: &[Told]) -> Option<Coverage> {
    let mut expected: Vec<f64> = told.iter().map(|own| own.expected).collect();
    expected.sort_unstable_by(|a, b| b.total_cmp(a));
    let edge = *expected.get(told.len().div_ceil(10).checked_sub(1)?)?;
    let share = |least: f64| {
        let asked = told.iter().filter(|own| own.expected >= least);
        let (mut count, mut held) = (0.0, 0.0);
        for own in asked {
            count += 1.0;
            held += f64::from(u8::from((own.lower..=own.upper).contains(&own.outcome)));
        }
        held / f64::max(count, 1.0)
    };
    Some(Coverage {
        overall: share(f64::NEG_INFINITY),
        best_tenth: share(edge),
        count: told.len() as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_tenth_is_counted_apart() {
        let one = |i: u32| Told {
            expected: f64::from(i),
            lower: 0.0,
            upper: 5.0,
            outcome: if i >= 95 { 9.0 } else { 5.0 },
        };
        let found = coverage(&(0..100).map(one).collect::<Vec<_>>()).unwrap();
        assert_eq!(
            (found.overall, found.best_tenth, found.count),
            (0.95, 0.5, 100)
        );
        assert_eq!(coverage(&[]), None);
    }
}
