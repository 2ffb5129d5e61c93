//! Lines carried from the text that was deployed to the text of today.
//!
//! First by diff: a line that the diff keeps, in the same function, is the same place. Then by
//! statement: the function is looked for by name and holder, in its file and in others, and in it
//! the statement that is most like the old one. What is like nothing is gone, and that is an answer.

use imara_diff::{Algorithm, Diff, InternedInput};

use crate::cancel::Cancel;
use crate::resolve::place::{
    Printed, SourceFile, View, ambiguous, by_symbol, candidate, same_function,
};
use crate::resolve::shape::Shape;
use crate::resolve::{Resolution, Status};
use crate::syntax::rust::{FailureHint, Snippet};
use crate::syntax::{FailureKind, Item, ItemKind};
use crate::text::ByteSpan;

/// A statement less like the old one than this is another one.
const SAME_STATEMENT: f64 = 0.55;
/// The same for a statement in a function of another name: there is less to go by.
const SAME_STATEMENT_ELSEWHERE: f64 = 0.8;
/// A function in another file less like the old one than this is another one.
const SAME_FUNCTION: f64 = 0.35;
/// Statements with fewer tokens are found in too many places.
const TELLING_TOKENS: usize = 6;

/// Where a line went.
pub(super) struct Carried {
    pub(super) status: Status,
    pub(super) target: Option<Target>,
    pub(super) reason: Option<String>,
}

/// A place in today's text.
pub(super) struct Target {
    pub(super) path: String,
    pub(super) line: Option<u32>,
    pub(super) item: Option<Item>,
}

/// Carries one line of a deployed text.
pub(super) fn carry(
    view: &View<'_>,
    old: &SourceFile<'_>,
    line: u32,
    column: Option<u32>,
    printed: Printed<'_>,
) -> Carried {
    let old_function = old.function_at(line);
    if let Some(current) = view.file(old.path)
        && let Some(carried) = by_diff(old, current, line, old_function)
    {
        return carried;
    }
    let Some(old_function) = old_function else {
        return gone(None, "the line is gone, and it lies in no function".to_owned());
    };
    let Some(statement) = Statement::at(old, line, column, view.cancel) else {
        return gone(None, "the old statement could not be read".to_owned());
    };
    let homes = homes(view, old, old_function);
    let mut best: Option<Match<'_>> = None;
    for (file, function) in &homes {
        let Some(found) = statement.find_in(file, function, view.cancel) else { continue };
        if best.as_ref().is_none_or(|best| found.likeness > best.likeness) {
            best = Some(found);
        }
    }
    if let Some(found) = best.filter(|found| found.likeness >= SAME_STATEMENT) {
        return found.carried(old, line, old_function);
    }
    if let Some(found) = elsewhere(view, old, &statement) {
        return found.carried(old, line, old_function);
    }
    let _ = printed;
    match homes.first() {
        Some((file, function)) => gone(
            Some(Target {
                path: file.path.to_owned(),
                line: None,
                item: Some((*function).clone()),
            }),
            format!("`{}` no longer has this statement", function.name),
        ),
        None => gone(None, format!("`{}` is gone since the deploy", old_function.name)),
    }
}

fn gone(target: Option<Target>, reason: String) -> Carried {
    Carried { status: Status::Deleted, target, reason: Some(reason) }
}

/// Returns where a line went if the diff keeps it, in a function of the same name.
fn by_diff(
    old: &SourceFile<'_>,
    current: &SourceFile<'_>,
    line: u32,
    old_function: Option<&Item>,
) -> Option<Carried> {
    let new_line =
        if old.text == current.text { line } else { line_after(old.text, current.text, line)? };
    let new_function = current.function_at(new_line);
    let agrees = match (old_function, new_function) {
        (None, None) => true,
        (Some(old), Some(new)) => old.name == new.name,
        _ => false,
    };
    if !agrees {
        return None;
    }
    let status = if new_line == line { Status::Exact } else { Status::Moved };
    let target =
        Target { path: current.path.to_owned(), line: Some(new_line), item: new_function.cloned() };
    Some(Carried { status, target: Some(target), reason: None })
}

/// Returns the number in `new` of line `line` of `old`, if the diff keeps it.
pub(super) fn line_after(old: &str, new: &str, line: u32) -> Option<u32> {
    let input = InternedInput::new(old, new);
    let line_idx = line.checked_sub(1)?;
    if usize::try_from(line_idx).ok()? >= input.before.len() {
        return None;
    }
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let mut shift = 0i64;
    for hunk in diff.hunks() {
        if hunk.before.contains(&line_idx) {
            return None;
        }
        if hunk.before.start > line_idx {
            break;
        }
        shift += hunk.after.len() as i64 - hunk.before.len() as i64;
    }
    u32::try_from(i64::from(line) + shift).ok()
}

/// A statement of the deployed text.
struct Statement<'t> {
    shape: Shape<'t>,
    /// The line that the trace names, of a statement of several.
    line_shape: Shape<'t>,
    /// How far down the function it stood, from 0 to 1.
    depth: f64,
}

/// A statement of today that may be the old one.
struct Match<'f> {
    path: &'f str,
    function: Item,
    line: u32,
    same: bool,
    likeness: f64,
}

impl<'t> Statement<'t> {
    fn at(old: &SourceFile<'t>, line: u32, column: Option<u32>, cancel: &Cancel) -> Option<Self> {
        let line_text = old.line_text(line)?;
        let span = old.lines.line_span(line)?;
        let indent = line_text.len() - line_text.trim_start().len();
        let offset = column
            .and_then(|column| old.lines.offset_of_char_column(old.text, line, column))
            .unwrap_or(span.start + indent);
        let head = Snippet::among(old.text, &old.items, offset, cancel)
            .and_then(|snippet| snippet.function_tree(cancel)?.statement_head(offset))
            .unwrap_or(ByteSpan::new(span.start + indent, span.end));
        let function = old.function_at(line)?;
        Some(Self {
            shape: Shape::new(head.slice(old.text)?),
            line_shape: Shape::new(line_text),
            depth: depth_in(function, line),
        })
    }

    /// Returns the statement of a function that is most like this one.
    fn find_in<'f>(
        &self,
        file: &SourceFile<'f>,
        function: &Item,
        cancel: &Cancel,
    ) -> Option<Match<'f>> {
        let snippet = Snippet::among(file.text, &file.items, function.span.start, cancel)?;
        let mut best: Option<(Match<'f>, f64)> = None;
        for span in snippet.statements() {
            if cancel.is_cancelled() {
                break;
            }
            let Some(text) = span.slice(file.text) else { continue };
            let shape = Shape::new(text);
            let same = self.shape.same(&shape);
            let likeness = if same { 1.0 } else { self.shape.similarity(&shape).min(0.99) };
            let line = self.line_within(file, span);
            // Of two that are alike the one at about the same depth of the function.
            let score = likeness - 0.05 * (depth_in(function, line) - self.depth).abs();
            if best.as_ref().is_none_or(|(_, known)| score > *known) {
                let (path, function) = (file.path, function.clone());
                best = Some((Match { path, function, line, same, likeness }, score));
            }
        }
        best.map(|(found, _)| found)
    }

    /// Returns the line of a statement of several lines that is most like the old line.
    fn line_within(&self, file: &SourceFile<'_>, span: ByteSpan) -> u32 {
        let first = file.lines.line_col(span.start).line;
        let last = file.lines.line_col(span.end.saturating_sub(1).max(span.start)).line;
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

impl Match<'_> {
    fn carried(self, old: &SourceFile<'_>, line: u32, old_function: &Item) -> Carried {
        let mut reasons = Vec::new();
        if self.path != old.path {
            reasons.push(format!("was in {}", old.path));
        }
        if self.function.name != old_function.name {
            reasons.push(format!("was in `{}`", old_function.name));
        }
        let status = match self.same {
            true if self.path == old.path && self.line == line => Status::Exact,
            true => Status::Moved,
            false => {
                reasons.push("the statement was edited since the deploy".to_owned());
                Status::Edited
            }
        };
        let reason = (!reasons.is_empty()).then(|| reasons.join("; "));
        let target =
            Target { path: self.path.to_owned(), line: Some(self.line), item: Some(self.function) };
        Carried { status, target: Some(target), reason }
    }
}

fn depth_in(function: &Item, line: u32) -> f64 {
    let n_lines = function.end_line.saturating_sub(function.start_line).max(1);
    f64::from(line.saturating_sub(function.start_line)) / f64::from(n_lines)
}

/// Returns the functions of today that may be the old one, best first: of the same holder and name in
/// the same file, of the same name there, and like it in other files.
fn homes<'v, 'a>(
    view: &'v View<'a>,
    old: &SourceFile<'_>,
    old_function: &Item,
) -> Vec<(&'v SourceFile<'a>, &'v Item)> {
    let named = |file: &'v SourceFile<'a>| {
        file.items
            .iter()
            .filter(|item| item.kind == ItemKind::Function && item.name == old_function.name)
            .map(move |item| (file, item))
    };
    if let Some(current) = view.file(old.path) {
        let all: Vec<_> = named(current).collect();
        let same: Vec<_> =
            all.iter().copied().filter(|(_, item)| same_function(item, old_function)).collect();
        if !same.is_empty() {
            return same;
        }
        if all.len() == 1 {
            return all;
        }
    }
    let old_shape = Shape::new(old_function.span.slice(old.text).unwrap_or_default());
    let mut like: Vec<(f64, (&SourceFile<'a>, &Item))> = view
        .files()
        .flat_map(named)
        .map(|(file, item)| {
            let shape = Shape::new(item.span.slice(file.text).unwrap_or_default());
            (old_shape.similarity(&shape), (file, item))
        })
        .filter(|(likeness, _)| *likeness >= SAME_FUNCTION)
        .collect();
    like.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.0.path.cmp(b.1.0.path)));
    like.into_iter().map(|(_, home)| home).take(4).collect()
}

/// Finds a telling statement in a function of another name of the same file: it was taken out, or
/// the function was renamed.
fn elsewhere<'v>(
    view: &'v View<'_>,
    old: &SourceFile<'_>,
    statement: &Statement<'_>,
) -> Option<Match<'v>> {
    if statement.shape.len() < TELLING_TOKENS {
        return None;
    }
    let current = view.file(old.path)?;
    let mut found: Vec<Match<'_>> = Vec::new();
    for function in current.items.iter().filter(|item| item.kind == ItemKind::Function) {
        let here = statement.find_in(current, function, view.cancel);
        found.extend(here.filter(|found| found.likeness >= SAME_STATEMENT_ELSEWHERE));
    }
    found.sort_by(|a, b| b.likeness.total_cmp(&a.likeness));
    // Two that are as good tell nothing.
    if let [first, second, ..] = found.as_slice()
        && first.likeness - second.likeness < 0.1
        && first.line != second.line
    {
        return None;
    }
    found.into_iter().next()
}

/// Finds a place without a function's name and without the deployed text, by what the message says.
pub(super) fn by_shape(
    view: &View<'_>,
    files: &[&SourceFile<'_>],
    line: u32,
    column: Option<u32>,
    hint: FailureHint,
) -> Option<Resolution> {
    let confirmed: Vec<&&SourceFile<'_>> =
        files.iter().filter(|file| confirms(file, line, column, hint, view.cancel)).collect();
    match confirmed.as_slice() {
        [] => None,
        [file] => {
            let place = file.place(Some(line), column, None, hint, view.cancel);
            let reason = "the deployed text was not seen; what failed could stand at that line";
            Some(by_symbol(place, reason.to_owned()))
        }
        several => Some(ambiguous(
            several.iter().map(|file| candidate(file, Some(line))).collect(),
            "the deployed text was not seen, and several files fit".to_owned(),
        )),
    }
}

/// Says whether what the message tells of stands at the printed line and column.
fn confirms(
    file: &SourceFile<'_>,
    line: u32,
    column: Option<u32>,
    hint: FailureHint,
    cancel: &Cancel,
) -> bool {
    let Some(kind) = hint.kind else { return false };
    file.failing(line, column, hint, cancel).is_some_and(|found| found.kind == kind)
}

/// Returns the line of a function that most likely failed, where its text alone tells.
pub(super) fn line_in_function(
    file: &SourceFile<'_>,
    item: &Item,
    line: u32,
    column: Option<u32>,
    hint: FailureHint,
    cancel: &Cancel,
) -> Option<u32> {
    let _ = (line, column);
    if hint.kind.is_none_or(|kind| kind == FailureKind::Other) {
        return None;
    }
    let mut lines = (item.start_line..=item.end_line.min(item.start_line.saturating_add(2_000)))
        .filter(|line| file.failing(*line, None, hint, cancel).is_some());
    match (lines.next(), lines.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// Names the files of today that may hold what a changed place became: those with a function of the
/// same name.
pub(super) fn wanted<'a>(view: &'a View<'_>, old: &SourceFile<'_>, line: u32) -> Vec<&'a str> {
    let Some(function) = old.function_at(line) else { return Vec::new() };
    let here = view.file(old.path);
    let stayed =
        here.is_some_and(|file| file.items.iter().any(|item| same_function(item, function)));
    if stayed {
        return Vec::new();
    }
    let holds = |items: &[Item], same: &dyn Fn(&Item) -> bool| items.iter().any(same);
    let files = view.input.symbols.files();
    let same: Vec<&str> = files
        .iter()
        .filter(|file| holds(&file.items, &|item| same_function(item, function)))
        .map(|file| file.path.as_str())
        .collect();
    let named = files
        .iter()
        .filter(|file| {
            holds(&file.items, &|item| {
                item.kind == ItemKind::Function && item.name == function.name
            })
        })
        .map(|file| file.path.as_str());
    same.into_iter().chain(named).take(16).collect()
}
