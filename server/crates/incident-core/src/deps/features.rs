//! Features as Cargo resolves them, from the lock file and the manifests as text.
//!
//! A package is built once with all the features that anything asks of it. What is asked by build
//! scripts and procedural macros is counted with the rest, as Cargo did before its second resolver:
//! that may say "on" where Cargo says "off", never the other way round.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::manifest::{Dependency, DependencyKind, Manifest};
use super::{LockedPackages, PackageId};
use crate::api::{CfgValue, parse_target};

/// What the resolution turns on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// Features that are on, by package. A package that is not here is not reached.
    pub on: BTreeMap<PackageId, BTreeSet<String>>,
}

/// Finds the package that a dependency of `from` leads to.
pub fn resolve_dependency<'a>(
    locked: &'a LockedPackages,
    from: Option<&[PackageId]>,
    dependency: &Dependency,
) -> Option<&'a PackageId> {
    let requirement =
        dependency.requirement.as_deref().and_then(|text| semver::VersionReq::parse(text).ok());
    let fits = |id: &PackageId| match (&requirement, semver::Version::parse(&id.version)) {
        (Some(requirement), Ok(version)) => requirement.matches(&version),
        _ => true,
    };
    let candidates: Vec<&PackageId> = locked
        .named(&dependency.package)
        .map(|package| &package.id)
        .filter(|id| from.is_none_or(|from| from.contains(id)))
        .collect();
    let fitting = candidates.iter().rev().find(|id| fits(id)).copied();
    fitting.or_else(|| if candidates.len() == 1 { candidates.first().copied() } else { None })
}

/// Resolves features from the workspace's own `roots`; `manifests` has those of all packages.
///
/// A package whose manifest is not at hand passes nothing on.
pub fn resolve_features(
    roots: &[Manifest],
    locked: &LockedPackages,
    manifests: &BTreeMap<PackageId, Manifest>,
) -> Features {
    let mut resolver = FeatureResolver {
        locked,
        manifests,
        features: Features::default(),
        enabled: BTreeSet::new(),
        weak: BTreeMap::new(),
        pending: VecDeque::new(),
    };
    for root in roots {
        let from = root.id.as_ref().and_then(|id| {
            locked.named(&id.name).next().map(|package| package.dependencies.as_slice())
        });
        for dependency in root.dependencies.iter().filter(|one| is_for_here(one)) {
            // An optional dependency of an own package counts as asked for: the default is not
            // known to be off in the build that the text is for.
            resolver.ask(from, dependency);
        }
    }
    while let Some((id, feature)) = resolver.pending.pop_front() {
        resolver.turn_on(&id, &feature);
    }
    resolver.features
}

struct FeatureResolver<'a> {
    locked: &'a LockedPackages,
    manifests: &'a BTreeMap<PackageId, Manifest>,
    features: Features,
    /// Optional dependencies that were turned on.
    enabled: BTreeSet<(PackageId, String)>,
    /// `dep?/feature` that waits for its dependency.
    weak: BTreeMap<(PackageId, String), Vec<String>>,
    pending: VecDeque<(PackageId, String)>,
}

impl FeatureResolver<'_> {
    fn ask(&mut self, from: Option<&[PackageId]>, dependency: &Dependency) {
        let Some(id) = resolve_dependency(self.locked, from, dependency).cloned() else { return };
        self.reach(&id);
        if dependency.default_features {
            self.pending.push_back((id.clone(), "default".to_owned()));
        }
        for feature in &dependency.features {
            self.pending.push_back((id.clone(), feature.clone()));
        }
    }

    /// Follows the dependencies of a package that is reached for the first time.
    fn reach(&mut self, id: &PackageId) {
        if self.features.on.contains_key(id) {
            return;
        }
        self.features.on.insert(id.clone(), BTreeSet::new());
        let Some(manifest) = self.manifests.get(id) else { return };
        let manifest = manifest.clone();
        for dependency in &manifest.dependencies {
            let counts = dependency.kind != DependencyKind::Dev && is_for_here(dependency);
            if counts && !dependency.is_optional {
                self.ask(self.dependencies_of(id).as_deref(), dependency);
            }
        }
    }

    fn dependencies_of(&self, id: &PackageId) -> Option<Vec<PackageId>> {
        self.locked.get(id).map(|package| package.dependencies.clone())
    }

    fn turn_on(&mut self, id: &PackageId, feature: &str) {
        if let Some((dependency, wanted)) = feature.split_once('/') {
            return self.ask_of_dependency(id, dependency, wanted);
        }
        if let Some(dependency) = feature.strip_prefix("dep:") {
            return self.enable(id, dependency);
        }
        let Some(manifest) = self.manifests.get(id) else {
            self.features.on.entry(id.clone()).or_default().insert(feature.to_owned());
            return;
        };
        let wants = manifest.features.get(feature).cloned();
        let is_implicit = wants.is_none()
            && manifest.dependencies.iter().any(|one| one.key == feature && one.is_optional);
        if wants.is_none() && !is_implicit {
            return; // `default` where none is declared.
        }
        if !self.features.on.entry(id.clone()).or_default().insert(feature.to_owned()) {
            return;
        }
        if is_implicit {
            return self.enable(id, feature);
        }
        for wanted in wants.into_iter().flatten() {
            self.pending.push_back((id.clone(), wanted));
        }
    }

    /// `dependency/feature` and `dependency?/feature`.
    fn ask_of_dependency(&mut self, id: &PackageId, dependency: &str, wanted: &str) {
        let (name, is_weak) = match dependency.strip_suffix('?') {
            Some(name) => (name, true),
            None => (dependency, false),
        };
        let Some(manifest) = self.manifests.get(id) else { return };
        let declared: Vec<Dependency> =
            manifest.dependencies.iter().filter(|one| one.key == name).cloned().collect();
        let is_optional = declared.iter().all(|one| one.is_optional);
        let is_on = !is_optional || self.enabled.contains(&(id.clone(), name.to_owned()));
        if is_weak && !is_on {
            let key = (id.clone(), name.to_owned());
            self.weak.entry(key).or_default().push(wanted.to_owned());
            return;
        }
        if is_optional && !is_weak {
            // Without `?` the feature of the same name comes on too, where there is one.
            self.pending.push_back((id.clone(), name.to_owned()));
            self.enable(id, name);
        }
        let from = self.dependencies_of(id);
        for dependency in declared.iter().filter(|one| is_for_here(one)) {
            if let Some(id) = resolve_dependency(self.locked, from.as_deref(), dependency) {
                self.pending.push_back((id.clone(), wanted.to_owned()));
            }
        }
    }

    fn enable(&mut self, id: &PackageId, name: &str) {
        if !self.enabled.insert((id.clone(), name.to_owned())) {
            return;
        }
        let Some(manifest) = self.manifests.get(id) else { return };
        let declared: Vec<Dependency> = manifest
            .dependencies
            .iter()
            .filter(|one| one.key == name && one.kind != DependencyKind::Dev && is_for_here(one))
            .cloned()
            .collect();
        let from = self.dependencies_of(id);
        for dependency in &declared {
            self.ask(from.as_deref(), dependency);
        }
        for wanted in self.weak.remove(&(id.clone(), name.to_owned())).unwrap_or_default() {
            self.ask_of_dependency(id, name, &wanted);
        }
    }
}

/// Says whether a dependency may count on the platform that we run on.
fn is_for_here(dependency: &Dependency) -> bool {
    match &dependency.target {
        None => true,
        Some(target) => parse_target(target) != CfgValue::Off,
    }
}
