//! Generated logs with their truth.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use incident_core::logs::{GroupStatus, LogGroup, Tallied};
use serde::Deserialize;

use super::score::{Score, precision_and_recall};
use crate::Format;
use crate::floor::Floor;
use crate::table::{Section, Table};

#[derive(Debug, Deserialize)]
struct Truth {
    groups: Vec<TrueGroup>,
}

#[derive(Debug, Deserialize)]
struct TrueGroup {
    index: u32,
    kind: String,
    count: u64,
    first_line: u64,
    last_line: u64,
    is_new_after_deploy: bool,
    source: Option<Source>,
}

#[derive(Debug, Deserialize)]
struct Source {
    file: String,
    line: u32,
}

/// The bit of a label that says that the line continues a record.
const CONTINUES: u16 = 0x8000;

/// Scores one log.
pub(super) fn run(
    tallied: &Tallied,
    truth: &Path,
    labels: &Path,
    format: Format,
    floors: &[Floor],
) -> anyhow::Result<ExitCode> {
    let truth: Truth = serde_json::from_slice(&std::fs::read(truth)?).context("the truth")?;
    let labels: Vec<u16> = std::fs::read(labels)?
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    let by_index: BTreeMap<u32, &TrueGroup> =
        truth.groups.iter().map(|it| (it.index, it)).collect();
    let is_severe = |index: u32| by_index.get(&index).is_some_and(|group| group.kind != "log");
    let lines =
        || {
            tallied.labels.iter().zip(&labels).map(|(found, label)| {
                (*found, u32::from(label & !CONTINUES), label & CONTINUES != 0)
            })
        };
    let heads = |keep: &dyn Fn(u32) -> bool| -> (Vec<u32>, Vec<u32>) {
        lines()
            .filter(|(_, label, continues)| !continues && keep(*label))
            .map(|(found, label, _)| (found, label))
            .unzip()
    };
    let (found, labelled) = heads(&|_| true);
    let all = Score::of(&found, &labelled);
    let (found, labelled) = heads(&is_severe);
    let severe = Score::of(&found, &labelled);

    // The group that holds most of a labelled one stands for it.
    let mut shares: BTreeMap<u32, BTreeMap<u32, usize>> = BTreeMap::new();
    for (found, label, continues) in lines() {
        if !continues {
            *shares.entry(label).or_default().entry(found).or_default() += 1;
        }
    }
    let best: BTreeMap<u32, u32> = shares
        .iter()
        .filter_map(|(label, found)| Some((*label, *found.iter().max_by_key(|(_, n)| **n)?.0)))
        .collect();
    let continued: Vec<bool> = lines()
        .filter(|(_, _, continues)| *continues)
        .map(|(found, label, _)| best.get(&label) == Some(&found))
        .collect();
    let n_right = continued.iter().filter(|it| **it).count();

    let group_of = |index: u32| {
        let number = *best.get(&index)? as usize;
        tallied.report.groups.get(number.checked_sub(1)?)
    };
    let severe_groups = || truth.groups.iter().filter(|it| it.kind != "log");
    let is_exact = |it: &&TrueGroup| {
        group_of(it.index).is_some_and(|group| {
            (group.count, group.first_line, group.last_line)
                == (it.count, it.first_line, it.last_line)
        })
    };
    let n_exact = severe_groups().filter(is_exact).count();
    let sources = || {
        let tied = |group: &LogGroup| group.statements.first().map(|it| (it.path.clone(), it.line));
        truth.groups.iter().filter_map(move |it| {
            let source = it.source.as_ref()?;
            Some(group_of(it.index).and_then(tied) == Some((source.file.clone(), source.line)))
        })
    };
    let n_tied = sources().filter(|it| *it).count();
    let new_true: BTreeSet<u32> = severe_groups()
        .filter(|it| it.is_new_after_deploy)
        .filter_map(|it| best.get(&it.index).copied())
        .collect();
    let numbers = tallied.report.groups.iter().zip(1..);
    let new_found: BTreeSet<u32> = numbers
        .filter(|(group, _)| {
            group.status == GroupStatus::New
                && group.level.kind() != incident_core::logs::GroupKind::Log
        })
        .map(|(_, number)| number)
        .collect();
    let (precision, recall) = precision_and_recall(&new_found, &new_true);

    let mut section = Section::new("generated log");
    section.columns(&["GA", "FGA", "found", "labelled"]);
    let cells = |score: &Score| {
        vec![
            format!("{:.3}", score.accuracy()),
            format!("{:.3}", score.f1()),
            score.n_groups.to_string(),
            score.n_labelled.to_string(),
        ]
    };
    section.row("all records", cells(&all));
    section.row("severe records", cells(&severe));
    let mut shares = Section::new("of severe groups");
    shares.columns(&["right", "of"]);
    shares.row(
        "count and lines exact",
        vec![n_exact.to_string(), severe_groups().count().to_string()],
    );
    shares.row("continuation lines", vec![n_right.to_string(), continued.len().to_string()]);
    shares.row(
        "source at rank 1, all groups",
        vec![n_tied.to_string(), sources().count().to_string()],
    );
    let mut new = Section::new("new after the deploy");
    new.columns(&["precision", "recall"]);
    new.row("severe groups", vec![format!("{precision:.3}"), format!("{recall:.3}")]);
    let mut table = Table::new("log", &[]);
    table.push(section);
    table.push(shares);
    table.push(new);
    table.print(format)?;
    let n_new = new_found.intersection(&new_true).count();
    let counts = [
        ("severe-groups-right", severe.n_groups_right),
        ("severe-records-right", severe.n_records_right),
        ("exact", n_exact),
        ("continued", n_right),
        ("new-right", n_new),
        // 1 where no group is wrongly said to be new.
        ("new-and-nothing-else", usize::from(n_new == new_found.len())),
        ("sources", n_tied),
    ];
    for floor in floors {
        let (_, got) = counts
            .iter()
            .find(|(name, _)| *name == floor.name)
            .with_context(|| format!("there is no count named {}", floor.name))?;
        if *got < floor.count {
            bail!("{}: {got}, the floor is {}", floor.name, floor.count);
        }
    }
    Ok(ExitCode::SUCCESS)
}
