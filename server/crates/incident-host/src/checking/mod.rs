//! Checks the APIs in a text against what a workspace resolves: loads what core asks for.
//!
//! Reads manifests, the lock file and package sources as text; nothing is run.

mod last;
mod load;
mod node;
mod others;
mod python;
#[cfg(test)]
mod tests;
mod toolchain;
mod tools;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use incident_core::api::{ApiWorld, CrateKey, LoadedCrate};
use incident_core::cancel::Cancel;
use incident_core::check::{
    Checked, Language, Reference, Resolved, Snippet, SnippetKind, check, parse_snippet,
    wanted_packages,
};
use incident_core::deps::features::{Features, resolve_dependency, resolve_features};
use incident_core::deps::manifest::{Dependency, Manifest, parse_manifest};
use incident_core::deps::{LockedPackages, PackageId};
use incident_core::problem::Problem;
use rayon::prelude::*;

use crate::look::Look;
use crate::packages::Packages;
use crate::source::Listing;
use crate::workspace::Workspace;

use self::others::Others;
use self::toolchain::Toolchain;

pub(crate) use self::last::LastChecker;

/// How a text is to be read.
#[derive(Clone, Debug, Default)]
pub struct CheckOptions {
    /// Its language, by a name such as `rust`, `diff` or `markdown`; told from the text if not said.
    pub language: Option<String>,
    /// The file that it comes from, for its ending.
    pub file: Option<String>,
}

/// What a workspace resolves, and the package indexes that were read so far.
///
/// Holds on to indexes, so that a second check is fast; the lock is held while crates are added.
#[derive(Debug)]
pub struct Checker {
    /// Without its memory, which may hold this very value.
    workspace: Workspace,
    look: Arc<Look>,
    locked: LockedPackages,
    resolved: Resolved,
    manifests: BTreeMap<PackageId, Manifest>,
    features: Features,
    toolchain: Option<Toolchain>,
    toolchain_version: Option<String>,
    world: Mutex<ApiWorld>,
    others: Mutex<Others>,
}

/// Checks one text; a caller with several keeps a [`Checker`].
pub fn check_text(
    workspace: &Workspace,
    text: &str,
    options: &CheckOptions,
    cancel: &Cancel,
) -> (Vec<Reference>, Vec<Problem>) {
    let (checker, mut problems) = Checker::open(workspace, cancel);
    let (references, found) = checker.check(text, options, cancel);
    problems.extend(found);
    (references, problems)
}

/// Returns where the standard library's source lies that names are held against: `rust-src`, or the
/// pages of the toolchain's documentation. Without one every name of std is unknown.
pub fn standard_library(workspace: &Workspace) -> Option<PathBuf> {
    Toolchain::find(workspace).map(|toolchain| toolchain.folder().to_owned())
}

/// Rounds of asking for crates; each follows re-exports one crate further.
const MAX_ROUNDS: usize = 24;

impl Checker {
    /// Looks at `workspace` and reads what it depends on.
    pub fn open(workspace: &Workspace, cancel: &Cancel) -> (Self, Vec<Problem>) {
        let look = Arc::new(Look::take(workspace, cancel));
        let (checker, mut problems) = Self::of(workspace, &look, cancel);
        problems.splice(0..0, look.problems.iter().cloned());
        (checker, problems)
    }

    /// Reads what `workspace` depends on, as `look` has seen it; the look's own problems are left
    /// to the caller.
    pub fn of(workspace: &Workspace, look: &Arc<Look>, cancel: &Cancel) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let packages = &look.packages;
        let locked = LockedPackages { packages: packages.locked().to_vec() };
        let (roots, members) = own_manifests(workspace, packages, &mut problems);
        let manifests = dependency_manifests(packages, &locked, cancel);
        let mut all = manifests.clone();
        all.extend(roots.iter().filter_map(|root| Some((root.id.clone()?, root.clone()))));
        let features = resolve_features(&roots, &locked, &all);
        let mut direct = BTreeMap::new();
        for root in &roots {
            let from = root.id.as_ref().and_then(|id| locked.named(&id.name).next());
            let from = from.map(|package| package.dependencies.as_slice());
            direct.extend(externs(&root.dependencies, from, &locked, &manifests));
        }
        let resolved = Resolved {
            manifests_known: !roots.is_empty(),
            edition: roots.iter().map(|root| root.edition).max().unwrap_or(2021),
            locked: (!locked.packages.is_empty() || !roots.is_empty()).then(|| locked.clone()),
            direct,
            members,
            module_names: Some(module_names(&look.listing)),
        };
        let toolchain = Toolchain::find(workspace);
        let checker = Self {
            toolchain_version: toolchain.as_ref().map(Toolchain::version),
            toolchain,
            workspace: workspace.without_memory(),
            look: Arc::clone(look),
            locked,
            resolved,
            manifests: all,
            features,
            world: Mutex::new(ApiWorld::new()),
            others: Mutex::new(Others::default()),
        };
        (checker, problems)
    }

    /// Checks `text` and returns every name in it that was looked at.
    pub fn check(
        &self,
        text: &str,
        options: &CheckOptions,
        cancel: &Cancel,
    ) -> (Vec<Reference>, Vec<Problem>) {
        let kind = match kind_of(text, options) {
            Ok(kind) => kind,
            Err(language) => {
                let message = format!(
                    "{language} is not checked; rust, javascript, typescript, python, shell, \
                     diffs and Markdown are"
                );
                return (Vec::new(), vec![Problem::warning(message)]);
            }
        };
        let snippet = parse_snippet(text, kind);
        let mut checked = self.check_snippet(&snippet, cancel);
        self.check_others(&snippet, &mut checked, cancel);
        (checked.references, checked.problems)
    }

    /// Returns the crates that were read so far.
    pub fn loaded_crates(&self) -> Vec<LoadedCrate> {
        let world = self.world();
        world.crates().map(|(_, loaded)| loaded.clone()).collect()
    }

    fn check_snippet(&self, snippet: &Snippet, cancel: &Cancel) -> Checked {
        if snippet.is_without_rust() {
            return check(snippet, &self.resolved, &ApiWorld::new(), cancel);
        }
        let mut wanted = wanted_packages(snippet, &self.resolved);
        let mut checked = Checked::default();
        for _round in 0..MAX_ROUNDS {
            self.load(&wanted, cancel);
            let world = self.world().clone();
            checked = check(snippet, &self.resolved, &world, cancel);
            if checked.wanted.is_empty() || cancel.is_cancelled() {
                return checked;
            }
            wanted = std::mem::take(&mut checked.wanted);
        }
        checked
    }

    fn world(&self) -> std::sync::MutexGuard<'_, ApiWorld> {
        // What a panic left behind is whole: crates are added one by one.
        self.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Reads the crates that are not at hand yet, on all cores.
    fn load(&self, wanted: &BTreeSet<CrateKey>, cancel: &Cancel) {
        let missing: Vec<&CrateKey> = {
            let world = self.world();
            let is_new =
                |key: &&CrateKey| world.find(key).is_none() && world.why_absent(key).is_none();
            wanted.iter().filter(is_new).collect()
        };
        let loaded: Vec<(&CrateKey, Result<LoadedCrate, String>)> =
            missing.into_par_iter().map(|key| (key, self.load_one(key, cancel))).collect();
        let mut world = self.world();
        for (key, result) in loaded {
            match result {
                Ok(loaded) => {
                    world.add(loaded);
                }
                Err(why) => world.add_absent(key.clone(), why),
            }
        }
    }
}

/// Tells what a text is; `Err` names a language that is not checked.
fn kind_of(text: &str, options: &CheckOptions) -> Result<SnippetKind, String> {
    let start = text.trim_start();
    let is_diff = ["diff --git ", "--- a/", "--- /dev/null", "@@ -"]
        .iter()
        .any(|head| start.starts_with(head));
    if let Some(name) = options.language.as_deref() {
        return match (name, Language::named(name)) {
            ("diff" | "patch", _) => Ok(SnippetKind::Diff),
            ("markdown" | "md", _) => Ok(SnippetKind::Markdown),
            (_, Some(_)) if is_diff => Ok(SnippetKind::Diff),
            (_, Some(language)) => Ok(SnippetKind::Code(language)),
            (name, None) => Err(name.to_owned()),
        };
    }
    let file = options.file.as_deref().unwrap_or_default();
    let ending = file.rsplit_once('.').map(|(_, ending)| ending);
    match (ending, Language::of_file(file)) {
        (Some("diff" | "patch"), _) => Ok(SnippetKind::Diff),
        (Some("md" | "markdown"), _) => Ok(SnippetKind::Markdown),
        (Some("toml" | "yaml" | "yml" | "properties" | "go" | "java"), _) => {
            Err(ending.unwrap_or_default().to_owned())
        }
        (_, Some(language)) if !is_diff => Ok(SnippetKind::Code(language)),
        _ => Ok(SnippetKind::of(text)),
    }
}

/// Reads the manifests of the workspace's own packages.
fn own_manifests(
    workspace: &Workspace,
    packages: &Packages,
    problems: &mut Vec<Problem>,
) -> (Vec<Manifest>, BTreeSet<String>) {
    let mut roots = Vec::new();
    let mut members = BTreeSet::new();
    let shared = workspace.text("Cargo.toml").ok().map(|(text, _)| text);
    for member in packages.members() {
        members.insert(member.name.replace('-', "_"));
        let path = match member.root.as_str() {
            "" => "Cargo.toml".to_owned(),
            root => format!("{root}/Cargo.toml"),
        };
        let Ok((text, _)) = workspace.text(&path) else { continue };
        match parse_manifest(&text, shared.as_deref()) {
            Ok(manifest) => {
                members.extend(manifest.lib_name.clone());
                roots.push(manifest);
            }
            Err(why) => {
                let message = format!("the manifest does not parse ({why})");
                problems.push(Problem::warning(message).at(path, None));
            }
        }
    }
    (roots, members)
}

/// Reads the manifests of all locked packages whose source is at hand.
fn dependency_manifests(
    packages: &Packages,
    locked: &LockedPackages,
    cancel: &Cancel,
) -> BTreeMap<PackageId, Manifest> {
    locked
        .packages
        .par_iter()
        .filter(|package| package.source.is_some())
        .filter_map(|package| {
            let source = packages.source(&package.id, cancel).ok()?;
            let text = source.text("Cargo.toml").ok()?;
            let manifest = parse_manifest(&text, None).ok()?;
            Some((package.id.clone(), manifest))
        })
        .collect()
}

/// Names that code may use for these dependencies.
fn externs(
    dependencies: &[Dependency],
    from: Option<&[PackageId]>,
    locked: &LockedPackages,
    manifests: &BTreeMap<PackageId, Manifest>,
) -> BTreeMap<String, CrateKey> {
    let mut externs = BTreeMap::new();
    for dependency in dependencies {
        let Some(id) = resolve_dependency(locked, from, dependency) else { continue };
        let lib_name = manifests.get(id).and_then(|manifest| manifest.lib_name.clone());
        let name = match lib_name {
            Some(lib_name) if dependency.key == dependency.package => lib_name,
            _ => dependency.code_name(),
        };
        externs.insert(name, CrateKey::Package(id.clone()));
    }
    externs
}

/// Names that may be modules of the workspace's own code: of its files and folders.
fn module_names(listing: &Listing) -> BTreeSet<String> {
    let sources = listing.files.iter().filter_map(|file| file.path.strip_suffix(".rs"));
    sources.flat_map(|path| path.split('/')).map(str::to_owned).collect()
}
