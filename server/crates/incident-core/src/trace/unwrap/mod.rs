//! The layers around a trace: from pasted text to plain lines that know where they stood.
//!
//! A trace seldom comes bare. It is coloured, quoted, prefixed by a container's name, escaped into
//! a JSON string, or all of that at once. [`each_line`] undoes these layers and hands out logical
//! [`Line`]s; every piece of such a line maps back to the original text, since editor links depend
//! on it. Nothing here knows what a trace looks like.

mod clean;
mod line;
mod prefix;
mod record;

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
                hand_out(Line::verbatim(part, part_start), 0, &mut visit);
            }
            part_start += part.len() + 1;
        }
    }
}

/// Unwraps one line, `depth` records deep, and hands out what is inside.
fn hand_out<'t>(line: Line<'t>, depth: usize, visit: &mut dyn FnMut(Line<'t>)) {
    let mut line = clean::clean(&line).unwrap_or(line);
    prefix::strip(&mut line);
    if !record::expand(&line, depth, visit) {
        visit(line);
    }
}

#[cfg(test)]
mod tests;
