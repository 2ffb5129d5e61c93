//! Types as they are written in declarations, cut off from their text.

use std::collections::BTreeMap;
use std::sync::Arc;

use tree_sitter::Node;

/// A written type; what is not followed is `Other`.
#[derive(Clone, Debug)]
pub(crate) enum TypeExpr {
    /// A dotted name with its arguments.
    Name(Vec<String>, Vec<TypeExpr>),
    /// `typeof a.b`.
    TypeOf(Vec<String>),
    Object(Arc<Members>),
    Function(Arc<Signature>),
    Constructor(Arc<Signature>),
    Union(Vec<TypeExpr>),
    Intersection(Vec<TypeExpr>),
    Array(Box<TypeExpr>),
    /// `T["key"]`.
    Lookup(Box<TypeExpr>, String),
    /// The type of what a method was called on.
    This,
    /// A string that is its own type: `"message"`.
    Text(String),
    /// `string`, `any`, another literal by its kind, `null`.
    Plain(&'static str),
    Other,
}

/// What a function takes and gives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signature {
    pub(crate) type_params: Vec<TypeParam>,
    pub(crate) params: Vec<Param>,
    pub(crate) returns: Option<TypeExpr>,
}

#[derive(Clone, Debug)]
pub(crate) struct TypeParam {
    pub(crate) name: String,
    pub(crate) default: Option<TypeExpr>,
}

#[derive(Clone, Debug)]
pub(crate) struct Param {
    pub(crate) of: Option<TypeExpr>,
    pub(crate) is_optional: bool,
    pub(crate) is_rest: bool,
}

/// The names of an object, and how it may be called.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    pub(crate) props: BTreeMap<String, Vec<Member>>,
    pub(crate) calls: Vec<Arc<Signature>>,
    pub(crate) constructs: Vec<Arc<Signature>>,
    /// Any name may be there.
    pub(crate) has_index: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) kind: MemberKind,
    pub(crate) deprecated: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum MemberKind {
    Property(Option<TypeExpr>),
    Method(Arc<Signature>),
}

/// Deeper types are cut.
const MAX_DEPTH: usize = 40;

/// Returns a node's text.
pub(crate) fn source<'t>(node: Node<'_>, text: &'t str) -> &'t str {
    text.get(node.byte_range()).unwrap_or_default()
}

/// Reads a type, or the annotation that holds one.
pub(crate) fn type_expr(node: Node<'_>, text: &str, depth: usize) -> TypeExpr {
    if depth > MAX_DEPTH {
        return TypeExpr::Other;
    }
    let inner = |node: Node<'_>| type_expr(node, text, depth + 1);
    let first = || node.named_child(0);
    match node.kind() {
        "type_annotation"
        | "parenthesized_type"
        | "readonly_type"
        | "default_type"
        | "asserts_annotation"
        | "optional_type"
        | "adding_type_annotation" => first().map_or(TypeExpr::Other, inner),
        "type_predicate_annotation" | "type_predicate" => TypeExpr::Plain("boolean"),
        "type_identifier" | "identifier" | "nested_type_identifier" | "nested_identifier" => {
            TypeExpr::Name(path(node, text), Vec::new())
        }
        "generic_type" => {
            let Some(name) = node.child_by_field_name("name") else { return TypeExpr::Other };
            let mut args = Vec::new();
            if let Some(list) = node.child_by_field_name("type_arguments") {
                let mut cursor = list.walk();
                args.extend(list.named_children(&mut cursor).map(inner));
            }
            TypeExpr::Name(path(name, text), args)
        }
        "type_query" => match first() {
            Some(name) if matches!(name.kind(), "identifier" | "member_expression") => {
                TypeExpr::TypeOf(path(name, text))
            }
            _ => TypeExpr::Other,
        },
        "object_type" | "interface_body" => {
            TypeExpr::Object(Arc::new(members(node, text, depth + 1)))
        }
        "function_type" => TypeExpr::Function(Arc::new(signature(node, text, depth + 1))),
        "constructor_type" => {
            let mut signature = signature(node, text, depth + 1);
            signature.returns = node.child_by_field_name("type").map(inner);
            TypeExpr::Constructor(Arc::new(signature))
        }
        "union_type" | "intersection_type" => {
            // `a | b | c` nests to the left; it is read flat.
            let mut parts = Vec::new();
            let mut pending = vec![node];
            while let Some(part) = pending.pop() {
                if part.kind() == node.kind() && parts.len() < 200 {
                    let mut cursor = part.walk();
                    let children: Vec<Node<'_>> = part.named_children(&mut cursor).collect();
                    pending.extend(children.into_iter().rev());
                } else {
                    parts.push(inner(part));
                }
            }
            if node.kind() == "union_type" {
                TypeExpr::Union(parts)
            } else {
                TypeExpr::Intersection(parts)
            }
        }
        "array_type" => first().map_or(TypeExpr::Other, |it| TypeExpr::Array(Box::new(inner(it)))),
        "tuple_type" => TypeExpr::Array(Box::new(TypeExpr::Other)),
        "lookup_type" => match (first(), node.named_child(1)) {
            (Some(of), Some(key)) if key.kind() == "literal_type" => {
                let key = source(key, text).trim_matches(['"', '\'']).to_owned();
                TypeExpr::Lookup(Box::new(inner(of)), key)
            }
            _ => TypeExpr::Other,
        },
        "this_type" | "this" => TypeExpr::This,
        "predefined_type" => TypeExpr::Plain(plain(source(node, text))),
        "literal_type" => TypeExpr::Plain(match first().map(|it| it.kind()) {
            Some("string") => {
                let text = source(node, text).trim_matches(['"', '\'']);
                return TypeExpr::Text(text.to_owned());
            }
            Some("number" | "unary_expression") => "number",
            Some("true" | "false") => "boolean",
            _ => "undefined",
        }),
        "template_literal_type" => TypeExpr::Plain("string"),
        _ => TypeExpr::Other,
    }
}

fn plain(name: &str) -> &'static str {
    match name {
        "string" => "string",
        "number" => "number",
        "boolean" => "boolean",
        "bigint" => "bigint",
        "symbol" => "symbol",
        "void" | "undefined" | "null" | "never" => "undefined",
        _ => "any",
    }
}

/// Splits `a.b.c`.
pub(crate) fn path(node: Node<'_>, text: &str) -> Vec<String> {
    let written = source(node, text);
    written.split('.').map(|part| part.trim().to_owned()).take(12).collect()
}

/// Reads the members of an interface or an object type.
pub(crate) fn members(node: Node<'_>, text: &str, depth: usize) -> Members {
    let mut found = Members::default();
    let mut cursor = node.walk();
    for child in node.named_children(&mut cursor) {
        member(child, text, depth, &mut found);
    }
    found
}

/// Reads one member into `found`; those that are private are names all the same.
pub(crate) fn member(node: Node<'_>, text: &str, depth: usize, found: &mut Members) {
    let name = || {
        let name = node.child_by_field_name("name")?;
        (name.kind() != "computed_property_name")
            .then(|| source(name, text).trim_matches(['"', '\'']).to_owned())
    };
    match node.kind() {
        "property_signature" | "public_field_definition" => {
            let of = node.child_by_field_name("type");
            let of = of.map(|of| type_expr(of, text, depth + 1));
            if let Some(name) = name() {
                found.add(name, MemberKind::Property(of), deprecation(node, text));
            }
        }
        "method_signature" | "abstract_method_signature" | "method_definition" => {
            let Some(name) = name() else { return };
            let signature = signature(node, text, depth + 1);
            let written = source(node, text);
            let is_getter = node.children(&mut node.walk()).any(|it| it.kind() == "get");
            let is_setter = node.children(&mut node.walk()).any(|it| it.kind() == "set");
            let kind = if is_getter && !written.starts_with("get(") {
                MemberKind::Property(signature.returns)
            } else if is_setter && !written.starts_with("set(") {
                MemberKind::Property(None)
            } else {
                MemberKind::Method(Arc::new(signature))
            };
            found.add(name, kind, deprecation(node, text));
        }
        "call_signature" => found.calls.push(Arc::new(signature(node, text, depth + 1))),
        "construct_signature" => {
            let mut signature = signature(node, text, depth + 1);
            let of = node.child_by_field_name("type");
            signature.returns = of.map(|of| type_expr(of, text, depth + 1));
            found.constructs.push(Arc::new(signature));
        }
        "index_signature" => {
            // A list's numbers are no names.
            let of = node.child_by_field_name("index_type").map(|it| source(it, text));
            found.has_index |= !matches!(of, Some("number" | "symbol"));
        }
        _ => {}
    }
}

impl Members {
    pub(crate) fn add(&mut self, name: String, kind: MemberKind, deprecated: Option<String>) {
        self.props.entry(name).or_default().push(Member { kind, deprecated });
    }
}

/// Reads what a function takes and gives.
pub(crate) fn signature(node: Node<'_>, text: &str, depth: usize) -> Signature {
    let mut found = Signature {
        type_params: type_params(node, text, depth),
        returns: node
            .child_by_field_name("return_type")
            .map(|returns| type_expr(returns, text, depth + 1)),
        ..Signature::default()
    };
    let Some(params) = node.child_by_field_name("parameters") else { return found };
    let mut cursor = params.walk();
    for child in params.named_children(&mut cursor) {
        if !matches!(child.kind(), "required_parameter" | "optional_parameter") {
            continue;
        }
        let pattern = child.child_by_field_name("pattern").or(child.child_by_field_name("name"));
        if pattern.is_some_and(|it| it.kind() == "this") {
            continue;
        }
        let of = child.child_by_field_name("type");
        found.params.push(Param {
            of: of.map(|of| type_expr(of, text, depth + 1)),
            is_optional: child.kind() == "optional_parameter"
                || child.child_by_field_name("value").is_some(),
            is_rest: pattern.is_some_and(|it| it.kind() == "rest_pattern"),
        });
    }
    found
}

/// Reads `<T, R = Answer<T>>`.
pub(crate) fn type_params(node: Node<'_>, text: &str, depth: usize) -> Vec<TypeParam> {
    let Some(params) = node.child_by_field_name("type_parameters") else { return Vec::new() };
    let mut cursor = params.walk();
    params
        .named_children(&mut cursor)
        .filter_map(|param| {
            let name = source(param.child_by_field_name("name")?, text).to_owned();
            let default = param.child_by_field_name("value");
            Some(TypeParam { name, default: default.map(|it| type_expr(it, text, depth + 1)) })
        })
        .collect()
}

/// Reads `@deprecated` of the comment before a declaration.
pub(crate) fn deprecation(node: Node<'_>, text: &str) -> Option<String> {
    let before = node.prev_named_sibling().filter(|it| it.kind() == "comment")?;
    let (_, note) = source(before, text).split_once("@deprecated")?;
    let note = note.lines().next().unwrap_or_default();
    Some(note.trim_end_matches("*/").trim().trim_start_matches('-').trim().to_owned())
}
