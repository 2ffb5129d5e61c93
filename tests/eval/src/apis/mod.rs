//! `incident-eval apis DIR`: whether invented APIs are caught and real ones left alone.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use incident_core::cancel::Cancel;
use incident_core::check::{Language, Verdict};
use incident_host::checking::{CheckOptions, Checker};
use incident_host::workspace::Workspace;
use serde::Serialize;
use serde_json::json;

use crate::Format;
use crate::table::{Section, Table};

mod case;
mod installed;
mod project;
mod score;

use case::Case;
use project::Project;
use score::Score;

/// What to score.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder with `rust/`, `js/`, `python/` and `cli/`.
    dir: PathBuf,
    /// Print every difference.
    #[arg(long)]
    misses: bool,
    /// Score only cases whose id has this in it.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Score one language only: rust, javascript, python or cli.
    #[arg(long)]
    language: Option<String>,
    /// Check every Rust, JavaScript, TypeScript and Python file of a workspace that builds, too:
    /// each accusation in it is false.
    #[arg(long, value_name = "DIR")]
    valid: Option<PathBuf>,
    /// How to print the figures.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What was said of the files of a workspace that builds.
#[derive(Debug, Default, Serialize)]
struct ValidScore {
    files: usize,
    references: usize,
    unknown: usize,
    accusations: Vec<String>,
}

/// One set of cases with its score and times.
struct SetScore {
    name: String,
    score: Score,
    /// From opening the project to the first answer.
    cold: Duration,
    /// Each later check.
    warm: Vec<Duration>,
}

impl SetScore {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            score: Score::default(),
            cold: Duration::ZERO,
            warm: Vec::new(),
        }
    }
}

/// Scores the folder and prints the result.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let rust = args.dir.join("rust");
    let mut sets = Vec::new();
    let mut checkers: BTreeMap<String, (Project, Checker, Duration)> = BTreeMap::new();
    let is_wanted = |language: &str| args.language.as_deref().is_none_or(|it| it == language);
    for (name, cases) in if is_wanted("rust") { case::load_all(&rust)? } else { Vec::new() } {
        let cases: Vec<Case> = cases
            .into_iter()
            .filter(|case| args.only.as_ref().is_none_or(|only| case.id.contains(only)))
            .collect();
        sets.push(score_set(&name, &cases, &rust, &mut checkers)?);
    }
    let mut others = Vec::new();
    for kind in installed::Kind::ALL.into_iter().filter(|kind| is_wanted(kind.name())) {
        let scored = installed::score_all(kind, &args.dir, args.only.as_deref())?;
        others.push((kind.name(), scored));
    }
    if args.misses {
        let mut out = std::io::stdout().lock();
        let others = others.iter().flat_map(|(_, sets)| sets);
        for miss in sets.iter().chain(others).flat_map(|set| &set.score.misses) {
            writeln!(out, "{miss}")?;
        }
    }
    let valid = args.valid.as_deref().map(score_valid);
    match args.format {
        Format::Text => {
            if !sets.is_empty() {
                let mut table = table("rust", &sets);
                table.push(baselines());
                table.print(Format::Text)?;
            }
            for (name, sets) in others.iter().filter(|(_, sets)| !sets.is_empty()) {
                table(name, sets).print(Format::Text)?;
            }
            let mut table = Table::new("apis", &["all"]);
            if let Some(valid) = &valid {
                table.push(valid_section(valid));
                table.print(Format::Text)?;
            }
        }
        Format::Json => {
            let mut report = json!({ "valid": valid });
            let all = [("rust", &sets)].into_iter();
            for (name, sets) in all.chain(others.iter().map(|(name, sets)| (*name, sets))) {
                let sets: BTreeMap<&str, &Score> =
                    sets.iter().map(|set| (set.name.as_str(), &set.score)).collect();
                report[name] = json!(sets);
            }
            writeln!(std::io::stdout().lock(), "{report:#}")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn score_set(
    name: &str,
    cases: &[Case],
    rust: &Path,
    checkers: &mut BTreeMap<String, (Project, Checker, Duration)>,
) -> anyhow::Result<SetScore> {
    let mut set = SetScore::new(name);
    let options = CheckOptions { language: Some("rust".to_owned()), file: None };
    let cancel = Cancel::new();
    for case in cases {
        if !checkers.contains_key(&case.manifest) {
            let project = Project::make(&rust.join("manifests").join(&case.manifest))?;
            let start = Instant::now();
            let (checker, problems) = Checker::open(&Workspace::open(project.root()), &cancel);
            for problem in problems {
                writeln!(std::io::stderr().lock(), "{}: {}", case.manifest, problem.message)?;
            }
            checkers.insert(case.manifest.clone(), (project, checker, start.elapsed()));
        }
        let Some((_, checker, opened)) = checkers.get(&case.manifest) else { continue };
        let start = Instant::now();
        let (references, _) = checker.check(&case.snippet, &options, &cancel);
        if set.cold == Duration::ZERO {
            set.cold = *opened + start.elapsed();
        }
        // Again, with every crate at hand: what a second check of the same text takes.
        let start = Instant::now();
        checker.check(&case.snippet, &options, &cancel);
        set.warm.push(start.elapsed());
        set.score.add(score::score(case, &references));
    }
    set.warm.sort();
    Ok(set)
}

fn score_valid(root: &Path) -> BTreeMap<&'static str, ValidScore> {
    let cancel = Cancel::new();
    let workspace = Workspace::open(root);
    let (checker, _) = Checker::open(&workspace, &cancel);
    let (listing, _) = incident_host::source::list(workspace.root(), &cancel);
    let mut scores: BTreeMap<&'static str, ValidScore> = BTreeMap::new();
    for file in &listing.files {
        let Some(language) = Language::of_file(&file.path) else { continue };
        // Declarations name nothing that a program would do.
        if language == Language::Shell || file.path.ends_with(".d.ts") {
            continue;
        }
        let Ok((text, _)) = workspace.text(&file.path) else { continue };
        let options = CheckOptions { language: None, file: Some(file.path.clone()) };
        let (references, _) = checker.check(&text, &options, &cancel);
        let score = scores.entry(language.as_str()).or_default();
        score.files += 1;
        score.references += references.len();
        score.unknown += references.iter().filter(|one| one.verdict == Verdict::Unknown).count();
        for one in references.iter().filter(|one| one.verdict.is_accusation()) {
            let (path, verdict) = (&file.path, one.verdict.as_str());
            let line =
                format!("{path}:{}:{} {} {verdict}: {}", one.line, one.column, one.api, one.reason);
            score.accusations.push(line);
        }
    }
    scores
}

fn valid_section(valid: &BTreeMap<&'static str, ValidScore>) -> Section {
    let mut section = Section::new("a workspace that builds");
    section.columns(&["files", "references", "unknown", "accused"]);
    for (language, score) in valid {
        let counts = [score.files, score.references, score.unknown, score.accusations.len()];
        section.row(language, counts.iter().map(usize::to_string).collect());
    }
    for line in valid.values().flat_map(|score| &score.accusations) {
        section.row(line, Vec::new());
    }
    section
}

fn table(language: &str, sets: &[SetScore]) -> Table {
    let names: Vec<&str> = sets.iter().map(|set| set.name.as_str()).collect();
    let mut columns = names.clone();
    columns.push(language);
    let mut total = Score::default();
    sets.iter().for_each(|set| total.add(set.score.clone()));
    let scores: Vec<&Score> = sets.iter().map(|set| &set.score).chain([&total]).collect();
    let mut table = Table::new(&format!("apis, {language}"), &columns);
    let row = |show: &dyn Fn(&Score) -> String| scores.iter().map(|one| show(one)).collect();
    let mut section = Section::new("references that the compiler rejects");
    section.row("flagged", row(&|one| share(one.rejected().flagged, one.rejected().labelled)));
    section
        .row("right class", row(&|one| share(one.rejected().right_class, one.rejected().flagged)));
    for truth in ["missing", "feature-disabled", "private", "wrong-arity"] {
        let class = |one: &Score| one.by_truth.get(truth).copied().unwrap_or_default();
        section
            .row(&format!("  {truth}"), row(&|one| share(class(one).flagged, class(one).labelled)));
    }
    let deprecated = |one: &Score| one.by_truth.get("deprecated").copied().unwrap_or_default();
    section.row(
        "deprecated",
        row(&|one| share(deprecated(one).right_class, deprecated(one).labelled)),
    );
    table.push(section);
    let mut section = Section::new("accusations");
    section.row(
        "precision",
        row(&|one| {
            let right = one.rejected().flagged;
            share(right, right + one.false_accusations)
        }),
    );
    let exists = |one: &Score| one.by_truth.get("exists").copied().unwrap_or_default();
    section.row(
        "false, of valid references",
        row(&|one| share(one.false_accusations, exists(one).labelled)),
    );
    section
        .row("valid snippets accused", row(&|one| share(one.valid_cases_accused, one.valid_cases)));
    section.row(
        "in bad snippets, without a label",
        row(&|one| one.unlabelled_accusations.to_string()),
    );
    table.push(section);
    let mut section = Section::new("not told");
    section.row(
        "unknown, of labelled",
        row(&|one| {
            let unknown: usize = one.by_truth.values().map(|class| class.unknown).sum();
            let labelled: usize = one.by_truth.values().map(|class| class.labelled).sum();
            share(unknown, labelled)
        }),
    );
    section.row(
        "not listed, of labelled",
        row(&|one| {
            let not_listed: usize = one.by_truth.values().map(|class| class.not_listed).sum();
            let labelled: usize = one.by_truth.values().map(|class| class.labelled).sum();
            share(not_listed, labelled)
        }),
    );
    section.row("unknown, of all told", row(&|one| share(one.told_unknown, one.told)));
    table.push(section);
    let mut section = Section::new("time, ms");
    let times = |show: &dyn Fn(&SetScore) -> String| {
        sets.iter().map(show).chain([String::new()]).collect::<Vec<_>>()
    };
    section.row("cold, to the first answer", times(&|set| set.cold.as_millis().to_string()));
    section.row("warm, median", times(&|set| millis(set.warm.get(set.warm.len() / 2))));
    section.row("warm, 95%", times(&|set| millis(set.warm.get(set.warm.len() * 95 / 100))));
    table.push(section);
    table
}

fn baselines() -> Section {
    let mut section = Section::new("baselines on the rust sets without rustevo2-std");
    section.columns(&["precision", "flagged", "false", "valid accused"]);
    for (name, cells) in [
        ("name occurs in the source", ["0.622", "0.314", "1.73%", "16/257"]),
        ("name is defined there", ["0.352", "0.464", "7.74%", "85/257"]),
        ("rust-analyzer diagnostics", ["0.990", "0.782", "0.07%", "0/257"]),
    ] {
        section.row(name, cells.iter().map(|cell| (*cell).to_owned()).collect());
    }
    section
}

fn share(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    format!("{part}/{whole} {:.3}", part as f64 / whole as f64)
}

fn millis(time: Option<&Duration>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| format!("{:.1}", time.as_secs_f64() * 1000.0))
}
