//! Walks a text of JavaScript or TypeScript in order: binds what it imports and makes, and judges
//! every name that leads out of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tree_sitter::Node;

use crate::check::names::nearest;
use crate::check::{OtherPart, Reference, Verdict};
use crate::deps::PackageId;
use crate::problem::Problem;
use crate::text::LineIndex;

use super::CheckedJavaScript;
use super::index::{ImportName, imported, index_javascript, parse};
use super::infer::{ANY_NAME, Attr, Env, Ty};
use super::types::{source, type_expr};
use super::world::{Found, JsWorld, Lookup, ModuleRef, Place, Resolution, Target, unseen_words};

/// The text itself, as a file.
const HERE: &str = "";
/// Deeper nesting is not looked into.
const MAX_DEPTH: usize = 150;

/// Checks one part.
pub(super) fn check(part: &OtherPart, world: &JsWorld) -> CheckedJavaScript {
    let mut checked = CheckedJavaScript::default();
    let Some(tree) = parse(&part.text) else {
        checked.problems.push(Problem::error("the TypeScript grammar could not be loaded"));
        return checked;
    };
    let mut world = world.clone();
    world.add_file(HERE.to_owned(), Arc::new(index_javascript(&part.text, false)));
    let lookup = Lookup::new(&world);
    let mut walk = Walk {
        text: &part.text,
        lines: LineIndex::new(&part.text),
        lookup: &lookup,
        scopes: vec![BTreeMap::new()],
        sources: BTreeMap::new(),
        doubted: doubted_names(tree.root_node(), &part.text),
        references: Vec::new(),
    };
    walk.hoist(tree.root_node());
    walk.children(tree.root_node(), 0);
    checked.references = walk.references;
    checked.references.retain(|reference| part.is_told(reference.line));
    checked.references.sort_by(|a, b| (a.line, a.column, &a.api).cmp(&(b.line, b.column, &b.api)));
    checked.references.dedup();
    checked.wanted = lookup.into_wanted();
    checked
}

/// Names that the text asks about: `"x" in y`, `typeof y.x`, `y instanceof Z`, `y as Z`, `if (y.x)`.
fn doubted_names(root: Node<'_>, text: &str) -> BTreeSet<String> {
    let mut doubted = BTreeSet::new();
    let mut pending = vec![(root, 0usize)];
    while let Some((node, depth)) = pending.pop() {
        match node.kind() {
            "binary_expression" => {
                let operator = node.child_by_field_name("operator").map(|it| source(it, text));
                let left = node.child_by_field_name("left");
                let right = node.child_by_field_name("right");
                match (operator, left, right) {
                    (Some("instanceof"), Some(left), _) => {
                        doubted.insert(source(left, text).to_owned());
                    }
                    (Some("in"), _, Some(right)) => {
                        doubted.insert(source(right, text).to_owned());
                    }
                    _ => {}
                }
            }
            // What the text itself sets on something is its own.
            "assignment_expression" | "augmented_assignment_expression" => {
                let left = node.child_by_field_name("left");
                let set = left.and_then(|left| left.child_by_field_name("property"));
                if let Some(set) = set {
                    doubted.insert(format!("*.{}", source(set, text)));
                }
            }
            "unary_expression" if source(node, text).starts_with("typeof") => {
                if let Some(inner) = node.child_by_field_name("argument") {
                    doubted.insert(source(inner, text).to_owned());
                }
            }
            "if_statement" | "ternary_expression" => {
                if let Some(condition) = node.child_by_field_name("condition") {
                    let written = source(condition, text).trim_start_matches(['(', '!', ' ']);
                    let written = written.strip_suffix(')').unwrap_or(written);
                    if written.contains('.') && !written.contains([' ', '(', ')']) {
                        doubted.insert(written.to_owned());
                    }
                }
            }
            _ => {}
        }
        if depth < MAX_DEPTH {
            let mut cursor = node.walk();
            pending.extend(node.named_children(&mut cursor).map(|child| (child, depth + 1)));
        }
    }
    doubted
}

#[derive(Clone)]
struct Bound {
    ty: Ty,
    /// The import that it comes from: the path to show.
    import: Option<String>,
}

struct Walk<'a> {
    text: &'a str,
    lines: LineIndex,
    lookup: &'a Lookup<'a>,
    /// Innermost last. Never empty.
    scopes: Vec<BTreeMap<String, Bound>>,
    /// The package that a file belongs to.
    sources: BTreeMap<String, Option<PackageId>>,
    doubted: BTreeSet<String>,
    references: Vec<Reference>,
}

impl Walk<'_> {
    fn source(&self, node: Node<'_>) -> &str {
        source(node, self.text)
    }

    fn bind(&mut self, name: &str, ty: Ty) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned(), Bound { ty, import: None });
        }
    }

    fn bound(&self, name: &str) -> Option<&Bound> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name))
    }

    /// Binds functions and classes of the text before anything uses them: they are its own.
    fn hoist(&mut self, root: Node<'_>) {
        let mut pending = vec![(root, 0usize)];
        while let Some((node, depth)) = pending.pop() {
            let is_own = matches!(
                node.kind(),
                "function_declaration"
                    | "class_declaration"
                    | "generator_function_declaration"
                    | "enum_declaration"
                    | "abstract_class_declaration"
                    | "internal_module"
            );
            if is_own && let Some(name) = node.child_by_field_name("name") {
                let name = self.source(name).to_owned();
                self.bind(&name, Ty::unknown("it is this text's own"));
            }
            if depth < 6 && !is_own {
                let mut cursor = node.walk();
                pending.extend(node.named_children(&mut cursor).map(|child| (child, depth + 1)));
            }
        }
    }

    fn children(&mut self, node: Node<'_>, depth: usize) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            self.node(child, depth + 1);
        }
    }

    /// Judges the names in a node and returns its type.
    fn node(&mut self, node: Node<'_>, depth: usize) -> Ty {
        if depth > MAX_DEPTH {
            return Ty::unknown("it goes too deep");
        }
        let field = |name: &str| node.child_by_field_name(name);
        match node.kind() {
            "import_statement" => {
                self.import(node);
                Ty::Undefined
            }
            "type_identifier" => {
                self.type_name(node);
                Ty::Undefined
            }
            "nested_type_identifier" => {
                self.nested_type(node);
                Ty::Undefined
            }
            "comment"
            | "property_identifier"
            | "type_parameters"
            | "string"
            | "template_string"
            | "number"
            | "true"
            | "false"
            | "null"
            | "undefined"
            | "regex" => {
                if node.kind() == "template_string" {
                    self.children(node, depth);
                }
                match node.kind() {
                    "string" => Ty::Text(self.source(node).trim_matches(['"', '\'']).to_owned()),
                    kind => literal(kind),
                }
            }
            "lexical_declaration" | "variable_declaration" => {
                self.children(node, depth);
                Ty::Undefined
            }
            "variable_declarator" => {
                self.declarator(node, depth);
                Ty::Undefined
            }
            "identifier" => self.identifier(node),
            "member_expression" => self.member(node, depth),
            "call_expression" => self.call(node, depth, false),
            "new_expression" => self.call(node, depth, true),
            "await_expression" => match node.named_child(0).map(|it| self.node(it, depth + 1)) {
                Some(ty) => self.lookup.awaited(&ty, 0),
                None => Ty::unknown("it is cut"),
            },
            "parenthesized_expression" | "non_null_expression" | "satisfies_expression" => {
                let ty = node.named_child(0).map(|it| self.node(it, depth + 1));
                ty.unwrap_or(Ty::Undefined)
            }
            "as_expression" => {
                if let Some(inner) = node.named_child(0) {
                    self.node(inner, depth + 1);
                }
                match node.named_child(1) {
                    Some(of) => self.annotated(of),
                    None => Ty::unknown("its type is asserted"),
                }
            }
            "assignment_expression" => {
                let ty = field("right").map(|it| self.node(it, depth + 1));
                if let Some(left) = field("left") {
                    if left.kind() == "identifier" {
                        // What is assigned somewhere may be anything elsewhere.
                        let name = self.source(left).to_owned();
                        for scope in self.scopes.iter_mut().rev() {
                            if let Some(bound) = scope.get_mut(&name) {
                                bound.ty = Ty::unknown("it is assigned again");
                                break;
                            }
                        }
                    } else if let Some(object) = left.child_by_field_name("object") {
                        self.node(object, depth + 1);
                    }
                }
                ty.unwrap_or(Ty::Undefined)
            }
            "ternary_expression" => {
                if let Some(condition) = field("condition") {
                    self.node(condition, depth + 1);
                }
                let both: Vec<Ty> = [field("consequence"), field("alternative")]
                    .into_iter()
                    .flatten()
                    .map(|it| self.node(it, depth + 1))
                    .collect();
                Ty::either(both)
            }
            "binary_expression" => {
                let left = field("left").map(|it| self.node(it, depth + 1));
                let right = field("right").map(|it| self.node(it, depth + 1));
                let operator = field("operator").map(|it| self.source(it)).unwrap_or_default();
                match operator {
                    "??" | "||" => Ty::either(left.into_iter().chain(right).collect()),
                    _ => Ty::unknown("it is computed"),
                }
            }
            "array" => {
                let mut cursor = node.walk();
                let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
                let items: Vec<Ty> =
                    children.into_iter().map(|it| self.node(it, depth + 1)).collect();
                Ty::Array(Box::new(Ty::either(items)))
            }
            "object" => {
                let mut cursor = node.walk();
                for child in node.named_children(&mut cursor) {
                    match child.kind() {
                        "pair" => {
                            if let Some(value) = child.child_by_field_name("value") {
                                self.node(value, depth + 1);
                            }
                        }
                        "shorthand_property_identifier" => {
                            self.identifier(child);
                        }
                        _ => {
                            self.node(child, depth + 1);
                        }
                    }
                }
                Ty::unknown("it is made here")
            }
            "arrow_function"
            | "function_expression"
            | "function_declaration"
            | "method_definition"
            | "generator_function"
            | "generator_function_declaration" => {
                self.function(node, None, depth);
                Ty::unknown("it is this text's own")
            }
            "catch_clause" => {
                self.scopes.push(BTreeMap::new());
                if let Some(parameter) = field("parameter") {
                    self.pattern(parameter, Ty::unknown("what is thrown may be anything"), depth);
                }
                if let Some(body) = field("body") {
                    self.node(body, depth + 1);
                }
                self.scopes.pop();
                Ty::Undefined
            }
            "statement_block" | "class_body" | "switch_body" => {
                self.scopes.push(BTreeMap::new());
                self.children(node, depth);
                self.scopes.pop();
                Ty::Undefined
            }
            "for_in_statement" => {
                let right = field("right").map(|it| self.node(it, depth + 1));
                self.scopes.push(BTreeMap::new());
                if let Some(left) = field("left") {
                    let is_of = field("operator").is_some_and(|it| self.source(it) == "of");
                    let item = match right {
                        Some(Ty::Array(item)) if is_of => *item,
                        _ => Ty::unknown("what it goes over is not known"),
                    };
                    self.pattern(left, item, depth);
                }
                if let Some(body) = field("body") {
                    self.node(body, depth + 1);
                }
                self.scopes.pop();
                Ty::Undefined
            }
            "for_statement" => {
                self.scopes.push(BTreeMap::new());
                self.children(node, depth);
                self.scopes.pop();
                Ty::Undefined
            }
            "export_statement" => {
                if field("source").is_none() {
                    self.children(node, depth);
                }
                Ty::Undefined
            }
            "labeled_statement" | "break_statement" | "continue_statement" => {
                if let Some(body) = field("body") {
                    self.node(body, depth + 1);
                }
                Ty::Undefined
            }
            _ => {
                self.children(node, depth);
                Ty::unknown("it is not followed")
            }
        }
    }

    fn import(&mut self, node: Node<'_>) {
        let Some(from) = node.child_by_field_name("source") else { return };
        let specifier = self.source(from).trim_matches(['"', '\'']).to_owned();
        let mut cursor = node.walk();
        let clauses: Vec<Node<'_>> =
            node.named_children(&mut cursor).filter(|it| it.kind() == "import_clause").collect();
        let taken: Vec<(ImportName, Node<'_>)> =
            clauses.into_iter().flat_map(|clause| imported(clause, self.text)).collect();
        let module = self.specifier(from, &specifier);
        for (name, local) in taken {
            let bound = self.source(local).to_owned();
            let ty = match &module {
                Ok(module) => self.taken(module, &specifier, &name, local),
                Err(why) => Ty::Unknown(why.clone()),
            };
            let shown = match &name {
                ImportName::Named(name) => format!("{specifier}.{name}"),
                _ => specifier.clone(),
            };
            let import = module.is_ok().then_some(shown);
            if let Some(scope) = self.scopes.last_mut() {
                scope.insert(bound, Bound { ty, import });
            }
        }
    }

    /// Judges the module of an import.
    fn specifier(&mut self, node: Node<'_>, specifier: &str) -> Result<ModuleRef, String> {
        if specifier.starts_with(['.', '/', '#', '~', '@']) && !is_package(specifier) {
            return Err("the workspace's own code is not checked".to_owned());
        }
        match self.lookup.import(HERE, specifier) {
            Ok(module) => {
                let reason = "its declarations were read";
                self.tell(node, specifier, specifier, Verdict::Exists, reason.to_owned(), None);
                Ok(module)
            }
            Err(why) => {
                let words = unseen_words(&why);
                let (verdict, near) = match &why {
                    Resolution::NoPackage(_) => {
                        let near = self.lookup.world.packages.keys().cloned().collect();
                        (Verdict::UnknownPackage, Some(near))
                    }
                    Resolution::NoModule(_) => (Verdict::Missing, None),
                    _ => (Verdict::Unknown, None),
                };
                let reason = match verdict {
                    Verdict::UnknownPackage => {
                        format!(
                            "no package `{}` is installed here or in the lock file",
                            package_of(specifier)
                        )
                    }
                    _ => words.clone(),
                };
                self.tell(node, specifier, specifier, verdict, reason, near);
                Err(words)
            }
        }
    }

    /// Judges one name of an import and returns what it is.
    fn taken(
        &mut self,
        module: &ModuleRef,
        specifier: &str,
        name: &ImportName,
        local: Node<'_>,
    ) -> Ty {
        // The name that is taken stands before the one that it is given.
        let node = local
            .parent()
            .filter(|it| it.kind() == "import_specifier")
            .and_then(|it| it.child_by_field_name("name"))
            .unwrap_or(local);
        let api = match name {
            ImportName::Named(name) => format!("{specifier}.{name}"),
            _ => specifier.to_owned(),
        };
        match self.lookup.taken(module, name, 0) {
            Found::Target(Target::Member(of, member)) => {
                // A member of what is exported whole; that any name may be there makes it none.
                let of = self.lookup.value(&of, 0);
                let attr = self.lookup.attr(&of, &member, 0);
                let (verdict, reason, near, ty) = match attr {
                    Attr::Found(ty, _) if is_any_name(&ty) => {
                        let reason = format!("`{specifier}` exports no such name");
                        (Verdict::Missing, reason, None, *ty)
                    }
                    Attr::Found(ty, note) => {
                        let (verdict, reason) = exists(&api, note);
                        (verdict, reason, None, *ty)
                    }
                    Attr::Missing(near) => {
                        let reason = format!("`{specifier}` exports no such name");
                        let ty = Ty::Unknown(format!("`{api}` is not there"));
                        (Verdict::Missing, reason, Some(near), ty)
                    }
                    Attr::Unseen(why) => (Verdict::Unknown, why.clone(), None, Ty::Unknown(why)),
                };
                self.tell(node, specifier, &api, verdict, reason, near);
                ty
            }
            Found::Target(target) => {
                let note = self.lookup.deprecated(&target, 0);
                let (verdict, reason) = exists(&api, note);
                self.tell(node, specifier, &api, verdict, reason, None);
                self.lookup.value(&target, 0)
            }
            Found::Missing(near) => {
                let reason = format!("`{specifier}` exports no such name");
                self.tell(node, specifier, &api, Verdict::Missing, reason, Some(near));
                Ty::Unknown(format!("`{api}` is not there"))
            }
            Found::Unseen(why) => {
                self.tell(node, specifier, &api, Verdict::Unknown, why.clone(), None);
                Ty::Unknown(why)
            }
        }
    }

    fn identifier(&mut self, node: Node<'_>) -> Ty {
        let name = self.source(node).to_owned();
        if let Some(bound) = self.bound(&name).cloned() {
            if let Some(import) = bound.import
                && !matches!(bound.ty, Ty::Unknown(_))
            {
                let specifier = import.split('.').next().unwrap_or_default().to_owned();
                let reason = "imported above".to_owned();
                self.tell(node, &specifier, &import, Verdict::Exists, reason, None);
            }
            if self.doubted.contains(&name) && !matches!(bound.ty, Ty::Module(_) | Ty::Value(..)) {
                return Ty::unknown("the code asks for its type");
            }
            return bound.ty;
        }
        let place = Place { module: None, spaces: Vec::new() };
        if !self.lookup.decls(&place, &name).is_empty() {
            let reason = "a global of the language or its runtime".to_owned();
            self.tell(node, "", &name, Verdict::Exists, reason, None);
            return Ty::Value(place, name);
        }
        Ty::Unknown(format!("`{name}` is not bound in this text"))
    }

    /// Tells of a type that was imported.
    fn type_name(&mut self, node: Node<'_>) {
        let bound = self.bound(self.source(node)).and_then(|bound| bound.import.clone());
        if let Some(import) = bound {
            let specifier = import.split('.').next().unwrap_or_default().to_owned();
            let reason = "imported above".to_owned();
            self.tell(node, &specifier, &import, Verdict::Exists, reason, None);
        }
    }

    /// Judges `module.Type`.
    fn nested_type(&mut self, node: Node<'_>) {
        let (Some(of), Some(name)) =
            (node.child_by_field_name("module"), node.child_by_field_name("name"))
        else {
            return;
        };
        let Some(bound) = self.bound(self.source(of)).cloned() else { return };
        let (Some(import), Ty::Module(module)) = (bound.import, bound.ty) else { return };
        let written = self.source(name).to_owned();
        let api = format!("{import}.{written}");
        match self.lookup.export(&module, &written, 0) {
            Found::Target(_) => {
                self.tell(name, &import, &api, Verdict::Exists, "declared".to_owned(), None);
            }
            Found::Missing(near) => {
                let reason = format!("`{import}` exports no such name");
                self.tell(name, &import, &api, Verdict::Missing, reason, Some(near));
            }
            Found::Unseen(why) => self.tell(name, &import, &api, Verdict::Unknown, why, None),
        }
    }

    fn annotated(&self, of: Node<'_>) -> Ty {
        let read = type_expr(of, self.text, 0);
        let module = ModuleRef { files: vec![HERE.to_owned()], ambient: None };
        let place = Place { module: Some(module), spaces: Vec::new() };
        self.lookup.eval(&read, &Env { place, params: Arc::default(), this: None }, 0)
    }

    fn declarator(&mut self, node: Node<'_>, depth: usize) {
        let value = node.child_by_field_name("value");
        let annotation = node.child_by_field_name("type");
        if let Some(of) = annotation {
            self.node(of, depth + 1);
        }
        let annotated = annotation.map(|of| self.annotated(of));
        let ty = match (&annotated, value) {
            (Some(of), Some(value)) if value.kind() == "object" => {
                self.options(value, std::slice::from_ref(of), depth, 0);
                self.node(value, depth + 1)
            }
            (_, Some(value)) => self.node(value, depth + 1),
            (_, None) => Ty::unknown("it is set later"),
        };
        let required = value.and_then(|value| self.required(value));
        let Some(name) = node.child_by_field_name("name") else { return };
        let is_let = node
            .parent()
            .and_then(|it| it.child_by_field_name("kind"))
            .is_none_or(|it| self.source(it) != "const");
        let ty = match annotated {
            Some(annotated) => annotated,
            // A variable that starts out as a plain value may become another.
            None if is_let
                && matches!(ty, Ty::Plain(_) | Ty::Text(_) | Ty::Array(_) | Ty::Undefined) =>
            {
                Ty::unknown("it may be assigned again")
            }
            None => required.unwrap_or(ty),
        };
        self.pattern(name, ty, depth);
    }

    /// Judges `require("x")` and returns what it gives.
    fn required(&mut self, node: Node<'_>) -> Option<Ty> {
        let function = node.child_by_field_name("function")?;
        if node.kind() != "call_expression" || self.source(function) != "require" {
            return None;
        }
        let from = node.child_by_field_name("arguments")?.named_child(0)?;
        if from.kind() != "string" {
            return None;
        }
        let specifier = self.source(from).trim_matches(['"', '\'']).to_owned();
        let module = self.specifier(from, &specifier).ok()?;
        match self.lookup.taken(&module, &ImportName::Equals, 0) {
            Found::Target(target) => Some(self.lookup.value(&target, 0)),
            _ => None,
        }
    }

    /// Binds the names of a pattern; those of an object pattern are judged as members.
    fn pattern(&mut self, node: Node<'_>, ty: Ty, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        match node.kind() {
            "identifier" | "shorthand_property_identifier_pattern" => {
                let name = self.source(node).to_owned();
                self.bind(&name, ty);
            }
            "object_pattern" => {
                let mut cursor = node.walk();
                for child in node.named_children(&mut cursor) {
                    let (key, target) = match child.kind() {
                        "pair_pattern" => {
                            (child.child_by_field_name("key"), child.child_by_field_name("value"))
                        }
                        "object_assignment_pattern" => {
                            let left = child.child_by_field_name("left").or(child.named_child(0));
                            (left, left)
                        }
                        "shorthand_property_identifier_pattern" => (Some(child), Some(child)),
                        _ => (None, child.named_child(0)),
                    };
                    let inner = match key {
                        Some(key) if key.kind() != "computed_property_name" => {
                            self.judge(key, &ty, "")
                        }
                        _ => Ty::unknown("a rest of names"),
                    };
                    if let Some(target) = target {
                        self.pattern(target, inner, depth + 1);
                    }
                }
            }
            "assignment_pattern" => {
                if let Some(right) = node.child_by_field_name("right") {
                    self.node(right, depth + 1);
                }
                if let Some(left) = node.child_by_field_name("left") {
                    self.pattern(left, ty, depth + 1);
                }
            }
            "array_pattern" => {
                let item = match ty {
                    Ty::Array(item) => *item,
                    _ => Ty::unknown("what is in it is not known"),
                };
                let mut cursor = node.walk();
                for child in node.named_children(&mut cursor) {
                    self.pattern(child, item.clone(), depth + 1);
                }
            }
            _ => {
                let mut cursor = node.walk();
                for child in node.named_children(&mut cursor) {
                    self.pattern(child, Ty::unknown("it is not followed"), depth + 1);
                }
            }
        }
    }

    fn member(&mut self, node: Node<'_>, depth: usize) -> Ty {
        let object = node.child_by_field_name("object");
        let property = node.child_by_field_name("property");
        let (Some(object), Some(property)) = (object, property) else {
            return Ty::unknown("it is cut");
        };
        let ty = self.node(object, depth + 1);
        let written = self.source(object).to_owned();
        self.judge(property, &ty, &written)
    }

    /// Judges a member and returns its type.
    fn judge(&mut self, property: Node<'_>, ty: &Ty, written: &str) -> Ty {
        let name = self.source(property).to_owned();
        let owner = self.owner(ty).unwrap_or_else(|| written.to_owned());
        let api = format!("{owner}.{name}");
        let package = self.package(ty);
        match self.lookup.attr(ty, &name, 0) {
            Attr::Found(ty, note) => {
                let (verdict, reason) = exists(&api, note);
                self.tell_of(property, &api, verdict, reason, None, package);
                *ty
            }
            Attr::Missing(near) => {
                let is_doubted = self.doubted.contains(&format!("{written}.{name}"))
                    || self.doubted.contains(&format!("*.{name}"))
                    || self.doubted.contains(written);
                let reason = format!("`{owner}` has no `{name}`");
                let (verdict, reason) = match (is_doubted, self.is_augmented(&package)) {
                    (true, _) => (Verdict::Unknown, "the code asks whether it is there".to_owned()),
                    (_, true) => {
                        (Verdict::Unknown, "other files add to its declarations".to_owned())
                    }
                    _ => (Verdict::Missing, reason),
                };
                self.tell_of(property, &api, verdict, reason, Some(near), package);
                Ty::Unknown(format!("`{api}` is not there"))
            }
            Attr::Unseen(why) => {
                let is_long = api.len() > 80 || api.contains('\n');
                let api = if is_long { format!("….{name}") } else { api };
                self.tell_of(property, &api, Verdict::Unknown, why.clone(), None, package);
                Ty::Unknown(why)
            }
        }
    }

    fn is_augmented(&self, package: &Option<PackageId>) -> bool {
        package.as_ref().is_some_and(|package| {
            let name = package.name.strip_prefix("@types/").unwrap_or(&package.name);
            self.lookup.world.augmented.contains(name)
        })
    }

    /// Names what a member is looked up on.
    fn owner(&self, ty: &Ty) -> Option<String> {
        match ty {
            Ty::Named { name, place, .. } | Ty::Value(place, name) => {
                let mut shown = place.spaces.clone();
                shown.push(name.clone());
                Some(shown.join("."))
            }
            Ty::Plain(global) => Some((*global).to_owned()),
            Ty::Text(_) => Some("String".to_owned()),
            Ty::Array(_) => Some("Array".to_owned()),
            Ty::Module(module) => {
                let id = module.ambient.clone().or_else(|| module.files.first().cloned())?;
                Some(match id.rsplit_once("node_modules/") {
                    Some((_, rest)) => package_of(rest).to_owned(),
                    None => id,
                })
            }
            Ty::Either(all) | Ty::Both(all) => all.iter().find_map(|ty| self.owner(ty)),
            _ => None,
        }
    }

    /// Returns the package that declares a type.
    fn package(&mut self, ty: &Ty) -> Option<PackageId> {
        let module = match ty {
            Ty::Named { place, .. } | Ty::Value(place, _) => place.module.clone()?,
            Ty::Module(module) => module.clone(),
            Ty::Shape(_, env) | Ty::Function(_, env) => env.place.module.clone()?,
            Ty::Either(all) | Ty::Both(all) => {
                return all.iter().find_map(|ty| self.package(ty));
            }
            _ => return None,
        };
        let id = module.files.first()?.clone();
        let packages = &self.lookup.world.packages;
        self.sources
            .entry(id)
            .or_insert_with_key(|id| {
                let (_, rest) = id.rsplit_once("node_modules/")?;
                packages.get(package_of(rest)).cloned()
            })
            .clone()
    }

    fn call(&mut self, node: Node<'_>, depth: usize, is_new: bool) -> Ty {
        let callee = node.child_by_field_name(if is_new { "constructor" } else { "function" });
        if !is_new && let Some(ty) = self.required(node) {
            return ty;
        }
        let ty = callee.map_or(Ty::Undefined, |callee| self.node(callee, depth + 1));
        let mut given = Vec::new();
        if let Some(list) = node.child_by_field_name("type_arguments") {
            let mut cursor = list.walk();
            given.extend(list.named_children(&mut cursor).map(|of| self.annotated(of)));
        }
        let Some(arguments) = node.child_by_field_name("arguments") else {
            return self.lookup.call(&ty, is_new, &[], &given, 0);
        };
        let mut cursor = arguments.walk();
        let nodes: Vec<Node<'_>> =
            arguments.named_children(&mut cursor).filter(|it| it.kind() != "comment").collect();
        let has_spread = nodes.iter().any(|it| it.kind() == "spread_element");
        let mut args: Vec<Ty> = vec![Ty::unknown("an argument"); nodes.len()];
        for (at, argument) in nodes.iter().enumerate() {
            let expected = match (argument.kind(), has_spread) {
                ("object" | "arrow_function" | "function_expression", false) => {
                    self.lookup.argument_types(&ty, is_new, at, &args, 0)
                }
                _ => Vec::new(),
            };
            let found = match argument.kind() {
                "arrow_function" | "function_expression" => {
                    let n_params = parameter_nodes(*argument).len();
                    // The first signature whose function takes as many is the one that is meant.
                    let context = expected.iter().find_map(|ty| {
                        self.lookup
                            .signatures(ty, false, 0)
                            .into_iter()
                            .find(|(it, _)| it.params.len() >= n_params)
                    });
                    self.function(*argument, context, depth + 1);
                    Ty::unknown("it is this text's own")
                }
                "object" => {
                    self.options(*argument, &expected, depth, 0);
                    self.node(*argument, depth + 1)
                }
                _ => self.node(*argument, depth + 1),
            };
            if let Some(slot) = args.get_mut(at) {
                *slot = found;
            }
        }
        if has_spread {
            return Ty::unknown("its arguments are spread");
        }
        self.lookup.call(&ty, is_new, &args, &given, 0)
    }

    /// Judges the keys of an object that is given where one of `expected` is taken.
    fn options(&mut self, object: Node<'_>, expected: &[Ty], depth: usize, nested: usize) {
        if expected.is_empty() || nested > 3 || depth > MAX_DEPTH {
            return;
        }
        let taken = Ty::either(expected.to_vec());
        let mut cursor = object.walk();
        for child in object.named_children(&mut cursor) {
            let (key, value) = match child.kind() {
                "pair" => (child.child_by_field_name("key"), child.child_by_field_name("value")),
                "shorthand_property_identifier" => (Some(child), None),
                "method_definition" => (child.child_by_field_name("name"), None),
                _ => (None, None),
            };
            let Some(key) = key.filter(|key| {
                matches!(
                    key.kind(),
                    "property_identifier" | "string" | "shorthand_property_identifier"
                )
            }) else {
                continue;
            };
            let name = self.source(key).trim_matches(['"', '\'']).to_owned();
            let attr = self.lookup.attr(&taken, &name, 0);
            let owner = self.owner(&taken).unwrap_or_else(|| "options".to_owned());
            let package = self.package(&taken);
            let api = format!("{owner}.{name}");
            match attr {
                Attr::Found(of, note) => {
                    let (verdict, reason) = exists(&api, note);
                    self.tell_of(key, &api, verdict, reason, None, package);
                    if let Some(value) = value.filter(|it| it.kind() == "object") {
                        self.options(value, &[*of], depth + 1, nested + 1);
                    }
                }
                Attr::Missing(near) => {
                    let (verdict, reason) = match self.is_augmented(&package) {
                        true => {
                            (Verdict::Unknown, "other files add to its declarations".to_owned())
                        }
                        false => (Verdict::Missing, format!("`{owner}` takes no `{name}`")),
                    };
                    self.tell_of(key, &api, verdict, reason, Some(near), package);
                }
                Attr::Unseen(why) => {
                    self.tell_of(key, &api, Verdict::Unknown, why, None, package);
                }
            }
        }
    }

    /// Walks a function; `context` is what the place it stands in gives it.
    fn function(
        &mut self,
        node: Node<'_>,
        context: Option<(Arc<super::types::Signature>, Env)>,
        depth: usize,
    ) {
        self.scopes.push(BTreeMap::new());
        for (at, parameter) in parameter_nodes(node).into_iter().enumerate() {
            let (pattern, of) = match parameter.kind() {
                "required_parameter" | "optional_parameter" => (
                    parameter.child_by_field_name("pattern"),
                    parameter.child_by_field_name("type"),
                ),
                _ => (Some(parameter), None),
            };
            if let Some(value) = parameter.child_by_field_name("value") {
                self.node(value, depth + 1);
            }
            if let Some(of) = of {
                self.node(of, depth + 1);
            }
            let ty = match (of, &context) {
                (Some(of), _) => self.annotated(of),
                (None, Some((signature, env))) => {
                    let of = signature.params.get(at).filter(|it| !it.is_rest);
                    match of.and_then(|it| it.of.as_ref()) {
                        Some(of) => self.lookup.eval(of, env, 0),
                        None => Ty::unknown("a parameter without a type"),
                    }
                }
                (None, None) => Ty::unknown("a parameter without a type"),
            };
            if let Some(pattern) = pattern {
                self.pattern(pattern, ty, depth + 1);
            }
        }
        if let Some(body) = node.child_by_field_name("body") {
            self.node(body, depth + 1);
        }
        self.scopes.pop();
    }

    fn tell(
        &mut self,
        node: Node<'_>,
        specifier: &str,
        api: &str,
        verdict: Verdict,
        reason: String,
        near: Option<BTreeSet<String>>,
    ) {
        let packages = &self.lookup.world.packages;
        let name = package_of(specifier);
        let package = packages.get(name).cloned();
        self.tell_of(node, api, verdict, reason, near, package);
    }

    fn tell_of(
        &mut self,
        node: Node<'_>,
        api: &str,
        verdict: Verdict,
        reason: String,
        near: Option<BTreeSet<String>>,
        package: Option<PackageId>,
    ) {
        let start = self.lines.line_col(node.start_byte());
        let end = self.lines.line_col(node.end_byte());
        let name = match verdict {
            Verdict::UnknownPackage => api,
            _ => api.rsplit('.').next().unwrap_or_default(),
        };
        let reason = match &package {
            Some(package) if verdict == Verdict::Missing => format!("{reason} in {package}"),
            _ => reason,
        };
        let suggestions = near.filter(|_| verdict.is_accusation()).map(|near| nearest(name, near));
        self.references.push(Reference {
            api: api.to_owned(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            verdict,
            package,
            suggestions: suggestions.unwrap_or_default(),
            exists_in: None,
            reason,
        });
    }
}

/// Says whether a member is there only because its type takes any name.
fn is_any_name(ty: &Ty) -> bool {
    matches!(ty, Ty::Unknown(why) if why == ANY_NAME)
}

fn exists(api: &str, note: Option<String>) -> (Verdict, String) {
    match note {
        Some(note) => (Verdict::Deprecated, format!("`{api}` is deprecated: {note}")),
        None => (Verdict::Exists, "declared by what is installed".to_owned()),
    }
}

fn parameter_nodes(function: Node<'_>) -> Vec<Node<'_>> {
    if let Some(only) = function.child_by_field_name("parameter") {
        return vec![only];
    }
    let Some(parameters) = function.child_by_field_name("parameters") else { return Vec::new() };
    let mut cursor = parameters.walk();
    parameters.named_children(&mut cursor).filter(|it| it.kind() != "comment").collect()
}

fn literal(kind: &str) -> Ty {
    match kind {
        "string" | "template_string" => Ty::Plain("String"),
        "number" => Ty::Plain("Number"),
        "true" | "false" => Ty::Plain("Boolean"),
        "regex" => {
            let place = Place { module: None, spaces: Vec::new() };
            Ty::Named { place, name: "RegExp".to_owned(), args: Vec::new() }
        }
        _ => Ty::Undefined,
    }
}

/// Says whether a specifier names a package with a scope, not a path alias.
fn is_package(specifier: &str) -> bool {
    specifier.starts_with('@') && specifier.len() > 2 && !specifier.starts_with("@/")
}

/// Returns the package of a specifier: `@scope/name` of `@scope/name/part`.
pub(super) fn package_of(specifier: &str) -> &str {
    let n_parts = if specifier.starts_with('@') { 2 } else { 1 };
    let end = specifier.match_indices('/').nth(n_parts - 1).map(|(at, _)| at);
    specifier.get(..end.unwrap_or(specifier.len())).unwrap_or(specifier)
}
