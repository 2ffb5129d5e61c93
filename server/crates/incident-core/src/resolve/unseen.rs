//! Places of which only today's text is known: no deployed text, so nothing is exact.
//!
//! The function's name decides first. Inside it, and where no name is known, what failed tells: the
//! panic's own words in a format string, the kind of expression at the printed column, the call of
//! the function that the next inner frame names.

use crate::resolve::paths::PrintedPath;
use crate::resolve::place::{
    Printed, SourceFile, View, ambiguous, by_symbol, candidate, is_named, unresolved,
};
use crate::resolve::symbol::SymbolPath;
use crate::resolve::{Resolution, Status, lookup};
use crate::syntax::rust::Snippet;
use crate::syntax::{Item, ItemKind};
use crate::text::ByteSpan;

/// Lines move this far between versions without anybody wondering.
const NEAR_LINES: u32 = 80;

/// An expression of today that may be what failed.
#[derive(Clone)]
struct Spot<'v, 'a> {
    file: &'v SourceFile<'a>,
    line: u32,
    /// The column from 1, in characters, as rustc counts.
    column: u32,
    /// The panic's own words stand in it.
    worded: bool,
}

impl<'a> View<'a> {
    /// Ties a printed place to today's text alone.
    pub(super) fn in_current(
        &self,
        printed: Printed<'_>,
        path: &PrintedPath,
        line: u32,
        column: Option<u32>,
    ) -> Resolution {
        let mut files = self.candidate_files(path, printed.symbol.is_some());
        // A name without a path that nothing here has is an exported or a foreign one.
        let names_one = |symbol: &&SymbolPath| {
            let named =
                |file: &&SourceFile<'a>| file.items.iter().any(|item| item.name == symbol.name());
            !symbol.is_bare() || files.is_empty() || files.iter().any(named)
        };
        let Some(symbol) = printed.symbol.filter(names_one) else {
            return self.without_name(printed, path, &files, line, column);
        };
        let crates = symbol.crates();
        let known = |file: &&SourceFile<'a>| {
            let member = lookup::member_of_file(self.input.members, file.path);
            member.is_some_and(|member| {
                crates.iter().any(|name| lookup::same_crate(&member.name, name))
            })
        };
        if files.iter().any(known) {
            files.retain(known);
        }
        let agrees = |file: &&SourceFile<'a>| {
            file.function_at(line).is_some_and(|item| is_named(item, symbol))
        };
        let confirmed: Vec<&SourceFile<'a>> = files.iter().copied().filter(agrees).collect();
        match confirmed.as_slice() {
            [] => self.after_mismatch(printed, symbol, &files, line, column),
            [file] => self.confirmed(printed, file, line, column),
            several => ambiguous(
                several.iter().map(|file| candidate(file, Some(line))).collect(),
                "several files have such a function at that line".to_owned(),
            ),
        }
    }

    /// Returns the files that a printed path may mean: by its longest end, else as the other
    /// spelling of a module's file, else the only one of a telling name.
    fn candidate_files(&self, path: &PrintedPath, has_name: bool) -> Vec<&SourceFile<'a>> {
        let brought = |found: &str| self.file(found);
        let matches = self.current_names.longest_suffix(path);
        let whole = matches.iter().filter(|found| found.whole || has_name);
        let files: Vec<_> = whole.filter_map(|found| brought(found.path)).collect();
        if !files.is_empty() {
            return files;
        }
        if let Some(other) = path.other_spelling() {
            let matches = self.current_names.longest_suffix(&other);
            let files: Vec<_> = matches
                .iter()
                .filter(|found| found.whole)
                .filter_map(|found| brought(found.path))
                .collect();
            if !files.is_empty() {
                return files;
            }
        }
        if path.has_telling_name() {
            let same_name = self.current_names.same_name(path);
            if let [only] = same_name.as_slice() {
                return brought(only).into_iter().collect();
            }
        }
        Vec::new()
    }

    /// The function around the printed line has the frame's name.
    fn confirmed(
        &self,
        printed: Printed<'_>,
        file: &SourceFile<'a>,
        line: u32,
        column: Option<u32>,
    ) -> Resolution {
        let function = file.function_at(line);
        let elsewhere = function.and_then(|item| self.line_in(file, item, column, printed));
        if let Some(better) = elsewhere.filter(|better| *better != line)
            && !self.fits_on_line(file, line, printed)
        {
            let place = file.place(Some(better), None, function, printed.hint, self.cancel);
            let reason = format!(
                "the deployed text was not seen; line {line} of this text has nothing that fits, \
                 this line has"
            );
            return by_symbol(place, reason);
        }
        let place = file.place(Some(line), column, None, printed.hint, self.cancel);
        let reason = "the deployed text was not seen; the function around the line agrees";
        by_symbol(place, reason.to_owned())
    }

    /// The printed line lies in another function than the frame names: the name decides.
    fn after_mismatch(
        &self,
        printed: Printed<'_>,
        symbol: &SymbolPath,
        files: &[&SourceFile<'a>],
        line: u32,
        column: Option<u32>,
    ) -> Resolution {
        let mut named: Vec<(&SourceFile<'a>, &Item)> = Vec::new();
        for file in files {
            let functions = file.items.iter().filter(|item| item.kind == ItemKind::Function);
            let with_name: Vec<&Item> =
                functions.filter(|item| item.name == symbol.name()).collect();
            let fits = |item: &&Item| {
                lookup::fit_of(symbol, file.path, item, self.input.members) > lookup::FITS_NAME
            };
            let whole: Vec<&Item> = with_name.iter().copied().filter(fits).collect();
            let best = if whole.is_empty() { with_name } else { whole };
            named.extend(best.into_iter().map(|item| (*file, item)));
        }
        match named.as_slice() {
            [(file, item)] => {
                let line = self.line_in(file, item, column, printed);
                let place = file.place(line, None, Some(item), printed.hint, self.cancel);
                let reason = format!(
                    "the deployed text was not seen; the printed line does not lie in `{}` here",
                    item.name
                );
                return by_symbol(place, reason);
            }
            [] => {}
            several => {
                return ambiguous(
                    several
                        .iter()
                        .map(|(file, item)| candidate(file, Some(item.start_line)))
                        .collect(),
                    format!("several functions here are called `{}`", symbol.name()),
                );
            }
        }
        let resolution = self.by_symbol_only(printed);
        if resolution.status != Status::Unresolved || files.is_empty() {
            return resolution;
        }
        let candidates = files.iter().map(|file| candidate(file, Some(line))).collect();
        let name = symbol.segments.join("::");
        let mut resolution = ambiguous(
            candidates,
            format!("the line does not lie in `{name}`, and this tree has no such function"),
        );
        resolution.status = Status::Unresolved;
        resolution
    }

    /// A place without a function's name: what failed must stand where it is printed, or in one
    /// place alone.
    fn without_name(
        &self,
        printed: Printed<'_>,
        path: &PrintedPath,
        files: &[&SourceFile<'a>],
        line: u32,
        column: Option<u32>,
    ) -> Resolution {
        if files.is_empty() {
            let path = path.parts.join("/");
            return unresolved(format!("no file of the workspace ends like `{path}`"));
        }
        let mut spots: Vec<Spot<'_, 'a>> =
            files.iter().flat_map(|file| self.spots(file, printed, line, column)).collect();
        if spots.iter().any(|spot| spot.worded) {
            spots.retain(|spot| spot.worded);
        } else {
            spots.retain(|spot| {
                column.is_none_or(|column| column == spot.column)
                    && spot.line.abs_diff(line) <= NEAR_LINES.max(line / 4)
            });
        }
        if let Some(near) = printed.near {
            let in_named = |spot: &Spot<'_, '_>| {
                spot.file.function_at(spot.line).is_some_and(|item| is_named(item, near))
            };
            if spots.iter().any(in_named) {
                spots.retain(in_named);
            }
        }
        let narrowings: [&dyn Fn(&Spot<'_, '_>) -> bool; 2] =
            [&|spot| Some(spot.column) == column && spot.line == line, &|spot| {
                Some(spot.column) == column
            }];
        for fits in narrowings {
            if spots.len() > 1 && spots.iter().any(fits) {
                spots.retain(fits);
            }
        }
        // Of other expressions than the worded ones a file has too many for the distance to tell.
        if spots.iter().all(|spot| spot.worded) {
            keep_nearest(&mut spots, line);
        }
        match spots.as_slice() {
            [spot] => {
                let stayed = spot.line == line;
                let column = column.filter(|_| stayed).or(Some(spot.column));
                let place =
                    spot.file.place(Some(spot.line), column, None, printed.hint, self.cancel);
                let why = match (spot.worded, stayed) {
                    (true, _) => "the panic's words stand there",
                    (false, true) => "what failed could stand at that line",
                    (false, false) => "nothing else near the printed line fails like this",
                };
                by_symbol(place, format!("the deployed text was not seen; {why}"))
            }
            [] => ambiguous(
                files.iter().map(|file| candidate(file, Some(line))).collect(),
                "the deployed text was not seen, and nothing confirms the line".to_owned(),
            ),
            several => ambiguous(
                several.iter().map(|spot| candidate(spot.file, Some(spot.line))).collect(),
                "the deployed text was not seen, and several lines fit".to_owned(),
            ),
        }
    }

    /// Returns every expression of a file that the message or the next inner frame fits.
    fn spots<'v>(
        &self,
        file: &'v SourceFile<'a>,
        printed: Printed<'_>,
        line: u32,
        column: Option<u32>,
    ) -> Vec<Spot<'v, 'a>> {
        if !file.path.ends_with(".rs") {
            return Vec::new();
        }
        let all = ByteSpan::new(0, file.text.len());
        // Functions in the argument of a macro are only tokens in the tree of the whole file.
        let in_macros = file
            .items
            .iter()
            .filter(|item| item.inside_macro && item.kind == ItemKind::Function)
            .filter_map(|item| {
                let at = item.span.start;
                Some((Snippet::among(file.text, &file.items, at, self.cancel)?, item.span))
            });
        let whole = Snippet::whole(file.text, self.cancel).map(|snippet| (snippet, all));
        let mut found: Vec<(usize, bool)> = Vec::new();
        for (snippet, span) in whole.into_iter().chain(in_macros) {
            if printed.hint.message.is_some() {
                let suspects = snippet.suspects(span, printed.hint);
                found.extend(suspects.iter().map(|suspect| (suspect.reported_at, suspect.worded)));
                if printed.hint.kind.is_none() {
                    // The program's own words may have changed; the very place has not.
                    let there = snippet.habitual(span).into_iter().filter(|at| {
                        let (at_line, at_column) = file.char_place(*at);
                        at_line == line && Some(at_column) == column
                    });
                    found.extend(there.map(|at| (at, false)));
                }
            } else if let Some(callee) = printed.callee {
                found.extend(snippet.calls_of(span, callee).into_iter().map(|at| (at, false)));
            }
        }
        found.sort_by_key(|(at, worded)| (*at, !worded));
        found.dedup_by_key(|(at, _)| *at);
        let spot = |(at, worded)| {
            let (line, column) = file.char_place(at);
            Spot { file, line, column, worded }
        };
        found.into_iter().map(spot).collect()
    }

    /// Returns the line of a function that failed or called on, where its text alone tells.
    fn line_in(
        &self,
        file: &SourceFile<'a>,
        function: &Item,
        column: Option<u32>,
        printed: Printed<'_>,
    ) -> Option<u32> {
        let offset = function.span.start;
        let snippet = Snippet::among(file.text, &file.items, offset, self.cancel)?;
        let suspects = snippet.suspects(function.span, printed.hint);
        let worded = suspects.iter().filter(|suspect| suspect.worded);
        let worded: Vec<usize> = worded.map(|suspect| suspect.reported_at).collect();
        let fitting: Vec<usize> = suspects.iter().map(|suspect| suspect.reported_at).collect();
        let calls = match printed.callee {
            Some(callee) => snippet.calls_of(function.span, callee),
            None => Vec::new(),
        };
        for places in [worded, fitting, calls] {
            let at_column: Vec<&usize> =
                places.iter().filter(|at| Some(file.char_place(**at).1) == column).collect();
            match (at_column.as_slice(), places.as_slice()) {
                ([only], _) => return Some(file.char_place(**only).0),
                (_, [only]) => return Some(file.char_place(*only).0),
                _ => {}
            }
        }
        // No name to go by: the one call that begins at the printed column.
        let starts = snippet.call_starts(function.span).into_iter();
        let places = starts.map(|at| file.char_place(at)).filter(|(_, at)| Some(*at) == column);
        let mut lines: Vec<u32> = places.map(|(line, _)| line).collect();
        lines.dedup();
        if let [only] = lines.as_slice() { Some(*only) } else { None }
    }

    /// Says whether a line holds what the message or the next inner frame speaks of.
    fn fits_on_line(&self, file: &SourceFile<'a>, line: u32, printed: Printed<'_>) -> bool {
        let fits = || {
            let span = file.lines.line_span(line)?;
            let line_text = span.slice(file.text)?;
            let start = span.start + (line_text.len() - line_text.trim_start().len());
            let snippet = Snippet::among(file.text, &file.items, start, self.cancel)?;
            let calls = printed.callee.map(|callee| snippet.calls_of(span, callee));
            let fitting = snippet.suspects(span, printed.hint);
            Some(calls.is_some_and(|calls| !calls.is_empty()) || !fitting.is_empty())
        };
        fits().unwrap_or(false)
    }
}

/// Keeps the spot nearest to the printed line where the others are much farther off.
fn keep_nearest(spots: &mut Vec<Spot<'_, '_>>, line: u32) {
    let mut far: Vec<u32> = spots.iter().map(|spot| spot.line.abs_diff(line)).collect();
    far.sort_unstable();
    if let [nearest, next, ..] = far.as_slice()
        && *nearest <= NEAR_LINES
        && *next > 3 * nearest + 8
    {
        spots.retain(|spot| spot.line.abs_diff(line) == *nearest);
    }
}
