//! Holds a snippet's names against the resolved dependency versions.
//!
//! Unknown is not missing: where the source cannot be seen the verdict is `unknown` with the
//! reason, and only what can be proved is accused.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::{ApiWorld, CfgContext, CrateKey, LoadedCrate, Resolver};
use crate::cancel::Cancel;
use crate::deps::{LockedPackages, PackageId};
use crate::problem::Problem;

mod language;
mod page;
mod snippet;
mod walk;

pub mod javascript;
pub mod python;
pub mod shell;

mod calls;
mod infer;
mod macros;
mod paths;
mod patterns;

mod names;
mod solve;

pub use language::Language;
pub use page::official_page;
pub use snippet::{OtherPart, Snippet, SnippetKind, parse_snippet};

/// One name that a snippet, a file or a diff relies on, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The path as the text means it: `tokio::time::sleep`.
    pub api: String,
    /// First line, from 1.
    pub line: u32,
    /// First column, from 1, in UTF-8 bytes.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Column after the last byte.
    pub end_column: u32,
    /// The answer.
    pub verdict: Verdict,
    /// The package that was looked at.
    pub package: Option<PackageId>,
    /// The nearest real names, best first.
    pub suggestions: Vec<String>,
    /// A version on disk that has it.
    pub exists_in: Option<PackageId>,
    /// Why, in words.
    pub reason: String,
}

/// The answer for one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It is there.
    Exists,
    /// No such public item in the resolved version.
    Missing,
    /// Behind a feature that is off.
    FeatureDisabled,
    /// There, but not public.
    Private,
    /// There, and deprecated.
    Deprecated,
    /// Called with the wrong number of arguments.
    WrongArity,
    /// The package is not in the lock file.
    UnknownPackage,
    /// Another version is resolved.
    WrongVersion,
    /// An error code that means something else.
    WrongMeaning,
    /// A command that destroys or changes shared state.
    DangerousCommand,
    /// It could not be seen; the reason says why.
    Unknown,
}

impl Verdict {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exists => "exists",
            Self::Missing => "missing",
            Self::FeatureDisabled => "feature_disabled",
            Self::Private => "private",
            Self::Deprecated => "deprecated",
            Self::WrongArity => "wrong_arity",
            Self::UnknownPackage => "unknown_package",
            Self::WrongVersion => "wrong_version",
            Self::WrongMeaning => "wrong_meaning",
            Self::DangerousCommand => "dangerous_command",
            Self::Unknown => "unknown",
        }
    }

    /// Says whether the name was proved wrong.
    pub fn is_accusation(self) -> bool {
        !matches!(self, Self::Exists | Self::Deprecated | Self::Unknown)
    }
}

/// A reference with the sentence that a person reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The reference.
    pub reference: Reference,
    /// One sentence.
    pub message: String,
}

/// What the workspace resolves: what its code may name, and what else is known of its packages.
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    /// The lock file, where there is one.
    pub locked: Option<LockedPackages>,
    /// Crate names that the workspace's code may use, with what they lead to.
    pub direct: BTreeMap<String, CrateKey>,
    /// The manifests were read, so that `direct` is all there is.
    pub manifests_known: bool,
    /// The workspace's own crates, as code spells them.
    pub members: BTreeSet<String>,
    /// Names that may be modules of the workspace's own code, where they are known: a path that
    /// starts with one of them in a patch is not taken for a missing crate.
    pub module_names: Option<BTreeSet<String>>,
    /// The edition of the code.
    pub edition: u16,
}

/// What a check found, and what it would need to say more.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Every name that was looked at, by place.
    pub references: Vec<Reference>,
    /// What could not be checked.
    pub problems: Vec<Problem>,
    /// Crates whose source was asked for and is not in the world. Load them and check again; a
    /// crate that cannot be had is told to the world by [`ApiWorld::add_absent`].
    pub wanted: BTreeSet<CrateKey>,
}

/// Returns the crates that a snippet names outright, to be loaded before the first check.
pub fn wanted_packages(snippet: &Snippet, resolved: &Resolved) -> BTreeSet<CrateKey> {
    let mut wanted: BTreeSet<CrateKey> =
        ["std", "core", "alloc"].map(|name| CrateKey::Toolchain(name.to_owned())).into();
    for part in &snippet.parts {
        for word in &part.words {
            wanted.extend(resolved.direct.get(word).cloned());
        }
    }
    wanted
}

/// Holds every name of `snippet` against `world`.
///
/// Total. Where a source is not at hand the verdict is `unknown`, and `wanted` names the crate.
pub fn check(snippet: &Snippet, resolved: &Resolved, world: &ApiWorld, cancel: &Cancel) -> Checked {
    let mut checked = Checked { problems: snippet.problems.clone(), ..Checked::default() };
    for part in &snippet.parts {
        let edition = if resolved.edition == 0 { 2021 } else { resolved.edition };
        let (api, modules) = part.index(edition, cancel);
        let mut world = world.clone();
        let krate = world.add(LoadedCrate {
            key: CrateKey::Snippet,
            api: api.into(),
            // Whatever the snippet's own conditions say, its names are looked at.
            cfg: CfgContext { features_unknown: true, ..CfgContext::default() },
            externs: resolved.direct.clone(),
        });
        let resolver = Resolver::new(&world);
        walk::check_part(part, krate, &modules, resolved, &resolver, cancel, &mut checked);
        checked.wanted.extend(resolver.into_wanted());
    }
    checked.references.sort_by(|a, b| (a.line, a.column, &a.api).cmp(&(b.line, b.column, &b.api)));
    checked.references.dedup();
    checked
}

#[cfg(test)]
mod tests;
