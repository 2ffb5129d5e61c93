//! What a value takes and gives when it is called or made with `new`.

use std::sync::Arc;

use super::index::Decl;
use super::infer::{Env, Ty};
use super::types::{MemberKind, Members, Param, Signature, TypeExpr};
use super::world::Lookup;

impl Lookup<'_> {
    /// Lists the ways in which a value may be called, or made with `new`.
    pub(crate) fn signatures(
        &self,
        ty: &Ty,
        is_new: bool,
        depth: u32,
    ) -> Vec<(Arc<Signature>, Env)> {
        if !self.burn(depth) {
            return Vec::new();
        }
        let of_members = |members: &Members, env: &Env| {
            let all = if is_new { &members.constructs } else { &members.calls };
            all.iter().map(|it| (it.clone(), env.clone())).collect::<Vec<_>>()
        };
        match ty {
            Ty::Function(signature, env) if !is_new => vec![(signature.clone(), env.clone())],
            Ty::Shape(members, env) => of_members(members, env),
            Ty::Both(all) | Ty::Either(all) => {
                all.iter().flat_map(|ty| self.signatures(ty, is_new, depth + 1)).collect()
            }
            Ty::Value(place, name) => {
                let mut all = Vec::new();
                for (_, decl) in self.decls(place, name) {
                    let env = Env::at(place.clone());
                    match decl {
                        Decl::Function { signature, .. } if !is_new => {
                            all.push((signature.clone(), env));
                        }
                        Decl::Variable { of: Some(of), .. } => {
                            let ty = self.eval(of, &env, depth + 1);
                            all.extend(self.signatures(&ty, is_new, depth + 1));
                        }
                        Decl::Class(class) if is_new => {
                            all.extend(of_members(&class.statics, &env));
                        }
                        _ => {}
                    }
                }
                if all.is_empty()
                    && let Some(ty) = self.outer_value(place, name, depth + 1)
                {
                    all = self.signatures(&ty, is_new, depth + 1);
                }
                all
            }
            Ty::Named { place, name, args } => {
                let mut all = Vec::new();
                for (_, decl) in self.decls(place, name) {
                    let env = Env { this: Some(Arc::new(ty.clone())), ..Env::at(place.clone()) };
                    match decl {
                        Decl::Interface { type_params, extends, members } => {
                            let env = self.bind(type_params, args, &env, depth + 1);
                            all.extend(of_members(members, &env));
                            for base in extends {
                                let base = self.eval(base, &env, depth + 1);
                                all.extend(self.signatures(&base, is_new, depth + 1));
                            }
                        }
                        Decl::Alias { type_params, of } => {
                            let env = self.bind(type_params, args, &env, depth + 1);
                            let ty = self.eval(of, &env, depth + 1);
                            all.extend(self.signatures(&ty, is_new, depth + 1));
                        }
                        _ => {}
                    }
                }
                all
            }
            _ => Vec::new(),
        }
    }

    /// Returns what a call gives, by the signatures that take as many arguments.
    pub(crate) fn call(&self, ty: &Ty, is_new: bool, args: &[Ty], given: &[Ty], depth: u32) -> Ty {
        if let (true, Ty::Value(place, name)) = (is_new, ty) {
            let is_class =
                self.decls(place, name).iter().any(|(_, decl)| matches!(decl, Decl::Class(_)));
            if is_class {
                return Ty::Named {
                    place: place.clone(),
                    name: name.clone(),
                    args: given.to_vec(),
                };
            }
        }
        if let Ty::Unknown(why) = ty {
            return Ty::Unknown(why.clone());
        }
        let all = self.signatures(ty, is_new, depth + 1);
        // Several that fit may give different things.
        let mut returns: Vec<Ty> = all
            .iter()
            .filter(|(it, _)| fits(it, args))
            .take(8)
            .map(|(it, env)| self.returned(it, env, args, given, depth + 1))
            .collect();
        match returns.len() {
            0 => Ty::unknown("how it is called is not known"),
            1 => returns.swap_remove(0),
            _ => Ty::either(returns),
        }
    }

    pub(super) fn returned(
        &self,
        signature: &Signature,
        env: &Env,
        args: &[Ty],
        given: &[Ty],
        depth: u32,
    ) -> Ty {
        let Some(returns) = &signature.returns else {
            return Ty::unknown("what it gives is not written down");
        };
        let env = self.call_env(signature, env, args, given, depth + 1);
        self.eval(returns, &env, depth + 1)
    }

    /// Binds a call's type parameters: those that are given, those that an argument is, and the
    /// defaults of those that no argument could tell.
    pub(crate) fn call_env(
        &self,
        signature: &Signature,
        env: &Env,
        args: &[Ty],
        given: &[Ty],
        depth: u32,
    ) -> Env {
        let mut bound = env.clone();
        for (idx, param) in signature.type_params.iter().enumerate() {
            let is_param = |it: &&TypeExpr| matches!(it, TypeExpr::Name(path, _) if path.len() == 1 && path[0] == param.name);
            let direct = signature
                .params
                .iter()
                .position(|it| it.of.as_ref().is_some_and(|of| is_param(&of)));
            let is_told = signature
                .params
                .iter()
                .any(|it| it.of.as_ref().is_some_and(|of| mentions(of, &param.name, 0)));
            let ty = match (given.get(idx), direct.and_then(|at| args.get(at)), &param.default) {
                (Some(ty), _, _) => ty.clone(),
                (_, Some(ty), _) => ty.clone(),
                (_, _, Some(default)) if !is_told => self.eval(default, &bound, depth + 1),
                _ => Ty::Unknown(format!("`{}` may be any type", param.name)),
            };
            Arc::make_mut(&mut bound.params).insert(param.name.clone(), ty);
        }
        bound
    }

    /// Returns the types that the argument at `at` may have, over all signatures that fit.
    pub(crate) fn argument_types(
        &self,
        ty: &Ty,
        is_new: bool,
        at: usize,
        args: &[Ty],
        depth: u32,
    ) -> Vec<Ty> {
        let all = self.signatures(ty, is_new, depth + 1);
        all.iter()
            .filter(|(signature, _)| fits(signature, args))
            .take(12)
            .filter_map(|(signature, env)| {
                let (param, is_rest) = param_at(signature, at)?;
                let of = param.of.as_ref()?;
                let env = self.call_env(signature, env, &[], &[], depth + 1);
                let ty = self.eval(of, &env, depth + 1);
                Some(match (is_rest, ty) {
                    (true, Ty::Array(item)) => *item,
                    (true, _) => Ty::unknown("a rest of arguments"),
                    (false, ty) => ty,
                })
            })
            .collect()
    }
}

/// Says whether a type names `param`; what is computed may.
fn mentions(of: &TypeExpr, param: &str, depth: u32) -> bool {
    if depth > 12 {
        return true;
    }
    let inner = |it: &TypeExpr| mentions(it, param, depth + 1);
    let in_signature = |it: &Signature| {
        it.params.iter().any(|it| it.of.as_ref().is_some_and(inner))
            || it.returns.as_ref().is_some_and(inner)
    };
    match of {
        TypeExpr::Name(path, args) => {
            path.first().is_some_and(|name| name == param) || args.iter().any(inner)
        }
        TypeExpr::Union(all) | TypeExpr::Intersection(all) => all.iter().any(inner),
        TypeExpr::Array(item) | TypeExpr::Lookup(item, _) => inner(item),
        TypeExpr::Function(it) | TypeExpr::Constructor(it) => in_signature(it),
        TypeExpr::Object(members) => members.props.values().flatten().any(|it| match &it.kind {
            MemberKind::Property(of) => of.as_ref().is_some_and(inner),
            MemberKind::Method(it) => in_signature(it),
        }),
        TypeExpr::Other => true,
        TypeExpr::TypeOf(_) | TypeExpr::This | TypeExpr::Plain(_) | TypeExpr::Text(_) => false,
    }
}

/// Says whether a signature takes as many arguments, and the strings among them.
fn fits(signature: &Signature, args: &[Ty]) -> bool {
    let required = signature.params.iter().filter(|it| !it.is_optional && !it.is_rest).count();
    let has_rest = signature.params.iter().any(|it| it.is_rest);
    let takes_text = |of: &TypeExpr, text: &str| match of {
        TypeExpr::Text(only) => only == text,
        TypeExpr::Union(all) => {
            all.iter().any(|it| !matches!(it, TypeExpr::Text(only) if only != text))
        }
        _ => true,
    };
    let takes = |(param, arg): (&Param, &Ty)| match (&param.of, arg) {
        (Some(of), Ty::Text(text)) => takes_text(of, text),
        _ => true,
    };
    args.len() >= required
        && (has_rest || args.len() <= signature.params.len())
        && signature.params.iter().zip(args).all(takes)
}

fn param_at(signature: &Signature, at: usize) -> Option<(&Param, bool)> {
    match signature.params.get(at) {
        Some(param) => Some((param, param.is_rest)),
        None => signature.params.last().filter(|it| it.is_rest).map(|it| (it, true)),
    }
}
