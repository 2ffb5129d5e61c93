//! What a text binds: variables, the names in patterns and the parameters of functions.

use std::collections::BTreeMap;
use std::sync::Arc;

use tree_sitter::Node;

use super::infer::{Env, Ty};
use super::types::type_expr;
use super::walk::{HERE, MAX_DEPTH, Walk};
use super::world::{ModuleRef, Place};

impl Walk<'_> {
    pub(super) fn annotated(&self, of: Node<'_>) -> Ty {
        let read = type_expr(of, self.text, 0);
        let module = ModuleRef { files: vec![HERE.to_owned()], ambient: None };
        let place = Place { module: Some(module), spaces: Vec::new() };
        self.lookup.eval(&read, &Env { place, params: Arc::default(), this: None }, 0)
    }

    pub(super) fn declarator(&mut self, node: Node<'_>, depth: usize) {
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

    /// Binds the names of a pattern; those of an object pattern are judged as members.
    pub(super) fn pattern(&mut self, node: Node<'_>, ty: Ty, depth: usize) {
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

    /// Walks a function; `context` is what the place it stands in gives it.
    pub(super) fn function(
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
}

pub(super) fn parameter_nodes(function: Node<'_>) -> Vec<Node<'_>> {
    if let Some(only) = function.child_by_field_name("parameter") {
        return vec![only];
    }
    let Some(parameters) = function.child_by_field_name("parameters") else { return Vec::new() };
    let mut cursor = parameters.walk();
    parameters.named_children(&mut cursor).filter(|it| it.kind() != "comment").collect()
}
