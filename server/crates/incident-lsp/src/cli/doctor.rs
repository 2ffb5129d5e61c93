//! `incident-lsp doctor`: what works here and what does not, in words.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use incident_core::cancel::Cancel;
use incident_core::problem::Problem;
use incident_core::report::styled::{Role, Styled};
use incident_core::report::text;
use incident_host::checking;
use incident_host::clock;
use incident_host::command::{Environment, Program};
use incident_host::config;
use incident_host::folders::Folders;
use incident_host::git::Repository;
use incident_host::packages::Packages;
use incident_host::source;
use incident_host::store::Store;
use incident_host::workspace::Workspace;

use super::args::WorkspaceArgs;
use super::{DONE, Outcome, explain, job, output};

/// How well something works.
#[derive(Clone, Copy)]
enum State {
    Works,
    /// Explaining goes on without it, and gives less.
    Less,
    /// For the record.
    Note,
}

/// What was looked at, and what to do about it.
struct Line {
    state: State,
    subject: &'static str,
    words: String,
    advice: Option<String>,
}

/// Looks at everything and says what it found.
pub(super) fn run(workspace: &WorkspaceArgs) -> Outcome {
    let root = explain::root(workspace)?;
    let (lines, problems) = job::run(move |cancel, stages| {
        stages.begin("Looking around");
        look(&root, cancel)
    })?;
    output::print_styled(&drawn(&lines, &problems))?;
    Ok(ExitCode::from(DONE))
}

/// Writes the commented settings file.
pub(super) fn init(workspace: &WorkspaceArgs) -> Outcome {
    let path = explain::root(workspace)?.join(config::FILE);
    // `create_new`: what a person wrote is never overwritten, and no link is followed.
    let mut file = std::fs::File::options()
        .write(true)
        .create_new(true)
        .open(&path)
        .with_context(|| format!("{} was not written", path.display()))?;
    file.write_all(config::TEMPLATE.as_bytes())
        .with_context(|| format!("{} was not written whole", path.display()))?;
    output::print(&format!("wrote {}; every key in it is commented out\n", path.display()))?;
    Ok(ExitCode::from(DONE))
}

fn look(root: &Path, cancel: &Cancel) -> (Vec<Line>, Vec<Problem>) {
    let environment = Environment::of_process();
    let workspace = Workspace::open(root);
    let (listing, mut problems) = source::list(root, cancel);
    let (packages, found) = Packages::read(&workspace, &listing, cancel);
    problems.extend(found);
    let n_sources = listing.sources().count();
    let mut lines = vec![
        Line::note("version", format!("incident-lsp {}", env!("CARGO_PKG_VERSION"))),
        match n_sources {
            0 => Line::less("workspace", format!("{} holds no source file", root.display()))
                .advice("go to the source tree, or name it with --workspace"),
            n => Line::works("workspace", format!("{}, {n} source files", root.display())),
        },
        repository(root, &environment, cancel),
        trusted(root),
        cargo(root, &environment),
    ];
    lines.extend(dependencies(&packages, cancel));
    lines.push(standard_library(&workspace));
    lines.push(kept(root));
    let (_, found) = config::read(root, workspace.is_trusted());
    lines.push(settings(root, &found));
    problems.extend(found);
    lines.push(Line::note("model", "off; this version has none to turn on".to_owned()));
    lines.push(Line::note("network", "nothing leaves this machine".to_owned()));
    (lines, problems)
}

fn repository(root: &Path, environment: &Environment, cancel: &Cancel) -> Line {
    let repository = match Repository::discover(root, environment, cancel) {
        Ok(repository) => repository,
        Err(err) => return Line::less("git", err.to_string()).advice("no change can be suspected"),
    };
    let top = repository.top().display();
    match repository.head(cancel) {
        Ok(Some(head)) if repository.is_shallow() => {
            let words =
                format!("{top} at {}, a shallow clone: older changes are unseen", head.short());
            Line::less("git", words).advice("git fetch --unshallow")
        }
        Ok(Some(head)) => Line::works("git", format!("{top} at {}", head.short())),
        Ok(None) => Line::less("git", format!("{top} has no commit yet"))
            .advice("no change can be suspected"),
        Err(err) => Line::less("git", err.to_string()).advice("no change can be suspected"),
    }
}

fn trusted(root: &Path) -> Line {
    match Workspace::open(root).is_trusted() {
        true => Line::works("trust", "cargo and configured commands may run here".to_owned()),
        false => Line::note(
            "trust",
            "not trusted: cargo and configured commands never run here".to_owned(),
        )
        .advice("incident-lsp trust"),
    }
}

fn cargo(root: &Path, environment: &Environment) -> Line {
    // It is looked up and not run: even `cargo --version` may fetch a toolchain that the folder asks for.
    match Program::find("cargo", environment, &[root.to_owned()]) {
        Ok(cargo) => Line::works("cargo", cargo.path().display().to_string()),
        Err(err) => Line::less("cargo", err.to_string())
            .advice("fixes can't be built or tested; everything else works"),
    }
}

fn dependencies(packages: &Packages, cancel: &Cancel) -> Vec<Line> {
    let resolved = packages.resolved();
    if resolved.is_empty() {
        let words = match packages.members().is_empty() {
            true => "no Cargo.toml and no Cargo.lock",
            false => "no dependency is locked",
        };
        return vec![Line::note("dependencies", words.to_owned())];
    }
    let missing: Vec<String> = resolved
        .iter()
        .filter(|id| packages.source(id, cancel).is_err())
        .map(ToString::to_string)
        .collect();
    let n_resolved = resolved.len();
    let n_here = n_resolved - missing.len();
    let words = format!("{n_resolved} in the lock file, the source of {n_here} is here");
    vec![match (missing.first(), n_here) {
        (None, _) => Line::works("dependencies", words),
        (Some(_), 0) => Line::less("dependencies", words).advice("cargo fetch"),
        // Packages for other platforms are locked and never downloaded.
        (Some(first), _) => Line::works("dependencies", words)
            .advice(&format!("{first} is not, for one: cargo fetch")),
    }]
}

fn standard_library(workspace: &Workspace) -> Line {
    match checking::standard_library(workspace) {
        Some(folder) => Line::works("std", format!("its source is in {}", folder.display())),
        None => Line::less("std", "its source is not here, so its names count as unknown".into())
            .advice("rustup component add rust-src"),
    }
}

fn kept(root: &Path) -> Line {
    let folders = match Folders::of(&Environment::of_process()) {
        Ok(folders) => folders,
        Err(err) => return Line::less("state", err.to_string()),
    };
    let state = folders.state().display().to_string();
    match folders.check_state() {
        Ok(()) => {
            let n_kept = Store::open(&folders, root).list(clock::now()).len();
            let words = match n_kept {
                1 => format!("{state}, 1 incident of this tree is kept"),
                n => format!("{state}, {n} incidents of this tree are kept"),
            };
            Line::works("state", words)
        }
        Err(err) => Line::less("state", err.to_string())
            .advice("incidents are explained but not kept; set INCIDENT_LSP_STATE_DIR"),
    }
}

fn settings(root: &Path, problems: &[Problem]) -> Line {
    let file = config::FILE;
    match (root.join(file).is_file(), problems.len()) {
        (false, _) => Line::note("settings", "the defaults".to_owned())
            .advice("incident-lsp doctor --init writes a commented file"),
        (true, 0) => Line::works("settings", file.to_owned()),
        (true, 1) => Line::less("settings", format!("{file} has a problem, below")),
        (true, n) => Line::less("settings", format!("{file} has {n} problems, below")),
    }
}

impl Line {
    fn works(subject: &'static str, words: String) -> Self {
        Self { state: State::Works, subject, words, advice: None }
    }

    fn less(subject: &'static str, words: String) -> Self {
        Self { state: State::Less, subject, words, advice: None }
    }

    fn note(subject: &'static str, words: String) -> Self {
        Self { state: State::Note, subject, words, advice: None }
    }

    fn advice(mut self, advice: &str) -> Self {
        self.advice = Some(advice.to_owned());
        self
    }
}

fn drawn(lines: &[Line], problems: &[Problem]) -> Styled {
    let mut out = Styled::new();
    for line in lines {
        let (role, mark) = match line.state {
            State::Works => (Role::Added, "ok  "),
            State::Less => (Role::Doubt, "less"),
            State::Note => (Role::Dim, "    "),
        };
        out.put(role, mark).put(Role::Strong, &format!(" {:<13}", line.subject));
        out.line(Role::Plain, &line.words);
        if let Some(advice) = &line.advice {
            out.put(Role::Plain, &" ".repeat(18)).line(Role::Command, advice);
        }
    }
    text::problems(&mut out, problems);
    out
}
