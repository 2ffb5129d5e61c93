//! The names in a fix that was opened, held against what its own worktree resolves.

use std::collections::BTreeSet;

use incident_core::cancel::Cancel;
use incident_core::check::Language;
use incident_core::fix::parse_patch;
use incident_core::present::DiagnosticSeverity;
use incident_core::text::ByteSpan;
use incident_host::checking::{CheckOptions, check_text};
use incident_host::workspace::Workspace;
use incident_host::worktree;
use ropey::Rope;
use tower_lsp::lsp_types::Url;

use crate::api_marks::{self, CheckedPart};
use crate::engine::Event;
use crate::server::Server;
use crate::state::{Mark, Scratch, Snapshot};

/// Checks the lines that a fix adds; wrong names show in the worktree's files. Nobody waits for it.
pub(super) async fn check(server: Server, scratch: Scratch) {
    let snapshot = server.state.snapshot();
    let id = server.engine.new_job_id();
    let title = format!("Checking the APIs on {}", scratch.worktree.branch);
    let (state, engine) = (server.state.clone(), server.engine.clone());
    let shown = server.engine.run(id, title, move |cancel| {
        let found = of_files(&snapshot, &scratch, cancel);
        let touched = found.iter().map(|(uri, _)| uri.clone()).collect();
        state.change_board(|board| {
            found.into_iter().for_each(|(uri, marks)| board.put_check(&uri, marks));
        });
        // Part of the job: where no job runs, everything was handed on.
        engine.send(Event::Touched(touched));
    });
    // Nothing to tell where it was cancelled.
    let _ = shown.await;
}

fn of_files(snapshot: &Snapshot, scratch: &Scratch, cancel: &Cancel) -> Vec<(Url, Vec<Mark>)> {
    let own = snapshot.workspace(&scratch.root);
    let patch = worktree::diff(&own, &scratch.worktree, cancel).unwrap_or_default();
    let Ok(patch) = parse_patch(&patch) else { return Vec::new() };
    let there = snapshot.workspace(&scratch.worktree.root());
    let files = patch.files.iter().filter_map(|file| {
        let path = file.new_path.as_deref()?;
        let language = Language::of_file(path)?;
        let uri = Url::from_file_path(scratch.worktree.path.join(path)).ok()?;
        let part = part(snapshot, uri, language)?;
        let added = file.added_lines().into_iter().map(|(line, _)| line).collect();
        Some((part.uri.clone(), of_lines(&there, path, &part, &added, cancel)))
    });
    files.collect()
}

/// Takes a file as it is open, else as it lies on disk.
fn part(snapshot: &Snapshot, uri: Url, language: Language) -> Option<CheckedPart> {
    let rope = match snapshot.document(&uri) {
        Some(document) => document.rope().clone(),
        None => Rope::from_str(&std::fs::read_to_string(uri.to_file_path().ok()?).ok()?),
    };
    Some(CheckedPart {
        uri,
        encoding: snapshot.session.capabilities.encoding,
        span: ByteSpan::new(0, rope.len_bytes()),
        rope,
        language: Some(language),
        severity: DiagnosticSeverity::Warning,
    })
}

/// Marks what is wrong in some lines; the rest of the file is not the fix's doing.
fn of_lines(
    workspace: &Workspace,
    path: &str,
    part: &CheckedPart,
    lines: &BTreeSet<u32>,
    cancel: &Cancel,
) -> Vec<Mark> {
    let text = part.text();
    let options = CheckOptions {
        language: part.language.map(|language| language.as_str().to_owned()),
        file: Some(path.to_owned()),
    };
    let (mut references, _) = check_text(workspace, &text, &options, cancel);
    references.retain(|reference| lines.contains(&reference.line));
    api_marks::marks(workspace, part, &text, &references, cancel)
}
