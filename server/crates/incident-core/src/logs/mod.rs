//! Logs: from lines to groups of like records.
//!
//! A record is a head line with the lines that continue it; its message is masked to a template,
//! and records with one level and one template are a group. Nothing is sampled: every line counts.

mod record;
mod template;

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use self::record::{Record, records};
use crate::cancel::Cancel;
use crate::input::RawInput;
use crate::problem::Problem;
use crate::text::ByteSpan;

/// What a log says, grouped and counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogReport {
    /// The number of lines read, over all inputs.
    pub n_lines: u64,
    /// The number of bytes read, over all inputs.
    pub n_bytes: u64,
    /// Groups, the ones that matter first: severe before mild, frequent before rare, then by line.
    pub groups: Vec<LogGroup>,
}

/// Records that one statement printed, as far as their text tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogGroup {
    /// A stable name made from level and template.
    pub id: String,
    /// The constant part of the message, with `<*>` where values stood.
    pub template: String,
    /// The level.
    pub level: Level,
    /// How many records.
    pub count: u64,
    /// The input's name in which the first record stands.
    pub input: String,
    /// Line of the first record's head, from 1.
    pub first_line: u64,
    /// Line of the last record's head, from 1.
    pub last_line: u64,
    /// The first record's time, RFC 3339 in UTC, where its stamp could be read.
    pub first_seen: Option<String>,
    /// The last record's time, likewise.
    pub last_seen: Option<String>,
    /// One record as it stands in the log, cut at 400 characters.
    pub sample: String,
    /// Where that record stands in its input.
    pub sample_span: ByteSpan,
}

/// How severe a record says it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Finest detail.
    Trace,
    /// For developers.
    Debug,
    /// Normal operation, and records that name no level.
    #[default]
    Info,
    /// Something that may become a failure.
    Warn,
    /// A failure.
    Error,
    /// The program ended, or a panic was printed.
    Fatal,
}

impl Level {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }
}

/// The longest sample that a group keeps, in characters.
const MAX_SAMPLE_CHARS: usize = 400;

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
            count: 1,
            input: input.name.clone(),
            first_line: record.line,
            last_line: record.line,
            first_seen: record.time.map(|time| time.to_string()),
            last_seen: record.time.map(|time| time.to_string()),
            sample: record.text.chars().take(MAX_SAMPLE_CHARS).collect(),
            sample_span: record.span,
        }
    }

    /// Counts `record` in; records of one input come in the order of their lines.
    fn add(&mut self, record: &Record<'_>) {
        self.count += 1;
        self.last_line = record.line;
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
