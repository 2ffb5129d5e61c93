//! When to try again, and how long to wait.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::http::{Head, HttpError};

/// How often a request is sent at most.
pub(super) const MAX_TRIES: u32 = 3;
/// The longest wait between two tries; a server that wants a longer one is not asked again.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(60);
/// The wait before the second try where the server says nothing.
const FIRST_WAIT: Duration = Duration::from_millis(800);

/// Says whether another try may help with this status.
pub(super) fn is_worth_it(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504 | 529)
}

/// Says whether another try may help with this failure: only where no answer had begun.
pub(super) fn is_worth_it_after(err: &HttpError) -> bool {
    matches!(err, HttpError::Connect { .. })
}

/// Returns how long the server asks to wait: `Retry-After`, or `RetryInfo` in the body.
pub(super) fn asked(head: &Head, body: &[u8], now: Timestamp) -> Option<Duration> {
    if let Some(asked) = head.header("retry-after").map(str::trim) {
        if let Ok(seconds) = asked.parse::<f64>() {
            return Duration::try_from_secs_f64(seconds.max(0.0)).ok();
        }
        let date = jiff::fmt::rfc2822::parse(asked).ok()?.timestamp();
        return Some(Duration::try_from(date.duration_since(now)).unwrap_or_default());
    }
    let body: Value = serde_json::from_slice(body).ok()?;
    let details = body.pointer("/error/details").and_then(Value::as_array)?;
    let delay = details.iter().find_map(|it| it.get("retryDelay")).and_then(Value::as_str)?;
    Duration::try_from_secs_f64(delay.trim_end_matches('s').parse().ok()?).ok()
}

/// Returns the wait before try `next` (2 is the second) where the server says nothing: doubled each
/// time, with up to half of it added by `chance`, from 0 to 1, so that clients part.
pub(super) fn back_off(next: u32, chance: f64) -> Duration {
    let wait = FIRST_WAIT.saturating_mul(1 << next.saturating_sub(2).min(6));
    wait.mul_f64(1.0 + chance.clamp(0.0, 1.0) / 2.0).min(MAX_WAIT)
}
