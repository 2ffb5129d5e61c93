//! The one place that reads the clock; everything else takes the time as a value.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the time now: seconds since 1970, UTC.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
