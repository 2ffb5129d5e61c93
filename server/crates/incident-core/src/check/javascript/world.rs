//! Looks names up through modules, re-exports, namespaces and merged declarations.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::deps::PackageId;

use super::index::{Decl, Export, ImportName, JsModule, Scope};

/// Everything that was read of an installation.
#[derive(Clone, Debug, Default)]
pub struct JsWorld {
    files: BTreeMap<String, Arc<JsModule>>,
    resolutions: BTreeMap<(String, String), Resolution>,
    /// Files that declare a global name.
    globals: BTreeMap<String, Vec<String>>,
    /// Installed packages by name.
    pub packages: BTreeMap<String, PackageId>,
    /// Packages that the workspace or others add declarations to.
    pub augmented: BTreeSet<String>,
}

/// Where an import leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// To a file.
    File(String),
    /// To a `declare module` of these files.
    Ambient(Vec<String>, String),
    /// There is no such package in the lock file or the installation.
    NoPackage(String),
    /// The package is there, and has no such module.
    NoModule(String),
    /// It cannot be seen; says why.
    Unseen(String),
}

/// What a check asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsWanted {
    /// Imports, as (file, specifier); the text itself is the file "".
    pub imports: BTreeSet<(String, String)>,
    /// Global names.
    pub globals: BTreeSet<String>,
}

impl JsWanted {
    /// Says whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.imports.is_empty() && self.globals.is_empty()
    }
}

impl JsWorld {
    /// Adds a file.
    pub fn add_file(&mut self, id: String, module: Arc<JsModule>) {
        self.files.insert(id, module);
    }

    /// Says whether a file was read.
    pub fn has_file(&self, id: &str) -> bool {
        self.files.contains_key(id)
    }

    /// Says where an import leads.
    pub fn resolve(&mut self, from: String, specifier: String, to: Resolution) {
        self.resolutions.insert((from, specifier), to);
    }

    /// Says which files declare a global name.
    pub fn add_global(&mut self, name: String, files: Vec<String>) {
        self.globals.insert(name, files);
    }
}

/// A module: a file, or a `declare module` in files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ModuleRef {
    pub(crate) files: Vec<String>,
    pub(crate) ambient: Option<String>,
}

/// Where names are looked up: a module, and the namespaces down in it. No module is what is global.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) module: Option<ModuleRef>,
    pub(crate) spaces: Vec<String>,
}

/// What a name leads to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    /// Declarations under a name.
    Entity(Place, String),
    Module(ModuleRef),
    /// A member of a value: `export = value` with a named import.
    Member(Box<Target>, String),
    /// It is there, and what it is was not followed.
    Opaque(String),
}

/// The answer of looking an export or a name up.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    Target(Target),
    Missing(BTreeSet<String>),
    Unseen(String),
}

pub(crate) struct Lookup<'w> {
    pub(crate) world: &'w JsWorld,
    wanted: RefCell<JsWanted>,
    fuel: Cell<u32>,
}

const FUEL: u32 = 300_000;
pub(crate) const MAX_DEPTH: u32 = 40;

impl<'w> Lookup<'w> {
    pub(crate) fn new(world: &'w JsWorld) -> Self {
        Self { world, wanted: RefCell::default(), fuel: Cell::new(FUEL) }
    }

    pub(crate) fn into_wanted(self) -> JsWanted {
        self.wanted.into_inner()
    }

    /// Takes a step; false when there have been too many.
    pub(crate) fn burn(&self, depth: u32) -> bool {
        let left = self.fuel.get();
        self.fuel.set(left.saturating_sub(1));
        left > 0 && depth < MAX_DEPTH
    }

    fn file(&self, id: &str) -> Option<&'w JsModule> {
        self.world.files.get(id).map(Arc::as_ref)
    }

    /// Returns the module that an import leads to.
    pub(crate) fn import(&self, from: &str, specifier: &str) -> Result<ModuleRef, Resolution> {
        let key = (from.to_owned(), specifier.to_owned());
        match self.world.resolutions.get(&key) {
            Some(Resolution::File(id)) => {
                // A package's declarations may be one `declare module` of its name.
                let named = self.file(id).filter(|file| !file.is_module);
                let named = named.filter(|file| file.ambient.contains_key(specifier));
                let ambient = named.map(|_| specifier.to_owned());
                Ok(ModuleRef { files: vec![id.clone()], ambient })
            }
            Some(Resolution::Ambient(files, name)) => {
                Ok(ModuleRef { files: files.clone(), ambient: Some(name.clone()) })
            }
            Some(other) => Err(other.clone()),
            None => {
                self.wanted.borrow_mut().imports.insert(key);
                Err(Resolution::Unseen(format!("`{specifier}` has not been read")))
            }
        }
    }

    /// Lists a module's top-level scopes with the file that each stands in: its own first, then
    /// those that other files add to it.
    fn scopes_of(&self, module: &ModuleRef) -> Vec<(String, &'w Scope)> {
        let (mut scopes, added) = self.own_and_added(module);
        scopes.extend(added);
        scopes
    }

    #[allow(clippy::type_complexity)]
    fn own_and_added(
        &self,
        module: &ModuleRef,
    ) -> (Vec<(String, &'w Scope)>, Vec<(String, &'w Scope)>) {
        let mut scopes = Vec::new();
        let mut added = Vec::new();
        for id in &module.files {
            let Some(file) = self.file(id) else { continue };
            match &module.ambient {
                Some(name) => {
                    scopes.extend(file.ambient.get(name).map(|scope| (id.clone(), scope)));
                }
                None => {
                    scopes.push((id.clone(), &file.scope));
                    self.augmentations(id, file, module, &mut added);
                }
            }
        }
        (scopes, added)
    }

    /// Adds `declare module "…"` blocks, in files that this one references, that mean this one.
    fn augmentations(
        &self,
        id: &str,
        file: &'w JsModule,
        module: &ModuleRef,
        scopes: &mut Vec<(String, &'w Scope)>,
    ) {
        for reference in &file.references {
            let Ok(other) = self.import(id, reference) else { continue };
            for other_id in &other.files {
                let Some(other_file) = self.file(other_id) else { continue };
                for (name, scope) in &other_file.ambient {
                    if name.starts_with('.')
                        && self.import(other_id, name).is_ok_and(|it| it == *module)
                    {
                        scopes.push((other_id.clone(), scope));
                    }
                }
            }
        }
    }

    /// Lists the scopes of a place, each with its file.
    fn scopes(&self, place: &Place, name: &str) -> Vec<(String, &'w Scope)> {
        let first = place.spaces.first().map_or(name, String::as_str);
        let Some(module) = &place.module else {
            return descend(self.global_scopes(first), &place.spaces);
        };
        let (own, added) = self.own_and_added(module);
        // What is added to a module with `export = name` is added to that name.
        let equals = own.iter().find_map(|(_, scope)| scope.equals.as_ref());
        let rest = match equals {
            Some(equals) => place.spaces.strip_prefix(equals.as_slice()),
            None => Some(place.spaces.as_slice()),
        };
        let mut scopes = descend(own, &place.spaces);
        scopes.extend(rest.map(|rest| descend(added, rest)).unwrap_or_default());
        scopes
    }

    fn global_scopes(&self, name: &str) -> Vec<(String, &'w Scope)> {
        let Some(files) = self.world.globals.get(name) else {
            self.wanted.borrow_mut().globals.insert(name.to_owned());
            return Vec::new();
        };
        let files = files.iter().filter_map(|id| Some((id.clone(), self.file(id)?)));
        files
            .flat_map(|(id, file)| {
                let whole = (!file.is_module).then_some(&file.scope);
                whole.into_iter().chain([&file.globals]).map(move |scope| (id.clone(), scope))
            })
            .collect()
    }

    /// Returns the declarations of `name` right in `place`, each with its file.
    pub(crate) fn decls(&self, place: &Place, name: &str) -> Vec<(String, &'w Decl)> {
        self.scopes(place, name)
            .into_iter()
            .flat_map(|(id, scope)| {
                scope.names.get(name).into_iter().flatten().map(move |decl| (id.clone(), decl))
            })
            .collect()
    }

    /// Resolves a name as code at `place` sees it, among the declarations that are `wanted`.
    fn name_that(
        &self,
        place: &Place,
        name: &str,
        wanted: impl Fn(&Decl) -> bool,
        depth: u32,
    ) -> Found {
        let has = |at: &Place| self.decls(at, name).iter().any(|(_, decl)| wanted(decl));
        if !self.burn(depth) {
            return Found::Unseen("it goes too deep".to_owned());
        }
        let mut at = place.clone();
        loop {
            if has(&at) {
                return self.entity(&at, name, depth + 1);
            }
            // A namespace that is spread over blocks exports to all of them.
            if at.spaces.pop().is_none() {
                break;
            }
        }
        if place.module.is_some() {
            let global = Place { module: None, spaces: Vec::new() };
            if has(&global) {
                return self.entity(&global, name, depth + 1);
            }
        }
        Found::Unseen(format!("`{name}` is not declared where it could be seen"))
    }

    /// Follows imports and aliases at a name; what else is declared there stands for itself.
    pub(crate) fn entity(&self, place: &Place, name: &str, depth: u32) -> Found {
        if !self.burn(depth) {
            return Found::Unseen("it goes too deep".to_owned());
        }
        let decls = self.decls(place, name);
        let only =
            decls.iter().all(|(_, decl)| matches!(decl, Decl::Import { .. } | Decl::Path(_)));
        match decls.first() {
            Some((id, Decl::Import { module, name: taken })) if only => {
                match self.import(id, module) {
                    Ok(module) => self.taken(&module, taken, depth + 1),
                    Err(why) => Found::Unseen(unseen_words(&why)),
                }
            }
            Some((_, Decl::Path(path))) if only => self.path(place, path, depth + 1),
            Some(_) => Found::Target(Target::Entity(place.clone(), name.to_owned())),
            None => Found::Missing(BTreeSet::new()),
        }
    }

    /// Resolves `a.b.c`.
    pub(crate) fn path(&self, place: &Place, path: &[String], depth: u32) -> Found {
        let Some((first, rest)) = path.split_first() else {
            return Found::Unseen("it is cut".to_owned());
        };
        // What other names stand in is no type alone.
        let holds_names = |decl: &Decl| {
            rest.is_empty() || !matches!(decl, Decl::Interface { .. } | Decl::Alias { .. })
        };
        let mut found = self.name_that(place, first, holds_names, depth + 1);
        for name in rest {
            found = match found {
                Found::Target(target) => self.inside(&target, name, depth + 1),
                other => return other,
            };
        }
        found
    }

    /// Resolves a name in a namespace or a module.
    pub(crate) fn inside(&self, target: &Target, name: &str, depth: u32) -> Found {
        match target {
            Target::Module(module) => self.export(module, name, depth + 1),
            Target::Entity(place, space) => {
                let mut inner = place.clone();
                inner.spaces.push(space.clone());
                if self.decls(&inner, name).is_empty() {
                    for (_, scope) in self.scopes(&inner, name) {
                        match scope.exports.get(name) {
                            Some(Export::Local(path)) => return self.path(&inner, path, depth + 1),
                            Some(_) => return Found::Unseen("it is not followed".to_owned()),
                            None => {}
                        }
                    }
                    let decls = self.decls(place, space);
                    let is_value =
                        decls.iter().any(|(_, decl)| !matches!(decl, Decl::Namespace(_)));
                    return match is_value {
                        true => {
                            Found::Target(Target::Member(Box::new(target.clone()), name.to_owned()))
                        }
                        false => Found::Missing(self.names_in(&inner)),
                    };
                }
                self.entity(&inner, name, depth + 1)
            }
            Target::Member(..) => {
                Found::Target(Target::Member(Box::new(target.clone()), name.to_owned()))
            }
            Target::Opaque(why) => Found::Unseen(why.clone()),
        }
    }

    /// Lists the names of a place.
    pub(crate) fn names_in(&self, place: &Place) -> BTreeSet<String> {
        let scopes = self.scopes(place, "");
        scopes.iter().flat_map(|(_, scope)| scope.names.keys().cloned()).collect()
    }

    /// Returns what an import takes from a module.
    pub(crate) fn taken(&self, module: &ModuleRef, name: &ImportName, depth: u32) -> Found {
        match name {
            ImportName::Named(name) => self.export(module, name, depth + 1),
            ImportName::Namespace => match self.equals(module, depth + 1) {
                Some(found) => found,
                None => Found::Target(Target::Module(module.clone())),
            },
            ImportName::Equals => self
                .equals(module, depth + 1)
                .unwrap_or_else(|| Found::Target(Target::Module(module.clone()))),
            ImportName::Default => match self.export(module, "default", depth + 1) {
                Found::Target(target) => Found::Target(target),
                // Node gives the whole of a CommonJS module.
                _ => match self.equals(module, depth + 1) {
                    Some(found) => found,
                    None => Found::Target(Target::Opaque(
                        "it has no default export by its types; the runtime may make one"
                            .to_owned(),
                    )),
                },
            },
        }
    }

    /// Returns what `export =` names.
    fn equals(&self, module: &ModuleRef, depth: u32) -> Option<Found> {
        let scopes = self.scopes_of(module);
        let path = scopes.iter().find_map(|(_, scope)| scope.equals.as_ref())?;
        let place = Place { module: Some(module.clone()), spaces: Vec::new() };
        Some(self.path(&place, path, depth + 1))
    }

    /// Looks an export up.
    pub(crate) fn export(&self, module: &ModuleRef, name: &str, depth: u32) -> Found {
        let mut seen = BTreeSet::new();
        self.export_in(module, name, &mut seen, depth)
    }

    fn export_in(
        &self,
        module: &ModuleRef,
        name: &str,
        seen: &mut BTreeSet<ModuleRef>,
        depth: u32,
    ) -> Found {
        if !self.burn(depth) {
            return Found::Unseen("the re-exports go too deep".to_owned());
        }
        if !seen.insert(module.clone()) {
            return Found::Missing(BTreeSet::new());
        }
        let scopes = self.scopes_of(module);
        if scopes.is_empty() {
            return Found::Unseen("its declarations could not be read".to_owned());
        }
        if let Some(found) = self.equals(module, depth + 1) {
            return match found {
                Found::Target(target) if name == "default" => Found::Target(target),
                Found::Target(target) => self.inside(&target, name, depth + 1),
                other => other,
            };
        }
        let place = Place { module: Some(module.clone()), spaces: Vec::new() };
        let mut near = BTreeSet::new();
        let mut unseen = None;
        for (id, scope) in &scopes {
            match scope.exports.get(name) {
                Some(Export::Local(path)) => {
                    return match self.path(&place, path, depth + 1) {
                        Found::Target(target) => Found::Target(target),
                        // It is exported; what it is stays open.
                        Found::Missing(_) | Found::Unseen(_) => {
                            Found::Target(Target::Opaque("it is not followed".to_owned()))
                        }
                    };
                }
                Some(Export::From(from, taken)) => {
                    return match self.import(id, from) {
                        Ok(other) => match self.taken(&other, taken, depth + 1) {
                            Found::Target(target) => Found::Target(target),
                            _ => Found::Target(Target::Opaque("it is not followed".to_owned())),
                        },
                        Err(why) => Found::Target(Target::Opaque(unseen_words(&why))),
                    };
                }
                Some(Export::Value) => {
                    return Found::Target(Target::Opaque("its value is not followed".to_owned()));
                }
                None => {}
            }
            near.extend(scope.exports.keys().cloned());
            unseen = unseen.or(scope.open.clone());
            if scope.is_ambient && name != "default" && scope.names.contains_key(name) {
                let is_import = self
                    .decls(&place, name)
                    .iter()
                    .all(|(_, decl)| matches!(decl, Decl::Import { .. }));
                if !is_import {
                    return self.entity(&place, name, depth + 1);
                }
            }
            if name == "default" {
                continue;
            }
            for star in &scope.stars {
                match self.import(id, star) {
                    Ok(other) => match self.export_in(&other, name, seen, depth + 1) {
                        Found::Target(target) => return Found::Target(target),
                        Found::Missing(names) => near.extend(names),
                        Found::Unseen(why) => unseen = Some(why),
                    },
                    Err(why) => unseen = Some(unseen_words(&why)),
                }
            }
        }
        match unseen {
            Some(why) => Found::Unseen(why),
            None => Found::Missing(near),
        }
    }
}

/// Goes down into namespaces, which may be spread over several blocks.
fn descend<'w>(scopes: Vec<(String, &'w Scope)>, spaces: &[String]) -> Vec<(String, &'w Scope)> {
    let mut scopes = scopes;
    for space in spaces {
        scopes = scopes
            .into_iter()
            .flat_map(|(id, scope)| {
                let decls = scope.names.get(space).into_iter().flatten();
                decls.filter_map(move |decl| match decl {
                    Decl::Namespace(inner) => Some((id.clone(), inner.as_ref())),
                    _ => None,
                })
            })
            .collect();
    }
    scopes
}

/// Says why an import leads nowhere.
pub(crate) fn unseen_words(resolution: &Resolution) -> String {
    match resolution {
        Resolution::NoPackage(name) => format!("`{name}` is not installed"),
        Resolution::NoModule(name) => format!("`{name}` is not in its package"),
        Resolution::Unseen(why) => why.clone(),
        Resolution::File(_) | Resolution::Ambient(..) => "it is not followed".to_owned(),
    }
}
