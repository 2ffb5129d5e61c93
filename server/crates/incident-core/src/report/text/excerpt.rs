//! The lines of code around a place, with marks under the failing expression.

use crate::neutral;
use crate::report::styled::{Role, Styled, width_of};
use crate::resolve::{Place, Sources};
use crate::syntax::{FailingExpression, FailureKind};
use crate::text::{ByteSpan, LineIndex};

use super::WIDTH;

/// Lines shown before the place.
const LINES_BEFORE: u32 = 3;
/// Lines shown after the place.
const LINES_AFTER: u32 = 2;
/// An expression over more lines than this is shown by the lines around the place only.
const MAX_EXPRESSION_LINES: u32 = 10;

/// Draws the place with its status and the code around it.
pub(super) fn draw(out: &mut Styled, place: &Place, status: Option<&str>, sources: &Sources) {
    let line = place.line.or(place.item.as_ref().map(|item| item.start_line));
    let gutter = line.map_or(2, |line| (line + LINES_AFTER).to_string().len());
    out.put(Role::Dim, &format!("{}--> ", " ".repeat(gutter)));
    out.put(Role::Place, &place.path);
    if let Some(line) = line {
        out.put(Role::Place, &format!(":{line}"));
        if let Some(column) = place.column.filter(|_| place.line.is_some()) {
            out.put(Role::Place, &format!(":{column}"));
        }
    }
    if let Some(item) = &place.item {
        out.put(Role::Plain, &format!(" in {}", neutral::headline(&item.name, 50)));
    }
    out.end_line();
    if let Some(status) = status {
        out.put(Role::Dim, &format!("{} = ", " ".repeat(gutter + 1)));
        super::hang(out, Role::Doubt, status, gutter + 4);
    }
    let Some(line) = line else { return };
    match sources.current.get(&place.path) {
        Some(text) => code(out, text, line, place, gutter),
        None => {
            if let Some(line_text) = &place.line_text {
                ruler(out, gutter);
                code_line(out, line, gutter, &Window::of(line_text, 0));
                ruler(out, gutter);
            }
        }
    }
}

fn code(out: &mut Styled, text: &str, line: u32, place: &Place, gutter: usize) {
    let lines = LineIndex::new(text);
    let marks = place
        .line
        .and(place.expression.as_ref())
        .filter(|expression| expression.span.slice(text).is_some());
    let (mut first, mut last) = (line, line);
    if let Some(expression) = marks {
        let start = lines.line_col(expression.span.start).line;
        let end = lines.line_col(expression.span.end).line;
        if end - start < MAX_EXPRESSION_LINES {
            (first, last) = (start.min(line), end.max(line));
        }
    }
    let from = first.saturating_sub(LINES_BEFORE).max(1);
    let until = (last + LINES_AFTER).min(lines.n_lines());
    ruler(out, gutter);
    for shown in from..=until {
        let Some(span) = lines.line_span(shown) else { break };
        let line_text = span.slice(text).unwrap_or_default().trim_end();
        // A blank line at either edge says nothing.
        if line_text.is_empty() && (shown == from || shown == until) {
            continue;
        }
        let marked = marks.and_then(|expression| Marks::on_line(expression, span, line_text));
        let window = Window::of(line_text, marked.as_ref().map_or(0, |it| it.whole.start));
        code_line(out, shown, gutter, &window);
        if let Some(marked) = marked.filter(|_| shown == line) {
            let label = marks.map(|it| label(it, text)).unwrap_or_default();
            mark_line(out, gutter, &window, &marked, &label);
        }
    }
    ruler(out, gutter);
}

/// Which bytes of one line are marked.
struct Marks {
    /// The part of the expression on the line.
    whole: ByteSpan,
    /// The part of the operand that had the bad value.
    subject: Option<ByteSpan>,
}

impl Marks {
    fn on_line(expression: &FailingExpression, line: ByteSpan, line_text: &str) -> Option<Self> {
        let indent = line_text.len() - line_text.trim_start().len();
        let cut = |span: ByteSpan| {
            let start = span.start.max(line.start + indent);
            let end = span.end.min(line.start + line_text.len());
            (start < end).then(|| ByteSpan::new(start - line.start, end - line.start))
        };
        Some(Self { whole: cut(expression.span)?, subject: expression.subject.and_then(cut) })
    }
}

/// Says in a few words what the marks mean.
fn label(expression: &FailingExpression, text: &str) -> String {
    let words = |span: Option<ByteSpan>| {
        let inner = span.and_then(|span| span.slice(text)).filter(|it| !it.contains('\n'))?;
        Some(neutral::headline(inner, 40))
    };
    match (expression.kind, words(expression.subject), words(expression.base)) {
        (FailureKind::MethodCall, Some(subject), _) => format!("`{subject}` had no good value"),
        (FailureKind::Index, Some(subject), Some(base)) => {
            format!("`{subject}` does not fit `{base}`")
        }
        (FailureKind::Arithmetic, _, _) => "this arithmetic failed".to_owned(),
        _ => String::new(),
    }
}

fn ruler(out: &mut Styled, gutter: usize) {
    out.line(Role::Dim, &format!("{} |", " ".repeat(gutter)));
}

fn code_line(out: &mut Styled, line: u32, gutter: usize, window: &Window<'_>) {
    out.put(Role::Dim, &format!("{line:>gutter$} |"));
    let shown = format!(" {}{}{}", window.before(), window.text, window.after());
    out.line(Role::Plain, shown.trim_end());
}

fn mark_line(out: &mut Styled, gutter: usize, window: &Window<'_>, marks: &Marks, label: &str) {
    out.put(Role::Dim, &format!("{} |", " ".repeat(gutter)));
    let mut row = String::new();
    let subject = marks.subject.filter(|subject| marks.whole.covers(*subject));
    for (at, c) in window.text.char_indices() {
        let at = at + window.start;
        let mark = match subject {
            _ if !marks.whole.contains(at) => ' ',
            Some(subject) if !subject.contains(at) => '-',
            _ => '^',
        };
        let width = width_of(c.encode_utf8(&mut [0; 4]));
        row.extend(std::iter::repeat_n(mark, width));
    }
    let lead = " ".repeat(1 + window.before().chars().count());
    out.put(Role::Plain, &lead);
    out.put(Role::Alarm, row.trim_end());
    if !label.is_empty() && out.current_width() + 1 + width_of(label) <= WIDTH {
        out.put(Role::Alarm, &format!(" {label}"));
    }
    out.end_line();
}

/// The part of a line that fits the report, around a byte that must be seen.
struct Window<'a> {
    text: &'a str,
    /// Offset of `text` in the line.
    start: usize,
    cut_after: bool,
}

impl<'a> Window<'a> {
    fn of(line_text: &'a str, seen: usize) -> Self {
        let room = WIDTH - 12;
        // A quarter of the room stands before what must be seen, when the line does not fit.
        let mut start = 0;
        if seen > room * 3 / 4 {
            let before = line_text.get(..seen).unwrap_or_default();
            start = before.char_indices().rev().nth(room / 4).map_or(0, |(at, _)| at);
        }
        let tail = line_text.get(start..).unwrap_or_default();
        let mut columns = 0;
        let mut end = tail.len();
        for (at, c) in tail.char_indices() {
            columns += width_of(c.encode_utf8(&mut [0; 4]));
            if columns > room {
                end = at;
                break;
            }
        }
        let text = tail.get(..end).unwrap_or_default();
        Self { text, start, cut_after: end < tail.len() }
    }

    fn before(&self) -> &'static str {
        if self.start > 0 { "…" } else { "" }
    }

    fn after(&self) -> &'static str {
        if self.cut_after { "…" } else { "" }
    }
}
