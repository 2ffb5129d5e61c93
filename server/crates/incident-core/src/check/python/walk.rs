//! Walks a text of Python in order: binds what it imports and makes, and judges every name that
//! leads out of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tree_sitter::{Node, Parser};

use crate::check::{OtherPart, Reference};
use crate::problem::Problem;
use crate::text::LineIndex;

use super::CheckedPython;
use super::builtins::BUILTINS;
use super::expr::{Locals, expr, source};
use super::index::index_python;
use super::world::{Attr, ClassRef, Found, FunctionRef, Lookup, PyWorld, Ty};

/// The text itself, as a module.
pub(super) const HERE: &str = "<text>";
/// Deeper nesting is not looked into.
pub(super) const MAX_DEPTH: usize = 150;

/// Checks one part.
pub(super) fn check(part: &OtherPart, world: &PyWorld) -> CheckedPython {
    let mut checked = CheckedPython::default();
    let mut parser = Parser::new();
    let language = tree_sitter_python::LANGUAGE.into();
    let tree = match parser.set_language(&language) {
        Ok(()) => parser.parse(&part.text, None),
        Err(_) => None,
    };
    let Some(tree) = tree else {
        checked.problems.push(Problem::error("the Python grammar could not be loaded"));
        return checked;
    };
    let mut world = world.clone();
    let mut here = index_python(&part.text, "");
    if part.is_cut {
        here.open = Some("the rest of the file is not seen".to_owned());
    }
    world.add(HERE.to_owned(), Found::Module(Arc::new(here)));
    let lookup = Lookup::new(&world);
    let mut walk = Walk {
        text: &part.text,
        lines: LineIndex::new(&part.text),
        lookup: &lookup,
        scopes: vec![BTreeMap::new()],
        classes: Vec::new(),
        nested: 0,
        guarded: None,
        doubted: doubted_names(tree.root_node(), &part.text),
        references: Vec::new(),
    };
    walk.block(tree.root_node(), 0);
    checked.references = walk.references;
    checked.references.retain(|reference| part.is_told(reference.line));
    checked.references.sort_by(|a, b| (a.line, a.column, &a.api).cmp(&(b.line, b.column, &b.api)));
    checked.references.dedup();
    checked.wanted = lookup.into_wanted();
    checked
}

/// Names whose type the text narrows or asks about: `isinstance(x, …)`, `hasattr(x, "y")`.
fn doubted_names(root: Node<'_>, text: &str) -> BTreeSet<String> {
    let mut doubted = BTreeSet::new();
    let mut pending = vec![(root, 0usize)];
    while let Some((node, depth)) = pending.pop() {
        if node.kind() == "call"
            && let Some(function) = node.child_by_field_name("function")
            && let Some(args) = node.child_by_field_name("arguments")
            && let Some(first) = args.named_child(0)
        {
            let first = source(first, text);
            match source(function, text) {
                "isinstance" | "issubclass" | "callable" | "cast" | "typing.cast" => {
                    doubted.insert(first.to_owned());
                }
                "hasattr" | "getattr" | "setattr" | "delattr" => {
                    let name = args.named_child(1).map(|it| source(it, text));
                    let name = name.unwrap_or_default().trim_matches(['"', '\'']);
                    doubted.insert(format!("{first}.{name}"));
                }
                _ => {}
            }
        }
        if depth < MAX_DEPTH {
            let mut cursor = node.walk();
            pending.extend(node.named_children(&mut cursor).map(|child| (child, depth + 1)));
        }
    }
    doubted
}

pub(super) struct Walk<'a> {
    pub(super) text: &'a str,
    pub(super) lines: LineIndex,
    pub(super) lookup: &'a Lookup<'a>,
    /// Innermost last. Never empty.
    pub(super) scopes: Vec<BTreeMap<String, Ty>>,
    /// Names of the classes around, outermost first.
    pub(super) classes: Vec<String>,
    /// Blocks that may not run, within the scope.
    pub(super) nested: usize,
    /// Why what follows may be missing on purpose.
    pub(super) guarded: Option<String>,
    pub(super) doubted: BTreeSet<String>,
    pub(super) references: Vec<Reference>,
}

impl Walk<'_> {
    pub(super) fn source(&self, node: Node<'_>) -> &str {
        source(node, self.text)
    }

    pub(super) fn bind(&mut self, name: &str, ty: Ty) {
        let is_nested = self.nested > 0;
        let Some(scope) = self.scopes.last_mut() else { return };
        let ty = match scope.get(name) {
            Some(known) if is_nested && *known != ty => Ty::either([known.clone(), ty]),
            _ => ty,
        };
        scope.insert(name.to_owned(), ty);
    }

    pub(super) fn bind_unknown(&mut self, target: Node<'_>) {
        let mut pending = vec![(target, 0usize)];
        while let Some((node, depth)) = pending.pop() {
            match node.kind() {
                "identifier" => {
                    let name = self.source(node).to_owned();
                    self.bind(&name, Ty::unknown("its value is not followed"));
                }
                "attribute" | "subscript" => {
                    if let Some(object) = node.child(0) {
                        self.expr(object, depth + 1);
                    }
                }
                _ if depth < MAX_DEPTH => {
                    let mut cursor = node.walk();
                    pending.extend(node.named_children(&mut cursor).map(|it| (it, depth + 1)));
                }
                _ => {}
            }
        }
    }

    pub(super) fn name_ty(&self, name: &str) -> Option<Ty> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name).cloned())
    }

    fn block(&mut self, node: Node<'_>, depth: usize) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            self.statement(child, depth + 1);
        }
    }

    fn nested_block(&mut self, node: Node<'_>, depth: usize) {
        self.nested += 1;
        self.block(node, depth);
        self.nested -= 1;
    }

    fn guarded(&mut self, why: Option<String>, run: impl FnOnce(&mut Self)) {
        let before = self.guarded.clone();
        if why.is_some() {
            self.guarded = why;
        }
        run(self);
        self.guarded = before;
    }

    pub(super) fn statement(&mut self, node: Node<'_>, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let field = |name: &str| node.child_by_field_name(name);
        match node.kind() {
            "import_statement" => self.import(node),
            "import_from_statement" => self.import_from(node),
            "future_import_statement" | "comment" => {}
            "function_definition" => self.function(node, depth),
            "class_definition" => self.class(node, depth),
            "decorated_definition" => {
                let mut cursor = node.walk();
                for child in node.named_children(&mut cursor) {
                    match child.kind() {
                        "decorator" => {
                            if let Some(inner) = child.named_child(0) {
                                self.expr(inner, depth + 1);
                            }
                        }
                        _ => self.statement(child, depth + 1),
                    }
                }
            }
            "if_statement" => {
                let condition = field("condition");
                let why = condition.and_then(|condition| condition_guard(self.source(condition)));
                if let Some(condition) = condition {
                    self.expr(condition, depth + 1);
                }
                self.guarded(why, |walk| {
                    let mut cursor = node.walk();
                    for child in node.named_children(&mut cursor) {
                        if Some(child.id()) != condition.map(|it| it.id()) {
                            walk.nested_statement(child, depth + 1);
                        }
                    }
                });
            }
            "elif_clause" | "else_clause" | "finally_clause" | "while_statement"
            | "case_clause" => {
                self.nested_block(node, depth);
            }
            "block" | "module" | "match_statement" => self.block(node, depth),
            "try_statement" => {
                let why = self.handler_guard(node);
                let mut cursor = node.walk();
                for child in node.named_children(&mut cursor) {
                    self.guarded(why.clone(), |walk| walk.nested_statement(child, depth + 1));
                }
            }
            "except_clause" | "except_group_clause" => self.except(node, depth),
            "for_statement" => {
                if let Some(right) = field("right") {
                    self.expr(right, depth + 1);
                }
                if let Some(left) = field("left") {
                    self.bind_unknown(left);
                }
                for name in ["body", "alternative"] {
                    if let Some(body) = field(name) {
                        self.nested_block(body, depth);
                    }
                }
            }
            "with_statement" => {
                let mut cursor = node.walk();
                for child in node.named_children(&mut cursor) {
                    match child.kind() {
                        "with_clause" => self.with_clause(child, depth + 1),
                        _ => self.statement(child, depth + 1),
                    }
                }
            }
            "delete_statement" | "global_statement" | "nonlocal_statement" => {
                if let Some(target) = node.named_child(0) {
                    self.bind_unknown(target);
                }
            }
            _ => {
                self.expr(node, depth + 1);
            }
        }
    }

    fn nested_statement(&mut self, node: Node<'_>, depth: usize) {
        self.nested += 1;
        self.statement(node, depth);
        self.nested -= 1;
    }

    /// Says why names in a `try` may be missing on purpose: a handler expects it.
    fn handler_guard(&self, node: Node<'_>) -> Option<String> {
        let mut cursor = node.walk();
        node.named_children(&mut cursor).filter(|child| child.kind() == "except_clause").find_map(
            |clause| {
                let head = self.source(clause).split(':').next().unwrap_or_default();
                let expects = ["ImportError", "ModuleNotFoundError", "AttributeError", "TypeError"];
                let is_bare = head.trim() == "except";
                let found = expects.iter().any(|name| head.contains(name))
                    || is_bare
                    || head.split_whitespace().nth(1).is_some_and(|it| it == "Exception");
                found.then(|| "the code handles that it may be missing".to_owned())
            },
        )
    }

    fn except(&mut self, node: Node<'_>, depth: usize) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            match child.kind() {
                "block" => self.nested_block(child, depth + 1),
                "as_pattern" => {
                    let Some(value) = child.named_child(0) else { continue };
                    let ty = match value.kind() {
                        "tuple" => {
                            let mut inner = value.walk();
                            let classes: Vec<Node<'_>> = value.named_children(&mut inner).collect();
                            Ty::either(classes.into_iter().map(|it| self.expr(it, depth + 1)))
                        }
                        _ => self.expr(value, depth + 1),
                    };
                    let alias = child.child_by_field_name("alias");
                    if let Some(alias) = alias {
                        let name = self.source(alias).to_owned();
                        self.bind(&name, instance_of(ty));
                    }
                }
                _ => {
                    self.expr(child, depth + 1);
                }
            }
        }
    }

    fn with_clause(&mut self, node: Node<'_>, depth: usize) {
        let mut cursor = node.walk();
        for item in node.named_children(&mut cursor) {
            let value = item.child_by_field_name("value").unwrap_or(item);
            if value.kind() != "as_pattern" {
                self.expr(value, depth + 1);
                continue;
            }
            let Some(manager) = value.named_child(0) else { continue };
            let ty = self.expr(manager, depth + 1);
            let Some(alias) = value.child_by_field_name("alias") else { continue };
            let target = alias.named_child(0).unwrap_or(alias);
            if target.kind() == "identifier" {
                let entered = self.entered(&ty);
                let name = self.source(target).to_owned();
                self.bind(&name, entered);
            } else {
                self.bind_unknown(target);
            }
        }
    }

    /// Returns what `with` binds for a manager.
    fn entered(&self, manager: &Ty) -> Ty {
        for method in ["__enter__", "__aenter__"] {
            if let Attr::Found(enter @ Ty::Function(_), _) = self.lookup.attr(manager, method, 0) {
                return match self.lookup.call(&enter, 0) {
                    Ty::Awaitable(ty) => *ty,
                    ty => ty,
                };
            }
        }
        Ty::unknown("what the manager gives is not known")
    }

    fn function(&mut self, node: Node<'_>, depth: usize) {
        let Some(name) = node.child_by_field_name("name") else { return };
        let name = self.source(name).to_owned();
        let is_method = !self.classes.is_empty() && self.scopes.len() > self.classes.len();
        let at_top = self.scopes.len() == 1;
        let mut params = BTreeMap::new();
        if let Some(parameters) = node.child_by_field_name("parameters") {
            let mut cursor = parameters.walk();
            for (idx, child) in parameters.named_children(&mut cursor).enumerate() {
                if let Some(value) = child.child_by_field_name("value") {
                    self.expr(value, depth + 1);
                }
                let ty = match child.child_by_field_name("type") {
                    Some(annotation) => {
                        self.expr(annotation, depth + 1);
                        self.annotation_ty(annotation)
                    }
                    None if idx == 0 && is_method => {
                        let class =
                            ClassRef { module: HERE.to_owned(), path: self.classes.clone() };
                        Ty::Instance(class)
                    }
                    None => Ty::unknown("a parameter without a type"),
                };
                let named = child.child_by_field_name("name").or_else(|| match child.kind() {
                    "identifier" => Some(child),
                    _ => child.named_child(0),
                });
                if let Some(named) = named {
                    let is_splat =
                        named.kind() != "identifier" || child.kind().ends_with("splat_pattern");
                    let plain = self.source(named).trim_start_matches('*').to_owned();
                    let ty = if is_splat { Ty::unknown("a rest of arguments") } else { ty };
                    params.insert(plain, ty);
                }
            }
        }
        if let Some(returns) = node.child_by_field_name("return_type") {
            self.expr(returns, depth + 1);
        }
        let ty = if at_top {
            Ty::Function(FunctionRef {
                module: HERE.to_owned(),
                class: None,
                name: name.clone(),
                receiver: None,
            })
        } else {
            Ty::unknown("a function of this text")
        };
        // A decorator may put anything in its place.
        let is_decorated = node.parent().is_some_and(|it| it.kind() == "decorated_definition");
        self.bind(&name, if is_decorated { Ty::unknown("a decorated function") } else { ty });
        let (classes, nested) =
            (std::mem::take(&mut self.classes), std::mem::take(&mut self.nested));
        self.scopes.push(params);
        if let Some(body) = node.child_by_field_name("body") {
            self.block(body, depth + 1);
        }
        self.scopes.pop();
        (self.classes, self.nested) = (classes, nested);
    }

    pub(super) fn annotation_ty(&self, annotation: Node<'_>) -> Ty {
        let written = self.source(annotation);
        let read = expr(annotation, self.text, &Locals::default());
        // A name of an inner scope is not the module's.
        let first = written.split(['.', '[', ' ']).next().unwrap_or_default();
        match self.name_ty(first) {
            Some(Ty::Class(class)) if written == first => Ty::Instance(class),
            Some(Ty::Unknown(why)) => Ty::Unknown(why),
            _ => self.lookup.annotated(&read, HERE, None, 0),
        }
    }

    fn class(&mut self, node: Node<'_>, depth: usize) {
        let Some(name) = node.child_by_field_name("name") else { return };
        let name = self.source(name).to_owned();
        if let Some(bases) = node.child_by_field_name("superclasses") {
            let mut cursor = bases.walk();
            for base in bases.named_children(&mut cursor) {
                let value = base.child_by_field_name("value").unwrap_or(base);
                self.expr(value, depth + 1);
            }
        }
        let is_seen = self.scopes.len() == self.classes.len() + 1;
        let mut path = self.classes.clone();
        path.push(name.clone());
        let ty = if is_seen {
            Ty::Class(ClassRef { module: HERE.to_owned(), path: path.clone() })
        } else {
            Ty::unknown("a class of this text")
        };
        self.bind(&name, ty);
        let classes = std::mem::replace(&mut self.classes, if is_seen { path } else { Vec::new() });
        self.scopes.push(BTreeMap::new());
        if let Some(body) = node.child_by_field_name("body") {
            self.block(body, depth + 1);
        }
        self.scopes.pop();
        self.classes = classes;
    }
}

/// Returns an instance of what `except` names.
fn instance_of(ty: Ty) -> Ty {
    match ty {
        // What is caught is of some class below these.
        Ty::Class(class)
            if class.module == BUILTINS
                && matches!(
                    class.path.first().map(String::as_str),
                    Some("Exception" | "BaseException")
                ) =>
        {
            Ty::unknown("any exception may be caught here")
        }
        Ty::Class(class) => Ty::Instance(class),
        Ty::Either(all) => Ty::either(all.into_iter().map(instance_of)),
        _ => Ty::unknown("its class is not known"),
    }
}

/// Says why code under a condition may name what is not here.
fn condition_guard(condition: &str) -> Option<String> {
    let words = ["version_info", "__version__", "platform", "os.name", "hasattr(", "TYPE_CHECKING"];
    if let Some(found) = words.iter().find(|word| condition.contains(**word)) {
        return Some(format!("it stands under a condition on `{}`", found.trim_end_matches('(')));
    }
    // `if PYDANTIC_V2:`, `if not HAS_BROTLI:`: a constant that tells what is installed.
    let name = condition.trim().trim_start_matches("not ").trim();
    let is_constant = name.len() > 2
        && name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    is_constant.then(|| format!("it stands under a condition on `{name}`"))
}
