//! Statements: what a block or a `match` holds.

use tree_sitter::Node;

use crate::syntax::rust::Snippet;
use crate::text::ByteSpan;

impl Snippet<'_> {
    /// Returns the statement around a byte offset of the file: the innermost of the blocks' own.
    pub fn statement(&self, offset: usize) -> Option<ByteSpan> {
        self.statement_node(offset).map(|node| self.span(node))
    }

    /// Returns the statement around a byte offset, up to the first block that begins after it.
    ///
    /// Of an `if` this is its condition, of a `match` what is matched.
    pub fn statement_head(&self, offset: usize) -> Option<ByteSpan> {
        let node = self.statement_node(offset)?;
        let span = self.span(node);
        let body = self
            .nodes_in(ByteSpan::new(offset, span.end))
            .into_iter()
            .find(|inner| is_body(*inner) && self.span(*inner).start > offset);
        let end = body.map_or(span.end, |body| self.span(body).start);
        Some(ByteSpan::new(span.start, end))
    }

    /// Returns every statement of the snippet, by start: each whole, and where it holds blocks once
    /// more up to its first one.
    pub fn statements(&self) -> Vec<ByteSpan> {
        let mut found = Vec::new();
        let mut open: Vec<Node<'_>> = Vec::new();
        for node in self.nodes_in(ByteSpan::new(0, self.text.len())) {
            while open.last().is_some_and(|known| known.end_byte() <= node.start_byte()) {
                open.pop();
            }
            let is_statement = open.last().is_some_and(|holder| holds_statements(*holder))
                && !matches!(node.kind(), "{" | "}" | "line_comment" | "block_comment");
            if is_statement {
                found.push(self.span(node));
            }
            if is_body(node)
                && let Some(statement) = found.last_mut().map(|last| *last)
            {
                let head = ByteSpan::new(statement.start, self.span(node).start);
                if statement.contains(head.end)
                    && !head.is_empty()
                    && found.last() == Some(&statement)
                {
                    found.push(head);
                }
            }
            open.push(node);
        }
        found
    }

    fn statement_node(&self, offset: usize) -> Option<Node<'_>> {
        let path = self.path_to(offset);
        let holder = path.iter().rposition(|node| holds_statements(*node))?;
        path.get(holder + 1).copied()
    }
}

/// Says whether a node's children are statements, or arms.
fn holds_statements(node: Node<'_>) -> bool {
    matches!(node.kind(), "block" | "source_file" | "match_block")
}

/// Says whether a node is a block with statements or arms of its own.
fn is_body(node: Node<'_>) -> bool {
    matches!(node.kind(), "block" | "match_block")
}
