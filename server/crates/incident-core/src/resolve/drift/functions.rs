//! Which function of today is the deployed one: by name and holder, or by its body where it was
//! renamed, moved to another file, or both.

use std::collections::HashMap;

use crate::resolve::drift::is_function;
use crate::resolve::linemap::LineMap;
use crate::resolve::place::{SourceFile, View, same_function};
use crate::resolve::shape::Shape;
use crate::syntax::Item;

/// A function of the same name in another file less like the old one than this is another one.
const SAME_FUNCTION: f64 = 0.35;
/// A function of another name shares this much of its lines, or is another one.
const SAME_BODY: f64 = 0.5;
/// A function that shares this much may have been the old one.
const LIKE_BODY: f64 = 0.4;
/// Functions with fewer tokens are alike by chance.
const LONG_FUNCTION: usize = 60;
/// The best must be better than the next by this much to be the one.
const CLEARLY: f64 = 0.15;
/// So many functions may be the old one; more tell nothing.
const MAX_HOMES: usize = 4;
/// Lines with fewer letters and digits stand in every function.
const TELLING_LINE: usize = 8;
/// So many files are searched for a function that is not where it was.
const MAX_FILES: usize = 48;

/// A function of today that may be the deployed one.
pub(super) struct Home<'v, 'a> {
    pub(super) file: &'v SourceFile<'a>,
    pub(super) item: &'v Item,
    /// Name and holder, or the body, leave no doubt.
    pub(super) is_sure: bool,
}

impl Home<'_, '_> {
    /// Compares the two functions alone: what went on around them does not matter.
    pub(super) fn map(&self, old: &SourceFile<'_>, old_function: &Item) -> LineMap {
        LineMap::between(old.lines_of(old_function), self.file.lines_of(self.item))
    }
}

/// Returns the functions of today that may be the old one, best first: of the same holder and name
/// in the same file, of the same name there, of the same name and like it in other files, and of
/// another name with its body.
pub(super) fn successors<'v, 'a>(
    view: &'v View<'a>,
    old: &SourceFile<'_>,
    old_function: &Item,
) -> Vec<Home<'v, 'a>> {
    let named = |file: &'v SourceFile<'a>| {
        file.items
            .iter()
            .filter(|item| is_function(item) && item.name == old_function.name)
            .map(move |item| (file, item))
    };
    let homes = |found: Vec<(&'v SourceFile<'a>, &'v Item)>| -> Vec<Home<'v, 'a>> {
        let is_sure = found.len() == 1;
        found.into_iter().map(|(file, item)| Home { file, item, is_sure }).collect()
    };
    if let Some(current) = view.file(old.path) {
        let all: Vec<_> = named(current).collect();
        let same: Vec<_> =
            all.iter().copied().filter(|(_, item)| same_function(item, old_function)).collect();
        if !same.is_empty() {
            return homes(same);
        }
        if all.len() == 1 {
            return homes(all);
        }
    }
    let old_shape = Shape::new(old_function.span.slice(old.text).unwrap_or_default());
    let mut like: Vec<(f64, (&'v SourceFile<'a>, &'v Item))> = view
        .files()
        .flat_map(named)
        .map(|(file, item)| {
            let shape = Shape::new(item.span.slice(file.text).unwrap_or_default());
            (old_shape.similarity(&shape), (file, item))
        })
        .filter(|(likeness, _)| *likeness >= SAME_FUNCTION)
        .collect();
    sort(&mut like);
    let clear =
        like.get(1).is_none_or(|next| like.first().is_some_and(|best| best.0 - next.0 > CLEARLY));
    if !like.is_empty() {
        let found = like.into_iter().take(if clear { 1 } else { MAX_HOMES });
        return homes(found.map(|(_, home)| home).collect());
    }
    renamed(view, old, old_function)
}

/// Returns the functions of other names that have the old one's body.
fn renamed<'v, 'a>(
    view: &'v View<'a>,
    old: &SourceFile<'_>,
    old_function: &Item,
) -> Vec<Home<'v, 'a>> {
    let like = by_body(view, old, old_function, SAME_BODY);
    let clear = match like.as_slice() {
        [best, next, ..] => best.0 - next.0 > CLEARLY,
        _ => true,
    };
    like.into_iter()
        .take(if clear { 1 } else { MAX_HOMES })
        .map(|(_, (file, item))| Home { file, item, is_sure: clear })
        .collect()
}

/// Returns the functions that have something of the old one's body, but not enough to be it.
pub(super) fn somewhat_like<'v, 'a>(
    view: &'v View<'a>,
    old: &SourceFile<'_>,
    old_function: &Item,
) -> Vec<(&'v SourceFile<'a>, &'v Item)> {
    let like = by_body(view, old, old_function, LIKE_BODY);
    like.into_iter().take(MAX_HOMES).map(|(_, found)| found).collect()
}

type Scored<'v, 'a> = (f64, (&'v SourceFile<'a>, &'v Item));

fn by_body<'v, 'a>(
    view: &'v View<'a>,
    old: &SourceFile<'_>,
    old_function: &Item,
    wanted: f64,
) -> Vec<Scored<'v, 'a>> {
    let old_body = body(old, old_function);
    let old_shape = Shape::new(old_function.span.slice(old.text).unwrap_or_default());
    let mut like: Vec<Scored<'v, 'a>> = new_ones(view, &[])
        .map(|(file, item)| {
            let by_lines = shared(&old_body, &body(file, item));
            // Other layout, other lines: then the tokens tell, at twice the price.
            let shape = Shape::new(item.span.slice(file.text).unwrap_or_default());
            let is_long = old_shape.len().min(shape.len()) >= LONG_FUNCTION;
            let by_tokens = if is_long { (old_shape.similarity(&shape) - 0.5) * 2.0 } else { 0.0 };
            (by_lines.max(by_tokens), (file, item))
        })
        .filter(|(likeness, _)| *likeness >= wanted)
        .collect();
    sort(&mut like);
    like
}

fn sort(like: &mut [Scored<'_, '_>]) {
    like.sort_by(|a, b| {
        let place = |scored: &Scored<'_, '_>| (scored.1.0.path.to_owned(), scored.1.1.start_line);
        b.0.total_cmp(&a.0).then_with(|| place(a).cmp(&place(b)))
    });
}

/// Returns the functions that were not there when the old text was deployed, as far as that is
/// known, besides `homes`.
pub(super) fn new_ones<'v, 'a>(
    view: &'v View<'a>,
    homes: &[Home<'v, 'a>],
) -> impl Iterator<Item = (&'v SourceFile<'a>, &'v Item)> {
    let known: Vec<*const Item> = homes.iter().map(|home| std::ptr::from_ref(home.item)).collect();
    view.files().take(MAX_FILES).flat_map(move |file| {
        let deployed = view.deployed_items(file.path);
        let known = known.clone();
        file.items.iter().filter(|item| is_function(item)).filter_map(move |item| {
            let is_known = known.contains(&std::ptr::from_ref(item))
                || deployed.iter().any(|before| same_function(before, item));
            (!is_known).then_some((file, item))
        })
    })
}

/// Says whether a function of today was made of the old one: half of the one came from the other.
pub(super) fn stems_from(
    old: &SourceFile<'_>,
    old_function: &Item,
    file: &SourceFile<'_>,
    function: &Item,
) -> bool {
    let (before, after) = (body(old, old_function), body(file, function));
    let n_went = n_shared(&before, &after);
    n_went > 0 && 2 * n_went >= before.len().min(after.len())
}

/// Counts the telling lines of the old function that stand in one of today.
pub(super) fn n_went(
    old: &SourceFile<'_>,
    old_function: &Item,
    file: &SourceFile<'_>,
    function: &Item,
) -> usize {
    n_shared(&body(old, old_function), &body(file, function))
}

/// Returns the telling lines of a function, without the one that names it.
fn body<'t>(file: &SourceFile<'t>, function: &Item) -> Vec<&'t str> {
    let lines = file.lines_of(function);
    let text = |line| Some(file.line_text(line)?.trim());
    (lines.first + 1..=lines.last)
        .filter_map(text)
        .filter(|line| line.bytes().filter(u8::is_ascii_alphanumeric).count() >= TELLING_LINE)
        .collect()
}

/// Returns the share of the shorter body's lines that the other one has.
fn shared(a: &[&str], b: &[&str]) -> f64 {
    // One line alone is found by chance.
    match n_shared(a, b) {
        0 | 1 => 0.0,
        n_shared => n_shared as f64 / a.len().min(b.len()) as f64,
    }
}

fn n_shared(a: &[&str], b: &[&str]) -> usize {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    a.iter().for_each(|line| *counts.entry(line).or_default() += 1);
    b.iter()
        .filter(|line| match counts.get_mut(**line) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        })
        .count()
}

/// Says whether a line is not in the function that it was deployed in.
pub(in crate::resolve) fn has_strayed(view: &View<'_>, old: &SourceFile<'_>, line: u32) -> bool {
    let Some(function) = old.function_at(line) else { return false };
    let stands = view.file(old.path).is_some_and(|file| {
        let map = LineMap::new(old.text, file.text);
        map.kept(line)
            .and_then(|line| file.function_at(line))
            .is_some_and(|item| same_function(item, function))
    });
    !stands
}

/// Names the files of today that may hold what a changed place became: those with a function of
/// the same name, and where the function is not where it was, those that changed since.
pub(in crate::resolve) fn wanted<'a>(
    view: &'a View<'_>,
    old: &SourceFile<'_>,
    line: u32,
    changed: &'a [String],
) -> Vec<&'a str> {
    let Some(function) = old.function_at(line).filter(|_| has_strayed(view, old, line)) else {
        return Vec::new();
    };
    let holds = |items: &[Item], same: &dyn Fn(&Item) -> bool| items.iter().any(same);
    let files = view.input.symbols.files();
    let same: Vec<&str> = files
        .iter()
        .filter(|file| holds(&file.items, &|item| same_function(item, function)))
        .map(|file| file.path.as_str())
        .collect();
    let named = files
        .iter()
        .filter(|file| holds(&file.items, &|item| is_function(item) && item.name == function.name))
        .map(|file| file.path.as_str());
    let folder = |path: &str| path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let home = folder(old.path);
    let mut changed: Vec<&str> =
        changed.iter().map(String::as_str).filter(|path| path.ends_with(".rs")).collect();
    // What moves seldom goes far.
    changed.sort_by_key(|path| !folder(path).starts_with(&home));
    let by_name = same.into_iter().chain(named).take(16);
    by_name.chain(changed.into_iter().take(32)).collect()
}
