//! Statements that print: which line of the source stands behind a line of a log.
//!
//! [`index_file`] reads the log, print, panic and error statements of one file, each with the
//! literal text it prints and holes for its values. A [`StatementIndex`] of a whole workspace finds
//! the statements that can have printed a message, the likeliest first; those that nothing tells
//! apart stand side by side. Structured fields are no part of a message.

mod extract;
mod format;
mod group;
mod index;
mod message;
mod pattern;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::group::{StatementPlace, attach};
pub use self::index::{Query, StatementIndex, StatementMatch};
pub use self::pattern::{Pattern, Piece};
use crate::text::ByteSpan;

/// A statement of the source that prints or builds a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// What it does with the message.
    pub kind: StatementKind,
    /// The level that it logs at, in lower case as the source names it: `warn`, `critical`.
    pub level: Option<String>,
    /// The message.
    pub pattern: Pattern,
    /// Names of the structured fields that it adds.
    pub fields: Vec<String>,
    /// The logger or target that the source names for it, else none.
    pub logger: Option<String>,
    /// The type of error that it makes, where it makes one.
    pub error_type: Option<String>,
    /// The function around it.
    pub function: Option<String>,
    /// Line of its first byte, from 1.
    pub line: u32,
    /// Line of its last byte, from 1.
    pub end_line: u32,
    /// Its bytes.
    pub span: ByteSpan,
}

/// What a [`Statement`] does with its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StatementKind {
    /// Writes it to a log.
    Log,
    /// Ends the thread or the program with it.
    Panic,
    /// Prints it to a stream.
    Print,
    /// Makes an error of it, which somebody else prints.
    Error,
    /// Builds a text that may become a message.
    Text,
}

/// The statements of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStatements {
    /// The path, relative to the workspace, with `/`.
    pub path: String,
    /// By start.
    pub statements: Vec<Statement>,
}

/// A statement and the file that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedStatement {
    /// The file.
    pub file: Arc<FileStatements>,
    /// Its place among the file's statements; always valid.
    statement_idx: usize,
}

impl PlacedStatement {
    /// Returns the statement.
    pub fn statement(&self) -> &Statement {
        &self.file.statements[self.statement_idx]
    }

    /// Returns the path of its file, relative to the workspace.
    pub fn path(&self) -> &str {
        &self.file.path
    }
}

/// Says whether [`index_file`] can find statements in a file with this path.
pub fn is_read(path: &str) -> bool {
    extract::Source::of(path).is_some()
}

/// Reads the statements of one file; a file of a language that is not read has none.
pub fn index_file(path: &str, text: &str) -> FileStatements {
    let mut statements = extract::statements(path, text);
    // A statement without a word of its own could have printed anything.
    statements.retain(|statement| statement.pattern.n_literal() >= MIN_LITERAL);
    statements.sort_by_key(|statement| (statement.span.start, statement.span.end));
    statements.dedup_by_key(|statement| statement.span);
    FileStatements { path: path.to_owned(), statements }
}

/// The fewest literal letters and digits that a statement is known by.
const MIN_LITERAL: usize = 3;

#[cfg(test)]
mod tests;
