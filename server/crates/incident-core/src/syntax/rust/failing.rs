//! The expression that failed, from a panic's line, column and message.
//!
//! rustc reports the name of the method for a method call (since 1.47; before that the start of the
//! whole chain), the start of the expression for an index, arithmetic or a call, and the start of
//! the macro call for a macro. The message tells which of those that begin at one place it was.

use tree_sitter::Node;

use crate::syntax::rust::Snippet;
use crate::syntax::{FailingExpression, FailureKind};
use crate::text::LineIndex;

/// What a panic's message says about the expression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailureHint {
    /// The kind of expression that gives such a message.
    pub kind: Option<FailureKind>,
    /// The method, operator or macro that the message names.
    pub name: Option<&'static str>,
}

/// Beginnings of messages, and what gives them.
const MESSAGES: &[(&str, FailureKind, Option<&str>)] = &[
    ("called `Option::unwrap()`", FailureKind::MethodCall, Some("unwrap")),
    ("called `Result::unwrap()`", FailureKind::MethodCall, Some("unwrap")),
    ("called `Result::unwrap_err()`", FailureKind::MethodCall, Some("unwrap_err")),
    ("called `Result::expect_err()`", FailureKind::MethodCall, Some("expect_err")),
    ("index out of bounds", FailureKind::Index, None),
    ("range end index", FailureKind::Index, None),
    ("range start index", FailureKind::Index, None),
    ("slice index starts at", FailureKind::Index, None),
    ("byte index", FailureKind::Index, None),
    ("start byte index", FailureKind::Index, None),
    ("end byte index", FailureKind::Index, None),
    ("begin <= end", FailureKind::Index, None),
    ("begin > end", FailureKind::Index, None),
    ("no entry found for key", FailureKind::Index, None),
    ("attempt to add", FailureKind::Arithmetic, Some("+")),
    ("attempt to subtract", FailureKind::Arithmetic, Some("-")),
    ("attempt to multiply", FailureKind::Arithmetic, Some("*")),
    ("attempt to divide", FailureKind::Arithmetic, Some("/")),
    ("attempt to calculate the remainder", FailureKind::Arithmetic, Some("%")),
    ("attempt to shift left", FailureKind::Arithmetic, Some("<<")),
    ("attempt to shift right", FailureKind::Arithmetic, Some(">>")),
    ("attempt to negate", FailureKind::Arithmetic, Some("-")),
    ("already mutably borrowed", FailureKind::MethodCall, Some("borrow")),
    ("already borrowed", FailureKind::MethodCall, Some("borrow_mut")),
    ("RefCell already mutably borrowed", FailureKind::MethodCall, Some("borrow")),
    ("RefCell already borrowed", FailureKind::MethodCall, Some("borrow_mut")),
    ("assertion", FailureKind::MacroCall, None),
    ("not implemented", FailureKind::MacroCall, Some("unimplemented")),
    ("not yet implemented", FailureKind::MacroCall, Some("todo")),
    ("internal error: entered unreachable code", FailureKind::MacroCall, Some("unreachable")),
];

/// Methods of the standard library that panic.
const PANICKING_METHODS: &[&str] = &[
    "unwrap",
    "expect",
    "unwrap_err",
    "expect_err",
    "borrow",
    "borrow_mut",
    "copy_from_slice",
    "clone_from_slice",
    "split_at",
    "split_at_mut",
    "remove",
    "insert",
    "swap_remove",
    "drain",
    "split_off",
    "swap",
    "step_by",
    "chunks",
    "windows",
    "chunks_exact",
    "rotate_left",
    "rotate_right",
    "block_on",
    "duration_since",
    "replace_range",
];

impl FailureHint {
    /// Reads what a panic's message says.
    pub fn from_message(message: &str) -> Self {
        let message = message.trim_start();
        let known = MESSAGES.iter().find(|(start, ..)| message.starts_with(start));
        match known {
            Some((_, kind, name)) => Self { kind: Some(*kind), name: *name },
            None => Self::default(),
        }
    }

    fn fits(&self, candidate: &Candidate<'_>) -> bool {
        self.kind.is_none_or(|kind| kind == candidate.kind)
            && self.name.is_none_or(|name| name == candidate.name.trim_end_matches('='))
    }
}

/// An expression that can fail, and what it is called by.
struct Candidate<'n> {
    kind: FailureKind,
    node: Node<'n>,
    /// Where rustc says that it is.
    reported_at: usize,
    name: String,
    subject: Option<Node<'n>>,
    base: Option<Node<'n>>,
}

impl Snippet<'_> {
    /// Returns what failed at a byte offset of the file.
    pub fn failing_expression(
        &self,
        offset: usize,
        hint: FailureHint,
    ) -> Option<FailingExpression> {
        let path = self.path_to(offset);
        let innermost = path.last()?;
        let candidates: Vec<Candidate<'_>> =
            path.iter().rev().filter_map(|node| self.candidate(*node)).collect();
        let at_place = |candidate: &&Candidate<'_>| {
            self.span(candidate.node).start == offset || candidate.reported_at == offset
        };
        let found = candidates
            .iter()
            .filter(at_place)
            .find(|candidate| hint.kind.is_some() && hint.fits(candidate))
            .or_else(|| candidates.iter().find(|candidate| candidate.reported_at == offset))
            // Old compilers give the start of the chain: the outermost call that can panic.
            .or_else(|| {
                candidates
                    .iter()
                    .rev()
                    .filter(at_place)
                    .find(|candidate| PANICKING_METHODS.contains(&candidate.name.as_str()))
            })
            .or_else(|| candidates.iter().find(at_place));
        if let Some(found) = found {
            return Some(self.expression(found));
        }
        let statement = self.statement(offset).unwrap_or(self.span(*innermost));
        Some(FailingExpression {
            kind: FailureKind::Other,
            span: statement,
            subject: None,
            base: None,
        })
    }

    /// Returns what failed on a line of which the column is not known: the one expression that
    /// fits what the message says, or the one that can panic at all.
    pub fn failing_on_line(&self, line: u32, hint: FailureHint) -> Option<FailingExpression> {
        let line_span = LineIndex::new(self.text).line_span(line)?;
        let candidates: Vec<Candidate<'_>> = self
            .nodes_in(line_span)
            .into_iter()
            .filter_map(|node| self.candidate(node))
            .filter(|candidate| line_span.contains(candidate.reported_at))
            .collect();
        let only = |wanted: &dyn Fn(&Candidate<'_>) -> bool| {
            let mut fitting = candidates.iter().filter(|candidate| wanted(candidate));
            match (fitting.next(), fitting.next()) {
                (Some(one), None) => Some(self.expression(one)),
                _ => None,
            }
        };
        if hint.kind.is_some() {
            return only(&|candidate| hint.fits(candidate));
        }
        only(&|candidate| match candidate.kind {
            FailureKind::MethodCall => PANICKING_METHODS.contains(&candidate.name.as_str()),
            FailureKind::MacroCall => is_panicking_macro(&candidate.name),
            FailureKind::Index => true,
            _ => false,
        })
    }

    fn expression(&self, candidate: &Candidate<'_>) -> FailingExpression {
        FailingExpression {
            kind: candidate.kind,
            span: self.span(candidate.node),
            subject: candidate.subject.map(|node| self.span(node)),
            base: candidate.base.map(|node| self.span(node)),
        }
    }

    /// Returns what can fail about a node itself.
    fn candidate<'n>(&self, node: Node<'n>) -> Option<Candidate<'n>> {
        let start = self.span(node).start;
        let candidate = |kind, name: &str, reported_at, subject, base| Candidate {
            kind,
            node,
            reported_at,
            name: name.to_owned(),
            subject,
            base,
        };
        match node.kind() {
            "call_expression" => {
                let mut function = node.child_by_field_name("function")?;
                if function.kind() == "generic_function" {
                    function = function.child_by_field_name("function")?;
                }
                if function.kind() != "field_expression" {
                    let name = self.node_text(function).rsplit("::").next().unwrap_or_default();
                    return Some(candidate(FailureKind::FunctionCall, name, start, None, None));
                }
                let field = function.child_by_field_name("field")?;
                let receiver = function.child_by_field_name("value");
                let at = self.span(field).start;
                let name = self.node_text(field);
                Some(candidate(FailureKind::MethodCall, name, at, receiver, None))
            }
            "index_expression" => {
                let (base, index) = (node.named_child(0), node.named_child(1));
                Some(candidate(FailureKind::Index, "", start, index, base))
            }
            "binary_expression" | "compound_assignment_expr" => {
                let operator = self.node_text(node.child_by_field_name("operator")?);
                let symbol = operator.trim_end_matches('=');
                if !matches!(symbol, "+" | "-" | "*" | "/" | "%" | "<<" | ">>") {
                    return None;
                }
                let left = node.child_by_field_name("left");
                let right = node.child_by_field_name("right");
                Some(candidate(FailureKind::Arithmetic, operator, start, right, left))
            }
            "unary_expression" if self.node_text(node).starts_with('-') => {
                Some(candidate(FailureKind::Arithmetic, "-", start, node.named_child(0), None))
            }
            "macro_invocation" => {
                let name = node.child_by_field_name("macro")?;
                let name = self.node_text(name).rsplit("::").next().unwrap_or_default();
                let mut cursor = node.walk();
                let tokens = node.children(&mut cursor).find(|child| child.kind() == "token_tree");
                let mut macro_call = candidate(FailureKind::MacroCall, name, start, None, None);
                macro_call.subject = tokens;
                Some(macro_call)
            }
            _ => None,
        }
    }
}

/// Says whether a macro of this name panics.
fn is_panicking_macro(name: &str) -> bool {
    name.starts_with("assert")
        || name.starts_with("debug_assert")
        || matches!(name, "panic" | "unreachable" | "todo" | "unimplemented" | "bug" | "span_bug")
}
