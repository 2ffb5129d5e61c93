//! Which tests passed and which failed, read from what `cargo test`, pytest, jest, `go test` and
//! `node --test` print.

use std::collections::{BTreeMap, BTreeSet};

/// What became of one test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TestState {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It was not run.
    Skipped,
}

/// Tests by name; a name says the binary, module or file where the output tells.
pub type TestStates = BTreeMap<String, TestState>;

/// How tests changed between two sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestChanges {
    /// Failed before in every run, pass after in every run.
    pub fixed: Vec<String>,
    /// Passed before in every run, fail after in every run.
    pub broken: Vec<String>,
    /// Passed and failed on one and the same side.
    pub flaky: Vec<String>,
    /// Ran before and do not after.
    pub gone: Vec<String>,
    /// Fail on both sides.
    pub still_failing: Vec<String>,
    /// Pass on both sides.
    pub n_passing: usize,
}

/// Compares the runs of two sides.
pub fn compare_tests(before: &[TestStates], after: &[TestStates]) -> TestChanges {
    let mut changes = TestChanges::default();
    let names: BTreeSet<&String> = before.iter().chain(after).flat_map(BTreeMap::keys).collect();
    for name in names {
        let (old, new) = (Side::of(name, before), Side::of(name, after));
        let list = match (old, new) {
            (Side::Mixed, _) | (_, Side::Mixed) => &mut changes.flaky,
            (Side::Failed, Side::Passed) => &mut changes.fixed,
            (Side::Passed | Side::Absent, Side::Failed) => &mut changes.broken,
            (Side::Failed, Side::Failed) => &mut changes.still_failing,
            (Side::Passed, Side::Absent) => &mut changes.gone,
            (Side::Passed | Side::Absent, Side::Passed) => {
                changes.n_passing += 1;
                continue;
            }
            (Side::Failed | Side::Absent, Side::Absent) => continue,
        };
        list.push(name.clone());
    }
    changes
}

/// Says whether another run of the tests would tell a change from a flaky test.
pub fn wants_another_run(before: &[TestStates], after: &[TestStates]) -> bool {
    let changes = compare_tests(before, after);
    !changes.fixed.is_empty() || !changes.broken.is_empty()
}

/// What the runs of one side say about one test.
enum Side {
    Passed,
    Failed,
    Mixed,
    Absent,
}

impl Side {
    fn of(name: &str, runs: &[TestStates]) -> Self {
        let has = |wanted| runs.iter().any(|run| run.get(name) == Some(&wanted));
        match (has(TestState::Passed), has(TestState::Failed)) {
            (true, true) => Self::Mixed,
            (true, false) => Self::Passed,
            (false, true) => Self::Failed,
            (false, false) => Self::Absent,
        }
    }
}

/// Reads the tests out of a test command's output. Empty where it is none of the known ones.
///
/// A test that stands in it twice under one name has failed if it failed once.
pub fn parse_tests(output: &str) -> TestStates {
    let mut reader = Reader::default();
    for line in output.lines() {
        reader.line(line.trim_end());
    }
    reader.states
}

#[derive(Default)]
struct Reader {
    states: TestStates,
    /// The binary, file or suite that the lines belong to.
    place: String,
    /// Titles of enclosing jest suites, with their indents.
    suites: Vec<(usize, String)>,
}

impl Reader {
    fn put(&mut self, name: &str, state: TestState) {
        let name = name.trim();
        if name.is_empty() {
            return;
        }
        let name = match self.place.as_str() {
            "" => name.to_owned(),
            place => format!("{place} {name}"),
        };
        let slot = self.states.entry(name).or_insert(state);
        if state == TestState::Failed {
            *slot = state;
        }
    }

    fn line(&mut self, line: &str) {
        let _ = self.cargo(line)
            || self.pytest(line)
            || self.go(line)
            || self.tap(line)
            || self.jest(line);
    }

    /// `test name ... ok`, below `Running unittests src/lib.rs (target/...)`.
    fn cargo(&mut self, line: &str) -> bool {
        let trimmed = line.trim_start();
        if let Some(rest) = trimmed.strip_prefix("Running ").or(trimmed.strip_prefix("Doc-tests "))
        {
            let is_doc = trimmed.starts_with("Doc-tests");
            // The hash in the binary's name differs from build to build.
            let source = rest.split(" (").next().unwrap_or(rest);
            let binary = rest.split(" (").nth(1).and_then(|path| path.rsplit(['/', '\\']).next());
            let binary = binary.and_then(|name| name.rsplit_once('-')).map(|(name, _)| name);
            if is_doc {
                self.place = format!("doc {source}");
            } else if let Some(binary) = binary {
                self.place = format!("{binary} {}", source.trim_start_matches("unittests "));
            } else {
                return false;
            }
            return true;
        }
        let Some((name, outcome)) =
            line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... "))
        else {
            return false;
        };
        let name = name.strip_suffix(" - should panic").unwrap_or(name);
        let state = match outcome.split([' ', ',', '<']).next().unwrap_or_default() {
            "ok" => TestState::Passed,
            "FAILED" => TestState::Failed,
            "ignored" => TestState::Skipped,
            _ => return false,
        };
        self.put(name, state);
        true
    }

    /// `tests/test_a.py::test_b PASSED [ 50%]`, or `FAILED tests/test_a.py::test_b - Error`.
    fn pytest(&mut self, line: &str) -> bool {
        let state = |word: &str| match word {
            "PASSED" | "XFAIL" => Some(TestState::Passed),
            "FAILED" | "ERROR" | "XPASS" => Some(TestState::Failed),
            "SKIPPED" => Some(TestState::Skipped),
            _ => None,
        };
        if let Some((word, rest)) = line.split_once(' ')
            && let Some(state) = state(word)
        {
            let name = rest.trim_start().split(" - ").next().unwrap_or(rest);
            if name.contains(".py") {
                // `[1] tests/test_a.py:5: reason` in the summary of skipped ones names no test.
                if name.contains("::") {
                    self.put(name, state);
                }
                return true;
            }
        }
        let Some(at) = line.find(".py::") else { return false };
        let Some(rest) = line.get(at..) else { return false };
        for word in ["PASSED", "FAILED", "ERROR", "SKIPPED", "XFAIL", "XPASS"] {
            if let Some(end) = rest.find(&format!(" {word}"))
                && let (Some(name), Some(state)) = (line.get(..at + end), state(word))
            {
                self.put(name, state);
                return true;
            }
        }
        false
    }

    /// `--- PASS: TestA/case (0.00s)`, and `go test -json`.
    fn go(&mut self, line: &str) -> bool {
        if line.starts_with('{') && line.contains("\"Action\"") {
            let Ok(event) = serde_json::from_str::<serde_json::Value>(line) else { return false };
            let text = |key: &str| event.get(key).and_then(serde_json::Value::as_str);
            let state = match text("Action") {
                Some("pass") => TestState::Passed,
                Some("fail") => TestState::Failed,
                Some("skip") => TestState::Skipped,
                _ => return true,
            };
            if let Some(test) = text("Test") {
                self.put(&format!("{} {test}", text("Package").unwrap_or_default()), state);
            }
            return true;
        }
        let Some(rest) = line.trim_start().strip_prefix("--- ") else { return false };
        let Some((word, name)) = rest.split_once(": ") else { return false };
        let state = match word {
            "PASS" => TestState::Passed,
            "FAIL" => TestState::Failed,
            "SKIP" => TestState::Skipped,
            _ => return false,
        };
        self.put(name.rsplit_once(" (").map_or(name, |(name, _)| name), state);
        true
    }

    /// `ok 1 - name`, of `node --test` and everything else that speaks TAP.
    fn tap(&mut self, line: &str) -> bool {
        let trimmed = line.trim_start();
        let (state, rest) = match (trimmed.strip_prefix("ok "), trimmed.strip_prefix("not ok ")) {
            (Some(rest), _) => (TestState::Passed, rest),
            (_, Some(rest)) => (TestState::Failed, rest),
            _ => return false,
        };
        let Some((number, name)) = rest.split_once(" - ") else { return false };
        if !number.trim().bytes().all(|byte| byte.is_ascii_digit()) {
            return false;
        }
        let (name, directive) = name.split_once(" # ").unwrap_or((name, ""));
        let is_skipped = directive.starts_with("SKIP") || directive.starts_with("TODO");
        self.put(name, if is_skipped { TestState::Skipped } else { state });
        true
    }

    /// `PASS src/a.test.js`, then `✓ name (3 ms)` below titles; also the `spec` report of node.
    fn jest(&mut self, line: &str) -> bool {
        for word in ["PASS ", "FAIL "] {
            if let Some(file) = line.trim_start().strip_prefix(word)
                && file.contains('.')
            {
                self.place = file.split_whitespace().next().unwrap_or(file).to_owned();
                self.suites.clear();
                return true;
            }
        }
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        let mut chars = trimmed.chars();
        let state = match chars.next() {
            Some('✓' | '✔' | '√') => TestState::Passed,
            Some('✕' | '✖' | '×') => TestState::Failed,
            Some('○') => TestState::Skipped,
            Some('▶') => {
                // The title of a suite, and again at its end.
                self.enter(indent, without_time(chars.as_str()));
                return true;
            }
            Some(_) if indent >= 2 && self.place.contains('.') => {
                self.enter(indent, trimmed);
                return true;
            }
            _ => return false,
        };
        if !chars.as_str().starts_with(' ') {
            return false;
        }
        self.suites.retain(|(suite_indent, _)| *suite_indent < indent);
        let name = without_time(chars.as_str());
        if name == "failing tests:" {
            return true;
        }
        let titles: Vec<&str> = self.suites.iter().map(|(_, title)| title.as_str()).collect();
        let full = if titles.is_empty() {
            name.to_owned()
        } else {
            format!("{} › {name}", titles.join(" › "))
        };
        self.put(&full, state);
        true
    }

    fn enter(&mut self, indent: usize, title: &str) {
        self.suites.retain(|(suite_indent, _)| *suite_indent < indent);
        // Deeper than any suite that a person writes: prose of a failure, not titles.
        if self.suites.len() < 8 {
            self.suites.push((indent, title.trim().to_owned()));
        }
    }
}

/// Cuts `(3 ms)`, `(1.2ms)` off a test's line: it differs from run to run.
fn without_time(name: &str) -> &str {
    let name = name.trim();
    match name.rsplit_once(" (") {
        Some((name, time))
            if time.ends_with("s)") && time.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            name
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{TestStates, compare_tests, parse_tests, wants_another_run};

    #[track_caller]
    fn check(output: &str, expected: Expect) {
        let lines: Vec<String> =
            parse_tests(output).iter().map(|(name, state)| format!("{state:?} {name}\n")).collect();
        expected.assert_eq(&lines.concat());
    }

    #[test]
    fn cargo() {
        check(
            "     Running unittests src/lib.rs (target/debug/deps/till-0a1b2c3d4e5f6071)\n\n\
             running 3 tests\ntest pool::picks ... ok\ntest pool::panics - should panic ... FAILED\n\
             test slow ... ignored, takes an hour\n\
             test result: FAILED. 1 passed; 1 failed\n\
             \x20    Running tests/it.rs (target/debug/deps/it-9999)\ntest pool::picks ... ok\n\
             \x20  Doc-tests till\ntest src/lib.rs - pick (line 3) ... ok\n",
            expect![[r#"
                Passed doc till src/lib.rs - pick (line 3)
                Passed it tests/it.rs pool::picks
                Failed till src/lib.rs pool::panics
                Passed till src/lib.rs pool::picks
                Skipped till src/lib.rs slow
            "#]],
        );
    }

    #[test]
    fn pytest() {
        check(
            "tests/test_a.py::test_one PASSED                     [ 33%]\n\
             tests/test_a.py::TestB::test_two[1-x y] FAILED       [ 66%]\n\
             =========== short test summary info ============\n\
             FAILED tests/test_a.py::TestB::test_two[1-x y] - AssertionError: no\n\
             PASSED tests/test_c.py::test_three\n\
             SKIPPED [1] tests/test_a.py:9: not here\n",
            expect![[r#"
                Failed tests/test_a.py::TestB::test_two[1-x y]
                Passed tests/test_a.py::test_one
                Passed tests/test_c.py::test_three
            "#]],
        );
    }

    #[test]
    fn go_in_both_forms() {
        check(
            "=== RUN   TestA\n--- PASS: TestA (0.00s)\n    --- FAIL: TestB/case_1 (0.10s)\nok  \tx 0.1s\n",
            expect![[r#"
                Passed TestA
                Failed TestB/case_1
            "#]],
        );
        check(
            "{\"Action\":\"run\",\"Package\":\"x/y\",\"Test\":\"TestA\"}\n\
             {\"Action\":\"fail\",\"Package\":\"x/y\",\"Test\":\"TestA\",\"Elapsed\":0.1}\n\
             {\"Action\":\"fail\",\"Package\":\"x/y\"}\n",
            expect![[r#"
                Failed x/y TestA
            "#]],
        );
    }

    #[test]
    fn jest_and_node() {
        check(
            "PASS src/a.test.js (5 s)\n  pool\n    when full\n      ✓ waits (12 ms)\n      ✕ gives up\n    \
             ✓ picks (1 ms)\nFAIL src/b.test.js\n  ✓ picks\n  ○ skipped later\n",
            expect![[r#"
                Passed src/a.test.js pool › picks
                Failed src/a.test.js pool › when full › gives up
                Passed src/a.test.js pool › when full › waits
                Passed src/b.test.js picks
                Skipped src/b.test.js skipped later
            "#]],
        );
        check(
            "TAP version 13\n# Subtest: adds\nok 1 - adds\n  ---\n  duration_ms: 1\n  ...\n\
             not ok 2 - takes away\nok 3 - later # SKIP not now\n1..3\n",
            expect![[r#"
                Passed adds
                Skipped later
                Failed takes away
            "#]],
        );
        check(
            "▶ pool\n  ✔ waits (1.5ms)\n  ✖ gives up (0.2ms)\n▶ pool (3ms)\n✔ alone (0.1ms)\nℹ tests 3\n",
            expect![[r#"
                Passed alone
                Failed pool › gives up
                Passed pool › waits
            "#]],
        );
    }

    #[test]
    fn what_is_no_test_output_gives_nothing() {
        for output in
            ["", "test", "ok", "not ok", "--- ", "✓", "a.py::", "{\"Action\"", "Running (x"]
        {
            check(output, expect![""]);
        }
    }

    fn states(words: &str) -> TestStates {
        parse_tests(
            &words
                .split(' ')
                .map(|it| {
                    let (name, state) = it.split_once('=').unwrap();
                    format!("test {name} ... {state}\n")
                })
                .collect::<String>(),
        )
    }

    #[test]
    fn a_test_that_changes_by_itself_is_flaky_and_counts_for_nothing() {
        let before = [
            states("a=FAILED b=ok c=ok d=FAILED e=ok f=ok"),
            states("a=FAILED b=ok c=FAILED d=FAILED e=ok f=ok"),
        ];
        let after = [
            states("a=ok b=FAILED c=FAILED d=FAILED f=ok g=FAILED"),
            states("a=ok b=FAILED c=ok d=FAILED f=ok g=FAILED"),
        ];
        let changes = compare_tests(&before, &after);
        assert_eq!(changes.fixed, ["a"]);
        assert_eq!(changes.broken, ["b", "g"]);
        assert_eq!(changes.flaky, ["c"]);
        assert_eq!(changes.gone, ["e"]);
        assert_eq!(changes.still_failing, ["d"]);
        assert_eq!(changes.n_passing, 1);
        assert!(wants_another_run(&before, &after));
        assert!(!wants_another_run(&before, &before));
    }
}
