//! Which traits a type has, what their associated types are, and what it dereferences to.

use crate::api::{
    AssocKind, CfgValue, CrateId, CrateKey, DefId, Impl, ItemKind, TypeRef, head_name,
};

use super::{Ctx, Env, Solver, TraitTy, Ty, named};

/// Whether a type has a trait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Holds {
    No,
    Maybe,
    Yes,
}

/// An impl of a crate.
#[derive(Clone, Copy)]
pub(crate) struct ImplRef<'w> {
    pub(crate) krate: CrateId,
    pub(crate) one: &'w Impl,
}

impl<'w> Solver<'_, 'w> {
    /// Says whether `ty` has the trait `of_trait`.
    pub(crate) fn implements(&self, ty: &Ty, of_trait: DefId) -> Holds {
        self.deeper(Holds::Maybe, || self.implements_inner(ty, of_trait))
    }

    fn implements_inner(&self, ty: &Ty, of_trait: DefId) -> Holds {
        let world = self.resolver.world();
        let name = world.item(of_trait).name.as_str();
        if ty.peeled().is_unknown() {
            return Holds::Maybe;
        }
        match ty {
            Ty::Never => return Holds::Maybe,
            Ty::Bounded(traits)
                if self.all_supers(traits).iter().any(|one| one.def == of_trait) =>
            {
                return Holds::Yes;
            }
            Ty::Adt(def, _) => {
                let derives = match &world.item(*def).kind {
                    ItemKind::Struct { derives, .. } | ItemKind::Enum { derives, .. } => derives,
                    _ => return Holds::Maybe,
                };
                if derives.iter().any(|derive| derive.rsplit("::").next() == Some(name)) {
                    return Holds::Yes;
                }
            }
            _ => {}
        }
        if is_auto(name) {
            return Holds::Yes;
        }
        let mut best = Holds::No;
        for (found, env) in self.impls(ty, of_trait) {
            best = best.max(self.bounds_hold(found, &env));
            if best == Holds::Yes {
                return best;
            }
        }
        if best == Holds::No && self.may_be_hidden(ty, name, of_trait.krate) {
            return Holds::Maybe;
        }
        best
    }

    /// Built-in impls that no source shows, and macros that could not be expanded.
    fn may_be_hidden(&self, ty: &Ty, trait_name: &str, trait_crate: CrateId) -> bool {
        let builtin = match ty {
            Ty::Fn(..) => matches!(trait_name, "Fn" | "FnMut" | "FnOnce" | "Clone" | "Copy"),
            Ty::Tuple(_) | Ty::Array(_) => true,
            Ty::Int | Ty::Float | Ty::Prim(_) | Ty::Slice(_) => {
                !matches!(trait_name, "Iterator" | "Future" | "Deref" | "DerefMut" | "Error")
            }
            _ => false,
        };
        let mentions = |krate: CrateId, words: &[&str]| {
            let loaded = self.resolver.world().krate(krate);
            loaded.api.opaque.iter().any(|opaque| {
                opaque.cfg.eval(&loaded.cfg) != CfgValue::Off
                    && words.iter().all(|word| opaque.words.iter().any(|known| known == word))
            })
        };
        builtin
            || match ty {
                Ty::Adt(def, _) => {
                    let name = self.resolver.world().item(*def).name.as_str();
                    mentions(def.krate, &[name]) || mentions(trait_crate, &[name])
                }
                _ => false,
            }
    }

    /// Returns the impls of `of_trait` whose head fits `ty`, with what their parameters are then.
    pub(crate) fn impls(&self, ty: &Ty, of_trait: DefId) -> Vec<(ImplRef<'w>, Env)> {
        let world = self.resolver.world();
        let name = world.item(of_trait).name.as_str();
        let mut fitting = Vec::new();
        for krate in self.crates_of(ty, of_trait.krate) {
            for (_, one) in world.tables(krate).impls_of(name) {
                let found = ImplRef { krate, one };
                if one.is_negative || !self.is_on(found) || !self.head_fits(&one.self_ty, one, ty) {
                    continue;
                }
                let module = DefId { krate, item: one.module };
                let Some(path) = &one.of_trait else { continue };
                let names: Vec<&str> = path.segments.iter().map(|one| one.name.as_str()).collect();
                if self.type_item(&names, path.is_global, module) != Some(of_trait) {
                    continue;
                }
                let mut env = named(&one.generics, &[]);
                let empty = Env::new();
                let ctx = Ctx { module, self_ty: None, of_trait: Some(of_trait), env: &empty };
                if self.unify(&one.self_ty, ty, ctx, &mut env) {
                    fitting.push((found, env));
                }
            }
        }
        fitting
    }

    /// A quick look at the names before paths are resolved.
    fn head_fits(&self, pattern: &TypeRef, one: &Impl, ty: &Ty) -> bool {
        let Some(head) = head_name(pattern) else { return true };
        if one.generics.params.iter().any(|param| param.name == head) {
            return true;
        }
        match ty {
            Ty::Ref(_) => head == "&",
            Ty::Pointer(_) => head == "*",
            Ty::Tuple(_) => head == "()",
            Ty::Slice(_) => head == "[]",
            Ty::Array(_) => head == "[;]",
            Ty::Fn(..) => head == "fn",
            Ty::Never => head == "!",
            _ => !matches!(head, "&" | "*" | "()" | "[]" | "[;]" | "fn" | "!"),
        }
    }

    /// Says whether the bounds of an impl hold for what its parameters are.
    fn bounds_hold(&self, found: ImplRef<'w>, env: &Env) -> Holds {
        let module = DefId { krate: found.krate, item: found.one.module };
        let ctx = Ctx { module, self_ty: None, of_trait: None, env };
        let mut all = Holds::Yes;
        // Only a blanket impl stands or falls with its bounds here: the bounds on the arguments of
        // a type rest on impls that are easily overlooked.
        let is_blanket = head_name(&found.one.self_ty)
            .is_some_and(|head| env.contains_key(head) || head == "&" || head == "*");
        let declared = found.one.generics.params.iter().map(|param| {
            (env.get(&param.name).cloned().unwrap_or(Ty::Unknown), param.bounds.as_slice())
        });
        let wheres = found.one.generics.wheres.iter().map(|(ty, bounds)| {
            // Only bounds on plain parameters decide; the others say too little here.
            let ty = match ty {
                TypeRef::Path(path) if path.segments.len() == 1 && path.qself.is_none() => {
                    self.lower(ty, ctx)
                }
                _ => Ty::Unknown,
            };
            (ty, bounds.as_slice())
        });
        for (ty, bounds) in declared.chain(wheres) {
            if ty.is_unknown() {
                continue;
            }
            for bound in bounds {
                let holds = match self.lower_trait(bound, ctx) {
                    Some(bound) => self.implements(&ty, bound.def),
                    None => Holds::Maybe,
                };
                all = all.min(if is_blanket { holds } else { holds.max(Holds::Maybe) });
            }
        }
        all
    }

    /// The crates that may hold impls for `ty`: its own, its arguments', the trait's, the snippet.
    pub(crate) fn crates_of(&self, ty: &Ty, trait_crate: CrateId) -> Vec<CrateId> {
        let mut crates = vec![trait_crate];
        self.add_crates(ty, &mut crates, 0);
        if let Some(snippet) = self.resolver.world().find(&CrateKey::Snippet)
            && !crates.contains(&snippet)
        {
            crates.push(snippet);
        }
        crates
    }

    fn add_crates(&self, ty: &Ty, crates: &mut Vec<CrateId>, depth: usize) {
        let mut add = |krate: CrateId| {
            if !crates.contains(&krate) {
                crates.push(krate);
            }
        };
        match ty {
            Ty::Adt(def, args) => {
                add(def.krate);
                if depth < 3 {
                    args.iter().for_each(|arg| self.add_crates(arg, crates, depth + 1));
                }
            }
            Ty::Bounded(traits) => traits.iter().for_each(|one| add(one.def.krate)),
            Ty::Ref(inner) | Ty::Slice(inner) | Ty::Array(inner) | Ty::Pointer(inner) => {
                self.add_crates(inner, crates, depth);
                self.add_toolchain(crates);
            }
            Ty::Prim(_) | Ty::Int | Ty::Float | Ty::Tuple(_) | Ty::Fn(..) => {
                self.add_toolchain(crates);
            }
            Ty::Unknown | Ty::Never => {}
        }
    }

    pub(crate) fn add_toolchain(&self, crates: &mut Vec<CrateId>) {
        for name in ["core", "alloc", "std"] {
            if let Ok(krate) = self.resolver.krate(&CrateKey::Toolchain(name.to_owned()))
                && !crates.contains(&krate)
            {
                crates.push(krate);
            }
        }
    }

    /// Says whether an impl is there under the features that are on.
    pub(crate) fn is_on(&self, found: ImplRef<'_>) -> bool {
        let world = self.resolver.world();
        let context = &world.krate(found.krate).cfg;
        found.one.attrs.cfg.eval(context) != CfgValue::Off
            && world
                .tables(found.krate)
                .around(found.one.module)
                .all(|attrs| attrs.cfg.eval(context) != CfgValue::Off)
    }

    /// Says whether the type of a value is behind a condition that does not hold.
    pub(crate) fn is_turned_off(&self, ty: &Ty) -> bool {
        let Ty::Adt(def, _) = ty.peeled() else { return false };
        let world = self.resolver.world();
        let context = &world.krate(def.krate).cfg;
        let mut attrs = world.tables(def.krate).around(def.item);
        attrs.any(|attrs| attrs.cfg.eval(context) == CfgValue::Off)
    }

    /// Returns the traits with all their supertraits.
    pub(crate) fn all_supers(&self, traits: &[TraitTy]) -> Vec<TraitTy> {
        let mut all: Vec<TraitTy> = traits.to_vec();
        let mut at = 0;
        while let Some(one) = all.get(at).cloned() {
            at += 1;
            if all.len() > 64 {
                break;
            }
            let ItemKind::Trait { generics, supers, .. } =
                &self.resolver.world().item(one.def).kind
            else {
                continue;
            };
            let env = named(generics, &one.args);
            let module = self.module_of(one.def);
            let ctx = Ctx { module, self_ty: None, of_trait: None, env: &env };
            for bound in supers {
                if let Some(above) = self.lower_trait(bound, ctx)
                    && !all.iter().any(|known| known.def == above.def)
                {
                    all.push(above);
                }
            }
        }
        all
    }

    /// `<ty as of_trait>::name`.
    pub(crate) fn project(&self, ty: &Ty, of_trait: &TraitTy, name: &str) -> Ty {
        self.deeper(Ty::Unknown, || {
            if ty.peeled().is_unknown() {
                return Ty::Unknown;
            }
            if let Ty::Bounded(traits) = ty {
                let all = self.all_supers(traits);
                let known = all.iter().find(|one| one.def == of_trait.def);
                if let Some((_, bound)) =
                    known.and_then(|one| one.bindings.iter().find(|(known, _)| known == name))
                {
                    return bound.clone();
                }
            }
            if let Ty::Fn(_, ret) = ty
                && name == "Output"
            {
                return (**ret).clone();
            }
            let mut known: Option<Ty> = None;
            for (found, mut env) in self.impls(ty, of_trait.def) {
                if !self.args_fit(found, of_trait, &mut env)
                    || self.bounds_hold(found, &env) == Holds::No
                {
                    continue;
                }
                let assoc = found.one.items.iter().find_map(|item| match &item.kind {
                    AssocKind::Type(_, Some(assoc)) if item.name == name => Some(assoc),
                    _ => None,
                });
                let Some(assoc) = assoc else { continue };
                let env = self.learn_from_bounds(found, env);
                let module = DefId { krate: found.krate, item: found.one.module };
                let of_trait = Some(of_trait.def);
                let ctx = Ctx { module, self_ty: Some(ty), of_trait, env: &env };
                let projected = self.lower(assoc, ctx);
                // Several impls fit where too little is known: then neither is the answer.
                if known.as_ref().is_some_and(|known| *known != projected) {
                    return Ty::Unknown;
                }
                known = Some(projected);
            }
            if let Some(known) = known {
                return known;
            }
            self.assoc_bounds(of_trait.def, name, ty)
        })
    }

    /// Fits the arguments of an impl's trait: `SliceIndex<[T]>` to `SliceIndex<str>`.
    fn args_fit(&self, found: ImplRef<'w>, of_trait: &TraitTy, env: &mut Env) -> bool {
        let last = found.one.of_trait.as_ref().and_then(|path| path.segments.last());
        let Some(last) = last else { return true };
        let module = DefId { krate: found.krate, item: found.one.module };
        let empty = Env::new();
        let ctx = Ctx { module, self_ty: None, of_trait: None, env: &empty };
        last.args.iter().zip(&of_trait.args).all(|(arg, ty)| self.unify(arg, ty, ctx, env))
    }

    /// `impl<I, T> Iterator for Map<I, F> where F: FnMut(I::Item) -> T`: what `T` is, from `F`.
    fn learn_from_bounds(&self, found: ImplRef<'w>, env: Env) -> Env {
        let mut env = env;
        let module = DefId { krate: found.krate, item: found.one.module };
        let declared = found.one.generics.params.iter().map(|param| (&param.name, &param.bounds));
        let wheres = found.one.generics.wheres.iter().filter_map(|(ty, bounds)| match ty {
            TypeRef::Path(path) if path.segments.len() == 1 => {
                path.segments.first().map(|first| (&first.name, bounds))
            }
            _ => None,
        });
        let all: Vec<_> = declared.chain(wheres).collect();
        for (param, bounds) in all {
            let Some(ty) = env.get(param).cloned().filter(|ty| !ty.is_unknown()) else { continue };
            for bound in bounds {
                let Some(last) = bound.segments.last() else { continue };
                for (name, pattern) in &last.bindings {
                    let known = env.clone();
                    let ctx = Ctx { module, self_ty: None, of_trait: None, env: &known };
                    let Some(bound) = self.lower_trait(bound, ctx) else { continue };
                    let actual = self.project(&ty, &bound, name);
                    self.unify(pattern, &actual, ctx, &mut env);
                }
            }
        }
        env
    }

    /// An associated type of which only the bounds are known.
    fn assoc_bounds(&self, of_trait: DefId, name: &str, self_ty: &Ty) -> Ty {
        if !matches!(self_ty, Ty::Bounded(_)) {
            return Ty::Unknown;
        }
        let ItemKind::Trait { items, .. } = &self.resolver.world().item(of_trait).kind else {
            return Ty::Unknown;
        };
        let bounds = items.iter().find_map(|item| match &item.kind {
            AssocKind::Type(bounds, _) if item.name == name => Some(bounds),
            _ => None,
        });
        let Some(bounds) = bounds.filter(|bounds| !bounds.is_empty()) else { return Ty::Unknown };
        let env = Env::new();
        let module = self.module_of(of_trait);
        let ctx = Ctx { module, self_ty: Some(self_ty), of_trait: Some(of_trait), env: &env };
        self.lower_bounds(bounds, ctx).map_or(Ty::Unknown, Ty::Bounded)
    }

    /// `T::name`, where the trait is not said.
    pub(crate) fn project_by_name(&self, ty: &Ty, name: &str, ctx: Ctx<'_>) -> Ty {
        self.deeper(Ty::Unknown, || {
            if let Ty::Bounded(traits) = ty {
                for one in self.all_supers(traits) {
                    if self.has_assoc_type(one.def, name) {
                        return self.project(ty, &one, name);
                    }
                }
            }
            if let Some(def) = ctx.of_trait {
                let own = TraitTy { def, args: Vec::new(), bindings: Vec::new() };
                for one in self.all_supers(&[own]) {
                    if self.has_assoc_type(one.def, name) {
                        return self.project(ty, &one, name);
                    }
                }
            }
            // Common names, by the trait that everybody means.
            let path = match name {
                "Item" => "iter::Iterator",
                "IntoIter" => "iter::IntoIterator",
                "Target" => "ops::Deref",
                "Err" => "str::FromStr",
                "Owned" => "borrow::ToOwned",
                // Every operator has one.
                "Output" if !matches!(ty, Ty::Fn(..)) => return Ty::Unknown,
                _ => return self.project_output(ty, name, ctx.module.krate),
            };
            let Some(def) = self.lang(path) else { return Ty::Unknown };
            self.project(ty, &TraitTy { def, args: Vec::new(), bindings: Vec::new() }, name)
        })
    }

    /// An associated type by its name alone: if only one trait with such a one fits.
    fn project_output(&self, ty: &Ty, name: &str, viewer: CrateId) -> Ty {
        let world = self.resolver.world();
        let mut crates = self.crates_of(ty, viewer);
        self.add_toolchain(&mut crates);
        let mut found: Option<Ty> = None;
        for krate in crates {
            for of_trait in world.tables(krate).traits_with(name) {
                let def = DefId { krate, item: *of_trait };
                if !self.has_assoc_type(def, name) {
                    continue;
                }
                let one = TraitTy { def, args: Vec::new(), bindings: Vec::new() };
                let projected = self.project(ty, &one, name);
                if !projected.is_unknown() {
                    if found.is_some() {
                        return Ty::Unknown;
                    }
                    found = Some(projected);
                }
            }
        }
        found.unwrap_or(Ty::Unknown)
    }

    pub(crate) fn has_assoc_type(&self, of_trait: DefId, name: &str) -> bool {
        match &self.resolver.world().item(of_trait).kind {
            ItemKind::Trait { items, .. } => items
                .iter()
                .any(|item| item.name == name && matches!(item.kind, AssocKind::Type(..))),
            _ => false,
        }
    }

    /// What `*value` is; `None` if it cannot be dereferenced.
    pub(crate) fn deref(&self, ty: &Ty) -> Option<Ty> {
        match ty {
            Ty::Ref(inner) | Ty::Pointer(inner) => Some((**inner).clone()),
            Ty::Adt(def, args) => {
                if Some(*def) == self.lang("boxed::Box") {
                    return Some(args.first().cloned().unwrap_or(Ty::Unknown));
                }
                let of_trait = self.lang("ops::Deref")?;
                if self.impls(ty, of_trait).is_empty() {
                    let hidden = self.may_be_hidden(ty, "Deref", of_trait.krate);
                    return hidden.then_some(Ty::Unknown);
                }
                let one = TraitTy { def: of_trait, args: Vec::new(), bindings: Vec::new() };
                Some(self.project(ty, &one, "Target"))
            }
            Ty::Bounded(traits) => {
                let of_trait = self.lang("ops::Deref")?;
                let all = self.all_supers(traits);
                let one = all.iter().find(|one| one.def == of_trait)?;
                Some(self.project(ty, one, "Target"))
            }
            _ => None,
        }
    }

    /// What `value.await` is.
    pub(crate) fn awaited(&self, ty: &Ty) -> Ty {
        let mut at = ty.clone();
        for _ in 0..4 {
            for path in ["future::Future", "future::IntoFuture"] {
                let Some(def) = self.lang(path) else { return Ty::Unknown };
                let one = TraitTy { def, args: Vec::new(), bindings: Vec::new() };
                let output = self.project(&at, &one, "Output");
                if !output.is_unknown() {
                    return output;
                }
            }
            // `Pin<Box<dyn Future>>`.
            match &at {
                Ty::Adt(_, args)
                    if self.is_lang(&at, "pin::Pin") || self.is_lang(&at, "boxed::Box") =>
                {
                    at = args.first().cloned().unwrap_or(Ty::Unknown);
                }
                Ty::Ref(inner) => at = (**inner).clone(),
                _ => return Ty::Unknown,
            }
        }
        Ty::Unknown
    }

    /// What iterating over a value gives.
    pub(crate) fn item_of(&self, ty: &Ty) -> Ty {
        if let Ty::Array(inner) = ty {
            return (**inner).clone();
        }
        for (path, name) in [("iter::Iterator", "Item"), ("iter::IntoIterator", "Item")] {
            let Some(def) = self.lang(path) else { return Ty::Unknown };
            let one = TraitTy { def, args: Vec::new(), bindings: Vec::new() };
            let item = self.project(ty, &one, name);
            if !item.is_unknown() {
                return item;
            }
        }
        match ty {
            Ty::Ref(inner) => match &**inner {
                Ty::Array(item) | Ty::Slice(item) => (**item).clone().reference(),
                _ => Ty::Unknown,
            },
            _ => Ty::Unknown,
        }
    }
}

fn is_auto(name: &str) -> bool {
    matches!(
        name,
        "Sized"
            | "Send"
            | "Sync"
            | "Unpin"
            | "UnwindSafe"
            | "RefUnwindSafe"
            | "Freeze"
            | "Any"
            | "MetaSized"
            | "PointeeSized"
            | "Destruct"
            | "Tuple"
            | "Pointee"
    )
}
