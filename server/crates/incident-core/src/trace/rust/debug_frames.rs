//! Frames of a `Backtrace` that was printed with `{:?}`.

use super::super::location::Place;
use super::super::unwrap::Line;
use super::classify;
use super::frame::FrameLine;

/// Says whether `line` holds such frames.
pub(super) fn has_any(line: &Line<'_>) -> bool {
    classify::has_debug_frames(line)
}

/// Reads every `{ fn: "..", file: "..", line: 1 }` of `text`.
pub(super) fn parse(text: &str) -> impl Iterator<Item = FrameLine<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once("{ fn: \"")?;
        let (name, behind) = after.split_once('"')?;
        let (body, next) = behind.split_once('}')?;
        rest = next;
        Some(FrameLine {
            index: None,
            address: None,
            name,
            place: place(body),
            inlined: false,
            offset: None,
        })
    })
}

/// Reads `, file: "src/main.rs", line: 4 `.
fn place(body: &str) -> Option<Place<'_>> {
    let (_, after) = body.split_once("file: \"")?;
    let (file, behind) = after.split_once('"')?;
    let line = behind.split_once("line: ").and_then(|(_, number)| {
        let n_digits = number.bytes().take(10).take_while(u8::is_ascii_digit).count();
        number.get(..n_digits)?.parse().ok()
    });
    Some(Place { file, line, column: None, text: body.trim_matches([',', ' ']) })
}
