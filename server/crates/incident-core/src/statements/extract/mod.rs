//! Statements out of source text, one module a language.
//!
//! Rust is read from tokens, since its log statements are macros whose arguments have no tree, and
//! stand inside other macros' arguments; the others are read from a syntax tree. What a callee
//! means is told by its name and its arguments, never by what it resolves to: the statement that
//! printed a line must be found in a tree that does not build.

mod go;
mod java;
mod javascript;
mod names;
mod python;
mod rust;
mod tree;

use super::{Pattern, Statement, StatementKind};

/// The largest text that is read, in bytes: what is larger is a bundle or was generated.
const MAX_BYTES: usize = 2 << 20;

/// A language whose statements are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Rust,
    JavaScript,
    TypeScript,
    Tsx,
    Python,
    Go,
    Java,
}

impl Source {
    /// Tells the language by the path's ending.
    pub(super) fn of(path: &str) -> Option<Self> {
        let (_, ending) = path.rsplit_once('.')?;
        Some(match ending {
            "rs" => Self::Rust,
            "js" | "mjs" | "cjs" | "jsx" => Self::JavaScript,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            "py" => Self::Python,
            "go" => Self::Go,
            "java" => Self::Java,
            _ => return None,
        })
    }
}

/// Returns the statements of one file, in any order.
pub(super) fn statements(path: &str, text: &str) -> Vec<Statement> {
    if text.len() > MAX_BYTES {
        return Vec::new();
    }
    let Some(source) = Source::of(path) else { return Vec::new() };
    match source {
        Source::Rust => rust::statements(text),
        Source::JavaScript => {
            javascript::statements(text, &tree_sitter_javascript::LANGUAGE.into())
        }
        Source::TypeScript => {
            javascript::statements(text, &tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into())
        }
        Source::Tsx => javascript::statements(text, &tree_sitter_typescript::LANGUAGE_TSX.into()),
        Source::Python => python::statements(text),
        Source::Go => go::statements(text),
        Source::Java => java::statements(text),
    }
}

/// What a call says, before it has a place.
struct Said {
    kind: StatementKind,
    level: Option<&'static str>,
    pattern: Pattern,
    fields: Vec<String>,
    logger: Option<String>,
    error_type: Option<String>,
}

impl Said {
    fn new(kind: StatementKind, pattern: Pattern) -> Self {
        Self { kind, level: None, pattern, fields: Vec::new(), logger: None, error_type: None }
    }

    fn log(level: Option<&'static str>, pattern: Pattern) -> Self {
        Self { level, ..Self::new(StatementKind::Log, pattern) }
    }

    fn error(error_type: &str, pattern: Pattern) -> Self {
        let error_type = Some(error_type.to_owned());
        Self { error_type, ..Self::new(StatementKind::Error, pattern) }
    }
}
