//! The crates of one resolution, side by side.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::deps::PackageId;

use super::cfg::CfgContext;
use super::{Attrs, CrateApi, Impl, Item, ItemId, ItemKind, Scope, TypeRef};

/// A crate's place in an [`ApiWorld`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrateId(u32);

/// An item of a crate of an [`ApiWorld`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DefId {
    /// The crate.
    pub krate: CrateId,
    /// The item in it.
    pub item: ItemId,
}

/// What names a crate among all that a project resolves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CrateKey {
    /// A crate of the toolchain: `std`, `core`, `alloc`, `proc_macro`, `test`.
    Toolchain(String),
    /// A package of the lock file.
    Package(PackageId),
    /// The text that is being checked.
    Snippet,
}

impl CrateKey {
    /// Returns the package, if it is one.
    pub fn package(&self) -> Option<&PackageId> {
        match self {
            Self::Package(id) => Some(id),
            _ => None,
        }
    }
}

/// A crate with what it is built with and what its code may name.
#[derive(Clone, Debug)]
pub struct LoadedCrate {
    /// Which it is.
    pub key: CrateKey,
    /// Its items.
    pub api: Arc<CrateApi>,
    /// Features and flags.
    pub cfg: CfgContext,
    /// The names that its code may use for other crates.
    pub externs: BTreeMap<String, CrateKey>,
}

/// The crates that are at hand.
#[derive(Clone, Debug, Default)]
pub struct ApiWorld {
    crates: Vec<Arc<CrateTables>>,
    by_key: HashMap<CrateKey, CrateId>,
    /// Why a crate cannot be had: its source is not on this machine, it could not be read.
    absent: BTreeMap<CrateKey, String>,
}

/// A crate with the tables that make look-ups fast; independent of other crates.
#[derive(Debug)]
pub(crate) struct CrateTables {
    pub(crate) loaded: LoadedCrate,
    /// Items by module and name.
    by_name: HashMap<ItemId, HashMap<String, Vec<ItemId>>>,
    /// Impls by the last segment of the type that they are for; `""` for type parameters.
    impls_by_type: HashMap<String, Vec<u32>>,
    /// Impls by the last segment of their trait.
    impls_by_trait: HashMap<String, Vec<u32>>,
    /// Traits by the name of an item that they have.
    traits_by_method: HashMap<String, Vec<ItemId>>,
}

impl ApiWorld {
    /// Returns a world without crates.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a crate; of two with the same key the first stays.
    pub fn add(&mut self, loaded: LoadedCrate) -> CrateId {
        if let Some(id) = self.by_key.get(&loaded.key) {
            return *id;
        }
        let id = CrateId(u32::try_from(self.crates.len()).unwrap_or(u32::MAX));
        self.by_key.insert(loaded.key.clone(), id);
        self.crates.push(Arc::new(CrateTables::new(loaded)));
        id
    }

    /// Keeps only the crates that `is_kept` names, and forgets why others cannot be had.
    ///
    /// Ids of this world mean nothing afterwards.
    pub fn retain(&mut self, is_kept: impl Fn(&CrateKey) -> bool) {
        self.crates.retain(|tables| is_kept(&tables.loaded.key));
        let keys = self.crates.iter().map(|tables| tables.loaded.key.clone());
        self.by_key = keys.zip((0..).map(CrateId)).collect();
        self.absent.clear();
    }

    /// Says that a crate cannot be had, and why.
    pub fn add_absent(&mut self, key: CrateKey, why: String) {
        self.absent.insert(key, why);
    }

    /// Returns the crate with this key.
    pub fn find(&self, key: &CrateKey) -> Option<CrateId> {
        self.by_key.get(key).copied()
    }

    /// Returns why a crate cannot be had, if that was said.
    pub fn why_absent(&self, key: &CrateKey) -> Option<&str> {
        self.absent.get(key).map(String::as_str)
    }

    /// Returns all crates.
    pub fn crates(&self) -> impl Iterator<Item = (CrateId, &LoadedCrate)> {
        self.crates.iter().zip(0..).map(|(tables, id)| (CrateId(id), &tables.loaded))
    }

    /// Returns a crate.
    pub fn krate(&self, id: CrateId) -> &LoadedCrate {
        &self.tables(id).loaded
    }

    /// Returns an item.
    pub fn item(&self, def: DefId) -> &Item {
        // Ids are made by this world from its own tables only.
        &self.krate(def.krate).api.items[def.item as usize]
    }

    /// Returns the root module of a crate.
    pub fn root(&self, krate: CrateId) -> DefId {
        DefId { krate, item: 0 }
    }

    /// Returns a module's scope.
    pub(crate) fn scope(&self, def: DefId) -> Option<&Scope> {
        match &self.item(def).kind {
            ItemKind::Module(scope) => Some(scope),
            _ => None,
        }
    }

    pub(crate) fn tables(&self, id: CrateId) -> &CrateTables {
        &self.crates[id.0 as usize]
    }

    /// Returns the path of an item as its crate declares it: `tokio::time::sleep`.
    pub fn path(&self, def: DefId) -> String {
        let mut names = Vec::new();
        let mut at = def;
        loop {
            let item = self.item(at);
            let is_block = matches!(&item.kind, ItemKind::Module(scope) if scope.is_block);
            if !is_block {
                names.push(item.name.as_str());
            }
            if item.parent == at.item || names.len() > 64 {
                break;
            }
            at.item = item.parent;
        }
        names.reverse();
        names.join("::")
    }
}

impl CrateTables {
    fn new(loaded: LoadedCrate) -> Self {
        let mut by_name: HashMap<ItemId, HashMap<String, Vec<ItemId>>> = HashMap::new();
        let mut aliases: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut traits_by_method: HashMap<String, Vec<ItemId>> = HashMap::new();
        for (item, id) in loaded.api.items.iter().zip(0..) {
            if id != item.parent {
                by_name
                    .entry(item.parent)
                    .or_default()
                    .entry(item.name.clone())
                    .or_default()
                    .push(id);
            }
            match &item.kind {
                ItemKind::TypeAlias { ty, .. } => {
                    if let Some(head) = head_name(ty).filter(|head| *head != item.name) {
                        aliases.entry(&item.name).or_default().push(head);
                    }
                }
                ItemKind::Module(scope) => {
                    for import in &scope.imports {
                        if let (Some(name), Some(last)) = (&import.name, import.path.last())
                            && name != last
                        {
                            aliases.entry(name).or_default().push(last);
                        }
                    }
                }
                ItemKind::Trait { items, .. } => {
                    for item in items {
                        traits_by_method.entry(item.name.clone()).or_default().push(id);
                    }
                }
                _ => {}
            }
        }
        let mut impls_by_type: HashMap<String, Vec<u32>> = HashMap::new();
        let mut impls_by_trait: HashMap<String, Vec<u32>> = HashMap::new();
        for (one, id) in loaded.api.impls.iter().zip(0..) {
            for name in heads(one, &aliases) {
                impls_by_type.entry(name.to_owned()).or_default().push(id);
            }
            if let Some(last) = one.of_trait.as_ref().and_then(|path| path.segments.last()) {
                for name in with_aliases(&last.name, &aliases) {
                    impls_by_trait.entry(name.to_owned()).or_default().push(id);
                }
            }
        }
        Self { loaded, by_name, impls_by_type, impls_by_trait, traits_by_method }
    }

    pub(crate) fn named(&self, parent: ItemId, name: &str) -> &[ItemId] {
        self.by_name.get(&parent).and_then(|names| names.get(name)).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn impls_for(&self, head: &str) -> impl Iterator<Item = (u32, &Impl)> {
        let ids = self.impls_by_type.get(head).map_or(&[][..], Vec::as_slice);
        ids.iter().map(|id| (*id, &self.loaded.api.impls[*id as usize]))
    }

    pub(crate) fn impls_of(&self, trait_name: &str) -> impl Iterator<Item = (u32, &Impl)> {
        let ids = self.impls_by_trait.get(trait_name).map_or(&[][..], Vec::as_slice);
        ids.iter().map(|id| (*id, &self.loaded.api.impls[*id as usize]))
    }

    pub(crate) fn traits_with(&self, method: &str) -> &[ItemId] {
        self.traits_by_method.get(method).map_or(&[], Vec::as_slice)
    }

    /// Returns the attributes of the modules around an item, innermost first.
    pub(crate) fn around(&self, module: ItemId) -> impl Iterator<Item = &Attrs> {
        let mut next = Some(module);
        std::iter::from_fn(move || {
            let item = self.loaded.api.items.get(next? as usize)?;
            next = (Some(item.parent) != next).then_some(item.parent);
            Some(&item.attrs)
        })
    }
}

/// The name that stands for a type's head in the tables.
pub(crate) fn head_name(ty: &TypeRef) -> Option<&str> {
    match ty {
        TypeRef::Path(path) => path.segments.last().map(|segment| segment.name.as_str()),
        TypeRef::Ref(_) => Some("&"),
        TypeRef::Pointer(_) => Some("*"),
        TypeRef::Tuple(_) => Some("()"),
        TypeRef::Slice(_) => Some("[]"),
        TypeRef::Array(_) => Some("[;]"),
        TypeRef::Fn(..) => Some("fn"),
        TypeRef::Dyn(bounds) => bounds.first()?.segments.last().map(|last| last.name.as_str()),
        TypeRef::Never => Some("!"),
        TypeRef::Impl(_) | TypeRef::Infer => None,
    }
}

fn heads<'a>(one: &'a Impl, aliases: &HashMap<&'a str, Vec<&'a str>>) -> Vec<&'a str> {
    let Some(head) = head_name(&one.self_ty) else { return vec![""] };
    if one.generics.params.iter().any(|param| param.name == head) {
        return vec![""];
    }
    with_aliases(head, aliases)
}

fn with_aliases<'a>(name: &'a str, aliases: &HashMap<&'a str, Vec<&'a str>>) -> Vec<&'a str> {
    let mut names = vec![name];
    let mut at = 0;
    while let Some(name) = names.get(at).copied() {
        for alias in aliases.get(name).into_iter().flatten() {
            if !names.contains(alias) && names.len() < 16 {
                names.push(alias);
            }
        }
        at += 1;
    }
    names
}
