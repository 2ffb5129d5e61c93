//! What a person hands in: the first type of the road.

/// One input as it was given: a file, standard input, a selection, a link's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawInput {
    /// What the person calls it: a path as given, `stdin`, `selection`. Shown in problems.
    pub name: String,
    /// The text; invalid UTF-8 was replaced by U+FFFD before, with a `Problem`.
    pub text: String,
}

/// The programming language that a trace, an incident or a snippet speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Rust.
    Rust,
    /// JavaScript, in a browser or on Node.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// Python.
    Python,
    /// Go.
    Go,
    /// Java and other languages of its machine.
    Java,
    /// Nothing told the language.
    #[default]
    Unknown,
}

impl Language {
    /// Returns the name used in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::Python => "python",
            Self::Go => "go",
            Self::Java => "java",
            Self::Unknown => "unknown",
        }
    }
}
