//! Lines carried from the text that was deployed to the text of today.
//!
//! First by diff: a line that the diff keeps, in the same function, is the same place, unless the
//! line stands there several times and its neighbours do not tell which. Then by function: it is
//! looked for by name and holder, and where the name is gone, by its body. In it the statement is
//! looked for that is most like the old one. What is like nothing is gone, and that is an answer;
//! what may be one of several is not.

mod functions;
mod statement;

use crate::resolve::linemap::LineMap;
use crate::resolve::place::{Lines, Printed, SourceFile, View, candidate, same_function};
use crate::resolve::{Candidate, Status};
use crate::syntax::{Item, ItemKind};

use self::functions::{Home, successors};
pub(super) use self::functions::{has_strayed, wanted};
use self::statement::{Match, Statement};

/// A statement less like the old one than this is another one.
const SAME_STATEMENT: f64 = 0.55;
/// The same for one that took the place of the old one and can fail in the same way.
const SAME_STATEMENT_IN_PLACE: f64 = 0.25;
/// The same for a statement in a function that is not the old one's: there is less to go by.
const SAME_STATEMENT_ELSEWHERE: f64 = 0.8;
/// Two statements that are as good as each other by this much tell nothing.
const TOO_CLOSE: f64 = 0.04;
/// Statements with fewer tokens are found in too many places.
const TELLING_TOKENS: usize = 6;
/// Statements of so many tokens are hardly written twice.
const LONG_STATEMENT: usize = 12;

/// Where a line went.
pub(super) struct Carried {
    pub(super) status: Status,
    pub(super) target: Option<Target>,
    /// The places that it may be, where that is not certain.
    pub(super) candidates: Vec<Candidate>,
    pub(super) reason: Option<String>,
}

/// A place in today's text.
pub(super) struct Target {
    pub(super) path: String,
    pub(super) line: Option<u32>,
    pub(super) item: Option<Item>,
}

/// What a diff makes of a line.
enum Kept {
    /// It stands there, beyond doubt.
    At(Carried),
    /// A line of the same text stands at these, and which one it is does not show.
    Among(Vec<Candidate>),
    No,
}

/// Carries one line of a deployed text.
pub(super) fn carry<'a>(
    view: &View<'a>,
    old: &SourceFile<'a>,
    line: u32,
    column: Option<u32>,
    printed: Printed<'_>,
) -> Carried {
    let old_function = old.function_at(line);
    let whole = view.file(old.path).map(|file| (file, LineMap::new(old.text, file.text)));
    let mut doubtful = Vec::new();
    if let Some((current, map)) = &whole {
        match by_diff(old, current, map, line, old_function) {
            Kept::At(carried) => return carried,
            Kept::Among(candidates) => doubtful = candidates,
            Kept::No => {}
        }
    }
    let Some(old_function) = old_function else {
        return gone(None, "the line is gone, and it lies in no function".to_owned());
    };
    let homes = successors(view, old, old_function);
    for home in &homes {
        let map = home.map(old, old_function);
        match kept_in(old, home, &map, line, old_function) {
            Kept::At(carried) if homes.len() == 1 || home.is_sure => return carried,
            Kept::At(carried) => doubtful.extend(carried.into_candidate()),
            Kept::Among(candidates) => doubtful.extend(candidates),
            Kept::No => {}
        }
    }
    if !doubtful.is_empty() {
        return ambiguous(doubtful, "the same line stands there more than once");
    }
    let Some(statement) = Statement::at(old, line, column, printed.hint, view.cancel) else {
        return gone(None, "the old statement could not be read".to_owned());
    };
    let search = Search { view, old, old_function, statement: &statement };
    search.answer(&homes, whole.as_ref().map(|(file, map)| (*file, map)))
}

/// What is looked for once a diff did not tell.
struct Search<'s, 'v, 'a> {
    view: &'v View<'a>,
    old: &'s SourceFile<'a>,
    old_function: &'s Item,
    statement: &'s Statement<'a>,
}

impl<'v, 'a> Search<'_, 'v, 'a> {
    fn answer(
        &self,
        homes: &[Home<'v, 'a>],
        whole: Option<(&'v SourceFile<'a>, &LineMap)>,
    ) -> Carried {
        let Self { old, old_function, statement, view } = *self;
        let mut found: Vec<Match<'v>> = Vec::new();
        for home in homes {
            let map = home.map(old, old_function);
            let here = statement.find_in(home.file, home.item, &map, view.cancel);
            // A copy of the line that is left may be the line itself, and the edited one its copy.
            if here.as_ref().is_some_and(|here| here.likeness < 1.0) {
                let copies = self.uncertain_copies(home);
                if !copies.is_empty() {
                    let edited = here.and_then(|here| here.candidate(view));
                    let all = copies.into_iter().chain(edited).collect();
                    return ambiguous(all, "the same line stood there more than once");
                }
            }
            found.extend(here);
        }
        found.extend(self.elsewhere(homes, whole));
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.place().cmp(&b.place())));
        found.dedup_by(|a, b| a.place() == b.place());
        if let [first, rest @ ..] = found.as_slice() {
            let as_good: Vec<&Match<'_>> =
                rest.iter().take_while(|other| first.score - other.score < TOO_CLOSE).collect();
            let is_weak = first.is_twin || !first.is_certain;
            if !as_good.is_empty() || is_weak {
                let all = [first].into_iter().chain(as_good);
                let candidates = all.filter_map(|found| found.candidate(view)).collect();
                return ambiguous(candidates, "what the statement became is not certain");
            }
            return found.swap_remove(0).carried(old, statement.line, old_function);
        }
        self.missing(homes)
    }

    /// Finds the statement in functions that are not the old one's: it was taken out into one.
    fn elsewhere(
        &self,
        homes: &[Home<'v, 'a>],
        whole: Option<(&'v SourceFile<'a>, &LineMap)>,
    ) -> Vec<Match<'v>> {
        let Self { old, old_function, statement, view } = *self;
        let mut found = Vec::new();
        let is_telling = statement.shape.len() >= TELLING_TOKENS;
        if let Some((file, map)) = whole
            && let Some(line) = map.kept(statement.line)
            && let Some(function) = file.function_at(line)
            && !homes.iter().any(|home| std::ptr::eq(home.item, function))
        {
            let is_certain = functions::stems_from(old, old_function, file, function);
            found.push(Match::kept(file.path, function, line, is_certain));
        }
        for (file, function) in functions::new_ones(view, homes) {
            let map = LineMap::between(old.lines_of(old_function), file.lines_of(function));
            let Some(mut here) = statement.find_in(file, function, &map.forgetting(), view.cancel)
            else {
                continue;
            };
            here.is_certain = functions::stems_from(old, old_function, file, function);
            // A line alone is found by chance; together with others of the function it is not, and a
            // long one seldom.
            let has_company = functions::n_went(old, old_function, file, function) >= 2;
            let is_long = here.likeness >= 1.0 && statement.shape.len() >= LONG_STATEMENT;
            let counts = here.is_certain || (is_telling && has_company) || is_long;
            if counts && here.likeness >= SAME_STATEMENT_ELSEWHERE {
                found.push(here);
            }
        }
        found
    }

    /// Nothing is like the statement: it is gone, unless something hints at where it went.
    fn missing(&self, homes: &[Home<'v, 'a>]) -> Carried {
        let name = &self.old_function.name;
        match homes {
            [] => {
                let like = functions::somewhat_like(self.view, self.old, self.old_function);
                if like.is_empty() {
                    return gone(None, format!("`{name}` is gone since the deploy"));
                }
                let candidates = like
                    .into_iter()
                    .map(|(file, item)| candidate(file, Some(item.start_line)))
                    .collect();
                ambiguous(candidates, &format!("`{name}` is gone; these functions are like it"))
            }
            [home] | [home, ..] if home.is_sure || homes.len() == 1 => {
                let copies = self.uncertain_copies(home);
                if !copies.is_empty() {
                    return ambiguous(copies, "the same line stood there more than once");
                }
                let target = Target {
                    path: home.file.path.to_owned(),
                    line: None,
                    item: Some(home.item.clone()),
                };
                gone(Some(target), format!("`{}` no longer has this statement", home.item.name))
            }
            several => {
                let candidates = several
                    .iter()
                    .map(|home| candidate(home.file, Some(home.item.start_line)))
                    .collect();
                ambiguous(candidates, "several functions may be the old one")
            }
        }
    }
}

impl Search<'_, '_, '_> {
    /// Returns the lines of today that a copy of the lost line became, where it may as well have
    /// been this one.
    fn uncertain_copies(&self, home: &Home<'_, '_>) -> Vec<Candidate> {
        let Self { old, old_function, statement, .. } = *self;
        let map = home.map(old, old_function);
        let (before, after) = (old.lines_of(old_function), home.file.lines_of(home.item));
        let own = text(old, statement.line);
        (before.first..=before.last)
            .filter(|copy| *copy != statement.line && text(old, *copy) == own)
            .filter_map(|copy| Some((copy, map.kept(copy)?)))
            .flat_map(|pair| twins(old, before, home.file, after, &map, pair))
            .map(|at| candidate(home.file, Some(at)))
            .collect()
    }
}

impl Carried {
    fn into_candidate(self) -> Option<Candidate> {
        let target = self.target?;
        let function = target.item.map(|item| item.name);
        Some(Candidate { path: target.path, line: target.line, function })
    }
}

fn gone(target: Option<Target>, reason: String) -> Carried {
    Carried { status: Status::Deleted, target, candidates: Vec::new(), reason: Some(reason) }
}

fn ambiguous(mut candidates: Vec<Candidate>, reason: &str) -> Carried {
    candidates.sort();
    candidates.dedup();
    let (status, reason) = (Status::Ambiguous, Some(reason.to_owned()));
    Carried { status, target: None, candidates, reason }
}

/// Returns where a line went if the diff of the whole file keeps it, in the same function.
fn by_diff(
    old: &SourceFile<'_>,
    current: &SourceFile<'_>,
    map: &LineMap,
    line: u32,
    old_function: Option<&Item>,
) -> Kept {
    let Some(new_line) = map.kept(line) else { return Kept::No };
    let new_function = current.function_at(new_line);
    let is_same = match (old_function, new_function) {
        (None, None) => true,
        (Some(old), Some(new)) => {
            let is_here = |item: &Item| same_function(item, old);
            old.name == new.name && (is_here(new) || !current.items.iter().any(is_here))
        }
        _ => false,
    };
    if !is_same {
        return Kept::No;
    }
    let twins = match (old_function, new_function) {
        (Some(before), Some(after)) => {
            let (before, after) = (old.lines_of(before), current.lines_of(after));
            twins(old, before, current, after, map, (line, new_line))
        }
        _ => Vec::new(),
    };
    kept(old, line, current, new_line, new_function, twins)
}

/// The same in one function, by a diff of that alone.
fn kept_in(
    old: &SourceFile<'_>,
    home: &Home<'_, '_>,
    map: &LineMap,
    line: u32,
    old_function: &Item,
) -> Kept {
    let Some(new_line) = map.kept(line) else { return Kept::No };
    let (before, after) = (old.lines_of(old_function), home.file.lines_of(home.item));
    let twins = twins(old, before, home.file, after, map, (line, new_line));
    let inner = home.file.function_at(new_line);
    match kept(old, line, home.file, new_line, inner, twins) {
        Kept::At(mut carried) => {
            if home.item.name != old_function.name {
                let note = format!("was in `{}`", old_function.name);
                carried.reason =
                    Some(carried.reason.map_or(note.clone(), |reason| format!("{reason}; {note}")));
            }
            Kept::At(carried)
        }
        other => other,
    }
}

fn kept(
    old: &SourceFile<'_>,
    line: u32,
    current: &SourceFile<'_>,
    new_line: u32,
    function: Option<&Item>,
    twins: Vec<u32>,
) -> Kept {
    if !twins.is_empty() {
        return Kept::Among(twins.into_iter().map(|at| candidate(current, Some(at))).collect());
    }
    let stayed = new_line == line && current.path == old.path;
    Kept::At(Carried {
        status: if stayed { Status::Exact } else { Status::Moved },
        target: Some(Target {
            path: current.path.to_owned(),
            line: Some(new_line),
            item: function.cloned(),
        }),
        candidates: Vec::new(),
        reason: (current.path != old.path).then(|| format!("was in {}", old.path)),
    })
}

/// Returns the lines of a function that a kept line may be, where its text stands there several
/// times and the lines around it do not tell which of them it is; empty where it is certain.
fn twins(
    old: &SourceFile<'_>,
    old_lines: Lines<'_>,
    current: &SourceFile<'_>,
    new_lines: Lines<'_>,
    map: &LineMap,
    (line, new_line): (u32, u32),
) -> Vec<u32> {
    let own = text(old, line);
    let copies = |file: &SourceFile<'_>, lines: Lines<'_>| -> Vec<u32> {
        (lines.first..=lines.last)
            .filter(|at| file.line_text(*at).is_some_and(|it| it.trim() == own))
            .collect()
    };
    let (before, now) = (copies(old, old_lines), copies(current, new_lines));
    // A neighbour tells if it went along and is not one of the copies.
    let beside = |old_at: Option<u32>, new_at: Option<u32>| {
        let (Some(old_at), Some(new_at)) = (old_at, new_at) else { return false };
        text(old, old_at) != own && map.kept(old_at) == Some(new_at)
    };
    let above = beside(line.checked_sub(1), new_line.checked_sub(1));
    let below = beside(line.checked_add(1), new_line.checked_add(1));
    let is_certain = if before.len() <= 1 && now.len() <= 1 {
        // A piece of a statement that came without the rest may be of another one; the arms of one
        // `match` are much like those of another.
        (above && below)
            || own.ends_with([';', '{', '}'])
            || (above || below) && !own.contains("=>")
    } else if before.len() == now.len() {
        above || below || before.iter().all(|copy| map.kept(*copy).is_some())
    } else {
        above && below
    };
    if is_certain { Vec::new() } else { now }
}

fn text<'t>(file: &SourceFile<'t>, line: u32) -> &'t str {
    file.line_text(line).unwrap_or_default().trim()
}

fn is_function(item: &Item) -> bool {
    item.kind == ItemKind::Function
}
