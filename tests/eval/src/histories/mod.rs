//! Generated histories: a made-up program is deployed, then changed, and every place of the older
//! text must be found in the later one.
//!
//! Each kind of change is measured alone, with some unrelated lines put in, and all of them mixed.

mod edits;
mod program;
mod random;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use incident_core::resolve::{Resolution, Status};
use incident_core::text::ByteSpan;
use incident_core::trace::{Frame, Origin, SourceLocation, Trace};
use rayon::prelude::*;

use self::edits::Kind;
use self::program::{Program, Truth};
pub(crate) use self::random::Random;
use crate::published::Published;
use crate::table::Section;

/// One in so many may be wrong while sure: some histories leave no trace of what happened.
pub(crate) const SURE_AND_WRONG: usize = 1_000;
/// Frames of one history.
const N_FRAMES: usize = 8;
/// A place must be found in at least this share of the cases, whatever the seed.
pub(crate) const WANTED_SHARE: f64 = 0.98;
const PACKAGE: &str = "my-app";

/// How many places of one kind came out how.
#[derive(Clone, Debug, Default)]
pub(crate) struct Score {
    pub(crate) n_frames: usize,
    pub(crate) right: usize,
    /// Not right, and said to be unsure.
    pub(crate) missed: usize,
    /// Of those missed, the ones that list the right place.
    pub(crate) offered: usize,
    pub(crate) wrong_while_sure: usize,
    pub(crate) misses: Vec<String>,
}

impl Score {
    fn add(&mut self, other: Self) {
        self.n_frames += other.n_frames;
        self.right += other.right;
        self.missed += other.missed;
        self.offered += other.offered;
        self.wrong_while_sure += other.wrong_while_sure;
        self.misses.extend(other.misses);
    }
}

/// Scores `n_frames` places at least, over all kinds of change.
pub(crate) fn score(n_frames: usize, seed: u64) -> Vec<(&'static str, Score)> {
    let kinds: Vec<Option<Kind>> = Kind::ALL.into_iter().map(Some).chain([None]).collect();
    // The mixed histories are as many as all others together.
    let n_shares = 2 * Kind::ALL.len();
    let n_each = n_frames.div_ceil(N_FRAMES * n_shares);
    kinds
        .into_iter()
        .map(|kind| {
            let n_histories = if kind.is_some() { n_each } else { n_each * Kind::ALL.len() };
            let scores: Vec<Score> = (0..n_histories)
                .into_par_iter()
                .map(|round| {
                    let number = round as u64 * 64 + kind.map_or(63, |kind| kind as u64);
                    history(kind, &mut Random::new(seed.wrapping_mul(1 << 20) + number), round)
                })
                .collect();
            let mut sum = Score::default();
            scores.into_iter().for_each(|score| sum.add(score));
            (kind.map_or("all of them, mixed", Kind::name), sum)
        })
        .collect()
}

/// Renders the scores, and the sum below them.
pub(crate) fn section(scores: &[(&'static str, Score)]) -> Section {
    let mut section = Section::new("generated histories");
    section.columns(&["frames", "right", "share", "missed", "offered", "sure&wrong"]);
    let mut sum = Score::default();
    for (name, score) in scores {
        section.row(name, cells(score));
        sum.add(score.clone());
    }
    section.row("total", cells(&sum));
    section
}

fn cells(score: &Score) -> Vec<String> {
    let share = 100.0 * score.right as f64 / score.n_frames.max(1) as f64;
    vec![
        score.n_frames.to_string(),
        score.right.to_string(),
        format!("{share:.1}%"),
        score.missed.to_string(),
        score.offered.to_string(),
        score.wrong_while_sure.to_string(),
    ]
}

/// Writes a workspace of so many lines, in crates of a hundred files.
pub(crate) fn write_workspace(root: &Path, n_lines: usize) -> anyhow::Result<()> {
    let mut random = Random::new(1);
    let (mut written, mut n_files) = (0, 0);
    while written < n_lines {
        for text in Program::new(&mut random).render().0.into_values() {
            let folder = root.join(format!("crate_{}/src", n_files / 100));
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join(format!("part_{n_files}.rs")), text.as_bytes())?;
            written += text.lines().count();
            n_files += 1;
        }
    }
    Ok(())
}

/// One place of a trace: the statement it lies in, and the line and column that are printed.
struct Spot {
    id: usize,
    old: Truth,
    line: u32,
    column: u32,
}

fn history(kind: Option<Kind>, random: &mut Random, round: usize) -> Score {
    let before = Program::new(random);
    let (old_texts, old_places) = before.render();
    let ids = before.ids();
    let spots: Vec<Spot> = (0..N_FRAMES)
        .filter_map(|_| {
            let id = *ids.get(random.below(ids.len()))?;
            spot(id, old_places.get(&id)?, &old_texts, random)
        })
        .collect();
    let kept: Vec<usize> = spots.iter().map(|spot| spot.id).collect();
    let mut after = before.clone();
    match kind {
        Some(kind) => {
            for _ in 0..random.below(4) {
                let id = ids.get(random.below(ids.len())).copied().unwrap_or_default();
                Kind::Inserts.apply(&mut after, id, &kept, random);
            }
            for id in &kept {
                kind.apply(&mut after, *id, &kept, random);
            }
        }
        None => {
            for _ in 0..1 + random.below(12) {
                let kind = Kind::ALL.get(random.below(Kind::ALL.len())).copied();
                let id = match random.once_in(2) {
                    true => kept.get(random.below(kept.len())).copied(),
                    false => ids.get(random.below(ids.len())).copied(),
                };
                let (Some(kind), Some(id)) = (kind, id) else { continue };
                kind.apply(&mut after, id, &kept, random);
            }
        }
    }
    let (new_texts, new_places) = after.render();
    let trace = trace(&spots);
    let deployed = Published::from_texts(PACKAGE, "0.1.0", old_texts.clone());
    let current = Published::from_texts(PACKAGE, "0.2.0", new_texts.clone());
    let resolved = current.resolve(trace, Some(&deployed));
    let mut score = Score::default();
    for (spot, resolution) in spots.iter().zip(&resolved.frames) {
        score.n_frames += 1;
        let now = new_places.get(&spot.id);
        let functions = functions(&after, &before, spot.id);
        let verdict = Expected::new(spot, now, functions, &old_texts, &new_texts);
        // A copy whose original left is that function under a new name, and of two statements with
        // the same text in one function nobody can say which is which.
        let same_text = |place: &Truth| match now {
            Some(now) => {
                now.function == place.function && lines(&new_texts, now) == lines(&new_texts, place)
            }
            None => false,
        };
        let has_left =
            |now: &Truth| (&now.path, &now.function) != (&spot.old.path, &spot.old.function);
        let copy = new_places.get(&program::copy_of(spot.id)).filter(|_| now.is_none_or(has_left));
        let mut alike = new_places.values().filter(|place| same_text(place)).chain(copy);
        let is_right = verdict.is_met_by(resolution)
            || alike.any(|place| {
                Expected::new(spot, Some(place), Vec::new(), &old_texts, &new_texts)
                    .is_met_by(resolution)
            });
        if is_right {
            score.right += 1;
            continue;
        }
        let is_sure = matches!(
            resolution.status,
            Status::Exact | Status::Moved | Status::Edited | Status::Deleted
        );
        score.missed += usize::from(!is_sure);
        score.wrong_while_sure += usize::from(is_sure);
        score.offered += usize::from(!is_sure && verdict.is_offered_by(resolution));
        let was = spot.old.path.as_str();
        score.misses.push(format!(
            "{round}: {was}:{} `{}` became {verdict:?}, got {} {}",
            spot.line,
            line_of(&old_texts, was, spot.line).unwrap_or_default().trim(),
            crate::traces::places::shown(resolution),
            resolution.reason.as_deref().unwrap_or_default(),
        ));
    }
    score
}

fn spot(
    id: usize,
    place: &Truth,
    texts: &BTreeMap<String, Arc<str>>,
    random: &mut Random,
) -> Option<Spot> {
    let n_lines = (place.last_line - place.first_line + 1) as usize;
    // What can fail stands on a line with a call; a brace alone never does.
    let lines: Vec<u32> = (place.first_line..=place.last_line)
        .filter(|line| {
            n_lines == 1
                || line_of(texts, &place.path, *line).is_some_and(|text| text.contains('('))
        })
        .collect();
    let line = *lines.get(random.below(lines.len()))?;
    let text = line_of(texts, &place.path, line)?;
    let indent = text.len() - text.trim_start().len();
    let at = ["unwrap(", "expect("].iter().find_map(|call| text.find(call)).unwrap_or(indent);
    let column = u32::try_from(at).ok()? + 1;
    Some(Spot { id, old: place.clone(), line, column })
}

fn line_of<'t>(texts: &'t BTreeMap<String, Arc<str>>, path: &str, line: u32) -> Option<&'t str> {
    texts.get(path)?.lines().nth(line.checked_sub(1)? as usize)
}

/// Returns the lines of a statement, without indentation.
fn lines(texts: &BTreeMap<String, Arc<str>>, place: &Truth) -> Vec<String> {
    let lines = place.first_line..=place.last_line;
    lines.filter_map(|line| Some(line_of(texts, &place.path, line)?.trim().to_owned())).collect()
}

fn trace(spots: &[Spot]) -> Trace {
    let frames = spots
        .iter()
        .map(|spot| {
            let module = spot.old.path.trim_start_matches("src/").trim_end_matches(".rs");
            let location = SourceLocation {
                file: format!("./{}", spot.old.path),
                line: Some(spot.line),
                column: Some(spot.column),
                span: ByteSpan::default(),
            };
            Frame {
                function: Some(format!("my_app::{module}::{}", spot.old.function)),
                location: Some(location),
                origin: Origin::App,
                ..Frame::default()
            }
        })
        .collect();
    Trace { frames, ..Trace::default() }
}

/// Returns the names that the function of a deleted statement has now, where it is still there: of
/// every function that holds one of the statements that it held.
fn functions(after: &Program, before: &Program, id: usize) -> Vec<String> {
    let old = before.position(id).and_then(|(file_idx, function_idx, _)| {
        before.files.get(file_idx)?.functions.get(function_idx)
    });
    let siblings = old.map(|old| old.statements.as_slice()).unwrap_or_default();
    siblings
        .iter()
        .filter_map(|statement| {
            let (file_idx, function_idx, _) = after.position(statement.id)?;
            Some(after.files.get(file_idx)?.functions.get(function_idx)?.name.clone())
        })
        .collect()
}

/// What became of a place.
#[derive(Debug)]
enum Expected {
    /// It stands here; `statuses` are those that say so.
    Here { place: Truth, statuses: &'static [Status] },
    /// The statement is gone; the functions hold what else the old one held.
    Gone { functions: Vec<String> },
}

impl Expected {
    fn new(
        spot: &Spot,
        now: Option<&Truth>,
        functions: Vec<String>,
        old_texts: &BTreeMap<String, Arc<str>>,
        new_texts: &BTreeMap<String, Arc<str>>,
    ) -> Self {
        let Some(now) = now else { return Self::Gone { functions } };
        let lines = |texts: &BTreeMap<String, Arc<str>>, place: &Truth| -> Vec<String> {
            let lines = place.first_line..=place.last_line;
            lines
                .filter_map(|line| Some(line_of(texts, &place.path, line)?.trim().to_owned()))
                .collect()
        };
        let (before, after) = (lines(old_texts, &spot.old), lines(new_texts, now));
        let stayed = now.path == spot.old.path && now.first_line == spot.old.first_line;
        let statuses: &[Status] = if before == after {
            if stayed { &[Status::Exact] } else { &[Status::Moved] }
        } else if before.concat().replace([' ', ','], "") == after.concat().replace([' ', ','], "")
        {
            &[Status::Edited, Status::Moved]
        } else {
            // Of a statement of several lines the one that is meant may be as it was.
            &[Status::Edited, Status::Moved, Status::Exact]
        };
        Self::Here { place: now.clone(), statuses }
    }

    fn is_met_by(&self, resolution: &Resolution) -> bool {
        let place = resolution.place.as_ref();
        let in_function = |name: &str| {
            place.and_then(|place| place.item.as_ref()).is_some_and(|item| item.name == name)
        };
        match self {
            Self::Here { place: wanted, statuses } => {
                let lines = wanted.first_line..=wanted.last_line;
                statuses.contains(&resolution.status)
                    && place.is_some_and(|place| place.path == wanted.path)
                    && place.and_then(|place| place.line).is_some_and(|line| lines.contains(&line))
                    && in_function(&wanted.function)
            }
            Self::Gone { functions } => {
                resolution.status == Status::Deleted
                    && place.is_none_or(|place| place.line.is_none())
                    && match functions.as_slice() {
                        [] => place.is_none(),
                        names => names.iter().any(|name| in_function(name)),
                    }
            }
        }
    }

    fn is_offered_by(&self, resolution: &Resolution) -> bool {
        let Self::Here { place, .. } = self else { return false };
        resolution.candidates.iter().any(|candidate| {
            let lines = place.first_line..=place.last_line;
            candidate.path == place.path && candidate.line.is_some_and(|line| lines.contains(&line))
        })
    }
}
