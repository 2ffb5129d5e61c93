//! The index of runbooks and post-mortems: one SQLite file for each repository, in the cache.
//!
//! It can always be made again from the pages, so a file that is damaged or of another layout is
//! removed and begun anew. Only pages that changed are read again. English words are stemmed;
//! names as code writes them are kept whole beside them.

mod table;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use incident_core::cancel::Cancel;
use incident_core::problem::Problem;
use incident_core::runbook::{self, Hit, Question};

use self::table::{Stamp, Table};
use crate::message::plain;
use crate::source::{self, Listing};
use crate::store::repository_key;
use crate::workspace::Workspace;

/// Folders whose Markdown is read where the settings name none: any folder of such a name.
pub const DEFAULT_FOLDERS: &[&str] =
    &["runbooks", "runbook", "playbooks", "postmortems", "post-mortems", "postmortem", "incidents"];

/// The largest page that is read, in bytes.
const MAX_PAGE_BYTES: u64 = 1 << 20;
/// The most pages that are indexed.
const MAX_PAGES: usize = 50_000;

/// Finds what the workspace's pages say about `question`. `folders` are relative to the root; none
/// means [`DEFAULT_FOLDERS`].
///
/// Total: pages that can't be read, and an index that can't be kept, are problems.
pub fn search(
    workspace: &Workspace,
    listing: &Listing,
    folders: &[String],
    question: &Question,
    cancel: &Cancel,
) -> (Vec<Hit>, Vec<Problem>) {
    let mut problems = Vec::new();
    let pages = pages(listing, folders);
    if pages.is_empty() {
        return (Vec::new(), problems);
    }
    let mut open = || {
        let file = file(workspace)?;
        let mut table = Table::open(file.as_deref()).map_err(|err| err.to_string())?;
        problems.extend(update(&mut table, workspace, &pages, cancel)?);
        table.find(question).map_err(|err| err.to_string())
    };
    match open() {
        Ok(found) => (runbook::rank(found, question), problems),
        Err(reason) => {
            let told = format!("the runbooks could not be searched: {}", plain(&reason));
            problems.push(Problem::warning(told));
            (Vec::new(), problems)
        }
    }
}

/// Returns the Markdown pages in `folders`, by path.
fn pages(listing: &Listing, folders: &[String]) -> BTreeMap<String, Stamp> {
    let is_page = |path: &str| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let is_markdown = name.ends_with(".md") || name.ends_with(".markdown");
        let is_inside = match folders {
            [] => folder.split('/').any(|part| DEFAULT_FOLDERS.contains(&part)),
            named => named.iter().any(|named| {
                let named = named.trim_matches('/');
                folder == named || folder.strip_prefix(named).is_some_and(|it| it.starts_with('/'))
            }),
        };
        is_markdown && is_inside
    };
    let found = listing.files.iter().filter(|file| is_page(&file.path)).take(MAX_PAGES);
    found
        .map(|file| (file.path.clone(), Stamp { size: file.size, modified: since(file.modified) }))
        .collect()
}

/// Nanoseconds since 1970; 0 where the system does not tell.
fn since(modified: Option<SystemTime>) -> i64 {
    let since = modified.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.and_then(|it| i64::try_from(it.as_nanos()).ok()).unwrap_or_default()
}

/// Returns where the index is kept; `None` keeps it in memory, where no home is known.
fn file(workspace: &Workspace) -> Result<Option<PathBuf>, String> {
    let Some(folders) = workspace.folders() else { return Ok(None) };
    let folder = folders.make_cache("runbooks").map_err(|err| err.to_string())?;
    Ok(Some(folder.join(format!("{}.sqlite", repository_key(workspace.root())))))
}

/// Reads the pages that changed, and forgets those that are gone.
fn update(
    table: &mut Table,
    workspace: &Workspace,
    pages: &BTreeMap<String, Stamp>,
    cancel: &Cancel,
) -> Result<Vec<Problem>, String> {
    let known = table.stamps().map_err(|err| err.to_string())?;
    let gone: Vec<&String> = known.keys().filter(|path| !pages.contains_key(*path)).collect();
    let changed: Vec<(&String, Stamp)> = pages
        .iter()
        .filter(|(path, stamp)| known.get(*path) != Some(stamp) || stamp.modified == 0)
        .map(|(path, stamp)| (path, *stamp))
        .collect();
    let mut problems = Vec::new();
    if gone.is_empty() && changed.is_empty() {
        return Ok(problems);
    }
    let change = table.change().map_err(|err| err.to_string())?;
    for path in gone {
        change.remove(path).map_err(|err| err.to_string())?;
    }
    for (path, stamp) in changed {
        if cancel.is_cancelled() {
            break;
        }
        match source::read_text(workspace.root(), path, MAX_PAGE_BYTES) {
            Ok((text, _)) => {
                change.put(path, stamp, &runbook::read(&text)).map_err(|err| err.to_string())?;
            }
            Err(err) => problems.push(Problem::warning(err.to_string()).at(path.clone(), None)),
        }
    }
    change.commit().map_err(|err| err.to_string())?;
    Ok(problems)
}

#[cfg(test)]
mod tests;
