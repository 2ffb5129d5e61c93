//! From written types to what they mean where they stand.

use std::sync::Arc;

use super::infer::{Attr, Env, Ty};
use super::types::{Members, TypeExpr, TypeParam};
use super::world::{Found, Lookup, Target};

impl Lookup<'_> {
    pub(super) fn bind(&self, params: &[TypeParam], args: &[Ty], env: &Env, depth: u32) -> Env {
        if params.is_empty() {
            return env.clone();
        }
        let mut bound = env.clone();
        for (idx, param) in params.iter().enumerate() {
            let ty = match (args.get(idx), &param.default) {
                (Some(ty), _) => ty.clone(),
                (None, Some(default)) => self.eval(default, &bound, depth + 1),
                (None, None) => Ty::Unknown(format!("`{}` may be any type", param.name)),
            };
            Arc::make_mut(&mut bound.params).insert(param.name.clone(), ty);
        }
        bound
    }

    /// Returns what a written type means.
    pub(crate) fn eval(&self, of: &TypeExpr, env: &Env, depth: u32) -> Ty {
        if !self.burn(depth) {
            return Ty::unknown("it goes too deep");
        }
        match of {
            TypeExpr::Name(path, args) => self.eval_name(path, args, env, depth + 1),
            TypeExpr::TypeOf(path) => match self.path(&env.place, path, depth + 1) {
                Found::Target(target) => self.value(&target, depth + 1),
                Found::Missing(_) => Ty::unknown("what it is the type of is not there"),
                Found::Unseen(why) => Ty::Unknown(why),
            },
            TypeExpr::Object(members) => Ty::Shape(members.clone(), env.clone()),
            TypeExpr::Function(signature) => Ty::Function(signature.clone(), env.clone()),
            TypeExpr::Constructor(signature) => {
                let members = Members { constructs: vec![signature.clone()], ..Members::default() };
                Ty::Shape(Arc::new(members), env.clone())
            }
            TypeExpr::Union(all) => {
                Ty::either(all.iter().map(|it| self.eval(it, env, depth + 1)).collect())
            }
            TypeExpr::Intersection(all) => {
                Ty::Both(all.iter().map(|it| self.eval(it, env, depth + 1)).collect())
            }
            TypeExpr::Array(item) => Ty::Array(Box::new(self.eval(item, env, depth + 1))),
            TypeExpr::Lookup(of, key) => {
                match self.attr(&self.eval(of, env, depth + 1), key, depth + 1) {
                    Attr::Found(ty, _) => *ty,
                    _ => Ty::unknown("its type is looked up and not found"),
                }
            }
            TypeExpr::This => match &env.this {
                Some(this) => this.as_ref().clone(),
                None => Ty::unknown("its receiver is not known"),
            },
            TypeExpr::Text(text) => Ty::Text(text.clone()),
            TypeExpr::Plain(name) => match *name {
                "string" => Ty::Plain("String"),
                "number" => Ty::Plain("Number"),
                "boolean" => Ty::Plain("Boolean"),
                "bigint" => Ty::Plain("BigInt"),
                "symbol" => Ty::Plain("Symbol"),
                "undefined" => Ty::Undefined,
                _ => Ty::unknown("its type is `any`"),
            },
            TypeExpr::Other => Ty::unknown("its type is computed"),
        }
    }

    fn eval_name(&self, path: &[String], args: &[TypeExpr], env: &Env, depth: u32) -> Ty {
        let evaluated = || args.iter().map(|it| self.eval(it, env, depth + 1)).collect::<Vec<Ty>>();
        if let [name] = path {
            if let Some(ty) = env.params.get(name) {
                return ty.clone();
            }
            match (name.as_str(), args.first()) {
                // What is left of them is looked up in the whole: nothing that is there is accused.
                (
                    "Partial" | "Required" | "Readonly" | "NonNullable" | "Omit" | "Pick"
                    | "NoInfer" | "ThisType",
                    Some(first),
                ) => return self.eval(first, env, depth + 1),
                ("Awaited", Some(first)) => {
                    return self.awaited(&self.eval(first, env, depth + 1), depth + 1);
                }
                ("Array" | "ReadonlyArray", Some(first)) => {
                    return Ty::Array(Box::new(self.eval(first, env, depth + 1)));
                }
                ("ReturnType", Some(first)) => {
                    let ty = self.eval(first, env, depth + 1);
                    return match self.signatures(&ty, false, depth + 1).as_slice() {
                        [(signature, env)] => self.returned(signature, env, &[], &[], depth + 1),
                        _ => Ty::unknown("its type is computed"),
                    };
                }
                (
                    "Record"
                    | "Extract"
                    | "Exclude"
                    | "ReturnType"
                    | "Parameters"
                    | "InstanceType"
                    | "ConstructorParameters"
                    | "Function"
                    | "Object",
                    _,
                ) => return Ty::unknown("its type is computed"),
                _ => {}
            }
        }
        match self.path(&env.place, path, depth + 1) {
            Found::Target(Target::Entity(place, name)) => {
                Ty::Named { place, name, args: evaluated() }
            }
            Found::Target(Target::Opaque(why)) | Found::Unseen(why) => Ty::Unknown(why),
            Found::Target(_) => Ty::unknown("it is no type that is followed"),
            Found::Missing(_) => Ty::unknown("its type is not there"),
        }
    }

    /// Returns what `await` makes of a value.
    pub(crate) fn awaited(&self, ty: &Ty, depth: u32) -> Ty {
        if !self.burn(depth) {
            return Ty::unknown("it goes too deep");
        }
        match ty {
            Ty::Named { place, name, args }
                if place.module.is_none() && name.starts_with("Promise") =>
            {
                match args.first() {
                    Some(inner) => self.awaited(inner, depth + 1),
                    None => Ty::unknown("what it resolves to is not known"),
                }
            }
            Ty::Named { .. } => match self.attr(ty, "then", depth + 1) {
                Attr::Missing(_) => ty.clone(),
                _ => Ty::unknown("what it resolves to is not known"),
            },
            Ty::Either(all) => {
                Ty::either(all.iter().map(|ty| self.awaited(ty, depth + 1)).collect())
            }
            Ty::Unknown(why) => Ty::Unknown(why.clone()),
            Ty::Plain(_) | Ty::Text(_) | Ty::Array(_) | Ty::Undefined => ty.clone(),
            _ => Ty::unknown("what it resolves to is not known"),
        }
    }
}
