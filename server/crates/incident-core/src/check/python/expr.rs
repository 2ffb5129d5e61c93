//! Expressions of Python as far as names and types need them, cut off from their text.

use std::collections::BTreeSet;

use tree_sitter::Node;

/// An expression; what says nothing about names is `Other`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expr {
    Name(String),
    Attribute(Box<Expr>, String),
    /// A call; its arguments say nothing about what it gives.
    Call(Box<Expr>),
    Subscript(Box<Expr>, Vec<Expr>),
    Tuple(Vec<Expr>),
    Await(Box<Expr>),
    /// `a or b`, `a if c else b`, `a | b`.
    Either(Vec<Expr>),
    /// The receiver of the method that this stands in.
    Receiver,
    /// The class of the receiver.
    ReceiverClass,
    /// A value of this type.
    Typed(Box<Expr>),
    /// Text: as an annotation, a type that is named later.
    Text(String),
    /// A value of a built-in class: `[]` is a `list`.
    Literal(&'static str),
    None,
    Other,
}

/// Deeper expressions are cut.
const MAX_DEPTH: usize = 40;

/// What names mean inside a function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Locals {
    /// The first parameter of a method.
    pub(crate) receiver: Option<String>,
    /// The first parameter of a class method.
    pub(crate) receiver_class: Option<String>,
    /// Parameters with their types.
    pub(crate) typed: Vec<(String, Expr)>,
    /// Everything else that is bound inside, and so is not the module's name.
    pub(crate) bound: BTreeSet<String>,
}

/// Reads an expression.
pub(crate) fn expr(node: Node<'_>, text: &str, locals: &Locals) -> Expr {
    read(node, text, locals, 0)
}

fn read(node: Node<'_>, text: &str, locals: &Locals, depth: usize) -> Expr {
    if depth > MAX_DEPTH {
        return Expr::Other;
    }
    let field = |name: &str| node.child_by_field_name(name);
    let inner = |node: Node<'_>| read(node, text, locals, depth + 1);
    let boxed = |node: Node<'_>| Box::new(inner(node));
    match node.kind() {
        "identifier" => name(source(node, text), locals),
        "attribute" => match (field("object"), field("attribute")) {
            (Some(object), Some(attribute)) => {
                Expr::Attribute(boxed(object), source(attribute, text).to_owned())
            }
            _ => Expr::Other,
        },
        "call" => field("function").map_or(Expr::Other, |function| Expr::Call(boxed(function))),
        "subscript" => {
            let mut cursor = node.walk();
            let args = node.children_by_field_name("subscript", &mut cursor).map(inner).collect();
            field("value").map_or(Expr::Other, |value| Expr::Subscript(boxed(value), args))
        }
        // In a type: `list[int]`.
        "generic_type" => {
            let Some(base) = node.named_child(0) else { return Expr::Other };
            let mut args = Vec::new();
            if let Some(parameters) = node.named_child(1) {
                let mut cursor = parameters.walk();
                args.extend(parameters.named_children(&mut cursor).map(inner));
            }
            Expr::Subscript(boxed(base), args)
        }
        "union_type" => {
            let mut cursor = node.walk();
            Expr::Either(node.named_children(&mut cursor).map(inner).collect())
        }
        "member_type" => match (node.named_child(0), node.named_child(1)) {
            (Some(object), Some(attribute)) => {
                Expr::Attribute(boxed(object), source(attribute, text).to_owned())
            }
            _ => Expr::Other,
        },
        "type" | "parenthesized_expression" | "expression_statement" => {
            node.named_child(0).map_or(Expr::Other, inner)
        }
        "await" => node.named_child(0).map_or(Expr::Other, |it| Expr::Await(boxed(it))),
        "tuple" | "expression_list" => {
            let mut cursor = node.walk();
            Expr::Tuple(node.named_children(&mut cursor).map(inner).collect())
        }
        "conditional_expression" => match (node.named_child(0), node.named_child(2)) {
            (Some(then), Some(other)) => Expr::Either(vec![inner(then), inner(other)]),
            _ => Expr::Other,
        },
        "boolean_operator" => match (field("left"), field("right")) {
            (Some(left), Some(right)) => Expr::Either(vec![inner(left), inner(right)]),
            _ => Expr::Other,
        },
        "binary_operator" => {
            let is_or = field("operator").is_some_and(|it| source(it, text) == "|");
            match (field("left"), field("right")) {
                (Some(left), Some(right)) if is_or => Expr::Either(vec![inner(left), inner(right)]),
                _ => Expr::Other,
            }
        }
        "string" => {
            let is_bytes = source(node, text).starts_with(['b', 'B']);
            let plain = if is_bytes { "bytes" } else { "str" };
            string_value(node, text).map_or(Expr::Literal(plain), Expr::Text)
        }
        "concatenated_string" => Expr::Literal("str"),
        "integer" => Expr::Literal("int"),
        "float" => Expr::Literal("float"),
        "true" | "false" => Expr::Literal("bool"),
        "list" | "list_comprehension" => Expr::Literal("list"),
        "dictionary" | "dictionary_comprehension" => Expr::Literal("dict"),
        "set" | "set_comprehension" => Expr::Literal("set"),
        "none" => Expr::None,
        _ => Expr::Other,
    }
}

fn name(name: &str, locals: &Locals) -> Expr {
    if locals.receiver.as_deref() == Some(name) {
        return Expr::Receiver;
    }
    if locals.receiver_class.as_deref() == Some(name) {
        return Expr::ReceiverClass;
    }
    if let Some((_, of)) = locals.typed.iter().find(|(typed, _)| typed == name)
        && !locals.bound.contains(name)
    {
        return Expr::Typed(Box::new(of.clone()));
    }
    if locals.bound.contains(name) { Expr::Other } else { Expr::Name(name.to_owned()) }
}

/// Returns a node's text.
pub(crate) fn source<'t>(node: Node<'_>, text: &'t str) -> &'t str {
    text.get(node.byte_range()).unwrap_or_default()
}

/// Returns a plain string's value: no formatted one, nothing escaped, no bytes.
pub(crate) fn string_value(node: Node<'_>, text: &str) -> Option<String> {
    let written = source(node, text);
    let quote = written.find(['"', '\''])?;
    let prefix = written.get(..quote)?;
    if prefix.contains(['f', 'F', 'b', 'B', 't', 'T']) {
        return None;
    }
    let rest = written.get(quote..)?;
    let body = ["\"\"\"", "'''", "\"", "'"]
        .iter()
        .find_map(|mark| rest.strip_prefix(mark)?.strip_suffix(mark))?;
    (!body.contains('\\')).then(|| body.to_owned())
}
