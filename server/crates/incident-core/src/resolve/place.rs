//! One printed place tied to a source span.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::cancel::Cancel;
use crate::deps::PackageId;
use crate::resolve::drift::{self, Carried};
use crate::resolve::lookup::{self, FITS_NAME, Found};
use crate::resolve::paths::{FileNames, PathOwner, PrintedPath};
use crate::resolve::symbol::SymbolPath;
use crate::resolve::{Candidate, Place, Resolution, ResolveInput, Status, Was};
use crate::syntax::rust::{self, FailureHint, Snippet};
use crate::syntax::{FailingExpression, Item};
use crate::text::LineIndex;
use crate::trace::SourceLocation;

/// So many candidates are listed at most; more help nobody.
const MAX_CANDIDATES: usize = 16;

/// What resolving looks at, prepared once for a trace.
pub(super) struct View<'a> {
    pub(super) input: &'a ResolveInput<'a>,
    pub(super) cancel: &'a Cancel,
    pub(super) current_names: FileNames<'a>,
    deployed_names: FileNames<'a>,
    files: HashMap<&'a str, SourceFile<'a>>,
    /// The items of deployed texts, as far as they were asked for.
    deployed_items: RefCell<HashMap<&'a str, Arc<[Item]>>>,
}

/// A text with its items and lines.
#[derive(Clone)]
pub(super) struct SourceFile<'a> {
    pub(super) path: &'a str,
    pub(super) text: &'a str,
    pub(super) items: Arc<[Item]>,
    pub(super) lines: Arc<LineIndex>,
}

/// The lines of an item, from 1, both inside, and their text.
#[derive(Clone, Copy)]
pub(super) struct Lines<'t> {
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) text: &'t str,
}

/// What a trace says of one place.
#[derive(Clone, Copy)]
pub(super) struct Printed<'a> {
    pub(super) location: Option<&'a SourceLocation>,
    /// The function's name, brought to one form.
    pub(super) symbol: Option<&'a SymbolPath>,
    /// The function of the innermost frame of the program, for a panic that names none.
    pub(super) near: Option<&'a SymbolPath>,
    /// The function that the next inner frame names: this one called it.
    pub(super) callee: Option<&'a str>,
    /// What the panic's message says, for the place of the panic alone.
    pub(super) hint: FailureHint<'a>,
}

impl<'a> SourceFile<'a> {
    pub(super) fn new(path: &'a str, text: &'a str) -> Self {
        let items = if path.ends_with(".rs") { rust::index(path, text).items } else { Vec::new() };
        Self { path, text, items: items.into(), lines: Arc::new(LineIndex::new(text)) }
    }

    pub(super) fn function_at(&self, line: u32) -> Option<&Item> {
        rust::function_at_line(&self.items, line)
    }

    /// Returns the whole lines that an item stands on.
    pub(super) fn lines_of(&self, item: &Item) -> Lines<'a> {
        let (first, last) = (item.start_line, item.end_line);
        let start = self.lines.line_span(first).map_or(item.span.start, |span| span.start);
        let end = self.lines.line_span(last).map_or(item.span.end, |span| span.end);
        Lines { first, last, text: self.text.get(start..end.max(start)).unwrap_or_default() }
    }

    pub(super) fn line_text(&self, line: u32) -> Option<&'a str> {
        Some(self.lines.line_span(line)?.slice(self.text)?.trim_end())
    }

    /// Returns the line and the column of an offset, both from 1; the column counts characters.
    pub(super) fn char_place(&self, offset: usize) -> (u32, u32) {
        let at = self.lines.line_col(offset);
        let start = self.lines.line_span(at.line).map_or(offset, |span| span.start);
        let n_chars = self.text.get(start..offset).map_or(0, |text| text.chars().count());
        (at.line, u32::try_from(n_chars + 1).unwrap_or(u32::MAX))
    }

    /// Says whether a line holds anything.
    fn has_line(&self, line: u32) -> bool {
        self.line_text(line).is_some()
            && (line < self.lines.n_lines() || !self.text.ends_with('\n'))
    }

    /// Returns the expression that failed at a printed line and column.
    pub(super) fn failing(
        &self,
        line: u32,
        column: Option<u32>,
        hint: FailureHint<'_>,
        cancel: &Cancel,
    ) -> Option<FailingExpression> {
        if !self.path.ends_with(".rs") {
            return None;
        }
        let offset = match column {
            Some(column) => self.lines.offset_of_char_column(self.text, line, column),
            None => None,
        };
        if let Some(offset) = offset {
            return Snippet::among(self.text, &self.items, offset, cancel)?
                .failing_expression(offset, hint);
        }
        let span = self.lines.line_span(line)?;
        let line_text = span.slice(self.text)?;
        let start = span.start + (line_text.len() - line_text.trim_start().len());
        Snippet::among(self.text, &self.items, start, cancel)?.failing_on_line(line, hint)
    }

    /// Returns the place at a line of this text.
    pub(super) fn place(
        &self,
        line: Option<u32>,
        column: Option<u32>,
        item: Option<&Item>,
        hint: FailureHint<'_>,
        cancel: &Cancel,
    ) -> Place {
        let byte_column = match (line, column) {
            (Some(line), Some(column)) => self
                .lines
                .offset_of_char_column(self.text, line, column)
                .map(|offset| self.lines.line_col(offset).column),
            _ => None,
        };
        let item = item.or_else(|| self.function_at(line?));
        Place {
            path: self.path.to_owned(),
            line,
            column: byte_column,
            item: item.cloned(),
            line_text: line.and_then(|line| self.line_text(line)).map(str::to_owned),
            expression: line.and_then(|line| self.failing(line, column, hint, cancel)),
        }
    }
}

impl<'a> View<'a> {
    pub(super) fn new(input: &'a ResolveInput<'a>, cancel: &'a Cancel) -> Self {
        let current = &input.sources.current;
        let known = input.files.iter().map(String::as_str);
        let unlisted = current
            .keys()
            .map(String::as_str)
            .filter(|path| input.files.binary_search_by(|file| file.as_str().cmp(path)).is_err());
        Self {
            input,
            cancel,
            current_names: FileNames::new(known.chain(unlisted)),
            deployed_names: FileNames::new(input.sources.deployed.keys().map(String::as_str)),
            files: current
                .iter()
                .map(|(path, text)| (path.as_str(), SourceFile::new(path, text)))
                .collect(),
            deployed_items: RefCell::default(),
        }
    }

    /// Returns every current file whose text was brought, by path.
    pub(super) fn files(&self) -> impl Iterator<Item = &SourceFile<'a>> {
        self.input.sources.current.keys().filter_map(|path| self.file(path))
    }

    /// Returns a current file whose text was brought.
    pub(super) fn file(&self, path: &str) -> Option<&SourceFile<'a>> {
        self.files.get(path)
    }

    /// Ties one printed place to the source.
    pub(super) fn resolve(&self, printed: Printed<'_>) -> Resolution {
        let Some(location) = printed.location else { return self.by_symbol_only(printed) };
        let Some(path) = PrintedPath::parse(&location.file) else {
            return unresolved(format!("`{}` names no file of a workspace", shown(&location.file)));
        };
        match path.owner() {
            PathOwner::Std => unresolved("part of the standard library".to_owned()),
            PathOwner::Package { name, version, below, in_registry } => {
                let member = lookup::member_of_crate(self.input.members, &name);
                if let Some(member) = member {
                    let version_differs = match (&version, &member.version) {
                        (Some(printed), Some(ours)) if printed != ours => Some((printed, ours)),
                        _ => None,
                    };
                    let below = PrintedPath::parse(&below).unwrap_or(path);
                    let note = version_differs.map(|(printed, ours)| {
                        format!("the trace is from {name} {printed}, this is {ours}")
                    });
                    return self.in_workspace(printed, &self.joined(&member.root, below), note);
                }
                let is_locked = self.input.packages.resolved.iter().any(|id| id.name == name);
                if in_registry || is_locked {
                    return self.in_dependency(printed, &name, version.as_deref(), &below);
                }
                self.in_workspace(printed, &path, None)
            }
            PathOwner::Unknown => self.in_workspace(printed, &path, None),
        }
    }

    /// Returns the items that a file had when it was deployed, where that text was brought.
    pub(super) fn deployed_items(&self, path: &str) -> Arc<[Item]> {
        let known = self.input.sources.deployed.get_key_value(path);
        known.map_or_else(
            || Arc::from([]),
            |(path, text)| {
                let mut items = self.deployed_items.borrow_mut();
                Arc::clone(
                    items.entry(path.as_str()).or_insert_with(|| SourceFile::new(path, text).items),
                )
            },
        )
    }

    /// Returns the files of today that may hold what a printed place became; `changed` are those
    /// that differ from the deployed ones.
    pub(super) fn wanted_moved(
        &self,
        location: &SourceLocation,
        changed: &[String],
    ) -> Vec<String> {
        let Some((old, line)) = self.deployed_place(location) else { return Vec::new() };
        drift::wanted(self, &old, line, changed).into_iter().map(str::to_owned).collect()
    }

    /// Says whether a printed place is not in the function that it was deployed in.
    pub(super) fn has_strayed(&self, location: &SourceLocation) -> bool {
        self.deployed_place(location)
            .is_some_and(|(old, line)| drift::has_strayed(self, &old, line))
    }

    /// Returns the deployed text and the line that a printed place means.
    fn deployed_place(&self, location: &SourceLocation) -> Option<(SourceFile<'a>, u32)> {
        let (line, path) = (location.line?, PrintedPath::parse(&location.file)?);
        let path = match path.owner() {
            PathOwner::Std => return None,
            PathOwner::Package { name, below, .. } => {
                match lookup::member_of_crate(self.input.members, &name) {
                    Some(member) => {
                        let below = PrintedPath::parse(&below).unwrap_or(path);
                        self.joined(&member.root, below)
                    }
                    None => path,
                }
            }
            PathOwner::Unknown => path,
        };
        Some((self.deployed_file(&path, line, None)?, line))
    }

    fn joined(&self, root: &str, below: PrintedPath) -> PrintedPath {
        let mut parts: Vec<String> =
            root.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        parts.extend(below.parts);
        PrintedPath { parts }
    }

    /// A place whose path may be one of the workspace's own.
    fn in_workspace(
        &self,
        printed: Printed<'_>,
        path: &PrintedPath,
        note: Option<String>,
    ) -> Resolution {
        let Some(location) = printed.location else { return self.by_symbol_only(printed) };
        let Some(line) = location.line else { return self.by_symbol_only(printed) };
        let mut resolution = match self.deployed_file(path, line, printed.symbol) {
            Some(old) => self.carried(&old, line, location.column, printed),
            None => self.in_current(printed, path, line, location.column),
        };
        if let Some(note) = note
            && !matches!(resolution.status, Status::Exact | Status::Moved)
        {
            resolution.reason = Some(match resolution.reason {
                Some(reason) => format!("{reason}; {note}"),
                None => note,
            });
        }
        resolution
    }

    /// Returns the deployed text that a printed path means, where one alone does.
    fn deployed_file(
        &self,
        path: &PrintedPath,
        line: u32,
        symbol: Option<&SymbolPath>,
    ) -> Option<SourceFile<'a>> {
        let found = self.deployed_names.longest_suffix(path);
        let fits = |path: &str| {
            let text = self.input.sources.deployed.get_key_value(path)?;
            let file = SourceFile::new(text.0, text.1);
            file.has_line(line).then_some(file)
        };
        let mut files: Vec<SourceFile<'a>> = found
            .iter()
            .filter(|found| found.whole)
            .take(MAX_CANDIDATES)
            .filter_map(|found| fits(found.path))
            .collect();
        if files.len() > 1
            && let Some(symbol) = symbol
        {
            files.retain(|file| {
                file.function_at(line).is_some_and(|item| item.name == symbol.name())
            });
        }
        if files.len() == 1 { files.pop() } else { None }
    }

    /// Carries a line of a deployed text to the current ones.
    fn carried(
        &self,
        old: &SourceFile<'a>,
        line: u32,
        column: Option<u32>,
        printed: Printed<'_>,
    ) -> Resolution {
        let Carried { status, target, candidates, reason } =
            drift::carry(self, old, line, column, printed);
        let mut reason = reason;
        if let (Some(symbol), Some(item)) = (printed.symbol, old.function_at(line))
            && !is_named(item, symbol)
        {
            let note = format!(
                "the trace names `{}`, the line lies in `{}`",
                symbol.segments.join("::"),
                item.name
            );
            reason = Some(reason.map_or(note.clone(), |reason| format!("{reason}; {note}")));
        }
        let place = target.and_then(|target| {
            let file = self.file(&target.path)?;
            let column = if status == Status::Edited { None } else { column };
            Some(file.place(target.line, column, target.item.as_ref(), printed.hint, self.cancel))
        });
        let was = Was {
            path: old.path.to_owned(),
            line,
            line_text: old.line_text(line).unwrap_or_default().trim().to_owned(),
            item: old.function_at(line).cloned(),
        };
        Resolution { status, place, candidates, reason, was: Some(was), ..Resolution::default() }
    }

    /// A place without a usable path: the function's name alone.
    pub(super) fn by_symbol_only(&self, printed: Printed<'_>) -> Resolution {
        let Some(symbol) = printed.symbol else {
            return unresolved("neither a file nor a function's name".to_owned());
        };
        let name = symbol.segments.join("::");
        if symbol.is_bare() {
            return unresolved(format!("`{name}` has no path that tells whose it is"));
        }
        let crates = symbol.crates();
        if crates.iter().all(|name| matches!(*name, "std" | "core" | "alloc" | "test")) {
            return unresolved("part of the standard library".to_owned());
        }
        let is_ours = |name: &str| lookup::member_of_crate(self.input.members, name).is_some();
        let dependency = self
            .input
            .packages
            .resolved
            .iter()
            .find(|id| crates.first().is_some_and(|name| lookup::same_crate(&id.name, name)));
        if let Some(package) = dependency
            && !crates.iter().any(|name| is_ours(name))
        {
            return self.symbol_in_dependency(symbol, package);
        }
        let found = lookup::functions(symbol, self.input.symbols, self.input.members);
        let sure: Vec<Found<'_>> =
            found.into_iter().filter(|found| found.fit > FITS_NAME).collect();
        match sure.as_slice() {
            [] => unresolved(format!("no function `{name}` in the workspace")),
            [one] => {
                let place = match self.file(&one.file.path) {
                    Some(file) => {
                        let item = file.items.iter().find(|item| same_function(item, one.item));
                        file.place(None, None, item.or(Some(one.item)), printed.hint, self.cancel)
                    }
                    None => Place {
                        path: one.file.path.clone(),
                        line: None,
                        column: None,
                        item: Some(one.item.clone()),
                        line_text: None,
                        expression: None,
                    },
                };
                by_symbol(place, "the trace has no line; the function has this name".to_owned())
            }
            several => ambiguous(
                several
                    .iter()
                    .map(|found| Candidate {
                        path: found.file.path.clone(),
                        line: Some(found.item.start_line),
                        function: Some(found.item.name.clone()),
                    })
                    .collect(),
                format!("several functions are called `{name}`"),
            ),
        }
    }

    /// A place in a dependency's source.
    fn in_dependency(
        &self,
        printed: Printed<'_>,
        name: &str,
        version: Option<&str>,
        below: &str,
    ) -> Resolution {
        let packages = self.input.packages;
        let mut locked = packages.resolved.iter().filter(|id| id.name == name);
        let first_locked = locked.next();
        let is_locked = |version: &str| {
            packages.resolved.iter().any(|id| id.name == name && id.version == version)
        };
        let Some(version) = version.or(first_locked.map(|id| id.version.as_str())) else {
            return unresolved(format!("in the package {name}, of a version that nothing names"));
        };
        let id = PackageId { name: name.to_owned(), version: version.to_owned() };
        let mut reasons = Vec::new();
        if let Some(ours) = first_locked
            && !is_locked(version)
        {
            reasons.push(format!("the lock file has {} {}", name, ours.version));
        }
        let line = printed.location.and_then(|location| location.line);
        let column = printed.location.and_then(|location| location.column);
        let text = packages.files.get(&id).and_then(|files| files.get_key_value(below));
        let place = match text {
            Some((path, text)) => {
                let file = SourceFile::new(path, text);
                match line {
                    Some(line) if !file.has_line(line) => {
                        reasons.push(format!("{id} has no such line"));
                        file.place(None, None, None, printed.hint, self.cancel)
                    }
                    _ => file.place(line, column, None, printed.hint, self.cancel),
                }
            }
            None => {
                reasons.push(format!("the source of {id} is not at hand"));
                Place {
                    path: below.to_owned(),
                    line,
                    column: None,
                    item: None,
                    line_text: None,
                    expression: None,
                }
            }
        };
        Resolution {
            status: Status::Dependency,
            place: Some(place),
            package: Some(id),
            reason: (!reasons.is_empty()).then(|| reasons.join("; ")),
            ..Resolution::default()
        }
    }

    /// A dependency's function of which the trace shows the name alone.
    fn symbol_in_dependency(&self, symbol: &SymbolPath, package: &PackageId) -> Resolution {
        let member = super::WorkspaceMember {
            name: package.name.clone(),
            version: Some(package.version.clone()),
            root: String::new(),
        };
        let texts = self.input.packages.files.get(package);
        let mut found: Vec<(SourceFile<'_>, Item, lookup::Fit)> = Vec::new();
        for (path, text) in texts.into_iter().flatten() {
            let file = SourceFile::new(path, text);
            for item in
                file.items.iter().filter(|item| item.kind == crate::syntax::ItemKind::Function)
            {
                let fit = lookup::fit_of(symbol, path, item, std::slice::from_ref(&member));
                if fit > FITS_NAME {
                    found.push((file.clone(), item.clone(), fit));
                }
            }
        }
        let best = found.iter().map(|(.., fit)| *fit).max();
        found.retain(|(.., fit)| Some(*fit) == best);
        let (place, reason) = match found.as_slice() {
            [(file, item, _)] => (
                Some(file.place(None, None, Some(item), FailureHint::default(), self.cancel)),
                "the trace has no line; the function has this name".to_owned(),
            ),
            [] => (None, "the function was not found in the source at hand".to_owned()),
            _ => (None, format!("{package} has several functions of this name")),
        };
        Resolution {
            status: Status::Dependency,
            place,
            package: Some(package.clone()),
            reason: Some(reason),
            ..Resolution::default()
        }
    }
}

/// Says whether two items are the same function, wherever they stand now.
pub(super) fn same_function(a: &Item, b: &Item) -> bool {
    a.kind == b.kind && a.name == b.name && a.containers == b.containers
}

/// Says whether a function, or one that holds it, has the symbol's name.
pub(super) fn is_named(item: &Item, symbol: &SymbolPath) -> bool {
    item.name == symbol.name()
        || item
            .containers
            .iter()
            .any(|label| label.strip_prefix("fn ").is_some_and(|name| name == symbol.name()))
}

pub(super) fn unresolved(reason: String) -> Resolution {
    Resolution { reason: Some(reason), ..Resolution::default() }
}

pub(super) fn by_symbol(place: Place, reason: String) -> Resolution {
    Resolution {
        status: Status::BySymbol,
        place: Some(place),
        reason: Some(reason),
        ..Resolution::default()
    }
}

pub(super) fn ambiguous(mut candidates: Vec<Candidate>, reason: String) -> Resolution {
    candidates.sort();
    candidates.dedup();
    candidates.truncate(MAX_CANDIDATES);
    Resolution {
        status: Status::Ambiguous,
        candidates,
        reason: Some(reason),
        ..Resolution::default()
    }
}

pub(super) fn candidate(file: &SourceFile<'_>, line: Option<u32>) -> Candidate {
    Candidate {
        path: file.path.to_owned(),
        line,
        function: line.and_then(|line| file.function_at(line)).map(|item| item.name.clone()),
    }
}

/// Returns a printed text cut to a length that fits a message.
fn shown(text: &str) -> String {
    text.chars().take(200).collect()
}

/// Returns the workspace files that a printed path or name may mean, for the asking.
pub(super) fn wanted(
    names: &FileNames<'_>,
    location: Option<&SourceLocation>,
    members: &[super::WorkspaceMember],
) -> Vec<String> {
    let Some(path) = location.and_then(|location| PrintedPath::parse(&location.file)) else {
        return Vec::new();
    };
    let path = match path.owner() {
        PathOwner::Std => return Vec::new(),
        PathOwner::Package { name, below, in_registry, .. } => {
            match lookup::member_of_crate(members, &name) {
                Some(member) => {
                    let below = PrintedPath::parse(&below).unwrap_or(path);
                    let root = member.root.split('/').filter(|part| !part.is_empty());
                    let parts = root.map(str::to_owned).chain(below.parts).collect();
                    PrintedPath { parts }
                }
                None if in_registry => return Vec::new(),
                None => path,
            }
        }
        PathOwner::Unknown => path,
    };
    let other = path.other_spelling();
    let longest = [Some(&path), other.as_ref()]
        .into_iter()
        .flatten()
        .flat_map(|path| names.longest_suffix(path))
        .map(|found| found.path);
    let same_name = names.same_name(&path);
    let further = if same_name.len() > MAX_CANDIDATES { Vec::new() } else { same_name };
    longest.take(MAX_CANDIDATES).chain(further).map(str::to_owned).collect()
}
