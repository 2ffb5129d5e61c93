//! Packages: which ones the workspace has and resolves, and where their source lies on disk.
//!
//! Manifests, lock files and cargo's settings are read as text. Cargo itself is asked only in a
//! trusted root, and only about packages that the text alone did not find.

mod cargo;
mod definition;
mod locate;
mod manifest;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ignore::WalkBuilder;
use incident_core::cancel::Cancel;
use incident_core::deps::{LockedPackage, PackageId, parse_cargo_lock};
use incident_core::problem::Problem;
use incident_core::resolve::{PackageSources, WantedPackageFile, WorkspaceMember};

use crate::source::{self, Listing, ReadError, SourceFile};
use crate::workspace::Workspace;

pub use self::definition::find_definition;
use self::locate::Homes;

/// The largest lock file or manifest that is read.
const MAX_MANIFEST_BYTES: u64 = 8 << 20;

/// How many lock files below a root without one are read.
const MAX_LOCK_FILES: usize = 20;

/// How many files of one package are listed.
const MAX_PACKAGE_FILES: usize = 20_000;

/// The packages of one workspace, as its files say.
#[derive(Debug)]
pub struct Packages {
    /// Without its memory, which may hold this very value.
    workspace: Workspace,
    members: Vec<WorkspaceMember>,
    locked: Vec<LockedPackage>,
    homes: Homes,
    /// What cargo said, asked at most once.
    metadata: OnceLock<BTreeMap<PackageId, PathBuf>>,
}

/// A package's source on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageSource {
    /// Which package.
    pub id: PackageId,
    /// The folder of its manifest.
    pub root: PathBuf,
}

/// Why a package's source was not found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSource {
    /// The name or version cannot be those of a package.
    #[error("`{0}` is not a package's name and version")]
    NotAPackage(String),
    /// Nothing on this machine holds it.
    #[error("the source of {0} is not on this machine; `cargo fetch` brings it")]
    NotInstalled(PackageId),
    /// Only cargo knows where it lies, and cargo does not run here.
    #[error(
        "where the source of {0} lies, only cargo can tell, and it runs in trusted folders only; \
         `incident-lsp trust` allows it"
    )]
    Untrusted(PackageId),
}

impl Packages {
    /// Reads manifests, lock files and cargo's settings of `workspace`.
    pub fn read(workspace: &Workspace, listing: &Listing, cancel: &Cancel) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let (members, path_dependencies) = manifest::members(workspace, listing, &mut problems);
        let locked = locked(workspace, listing, cancel, &mut problems);
        let homes = Homes::of(workspace, path_dependencies);
        let packages = Self {
            workspace: workspace.without_memory(),
            members,
            locked,
            homes,
            metadata: OnceLock::new(),
        };
        (packages, problems)
    }

    /// Says whether these were read as `workspace` is seen now: trust and environment decide what
    /// may be looked at.
    pub(crate) fn are_of(&self, workspace: &Workspace) -> bool {
        self.workspace.is_trusted() == workspace.is_trusted()
            && self.workspace.environment() == workspace.environment()
    }

    /// Says whether both hold the same packages, found in the same places.
    pub(crate) fn mean_the_same(&self, other: &Self) -> bool {
        // Taken apart, so that a field that is added is thought of.
        let Self { workspace: _, members, locked, homes, metadata: _ } = self;
        *members == other.members && *locked == other.locked && *homes == other.homes
    }

    /// Returns the workspace's own packages, sorted by name.
    pub fn members(&self) -> &[WorkspaceMember] {
        &self.members
    }

    /// Returns what the lock files resolve, sorted by name, then version.
    pub fn locked(&self) -> &[LockedPackage] {
        &self.locked
    }

    /// Returns the dependencies that the lock files resolve: no packages of the workspace.
    pub fn resolved(&self) -> Vec<PackageId> {
        let is_own = |id: &PackageId| self.members.iter().any(|member| member.name == id.name);
        let dependencies =
            self.locked.iter().filter(|package| package.source.is_some() || !is_own(&package.id));
        dependencies.map(|package| package.id.clone()).collect()
    }

    /// Finds the source of a package, in a version that need not be the resolved one.
    pub fn source(&self, id: &PackageId, cancel: &Cancel) -> Result<PackageSource, NoSource> {
        if !locate::is_name(&id.name) || !locate::is_version(&id.version) {
            return Err(NoSource::NotAPackage(crate::message::plain(&id.to_string())));
        }
        let locked = self.locked.iter().find(|package| package.id == *id);
        let found = self.homes.find(id, locked.and_then(|package| package.source.as_deref()));
        let found = found.or_else(|| self.member_root(id));
        if let Some(root) = found {
            return Ok(PackageSource { id: id.clone(), root });
        }
        if !self.workspace.is_trusted() {
            return Err(match locked {
                Some(_) => NoSource::Untrusted(id.clone()),
                None => NoSource::NotInstalled(id.clone()),
            });
        }
        let metadata = self.metadata.get_or_init(|| cargo::package_roots(&self.workspace, cancel));
        match metadata.get(id) {
            Some(root) => Ok(PackageSource { id: id.clone(), root: root.clone() }),
            None => Err(NoSource::NotInstalled(id.clone())),
        }
    }

    /// Brings the package files that a trace needs; those that are not there are left out.
    pub fn fetch(&self, wanted: &[WantedPackageFile], cancel: &Cancel) -> PackageSources {
        let mut sources = PackageSources { resolved: self.resolved(), ..PackageSources::default() };
        let mut found: BTreeMap<&PackageId, Option<PackageSource>> = BTreeMap::new();
        for file in wanted {
            if cancel.is_cancelled() {
                break;
            }
            let source = found
                .entry(&file.package)
                .or_insert_with(|| self.source(&file.package, cancel).ok());
            let Some(text) = source.as_ref().and_then(|it| it.text(&file.path).ok()) else {
                continue;
            };
            let files = sources.files.entry(file.package.clone()).or_default();
            files.insert(file.path.clone(), text);
        }
        sources
    }

    fn member_root(&self, id: &PackageId) -> Option<PathBuf> {
        let member = self.members.iter().find(|member| {
            member.name == id.name && member.version.as_ref().is_none_or(|it| *it == id.version)
        })?;
        Some(self.workspace.root().join(&member.root))
    }
}

impl PackageSource {
    /// Lists the package's files, sorted; links are not followed. The flag says that the list was
    /// cut at its limit.
    pub fn files(&self, cancel: &Cancel) -> (Vec<SourceFile>, bool) {
        let mut files = Vec::new();
        let walk = WalkBuilder::new(&self.root)
            .standard_filters(false)
            .follow_links(false)
            .max_depth(Some(32))
            .filter_entry(|entry| entry.file_name() != ".git" && entry.file_name() != "target")
            .build();
        for entry in walk.flatten() {
            if cancel.is_cancelled() || files.len() >= MAX_PACKAGE_FILES {
                files.sort();
                return (files, true);
            }
            if !entry.file_type().is_some_and(|kind| kind.is_file()) {
                continue;
            }
            let path = entry.path().strip_prefix(&self.root).ok().and_then(source::slashed);
            let (Some(path), Ok(meta)) = (path, entry.metadata()) else { continue };
            files.push(SourceFile { path, size: meta.len(), modified: meta.modified().ok() });
        }
        files.sort();
        (files, false)
    }

    /// Reads one of the package's files as text; never one outside its root.
    pub fn text(&self, path: &str) -> Result<Arc<str>, ReadError> {
        source::read_text(&self.root, path, source::MAX_SOURCE_BYTES).map(|(text, _)| text)
    }
}

/// Reads the lock file that counts for the workspace: its own, the one of a folder above in the
/// same repository, or else all of those below.
fn locked(
    workspace: &Workspace,
    listing: &Listing,
    cancel: &Cancel,
    problems: &mut Vec<Problem>,
) -> Vec<LockedPackage> {
    let is_lock = |path: &&str| *path == "Cargo.lock" || path.ends_with("/Cargo.lock");
    let mut texts: Vec<(String, Arc<str>)> = Vec::new();
    if let Ok((text, _)) = source::read_text(workspace.root(), "Cargo.lock", MAX_MANIFEST_BYTES) {
        texts.push(("Cargo.lock".to_owned(), text));
    } else if let Some(text) = lock_above(workspace.root()) {
        texts.push(("../Cargo.lock".to_owned(), text));
    } else {
        let below = listing.files.iter().map(|file| file.path.as_str()).filter(is_lock);
        for path in below.take(MAX_LOCK_FILES) {
            match source::read_text(workspace.root(), path, MAX_MANIFEST_BYTES) {
                Ok((text, _)) => texts.push((path.to_owned(), text)),
                Err(err) => problems.push(Problem::warning(err.to_string()).at(path, None)),
            }
        }
    }
    let mut packages = Vec::new();
    for (path, text) in texts {
        if cancel.is_cancelled() {
            break;
        }
        let (locked, found) = parse_cargo_lock(&path, &text);
        packages.extend(locked.packages);
        problems.extend(found);
    }
    packages.sort();
    packages.dedup();
    packages
}

/// Reads the nearest lock file above `root`, up to the top of its repository.
fn lock_above(root: &Path) -> Option<Arc<str>> {
    let real = root.canonicalize().ok()?;
    let top = real.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok())?;
    let above = real.ancestors().skip(1).take_while(|folder| folder.starts_with(top));
    above
        .filter_map(|folder| source::read_text(folder, "Cargo.lock", MAX_MANIFEST_BYTES).ok())
        .map(|(text, _)| text)
        .next()
}
