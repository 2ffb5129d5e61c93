//! An incident made by the real stages from a few files and a trace: what the reports' tests show.

use std::sync::Arc;

use crate::cancel::Cancel;
use crate::check::{Finding, Reference, Verdict};
use crate::deps::PackageId;
use crate::fix::{Edit, Fix, unified_diff};
use crate::history::{CommitId, Deployed, DeployedHow};
use crate::hypothesis::{
    Evidence, EvidenceKind, EvidenceLocation, EvidenceOrigin, Hypothesis, HypothesisInput,
    HypothesisOrigin, Validation,
};
use crate::incident;
use crate::input::RawInput;
use crate::logs::LogReport;
use crate::present::{ExplainedIncident, Explanation, WorkspaceInfo};
use crate::resolve::{self, PackageSources, ResolveInput, Sources};
use crate::suspects::{Reason, SuspectCommit, SuspectSpan, Suspects};
use crate::syntax::{SymbolIndex, index_file};
use crate::text::ByteSpan;
use crate::{hypothesis, logs, trace};

/// The service of the tests.
pub(crate) const POOL: &str = "\
use std::collections::HashMap;

pub struct Pool {
    shards: Vec<HashMap<String, u64>>,
}

impl Pool {
    pub fn get(&self, key: &str) -> u64 {
        let shard = key.len() % 4 + 1;

        let slot = &self.shards[shard];
        *slot.get(key).unwrap()
    }
}
";

const MAIN: &str = "\
mod pool;

fn main() {
    let pool = pool::Pool::new(4);
    serve(&pool);
}

fn serve(pool: &pool::Pool) {
    println!(\"{}\", pool.get(\"abc\"));
}
";

/// A panic with own frames, std frames, and a dependency between two own ones.
pub(crate) const TRACE: &str = "\
thread 'worker-1' panicked at src/pool.rs:11:21:
index out of bounds: the len is 4 but the index is 4
stack backtrace:
   0: rust_begin_unwind
             at /rustc/9fc6b43126469e3858e2fe86cafb4f0fd5068869/library/std/src/panicking.rs:665:5
   1: core::panicking::panic_fmt
             at /rustc/9fc6b43126469e3858e2fe86cafb4f0fd5068869/library/core/src/panicking.rs:76:14
   2: core::panicking::panic_bounds_check
             at /rustc/9fc6b43126469e3858e2fe86cafb4f0fd5068869/library/core/src/panicking.rs:281:5
   3: till::pool::Pool::get
             at ./src/pool.rs:11:21
   4: tokio::runtime::task::harness::poll_future
             at /home/user/.cargo/registry/src/index.registry-6f17d22bba15001f/tokio-1.40.0/src/runtime/task/harness.rs:500:9
   5: tokio::runtime::task::raw::poll
             at /home/user/.cargo/registry/src/index.registry-6f17d22bba15001f/tokio-1.40.0/src/runtime/task/raw.rs:271:5
   6: till::serve
             at ./src/main.rs:9:22
   7: till::main
             at ./src/main.rs:5:5
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
";

/// Explains `trace` in a workspace of `files`, deployed as they are.
pub(crate) fn explain_in(files: &[(&str, &str)], trace: &str) -> Explanation {
    let cancel = Cancel::new();
    let input = RawInput { name: "trace.txt".to_owned(), text: trace.to_owned() };
    let (traces, mut problems) = trace::parse(&input);
    let (logs, found) = logs::group(std::slice::from_ref(&input), &cancel);
    problems.extend(found);
    let current = files.iter().map(|(path, text)| ((*path).to_owned(), Arc::from(*text)));
    let current: std::collections::BTreeMap<String, Arc<str>> = current.collect();
    let sources = Sources { deployed: current.clone(), current };
    let paths: Vec<String> = sources.current.keys().cloned().collect();
    let symbols =
        SymbolIndex::new(files.iter().map(|(path, text)| index_file(path, text).into()).collect());
    let packages = PackageSources::default();
    let resolve_input = ResolveInput {
        files: &paths,
        symbols: &symbols,
        sources: &sources,
        packages: &packages,
        members: &[],
    };
    let resolved = traces.into_iter().map(|trace| {
        let (resolved, found) = resolve::resolve(trace, &resolve_input, &cancel);
        problems.extend(found);
        resolved
    });
    let incidents = incident::group(resolved.collect(), &logs);
    let incidents = incidents.into_iter().map(|incident| explained(incident, &sources, &logs));
    let incidents = incidents.collect();
    let workspace = WorkspaceInfo { root: "/srv/till".to_owned(), head: Some("c0ffee".repeat(6)) };
    Explanation { workspace, incidents, logs, sources, problems, ..Explanation::default() }
}

/// Explains [`TRACE`].
pub(crate) fn explain() -> Explanation {
    explain_in(&[("src/main.rs", MAIN), ("src/pool.rs", POOL)], TRACE)
}

/// Explains [`TRACE`] with a named suspect.
pub(crate) fn explain_with_suspect() -> Explanation {
    let mut explanation = explain();
    for explained in &mut explanation.incidents {
        explained.incident.suspects = suspects();
        explained.incident.deployed = Some(Deployed {
            commit: Some(CommitId("c0ffee".repeat(6))),
            how: DeployedHow::Head,
            candidates: Vec::new(),
            confidence: 0.5,
            present_locally: true,
        });
    }
    explanation
}

/// What the check says of a name that is not there.
pub(crate) fn finding() -> Finding {
    Finding {
        reference: Reference {
            api: "tokio::time::nap".to_owned(),
            line: 3,
            column: 5,
            end_line: 3,
            end_column: 21,
            verdict: Verdict::Missing,
            package: Some(tokio("1.40.0")),
            suggestions: vec!["tokio::time::sleep".to_owned()],
            exists_in: Some(tokio("9.0.0")),
            reason: "tokio 1.40.0 has no such item".to_owned(),
        },
        message: "tokio 1.40.0 has no `tokio::time::nap`; `tokio::time::sleep` is near".to_owned(),
    }
}

fn tokio(version: &str) -> PackageId {
    PackageId { name: "tokio".to_owned(), version: version.to_owned() }
}

fn suspects() -> Suspects {
    let reasons = |detail: &str| {
        vec![
            Reason { kind: "blame", detail: detail.to_owned(), weight: 0.5 },
            Reason { kind: "age", detail: "is eight days old".to_owned(), weight: -0.1 },
        ]
    };
    Suspects {
        mitigations: Vec::new(),
        tried_before: Vec::new(),
        commits: vec![SuspectCommit {
            commit: CommitId("1a2b3c4d".repeat(5)),
            subject: "Spread the keys over one more shard".to_owned(),
            author_time: 1_770_000_000,
            has_parent: true,
            score: 0.72,
            reasons: reasons("last changed src/pool.rs:9, in the function that failed"),
        }],
        abstained: None,
        spans: vec![SuspectSpan {
            path: "src/main.rs".to_owned(),
            function: Some("serve".to_owned()),
            start_line: 8,
            end_line: 10,
            score: 0.4,
            reasons: reasons("calls the function that failed"),
        }],
    }
}

fn explained(
    incident: incident::Incident,
    sources: &Sources,
    logs: &LogReport,
) -> ExplainedIncident {
    let input = HypothesisInput { incident: &incident, sources, history: None, logs };
    // Not the signatures' own words: they change, and the reports' tests speak of form.
    let hypotheses = hypothesis::verify(vec![claim()], &input);
    ExplainedIncident { incident, hypotheses }
}

fn claim() -> Hypothesis {
    let quote = "        let shard = key.len() % 4 + 1;";
    Hypothesis {
        title: "the shard is one too high".to_owned(),
        explanation: "`shard` runs from 1 to 4, while the last item has the number 3. It is made \
                      from the length of the key, so that a key of any length may fail."
            .to_owned(),
        origin: HypothesisOrigin::Signature("fixture"),
        confidence: 0.8,
        evidence: vec![Evidence {
            id: "src/pool.rs:9".to_owned(),
            kind: EvidenceKind::Frame,
            origin: EvidenceOrigin::Repository,
            location: EvidenceLocation {
                path: "src/pool.rs".to_owned(),
                line: Some(9),
                commit: None,
            },
            quote: quote.trim().to_owned(),
        }],
        would_disprove: vec!["an index below 4 fails as well".to_owned()],
        validation: vec![Validation {
            prediction: "a key of three bytes fails each time".to_owned(),
            command: Some("cargo test shard".to_owned()),
            confirms: "it fails".to_owned(),
            disproves: "it passes".to_owned(),
        }],
        fix: Some(Fix {
            summary: "count the shards from 0".to_owned(),
            patch: unified_diff("src/pool.rs", POOL, &fix_edit(quote)),
        }),
        notes: Vec::new(),
    }
}

fn fix_edit(quote: &str) -> Vec<Edit> {
    let start = POOL.find(quote).map_or(0, |at| at + quote.len());
    let span = ByteSpan::new(start - " + 1;".len(), start);
    vec![Edit { span, replacement: ";".to_owned() }]
}
