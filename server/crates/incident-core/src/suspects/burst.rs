//! Where a fault without a trace may lie: the settings that suspects changed, the code that reads
//! them, and the statements that print the errors.

use std::collections::BTreeSet;

use super::{RankInput, Reason, SuspectCommit, SuspectSpan};
use crate::config_changes::ConfigChange;
use crate::history::Commit;
use crate::incident;
use crate::logs::{GroupStatus, Level, LogGroup};
use crate::statements::StatementPlace;
use crate::syntax::rust::function_at_line;

/// How many suspects' settings are looked at.
const MAX_SUSPECTS: usize = 2;
/// How many places are named.
const MAX_SPANS: usize = 12;
/// How many lines that read one setting are named.
const MAX_READERS: usize = 2;

/// Names the places, best first; lines are those of the tree as it is now.
pub fn burst_spans(input: &RankInput<'_>, suspects: &[SuspectCommit]) -> Vec<SuspectSpan> {
    let mut spans = Vec::new();
    let mut keys: Vec<String> = Vec::new();
    for (rank, suspect) in suspects.iter().take(MAX_SUSPECTS).enumerate() {
        let commit = input.history.commits.iter().find(|commit| commit.id == suspect.commit);
        let changes = input.history.config.get(&suspect.commit).into_iter().flatten();
        for change in changes.filter(|change| change.old.is_some()) {
            let Some(line) = commit.and_then(|commit| line_now(input, commit, change)) else {
                continue;
            };
            let score = 0.9 - 0.3 * rank as f64;
            spans.push(span(
                &change.path,
                None,
                (line, line),
                score,
                "setting_changed",
                format!("commit {} set {}", suspect.commit.short(), change.shown()),
            ));
            keys.extend(
                change.key.rsplit('.').next().filter(|key| key.len() > 3).map(str::to_owned),
            );
        }
    }
    let (printed, told): (Vec<&StatementPlace>, Vec<String>) =
        statements(input).into_iter().unzip();
    for key in &keys {
        spans.extend(readers(input, key, &printed));
    }
    for (place, detail) in printed.into_iter().zip(told) {
        let lines = (place.line, place.end_line);
        let function = place.function.clone();
        spans.push(span(&place.path, function, lines, 0.4, "printed_here", detail));
    }
    spans.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut seen = BTreeSet::new();
    spans.retain(|span| seen.insert((span.path.clone(), span.start_line)));
    spans.truncate(MAX_SPANS);
    spans
}

fn span(
    path: &str,
    function: Option<String>,
    (start_line, end_line): (u32, u32),
    score: f64,
    kind: &'static str,
    detail: String,
) -> SuspectSpan {
    let reasons = vec![Reason { kind, detail, weight: score }];
    SuspectSpan { path: path.to_owned(), function, start_line, end_line, score, reasons }
}

/// Returns the line on which a changed setting stands now: the one with the very text that the
/// commit wrote, nearest to where it wrote it.
fn line_now(input: &RankInput<'_>, commit: &Commit, change: &ConfigChange) -> Option<u32> {
    let text = input.sources.current.get(&change.path)?;
    let file = commit.files.iter().find(|file| file.path == change.path)?;
    let last = change.key.rsplit('.').next().unwrap_or(&change.key);
    let written = file
        .hunks
        .iter()
        .flat_map(|hunk| (hunk.new_start..).zip(&hunk.added))
        .filter(|(_, added)| added.contains(last))
        .min_by_key(|(line, _)| line.abs_diff(change.line))
        .map(|(_, added)| added.trim())?;
    let lines = (1u32..).zip(text.lines());
    lines
        .filter(|(_, line)| line.trim() == written)
        .min_by_key(|(line, _)| line.abs_diff(change.line))
        .map(|(line, _)| line)
}

/// Returns the statements of the incident's errors, each once.
fn statements<'a>(input: &RankInput<'a>) -> Vec<(&'a StatementPlace, String)> {
    let belongs = |id: &String| input.log_groups.is_empty() || input.log_groups.contains(id);
    let mut seen = BTreeSet::new();
    input
        .logs
        .groups
        .iter()
        .filter(|group| group.level >= Level::Warn && belongs(&group.id))
        .filter_map(|group| Some((group.statements.first()?, printed(group))))
        .filter(|(place, _)| !place.is_tied && seen.insert((&place.path, place.line)))
        .collect()
}

/// Says how often a group's statement printed, and what is new about that.
fn printed(group: &LogGroup) -> String {
    let n = group.count_after.filter(|after| *after > 0).unwrap_or(group.count);
    let times = if n == 1 { "once".to_owned() } else { format!("{n} times") };
    let since = incident::onset(group).and_then(|at| at.get(11..16).map(str::to_owned));
    let since = since.map(|at| format!(" since {at}")).unwrap_or_default();
    let news = group.status.news().filter(|_| group.status != GroupStatus::Gone);
    let news = news.map(|news| format!(", {news}")).unwrap_or_default();
    format!("printed {times}{since}{news}")
}

/// Returns the lines that read a setting in the files that print the errors.
fn readers(input: &RankInput<'_>, key: &str, printed: &[&StatementPlace]) -> Vec<SuspectSpan> {
    let paths: BTreeSet<&str> = printed.iter().map(|place| place.path.as_str()).collect();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let names = [key.to_owned(), camel_case(key)];
    let reads =
        |line: &str| line.split(|c| !is_word(c)).any(|word| names.iter().any(|name| name == word));
    let mut found = Vec::new();
    for path in paths {
        let Some(text) = input.sources.current.get(path) else { continue };
        let lines = (1u32..).zip(text.lines()).filter(|(line, text)| {
            // A statement that only prints the setting does nothing with it.
            let prints =
                |it: &&&StatementPlace| it.path == path && (it.line..=it.end_line).contains(line);
            reads(text) && !printed.iter().any(|it| prints(&it))
        });
        for (line, _) in lines.take(MAX_READERS) {
            let items = input.functions.file(path).map(|file| file.items.as_slice());
            let function = items.and_then(|items| function_at_line(items, line));
            let name = function.map(|item| item.name.clone());
            let detail = format!("it reads `{key}`");
            found.push(span(path, name, (line, line), 0.5, "reads_setting", detail));
        }
    }
    found
}

/// `acquire_timeout_ms` and `acquire-timeout-ms` are `acquireTimeoutMs` in other languages.
fn camel_case(key: &str) -> String {
    let mut upper = false;
    let mut name = String::new();
    for c in key.chars() {
        if matches!(c, '_' | '-') {
            upper = true;
        } else if upper {
            name.extend(c.to_uppercase());
            upper = false;
        } else {
            name.push(c);
        }
    }
    name
}
