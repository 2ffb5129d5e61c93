//! Visits the expressions of a text: has the names in them judged, and says what type each gives.

use std::collections::{BTreeMap, BTreeSet};

use tree_sitter::Node;

use crate::check::Verdict;

use super::builtins::BUILTINS;
use super::walk::{HERE, MAX_DEPTH, Walk};
use super::world::{Attr, ClassRef, Ty};

impl Walk<'_> {
    /// Judges the names in an expression and returns its type.
    pub(super) fn expr(&mut self, node: Node<'_>, depth: usize) -> Ty {
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
}

fn builtin_instance(name: &str) -> Ty {
    Ty::Instance(ClassRef { module: BUILTINS.to_owned(), path: vec![name.to_owned()] })
}
