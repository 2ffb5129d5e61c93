use incident_core::cancel::Cancel;
use incident_core::input::RawInput;
use incident_core::present::Explanation;

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

/// Explains a panic at `lib.rs:2` of a workspace; returns what each update says of its place.
fn places(workspace: &Workspace) -> Vec<String> {
    let text =
        "thread 'main' panicked at src/lib.rs:2:5:\nboom\nstack backtrace:\n   0: app::fail\n";
    let input = vec![RawInput { name: "stdin".into(), text: text.into() }];
    let mut places = Vec::new();
    let mut note = |explanation: &Explanation| {
        let trace = &explanation.incidents[0].incident.traces[0];
        let of_frame = trace.resolved_frames().next().unwrap().1;
        let place = of_frame.place.as_ref().and_then(|place| place.item.as_ref());
        let line = place.map(|item| item.start_line);
        places.push(format!("{} {line:?}", of_frame.status.as_str()));
    };
    let options = ExplainOptions::default();
    let last = explain(input, workspace, &options, &Cancel::new(), &mut |update| {
        if let Update::Partial(partial) = update {
            note(&partial);
        }
    });
    note(&last);
    places.dedup();
    places
}

#[test]
fn what_is_kept_from_the_last_run_is_never_shown_where_it_has_changed() {
    let scratch = Scratch::new();
    scratch.write("Cargo.toml", "[package]\nname = \"app\"\nversion = \"1.0.0\"\n");
    scratch.write("src/lib.rs", "pub fn fail() {\n    panic!(\"boom\");\n}\n");
    let workspace = workspace(&scratch);
    let place = |places: Vec<String>| places.last().cloned().unwrap();
    assert_eq!(place(places(&workspace)), "by_symbol Some(1)");
    assert_eq!(places(&workspace), ["by_symbol Some(1)"]);

    // The very first answer has the function where it is now.
    scratch.write("src/lib.rs", "\n\n\npub fn fail() {\n    panic!(\"boom\");\n}\n");
    assert_eq!(places(&workspace), ["by_symbol Some(4)"]);

    // A file that the last run did not see is found by this one.
    std::fs::rename(scratch.root().join("src/lib.rs"), scratch.root().join("src/main.rs")).unwrap();
    assert_eq!(place(places(&workspace)), "by_symbol Some(4)");
}

#[test]
fn a_function_that_was_renamed_and_moved_to_another_file_is_followed() {
    let scratch = Scratch::new();
    let body = "    let parts = split(line);\n    let amount = parts.amount.unwrap();\n    store(amount);\n";
    let manifest = "[package]\nname = \"till\"\nversion = \"0.1.0\"\n";
    scratch.write("Cargo.toml", manifest);
    scratch.write("src/main.rs", &format!("fn book(line: &str) {{\n{body}}}\nfn main() {{}}\n"));
    let deployed = scratch.commit(1, "Begin");
    scratch.write("src/main.rs", "mod ledger;\nfn main() {}\n");
    scratch
        .write("src/ledger.rs", &format!("//! Books.\n\npub fn enter(line: &str) {{\n{body}}}\n"));
    scratch.commit(2, "Give the ledger a file of its own");
    let text = "thread 'main' panicked at src/main.rs:3:31:\n\
                called `Option::unwrap()` on a `None` value\n\
                stack backtrace:\n   0: till::book\n             at ./src/main.rs:3:31\n";
    let explanation = explain(
        vec![RawInput { name: "stdin".into(), text: text.into() }],
        &workspace(&scratch),
        &ExplainOptions { deployed: Some(deployed), ..ExplainOptions::default() },
        &Cancel::new(),
        &mut |_| {},
    );
    let frame = &explanation.incidents[0].incident.traces[0].frames[0];
    let place = frame.place.as_ref().map(|place| (place.path.as_str(), place.line));
    assert_eq!(place, Some(("src/ledger.rs", Some(5))), "{frame:?}");
    assert_eq!(frame.status.as_str(), "moved");
}
