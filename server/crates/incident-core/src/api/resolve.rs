//! Follows paths through modules, re-exports and crates.
//!
//! A look-up collects every candidate with what stands before it (privacy, a feature that is off)
//! and says apart whether something on the way could not be seen.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::cfg::CfgValue;
use super::world::{ApiWorld, CrateId, CrateKey, DefId};
use super::{Attrs, Deprecation, Import, ItemKind, Vis};

/// What stands between a name and its user.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// It is public from where it is named.
    pub is_visible: bool,
    /// Whether it is there under the features that are on.
    pub cfg: CfgValue,
    /// What would have to be turned on.
    pub needs: Vec<String>,
    /// Its deprecation.
    pub deprecated: Option<Deprecation>,
    /// The nightly feature that it needs.
    pub unstable: Option<String>,
}

impl Gate {
    /// Nothing stands between.
    pub fn open() -> Self {
        Self {
            is_visible: true,
            cfg: CfgValue::On,
            needs: Vec::new(),
            deprecated: None,
            unstable: None,
        }
    }

    /// Says whether the name can be used, as far as can be seen.
    pub fn is_open(&self) -> bool {
        self.is_visible && self.cfg != CfgValue::Off && self.unstable.is_none()
    }

    /// Returns the gate that is open where both are.
    pub fn and(&self, inner: &Gate) -> Gate {
        let cfg = match (self.cfg, inner.cfg) {
            (CfgValue::Off, _) | (_, CfgValue::Off) => CfgValue::Off,
            (CfgValue::Maybe, _) | (_, CfgValue::Maybe) => CfgValue::Maybe,
            _ => CfgValue::On,
        };
        let mut needs = self.needs.clone();
        needs.extend(inner.needs.iter().filter(|need| !self.needs.contains(need)).cloned());
        Gate {
            is_visible: self.is_visible && inner.is_visible,
            cfg,
            needs,
            deprecated: self.deprecated.clone().or_else(|| inner.deprecated.clone()),
            unstable: self.unstable.clone().or_else(|| inner.unstable.clone()),
        }
    }

    /// Better gates first.
    pub(crate) fn rank(&self) -> u8 {
        match (self.is_visible, self.cfg, self.unstable.is_some()) {
            (true, CfgValue::On, false) => 0,
            (true, CfgValue::Maybe, false) => 1,
            (true, CfgValue::On | CfgValue::Maybe, true) => 2,
            (false, CfgValue::On | CfgValue::Maybe, _) => 3,
            (true, CfgValue::Off, _) => 4,
            (false, CfgValue::Off, _) => 5,
        }
    }
}

/// One thing that a name leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The item.
    pub def: DefId,
    /// What stands before it.
    pub gate: Gate,
}

/// What a look-up found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lookup {
    /// Candidates, the best first.
    pub targets: Vec<Target>,
    /// Why there may be more than could be seen.
    pub unseen: Option<String>,
    /// An import with the name that is off, and whose target is not part of the resolution then.
    pub turned_off: Option<Gate>,
}

impl Lookup {
    fn unseen(why: impl Into<String>) -> Self {
        Self { targets: Vec::new(), unseen: Some(why.into()), turned_off: None }
    }

    fn add(&mut self, other: Lookup) {
        for target in other.targets {
            match self.targets.iter_mut().find(|known| known.def == target.def) {
                Some(known) if known.gate.rank() > target.gate.rank() => *known = target,
                Some(_) => {}
                None => self.targets.push(target),
            }
        }
        if self.unseen.is_none() {
            self.unseen = other.unseen;
        }
        if self.turned_off.is_none() {
            self.turned_off = other.turned_off;
        }
    }

    fn sorted(mut self) -> Self {
        self.targets.sort_by_key(|target| target.gate.rank());
        self
    }
}

/// The three spaces that names live in, and all of them at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// Modules, types, traits.
    Type,
    /// Functions, constants, constructors.
    Value,
    /// Macros, attributes, derives.
    Macro,
    /// Any of them.
    Any,
}

impl Namespace {
    fn holds(self, kind: &ItemKind) -> bool {
        match self {
            Self::Any => true,
            Self::Type => matches!(
                kind,
                ItemKind::Module(_)
                    | ItemKind::Struct { .. }
                    | ItemKind::Enum { .. }
                    | ItemKind::Trait { .. }
                    | ItemKind::TypeAlias { .. }
                    | ItemKind::Variant(_)
            ),
            Self::Value => matches!(
                kind,
                ItemKind::Fn(_)
                    | ItemKind::Const(_)
                    | ItemKind::Static(_)
                    | ItemKind::Struct { .. }
                    | ItemKind::Variant(_)
            ),
            Self::Macro => {
                matches!(kind, ItemKind::Macro | ItemKind::AttributeMacro | ItemKind::DeriveMacro)
            }
        }
    }
}

type LookupKey = (DefId, String, Namespace, CrateId);

/// One round of questions to a world; remembers answers and what it lacked.
pub struct Resolver<'w> {
    world: &'w ApiWorld,
    wanted: RefCell<BTreeSet<CrateKey>>,
    known: RefCell<HashMap<LookupKey, Lookup>>,
    open: RefCell<HashSet<LookupKey>>,
    pub(crate) depth: std::cell::Cell<usize>,
}

/// Re-exports of re-exports beyond this are not followed.
const MAX_DEPTH: usize = 40;

impl<'w> Resolver<'w> {
    /// Starts a round.
    pub fn new(world: &'w ApiWorld) -> Self {
        Self {
            world,
            wanted: RefCell::default(),
            known: RefCell::default(),
            open: RefCell::default(),
            depth: std::cell::Cell::new(0),
        }
    }

    /// Returns the world.
    pub fn world(&self) -> &'w ApiWorld {
        self.world
    }

    /// Returns the crates that were asked for and are neither at hand nor known to be absent.
    pub fn into_wanted(self) -> BTreeSet<CrateKey> {
        self.wanted.into_inner()
    }

    /// Returns the crate with this key, or why it cannot be asked.
    pub fn krate(&self, key: &CrateKey) -> Result<CrateId, String> {
        if let Some(id) = self.world.find(key) {
            return Ok(id);
        }
        if let Some(why) = self.world.why_absent(key) {
            return Err(why.to_owned());
        }
        self.wanted.borrow_mut().insert(key.clone());
        Err("its source was not read".to_owned())
    }

    /// Looks `name` up among the members of the module or enum `parent`, as seen from `viewer`.
    pub fn member(
        &self,
        parent: DefId,
        name: &str,
        namespace: Namespace,
        viewer: CrateId,
    ) -> Lookup {
        let key = (parent, name.to_owned(), namespace, viewer);
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        if self.depth.get() > MAX_DEPTH {
            return Lookup::unseen("re-exports go too deep");
        }
        if !self.open.borrow_mut().insert(key.clone()) {
            return Lookup::default(); // A cycle adds nothing.
        }
        self.depth.set(self.depth.get() + 1);
        let lookup = self.member_uncached(parent, name, namespace, viewer).sorted();
        self.depth.set(self.depth.get() - 1);
        self.open.borrow_mut().remove(&key);
        // Inside a cycle the answer is partial: only the outermost look-up is whole.
        if self.open.borrow().is_empty() || lookup.targets.iter().any(|one| one.gate.is_open()) {
            self.known.borrow_mut().insert(key, lookup.clone());
        }
        lookup
    }

    fn member_uncached(
        &self,
        parent: DefId,
        name: &str,
        namespace: Namespace,
        viewer: CrateId,
    ) -> Lookup {
        let mut lookup = Lookup::default();
        let tables = self.world.tables(parent.krate);
        for item in tables.named(parent.item, name) {
            let def = DefId { krate: parent.krate, item: *item };
            let item = self.world.item(def);
            if namespace.holds(&item.kind) {
                let is_visible = viewer == parent.krate || item.vis == Vis::Public;
                let gate = self.gate(parent.krate, &item.attrs, is_visible);
                lookup.add(Lookup { targets: vec![Target { def, gate }], ..Lookup::default() });
            }
        }
        let Some(scope) = self.world.scope(parent) else { return lookup };
        for import in scope.imports.iter().filter(|import| import.name.as_deref() == Some(name)) {
            if !import.is_glob {
                lookup.add(self.import(parent, import, namespace, viewer));
            }
        }
        if lookup.targets.iter().any(|target| target.gate.rank() == 0) {
            return lookup; // A name of its own hides what globs bring.
        }
        for import in scope.imports.iter().filter(|import| import.is_glob) {
            lookup.add(self.glob(parent, import, name, namespace, viewer));
        }
        if lookup.targets.is_empty() && lookup.unseen.is_none() && scope.opaque.is_some() {
            lookup.unseen = self.opaque_reason(parent, name, scope.opaque.as_deref());
        }
        lookup
    }

    /// An opaque macro is suspected of a name that it mentions, or if it says nothing at all.
    fn opaque_reason(&self, module: DefId, name: &str, why: Option<&str>) -> Option<String> {
        let api = &self.world.krate(module.krate).api;
        let mut has_macro = false;
        for opaque in api.opaque.iter().filter(|opaque| opaque.module == module.item) {
            has_macro = true;
            let mentions = opaque.words.binary_search_by(|word| word.as_str().cmp(name)).is_ok();
            if opaque.words.is_empty() || opaque.words.len() >= 2000 || mentions {
                return Some(format!("macro `{}!` may define it", opaque.name));
            }
        }
        if has_macro { None } else { why.map(str::to_owned) }
    }

    fn import(
        &self,
        module: DefId,
        import: &Import,
        namespace: Namespace,
        viewer: CrateId,
    ) -> Lookup {
        let path: Vec<&str> = import.path.iter().map(String::as_str).collect();
        let mut lookup = self.path(module, &path, import.is_global, namespace, PathKind::Use);
        let is_visible = viewer == module.krate || import.vis == Vis::Public;
        let own = self.gate(module.krate, &import.attrs, is_visible);
        for target in &mut lookup.targets {
            target.gate = own.and(&target.gate);
        }
        if lookup.targets.is_empty() && own.cfg == CfgValue::Off && is_visible {
            return Lookup { turned_off: Some(own), ..Lookup::default() };
        }
        lookup
    }

    fn glob(
        &self,
        module: DefId,
        import: &Import,
        name: &str,
        namespace: Namespace,
        viewer: CrateId,
    ) -> Lookup {
        let is_visible = viewer == module.krate || import.vis == Vis::Public;
        let own = self.gate(module.krate, &import.attrs, is_visible);
        if own.cfg == CfgValue::Off && own.needs.is_empty() {
            return Lookup::default();
        }
        let path: Vec<&str> = import.path.iter().map(String::as_str).collect();
        let parents = self.path(module, &path, import.is_global, Namespace::Type, PathKind::Use);
        let mut lookup = Lookup { unseen: parents.unseen, ..Lookup::default() };
        for parent in parents.targets {
            // A glob passes on what the outer viewer may see of an own module's items.
            let seen_from = if parent.def.krate == module.krate { viewer } else { module.krate };
            let mut found = self.member(parent.def, name, namespace, seen_from);
            // What a glob cannot see it does not bring.
            found.targets.retain(|target| target.gate.is_visible);
            for target in &mut found.targets {
                target.gate = own.and(&parent.gate_of_module()).and(&target.gate);
            }
            lookup.add(found);
        }
        lookup
    }

    /// Resolves a path as code in `module` writes it.
    pub fn path(
        &self,
        module: DefId,
        path: &[&str],
        is_global: bool,
        namespace: Namespace,
        kind: PathKind,
    ) -> Lookup {
        let Some((first, rest)) = path.split_first() else {
            // `use ::*` and `use {..}`: the crate's root.
            return self.only(self.world.root(module.krate));
        };
        let first_namespace = if rest.is_empty() { namespace } else { Namespace::Type };
        let mut at = self.first_segment(module, first, is_global, first_namespace, kind);
        for (index, name) in rest.iter().enumerate() {
            let is_last = index + 1 == rest.len();
            let step_namespace = if is_last { namespace } else { Namespace::Type };
            let mut next =
                Lookup { unseen: at.unseen, turned_off: at.turned_off, ..Lookup::default() };
            if *name == "super" {
                next.add(self.supers(&at.targets));
                at = next;
                continue;
            }
            for parent in &at.targets {
                let mut found = self.member(parent.def, name, step_namespace, module.krate);
                for target in &mut found.targets {
                    target.gate = parent.gate_of_module().and(&target.gate);
                }
                next.add(found);
            }
            at = next;
        }
        at.sorted()
    }

    fn supers(&self, targets: &[Target]) -> Lookup {
        let mut lookup = Lookup::default();
        for target in targets {
            let parent = DefId { item: self.world.item(target.def).parent, ..target.def };
            lookup.add(self.only(self.real_module(parent)));
        }
        lookup
    }

    /// Resolves the first segment of a path in the scope of `module`.
    pub fn first_segment(
        &self,
        module: DefId,
        name: &str,
        is_global: bool,
        namespace: Namespace,
        kind: PathKind,
    ) -> Lookup {
        let edition = self.world.krate(module.krate).api.edition;
        let root = self.world.root(module.krate);
        match name {
            "crate" | "$crate" => return self.only(root),
            "self" => return self.only(self.real_module(module)),
            "super" => {
                let own = self.real_module(module);
                let parent = DefId { item: self.world.item(own).parent, ..own };
                return self.only(self.real_module(parent));
            }
            _ => {}
        }
        if is_global && edition >= 2018 {
            return self.extern_crate(module.krate, name);
        }
        let mut lookup = Lookup::default();
        if edition < 2018 && (is_global || kind == PathKind::Use) {
            lookup.add(self.member(root, name, namespace, module.krate));
        } else {
            let mut scope = module;
            loop {
                lookup.add(self.member(scope, name, namespace, module.krate));
                let is_block = self.world.scope(scope).is_some_and(|scope| scope.is_block);
                let item = self.world.item(scope);
                let found = lookup.targets.iter().any(|target| target.gate.is_open());
                if found || !is_block || item.parent == scope.item {
                    break;
                }
                scope.item = item.parent;
            }
        }
        if lookup.targets.iter().any(|target| target.gate.is_open()) {
            return lookup;
        }
        if matches!(namespace, Namespace::Type | Namespace::Any) {
            let found = self.extern_crate(module.krate, name);
            if !found.targets.is_empty() {
                return found; // `use memchr::memchr;`: the crate, not what it brings in.
            }
            let is_known = found.unseen.is_some();
            lookup.add(found);
            if is_known {
                return lookup;
            }
        }
        lookup.add(self.prelude(module.krate, name, namespace));
        lookup
    }

    fn only(&self, def: DefId) -> Lookup {
        Lookup { targets: vec![Target { def, gate: Gate::open() }], ..Lookup::default() }
    }

    /// Returns the module around blocks.
    pub(crate) fn real_module(&self, module: DefId) -> DefId {
        let mut at = module;
        while self.world.scope(at).is_some_and(|scope| scope.is_block) {
            let parent = self.world.item(at).parent;
            if parent == at.item {
                break;
            }
            at.item = parent;
        }
        at
    }

    /// Looks up a crate by the name that code of `krate` uses for it.
    pub fn extern_crate(&self, krate: CrateId, name: &str) -> Lookup {
        let loaded = self.world.krate(krate);
        let toolchain = matches!(name, "std" | "core" | "alloc" | "proc_macro" | "test");
        let key = match loaded.externs.get(name) {
            Some(key) => key.clone(),
            None if toolchain => CrateKey::Toolchain(name.to_owned()),
            None => {
                // `extern crate a as b;` at the root puts `b` among the crate names.
                let root = self.world.root(krate);
                let scope = self.world.scope(root);
                let renamed = scope.into_iter().flat_map(|scope| &scope.imports).find(|import| {
                    import.is_global
                        && import.name.as_deref() == Some(name)
                        && import.path.first().is_some_and(|first| first != name)
                });
                return match renamed.and_then(|import| import.path.first()) {
                    Some(first) if loaded.externs.contains_key(first) => {
                        self.extern_crate(krate, first)
                    }
                    Some(first) if matches!(first.as_str(), "std" | "core" | "alloc") => {
                        self.extern_crate(krate, first)
                    }
                    _ => Lookup::default(),
                };
            }
        };
        match self.krate(&key) {
            Ok(id) => self.only(self.world.root(id)),
            Err(why) => Lookup::unseen(format!("crate `{name}`: {why}")),
        }
    }

    fn prelude(&self, krate: CrateId, name: &str, namespace: Namespace) -> Lookup {
        let std_key = CrateKey::Toolchain("std".to_owned());
        let std = match self.krate(&std_key) {
            Ok(std) => std,
            Err(why) => return Lookup::unseen(format!("the standard library: {why}")),
        };
        let edition = self.world.krate(krate).api.edition;
        let edition_module = match edition {
            2024.. => "rust_2024",
            2021.. => "rust_2021",
            2018.. => "rust_2018",
            _ => "rust_2015",
        };
        let root = self.world.root(std);
        let mut lookup = Lookup::default();
        let preludes = self.path(
            root,
            &["crate", "prelude", edition_module],
            false,
            Namespace::Type,
            PathKind::Expression,
        );
        for prelude in preludes.targets {
            lookup.add(self.member(prelude.def, name, namespace, krate));
        }
        if lookup.targets.is_empty() && matches!(namespace, Namespace::Macro | Namespace::Any) {
            lookup.add(self.member(root, name, Namespace::Macro, krate));
            // `#[macro_use] extern crate name;` of older code.
            let own_root = self.world.root(krate);
            let scope = self.world.scope(own_root);
            for import in scope.into_iter().flat_map(|scope| &scope.imports) {
                if import.is_global
                    && lookup.targets.is_empty()
                    && let Some(first) = import.path.first()
                {
                    for target in self.extern_crate(krate, first).targets {
                        lookup.add(self.member(target.def, name, Namespace::Macro, krate));
                    }
                }
            }
        }
        lookup
    }

    /// Returns what the attributes of an item of `krate` put before it.
    pub(crate) fn gate(&self, krate: CrateId, attrs: &Attrs, is_visible: bool) -> Gate {
        let context = &self.world.krate(krate).cfg;
        let cfg = attrs.cfg.eval(context);
        let needs = if cfg == CfgValue::Off { attrs.cfg.missing(context) } else { Vec::new() };
        let is_toolchain = matches!(self.world.krate(krate).key, CrateKey::Toolchain(_));
        Gate {
            is_visible,
            cfg,
            needs,
            deprecated: attrs.deprecated.clone(),
            unstable: attrs.unstable.clone().filter(|_| is_toolchain),
        }
    }

    /// Returns public names of a module or an enum, sorted; at most a few thousand.
    pub fn public_names(&self, parent: DefId, viewer: CrateId) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut seen = HashSet::new();
        self.collect_names(parent, viewer, &mut seen, &mut names);
        names
    }

    fn collect_names(
        &self,
        parent: DefId,
        viewer: CrateId,
        seen: &mut HashSet<DefId>,
        names: &mut BTreeSet<String>,
    ) {
        if !seen.insert(parent) || seen.len() > 64 || names.len() > 4000 {
            return;
        }
        let api = &self.world.krate(parent.krate).api;
        let is_own = viewer == parent.krate;
        let children: &[u32] = match &self.world.item(parent).kind {
            ItemKind::Module(scope) => &scope.items,
            ItemKind::Enum { variants, .. } => variants,
            _ => &[],
        };
        for child in children {
            let Some(item) = api.items.get(*child as usize) else { continue };
            let gate = self.gate(parent.krate, &item.attrs, is_own || item.vis == Vis::Public);
            if gate.is_open() && !item.attrs.hidden {
                names.insert(item.name.clone());
            }
        }
        let Some(scope) = self.world.scope(parent) else { return };
        for import in &scope.imports {
            let gate = self.gate(parent.krate, &import.attrs, is_own || import.vis == Vis::Public);
            if !gate.is_open() {
                continue;
            }
            if let Some(name) = &import.name {
                names.insert(name.clone());
            }
            if import.is_glob {
                let path: Vec<&str> = import.path.iter().map(String::as_str).collect();
                let found =
                    self.path(parent, &path, import.is_global, Namespace::Type, PathKind::Use);
                for target in found.targets.iter().filter(|target| target.gate.is_open()) {
                    self.collect_names(target.def, viewer, seen, names);
                }
            }
        }
    }
}

/// Where a path stands: editions before 2018 read `use` paths from the crate's root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// In a `use`.
    Use,
    /// In a type or an expression.
    Expression,
}

impl Target {
    /// A module's gate as it bears on what is inside: its own deprecation is not theirs.
    fn gate_of_module(&self) -> Gate {
        Gate { deprecated: None, unstable: None, ..self.gate.clone() }
    }
}
