//! Looks into JSON that may lack anything.

use jiff::Timestamp;
use serde_json::Value;

/// Returns the text under `key`; numbers and flags count as their text.
pub(super) fn string(value: &Value, key: &str) -> Option<String> {
    let text = match value.get(key)? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// Returns the first of `keys` that holds text: one field has two names in two shapes.
pub(super) fn first_string(value: &Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| string(value, key))
}

/// Returns the first of `keys` that holds a number that fits.
pub(super) fn first_number(value: &Value, keys: &[&str]) -> Option<u32> {
    keys.iter().find_map(|key| value.get(key)?.as_u64().and_then(|it| u32::try_from(it).ok()))
}

/// Returns the list under `key`, or nothing.
pub(super) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Reads a time: RFC 3339, or seconds since 1970 as a number or as text (`1772546320.000100`).
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => text.parse().ok().or_else(|| from_seconds(text.parse().ok()?)),
        Value::Number(number) => from_seconds(number.as_f64()?),
        _ => None,
    }
}

fn from_seconds(seconds: f64) -> Option<Timestamp> {
    // Microseconds are what every source has; finer digits of a float would be noise.
    let micros = (seconds * 1e6).round();
    (micros.is_finite() && micros.abs() < 1e17)
        .then(|| Timestamp::from_microsecond(micros as i64).ok())
        .flatten()
}
