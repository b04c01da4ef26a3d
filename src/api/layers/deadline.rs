//! The deadline of every call: the caller's `grpc-timeout`, but never more than the server's own limit.
//!
//! tonic's own timers answer CANCELLED; this one answers DEADLINE_EXCEEDED with its reason. It holds up to the
//! response's headers, which is the whole of a unary call; streams are bounded by their reader.

use crate::domain::problem::{Problem, Reason};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

/// How much earlier than the deadline the answer is given up, so that the refusal is there before the timers of tonic's
/// server and client, which answer CANCELLED.
const MARGIN: Duration = Duration::from_millis(5);

/// Adds the deadline to a service.
#[derive(Debug, Clone, Copy)]
pub struct DeadlineLayer {
    /// The longest that a call may take.
    pub limit: Duration,
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Deadline {
            inner,
            limit: self.limit,
        }
    }
}

/// A service with a deadline.
#[derive(Debug, Clone)]
pub struct Deadline<S> {
    inner: S,
    limit: Duration,
}

impl<S, B> Service<http::Request<B>> for Deadline<S>
where
    S: Service<http::Request<B>, Response = http::Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let asked = request.headers().get("grpc-timeout");
        let asked = asked.and_then(|value| parse_timeout(value.to_str().ok()?));
        let timeout = asked.map_or(self.limit, |asked| asked.min(self.limit));
        let call = self.inner.call(request);
        Box::pin(async move {
            match tokio::time::timeout(timeout.saturating_sub(MARGIN), call).await {
                Ok(answer) => answer,
                Err(_) => Ok(exceeded(timeout).into_http()),
            }
        })
    }
}

fn exceeded(timeout: Duration) -> Status {
    let milliseconds = timeout.as_millis().to_string();
    let message = format!("the answer was not ready within {milliseconds} milliseconds");
    let variables = [("timeout_milliseconds", milliseconds)];
    Problem::new(Reason::DeadlineExceeded, "", message, variables).into()
}

/// Reads a `grpc-timeout`: up to eight digits and a unit.
fn parse_timeout(text: &str) -> Option<Duration> {
    let (unit, digits) = text.as_bytes().split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let count: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    match unit {
        b'H' => Some(Duration::from_secs(count * 3_600)),
        b'M' => Some(Duration::from_secs(count * 60)),
        b'S' => Some(Duration::from_secs(count)),
        b'm' => Some(Duration::from_millis(count)),
        b'u' => Some(Duration::from_micros(count)),
        b'n' => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_timeouts_of_the_protocol() {
        assert_eq!(parse_timeout("2S"), Some(Duration::from_secs(2)));
        assert_eq!(
            parse_timeout("99999999H"),
            Some(Duration::from_secs(99_999_999 * 3_600))
        );
        assert_eq!(parse_timeout("15m"), Some(Duration::from_millis(15)));
        for wrong in ["", "S", "2", "123456789S", "-1S", "2x"] {
            assert_eq!(parse_timeout(wrong), None, "{wrong}");
        }
    }
}
