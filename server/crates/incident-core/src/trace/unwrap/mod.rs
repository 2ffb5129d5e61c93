//! The layers around a trace: from pasted text to plain lines that know where they stood.
//!
//! A trace seldom comes bare. It is coloured, quoted, prefixed by a container's name, escaped into
//! a JSON string, or all of that at once. [`each_line`] undoes these layers and hands out logical
//! [`Line`]s; every piece of such a line maps back to the original text, since editor links depend
//! on it. Nothing here knows what a trace looks like.

use std::borrow::Cow;

mod clean;
mod line;
mod prefix;

pub(crate) use line::{Line, LineBuilder};

/// Calls `visit` with every logical line of `text`, in order.
///
/// Linear in the size of `text`; a line that needs no unwrapping is not copied.
pub(crate) fn each_line<'t>(text: &'t str, mut visit: impl FnMut(Line<'t>)) {
    let mut start = 0;
    for physical in text.split('\n') {
        let offset = start;
        start += physical.len() + 1;
        // A lone carriage return starts a line anew: progress bars, and files of old Macs.
        let mut part_start = offset;
        for part in physical.split('\r') {
            if !(part.is_empty() && part_start != offset) {
                visit(unwrap_line(part, part_start));
            }
            part_start += part.len() + 1;
        }
    }
}

fn unwrap_line(physical: &str, offset: usize) -> Line<'_> {
    let mut line = match clean::clean(physical, offset) {
        Some(cleaned) => cleaned,
        None => Line::verbatim(Cow::Borrowed(physical), offset),
    };
    prefix::strip(&mut line);
    line
}

#[cfg(test)]
mod tests;
