//! Resolved dependencies: what the lock file says, as text, with nothing run.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::problem::Problem;

pub mod features;
pub mod manifest;

/// One package at one version.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct PackageId {
    /// The name as its registry spells it.
    pub name: String,
    /// The exact version.
    pub version: String,
}

impl std::fmt::Display for PackageId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// The packages that a lock file resolves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockedPackages {
    /// Sorted by name, then version.
    pub packages: Vec<LockedPackage>,
}

/// One `[[package]]` of `Cargo.lock`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LockedPackage {
    /// Name and version.
    pub id: PackageId,
    /// Where it comes from; `None` for the workspace's own packages and path dependencies.
    pub source: Option<String>,
    /// The registry's checksum.
    pub checksum: Option<String>,
    /// What it depends on.
    pub dependencies: Vec<PackageId>,
}

impl LockedPackages {
    /// Returns the versions of the package `name`, in order.
    pub fn named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a LockedPackage> + use<'a> {
        let start = self.packages.partition_point(|package| package.id.name.as_str() < name);
        let n_named =
            self.packages[start..].iter().take_while(|package| package.id.name == name).count();
        self.packages[start..start + n_named].iter()
    }

    /// Returns the package `id`.
    pub fn get(&self, id: &PackageId) -> Option<&LockedPackage> {
        let at = self.packages.binary_search_by(|package| package.id.cmp(id)).ok()?;
        self.packages.get(at)
    }

    /// Returns the versions of the package that code spells `crate_name` (`-` and `_` are one).
    pub fn of_crate<'a>(
        &'a self,
        crate_name: &'a str,
    ) -> impl Iterator<Item = &'a LockedPackage> + 'a {
        self.packages.iter().filter(move |package| is_crate_name(&package.id.name, crate_name))
    }
}

/// Says whether the package `package_name` is spelled `crate_name` in code.
pub fn is_crate_name(package_name: &str, crate_name: &str) -> bool {
    package_name.len() == crate_name.len()
        && package_name
            .bytes()
            .zip(crate_name.bytes())
            .all(|(ours, theirs)| ours == theirs || (ours == b'-' && theirs == b'_'))
}

#[derive(Deserialize)]
struct LockFile {
    #[serde(default)]
    version: Option<u32>,
    #[serde(default)]
    package: Vec<LockEntry>,
    /// Before version 1 had a name: the workspace's own package.
    root: Option<LockEntry>,
    #[serde(default)]
    metadata: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
struct LockEntry {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

/// The newest lock format that we know how to read.
const NEWEST_LOCK_VERSION: u32 = 4;

/// Reads a `Cargo.lock`; every format version that Cargo has written.
///
/// A merge conflict or broken TOML gives no packages and a problem at the line.
pub fn parse_cargo_lock(path: &str, text: &str) -> (LockedPackages, Vec<Problem>) {
    let file: LockFile = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let line = error.span().map(|span| line_of(text, span.start));
            let what = error.message().lines().next().unwrap_or("not TOML").to_owned();
            let message = format!("{path} cannot be read as a Cargo lock file: {what}");
            return (LockedPackages::default(), vec![Problem::warning(message).at(path, line)]);
        }
    };
    let mut problems = Vec::new();
    if let Some(version) = file.version.filter(|version| *version > NEWEST_LOCK_VERSION) {
        problems.push(
            Problem::warning(format!(
                "{path} has lock format {version}, newer than {NEWEST_LOCK_VERSION}: \
                 it was read as if it were that one"
            ))
            .at(path, None),
        );
    }
    let metadata = file.metadata;
    let entries: Vec<LockEntry> = file.package.into_iter().chain(file.root).collect();
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in &entries {
        versions.entry(entry.name.clone()).or_default().push(entry.version.clone());
    }
    let mut packages: Vec<LockedPackage> = entries
        .into_iter()
        .map(|entry| {
            let checksum = match &entry.checksum {
                Some(checksum) => Some(checksum.clone()),
                None => metadata_checksum(&metadata, &entry),
            };
            let dependencies =
                entry.dependencies.iter().filter_map(|text| dependency(text, &versions)).collect();
            LockedPackage {
                id: PackageId { name: entry.name, version: entry.version },
                source: entry.source,
                checksum,
                dependencies,
            }
        })
        .collect();
    packages.sort();
    packages.dedup_by(|a, b| a.id == b.id && a.source == b.source);
    (LockedPackages { packages }, problems)
}

/// Format 1 keeps the checksums in a table of their own: `"checksum NAME VERSION (SOURCE)"`.
fn metadata_checksum(
    metadata: &BTreeMap<String, toml::Value>,
    entry: &LockEntry,
) -> Option<String> {
    let source = entry.source.as_deref()?;
    let key = format!("checksum {} {} ({source})", entry.name, entry.version);
    let value = metadata.get(&key)?.as_str()?;
    (value != "<none>").then(|| value.to_owned())
}

/// `NAME`, `NAME VERSION` or `NAME VERSION (SOURCE)`; the version may be left out if it is the only.
fn dependency(text: &str, versions: &BTreeMap<String, Vec<String>>) -> Option<PackageId> {
    let mut words = text.split(' ');
    let name = words.next()?;
    let version = match words.next() {
        Some(version) => version.to_owned(),
        None => versions.get(name)?.first()?.clone(),
    };
    Some(PackageId { name: name.to_owned(), version })
}

fn line_of(text: &str, offset: usize) -> u32 {
    crate::text::LineIndex::new(text).line_col(offset).line
}

#[cfg(test)]
mod tests;
