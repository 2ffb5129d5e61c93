//! Holds a snippet's names against the resolved dependency versions.
//!
//! Unknown is not missing: where the source cannot be seen the verdict is `unknown` with the
//! reason, and only what can be proved is accused.

use crate::deps::PackageId;

/// One name that a snippet, a file or a diff relies on, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The path as the text means it: `tokio::time::sleep`.
    pub api: String,
    /// First line, from 1.
    pub line: u32,
    /// First column, from 1, in UTF-8 bytes.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Column after the last byte.
    pub end_column: u32,
    /// The answer.
    pub verdict: Verdict,
    /// The package that was looked at.
    pub package: Option<PackageId>,
    /// The nearest real names, best first.
    pub suggestions: Vec<String>,
    /// A version on disk that has it.
    pub exists_in: Option<PackageId>,
    /// Why, in words.
    pub reason: String,
}

/// The answer for one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It is there.
    Exists,
    /// No such public item in the resolved version.
    Missing,
    /// Behind a feature that is off.
    FeatureDisabled,
    /// There, but not public.
    Private,
    /// There, and deprecated.
    Deprecated,
    /// Called with the wrong number of arguments.
    WrongArity,
    /// The package is not in the lock file.
    UnknownPackage,
    /// Another version is resolved.
    WrongVersion,
    /// An error code that means something else.
    WrongMeaning,
    /// A command that destroys or changes shared state.
    DangerousCommand,
    /// It could not be seen; the reason says why.
    Unknown,
}

impl Verdict {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exists => "exists",
            Self::Missing => "missing",
            Self::FeatureDisabled => "feature_disabled",
            Self::Private => "private",
            Self::Deprecated => "deprecated",
            Self::WrongArity => "wrong_arity",
            Self::UnknownPackage => "unknown_package",
            Self::WrongVersion => "wrong_version",
            Self::WrongMeaning => "wrong_meaning",
            Self::DangerousCommand => "dangerous_command",
            Self::Unknown => "unknown",
        }
    }

    /// Says whether the name was proved wrong.
    pub fn is_accusation(self) -> bool {
        !matches!(self, Self::Exists | Self::Deprecated | Self::Unknown)
    }
}

/// A reference with the sentence that a person reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The reference.
    pub reference: Reference,
    /// One sentence.
    pub message: String,
}
