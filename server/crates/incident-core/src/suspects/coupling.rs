//! Files that change together with those on the stack depend on them, even where no text is at hand
//! to show how.

use std::collections::{BTreeMap, BTreeSet};

use super::signals::{Measured, is_code};
use super::weights::Signal;
use crate::history::Commit;

/// A shared change of so many files says nothing about any two of them.
const MAX_FILES: usize = 200;

/// How strongly the files of a history are tied to those on the stack.
pub(super) struct Coupling<'a> {
    /// From 0 to 1, by path; files of the stack themselves are left out.
    files: BTreeMap<&'a str, f64>,
}

impl<'a> Coupling<'a> {
    /// Reads what changed together: a change of few files ties them more than one of many, and a
    /// file that changes all the time is tied to nothing.
    pub(super) fn new(commits: &'a [Commit], is_on_stack: &dyn Fn(&str) -> bool) -> Self {
        let mut ties: BTreeMap<&str, f64> = BTreeMap::new();
        let mut n_changes: BTreeMap<&str, usize> = BTreeMap::new();
        for commit in commits.iter().filter(|commit| commit.n_files <= MAX_FILES) {
            let paths: BTreeSet<&str> = code_files(commit).collect();
            for path in &paths {
                *n_changes.entry(path).or_insert(0) += 1;
            }
            if paths.iter().any(|path| is_on_stack(path)) {
                for path in paths.into_iter().filter(|path| !is_on_stack(path)) {
                    *ties.entry(path).or_insert(0.0) += 1.0 / commit.n_files.max(2) as f64;
                }
            }
        }
        for (path, tie) in &mut ties {
            *tie /= 1.0 + (n_changes.get(path).copied().unwrap_or(1) as f64).ln();
        }
        let strongest = ties.values().copied().fold(0.0, f64::max);
        ties.values_mut().for_each(|tie| *tie /= strongest);
        Self { files: ties }
    }

    /// Looks for such files in a commit that left those on the stack alone.
    pub(super) fn measure(
        &self,
        commit: &Commit,
        is_on_stack: &dyn Fn(&str) -> bool,
        measured: &mut Measured,
    ) {
        if commit.files.iter().any(|file| is_on_stack(&file.path)) {
            return;
        }
        let tied = code_files(commit).filter_map(|path| Some((path, *self.files.get(path)?)));
        if let Some((path, tie)) = tied.max_by(|a, b| a.1.total_cmp(&b.1)) {
            measured.put(Signal::Coupled, tie, || {
                format!("touched {path}, which changes together with the files of the stack")
            });
        }
    }
}

fn code_files(commit: &Commit) -> impl Iterator<Item = &str> {
    commit.files.iter().map(|file| file.path.as_str()).filter(|path| is_code(path))
}
