use incident_core::runbook::Question;

use super::*;
use crate::testing::Scratch;

const POOL: &str = "# Pool exhaustion\n\nLog lines say `timed out acquiring connection`.\n\n\
                    ## Mitigation\n\nRestore `acquire_timeout_ms`.\n";
const CACHE: &str =
    "# Cache stampede\n\nMany keys expire at once.\n\n## Mitigation\n\nAdd jitter.\n";

struct Pages {
    scratch: Scratch,
    workspace: Workspace,
}

impl Pages {
    fn new(files: &[(&str, &str)]) -> Self {
        let scratch = Scratch::new();
        for (path, text) in files {
            scratch.write(path, text);
        }
        let workspace = Workspace::open(&scratch.root()).with_environment(scratch.environment());
        Self { scratch, workspace }
    }

    fn ask(&self, question: &str) -> Vec<String> {
        let cancel = Cancel::new();
        let (listing, _) = source::list(self.workspace.root(), &cancel);
        let question = Question::of_text(question);
        let (hits, problems) = search(&self.workspace, &listing, &[], &question, &cancel);
        assert_eq!(problems, []);
        hits.iter().map(|hit| format!("{}:{} {}", hit.path, hit.line, hit.heading)).collect()
    }
}

#[test]
fn the_page_that_speaks_of_it_is_found() {
    let pages = Pages::new(&[
        ("runbooks/pool.md", POOL),
        ("runbooks/cache.md", CACHE),
        ("README.md", POOL),
    ]);
    assert_eq!(
        pages.ask("timed out acquiring a connection"),
        ["runbooks/pool.md:5 Mitigation", "runbooks/pool.md:1 Pool exhaustion"]
    );
    let by_name = pages.ask("acquire_timeout_ms");
    assert_eq!(by_name.first().map(String::as_str), Some("runbooks/pool.md:5 Mitigation"));
    assert_eq!(pages.ask("disk full"), [""; 0]);
    assert_eq!(pages.ask(""), [""; 0]);
    assert_eq!(pages.ask("\" OR NEAR( * ^ pool:"), [""; 0], "nobody's query language");
}

/// Only some of the pages that match are read: those that match best.
#[test]
fn the_best_page_is_found_however_far_down_the_alphabet() {
    let weak = "# Weekly notes\n\n## Monday\n\nA connection was slow.\n";
    let names: Vec<String> = (10..60).map(|number| format!("runbooks/{number}.md")).collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), weak)).collect();
    files.push(("runbooks/pool.md", POOL));
    let pages = Pages::new(&files);
    let found = pages.ask("timed out acquiring a connection, acquire_timeout_ms");
    assert_eq!(found.first().map(String::as_str), Some("runbooks/pool.md:5 Mitigation"));
}

#[test]
fn only_what_changed_is_read_again() {
    let pages = Pages::new(&[("docs/runbooks/pool.md", POOL), ("docs/runbooks/cache.md", CACHE)]);
    assert_eq!(pages.ask("timed out acquiring connection").len(), 2);
    pages
        .scratch
        .write("docs/runbooks/pool.md", "# Other words\n\nNothing of that kind here now.\n");
    assert_eq!(pages.ask("timed out acquiring connection"), [""; 0]);
    pages.scratch.write("docs/runbooks/new.md", POOL);
    assert_eq!(pages.ask("timed out acquiring connection")[0], "docs/runbooks/new.md:5 Mitigation");
    std::fs::remove_file(pages.scratch.root().join("docs/runbooks/new.md")).unwrap();
    assert_eq!(pages.ask("timed out acquiring connection"), [""; 0]);
}

#[test]
fn a_damaged_index_is_made_again() {
    let pages = Pages::new(&[("runbooks/pool.md", POOL)]);
    assert_eq!(pages.ask("timed out acquiring connection").len(), 2);
    let file = file(&pages.workspace).unwrap().unwrap();
    for ending in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{ending}", file.display()));
    }
    std::fs::write(&file, vec![7; 8192]).unwrap();
    assert_eq!(pages.ask("timed out acquiring connection").len(), 2);
}
