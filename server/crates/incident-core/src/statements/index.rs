//! The index over a workspace's statements: rare words first, then whole patterns.

use std::collections::HashMap;
use std::sync::Arc;

use super::message::{self, MAX_MESSAGE_BYTES, Part};
use super::pattern::{Pattern, Piece};
use super::{FileStatements, PlacedStatement, Statement, StatementKind};

/// The statements of a workspace; cheap to hold on to as a snapshot.
#[derive(Clone, Debug, Default)]
pub struct StatementIndex {
    /// Sorted by path.
    files: Vec<Arc<FileStatements>>,
    /// The statements by the rarest whole word of their literal text.
    by_word: HashMap<Box<str>, Vec<Place>>,
    /// Those that have no whole word, as `{}ms`: they are always tried.
    wordless: Vec<Place>,
}

/// File and statement, as places in the lists that hold them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    file_idx: usize,
    statement_idx: usize,
}

/// What a log line says, to find its statement by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<'m> {
    /// The message, with or without the structured fields that follow it.
    pub message: &'m str,
    /// The target, module or logger that the line names.
    pub target: Option<&'m str>,
    /// The level that the line names, in any case.
    pub level: Option<&'m str>,
}

/// A statement that can have printed a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementMatch {
    /// The statement.
    pub placed: PlacedStatement,
    /// How well it fits, in thousandths: above 500 it is the message's own statement, below one
    /// that gave a part of it, or one that may have gone on with other words.
    pub score: u16,
    /// Others fit as well as this one, and nothing tells them apart.
    pub is_tied: bool,
    /// The values of its arguments, by their names in the source.
    pub values: Vec<(String, String)>,
}

/// The most matches that are returned.
const MAX_MATCHES: usize = 8;

/// How many statements without a whole word are tried for one message.
const MAX_WORDLESS: usize = 2_000;

impl StatementIndex {
    /// Builds the index; of two files with the same path the last one counts.
    pub fn new(files: Vec<Arc<FileStatements>>) -> Self {
        let mut files = files;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.reverse();
        files.dedup_by(|a, b| a.path == b.path);
        files.reverse();
        let mut frequency: HashMap<&str, usize> = HashMap::new();
        for statement in files.iter().flat_map(|file| &file.statements) {
            for word in whole_words(&statement.pattern) {
                *frequency.entry(word).or_default() += 1;
            }
        }
        let mut by_word: HashMap<Box<str>, Vec<Place>> = HashMap::new();
        let mut wordless = Vec::new();
        for (file_idx, file) in files.iter().enumerate() {
            for (statement_idx, statement) in file.statements.iter().enumerate() {
                let place = Place { file_idx, statement_idx };
                let count = |word: &&str| frequency.get(word).copied().unwrap_or_default();
                let rarest = whole_words(&statement.pattern)
                    .min_by_key(|word| (count(word), std::cmp::Reverse(word.len()), *word));
                match rarest {
                    Some(word) => by_word.entry(word.into()).or_default().push(place),
                    None => wordless.push(place),
                }
            }
        }
        drop(frequency);
        wordless.truncate(MAX_WORDLESS);
        Self { files, by_word, wordless }
    }

    /// Returns the files, sorted by path.
    pub fn files(&self) -> &[Arc<FileStatements>] {
        &self.files
    }

    /// Returns how many statements there are.
    pub fn n_statements(&self) -> usize {
        self.files.iter().map(|file| file.statements.len()).sum()
    }

    /// Finds the statements that can have printed a message, the likeliest first; ties stand in the
    /// order of path and line.
    pub fn find(&self, query: &Query<'_>) -> Vec<StatementMatch> {
        let whole = first_line(query.message);
        let bare = message::without_fields(whole);
        let parts = message::parts(whole);
        let n_message = n_alphanumeric(bare.unwrap_or(whole)).max(1);
        let mut found: Vec<(f64, Place, Vec<&str>)> = Vec::new();
        for place in self.candidates(whole) {
            let Some(placed) = self.placed(place) else { continue };
            let statement = placed.statement();
            let Some((fit, values)) = fit(statement, whole, bare, &parts) else { continue };
            let share = (statement.pattern.n_literal() as f64 / n_message as f64).min(1.0);
            let told = told_apart(statement, placed.path(), query, whole, bare);
            found.push((fit * (0.55 + 0.35 * share) + told, place, values));
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.truncate(MAX_MATCHES);
        let is_near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        let scores: Vec<f64> = found.iter().map(|(score, ..)| *score).collect();
        let found = found.into_iter().filter_map(|(score, place, values)| {
            let placed = self.placed(place)?;
            let n_like = scores.iter().filter(|other| is_near(**other, score)).count();
            let names = placed.statement().pattern.names().map(str::to_owned);
            let values = names.zip(values.into_iter().map(str::to_owned)).collect();
            let score = (score.clamp(0.0, 1.0) * 1000.0).round() as u16;
            Some(StatementMatch { placed, score, is_tied: n_like > 1, values })
        });
        found.collect()
    }

    /// Returns the statements whose rarest word the message has.
    fn candidates(&self, message: &str) -> Vec<Place> {
        let mut places: Vec<Place> = message::words(message)
            .filter_map(|word| self.by_word.get(word))
            .flatten()
            .chain(&self.wordless)
            .copied()
            .collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    fn placed(&self, place: Place) -> Option<PlacedStatement> {
        let file = self.files.get(place.file_idx)?;
        file.statements.get(place.statement_idx)?;
        Some(PlacedStatement { file: Arc::clone(file), statement_idx: place.statement_idx })
    }
}

/// Returns the words of the literal text that no value can touch.
fn whole_words(pattern: &Pattern) -> impl Iterator<Item = &str> {
    let pieces = pattern.pieces();
    let is_value = |at: Option<usize>| {
        at.and_then(|at| pieces.get(at)).is_some_and(|piece| matches!(piece, Piece::Value(_)))
    };
    pieces.iter().enumerate().flat_map(move |(piece_idx, piece)| {
        let Piece::Text(text) = piece else { return Vec::new() };
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let mut words: Vec<&str> = message::words(text).collect();
        if is_value(piece_idx.checked_sub(1)) && text.starts_with(is_word) && !words.is_empty() {
            words.remove(0);
        }
        if is_value(Some(piece_idx + 1)) && text.ends_with(is_word) {
            words.pop();
        }
        words
    })
}

fn first_line(message: &str) -> &str {
    let line = message.trim_start().lines().next().unwrap_or_default();
    crate::text::cut(line, MAX_MESSAGE_BYTES).trim()
}

fn n_alphanumeric(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphanumeric()).count()
}

/// How a statement's pattern can lie in a message, the best way first; with its values.
fn fit<'m>(
    statement: &Statement,
    whole: &'m str,
    bare: Option<&'m str>,
    parts: &[Part<'m>],
) -> Option<(f64, Vec<&'m str>)> {
    let pattern = &statement.pattern;
    if let Some(values) = pattern.values(whole) {
        return Some((1.0, values));
    }
    if let Some(values) = bare.and_then(|bare| pattern.values(bare)) {
        return Some((1.0, values));
    }
    // `RuntimeError: message` is the whole of what an error prints.
    let headed = parts.iter().filter(|part| ends_whole(part.text, whole, bare)).find_map(|part| {
        let values = pattern.values(part.text)?;
        is_heading(part.before, statement).then_some((0.98, values))
    });
    if headed.is_some() {
        return headed;
    }
    // `context: cause` of which this statement said the first part.
    let open = [Some(whole), bare].into_iter().flatten().find_map(|message| {
        let values = open_ended(pattern, message)?;
        Some((0.8, values))
    });
    if open.is_some() {
        return open;
    }
    parts.iter().find_map(|part| pattern.values(part.text)).map(|values| (0.6, values))
}

fn ends_whole(part: &str, whole: &str, bare: Option<&str>) -> bool {
    whole.ends_with(part) || bare.is_some_and(|bare| bare.ends_with(part))
}

/// Says whether what stands before a message is the type of the error, as languages print it.
fn is_heading(before: &str, statement: &Statement) -> bool {
    let word = before.trim_start_matches("Uncaught ").rsplit([' ', '.']).next().unwrap_or(before);
    match &statement.error_type {
        Some(name) => name.rsplit(['.', ':']).next() == Some(word),
        None => word.ends_with("Error") || word.ends_with("Exception") || word == "panic",
    }
}

/// Matches the pattern against the beginning of a message that goes on after a boundary.
fn open_ended<'m>(pattern: &Pattern, message: &'m str) -> Option<Vec<&'m str>> {
    let Some(Piece::Text(last)) = pattern.pieces().last() else { return None };
    let mut open = pattern.clone();
    open.push_value("");
    let mut values = open.values(message)?;
    let rest = values.pop()?;
    let is_boundary = rest.starts_with([' ', ':', ',', '.', ';', '(', '[', '{', '='])
        || last.ends_with([' ', ':', '=']);
    is_boundary.then_some(values)
}

/// Weighs what the line says besides its message.
fn told_apart(
    statement: &Statement,
    path: &str,
    query: &Query<'_>,
    whole: &str,
    bare: Option<&str>,
) -> f64 {
    let mut told = 0.0;
    if let Some(target) = query.target {
        told += 0.06 * target_fit(statement, path, target);
    }
    if let (Some(of_line), Some(of_statement)) = (query.level, &statement.level) {
        told += if is_same_level(of_line, of_statement) { 0.03 } else { -0.06 };
    }
    told -= match statement.kind {
        StatementKind::Log => 0.0,
        StatementKind::Panic => 0.004,
        StatementKind::Print | StatementKind::Error => 0.01,
        StatementKind::Text => 0.05,
    };
    if !statement.fields.is_empty() {
        let keys = message::field_keys(whole, bare.map_or(whole.len(), str::len));
        let n_same = statement.fields.iter().filter(|it| keys.contains(&it.as_str())).count();
        told += 0.01 * n_same as f64 / statement.fields.len() as f64;
    }
    if is_test_path(path) {
        told -= 0.05;
    }
    told
}

/// Says, from 0 to 1, how well a target names a file: by the logger in the source, else by how many
/// of its last parts are those of the path.
fn target_fit(statement: &Statement, path: &str, target: &str) -> f64 {
    if statement.logger.as_deref() == Some(target) {
        return 1.0;
    }
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let mut of_path: Vec<&str> =
        stem.split('/').filter(|part| !matches!(*part, "src" | "lib" | "main" | "java")).collect();
    if of_path.last().is_some_and(|last| matches!(*last, "mod" | "index" | "__init__")) {
        of_path.pop();
    }
    let of_target: Vec<&str> =
        target.split(['.', ':', '/', '$']).filter(|part| !part.is_empty()).collect();
    let is_same = |(a, b): &(&&str, &&str)| a.replace('-', "_") == b.replace('-', "_");
    let n_same = of_path.iter().rev().zip(of_target.iter().rev()).take_while(is_same).count();
    // The first part of a target is often the package, which no path below its root shows.
    let n_full = of_path.len().min(of_target.len()).max(1);
    (n_same as f64 / n_full as f64).min(1.0)
}

fn is_same_level(of_line: &str, of_statement: &str) -> bool {
    let rank = |level: &str| match level.to_ascii_lowercase().as_str() {
        "trace" => 0,
        "debug" => 1,
        "info" | "notice" => 2,
        "warn" | "warning" => 3,
        _ => 4,
    };
    rank(of_line) == rank(of_statement)
}

fn is_test_path(path: &str) -> bool {
    let is_folder =
        |part: &str| matches!(part, "tests" | "test" | "__tests__" | "examples" | "benches");
    let name = path.rsplit('/').next().unwrap_or(path);
    path.split('/').any(is_folder)
        || name.starts_with("test_")
        || ["_test.", ".test.", ".spec.", "Test."].iter().any(|mark| name.contains(mark))
        || name == "tests.rs"
}
