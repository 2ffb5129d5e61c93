//! One statement of the deployed text, and the statement of today that is most like it.

use crate::cancel::Cancel;
use crate::resolve::drift::{
    Carried, SAME_STATEMENT, SAME_STATEMENT_IN_PLACE, TELLING_TOKENS, Target,
};
use crate::resolve::linemap::LineMap;
use crate::resolve::place::{SourceFile, View, candidate};
use crate::resolve::shape::Shape;
use crate::resolve::{Candidate, Status};
use crate::syntax::Item;
use crate::syntax::rust::{FailingName, FailureHint, Snippet};
use crate::text::ByteSpan;

/// A statement of the deployed text.
pub(super) struct Statement<'t> {
    pub(super) line: u32,
    pub(super) shape: Shape<'t>,
    /// The line that the trace names, of a statement of several.
    line_shape: Shape<'t>,
    line_text: &'t str,
    /// The method, macro or kind of expression that failed, as it is called.
    failing: Option<FailingName>,
    /// How far down the function it stood, from 0 to 1.
    depth: f64,
}

/// A statement of today that may be the old one.
pub(super) struct Match<'f> {
    path: &'f str,
    function: Item,
    line: u32,
    pub(super) likeness: f64,
    pub(super) score: f64,
    /// The old line stands there to the letter but for indentation.
    same: bool,
    /// Its tokens are the old ones in another layout.
    only_layout: bool,
    /// Another statement of the function is as good.
    pub(super) is_twin: bool,
    /// It is more than a likeness: it stands where the old one must be.
    pub(super) is_certain: bool,
}

impl<'t> Statement<'t> {
    pub(super) fn at(
        old: &SourceFile<'t>,
        line: u32,
        column: Option<u32>,
        hint: FailureHint<'_>,
        cancel: &Cancel,
    ) -> Option<Self> {
        let line_text = old.line_text(line)?;
        let span = old.lines.line_span(line)?;
        let indent = line_text.len() - line_text.trim_start().len();
        let offset = column
            .and_then(|column| old.lines.offset_of_char_column(old.text, line, column))
            .unwrap_or(span.start + indent);
        let snippet = Snippet::among(old.text, &old.items, offset, cancel);
        let head = snippet
            .as_ref()
            .and_then(|snippet| snippet.function_tree(cancel)?.statement_head(offset))
            .unwrap_or(ByteSpan::new(span.start + indent, span.end));
        let failing = snippet.and_then(|snippet| snippet.failing_name(offset, hint));
        let function = old.function_at(line)?;
        Some(Self {
            line,
            shape: Shape::new(head.slice(old.text)?),
            line_shape: Shape::new(line_text),
            line_text: line_text.trim(),
            failing,
            depth: depth_in(function, line),
        })
    }

    /// Returns the statement of a function that is most like this one, if one is like it at all.
    ///
    /// What the diff knows as old lines is the continuation of something else.
    pub(super) fn find_in<'f>(
        &self,
        file: &SourceFile<'f>,
        function: &Item,
        map: &LineMap,
        cancel: &Cancel,
    ) -> Option<Match<'f>> {
        let snippet = Snippet::among(file.text, &file.items, function.span.start, cancel)?;
        let replaced_by = map.replaced_by(self.line);
        let is_telling = self.shape.len() >= TELLING_TOKENS;
        let mut best: Option<Match<'f>> = None;
        for span in snippet.statements() {
            if cancel.is_cancelled() {
                break;
            }
            let Some(text) = span.slice(file.text) else { continue };
            let shape = Shape::new(text);
            let line = self.line_within(file, &snippet, span);
            if map.is_old(line) {
                continue;
            }
            let only_layout = self.shape.same(&shape);
            let likeness = if only_layout { 1.0 } else { self.shape.similarity(&shape).min(0.99) };
            let in_its_place = replaced_by.as_ref().is_some_and(|lines| lines.contains(&line));
            let fails_alike = match &self.failing {
                Some(failing) => !snippet.failing_places(span, failing).is_empty(),
                None => false,
            };
            let wanted = match (in_its_place, fails_alike) {
                (true, true) => SAME_STATEMENT_IN_PLACE,
                _ => SAME_STATEMENT,
            };
            if likeness < wanted {
                continue;
            }
            let off = (depth_in(function, line) - self.depth).abs();
            let score = likeness
                + if in_its_place { 0.15 } else { 0.0 }
                + if fails_alike { 0.05 } else { 0.0 }
                - 0.05 * off;
            let same = file.line_text(line).is_some_and(|text| text.trim() == self.line_text);
            let is_other_line = best.as_ref().is_some_and(|best| best.line != line);
            match &mut best {
                Some(best) if score <= best.score => {
                    best.is_twin |= is_other_line && likeness >= best.likeness && !in_its_place;
                }
                best => {
                    let is_twin = is_other_line
                        && !in_its_place
                        && best.as_ref().is_some_and(|best| best.likeness >= likeness);
                    let (path, function) = (file.path, function.clone());
                    *best = Some(Match {
                        path,
                        function,
                        line,
                        likeness,
                        score,
                        same,
                        only_layout,
                        is_twin,
                        // Of a short one hardly anything is left once it is edited.
                        is_certain: in_its_place || only_layout || is_telling,
                    });
                }
            }
        }
        best
    }

    /// Returns the line of a statement of several lines that is the old line's: where the same thing
    /// fails, or else the one most like it.
    fn line_within(&self, file: &SourceFile<'_>, snippet: &Snippet<'_>, span: ByteSpan) -> u32 {
        let first = file.lines.line_col(span.start).line;
        let last = file.lines.line_col(span.end.saturating_sub(1).max(span.start)).line;
        if first == last {
            return first;
        }
        if let Some(failing) = &self.failing
            && let [offset] = snippet.failing_places(span, failing).as_slice()
        {
            return file.lines.line_col(*offset).line;
        }
        let mut best = (first, 0.0);
        for line in first..=last.min(first.saturating_add(200)) {
            let Some(text) = file.line_text(line) else { break };
            let likeness = self.line_shape.similarity(&Shape::new(text));
            if likeness > best.1 + 1e-9 {
                best = (line, likeness);
            }
        }
        best.0
    }
}

impl<'f> Match<'f> {
    /// Returns a line that a diff keeps in a function that is not the old one's.
    pub(super) fn kept(path: &'f str, function: &Item, line: u32, is_certain: bool) -> Self {
        Self {
            path,
            function: function.clone(),
            line,
            likeness: 1.0,
            score: 1.1,
            same: true,
            only_layout: true,
            is_twin: false,
            is_certain,
        }
    }

    pub(super) fn place(&self) -> (&'f str, u32) {
        (self.path, self.line)
    }

    pub(super) fn candidate(&self, view: &View<'_>) -> Option<Candidate> {
        Some(candidate(view.file(self.path)?, Some(self.line)))
    }

    pub(super) fn carried(self, old: &SourceFile<'_>, line: u32, old_function: &Item) -> Carried {
        let mut reasons = Vec::new();
        if self.path != old.path {
            reasons.push(format!("was in {}", old.path));
        }
        if self.function.name != old_function.name {
            reasons.push(format!("was in `{}`", old_function.name));
        }
        let status = match (self.same, self.only_layout) {
            (true, _) if self.path == old.path && self.line == line => Status::Exact,
            (true, _) => Status::Moved,
            (false, true) => {
                reasons
                    .push("only the layout of the statement changed since the deploy".to_owned());
                Status::Edited
            }
            (false, false) => {
                reasons.push("the statement was edited since the deploy".to_owned());
                Status::Edited
            }
        };
        let reason = (!reasons.is_empty()).then(|| reasons.join("; "));
        let target =
            Target { path: self.path.to_owned(), line: Some(self.line), item: Some(self.function) };
        Carried { status, target: Some(target), candidates: Vec::new(), reason }
    }
}

fn depth_in(function: &Item, line: u32) -> f64 {
    let n_lines = function.end_line.saturating_sub(function.start_line).max(1);
    f64::from(line.saturating_sub(function.start_line)) / f64::from(n_lines)
}
