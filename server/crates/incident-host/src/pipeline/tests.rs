use incident_core::cancel::Cancel;
use incident_core::input::RawInput;

use super::{ExplainOptions, Update, explain};
use crate::testing::Scratch;
use crate::workspace::Workspace;

fn panic_text() -> Vec<RawInput> {
    let text = "thread 'main' panicked at src/main.rs:2:5:\nboom\n";
    vec![RawInput { name: "stdin".into(), text: text.into() }]
}

fn workspace(scratch: &Scratch) -> Workspace {
    Workspace::open(&scratch.root()).with_environment(scratch.environment())
}

#[test]
fn the_head_of_the_repository_is_told() {
    let scratch = Scratch::new();
    scratch.write("src/main.rs", "fn main() {\n    panic!(\"boom\");\n}\n");
    let head = scratch.commit(1, "Begin");
    let explanation = explain(
        panic_text(),
        &workspace(&scratch),
        &ExplainOptions::default(),
        &Cancel::new(),
        &mut |_| {},
    );
    assert_eq!(explanation.workspace.head, Some(head));
}

#[test]
fn without_a_repository_the_rest_goes_on() {
    let scratch = Scratch::new();
    let mut n_partial = 0;
    let explanation = explain(
        panic_text(),
        &workspace(&scratch),
        &ExplainOptions::default(),
        &Cancel::new(),
        &mut |update| n_partial += usize::from(matches!(update, Update::Partial(_))),
    );
    // One more where the index is not ready before the first frames.
    assert!((2..=4).contains(&n_partial), "{n_partial}");
    let told = "the workspace is not in a git repository, so no history was read";
    assert!(explanation.problems.iter().any(|problem| problem.message == told));
}

#[test]
fn a_cancelled_job_says_so_and_nothing_else_is_reported() {
    let scratch = Scratch::new();
    let cancel = Cancel::new();
    cancel.cancel();
    let mut n_updates = 0;
    let explanation = explain(
        panic_text(),
        &workspace(&scratch),
        &ExplainOptions::default(),
        &cancel,
        &mut |_| n_updates += 1,
    );
    assert_eq!(n_updates, 0);
    let told = "the work was cancelled; this is what was known by then";
    assert!(explanation.problems.iter().any(|problem| problem.message == told));
}
