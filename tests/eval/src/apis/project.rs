//! A project to check against: a manifest of the corpus with its lock file, fetched by cargo.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use incident_core::cancel::Cancel;
use incident_host::command::{Environment, Limits, Program};

/// The word in a lock file's template that stands for a registry.
const REGISTRY: &str = "@REGISTRY@";

/// A project in a folder that goes away with it.
#[derive(Debug)]
pub(crate) struct Project {
    dir: tempfile::TempDir,
}

impl Project {
    /// Lays the project out outside of any repository and lets cargo fetch its packages.
    pub(crate) fn make(manifest: &Path) -> anyhow::Result<Self> {
        let dir = tempfile::Builder::new().prefix("incident-eval-").tempdir()?;
        let root = dir.path();
        std::fs::copy(manifest.join("Cargo.toml"), root.join("Cargo.toml"))
            .with_context(|| format!("{}", manifest.display()))?;
        std::fs::create_dir(root.join("src"))?;
        std::fs::write(root.join("src/lib.rs"), "")?;
        let project = Self { dir };
        if let Ok(template) = std::fs::read_to_string(manifest.join("Cargo.lock.template")) {
            let lock = template.replace(REGISTRY, &registry()?);
            std::fs::write(project.root().join("Cargo.lock"), lock)?;
            project.fetch()?;
        }
        Ok(project)
    }

    /// Returns its folder.
    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    fn fetch(&self) -> anyhow::Result<()> {
        let environment = Environment::of_process();
        let cargo = Program::find("cargo", &environment, &[])?;
        let mut command = cargo
            .command(self.root(), &environment, &[])
            .args(["fetch", "--locked", "--quiet"])
            .limits(Limits { time: std::time::Duration::from_secs(900), ..Limits::default() });
        for variable in ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
            if let Some(value) = environment.get(variable) {
                command = command.env(variable, value);
            }
        }
        let output = command.run(&Cancel::new())?;
        if !output.status.success() {
            bail!("cargo fetch: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(())
    }
}

/// Returns what a lock file of ours says for its registry.
fn registry() -> anyhow::Result<String> {
    let lock = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
    let text = std::fs::read_to_string(&lock).with_context(|| format!("{}", lock.display()))?;
    let source = text.lines().find_map(|line| line.strip_prefix("source = \"registry+"));
    let source =
        source.and_then(|rest| rest.strip_suffix('"')).context("no registry in Cargo.lock")?;
    Ok(format!("registry+{source}"))
}
