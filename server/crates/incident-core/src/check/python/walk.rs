//! Walks a text of Python in order: binds what it imports and makes, and judges every name that
//! leads out of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tree_sitter::{Node, Parser};

use crate::check::names::nearest;
use crate::check::{OtherPart, Reference, Verdict};
use crate::deps::PackageId;
use crate::problem::Problem;
use crate::text::LineIndex;

use super::CheckedPython;
use super::builtins::BUILTINS;
use super::expr::{Locals, expr, source};
use super::index::{from_import, index_python};
use super::world::{
    Absent, Attr, ClassRef, Found, FunctionRef, Lookup, PyWorld, Ty, is_transparent,
};

/// The text itself, as a module.
const HERE: &str = "<text>";
/// Deeper nesting is not looked into.
const MAX_DEPTH: usize = 150;

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

struct Walk<'a> {
    text: &'a str,
    lines: LineIndex,
    lookup: &'a Lookup<'a>,
    /// Innermost last. Never empty.
    scopes: Vec<BTreeMap<String, Ty>>,
    /// Names of the classes around, outermost first.
    classes: Vec<String>,
    /// Blocks that may not run, within the scope.
    nested: usize,
    /// Why what follows may be missing on purpose.
    guarded: Option<String>,
    doubted: BTreeSet<String>,
    references: Vec<Reference>,
}

impl Walk<'_> {
    fn source(&self, node: Node<'_>) -> &str {
        source(node, self.text)
    }

    fn bind(&mut self, name: &str, ty: Ty) {
        let is_nested = self.nested > 0;
        let Some(scope) = self.scopes.last_mut() else { return };
        let ty = match scope.get(name) {
            Some(known) if is_nested && *known != ty => Ty::either([known.clone(), ty]),
            _ => ty,
        };
        scope.insert(name.to_owned(), ty);
    }

    fn bind_unknown(&mut self, target: Node<'_>) {
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

    fn name_ty(&self, name: &str) -> Option<Ty> {
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

    fn statement(&mut self, node: Node<'_>, depth: usize) {
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

    fn annotation_ty(&self, annotation: Node<'_>) -> Ty {
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

    fn import(&mut self, node: Node<'_>) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            let path = child.child_by_field_name("name").unwrap_or(child);
            let written = self.source(path).to_owned();
            self.module_path(path);
            match child.child_by_field_name("alias") {
                Some(alias) => {
                    let alias = self.source(alias).to_owned();
                    self.bind(&alias, Ty::Module(written));
                }
                None => {
                    let first = written.split('.').next().unwrap_or_default().to_owned();
                    self.bind(&first.clone(), Ty::Module(first));
                }
            }
        }
    }

    /// Judges each module of a dotted path; returns whether the whole path may be there.
    fn module_path(&mut self, path: Node<'_>) -> bool {
        let mut cursor = path.walk();
        let mut module = String::new();
        for part in path.named_children(&mut cursor) {
            let name = self.source(part).to_owned();
            let outer = module.clone();
            if !module.is_empty() {
                module.push('.');
            }
            module.push_str(&name);
            let (verdict, reason, near) = self.judge_module(&outer, &module, &name);
            self.tell(part, &module, &module.clone(), verdict, reason, near);
            if verdict != Verdict::Exists {
                return false;
            }
        }
        true
    }

    fn judge_module(
        &self,
        outer: &str,
        module: &str,
        name: &str,
    ) -> (Verdict, String, BTreeSet<String>) {
        let world = self.lookup.world();
        if outer.is_empty() && world.own.contains(name) {
            let reason = "it may be the workspace's own code, which is not checked";
            return (Verdict::Unknown, reason.to_owned(), BTreeSet::new());
        }
        match self.lookup.module(module) {
            Ok(_) => (Verdict::Exists, "its source was read".to_owned(), BTreeSet::new()),
            Err(Absent::Unseen(why)) => (Verdict::Unknown, why, BTreeSet::new()),
            Err(Absent::Nowhere) if outer.is_empty() => {
                let near = world.packages.keys().cloned().collect();
                if world.is_whole {
                    let reason = format!(
                        "no package that this environment installs brings a module `{name}`"
                    );
                    (Verdict::UnknownPackage, reason, near)
                } else {
                    let reason = "no environment of this project was found to look in".to_owned();
                    (Verdict::Unknown, reason, BTreeSet::new())
                }
            }
            Err(Absent::Nowhere) => match self.lookup.module_attr(outer, name, 0) {
                // A module that code puts together, such as `six.moves` or `os.path`.
                Attr::Found(..) => {
                    let reason = format!("`{outer}` names it, and makes it itself");
                    (Verdict::Unknown, reason, BTreeSet::new())
                }
                Attr::Unseen(why) => (Verdict::Unknown, why, BTreeSet::new()),
                Attr::Missing(_) => {
                    let near = self
                        .lookup
                        .module(outer)
                        .map(|module| module.submodules.clone())
                        .unwrap_or_default();
                    (Verdict::Missing, format!("`{outer}` has no module `{name}`"), near)
                }
            },
        }
    }

    fn import_from(&mut self, node: Node<'_>) {
        let Some(path) = node.child_by_field_name("module_name") else { return };
        let is_relative = path.kind() == "relative_import";
        let imported = from_import(node, self.text, "");
        let is_there = !is_relative && self.module_path(path);
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            let is_name = matches!(child.kind(), "dotted_name" | "aliased_import");
            if child.id() == path.id() || !is_name {
                continue;
            }
            let name_node = child.child_by_field_name("name").unwrap_or(child);
            let name = self.source(name_node).to_owned();
            let alias = child.child_by_field_name("alias").map(|it| self.source(it).to_owned());
            let bound = alias.unwrap_or_else(|| name.clone());
            let Some((module, _)) = imported.as_ref().filter(|_| is_there) else {
                let why = if is_relative {
                    "the workspace's own code is not checked"
                } else {
                    "its module could not be seen"
                };
                self.bind(&bound, Ty::unknown(why));
                continue;
            };
            let attr = self.lookup.imported(module, &name, 0);
            let api = format!("{module}.{name}");
            let ty = self.judge(name_node, module, &api, &name, module, &attr);
            self.bind(&bound, ty);
        }
    }

    /// Tells what a look-up gave, and returns the type to go on with.
    fn judge(
        &mut self,
        node: Node<'_>,
        package: &str,
        api: &str,
        name: &str,
        owner: &str,
        attr: &Attr,
    ) -> Ty {
        match attr {
            Attr::Found(ty, deprecated) => {
                let (verdict, reason) = match deprecated {
                    Some(note) => (Verdict::Deprecated, format!("`{name}` is deprecated: {note}")),
                    None => (Verdict::Exists, "found in the source that is installed".to_owned()),
                };
                self.tell(node, package, api, verdict, reason, BTreeSet::new());
                ty.clone()
            }
            Attr::Missing(near) => {
                let reason = format!("`{owner}` has no `{name}`");
                self.tell(node, package, api, Verdict::Missing, reason, near.clone());
                Ty::Unknown(format!("`{api}` is not there"))
            }
            Attr::Unseen(why) => {
                self.tell(node, package, api, Verdict::Unknown, why.clone(), BTreeSet::new());
                Ty::Unknown(why.clone())
            }
        }
    }

    fn tell(
        &mut self,
        node: Node<'_>,
        module: &str,
        api: &str,
        verdict: Verdict,
        reason: String,
        near: BTreeSet<String>,
    ) {
        let (verdict, reason) = match &self.guarded {
            Some(why) if verdict.is_accusation() => (Verdict::Unknown, why.clone()),
            _ => (verdict, reason),
        };
        let top = module.split('.').next().unwrap_or_default();
        let package = self.lookup.world().packages.get(top).cloned();
        let place: Option<&PackageId> = package.as_ref();
        let reason = match (verdict.is_accusation(), place) {
            (true, Some(package)) if verdict == Verdict::Missing => {
                format!("{reason} in {package}")
            }
            _ => reason,
        };
        let name = api.rsplit(['.', '(']).next().unwrap_or_default().trim_end_matches(')');
        let start = self.lines.line_col(node.start_byte());
        let end = self.lines.line_col(node.end_byte());
        let suggestions = match verdict.is_accusation() {
            true => nearest(name, near.into_iter().filter(|it| !it.starts_with('_')).collect()),
            false => Vec::new(),
        };
        self.references.push(Reference {
            api: api.to_owned(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            verdict,
            package,
            suggestions,
            exists_in: None,
            reason,
        });
    }

    /// Judges the names in an expression and returns its type.
    fn expr(&mut self, node: Node<'_>, depth: usize) -> Ty {
        if depth > MAX_DEPTH {
            return Ty::unknown("it goes too deep");
        }
        let field = |name: &str| node.child_by_field_name(name);
        match node.kind() {
            "identifier" => {
                let name = self.source(node);
                if self.doubted.contains(name)
                    && !matches!(self.name_ty(name), Some(Ty::Module(_) | Ty::Class(_)))
                {
                    return Ty::unknown("the code asks for its type");
                }
                self.name_ty(name).unwrap_or_else(|| self.builtin(name))
            }
            "attribute" => self.attribute(node, depth),
            "call" => self.call(node, depth),
            "subscript" => {
                let ty = field("value").map(|value| self.expr(value, depth + 1));
                let mut cursor = node.walk();
                let indexes: Vec<Node<'_>> =
                    node.children_by_field_name("subscript", &mut cursor).collect();
                indexes.into_iter().for_each(|index| drop(self.expr(index, depth + 1)));
                match ty {
                    Some(Ty::Class(class)) => Ty::Class(class),
                    Some(ty) => self.lookup.item(&ty, 0),
                    None => Ty::unknown("what is in it is not known"),
                }
            }
            "await" => match node.named_child(0).map(|inner| self.expr(inner, depth + 1)) {
                Some(Ty::Awaitable(ty)) => *ty,
                _ => Ty::unknown("what awaiting it gives is not known"),
            },
            "parenthesized_expression" => {
                node.named_child(0).map_or(Ty::None, |inner| self.expr(inner, depth + 1))
            }
            "expression_statement" => {
                self.children(node, depth);
                Ty::None
            }
            "assignment" => self.assignment(node, depth),
            "named_expression" => {
                let ty = field("value").map_or(Ty::None, |value| self.expr(value, depth + 1));
                if let Some(name) = field("name") {
                    let name = self.source(name).to_owned();
                    self.bind(&name, ty.clone());
                }
                ty
            }
            "conditional_expression" => {
                let parts: Vec<Ty> = (0..3)
                    .filter_map(|idx| node.named_child(idx))
                    .map(|part| self.expr(part, depth + 1))
                    .collect();
                Ty::either(
                    parts.into_iter().enumerate().filter(|(idx, _)| *idx != 1).map(|it| it.1),
                )
            }
            "boolean_operator" => {
                let left = field("left").map(|it| self.expr(it, depth + 1));
                let right = field("right").map(|it| self.expr(it, depth + 1));
                Ty::either(left.into_iter().chain(right))
            }
            "lambda" => {
                let mut params = BTreeMap::new();
                if let Some(parameters) = field("parameters") {
                    let mut cursor = parameters.walk();
                    for child in parameters.named_children(&mut cursor) {
                        let name = child.child_by_field_name("name").unwrap_or(child);
                        let name = self.source(name).trim_start_matches('*').to_owned();
                        params.insert(name, Ty::unknown("a parameter without a type"));
                    }
                }
                self.scopes.push(params);
                if let Some(body) = field("body") {
                    self.expr(body, depth + 1);
                }
                self.scopes.pop();
                Ty::unknown("a function of this text")
            }
            "list_comprehension"
            | "set_comprehension"
            | "dictionary_comprehension"
            | "generator_expression" => {
                self.scopes.push(BTreeMap::new());
                let mut cursor = node.walk();
                let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
                // What the loops bind stands before their use here, and after it in the text.
                for clause in children.iter().filter(|it| it.kind() == "for_in_clause") {
                    if let Some(right) = clause.child_by_field_name("right") {
                        self.expr(right, depth + 1);
                    }
                    if let Some(left) = clause.child_by_field_name("left") {
                        self.bind_unknown(left);
                    }
                }
                for child in children.iter().filter(|it| it.kind() != "for_in_clause") {
                    self.expr(*child, depth + 1);
                }
                self.scopes.pop();
                self.literal(node)
            }
            "keyword_argument" => {
                field("value").map_or(Ty::None, |value| self.expr(value, depth + 1))
            }
            "string" | "concatenated_string" => {
                self.children(node, depth);
                let is_bytes = self.source(node).starts_with(['b', 'B']);
                builtin_instance(if is_bytes { "bytes" } else { "str" })
            }
            "none" => Ty::None,
            "list" | "dictionary" | "set" | "tuple" | "integer" | "float" | "true" | "false" => {
                self.children(node, depth);
                self.literal(node)
            }
            "type" => {
                self.children(node, depth);
                Ty::None
            }
            "function_definition"
            | "class_definition"
            | "decorated_definition"
            | "block"
            | "if_statement"
            | "for_statement"
            | "while_statement"
            | "try_statement"
            | "with_statement"
            | "import_statement"
            | "import_from_statement" => {
                self.statement(node, depth + 1);
                Ty::None
            }
            _ => {
                self.children(node, depth);
                Ty::unknown("its value is not followed")
            }
        }
    }

    fn children(&mut self, node: Node<'_>, depth: usize) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            self.expr(child, depth + 1);
        }
    }

    fn literal(&self, node: Node<'_>) -> Ty {
        builtin_instance(match node.kind() {
            "list" | "list_comprehension" => "list",
            "dictionary" | "dictionary_comprehension" => "dict",
            "set" | "set_comprehension" => "set",
            "tuple" => "tuple",
            "integer" => "int",
            "float" => "float",
            "true" | "false" => "bool",
            _ => return Ty::unknown("its value is not followed"),
        })
    }

    fn builtin(&self, name: &str) -> Ty {
        match self.lookup.module(BUILTINS) {
            Ok(builtins) if builtins.names.contains_key(name) => {
                Ty::Class(ClassRef { module: BUILTINS.to_owned(), path: vec![name.to_owned()] })
            }
            _ => Ty::Unknown(format!("`{name}` is not bound in this text")),
        }
    }

    fn assignment(&mut self, node: Node<'_>, depth: usize) -> Ty {
        let field = |name: &str| node.child_by_field_name(name);
        let value = field("right").map(|right| self.expr(right, depth + 1));
        let annotated = field("type").map(|annotation| {
            self.expr(annotation, depth + 1);
            self.annotation_ty(annotation)
        });
        let Some(left) = field("left") else { return Ty::None };
        match (left.kind(), field("right").map(|it| (it.kind(), it))) {
            ("identifier", _) => {
                let name = self.source(left).to_owned();
                let ty = annotated.or_else(|| value.clone()).unwrap_or(Ty::None);
                self.bind(&name, ty);
            }
            _ => self.bind_unknown(left),
        }
        value.unwrap_or(Ty::None)
    }

    fn attribute(&mut self, node: Node<'_>, depth: usize) -> Ty {
        let object = node.child_by_field_name("object");
        let name_node = node.child_by_field_name("attribute");
        let (Some(object), Some(name_node)) = (object, name_node) else {
            self.children(node, depth);
            return Ty::unknown("it is cut");
        };
        let ty = self.expr(object, depth + 1);
        let name = self.source(name_node).to_owned();
        let written = self.source(object);
        let is_doubted = self.doubted.contains(&format!("{written}.{name}"))
            || self.doubted.contains(&format!("{written}."))
            || self.doubted.contains(written);
        let Some((owner, module)) = self.owner(&ty) else {
            // Nothing outside of this text is known to be meant.
            if let Ty::Unknown(why) = &ty
                && written.len() < 60
                && !written.contains('\n')
            {
                let (api, why) = (format!("{written}.{name}"), why.clone());
                self.tell(name_node, "", &api, Verdict::Unknown, why, BTreeSet::new());
            }
            return Ty::unknown("what it stands on is not known");
        };
        if module == HERE {
            // The text's own names are its own business, except those that it inherits.
            return match self.lookup.attr(&ty, &name, 0) {
                Attr::Found(ty, _) => ty,
                _ => Ty::unknown("a name of this text"),
            };
        }
        let mut attr = self.lookup.attr(&ty, &name, 0);
        if is_doubted && matches!(attr, Attr::Missing(_)) {
            attr = Attr::Unseen("the code asks whether it is there".to_owned());
        }
        self.judge(name_node, &module, &format!("{owner}.{name}"), &name, &owner, &attr)
    }

    /// Returns the path and the module of what a name is looked up on.
    fn owner(&self, ty: &Ty) -> Option<(String, String)> {
        match ty {
            Ty::Module(module) => Some((module.clone(), module.clone())),
            Ty::Class(class) | Ty::Instance(class) => {
                let shown =
                    if class.module == BUILTINS { class.path.join(".") } else { class.shown() };
                Some((shown, class.module.clone()))
            }
            Ty::Function(function) if function.module != HERE => {
                let class = function.class.as_ref().map(ClassRef::shown);
                let owner = class.unwrap_or_else(|| function.module.clone());
                Some((format!("{owner}.{}", function.name), function.module.clone()))
            }
            Ty::Either(all) => all.iter().find_map(|ty| self.owner(ty)),
            _ => None,
        }
    }

    fn call(&mut self, node: Node<'_>, depth: usize) -> Ty {
        let function = node.child_by_field_name("function");
        let ty = function.map_or(Ty::None, |function| self.expr(function, depth + 1));
        if let Some(args) = node.child_by_field_name("arguments") {
            let mut cursor = args.walk();
            let children: Vec<Node<'_>> = match args.kind() {
                "argument_list" => args.named_children(&mut cursor).collect(),
                _ => vec![args],
            };
            for child in children {
                if child.kind() == "keyword_argument" {
                    self.keyword(child, &ty);
                }
                self.expr(child, depth + 1);
            }
        }
        // `super().x` is a name of a base.
        if matches!(&ty, Ty::Unknown(_)) && function.is_some_and(|it| self.source(it) == "super") {
            return Ty::unknown("`super()` is not followed");
        }
        self.lookup.call(&ty, 0)
    }

    /// Judges a keyword against the parameters of what is called.
    fn keyword(&mut self, node: Node<'_>, called: &Ty) {
        let Some(name_node) = node.child_by_field_name("name") else { return };
        let name = self.source(name_node).to_owned();
        let Some((owner, module)) =
            self.owner(called).filter(|(_, module)| module != HERE && module != BUILTINS)
        else {
            return;
        };
        let function = match called {
            Ty::Function(function) => function.clone(),
            Ty::Class(class) => match self.constructor(class) {
                Ok(Some(function)) => function,
                Ok(None) => return,
                Err(why) => {
                    let api = format!("{owner}({name})");
                    self.tell(name_node, &module, &api, Verdict::Unknown, why, BTreeSet::new());
                    return;
                }
            },
            _ => return,
        };
        let functions = self.lookup.functions(&function);
        if functions.is_empty() {
            return;
        }
        let mut near = BTreeSet::new();
        let mut unseen = None;
        let mut is_there = false;
        for one in functions {
            is_there |= one.params.by_name.contains(&name);
            near.extend(one.params.by_name.iter().cloned());
            if one.params.takes_any {
                unseen = Some("it takes any keyword".to_owned());
            } else if let Some(odd) = one.decorators.iter().find(|it| !is_transparent(it)) {
                unseen = Some(format!("`@{odd}` may change its parameters"));
            }
        }
        let (verdict, reason) = match unseen {
            _ if is_there => (Verdict::Exists, "a parameter in the source".to_owned()),
            Some(why) => (Verdict::Unknown, why),
            None => (Verdict::Missing, format!("`{owner}` takes no `{name}`")),
        };
        let api = format!("{owner}({name})");
        self.tell(name_node, &module, &api, verdict, reason, near);
    }

    /// Returns the function that takes a class' arguments; none where a class takes what it likes.
    fn constructor(&self, class: &ClassRef) -> Result<Option<FunctionRef>, String> {
        let (family, unseen) = self.lookup.family(class);
        for current in &family {
            let Some(found) = self.lookup.class(current) else { break };
            if found.decorators.iter().any(|it| it.contains("dataclass") || it.contains("attr")) {
                return Err("its decorator makes its parameters".to_owned());
            }
            if found.metaclass.is_some() && current.module != "abc" {
                let is_abstract = matches!(&found.metaclass,
                    Some(super::expr::Expr::Name(name) | super::expr::Expr::Attribute(_, name))
                        if name.ends_with("ABCMeta"));
                if !is_abstract {
                    return Err("its metaclass may take the arguments".to_owned());
                }
            }
            let has_new = found.members.contains_key("__new__") && current.module != BUILTINS;
            if found.members.contains_key("__init__") && current.module != BUILTINS {
                if has_new {
                    return Err("it has both `__new__` and `__init__`".to_owned());
                }
                return Ok(Some(FunctionRef {
                    module: current.module.clone(),
                    class: Some(current.clone()),
                    name: "__init__".to_owned(),
                    receiver: None,
                }));
            }
            if has_new {
                return Err("`__new__` takes the arguments".to_owned());
            }
        }
        match unseen {
            Some(why) => Err(why),
            None => Ok(None),
        }
    }
}

fn builtin_instance(name: &str) -> Ty {
    Ty::Instance(ClassRef { module: BUILTINS.to_owned(), path: vec![name.to_owned()] })
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
