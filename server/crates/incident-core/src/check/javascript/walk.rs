//! Walks a text of JavaScript or TypeScript in order: binds what it imports and makes, and judges
//! every name that leads out of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tree_sitter::Node;

use crate::check::{OtherPart, Reference, Verdict};
use crate::deps::PackageId;
use crate::problem::Problem;
use crate::text::LineIndex;

use super::CheckedJavaScript;
use super::index::{index_javascript, parse};
use super::infer::Ty;
use super::types::source;
use super::world::{JsWorld, Lookup, Place};

/// The text itself, as a file.
pub(super) const HERE: &str = "";
/// Deeper nesting is not looked into.
pub(super) const MAX_DEPTH: usize = 150;

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
pub(super) struct Bound {
    pub(super) ty: Ty,
    /// The import that it comes from: the path to show.
    pub(super) import: Option<String>,
}

pub(super) struct Walk<'a> {
    pub(super) text: &'a str,
    pub(super) lines: LineIndex,
    pub(super) lookup: &'a Lookup<'a>,
    /// Innermost last. Never empty.
    pub(super) scopes: Vec<BTreeMap<String, Bound>>,
    /// The package that a file belongs to.
    pub(super) sources: BTreeMap<String, Option<PackageId>>,
    pub(super) doubted: BTreeSet<String>,
    pub(super) references: Vec<Reference>,
}

impl Walk<'_> {
    pub(super) fn source(&self, node: Node<'_>) -> &str {
        source(node, self.text)
    }

    pub(super) fn bind(&mut self, name: &str, ty: Ty) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned(), Bound { ty, import: None });
        }
    }

    pub(super) fn bound(&self, name: &str) -> Option<&Bound> {
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
    pub(super) fn node(&mut self, node: Node<'_>, depth: usize) -> Ty {
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
