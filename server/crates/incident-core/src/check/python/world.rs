//! Looks names up in modules and classes, and follows types from one to the next.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::deps::PackageId;

use super::builtins::{self, BUILTINS};
use super::expr::Expr;
use super::index::{Binding, Bindings, Class, Function, PyModule};

/// Everything that was read of an environment.
#[derive(Clone, Debug, Default)]
pub struct PyWorld {
    modules: BTreeMap<String, Found>,
    /// Distributions by the top-level module that they install.
    pub packages: BTreeMap<String, PackageId>,
    /// The whole of what can be imported was seen, so that a module that is not there is missing.
    pub is_whole: bool,
    /// Top-level names that may be the workspace's own.
    pub own: BTreeSet<String>,
}

/// What became of looking for a module.
#[derive(Clone, Debug)]
pub enum Found {
    /// It was read.
    Module(Arc<PyModule>),
    /// There is no such module.
    Nowhere,
    /// It is there or may be, and cannot be seen; says why.
    Unseen(String),
}

impl PyWorld {
    /// Returns an empty world of a workspace whose own top-level names are `own`.
    pub fn of_workspace(own: BTreeSet<String>) -> Self {
        Self { own, ..Self::default() }
    }

    /// Adds what was found of the module `name`.
    pub fn add(&mut self, name: String, found: Found) {
        self.modules.insert(name, found);
    }

    /// Says whether a module was looked for.
    pub fn knows(&self, name: &str) -> bool {
        self.modules.contains_key(name)
    }
}

/// A class by its module and the names down to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClassRef {
    pub(crate) module: String,
    pub(crate) path: Vec<String>,
}

impl ClassRef {
    /// Returns the dotted path.
    pub(crate) fn shown(&self) -> String {
        format!("{}.{}", self.module, self.path.join("."))
    }
}

/// A function by its place; the receiver that it was reached through.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FunctionRef {
    pub(crate) module: String,
    pub(crate) class: Option<ClassRef>,
    pub(crate) name: String,
    pub(crate) receiver: Option<Box<Ty>>,
}

/// What a value is known to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ty {
    Unknown(String),
    Module(String),
    Class(ClassRef),
    Instance(ClassRef),
    Function(FunctionRef),
    /// What a coroutine gives when awaited.
    Awaitable(Box<Ty>),
    Either(Vec<Ty>),
    None,
}

impl Ty {
    pub(crate) fn unknown(why: &str) -> Self {
        Self::Unknown(why.to_owned())
    }

    /// Joins alternatives; `None` among others says nothing about names.
    pub(crate) fn either(alternatives: impl IntoIterator<Item = Ty>) -> Self {
        let mut all: Vec<Ty> = Vec::new();
        for ty in alternatives {
            let flat = match ty {
                Ty::Either(inner) => inner,
                ty => vec![ty],
            };
            for ty in flat {
                if !all.contains(&ty) && all.len() < 12 {
                    all.push(ty);
                }
            }
        }
        if all.len() > 1 {
            all.retain(|ty| *ty != Ty::None);
        }
        match all.len() {
            0 => Ty::None,
            1 => all.remove(0),
            _ => Ty::Either(all),
        }
    }
}

/// The answer of looking one name up.
#[derive(Clone, Debug)]
pub(crate) enum Attr {
    Found(Ty, Option<String>),
    /// There is none; the names that there are.
    Missing(BTreeSet<String>),
    Unseen(String),
}

/// Why there is no module to see.
#[derive(Clone, Debug)]
pub(crate) enum Absent {
    Nowhere,
    Unseen(String),
}

/// Looks names up in a world, and notes the modules that it lacks.
pub(crate) struct Lookup<'w> {
    world: &'w PyWorld,
    wanted: RefCell<BTreeSet<String>>,
    /// Steps left: a tangle of re-exports ends.
    fuel: Cell<u32>,
}

const FUEL: u32 = 400_000;
const MAX_DEPTH: u32 = 30;

impl<'w> Lookup<'w> {
    pub(crate) fn new(world: &'w PyWorld) -> Self {
        Self { world, wanted: RefCell::default(), fuel: Cell::new(FUEL) }
    }

    pub(crate) fn into_wanted(self) -> BTreeSet<String> {
        self.wanted.into_inner()
    }

    pub(crate) fn world(&self) -> &PyWorld {
        self.world
    }

    fn burn(&self, depth: u32) -> bool {
        let left = self.fuel.get();
        self.fuel.set(left.saturating_sub(1));
        left > 0 && depth < MAX_DEPTH
    }

    /// Returns a module, or why there is none to see.
    pub(crate) fn module(&self, name: &str) -> Result<&PyModule, Absent> {
        if name == BUILTINS {
            return Ok(builtins::module());
        }
        match self.world.modules.get(name) {
            Some(Found::Module(module)) => Ok(module),
            Some(Found::Nowhere) => Err(Absent::Nowhere),
            Some(Found::Unseen(why)) => Err(Absent::Unseen(why.clone())),
            None => {
                self.wanted.borrow_mut().insert(name.to_owned());
                Err(Absent::Unseen(format!("`{name}` has not been read")))
            }
        }
    }

    /// Looks `name` up in a module: its own names, then modules below it, then star imports.
    pub(crate) fn module_attr(&self, module_name: &str, name: &str, depth: u32) -> Attr {
        if !self.burn(depth) {
            return Attr::Unseen("the imports go too deep".to_owned());
        }
        let module = match self.module(module_name) {
            Ok(module) => module,
            Err(Absent::Nowhere) => {
                return Attr::Unseen(format!("there is no module `{module_name}`"));
            }
            Err(Absent::Unseen(why)) => return Attr::Unseen(why),
        };
        // Written in C where there is a compiler, and no different for that.
        if module_name == "abc" && name == "ABCMeta" {
            let path = vec![name.to_owned()];
            return Attr::Found(Ty::Class(ClassRef { module: BUILTINS.to_owned(), path }), None);
        }
        if let Some(bindings) = module.names.get(name) {
            let deprecated = bindings.iter().find_map(|binding| match binding {
                Binding::Class(class) => class.deprecated.clone(),
                Binding::Function(function) => function.deprecated.clone(),
                _ => None,
            });
            let ty = self.bindings_ty(module_name, bindings, None, name, depth + 1);
            return Attr::Found(ty, deprecated);
        }
        if module.submodules.contains(name) {
            return Attr::Found(Ty::Module(format!("{module_name}.{name}")), None);
        }
        if is_module_attribute(name) {
            return Attr::Found(Ty::unknown("every module has it"), None);
        }
        let mut near: BTreeSet<String> =
            module.names.keys().chain(&module.submodules).cloned().collect();
        let mut unseen = module.open.clone();
        for star in &module.stars {
            match self.star_attr(star, name, depth + 1) {
                Attr::Found(ty, deprecated) => return Attr::Found(ty, deprecated),
                Attr::Missing(names) => near.extend(names),
                Attr::Unseen(why) => unseen = Some(why),
            }
        }
        match unseen {
            Some(why) => Attr::Unseen(format!("`{module_name}`: {why}")),
            None => Attr::Missing(near),
        }
    }

    fn star_attr(&self, star: &str, name: &str, depth: u32) -> Attr {
        let module = match self.module(star) {
            Ok(module) => module,
            Err(Absent::Nowhere) => {
                return Attr::Unseen(format!("it takes over `{star}`, which is not there"));
            }
            Err(Absent::Unseen(why)) => return Attr::Unseen(why),
        };
        if let Some(all) = &module.all
            && !all.contains(name)
        {
            return Attr::Missing(all.clone());
        }
        match self.module_attr(star, name, depth) {
            // A module below the other is taken over only when it was imported there.
            Attr::Found(Ty::Module(inner), _) if !module.names.contains_key(name) => {
                Attr::Unseen(format!("`{inner}` may be imported there"))
            }
            attr => attr,
        }
    }

    fn bindings_ty(
        &self,
        module: &str,
        bindings: &[Binding],
        class: Option<&ClassRef>,
        name: &str,
        depth: u32,
    ) -> Ty {
        if !self.burn(depth) {
            return Ty::unknown("it goes too deep");
        }
        // An annotation on one of the bindings speaks for all.
        let annotated = bindings.iter().find_map(|binding| match binding {
            Binding::Value { annotation: Some(annotation), .. } => Some(annotation),
            _ => None,
        });
        if let Some(annotation) = annotated {
            return self.annotated(annotation, module, class, depth + 1);
        }
        Ty::either(
            bindings.iter().map(|binding| self.binding_ty(module, binding, class, name, depth + 1)),
        )
    }

    fn binding_ty(
        &self,
        module: &str,
        binding: &Binding,
        class: Option<&ClassRef>,
        name: &str,
        depth: u32,
    ) -> Ty {
        match binding {
            Binding::Import { module: target, name: None } => Ty::Module(target.clone()),
            // `from . import below` in the package itself.
            Binding::Import { module: target, name: Some(inner) }
                if target == module && inner == name =>
            {
                Ty::Module(format!("{target}.{inner}"))
            }
            Binding::Import { module: target, name: Some(name) } => {
                match self.imported(target, name, depth + 1) {
                    Attr::Found(ty, _) => ty,
                    Attr::Missing(_) => Ty::unknown("what it imports is not there"),
                    Attr::Unseen(why) => Ty::Unknown(why),
                }
            }
            Binding::Class(_) => {
                let mut path = class.map(|class| class.path.clone()).unwrap_or_default();
                path.push(name.to_owned());
                Ty::Class(ClassRef { module: module.to_owned(), path })
            }
            Binding::Function(_) => Ty::Function(FunctionRef {
                module: module.to_owned(),
                class: class.cloned(),
                name: name.to_owned(),
                receiver: None,
            }),
            // Where a class starts out with a plain value, others put in what they like.
            Binding::Value { value: Expr::Literal(_) | Expr::Text(_) | Expr::Tuple(_), .. }
                if class.is_some() =>
            {
                Ty::unknown("a value that may be replaced")
            }
            Binding::Value { value, .. } => {
                let receiver = class.map(|class| Ty::Instance(class.clone()));
                self.eval(value, module, receiver.as_ref(), depth + 1)
            }
        }
    }

    /// Looks up what `from module import name` gives.
    pub(crate) fn imported(&self, module: &str, name: &str, depth: u32) -> Attr {
        self.module_attr(module, name, depth)
    }

    /// Returns a class.
    pub(crate) fn class(&self, class: &ClassRef) -> Option<&Class> {
        let module = self.module(&class.module).ok()?;
        let mut bindings: &Bindings = &module.names;
        let mut found: Option<&Class> = None;
        for name in &class.path {
            let next = bindings.get(name)?.iter().find_map(|binding| match binding {
                Binding::Class(class) => Some(class.as_ref()),
                _ => None,
            })?;
            found = Some(next);
            bindings = &next.members;
        }
        found
    }

    /// Lists a class and those that it inherits from; the reason when some cannot be seen.
    pub(crate) fn family(&self, class: &ClassRef) -> (Vec<ClassRef>, Option<String>) {
        let mut family = vec![class.clone()];
        let mut unseen = None;
        let mut at = 0;
        while let Some(current) = family.get(at).cloned() {
            at += 1;
            if family.len() > 100 {
                unseen = Some("it inherits from too many classes".to_owned());
                break;
            }
            let Some(found) = self.class(&current) else {
                unseen = Some(format!("`{}` cannot be seen", current.shown()));
                continue;
            };
            if let Some(why) = &found.open {
                unseen = Some(format!("`{}`: {why}", current.shown()));
            }
            let odd = found.decorators.iter().find(|it| !is_plain_class_decorator(it));
            if let Some(odd) = odd {
                unseen = Some(format!("`@{odd}` may change `{}`", current.shown()));
            }
            for base in &found.bases {
                match self.eval(base, &current.module, None, 0) {
                    Ty::Class(base) if !family.contains(&base) => family.push(base),
                    Ty::Class(_) => {}
                    Ty::Unknown(why) => {
                        unseen = Some(format!("a base of `{}`: {why}", current.shown()));
                    }
                    _ => unseen = Some(format!("a base of `{}` is no class", current.shown())),
                }
            }
        }
        let object = ClassRef { module: BUILTINS.to_owned(), path: vec!["object".to_owned()] };
        if !family.contains(&object) {
            family.push(object);
        }
        (family, unseen)
    }

    /// Looks `name` up on a value.
    pub(crate) fn attr(&self, ty: &Ty, name: &str, depth: u32) -> Attr {
        if !self.burn(depth) {
            return Attr::Unseen("it goes too deep".to_owned());
        }
        match ty {
            Ty::Unknown(why) => Attr::Unseen(why.clone()),
            Ty::Module(module) => self.module_attr(module, name, depth + 1),
            Ty::Class(class) => self.member(class, name, ty, depth + 1),
            Ty::Instance(class) => self.member(class, name, ty, depth + 1),
            Ty::Function(_) => Attr::Unseen("a function's attributes are not listed".to_owned()),
            Ty::Awaitable(_) => Attr::Unseen("it is not awaited".to_owned()),
            Ty::None => Attr::Unseen("it may be None".to_owned()),
            Ty::Either(all) => {
                let mut found = Vec::new();
                let mut near = BTreeSet::new();
                let mut unseen = None;
                for ty in all {
                    match self.attr(ty, name, depth + 1) {
                        Attr::Found(ty, _) => found.push(ty),
                        Attr::Missing(names) => near.extend(names),
                        Attr::Unseen(why) => unseen = Some(why),
                    }
                }
                match unseen {
                    _ if !found.is_empty() => Attr::Found(Ty::either(found), None),
                    Some(why) => Attr::Unseen(why),
                    None => Attr::Missing(near),
                }
            }
        }
    }

    fn member(&self, class: &ClassRef, name: &str, receiver: &Ty, depth: u32) -> Attr {
        let is_instance = matches!(receiver, Ty::Instance(_));
        let (family, mut unseen) = self.family(class);
        let mut near = BTreeSet::new();
        for current in &family {
            let Some(found) = self.class(current) else { continue };
            let own = found.members.get(name);
            let set = found.instance.get(name).filter(|_| is_instance || own.is_none());
            if let Some(bindings) = own.filter(|_| set.is_none()).or(set) {
                let deprecated = bindings.iter().find_map(|binding| match binding {
                    Binding::Function(function) => function.deprecated.clone(),
                    _ => None,
                });
                let ty = match (own, set) {
                    (Some(own), Some(set)) => Ty::either([
                        self.bindings_ty(&current.module, own, Some(current), name, depth + 1),
                        self.bindings_ty(&current.module, set, Some(current), name, depth + 1),
                    ]),
                    _ => {
                        self.bindings_ty(&current.module, bindings, Some(current), name, depth + 1)
                    }
                };
                let ty = self.bound(ty, bindings, receiver, depth + 1);
                return Attr::Found(ty, deprecated);
            }
            near.extend(found.members.keys().cloned());
            if is_instance {
                if let Some(why) = &found.open_instance {
                    unseen = Some(format!("`{}`: {why}", current.shown()));
                }
                near.extend(found.instance.keys().cloned());
            }
            let computes = ["__getattr__", "__getattribute__"];
            let is_object = current.module == BUILTINS;
            if is_instance
                && !is_object
                && computes.iter().any(|it| found.members.contains_key(*it))
            {
                unseen = Some(format!("`{}` computes names in `__getattr__`", current.shown()));
            }
            if !is_instance {
                match self.on_metaclass(found, current, name, depth + 1) {
                    Some(Attr::Unseen(why)) => unseen = Some(why),
                    Some(Attr::Found(ty, note)) => return Attr::Found(ty, note),
                    _ => {}
                }
            }
        }
        if !is_instance {
            let is_of_type = builtins::module().names.get("type").is_some_and(|bindings| {
                bindings.iter().any(|binding| {
                    matches!(binding, Binding::Class(class) if class.members.contains_key(name))
                })
            });
            if is_of_type {
                return Attr::Found(Ty::unknown("every class has it"), None);
            }
        }
        match unseen {
            Some(why) => Attr::Unseen(why),
            // The language sets such names where it likes.
            None if name.starts_with("__") && name.ends_with("__") => {
                Attr::Unseen("a name of the language".to_owned())
            }
            None => {
                near.retain(|name| !name.starts_with("__"));
                Attr::Missing(near)
            }
        }
    }

    fn on_metaclass(&self, class: &Class, at: &ClassRef, name: &str, depth: u32) -> Option<Attr> {
        let metaclass = class.metaclass.as_ref()?;
        match self.eval(metaclass, &at.module, None, depth + 1) {
            Ty::Class(meta) => {
                match self.member(&meta, name, &Ty::Instance(meta.clone()), depth + 1) {
                    Attr::Missing(_) => None,
                    attr => Some(attr),
                }
            }
            _ => Some(Attr::Unseen("its metaclass cannot be seen".to_owned())),
        }
    }

    /// Binds a method to its receiver; a property gives its value.
    fn bound(&self, ty: Ty, bindings: &[Binding], receiver: &Ty, depth: u32) -> Ty {
        let is_property = bindings.iter().any(|binding| {
            matches!(binding, Binding::Function(function)
                if function.decorators.iter().any(|it| is_property_decorator(it)))
        });
        match ty {
            Ty::Function(mut function) => {
                function.receiver = Some(Box::new(receiver.clone()));
                match (is_property, receiver) {
                    (true, Ty::Instance(_)) => self.call(&Ty::Function(function), depth + 1),
                    (true, _) => Ty::unknown("a property of the class itself"),
                    _ => Ty::Function(function),
                }
            }
            Ty::Either(all) => {
                Ty::either(all.into_iter().map(|ty| self.bound(ty, bindings, receiver, depth + 1)))
            }
            ty => ty,
        }
    }

    /// Returns the functions that a reference leads to: overloads and alternatives.
    pub(crate) fn functions(&self, function: &FunctionRef) -> Vec<&Function> {
        let bindings = match &function.class {
            Some(class) => self.class(class).and_then(|class| class.members.get(&function.name)),
            None => {
                let module = self.module(&function.module).ok();
                module.and_then(|module| module.names.get(&function.name))
            }
        };
        let bindings = bindings.into_iter().flatten();
        bindings
            .filter_map(|binding| match binding {
                Binding::Function(function) => Some(function),
                _ => None,
            })
            .collect()
    }

    /// Returns what a call of `ty` gives.
    pub(crate) fn call(&self, ty: &Ty, depth: u32) -> Ty {
        if !self.burn(depth) {
            return Ty::unknown("it goes too deep");
        }
        match ty {
            Ty::Class(class) if class.module == BUILTINS && class.path == ["type"] => {
                Ty::unknown("it is some class")
            }
            Ty::Class(class) => {
                let (family, _) = self.family(class);
                let is_odd = family.iter().filter_map(|it| self.class(it).map(|found| (it, found))).any(
                    |(at, found)| {
                        at.module != BUILTINS
                            && (found.metaclass.as_ref().is_some_and(|meta| {
                                !matches!(meta, Expr::Attribute(_, name) | Expr::Name(name)
                                    if name.ends_with("ABCMeta") || name.ends_with("EnumMeta") || name.ends_with("EnumType") || name.ends_with("ModelMetaclass"))
                            }))
                    },
                );
                if is_odd {
                    return Ty::unknown("its metaclass decides what a call gives");
                }
                Ty::Instance(class.clone())
            }
            Ty::Function(function) => self.returned(function, depth + 1),
            Ty::Instance(_) => match self.attr(ty, "__call__", depth + 1) {
                Attr::Found(method @ Ty::Function(_), _) => self.call(&method, depth + 1),
                _ => Ty::unknown("what the call gives is not known"),
            },
            Ty::Either(all) => Ty::either(all.iter().map(|ty| self.call(ty, depth + 1))),
            Ty::Unknown(why) => Ty::Unknown(why.clone()),
            _ => Ty::unknown("what the call gives is not known"),
        }
    }

    fn returned(&self, function: &FunctionRef, depth: u32) -> Ty {
        let found = self.functions(function);
        if found.is_empty() {
            return Ty::unknown("the function cannot be seen");
        }
        Ty::either(found.into_iter().map(|one| self.returned_by(one, function, depth + 1)))
    }

    fn returned_by(&self, function: &Function, at: &FunctionRef, depth: u32) -> Ty {
        let odd = function.decorators.iter().find(|it| !is_transparent(it));
        if let Some(odd) = odd {
            return Ty::Unknown(format!("`@{odd}` may change what `{}` gives", at.name));
        }
        let receiver = at.receiver.as_deref();
        let mut ty = match &function.returns {
            Some(Expr::Name(name)) if name == "Self" => {
                instance_of_receiver(receiver).unwrap_or_else(|| Ty::unknown("its own class"))
            }
            Some(Expr::Attribute(_, name)) if name == "Self" => {
                instance_of_receiver(receiver).unwrap_or_else(|| Ty::unknown("its own class"))
            }
            Some(annotation) => self.annotated(annotation, &at.module, None, depth + 1),
            None if function.is_generator => Ty::unknown("a generator"),
            None => self.inferred(function, at, receiver, depth + 1),
        };
        if function.is_async && !function.is_generator {
            ty = Ty::Awaitable(Box::new(ty));
        }
        ty
    }

    fn inferred(
        &self,
        function: &Function,
        at: &FunctionRef,
        receiver: Option<&Ty>,
        depth: u32,
    ) -> Ty {
        let mut ty = Ty::either(
            function.returned.iter().map(|it| self.eval(it, &at.module, receiver, depth + 1)),
        );
        let is_vague = match &ty {
            Ty::Unknown(_) | Ty::None => true,
            Ty::Either(all) => all.iter().any(|ty| matches!(ty, Ty::Unknown(_))),
            _ => false,
        };
        if is_vague && let Some(documented) = &function.documented {
            ty = self.documented(documented, &at.module, depth + 1);
        }
        match ty {
            Ty::None => Ty::unknown("what it gives is not written down"),
            ty => ty,
        }
    }

    /// Resolves the class that a function's documentation names.
    fn documented(&self, path: &str, module: &str, depth: u32) -> Ty {
        let mut names = path.split('.');
        let first = names.next().unwrap_or_default();
        let mut ty = match self.name(first, module, None, depth + 1) {
            Ty::Unknown(_) => Ty::Module(first.to_owned()),
            ty => ty,
        };
        for name in names {
            ty = match self.attr(&ty, name, depth + 1) {
                Attr::Found(ty, _) => ty,
                _ => return Ty::unknown("what it gives is not written down"),
            };
        }
        match ty {
            Ty::Class(class) => Ty::Instance(class),
            _ => Ty::unknown("what it gives is not written down"),
        }
    }

    /// Returns what a name means in a module.
    fn name(&self, name: &str, module: &str, receiver: Option<&Ty>, depth: u32) -> Ty {
        let _ = receiver;
        match self.module_attr(module, name, depth + 1) {
            Attr::Found(ty, _) => ty,
            Attr::Missing(_) if builtins::module().names.contains_key(name) => {
                Ty::Class(ClassRef { module: BUILTINS.to_owned(), path: vec![name.to_owned()] })
            }
            Attr::Missing(_) => Ty::Unknown(format!("`{name}` is not known")),
            Attr::Unseen(why) => Ty::Unknown(why),
        }
    }

    /// Returns what an expression in `module` gives.
    pub(crate) fn eval(&self, expr: &Expr, module: &str, receiver: Option<&Ty>, depth: u32) -> Ty {
        if !self.burn(depth) {
            return Ty::unknown("it goes too deep");
        }
        let inner = |expr: &Expr| self.eval(expr, module, receiver, depth + 1);
        match expr {
            Expr::Name(name) => self.name(name, module, receiver, depth + 1),
            Expr::Attribute(object, name) => match self.attr(&inner(object), name, depth + 1) {
                Attr::Found(ty, _) => ty,
                Attr::Missing(_) => Ty::Unknown(format!("`{name}` is not there")),
                Attr::Unseen(why) => Ty::Unknown(why),
            },
            Expr::Call(function) => self.call(&inner(function), depth + 1),
            Expr::Subscript(object, _) => match inner(object) {
                // `Generic[T]` is the class.
                Ty::Class(class) => Ty::Class(class),
                ty => self.item(&ty, depth + 1),
            },
            Expr::Await(awaited) => match inner(awaited) {
                Ty::Awaitable(ty) => *ty,
                _ => Ty::unknown("what awaiting it gives is not known"),
            },
            Expr::Either(all) => Ty::either(all.iter().map(inner)),
            Expr::Receiver => receiver
                .and_then(|ty| instance_of_receiver(Some(ty)))
                .unwrap_or_else(|| Ty::unknown("the receiver is not known")),
            Expr::ReceiverClass => match receiver {
                Some(Ty::Instance(class) | Ty::Class(class)) => Ty::Class(class.clone()),
                _ => Ty::unknown("the receiver is not known"),
            },
            Expr::Typed(annotation) => self.annotated(annotation, module, None, depth + 1),
            Expr::Literal(name) => Ty::Instance(ClassRef {
                module: BUILTINS.to_owned(),
                path: vec![(*name).to_owned()],
            }),
            Expr::Text(_) => {
                Ty::Instance(ClassRef { module: BUILTINS.to_owned(), path: vec!["str".to_owned()] })
            }
            Expr::Tuple(_) => Ty::Instance(ClassRef {
                module: BUILTINS.to_owned(),
                path: vec!["tuple".to_owned()],
            }),
            Expr::None => Ty::None,
            Expr::Other => Ty::unknown("its value is not followed"),
        }
    }

    /// Returns what `value[…]` gives.
    pub(crate) fn item(&self, ty: &Ty, depth: u32) -> Ty {
        match ty {
            Ty::Instance(class) if class.module != BUILTINS => {
                match self.attr(ty, "__getitem__", depth + 1) {
                    Attr::Found(method @ Ty::Function(_), _) => self.call(&method, depth + 1),
                    _ => Ty::unknown("what is in it is not known"),
                }
            }
            _ => Ty::unknown("what is in it is not known"),
        }
    }

    /// Returns a value of the type that an annotation names.
    pub(crate) fn annotated(
        &self,
        annotation: &Expr,
        module: &str,
        class: Option<&ClassRef>,
        depth: u32,
    ) -> Ty {
        if !self.burn(depth) {
            return Ty::unknown("it goes too deep");
        }
        let inner = |expr: &Expr| self.annotated(expr, module, class, depth + 1);
        match annotation {
            Expr::None => Ty::None,
            Expr::Either(all) => Ty::either(all.iter().map(inner)),
            Expr::Text(text) => match text_annotation(text) {
                Some(annotation) => inner(&annotation),
                None => Ty::unknown("its type is written as text"),
            },
            Expr::Subscript(base, args) => {
                let name = match base.as_ref() {
                    Expr::Name(name) | Expr::Attribute(_, name) => name.as_str(),
                    _ => "",
                };
                let args: Vec<&Expr> = args
                    .iter()
                    .flat_map(|arg| match arg {
                        Expr::Tuple(all) => all.iter().collect::<Vec<_>>(),
                        arg => vec![arg],
                    })
                    .collect();
                match (name, args.as_slice()) {
                    (
                        "Optional" | "ClassVar" | "Final" | "Annotated" | "Required"
                        | "NotRequired",
                        [first, ..],
                    ) => inner(first),
                    ("Union", all) => Ty::either(all.iter().map(|it| inner(it))),
                    ("Type" | "type", [first]) => match inner(first) {
                        Ty::Instance(class) => Ty::Class(class),
                        _ => Ty::unknown("a class that is not known"),
                    },
                    ("Awaitable", [first]) => Ty::Awaitable(Box::new(inner(first))),
                    ("Coroutine", [_, _, last]) => Ty::Awaitable(Box::new(inner(last))),
                    _ => inner(base),
                }
            }
            Expr::Name(_) | Expr::Attribute(..) => {
                if matches!(annotation, Expr::Name(name) | Expr::Attribute(_, name)
                    if matches!(name.as_str(), "Any" | "Self" | "TypeVar" | "Literal" | "Callable" | "object"))
                {
                    return Ty::unknown("its type says nothing");
                }
                let within = class.and_then(|class| match annotation {
                    // A class in a class is named without it.
                    Expr::Name(name) => {
                        let found = self.class(class)?.members.get(name)?;
                        found.iter().find(|it| matches!(it, Binding::Class(_)))?;
                        let mut path = class.path.clone();
                        path.push(name.clone());
                        Some(Ty::Class(ClassRef { module: class.module.clone(), path }))
                    }
                    _ => None,
                });
                match within.unwrap_or_else(|| self.eval(annotation, module, None, depth + 1)) {
                    // The abstract types of the standard library say less than the value has.
                    Ty::Class(class) if class.module == BUILTINS && class.path == ["type"] => {
                        Ty::unknown("it is some class")
                    }
                    Ty::Class(class) if is_loose(&class) => Ty::unknown("its type is abstract"),
                    Ty::Class(class) => Ty::Instance(class),
                    Ty::Unknown(why) => Ty::Unknown(why),
                    _ => Ty::unknown("its type is no class"),
                }
            }
            _ => Ty::unknown("its type is not followed"),
        }
    }
}

fn instance_of_receiver(receiver: Option<&Ty>) -> Option<Ty> {
    match receiver? {
        Ty::Instance(class) | Ty::Class(class) => Some(Ty::Instance(class.clone())),
        _ => None,
    }
}

/// Reads an annotation that is written as text: a dotted name, perhaps with parts in brackets.
fn text_annotation(text: &str) -> Option<Expr> {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).ok()?;
    let tree = parser.parse(text, None)?;
    let first = tree.root_node().named_child(0)?;
    let read = super::expr::expr(first, text, &super::expr::Locals::default());
    (!matches!(read, Expr::Text(_))).then_some(read)
}

fn is_loose(class: &ClassRef) -> bool {
    matches!(
        class.module.as_str(),
        "typing" | "collections.abc" | "_collections_abc" | "typing_extensions"
    )
}

/// Attributes that the import system sets.
fn is_module_attribute(name: &str) -> bool {
    matches!(
        name,
        "__name__"
            | "__doc__"
            | "__file__"
            | "__path__"
            | "__loader__"
            | "__spec__"
            | "__package__"
            | "__dict__"
            | "__builtins__"
            | "__cached__"
            | "__annotations__"
            | "__class__"
    )
}

fn is_property_decorator(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    last == "property" || last == "cached_property" || last == "abstractproperty"
}

/// Says whether a decorator leaves a function's result and parameters as they are written.
pub(crate) fn is_transparent(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    is_property_decorator(name)
        || matches!(
            last,
            "staticmethod"
                | "classmethod"
                | "abstractmethod"
                | "overload"
                | "override"
                | "final"
                | "deprecated"
                | "setter"
                | "no_type_check"
                | "wraps"
        )
}

/// Says whether a decorator adds no names that its class' text does not show.
fn is_plain_class_decorator(name: &str) -> bool {
    let name = name.split('(').next().unwrap_or_default();
    let last = name.rsplit('.').next().unwrap_or_default();
    matches!(
        last,
        "dataclass"
            | "total_ordering"
            | "final"
            | "runtime_checkable"
            | "unique"
            | "deprecated"
            | "set_module"
            | "dataclass_transform"
            | "verify"
            | "disjoint_base"
    )
}
