//! Cases of other languages than Rust: each set of packages is installed by its own package
//! manager, by name and version, and kept for the next run.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use incident_core::cancel::Cancel;
use incident_host::checking::{CheckOptions, Checker};
use incident_host::command::{Environment, Limits, Program};
use incident_host::workspace::Workspace;
use serde::Deserialize;

use super::case::{Case, Label};
use super::{SetScore, score};

/// A language other than Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    JavaScript,
    Python,
    Cli,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::JavaScript, Self::Python, Self::Cli];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::JavaScript => "javascript",
            Self::Python => "python",
            Self::Cli => "cli",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::JavaScript => "js",
            Self::Python => "python",
            Self::Cli => "cli",
        }
    }

    /// What the checker calls the snippets' language.
    fn language(self) -> &'static str {
        match self {
            Self::JavaScript => "typescript",
            Self::Python => "python",
            Self::Cli => "shell",
        }
    }
}

#[derive(Debug, Deserialize)]
struct InstalledCase {
    id: String,
    #[serde(default)]
    set: String,
    #[serde(default)]
    tool: String,
    #[serde(default)]
    tool_version: String,
    snippet: String,
    valid: bool,
    #[serde(default)]
    refs: Vec<Label>,
}

/// Scores all cases of one language; for command lines, those whose tool is here in the recorded
/// version and the rest apart.
pub(super) fn score_all(
    kind: Kind,
    dir: &Path,
    only: Option<&str>,
) -> anyhow::Result<Vec<SetScore>> {
    let folder = dir.join(kind.folder());
    let Ok(text) = std::fs::read_to_string(folder.join("cases.jsonl")) else {
        return Ok(Vec::new());
    };
    let mut sets: BTreeMap<String, SetScore> = BTreeMap::new();
    let mut checkers: BTreeMap<String, (Checker, Duration)> = BTreeMap::new();
    let mut versions: BTreeMap<String, String> = BTreeMap::new();
    let options = CheckOptions { language: Some(kind.language().to_owned()), file: None };
    let cancel = Cancel::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let case: InstalledCase = serde_json::from_str(line)?;
        if only.is_some_and(|only| !case.id.contains(only)) {
            continue;
        }
        let name = match kind {
            Kind::Cli => {
                let here = versions
                    .entry(case.tool.clone())
                    .or_insert_with(|| installed_version(&case.tool, &cancel));
                let recorded = number(&case.tool_version);
                let is_same = recorded.is_some_and(|number| here.contains(number));
                if is_same { "here" } else { "other" }.to_owned()
            }
            _ => case.set.clone(),
        };
        if !checkers.contains_key(&case.set) {
            let root = install(kind, &folder, &case.set, &cancel)?;
            let start = Instant::now();
            let (checker, _) = Checker::open(&Workspace::open(&root), &cancel);
            checkers.insert(case.set.clone(), (checker, start.elapsed()));
        }
        let Some((checker, opened)) = checkers.get(&case.set) else { continue };
        let set = sets.entry(name.clone()).or_insert_with(|| SetScore::new(&name));
        let start = Instant::now();
        let (references, _) = checker.check(&case.snippet, &options, &cancel);
        if set.cold == Duration::ZERO {
            set.cold = *opened + start.elapsed();
        }
        let start = Instant::now();
        checker.check(&case.snippet, &options, &cancel);
        set.warm.push(start.elapsed());
        let case = Case {
            id: case.id,
            manifest: case.set,
            snippet: case.snippet,
            valid: case.valid,
            refs: case.refs,
        };
        set.score.add(score::score(&case, &references));
    }
    sets.values_mut().for_each(|set| set.warm.sort());
    Ok(sets.into_values().collect())
}

/// Returns what a tool says of its version, or nothing.
fn installed_version(tool: &str, cancel: &Cancel) -> String {
    let args: &[&str] = match tool {
        "ss" => &["-V"],
        "lsof" => &["-v"],
        _ => &["--version"],
    };
    let said = run(tool, args, Path::new("/"), Duration::from_secs(20), cancel);
    said.unwrap_or_default()
}

/// Returns the first number with a dot.
fn number(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.')
        .map(|word| word.trim_matches('.'))
        .find(|word| word.contains('.'))
}

/// Lays a project out with the packages of one set and returns its folder.
fn install(kind: Kind, folder: &Path, set: &str, cancel: &Cancel) -> anyhow::Result<PathBuf> {
    let wanted = match kind {
        Kind::JavaScript => folder.join(format!("package-{set}.json")),
        Kind::Python => folder.join(format!("requirements-{set}.txt")),
        Kind::Cli => {
            let root = std::env::temp_dir().join("incident-eval-packages/cli");
            std::fs::create_dir_all(&root)?;
            return Ok(root);
        }
    };
    let text = std::fs::read_to_string(&wanted).with_context(|| format!("{}", wanted.display()))?;
    let mut hash = DefaultHasher::new();
    text.hash(&mut hash);
    let name = format!("{}-{set}-{:016x}", kind.name(), hash.finish());
    let root = std::env::temp_dir().join("incident-eval-packages").join(name);
    let done = root.join(".installed");
    if done.is_file() {
        return Ok(root);
    }
    std::fs::create_dir_all(&root)?;
    let time = Duration::from_secs(900);
    match kind {
        Kind::JavaScript => {
            std::fs::write(root.join("package.json"), &text)?;
            let args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
            run("npm", &args, &root, time, cancel)?;
        }
        _ => {
            std::fs::write(root.join("requirements.txt"), &text)?;
            run("python3", &["-m", "venv", "--without-pip", ".venv"], &root, time, cancel)?;
            let args = [
                "-m",
                "pip",
                "--python",
                ".venv/bin/python",
                "install",
                "--quiet",
                "--no-deps",
                "--disable-pip-version-check",
                "-r",
                "requirements.txt",
            ];
            run("python3", &args, &root, time, cancel)?;
        }
    }
    std::fs::write(done, "")?;
    Ok(root)
}

/// Runs one of the package managers, which bring their own settings.
fn run(
    name: &str,
    args: &[&str],
    dir: &Path,
    time: Duration,
    cancel: &Cancel,
) -> anyhow::Result<String> {
    let environment = Environment::of_process();
    let program = Program::find(name, &environment, &[])?;
    let mut command = program
        .command(dir, &environment, &[])
        .args(args)
        .limits(Limits { time, ..Limits::default() });
    for (name, value) in std::env::vars_os() {
        let shown = name.to_string_lossy();
        if ["PIP_", "NPM_", "npm_", "PYENV", "RUSTUP_", "SSL_", "NODE_"]
            .iter()
            .any(|prefix| shown.starts_with(prefix))
        {
            command = command.env(&name, &value);
        }
    }
    let output = command.run(cancel)?;
    if !output.status.success() {
        bail!("{name} {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    ))
}
