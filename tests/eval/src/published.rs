//! Published packages as workspaces: what `cargo info CRATE@VERSION` unpacks below cargo's home.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use incident_core::cancel::Cancel;
use incident_core::resolve::{
    PackageSources, ResolveInput, ResolvedTrace, Sources, WorkspaceMember, resolve, wanted_files,
    wanted_moved,
};
use incident_core::syntax::{SymbolIndex, index_file};
use incident_core::trace::Trace;
use incident_host::command::{Environment, Limits, Program};
use rayon::prelude::*;

/// A file longer than this is not source that a person wrote.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// One published package, seen as the workspace that a trace is resolved in.
pub(crate) struct Published {
    files: Vec<String>,
    texts: BTreeMap<String, Arc<str>>,
    symbols: SymbolIndex,
    member: WorkspaceMember,
}

impl Published {
    /// Loads a package's source, fetching it where cargo's cache has it not.
    pub(crate) fn load(name: &str, version: &str) -> anyhow::Result<Self> {
        let root = match find(name, version)? {
            Some(root) => root,
            None => {
                fetch(name, version)?;
                find(name, version)?
                    .with_context(|| format!("cargo did not unpack {name} {version}"))?
            }
        };
        let mut texts = BTreeMap::new();
        read_below(&root, "", &mut texts)?;
        Ok(Self::from_texts(name, version, texts))
    }

    /// Makes a package of texts by path.
    pub(crate) fn from_texts(name: &str, version: &str, texts: BTreeMap<String, Arc<str>>) -> Self {
        let files: Vec<String> = texts.keys().cloned().collect();
        let symbols = texts
            .par_iter()
            .filter(|(path, _)| path.ends_with(".rs"))
            .map(|(path, text)| Arc::new(index_file(path, text)))
            .collect();
        let member = WorkspaceMember {
            name: name.to_owned(),
            version: Some(version.to_owned()),
            root: String::new(),
        };
        Self { files, texts, symbols: SymbolIndex::new(symbols), member }
    }

    fn bring(&self, paths: Vec<String>, into: &mut BTreeMap<String, Arc<str>>) {
        for path in paths {
            if let Some(text) = self.texts.get(&path) {
                into.insert(path, Arc::clone(text));
            }
        }
    }

    /// Resolves a trace in this package, asking and fetching as the host does; `deployed` is the
    /// package that the trace was taken from, where it may be looked at.
    pub(crate) fn resolve(&self, trace: Trace, deployed: Option<&Published>) -> ResolvedTrace {
        let members = std::slice::from_ref(&self.member);
        let mut sources = Sources::default();
        let wanted = wanted_files(&trace, &self.files, &self.symbols, members);
        self.bring(wanted, &mut sources.current);
        if let Some(deployed) = deployed {
            let none = SymbolIndex::default();
            let wanted = wanted_files(&trace, &deployed.files, &none, members);
            deployed.bring(wanted, &mut sources.deployed);
        }
        let packages = PackageSources::default();
        let cancel = Cancel::new();
        let changed = deployed.map(|deployed| self.changed_since(deployed)).unwrap_or_default();
        let wanted = wanted_moved(&trace, &self.input(&sources, &packages), &changed, &cancel);
        if let Some(deployed) = deployed {
            deployed.bring(wanted.clone(), &mut sources.deployed);
        }
        self.bring(wanted, &mut sources.current);
        resolve(trace, &self.input(&sources, &packages), &cancel).0
    }

    /// Returns the files of this version that the other one has not, or not so.
    fn changed_since(&self, deployed: &Self) -> Vec<String> {
        let is_new = |(path, text): &(&String, &Arc<str>)| deployed.texts.get(*path) != Some(text);
        self.texts.iter().filter(is_new).map(|(path, _)| path.clone()).collect()
    }

    fn input<'a>(&'a self, sources: &'a Sources, packages: &'a PackageSources) -> ResolveInput<'a> {
        ResolveInput {
            files: &self.files,
            symbols: &self.symbols,
            sources,
            packages,
            members: std::slice::from_ref(&self.member),
        }
    }
}

/// Returns the folder of an unpacked package.
fn find(name: &str, version: &str) -> anyhow::Result<Option<PathBuf>> {
    let environment = Environment::of_process();
    let home = match (environment.folder("CARGO_HOME"), environment.folder("HOME")) {
        (Some(cargo_home), _) => cargo_home,
        (None, Some(home)) => home.join(".cargo"),
        (None, None) => bail!("neither CARGO_HOME nor HOME is set"),
    };
    let Ok(registries) = fs::read_dir(home.join("registry/src")) else { return Ok(None) };
    let folder = format!("{name}-{version}");
    Ok(registries
        .filter_map(Result::ok)
        .map(|registry| registry.path().join(&folder))
        .find(|root| root.is_dir()))
}

/// Lets cargo download and unpack a package, outside of any project.
fn fetch(name: &str, version: &str) -> anyhow::Result<()> {
    let environment = Environment::of_process();
    let outside_projects = std::env::temp_dir();
    let cargo = Program::find("cargo", &environment, &[])?;
    let mut command = cargo
        .command(&outside_projects, &environment, &[])
        .args(["info", &format!("{name}@{version}")])
        .limits(Limits { time: Duration::from_secs(120), output: 1 << 20 });
    for variable in ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
        if let Some(value) = environment.get(variable) {
            command = command.env(variable, value);
        }
    }
    let output = command.run(&Cancel::new())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("cargo info {name}@{version}: {}", said.trim());
    }
    Ok(())
}

fn read_below(
    root: &Path,
    below: &str,
    texts: &mut BTreeMap<String, Arc<str>>,
) -> anyhow::Result<()> {
    let mut folders = vec![below.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && entry.metadata()?.len() <= MAX_FILE_BYTES {
                // Pictures and archives are no source.
                if let Ok(text) = fs::read_to_string(entry.path()) {
                    texts.insert(path, text.into());
                }
            }
        }
    }
    Ok(())
}
