//! From what was seen to the rows of the table, and from the rows to the verdict.

use super::leaks::{self, Kind, growth};
use super::statistics::{Comparison, Direction, compare, median};
use super::test_states::{TestStates, compare_tests, parse_tests};
use super::warnings::new_warnings;
use super::{LoadFigures, Outcome, Row, RunEnd, Seen, Side, Step, StepKind, StepRun, Verdict};
use super::{WantedLoad, parse_load};
use crate::present::words::count;
use crate::text;

/// A difference in time, rate or latency below this share is none.
const TIME_TOLERANCE: f64 = 0.1;
/// A difference in peak memory below this share is none.
const MEMORY_TOLERANCE: f64 = 0.2;
/// Nor is one below this, in bytes, however small a program is.
const MEMORY_FLOOR: f64 = 8.0 * 1024.0 * 1024.0;
/// A load below this share of the incident's is another load.
const LOAD_TOLERANCE: f64 = 0.9;
/// How many names a cell lists.
const MAX_NAMES: usize = 3;

/// Judges a fix by what was seen.
pub fn judge(seen: &Seen) -> Verdict {
    let mut rows = Vec::new();
    let mut stopped_at = None;
    for step in &seen.after.steps {
        let before = seen.before.step(step.kind);
        match step.kind {
            StepKind::Check => check(&mut rows, before, step),
            StepKind::Test => tests(&mut rows, before, step),
            StepKind::Load => load(&mut rows, before, step),
        }
        if step.kind == StepKind::Check && !step.passed() {
            stopped_at = step.runs.last().map(|run| (step.kind, told(run)));
        }
    }
    files(&mut rows, seen);
    let mut notes = load_notes(&seen.wanted_load, &seen.before, &seen.after);
    notes.extend(seen.notes.iter().cloned());
    Verdict { outcome: on_the_whole(&rows), stopped_at, rows, notes }
}

/// Worse in one thing is worse; better needs a row that says so.
fn on_the_whole(rows: &[Row]) -> Outcome {
    let has = |outcome| rows.iter().any(|row| row.counts && row.outcome == outcome);
    let has_any = rows.iter().any(|row| row.counts);
    match () {
        () if has(Outcome::Worse) => Outcome::Worse,
        () if has(Outcome::Better) => Outcome::Better,
        () if has(Outcome::Unknown) || !has_any => Outcome::Unknown,
        () => Outcome::Same,
    }
}

fn row(subject: &str, before: String, after: String, outcome: Outcome, why: String) -> Row {
    Row { subject: subject.to_owned(), before, after, outcome, counts: true, why }
}

fn check(rows: &mut Vec<Row>, before: Option<&Step>, after: &Step) {
    let outcome = pass_outcome(before, after);
    let why = if after.passed() {
        String::new()
    } else {
        after.runs.last().map(told).unwrap_or_default()
    };
    rows.push(row("check", shown(before), shown(Some(after)), outcome, why));
    let (Some(old), Some(new)) = (before.and_then(|it| it.runs.last()), after.runs.last()) else {
        return;
    };
    if !after.passed() {
        return;
    }
    let warnings = new_warnings(&old.output, &new.output);
    if let Some(first) = warnings.first() {
        let n = count(warnings.len(), "new warning");
        rows.push(row("warnings", String::new(), n, Outcome::Worse, first.clone()));
    }
}

/// A command that passes or fails as a whole.
fn pass_outcome(before: Option<&Step>, after: &Step) -> Outcome {
    match (before.map(Step::passed), after.passed()) {
        (Some(false), true) => Outcome::Better,
        (Some(true) | None, false) => Outcome::Worse,
        (Some(true), true) | (Some(false), false) => Outcome::Same,
        (None, true) => Outcome::Unknown,
    }
}

fn shown(step: Option<&Step>) -> String {
    let Some(step) = step else { return "not run".to_owned() };
    let n_failed = step.runs.iter().filter(|run| !run.passed()).count();
    match n_failed {
        0 => "passes".to_owned(),
        n if n == step.runs.len() => match step.runs.last().map(|run| &run.end) {
            Some(RunEnd::Exited(code)) => format!("fails ({code})"),
            Some(RunEnd::Stopped(why)) => why.clone(),
            Some(RunEnd::Killed) | None => "was killed".to_owned(),
        },
        n => format!("fails {n} of {} times", step.runs.len()),
    }
}

/// Returns the line of a failed run that says why.
fn told(run: &StepRun) -> String {
    if let RunEnd::Stopped(why) = &run.end {
        return why.clone();
    }
    let mut lines = run.output.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_error = |line: &&str| {
        let lower = line.get(..8).unwrap_or(line).to_ascii_lowercase();
        lower.starts_with("error") || line.contains(": error") || line.contains("Error: ")
    };
    let error = lines.clone().find(is_error).or_else(|| lines.next_back());
    text::cut(error.unwrap_or("it said nothing"), 200).to_owned()
}

fn tests(rows: &mut Vec<Row>, before: Option<&Step>, after: &Step) {
    let states = |step: &Step| -> Vec<TestStates> {
        step.runs.iter().map(|run| parse_tests(&run.output)).filter(|it| !it.is_empty()).collect()
    };
    let (old, new) = (before.map(states).unwrap_or_default(), states(after));
    if old.is_empty() || new.is_empty() {
        // No test is told by name: the command as a whole is all there is.
        let outcome = pass_outcome(before, after);
        let why = if after.passed() {
            String::new()
        } else {
            after.runs.last().map(told).unwrap_or_default()
        };
        rows.push(row("test", shown(before), shown(Some(after)), outcome, why));
    } else {
        let changes = compare_tests(&old, &new);
        let outcome = match (changes.broken.is_empty(), changes.fixed.is_empty()) {
            (false, _) => Outcome::Worse,
            (true, false) => Outcome::Better,
            (true, true) => Outcome::Same,
        };
        let mut why = Vec::new();
        for (what, names) in [
            ("broken", &changes.broken),
            ("fixed", &changes.fixed),
            ("flaky", &changes.flaky),
            ("no longer run", &changes.gone),
            ("still failing", &changes.still_failing),
        ] {
            if !names.is_empty() {
                why.push(format!("{what}: {}", listed(names)));
            }
        }
        let passing = |runs: &[TestStates]| {
            let n = runs.last().map_or(0, |run| {
                run.values().filter(|state| **state == super::TestState::Passed).count()
            });
            format!("{n} pass")
        };
        rows.push(row("tests", passing(&old), passing(&new), outcome, why.join("; ")));
        if !changes.gone.is_empty() {
            let n = count(changes.gone.len(), "test");
            rows.push(row("tests gone", String::new(), n, Outcome::Worse, listed(&changes.gone)));
        }
    }
    if let Some(before) = before {
        usage(rows, "test", before, after);
    }
}

fn listed(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(MAX_NAMES).map(String::as_str).collect();
    match names.len().saturating_sub(MAX_NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Time, processor and memory of a command as a whole: for the reader, it decides nothing.
fn usage(rows: &mut Vec<Row>, name: &str, before: &Step, after: &Step) {
    let of = |step: &Step, figure: fn(&StepRun) -> Option<f64>| -> Vec<f64> {
        step.runs.iter().filter_map(figure).collect()
    };
    type Figure = (&'static str, fn(&StepRun) -> Option<f64>, fn(f64) -> String, f64);
    let figures: [Figure; 3] = [
        ("wall time", |run| Some(run.wall_s), seconds, TIME_TOLERANCE),
        ("processor time", |run| run.cpu_s, seconds, TIME_TOLERANCE),
        ("peak memory", |run| run.peak_bytes.map(|bytes| bytes as f64), bytes, MEMORY_TOLERANCE),
    ];
    for (subject, figure, show, tolerance) in figures {
        let compared = compare(&of(before, figure), &of(after, figure), Direction::Down, tolerance);
        if compared.before.is_some() || compared.after.is_some() {
            let mut row = compared_row(&format!("{name}: {subject}"), &compared, show);
            row.counts = false;
            rows.push(row);
        }
    }
}

fn compared_row(subject: &str, compared: &Comparison, show: fn(f64) -> String) -> Row {
    let cell = |figure: Option<f64>| figure.map(show).unwrap_or_default();
    row(
        subject,
        cell(compared.before),
        cell(compared.after),
        compared.outcome,
        compared.why.clone(),
    )
}

fn load(rows: &mut Vec<Row>, before: Option<&Step>, after: &Step) {
    let figures = |step: &Step| -> Vec<LoadFigures> {
        step.runs.iter().filter_map(|run| parse_load(&run.output)).collect()
    };
    let (old, new) = (before.map(figures).unwrap_or_default(), figures(after));
    let pass = pass_outcome(before, after);
    // A load command that gives figures may well end with an error because requests failed.
    if new.is_empty() || !after.passed() && old.is_empty() {
        let why = if after.passed() {
            "no figures were found in what it printed".to_owned()
        } else {
            after.runs.last().map(told).unwrap_or_default()
        };
        let outcome = if after.passed() { Outcome::Unknown } else { pass };
        rows.push(row("load", shown(before), shown(Some(after)), outcome, why));
    }
    type Figure =
        (&'static str, fn(&LoadFigures) -> Option<f64>, Direction, f64, fn(f64) -> String);
    let kinds: [Figure; 4] = [
        ("failed requests", LoadFigures::error_share, Direction::Down, TIME_TOLERANCE, share),
        ("answers a second", |it| it.per_second, Direction::Up, TIME_TOLERANCE, plain),
        ("latency p50", |it| it.p50_ms, Direction::Down, TIME_TOLERANCE, millis),
        ("latency p99", |it| it.p99_ms, Direction::Down, TIME_TOLERANCE, millis),
    ];
    for (subject, figure, direction, tolerance, show) in kinds {
        let of = |side: &[LoadFigures]| side.iter().filter_map(figure).collect::<Vec<f64>>();
        let (old, new) = (of(&old), of(&new));
        if old.is_empty() && new.is_empty() {
            continue;
        }
        let mut compared = compare(&old, &new, direction, tolerance);
        // One request in a thousand is no difference, however many times nothing it is.
        let gap = compared.before.zip(compared.after).map(|(old, new)| (old - new).abs());
        if subject == "failed requests" && gap.is_some_and(|gap| gap < 0.002) {
            compared.outcome = Outcome::Same;
            compared.why = "within 0.2 % of the requests".to_owned();
        }
        rows.push(compared_row(subject, &compared, show));
    }
    let Some(before) = before else { return };
    memory(rows, before, after);
    let mut info = Vec::new();
    usage(&mut info, "load", before, after);
    info.retain(|row| row.subject.ends_with("processor time"));
    rows.extend(info);
}

/// Peak memory and growth over time, under load.
fn memory(rows: &mut Vec<Row>, before: &Step, after: &Step) {
    let peaks = |step: &Step| -> Vec<f64> {
        step.runs.iter().filter_map(|run| run.peak_bytes).map(|bytes| bytes as f64).collect()
    };
    let mut compared = compare(&peaks(before), &peaks(after), Direction::Down, MEMORY_TOLERANCE);
    let gap = compared.before.zip(compared.after).map(|(old, new)| (old - new).abs());
    if gap.is_some_and(|gap| gap < MEMORY_FLOOR) {
        compared.outcome = Outcome::Same;
        compared.why = format!("within {}", bytes(MEMORY_FLOOR));
    }
    if compared.before.is_some() || compared.after.is_some() {
        rows.push(compared_row("peak memory", &compared, bytes));
    }
    for kind in Kind::ALL {
        let grown = |step: &Step| -> Vec<leaks::Growth> {
            step.runs.iter().filter_map(|run| growth(&run.samples, kind)).collect()
        };
        let (old, new) = (grown(before), grown(after));
        let slope = |side: &[leaks::Growth]| {
            let slopes: Vec<f64> = side.iter().map(|growth| growth.per_second).collect();
            let per_second = median(&slopes)?;
            Some(match kind {
                Kind::Memory => format!("{} a second", signed_bytes(per_second)),
                Kind::Descriptors | Kind::Threads => format!("{per_second:+.1} a second"),
            })
        };
        let (outcome, why) = leaks::judge(&old, &new);
        let mut row = row(
            kind.subject(),
            slope(&old).unwrap_or_default(),
            slope(&new).unwrap_or_default(),
            outcome,
            why.to_owned(),
        );
        // A run that was too short to show a leak says nothing either way.
        row.counts = outcome != Outcome::Unknown;
        rows.push(row);
    }
}

fn files(rows: &mut Vec<Row>, seen: &Seen) {
    for (subject, names) in
        [("lock file", &seen.changed_locks), ("other files", &seen.foreign_files)]
    {
        if !names.is_empty() {
            let after = format!("{} changed", names.len());
            let mut row = row(subject, String::new(), after, Outcome::Same, listed(names));
            row.counts = false;
            rows.push(row);
        }
    }
}

/// Says when the load was not that of the incident.
fn load_notes(wanted: &WantedLoad, before: &Side, after: &Side) -> Vec<String> {
    let mut notes = Vec::new();
    let Some(step) = after.step(StepKind::Load) else { return notes };
    let figures = |step: &Step| -> Vec<LoadFigures> {
        step.runs.iter().filter_map(|run| parse_load(&run.output)).collect()
    };
    let runs = figures(step);
    let reached = |figure: fn(&LoadFigures) -> Option<f64>| {
        median(&runs.iter().filter_map(figure).collect::<Vec<_>>())
    };
    for (wanted, reached, what) in [
        (wanted.per_second, reached(|it| it.per_second), "requests a second"),
        (wanted.concurrency, reached(|it| it.concurrency), "at a time"),
    ] {
        match (wanted, reached) {
            (Some(wanted), Some(reached)) if reached < wanted * LOAD_TOLERANCE => {
                notes.push(format!(
                    "the incident had {} {what}, this load reached {}",
                    plain(wanted),
                    plain(reached)
                ))
            }
            (Some(wanted), None) if !runs.is_empty() => notes.push(format!(
                "the incident had {} {what}; the load command does not tell what it reached",
                plain(wanted)
            )),
            _ => {}
        }
    }
    let errors = |side: &Side| {
        let step = side.step(StepKind::Load)?;
        let shares: Vec<f64> = figures(step).iter().filter_map(LoadFigures::error_share).collect();
        median(&shares)
    };
    if errors(before) == Some(0.0) {
        notes.push(
            "no request failed before the fix either: this load does not bring the incident about"
                .to_owned(),
        );
    }
    notes
}

fn seconds(figure: f64) -> String {
    format!("{figure:.2} s")
}

fn millis(figure: f64) -> String {
    if figure >= 1000.0 { format!("{:.2} s", figure / 1000.0) } else { format!("{figure:.1} ms") }
}

fn share(figure: f64) -> String {
    format!("{:.1} %", figure * 100.0)
}

fn plain(figure: f64) -> String {
    if figure >= 100.0 { format!("{figure:.0}") } else { format!("{figure:.1}") }
}

fn bytes(figure: f64) -> String {
    if figure.abs() >= 10_240.0 * 1024.0 {
        format!("{:.0} MiB", figure / (1024.0 * 1024.0))
    } else {
        format!("{:.0} KiB", figure / 1024.0)
    }
}

fn signed_bytes(figure: f64) -> String {
    format!("{}{}", if figure < 0.0 { "" } else { "+" }, bytes(figure))
}
