//! The file: its tables, how an older one is brought up to date, what becomes of a damaged one.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{FILE, Failure, KEPT_SECONDS, MemoryError};
use crate::clock;
use crate::folders::{FolderError, locked, make_private, make_private_file};

/// How long to wait for other processes that write: a slow disk and several of them take a while.
const BUSY: Duration = Duration::from_secs(10);

/// What is done to a file, in order; a file's layout is how many of them it has seen. Only added
/// to: files of every age are about. Every table has a `repository` and an `incident`.
const STEPS: &[&str] = &[
    "
    CREATE TABLE sighting (
        repository TEXT NOT NULL, incident TEXT NOT NULL, title TEXT NOT NULL,
        first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, deployed TEXT
    ) STRICT;
    CREATE INDEX sighting_of ON sighting (repository, incident, last_at);
    CREATE TABLE attempt (
        id INTEGER PRIMARY KEY, repository TEXT NOT NULL, incident TEXT NOT NULL,
        number INTEGER NOT NULL, hypothesis TEXT NOT NULL, base TEXT NOT NULL,
        branch TEXT NOT NULL, patch_digest TEXT NOT NULL, patch_id TEXT, files TEXT NOT NULL,
        opened_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
        outcome TEXT, outcome_words TEXT, verified_at INTEGER,
        UNIQUE (repository, incident, patch_digest)
    ) STRICT;
    CREATE TABLE mark (
        id INTEGER PRIMARY KEY, repository TEXT NOT NULL, incident TEXT NOT NULL,
        kind TEXT NOT NULL, subject TEXT NOT NULL, attempt INTEGER,
        last_at INTEGER NOT NULL, taken_back_at INTEGER
    ) STRICT;
    CREATE INDEX mark_of ON mark (repository, incident);
",
    "
    ALTER TABLE attempt ADD COLUMN change TEXT NOT NULL DEFAULT '';
",
];

/// The layout that this program writes.
pub(super) const LAYOUT: u32 = STEPS.len() as u32;

/// The tables that `forget` and the expiry empty; each has `repository`, `incident`, `last_at`.
const TABLES: &[&str] = &["sighting", "attempt", "mark"];

/// Opens the file, makes it where it is missing, and brings it up to date.
pub(super) fn open(path: &Path) -> Result<Connection, Failure> {
    if let Some(folder) = path.parent() {
        make_private(folder).map_err(|err| Failure::Other(err.to_string()))?;
    }
    make_private_file(path).map_err(|err| Failure::Other(err.to_string()))?;
    // No thread but one ever sees the connection, and no name of a file is a URI.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    // Where a write-ahead log can't be had (some network disks) the older journal does as well.
    patiently(|| connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())))?;
    connection.pragma_update(None, "synchronous", "normal")?;
    // What is forgotten is overwritten, and a file that came from elsewhere runs nothing.
    connection.pragma_update(None, "secure_delete", "on")?;
    connection.pragma_update(None, "trusted_schema", "off")?;
    bring_up_to_date(&mut connection)?;
    Ok(connection)
}

/// Does again what others stand in the way of: SQLite does not wait by itself where the journal of a
/// new file is chosen, and several programs may begin one file at once.
fn patiently(step: impl Fn() -> rusqlite::Result<()>) -> rusqlite::Result<()> {
    let deadline = Instant::now() + BUSY;
    loop {
        match step() {
            Err(err)
                if err.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && Instant::now() < deadline =>
            {
                std::thread::park_timeout(Duration::from_millis(5));
            }
            done => return done,
        }
    }
}

fn bring_up_to_date(connection: &mut Connection) -> Result<(), Failure> {
    let step = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let layout: u32 = step.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if layout > LAYOUT {
        return Err(Failure::Newer { found: layout });
    }
    for sql in STEPS.iter().skip(usize::try_from(layout).unwrap_or(usize::MAX)) {
        step.execute_batch(sql)?;
    }
    if layout < LAYOUT {
        step.pragma_update(None, "user_version", LAYOUT)?;
    }
    expire(&step, clock::now())?;
    step.commit()?;
    Ok(())
}

/// Removes what is too old.
fn expire(connection: &Connection, now: i64) -> rusqlite::Result<()> {
    let oldest = now.saturating_sub(KEPT_SECONDS);
    for table in TABLES {
        connection.execute(&format!("DELETE FROM {table} WHERE last_at < ?1"), [oldest])?;
    }
    Ok(())
}

/// Removes one incident, given as repository and incident.
pub(super) fn forget(connection: &Connection, key: &[String; 2]) -> rusqlite::Result<()> {
    for table in TABLES {
        let sql = format!("DELETE FROM {table} WHERE repository = ?1 AND incident = ?2");
        connection.execute(&sql, key.each_ref())?;
    }
    Ok(())
}

/// Empties the write-ahead log into the file: what was forgotten stands in neither.
pub(super) fn settle(path: &Path) -> Result<(), Failure> {
    let connection = open(path)?;
    connection.execute_batch("VACUUM")?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// Removes everything.
pub(super) fn forget_all(connection: &Connection) -> rusqlite::Result<()> {
    for table in TABLES {
        connection.execute(&format!("DELETE FROM {table}"), [])?;
    }
    Ok(())
}

/// Gives a damaged file another name and returns that; `None` where another process has done it.
pub(super) fn set_aside(path: &Path) -> Result<Option<PathBuf>, MemoryError> {
    let unusable =
        |reason: String| MemoryError::Unusable { path: path.display().to_string(), reason };
    let folder = path.parent().unwrap_or(Path::new("."));
    let moved = locked(folder, || {
        // Looked at again under the lock: whoever came first has begun a new file already.
        if matches!(open(path).map(drop), Ok(()) | Err(Failure::Newer { .. })) && is_sound(path) {
            return Ok(None);
        }
        let aside = free_name(path);
        let failed = |source| FolderError::Write { path: path.display().to_string(), source };
        std::fs::rename(path, &aside).map_err(failed)?;
        for companion in ["-wal", "-shm"] {
            // They belong to the damaged file; without it they mean nothing.
            let _ = std::fs::remove_file(with_ending(path, companion));
        }
        Ok(Some(aside))
    });
    moved.map_err(|err| unusable(err.to_string()))
}

/// Reads the whole file through.
fn is_sound(path: &Path) -> bool {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let Ok(connection) = Connection::open_with_flags(path, flags) else { return false };
    let told = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0));
    told.is_ok_and(|told: String| told == "ok")
}

/// Returns the files that were set aside.
pub(super) fn set_aside_files(path: &Path) -> Vec<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_aside = |name: &str| name.starts_with(FILE) && name.contains(".damaged-");
    entries
        .filter(|entry| entry.file_name().to_str().is_some_and(is_aside))
        .map(|entry| entry.path())
        .collect()
}

fn free_name(path: &Path) -> PathBuf {
    let names = (1..).map(|number: u32| with_ending(path, &format!(".damaged-{number}")));
    names.into_iter().find(|name| !name.exists()).unwrap_or_else(|| with_ending(path, ".damaged"))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
