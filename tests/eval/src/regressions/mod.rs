//! Which change caused the incident, and which function holds the fault.
//!
//! Each case is turned into the values that the product's `suspects::rank` takes, so what is
//! scored is the product and no copy of it.

mod abstain;
mod baselines;
mod case;
mod convert;
mod fit;
mod repos;
mod score;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use incident_core::cancel::Cancel;
use incident_core::suspects::{self, Weights};
use rayon::prelude::*;

use self::case::Case;
use self::convert::Scene;
use self::score::{Outcome, Tally};
use crate::Format;
use crate::table::{Section, Table};

/// What to score.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder of cases.
    dir: PathBuf,
    /// How the figures are printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Fail when a count is lower: top-1, top-3, top-5, fn@1, fn@3, fn@5, named, silent.
    #[arg(long = "floor", value_name = "NAME=COUNT")]
    floors: Vec<String>,
    /// Print one line for each case too.
    #[arg(long)]
    cases: bool,
    /// Print the first suspects and the culprits of one case with every signal.
    #[arg(long, value_name = "CASE")]
    explain: Option<String>,
    /// Score the full set of signals on bare clones of the cases' repositories in this folder.
    #[arg(long, value_name = "DIR")]
    repos: Option<PathBuf>,
    /// Fit the weights anew and print them beside those in use.
    #[arg(long)]
    fit: bool,
}

/// Scores the cases and prints the figures.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let cases = case::load_all(&args.dir)?;
    if let Some(id) = &args.explain {
        let case = cases.iter().find(|case| case.id == *id);
        let case = case.with_context(|| format!("no case is called {id}"))?;
        let scene = match &args.repos {
            Some(repos) => Scene::from_repository(case, repos)?.context("no such repository")?,
            None => Scene::new(case),
        };
        explain(case, &scene).print(args.format)?;
        return Ok(ExitCode::SUCCESS);
    }
    let results: Vec<Scored<'_>> = scored(&cases, args)?;
    let mut table = Table::new("regressions", &["cases", "top-1", "top-3", "top-5", "MRR"]);
    table.push(commits(&results));
    table.push(functions(&results));
    table.push(abstain::reliability(&results));
    table.push(abstain::curve(&results));
    if args.fit {
        table.push(weights(&results));
    }
    if args.cases {
        table.push(each(&results));
    }
    table.print(args.format)?;
    let below = below_floors(&results, &args.floors)?;
    Ok(if below { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Scores every case: on its pack, or on its repository where one is at hand.
fn scored<'a>(cases: &'a [Case], args: &Args) -> anyhow::Result<Vec<Scored<'a>>> {
    let Some(repos) = &args.repos else {
        return Ok(cases.par_iter().map(|case| Scored::new(case, Scene::new(case))).collect());
    };
    let scenes: Vec<Option<(&Case, Scene)>> = cases
        .par_iter()
        .map(|case| {
            let scene = Scene::from_repository(case, repos)
                .with_context(|| format!("{} on its repository", case.id))?;
            Ok(scene.map(|scene| (case, scene)))
        })
        .collect::<anyhow::Result<_>>()?;
    let scored: Vec<Scored<'_>> =
        scenes.into_iter().flatten().map(|(case, scene)| Scored::new(case, scene)).collect();
    anyhow::ensure!(!scored.is_empty(), "{} holds no repository of the cases", repos.display());
    Ok(scored)
}

/// Says whether a count fell below its floor, and prints each that did.
fn below_floors(results: &[Scored<'_>], floors: &[String]) -> anyhow::Result<bool> {
    let commits = Tally::of(results.iter().map(|result| result.commits));
    let functions = Tally::of(results.iter().map(|result| result.functions));
    let (n_named, n_silent) = abstain::silence(results);
    let mut is_below = false;
    for floor in floors {
        let (name, least) = floor.split_once('=').context("a floor reads NAME=COUNT")?;
        let least: f64 = least.parse().with_context(|| format!("{least} is no count"))?;
        let count = match name {
            "top-1" => commits.top1,
            "top-3" => commits.top3,
            "top-5" => commits.top5,
            "fn@1" => functions.top1,
            "fn@3" => functions.top3,
            "fn@5" => functions.top5,
            "named" => n_named as f64,
            "silent" => n_silent as f64,
            _ => anyhow::bail!("no floor is called {name}"),
        };
        if count < least {
            is_below = true;
            writeln!(std::io::stderr(), "{name} is {count}, below its floor of {least}")?;
        }
    }
    Ok(is_below)
}

/// One case and what the product says of it.
struct Scored<'a> {
    case: &'a Case,
    scene: Scene,
    commits: Outcome,
    functions: Outcome,
    stack_functions: Outcome,
}

impl<'a> Scored<'a> {
    fn new(case: &'a Case, scene: Scene) -> Self {
        let (suspects, _) = suspects::rank(&scene.input(), &Cancel::new());
        let stack: Vec<(&str, &str)> = case
            .facts
            .frames
            .iter()
            .filter_map(|frame| Some((frame.file.as_str(), frame.function.as_deref()?)))
            .collect();
        let mut seen = BTreeSet::new();
        let stack: Vec<_> = stack.into_iter().filter(|function| seen.insert(*function)).collect();
        Self {
            commits: order(case, &scene, &suspects::weights()),
            functions: Outcome::of(&suspects.spans, |span| {
                span.function.as_deref().is_some_and(|name| case.is_buggy(&span.path, name))
            }),
            stack_functions: Outcome::of(&stack, |(path, name)| case.is_buggy(path, name)),
            case,
            scene,
        }
    }
}

/// Orders all commits of a case, whether or not the product would name one.
fn order(case: &Case, scene: &Scene, weights: &Weights) -> Outcome {
    let ordered = suspects::order(suspects::measure(&scene.input(), &Cancel::new()), weights);
    Outcome::of(&ordered, |(measured, _)| {
        scene.history.commits.get(measured.commit_idx).is_some_and(|c| case.is_culprit(&c.id.0))
    })
}

fn commits(results: &[Scored<'_>]) -> Section {
    let tally = |wanted: &dyn Fn(&Case) -> bool| {
        Tally::of(results.iter().filter(|r| wanted(r.case)).map(|r| r.commits))
    };
    let mut section = Section::new("commits");
    section.row("incident-lsp", tally(&|_| true).cells());
    let languages: BTreeSet<&str> =
        results.iter().map(|r| r.case.facts.language.as_str()).collect();
    for language in languages {
        section
            .row(&format!("  {language}"), tally(&|case| case.facts.language == language).cells());
    }
    section.row("  other repositories' fit", fit::leave_one_repository_out(results).cells());
    // Labels that start from blame of the fixed lines favour blame; these two do not.
    section.row("  stated or bisected", tally(&|case| case.is_stated()).cells());
    section.row("  verified from blame", tally(&|case| !case.is_stated()).cells());
    let cases: Vec<&Case> = results.iter().map(|result| result.case).collect();
    for (name, tally) in baselines::run(&cases) {
        section.row(name, tally.cells());
    }
    section
}

fn functions(results: &[Scored<'_>]) -> Section {
    let mut section = Section::new("functions");
    section.row("incident-lsp", Tally::of(results.iter().map(|r| r.functions)).cells());
    section.row("  stated or bisected", {
        Tally::of(results.iter().filter(|r| r.case.is_stated()).map(|r| r.functions)).cells()
    });
    let stack = Tally::of(results.iter().map(|r| r.stack_functions));
    section.row("functions on the stack", stack.cells());
    section
}

fn weights(results: &[Scored<'_>]) -> Section {
    let mut section = Section::new("weights");
    section.columns(&["in use", "fitted"]);
    let fitted = fit::fit(results, None);
    for (row, fitted) in suspects::TABLE.iter().zip(fitted) {
        section.row(row.name, vec![format!("{:.2}", row.weight), format!("{fitted:.2}")]);
    }
    let refitted =
        Tally::of(results.iter().map(|result| order(result.case, &result.scene, &fitted)));
    section.row(&format!("with the fitted ones: {}", refitted.cells().join("  ")), Vec::new());
    section
}

/// Shows the signals of the first suspects and of the culprits.
fn explain(case: &Case, scene: &Scene) -> Table {
    let mut table = Table::new(&case.id, &["rank", "score", "signals"]);
    let mut section = Section::new(&case.id);
    let ordered =
        suspects::order(suspects::measure(&scene.input(), &Cancel::new()), &suspects::weights());
    for (at, (measured, score)) in ordered.iter().enumerate() {
        let Some(commit) = scene.history.commits.get(measured.commit_idx) else { continue };
        let is_culprit = case.is_culprit(&commit.id.0);
        if at >= 5 && !is_culprit {
            continue;
        }
        let mark = if is_culprit { "*" } else { " " };
        let subject: String = commit.subject.chars().take(60).collect();
        let signals =
            suspects::TABLE.iter().zip(&measured.values).filter(|(_, value)| **value > 0.0);
        let shown: Vec<String> =
            signals.map(|(row, value)| format!("{}={value:.2}", row.name)).collect();
        let cells = vec![(at + 1).to_string(), format!("{score:.2}"), shown.join(" ")];
        section.row(&format!("{mark}{subject}"), cells);
    }
    table.push(section);
    let (suspects, _) = suspects::rank(&scene.input(), &Cancel::new());
    let mut section = Section::new("functions");
    for (at, span) in suspects.spans.iter().enumerate() {
        let name = span.function.as_deref().unwrap_or("?");
        let mark = if case.is_buggy(&span.path, name) { "*" } else { " " };
        let reasons: Vec<String> = span
            .reasons
            .iter()
            .map(|reason| format!("{:.2} {}", reason.weight, reason.detail))
            .collect();
        let cells = vec![(at + 1).to_string(), format!("{:.2}", span.score), reasons.join("; ")];
        section.row(&format!("{mark}{name}"), cells);
    }
    table.push(section);
    table
}

fn each(results: &[Scored<'_>]) -> Section {
    let mut section = Section::new("rank in each case");
    section.columns(&["commit", "function"]);
    for result in results {
        let shown = |outcome: Outcome| outcome.rank.map_or("-".to_owned(), |rank| rank.to_string());
        section.row(&result.case.id, vec![shown(result.commits), shown(result.functions)]);
    }
    section
}
