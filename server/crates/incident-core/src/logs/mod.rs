//! Logs: from lines to groups of like records.
//!
//! A record is a head line with the lines that continue it; its message is masked to a template,
//! and records with one level and one template are a group. Nothing is sampled: every line counts.

mod record;
mod report;
mod template;

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use self::record::{Record, records};
use crate::cancel::Cancel;
use crate::input::RawInput;
use crate::problem::Problem;

pub use self::report::{
    DeployHow, DeployTime, GroupFrame, GroupKind, GroupStatus, GroupTrace, Level, LogGroup,
    LogReport, Minute, Rates,
};

/// The longest sample that a group keeps, in characters.
const MAX_SAMPLE_CHARS: usize = 400;

/// The longest message that a group keeps, in characters.
const MAX_MESSAGE_CHARS: usize = 1000;

/// Groups the records of all inputs.
///
/// Stops early when `cancel` is raised; what was read by then is grouped, with a problem that says
/// where it stopped.
pub fn group(inputs: &[RawInput], cancel: &Cancel) -> (LogReport, Vec<Problem>) {
    let mut report = LogReport::default();
    let mut problems = Vec::new();
    let mut groups: HashMap<(Level, String), LogGroup> = HashMap::new();
    'inputs: for input in inputs {
        report.n_bytes += input.text.len() as u64;
        report.n_lines += memchr::memchr_iter(b'\n', input.text.as_bytes()).count() as u64
            + u64::from(!input.text.is_empty() && !input.text.ends_with('\n'));
        for record in records(&input.text) {
            // A look at the flag costs less than a record, but not nothing.
            if record.line % 1024 == 0 && cancel.is_cancelled() {
                problems.push(
                    Problem::warning("stopped reading the log here because it was cancelled")
                        .at(input.name.clone(), u32::try_from(record.line).ok()),
                );
                break 'inputs;
            }
            report.n_records += 1;
            let template = template::mask(&record.message);
            groups
                .entry((record.level, template))
                .and_modify(|group| group.add(&record))
                .or_insert_with_key(|(_, template)| LogGroup::of(&record, template, input));
        }
    }
    report.groups = groups.into_values().collect();
    report.groups.sort_by(|a, b| {
        (b.level, b.count).cmp(&(a.level, a.count)).then_with(|| {
            (&a.input, a.first_line, &a.template).cmp(&(&b.input, b.first_line, &b.template))
        })
    });
    (report, problems)
}

impl LogGroup {
    /// Returns a group that holds `record` alone.
    fn of(record: &Record<'_>, template: &str, input: &RawInput) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(record.level.as_str());
        hasher.update([0]);
        hasher.update(template);
        let digest = hasher.finalize();
        let id: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self {
            id,
            template: template.to_owned(),
            level: record.level,
            kind: record.level.kind(),
            count: 1,
            input: input.name.clone(),
            first_line: record.line,
            last_line: record.line,
            first_byte: record.span.start as u64,
            last_byte: record.span.start as u64,
            first_seen: record.time.map(|time| time.to_string()),
            last_seen: record.time.map(|time| time.to_string()),
            sample: record.text.chars().take(MAX_SAMPLE_CHARS).collect(),
            sample_span: record.span,
            message: record.message.chars().take(MAX_MESSAGE_CHARS).collect(),
            ..Self::default()
        }
    }

    /// Counts `record` in; records of one input come in the order of their lines.
    fn add(&mut self, record: &Record<'_>) {
        self.count += 1;
        self.last_line = record.line;
        self.last_byte = record.span.start as u64;
        if let Some(time) = record.time.map(|time| time.to_string()) {
            // RFC 3339 in UTC sorts as text.
            if self.first_seen.as_ref().is_none_or(|first| time < *first) {
                self.first_seen = Some(time.clone());
            }
            if self.last_seen.as_ref().is_none_or(|last| time > *last) {
                self.last_seen = Some(time);
            }
        }
    }
}

#[cfg(test)]
mod tests;
