//! Looks names up on values: the members of classes, those that they inherit, and what decorators
//! make of them.

use std::collections::BTreeSet;

use super::builtins::{self, BUILTINS};
use super::index::{Binding, Bindings, Class, Function};
use super::world::{Attr, ClassRef, FunctionRef, Lookup, Ty};

impl Lookup<'_> {
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
