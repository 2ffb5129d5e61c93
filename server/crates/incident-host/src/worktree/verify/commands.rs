//! Which commands prove a fix: those of the settings, else those that fit the files at hand.

use std::path::Path;

use incident_core::verification::StepKind;

use crate::config::FixSettings;
use crate::source;

/// The largest manifest that is read, in bytes.
const MAX_MANIFEST: u64 = 1 << 20;

/// The commands of a verification, each program and arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commands {
    check: Option<Vec<String>>,
    test: Option<Vec<String>>,
    load: Option<Vec<String>>,
}

impl Commands {
    /// Takes the settings' commands, and the defaults for those that they leave out.
    pub(super) fn of(settings: &FixSettings, root: &Path) -> Self {
        let fallback = default_commands(root);
        Self {
            check: settings.check.clone().or(fallback.check),
            test: settings.test.clone().or(fallback.test),
            load: settings.load.clone(),
        }
    }

    /// Says whether there is none at all.
    pub fn is_empty(&self) -> bool {
        self.steps().next().is_none()
    }

    /// Returns the commands in the order in which they run.
    pub fn steps(&self) -> impl Iterator<Item = (StepKind, &[String])> {
        let all = [
            (StepKind::Check, &self.check),
            (StepKind::Test, &self.test),
            (StepKind::Load, &self.load),
        ];
        all.into_iter().filter_map(|(kind, command)| Some((kind, command.as_deref()?)))
    }
}

/// Returns the commands that fit the files at `root`. Offline: nothing leaves the machine because
/// a fix was checked.
pub fn default_commands(root: &Path) -> Commands {
    let has = |name: &str| root.join(name).is_file();
    let command = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
    if has("Cargo.toml") {
        let all = ["--offline", "--workspace", "--color=never"];
        return Commands {
            check: command(&[&["cargo", "check"], &all[..]].concat()),
            test: command(&[&["cargo", "test", "--no-fail-fast"], &all[..]].concat()),
            load: None,
        };
    }
    if has("package.json") {
        let check = has("tsconfig.json");
        return Commands {
            check: command(&["npx", "--no-install", "tsc", "--noEmit"]).filter(|_| check),
            test: command(&["npm", "test", "--ignore-scripts"]).filter(|_| has_test_script(root)),
            load: None,
        };
    }
    if has("go.mod") {
        return Commands {
            check: command(&["go", "vet", "./..."]),
            test: command(&["go", "test", "-v", "./..."]),
            load: None,
        };
    }
    let is_python = ["pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini"];
    if is_python.iter().any(|name| has(name)) {
        return Commands {
            check: command(&["python3", "-m", "compileall", "-q", "."]),
            test: command(&[
                "python3",
                "-m",
                "pytest",
                "-v",
                "--color=no",
                "-p",
                "no:cacheprovider",
            ]),
            load: None,
        };
    }
    Commands::default()
}

/// `npm init` writes a test script that only fails.
fn has_test_script(root: &Path) -> bool {
    let Ok((text, _)) = source::read_text(root, "package.json", MAX_MANIFEST) else { return false };
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let script = manifest.get("scripts").and_then(|scripts| scripts.get("test"));
    script
        .and_then(serde_json::Value::as_str)
        .is_some_and(|script| !script.contains("no test specified"))
}

#[cfg(test)]
mod tests {
    use super::default_commands;

    #[track_caller]
    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let commands = default_commands(dir.path());
        let shown: Vec<String> = commands
            .steps()
            .map(|(kind, words)| format!("{}: {}", kind.as_str(), words.join(" ")))
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn the_files_at_hand_say_which() {
        check(
            &[("Cargo.toml", ""), ("package.json", "{}")],
            &[
                "check: cargo check --offline --workspace --color=never",
                "test: cargo test --no-fail-fast --offline --workspace --color=never",
            ],
        );
        check(
            &[("package.json", r#"{"scripts":{"test":"node --test"}}"#), ("tsconfig.json", "")],
            &["check: npx --no-install tsc --noEmit", "test: npm test --ignore-scripts"],
        );
        check(
            &[(
                "package.json",
                r#"{"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}"#,
            )],
            &[],
        );
        check(&[("go.mod", "")], &["check: go vet ./...", "test: go test -v ./..."]);
        check(
            &[("pyproject.toml", "")],
            &[
                "check: python3 -m compileall -q .",
                "test: python3 -m pytest -v --color=no -p no:cacheprovider",
            ],
        );
        check(&[("README.md", "")], &[]);
    }
}
