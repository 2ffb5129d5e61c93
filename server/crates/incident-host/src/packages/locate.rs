//! Where cargo keeps the source of packages, found by looking, with nothing run.

use std::path::{Path, PathBuf};

use incident_core::deps::PackageId;

use super::MAX_MANIFEST_BYTES;
use super::manifest::OutsideDependencies;
use crate::source;
use crate::workspace::Workspace;

/// How many folders of one git checkout are looked into for a manifest.
const MAX_CHECKOUT_FOLDERS: usize = 2_000;

/// The folders that may hold a package's source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Homes {
    /// Folders of `cargo vendor`.
    vendored: Vec<PathBuf>,
    /// One for each registry; packages lie below as `name-version`.
    registries: Vec<PathBuf>,
    /// One for each git dependency; revisions lie below.
    checkouts: Vec<PathBuf>,
    /// Path dependencies outside the workspace, in a trusted one.
    outside: OutsideDependencies,
}

impl Homes {
    /// Looks up the folders for `workspace`.
    ///
    /// An untrusted workspace may point at folders of its own only: what it names elsewhere could
    /// be anything on the machine.
    pub(super) fn of(workspace: &Workspace, outside: OutsideDependencies) -> Self {
        let environment = workspace.environment();
        let cargo_home = environment
            .folder("CARGO_HOME")
            .or_else(|| Some(environment.folder("HOME")?.join(".cargo")));
        let mut vendored = Vec::new();
        let root = workspace.root();
        for above in root.ancestors() {
            let is_own = above == root;
            if !is_own && !workspace.is_trusted() {
                break;
            }
            for name in [".cargo/config.toml", ".cargo/config"] {
                vendored.extend(
                    vendor_folders(above, name)
                        .into_iter()
                        .filter(|folder| workspace.is_trusted() || is_really_below(folder, root)),
                );
            }
        }
        let mut registries = Vec::new();
        let mut checkouts = Vec::new();
        if let Some(home) = &cargo_home {
            vendored.extend(vendor_folders(home, "config.toml"));
            registries = folders_in(&home.join("registry/src"));
            checkouts = folders_in(&home.join("git/checkouts"));
        }
        let outside = if workspace.is_trusted() { outside } else { OutsideDependencies::new() };
        Self { vendored, registries, checkouts, outside }
    }

    /// Finds the folder of a package; `source` is what the lock file says of its origin.
    pub(super) fn find(&self, id: &PackageId, source: Option<&str>) -> Option<PathBuf> {
        if let Some(revision) = source.and_then(git_revision) {
            return self.in_checkout(id, revision).or_else(|| self.in_vendor(id));
        }
        let versioned = format!("{}-{}", id.name, id.version);
        self.in_vendor(id)
            .or_else(|| {
                let mut packages = self.registries.iter().map(|registry| registry.join(&versioned));
                packages.find(|folder| folder.join("Cargo.toml").is_file())
            })
            .or_else(|| {
                let folder = self.outside.get(&id.name)?;
                is_package(folder, &id.name, Some(&id.version)).then(|| folder.clone())
            })
    }

    fn in_vendor(&self, id: &PackageId) -> Option<PathBuf> {
        let names = [format!("{}-{}", id.name, id.version), id.name.clone()];
        let mut folders =
            self.vendored.iter().flat_map(|vendor| names.iter().map(|name| vendor.join(name)));
        folders.find(|folder| is_package(folder, &id.name, Some(&id.version)))
    }

    fn in_checkout(&self, id: &PackageId, revision: &str) -> Option<PathBuf> {
        let mut trees =
            self.checkouts.iter().flat_map(|checkout| folders_in(checkout)).filter(|tree| {
                let name = tree.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                name.len() >= 7 && revision.starts_with(name)
            });
        trees.find_map(|tree| {
            let walk = ignore::WalkBuilder::new(&tree)
                .standard_filters(false)
                .follow_links(false)
                .max_depth(Some(6))
                .filter_entry(|entry| {
                    entry.file_type().is_some_and(|kind| kind.is_dir())
                        && entry.file_name() != ".git"
                        && entry.file_name() != "target"
                })
                .build();
            let mut folders = walk.flatten().take(MAX_CHECKOUT_FOLDERS).map(|it| it.into_path());
            folders.find(|folder| is_package(folder, &id.name, None))
        })
    }
}

/// Says whether `name` can be a package's name: nothing that could climb out of a folder.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// Says whether `version` can be a version.
pub(super) fn is_version(version: &str) -> bool {
    version.starts_with(|c: char| c.is_ascii_digit())
        && version.len() <= 128
        && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-".contains(&byte))
}

/// Returns the commit of `git+https://host/path?branch=x#1a2b…`.
fn git_revision(source: &str) -> Option<&str> {
    let (_, revision) = source.strip_prefix("git+")?.rsplit_once('#')?;
    revision.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(revision)
}

/// Says whether the manifest in `folder` is that of the package.
fn is_package(folder: &Path, name: &str, version: Option<&str>) -> bool {
    let Ok((text, _)) = source::read_text(folder, "Cargo.toml", MAX_MANIFEST_BYTES) else {
        return false;
    };
    let Ok(manifest) = text.parse::<toml::Table>() else { return false };
    let Some(package) = manifest.get("package") else { return false };
    let said = |key: &str| package.get(key).and_then(toml::Value::as_str);
    // A version that comes from a workspace is not in the manifest itself.
    said("name") == Some(name)
        && version.is_none_or(|version| said("version").is_none_or(|it| it == version))
}

/// Returns the directory sources that cargo's settings at `base/name` name.
fn vendor_folders(base: &Path, name: &str) -> Vec<PathBuf> {
    let Ok((text, _)) = source::read_text(base, name, MAX_MANIFEST_BYTES) else {
        return Vec::new();
    };
    let Ok(settings) = text.parse::<toml::Table>() else { return Vec::new() };
    let sources = settings.get("source").and_then(toml::Value::as_table);
    let folders = sources.into_iter().flat_map(toml::Table::values);
    let folders = folders.filter_map(|source| source.get("directory")?.as_str());
    folders.map(|folder| base.join(folder)).filter(|folder| folder.is_dir()).collect()
}

fn is_really_below(folder: &Path, root: &Path) -> bool {
    match (folder.canonicalize(), root.canonicalize()) {
        (Ok(folder), Ok(root)) => folder.starts_with(root),
        _ => false,
    }
}

/// Returns the folders in `folder`, sorted.
fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}
