//! The chain of calls: the program's own frames, the rest folded to a few words.

use std::collections::BTreeSet;

use crate::neutral;
use crate::present::words;
use crate::report::styled::{Role, Styled, width_of};
use crate::resolve::{Resolution, ResolvedTrace};
use crate::trace::{Frame, Origin};

use super::heading;

/// A longer chain is cut in the middle of nothing: the innermost calls matter.
const MAX_FRAMES: usize = 16;
/// Function names are cut here, so that places stand in one column.
const MAX_NAME: usize = 56;

/// Prints the chain, innermost call first.
pub(super) fn chain(out: &mut Styled, trace: &ResolvedTrace) {
    let rows = rows(trace);
    let n_own = rows.iter().filter(|row| matches!(row, Row::Own(..))).count();
    if n_own == 0 {
        return;
    }
    heading(out, "Called through");
    let names = rows.iter().filter_map(|row| match row {
        Row::Own(frame, _) => Some(width_of(&name(frame))),
        Row::Folded(_) => None,
    });
    let column = names.max().unwrap_or(0);
    let mut shown = 0;
    for row in &rows {
        match row {
            Row::Own(..) if shown == MAX_FRAMES => {
                let more = words::count(n_own - MAX_FRAMES, "more call");
                out.line(Role::Dim, &format!("  … {more}"));
                return;
            }
            Row::Own(frame, resolution) => {
                own(out, frame, resolution, column);
                shown += 1;
            }
            Row::Folded(frames) => {
                out.line(Role::Dim, &format!("    {}", folded(frames)));
            }
        }
    }
}

enum Row<'a> {
    Own(&'a Frame, &'a Resolution),
    /// Never empty.
    Folded(Vec<(&'a Frame, &'a Resolution)>),
}

/// The program's frames, and between them runs of others.
///
/// What stands before the first and after the last is the panic machinery and the thread's entry:
/// nobody needs it.
fn rows(trace: &ResolvedTrace) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut run = Vec::new();
    for (frame, resolution) in trace.resolved_frames() {
        if frame.origin == Origin::App && !frame.noise {
            if !run.is_empty() && !rows.is_empty() {
                rows.push(Row::Folded(std::mem::take(&mut run)));
            }
            run.clear();
            rows.push(Row::Own(frame, resolution));
        } else {
            run.push((frame, resolution));
        }
    }
    rows
}

fn own(out: &mut Styled, frame: &Frame, resolution: &Resolution, column: usize) {
    let name = name(frame);
    let padding = column.saturating_sub(width_of(&name));
    out.put(Role::Plain, &format!("  {name}{}", " ".repeat(padding)));
    let printed_line = frame.location.as_ref().and_then(|printed| printed.line);
    match (&resolution.place, &frame.location) {
        (Some(place), _) => {
            let line = place.line.map(|line| format!(":{line}")).unwrap_or_default();
            out.put(Role::Place, &format!("  {}{line}", place.path));
        }
        (None, Some(printed)) => {
            let line = printed.line.map(|line| format!(":{line}")).unwrap_or_default();
            out.put(Role::Dim, &format!("  {}{line}", neutral::shorten_start(&printed.file, 40)));
        }
        (None, None) => {}
    }
    if let Some(status) = words::status(resolution, printed_line) {
        let room = super::WIDTH.saturating_sub(out.current_width() + 2);
        if width_of(&status) > room {
            out.end_line().put(Role::Plain, "     ");
        }
        out.put(Role::Plain, " ");
        super::hang(out, Role::Doubt, &format!("({status})"), 8);
    } else {
        out.end_line();
    }
}

fn name(frame: &Frame) -> String {
    neutral::headline(frame.function.as_deref().unwrap_or("<unknown>"), MAX_NAME)
}

/// `3 frames in tokio 1.40.0 and std`.
fn folded(frames: &[(&Frame, &Resolution)]) -> String {
    let mut owners = BTreeSet::new();
    for (frame, resolution) in frames {
        let package = resolution.package.as_ref().map(ToString::to_string).or_else(|| {
            let package = frame.package.as_ref()?;
            let version = package.version.as_deref().unwrap_or_default();
            Some(format!("{} {version}", package.name).trim_end().to_owned())
        });
        owners.insert(match (package, frame.origin) {
            (Some(package), Origin::Dependency) => neutral::headline(&package, 40),
            (None, Origin::Dependency) => first_segment(frame).unwrap_or("dependencies").to_owned(),
            (_, Origin::Std) => "std".to_owned(),
            (_, Origin::Runtime) => "the runtime".to_owned(),
            (_, Origin::App) => "plumbing".to_owned(),
            (_, Origin::Unknown) => "unknown code".to_owned(),
        });
    }
    let owners: Vec<String> = owners.into_iter().collect();
    let frames = words::count(frames.len(), "frame");
    match owners.as_slice() {
        [] => frames,
        [one] => format!("{frames} in {one}"),
        [head @ .., last] if head.len() < 3 => {
            format!("{frames} in {} and {last}", head.join(", "))
        }
        many => format!("{frames} in {} packages", many.len()),
    }
}

fn first_segment(frame: &Frame) -> Option<&str> {
    let function = frame.function.as_deref()?.trim_start_matches(['<', '&']);
    let (segment, _) = function.split_once("::")?;
    let is_name = segment.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_name && segment.len() <= 40).then_some(segment)
}
