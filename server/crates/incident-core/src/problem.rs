//! What could not be read, and where: the second half of every stage's answer.

/// How much a [`Problem`] matters to the person who reads the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something that was asked for is missing from the answer.
    Error,
    /// The answer is there, but weaker than it could be.
    Warning,
    /// An assumption that was made, for the record.
    Info,
}

impl Severity {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A place that a problem speaks of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProblemLocation {
    /// The input's name or the workspace-relative path with `/`.
    pub path: String,
    /// The line, from 1; null where the problem is about the whole file.
    pub line: Option<u32>,
}

/// One thing that could not be done, in a sentence that names what failed, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Problem {
    /// How much it matters.
    pub severity: Severity,
    /// One sentence for a person, without control characters.
    pub message: String,
    /// Where, if the problem has a place.
    pub location: Option<ProblemLocation>,
}

impl Problem {
    /// Returns a problem of severity [`Severity::Error`] without a place.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// Returns a problem of severity [`Severity::Warning`] without a place.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    /// Returns a problem of severity [`Severity::Info`] without a place.
    pub fn info(message: impl Into<String>) -> Self {
        Self::new(Severity::Info, message)
    }

    /// Returns the same problem tied to `path` and, where known, a line from 1.
    pub fn at(mut self, path: impl Into<String>, line: Option<u32>) -> Self {
        self.location = Some(ProblemLocation { path: path.into(), line });
        self
    }

    fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self { severity, message: message.into(), location: None }
    }
}
