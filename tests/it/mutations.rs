//! The whole road over thousands of damaged inputs: never a panic, never a stage that breaks off.
//!
//! The damage is seeded, so that a failure comes again; `MUTATION_ROUNDS` asks for more of it.

use incident_core::cancel::Cancel;
use incident_core::input::RawInput;
use incident_core::logs;
use incident_core::report;
use incident_host::command::Environment;
use incident_host::pipeline::{self, ExplainOptions};
use incident_host::workspace::Workspace;

use crate::lsp_incident::{POOL, crash_text, repository};
use crate::support::Home;

/// Splitmix64: the same damage in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound.max(1) as u64).unwrap()
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// What is put in the way: ends of numbers, brackets, controls, characters of every width.
const DEBRIS: &[&str] = &[
    "",
    "\0",
    "\u{1b}[31m",
    "\u{feff}",
    "é",
    "👩‍👩‍👧",
    "\r",
    "\r\n",
    "\n\n",
    "\t",
    "\\",
    "\"",
    "{",
    "}",
    "((((",
    "<<<<",
    "::",
    ":0:0",
    ":4294967296:18446744073709551616",
    ":-1",
    "../",
    "/",
    "src/pool.rs:3",
    "src/pool.rs:999999:999999",
    "thread 'main' panicked at ",
    "stack backtrace:\n",
    "Caused by:\n",
    "   0: ",
    "             at ",
    "99999999999999999999: ",
    "2026-02-03T10:00:00Z ",
    "{\"message\":\"",
    "attempt to add with overflow",
    "called `Option::unwrap()` on a `None` value",
    "99999999999999",
    "byte index 3 is not a char boundary; it is inside 'é' (bytes 2..4) of `aaé`",
    "left: 1\n right: 2",
];

const LOG: &str = "\
2026-02-03T09:59:58Z INFO till::pool opened 4 shards for shop-17 in 12ms
2026-02-03T09:59:59Z ERROR till::pool shard 7 of 4 refused key=\"a b\" id=4f2c-88
{\"timestamp\":\"2026-02-03T10:00:00Z\",\"level\":\"WARN\",\"fields\":{\"message\":\"slow\",\"ms\":812}}
";

fn damaged(random: &mut Random, text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..1 + random.below(6) {
        let at = random.below(chars.len() + 1);
        let end = (at + random.below(60)).min(chars.len());
        let put: Vec<char> = match random.below(5) {
            // Cut, put debris in, repeat a part, bring a part from elsewhere, cut the rest off.
            0 => Vec::new(),
            1 => random.pick(DEBRIS).chars().collect(),
            2 => chars[at..end].repeat(1 + random.below(40)),
            3 => {
                let from = random.below(chars.len() + 1);
                chars[from..(from + random.below(200)).min(chars.len())].to_vec()
            }
            _ => {
                chars.truncate(at);
                continue;
            }
        };
        let end = if random.below(2) == 0 { at } else { end };
        chars.splice(at..end, put);
    }
    chars.into_iter().collect()
}

fn n_rounds(usual: usize) -> usize {
    std::env::var("MUTATION_ROUNDS").ok().and_then(|it| it.parse().ok()).unwrap_or(usual)
}

#[test]
fn the_whole_road() {
    let repository = repository();
    repository.commit("Pick with care", &[("src/pool.rs", &POOL.replace("at]", "at - 1]"))]);
    repository.write("src/pool.rs", POOL);
    let home = Home::new();
    let environment = Environment::of_process()
        .with("INCIDENT_LSP_STATE_DIR", home.state())
        .with("INCIDENT_LSP_CACHE_DIR", home.path().join("cache"));
    let workspace = Workspace::open(repository.path()).with_environment(environment);
    let sample = format!("{LOG}{}{LOG}", crash_text());
    let mut random = Random(2_026);
    let mut n_incidents = 0;
    for round in 0..n_rounds(60) {
        let text = damaged(&mut random, &sample);
        let source = damaged(&mut random, POOL);
        repository.write("src/pool.rs", &source);
        let inputs = vec![RawInput { name: "damaged".into(), text: text.clone() }];
        let options = ExplainOptions { store: round % 8 == 0, ..ExplainOptions::default() };
        let explanation =
            pipeline::explain(inputs, &workspace, &options, &Cancel::new(), &mut |_| {});
        let broken = explanation.problems.iter().find(|it| it.message.contains("fault of"));
        assert_eq!(broken, None, "round {round}: {text}\n{source}");
        n_incidents += explanation.incidents.len();
        // What is said must be sayable in every form.
        let json = report::json::to_string(&report::json::explain(&explanation));
        serde_json::from_str::<serde_json::Value>(&json).unwrap();
        report::markdown::explain(&explanation);
        report::sarif::explain(&explanation, "0");
    }
    assert!(n_incidents > 20, "the damage leaves something to explain: {n_incidents}");
}

#[test]
fn the_grouping_of_logs() {
    let sample = format!("{LOG}{}{LOG}", crash_text());
    let mut random = Random(17);
    for round in 0..n_rounds(1_500) {
        let text = damaged(&mut random, &sample);
        let n_lines = u64::try_from(text.lines().count()).unwrap();
        let inputs = [RawInput { name: "damaged".into(), text }];
        let (report, _) = logs::group(&inputs, &Cancel::new());
        let n_counted: u64 = report.groups.iter().map(|group| group.count).sum();
        assert!(n_counted <= n_lines, "round {round}: {n_counted} of {n_lines}");
    }
}
