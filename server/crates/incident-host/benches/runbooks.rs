//! How long 10,000 pages of Markdown take: to index, to ask, and to take in again after one edit.
//!
//! `cargo bench -p incident-host --bench runbooks`. The pages are generated, each of a few hundred
//! words in sections, the words drawn by a fixed generator with the frequencies of a natural text.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use incident_core::cancel::Cancel;
use incident_core::runbook::Question;
use incident_host::command::Environment;
use incident_host::workspace::Workspace;
use incident_host::{runbooks, source};

const N_PAGES: u32 = 10_000;
const N_QUESTIONS: u32 = 50;
const N_EDITS: u32 = 20;

/// A small generator of numbers: the pages are the same on every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    /// A word of 20,000: the first of them come often, as in any text.
    fn word(&mut self) -> String {
        let rank = 20_000 / (1 + self.below(20_000));
        format!("word{rank}x{}", self.below(rank + 1))
    }
}

fn page(numbers: &mut Numbers, number: u32) -> String {
    let mut page = format!("# Incident {number}\n\nfingerprints: [{number:012x}]\n");
    for heading in ["Symptoms", "Mitigation", "Tried and rolled back", "Root cause"] {
        let _ = write!(page, "\n## {heading}\n\n");
        let _ = writeln!(page, "the pool `acquire_timeout_{number}` was empty\n");
        for n_word in 1..80 {
            let end = if n_word % 12 == 0 { ".\n" } else { " " };
            let _ = write!(page, "{}{end}", numbers.word());
        }
    }
    page
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    std::fs::create_dir_all(root.join("runbooks")).unwrap();
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let path_of = |root: &Path, number: u32| root.join(format!("runbooks/{number:05}.md"));
    let mut n_bytes = 0;
    for number in 0..N_PAGES {
        let page = page(&mut numbers, number);
        n_bytes += page.len();
        std::fs::write(path_of(&root, number), page).unwrap();
    }
    let environment = Environment::of_process()
        .with("INCIDENT_LSP_CACHE_DIR", folder.path().join("cache"))
        .with("INCIDENT_LSP_STATE_DIR", folder.path().join("state"))
        .with("INCIDENT_LSP_CONFIG_DIR", folder.path().join("config"));
    let workspace = Workspace::open(&root).with_environment(environment);
    let cancel = Cancel::new();
    let search = |text: &str| {
        let (listing, _) = source::list(&root, &cancel);
        let question = Question::of_text(text);
        let start = Instant::now();
        let (hits, problems) = runbooks::search(&workspace, &listing, &[], &question, &cancel);
        assert!(problems.is_empty() && !hits.is_empty(), "{text}: {problems:?}");
        start.elapsed()
    };
    let ask = |number: u32| {
        search(&format!("the pool was empty, acquire_timeout_{number} word1x0 word7x3 word190x2"))
    };
    let index = ask(0);
    let queries = (0..N_QUESTIONS).map(|at| ask(at * 97)).collect();
    let edits = (0..N_EDITS).map(|at| {
        let path = path_of(&root, at * 31);
        let page = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{page}\nedited\n")).unwrap();
        ask(at * 31)
    });
    let edits = edits.collect();
    println!(
        "{N_PAGES} pages, {} MiB: index {:.2} s, query {:.1} ms (median of {N_QUESTIONS}), \
         query after one page changed {:.1} ms (median of {N_EDITS})",
        n_bytes >> 20,
        index.as_secs_f64(),
        median(queries).as_secs_f64() * 1e3,
        median(edits).as_secs_f64() * 1e3,
    );
}
