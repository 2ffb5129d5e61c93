//! What the readers of syntax trees share.

use tree_sitter::{Language, Node, Parser};

use super::Said;
use crate::statements::{Pattern, Statement};
use crate::text::{ByteSpan, LineIndex};

/// How deep an expression is looked into: `a + b + c` is three deep.
pub(super) const MAX_DEPTH: usize = 64;

/// How many nodes around a statement are looked at for a function that holds it.
const MAX_AROUND: usize = 200;

/// How much of the object of a call is looked at, from its end: a chain of calls may be long.
const MAX_OBJECT_BYTES: usize = 200;

/// Parses `text` and collects what `say` finds at each node, given those around it, outermost
/// first; with the function around it by `function_kinds`.
pub(super) fn collect(
    text: &str,
    language: &Language,
    function_kinds: &[&str],
    mut say: impl FnMut(Node<'_>, &[Node<'_>]) -> Option<Said>,
) -> Vec<Statement> {
    let mut parser = Parser::new();
    if parser.set_language(language).is_err() {
        return Vec::new();
    }
    let Some(tree) = parser.parse(text, None) else { return Vec::new() };
    let lines = LineIndex::new(text);
    let mut statements = Vec::new();
    // Pre-order by cursor: the depth of the tree is the input's, and must not be the stack's. The
    // nodes around are kept, since asking a node for its parent walks down from the root.
    let mut cursor = tree.walk();
    let mut around: Vec<Node<'_>> = Vec::new();
    loop {
        let node = cursor.node();
        if let Some(said) = node.is_named().then(|| say(node, &around)).flatten() {
            let function = function_around(&around, text, function_kinds);
            let span = ByteSpan::new(node.start_byte(), node.end_byte());
            statements.push(placed(said, span, function, &lines));
        }
        if cursor.goto_first_child() {
            around.push(node);
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return statements;
            }
            around.pop();
        }
    }
}

/// Gives what was said its place.
pub(super) fn placed(
    said: Said,
    span: ByteSpan,
    function: Option<String>,
    lines: &LineIndex,
) -> Statement {
    Statement {
        kind: said.kind,
        level: said.level.map(str::to_owned),
        pattern: said.pattern.first_line(),
        fields: said.fields,
        logger: said.logger,
        error_type: said.error_type,
        function,
        line: lines.line_col(span.start).line,
        end_line: lines.line_col(span.end.saturating_sub(1).max(span.start)).line,
        span,
    }
}

/// Returns the text of a node.
pub(super) fn slice<'t>(node: Node<'_>, text: &'t str) -> &'t str {
    text.get(node.start_byte()..node.end_byte()).unwrap_or_default()
}

/// Returns the text of a node's field; empty where it has none.
pub(super) fn field<'t>(node: Node<'_>, name: &str, text: &'t str) -> &'t str {
    node.child_by_field_name(name).map_or("", |child| slice(child, text))
}

/// Returns the named children of a node, without comments.
pub(super) fn named<'n>(node: Node<'n>) -> Vec<Node<'n>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| !child.kind().contains("comment")).collect()
}

/// Returns the arguments of a call.
pub(super) fn arguments(call: Node<'_>) -> Vec<Node<'_>> {
    call.child_by_field_name("arguments").map(named).unwrap_or_default()
}

/// Appends what `read` made of a node, or a hole with the node's text.
pub(super) fn push_read(pattern: &mut Pattern, read: Option<Pattern>, node: Node<'_>, text: &str) {
    match read {
        Some(part) => pattern.push(&part),
        None => pattern.push_value(slice(node, text)),
    }
}

/// Returns the texts of nodes, as the names of their values.
pub(super) fn value_names(nodes: &[Node<'_>], text: &str) -> Vec<String> {
    nodes.iter().map(|node| crate::text::cut(slice(*node, text), 80).to_owned()).collect()
}

/// Returns the end of what a call is made on, as text.
pub(super) fn object<'t>(node: Node<'_>, name: &str, text: &'t str) -> &'t str {
    let object = field(node, name, text);
    let mut start = object.len().saturating_sub(MAX_OBJECT_BYTES);
    while !object.is_char_boundary(start) {
        start += 1;
    }
    object.get(start..).unwrap_or_default()
}

/// Returns the name of the innermost function among the nodes around.
fn function_around(around: &[Node<'_>], text: &str, function_kinds: &[&str]) -> Option<String> {
    let mut outwards = around.iter().rev().take(MAX_AROUND).peekable();
    while let Some(node) = outwards.next() {
        if !function_kinds.contains(&node.kind()) {
            continue;
        }
        let name = field(*node, "name", text);
        if !name.is_empty() {
            return Some(name.to_owned());
        }
        // `const load = async () => ..`: the name is the variable's.
        if let Some(declarator) = outwards.peek().filter(|it| it.kind() == "variable_declarator") {
            return Some(field(**declarator, "name", text).to_owned());
        }
    }
    None
}
