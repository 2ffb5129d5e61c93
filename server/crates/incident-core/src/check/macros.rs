//! Macro calls, attributes and derives in a snippet.

use tree_sitter::{Node, Parser, Tree};

use crate::api::tokens::{TokenKind, tokenize};
use crate::api::{DefId, ItemKind, Namespace, PathKind};

use super::names::{Judgement, judge_gate, judge_member};
use super::paths::PathEnd;
use super::solve::Ty;
use super::walk::Walk;

impl Walk<'_, '_> {
    /// `name!(..)`: judges the name, and the argument where it is made of expressions.
    pub(crate) fn macro_invocation(&mut self, node: Node<'_>) -> Ty {
        let Some(path) = node.child_by_field_name("macro") else { return Ty::Unknown };
        let end = self.path(path, Namespace::Macro);
        let name = self.text(path).rsplit("::").next().unwrap_or_default();
        let mut cursor = node.walk();
        let tree = node.named_children(&mut cursor).find(|child| child.kind() == "token_tree");
        let arguments = match tree {
            Some(tree) if name == "matches" => self.matches_arguments(tree),
            Some(tree) if takes_expressions(name) => self.macro_arguments(tree),
            _ => Vec::new(),
        };
        self.macro_type(name, &end, arguments)
    }

    fn macro_type(&mut self, name: &str, end: &PathEnd<'_>, arguments: Vec<Ty>) -> Ty {
        match name {
            "format" => self.solver.lang_ty("string::String", Vec::new()),
            "vec" => {
                let item = match arguments.into_iter().next() {
                    Some(Ty::Array(item)) => *item,
                    _ => Ty::Unknown,
                };
                self.solver.lang_ty("vec::Vec", vec![item])
            }
            "dbg" => arguments.into_iter().next().unwrap_or(Ty::Unknown),
            "matches" | "cfg" => Ty::Prim("bool"),
            "concat" | "stringify" | "include_str" | "env" | "file" | "module_path" => {
                Ty::Prim("str").reference()
            }
            "line" | "column" => Ty::Prim("u32"),
            "panic" | "todo" | "unreachable" | "unimplemented" | "bail" => Ty::Never,
            "println" | "print" | "eprintln" | "eprint" | "assert" | "assert_eq" | "assert_ne"
            | "debug_assert" | "debug_assert_eq" | "debug_assert_ne" => Ty::unit(),
            // The two macros of other crates whose type everybody relies on.
            "json" => self.item_beside(end, "Value"),
            "anyhow" => self.item_beside(end, "Error"),
            _ => Ty::Unknown,
        }
    }

    /// The type `name` at the root of the crate that a macro is from.
    fn item_beside(&self, end: &PathEnd<'_>, name: &str) -> Ty {
        let PathEnd::Item(def, _) = end else { return Ty::Unknown };
        let root = self.resolver.world().root(def.krate);
        let found = self.resolver.member(root, name, Namespace::Type, self.krate);
        found
            .targets
            .first()
            .map_or(Ty::Unknown, |target| self.solver.instantiate(target.def, Vec::new()))
    }

    /// Reads the argument as a list of expressions, in a tree over the same bytes.
    fn macro_arguments(&mut self, tree: Node<'_>) -> Vec<Ty> {
        let inner = self.text(tree);
        // `[a, b]` and `[a; n]` are expressions as they stand; braces are made a list.
        let (open, close) = if inner.starts_with('[') { ("[", "]") } else { ("_=(", ");") };
        let body = tree.start_byte() + 1..tree.end_byte().saturating_sub(1);
        let Some(parsed) = self.parsed(open, body, close) else { return Vec::new() };
        let mut at = parsed.root_node();
        while let Some(child) = at.named_child(0) {
            match child.kind() {
                "expression_statement" => at = child,
                "assignment_expression" => {
                    let Some(list) = child.child_by_field_name("right") else { return Vec::new() };
                    if !matches!(list.kind(), "parenthesized_expression" | "tuple_expression") {
                        return Vec::new(); // `()`
                    }
                    let mut cursor = list.walk();
                    let parts: Vec<Node<'_>> = list.named_children(&mut cursor).collect();
                    return parts.into_iter().map(|part| self.macro_argument(part)).collect();
                }
                "array_expression" => return vec![self.infer(child)],
                _ => return Vec::new(),
            }
        }
        Vec::new()
    }

    /// `matches!(value, pattern if guard)`.
    fn matches_arguments(&mut self, tree: Node<'_>) -> Vec<Ty> {
        let start = tree.start_byte() + 1;
        let inner =
            self.part.text.get(start..tree.end_byte().saturating_sub(1)).unwrap_or_default();
        let tokens = tokenize(inner);
        let parts = crate::api::cfg::split_commas(&tokens);
        let (Some(value), Some(pattern)) = (parts.first(), parts.get(1)) else { return Vec::new() };
        let (Some(first), Some(last)) = (pattern.first(), pattern.last()) else {
            return Vec::new();
        };
        let guard = pattern.iter().position(|token| token.is_word("if"));
        let end = match guard.and_then(|guard| pattern.get(guard)) {
            Some(guard) => guard.start,
            None => last.start + last.text.len(),
        };
        let value_end = value.last().map_or(0, |token| token.start + token.text.len());
        let mut ty = Ty::Unknown;
        if let Some(parsed) = self.parsed("(", start..start + value_end, ")")
            && let Some(expression) = parsed.root_node().named_child(0)
        {
            ty = self.infer(expression);
        }
        if let Some(parsed) = self.parsed("if let ", start + first.start..start + end, " = 0 {}") {
            let mut at = Some(parsed.root_node());
            while let Some(node) = at {
                if let Some(pattern) = node.child_by_field_name("pattern") {
                    self.bind(pattern, &ty);
                    break;
                }
                at = node.child_by_field_name("condition").or_else(|| node.named_child(0));
            }
        }
        Vec::new()
    }

    /// Parses the bytes `range` of this part between two fixed texts; every byte keeps its place.
    fn parsed(&self, before: &str, range: std::ops::Range<usize>, after: &str) -> Option<Tree> {
        let body = self.part.text.get(range.clone())?;
        let mut text = " ".repeat(range.start.checked_sub(before.len())?);
        text.push_str(before);
        text.push_str(body);
        text.push_str(after);
        let mut parser = Parser::new();
        parser.set_language(&tree_sitter_rust::LANGUAGE.into()).ok()?;
        parser.parse(&text, None).filter(|tree| !tree.root_node().has_error())
    }

    /// `name = value` in a format's argument is no assignment.
    fn macro_argument(&mut self, node: Node<'_>) -> Ty {
        if node.kind() == "assignment_expression"
            && let Some(value) = node.child_by_field_name("right")
        {
            return self.infer(value);
        }
        self.infer(node)
    }

    /// `#[..]`: derives and macros by path.
    pub(crate) fn attribute(&mut self, node: Node<'_>) {
        let Some(attribute) = node.named_child(0) else { return };
        let Some(path) = attribute.named_child(0) else { return };
        let name = self.text(path);
        if name == "derive" {
            if let Some(tree) = attribute.child_by_field_name("arguments") {
                self.derives(tree);
            }
            return;
        }
        let mut segments = Vec::new();
        if self.segments(path, &mut segments, 0) && segments.len() > 1 {
            let is_tool = segments.first().is_some_and(|first| {
                matches!(first.name.as_str(), "rustfmt" | "clippy" | "diagnostic" | "rust_analyzer")
            });
            if !is_tool {
                self.follow(&segments, Namespace::Macro, PathKind::Expression);
            }
        } else if let Some(first) = segments.first() {
            let found = self.resolver.first_segment(
                self.module,
                &first.name,
                false,
                Namespace::Macro,
                PathKind::Expression,
            );
            let is_macro = found.targets.first().is_some_and(|target| {
                let kind = &self.resolver.world().item(target.def).kind;
                matches!(kind, ItemKind::AttributeMacro) && target.def.krate != self.krate
            });
            if is_macro {
                self.follow(&segments, Namespace::Macro, PathKind::Expression);
            }
        }
    }

    fn derives(&mut self, tree: Node<'_>) {
        let start = tree.start_byte();
        let text = self.text(tree);
        let tokens = tokenize(text);
        let mut path: Vec<(String, usize, usize)> = Vec::new();
        for token in &tokens {
            match token.kind {
                TokenKind::Ident => {
                    let from = start + token.start;
                    path.push((token.text.to_owned(), from, from + token.text.len()));
                }
                TokenKind::Punct(b':') => {}
                _ => self.derive(&std::mem::take(&mut path)),
            }
        }
        self.derive(&path);
    }

    fn derive(&mut self, path: &[(String, usize, usize)]) {
        let Some((last, above)) = path.split_last() else { return };
        if above.is_empty() {
            let found = self.resolver.first_segment(
                self.module,
                &last.0,
                false,
                Namespace::Macro,
                PathKind::Expression,
            );
            let judgement = match found.targets.first() {
                Some(target) if target.def.krate == self.krate => return,
                Some(target) => judge_gate(self.resolver, &last.0, target.def.krate, &target.gate),
                None => match found.unseen {
                    Some(why) => Judgement::unknown(why),
                    None => self.undefined_derive(&last.0),
                },
            };
            self.tell_at(last.1, last.2, &last.0, judgement);
            return;
        }
        let names: Vec<&str> = above.iter().map(|(name, ..)| name.as_str()).collect();
        let parents =
            self.resolver.path(self.module, &names, false, Namespace::Type, PathKind::Expression);
        let Some(parent) = parents.targets.first().map(|target| target.def) else { return };
        if let Some((name, from, to)) = above.first()
            && parent.krate != self.krate
        {
            let judgement =
                judge_gate(self.resolver, name, parent.krate, &crate::api::Gate::open());
            self.tell_at(*from, *to, name, judgement);
        }
        let found = self.resolver.member(parent, &last.0, Namespace::Macro, self.krate);
        let judgement = judge_member(self.resolver, parent, &last.0, &found, self.krate);
        let written = format!("{}::{}", names.join("::"), last.0);
        self.tell_at(last.1, last.2, &written, judgement);
    }

    /// A derive that nothing imports: the trait of the same name may be there, without a derive.
    fn undefined_derive(&self, name: &str) -> Judgement {
        let found = self.resolver.first_segment(
            self.module,
            name,
            false,
            Namespace::Type,
            PathKind::Expression,
        );
        let std_trait = self.std_trait(name);
        if found.targets.is_empty() && std_trait.is_none() {
            return Judgement::unknown(format!("`{name}` is neither defined nor imported here"));
        }
        let reason = format!("there is no derive macro `{name}` in scope, only the trait");
        if self.part.is_cut {
            return Judgement::unknown(reason);
        }
        Judgement::new(super::Verdict::Missing, reason)
    }

    fn std_trait(&self, name: &str) -> Option<DefId> {
        let path = match name {
            "Display" => "fmt::Display",
            "Error" => "error::Error",
            "From" => "convert::From",
            "Into" => "convert::Into",
            "FromStr" => "str::FromStr",
            "Deref" => "ops::Deref",
            "Iterator" => "iter::Iterator",
            _ => return None,
        };
        self.solver.lang(path)
    }
}

/// Macros whose argument is a list of expressions.
fn takes_expressions(name: &str) -> bool {
    matches!(
        name,
        "println"
            | "print"
            | "eprintln"
            | "eprint"
            | "format"
            | "write"
            | "writeln"
            | "panic"
            | "assert"
            | "assert_eq"
            | "assert_ne"
            | "debug_assert"
            | "debug_assert_eq"
            | "debug_assert_ne"
            | "dbg"
            | "vec"
            | "todo"
            | "unreachable"
            | "unimplemented"
            | "format_args"
            | "anyhow"
            | "bail"
            | "ensure"
            | "info"
            | "warn"
            | "error"
            | "debug"
            | "trace"
            | "span"
            | "event"
            | "join"
            | "try_join"
            | "pin"
    )
}
