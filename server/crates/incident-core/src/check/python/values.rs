//! Says what expressions, calls and annotations give: follows types from one to the next.

use super::builtins::{self, BUILTINS};
use super::expr::Expr;
use super::index::{Binding, Function};
use super::members::is_transparent;
use super::world::{Attr, ClassRef, FunctionRef, Lookup, Ty};

impl Lookup<'_> {
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
