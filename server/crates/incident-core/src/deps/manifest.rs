//! What a `Cargo.toml` says, as text: enough of it to know names, features and where code lies.

use std::collections::BTreeMap;

use super::PackageId;

/// One package's manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Name and version; the version is empty where the workspace gives it.
    pub id: Option<PackageId>,
    /// The edition; 2015 where none is written.
    pub edition: u16,
    /// The library's name as code spells it; `None` without a package.
    pub lib_name: Option<String>,
    /// The library's root file, where it is not `src/lib.rs`.
    pub lib_path: Option<String>,
    /// The build script's file, where one is named.
    pub build_path: Option<String>,
    /// It makes procedural macros.
    pub is_proc_macro: bool,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
    /// Its features and what each turns on, as written.
    pub features: BTreeMap<String, Vec<String>>,
}

/// One dependency of a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependency {
    /// The key in the table, which is what features call it.
    pub key: String,
    /// The package's name.
    pub package: String,
    /// The version requirement as written.
    pub requirement: Option<String>,
    /// It is there only when a feature asks for it.
    pub is_optional: bool,
    /// Features that are asked of it.
    pub features: Vec<String>,
    /// Its default features are asked for.
    pub default_features: bool,
    /// What it is for.
    pub kind: DependencyKind,
    /// The platform that it is for, as written.
    pub target: Option<String>,
}

/// What a dependency is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DependencyKind {
    /// The code itself.
    #[default]
    Normal,
    /// Tests and examples.
    Dev,
    /// The build script.
    Build,
}

impl Dependency {
    /// Returns the name that code uses for it, unless its library has one of its own.
    pub fn code_name(&self) -> String {
        self.key.replace('-', "_")
    }
}

/// Reads a manifest; `shared` is the root manifest's text, for what is inherited from it.
pub fn parse_manifest(text: &str, shared: Option<&str>) -> Result<Manifest, String> {
    let table: toml::Table =
        text.parse().map_err(|err: toml::de::Error| err.message().to_owned())?;
    let shared: Option<toml::Table> = shared.and_then(|text| text.parse().ok());
    let shared = shared.as_ref().unwrap_or(&table).get("workspace");
    let shared_package = shared.and_then(|workspace| workspace.get("package"));
    let shared_dependencies = shared.and_then(|workspace| workspace.get("dependencies"));
    let mut manifest = Manifest { edition: 2015, ..Manifest::default() };
    if let Some(package) = table.get("package").or_else(|| table.get("project")) {
        let text_of = |key: &str| match package.get(key) {
            Some(toml::Value::String(text)) => Some(text.as_str()),
            Some(toml::Value::Table(_)) => shared_package?.get(key)?.as_str(),
            _ => None,
        };
        let name = text_of("name").unwrap_or_default().to_owned();
        let version = text_of("version").unwrap_or_default().to_owned();
        manifest.edition = text_of("edition").and_then(|text| text.parse().ok()).unwrap_or(2015);
        manifest.build_path = text_of("build").map(str::to_owned);
        manifest.lib_name = Some(name.replace('-', "_"));
        manifest.id = Some(PackageId { name, version });
    }
    if let Some(lib) = table.get("lib") {
        let text_of = |key: &str| lib.get(key).and_then(toml::Value::as_str);
        if let Some(name) = text_of("name") {
            manifest.lib_name = Some(name.replace('-', "_"));
        }
        manifest.lib_path = text_of("path").map(str::to_owned);
        let flag = lib.get("proc-macro").or_else(|| lib.get("proc_macro"));
        manifest.is_proc_macro = flag.and_then(toml::Value::as_bool).unwrap_or(false);
    }
    add_dependencies(&table, None, shared_dependencies, &mut manifest.dependencies);
    for (target, sections) in
        table.get("target").and_then(toml::Value::as_table).into_iter().flatten()
    {
        if let Some(sections) = sections.as_table() {
            add_dependencies(
                sections,
                Some(target),
                shared_dependencies,
                &mut manifest.dependencies,
            );
        }
    }
    let features = table.get("features").and_then(toml::Value::as_table);
    for (feature, wants) in features.into_iter().flatten() {
        manifest.features.insert(feature.clone(), strings(Some(wants)));
    }
    Ok(manifest)
}

fn add_dependencies(
    sections: &toml::Table,
    target: Option<&String>,
    shared: Option<&toml::Value>,
    dependencies: &mut Vec<Dependency>,
) {
    for (section, kind) in [
        ("dependencies", DependencyKind::Normal),
        ("dev-dependencies", DependencyKind::Dev),
        ("dev_dependencies", DependencyKind::Dev),
        ("build-dependencies", DependencyKind::Build),
        ("build_dependencies", DependencyKind::Build),
    ] {
        let table = sections.get(section).and_then(toml::Value::as_table);
        for (key, value) in table.into_iter().flatten() {
            let mut dependency = one_dependency(key, value);
            if value.get("workspace").and_then(toml::Value::as_bool) == Some(true)
                && let Some(inherited) = shared.and_then(|shared| shared.get(key))
            {
                let mut base = one_dependency(key, inherited);
                base.features.extend(dependency.features);
                base.is_optional = dependency.is_optional;
                let says_off = value.get("default-features").and_then(toml::Value::as_bool);
                base.default_features |= says_off == Some(true);
                dependency = base;
            }
            dependency.kind = kind;
            dependency.target = target.cloned();
            dependencies.push(dependency);
        }
    }
}

fn one_dependency(key: &str, value: &toml::Value) -> Dependency {
    let text_of = |name: &str| value.get(name).and_then(toml::Value::as_str);
    let flag = |name: &str| value.get(name).and_then(toml::Value::as_bool);
    Dependency {
        key: key.to_owned(),
        package: text_of("package").unwrap_or(key).to_owned(),
        requirement: value.as_str().or_else(|| text_of("version")).map(str::to_owned),
        is_optional: flag("optional").unwrap_or(false),
        features: strings(value.get("features")),
        default_features: flag("default-features").or(flag("default_features")).unwrap_or(true),
        kind: DependencyKind::Normal,
        target: None,
    }
}

fn strings(value: Option<&toml::Value>) -> Vec<String> {
    let array = value.and_then(toml::Value::as_array);
    array.into_iter().flatten().filter_map(|one| one.as_str()).map(str::to_owned).collect()
}
