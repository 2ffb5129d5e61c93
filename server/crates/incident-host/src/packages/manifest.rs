//! The workspace's own packages, from its manifests as text.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use incident_core::problem::Problem;
use incident_core::resolve::WorkspaceMember;
use incident_core::text::LineIndex;

use super::MAX_MANIFEST_BYTES;
use crate::source::{self, Listing};
use crate::workspace::Workspace;

/// How many packages of its own a workspace may have.
const MAX_MEMBERS: usize = 5_000;

/// Path dependencies that lie outside the workspace, by package name.
pub(super) type OutsideDependencies = BTreeMap<String, PathBuf>;

/// Reads the members of every cargo workspace below the root, sorted by name.
pub(super) fn members(
    workspace: &Workspace,
    listing: &Listing,
    problems: &mut Vec<Problem>,
) -> (Vec<WorkspaceMember>, OutsideDependencies) {
    let folders: BTreeSet<&str> = listing
        .files
        .iter()
        .filter_map(|file| match file.path.as_str() {
            "Cargo.toml" => Some(""),
            path => path.strip_suffix("/Cargo.toml"),
        })
        .collect();
    let mut reader = Reader { workspace, folders: &folders, problems, outside: BTreeMap::new() };
    let mut members = Vec::new();
    let mut covered: Option<&str> = None;
    for folder in &folders {
        // Sorted, so that what lies below a root follows it.
        if covered.is_some_and(|root| is_below(folder, root)) {
            continue;
        }
        covered = Some(folder);
        members.extend(reader.workspace_at(folder));
    }
    members.sort();
    members.dedup();
    members.truncate(MAX_MEMBERS);
    (members, reader.outside)
}

struct Reader<'a> {
    workspace: &'a Workspace,
    /// Every folder with a manifest, relative to the root.
    folders: &'a BTreeSet<&'a str>,
    problems: &'a mut Vec<Problem>,
    outside: OutsideDependencies,
}

impl Reader<'_> {
    /// Reads the package at `root`, the members that it names, and their path dependencies: cargo
    /// counts those as members too.
    fn workspace_at(&mut self, root: &str) -> Vec<WorkspaceMember> {
        let Some(top) = self.manifest(root) else { return Vec::new() };
        let shared = top.get("workspace").and_then(toml::Value::as_table);
        let shared_version =
            shared.and_then(|it| it.get("package")?.get("version")?.as_str()).map(str::to_owned);
        let mut waiting: VecDeque<String> = VecDeque::from([root.to_owned()]);
        if let Some(shared) = shared {
            let named = globs(root, shared.get("members"));
            let excluded = globs(root, shared.get("exclude"));
            let chosen = self.folders.iter().filter(|folder| {
                named.is_match(folder) && !excluded.is_match(folder) && is_below(folder, root)
            });
            waiting.extend(chosen.map(|folder| (*folder).to_owned()));
            self.path_dependencies(root, shared, &mut waiting);
        }
        let mut members = Vec::new();
        let mut seen = BTreeSet::new();
        while let Some(folder) = waiting.pop_front() {
            if !seen.insert(folder.clone()) || seen.len() > MAX_MEMBERS {
                continue;
            }
            let manifest = if folder == root { Some(top.clone()) } else { self.manifest(&folder) };
            let Some(manifest) = manifest else { continue };
            self.path_dependencies(&folder, &manifest, &mut waiting);
            if let Some(target) = manifest.get("target").and_then(toml::Value::as_table) {
                for table in target.values().filter_map(toml::Value::as_table) {
                    self.path_dependencies(&folder, table, &mut waiting);
                }
            }
            let Some(package) = manifest.get("package").and_then(toml::Value::as_table) else {
                continue;
            };
            let Some(name) = package.get("name").and_then(toml::Value::as_str) else { continue };
            let version = match package.get("version") {
                Some(toml::Value::String(version)) => Some(version.clone()),
                Some(toml::Value::Table(_)) => shared_version.clone(),
                _ => None,
            };
            members.push(WorkspaceMember { name: name.to_owned(), version, root: folder });
        }
        members
    }

    fn path_dependencies(
        &mut self,
        folder: &str,
        manifest: &toml::Table,
        waiting: &mut VecDeque<String>,
    ) {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(dependencies) = manifest.get(section).and_then(toml::Value::as_table) else {
                continue;
            };
            for (name, dependency) in dependencies {
                let Some(path) = dependency.get("path").and_then(toml::Value::as_str) else {
                    continue;
                };
                match joined(folder, path) {
                    Some(below) if self.folders.contains(below.as_str()) => {
                        waiting.push_back(below);
                    }
                    Some(_) => {}
                    None => {
                        let name =
                            dependency.get("package").and_then(toml::Value::as_str).unwrap_or(name);
                        let path = self.workspace.root().join(folder).join(path);
                        self.outside.insert(name.to_owned(), path);
                    }
                }
            }
        }
    }

    fn manifest(&mut self, folder: &str) -> Option<toml::Table> {
        let path = if folder.is_empty() {
            "Cargo.toml".to_owned()
        } else {
            format!("{folder}/Cargo.toml")
        };
        let text = match source::read_text(self.workspace.root(), &path, MAX_MANIFEST_BYTES) {
            Ok((text, _)) => text,
            Err(err) => {
                self.problems.push(Problem::warning(err.to_string()).at(path, None));
                return None;
            }
        };
        match text.parse() {
            Ok(manifest) => Some(manifest),
            Err(err) => {
                let err: toml::de::Error = err;
                let line = err.span().map(|span| LineIndex::new(&text).line_col(span.start).line);
                let words = crate::message::plain(err.message());
                self.problems.push(
                    Problem::warning(format!(
                        "the manifest does not parse ({words}), so its package counts as unknown"
                    ))
                    .at(path, line),
                );
                None
            }
        }
    }
}

/// Makes a matcher of the folders that a list of patterns names.
fn globs(root: &str, patterns: Option<&toml::Value>) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    let patterns = patterns.and_then(toml::Value::as_array).into_iter().flatten();
    for pattern in patterns.filter_map(toml::Value::as_str).take(MAX_MEMBERS) {
        let Some(pattern) = joined(root, pattern.trim_end_matches('/')) else { continue };
        if let Ok(glob) = GlobBuilder::new(&pattern).literal_separator(true).build() {
            set.add(glob);
        }
    }
    set.build().unwrap_or_default()
}

/// Joins a folder and a relative path; `None` where that leaves the root.
fn joined(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains('\\') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn is_below(folder: &str, root: &str) -> bool {
    root.is_empty()
        || folder.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
