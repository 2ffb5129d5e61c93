//! The message of a panic or an error, over as many lines as it takes.

use super::super::SourceLocation;
use super::super::unwrap::Line;
use super::panic_line::split_message;
use crate::text::ByteSpan;

/// A message that does not end within so many lines has lost its end.
const MAX_LINES: usize = 400;

/// How far a message is read.
#[derive(Debug, Default)]
pub(super) enum Message<'t> {
    /// Known, or there is none.
    #[default]
    Done,
    /// `'...` whose closing quote and place are still to come.
    Quoted { first: String, span: ByteSpan, lines: Vec<Line<'t>> },
    /// Lines after `panicked at file:line:column:` or `Error: ..`.
    Following { first: Option<(String, ByteSpan)>, lines: Vec<Line<'t>> },
}

/// A message that was read.
#[derive(Debug, Default)]
pub(super) struct Read<'t> {
    pub(super) text: Option<String>,
    pub(super) span: Option<ByteSpan>,
    /// The place that stood behind the message.
    pub(super) place: Option<SourceLocation>,
    /// Its end is not in the text.
    pub(super) cut: bool,
    /// Lines that were held back and turned out not to belong to it.
    pub(super) left_over: Vec<Line<'t>>,
}

impl<'t> Message<'t> {
    pub(super) fn is_open(&self) -> bool {
        !matches!(self, Message::Done)
    }

    /// Takes the next line; returns the message where this line ends it.
    pub(super) fn take(&mut self, line: Line<'t>) -> Option<Read<'t>> {
        match self {
            Message::Done => None,
            Message::Following { lines, .. } => {
                lines.push(line);
                (lines.len() > MAX_LINES).then(|| self.end_at_guess())
            }
            Message::Quoted { first, span, lines } => {
                let Some((rest, place)) = split_message(line.body()) else {
                    lines.push(line);
                    return (lines.len() > MAX_LINES).then(|| self.end());
                };
                let mut text = std::mem::take(first);
                for part in lines.iter().map(Line::body).chain([rest]) {
                    text.push('\n');
                    text.push_str(part);
                }
                let read = Read {
                    text: Some(text),
                    span: Some(ByteSpan::new(span.start, line.span_of(rest).end)),
                    place: Some(place.located(&line)),
                    ..Read::default()
                };
                *self = Message::Done;
                Some(read)
            }
        }
    }

    /// Ends the message because something comes next that is not part of it.
    pub(super) fn end(&mut self) -> Read<'t> {
        match std::mem::take(self) {
            Message::Done => Read::default(),
            Message::Quoted { first, span, lines } => {
                let text = Some(first).filter(|text| !text.is_empty());
                Read { text, span: Some(span), cut: true, left_over: lines, ..Read::default() }
            }
            Message::Following { first, lines } => {
                let n_lines = lines.len();
                following(first, lines, n_lines)
            }
        }
    }

    /// Ends the message where nothing marks its end: indented lines still belong to it.
    pub(super) fn end_at_guess(&mut self) -> Read<'t> {
        let Message::Following { first, lines } = self else { return self.end() };
        let n_first = usize::from(first.is_none());
        let n_more = lines
            .iter()
            .skip(n_first)
            .take_while(|line| line.body().starts_with([' ', '\t']) && !line.has_prefix())
            .count();
        let (first, lines) = (first.take(), std::mem::take(lines));
        *self = Message::Done;
        following(first, lines, n_first + n_more)
    }
}

/// Puts a message together from its first line and `n_lines` of `lines`.
fn following<'t>(
    first: Option<(String, ByteSpan)>,
    mut lines: Vec<Line<'t>>,
    n_lines: usize,
) -> Read<'t> {
    let left_over = lines.split_off(n_lines.min(lines.len()));
    let mut span = first.as_ref().map(|(_, span)| *span);
    let mut text = first.map(|(text, _)| text);
    for line in &lines {
        let part = line.body().trim_end();
        match &mut text {
            None if part.is_empty() => {}
            Some(text) => {
                text.push('\n');
                text.push_str(part);
            }
            None => text = Some(part.to_owned()),
        }
        if !part.is_empty() {
            let place = line.span_of(part);
            span = Some(ByteSpan::new(span.map_or(place.start, |span| span.start), place.end));
        }
    }
    let text = text.map(|text| text.trim_end().to_owned()).filter(|text| !text.is_empty());
    Read { text, span, left_over, ..Read::default() }
}
