//! The walk back: from an expression to the calls in it, from a local to what it was made from.

use std::collections::VecDeque;

use super::Producer;
use crate::cancel::Cancel;
use crate::resolve::Place;
use crate::syntax::rust::{Called, DefinitionKind, Snippet};
use crate::syntax::{FailingExpression, Item, ItemKind, SymbolIndex};
use crate::text::ByteSpan;

/// Expressions looked at for one site; each may add two.
const MAX_STEPS: usize = 24;
/// The longest call that is shown whole, in characters.
const MAX_CALL_CHARS: usize = 80;

/// Methods that pass a value on or that every container has: without a type they name nothing.
const COMMON: &[&str] = &[
    "and_then",
    "as_deref",
    "as_mut",
    "as_ref",
    "as_str",
    "borrow",
    "borrow_mut",
    "clone",
    "cloned",
    "collect",
    "contains",
    "copied",
    "default",
    "entry",
    "err",
    "expect",
    "filter",
    "find",
    "first",
    "flatten",
    "from",
    "get",
    "get_mut",
    "insert",
    "into",
    "into_iter",
    "is_empty",
    "iter",
    "iter_mut",
    "join",
    "last",
    "len",
    "lock",
    "map",
    "map_err",
    "max",
    "min",
    "new",
    "next",
    "ok",
    "ok_or",
    "ok_or_else",
    "or",
    "or_else",
    "parse",
    "pop",
    "position",
    "push",
    "read",
    "recv",
    "remove",
    "send",
    "split",
    "take",
    "then",
    "to_owned",
    "to_string",
    "trim",
    "unwrap",
    "unwrap_or",
    "unwrap_or_default",
    "unwrap_or_else",
    "write",
];

/// Returns the producers that one failing expression leads to.
pub(super) fn back_from(
    site: &Place,
    text: &str,
    expression: &FailingExpression,
    symbols: &SymbolIndex,
    cancel: &Cancel,
) -> Vec<Producer> {
    let Some(snippet) = Snippet::at(text, expression.span.start, cancel) else { return Vec::new() };
    let mut walk = Walk { site, text, snippet, symbols, cancel, found: Vec::new() };
    let start = [expression.subject, expression.base, Some(expression.span)];
    let mut queue: VecDeque<(ByteSpan, usize)> =
        start.into_iter().flatten().map(|span| (span, 1)).collect();
    let mut seen: Vec<ByteSpan> = Vec::new();
    for _ in 0..MAX_STEPS {
        let Some((span, distance)) = queue.pop_front() else { break };
        if cancel.is_cancelled() || seen.contains(&span) {
            continue;
        }
        seen.push(span);
        walk.step(span, distance, &mut queue);
    }
    walk.found
}

struct Walk<'a> {
    site: &'a Place,
    text: &'a str,
    snippet: Snippet<'a>,
    symbols: &'a SymbolIndex,
    cancel: &'a Cancel,
    found: Vec<Producer>,
}

impl Walk<'_> {
    /// Looks at one expression: a call names a function and leads to its receiver, a name leads to
    /// what it was made from.
    fn step(&mut self, span: ByteSpan, distance: usize, queue: &mut VecDeque<(ByteSpan, usize)>) {
        if let Some(called) = self.snippet.called(span) {
            let n_found = self.found.len();
            self.call(&called, distance);
            let further = distance + usize::from(self.found.len() > n_found);
            queue.extend(called.receiver.map(|receiver| (receiver, further)));
            return;
        }
        let name = self.slice(span);
        if !is_name(name) {
            return;
        }
        let definition = self.snippet.definition_of_local(span.start, name, self.cancel);
        queue.extend(definition.and_then(|it| it.value).map(|value| (value, distance)));
    }

    fn call(&mut self, called: &Called, distance: usize) {
        let name = self.slice(called.name).to_owned();
        let holder = match called.receiver {
            Some(receiver) => self.type_of(receiver),
            None => self.holder_in_path(called),
        };
        let is_common = COMMON.contains(&name.as_str());
        let mut candidates: Vec<(&str, &Item)> = Vec::new();
        for file in self.symbols.files() {
            for item in &file.items {
                if item.kind == ItemKind::Function && item.name == name {
                    candidates.push((&file.path, item));
                }
            }
        }
        match &holder {
            Some(holder) => candidates.retain(|(_, item)| holds(item, holder)),
            // A path without a holder is a free function.
            None if called.receiver.is_none() => {
                candidates.retain(|(_, item)| !is_method(item));
                if candidates.iter().any(|(path, _)| *path == self.site.path) {
                    candidates.retain(|(path, _)| *path == self.site.path);
                }
            }
            None if is_common => candidates.clear(),
            None => candidates.retain(|(_, item)| is_method(item)),
        }
        // Several of one name: which one ran is not known, and none is accused.
        let [(path, item)] = candidates.as_slice() else { return };
        let call: String = self.slice(called.span).split_whitespace().collect::<Vec<_>>().join(" ");
        self.found.push(Producer {
            distance,
            path: (*path).to_owned(),
            function: name,
            holder: item.containers.last().and_then(|it| type_in_impl(it)).map(str::to_owned),
            start_line: item.start_line,
            end_line: item.end_line,
            call: crate::neutral::shorten(&call, MAX_CALL_CHARS),
        });
    }

    /// Returns the name of the type that an expression has, as far as it is written near it.
    fn type_of(&self, expression: ByteSpan) -> Option<String> {
        let source = self.slice(expression).trim_start_matches(['&', '*']);
        if source == "self" {
            let holder = self.site.item.as_ref()?.containers.last()?;
            return type_in_impl(holder).map(str::to_owned);
        }
        if let Some((_, field)) = source.rsplit_once('.').filter(|_| !source.contains('(')) {
            return self.type_of_field(field);
        }
        if !is_name(source) {
            return None;
        }
        let start = expression.end.saturating_sub(source.len());
        let definition = self.snippet.definition_of_local(start, source, self.cancel)?;
        if let Some(written) = definition.written_type {
            return base_type(self.slice(written)).map(str::to_owned);
        }
        if definition.kind == DefinitionKind::Parameter {
            let parameter = self.slice(definition.span);
            return base_type(parameter.split_once(':')?.1).map(str::to_owned);
        }
        // `let tiers = Tiers::load(..)`: constructors give their own type, by custom.
        let called = self.snippet.called(definition.value?)?;
        self.holder_in_path(&called)
    }

    /// Returns the type of a field where every struct of this file that has it agrees.
    fn type_of_field(&self, field: &str) -> Option<String> {
        let declared = format!("{field}:");
        let mut types = self.text.lines().filter_map(|line| {
            let line = line.trim_start();
            let line =
                line.strip_prefix("pub ").or(line.strip_prefix("pub(crate) ")).unwrap_or(line);
            let written = line.strip_prefix(declared.as_str())?.trim().strip_suffix(',')?;
            base_type(written)
        });
        let first = types.next()?;
        types.all(|other| other == first).then(|| first.to_owned())
    }

    /// Returns the type in `Type::function`, if the path has one.
    fn holder_in_path(&self, called: &Called) -> Option<String> {
        let path = self.slice(called.path);
        let (before, _) = path.rsplit_once("::")?;
        let holder = before.rsplit("::").next()?;
        if holder == "Self" {
            let around = self.site.item.as_ref()?.containers.last()?;
            return type_in_impl(around).map(str::to_owned);
        }
        holder.starts_with(|c: char| c.is_ascii_uppercase()).then(|| holder.to_owned())
    }

    fn slice(&self, span: ByteSpan) -> &str {
        span.slice(self.text).unwrap_or_default()
    }
}

/// Returns the type's own name: `&'a mut Vec<Tier>` is `Vec`, `Arc<Tiers>` is `Tiers`.
fn base_type(written: &str) -> Option<&str> {
    let mut rest = written.trim();
    loop {
        rest = rest.trim_start_matches(['&', '*', ' ']);
        if let Some(lifetime) = rest.strip_prefix('\'') {
            rest = lifetime.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
            continue;
        }
        let Some(inner) =
            ["mut ", "dyn ", "impl ", "const "].iter().find_map(|it| rest.strip_prefix(it))
        else {
            break;
        };
        rest = inner;
    }
    let head = rest.split(['<', '(', '[', ' ', ',', ';', '+', '=']).next()?;
    let name = head.rsplit("::").next()?;
    // Calls go through these to what they hold.
    if ["Arc", "Rc", "Box", "Ref", "RefMut", "MutexGuard"].contains(&name) {
        let inside = rest.split_once('<')?.1;
        return base_type(inside.strip_suffix('>').unwrap_or(inside));
    }
    is_name(name).then_some(name)
}

/// Returns the type that an `impl` container is for, or the name of a trait or module.
fn type_in_impl(container: &str) -> Option<&str> {
    let (kind, rest) = container.split_once(' ')?;
    match kind {
        "impl" => base_type(rest.rsplit_once(" for ").map_or(rest, |(_, of)| of)),
        "trait" => base_type(rest),
        _ => None,
    }
}

fn holds(item: &Item, holder: &str) -> bool {
    item.containers.last().and_then(|it| type_in_impl(it)) == Some(holder)
}

fn is_method(item: &Item) -> bool {
    item.containers.last().is_some_and(|it| it.starts_with("impl") || it.starts_with("trait"))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}
