//! What changed after the deploy where it crashed: perhaps it is mended already, and not shipped.
//!
//! A commit counts if the function that failed, or one that made the value which failed, is another
//! one after it: by its tokens, so that new layout and comments do not count. Whether it mends
//! anything is for a person to say.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::history::CommitId;
use crate::incident::Incident;
use crate::producers::Producer;
use crate::resolve::{ResolvedTrace, Was};
use crate::suspects::stack::own_frames;
use crate::syntax::{self, FileSymbols, Item, ItemKind};

/// Texts by path, relative to the workspace.
pub type Texts = BTreeMap<String, Arc<str>>;

/// What of the deployed program a commit changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The statement that failed.
    Statement,
    /// A function that made the value which failed.
    Producer,
    /// The function around the statement.
    Function,
}

/// A function of the deployed program that has to do with the crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// As deployed, relative to the workspace, with `/`.
    pub path: String,
    /// The function's name.
    pub function: String,
    /// What holds it, where that is known.
    pub containers: Option<Vec<String>>,
    /// The text of the line that failed, trimmed; `None` for a producer.
    pub statement: Option<String>,
}

/// A commit that is not deployed, with the texts before and after it.
#[derive(Clone, Debug)]
pub struct LaterCommit {
    /// Its id.
    pub id: CommitId,
    /// The first line of the message.
    pub subject: String,
    /// The spots' files before it.
    pub before: Texts,
    /// The same files after it.
    pub after: Texts,
}

/// A commit after the deploy that may have mended the crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaterChange {
    /// The commit.
    pub commit: CommitId,
    /// The first line of its message.
    pub subject: String,
    /// The branch that has it, or `HEAD`.
    pub on: String,
    /// What it changed.
    pub part: Part,
    /// The function that it changed, by name.
    pub function: String,
}

impl Part {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::Producer => "producer",
            Self::Function => "function",
        }
    }
}

impl LaterChange {
    /// Says it in a sentence without its end.
    pub fn sentence(&self) -> String {
        let what = match self.part {
            Part::Statement => format!("the statement that failed in `{}` was", self.function),
            Part::Producer => format!("`{}`, which made the value that failed, was", self.function),
            Part::Function => format!("`{}` was", self.function),
        };
        // A change elsewhere in the function need not have anything to do with it.
        let guess = match self.part {
            Part::Statement | Part::Producer => "perhaps fixed",
            Part::Function => "it may bear on this",
        };
        format!(
            "{what} changed in {} after this deploy (on {}): {guess}, not yet shipped",
            self.commit.short(),
            self.on
        )
    }
}

/// Returns what a later commit must have changed to count: the function that failed, as deployed,
/// and those that made its value.
pub fn spots(incident: &Incident, producers: &[Producer]) -> Vec<Spot> {
    let crash = incident.traces.iter().filter_map(crash_site);
    let mut spots: Vec<Spot> = crash
        .filter_map(|was| {
            let item = was.item.as_ref()?;
            Some(Spot {
                path: was.path.clone(),
                function: item.name.clone(),
                containers: Some(item.containers.clone()),
                statement: Some(was.line_text.clone()),
            })
        })
        .collect();
    spots.extend(producers.iter().map(|producer| Spot {
        path: producer.path.clone(),
        function: producer.function.clone(),
        containers: None,
        statement: None,
    }));
    let mut distinct: Vec<Spot> = Vec::new();
    for spot in spots {
        if !distinct.contains(&spot) {
            distinct.push(spot);
        }
    }
    distinct
}

/// Returns the deployed place of the failure: the panic's own, else the innermost own frame's.
fn crash_site(trace: &ResolvedTrace) -> Option<&Was> {
    let of_panic = trace.location.as_ref().and_then(|location| location.was.as_ref());
    of_panic.or_else(|| own_frames(trace).first()?.resolution.was.as_ref())
}

/// Returns the commit of `commits`, oldest first, that most likely mended the crash.
///
/// `tip` are the texts at the end of the branch `on`: what is there as it was deployed was not
/// mended, whatever happened in between.
pub fn perhaps_fixed(
    spots: &[Spot],
    deployed: &Texts,
    commits: &[LaterCommit],
    tip: &Texts,
    on: &str,
) -> Option<LaterChange> {
    let (mut changes, mut symbols) = (Vec::new(), Symbols::default());
    for spot in spots {
        let Some(running) = symbols.tokens(spot, deployed) else { continue };
        if symbols.tokens(spot, tip).as_ref() == Some(&running) {
            continue;
        }
        for commit in commits {
            // Where it is gone on either side the code moved, and is not mended.
            let Some(before) = symbols.tokens(spot, &commit.before) else { continue };
            let Some(after) = symbols.tokens(spot, &commit.after) else { continue };
            if after == running {
                continue;
            }
            let Some(part) = spot.changed(&before, &after) else { continue };
            changes.push(LaterChange {
                commit: commit.id.clone(),
                subject: commit.subject.clone(),
                on: on.to_owned(),
                part,
                function: spot.function.clone(),
            });
        }
    }
    // The first of the best: what came after it only changed the mended text again.
    changes.into_iter().min_by_key(|change| (!says_fix(&change.subject), change.part))
}

/// Says whether a commit's subject speaks of mending something.
fn says_fix(subject: &str) -> bool {
    const WORDS: [&str; 12] = [
        "fix", "fixes", "fixed", "bug", "panic", "panics", "crash", "crashes", "prevent", "avoid",
        "guard", "hotfix",
    ];
    let subject = subject.to_lowercase();
    let mut words = subject.split(|c: char| !c.is_alphanumeric());
    !subject.starts_with("revert") && words.any(|word| WORDS.contains(&word))
}

impl Spot {
    /// Returns what of the spot differs between two states of its function.
    fn changed(&self, before: &[String], after: &[String]) -> Option<Part> {
        if before == after {
            return None;
        }
        let Some(statement) = &self.statement else { return Some(Part::Producer) };
        let statement = tokens(&self.path, statement);
        let count = |function: &[String]| {
            function.windows(statement.len().max(1)).filter(|part| *part == statement).count()
        };
        Some(if count(after) < count(before) { Part::Statement } else { Part::Function })
    }
}

/// The symbols of the texts that were asked for, by path and text: the states of a branch share
/// most of their texts.
#[derive(Default)]
struct Symbols<'a>(HashMap<(&'a str, &'a str), FileSymbols>);

impl<'a> Symbols<'a> {
    /// Returns the tokens of a spot's function in one state of the tree.
    fn tokens(&mut self, spot: &Spot, texts: &'a Texts) -> Option<Vec<String>> {
        let (path, text) = texts.get_key_value(&spot.path)?;
        let symbols = self.0.entry((path, text)).or_insert_with(|| syntax::index_file(path, text));
        let is_it = |item: &&Item| {
            item.kind == ItemKind::Function
                && item.name == spot.function
                && spot.containers.as_ref().is_none_or(|holders| item.containers == *holders)
        };
        let mut found = symbols.items.iter().filter(is_it);
        let item = found.next().filter(|_| found.next().is_none())?;
        Some(tokens(path, item.span.slice(text)?))
    }
}

/// Splits a text into what counts when two are compared.
fn tokens(path: &str, text: &str) -> Vec<String> {
    if path.ends_with(".rs") {
        return syntax::rust::tokens(text).map(str::to_owned).collect();
    }
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
