//! The tables of the index.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use incident_core::runbook::{Page, Question, Retrieved, Role};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

/// Changes with the tables and with what is put in: a file of another number is begun anew.
const LAYOUT: u32 = 1;

/// How many passages of a question are looked at.
const MAX_FOUND: usize = 40;
/// How many pages of these are read whole.
const MAX_PAGES: usize = 8;

const SCHEMA: &str = "
    CREATE TABLE page (
        path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL,
        fingerprints TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL
    ) STRICT;
    CREATE VIRTUAL TABLE passage USING fts5 (
        heading, body, names, path UNINDEXED, line UNINDEXED, role UNINDEXED,
        tokenize = 'porter unicode61 remove_diacritics 2'
    );
";

/// The open index.
pub(super) struct Table {
    connection: Connection,
}

/// What tells that a page changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// In bytes.
    pub(super) size: u64,
    /// Nanoseconds since 1970; 0 where unknown, which counts as changed.
    pub(super) modified: i64,
}

/// One change of the index, whole or not at all.
pub(super) struct Change<'c> {
    transaction: Transaction<'c>,
    /// The row after the last passage.
    next: Cell<i64>,
}

impl Table {
    /// Opens the index at `file`, or one in memory.
    pub(super) fn open(file: Option<&Path>) -> rusqlite::Result<Self> {
        let Some(file) = file else {
            return Self::prepared(Connection::open_in_memory()?);
        };
        // What it can't make, SQLite will say.
        let _ = crate::folders::make_private_file(file);
        match Connection::open(file).and_then(Self::prepared) {
            Ok(table) => Ok(table),
            Err(err) if is_busy(&err) => Err(err),
            Err(_) => {
                // Damaged, or not ours: everything in it can be made again.
                for ending in ["", "-wal", "-shm"] {
                    let mut name = file.as_os_str().to_owned();
                    name.push(ending);
                    let _ = std::fs::remove_file(name);
                }
                let _ = crate::folders::make_private_file(file);
                Connection::open(file).and_then(Self::prepared)
            }
        }
    }

    fn prepared(connection: Connection) -> rusqlite::Result<Self> {
        connection.busy_timeout(Duration::from_secs(3))?;
        connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.pragma_update(None, "trusted_schema", "off")?;
        let layout: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if layout != LAYOUT {
            connection.execute_batch(
                "BEGIN IMMEDIATE; DROP TABLE IF EXISTS page; DROP TABLE IF EXISTS passage;",
            )?;
            connection.execute_batch(SCHEMA)?;
            connection.pragma_update(None, "user_version", LAYOUT)?;
            connection.execute_batch("COMMIT")?;
        }
        Ok(Self { connection })
    }

    /// Returns what is known of each page.
    pub(super) fn stamps(&self) -> rusqlite::Result<BTreeMap<String, Stamp>> {
        let mut query = self.connection.prepare("SELECT path, size, modified FROM page")?;
        let rows = query.query_map([], |row| {
            let size: i64 = row.get(1)?;
            let size = u64::try_from(size).unwrap_or_default();
            Ok((row.get(0)?, Stamp { size, modified: row.get(2)? }))
        })?;
        rows.collect()
    }

    pub(super) fn change(&mut self) -> rusqlite::Result<Change<'_>> {
        let behavior = rusqlite::TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        let next =
            transaction
                .query_row("SELECT coalesce(max(last), 0) + 1 FROM page", [], |row| row.get(0))?;
        Ok(Change { transaction, next: Cell::new(next) })
    }

    /// Returns every passage of the pages that match best, with score 0 where a passage itself did
    /// not match.
    pub(super) fn find(&self, question: &Question) -> rusqlite::Result<Vec<Retrieved>> {
        let known = self.about(&question.fingerprint)?;
        let matched = self.matches(question)?;
        let mut paths: Vec<String> = known.clone();
        // By score, not by name: a page far down the alphabet may fit best.
        let mut best: Vec<(&(String, u32), f64)> =
            matched.iter().map(|(place, score)| (place, *score)).collect();
        best.sort_by(|(a, one), (b, other)| other.total_cmp(one).then_with(|| a.cmp(b)));
        for ((path, _), _) in best {
            if paths.len() < MAX_PAGES && !paths.contains(path) {
                paths.push(path.clone());
            }
        }
        let mut query = self.connection.prepare(
            "SELECT heading, body, line, role FROM passage
             WHERE rowid BETWEEN (SELECT first FROM page WHERE path = ?1)
                             AND (SELECT last FROM page WHERE path = ?1)",
        )?;
        let mut found = Vec::new();
        for path in paths {
            let rows = query.query_map([&path], |row| {
                let line: u32 = row.get(2)?;
                let role: String = row.get(3)?;
                Ok(Retrieved {
                    score: matched.get(&(path.clone(), line)).copied().unwrap_or_default(),
                    same_fingerprint: known.contains(&path),
                    path: path.clone(),
                    line,
                    heading: row.get(0)?,
                    role: Role::from_name(&role),
                    text: row.get(1)?,
                })
            })?;
            for row in rows {
                found.push(row?);
            }
        }
        Ok(found)
    }

    fn about(&self, fingerprint: &str) -> rusqlite::Result<Vec<String>> {
        if fingerprint.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = self
            .connection
            .prepare("SELECT path FROM page WHERE instr(fingerprints, ?1) > 0 ORDER BY path")?;
        query.query_map([fingerprint], |row| row.get(0))?.collect()
    }

    /// Returns the best passages' scores by page and line.
    fn matches(&self, question: &Question) -> rusqlite::Result<BTreeMap<(String, u32), f64>> {
        let words = question.words().map(quoted);
        let terms: Vec<String> =
            words.chain(question.names().map(|it| quoted(&joined(it)))).collect();
        if terms.is_empty() {
            return Ok(BTreeMap::new());
        }
        // A heading's word tells more than one of the text, and a name of the code most.
        let mut query = self.connection.prepare(
            "SELECT path, line, -bm25(passage, 2.0, 1.0, 3.0) FROM passage
             WHERE passage MATCH ?1 ORDER BY bm25(passage, 2.0, 1.0, 3.0) LIMIT ?2",
        )?;
        let rows = query.query_map(params![terms.join(" OR "), MAX_FOUND as i64], |row| {
            Ok(((row.get(0)?, row.get(1)?), row.get(2)?))
        })?;
        rows.collect()
    }
}

impl Change<'_> {
    /// Forgets a page.
    pub(super) fn remove(&self, path: &str) -> rusqlite::Result<()> {
        let mut query = self.transaction.prepare("SELECT first, last FROM page WHERE path = ?1")?;
        let rows = query.query_row([path], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        // FTS5 takes bounds that are null for none, and would read the whole index to delete nothing.
        let Some((first, last)) = rows else { return Ok(()) };
        let range: [i64; 2] = [first, last];
        self.transaction.execute("DELETE FROM passage WHERE rowid BETWEEN ?1 AND ?2", range)?;
        self.transaction.execute("DELETE FROM page WHERE path = ?1", [path])?;
        Ok(())
    }

    /// Puts a page in place of what was known of it.
    pub(super) fn put(&self, path: &str, stamp: Stamp, page: &Page) -> rusqlite::Result<()> {
        self.remove(path)?;
        let next = self.next.get();
        let mut insert = self.transaction.prepare(
            "INSERT INTO passage (rowid, heading, body, names, path, line, role)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        let mut last = next - 1;
        for passage in &page.passages {
            last += 1;
            let text = format!("{} {}", passage.heading, passage.text);
            insert.execute(params![
                last,
                passage.heading,
                passage.text,
                names(&text),
                path,
                passage.line,
                passage.role.as_str(),
            ])?;
        }
        self.next.set(last + 1);
        let mut insert =
            self.transaction.prepare("INSERT INTO page VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        insert.execute(params![
            path,
            i64::try_from(stamp.size).unwrap_or(i64::MAX),
            stamp.modified,
            page.fingerprints.join(" "),
            next,
            last
        ])?;
        Ok(())
    }

    pub(super) fn commit(self) -> rusqlite::Result<()> {
        self.transaction.commit()
    }
}

fn is_busy(err: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    matches!(err.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked))
}

/// Puts a term in the quotes of the query language.
fn quoted(term: &str) -> String {
    format!("\"{}\"", term.replace('"', ""))
}

/// Returns the names in a text, each as one word that the tokenizer leaves whole.
fn names(text: &str) -> String {
    let question = Question::of_text(text);
    question.names().map(joined).collect::<Vec<_>>().join(" ")
}

/// Makes one word of `acquire_timeout_ms`: no word of a language ends so, and none is stemmed alike.
fn joined(name: &str) -> String {
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    format!("{}0", letters.to_lowercase())
}
