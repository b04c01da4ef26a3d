//! What the process counts about itself, and the text form in which Prometheus reads it.
//!
//! Written by hand: counters and gauges are atomics, and the text is a few lines for each. Knows nothing of what is
//! counted but its names.

use std::{
    collections::BTreeMap,
    fmt::{Display, Write as _},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

/// What this process counts.
pub static METRICS: Metrics = Metrics::new();

/// Upper edges of the buckets of request times, in seconds.
const BUCKETS: [f64; 9] = [0.001, 0.005, 0.02, 0.05, 0.1, 0.5, 2.0, 10.0, 60.0];
/// The most methods with codes that are told apart; what comes later is told together.
const SERIES: usize = 512;

/// A number that goes up and down.
#[derive(Debug)]
pub struct Gauge(AtomicI64);

impl Gauge {
    /// Adds to it.
    pub fn add(&self, amount: i64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// What it is now.
    pub fn value(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How often something was done, and how long it took in all.
#[derive(Debug)]
pub struct Timer {
    count: AtomicU64,
    nanos: AtomicU64,
}

impl Timer {
    /// It was done once more.
    pub fn record(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.count.fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// How often, and how many seconds in all.
    pub fn read(&self) -> (u64, f64) {
        let nanos = Duration::from_nanos(self.nanos.load(Ordering::Relaxed));
        (self.count.load(Ordering::Relaxed), nanos.as_secs_f64())
    }
}

/// How long the requests of one method with one code took.
#[derive(Debug, Default, Clone)]
pub struct Series {
    /// How many took at most as long as the edge of each bucket.
    pub buckets: [u64; BUCKETS.len()],
    /// How many there were.
    pub count: u64,
    /// How many seconds they took in all.
    pub seconds: f64,
}

/// What a process counts.
#[derive(Debug)]
pub struct Metrics {
    /// Readers of standing questions.
    pub watchers: Gauge,
    /// Readers that read nothing for too long.
    pub watchers_dropped: Gauge,
    /// Evaluations of standing questions.
    pub evaluations: Timer,
    requests: Mutex<BTreeMap<(String, &'static str), Series>>,
}

impl Metrics {
    const fn new() -> Self {
        Self {
            watchers: Gauge(AtomicI64::new(0)),
            watchers_dropped: Gauge(AtomicI64::new(0)),
            evaluations: Timer {
                count: AtomicU64::new(0),
                nanos: AtomicU64::new(0),
            },
            requests: Mutex::new(BTreeMap::new()),
        }
    }

    /// A request was answered.
    pub fn request(&self, method: &str, code: &'static str, took: Duration) {
        let requests = &self.requests;
        let mut requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = (method.to_owned(), code);
        if requests.len() >= SERIES && !requests.contains_key(&key) {
            key.0 = "other".to_owned();
        }
        let series = requests.entry(key).or_default();
        let seconds = took.as_secs_f64();
        for (count, edge) in series.buckets.iter_mut().zip(BUCKETS) {
            *count += u64::from(seconds <= edge);
        }
        series.count += 1;
        series.seconds += seconds;
    }

    /// Writes all of it.
    pub fn write(&self, text: &mut Text) {
        use super::names;
        text.family(names::WATCHERS, "gauge", "Readers of standing questions.");
        text.sample(names::WATCHERS, &[], self.watchers.value());
        let dropped = self.watchers_dropped.value();
        text.family(
            names::WATCHERS_DROPPED,
            "counter",
            "Readers dropped for reading nothing.",
        );
        text.sample(names::WATCHERS_DROPPED, &[], dropped);
        let (count, seconds) = self.evaluations.read();
        text.family(
            names::EVALUATION_SECONDS,
            "summary",
            "Evaluations of standing questions.",
        );
        text.sample(&format!("{}_count", names::EVALUATION_SECONDS), &[], count);
        text.sample(&format!("{}_sum", names::EVALUATION_SECONDS), &[], seconds);
        let requests = &self.requests;
        let requests = requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let name = names::REQUEST_SECONDS;
        text.family(
            name,
            "histogram",
            "Time to the beginning of the answer, by method and code.",
        );
        for ((method, code), series) in &requests {
            let labels = [("method", method.as_str()), ("code", code)];
            for (count, edge) in series.buckets.iter().zip(BUCKETS) {
                let edge = edge.to_string();
                let labels = [labels[0], labels[1], ("le", edge.as_str())];
                text.sample(&format!("{name}_bucket"), &labels, count);
            }
            let all = [labels[0], labels[1], ("le", "+Inf")];
            text.sample(&format!("{name}_bucket"), &all, series.count);
            text.sample(&format!("{name}_count"), &labels, series.count);
            text.sample(&format!("{name}_sum"), &labels, series.seconds);
        }
    }
}

/// A text in Prometheus' exposition format.
#[derive(Debug, Default)]
pub struct Text(String);

impl Text {
    /// The head of a metric: its type and what it is.
    pub fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// One value.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (index, (label, content)) in labels.iter().enumerate() {
            let begin = if index == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{begin}{label}=\"{}\"", escaped(content));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }

    /// All of it.
    pub fn finish(self) -> String {
        self.0
    }
}

fn escaped(content: &str) -> String {
    let escaped = content.replace('\\', "\\\\").replace('"', "\\\"");
    escaped.replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let metrics = Metrics::new();
        metrics.watchers.add(2);
        metrics.request("/a.B/C", "OK", Duration::from_millis(3));
        metrics.request("/a.B/C", "OK", Duration::from_secs(100));
        let mut text = Text::default();
        metrics.write(&mut text);
        text.sample("x", &[("name", "a\"b\\c\nd")], 1.5);
        let text = text.finish();
        for line in [
            "profitscore_watchers 2",
            "profitscore_request_seconds_bucket{method=\"/a.B/C\",code=\"OK\",le=\"0.001\"} 0",
            "profitscore_request_seconds_bucket{method=\"/a.B/C\",code=\"OK\",le=\"0.005\"} 1",
            "profitscore_request_seconds_bucket{method=\"/a.B/C\",code=\"OK\",le=\"60\"} 1",
            "profitscore_request_seconds_bucket{method=\"/a.B/C\",code=\"OK\",le=\"+Inf\"} 2",
            "profitscore_request_seconds_count{method=\"/a.B/C\",code=\"OK\"} 2",
            "x{name=\"a\\\"b\\\\c\\nd\"} 1.5",
        ] {
            assert!(text.lines().any(|own| own == line), "{line} in\n{text}");
        }
    }

    #[test]
    fn methods_are_limited() {
        let metrics = Metrics::new();
        for index in 0..SERIES + 10 {
            metrics.request(&index.to_string(), "OK", Duration::ZERO);
        }
        let requests = metrics.requests.lock().unwrap();
        assert_eq!(requests.len(), SERIES + 1);
        assert_eq!(requests[&("other".to_owned(), "OK")].count, 10);
    }
}
