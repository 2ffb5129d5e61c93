//! The hard rule on generated histories of real git: whatever the merges, octopus merges, second
//! roots and clocks, what is read are ancestors of the deployed commit that the last good one does
//! not have.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use incident_core::cancel::Cancel;
use incident_core::history::CommitId;

use super::super::LogQuery;
use super::open;
use crate::testing::Scratch;

const N_COMMITS: usize = 60;
const N_HISTORIES: u64 = 4;
const N_QUERIES: usize = 12;

/// A small generator of numbers, so that a failing history can be made again from its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }
}

/// A history as a stream for `git fast-import`, with each commit's parents by number.
fn history(random: &mut Random) -> (String, Vec<Vec<usize>>) {
    let mut stream = String::new();
    let mut parents: Vec<Vec<usize>> = Vec::new();
    for number in 0..N_COMMITS {
        let n_parents = [1, 1, 1, 1, 2, 3, 0][random.below(7)];
        let mut of_this: Vec<usize> = Vec::new();
        for _ in 0..n_parents.min(number) {
            // Mostly near ones, as branches are.
            let parent = number - 1 - random.below(number.min(8));
            if !of_this.contains(&parent) {
                of_this.push(parent);
            }
        }
        // Clocks are off by days, and a rebase keeps the author's time.
        let committed = 1_700_000_000 + number * 3_600 + random.below(500_000);
        let authored = 1_700_000_000 + random.below(1_000_000);
        writeln!(stream, "commit refs/heads/c{number}\nmark :{}", number + 1).unwrap();
        writeln!(stream, "author Dev <dev@example.invalid> {authored} +0000").unwrap();
        writeln!(stream, "committer Dev <dev@example.invalid> {committed} +0000").unwrap();
        writeln!(stream, "data 1\nx").unwrap();
        for (nth, parent) in of_this.iter().enumerate() {
            let word = if nth == 0 { "from" } else { "merge" };
            writeln!(stream, "{word} :{}", parent + 1).unwrap();
        }
        let text = format!("{number}\n");
        writeln!(stream, "M 100644 inline f{}", random.below(5)).unwrap();
        writeln!(stream, "data {}\n{text}", text.len()).unwrap();
        parents.push(of_this);
    }
    (stream, parents)
}

fn ancestors(parents: &[Vec<usize>], of: usize) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut queue = vec![of];
    while let Some(number) = queue.pop() {
        if seen.insert(number) {
            queue.extend(&parents[number]);
        }
    }
    seen
}

#[test]
fn only_ancestors_after_the_last_good_commit_are_candidates() {
    let cancel = Cancel::new();
    for seed in 0..N_HISTORIES {
        let mut random = Random(seed);
        let (stream, parents) = history(&mut random);
        let scratch = Scratch::new();
        scratch.git(&["init", "-q"]);
        scratch.git_with("2024-05-01T12:00:00Z", &["fast-import", "--quiet"], &stream);
        let refs: Vec<String> =
            (0..N_COMMITS).map(|number| format!("refs/heads/c{number}")).collect();
        let mut args = vec!["rev-parse"];
        args.extend(refs.iter().map(String::as_str));
        let ids: Vec<CommitId> =
            scratch.git(&args).lines().map(|id| CommitId(id.to_owned())).collect();
        let repository = open(&scratch);
        for _ in 0..N_QUERIES {
            let (tip, good) = (random.below(N_COMMITS), random.below(N_COMMITS));
            let since = (random.below(3) > 0).then_some(good);
            let max_commits = 1 + random.below(2 * N_COMMITS);
            let mut allowed = ancestors(&parents, tip);
            if let Some(good) = since {
                allowed = &allowed - &ancestors(&parents, good);
            }
            let query = LogQuery {
                tip: ids[tip].clone(),
                since: since.map(|good| ids[good].clone()),
                since_time: None,
                max_commits,
            };
            let log = repository.log(&query, &cancel).unwrap();
            let read: BTreeSet<&CommitId> = log.commits.iter().map(|commit| &commit.id).collect();
            let allowed: BTreeSet<&CommitId> = allowed.iter().map(|number| &ids[*number]).collect();
            assert!(read.is_subset(&allowed), "seed {seed}: {query:?}");
            assert_eq!(read.len(), allowed.len().min(max_commits), "seed {seed}: {query:?}");
            assert_eq!(read.len(), log.commits.len(), "seed {seed}: twice in {query:?}");
        }
    }
}
