//! Source text through tree-sitter: items, the item around a line, the expression that failed.
//!
//! One module a language. Trees are built, asked and dropped; what outlives a call is plain data.
//! All positions are bytes and 1-based lines of the text that was given.

mod grammar;
pub mod rust;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub(crate) use self::grammar::parse;
use crate::text::ByteSpan;

/// A named item of a source file: what a frame's function is matched with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// Its own name, without path.
    pub name: String,
    /// What holds it, outermost first: `mod m`, `impl Trait for Type`, `trait T`, `fn f`.
    pub containers: Vec<String>,
    /// Line of the item itself, from 1, without doc comments and attributes before it.
    pub start_line: u32,
    /// Line of its last byte, from 1.
    pub end_line: u32,
    /// Its bytes, without doc comments and attributes before it.
    pub span: ByteSpan,
    /// It stands in the argument of a macro call, where the syntax tree has tokens only.
    pub inside_macro: bool,
}

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ItemKind {
    /// A function, a method, an associated function.
    Function,
    /// A struct.
    Struct,
    /// An enum.
    Enum,
    /// A union.
    Union,
    /// A trait.
    Trait,
    /// An `impl` block.
    Impl,
    /// A module with a body.
    Module,
    /// A constant.
    Const,
    /// A static.
    Static,
    /// A type alias.
    TypeAlias,
    /// A `macro_rules!` macro.
    Macro,
}

/// The symbols of one file, small enough to keep for a whole workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSymbols {
    /// The path, relative to the workspace, with `/`.
    pub path: String,
    /// Functions and what can hold them, by start.
    pub items: Vec<Item>,
    /// `mod name;` declarations, with the path attribute where there is one.
    pub module_files: Vec<ModuleFile>,
}

/// A `mod name;` declaration: another file holds the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleFile {
    /// The module's name.
    pub name: String,
    /// The modules around the declaration in the same file, outermost first.
    pub inside: Vec<String>,
    /// The value of `#[path = ".."]`.
    pub path_attribute: Option<String>,
}

/// The symbols of a workspace; cheap to clone and to hold on to as a snapshot.
#[derive(Clone, Debug, Default)]
pub struct SymbolIndex {
    /// Sorted by path.
    files: Vec<Arc<FileSymbols>>,
}

impl SymbolIndex {
    /// Builds an index; of two files with the same path the last one counts.
    pub fn new(files: Vec<Arc<FileSymbols>>) -> Self {
        let mut files = files;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.reverse();
        files.dedup_by(|a, b| a.path == b.path);
        files.reverse();
        Self { files }
    }

    /// Returns the index with one file put in or replaced.
    pub fn with(&self, file: Arc<FileSymbols>) -> Self {
        let mut files = self.files.clone();
        match files.binary_search_by(|known| known.path.cmp(&file.path)) {
            Ok(at) => files[at] = file,
            Err(at) => files.insert(at, file),
        }
        Self { files }
    }

    /// Returns the files, sorted by path.
    pub fn files(&self) -> &[Arc<FileSymbols>] {
        &self.files
    }

    /// Returns the symbols of one file.
    pub fn file(&self, path: &str) -> Option<&Arc<FileSymbols>> {
        let at = self.files.binary_search_by(|known| known.path.as_str().cmp(path)).ok()?;
        self.files.get(at)
    }
}

/// Says whether [`index_file`] can find symbols in a file with this path.
pub fn is_indexed(path: &str) -> bool {
    path.ends_with(".rs")
}

/// Longer files have no symbols: they are generated, and reading one takes as long as a thousand
/// others.
const MAX_INDEXED_BYTES: usize = 4 << 20;

/// Reads the symbols of one file; a file of a language that is not read, or longer than a person
/// writes, has none.
///
/// Linear in the size of the text, and bounded with it: a run is cancelled between two files.
pub fn index_file(path: &str, text: &str) -> FileSymbols {
    if is_indexed(path) && text.len() <= MAX_INDEXED_BYTES {
        return rust::index(path, text);
    }
    FileSymbols { path: path.to_owned(), ..FileSymbols::default() }
}

/// The very expression that failed, found from a panic's line and column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailingExpression {
    /// What failed there.
    pub kind: FailureKind,
    /// The whole expression: `config.pools.get(name).unwrap()`.
    pub span: ByteSpan,
    /// The part that had the bad value: the receiver of `.unwrap()`, the index, the divisor.
    pub subject: Option<ByteSpan>,
    /// The part that was asked: the slice of an index expression, the left operand.
    pub base: Option<ByteSpan>,
}

impl FailingExpression {
    /// Says whether something there is known to fail; otherwise it is just the statement.
    pub fn can_fail(&self) -> bool {
        self.kind != FailureKind::Other
    }
}

/// What failed at an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// A method call that panics on a bad receiver: `unwrap`, `expect`, `borrow_mut`, ...
    MethodCall,
    /// `a[i]` or `a[i..j]`.
    Index,
    /// Arithmetic: overflow, division by zero.
    Arithmetic,
    /// A macro: `panic!`, `assert!`, `assert_eq!`, `unreachable!`, `todo!`.
    MacroCall,
    /// A call of a function that panics and tracks its caller.
    FunctionCall,
    /// The position is inside a statement, but nothing there is known to fail.
    Other,
}
