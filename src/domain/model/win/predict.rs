//! What a model says of one prospect.

use super::{
    WinContribution, WinModel, WinPrediction,
    logistic::{log_odds, probability},
    pairs,
};
use crate::domain::{
    fingerprint::Fingerprint,
    model::{
        binomial::wilson_interval,
        design::is_value,
        encode::{Bin, RARE},
        lift::DRAW,
        number,
    },
    traits::Traits,
};

/// The quantile of the standard normal distribution that leaves a tenth above it.
const TENTH: f64 = 1.281_551_565_544_600_4;
/// Log-odds beyond these are drawn in: nobody is won or lost for certain.
const LIMIT: f64 = 13.8;

impl WinModel {
    /// Says how likely a prospect with these traits is won.
    pub fn predict(&self, party: &Traits) -> WinPrediction {
        let mut found = self.base();
        let mut last_known = None;
        let mut evidence = None::<u64>;
        self.design.for_each_bin(party, |place, bin| {
            let closed = self.design.traits[place].counts[bin];
            if bin >= RARE {
                evidence = Some(evidence.map_or(closed, |least| least.min(closed)));
            }
            if is_value(bin) && closed > 0 && last_known != Some(place) {
                last_known = Some(place);
                found.known_traits += 1;
            }
        });
        found.evidence = evidence.unwrap_or(0);
        found.never_seen = self.seen.never_seen(party);
        if self.design.size > 1 {
            self.explain(party, &mut found);
        }
        found
    }

    /// The probability alone, the same as that of [`Self::predict`].
    pub fn probability(&self, party: &Traits) -> f64 {
        self.predict(party).probability
    }

    /// The base rate, and how well it is known.
    fn base(&self) -> WinPrediction {
        let rate = self.base_rate;
        let level = log_odds(rate);
        let deviation = 1.0 / ((number(self.closed) + 1.0) * rate * (1.0 - rate)).sqrt();
        WinPrediction {
            probability: rate,
            lower: probability(level - TENTH * deviation),
            upper: probability(level + TENTH * deviation),
            log_odds: level,
            baseline: level,
            contributions: Vec::new(),
            known_traits: 0,
            evidence: 0,
            never_seen: Vec::new(),
            base_rate: rate,
            standing: self.standing,
        }
    }

    fn explain(&self, party: &Traits, found: &mut WinPrediction) {
        let effects = &self.fit.effects;
        let of_pairs: f64 = self.pairs.pairs.iter().map(|pair| pair.mean).sum();
        let mean = self.means.iter().sum::<f64>() + of_pairs;
        found.baseline = self.intercept + self.slope * (effects[0] + mean);
        self.design.for_each_bin(party, |place, bin| {
            let entry = &self.design.traits[place];
            let effect = entry.columns[bin].map_or(0.0, |column| effects[column]);
            let of_set = !entry.bins.is_partition();
            let centred = if of_set {
                effect
            } else {
                effect - self.means[place]
            };
            let log_odds = self.slope * centred;
            found
                .contributions
                .push(self.contribution(place, bin, log_odds));
        });
        self.explain_pairs(party, found);
        found
            .contributions
            .sort_by(|a, b| b.log_odds.abs().total_cmp(&a.log_odds.abs()));
        let parts = found.contributions.iter().map(|own| own.log_odds);
        let sum = parts.fold(found.baseline, |sum, own| sum + own);
        found.log_odds = sum.clamp(-LIMIT, LIMIT);
        let deviation = self.deviation(party);
        found.probability = probability(found.log_odds);
        found.lower = probability((sum - TENTH * deviation).clamp(-LIMIT, LIMIT));
        found.upper = probability((sum + TENTH * deviation).clamp(-LIMIT, LIMIT));
    }

    /// What pairs add beyond their traits.
    fn explain_pairs(&self, party: &Traits, found: &mut WinPrediction) {
        if self.pairs.pairs.is_empty() {
            return;
        }
        let bins = pairs::places(&self.design, party);
        for pair in &self.pairs.pairs {
            let cell = pair.cell(bins[pair.first], bins[pair.second]);
            let effect = self.pairs.effects[pair.place(cell)];
            let log_odds = self.slope * (effect - pair.mean);
            let (closed, won) = pair.counts[cell];
            let bin = |place: usize| self.design.traits[place].bins.bin(bins[place]);
            found.contributions.push(WinContribution {
                with: Some(bin(pair.second)),
                ..self.counted(bin(pair.first), log_odds, closed, won)
            });
        }
    }

    fn contribution(&self, place: usize, bin: usize, log_odds: f64) -> WinContribution {
        let entry = &self.design.traits[place];
        let (closed, won) = (entry.counts[bin], self.wins[place][bin]);
        self.counted(entry.bins.bin(bin), log_odds, closed, won)
    }

    fn counted(&self, bin: Bin, log_odds: f64, closed: u64, won: u64) -> WinContribution {
        let rate = self.base_rate;
        let (drawn, all) = (number(won) + DRAW * rate, number(closed) + DRAW);
        let (lower, upper) = wilson_interval(drawn, all);
        WinContribution {
            bin,
            with: None,
            log_odds,
            closed,
            won,
            lift: drawn / all / rate,
            lower: lower / rate,
            upper: upper / rate,
        }
    }

    /// How well the log-odds of a party are known: their standard error.
    fn deviation(&self, party: &Traits) -> f64 {
        let (columns, without) = self.design.columns_of(party);
        let unseen: f64 = without.iter().map(|place| self.prior[*place]).sum();
        let mut variance = self.fit.curvature.quadratic(&columns) + unseen;
        if !self.pairs.pairs.is_empty() {
            let bins = pairs::places(&self.design, party);
            for pair in &self.pairs.pairs {
                let cell = pair.cell(bins[pair.first], bins[pair.second]);
                variance += self.pairs.variances[pair.place(cell)];
            }
        }
        self.slope * variance.max(0.0).sqrt()
    }

    /// A fingerprint of everything that was learnt.
    pub fn fingerprint(&self) -> u64 {
        let mut print = Fingerprint::default();
        print.add(&self.closed.to_le_bytes());
        print.add(&self.won.to_le_bytes());
        for entry in &self.design.traits {
            for (bin, count) in entry.counts.iter().enumerate() {
                print.add(entry.bins.bin(bin).label().as_bytes());
                print.add(&count.to_le_bytes());
            }
        }
        let numbers = self
            .fit
            .effects
            .iter()
            .chain(&self.means)
            .chain(&self.prior);
        for number in numbers.chain([&self.slope, &self.intercept, &self.base_rate]) {
            print.add(&number.to_bits().to_le_bytes());
        }
        for forecast in &self.held_back {
            print.add(&forecast.probability.to_bits().to_le_bytes());
        }
        print.value()
    }
}
