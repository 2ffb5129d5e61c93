//! What is proposed, in which order, and what stands against it.

use std::sync::Arc;

use expect_test::{Expect, expect};

use super::{MitigationKind, Texts, propose, tried_before};
use crate::config_changes::{ConfigChanges, FileStates, diff};
use crate::history::{
    Attempt, Commit, CommitId, Deployed, DeployedHow, FileChange, History, Hunk, LastGood,
};
use crate::suspects::{Reason, SuspectCommit, Suspects};

/// One file's texts before and after a commit.
type Change = (&'static str, &'static str, &'static str);

fn commit(id: &str, subject: &str, changes: &[Change]) -> (Commit, ConfigChanges) {
    let mut config = ConfigChanges::new();
    let mut files = Vec::new();
    for (path, before, after) in changes {
        let states =
            FileStates { before: Some((*before).to_owned()), after: Some((*after).to_owned()) };
        config.entry(CommitId(id.to_owned())).or_default().extend(diff(path, &states));
        files.push(file(path, before, after));
    }
    let commit = Commit {
        id: CommitId(id.to_owned()),
        parents: vec![CommitId("parent".to_owned())],
        author_time: 0,
        commit_time: 0,
        subject: subject.to_owned(),
        body: String::new(),
        n_files: files.len(),
        files,
    };
    (commit, config)
}

/// Line by line: the texts of these tests have as many lines after as before.
fn file(path: &str, before: &str, after: &str) -> FileChange {
    let pairs = before.lines().zip(after.lines()).zip(1..);
    let hunks: Vec<Hunk> = pairs
        .filter(|((before, after), _)| before != after)
        .map(|((before, after), line)| Hunk {
            old_start: line,
            new_start: line,
            n_removed: 1,
            n_added: 1,
            heading: None,
            removed: vec![before.to_owned()],
            added: vec![after.to_owned()],
        })
        .collect();
    FileChange { path: path.to_owned(), old_path: None, n_added: 1, n_removed: 1, hunks }
}

fn history(commits: Vec<(Commit, ConfigChanges)>) -> History {
    let mut config = ConfigChanges::new();
    let mut all = Vec::new();
    for (commit, changes) in commits {
        config.extend(changes);
        all.push(commit);
    }
    History {
        deployed: Deployed {
            commit: None,
            how: DeployedHow::Given,
            candidates: Vec::new(),
            confidence: 1.0,
            present_locally: true,
        },
        commits: all.into(),
        blame: Vec::new(),
        config,
        attempts: Vec::new(),
        last_good: Some(LastGood { commit: CommitId("0ld".to_owned()), name: "v1".to_owned() }),
        bounds: String::new(),
        bounded: true,
        shallow: false,
    }
}

fn suspects(id: &str, reason: &'static str) -> Suspects {
    let reason = Reason { kind: reason, detail: String::new(), weight: 1.0 };
    Suspects {
        commits: vec![SuspectCommit {
            commit: CommitId(id.to_owned()),
            subject: String::new(),
            author_time: 0,
            has_parent: true,
            score: 0.9,
            reasons: vec![reason],
        }],
        ..Suspects::default()
    }
}

fn check(suspects: &Suspects, history: &History, texts: &[(&str, &str)], expected: Expect) {
    let texts: Texts =
        texts.iter().map(|(path, text)| ((*path).to_owned(), Arc::from(*text))).collect();
    let mut shown = String::new();
    for step in propose(suspects, history, &texts) {
        shown += &format!("{}: {}\n", step.verdict.as_str(), step.summary);
        shown.extend(step.hazards.iter().map(|hazard| format!("  ! {hazard}\n")));
        shown.extend(step.patch);
    }
    expected.assert_eq(&shown);
}

const BEFORE: &str = "[cache]\nttl_s = 60\nsize = 100\n";
const AFTER: &str = "[cache]\nttl_s = 1\nsize = 100\n";

#[test]
fn a_setting_is_restored_first_and_by_its_line_as_it_is_now() {
    let history = history(vec![commit("c1", "expire sooner", &[("app.toml", BEFORE, AFTER)])]);
    check(
        &suspects("c1", "setting_changed"),
        &history,
        &[("app.toml", "# moved\n[cache]\nttl_s = 1\nsize = 100\n")],
        expect![[r#"
            safe: Restore cache.ttl_s = 60 in app.toml
            --- a/app.toml
            +++ b/app.toml
            @@ -1,4 +1,4 @@
             # moved
             [cache]
            -ttl_s = 1
            +ttl_s = 60
             size = 100
            safe: Revert c1 ("expire sooner")
            --- a/app.toml
            +++ b/app.toml
            @@ -1,4 +1,4 @@
             # moved
             [cache]
            -ttl_s = 1
            +ttl_s = 60
             size = 100
            safe: Roll back to v1 (0ld), which loses 1 commit
        "#]],
    );
}

#[test]
fn a_migration_in_the_range_makes_a_roll_back_hazardous() {
    let history = history(vec![
        commit("c2", "drop it", &[("m/2.sql", "", "ALTER TABLE a DROP COLUMN b;")]),
        commit("c1", "faster", &[("src/a.rs", "old();\n", "new();\n")]),
    ]);
    check(
        &suspects("c1", "blamed_line"),
        &history,
        &[("src/a.rs", "newer();\n")],
        expect![[r#"
            hazardous: Revert c1 ("faster")
              ! conflicts in src/a.rs: it was changed again since
            hazardous: Roll back to v1 (0ld), which loses 2 commits
              ! a migration that the older code may not know: ALTER TABLE a DROP COLUMN b
        "#]],
    );
}

#[test]
fn a_value_that_was_changed_again_is_not_overwritten() {
    let history = history(vec![commit("c1", "expire sooner", &[("app.toml", BEFORE, AFTER)])]);
    let texts = [("app.toml", "[cache]\nttl_s = 7\nsize = 100\n")];
    check(
        &suspects("c1", "setting_changed"),
        &history,
        &texts,
        expect![[r#"
            safe: Roll back to v1 (0ld), which loses 1 commit
            hazardous: Revert c1 ("expire sooner")
              ! conflicts in app.toml: it was changed again since
        "#]],
    );
}

#[test]
fn nobody_suspected_nothing_proposed() {
    let history = history(vec![commit("c1", "x", &[("app.toml", BEFORE, AFTER)])]);
    check(&Suspects::default(), &history, &[("app.toml", AFTER)], expect![""]);
}

#[test]
fn an_attempt_at_the_same_key_is_told_with_its_reason() {
    let mut history = history(vec![commit("c1", "expire sooner", &[("app.toml", BEFORE, AFTER)])]);
    let raised = "[cache]\nttl_s = 900\nsize = 100\n";
    let (made, mut settings) = commit("c0", "keep longer", &[("app.toml", BEFORE, raised)]);
    history.attempts.push(Attempt {
        settings: settings.remove(&made.id).unwrap(),
        made,
        reverted_in: CommitId("c00".to_owned()),
        reverted_at: 0,
        why: Some("stale prices".to_owned()),
    });
    let tried = tried_before(&suspects("c1", "setting_changed"), &history);
    let shown: Vec<_> = tried
        .iter()
        .map(|it| (it.what.as_str(), it.why.as_deref(), it.is_suspects_change))
        .collect();
    let what = "cache.ttl_s: 60 -> 900 (\"keep longer\")";
    assert_eq!(shown, [(what, Some("stale prices"), false)]);
}

#[test]
fn a_new_name_is_a_hazard_where_new_code_reads_it() {
    let reading = ("src/cache.rs", "old();\n", "let grace = config.grace_period_s;\n");
    let setting = ("app.toml", "[cache]\n\n", "[cache]\ngrace_period_s = 5\n");
    let data = ("prices.conf", "kettle 4900\n\n", "kettle 4900\nplanter 1500\n");
    let hazards = |changes: &[Change]| -> Vec<String> {
        let history = history(vec![commit("c1", "x", changes)]);
        propose(&suspects("c1", "blamed_line"), &history, &Texts::new())
            .into_iter()
            .filter(|step| step.kind == MitigationKind::RollBack)
            .flat_map(|step| step.hazards)
            .collect()
    };
    let refused = "settings that the older code may refuse: cache.grace_period_s";
    assert_eq!(hazards(&[reading, setting, data]), [refused]);
    assert!(hazards(&[setting, data]).is_empty());
}

#[test]
fn a_switch_around_the_suspects_lines_is_offered() {
    let check = |path: &'static str, line: &str, text: &str, expected: Option<&str>| {
        let history = history(vec![commit("c1", "faster", &[])]);
        let mut change = history.commits[0].clone();
        change.files.push(file(path, "old", line));
        let history = History { commits: vec![change].into(), ..history };
        let texts = Texts::from([(path.to_owned(), Arc::from(text))]);
        let offered = propose(&suspects("c1", "blamed_line"), &history, &texts)
            .into_iter()
            .find(|step| step.kind == MitigationKind::Toggle);
        assert_eq!(offered.map(|step| step.summary).as_deref(), expected, "{text}");
    };
    let rust = "fn acquire() {\n    if std::env::var(\"FAST_POOL\").is_ok() {\n        fast_path(1);\n    } else {\n        slow_path(2);\n    }\n}\n";
    let off =
        "Turn off FAST_POOL (an environment variable), which guards what c1 changed (src/a.rs:2)";
    check("src/a.rs", "        fast_path(1);", rust, Some(off));
    let on =
        "Turn on FAST_POOL (an environment variable), which guards what c1 changed (src/a.rs:4)";
    check("src/a.rs", "        slow_path(2);", rust, Some(on));
    check("src/a.rs", "fn acquire() {", rust, None);
    let node = "async function price(user) {\n  const fast = await client.variation('fast-pricing', user, false);\n  if (fast) {\n    return cached(user);\n  }\n}\n";
    let off = "Turn off fast-pricing (a feature flag), which guards what c1 changed (src/a.js:3)";
    check("src/a.js", "    return cached(user);", node, Some(off));
    let python =
        "def price(user):\n    if not settings.legacy_prices:\n        return cached(user)\n";
    let on =
        "Turn on settings.legacy_prices (a setting), which guards what c1 changed (src/a.py:3)";
    check("src/a.py", "        return cached(user)", python, Some(on));
    check(
        "src/a.py",
        "        return cached(user)",
        &python.replace("not settings.", "open_"),
        None,
    );
}
