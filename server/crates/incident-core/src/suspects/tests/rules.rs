//! The hard rules, over generated histories: merges, octopus merges, clock skew, rebases.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{functions, hunk, panic_at, run};
use crate::history::{BlameRange, Commit, CommitId, Deployed, DeployedHow, FileChange, History};

/// A small generator of numbers, so that a failing history can be made again from its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }
}

const PATHS: [&str; 4] = ["src/pool.rs", "src/main.rs", "tests/pool.rs", "README.md"];

/// A repository: all commits, also those that the deployed one does not descend from.
struct Repository {
    commits: BTreeMap<CommitId, Commit>,
    deployed: CommitId,
    /// Not a candidate, nor is anything that it descends from.
    last_good: Option<CommitId>,
}

fn repository(random: &mut Random) -> Repository {
    let n_commits = 1 + random.below(40);
    let mut ids: Vec<CommitId> = Vec::new();
    let mut commits = BTreeMap::new();
    for number in 0..n_commits {
        let id = CommitId(format!("{number:04x}{:036x}", random.below(1 << 30)));
        let mut parents = Vec::new();
        // Mostly one parent, at times a second root, a merge, or an octopus.
        for _ in 0..[1, 1, 1, 1, 2, 3, 0][random.below(7)] {
            if let Some(parent) = ids.get(random.below(ids.len())) {
                parents.push(parent.clone());
            }
        }
        parents.dedup();
        // A rebase keeps the author's time and clocks are off: times tell nothing of ancestry.
        let time = i64::try_from(random.below(1_000_000)).unwrap() - 500_000;
        let files = (0..random.below(4)).map(|_| file(random)).collect::<Vec<_>>();
        let subject = ["Rework acquire", "chore: bump", "Merge branch", "\u{202e}no pool"];
        commits.insert(
            id.clone(),
            Commit {
                id: id.clone(),
                parents,
                author_time: time,
                commit_time: -time,
                subject: subject[random.below(4)].to_owned(),
                body: String::new(),
                n_files: files.len(),
                files,
            },
        );
        ids.push(id);
    }
    let deployed = ids[random.below(ids.len())].clone();
    let last_good = (random.below(2) == 0).then(|| ids[random.below(ids.len())].clone());
    Repository { commits, deployed, last_good }
}

fn file(random: &mut Random) -> FileChange {
    let line = u32::try_from(random.below(60)).unwrap();
    let headings = ["fn acquire(", "fn main() {", "", "impl Pool {"];
    let hunk = hunk(headings[random.below(4)], line, &["no pool"][..random.below(2)], &["x"]);
    FileChange {
        path: PATHS[random.below(4)].to_owned(),
        old_path: (random.below(5) == 0).then(|| PATHS[random.below(4)].to_owned()),
        n_added: hunk.n_added,
        n_removed: hunk.n_removed,
        hunks: vec![hunk],
    }
}

impl Repository {
    fn ancestors(&self, of: &CommitId) -> BTreeSet<CommitId> {
        let mut seen = BTreeSet::new();
        let mut queue = VecDeque::from([of.clone()]);
        while let Some(id) = queue.pop_front() {
            if let Some(commit) = self.commits.get(&id).filter(|_| seen.insert(id.clone())) {
                queue.extend(commit.parents.iter().cloned());
            }
        }
        seen
    }

    fn candidates(&self) -> BTreeSet<CommitId> {
        let good = self.last_good.as_ref().map(|good| self.ancestors(good)).unwrap_or_default();
        self.ancestors(&self.deployed).difference(&good).cloned().collect()
    }

    /// What git would answer; its blame may name any commit at all.
    fn history(&self, random: &mut Random) -> History {
        let candidates = self.candidates();
        let everyone: Vec<&CommitId> = self.commits.keys().collect();
        let blame = (0..random.below(12)).map(|_| BlameRange {
            path: PATHS[random.below(4)].to_owned(),
            start_line: u32::try_from(random.below(60)).unwrap(),
            n_lines: u32::try_from(random.below(8)).unwrap(),
            commit: everyone[random.below(everyone.len())].clone(),
        });
        History {
            deployed: Deployed {
                commit: Some(self.deployed.clone()),
                how: DeployedHow::Given,
                candidates: Vec::new(),
                confidence: 1.0,
                present_locally: true,
            },
            blame: blame.collect(),
            commits: candidates.iter().rev().map(|id| self.commits[id].clone()).collect(),
            config: Default::default(),
            attempts: Vec::new(),
            last_good: None,
            bounds: "since v1.0.0".to_owned(),
            bounded: self.last_good.is_some(),
            shallow: false,
        }
    }
}

#[test]
fn no_suspect_breaks_a_hard_rule() {
    let functions = functions("src/pool.rs", &[("acquire", 5, 25), ("release", 30, 50)]);
    let mut n_named = 0;
    for seed in 0..2_000 {
        let mut random = Random(seed);
        let repository = repository(&mut random);
        let history = repository.history(&mut random);
        let allowed = repository.candidates();
        let line = u32::try_from(random.below(60)).unwrap();
        let trace = panic_at("no pool", &[("src/pool.rs", line), ("src/main.rs", 9)]);

        let suspects = run(&trace, &functions, &history);

        let mut seen = BTreeSet::new();
        for suspect in &suspects.commits {
            assert!(allowed.contains(&suspect.commit), "seed {seed}: {suspect:?} is no candidate");
            assert!(seen.insert(&suspect.commit), "seed {seed}: {suspect:?} is named twice");
            assert!(!suspect.reasons.is_empty(), "seed {seed}: {suspect:?} has no reason");
            assert!((0.0..=1.0).contains(&suspect.score), "seed {seed}: {suspect:?}");
        }
        assert!(suspects.commits.is_sorted_by(|a, b| a.score >= b.score), "seed {seed}");
        assert_eq!(suspects.commits.is_empty(), suspects.abstained.is_some(), "seed {seed}");
        assert_eq!(suspects, run(&trace, &functions, &history), "seed {seed}: not deterministic");
        for span in &suspects.spans {
            assert!(!span.reasons.is_empty() && span.start_line <= span.end_line, "{span:?}");
            assert!((0.0..=1.0).contains(&span.score), "seed {seed}: {span:?}");
        }
        n_named += usize::from(!suspects.commits.is_empty());
    }
    // Both answers must have been seen, or the rules were not put to the test.
    assert!((50..1_900).contains(&n_named), "{n_named} histories had a suspect");
}
