//! From what a look-up found to a verdict with a reason and the nearest real names.

use std::collections::BTreeSet;

use crate::api::{CrateId, CrateKey, DefId, Gate, ItemKind, Lookup, Resolver};
use crate::deps::{PackageId, is_crate_name};

use super::{Resolved, Verdict};

/// A verdict before it has a place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    pub(crate) package: Option<PackageId>,
    pub(crate) suggestions: Vec<String>,
    pub(crate) reason: String,
}

impl Judgement {
    /// Returns `unknown` with its reason.
    pub(crate) fn unknown(reason: impl Into<String>) -> Self {
        Self::new(Verdict::Unknown, reason)
    }

    /// Returns a verdict without package and suggestions.
    pub(crate) fn new(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self { verdict, package: None, suggestions: Vec::new(), reason: reason.into() }
    }

    /// Returns the same, about `package`.
    pub(crate) fn about(mut self, package: Option<PackageId>) -> Self {
        self.package = package;
        self
    }

    /// Returns the same with suggestions.
    pub(crate) fn suggesting(mut self, suggestions: Vec<String>) -> Self {
        self.suggestions = suggestions;
        self
    }
}

/// Returns the package of a crate; the toolchain's crates stand with its name for a version.
pub(crate) fn package_of(resolver: &Resolver<'_>, krate: CrateId) -> Option<PackageId> {
    match &resolver.world().krate(krate).key {
        CrateKey::Package(id) => Some(id.clone()),
        CrateKey::Toolchain(name) => {
            Some(PackageId { name: name.clone(), version: "toolchain".to_owned() })
        }
        CrateKey::Snippet => None,
    }
}

/// Names a crate with its version for a sentence.
pub(crate) fn crate_words(resolver: &Resolver<'_>, krate: CrateId) -> String {
    match &resolver.world().krate(krate).key {
        CrateKey::Package(id) => id.to_string(),
        CrateKey::Toolchain(name) => format!("the toolchain's `{name}`"),
        CrateKey::Snippet => "this text".to_owned(),
    }
}

/// Judges what a name leads to when something was found.
pub(crate) fn judge_gate(
    resolver: &Resolver<'_>,
    name: &str,
    krate: CrateId,
    gate: &Gate,
) -> Judgement {
    let place = crate_words(resolver, krate);
    let judgement = if !gate.is_visible && gate.rank() == 3 {
        Judgement::new(Verdict::Private, format!("`{name}` is in {place}, but not public"))
    } else if gate.cfg == crate::api::CfgValue::Off {
        let needs = gate.needs.join(" and ");
        let reason = format!("`{name}` is in {place} only with {needs}, which is off here");
        Judgement::new(Verdict::FeatureDisabled, reason).suggesting(gate.needs.clone())
    } else if let Some(feature) = &gate.unstable {
        let reason = format!("`{name}` needs nightly and `#![feature({feature})]`");
        Judgement::new(Verdict::FeatureDisabled, reason)
    } else if let Some(deprecation) = &gate.deprecated {
        let since = deprecation.since.as_deref().map(|since| format!(" since {since}"));
        let note = deprecation.note.as_deref().map(|note| format!(": {note}"));
        let (since, note) = (since.unwrap_or_default(), note.unwrap_or_default());
        Judgement::new(Verdict::Deprecated, format!("`{name}` is deprecated{since}{note}"))
            .suggesting(names_in_note(deprecation.note.as_deref().unwrap_or_default()))
    } else {
        Judgement::new(Verdict::Exists, format!("found in {place}"))
    };
    judgement.about(package_of(resolver, krate))
}

/// Names in backticks of a deprecation note.
fn names_in_note(note: &str) -> Vec<String> {
    let mut names: Vec<String> =
        note.split('`').skip(1).step_by(2).take(3).map(str::to_owned).collect();
    names.retain(|name| !name.is_empty() && !name.contains(' '));
    names
}

/// Judges a member of a module or enum that was looked up by `name`.
pub(crate) fn judge_member(
    resolver: &Resolver<'_>,
    parent: DefId,
    name: &str,
    lookup: &Lookup,
    viewer: CrateId,
) -> Judgement {
    let world = resolver.world();
    if let Some(target) = lookup.targets.first() {
        if target.gate.rank() > 2
            && let Some(why) = &lookup.unseen
        {
            return Judgement::unknown(why.clone()).about(package_of(resolver, parent.krate));
        }
        return judge_gate(resolver, name, parent.krate, &target.gate);
    }
    if let Some(gate) = &lookup.turned_off {
        return judge_gate(resolver, name, parent.krate, gate);
    }
    if let Some(why) = &lookup.unseen {
        return Judgement::unknown(why.clone()).about(package_of(resolver, parent.krate));
    }
    let what = match &world.item(parent).kind {
        ItemKind::Enum { .. } => "variant or associated item",
        _ => "item",
    };
    let place = crate_words(resolver, parent.krate);
    let reason = format!("`{}` of {place} has no {what} `{name}`", world.path(parent));
    Judgement::new(Verdict::Missing, reason)
        .about(package_of(resolver, parent.krate))
        .suggesting(nearest(name, resolver.public_names(parent, viewer)))
}

/// Judges a path that starts with a name that nothing at hand defines.
pub(crate) fn judge_unknown_crate(name: &str, resolved: &Resolved) -> Judgement {
    let locked = resolved.locked.as_ref();
    let found = locked.and_then(|locked| locked.of_crate(name).last());
    if let Some(package) = found {
        let reason = if resolved.manifests_known {
            format!(
                "{} is in the lock file but not a dependency of this workspace's packages",
                package.id
            )
        } else {
            format!("{} is in the lock file; whether code may name it is not known", package.id)
        };
        let verdict =
            if resolved.manifests_known { Verdict::UnknownPackage } else { Verdict::Unknown };
        return Judgement::new(verdict, reason).about(Some(package.id.clone()));
    }
    let Some(locked) = locked else {
        return Judgement::unknown(format!(
            "there is no lock file to tell whether `{name}` is a package of this project"
        ));
    };
    let names = if resolved.manifests_known {
        resolved.direct.keys().cloned().collect()
    } else {
        locked.packages.iter().map(|package| package.id.name.replace('-', "_")).collect()
    };
    debug_assert!(!locked.packages.iter().any(|package| is_crate_name(&package.id.name, name)));
    Judgement::new(
        Verdict::UnknownPackage,
        format!("no package `{name}` in this project's lock file"),
    )
    .suggesting(nearest(name, names))
}

/// Returns up to three of `names` that are near `name`, the nearest first.
pub(crate) fn nearest(name: &str, names: BTreeSet<String>) -> Vec<String> {
    let lower = name.to_lowercase();
    let mut scored: Vec<(f64, String)> = names
        .into_iter()
        .filter(|candidate| candidate != name)
        .map(|candidate| (closeness(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(score, _)| *score >= 0.55)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    scored.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// From 0 to 1: spelling, and whole words in common (`to_hyphenated`, `as_hyphenated`).
fn closeness(a: &str, b: &str) -> f64 {
    let spelling = strsim::normalized_damerau_levenshtein(a, b);
    let words = |name: &str| name.split('_').map(str::to_owned).collect::<BTreeSet<String>>();
    let (words_a, words_b) = (words(a), words(b));
    let common = words_a.intersection(&words_b).map(|word| word.len()).sum::<usize>();
    let total = words_a.union(&words_b).map(|word| word.len()).sum::<usize>().max(1);
    let shared = common as f64 / total as f64;
    spelling.max(0.4 * spelling + 0.6 * shared.sqrt())
}

/// Judges a member that a type or trait at hand does not have.
pub(crate) fn missing_member(
    resolver: &Resolver<'_>,
    owner: &str,
    krate: CrateId,
    name: &str,
    names: BTreeSet<String>,
) -> Judgement {
    let place = crate_words(resolver, krate);
    Judgement::new(Verdict::Missing, format!("`{owner}` of {place} has no `{name}`"))
        .about(package_of(resolver, krate))
        .suggesting(nearest(name, names))
}
