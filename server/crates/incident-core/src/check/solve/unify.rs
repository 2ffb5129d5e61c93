//! Holds a written type against a type and learns what its parameters are.

use crate::api::{ItemKind, TypePath, TypeRef};

use super::{Ctx, Env, Solver, Ty};

impl Solver<'_, '_> {
    /// Fits `pattern` to `ty`, binding the parameters in `env`; `false` where that cannot be.
    ///
    /// The parameters are the keys of `env`; `Unknown` is free to be learnt.
    pub(crate) fn unify(&self, pattern: &TypeRef, ty: &Ty, ctx: Ctx<'_>, env: &mut Env) -> bool {
        self.deeper(true, || self.unify_inner(pattern, ty, ctx, env))
    }

    fn unify_inner(&self, pattern: &TypeRef, ty: &Ty, ctx: Ctx<'_>, env: &mut Env) -> bool {
        if let TypeRef::Path(path) = pattern
            && let Some(name) = parameter(path, env)
        {
            if ty.is_unknown() {
                return true;
            }
            let bound = env.entry(name.to_owned()).or_insert(Ty::Unknown);
            if bound.is_unknown() {
                *bound = ty.clone();
                return true;
            }
            return compatible(bound, ty);
        }
        match (pattern, ty) {
            (_, Ty::Unknown) | (TypeRef::Infer, _) => true,
            (TypeRef::Path(path), _) => self.unify_path(path, ty, ctx, env),
            (TypeRef::Ref(inner), Ty::Ref(target)) => self.unify(inner, target, ctx, env),
            (TypeRef::Pointer(inner), Ty::Pointer(target)) => self.unify(inner, target, ctx, env),
            (TypeRef::Slice(inner), Ty::Slice(target))
            | (TypeRef::Array(inner), Ty::Array(target)) => self.unify(inner, target, ctx, env),
            (TypeRef::Tuple(parts), Ty::Tuple(types)) => {
                parts.len() == types.len()
                    && parts.iter().zip(types).all(|(part, ty)| self.unify(part, ty, ctx, env))
            }
            (TypeRef::Fn(params, ret), Ty::Fn(types, result)) => {
                params.len() == types.len()
                    && params.iter().zip(types).all(|(one, ty)| self.unify(one, ty, ctx, env))
                    && self.unify(ret, result, ctx, env)
            }
            (TypeRef::Dyn(bounds) | TypeRef::Impl(bounds), Ty::Bounded(traits)) => {
                let Some(first) = bounds.first() else { return true };
                match self.lower_trait(first, ctx) {
                    Some(first) => traits.iter().any(|one| one.def == first.def),
                    None => true,
                }
            }
            (TypeRef::Never, Ty::Never) => true,
            _ => false,
        }
    }

    fn unify_path(&self, path: &TypePath, ty: &Ty, ctx: Ctx<'_>, env: &mut Env) -> bool {
        let Some(last) = path.segments.last() else { return true };
        if path.qself.is_some() {
            return true;
        }
        let first = path.segments.first().map(|one| one.name.as_str());
        if first == Some("Self") {
            return path.segments.len() > 1
                || ctx.self_ty.is_none_or(|self_ty| compatible(self_ty, ty));
        }
        if first.is_some_and(|first| env.contains_key(first)) {
            return true; // `T::Item`: nothing is learnt from it.
        }
        let names: Vec<&str> = path.segments.iter().map(|one| one.name.as_str()).collect();
        let def = self.type_item(&names, path.is_global, ctx.module);
        let Some(def) = def.filter(|def| !self.is_module_of_primitive(&names, *def)) else {
            return match super::primitive(&last.name) {
                Some(prim) => compatible(&prim, ty),
                None => true,
            };
        };
        match &self.resolver.world().item(def).kind {
            ItemKind::Struct { .. } | ItemKind::Enum { .. } => match ty {
                Ty::Adt(target, args) if *target == def => {
                    last.args.iter().zip(args).all(|(arg, ty)| self.unify(arg, ty, ctx, env))
                }
                _ => false,
            },
            ItemKind::TypeAlias { ty: aliased, generics } => {
                // The alias' own parameters are what its arguments are in our terms.
                if generics.params.is_empty() {
                    let module = self.module_of(def);
                    let empty = Env::new();
                    let inner = Ctx { module, self_ty: None, of_trait: None, env: &empty };
                    return self.unify(aliased, ty, inner, &mut Env::new());
                }
                let known = env.clone();
                let lowered = self.lower(&TypeRef::Path(path.clone()), Ctx { env: &known, ..ctx });
                compatible(&lowered, ty)
            }
            _ => true,
        }
    }
}

fn parameter<'a>(path: &'a TypePath, env: &Env) -> Option<&'a str> {
    match path.segments.as_slice() {
        [only] if path.qself.is_none() && !path.is_global => {
            env.contains_key(&only.name).then_some(only.name.as_str())
        }
        _ => None,
    }
}

/// Says whether two types may be the same.
pub(crate) fn compatible(a: &Ty, b: &Ty) -> bool {
    const INTS: [&str; 12] =
        ["u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize"];
    match (a, b) {
        (Ty::Unknown | Ty::Never, _) | (_, Ty::Unknown | Ty::Never) => true,
        (Ty::Int, Ty::Prim(name)) | (Ty::Prim(name), Ty::Int) => INTS.contains(name),
        (Ty::Float, Ty::Prim(name)) | (Ty::Prim(name), Ty::Float) => name.starts_with('f'),
        (Ty::Adt(a, args_a), Ty::Adt(b, args_b)) => {
            a == b && args_a.iter().zip(args_b).all(|(a, b)| compatible(a, b))
        }
        (Ty::Ref(a), Ty::Ref(b))
        | (Ty::Pointer(a), Ty::Pointer(b))
        | (Ty::Slice(a), Ty::Slice(b))
        | (Ty::Array(a), Ty::Array(b)) => compatible(a, b),
        (Ty::Tuple(a), Ty::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| compatible(a, b))
        }
        (Ty::Fn(a, _), Ty::Fn(b, _)) => a.len() == b.len(),
        // An opaque type may be the very one.
        (Ty::Bounded(_), _) | (_, Ty::Bounded(_)) => true,
        _ => a == b,
    }
}
