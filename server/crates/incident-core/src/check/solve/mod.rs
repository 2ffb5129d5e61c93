//! Types as far as a snippet's text and the signatures at hand tell them.
//!
//! Not a type checker: it follows what is written and says `Unknown` for the rest. Whoever asks
//! treats `Unknown` as "may be anything".

use std::collections::BTreeMap;

use crate::api::{
    Bound, DefId, Generics, ItemKind, Namespace, PathKind, Resolver, TypePath, TypeRef,
};
use crate::check::walk::is_primitive;

mod members;
mod traits;
mod unify;

pub(crate) use members::{Callable, Member, MemberLookup, MethodLookup, TraitsInScope};
pub(crate) use traits::Holds;

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ty {
    /// Not told by the text.
    Unknown,
    /// A struct, an enum or a union with its type arguments.
    Adt(DefId, Vec<Ty>),
    /// `u8`, `str`, `bool`, ...
    Prim(&'static str),
    /// An integer literal's type.
    Int,
    /// A float literal's type.
    Float,
    Ref(Box<Ty>),
    Pointer(Box<Ty>),
    Tuple(Vec<Ty>),
    Slice(Box<Ty>),
    Array(Box<Ty>),
    /// A function or a closure.
    Fn(Vec<Ty>, Box<Ty>),
    /// `impl Trait`, `dyn Trait`, or a type parameter with its bounds.
    Bounded(Vec<TraitTy>),
    Never,
}

/// A trait with its arguments and what is said of its associated types.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TraitTy {
    pub(crate) def: DefId,
    pub(crate) args: Vec<Ty>,
    pub(crate) bindings: Vec<(String, Ty)>,
}

/// What type parameters stand for.
pub(crate) type Env = BTreeMap<String, Ty>;

/// Where a written type is read.
#[derive(Clone, Copy)]
pub(crate) struct Ctx<'a> {
    /// The module whose names it uses.
    pub(crate) module: DefId,
    /// What `Self` is.
    pub(crate) self_ty: Option<&'a Ty>,
    /// The trait that is being defined or implemented.
    pub(crate) of_trait: Option<DefId>,
    /// What type parameters are.
    pub(crate) env: &'a Env,
}

/// Answers questions about types by the crates at hand.
pub(crate) struct Solver<'r, 'w> {
    pub(crate) resolver: &'r Resolver<'w>,
    pub(crate) depth: std::cell::Cell<usize>,
    lang: std::cell::RefCell<BTreeMap<&'static str, Option<DefId>>>,
    /// Bounds of the parameters of the function whose signature is being read.
    pub(crate) bounds: std::cell::RefCell<Vec<(String, Bound)>>,
}

/// Questions within questions beyond this are answered with `Unknown`.
const MAX_DEPTH: usize = 24;

impl Ty {
    pub(crate) fn unit() -> Self {
        Self::Tuple(Vec::new())
    }

    pub(crate) fn reference(self) -> Self {
        Self::Ref(Box::new(self))
    }

    /// Returns the type without references around it.
    pub(crate) fn peeled(&self) -> &Ty {
        let mut ty = self;
        while let Ty::Ref(inner) = ty {
            ty = inner;
        }
        ty
    }

    /// Says whether nothing at all is known.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

impl<'r, 'w> Solver<'r, 'w> {
    pub(crate) fn new(resolver: &'r Resolver<'w>) -> Self {
        Self {
            resolver,
            depth: std::cell::Cell::new(0),
            lang: std::cell::RefCell::default(),
            bounds: std::cell::RefCell::default(),
        }
    }

    /// Does `work` one level deeper; `otherwise` beyond the limit.
    pub(crate) fn deeper<T>(&self, otherwise: T, work: impl FnOnce() -> T) -> T {
        if self.depth.get() >= MAX_DEPTH {
            return otherwise;
        }
        self.depth.set(self.depth.get() + 1);
        let answer = work();
        self.depth.set(self.depth.get() - 1);
        answer
    }

    /// Returns a well-known item of the standard library by its path there.
    pub(crate) fn lang(&self, path: &'static str) -> Option<DefId> {
        if let Some(known) = self.lang.borrow().get(path) {
            return *known;
        }
        let key = crate::api::CrateKey::Toolchain("std".to_owned());
        let found = self.resolver.krate(&key).ok().and_then(|std| {
            let segments: Vec<&str> = std::iter::once("crate").chain(path.split("::")).collect();
            let root = self.resolver.world().root(std);
            let lookup =
                self.resolver.path(root, &segments, false, Namespace::Type, PathKind::Expression);
            lookup.targets.first().map(|target| target.def)
        });
        self.lang.borrow_mut().insert(path, found);
        found
    }

    /// Says whether `ty` is the standard library's type at `path`.
    pub(crate) fn is_lang(&self, ty: &Ty, path: &'static str) -> bool {
        matches!(ty, Ty::Adt(def, _) if Some(*def) == self.lang(path))
    }

    /// Returns the standard library's type at `path` with arguments.
    pub(crate) fn lang_ty(&self, path: &'static str, args: Vec<Ty>) -> Ty {
        self.lang(path).map_or(Ty::Unknown, |def| Ty::Adt(def, args))
    }

    /// Returns a future of `output`.
    pub(crate) fn future(&self, output: Ty) -> Ty {
        match self.lang("future::Future") {
            Some(def) => Ty::Bounded(vec![TraitTy {
                def,
                args: Vec::new(),
                bindings: vec![("Output".to_owned(), output)],
            }]),
            None => Ty::Unknown,
        }
    }

    /// Reads a written type.
    pub(crate) fn lower(&self, ty: &TypeRef, ctx: Ctx<'_>) -> Ty {
        self.deeper(Ty::Unknown, || match ty {
            TypeRef::Path(path) => self.lower_path(path, ctx),
            TypeRef::Ref(inner) => self.lower(inner, ctx).reference(),
            TypeRef::Pointer(inner) => Ty::Pointer(Box::new(self.lower(inner, ctx))),
            TypeRef::Tuple(parts) => {
                Ty::Tuple(parts.iter().map(|part| self.lower(part, ctx)).collect())
            }
            TypeRef::Slice(inner) => Ty::Slice(Box::new(self.lower(inner, ctx))),
            TypeRef::Array(inner) => Ty::Array(Box::new(self.lower(inner, ctx))),
            TypeRef::Fn(params, ret) => Ty::Fn(
                params.iter().map(|param| self.lower(param, ctx)).collect(),
                Box::new(self.lower(ret, ctx)),
            ),
            TypeRef::Impl(bounds) | TypeRef::Dyn(bounds) => {
                self.lower_bounds(bounds, ctx).map_or(Ty::Unknown, Ty::Bounded)
            }
            TypeRef::Never => Ty::Never,
            TypeRef::Infer => Ty::Unknown,
        })
    }

    /// Reads bounds; `None` if one of them cannot be seen.
    pub(crate) fn lower_bounds(&self, bounds: &[Bound], ctx: Ctx<'_>) -> Option<Vec<TraitTy>> {
        bounds.iter().map(|bound| self.lower_trait(bound, ctx)).collect()
    }

    /// Reads the path of a trait.
    pub(crate) fn lower_trait(&self, path: &TypePath, ctx: Ctx<'_>) -> Option<TraitTy> {
        let names: Vec<&str> = path.segments.iter().map(|one| one.name.as_str()).collect();
        let def = self.type_item(&names, path.is_global, ctx.module)?;
        let ItemKind::Trait { .. } = self.resolver.world().item(def).kind else { return None };
        let last = path.segments.last()?;
        let args = last.args.iter().map(|arg| self.lower(arg, ctx)).collect();
        let bindings =
            last.bindings.iter().map(|(name, ty)| (name.clone(), self.lower(ty, ctx))).collect();
        Some(TraitTy { def, args, bindings })
    }

    /// Resolves a path to the item of the type namespace that it leads to.
    pub(crate) fn type_item(
        &self,
        names: &[&str],
        is_global: bool,
        module: DefId,
    ) -> Option<DefId> {
        let lookup =
            self.resolver.path(module, names, is_global, Namespace::Type, PathKind::Expression);
        lookup.targets.first().map(|target| target.def)
    }

    fn lower_path(&self, path: &TypePath, ctx: Ctx<'_>) -> Ty {
        if let Some(qself) = &path.qself {
            let base = self.lower(qself, ctx);
            let of_trait = path.segments.get(..path.n_trait_segments).unwrap_or_default();
            let trait_path = TypePath {
                segments: of_trait.to_vec(),
                is_global: path.is_global,
                ..TypePath::default()
            };
            let of_trait = self.lower_trait(&trait_path, ctx);
            let rest = path.segments.get(path.n_trait_segments..).unwrap_or_default();
            return rest.iter().fold(base, |base, segment| match &of_trait {
                Some(of_trait) => self.project(&base, of_trait, &segment.name),
                None => self.project_by_name(&base, &segment.name, ctx),
            });
        }
        let Some(first) = path.segments.first() else { return Ty::Unknown };
        let base = match first.name.as_str() {
            "Self" => ctx.self_ty.cloned(),
            name => ctx.env.get(name).cloned().filter(|_| !path.is_global),
        };
        if let Some(mut base) = base {
            let rest = path.segments.get(1..).unwrap_or_default();
            for (index, segment) in rest.iter().enumerate() {
                let by_bound = (index == 0)
                    .then(|| self.project_by_bound(&first.name, &base, &segment.name, ctx))
                    .flatten();
                base = match by_bound {
                    Some(projected) => projected,
                    None => self.project_by_name(&base, &segment.name, ctx),
                };
            }
            return base;
        }
        let names: Vec<&str> = path.segments.iter().map(|one| one.name.as_str()).collect();
        if let Some(def) = self.type_item(&names, path.is_global, ctx.module)
            && !self.is_module_of_primitive(&names, def)
        {
            let args: Vec<Ty> = path
                .segments
                .last()
                .map(|last| last.args.iter().map(|arg| self.lower(arg, ctx)).collect())
                .unwrap_or_default();
            return self.instantiate(def, args);
        }
        if names.len() == 1
            && let Some(prim) = primitive(&first.name)
        {
            return prim;
        }
        Ty::Unknown
    }

    /// `I::Output` where the signature says `I: SliceIndex<[T]>`.
    fn project_by_bound(&self, param: &str, ty: &Ty, name: &str, ctx: Ctx<'_>) -> Option<Ty> {
        let bounds: Vec<Bound> = {
            let bounds = self.bounds.borrow();
            bounds.iter().filter(|(of, _)| of == param).map(|(_, bound)| bound.clone()).collect()
        };
        bounds.iter().find_map(|bound| {
            let one = self.lower_trait(bound, ctx)?;
            self.has_assoc_type(one.def, name).then(|| self.project(ty, &one, name))
        })
    }

    /// `use std::str;` does not take the type `str` away.
    fn is_module_of_primitive(&self, names: &[&str], def: DefId) -> bool {
        names.len() == 1
            && names.first().is_some_and(|name| is_primitive(name))
            && self.resolver.world().scope(def).is_some()
    }

    /// Returns the type of an item with these arguments; aliases are followed.
    pub(crate) fn instantiate(&self, def: DefId, args: Vec<Ty>) -> Ty {
        let world = self.resolver.world();
        match &world.item(def).kind {
            ItemKind::Struct { generics, .. } | ItemKind::Enum { generics, .. } => {
                Ty::Adt(def, self.complete(generics, args, def))
            }
            ItemKind::TypeAlias { generics, ty } => {
                let args = self.complete(generics, args, def);
                let env = named(generics, &args);
                let module = self.module_of(def);
                self.lower(ty, Ctx { module, self_ty: None, of_trait: None, env: &env })
            }
            ItemKind::Trait { .. } => {
                Ty::Bounded(vec![TraitTy { def, args, bindings: Vec::new() }])
            }
            ItemKind::Variant(_) => {
                let parent = DefId { item: world.item(def).parent, ..def };
                self.instantiate(parent, Vec::new())
            }
            _ => Ty::Unknown,
        }
    }

    /// Fills up arguments with defaults, else `Unknown`.
    fn complete(&self, generics: &Generics, args: Vec<Ty>, def: DefId) -> Vec<Ty> {
        let mut complete = args;
        complete.truncate(generics.params.len());
        let module = self.module_of(def);
        for param in generics.params.iter().skip(complete.len()) {
            let ty = match &param.default {
                Some(default) => {
                    let env = named(generics, &complete);
                    let ctx = Ctx { module, self_ty: None, of_trait: None, env: &env };
                    self.lower(default, ctx)
                }
                None => Ty::Unknown,
            };
            complete.push(ty);
        }
        complete
    }

    /// Returns the module around an item.
    pub(crate) fn module_of(&self, def: DefId) -> DefId {
        let world = self.resolver.world();
        let mut at = DefId { item: world.item(def).parent, ..def };
        while world.scope(at).is_none() {
            let parent = world.item(at).parent;
            if parent == at.item {
                break;
            }
            at.item = parent;
        }
        at
    }
}

/// Pairs parameters with arguments; `Unknown` where there are too few.
pub(crate) fn named(generics: &Generics, args: &[Ty]) -> Env {
    generics
        .params
        .iter()
        .enumerate()
        .map(|(index, param)| (param.name.clone(), args.get(index).cloned().unwrap_or(Ty::Unknown)))
        .collect()
}

/// Returns the primitive type with this name.
pub(crate) fn primitive(name: &str) -> Option<Ty> {
    const NAMES: [&str; 20] = [
        "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32",
        "i64", "i128", "isize", "f16", "f32", "f64", "f128", "never",
    ];
    debug_assert!(NAMES.iter().all(|name| *name == "never" || is_primitive(name)));
    NAMES.iter().find(|known| **known == name && name != "never").map(|name| Ty::Prim(name))
}
