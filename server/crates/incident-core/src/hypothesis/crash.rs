//! What a signature looks at: one error message, and the place in the workspace where it arose.

use crate::cancel::Cancel;
use crate::hypothesis::catalogue::Catalogue;
use crate::hypothesis::{Evidence, HypothesisInput};
use crate::producers::Producer;
use crate::resolve::{Place, Resolution, ResolvedTrace, Status};
use crate::suspects::stack::own_frames;
use crate::syntax::rust::{FailureHint, Snippet};
use crate::syntax::{FailingExpression, FailureKind};
use crate::text::{ByteSpan, LineIndex};
use crate::trace::Origin;

/// Expressions longer than this are cut where they are named in a sentence.
const MAX_SHOWN_CHARS: usize = 64;

/// One error of one trace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crash<'a> {
    pub(super) input: &'a HypothesisInput<'a>,
    pub(super) catalogue: &'a Catalogue,
    pub(super) trace: &'a ResolvedTrace,
    /// Functions of the workspace that made the value that failed, nearest first.
    pub(super) producers: &'a [Producer],
    /// The message, trimmed. Never empty.
    pub(super) message: &'a str,
    /// The message's id in the catalogue.
    pub(super) message_id: &'a str,
    /// Where the program's own code was; `None` where no frame could be tied to it.
    pub(super) site: Option<&'a Site<'a>>,
}

/// The innermost place of the program's own code.
#[derive(Clone, Debug)]
pub(super) struct Site<'a> {
    pub(super) path: &'a str,
    /// From 1.
    pub(super) line: u32,
    /// The file as it is now.
    pub(super) text: &'a str,
    /// The expression that failed.
    pub(super) expression: Option<FailingExpression>,
    /// Another part of the expression may have failed in the same words: nothing is edited.
    pub(super) doubtful: bool,
    /// The function around it.
    pub(super) function: Option<&'a str>,
    pub(super) status: Status,
    /// The program's own code failed here; otherwise a dependency did, called from here.
    pub(super) direct: bool,
    /// The syntax tree around the expression.
    pub(super) snippet: Option<Snippet<'a>>,
}

impl<'a> Crash<'a> {
    /// Cites the message: its first line, or `part` where that is given and stands in it.
    pub(super) fn cite_message(&self) -> Option<Evidence> {
        let quote = self.message.lines().next().unwrap_or_default().trim();
        self.catalogue.cite(self.message_id, quote)
    }

    /// Returns the caller of the function at the site: the next frame of the program's own code.
    pub(super) fn caller(&self) -> Option<&'a Place> {
        let site = self.site?;
        let mut own = own_frames(self.trace)
            .into_iter()
            .filter_map(|own| own.resolution.place.as_ref())
            .filter(|place| place.line.is_some())
            .skip_while(|place| place.path != site.path || place.line != Some(site.line));
        let here = own.next()?;
        own.find(|place| {
            place.path != here.path
                || place.item.as_ref().map(|item| item.span)
                    != here.item.as_ref().map(|item| item.span)
        })
    }
}

impl<'a> Site<'a> {
    /// Finds where in the program's own code a trace failed.
    pub(super) fn of(
        trace: &'a ResolvedTrace,
        message: &str,
        input: &HypothesisInput<'a>,
    ) -> Option<Self> {
        let in_panic_line = trace.location.as_ref().filter(|resolution| is_usable(resolution));
        if let Some(resolution) = in_panic_line {
            return Self::at(resolution, message, true, input);
        }
        let own = own_frames(trace).into_iter().find(|own| is_usable(own.resolution))?;
        Self::at(own.resolution, message, failed_in_own_code(trace), input)
    }

    fn at(
        resolution: &'a Resolution,
        message: &str,
        direct: bool,
        input: &HypothesisInput<'a>,
    ) -> Option<Self> {
        let place = resolution.place.as_ref()?;
        let line = place.line?;
        let text: &'a str = input.sources.current.get(&place.path)?;
        let line_span = LineIndex::new(text).line_span(line)?;
        let cancel = Cancel::new();
        let hint = FailureHint::from_message(message);
        let start = line_span.start
            + line_span.slice(text).map_or(0, |line| line.len() - line.trim_start().len());
        let expression = place
            .expression
            .filter(|expression| expression.span.slice(text).is_some())
            .filter(|expression| {
                expression.kind != FailureKind::Other
                    && hint.kind.is_none_or(|kind| kind == expression.kind)
            })
            .or_else(|| Snippet::at(text, start, &cancel)?.failing_on_line(line, hint));
        let at = expression.map_or(start, |expression| expression.span.start);
        let snippet = Snippet::at(text, at, &cancel);
        let rivals = match (&snippet, &expression) {
            (Some(snippet), Some(expression)) => snippet.rivals(expression),
            _ => Vec::new(),
        };
        Some(Self {
            path: &place.path,
            line,
            text,
            expression: rivals.last().copied().or(expression),
            doubtful: rivals.len() > 1,
            function: place.item.as_ref().map(|item| item.name.as_str()),
            status: resolution.status,
            direct,
            snippet,
        })
    }

    /// Returns the text of a span of the file.
    pub(super) fn slice(&self, span: ByteSpan) -> &'a str {
        span.slice(self.text).unwrap_or_default()
    }

    /// Returns the line of an offset, from 1.
    pub(super) fn line_of(&self, offset: usize) -> u32 {
        LineIndex::new(self.text).line_col(offset).line
    }

    /// Returns a line's text without the blanks around it.
    pub(super) fn line_text(&self, line: u32) -> &'a str {
        let span = LineIndex::new(self.text).line_span(line).unwrap_or_default();
        self.slice(span).trim()
    }

    /// Returns `fn name` for sentences, or `this code` where the function is not known.
    pub(super) fn function_name(&self) -> String {
        self.function.map_or_else(|| "this code".to_owned(), |name| format!("`{name}`"))
    }

    /// Returns the blanks at the start of the line that holds `offset`.
    pub(super) fn indent(&self, offset: usize) -> &'a str {
        let span = LineIndex::new(self.text).line_span(self.line_of(offset)).unwrap_or_default();
        let line = self.slice(span);
        line.get(..line.len() - line.trim_start().len()).unwrap_or_default()
    }

    /// Returns the line end that the file uses.
    pub(super) fn line_end(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }
}

/// Returns source text for a sentence: on one line, between back-ticks, cut where it is long.
pub(super) fn shown(source: &str) -> String {
    let words: Vec<&str> = source.split_whitespace().collect();
    // `a\n    .b()` reads `a.b()`.
    let line = words.join(" ").replace(" .", ".").replace('`', "'");
    format!("`{}`", crate::neutral::shorten(&line, MAX_SHOWN_CHARS))
}

fn is_usable(resolution: &Resolution) -> bool {
    let known = matches!(
        resolution.status,
        Status::Exact | Status::Moved | Status::Edited | Status::BySymbol
    );
    let has_line = resolution.place.as_ref().is_some_and(|place| place.line.is_some());
    known && resolution.package.is_none() && has_line
}

/// Says whether only the standard library stands between the panic and the program's own code.
fn failed_in_own_code(trace: &ResolvedTrace) -> bool {
    for (frame, resolution) in trace.resolved_frames() {
        if resolution.status == Status::Dependency || resolution.package.is_some() {
            return false;
        }
        match frame.origin {
            Origin::Dependency => return false,
            Origin::App => return true,
            _ if resolution.place.is_some() => return true,
            _ => {}
        }
    }
    false
}
