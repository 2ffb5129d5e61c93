//! The languages that a text may be in, by the names and endings that people use for them.

/// A language whose names can be held against what is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Against `Cargo.lock` and the packages' sources.
    Rust,
    /// Against `node_modules`, by type declarations, then sources.
    JavaScript,
    /// The same, with types in the text itself.
    TypeScript,
    /// Against the environment's packages, by stubs, then sources.
    Python,
    /// Commands, against manual pages and `--help`.
    Shell,
}

impl Language {
    /// Returns the language that is called `name`, as a setting, a fence or a file ending says it.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "rust" | "rs" => Self::Rust,
            "javascript" | "js" | "jsx" | "mjs" | "cjs" | "javascriptreact" | "node" => {
                Self::JavaScript
            }
            "typescript" | "ts" | "tsx" | "mts" | "cts" | "typescriptreact" => Self::TypeScript,
            "python" | "py" | "pyi" | "python3" => Self::Python,
            "shell" | "sh" | "bash" | "zsh" | "shellscript" | "console" | "shell-session" => {
                Self::Shell
            }
            _ => return None,
        })
    }

    /// Returns the language of a file by its name's ending.
    pub fn of_file(path: &str) -> Option<Self> {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let (_, ending) = name.rsplit_once('.')?;
        let is_ending = !matches!(ending, "node" | "console" | "rust" | "python3");
        is_ending.then(|| Self::named(ending)).flatten()
    }

    /// Returns the name for people and settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::Python => "python",
            Self::Shell => "shell",
        }
    }
}
