//! Names that were proved wrong, as marks in the document where they stand: what is wrong, the
//! nearest real name, its official page, and where the resolved version defines it on disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use incident_core::cancel::Cancel;
use incident_core::check::{Language, Reference, official_page};
use incident_core::deps::PackageId;
use incident_core::neutral;
use incident_core::present::{Code, Diagnostic, DiagnosticPlace, DiagnosticSeverity, markdown};
use incident_core::text::{ByteSpan, LineCol, LineIndex};
use incident_host::packages::find_definition;
use incident_host::workspace::Workspace;
use ropey::Rope;
use tower_lsp::lsp_types::{Position, Range, Url};

use crate::lsp::position::{self, Encoding};
use crate::state::{Mark, TrackedRange};

/// The part of a document whose names were checked.
#[derive(Clone, Debug)]
pub(crate) struct CheckedPart {
    /// The document.
    pub(crate) uri: Url,
    /// Its whole text.
    pub(crate) rope: Rope,
    /// How the client counts columns.
    pub(crate) encoding: Encoding,
    /// Where the part starts and ends, in bytes.
    pub(crate) span: ByteSpan,
    /// What it is written in, where that is known.
    pub(crate) language: Option<Language>,
    /// How loud a name that is wrong is here.
    pub(crate) severity: DiagnosticSeverity,
}

impl CheckedPart {
    /// Returns the text of the part.
    pub(crate) fn text(&self) -> String {
        self.rope.byte_slice(self.span.start..self.span.end).to_string()
    }
}

/// Marks the names that were proved wrong in a part whose text is `text`. Reads package sources.
pub(crate) fn marks(
    workspace: &Workspace,
    part: &CheckedPart,
    text: &str,
    references: &[Reference],
    cancel: &Cancel,
) -> Vec<Mark> {
    let lines = LineIndex::new(text);
    let wrong = references.iter().filter(|reference| reference.verdict.is_accusation());
    wrong
        .filter_map(|reference| {
            let start = LineCol { line: reference.line, column: reference.column };
            let end = LineCol { line: reference.end_line, column: reference.end_column };
            let (from, to) = (lines.offset(start)?, lines.offset(end)?);
            let base = part.span.start;
            let range = position::range(&part.rope, base + from, base + to, part.encoding);
            let found = Found::of(workspace, part.language, reference, cancel);
            Some(Mark {
                place: TrackedRange::new(part.uri.clone(), range),
                related: found.related(),
                diagnostic: Arc::new(diagnostic(reference, part.severity, &found, start, end)),
                page: found.page.and_then(|page| Url::parse(&page).ok()),
                names: reference.suggestions.iter().filter(|name| is_name(name)).cloned().collect(),
            })
        })
        .collect()
}

/// What the machine knows about the package of a wrong name.
struct Found {
    page: Option<String>,
    /// Where the nearest real name is defined, with a sentence.
    definition: Option<(PathBuf, u32, String)>,
}

impl Found {
    fn of(
        workspace: &Workspace,
        language: Option<Language>,
        reference: &Reference,
        cancel: &Cancel,
    ) -> Self {
        let mut found = Self { page: None, definition: None };
        let Some(package) = &reference.package else { return found };
        let nearest = reference.suggestions.first();
        let folder = workspace.package_root(package, cancel);
        // What lies in the workspace is the project's own: no registry has a page of it.
        let is_own = folder.as_ref().is_some_and(|folder| is_own(workspace.root(), folder));
        let last = |name: &str| name.rsplit(['.', ':']).next().unwrap_or(name).to_owned();
        found.page = language.filter(|_| !is_own).and_then(|language| {
            official_page(language, package, nearest.map(|name| last(name)).as_deref())
        });
        found.definition = folder.zip(nearest).and_then(|(folder, name)| {
            let (path, line) = find_definition(&folder, &last(name), cancel)?;
            Some((path, line, defined_here(name, package)))
        });
        found
    }

    fn related(&self) -> Vec<(TrackedRange, String)> {
        let place = self.definition.as_ref().and_then(|(path, line, told)| {
            let uri = Url::from_file_path(path).ok()?;
            let start = Position::new(line.saturating_sub(1), 0);
            Some((TrackedRange::new(uri, Range::new(start, start)), told.clone()))
        });
        place.into_iter().collect()
    }
}

fn is_own(root: &Path, folder: &Path) -> bool {
    let is_installed = |part: &std::ffi::OsStr| {
        matches!(part.to_str(), Some("node_modules" | "vendor" | "site-packages"))
    };
    folder.strip_prefix(root).is_ok_and(|inside| !inside.iter().any(is_installed))
}

fn defined_here(name: &str, package: &PackageId) -> String {
    neutral::one_line(&format!("{package} has `{name}`")).into_owned()
}

/// Says whether a suggestion is a name that can stand in the place of another one.
fn is_name(suggestion: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '.' | '@' | '/');
    !suggestion.is_empty() && suggestion.chars().all(fits)
}

fn diagnostic(
    reference: &Reference,
    severity: DiagnosticSeverity,
    found: &Found,
    start: LineCol,
    end: LineCol,
) -> Diagnostic {
    let said = said(reference);
    let mut hover = vec![markdown::text(&said)];
    if let (Some(page), Some(package)) = (&found.page, &reference.package) {
        let name = markdown::text(&package.to_string());
        hover.push(format!("[The official page of {name}]({page})"));
    }
    if let Some((path, line, told)) = &found.definition {
        let place = format!("{}:{line}", path.display());
        hover.push(format!("{}: {}", markdown::text(told), markdown::code(&place)));
    }
    Diagnostic {
        code: Code::MissingApi,
        severity,
        place: DiagnosticPlace { path: String::new(), start, end, span: None },
        message: neutral::block(&said).into_owned(),
        hover: hover.join("\n\n"),
        related: Vec::new(),
        incident: String::new(),
        hypothesis: None,
        actions: Vec::new(),
    }
}

/// The point first, as far as it is proved: the reason says where was looked.
fn said(reference: &Reference) -> String {
    let mut said = match reference.reason.is_empty() {
        true => format!("{}: {}", reference.api, reference.verdict.as_str().replace('_', " ")),
        false => reference.reason.clone(),
    };
    if let Some(suggestion) = reference.suggestions.first() {
        said.push_str(&format!("\nThe nearest name is {suggestion}."));
    }
    said
}
