//! Which commit after a deploy changed what failed.

use super::*;

const DEPLOYED: &str = "fn take(&mut self) -> Slot {\n    let slot = self.free.pop();\n    slot.unwrap()\n}\n\nfn other() {}\n";

fn texts(text: &str) -> Texts {
    Texts::from([("src/pool.rs".to_owned(), Arc::from(text))])
}

fn spot() -> Spot {
    Spot {
        path: "src/pool.rs".to_owned(),
        function: "take".to_owned(),
        containers: Some(Vec::new()),
        statement: Some("slot.unwrap()".to_owned()),
    }
}

/// Applies each text after the one before it and names the commit that is found.
fn check(states: &[(&str, &str)], expected: Option<(&str, Part)>) {
    let mut before = DEPLOYED;
    let mut commits = Vec::new();
    for (number, (subject, after)) in states.iter().enumerate() {
        commits.push(LaterCommit {
            id: CommitId(format!("{number:07}")),
            subject: (*subject).to_owned(),
            before: texts(before),
            after: texts(after),
        });
        before = after;
    }
    let tip = texts(before);
    let found = perhaps_fixed(&[spot()], &texts(DEPLOYED), &commits, &tip, "main");
    assert_eq!(found.as_ref().map(|it| (it.subject.as_str(), it.part)), expected);
}

#[test]
fn the_statement_was_changed() {
    let mended = DEPLOYED.replace("slot.unwrap()", "slot.unwrap_or_default()");
    let tidied = mended.replace("let slot", "let mut slot");
    check(&[("Take none", &mended), ("Tidy", &tidied)], Some(("Take none", Part::Statement)));
}

#[test]
fn a_guard_was_put_before_it() {
    let guarded =
        DEPLOYED.replace("    slot.", "    if slot.is_none() { self.grow(); }\n    slot.");
    check(&[("Grow when empty", &guarded)], Some(("Grow when empty", Part::Function)));
}

#[test]
fn a_subject_that_speaks_of_a_fix_comes_first() {
    let tidied = DEPLOYED.replace("let slot =", "let slot: Option<Slot> =");
    let guarded = tidied.replace("    slot.", "    if slot.is_none() { self.grow(); }\n    slot.");
    check(
        &[("Say the type", &tidied), ("Fix the panic on an empty pool", &guarded)],
        Some(("Fix the panic on an empty pool", Part::Function)),
    );
}

#[test]
fn layout_comments_and_other_functions_do_not_count() {
    let formatted = DEPLOYED.replace("self.free.pop()", "self\n        .free\n        .pop()");
    let commented = formatted.replace("    slot.", "    // Never none.\n    slot.");
    let other = commented.replace("fn other() {}", "fn other() { take() }");
    check(&[("Format", &formatted), ("Say why", &commented), ("Call", &other)], None);
}

#[test]
fn what_was_taken_back_is_not_fixed() {
    let mended = DEPLOYED.replace("slot.unwrap()", "slot.unwrap_or_default()");
    check(&[("Fix", &mended), ("Revert \"Fix\"", DEPLOYED)], None);
}

#[test]
fn a_function_that_left_is_not_fixed() {
    check(&[("Move", "fn other() {}\n")], None);
}

#[test]
fn a_producer_was_changed() {
    let producer = Spot { containers: None, statement: None, ..spot() };
    let mended = DEPLOYED.replace("self.free.pop()", "self.free.pop().or_else(|| self.grow())");
    let commit = LaterCommit {
        id: CommitId("1234567".to_owned()),
        subject: "Grow".to_owned(),
        before: texts(DEPLOYED),
        after: texts(&mended),
    };
    let found = perhaps_fixed(&[producer], &texts(DEPLOYED), &[commit], &texts(&mended), "main");
    assert_eq!(
        found.unwrap().sentence(),
        "`take`, which made the value that failed, was changed in 1234567 after this deploy \
         (on main): perhaps fixed, not yet shipped"
    );
}
