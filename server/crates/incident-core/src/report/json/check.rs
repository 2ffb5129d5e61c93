//! The JSON of `check`.

use serde::{Deserialize, Serialize};

use super::{Problem, SCHEMA_VERSION};
use crate::{check, deps, problem};

/// What `check --format json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Always 1.
    pub schema_version: u32,
    /// Every name that was found, so that silence can be told from approval.
    pub references: Vec<Reference>,
    /// What could not be done.
    pub problems: Vec<Problem>,
}

/// One name and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The path as the text means it.
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
    pub verdict: String,
    /// The package that was looked at.
    pub package: Option<String>,
    /// The version that was looked at.
    pub version: Option<String>,
    /// The nearest real names, best first.
    pub suggestions: Vec<String>,
    /// A version on disk that has it.
    pub exists_in: Option<PackageVersion>,
    /// Why, in words.
    pub reason: String,
}

/// A reference with the sentence that a person reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The reference; its fields stand beside `message`.
    #[serde(flatten)]
    pub reference: Reference,
    /// One sentence.
    pub message: String,
}

/// A package at a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageVersion {
    /// The name as its registry spells it.
    pub name: String,
    /// The exact version.
    pub version: String,
}

impl Check {
    /// Returns the document for the names of one snippet.
    pub fn new(references: &[check::Reference], problems: &[problem::Problem]) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            references: references.iter().map(Reference::from).collect(),
            problems: problems.iter().map(Problem::from).collect(),
        }
    }
}

impl From<&check::Reference> for Reference {
    fn from(reference: &check::Reference) -> Self {
        Self {
            api: reference.api.clone(),
            line: reference.line,
            column: reference.column,
            end_line: reference.end_line,
            end_column: reference.end_column,
            verdict: reference.verdict.as_str().to_owned(),
            package: reference.package.as_ref().map(|package| package.name.clone()),
            version: reference.package.as_ref().map(|package| package.version.clone()),
            suggestions: reference.suggestions.clone(),
            exists_in: reference.exists_in.as_ref().map(PackageVersion::from),
            reason: reference.reason.clone(),
        }
    }
}

impl From<&check::Finding> for Finding {
    fn from(finding: &check::Finding) -> Self {
        Self { reference: (&finding.reference).into(), message: finding.message.clone() }
    }
}

impl From<&deps::PackageId> for PackageVersion {
    fn from(package: &deps::PackageId) -> Self {
        Self { name: package.name.clone(), version: package.version.clone() }
    }
}
