//! Rust source: items by tokens, expressions by tree-sitter.
//!
//! [`index`] reads a file's items without a tree. [`Snippet::at`] parses the one function around a
//! place, also where that function or expression stands in the argument of a macro, and answers
//! what a signature asks:
//!
//! - [`Snippet::failing_expression`]: what failed at a line and column;
//! - [`Snippet::statement`]: the statement around an offset;
//! - [`Snippet::statement_head`]: the same, without the blocks that begin later;
//! - [`Snippet::definition_of_local`]: the `let`, parameter, pattern or field that made a value;
//! - [`Snippet::called`]: the function or method that an expression calls, with its receiver;
//! - [`Snippet::return_kind`]: whether the function around gives an `Option`, a `Result`, or neither;
//! - [`Snippet::function`]: that function's span.
//!
//! Every span is in the text that was given to `at`, never in the parsed snippet.

mod failing;
mod hint;
mod items;
pub(crate) mod lex;
mod locals;
mod shape;
mod snippet;
mod statements;
mod surroundings;

pub use failing::{FailingName, Suspect};
pub use hint::FailureHint;
pub use locals::{Called, Definition, DefinitionKind, ReturnKind};
pub use shape::{Around, Body, BodyKind, Chain, Link, LinkKind, RootKind};
pub use snippet::Snippet;
pub use surroundings::{Branch, OpenLet};

use crate::syntax::{FileSymbols, Item, ItemKind};

/// Reads the items of one file.
pub fn index(path: &str, text: &str) -> FileSymbols {
    let (items, module_files) = items::scan(text);
    FileSymbols { path: path.to_owned(), items, module_files }
}

/// Returns the tokens of a text, without comments and layout.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    lex::Lexer::new(text).filter_map(|token| text.get(token.start..token.end))
}

/// Returns the innermost function among `items` around an offset, by bytes.
pub fn enclosing_function(items: &[Item], offset: usize) -> Option<&Item> {
    items
        .iter()
        .filter(|item| item.kind == ItemKind::Function && item.span.contains(offset))
        .min_by_key(|item| item.span.len())
}

/// Returns the innermost function among `items` around a line.
///
/// A line that two functions share belongs to the one that begins on it last.
pub fn function_at_line(items: &[Item], line: u32) -> Option<&Item> {
    items
        .iter()
        .filter(|item| item.kind == ItemKind::Function)
        .filter(|item| item.start_line <= line && line <= item.end_line)
        .min_by_key(|item| (item.end_line - item.start_line, std::cmp::Reverse(item.span.start)))
}

#[cfg(test)]
mod tests;
