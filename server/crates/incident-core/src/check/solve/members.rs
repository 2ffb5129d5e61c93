//! Methods, associated items and fields of a type, with what stands before each.

use std::collections::{BTreeSet, HashSet};

use crate::api::{
    AssocItem, AssocKind, CfgValue, CrateId, CrateKey, DefId, Fields, FnSig, Gate, ItemKind,
    Namespace, PathKind, Receiver, Vis,
};

use super::traits::ImplRef;
use super::{Ctx, Env, Holds, Solver, TraitTy, Ty, named};

/// A function with what its names mean where it is declared.
#[derive(Clone, Debug)]
pub(crate) struct Callable<'w> {
    pub(crate) sig: &'w FnSig,
    pub(crate) module: DefId,
    pub(crate) self_ty: Option<Ty>,
    pub(crate) of_trait: Option<DefId>,
    /// What the parameters of the impl or trait around it are.
    pub(crate) env: Env,
}

/// An associated item that a type has.
#[derive(Clone, Debug)]
pub(crate) struct Member<'w> {
    pub(crate) item: &'w AssocItem,
    pub(crate) krate: CrateId,
    pub(crate) gate: Gate,
    pub(crate) module: DefId,
    pub(crate) self_ty: Ty,
    pub(crate) of_trait: Option<DefId>,
    pub(crate) env: Env,
    /// The type has it for certain; with a trait it may only be possible.
    pub(crate) is_certain: bool,
}

/// What a look-up of a member found.
#[derive(Clone, Debug)]
pub(crate) enum MemberLookup<M> {
    /// It is there; its gate says whether it can be used.
    Found(M),
    /// All that the type has is at hand, and it is not there. The names that are.
    Missing(BTreeSet<String>),
    /// It cannot be told, and why.
    Unknown(String),
}

/// What a look-up of a method or an associated item found.
pub(crate) type MethodLookup<'w> = MemberLookup<Member<'w>>;

/// The traits whose methods may be called in a scope.
#[derive(Clone, Debug, Default)]
pub(crate) struct TraitsInScope {
    pub(crate) defs: Vec<DefId>,
    /// An import that could not be followed.
    pub(crate) unseen: Option<String>,
}

impl<'w> Member<'w> {
    /// Returns the function, if it is one.
    pub(crate) fn callable(&self) -> Option<Callable<'w>> {
        match &self.item.kind {
            AssocKind::Fn(sig) => Some(Callable {
                sig,
                module: self.module,
                self_ty: Some(self.self_ty.clone()),
                of_trait: self.of_trait,
                env: self.env.clone(),
            }),
            _ => None,
        }
    }
}

impl<'w> Solver<'_, 'w> {
    /// Returns the type and what it dereferences to, outermost first.
    pub(crate) fn autoderef(&self, ty: &Ty) -> Vec<Ty> {
        let mut steps = vec![widened(ty)];
        while let Some(next) = steps.last().and_then(|last| self.deref(last)) {
            if steps.len() > 10 || steps.contains(&next) {
                break;
            }
            steps.push(next);
        }
        if let Some(Ty::Array(inner)) = steps.last() {
            steps.push(Ty::Slice(inner.clone()));
        }
        steps
    }

    /// Looks up `receiver.name()` as code in a scope with these traits writes it.
    pub(crate) fn method(
        &self,
        receiver: &Ty,
        name: &str,
        traits: &TraitsInScope,
        viewer: CrateId,
    ) -> MethodLookup<'w> {
        let mut closed: Option<Member<'w>> = None;
        let steps = self.autoderef(receiver);
        for step in &steps {
            if step.peeled().is_unknown() {
                return MemberLookup::Unknown("the receiver's type is not told".to_owned());
            }
            for member in self.inherent(step, name, viewer) {
                if !matches!(&member.item.kind, AssocKind::Fn(sig) if sig.receiver.is_some()) {
                    continue;
                }
                if member.gate.is_open() {
                    return MemberLookup::Found(member);
                }
                keep_best(&mut closed, member);
            }
            // A method of `T` that takes `&self` comes before one of a trait that `&T` has.
            if let Ty::Ref(inner) = step {
                for member in self.inherent(inner, name, viewer) {
                    let by_ref = matches!(&member.item.kind, AssocKind::Fn(sig)
                        if matches!(sig.receiver, Some(Receiver::Ref | Receiver::RefMut)));
                    if by_ref && member.gate.is_open() {
                        return MemberLookup::Found(member);
                    }
                }
                let by_value = self.trait_members(step, name, traits).into_iter().find(|member| {
                    member.gate.is_open()
                        && matches!(&member.item.kind, AssocKind::Fn(sig)
                            if sig.receiver == Some(Receiver::Value))
                });
                let by_ref = || {
                    self.trait_members(inner, name, traits).into_iter().find(|member| {
                        member.gate.is_open()
                            && matches!(&member.item.kind, AssocKind::Fn(sig)
                                if matches!(sig.receiver, Some(Receiver::Ref | Receiver::RefMut)))
                    })
                };
                if !inner.is_unknown()
                    && let Some(member) = by_value.or_else(by_ref)
                {
                    return MemberLookup::Found(member);
                }
            }
            for member in self.trait_members(step, name, traits) {
                if !matches!(&member.item.kind, AssocKind::Fn(sig) if sig.receiver.is_some()) {
                    continue;
                }
                if member.gate.is_open() {
                    return MemberLookup::Found(member);
                }
                keep_best(&mut closed, member);
            }
        }
        self.missing(closed, &steps, name, traits, viewer)
    }

    /// Looks up `Type::name`.
    pub(crate) fn assoc(
        &self,
        ty: &Ty,
        name: &str,
        traits: &TraitsInScope,
        viewer: CrateId,
    ) -> MethodLookup<'w> {
        let ty = widened(ty);
        if ty.peeled().is_unknown() {
            return MemberLookup::Unknown("the type is not told".to_owned());
        }
        let mut closed: Option<Member<'w>> = None;
        for member in self.inherent(&ty, name, viewer) {
            if member.gate.is_open() {
                return MemberLookup::Found(member);
            }
            keep_best(&mut closed, member);
        }
        for member in self.trait_members(&ty, name, traits) {
            if member.gate.is_open() {
                return MemberLookup::Found(member);
            }
            keep_best(&mut closed, member);
        }
        self.missing(closed, &[ty], name, traits, viewer)
    }

    fn missing(
        &self,
        closed: Option<Member<'w>>,
        steps: &[Ty],
        name: &str,
        traits: &TraitsInScope,
        viewer: CrateId,
    ) -> MethodLookup<'w> {
        if let Some(why) = self.hidden_by_macro(steps, name) {
            return MemberLookup::Unknown(why);
        }
        if let Some(closed) = closed {
            return MemberLookup::Found(closed);
        }
        if let Some(why) = &traits.unseen {
            return MemberLookup::Unknown(why.clone());
        }
        MemberLookup::Missing(self.member_names(steps, traits, viewer))
    }

    /// A macro or derive that could not be expanded and that speaks of the type or the name.
    fn hidden_by_macro(&self, steps: &[Ty], name: &str) -> Option<String> {
        let world = self.resolver.world();
        for step in steps {
            let Ty::Adt(def, _) = step else { continue };
            let type_name = world.item(*def).name.as_str();
            let loaded = world.krate(def.krate);
            for opaque in &loaded.api.opaque {
                if opaque.cfg.eval(&loaded.cfg) == CfgValue::Off {
                    continue;
                }
                let has = |word: &str| opaque.words.iter().any(|known| known == word);
                let is_derive = opaque.name.starts_with("derive(") || opaque.name.starts_with('#');
                let speaks_of_it = if is_derive { has(type_name) } else { has(name) };
                if speaks_of_it {
                    return Some(format!("`{}` may define it", opaque.name));
                }
            }
        }
        None
    }

    /// Members of impls without a trait.
    fn inherent(&self, ty: &Ty, name: &str, viewer: CrateId) -> Vec<Member<'w>> {
        let mut members = Vec::new();
        self.each_inherent(
            ty,
            &mut |found, item, env| {
                if item.name == name {
                    members.push(self.member(found, item, env, ty, viewer));
                }
            },
            name,
        );
        members.sort_by_key(|member| member.gate.rank());
        members
    }

    fn each_inherent(
        &self,
        ty: &Ty,
        visit: &mut dyn FnMut(ImplRef<'w>, &'w AssocItem, Env),
        name: &str,
    ) {
        let world = self.resolver.world();
        let (head, crates) = match ty {
            Ty::Adt(def, _) => (world.item(*def).name.as_str(), vec![def.krate]),
            Ty::Bounded(traits) => match traits.first() {
                Some(first) => (world.item(first.def).name.as_str(), vec![first.def.krate]),
                None => return,
            },
            Ty::Prim(name) => (*name, self.toolchain()),
            Ty::Slice(_) => ("[]", self.toolchain()),
            Ty::Array(_) => ("[;]", self.toolchain()),
            Ty::Pointer(_) => ("*", self.toolchain()),
            _ => return,
        };
        for krate in crates {
            for (_, one) in world.tables(krate).impls_for(head) {
                let wanted = one.of_trait.is_none()
                    && (name.is_empty() || one.items.iter().any(|item| item.name == name));
                if !wanted {
                    continue;
                }
                let module = DefId { krate, item: one.module };
                let mut env = named(&one.generics, &[]);
                let empty = Env::new();
                let ctx = Ctx { module, self_ty: None, of_trait: None, env: &empty };
                if self.unify(&one.self_ty, ty, ctx, &mut env) {
                    let found = ImplRef { krate, one };
                    for item in &one.items {
                        if name.is_empty() || item.name == name {
                            visit(found, item, env.clone());
                        }
                    }
                }
            }
        }
    }

    fn toolchain(&self) -> Vec<CrateId> {
        let mut crates = Vec::new();
        self.add_toolchain(&mut crates);
        crates
    }

    fn member(
        &self,
        found: ImplRef<'w>,
        item: &'w AssocItem,
        env: Env,
        ty: &Ty,
        viewer: CrateId,
    ) -> Member<'w> {
        let is_visible = viewer == found.krate || item.vis == Vis::Public;
        let mut gate = self.resolver.gate(found.krate, &item.attrs, is_visible);
        let around = self.resolver.world().tables(found.krate).around(found.one.module);
        for attrs in std::iter::once(&found.one.attrs).chain(around) {
            let outer = self.resolver.gate(found.krate, attrs, true);
            gate = gate.and(&Gate { deprecated: None, unstable: None, ..outer });
        }
        let module = DefId { krate: found.krate, item: found.one.module };
        Member {
            item,
            krate: found.krate,
            gate,
            module,
            self_ty: ty.clone(),
            of_trait: None,
            env,
            is_certain: true,
        }
    }

    /// Members of traits that are in scope, or that the type's own bounds name.
    fn trait_members(&self, ty: &Ty, name: &str, traits: &TraitsInScope) -> Vec<Member<'w>> {
        let mut members = Vec::new();
        if let Ty::Bounded(bounds) = ty {
            for one in self.all_supers(bounds) {
                members.extend(self.trait_member(&one, name, ty));
            }
            if !members.is_empty() {
                return members;
            }
        }
        for def in &traits.defs {
            let one = TraitTy { def: *def, args: Vec::new(), bindings: Vec::new() };
            let Some(mut member) = self.trait_member(&one, name, ty) else { continue };
            let mut holds = self.implements(ty, *def);
            if holds == Holds::No && !matches!(ty, Ty::Ref(_)) {
                let by_ref = ty.clone().reference();
                holds = self.implements(&by_ref, *def);
            }
            if holds == Holds::No {
                continue;
            }
            member.self_ty = ty.clone();
            member.is_certain = holds == Holds::Yes;
            members.push(member);
        }
        members
    }

    /// Returns the item `name` of a trait.
    pub(crate) fn trait_member(&self, one: &TraitTy, name: &str, ty: &Ty) -> Option<Member<'w>> {
        let ItemKind::Trait { generics, items, .. } = &self.resolver.world().item(one.def).kind
        else {
            return None;
        };
        let mut named_items: Vec<&AssocItem> =
            items.iter().filter(|item| item.name == name).collect();
        named_items.sort_by_key(|item| self.resolver.gate(one.def.krate, &item.attrs, true).rank());
        let item = *named_items.first()?;
        Some(Member {
            item,
            krate: one.def.krate,
            gate: self.resolver.gate(one.def.krate, &item.attrs, true),
            module: self.module_of(one.def),
            self_ty: ty.clone(),
            of_trait: Some(one.def),
            env: named(generics, &one.args),
            is_certain: true,
        })
    }

    fn member_names(
        &self,
        steps: &[Ty],
        traits: &TraitsInScope,
        viewer: CrateId,
    ) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for step in steps {
            self.each_inherent(
                step,
                &mut |found, item, env| {
                    let member = self.member(found, item, env, step, viewer);
                    if member.gate.is_open() && !item.attrs.hidden {
                        names.insert(item.name.clone());
                    }
                },
                "",
            );
            if let Ty::Adt(def, _) = step
                && let ItemKind::Enum { variants, .. } = &self.resolver.world().item(*def).kind
            {
                for variant in variants {
                    let variant = DefId { item: *variant, ..*def };
                    names.insert(self.resolver.world().item(variant).name.clone());
                }
            }
        }
        let bounds = steps.iter().filter_map(|step| match step {
            Ty::Bounded(bounds) => Some(bounds.iter().map(|one| one.def)),
            _ => None,
        });
        for def in bounds.flatten().chain(traits.defs.iter().copied()) {
            let first = steps.first().unwrap_or(&Ty::Unknown);
            if self.implements(first, def) != Holds::Yes {
                continue;
            }
            if let ItemKind::Trait { items, .. } = &self.resolver.world().item(def).kind {
                names.extend(items.iter().map(|item| item.name.clone()));
            }
        }
        names
    }

    /// Returns the names of a trait's items and of its supertraits'.
    pub(crate) fn trait_names(&self, of_trait: DefId) -> BTreeSet<String> {
        let own = TraitTy { def: of_trait, args: Vec::new(), bindings: Vec::new() };
        let mut names = BTreeSet::new();
        for one in self.all_supers(&[own]) {
            if let ItemKind::Trait { items, .. } = &self.resolver.world().item(one.def).kind {
                names.extend(items.iter().map(|item| item.name.clone()));
            }
        }
        names
    }

    /// Looks up `receiver.name` as a field.
    pub(crate) fn field(
        &self,
        receiver: &Ty,
        name: &str,
        viewer: CrateId,
    ) -> MemberLookup<(Ty, Gate, Option<DefId>)> {
        let mut closed = None;
        let mut names = BTreeSet::new();
        for step in self.autoderef(receiver) {
            match &step {
                Ty::Unknown => {
                    return MemberLookup::Unknown("the receiver's type is not told".to_owned());
                }
                Ty::Tuple(parts) => {
                    if let Some(ty) = name.parse().ok().and_then(|index: usize| parts.get(index)) {
                        return MemberLookup::Found((ty.clone(), Gate::open(), None));
                    }
                }
                Ty::Adt(def, args) => {
                    let ItemKind::Struct { generics, fields, .. } =
                        &self.resolver.world().item(*def).kind
                    else {
                        continue;
                    };
                    let env = named(generics, args);
                    for (ty, gate) in self.fields_named(*def, fields, name, &env, viewer) {
                        if gate.is_open() {
                            return MemberLookup::Found((ty, gate, Some(*def)));
                        }
                        closed.get_or_insert((ty, gate, Some(*def)));
                    }
                    let visible = fields
                        .fields
                        .iter()
                        .filter(|field| viewer == def.krate || field.vis == Vis::Public);
                    names.extend(visible.map(|field| field.name.clone()));
                }
                _ => {}
            }
        }
        match closed {
            Some(closed) => MemberLookup::Found(closed),
            None => MemberLookup::Missing(names),
        }
    }

    /// Returns the types of the fields with this name, one for each condition.
    pub(crate) fn fields_named(
        &self,
        def: DefId,
        fields: &Fields,
        name: &str,
        env: &Env,
        viewer: CrateId,
    ) -> Vec<(Ty, Gate)> {
        let module = self.module_of(def);
        let ctx = Ctx { module, self_ty: None, of_trait: None, env };
        let found = fields.fields.iter().filter(|field| field.name == name);
        found
            .map(|field| {
                let is_visible = viewer == def.krate || field.vis == Vis::Public;
                (
                    self.lower(&field.ty, ctx),
                    self.resolver.gate(def.krate, &field.attrs, is_visible),
                )
            })
            .collect()
    }

    /// Collects the traits whose methods code in `module` may call.
    pub(crate) fn traits_in_scope(&self, module: DefId) -> TraitsInScope {
        let mut traits = TraitsInScope::default();
        let mut seen = HashSet::new();
        let world = self.resolver.world();
        let mut scope = module;
        loop {
            self.traits_of_module(scope, module.krate, &mut seen, &mut traits);
            let is_block = world.scope(scope).is_some_and(|scope| scope.is_block);
            let parent = world.item(scope).parent;
            if !is_block || parent == scope.item {
                break;
            }
            scope.item = parent;
        }
        let edition = world.krate(module.krate).api.edition;
        let prelude = match edition {
            2024.. => "rust_2024",
            2021.. => "rust_2021",
            2018.. => "rust_2018",
            _ => "rust_2015",
        };
        let std = CrateKey::Toolchain("std".to_owned());
        match self.resolver.krate(&std) {
            Ok(std) => {
                let path = ["crate", "prelude", prelude];
                let root = world.root(std);
                let found =
                    self.resolver.path(root, &path, false, Namespace::Type, PathKind::Expression);
                for target in found.targets {
                    self.traits_of_module(target.def, module.krate, &mut seen, &mut traits);
                }
            }
            Err(why) => traits.unseen = Some(format!("the standard library: {why}")),
        }
        traits.defs.sort();
        traits.defs.dedup();
        traits
    }

    fn traits_of_module(
        &self,
        module: DefId,
        viewer: CrateId,
        seen: &mut HashSet<DefId>,
        traits: &mut TraitsInScope,
    ) {
        if !seen.insert(module) || seen.len() > 200 {
            return;
        }
        let world = self.resolver.world();
        let Some(scope) = world.scope(module) else { return };
        let is_own = module.krate == viewer;
        for item in &scope.items {
            let def = DefId { item: *item, ..module };
            let item = world.item(def);
            let gate =
                self.resolver.gate(module.krate, &item.attrs, is_own || item.vis == Vis::Public);
            if matches!(item.kind, ItemKind::Trait { .. }) && gate.is_open() {
                traits.defs.push(def);
            }
        }
        for import in &scope.imports {
            let gate = self.resolver.gate(
                module.krate,
                &import.attrs,
                is_own || import.vis == Vis::Public,
            );
            if !gate.is_open() {
                continue;
            }
            let path: Vec<&str> = import.path.iter().map(String::as_str).collect();
            let found =
                self.resolver.path(module, &path, import.is_global, Namespace::Type, PathKind::Use);
            let is_snippet = world.krate(module.krate).key == CrateKey::Snippet;
            if is_snippet && found.targets.is_empty() && traits.unseen.is_none() {
                let last = import.path.last().map_or("", String::as_str);
                if import.is_glob || last.starts_with(|c: char| c.is_uppercase()) {
                    let why = found.unseen.unwrap_or_else(|| "it was not found".to_owned());
                    let path = import.path.join("::");
                    traits.unseen = Some(format!("`{path}` may be a trait with it: {why}"));
                }
            }
            for target in found.targets.iter().filter(|target| target.gate.is_open()) {
                match &world.item(target.def).kind {
                    ItemKind::Trait { .. } if !import.is_glob => traits.defs.push(target.def),
                    ItemKind::Module(_) if import.is_glob => {
                        self.traits_of_module(target.def, viewer, seen, traits);
                    }
                    _ => {}
                }
            }
        }
    }
}

fn keep_best<'w>(best: &mut Option<Member<'w>>, member: Member<'w>) {
    if best.as_ref().is_none_or(|known| known.gate.rank() > member.gate.rank()) {
        *best = Some(member);
    }
}

/// Literals get the types that they have when nothing else is said.
fn widened(ty: &Ty) -> Ty {
    match ty {
        Ty::Int => Ty::Prim("i32"),
        Ty::Float => Ty::Prim("f64"),
        other => other.clone(),
    }
}
