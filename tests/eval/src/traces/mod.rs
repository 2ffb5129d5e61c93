//! `incident-eval traces DIR`: how well stack traces are read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use rayon::prelude::*;
use serde::Serialize;

use crate::Format;
use crate::floor::Floor;
use crate::tally::Tally;

mod case;
pub(crate) mod labels;
mod other;
pub(crate) mod places;
mod resolved;
mod score;
mod speed;

use score::{COLUMNS, CaseScore};

/// What to score.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A folder with one folder for each case.
    dir: PathBuf,
    /// Fail if a column has fewer right answers; may be given several times.
    #[arg(long = "floor", value_name = "NAME=COUNT")]
    floors: Vec<Floor>,
    /// Measure how fast texts are read instead.
    #[arg(long)]
    speed: bool,
    /// Print every difference.
    #[arg(long)]
    misses: bool,
    /// How to print the figures.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The answer as JSON prints it.
#[derive(Debug, Serialize)]
struct Report {
    cases: Vec<CaseScore>,
    by_style: BTreeMap<String, Vec<(&'static str, Tally)>>,
    total: Vec<(&'static str, Tally)>,
    /// The languages that are read and not resolved.
    other_languages: Vec<other::LanguageScore>,
    /// Places shown wrong while claiming to be sure; each is an error of its own class.
    wrong_while_sure: usize,
}

/// Scores the folder and prints the result; fails where a floor is not reached.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let cases = case::load_all(&args.dir, "rust")?;
    if args.speed {
        std::io::stdout().lock().write_all(speed::measure(&cases).as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut scores = cases.par_iter().map(score::score).collect::<anyhow::Result<Vec<_>>>()?;
    let labels = labels::load_all(&args.dir)?;
    let wrong_while_sure = resolved::score_into(&mut scores, &labels);
    let mut other_languages = Vec::new();
    for language in other::LANGUAGES {
        // A folder of one language's cases alone is fine.
        if let Ok(cases) = case::load_all(&args.dir, language) {
            other_languages.push(other::score(language, &cases)?);
        }
    }
    let mut report = summarise(scores, wrong_while_sure);
    report.other_languages = other_languages;
    let text = match args.format {
        Format::Json => serde_json::to_string_pretty(&report)? + "\n",
        Format::Text => render(&report, args.misses),
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    check_floors(&args.floors, &all_columns(&report))
}

fn summarise(cases: Vec<CaseScore>, wrong_while_sure: usize) -> Report {
    let mut total = Vec::new();
    let mut by_style: BTreeMap<String, Vec<(&'static str, Tally)>> = BTreeMap::new();
    for case in &cases {
        add(&mut total, &case.tallies);
        for style in &case.styles {
            add(by_style.entry(style.clone()).or_default(), &case.tallies);
        }
    }
    Report { cases, by_style, total, other_languages: Vec::new(), wrong_while_sure }
}

fn add(sum: &mut Vec<(&'static str, Tally)>, tallies: &[(&'static str, Tally)]) {
    for (name, tally) in tallies {
        match sum.iter_mut().find(|(column, _)| column == name) {
            Some((_, into)) => *into += *tally,
            None => sum.push((name, *tally)),
        }
    }
}

fn columns() -> impl Iterator<Item = &'static str> {
    COLUMNS.into_iter().chain([resolved::COLUMN])
}

fn render(report: &Report, with_misses: bool) -> String {
    let mut out = String::new();
    row(&mut out, "case", columns());
    for case in &report.cases {
        row(&mut out, &case.id, case.tallies.iter().map(|(_, tally)| tally));
        if with_misses {
            for miss in &case.misses {
                let _ = writeln!(out, "    {miss}");
            }
        }
    }
    out.push('\n');
    row(&mut out, "style", columns());
    for (style, tallies) in &report.by_style {
        row(&mut out, style, tallies.iter().map(|(_, tally)| tally));
    }
    out.push('\n');
    row(&mut out, "", columns());
    row(&mut out, "total", report.total.iter().map(|(_, tally)| tally));
    if !report.other_languages.is_empty() {
        out.push('\n');
        row(&mut out, "language", other::COLUMNS.into_iter());
    }
    for language in &report.other_languages {
        row(&mut out, language.language, language.tallies.iter().map(|(_, tally)| tally));
        for miss in language.misses.iter().filter(|_| with_misses) {
            let _ = writeln!(out, "    {miss}");
        }
    }
    out.push_str("\nright/labelled; +n: answers where the label has none\n");
    let _ = writeln!(out, "resolved wrong while claiming to be sure: {}", report.wrong_while_sure);
    out
}

fn row(out: &mut String, head: &str, cells: impl Iterator<Item = impl std::fmt::Display>) {
    let _ = write!(out, "{head:<32}");
    for cell in cells {
        let _ = write!(out, " {cell:>10}");
    }
    out.push('\n');
}

/// Returns every column that a floor can name; those of other languages as `python.frames`.
fn all_columns(report: &Report) -> Vec<(String, Tally)> {
    let of_rust = report.total.iter().map(|(name, tally)| ((*name).to_owned(), *tally));
    let of_others = report.other_languages.iter().flat_map(|score| {
        let named = |(name, tally): &(&str, Tally)| (format!("{}.{name}", score.language), *tally);
        score.tallies.iter().map(named)
    });
    of_rust.chain(of_others).collect()
}

fn check_floors(floors: &[Floor], total: &[(String, Tally)]) -> anyhow::Result<ExitCode> {
    let mut exit = ExitCode::SUCCESS;
    for floor in floors {
        let (_, tally) = total
            .iter()
            .find(|(name, _)| *name == floor.name)
            .with_context(|| format!("no column is named {}", floor.name))?;
        if tally.right < floor.count {
            writeln!(
                std::io::stderr().lock(),
                "{}: {} right, the floor is {}",
                floor.name,
                tally.right,
                floor.count
            )?;
            exit = ExitCode::FAILURE;
        }
    }
    Ok(exit)
}
