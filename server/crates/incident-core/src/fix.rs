//! Fixes: edits against a base, as a unified diff. Nothing here applies one to a disk.

use imara_diff::{Algorithm, Diff, InternedInput};

use crate::history::CommitId;
use crate::text::ByteSpan;

mod fuzz;
mod patch;
mod secrets;

pub use fuzz::{Applied, Moved};
pub use patch::{FilePatch, Patch, PatchHunk, PatchLine, parse_patch};

/// Unchanged lines shown before and after a change, as git does.
const CONTEXT: u32 = 3;

/// An edit of one file: replace `span` by `replacement`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes of the base text to replace.
    pub span: ByteSpan,
    /// What stands there afterwards.
    pub replacement: String,
}

/// A fix that can be opened in a scratch worktree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in one line.
    pub summary: String,
    /// A unified diff with `a/` and `b/` prefixes and three lines of context, against the text as it is now.
    pub patch: String,
}

/// A fix on its way into a worktree: what [`crate::hypothesis::CheckedHypothesis`] turns into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixPlan {
    /// The incident's id.
    pub incident: String,
    /// The hypothesis' number, from 1.
    pub number: u32,
    /// The commit to start from; `None` for HEAD.
    pub base: Option<CommitId>,
    /// The fix.
    pub fix: Fix,
}

/// Renders edits of one file as a unified diff; empty where they change nothing.
///
/// `edits` must not overlap; those that do not fit the text are left out.
pub fn unified_diff(path: &str, before: &str, edits: &[Edit]) -> String {
    let after = apply_edits(before, edits);
    let body = hunks(before, &after);
    if body.is_empty() {
        return body;
    }
    format!("--- {}\n+++ {}\n{body}", header_path("a/", path), header_path("b/", path))
}

/// Renders a file that does not exist yet as a unified diff; empty for an empty text.
pub fn new_file_diff(path: &str, text: &str) -> String {
    let body = hunks("", text);
    if body.is_empty() {
        return body;
    }
    format!("--- /dev/null\n+++ {}\n{body}", header_path("b/", path))
}

/// Returns `before` with the edits made.
///
/// Of two that overlap the earlier one counts; one that does not fit the text is left out.
pub fn apply_edits(before: &str, edits: &[Edit]) -> String {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| edit.span);
    let mut after = String::with_capacity(before.len());
    let mut done = 0;
    for edit in edits {
        let (Some(kept), Some(_)) = (before.get(done..edit.span.start), edit.span.slice(before))
        else {
            continue;
        };
        after.push_str(kept);
        after.push_str(&edit.replacement);
        done = edit.span.end;
    }
    after.push_str(before.get(done..).unwrap_or_default());
    after
}

/// Renders the hunks between two texts; a line's own end, CRLF too, is part of the line.
fn hunks(before: &str, after: &str) -> String {
    let input = InternedInput::new(before, after);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let n_before = length(&input.before);
    let n_after = length(&input.after);

    let mut out = String::new();
    let mut changes = diff.hunks().peekable();
    while let Some(first) = changes.next() {
        let mut group = vec![first];
        while let Some(next) = changes.peek() {
            let last_end = group.last().map_or(0, |change| change.before.end);
            if next.before.start - last_end > 2 * CONTEXT {
                break;
            }
            group.extend(changes.next());
        }
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let lead = first.before.start.min(CONTEXT);
        let tail = (n_before - last.before.end).min(CONTEXT);
        let old = first.before.start - lead..last.before.end + tail;
        let new = first.after.start - lead..(last.after.end + tail).min(n_after);
        out.push_str(&format!("@@ -{} +{} @@\n", range(&old), range(&new)));

        let mut at = old.start;
        for change in &group {
            push_lines(&mut out, ' ', &input, &input.before, at..change.before.start);
            push_lines(&mut out, '-', &input, &input.before, change.before.clone());
            push_lines(&mut out, '+', &input, &input.after, change.after.clone());
            at = change.before.end;
        }
        push_lines(&mut out, ' ', &input, &input.before, at..old.end);
    }
    out
}

fn length(tokens: &[imara_diff::Token]) -> u32 {
    u32::try_from(tokens.len()).unwrap_or(u32::MAX)
}

/// Writes a line range as git does: an empty one names the line before it, a count of 1 is left out.
fn range(lines: &std::ops::Range<u32>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        n_lines => format!("{},{n_lines}", lines.start + 1),
    }
}

fn push_lines(
    out: &mut String,
    mark: char,
    input: &InternedInput<&str>,
    tokens: &[imara_diff::Token],
    lines: std::ops::Range<u32>,
) {
    for token in tokens.get(lines.start as usize..lines.end as usize).unwrap_or_default() {
        let line = input.interner[*token];
        out.push(mark);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// Writes a path for a `---` or `+++` line: quoted as C does where git would quote it.
fn header_path(prefix: &str, path: &str) -> String {
    if path.chars().any(|c| c.is_control() || c == '"' || c == '\\') {
        let mut quoted = format!("\"{prefix}");
        for byte in path.bytes() {
            match byte {
                b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
                0x20..=0x7e => quoted.push(char::from(byte)),
                _ => quoted.push_str(&format!("\\{byte:03o}")),
            }
        }
        quoted.push('"');
        return quoted;
    }
    // A tab after a path with blanks tells readers where it ends: git does the same.
    let end = if path.contains(' ') { "\t" } else { "" };
    format!("{prefix}{path}{end}")
}

#[cfg(test)]
mod tests;
