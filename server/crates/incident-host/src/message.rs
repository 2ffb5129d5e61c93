//! Foreign words on their way into a sentence: a program's error line, a path, a configured name.

use incident_core::neutral;

/// The longest foreign text that a sentence carries, in characters.
const MAX_CHARS: usize = 300;

/// Returns `text` on one line, neutralised, and not too long to read.
pub(crate) fn plain(text: &str) -> String {
    neutral::headline(text, MAX_CHARS)
}
