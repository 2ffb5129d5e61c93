//! How an expression is built and what stands around it: what decides whether an edit is safe.

use tree_sitter::Node;

use crate::cancel::Cancel;
use crate::syntax::rust::Snippet;
use crate::syntax::{FailingExpression, FailureKind};
use crate::text::ByteSpan;

/// Longer chains of calls are not followed; nobody writes them.
const MAX_LINKS: usize = 64;

/// An expression as a root and what is done to it, in order: `a.b(c)?.d` is `a`, `.b(c)`, `?`, `.d`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// What the root is.
    pub root_kind: RootKind,
    /// The root's span; for a call that of the called path.
    pub root: ByteSpan,
    /// Arguments of a call at the root, with their parentheses.
    pub root_arguments: Option<ByteSpan>,
    /// What follows, first to last.
    pub links: Vec<Link>,
}

/// What an expression begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RootKind {
    /// A local, a parameter, a constant: one name.
    Name,
    /// `self`.
    SelfValue,
    /// A path of several names: `config::LIMIT`.
    Path,
    /// A call of a function by name or path.
    Call,
    /// A macro call.
    Macro,
    /// A literal.
    Literal,
    /// Anything else.
    Other,
}

/// One step of a [`Chain`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// What is done.
    pub kind: LinkKind,
    /// The method's or field's name; empty for the others.
    pub name: ByteSpan,
    /// A method's arguments with their parentheses, the index between the brackets.
    pub arguments: Option<ByteSpan>,
    /// The expression from its start to the end of this link.
    pub span: ByteSpan,
}

/// What a [`Link`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkKind {
    /// `.name(..)`.
    Method,
    /// `.name`.
    Field,
    /// `[..]`.
    Index,
    /// `?`.
    Question,
    /// `.await`.
    Await,
}

/// The closure, async block or function that `return` and `?` leave at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body {
    /// What it is.
    pub kind: BodyKind,
    /// The whole of it.
    pub span: ByteSpan,
    /// The written return type.
    pub returns: Option<ByteSpan>,
    /// A loop of its own stands around the place.
    pub in_loop: bool,
}

/// What a [`Body`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BodyKind {
    /// A function, async or not.
    Function,
    /// A closure.
    Closure,
    /// An async block.
    AsyncBlock,
}

/// What stands right around an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    /// `&expression`.
    Referenced(ByteSpan),
    /// `&mut expression`.
    ReferencedMut,
    /// `expression.name` and, if it is called, `(..)`.
    Receiver {
        /// The field's or method's name.
        name: ByteSpan,
        /// It is a call.
        called: bool,
    },
    /// `expression = ..` or `expression += ..`.
    Assigned,
    /// The whole value of a `let`.
    Let {
        /// The statement with its semicolon.
        statement: ByteSpan,
        /// The pattern.
        pattern: ByteSpan,
        /// A type is written.
        typed: bool,
        /// It has an `else`.
        has_else: bool,
    },
    /// The whole statement, with its semicolon.
    Statement(ByteSpan),
    /// Some other value position.
    Value,
}

impl Snippet<'_> {
    /// Takes the expression of this file span apart; `None` where the span is no whole expression.
    pub fn chain(&self, expression: ByteSpan) -> Option<Chain> {
        let mut node = self.exactly(expression)?.1;
        let mut links = Vec::new();
        loop {
            if links.len() > MAX_LINKS {
                return None;
            }
            match node.kind() {
                "parenthesized_expression" | "expression_statement" => {
                    node = node.named_child(0)?
                }
                "reference_expression" => node = node.child_by_field_name("value")?,
                "try_expression" => {
                    links.push(self.link(LinkKind::Question, node, None, None));
                    node = node.named_child(0)?;
                }
                "await_expression" => {
                    links.push(self.link(LinkKind::Await, node, None, None));
                    node = node.named_child(0)?;
                }
                "index_expression" => {
                    links.push(self.link(LinkKind::Index, node, None, node.named_child(1)));
                    node = node.named_child(0)?;
                }
                "field_expression" => {
                    let name = node.child_by_field_name("field");
                    links.push(self.link(LinkKind::Field, node, name, None));
                    node = node.child_by_field_name("value")?;
                }
                "call_expression" => {
                    let arguments = node.child_by_field_name("arguments");
                    let mut function = node.child_by_field_name("function")?;
                    if function.kind() == "generic_function" {
                        function = function.child_by_field_name("function")?;
                    }
                    if function.kind() != "field_expression" {
                        let root_arguments = arguments.map(|node| self.span(node));
                        return Some(self.rooted(RootKind::Call, function, root_arguments, links));
                    }
                    let name = function.child_by_field_name("field");
                    links.push(self.link(LinkKind::Method, node, name, arguments));
                    node = function.child_by_field_name("value")?;
                }
                kind => {
                    let root_kind = match kind {
                        "identifier" => RootKind::Name,
                        "self" => RootKind::SelfValue,
                        "scoped_identifier" => RootKind::Path,
                        "macro_invocation" => RootKind::Macro,
                        kind if kind.ends_with("_literal") => RootKind::Literal,
                        _ => RootKind::Other,
                    };
                    return Some(self.rooted(root_kind, node, None, links));
                }
            }
        }
    }

    fn rooted(
        &self,
        root_kind: RootKind,
        root: Node<'_>,
        root_arguments: Option<ByteSpan>,
        mut links: Vec<Link>,
    ) -> Chain {
        links.reverse();
        Chain { root_kind, root: self.span(root), root_arguments, links }
    }

    fn link(
        &self,
        kind: LinkKind,
        node: Node<'_>,
        name: Option<Node<'_>>,
        arguments: Option<Node<'_>>,
    ) -> Link {
        let span = self.span(node);
        let name = name.map_or(ByteSpan::new(span.end, span.end), |name| self.span(name));
        Link { kind, name, arguments: arguments.map(|node| self.span(node)), span }
    }

    /// Returns the names of locals that an expression of this file span reads, in text order, each
    /// once; what closures in it bind counts too.
    pub fn names(&self, expression: ByteSpan) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for node in self.nodes_in(expression) {
            let span = self.span(node);
            if node.kind() != "identifier" || !expression.covers(span) {
                continue;
            }
            let name = self.node_text(node);
            let is_local = name.starts_with(|c: char| c.is_lowercase() || c == '_');
            let is_called = node.parent().is_some_and(|parent| {
                matches!(parent.kind(), "scoped_identifier" | "macro_invocation")
                    || parent.child_by_field_name("function") == Some(node)
            });
            if is_local && !is_called && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names
    }

    /// The same for any expression of the function around the place.
    pub fn function_names(&self, expression: ByteSpan, cancel: &Cancel) -> Vec<String> {
        self.function_tree(cancel).map(|whole| whole.names(expression)).unwrap_or_default()
    }

    /// Returns the parent and the innermost node that has exactly this file span.
    fn exactly(&self, span: ByteSpan) -> Option<(Option<Node<'_>>, Node<'_>)> {
        let path = self.path_to(span.start);
        let at = path.iter().rposition(|node| self.span(*node) == span)?;
        // An identifier may be wrapped in a node of the same span; the outermost of them counts.
        let first = path.iter().position(|node| self.span(*node) == span).unwrap_or(at);
        let parent = first.checked_sub(1).and_then(|parent| path.get(parent)).copied();
        Some((parent, *path.get(at)?))
    }

    /// Returns the expressions that begin where this one does and fail with the same message:
    /// in `a[i][j]` and `a - b - c` the place alone does not tell which one failed. Innermost first.
    pub fn rivals(&self, expression: &FailingExpression) -> Vec<FailingExpression> {
        let path = self.path_to(expression.span.start);
        let here =
            path.iter().rev().filter(|node| self.span(**node).start == expression.span.start);
        let mut rivals = Vec::new();
        let operator = |node: &Node<'_>| {
            node.child_by_field_name("operator").map(|operator| self.node_text(operator).to_owned())
        };
        let own = path.iter().rev().find(|node| self.span(**node) == expression.span);
        for node in here {
            let (base, subject) = match (expression.kind, node.kind()) {
                (FailureKind::Index, "index_expression") => {
                    (node.named_child(0), node.named_child(1))
                }
                (FailureKind::Arithmetic, "binary_expression")
                    if own.and_then(operator) == operator(node) =>
                {
                    (node.child_by_field_name("left"), node.child_by_field_name("right"))
                }
                _ => continue,
            };
            rivals.push(FailingExpression {
                kind: expression.kind,
                span: self.span(*node),
                subject: subject.map(|node| self.span(node)),
                base: base.map(|node| self.span(node)),
            });
        }
        rivals
    }

    /// Says what `return` and `?` at a byte offset of the file leave.
    pub fn body_around(&self, offset: usize, cancel: &Cancel) -> Option<Body> {
        let whole = self.function_tree(cancel)?;
        let path = whole.path_to(offset);
        let mut in_loop = false;
        for node in path.iter().rev() {
            let kind = match node.kind() {
                "function_item" => BodyKind::Function,
                "closure_expression" => BodyKind::Closure,
                "async_block" => BodyKind::AsyncBlock,
                "for_expression" | "while_expression" | "loop_expression" => {
                    let body = node.child_by_field_name("body").map(|body| whole.span(body));
                    in_loop |= body.is_some_and(|body| body.contains(offset));
                    continue;
                }
                _ => continue,
            };
            let returns = node.child_by_field_name("return_type").map(|node| whole.span(node));
            return Some(Body { kind, span: whole.span(*node), returns, in_loop });
        }
        None
    }

    /// Says what stands right around the expression of this file span; parentheses count as part
    /// of it.
    pub fn around(&self, expression: ByteSpan) -> Option<Around> {
        let (parent, node) = self.exactly(expression)?;
        let Some(parent) = parent else { return Some(Around::Value) };
        let span = self.span(parent);
        let is = |field: &str| {
            parent.child_by_field_name(field).is_some_and(|child| self.span(child) == expression)
        };
        Some(match parent.kind() {
            "reference_expression" => {
                let mut cursor = parent.walk();
                let is_mut =
                    parent.children(&mut cursor).any(|child| child.kind() == "mutable_specifier");
                if is_mut { Around::ReferencedMut } else { Around::Referenced(span) }
            }
            "field_expression" if is("value") => {
                let name = self.span(parent.child_by_field_name("field")?);
                let called = parent.parent().is_some_and(|call| {
                    matches!(call.kind(), "call_expression" | "generic_function")
                });
                Around::Receiver { name, called }
            }
            "assignment_expression" | "compound_assignment_expr" if is("left") => Around::Assigned,
            "let_declaration" if is("value") => Around::Let {
                statement: span,
                pattern: self.span(parent.child_by_field_name("pattern")?),
                typed: parent.child_by_field_name("type").is_some(),
                has_else: parent.child_by_field_name("alternative").is_some(),
            },
            "expression_statement" => Around::Statement(span),
            _ if node.kind() == "compound_assignment_expr" => Around::Value,
            _ => Around::Value,
        })
    }

    /// Returns the places in the function of `function` where it gives nothing: `None`, `Err(..)`,
    /// `bail!`, `?`; in text order, at most `limit`. Closures and functions inside do not count.
    pub fn empty_exits(&self, cancel: &Cancel, limit: usize) -> Vec<ByteSpan> {
        let Some(whole) = self.function_tree(cancel) else { return Vec::new() };
        let Some(function) = whole.function() else { return Vec::new() };
        let mut exits = Vec::new();
        let mut skip_until = 0;
        for node in whole.nodes_in(function) {
            if node.start_byte() < skip_until || exits.len() >= limit {
                continue;
            }
            let span = whole.span(node);
            match node.kind() {
                "closure_expression" | "async_block" => skip_until = node.end_byte(),
                "function_item" if span != function => skip_until = node.end_byte(),
                "try_expression" => exits.push(span),
                "identifier" if whole.node_text(node) == "None" && is_value(node) => {
                    exits.push(statement_or(&whole, node));
                }
                "call_expression" => {
                    let function = node.child_by_field_name("function");
                    let name = function.map(|node| whole.node_text(node)).unwrap_or_default();
                    if name == "Err" && is_value(node) {
                        exits.push(statement_or(&whole, node));
                    }
                }
                "macro_invocation" => {
                    let name = node.child_by_field_name("macro");
                    let name = name.map(|node| whole.node_text(node)).unwrap_or_default();
                    if matches!(name.rsplit("::").next(), Some("bail" | "ensure")) {
                        exits.push(span);
                    }
                }
                _ => {}
            }
        }
        exits
    }

    /// Returns the last expression of the function around the place, the one whose value it gives.
    pub fn tail(&self, cancel: &Cancel) -> Option<ByteSpan> {
        let whole = self.function_tree(cancel)?;
        let function = whole.function()?;
        let path = whole.path_to(function.start);
        let function = path.iter().find(|node| node.kind() == "function_item")?;
        let body = function.child_by_field_name("body")?;
        let last =
            body.named_child(u32::try_from(body.named_child_count()).ok()?.checked_sub(1)?)?;
        let is_statement =
            last.kind().ends_with("_statement") || last.kind().ends_with("_declaration");
        (!is_statement).then(|| whole.span(last))
    }
}

/// Says whether a node stands where a value is given back.
fn is_value(node: Node<'_>) -> bool {
    let Some(parent) = node.parent() else { return false };
    match parent.kind() {
        "return_expression" | "block" | "else_clause" => true,
        "match_arm" => parent.child_by_field_name("value") == Some(node),
        _ => false,
    }
}

/// Returns the span of the `return` around a node, else the node's own.
fn statement_or(whole: &Snippet<'_>, node: Node<'_>) -> ByteSpan {
    match node.parent() {
        Some(parent) if parent.kind() == "return_expression" => whole.span(parent),
        _ => whole.span(node),
    }
}
