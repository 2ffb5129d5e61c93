//! Paths as traces print them, and the workspace files that they may mean.
//!
//! A printed path comes from another machine: Windows, macOS, a container, a vendored tree. It is
//! only ever compared with the workspace's own file list, never opened; `..` that leaves its own
//! beginning makes the path mean nothing.

use std::collections::HashMap;

/// A printed path, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PrintedPath {
    /// Its parts without drive, `.` and `..`. Never empty.
    pub(super) parts: Vec<String>,
}

/// Whose tree a printed path lies in, as far as its folders tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PathOwner {
    /// The standard library or the compiler's own sources.
    Std,
    /// A package that its folder names.
    Package {
        /// The package's name.
        name: String,
        /// The version, where the folder has one.
        version: Option<String>,
        /// The path below the package's root, with `/`.
        below: String,
        /// The folder is one where package managers put other people's sources.
        in_registry: bool,
    },
    /// The folders do not tell.
    Unknown,
}

/// The workspace's files by their last part.
#[derive(Debug)]
pub(super) struct FileNames<'a> {
    by_name: HashMap<&'a str, Vec<&'a str>>,
}

/// A workspace file that a printed path may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SuffixMatch<'a> {
    /// The workspace file.
    pub(super) path: &'a str,
    /// How many last parts agree; at least 1.
    pub(super) n_parts: usize,
    /// One of the two paths ends with the whole of the other.
    pub(super) whole: bool,
}

impl PrintedPath {
    /// Takes a printed path apart; `None` where it names no file, or leaves its own beginning.
    pub(super) fn parse(printed: &str) -> Option<Self> {
        let printed = printed.trim().trim_start_matches("file://");
        let mut parts: Vec<String> = Vec::new();
        for part in printed.split(['/', '\\']) {
            match part {
                "" | "." | "?" => {}
                ".." => {
                    parts.pop()?;
                }
                _ if part.contains('\0') => return None,
                _ => parts.push(part.to_owned()),
            }
        }
        if parts.first().is_some_and(|part| part.len() == 2 && part.ends_with(':')) {
            parts.remove(0);
        }
        (!parts.is_empty()).then_some(Self { parts })
    }

    fn last(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    /// Returns the other file that may hold the same module: `a/mod.rs` for `a.rs` and back.
    pub(super) fn other_spelling(&self) -> Option<Self> {
        let (last, before) = self.parts.split_last()?;
        let mut parts = before.to_vec();
        match last.strip_suffix(".rs")? {
            "mod" => {
                let module = parts.pop()?;
                parts.push(format!("{module}.rs"));
            }
            module => parts.extend([module.to_owned(), "mod.rs".to_owned()]),
        }
        Some(Self { parts })
    }

    /// Says whether the last part tells more than `mod.rs` or `main.rs` do.
    pub(super) fn has_telling_name(&self) -> bool {
        !matches!(self.last(), "mod.rs" | "lib.rs" | "main.rs" | "build.rs")
    }

    fn has_run(&self, run: &[&str]) -> bool {
        self.parts.windows(run.len()).any(|window| window == run)
    }

    /// Returns whose tree the path lies in.
    pub(super) fn owner(&self) -> PathOwner {
        if self.is_std() {
            return PathOwner::Std;
        }
        let in_registry = self.has_run(&["registry", "src"])
            || self.has_run(&["git", "checkouts"])
            || self.parts.iter().any(|part| {
                matches!(
                    part.as_str(),
                    "cargo_registry" | "vendor" | "cargo-vendor-dir" | "vendored-sources"
                )
            });
        let versioned = self.parts.iter().enumerate().rev().skip(1).find_map(|(at, part)| {
            let (name, version) = split_versioned(part)?;
            Some((at, name, version))
        });
        if let Some((at, name, version)) = versioned {
            let below = self.parts.get(at + 1..).unwrap_or_default().join("/");
            let (name, version) = (name.to_owned(), Some(version.to_owned()));
            return PathOwner::Package { name, version, below, in_registry };
        }
        let vendored = self.parts.iter().rposition(|part| part == "vendor");
        if let Some(at) = vendored
            && let Some(name) = self.parts.get(at + 1)
            && self.parts.len() > at + 2
        {
            let below = self.parts.get(at + 2..).unwrap_or_default().join("/");
            return PathOwner::Package {
                name: name.clone(),
                version: None,
                below,
                in_registry: true,
            };
        }
        PathOwner::Unknown
    }

    fn is_std(&self) -> bool {
        let has = |part: &str| self.parts.iter().any(|known| known == part);
        if self.has_run(&["rust", "deps"]) || self.has_run(&["rustlib", "src"]) {
            return true;
        }
        let is_hash =
            |part: &String| part.len() >= 7 && part.bytes().all(|b| b.is_ascii_hexdigit());
        let of_rustc = self.parts.windows(2).any(|pair| {
            matches!(pair, [folder, hash] if folder == "rustc" && (is_hash(hash) || hash.starts_with("1.")))
        });
        let std_crates =
            ["std", "core", "alloc", "panic_unwind", "panic_abort", "test", "proc_macro"];
        let in_library = self.parts.windows(3).any(|run| {
            matches!(run, [library, of, src]
                if library == "library" && std_crates.contains(&of.as_str()) && src == "src")
        });
        let before_2020 = self.parts.windows(2).any(|run| {
            matches!(run, [src, of] if src == "src"
                && of.strip_prefix("lib").is_some_and(|of| std_crates.contains(&of)))
        });
        before_2020 || in_library || (of_rustc && has("library"))
    }
}

/// Splits `name-1.2.3` into name and version.
fn split_versioned(part: &str) -> Option<(&str, &str)> {
    let at = part.match_indices('-').map(|(at, _)| at).find(|at| {
        part.get(at + 1..).is_some_and(|version| semver::Version::parse(version).is_ok())
    })?;
    let (name, version) = (part.get(..at)?, part.get(at + 1..)?);
    let is_name = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    is_name.then_some((name, version))
}

impl<'a> FileNames<'a> {
    /// Sorts the workspace's files by their last part.
    pub(super) fn new(files: impl Iterator<Item = &'a str>) -> Self {
        let mut by_name: HashMap<&str, Vec<&str>> = HashMap::new();
        for file in files {
            let name = file.rsplit('/').next().unwrap_or(file);
            by_name.entry(name).or_default().push(file);
        }
        Self { by_name }
    }

    /// Returns the files that share the longest end with a printed path, by path.
    pub(super) fn longest_suffix(&self, printed: &PrintedPath) -> Vec<SuffixMatch<'a>> {
        let same_name = self.by_name.get(printed.last()).map(Vec::as_slice).unwrap_or_default();
        let mut best: Vec<SuffixMatch<'a>> = Vec::new();
        for path in same_name {
            let n_parts = path
                .rsplit('/')
                .zip(printed.parts.iter().rev())
                .take_while(|(ours, theirs)| ours == theirs)
                .count();
            let n_ours = path.split('/').count();
            let whole = n_parts == n_ours || n_parts == printed.parts.len();
            // The whole path as printed is the workspace's own: nothing fits better.
            if n_parts == n_ours && n_parts == printed.parts.len() {
                return vec![SuffixMatch { path, n_parts, whole }];
            }
            match best.first().map_or(0, |known| known.n_parts) {
                known if known > n_parts => continue,
                known if known < n_parts => best.clear(),
                _ => {}
            }
            best.push(SuffixMatch { path, n_parts, whole });
        }
        best.sort_by_key(|found| found.path);
        best
    }

    /// Returns every file with the same last part as a printed path, by path.
    pub(super) fn same_name(&self, printed: &PrintedPath) -> Vec<&'a str> {
        let mut found = self.by_name.get(printed.last()).cloned().unwrap_or_default();
        found.sort_unstable();
        found
    }
}
