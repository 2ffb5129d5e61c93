//! What a place in a function depends on: the branch that it stands in, the guards that are alive.

use tree_sitter::Node;

use crate::cancel::Cancel;
use crate::syntax::rust::Snippet;
use crate::text::ByteSpan;

/// The innermost decision that leads to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branch {
    /// An arm of a `match`.
    Arm {
        /// The pattern, with its guard.
        pattern: ByteSpan,
        /// What is matched.
        value: ByteSpan,
    },
    /// A branch of an `if`.
    If {
        /// The condition.
        condition: ByteSpan,
        /// It stands in the `else`.
        otherwise: bool,
    },
}

/// A `let` whose value is still alive at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenLet {
    /// The whole statement.
    pub statement: ByteSpan,
    /// The pattern.
    pub pattern: ByteSpan,
    /// The value.
    pub value: ByteSpan,
}

impl Snippet<'_> {
    /// Returns the innermost decision that leads to a byte offset of the file.
    pub fn branch(&self, offset: usize, cancel: &Cancel) -> Option<Branch> {
        let whole = self.function_tree(cancel)?;
        let path = whole.path_to(offset);
        let holds = |node: Option<Node<'_>>| node.is_some_and(|n| whole.span(n).contains(offset));
        for (depth, node) in path.iter().enumerate().rev() {
            match node.kind() {
                "match_arm" if holds(node.child_by_field_name("value")) => {
                    let of = path.get(..depth)?.iter().rev();
                    let of = of.into_iter().find(|node| node.kind() == "match_expression")?;
                    return Some(Branch::Arm {
                        pattern: whole.span(node.child_by_field_name("pattern")?),
                        value: whole.span(of.child_by_field_name("value")?),
                    });
                }
                "if_expression" => {
                    let otherwise = holds(node.child_by_field_name("alternative"));
                    if otherwise || holds(node.child_by_field_name("consequence")) {
                        let condition = whole.span(node.child_by_field_name("condition")?);
                        return Some(Branch::If { condition, otherwise });
                    }
                }
                "closure_expression" | "function_item" => return None,
                _ => {}
            }
        }
        None
    }

    /// Returns the `let`s before a byte offset of the file whose scope is open there, in order.
    pub fn open_lets(&self, offset: usize, cancel: &Cancel) -> Vec<OpenLet> {
        let Some(whole) = self.function_tree(cancel) else { return Vec::new() };
        let mut lets = Vec::new();
        for node in whole.path_to(offset) {
            if node.kind() != "block" {
                continue;
            }
            let mut cursor = node.walk();
            for child in node.named_children(&mut cursor) {
                let statement = whole.span(child);
                if child.kind() != "let_declaration" || statement.end > offset {
                    continue;
                }
                let pattern = child.child_by_field_name("pattern");
                let value = child.child_by_field_name("value");
                if let (Some(pattern), Some(value)) = (pattern, value) {
                    let (pattern, value) = (whole.span(pattern), whole.span(value));
                    lets.push(OpenLet { statement, pattern, value });
                }
            }
        }
        lets
    }

    /// Returns the innermost statement around a byte offset of the file that another statement can
    /// be put before, and the block that holds it.
    pub fn block_statement(&self, offset: usize, cancel: &Cancel) -> Option<(ByteSpan, ByteSpan)> {
        let whole = self.function_tree(cancel)?;
        let path = whole.path_to(offset);
        let at = path.iter().rposition(|node| node.kind() == "block")?;
        let statement = path.get(at + 1).filter(|node| node.is_named())?;
        Some((whole.span(*statement), whole.span(*path.get(at)?)))
    }
}
