//! The statements behind the groups of a log.

use super::{Query, StatementIndex};
use crate::cancel::Cancel;
use crate::logs::{GroupFrame, LogGroup, LogReport};

/// A statement that can have printed the records of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatementPlace {
    /// Relative to the workspace, with `/`.
    pub path: String,
    /// Line of the statement's first byte, from 1.
    pub line: u32,
    /// Line of its last byte.
    pub end_line: u32,
    /// The function around it.
    pub function: Option<String>,
    /// How well it fits, in thousandths.
    pub score: u16,
    /// Others fit as well, and nothing tells them apart.
    pub is_tied: bool,
    /// The values in the group's own message, by their names in the source.
    pub values: Vec<(String, String)>,
}

/// How many groups are looked at; the ones that matter come first.
const MAX_GROUPS: usize = 20_000;
/// What a place that the record itself prints is worth, in thousandths.
const PRINTED: u16 = 990;

/// Ties each group to the statements that can have printed it.
pub fn attach(report: &mut LogReport, index: &StatementIndex, cancel: &Cancel) {
    for group in report.groups.iter_mut().take(MAX_GROUPS) {
        if cancel.is_cancelled() {
            return;
        }
        group.statements = places(group, index);
    }
}

fn places(group: &LogGroup, index: &StatementIndex) -> Vec<StatementPlace> {
    let query = Query {
        message: &group.message,
        target: group.target.as_deref(),
        level: Some(group.level.as_str()),
    };
    let mut places: Vec<StatementPlace> = index
        .find(&query)
        .into_iter()
        .map(|found| {
            let statement = found.placed.statement();
            StatementPlace {
                path: found.placed.path().to_owned(),
                line: statement.line,
                end_line: statement.end_line,
                function: statement.function.clone(),
                score: found.score,
                is_tied: found.is_tied,
                values: found.values,
            }
        })
        .collect();
    if let Some(printed) = printed_place(group, index) {
        let covers = |it: &StatementPlace| {
            it.path == printed.path && (it.line..=it.end_line).contains(&printed.line)
        };
        places.retain(|it| !covers(it));
        places.insert(0, printed);
    }
    places
}

/// Returns the place that a crash prints itself: its first frame in the service's own code.
fn printed_place(group: &LogGroup, index: &StatementIndex) -> Option<StatementPlace> {
    let trace = group.trace.as_ref()?;
    let own = |frame: &&GroupFrame| frame.in_app && !frame.file.is_empty();
    let frame = trace.frames.iter().find(own)?;
    let line = frame.line?;
    let path = in_workspace(&frame.file, index)?;
    Some(StatementPlace {
        path: path.to_owned(),
        line,
        end_line: line,
        function: Some(frame.function.clone()).filter(|name| !name.is_empty()),
        score: PRINTED,
        is_tied: false,
        values: Vec::new(),
    })
}

/// Returns the workspace's file that a printed path means: the one that shares its last parts,
/// where it is the only one.
fn in_workspace<'a>(printed: &str, index: &'a StatementIndex) -> Option<&'a str> {
    let printed = printed.replace('\\', "/");
    let n_shared =
        |path: &str| path.rsplit('/').zip(printed.rsplit('/')).take_while(|(a, b)| a == b).count();
    let paths = || index.files().iter().map(|file| file.path.as_str());
    let best = paths().map(n_shared).max().filter(|n| *n > 0)?;
    let mut like = paths().filter(|path| n_shared(path) == best);
    let path = like.next()?;
    // A path of which only a part is shared must be the whole of one of the two.
    let is_whole = path.split('/').count() == best || printed.split('/').count() == best;
    (is_whole && like.next().is_none()).then_some(path)
}
