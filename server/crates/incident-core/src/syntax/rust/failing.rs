//! The expression that failed, from a panic's line, column and message.
//!
//! rustc reports the name of the method for a method call (since 1.47; before that the start of the
//! whole chain), the start of the expression for an index, arithmetic or a call, and the start of
//! the macro call for a macro. The message tells which of those that begin at one place it was.

use tree_sitter::Node;

use crate::syntax::rust::{FailureHint, Snippet};
use crate::syntax::{FailingExpression, FailureKind};
use crate::text::{ByteSpan, LineIndex};

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

/// What failed, as it is called: enough to know it again in a later text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingName {
    kind: FailureKind,
    name: String,
}

/// An expression of a text that may have failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspect {
    /// The offset in the file that rustc reports for it.
    pub reported_at: usize,
    /// The panic's own words stand in it.
    pub worded: bool,
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
        hint: FailureHint<'_>,
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
            .find(|candidate| !hint.is_open() && hint.fits(candidate.kind, &candidate.name))
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
    pub fn failing_on_line(&self, line: u32, hint: FailureHint<'_>) -> Option<FailingExpression> {
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
        let worded = only(&|candidate| self.is_worded_by(candidate, hint));
        if worded.is_some() {
            return worded;
        }
        if !hint.is_open() {
            return only(&|candidate| hint.fits(candidate.kind, &candidate.name));
        }
        only(&|candidate| match candidate.kind {
            FailureKind::MethodCall => PANICKING_METHODS.contains(&candidate.name.as_str()),
            FailureKind::MacroCall => is_panicking_macro(&candidate.name),
            FailureKind::Index => true,
            _ => false,
        })
    }

    /// Returns how the expression that failed at a byte offset of the file is called.
    pub fn failing_name(&self, offset: usize, hint: FailureHint<'_>) -> Option<FailingName> {
        let found = self.failing_expression(offset, hint)?;
        let node = self.path_to(offset).into_iter().rev().find(|node| {
            self.span(*node) == found.span
                && self.candidate(*node).is_some_and(|candidate| candidate.kind == found.kind)
        })?;
        let candidate = self.candidate(node)?;
        Some(FailingName { kind: candidate.kind, name: candidate.name })
    }

    /// Returns where in a span of the file expressions called so are reported, in text order.
    pub fn failing_places(&self, span: ByteSpan, wanted: &FailingName) -> Vec<usize> {
        self.candidates_in(span)
            .filter(|candidate| candidate.kind == wanted.kind && candidate.name == wanted.name)
            .map(|candidate| candidate.reported_at)
            .collect()
    }

    /// Returns the expressions in a span of the file that a panic with this message may come from.
    pub fn suspects(&self, span: ByteSpan, hint: FailureHint<'_>) -> Vec<Suspect> {
        self.candidates_in(span)
            .filter_map(|candidate| {
                let worded = self.is_worded_by(&candidate, hint);
                let fits = !hint.is_open() && hint.fits(candidate.kind, &candidate.name);
                (worded || fits).then_some(Suspect { reported_at: candidate.reported_at, worded })
            })
            .collect()
    }

    /// Returns the expressions in a span of the file that panic by habit: macros and methods.
    pub fn habitual(&self, span: ByteSpan) -> Vec<usize> {
        self.candidates_in(span)
            .filter(|candidate| match candidate.kind {
                FailureKind::MethodCall => PANICKING_METHODS.contains(&candidate.name.as_str()),
                FailureKind::MacroCall => is_panicking_macro(&candidate.name),
                _ => false,
            })
            .map(|candidate| candidate.reported_at)
            .collect()
    }

    /// Returns where calls in a span of the file are reported, by compilers old and new: at their
    /// start, and at the method's name.
    pub fn call_starts(&self, span: ByteSpan) -> Vec<usize> {
        self.candidates_in(span)
            .filter(|candidate| {
                matches!(candidate.kind, FailureKind::MethodCall | FailureKind::FunctionCall)
            })
            .flat_map(|candidate| [self.span(candidate.node).start, candidate.reported_at])
            .collect()
    }

    /// Returns where in a span of the file a function or method of this name is called.
    pub fn calls_of(&self, span: ByteSpan, name: &str) -> Vec<usize> {
        self.candidates_in(span)
            .filter(|candidate| {
                matches!(candidate.kind, FailureKind::MethodCall | FailureKind::FunctionCall)
                    && candidate.name == name
            })
            .map(|candidate| candidate.reported_at)
            .collect()
    }

    fn candidates_in(&self, span: ByteSpan) -> impl Iterator<Item = Candidate<'_>> {
        let nodes = self.nodes_in(span).into_iter();
        nodes
            .filter_map(|node| self.candidate(node))
            .filter(move |candidate| span.contains(candidate.reported_at))
    }

    fn is_worded_by(&self, candidate: &Candidate<'_>, hint: FailureHint<'_>) -> bool {
        let arguments = match candidate.kind {
            FailureKind::MacroCall if is_panicking_macro(&candidate.name) => candidate.subject,
            FailureKind::MethodCall if candidate.name.starts_with("expect") => {
                candidate.node.child_by_field_name("arguments")
            }
            _ => None,
        };
        arguments.is_some_and(|node| hint.is_worded_by(&candidate.name, self.node_text(node)))
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
