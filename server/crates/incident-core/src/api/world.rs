//! The crates of one resolution, side by side.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::deps::PackageId;

use super::cfg::CfgContext;
use super::{CrateApi, Item, ItemId, ItemKind, Scope};

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
        for (item, id) in loaded.api.items.iter().zip(0..) {
            if id != item.parent {
                by_name
                    .entry(item.parent)
                    .or_default()
                    .entry(item.name.clone())
                    .or_default()
                    .push(id);
            }
        }
        Self { loaded, by_name }
    }

    pub(crate) fn named(&self, parent: ItemId, name: &str) -> &[ItemId] {
        self.by_name.get(&parent).and_then(|names| names.get(name)).map_or(&[], Vec::as_slice)
    }
}
