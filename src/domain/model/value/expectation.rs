//! What a fitted model expects of a customer: the model of how often, tilted, and that of how much.

use super::{
    PurchaseHistory, frequency::FrequencyFit, interval, outlook::Outlook, spend::SpendFit,
    tilt::Tilt, trend::Trend,
};

/// Steps towards the pace at which a customer orders as often as is expected of it.
const STEPS: u32 = 12;
const CLOSE: f64 = 1e-12;
/// The logarithm of such a pace is not looked for further away.
const FURTHEST: f64 = 5.0;

/// Models of how often and how much.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// How often.
    pub frequency: FrequencyFit,
    /// How customers differ from it.
    pub tilt: Tilt,
    /// How much.
    pub spend: SpendFit,
    /// How wrong the pace of all of them together may be.
    pub trend: Trend,
}

impl Expectation {
    /// What the model of how often alone expects.
    pub fn outlook(&self, history: &PurchaseHistory) -> Outlook {
        outlook_of(&self.frequency, history)
    }

    /// How many times as often as the model says a customer with this outlook orders.
    pub fn pace(&self, history: &PurchaseHistory, outlook: &Outlook) -> f64 {
        if self.tilt == Tilt::NONE {
            return 1.0;
        }
        self.tilt
            .pace(history.repeats, outlook.orders(self.tilt.weeks))
    }

    /// Expected orders in so many weeks.
    pub fn orders(&self, history: &PurchaseHistory, weeks: f64) -> f64 {
        let outlook = self.outlook(history);
        self.pace(history, &outlook) * outlook.orders(weeks)
    }

    /// The outlook at which as many orders are expected as [`Self::orders`] says.
    pub fn paced(&self, history: &PurchaseHistory, weeks: f64) -> Outlook {
        let outlook = self.outlook(history);
        let pace = self.pace(history, &outlook);
        let plain = outlook.orders(weeks);
        // Where customers leave after orders, ordering faster makes them leave earlier: more than the pace is needed.
        // Found by secants, in logarithms.
        let missing =
            |at: f64| libm::log(pace * plain / outlook.paced(libm::exp(at)).orders(weeks));
        let (mut before, mut missing_before) = (0.0, libm::log(pace));
        let mut found = missing_before;
        for _ in 0..STEPS {
            let now = missing(found);
            let slope = (missing_before - now) / (found - before);
            if now.abs() < CLOSE || !slope.is_finite() || slope <= 0.0 {
                break;
            }
            (before, missing_before) = (found, now);
            found = (found + now / slope).clamp(-FURTHEST, FURTHEST);
        }
        let found = libm::exp(found);
        outlook.paced(found)
    }

    /// The distribution of the orders in so many weeks, with all that is not known.
    pub fn distribution(&self, history: &PurchaseHistory, weeks: f64) -> Vec<f64> {
        let pace = self.paced(history, weeks).rate / self.outlook(history).rate;
        interval::orders(
            &self.frequency,
            self.trend.error(weeks),
            weeks,
            |fit, faster| outlook_of(fit, history).paced(faster / pace),
        )
    }
}

/// The outlook of a customer.
pub fn outlook_of(fit: &FrequencyFit, history: &PurchaseHistory) -> Outlook {
    fit.outlook(history.repeats, history.recency(), history.observed())
}
