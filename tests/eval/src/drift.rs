//! Traces of an older version, resolved in a later version of the source, three ways:
//! with the later tree only; with the older source at hand where the trace itself names the
//! version; and with the published versions as commits, where the deployed one is always known.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use incident_core::resolve::{Resolution, Status};
use incident_core::trace::Trace;
use rayon::prelude::*;
use serde::Deserialize;

use crate::Format;
use crate::histories;
use crate::published::Published;
use crate::table::{Section, Table};
use crate::traces::labels::{self, Case, ItemLabel, Which};
use crate::traces::places::{self, Spot};

/// What to score.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder of cases.
    #[arg(required_unless_present = "generated")]
    dir: Option<PathBuf>,
    /// Score so many places of generated histories instead.
    #[arg(long, value_name = "FRAMES", num_args = 0..=1, default_missing_value = "4000")]
    generated: Option<usize>,
    /// The seed that histories are generated from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print every miss of the generated histories.
    #[arg(long)]
    misses: bool,
    /// The folder of the traces that the cases speak of; `traces` beside `dir` if not given.
    #[arg(long)]
    traces: Option<PathBuf>,
    /// How the figures are printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Deserialize)]
struct DriftCase {
    id: String,
    trace_case: String,
    frame: Which,
    #[serde(rename = "crate")]
    package: String,
    trace_version: String,
    workspace_version: String,
    at_trace_version: Before,
    expected: After,
}

#[derive(Debug, Deserialize)]
struct Before {
    line: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct After {
    status: String,
    path: Option<String>,
    line: Option<u32>,
    item: Option<ItemLabel>,
    statement_last_line: Option<u32>,
}

/// How much of the older source may be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    LaterTreeOnly,
    OlderAtHand,
    AsCommits,
}

const MODES: [(Mode, &str); 3] = [
    (Mode::LaterTreeOnly, "later tree"),
    (Mode::OlderAtHand, "older at hand"),
    (Mode::AsCommits, "as commits"),
];

/// What became of one place.
#[derive(Clone, Debug)]
enum Verdict {
    Right(String),
    Missed(String),
    WrongWhileSure(String),
}

/// Scores the cases and prints the figures.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if let Some(n_frames) = args.generated {
        return generated(n_frames, args);
    }
    let dir = args.dir.as_deref().context("the folder of cases is missing")?;
    let beside = dir.parent().unwrap_or(Path::new(".")).join("traces");
    let traces = labels::load_all(args.traces.as_deref().unwrap_or(&beside))?;
    let cases: Vec<DriftCase> = labels::folders(dir)?
        .iter()
        .map(|folder| labels::read_json(&folder.join("case.json")))
        .collect::<anyhow::Result<_>>()?;
    let results: Vec<(&DriftCase, [Verdict; 3])> = cases
        .par_iter()
        .map(|case| Ok((case, score(case, &traces)?)))
        .collect::<anyhow::Result<_>>()?;
    let mut table = Table::new("drift", &[]);
    table.push(totals(&results));
    table.push(by_case(&results));
    table.print(args.format)?;
    Ok(ExitCode::SUCCESS)
}

/// Scores generated histories; fails below the wanted share, and where too much is sure and wrong.
fn generated(n_frames: usize, args: &Args) -> anyhow::Result<ExitCode> {
    let scores = histories::score(n_frames, args.seed);
    let mut table = Table::new("drift", &[]);
    table.push(histories::section(&scores));
    table.print(args.format)?;
    if args.misses {
        let mut out = std::io::stdout().lock();
        for (name, score) in &scores {
            for miss in &score.misses {
                writeln!(out, "{name}: {miss}")?;
            }
        }
    }
    let count =
        |of: fn(&histories::Score) -> usize| scores.iter().map(|(_, it)| of(it)).sum::<usize>();
    let share = count(|it| it.right) as f64 / count(|it| it.n_frames).max(1) as f64;
    let n_wrong = count(|it| it.wrong_while_sure) * histories::SURE_AND_WRONG;
    let holds = share >= histories::WANTED_SHARE && n_wrong <= count(|it| it.n_frames);
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn score(case: &DriftCase, cases: &[Case]) -> anyhow::Result<[Verdict; 3]> {
    let trace_case = cases
        .iter()
        .find(|known| known.id == case.trace_case)
        .with_context(|| format!("{}: no trace {}", case.id, case.trace_case))?;
    let traces = places::traces_of(&trace_case.id, &trace_case.text);
    let line = case.at_trace_version.line;
    let spot = places::find(&traces, &trace_case.facts.expected, &case.frame, 0, line);
    let later = Published::load(&case.package, &case.workspace_version)?;
    let older = Published::load(&case.package, &case.trace_version)?;
    Ok(MODES.map(|(mode, _)| {
        let Some((spot, trace)) = spot.and_then(|spot| Some((spot, spot.trace(&traces)?))) else {
            return Verdict::Missed("not parsed".to_owned());
        };
        let older = match mode {
            Mode::LaterTreeOnly => None,
            Mode::OlderAtHand => names_version(case, spot, trace).then_some(&older),
            Mode::AsCommits => Some(&older),
        };
        let resolved = later.resolve(trace.clone(), older);
        match spot.resolution(&resolved) {
            Some(resolution) => judge(case, resolution, older.is_some()),
            None => Verdict::Missed("not resolved".to_owned()),
        }
    }))
}

/// Says whether the place itself names the package and version that it was taken from.
fn names_version(case: &DriftCase, spot: Spot, trace: &Trace) -> bool {
    let folder = format!("{}-{}", case.package, case.trace_version);
    spot.location(trace)
        .is_some_and(|location| location.file.split(['/', '\\']).any(|part| part == folder))
}

/// Holds a resolution against the label.
///
/// A place counts with its path, its line (any of the statement's) and its function; a statement
/// that is gone with its function and without a line; a function that is gone without any place.
/// `exact` and `moved` count as wrong while sure where the older text was not seen.
fn judge(case: &DriftCase, resolution: &Resolution, saw_older: bool) -> Verdict {
    let label = &case.expected;
    let what = places::shown(resolution);
    let claims_text = matches!(resolution.status, Status::Exact | Status::Moved);
    if claims_text && !saw_older {
        return Verdict::WrongWhileSure(format!("claims the older text: {what}"));
    }
    let place = resolution.place.as_ref();
    let in_statement = |line: Option<u32>| match (line, label.line) {
        (Some(line), Some(first)) => {
            (first..=label.statement_last_line.unwrap_or(first)).contains(&line)
        }
        (line, first) => line == first,
    };
    let right_place = match &label.path {
        Some(path) => place.is_some_and(|place| {
            &place.path == path
                && in_statement(place.line)
                && places::item_fits(resolution, label.item.as_ref())
        }),
        None => place.is_none(),
    };
    let wanted: &[Status] = match label.status.as_str() {
        "unchanged" => &[Status::Exact],
        "edited" => &[Status::Edited],
        "statement-gone" | "function-gone" => &[Status::Deleted],
        _ => &[Status::Moved],
    };
    // Without the older text the place alone can be right; what became of it is not known.
    let right_status = match saw_older {
        true => wanted.contains(&resolution.status),
        false => match label.path {
            Some(_) => true,
            None => matches!(resolution.status, Status::Deleted | Status::Unresolved),
        },
    };
    if right_place && right_status {
        return Verdict::Right(what);
    }
    let sure_of_line = matches!(
        resolution.status,
        Status::Exact | Status::Moved | Status::Edited | Status::Deleted | Status::Dependency
    );
    let wrong_function = resolution.status == Status::BySymbol
        && !places::item_fits(resolution, label.item.as_ref());
    if (sure_of_line && !right_place) || wrong_function {
        return Verdict::WrongWhileSure(what);
    }
    Verdict::Missed(what)
}

fn totals(results: &[(&DriftCase, [Verdict; 3])]) -> Section {
    let mut section = Section::new("drift");
    section.columns(&["cases", "right", "missed", "sure&wrong"]);
    for (mode_idx, (_, name)) in MODES.iter().enumerate() {
        let of_mode = || results.iter().filter_map(|(_, verdicts)| verdicts.get(mode_idx));
        let count = |wanted: fn(&Verdict) -> bool| of_mode().filter(|it| wanted(it)).count();
        section.row(
            name,
            vec![
                of_mode().count().to_string(),
                count(|verdict| matches!(verdict, Verdict::Right(_))).to_string(),
                count(|verdict| matches!(verdict, Verdict::Missed(_))).to_string(),
                count(|verdict| matches!(verdict, Verdict::WrongWhileSure(_))).to_string(),
            ],
        );
    }
    section
}

fn by_case(results: &[(&DriftCase, [Verdict; 3])]) -> Section {
    let mut section = Section::new("by case");
    section.columns(&["wanted"]);
    for (case, verdicts) in results {
        let label = &case.expected;
        let line = label.line.map_or("-".to_owned(), |line| line.to_string());
        let path = label.path.as_deref().unwrap_or("-");
        section.row(&case.id, vec![format!("{} {path}:{line}", label.status)]);
        for ((_, mode), verdict) in MODES.iter().zip(verdicts) {
            let (mark, what) = match verdict {
                Verdict::Right(what) => ("ok", what),
                Verdict::Missed(what) => ("missed", what),
                Verdict::WrongWhileSure(what) => ("SURE AND WRONG", what),
            };
            section.row(&format!("  {mode}"), vec![format!("{mark}: {what}")]);
        }
    }
    section
}
