use std::collections::BTreeMap;
use std::path::Path;

use incident_core::cancel::Cancel;
use incident_core::fix::{Edit, Fix, FixPlan, unified_diff};
use incident_core::text::ByteSpan;
use incident_core::verification::Outcome;

use super::{CleanScope, WorktreeError, clean, list, open, plan_revert};
use crate::config::FixSettings;
use crate::testing::Scratch;
use crate::workspace::Workspace;

const ID: &str = "0123456789ab";
const TEXT: &str = "fn price() -> u32 {\n    7\n}\n";

fn workspace(scratch: &Scratch) -> Workspace {
    Workspace::open(&scratch.root()).with_environment(scratch.environment())
}

/// A repository with an edited, a staged, an untracked and an ignored file, a stash, a hook and a
/// filter, and a marker that hooks and filters would touch.
fn lived_in() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("src/lib.rs", TEXT);
    scratch.write("staged.txt", "one\n");
    scratch.write(".gitignore", "ignored\n");
    scratch.write(".gitattributes", "*.rs filter=trap\n");
    scratch.commit(1, "Start");
    scratch.write("staged.txt", "stashed\n");
    scratch.git(&["stash", "-q"]);
    scratch.write("staged.txt", "two\n");
    scratch.git(&["add", "staged.txt"]);
    scratch.write("untracked.txt", "mine\n");
    scratch.write("ignored", "mine\n");
    let marker = scratch.path("fired");
    for hook in ["post-checkout", "reference-transaction", "post-index-change"] {
        let hook = scratch.root().join(".git/hooks").join(hook);
        scratch.script(&hook, &format!("echo {} >> {}", hook.display(), marker.display()));
    }
    let trap = scratch.path("trap");
    scratch.script(&trap, &format!("echo filter >> {}; cat", marker.display()));
    for part in ["clean", "smudge"] {
        scratch.git(&["config", &format!("filter.trap.{part}"), trap.to_str().unwrap()]);
    }
    scratch.git(&["config", "filter.trap.required", "true"]);
    scratch
}

/// Everything of the user's that must stay: files, index, HEAD, refs, stash, configuration, hooks.
fn everything(scratch: &Scratch) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, below: &str, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{below}/{}", entry.file_name().to_string_lossy());
            let ours =
                ["/.git/worktrees", "/.git/refs/heads/incident", "/.git/logs/refs/heads/incident"];
            // Objects are content-addressed and shared; new ones change nothing of the user's.
            if ours.contains(&name.as_str()) || name == "/.git/objects" {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                found.insert(name.clone(), Vec::new());
                walk(&entry.path(), &name, found);
            } else {
                found.insert(name, std::fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&scratch.root(), "", &mut found);
    found
}

fn plan(before: &str) -> FixPlan {
    let at = before.find('7').unwrap();
    let edit = Edit { span: ByteSpan::new(at, at + 1), replacement: "8".to_owned() };
    let patch = unified_diff("src/lib.rs", before, &[edit]);
    let fix = Fix { summary: "charge eight".to_owned(), patch };
    FixPlan { incident: ID.to_owned(), number: 1, base: None, fix }
}

#[test]
fn a_fix_opens_beside_the_tree_and_leaves_it_as_it_was() {
    let scratch = lived_in();
    let workspace = workspace(&scratch);
    let before = everything(&scratch);

    let opened = open(&workspace, &plan(TEXT), 1000, &Cancel::new()).unwrap();
    assert_eq!(opened.scratch.branch, format!("incident/{ID}/1"));
    assert!(!opened.scratch.path.starts_with(scratch.root()));
    let text = std::fs::read_to_string(opened.scratch.path.join("src/lib.rs")).unwrap();
    assert_eq!(text, TEXT.replace('7', "8"));
    assert_eq!(scratch.git(&["rev-parse", &opened.scratch.branch]), opened.scratch.base.0);
    assert!(
        opened.notes.iter().any(|note| note.contains("filters were off")),
        "{:?}",
        opened.notes
    );
    assert_eq!(everything(&scratch), before);

    let again = open(&workspace, &plan(TEXT), 2000, &Cancel::new()).unwrap();
    assert!(again.reopened);
    assert_eq!(again.scratch, opened.scratch);
    assert_eq!(list(&workspace).unwrap(), vec![opened.scratch.clone()]);

    let cleaned = clean(&workspace, CleanScope::Untouched, &Cancel::new()).unwrap();
    assert_eq!(cleaned.removed, vec![opened.scratch.branch.clone()]);
    assert!(!opened.scratch.path.exists());
    assert!(list(&workspace).unwrap().is_empty());
    assert_eq!(everything(&scratch), before);
    assert!(!scratch.path("fired").exists(), "no hook and no filter runs");
    assert_eq!(scratch.git(&["branch", "--list", "incident/*"]), "");
}

#[test]
fn own_work_in_a_scratch_is_kept_unless_all_is_asked() {
    let scratch = lived_in();
    let workspace = workspace(&scratch);
    let edited = open(&workspace, &plan(TEXT), 1000, &Cancel::new()).unwrap().scratch;
    std::fs::write(edited.path.join("src/lib.rs"), "mine\n").unwrap();

    let cleaned = clean(&workspace, CleanScope::Untouched, &Cancel::new()).unwrap();
    assert_eq!(cleaned.removed, Vec::<String>::new());
    assert_eq!(cleaned.kept, vec![(edited.branch, "`src/lib.rs` was edited in it".to_owned())]);
    assert!(edited.path.exists());

    let cleaned = clean(&workspace, CleanScope::All, &Cancel::new()).unwrap();
    assert_eq!(cleaned.removed.len(), 1);
    assert!(!edited.path.exists());
}

#[test]
fn a_patch_that_fits_only_the_edited_file_starts_from_it() {
    let scratch = lived_in();
    let edited = TEXT.replace("price", "total");
    scratch.write("src/lib.rs", &edited);
    let opened = open(&workspace(&scratch), &plan(&edited), 1000, &Cancel::new()).unwrap();
    let text = std::fs::read_to_string(opened.scratch.path.join("src/lib.rs")).unwrap();
    assert_eq!(text, edited.replace('7', "8"));
    assert!(opened.notes[0].contains("uncommitted edits"), "{:?}", opened.notes);
}

#[test]
fn a_patch_that_does_not_fit_leaves_nothing_behind() {
    let scratch = lived_in();
    let workspace = workspace(&scratch);
    let before = everything(&scratch);
    let err = open(&workspace, &plan("other 7\n"), 1000, &Cancel::new()).unwrap_err();
    assert!(matches!(err, WorktreeError::DoesNotFit { .. }), "{err}");
    assert_eq!(everything(&scratch), before);
    assert!(list(&workspace).unwrap().is_empty());
}

#[test]
fn what_runs_by_itself_is_refused() {
    let scratch = lived_in();
    for path in ["build.rs", "sub/.cargo/config.toml", ".github/workflows/ci.yml"] {
        let patch = format!("--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n");
        let mut plan = plan(TEXT);
        plan.fix.patch = patch;
        let err = open(&workspace(&scratch), &plan, 1000, &Cancel::new()).unwrap_err();
        assert!(matches!(err, WorktreeError::RunsByItself(_)), "{path}: {err}");
    }
}

#[test]
fn nothing_is_written_through_a_link() {
    let scratch = lived_in();
    let outside = scratch.path("outside");
    std::fs::create_dir_all(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, scratch.root().join("linked")).unwrap();
    scratch.commit(2, "Link out");
    let workspace = workspace(&scratch);
    let mut plan = plan(TEXT);
    plan.fix.patch = "--- /dev/null\n+++ b/linked/x.rs\n@@ -0,0 +1 @@\n+x\n".to_owned();
    let err = open(&workspace, &plan, 1000, &Cancel::new()).unwrap_err();
    assert!(matches!(err, WorktreeError::Write { .. }), "{err}");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
    assert!(list(&workspace).unwrap().is_empty(), "the failed opening was taken back");
    assert_eq!(scratch.git(&["branch", "--list", "incident/*"]), "");
}

#[test]
fn a_branch_named_incident_moves_ours() {
    let scratch = lived_in();
    scratch.git(&["branch", "incident"]);
    let opened = open(&workspace(&scratch), &plan(TEXT), 1000, &Cancel::new()).unwrap();
    assert_eq!(opened.scratch.branch, format!("incident-scratch/{ID}/1"));
    assert!(opened.notes[0].contains("blocks"), "{:?}", opened.notes);
}

#[test]
fn a_commit_is_taken_back_like_any_fix() {
    let scratch = lived_in();
    scratch.write("src/lib.rs", &TEXT.replace('7', "9"));
    let culprit = scratch.commit(2, "Charge nine");
    let workspace = workspace(&scratch);
    let plan = plan_revert(&workspace, ID, 0, &culprit, &Cancel::new()).unwrap();
    let opened = open(&workspace, &plan, 1000, &Cancel::new()).unwrap();
    let text = std::fs::read_to_string(opened.scratch.path.join("src/lib.rs")).unwrap();
    assert_eq!(text, TEXT);

    let first = scratch.git(&["rev-list", "--max-parents=0", "HEAD"]);
    let err = plan_revert(&workspace, ID, 0, &first, &Cancel::new()).unwrap_err();
    assert!(matches!(err, WorktreeError::NotRevertible(_)), "{err}");
}

#[test]
fn an_opening_that_was_killed_halfway_is_listed_and_cleaned() {
    let scratch = lived_in();
    let workspace = workspace(&scratch);
    let opened = open(&workspace, &plan(TEXT), 1000, &Cancel::new()).unwrap().scratch;
    // As after a kill between the record and the worktree: the folder is gone, git's entry stays.
    std::fs::remove_dir_all(&opened.path).unwrap();
    assert_eq!(list(&workspace).unwrap().len(), 1);
    let cleaned = clean(&workspace, CleanScope::Untouched, &Cancel::new()).unwrap();
    assert_eq!(cleaned.removed, vec![opened.branch]);
    assert_eq!(scratch.git(&["branch", "--list", "incident/*"]), "");
    assert_eq!(scratch.git(&["worktree", "list"]).lines().count(), 1);
}

fn with_check(check: &[String]) -> FixSettings {
    FixSettings { check: Some(check.to_vec()), ..FixSettings::default() }
}

#[test]
fn nothing_is_run_where_the_root_is_not_trusted() {
    let scratch = lived_in();
    let workspace = workspace(&scratch);
    let opened = open(&workspace, &plan(TEXT), 1000, &Cancel::new()).unwrap().scratch;
    let check = with_check(&["true".to_owned()]);
    let err = super::verify(&workspace, &opened, &check, &mut |_| {}, &Cancel::new()).unwrap_err();
    assert!(matches!(err, WorktreeError::NotTrusted), "{err}");

    let trusted = workspace.with_trust(true);
    let passed = super::verify(&trusted, &opened, &check, &mut |_| {}, &Cancel::new()).unwrap();
    assert_eq!(passed.verdict.outcome, Outcome::Same, "{passed:?}");
    let check = with_check(&["git".to_owned(), "no-such-verb".to_owned()]);
    let failed = super::verify(&trusted, &opened, &check, &mut |_| {}, &Cancel::new()).unwrap();
    assert_eq!(failed.verdict.outcome, Outcome::Same, "it fails on the base too: {failed:?}");
    assert!(failed.words.contains("no-such-verb"), "{failed:?}");
}

#[test]
fn a_lock_file_that_a_check_wrote_is_nobodys_work() {
    let scratch = lived_in();
    let workspace = workspace(&scratch).with_trust(true);
    let opened = open(&workspace, &plan(TEXT), 1000, &Cancel::new()).unwrap().scratch;
    let check = with_check(&["tee".to_owned(), "Cargo.lock".to_owned()]);
    super::verify(&workspace, &opened, &check, &mut |_| {}, &Cancel::new()).unwrap();
    assert!(opened.path.join("Cargo.lock").exists());
    let cleaned = clean(&workspace, CleanScope::Untouched, &Cancel::new()).unwrap();
    assert_eq!(cleaned.removed, vec![opened.branch]);
}

#[test]
fn a_lock_file_that_the_person_edited_stays_theirs() {
    let scratch = lived_in();
    let workspace = workspace(&scratch).with_trust(true);
    let opened = open(&workspace, &plan(TEXT), 1000, &Cancel::new()).unwrap().scratch;
    std::fs::write(opened.path.join("Cargo.lock"), "mine\n").unwrap();
    let check = with_check(&["true".to_owned()]);
    super::verify(&workspace, &opened, &check, &mut |_| {}, &Cancel::new()).unwrap();
    let cleaned = clean(&workspace, CleanScope::Untouched, &Cancel::new()).unwrap();
    assert_eq!(cleaned.kept.len(), 1, "{cleaned:?}");
    assert!(opened.path.join("Cargo.lock").exists());
}
