//! The syntax tree of the one function around a place.

use std::cell::RefCell;
use std::ops::ControlFlow;

use tree_sitter::{Node, ParseOptions, Parser, Tree};

use crate::cancel::Cancel;
use crate::syntax::Item;
use crate::syntax::rust::{enclosing_function, items};
use crate::text::ByteSpan;

/// Longer texts are not parsed; no function that a person wrote is.
const MAX_PARSED_BYTES: usize = 2 << 20;
/// Deeper nodes are not looked at; no expression that a person wrote lies there.
const MAX_DEPTH: usize = 2_000;
/// How many macro arguments may stand in each other.
const MAX_MACRO_DEPTH: usize = 8;

thread_local! {
    static PARSER: RefCell<Option<Parser>> = const { RefCell::new(None) };
}

/// A parsed piece of a file: the innermost function around a place, or one argument of a macro.
#[derive(Clone, Debug)]
pub struct Snippet<'t> {
    /// The whole file.
    pub(super) text: &'t str,
    /// What was parsed; the file's bytes from `base` on, with an end of ours.
    source: String,
    base: usize,
    tree: Tree,
    /// The innermost named function around the place.
    function: Option<ByteSpan>,
}

impl<'t> Snippet<'t> {
    /// Parses what stands around `offset` in `text`.
    ///
    /// `None` where nothing can be parsed: out of bounds, too long, or cancelled.
    pub fn at(text: &'t str, offset: usize, cancel: &Cancel) -> Option<Self> {
        Self::among(text, &items::scan(text).0, offset, cancel)
    }

    /// The same, for a caller that has the file's items already.
    pub fn among(text: &'t str, items: &[Item], offset: usize, cancel: &Cancel) -> Option<Self> {
        let function = enclosing_function(items, offset).map(|item| item.span);
        let span = function.unwrap_or(ByteSpan::new(0, text.len()));
        let mut snippet = Self::parse(text, span, function, cancel)?;
        for _ in 0..MAX_MACRO_DEPTH {
            let Some(argument) = snippet.macro_argument(offset) else { break };
            let Some(inner) = Self::parse(text, argument, function, cancel) else { break };
            snippet = inner;
        }
        Some(snippet)
    }

    /// Parses a whole file.
    pub fn whole(text: &'t str, cancel: &Cancel) -> Option<Self> {
        Self::parse(text, ByteSpan::new(0, text.len()), None, cancel)
    }

    /// Parses the whole function again where this is one argument of a macro in it.
    pub fn function_tree(&self, cancel: &Cancel) -> Option<Self> {
        Self::parse(self.text, self.function?, self.function, cancel)
    }

    fn parse(
        text: &'t str,
        span: ByteSpan,
        function: Option<ByteSpan>,
        cancel: &Cancel,
    ) -> Option<Self> {
        let mut source = span.slice(text)?.to_owned();
        if source.len() > MAX_PARSED_BYTES {
            return None;
        }
        // An argument of a macro is an expression; the grammar wants statements.
        source.push(';');
        let tree = parse_tree(&source, cancel)?;
        Some(Self { text, source, base: span.start, tree, function })
    }

    /// Returns the span of the innermost named function around the place, in the file.
    pub fn function(&self) -> Option<ByteSpan> {
        self.function
    }

    /// Returns the file's span of a node, cut at the end of what the file holds.
    pub(super) fn span(&self, node: Node<'_>) -> ByteSpan {
        let end = node.end_byte().min(self.source.len().saturating_sub(1));
        ByteSpan::new(self.base + node.start_byte().min(end), self.base + end)
    }

    /// Returns the text of a node.
    pub(super) fn node_text(&self, node: Node<'_>) -> &str {
        self.source.get(node.byte_range()).unwrap_or_default()
    }

    /// Returns the nodes around a file offset, outermost first.
    pub(super) fn path_to(&self, offset: usize) -> Vec<Node<'_>> {
        let Some(offset) = offset.checked_sub(self.base) else { return Vec::new() };
        let mut cursor = self.tree.walk();
        let mut path = vec![cursor.node()];
        while path.len() < MAX_DEPTH && cursor.goto_first_child_for_byte(offset).is_some() {
            let node = cursor.node();
            if node.start_byte() > offset || node.end_byte() <= offset {
                break;
            }
            path.push(node);
        }
        path
    }

    /// Returns all nodes that lie at least in part in a file span, in text order, without those
    /// deeper than the bound.
    pub(super) fn nodes_in(&self, span: ByteSpan) -> Vec<Node<'_>> {
        let start = span.start.saturating_sub(self.base);
        let end = span.end.saturating_sub(self.base);
        let mut cursor = self.tree.walk();
        let mut nodes = Vec::new();
        let mut depth = 0usize;
        loop {
            let node = cursor.node();
            let inside = node.start_byte() < end && node.end_byte() > start;
            if inside {
                nodes.push(node);
            }
            if inside && depth < MAX_DEPTH && cursor.goto_first_child() {
                depth += 1;
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return nodes;
                }
                depth -= 1;
            }
        }
    }

    /// Returns the argument of a macro around `offset`, where the tree has only tokens.
    fn macro_argument(&self, offset: usize) -> Option<ByteSpan> {
        let path = self.path_to(offset);
        let macro_at = path.iter().rposition(|node| node.kind() == "macro_invocation")?;
        let tokens = path.get(macro_at + 1).filter(|node| node.kind() == "token_tree")?;
        let local_offset = offset.checked_sub(self.base)?;
        // The brackets themselves belong to the call.
        if local_offset == tokens.start_byte() || local_offset + 1 == tokens.end_byte() {
            return None;
        }
        let (mut start, mut end) = (tokens.start_byte() + 1, tokens.end_byte().saturating_sub(1));
        let mut cursor = tokens.walk();
        for child in tokens.children(&mut cursor) {
            if !matches!(child.kind(), "," | ";" | "=>") {
                continue;
            }
            if child.end_byte() <= local_offset {
                start = child.end_byte();
            } else if child.start_byte() > local_offset {
                end = child.start_byte();
                break;
            }
        }
        let argument = self.source.get(start..end)?;
        let start = start + (argument.len() - argument.trim_start().len());
        Some(ByteSpan::new(self.base + start, self.base + end))
    }
}

/// Parses a whole text, with the thread's own parser.
fn parse_tree(source: &str, cancel: &Cancel) -> Option<Tree> {
    PARSER.with_borrow_mut(|slot| {
        let parser = match slot {
            Some(parser) => parser,
            None => {
                let mut parser = Parser::new();
                parser.set_language(&tree_sitter_rust::LANGUAGE.into()).ok()?;
                slot.insert(parser)
            }
        };
        parser.reset();
        // Error recovery can look at a text again and again: so many looks a byte, then it is left.
        let mut n_looks_left = 10_000 + source.len();
        let mut progress = |_: &tree_sitter::ParseState| {
            n_looks_left = n_looks_left.saturating_sub(1);
            match cancel.is_cancelled() || n_looks_left == 0 {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        let options = ParseOptions::new().progress_callback(&mut progress);
        let bytes = source.as_bytes();
        parser.parse_with_options(
            &mut |at, _| bytes.get(at..).unwrap_or_default(),
            None,
            Some(options),
        )
    })
}
