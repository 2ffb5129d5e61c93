//! Lines carried from the text that was deployed to the text of today.
//!
//! First by diff: a line that the diff keeps, in the same function, is the same place. Then by
//! statement: the function is looked for by name and holder, in its file and in others, and in it
//! the statement that is most like the old one. What is like nothing is gone, and that is an answer.

use crate::cancel::Cancel;
use crate::resolve::Status;
use crate::resolve::linemap::LineMap;
use crate::resolve::place::{Printed, SourceFile, View, same_function};
use crate::resolve::shape::Shape;
use crate::syntax::rust::{FailingName, FailureHint, Snippet};
use crate::syntax::{Item, ItemKind};
use crate::text::ByteSpan;

/// A statement less like the old one than this is another one.
const SAME_STATEMENT: f64 = 0.55;
/// The same for one that took the place of the old one and can fail in the same way.
const SAME_STATEMENT_IN_PLACE: f64 = 0.25;
/// The same for a statement in a function of another name: there is less to go by.
const SAME_STATEMENT_ELSEWHERE: f64 = 0.8;
/// A function in another file less like the old one than this is another one.
const SAME_FUNCTION: f64 = 0.35;
/// So many files are searched for a statement whose function is not known any more.
const MAX_FILES_ELSEWHERE: usize = 32;
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
    if let Some(current) = view.file(old.path) {
        let map = LineMap::new(old.text, current.text);
        if let Some(carried) = by_diff(old, current, &map, line, old_function) {
            return carried;
        }
    }
    let Some(old_function) = old_function else {
        return gone(None, "the line is gone, and it lies in no function".to_owned());
    };
    let Some(statement) = Statement::at(old, line, column, printed.hint, view.cancel) else {
        return gone(None, "the old statement could not be read".to_owned());
    };
    let homes = homes(view, old, old_function);
    let mut found: Vec<Match<'_>> = Vec::new();
    for (file, function) in &homes {
        let map = LineMap::new(old.text, file.text);
        if file.path != old.path
            && let Some(carried) = by_diff(old, file, &map, line, Some(old_function))
        {
            return carried;
        }
        found.extend(statement.find_in(file, function, &map, view.cancel));
    }
    let best = found.into_iter().max_by(|a, b| a.score.total_cmp(&b.score));
    let best = best
        .or_else(|| kept_elsewhere(view, old, &statement))
        .or_else(|| elsewhere(view, old, &statement));
    if let Some(found) = best {
        return found.carried(old, line, old_function);
    }
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
    map: &LineMap,
    line: u32,
    old_function: Option<&Item>,
) -> Option<Carried> {
    let new_line = map.kept(line)?;
    let new_function = current.function_at(new_line);
    let agrees = match (old_function, new_function) {
        (None, None) => true,
        (Some(old), Some(new)) => old.name == new.name,
        _ => false,
    };
    if !agrees {
        return None;
    }
    let stayed = new_line == line && current.path == old.path;
    let target =
        Target { path: current.path.to_owned(), line: Some(new_line), item: new_function.cloned() };
    Some(Carried {
        status: if stayed { Status::Exact } else { Status::Moved },
        target: Some(target),
        reason: (current.path != old.path).then(|| format!("was in {}", old.path)),
    })
}

/// A statement of the deployed text.
struct Statement<'t> {
    line: u32,
    shape: Shape<'t>,
    /// The line that the trace names, of a statement of several.
    line_shape: Shape<'t>,
    line_text: &'t str,
    /// The method, macro or kind of expression that failed, as it is called.
    failing: Option<FailingName>,
    /// How far down the function it stood, from 0 to 1.
    depth: f64,
}

/// A statement of today that may be the old one.
struct Match<'f> {
    path: &'f str,
    function: Item,
    line: u32,
    likeness: f64,
    score: f64,
    /// The old line stands there to the letter but for indentation.
    same: bool,
    /// Its tokens are the old ones in another layout.
    only_layout: bool,
}

impl<'t> Statement<'t> {
    fn at(
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
    fn find_in<'f>(
        &self,
        file: &SourceFile<'f>,
        function: &Item,
        map: &LineMap,
        cancel: &Cancel,
    ) -> Option<Match<'f>> {
        let snippet = Snippet::among(file.text, &file.items, function.span.start, cancel)?;
        let replaced_by = map.replaced_by(self.line);
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
            if best.as_ref().is_none_or(|best| score > best.score) {
                let (path, function) = (file.path, function.clone());
                best = Some(Match { path, function, line, likeness, score, same, only_layout });
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

impl Match<'_> {
    fn carried(self, old: &SourceFile<'_>, line: u32, old_function: &Item) -> Carried {
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

/// Returns a telling line that the diff keeps in a function of another name: the function was renamed,
/// or the line was taken out of it with what stood around.
fn kept_elsewhere<'v>(
    view: &'v View<'_>,
    old: &SourceFile<'_>,
    statement: &Statement<'_>,
) -> Option<Match<'v>> {
    if statement.line_shape.len() < TELLING_TOKENS {
        return None;
    }
    let current = view.file(old.path)?;
    let line = LineMap::new(old.text, current.text).kept(statement.line)?;
    let function = current.function_at(line)?.clone();
    Some(Match {
        path: current.path,
        function,
        line,
        likeness: 1.0,
        score: 1.0,
        same: true,
        only_layout: false,
    })
}

/// Finds a telling statement in a function of another name of the same file, or the very
/// statement in another one: it was taken out, or the function was renamed.
fn elsewhere<'v>(
    view: &'v View<'_>,
    old: &SourceFile<'_>,
    statement: &Statement<'_>,
) -> Option<Match<'v>> {
    if statement.shape.len() < TELLING_TOKENS {
        return None;
    }
    let mut found: Vec<Match<'_>> = Vec::new();
    for file in view.files().take(MAX_FILES_ELSEWHERE) {
        let map = LineMap::new(old.text, file.text);
        // In another file nothing short of the very statement counts.
        let wanted = if file.path == old.path { SAME_STATEMENT_ELSEWHERE } else { 1.0 };
        for function in file.items.iter().filter(|item| item.kind == ItemKind::Function) {
            let here = statement.find_in(file, function, &map, view.cancel);
            found.extend(here.filter(|found| found.likeness >= wanted));
        }
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
