//! When an incident was seen, and what ran then.

use incident_core::history::CommitId;
use incident_core::redact::Redactor;
use rusqlite::params;

use super::{Memory, MemoryError};

/// Within this time, in seconds, the same crash on the same deployed commit is one sighting: a
/// person explains the same log again and again.
const SAME_SECONDS: i64 = 6 * 60 * 60;

/// One time that an incident was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The first moment: seconds since 1970, UTC.
    pub first_at: i64,
    /// The last moment.
    pub last_at: i64,
    /// The commit that ran, where it was known.
    pub deployed: Option<CommitId>,
}

/// Says whether something at `at` on `deployed` is part of this sighting.
pub fn is_same_sighting(sighting: &Sighting, at: i64, deployed: Option<&CommitId>) -> bool {
    sighting.deployed.as_ref() == deployed
        && at >= sighting.first_at.saturating_sub(SAME_SECONDS)
        && at <= sighting.last_at.saturating_add(SAME_SECONDS)
}

impl Memory {
    /// Notes that `incident` was seen at `at`, while `deployed` ran.
    pub fn note_sighting(
        &self,
        incident: &str,
        title: &str,
        at: i64,
        deployed: Option<&CommitId>,
    ) -> Result<(), MemoryError> {
        let known = self.sightings(incident)?;
        let same = known.into_iter().find(|sighting| is_same_sighting(sighting, at, deployed));
        let repository = self.repository.clone();
        let incident = incident.to_owned();
        let title = Redactor::default().redact(title);
        let deployed = deployed.map(|commit| commit.0.clone());
        self.run(move |connection| {
            match &same {
                Some(same) => connection.execute(
                    "UPDATE sighting SET first_at = min(first_at, ?5), last_at = max(last_at, ?5)
                     WHERE repository = ?1 AND incident = ?2 AND first_at = ?3 AND deployed IS ?4",
                    params![repository, incident, same.first_at, deployed, at],
                ),
                None => connection.execute(
                    "INSERT INTO sighting (repository, incident, title, first_at, last_at, deployed)
                     VALUES (?1, ?2, ?3, ?4, ?4, ?5)",
                    params![repository, incident, title, at, deployed],
                ),
            }
            .map(|_| ())
        })
    }

    /// Returns when `incident` was seen, oldest first.
    pub fn sightings(&self, incident: &str) -> Result<Vec<Sighting>, MemoryError> {
        let key = [self.repository.clone(), incident.to_owned()];
        self.run(move |connection| {
            let mut query = connection.prepare(
                "SELECT first_at, last_at, deployed FROM sighting
                 WHERE repository = ?1 AND incident = ?2 ORDER BY first_at, rowid",
            )?;
            let rows = query.query_map(key.each_ref(), |row| {
                Ok(Sighting {
                    first_at: row.get(0)?,
                    last_at: row.get(1)?,
                    deployed: row.get::<_, Option<String>>(2)?.map(CommitId),
                })
            })?;
            rows.collect()
        })
    }
}
