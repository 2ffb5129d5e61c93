//! Labelled samples of real systems, one folder each.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use incident_core::cancel::Cancel;
use incident_core::logs::{ScanOptions, Tallied, group_bytes, group_messages};

use super::score::Score;
use crate::Format;
use crate::floor::Floor;
use crate::table::{Section, Table};

/// Scores every system of a folder.
pub(super) fn run(
    dir: &Path,
    raw: bool,
    format: Format,
    floors: &[Floor],
) -> anyhow::Result<ExitCode> {
    let mut systems: Vec<String> = std::fs::read_dir(dir)?
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    systems.sort();
    if systems.is_empty() {
        bail!("{} holds no folder of a system", dir.display());
    }
    let mut section = Section::new("system");
    let mut all = Vec::new();
    for system in &systems {
        let score = one(dir, system, raw).with_context(|| system.clone())?;
        section.row(system, row(score.accuracy(), score.f1(), &score));
        all.push(score);
    }
    let mean = |pick: fn(&Score) -> f64| all.iter().map(pick).sum::<f64>() / all.len() as f64;
    let sum = |pick: fn(&Score) -> usize| all.iter().map(pick).sum::<usize>();
    let total = Score {
        n_records: sum(|it| it.n_records),
        n_records_right: sum(|it| it.n_records_right),
        n_groups: sum(|it| it.n_groups),
        n_labelled: sum(|it| it.n_labelled),
        n_groups_right: sum(|it| it.n_groups_right),
    };
    section.row("average", row(mean(Score::accuracy), mean(Score::f1), &total));
    let mut table = Table::new("logs", &["GA", "FGA", "right", "found", "labelled"]);
    table.push(section);
    table.print(format)?;
    for floor in floors {
        let got = match floor.name.as_str() {
            "groups-right" => total.n_groups_right,
            "records-right" => total.n_records_right,
            name => bail!("there is no count named {name}"),
        };
        if got < floor.count {
            bail!("{}: {got}, the floor is {}", floor.name, floor.count);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn row(accuracy: f64, f1: f64, score: &Score) -> Vec<String> {
    vec![
        format!("{accuracy:.3}"),
        format!("{f1:.3}"),
        score.n_groups_right.to_string(),
        score.n_groups.to_string(),
        score.n_labelled.to_string(),
    ]
}

fn one(dir: &Path, system: &str, raw: bool) -> anyhow::Result<Score> {
    let file = |ending: &str| dir.join(system).join(format!("{system}_2k{ending}"));
    let log = std::fs::read(file(".log"))?;
    let log = String::from_utf8_lossy(&log);
    let events = std::fs::read_to_string(file(".events.tsv"))?;
    let mut numbers = BTreeMap::new();
    let mut labels = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    for (line, event) in log.lines().zip(events.lines()) {
        let (event, start) = event.split_once('\t').context("an event has an offset")?;
        let start = if raw { 0 } else { start.trim().parse()? };
        let next = u32::try_from(numbers.len())?;
        labels.push(*numbers.entry(event.to_owned()).or_insert(next));
        texts.push(line.chars().skip(start).collect());
    }
    let tallied: Tallied = if raw {
        let text = texts.join("\n");
        let options = ScanOptions { labels: true, ..ScanOptions::default() };
        group_bytes(&[(system, text.as_bytes())], options, None, &Cancel::new())
    } else {
        let messages: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
        group_messages(&messages)
    };
    Ok(Score::of(&tallied.labels, &labels))
}
