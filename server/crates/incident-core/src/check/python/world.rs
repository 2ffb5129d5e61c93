//! What was read of an environment, and what the names of its modules are bound to.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::deps::PackageId;

use super::builtins::{self, BUILTINS};
use super::expr::Expr;
use super::index::{Binding, PyModule};

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

    pub(super) fn burn(&self, depth: u32) -> bool {
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

    pub(super) fn bindings_ty(
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
