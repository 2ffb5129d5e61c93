//! Fixes that go round in circles, as far as is remembered.

use incident_core::guard::looping::{self, Change};

use super::{Answer, Attempt, Memory, MemoryError, Outcome};

/// Says in a sentence why `change` must not be tried against `incident` once more, and what would
/// tell the causes apart; `None` where nothing speaks against it.
///
/// `failed` is the branch of a fix that is known to have failed, whatever people said of it.
pub(crate) fn stop(
    attempts: &[Attempt],
    change: &Change,
    failed: Option<&str>,
    tell_apart: &[String],
) -> Option<String> {
    let tried: Vec<looping::Attempt> = attempts.iter().map(|it| as_tried(it, failed)).collect();
    let symptom = &attempts.first()?.tried.incident;
    let stop = looping::stop(symptom, change, &tried)?;
    Some(stop.sentence(&tried, tell_apart))
}

impl Memory {
    /// The same, by what people and checks said.
    pub(crate) fn stop(
        &self,
        incident: &str,
        change: &Change,
    ) -> Result<Option<String>, MemoryError> {
        Ok(stop(&self.attempts(incident)?, change, None, &[]))
    }
}

fn as_tried(attempt: &Attempt, failed: Option<&str>) -> looping::Attempt {
    let (held, why) = match (attempt.answer, &attempt.outcome) {
        _ if failed == Some(&attempt.tried.branch) => (Some(false), "it ran, and this came back"),
        (Some(Answer::Worked), _) => (Some(true), ""),
        (Some(Answer::Failed), _) => (Some(false), ""),
        (None, Some((Outcome::Worse, words))) => (Some(false), words.as_str()),
        (None, _) => (None, ""),
    };
    looping::Attempt {
        symptom: attempt.tried.incident.clone(),
        change: attempt.tried.change.clone(),
        held,
        why: why.to_owned(),
    }
}
