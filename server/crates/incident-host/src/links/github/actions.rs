//! A run of GitHub Actions: its failed jobs' logs, and what made them fail.

use incident_core::exports::actions::{self, Job};
use incident_core::input::RawInput;
use incident_core::neutral;
use incident_core::problem::Problem;
use reqwest::Url;
use serde_json::Value;

use super::super::fetch::Fetcher;
use super::super::{LinkError, Loaded};
use super::HEADERS;
use crate::message::plain;

/// Logs that are read of one run; a matrix fails everywhere with the same words.
const MAX_LOGS: usize = 4;
/// Attempts that are compared.
const MAX_ATTEMPTS: u64 = 3;

/// What of a run the link names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) run: &'a str,
    pub(super) attempt: Option<&'a str>,
    pub(super) job: Option<&'a str>,
}

pub(super) fn load(
    link: &Url,
    fetcher: &mut Fetcher<'_>,
    [owner, name]: [&str; 2],
    wanted: Wanted<'_>,
) -> Result<Loaded, LinkError> {
    let of_runs = ["repos", owner, name, "actions", "runs", wanted.run];
    let asked = fetcher.api_url(&of_runs, &[])?;
    let run = fetcher.json(&asked, &HEADERS, "a run")?.value;
    let newest = run.get("run_attempt").and_then(Value::as_u64).unwrap_or(1);
    let attempt = wanted.attempt.and_then(|it| it.parse().ok()).unwrap_or(newest);
    let jobs = jobs_of(fetcher, &of_runs, (attempt != newest).then_some(attempt))?;
    let failed: Vec<&Job> = jobs
        .iter()
        .filter(|job| match wanted.job {
            Some(id) => job.id.to_string() == id,
            None => job.has_failed(),
        })
        .collect();
    let mut loaded = Loaded::default();
    let shown = plain(link.as_str());
    if failed.is_empty() {
        let conclusion = run.get("conclusion").and_then(Value::as_str).unwrap_or("not finished");
        let told = format!(
            "no job of this run failed (it is {}), so there is no log to read",
            plain(conclusion)
        );
        return Err(LinkError::NotThis(told));
    }
    let others = other_attempts(fetcher, &of_runs, attempt, newest);
    if failed.len() > MAX_LOGS {
        let told =
            format!("{} jobs failed; the logs of the first {MAX_LOGS} were read", failed.len());
        loaded.problems.push(Problem::warning(told).at(shown.clone(), None));
    }
    let commit = run.get("head_sha").and_then(Value::as_str).unwrap_or_default();
    for job in failed.into_iter().take(MAX_LOGS) {
        let id = job.id.to_string();
        let asked =
            fetcher.api_url(&["repos", owner, name, "actions", "jobs", &id, "logs"], &[])?;
        let log = match fetcher.get(&asked, &HEADERS) {
            Ok(answer) => String::from_utf8_lossy(&answer.body).into_owned(),
            Err(LinkError::Status { status: 410, .. }) => {
                loaded.problems.push(Problem::error(gone(job)).at(shown.clone(), None));
                continue;
            }
            Err(err) => return Err(err),
        };
        loaded.problems.push(Problem::info(verdict(job, &log, &others)).at(shown.clone(), None));
        let text = actions::terminal_text(actions::failing_part(&log));
        let name = format!("{shown} ({})", neutral::headline(&job.name, 60));
        loaded.inputs.push(RawInput { name, text: format!("{}{text}", of_commit(commit)) });
    }
    Ok(loaded)
}

/// Returns the line that says which commit ran.
fn of_commit(commit: &str) -> String {
    let is_id = commit.len() == 40 && commit.bytes().all(|c| c.is_ascii_hexdigit());
    if is_id { format!("commit: {commit}\n") } else { String::new() }
}

fn jobs_of(
    fetcher: &mut Fetcher<'_>,
    of_run: &[&str],
    attempt: Option<u64>,
) -> Result<Vec<Job>, LinkError> {
    let attempt = attempt.map(|it| it.to_string());
    let mut parts = of_run.to_vec();
    parts.extend(attempt.as_deref().map(|it| ["attempts", it]).into_iter().flatten());
    parts.push("jobs");
    let asked = fetcher.api_url(&parts, &[("per_page", "100")])?;
    Ok(actions::jobs(&fetcher.json(&asked, &HEADERS, "a list of jobs")?.value))
}

/// Returns the jobs of the other attempts at the same commit, as far as they can be had.
fn other_attempts(
    fetcher: &mut Fetcher<'_>,
    of_run: &[&str],
    attempt: u64,
    newest: u64,
) -> Vec<Job> {
    let others = (1..=newest).rev().filter(|other| *other != attempt);
    let others: Vec<u64> = others.take(MAX_ATTEMPTS as usize).collect();
    let jobs = others.into_iter().filter_map(|other| jobs_of(fetcher, of_run, Some(other)).ok());
    jobs.flatten().collect()
}

fn verdict(job: &Job, log: &str, others: &[Job]) -> String {
    let judged = actions::judge(job, log, others);
    let name = neutral::headline(&job.name, 80);
    let step = job
        .failed_step
        .as_deref()
        .map(|step| format!(" at step `{}`", neutral::headline(step, 80)));
    let tests = match judged.tests.as_slice() {
        [] => String::new(),
        [test] => format!(", test {test}"),
        [test, rest @ ..] => format!(", test {test} and {} more", rest.len()),
    };
    let (words, why) = (judged.nature.as_words(), judged.why);
    format!("job `{name}` failed{}{tests}; it {words}: {why}", step.unwrap_or_default())
}

fn gone(job: &Job) -> String {
    let name = neutral::headline(&job.name, 80);
    let step = job
        .failed_step
        .as_deref()
        .map(|step| format!(" (it failed at step `{}`)", neutral::headline(step, 80)));
    format!(
        "the log of job `{name}` has expired{}: run the job again for a new one, or look for a \
         report among the run's artifacts",
        step.unwrap_or_default()
    )
}
