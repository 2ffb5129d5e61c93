//! Measures every signal on every candidate; what a value means to a person is kept as words.

use std::collections::{BTreeMap, HashMap};

use super::RankInput;
use super::callees::{self, Call};
use super::coupling::Coupling;
use super::failure;
use super::settings;
use super::stack::{self, Site};
use super::weights::{N_SIGNALS, Signal};
use super::words::{self, Vocabulary, WeightedWords};
use crate::cancel::Cancel;
use crate::history::{BlameRange, Commit, Hunk};
use crate::text;

/// How many places on the stack count: deeper ones are the same `main` in every trace.
const MAX_SITES: usize = 24;
/// Over how many lines nearness fades to a third.
const NEAR_LINES: f64 = 10.0;
/// What code below the crash counts: most of it had not run. The next line may be the same
/// statement still.
const BELOW: f64 = 0.6;
/// How many distinct words of the pasted text count in full; a longer one has words for everything.
const CONTEXT_WORDS: f64 = 60.0;
/// How much of the pasted text counts, in bytes.
const MAX_CONTEXT: usize = 64 * 1024;
/// Shortest constant part of a message that is looked for in added lines.
const MIN_MESSAGE_PART: usize = 8;

/// A change that adds to so many files and removes nothing brings code in.
const IMPORTED_FILES: usize = 100;

/// One candidate with all that was measured.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Position in `history.commits`.
    pub commit_idx: usize,
    /// One value from 0 to 1 for each signal.
    pub values: [f64; N_SIGNALS],
    /// What the strong values are about, in words, by signal.
    pub(crate) details: Vec<(Signal, String)>,
}

impl Measured {
    pub(super) fn put(&mut self, signal: Signal, value: f64, detail: impl FnOnce() -> String) {
        let slot = &mut self.values[signal as usize];
        if value > *slot {
            *slot = value.min(1.0);
            self.details.retain(|(known, _)| *known != signal);
            self.details.push((signal, detail()));
        }
    }

    /// Returns the value of one signal.
    pub fn value(&self, signal: Signal) -> f64 {
        self.values[signal as usize]
    }
}

/// A place on the stack with the function around it, or a function that made the bad value.
pub(super) struct Spot<'a> {
    site: Site<'a>,
    function: Option<&'a str>,
    /// First and last line of the function; some lines around where it is not known.
    span: Option<(u32, u32)>,
    span_is_function: bool,
}

/// Measures every commit of the history, in its order; incomplete when cancelled.
pub fn measure(input: &RankInput<'_>, cancel: &Cancel) -> Vec<Measured> {
    let commits = &input.history.commits;
    let spots = spots(input);
    let is_on_stack = |path: &str| spots.iter().any(|spot| spot.site.path == path);
    let vocabulary = Vocabulary::new(commits, &is_on_stack);
    let coupling = Coupling::new(commits, &is_on_stack);
    let calls = callees::called(input, &spots);
    let n_changes = callees::n_changes(commits, &calls);
    let wanted = failure_words(input);
    let message_parts = message_parts(input);
    let mut measured: Vec<Measured> = commits
        .iter()
        .enumerate()
        .take_while(|_| !cancel.is_cancelled())
        .map(|(commit_idx, commit)| {
            let mut measured =
                Measured { commit_idx, values: [0.0; N_SIGNALS], details: Vec::new() };
            touched(commit, &spots, &mut measured);
            callees_touched(commit, &calls, &n_changes, &mut measured);
            coupling.measure(commit, &is_on_stack, &mut measured);
            introduced(commit, &message_parts, &mut measured);
            shared(commit_idx, &vocabulary, &wanted, &mut measured);
            priors(commit_idx, commits, &is_on_stack, &mut measured);
            measured
        })
        .collect();
    blamed(input, &spots, &mut measured);
    producers_blamed(input, &mut measured);
    settings::measure(input, &spots, &failure::lines(input), &mut measured);
    measured
}

fn spots<'a>(input: &RankInput<'a>) -> Vec<Spot<'a>> {
    let mut spots: Vec<Spot<'a>> = Vec::new();
    for site in input.traces.iter().flat_map(stack::sites) {
        let known =
            spots.iter().any(|spot| spot.site.path == site.path && spot.site.line == site.line);
        if known || spots.len() >= MAX_SITES {
            continue;
        }
        let item = stack::function_of(input.functions, &site);
        spots.push(Spot {
            site,
            span_is_function: item.is_some(),
            function: item.map(|item| item.name.as_str()).or(site.function),
            span: item
                .map(|item| (item.start_line, item.end_line))
                .or(site.line.map(super::blind_span)),
        });
    }
    // What made the value is as near to the failure as the line that could not use it.
    for producer in input.producers {
        let item = super::producing_function(input.functions, producer);
        spots.push(Spot {
            site: Site {
                path: &producer.path,
                line: None,
                function: Some(&producer.function),
                depth: producer.distance.saturating_sub(1),
            },
            function: Some(&producer.function),
            span: item.map(|item| (item.start_line, item.end_line)),
            span_is_function: item.is_some(),
        });
    }
    spots
}

impl<'a> Spot<'a> {
    /// Returns path, name and lines of the function, where it is known.
    pub(super) fn function_lines(&self) -> Option<(&'a str, &'a str, (u32, u32))> {
        Some((self.site.path, self.function?, self.span.filter(|_| self.span_is_function)?))
    }

    /// Returns how many of the program's own calls lie between it and the crash.
    pub(super) fn depth(&self) -> usize {
        self.site.depth
    }

    /// Weighs evidence of one kind at this place: full at the crash site, less further up.
    ///
    /// What is precise fades slowly, since a caller's very line rarely changes by chance; what is
    /// vague fades fast, since the files further up are touched by everything.
    fn weight(&self, precision: Precision) -> f64 {
        let fading = match precision {
            Precision::Line => 0.2,
            Precision::Function => 0.5,
            Precision::File => 1.0,
        };
        // A test on the stack names what fails; the fault is in what it tests.
        let share = if is_code(self.site.path) { 1.0 } else { 0.4 };
        share / (1.0 + fading * self.site.depth as f64)
    }

    /// Says whether `path` is what a test on the stack is named after: `upgrade.rs` for
    /// `upgrade_tests.rs`.
    fn is_tested_by(&self, path: &str) -> bool {
        !is_code(self.site.path) && is_code(path) && {
            let tested = tested_stem(self.site.path);
            !tested.is_empty() && tested == tested_stem(path)
        }
    }
}

/// How precisely a piece of evidence points at the stack.
#[derive(Clone, Copy)]
enum Precision {
    Line,
    Function,
    File,
}

/// Returns a file's own name without extension and without what marks it as a test.
fn tested_stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let stem = stem.strip_prefix("test_").unwrap_or(stem);
    let stem = stem.strip_suffix("_tests").or(stem.strip_suffix("_test")).unwrap_or(stem);
    if matches!(stem, "mod" | "lib" | "main" | "index" | "tests" | "test") { "" } else { stem }
}

/// Looks at blame: who last changed the lines of the frames and those around.
fn blamed(input: &RankInput<'_>, spots: &[Spot<'_>], measured: &mut [Measured]) {
    let position: HashMap<&str, usize> = input
        .history
        .commits
        .iter()
        .enumerate()
        .map(|(at, commit)| (commit.id.0.as_str(), at))
        .collect();
    for spot in spots {
        let (Some(line), Some((start, end))) = (spot.site.line, spot.span) else { continue };
        for range in input.history.blame.iter().filter(|range| range.path == spot.site.path) {
            // A commit outside the bounds is nobody's suspect.
            let Some(measured) =
                position.get(range.commit.0.as_str()).and_then(|at| measured.get_mut(*at))
            else {
                continue;
            };
            let Some(distance) = distance(range, line, start, end) else { continue };
            let place = || format!("{}:{line}", spot.site.path);
            if distance == 0 {
                measured.put(Signal::BlamedLine, spot.weight(Precision::Line), || {
                    format!("last changed the line of the {} ({})", nth_frame(spot), place())
                });
            }
            if let Some(function) = spot.function.filter(|_| spot.span_is_function) {
                measured.put(Signal::FunctionChanged, spot.weight(Precision::Function), || {
                    format!("changed `{function}` ({})", spot.site.path)
                });
            }
            let ran = if range.start_line > line.saturating_add(1) { BELOW } else { 1.0 };
            let near =
                ran * spot.weight(Precision::Line) * (-f64::from(distance) / NEAR_LINES).exp();
            measured.put(Signal::BlamedNear, near, || match distance {
                0 => format!("last changed the code at {}", place()),
                1 => format!("last changed the line next to {}", place()),
                n => format!("last changed code {n} lines from {}", place()),
            });
        }
    }
}

/// Returns how many lines lie between a blamed range and `line`, if both are in one function.
fn distance(range: &BlameRange, line: u32, start: u32, end: u32) -> Option<u32> {
    let first = range.start_line.max(start);
    let last = range.start_line.saturating_add(range.n_lines.checked_sub(1)?).min(end);
    if first > last {
        None
    } else if line < first {
        Some(first - line)
    } else {
        Some(line.saturating_sub(last))
    }
}

/// Looks at the files and functions that a commit touched.
fn touched(commit: &Commit, spots: &[Spot<'_>], measured: &mut Measured) {
    for file in &commit.files {
        for spot in spots {
            if spot.is_tested_by(&file.path) {
                measured.put(Signal::FileTouched, 1.0, || {
                    format!("touched {}, which {} tests", file.path, spot.site.path)
                });
            }
            if file.path != spot.site.path && file.old_path.as_deref() != Some(spot.site.path) {
                continue;
            }
            let weight = spot.weight(Precision::File);
            measured.put(Signal::FileTouched, weight, || format!("touched {}", file.path));
            let Some(function) = spot.function else { continue };
            let inside: Vec<&Hunk> =
                file.hunks.iter().filter(|hunk| hunk.around() == Some(function)).collect();
            if inside.is_empty() {
                continue;
            }
            let weight = spot.weight(Precision::Function);
            measured.put(Signal::FunctionChanged, weight, || {
                format!("changed `{function}` ({})", file.path)
            });
            if let Some(hunk) = inside.iter().find(|hunk| hunk.n_removed > hunk.n_added) {
                measured.put(Signal::CodeRemoved, weight, || {
                    format!("removed code in `{function}` ({}:{})", file.path, hunk.new_start)
                });
            }
        }
    }
}

/// Looks for changed functions that a function on the stack calls.
fn callees_touched(
    commit: &Commit,
    calls: &BTreeMap<&str, Call<'_>>,
    n_changes: &HashMap<&str, usize>,
    measured: &mut Measured,
) {
    for (path, name) in callees::changed(commit, calls) {
        let Some(call) = calls.get(name) else { continue };
        // A name that many changes touch is many functions' name, or a busy one's.
        let n_changes = n_changes.get(name).copied().unwrap_or(1).max(1) as f64;
        let value = 1.0 / ((1.0 + 0.5 * call.depth as f64) * n_changes.sqrt());
        measured.put(Signal::CalleeChanged, value, || {
            format!("changed `{name}` ({path}), which `{}` ({}) calls", call.caller, call.path)
        });
    }
}

/// Looks for the changes of the functions that made the values which failed.
///
/// Who wrote a function once is less suspect than who changed it last.
fn producers_blamed(input: &RankInput<'_>, measured: &mut [Measured]) {
    for producer in input.producers {
        let Some(item) = super::producing_function(input.functions, producer) else { continue };
        let in_function = |range: &&BlameRange| {
            range.path == producer.path
                && range.start_line <= item.end_line
                && range.start_line.saturating_add(range.n_lines) > item.start_line
        };
        let mut commits: Vec<usize> = input
            .history
            .blame
            .iter()
            .filter(in_function)
            .filter_map(|range| {
                input.history.commits.iter().position(|commit| commit.id == range.commit)
            })
            .collect();
        // Newest first, as the history is.
        commits.sort_unstable();
        commits.dedup();
        for (nth, commit_idx) in commits.into_iter().enumerate() {
            let Some(measured) = measured.get_mut(commit_idx) else { continue };
            let value = if nth == 0 { 1.0 } else { 0.3 } / producer.distance.max(1) as f64;
            measured.put(Signal::ProducerChanged, value, || {
                let verb = if nth == 0 { "last changed" } else { "changed" };
                format!(
                    "{verb} `{}` ({}:{}), which made the value that failed",
                    producer.shown(),
                    producer.path,
                    item.start_line
                )
            });
        }
    }
}

/// Looks for the constant parts of the message in added lines.
fn introduced(commit: &Commit, message_parts: &[String], measured: &mut Measured) {
    if message_parts.is_empty() {
        return;
    }
    for file in &commit.files {
        for hunk in &file.hunks {
            let found = message_parts.iter().find(|part| {
                hunk.added.iter().any(|line| line.contains(part.as_str()))
                    && !hunk.removed.iter().any(|line| line.contains(part.as_str()))
            });
            if let Some(part) = found {
                measured.put(Signal::MessageIntroduced, 1.0, || {
                    format!("introduced the text \"{part}\" ({}:{})", file.path, hunk.new_start)
                });
                return;
            }
        }
    }
}

fn shared(
    commit_idx: usize,
    vocabulary: &Vocabulary,
    wanted: &WeightedWords,
    measured: &mut Measured,
) {
    let shared = vocabulary.shared(commit_idx, wanted);
    let named: Vec<String> =
        shared.words.iter().take(3).map(|word| format!("\"{word}\"")).collect();
    measured.put(Signal::SharedWords, shared.strength / 2.0, || {
        format!("speaks of {} like the failure", named.join(", "))
    });
}

/// Looks at what speaks for or against a commit whatever the failure is.
fn priors(
    commit_idx: usize,
    commits: &[Commit],
    is_on_stack: &dyn Fn(&str) -> bool,
    measured: &mut Measured,
) {
    let Some(commit) = commits.get(commit_idx) else { return };
    // Among few there is little that is newer or older.
    let newness = 1.0 - (commit_idx + 1) as f64 / (commits.len() + 1) as f64;
    measured.put(Signal::Recent, newness, || {
        format!("number {} of {} changes, newest first", commit_idx + 1, commits.len())
    });
    let n_lines: u32 = commit
        .files
        .iter()
        .filter(|file| is_code(&file.path))
        .map(|file| file.n_added.saturating_add(file.n_removed))
        .fold(0, u32::saturating_add);
    measured.put(Signal::Large, f64::from(n_lines).ln_1p() / 7.0, || {
        format!("changed {n_lines} lines of code")
    });
    let on_stack: u32 = commit
        .files
        .iter()
        .filter(|file| is_code(&file.path) && is_on_stack(&file.path))
        .map(|file| file.n_added.saturating_add(file.n_removed))
        .fold(0, u32::saturating_add);
    if on_stack > 0 {
        let share = f64::from(on_stack) / f64::from(n_lines.max(1));
        measured.put(Signal::Focused, share, || {
            format!("{on_stack} of its {n_lines} changed lines lie in files of the stack")
        });
    }
    if let Some(why) = imported(commit) {
        measured.put(Signal::Import, 1.0, || why.to_owned());
    }
    if let Some(word) = mechanical_word(&commit.subject) {
        measured.put(Signal::Mechanical, 1.0, || format!("calls itself mechanical (\"{word}\")"));
    }
    if !commit.files.is_empty() && !commit.files.iter().any(|file| is_code(&file.path)) {
        measured.put(Signal::NotCode, 1.0, || {
            "changed tests, documents or build files only".to_owned()
        });
    }
}

/// Says why a commit is one that brought code in: blame gives it every line, however old.
fn imported(commit: &Commit) -> Option<&'static str> {
    let n_removed = commit.files.iter().map(|file| file.n_removed).max().unwrap_or(0);
    if commit.parents.is_empty() {
        Some("the history begins with it, so what it holds may be much older")
    } else if commit.n_files >= IMPORTED_FILES && n_removed == 0 {
        Some("added many files and changed none, so what it holds may be much older")
    } else {
        None
    }
}

/// Finds what a subject says that announces no change of behaviour.
fn mechanical_word(subject: &str) -> Option<&'static str> {
    let subject = subject.to_lowercase();
    let prefixes =
        ["chore", "docs", "doc:", "test", "ci:", "style", "build:", "bump", "release", "merge"];
    let anywhere = ["typo", "rustfmt", "cargo fmt", "clippy lint", "changelog", "whitespace only"];
    let begins = prefixes.into_iter().find(|prefix| subject.starts_with(prefix));
    begins.or_else(|| anywhere.into_iter().find(|words| subject.contains(words)))
}

/// Says whether a file can hold the fault: code that ships, no tests, documents, CI.
pub(crate) fn is_code(path: &str) -> bool {
    let lower = path.to_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    let in_test_folder = lower.split('/').any(|part| {
        matches!(
            part,
            "test"
                | "tests"
                | "testdata"
                | "fixtures"
                | "snapshots"
                | "__tests__"
                | "docs"
                | "doc"
                | "examples"
                | "benches"
                | ".github"
                | ".ci"
        )
    });
    let is_test_name = name.starts_with("test_")
        || ["_test.", ".test.", ".spec.", "_tests."].iter().any(|mark| name.contains(mark));
    let is_text = [".md", ".rst", ".txt", ".snap", ".adoc", ".lock", ".out", ".svg", ".png"]
        .iter()
        .any(|end| name.ends_with(end));
    !(in_test_folder || is_test_name || is_text)
}

fn nth_frame(spot: &Spot<'_>) -> String {
    match spot.site.depth {
        0 => "crash".to_owned(),
        1 => "caller".to_owned(),
        n => format!("caller {n} calls up"),
    }
}

/// Collects the words of the failure: message, functions, files, and what was pasted around.
pub(super) fn failure_words(input: &RankInput<'_>) -> WeightedWords {
    let mut wanted = WeightedWords::new();
    for trace in input.traces {
        for cause in &trace.trace.causes {
            words::add_words(cause.message.as_deref().unwrap_or_default(), 1.0, &mut wanted);
        }
        for site in stack::sites(trace) {
            words::add_words(site.function.unwrap_or_default(), 1.0, &mut wanted);
            words::add_path(site.path, 0.7, &mut wanted);
        }
    }
    let mut context = WeightedWords::new();
    words::add_words(text::cut(input.context, MAX_CONTEXT), 0.7, &mut context);
    let share = (CONTEXT_WORDS / (context.len() as f64).max(CONTEXT_WORDS)).sqrt();
    for (word, weight) in context {
        let known = wanted.entry(word).or_insert(0.0);
        *known = known.max(weight * share);
    }
    wanted
}

/// Returns the parts of the messages that a program's text would hold: between values.
fn message_parts(input: &RankInput<'_>) -> Vec<String> {
    let mut parts: Vec<String> = input
        .traces
        .iter()
        .flat_map(|trace| &trace.trace.causes)
        .filter_map(|cause| cause.message.as_deref()?.lines().next())
        .flat_map(|line| {
            line.split(|c: char| c.is_ascii_digit() || "\"'`:{}".contains(c))
                .map(str::trim)
                .filter(|part| part.len() >= MIN_MESSAGE_PART)
                .filter(|part| part.split_whitespace().count() >= 2)
                .map(str::to_owned)
        })
        .collect();
    parts.sort();
    parts.dedup();
    parts.truncate(16);
    parts
}
