//! What was tried against an incident, what the checks said, and what people said later.

use incident_core::guard::looping::Change;
use incident_core::history::CommitId;
use incident_core::redact::Redactor;
use incident_core::verification;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Row, params};

use super::{Memory, MemoryError};

/// A fix that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAttempt {
    /// The incident's id.
    pub incident: String,
    /// The hypothesis' number at that time, from 1; 0 for a fix that is none of a hypothesis.
    pub number: u32,
    /// What was claimed, in one line.
    pub hypothesis: String,
    /// The commit that it started from.
    pub base: CommitId,
    /// The scratch branch.
    pub branch: String,
    /// Tells this patch from others, exactly.
    pub patch_digest: String,
    /// `git patch-id --stable`: the same wherever the change lands.
    pub patch_id: Option<String>,
    /// The files that it changes, relative to the repository's top.
    pub files: Vec<String>,
    /// What it does to the functions that it touches.
    pub change: Change,
}

/// A fix that was opened, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Names it in this file.
    pub id: i64,
    /// What was tried.
    pub tried: NewAttempt,
    /// When it was opened first: seconds since 1970, UTC.
    pub opened_at: i64,
    /// What the last verification said, and in words.
    pub outcome: Option<(Outcome, String)>,
    /// What a person said last, and did not take back.
    pub answer: Option<Answer>,
}

/// The verdict of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Better in something, worse in nothing.
    Better,
    /// Worse in something.
    Worse,
    /// No difference that could be told.
    Same,
    /// Not enough was measured to say.
    Unknown,
}

impl From<verification::Outcome> for Outcome {
    fn from(outcome: verification::Outcome) -> Self {
        match outcome {
            verification::Outcome::Better => Self::Better,
            verification::Outcome::Worse => Self::Worse,
            verification::Outcome::Same => Self::Same,
            verification::Outcome::Unknown => Self::Unknown,
        }
    }
}

/// What a person said about a fix, after it ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This fixed it.
    Worked,
    /// This did not fix it.
    Failed,
}

/// What a person can say about an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// This hypothesis was the cause.
    Confirmed,
    /// Put aside.
    Dismissed,
    /// This fix fixed it.
    Worked,
    /// This fix did not.
    Failed,
}

/// Something that a person said about an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What.
    pub kind: MarkKind,
    /// About what: a hypothesis' title, a branch, or nothing for the incident itself.
    pub subject: String,
    /// When: seconds since 1970, UTC.
    pub at: i64,
}

impl Memory {
    /// Notes that a fix was opened; one that is known already is found again.
    pub fn note_attempt(&self, attempt: &NewAttempt, at: i64) -> Result<(), MemoryError> {
        let repository = self.repository.clone();
        let attempt = NewAttempt {
            hypothesis: Redactor::default().redact(&attempt.hypothesis),
            ..attempt.clone()
        };
        let files = attempt.files.join("\n");
        self.run(move |connection| {
            let NewAttempt { incident, number, hypothesis, base, branch, .. } = &attempt;
            connection.execute(
                "INSERT INTO attempt (repository, incident, number, hypothesis, base, branch,
                                      patch_digest, patch_id, files, change, opened_at, last_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)
                 ON CONFLICT (repository, incident, patch_digest) DO UPDATE
                 SET branch = excluded.branch, last_at = excluded.last_at,
                     patch_id = coalesce(excluded.patch_id, patch_id)",
                params![
                    repository,
                    incident,
                    number,
                    hypothesis,
                    base.0,
                    branch,
                    attempt.patch_digest,
                    attempt.patch_id,
                    files,
                    attempt.change.to_lines(),
                    at
                ],
            )?;
            Ok(())
        })
    }

    /// Notes what a verification said about the fix on `branch`, and the patch that it had then:
    /// the person may have changed it since it was opened.
    pub fn note_outcome(
        &self,
        branch: &str,
        patch_id: Option<&str>,
        outcome: Outcome,
        words: &str,
        at: i64,
    ) -> Result<(), MemoryError> {
        let values = (self.repository.clone(), branch.to_owned(), patch_id.map(str::to_owned));
        let words = Redactor::default().redact(words);
        self.run(move |connection| {
            let (repository, branch, patch_id) = &values;
            connection.execute(
                "UPDATE attempt SET outcome = ?3, outcome_words = ?4, verified_at = ?5,
                        last_at = ?5, patch_id = coalesce(?6, patch_id)
                 WHERE id = (SELECT max(id) FROM attempt WHERE repository = ?1 AND branch = ?2)",
                params![repository, branch, outcome, words, at, patch_id],
            )?;
            Ok(())
        })
    }

    /// Returns what was tried against `incident`, oldest first.
    pub fn attempts(&self, incident: &str) -> Result<Vec<Attempt>, MemoryError> {
        let key = [self.repository.clone(), incident.to_owned()];
        self.run(move |connection| {
            let mut query = connection.prepare(
                "SELECT id, incident, number, hypothesis, base, branch, patch_digest, patch_id,
                        files, opened_at, outcome, outcome_words,
                        (SELECT kind FROM mark WHERE mark.attempt = attempt.id
                         AND taken_back_at IS NULL ORDER BY mark.id DESC LIMIT 1), change
                 FROM attempt WHERE repository = ?1 AND incident = ?2 ORDER BY opened_at, id",
            )?;
            query.query_map(key.each_ref(), attempt_of)?.collect()
        })
    }

    /// Notes what a person says about the incident itself or one of its hypotheses.
    pub fn mark(
        &self,
        incident: &str,
        kind: MarkKind,
        subject: &str,
        at: i64,
    ) -> Result<(), MemoryError> {
        let (repository, incident) = (self.repository.clone(), incident.to_owned());
        let subject = Redactor::default().redact(subject);
        self.run(move |connection| {
            connection.execute(
                "INSERT INTO mark (repository, incident, kind, subject, last_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![repository, incident, kind, subject, at],
            )?;
            Ok(())
        })
    }

    /// Notes what a person says about the fix on `branch`.
    pub fn answer(&self, branch: &str, answer: Answer, at: i64) -> Result<Attempt, MemoryError> {
        let kind = match answer {
            Answer::Worked => MarkKind::Worked,
            Answer::Failed => MarkKind::Failed,
        };
        let key = [self.repository.clone(), branch.to_owned()];
        let found = self.run(move |connection| {
            let mut query = connection.prepare(
                "SELECT id, incident, number, hypothesis, base, branch, patch_digest, patch_id,
                        files, opened_at, outcome, outcome_words, ?3, change
                 FROM attempt WHERE repository = ?1 AND branch = ?2 ORDER BY id DESC LIMIT 1",
            )?;
            let [repository, branch] = &key;
            let mut rows = query.query_map(params![repository, branch, kind], attempt_of)?;
            let Some(attempt) = rows.next().transpose()? else { return Ok(None) };
            connection.execute(
                "INSERT INTO mark (repository, incident, kind, subject, attempt, last_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![repository, attempt.tried.incident, kind, branch, attempt.id, at],
            )?;
            Ok(Some(attempt))
        })?;
        found.ok_or_else(|| {
            MemoryError::NotFound(format!(
                "no fix was opened on branch `{branch}`, as far as is known"
            ))
        })
    }

    /// Takes back what was said last about `incident`; returns what that was.
    pub fn take_back(&self, incident: &str, at: i64) -> Result<Mark, MemoryError> {
        let key = [self.repository.clone(), incident.to_owned()];
        let found = self.run(move |connection| {
            let last = connection.query_row(
                "SELECT id, kind, subject, last_at FROM mark
                 WHERE repository = ?1 AND incident = ?2 AND taken_back_at IS NULL
                 ORDER BY id DESC LIMIT 1",
                key.each_ref(),
                |row| Ok((row.get::<_, i64>(0)?, mark_of(row)?)),
            );
            let (id, mark) = match last {
                Ok(last) => last,
                Err(rusqlite::Error::QueryReturnedNoRows) => return Ok(None),
                Err(err) => return Err(err),
            };
            connection.execute("UPDATE mark SET taken_back_at = ?2 WHERE id = ?1", [id, at])?;
            Ok(Some(mark))
        })?;
        found.ok_or_else(|| {
            MemoryError::NotFound(format!("nothing was said about incident {incident} yet"))
        })
    }

    /// Returns what people said about `incident` and did not take back, oldest first.
    pub fn marks(&self, incident: &str) -> Result<Vec<Mark>, MemoryError> {
        let key = [self.repository.clone(), incident.to_owned()];
        self.run(move |connection| {
            let mut query = connection.prepare(
                "SELECT id, kind, subject, last_at FROM mark
                 WHERE repository = ?1 AND incident = ?2 AND taken_back_at IS NULL ORDER BY id",
            )?;
            query.query_map(key.each_ref(), mark_of)?.collect()
        })
    }
}

fn mark_of(row: &Row<'_>) -> rusqlite::Result<Mark> {
    Ok(Mark { kind: row.get(1)?, subject: row.get(2)?, at: row.get(3)? })
}

fn attempt_of(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let files: String = row.get(8)?;
    let outcome: Option<Outcome> = row.get(10)?;
    let words: Option<String> = row.get(11)?;
    let change: String = row.get(13)?;
    let answer = match row.get::<_, Option<MarkKind>>(12)? {
        Some(MarkKind::Worked) => Some(Answer::Worked),
        Some(MarkKind::Failed) => Some(Answer::Failed),
        Some(MarkKind::Confirmed | MarkKind::Dismissed) | None => None,
    };
    Ok(Attempt {
        id: row.get(0)?,
        tried: NewAttempt {
            incident: row.get(1)?,
            number: row.get(2)?,
            hypothesis: row.get(3)?,
            base: CommitId(row.get(4)?),
            branch: row.get(5)?,
            patch_digest: row.get(6)?,
            patch_id: row.get(7)?,
            files: files.lines().map(str::to_owned).collect(),
            change: Change::from_lines(&change),
        },
        opened_at: row.get(9)?,
        outcome: outcome.map(|outcome| (outcome, words.unwrap_or_default())),
        answer,
    })
}

/// Gives an enum without fields a word in the tables.
macro_rules! in_words {
    ($kind:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $kind {
            /// Returns the word for it, in the tables and in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl ToSql for $kind {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }

        impl FromSql for $kind {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match value.as_str()? {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(FromSqlError::InvalidType),
                }
            }
        }
    };
}

in_words!(Outcome { Better = "better", Worse = "worse", Same = "same", Unknown = "unknown" });
in_words!(MarkKind {
    Confirmed = "confirmed",
    Dismissed = "dismissed",
    Worked = "worked",
    Failed = "failed",
});
