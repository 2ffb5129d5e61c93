//! From written types to what a value is known to be, and from there to its members.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::index::Decl;
use super::types::{Member, MemberKind, Members, Param, Signature, TypeExpr, TypeParam};
use super::world::{Found, Lookup, ModuleRef, Place, Target};

/// What a value is known to be.
#[derive(Clone, Debug)]
pub(crate) enum Ty {
    Unknown(String),
    /// `string`, `number`, …, by the name of the global that has its members.
    Plain(&'static str),
    /// This very string.
    Text(String),
    Undefined,
    /// A value of an interface, a class or an alias.
    Named {
        place: Place,
        name: String,
        args: Vec<Ty>,
    },
    /// What a name stands for as a value: a class, a function, a namespace, a variable.
    Value(Place, String),
    Module(ModuleRef),
    Shape(Arc<Members>, Env),
    Function(Arc<Signature>, Env),
    Array(Box<Ty>),
    Either(Vec<Ty>),
    Both(Vec<Ty>),
}

/// What names in a written type mean.
#[derive(Clone, Debug)]
pub(crate) struct Env {
    pub(crate) place: Place,
    pub(crate) params: Arc<BTreeMap<String, Ty>>,
    pub(crate) this: Option<Arc<Ty>>,
}

/// The answer of looking one member up.
#[derive(Clone, Debug)]
pub(crate) enum Attr {
    Found(Box<Ty>, Option<String>),
    Missing(BTreeSet<String>),
    Unseen(String),
}

impl Ty {
    pub(crate) fn unknown(why: &str) -> Self {
        Self::Unknown(why.to_owned())
    }

    /// Joins alternatives; what is absent says nothing about members.
    pub(crate) fn either(all: Vec<Ty>) -> Self {
        let mut all: Vec<Ty> = all
            .into_iter()
            .flat_map(|ty| match ty {
                Ty::Either(inner) => inner,
                ty => vec![ty],
            })
            .filter(|ty| !matches!(ty, Ty::Undefined))
            .take(40)
            .collect();
        match all.len() {
            0 => Ty::Undefined,
            1 => all.remove(0),
            _ => Ty::Either(all),
        }
    }
}

impl Env {
    fn at(place: Place) -> Self {
        Self { place, params: Arc::default(), this: None }
    }
}

/// Why a member of a type with an index signature has no type of its own.
pub(crate) const ANY_NAME: &str = "any name may be there";
/// Members of every object.
const OBJECT: &[&str] = &[
    "constructor",
    "toString",
    "toLocaleString",
    "valueOf",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "__proto__",
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
];
/// Members of dates and strings that runtimes keep and declarations leave out.
const OUTDATED: &[&str] = &["toGMTString", "getYear", "setYear"];
/// Members of every function.
const FUNCTION: &[&str] =
    &["apply", "call", "bind", "prototype", "length", "arguments", "caller", "name"];

fn is_of_every_object(name: &str) -> bool {
    OBJECT.contains(&name)
}

fn found(ty: Ty, deprecated: Option<String>) -> Attr {
    Attr::Found(Box::new(ty), deprecated)
}

impl Lookup<'_> {
    /// Returns what a name leads to as a value.
    pub(crate) fn value(&self, target: &Target, depth: u32) -> Ty {
        match target {
            Target::Module(module) => Ty::Module(module.clone()),
            Target::Entity(place, name) => Ty::Value(place.clone(), name.clone()),
            Target::Member(of, name) => {
                match self.attr(&self.value(of, depth + 1), name, depth + 1) {
                    Attr::Found(ty, _) => *ty,
                    Attr::Missing(_) => Ty::Unknown(format!("`{name}` is not there")),
                    Attr::Unseen(why) => Ty::Unknown(why),
                }
            }
            Target::Opaque(why) => Ty::Unknown(why.clone()),
        }
    }

    /// Looks `name` up on a value.
    pub(crate) fn attr(&self, ty: &Ty, name: &str, depth: u32) -> Attr {
        if !self.burn(depth) {
            return Attr::Unseen("it goes too deep".to_owned());
        }
        match ty {
            Ty::Unknown(why) => Attr::Unseen(why.clone()),
            Ty::Undefined => Attr::Unseen("it may be undefined".to_owned()),
            Ty::Plain(global) => self.on_global(global, Vec::new(), name, depth + 1),
            Ty::Text(_) => self.on_global("String", Vec::new(), name, depth + 1),
            Ty::Array(item) => self.on_global("Array", vec![(**item).clone()], name, depth + 1),
            Ty::Module(module) => match self.export(module, name, depth + 1) {
                Found::Target(target) => {
                    let note = self.deprecated(&target, depth + 1);
                    found(self.value(&target, depth + 1), note)
                }
                Found::Missing(near) => Attr::Missing(near),
                Found::Unseen(why) => Attr::Unseen(why),
            },
            Ty::Value(place, of) => self.value_attr(place, of, name, depth + 1),
            Ty::Named { place, name: of, args } => {
                self.named_attr(place, of, args, ty, name, depth + 1)
            }
            Ty::Shape(members, env) => match self.member(members, name, env, depth + 1) {
                Attr::Missing(_) if is_of_every_object(name) => {
                    found(Ty::unknown("every object has it"), None)
                }
                Attr::Missing(_)
                    if FUNCTION.contains(&name)
                        && !(members.calls.is_empty() && members.constructs.is_empty()) =>
                {
                    found(Ty::unknown("every function has it"), None)
                }
                attr => attr,
            },
            Ty::Function(..) => {
                if is_of_every_object(name) || FUNCTION.contains(&name) {
                    found(Ty::unknown("every function has it"), None)
                } else {
                    Attr::Missing(BTreeSet::new())
                }
            }
            Ty::Either(all) | Ty::Both(all) => {
                let mut types = Vec::new();
                let mut near = BTreeSet::new();
                let (mut unseen, mut note) = (None, None);
                for ty in all {
                    match self.attr(ty, name, depth + 1) {
                        Attr::Found(ty, deprecated) => {
                            types.push(*ty);
                            note = note.or(deprecated);
                        }
                        Attr::Missing(names) => near.extend(names),
                        Attr::Unseen(why) => unseen = Some(why),
                    }
                }
                let is_both = matches!(ty, Ty::Both(_));
                match unseen {
                    _ if types.len() == 1 || (!types.is_empty() && !is_both) => {
                        found(Ty::either(types), note)
                    }
                    _ if !types.is_empty() => found(Ty::Both(types), note),
                    Some(why) => Attr::Unseen(why),
                    None => Attr::Missing(near),
                }
            }
        }
    }

    /// Looks a member up on a value of a global type such as `Array`.
    fn on_global(&self, global: &str, args: Vec<Ty>, name: &str, depth: u32) -> Attr {
        let place = Place { module: None, spaces: Vec::new() };
        let ty = Ty::Named { place: place.clone(), name: global.to_owned(), args: args.clone() };
        self.named_attr(&place, global, &args, &ty, name, depth)
    }

    fn member(&self, members: &Members, name: &str, env: &Env, depth: u32) -> Attr {
        let Some(all) = members.props.get(name) else {
            if members.has_index {
                return found(Ty::unknown(ANY_NAME), None);
            }
            return Attr::Missing(members.props.keys().cloned().collect());
        };
        // Overloads are deprecated one by one: a name is when all of them are.
        let is_deprecated = all.iter().all(|member| member.deprecated.is_some());
        let note = all.first().and_then(|member| member.deprecated.clone());
        let types: Vec<Ty> = all.iter().map(|it| self.member_ty(it, env, depth + 1)).collect();
        let ty = if types.len() == 1 {
            types.into_iter().next().unwrap_or(Ty::Undefined)
        } else {
            Ty::Both(types)
        };
        found(ty, note.filter(|_| is_deprecated))
    }

    fn member_ty(&self, member: &Member, env: &Env, depth: u32) -> Ty {
        match &member.kind {
            MemberKind::Property(Some(of)) => self.eval(of, env, depth + 1),
            MemberKind::Property(None) => Ty::unknown("its type is not written down"),
            MemberKind::Method(signature) => Ty::Function(signature.clone(), env.clone()),
        }
    }

    fn value_attr(&self, place: &Place, of: &str, name: &str, depth: u32) -> Attr {
        let decls = self.decls(place, of);
        let mut near = BTreeSet::new();
        let mut unseen = None;
        let mut is_value = false;
        for (_, decl) in &decls {
            let attr = match decl {
                Decl::Class(class) => {
                    let env = Env::at(place.clone());
                    let own = self.member(&class.statics, name, &env, depth + 1);
                    match (own, &class.extends) {
                        (Attr::Missing(names), Some(TypeExpr::Name(path, _))) => {
                            near.extend(names);
                            match self.path(place, path, depth + 1) {
                                Found::Target(target) => {
                                    self.attr(&self.value(&target, depth + 1), name, depth + 1)
                                }
                                Found::Missing(_) => {
                                    Attr::Unseen("its base is not there".to_owned())
                                }
                                Found::Unseen(why) => Attr::Unseen(why),
                            }
                        }
                        (Attr::Missing(_), Some(_)) => {
                            Attr::Unseen("its base is not followed".to_owned())
                        }
                        (own, _) => own,
                    }
                }
                Decl::Enum(members) => {
                    self.member(members, name, &Env::at(place.clone()), depth + 1)
                }
                Decl::Variable { of: Some(of), .. } => {
                    let ty = self.eval(of, &Env::at(place.clone()), depth + 1);
                    self.attr(&ty, name, depth + 1)
                }
                Decl::Variable { of: None, .. } => {
                    Attr::Unseen("its type is not written down".to_owned())
                }
                Decl::Function { .. } => Attr::Missing(BTreeSet::new()),
                Decl::Namespace(_) => match self.inside_namespace(place, of, name, depth + 1) {
                    Some(attr) => attr,
                    None => continue,
                },
                Decl::Interface { .. } | Decl::Alias { .. } => continue,
                Decl::Import { .. } | Decl::Path(_) => match self.entity(place, of, depth + 1) {
                    Found::Target(Target::Entity(at, other)) if at == *place && other == *of => {
                        continue;
                    }
                    Found::Target(target) => {
                        self.attr(&self.value(&target, depth + 1), name, depth + 1)
                    }
                    Found::Missing(_) => Attr::Unseen("it is not there".to_owned()),
                    Found::Unseen(why) => Attr::Unseen(why),
                },
            };
            is_value = true;
            match attr {
                Attr::Found(..) => return attr,
                Attr::Missing(names) => near.extend(names),
                Attr::Unseen(why) => unseen = Some(why),
            }
        }
        if is_of_every_object(name) || FUNCTION.contains(&name) {
            return found(Ty::unknown("every function has it"), None);
        }
        match unseen {
            Some(why) => Attr::Unseen(why),
            None if !is_value => match self.outer_value(place, of, depth + 1) {
                Some(ty) => self.attr(&ty, name, depth + 1),
                None => Attr::Unseen(format!("`{of}` is a type alone")),
            },
            None => Attr::Missing(near),
        }
    }

    /// Returns the value of a name that a namespace has as a type alone: a variable of the
    /// namespace's own name may have it as a member.
    fn outer_value(&self, place: &Place, of: &str, depth: u32) -> Option<Ty> {
        let mut outer = place.clone();
        let space = outer.spaces.pop()?;
        let decls = self.decls(&outer, &space);
        let types: Vec<Ty> = decls
            .iter()
            .filter_map(|(_, decl)| match decl {
                Decl::Variable { of: Some(of), .. } => {
                    Some(self.eval(of, &Env::at(outer.clone()), depth + 1))
                }
                _ => None,
            })
            .collect();
        types.iter().find_map(|ty| match self.attr(ty, of, depth + 1) {
            Attr::Found(ty, _) => Some(*ty),
            _ => None,
        })
    }

    fn inside_namespace(&self, place: &Place, of: &str, name: &str, depth: u32) -> Option<Attr> {
        let mut inner = place.clone();
        inner.spaces.push(of.to_owned());
        if self.decls(&inner, name).is_empty() {
            let target = Target::Entity(place.clone(), of.to_owned());
            return match self.inside(&target, name, depth + 1) {
                Found::Target(Target::Member(..)) => Some(Attr::Missing(self.names_in(&inner))),
                Found::Target(target) => Some(found(self.value(&target, depth + 1), None)),
                Found::Missing(near) => Some(Attr::Missing(near)),
                Found::Unseen(why) => Some(Attr::Unseen(why)),
            };
        }
        Some(match self.entity(&inner, name, depth + 1) {
            Found::Target(target) => {
                let note = self.deprecated(&target, depth + 1);
                found(self.value(&target, depth + 1), note)
            }
            Found::Missing(near) => Attr::Missing(near),
            Found::Unseen(why) => Attr::Unseen(why),
        })
    }

    /// Returns the deprecation of what an import leads to.
    pub(crate) fn deprecated(&self, target: &Target, _depth: u32) -> Option<String> {
        let Target::Entity(place, name) = target else { return None };
        let decls = self.decls(place, name);
        let notes: Vec<Option<String>> = decls
            .iter()
            .filter_map(|(_, decl)| match decl {
                Decl::Function { deprecated, .. } | Decl::Variable { deprecated, .. } => {
                    Some(deprecated.clone())
                }
                Decl::Namespace(_) | Decl::Interface { .. } => None,
                _ => Some(None),
            })
            .collect();
        notes.iter().all(Option::is_some).then(|| notes.into_iter().flatten().next())?
    }

    fn bind(&self, params: &[TypeParam], args: &[Ty], env: &Env, depth: u32) -> Env {
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

    fn named_attr(
        &self,
        place: &Place,
        of: &str,
        args: &[Ty],
        this: &Ty,
        name: &str,
        depth: u32,
    ) -> Attr {
        if !self.burn(depth) {
            return Attr::Unseen("it goes too deep".to_owned());
        }
        let decls = self.decls(place, of);
        let mut near = BTreeSet::new();
        let mut unseen = None;
        let mut types = Vec::new();
        let mut note = None;
        let mut is_type = false;
        let mut bases: Vec<(&TypeExpr, Env)> = Vec::new();
        for (_, decl) in &decls {
            let env = Env { this: Some(Arc::new(this.clone())), ..Env::at(place.clone()) };
            let attr = match decl {
                Decl::Interface { type_params, extends, members } => {
                    let env = self.bind(type_params, args, &env, depth + 1);
                    bases.extend(extends.iter().map(|base| (base, env.clone())));
                    self.member(members, name, &env, depth + 1)
                }
                Decl::Class(class) => {
                    let env = self.bind(&class.type_params, args, &env, depth + 1);
                    bases.extend(class.extends.iter().map(|base| (base, env.clone())));
                    match self.member(&class.instance, name, &env, depth + 1) {
                        Attr::Missing(_) if class.is_code => {
                            Attr::Unseen("its code may set more names".to_owned())
                        }
                        attr => attr,
                    }
                }
                Decl::Alias { type_params, of } => {
                    let env = self.bind(type_params, args, &env, depth + 1);
                    self.attr(&self.eval(of, &env, depth + 1), name, depth + 1)
                }
                Decl::Enum(_) => Attr::Unseen("a value of an enum".to_owned()),
                _ => continue,
            };
            is_type = true;
            match attr {
                Attr::Found(ty, deprecated) => {
                    types.push(*ty);
                    note = note.or(deprecated);
                }
                Attr::Missing(names) => near.extend(names),
                Attr::Unseen(why) => unseen = Some(why),
            }
        }
        if types.is_empty() {
            for (base, env) in bases {
                let ty = self.eval(base, &env, depth + 1);
                match self.attr(&ty, name, depth + 1) {
                    Attr::Found(ty, deprecated) => {
                        types.push(*ty);
                        note = note.or(deprecated);
                    }
                    Attr::Missing(names) => near.extend(names),
                    Attr::Unseen(why) => unseen = Some(why),
                }
            }
        }
        match types.len() {
            0 => {}
            1 => return found(types.remove(0), note),
            _ => return found(Ty::Both(types), note),
        }
        if is_of_every_object(name) || OUTDATED.contains(&name) {
            return found(Ty::unknown("every object has it"), None);
        }
        match unseen {
            Some(why) => Attr::Unseen(why),
            None if !is_type => Attr::Unseen(format!("the type `{of}` could not be seen")),
            None => Attr::Missing(near),
        }
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

    /// Returns what a call gives, by the first signature that takes as many arguments.
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
        let Some((signature, env)) = all.iter().find(|(it, _)| fits(it, args)) else {
            return Ty::unknown("how it is called is not known");
        };
        // Several that fit may give different things.
        let returns: Vec<Ty> = all
            .iter()
            .filter(|(it, _)| fits(it, args))
            .take(8)
            .map(|(it, env)| self.returned(it, env, args, given, depth + 1))
            .collect();
        if returns.len() == 1 {
            return returns.into_iter().next().unwrap_or(Ty::Undefined);
        }
        let _ = (signature, env);
        Ty::either(returns)
    }

    fn returned(
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
