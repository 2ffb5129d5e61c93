//! Where a value came from, one step back, within one function.

use tree_sitter::Node;

use crate::cancel::Cancel;
use crate::syntax::rust::Snippet;
use crate::text::ByteSpan;

/// What made a local value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// How it was made.
    pub kind: DefinitionKind,
    /// The whole `let`, parameter, condition or loop head.
    pub span: ByteSpan,
    /// The name in its pattern.
    pub name: ByteSpan,
    /// The expression that the value was taken from; `None` for parameters.
    pub value: Option<ByteSpan>,
    /// The written type.
    pub written_type: Option<ByteSpan>,
}

/// How a local value was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DefinitionKind {
    /// `let pattern = value`.
    Let,
    /// A later `name = value`.
    Assignment,
    /// A parameter of the function.
    Parameter,
    /// A parameter of a closure.
    ClosureParameter,
    /// `if let`, `while let`, `let .. else`'s condition.
    Condition,
    /// A `match` arm; the value is what is matched.
    MatchArm,
    /// `for pattern in value`.
    For,
}

/// What an expression calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Called {
    /// The last name of the function or method.
    pub name: ByteSpan,
    /// The whole path of a function; for a method the name alone.
    pub path: ByteSpan,
    /// What a method is called on.
    pub receiver: Option<ByteSpan>,
    /// The arguments, with their parentheses.
    pub arguments: Option<ByteSpan>,
    /// The whole call.
    pub span: ByteSpan,
}

/// What a function gives back, as far as its signature shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReturnKind {
    /// Nothing.
    Unit,
    /// An `Option`.
    Option,
    /// A `Result`, under any path or alias of that name.
    Result,
    /// Anything else.
    Other,
}

impl Snippet<'_> {
    /// Returns what made the local `name` that is used at a byte offset of the file: the last
    /// definition before it whose scope is open there.
    pub fn definition_of_local(
        &self,
        offset: usize,
        name: &str,
        cancel: &Cancel,
    ) -> Option<Definition> {
        let whole = self.function_tree(cancel)?;
        let function = whole.function()?;
        // The scopes that are open at the use; a definition counts if what holds it is one of them.
        let around: Vec<Node<'_>> = whole.path_to(offset);
        let before = ByteSpan::new(function.start, offset);
        let mut found = None;
        for node in whole.nodes_in(before) {
            if cancel.is_cancelled() {
                return None;
            }
            let Some(definition) = whole.definition(node, name, offset, &around) else { continue };
            found = Some(definition);
        }
        found
    }

    fn definition(
        &self,
        node: Node<'_>,
        name: &str,
        offset: usize,
        around: &[Node<'_>],
    ) -> Option<Definition> {
        let (kind, pattern, value) = match node.kind() {
            "let_declaration" => (DefinitionKind::Let, "pattern", Some("value")),
            "assignment_expression" => (DefinitionKind::Assignment, "left", Some("right")),
            "parameter" => (DefinitionKind::Parameter, "pattern", None),
            "let_condition" => (DefinitionKind::Condition, "pattern", Some("value")),
            "match_arm" => (DefinitionKind::MatchArm, "pattern", None),
            "for_expression" => (DefinitionKind::For, "pattern", Some("value")),
            "closure_expression" => (DefinitionKind::ClosureParameter, "parameters", None),
            _ => return None,
        };
        let pattern = node.child_by_field_name(pattern)?;
        if kind == DefinitionKind::Assignment && self.node_text(pattern) != name {
            return None;
        }
        let name_node = self.name_in(pattern, name)?;
        let span = self.span(node);
        let in_scope =
            match kind {
                // A `let` holds from its end to the end of the block around it.
                DefinitionKind::Let | DefinitionKind::Assignment => {
                    let holder = self.path_to(span.start);
                    let block = holder.iter().rev().find(|holder| {
                        matches!(holder.kind(), "block" | "source_file" | "match_arm")
                    });
                    span.end <= offset
                        && (kind == DefinitionKind::Assignment
                            || block.is_some_and(|block| around.contains(block)))
                }
                DefinitionKind::Condition => {
                    let holder = self.path_to(span.start);
                    let branch = holder.iter().rev().find(|holder| {
                        matches!(holder.kind(), "if_expression" | "while_expression" | "match_arm")
                    });
                    span.end <= offset && branch.is_some_and(|branch| around.contains(branch))
                }
                DefinitionKind::Parameter => {
                    // Also a closure's written parameter: then the closure must be open.
                    let holder = self.path_to(span.start);
                    let owner = holder.iter().rev().find(|holder| {
                        matches!(holder.kind(), "closure_expression" | "function_item")
                    });
                    owner.is_some_and(|owner| around.contains(owner))
                }
                _ => around.contains(&node) && self.span(pattern).end <= offset,
            };
        if !in_scope {
            return None;
        }
        let value = match (kind, value) {
            (DefinitionKind::MatchArm, _) => self.matched_value(span),
            (_, Some(field)) => node.child_by_field_name(field).map(|node| self.span(node)),
            _ => None,
        };
        let written_type = node.child_by_field_name("type").map(|node| self.span(node));
        let span = match kind {
            DefinitionKind::For | DefinitionKind::MatchArm | DefinitionKind::ClosureParameter => {
                let end = value.map_or(self.span(pattern).end, |value| value.end.max(span.start));
                ByteSpan::new(span.start, end.max(self.span(pattern).end))
            }
            _ => span,
        };
        Some(Definition { kind, span, name: self.span(name_node), value, written_type })
    }

    fn matched_value(&self, arm: ByteSpan) -> Option<ByteSpan> {
        let path = self.path_to(arm.start);
        let of = path.iter().rev().find(|node| node.kind() == "match_expression")?;
        of.child_by_field_name("value").map(|node| self.span(node))
    }

    /// Returns the identifier `name` in a pattern.
    fn name_in<'n>(&self, pattern: Node<'n>, name: &str) -> Option<Node<'n>> {
        let mut cursor = pattern.walk();
        let mut depth = 0usize;
        loop {
            let node = cursor.node();
            let is_name =
                matches!(node.kind(), "identifier" | "shorthand_field_identifier" | "self");
            if is_name && self.node_text(node) == name {
                return Some(node);
            }
            let goes_in = !matches!(node.kind(), "block" | "closure_expression") || depth == 0;
            if goes_in && depth < 64 && cursor.goto_first_child() {
                depth += 1;
                continue;
            }
            while !cursor.goto_next_sibling() {
                if depth == 0 || !cursor.goto_parent() {
                    return None;
                }
                depth -= 1;
            }
        }
    }

    /// Returns what the expression of this file span calls, looking through `?`, `.await`, `&`,
    /// `*` and parentheses.
    pub fn called(&self, expression: ByteSpan) -> Option<Called> {
        let path = self.path_to(expression.start);
        let mut node = *path.iter().find(|node| {
            let span = self.span(**node);
            span.start == expression.start && span.end <= expression.end
        })?;
        for _ in 0..64 {
            match node.kind() {
                "try_expression"
                | "await_expression"
                | "reference_expression"
                | "unary_expression"
                | "parenthesized_expression"
                | "expression_statement" => {
                    node = node.named_child(u32::from(
                        node.named_child(0)
                            .is_some_and(|child| child.kind() == "mutable_specifier"),
                    ))?;
                }
                "call_expression" => return self.called_by(node),
                _ => return None,
            }
        }
        None
    }

    fn called_by(&self, call: Node<'_>) -> Option<Called> {
        let mut function = call.child_by_field_name("function")?;
        if function.kind() == "generic_function" {
            function = function.child_by_field_name("function")?;
        }
        let (name, receiver) = match function.kind() {
            "field_expression" => (
                function.child_by_field_name("field")?,
                function.child_by_field_name("value").map(|node| self.span(node)),
            ),
            "scoped_identifier" => (function.child_by_field_name("name")?, None),
            _ => (function, None),
        };
        let path = if receiver.is_some() { name } else { function };
        Some(Called {
            name: self.span(name),
            path: self.span(path),
            receiver,
            arguments: call.child_by_field_name("arguments").map(|node| self.span(node)),
            span: self.span(call),
        })
    }

    /// Returns what the closure or function around a byte offset gives back.
    ///
    /// An async function or block gives what its `.await` does.
    pub fn return_kind(&self, offset: usize, cancel: &Cancel) -> Option<ReturnKind> {
        let whole = self.function_tree(cancel)?;
        let path = whole.path_to(offset);
        let around = path.iter().rev().find(|node| {
            matches!(node.kind(), "closure_expression" | "function_item" | "async_block")
        })?;
        let Some(written) = around.child_by_field_name("return_type") else {
            return Some(match around.kind() {
                "function_item" => ReturnKind::Unit,
                _ => ReturnKind::Other,
            });
        };
        let written = whole.node_text(written);
        let name = written.split('<').next().unwrap_or_default().trim();
        Some(match name.rsplit("::").next().unwrap_or_default() {
            "Option" => ReturnKind::Option,
            "()" => ReturnKind::Unit,
            // `Result`, `io::Result`, `LuaResult`, `ApiResult`: the habit is the same everywhere.
            other if other.ends_with("Result") => ReturnKind::Result,
            _ => ReturnKind::Other,
        })
    }
}
