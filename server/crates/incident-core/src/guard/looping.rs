//! Fixes that go round in circles: the same one again, the original code back, A-B-A.
//!
//! An attempt is known by what the touched functions looked like before and after it, as the
//! leaves of their syntax trees without comments and layout. So a fix that is formatted or
//! explained anew is still the same fix.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};
use tree_sitter::Node;

use crate::fix::FilePatch;
use crate::symbol;
use crate::syntax;
use crate::text::LineIndex;

/// What a function, or a file outside of functions, looks like: a hash.
pub type Shape = String;

/// What a patch does to the functions that it touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Their shapes before.
    pub before: BTreeSet<Shape>,
    /// Their shapes after.
    pub after: BTreeSet<Shape>,
}

impl Change {
    /// Adds what another file's part of the same patch does.
    pub fn extend(&mut self, other: Self) {
        self.before.extend(other.before);
        self.after.extend(other.after);
    }

    /// Returns it as lines, `-SHAPE` and `+SHAPE`, to be kept.
    pub fn to_lines(&self) -> String {
        let before = self.before.iter().map(|shape| format!("-{shape}\n"));
        before.chain(self.after.iter().map(|shape| format!("+{shape}\n"))).collect()
    }

    /// Reads what [`Change::to_lines`] wrote; other lines count for nothing.
    pub fn from_lines(lines: &str) -> Self {
        let side =
            |mark| lines.lines().filter_map(move |it| it.strip_prefix(mark)).map(Shape::from);
        Self { before: side('-').collect(), after: side('+').collect() }
    }
}

/// A change that was tried against a symptom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The symptom's fingerprint: the incident's id.
    pub symptom: String,
    /// What was changed.
    pub change: Change,
    /// Whether it held; `None` while nobody knows.
    pub held: Option<bool>,
    /// What failed and why, in one line.
    pub why: String,
}

/// Why a fix is stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It was tried and did not hold.
    SameAgain {
        /// Position among the attempts, from 0.
        attempt: usize,
    },
    /// It brings back what an earlier attempt replaced.
    BackAgain {
        /// Position among the attempts, from 0.
        attempt: usize,
    },
}

/// The largest text whose tree is looked at, in bytes.
const MAX_TEXT: usize = 2 << 20;

/// Says why `change` must not be tried against `symptom` once more.
///
/// An attempt that held is no reason: whoever takes it back or makes it again has one.
pub fn stop(symptom: &str, change: &Change, attempts: &[Attempt]) -> Option<Stop> {
    if change.before == change.after {
        return None;
    }
    let failed = |attempt: &&Attempt| attempt.symptom == symptom && attempt.held != Some(true);
    let mut known = attempts.iter().enumerate().filter(|(_, attempt)| failed(attempt));
    known.find_map(|(at, attempt)| {
        let tried = &attempt.change;
        if !change.after.is_empty() && change.after == tried.after {
            // What nobody has judged yet may be tried again.
            return (attempt.held == Some(false)).then_some(Stop::SameAgain { attempt: at });
        }
        (!change.after.is_empty() && change.after == tried.before && change.before == tried.after)
            .then_some(Stop::BackAgain { attempt: at })
    })
}

impl Stop {
    /// Returns a sentence for the person, with the plan by hand.
    pub fn sentence(&self, attempts: &[Attempt], tell_apart: &[String]) -> String {
        let (head, attempt) = match self {
            Self::SameAgain { attempt } => ("This fix was tried before and did not hold", attempt),
            Self::BackAgain { attempt } => (
                "This fix brings back what an earlier one replaced, so fixes undo each other",
                attempt,
            ),
        };
        let why = attempts.get(*attempt).map(|it| it.why.trim()).filter(|why| !why.is_empty());
        let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
        let plan = match tell_apart {
            [] => "look at the value that fails, at run time, before the next edit".to_owned(),
            plan => plan.join("; "),
        };
        format!("{head}{why}. What would tell the causes apart: {plan}.")
    }
}

/// Returns what a change of one file does to the functions that it touches.
pub fn change(path: &str, before: &str, after: &str) -> Change {
    Change { before: shapes(path, before, after), after: shapes(path, after, before) }
}

/// Returns what a patch of one file does, where the file is at hand as it is now.
pub fn change_of_patch(patch: &FilePatch, text: &str) -> Option<Change> {
    Some(change(patch.path(), text, &patch.apply(text)?))
}

/// Returns the shapes of those functions of `text` that differ in `other`, or are not there.
fn shapes(path: &str, text: &str, other: &str) -> BTreeSet<Shape> {
    let other: BTreeSet<Shape> = parts(path, other).into_iter().collect();
    parts(path, text).into_iter().filter(|shape| !other.contains(shape)).collect()
}

/// Returns the shape of each function of a file, and of what is left outside of them.
fn parts(path: &str, text: &str) -> Vec<Shape> {
    let leaves = leaves(path, text);
    let lines = LineIndex::new(text);
    let symbols = syntax::index_file(path, text);
    let functions: Vec<&syntax::Item> =
        symbols.items.iter().filter(|item| item.kind == syntax::ItemKind::Function).collect();
    let mut by_function: Vec<(String, Sha256, bool)> = functions
        .iter()
        .map(|item| (format!("{path}#{}", item.name), Sha256::new(), false))
        .collect();
    let mut outside = (Sha256::new(), false);
    for (start, leaf) in leaves {
        let line = lines.line_col(start).line;
        // The innermost one: items are sorted by start.
        let at = functions.iter().rposition(|it| it.start_line <= line && line <= it.end_line);
        let hasher = match at.and_then(|at| by_function.get_mut(at)) {
            Some((_, hasher, seen)) => {
                *seen = true;
                hasher
            }
            None => {
                outside.1 = true;
                &mut outside.0
            }
        };
        hasher.update(leaf.as_bytes());
        hasher.update([0]);
    }
    let mut shapes: Vec<Shape> = by_function
        .into_iter()
        .filter(|(_, _, seen)| *seen)
        .map(|(name, hasher, _)| shape(&name, hasher))
        .collect();
    if outside.1 {
        shapes.push(shape(path, outside.0));
    }
    shapes
}

fn shape(name: &str, hasher: Sha256) -> Shape {
    let digest = hasher.finalize();
    let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let name: String = symbol::segments(name).last().cloned().unwrap_or_else(|| name.to_owned());
    format!("{hex}:{name}")
}

/// Returns the leaves of a file's tree that mean something, with where they start; words where no
/// grammar is at hand.
fn leaves<'a>(path: &str, text: &'a str) -> Vec<(usize, &'a str)> {
    let text = crate::text::cut(text, MAX_TEXT);
    let Some(tree) = syntax::parse(path, text) else { return words(text) };
    let mut leaves = Vec::new();
    let mut cursor = tree.walk();
    // The cursor goes down, right, and up again: no recursion on the input's depth.
    'walk: loop {
        let node = cursor.node();
        if is_leaf(&node) {
            let leaf = text.get(node.byte_range()).unwrap_or_default();
            // A comma before a closing bracket is layout.
            if !node.kind().contains("comment") && !leaf.trim().is_empty() {
                if matches!(leaf, ")" | "]" | "}")
                    && leaves.last().is_some_and(|(_, it)| *it == ",")
                {
                    leaves.pop();
                }
                leaves.push((node.start_byte(), leaf));
            }
        }
        if !is_leaf(&node) && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                break 'walk;
            }
        }
    }
    leaves
}

fn is_leaf(node: &Node<'_>) -> bool {
    node.child_count() == 0 || node.kind().contains("comment") || node.kind().contains("string")
}

fn words(text: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if c.is_alphanumeric() || c == '_' {
            start.get_or_insert(at);
            continue;
        }
        if let Some(from) = start.take() {
            words.push((from, text.get(from..at).unwrap_or_default()));
        }
        if !c.is_whitespace() {
            words.push((at, text.get(at..at + c.len_utf8()).unwrap_or_default()));
        }
    }
    words
}

#[cfg(test)]
mod tests;
