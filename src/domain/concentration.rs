//! Ratios of concentration, made of a whale curve in integers.

use super::question::CurveAnswer;

#[allow(
    clippy::cast_precision_loss,
    reason = "ratios are model outputs, the sums are exact"
)]
impl CurveAnswer {
    /// The Gini coefficient over the `n` customers with a value of zero or more, `None` if they have nothing.
    ///
    /// `G = 2 * sum(i * x_i) / (n * sum(x_i)) - (n + 1) / n` with the values `x_i` rising and `i` from 1 (Gini 1912, in
    /// the form of Sen, "On Economic Inequality", 1973).
    pub fn gini(&self) -> Option<f64> {
        if self.positive_sum <= 0 {
            return None;
        }
        let n = self.not_negative as f64;
        let weighted = self.place_weighted_sum.as_f64();
        Some((2.0 * weighted / (n * self.positive_sum as f64) - (n + 1.0) / n).max(0.0))
    }

    /// The Herfindahl-Hirschman index: the sum of squared shares over the customers with a value above zero, `None` if
    /// there are none (Hirschman 1945, Herfindahl 1950).
    pub fn herfindahl_hirschman_index(&self) -> Option<f64> {
        let sum = self.positive_sum as f64;
        (self.positive_sum > 0).then(|| self.square_sum.as_f64() / (sum * sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ethnum::I256;

    fn curve(values: &[i128]) -> CurveAnswer {
        let mut curve = CurveAnswer::default();
        for (index, value) in values.iter().enumerate() {
            curve.not_negative += 1;
            curve.positive_sum += value;
            curve.place_weighted_sum += I256::from(index as i128 + 1) * I256::from(*value);
            curve.square_sum += I256::from(*value) * I256::from(*value);
        }
        curve
    }

    #[test]
    fn equal_customers_are_not_concentrated() {
        let equal = curve(&[5, 5, 5, 5]);
        assert!(equal.gini().unwrap().abs() < 1e-12);
        assert!((equal.herfindahl_hirschman_index().unwrap() - 0.25).abs() < 1e-12);
    }

    #[test]
    fn one_customer_that_has_all_is() {
        let all = curve(&[0, 0, 0, 9]);
        assert!((all.gini().unwrap() - 0.75).abs() < 1e-12);
        assert!((all.herfindahl_hirschman_index().unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(curve(&[0, 0]).gini(), None);
        assert_eq!(curve(&[]).herfindahl_hirschman_index(), None);
    }
}
