//! What a value is known to be, and from there to its members.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::index::Decl;
use super::types::{Member, MemberKind, Members, Signature, TypeExpr};
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
    pub(super) fn at(place: Place) -> Self {
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
    pub(super) fn outer_value(&self, place: &Place, of: &str, depth: u32) -> Option<Ty> {
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
}
