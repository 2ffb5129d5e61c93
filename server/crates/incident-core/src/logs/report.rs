//! What grouping a log gives: groups with their counts, places, times and what became of them.

use crate::statements::StatementPlace;
use crate::text::ByteSpan;

/// What a log says, grouped and counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogReport {
    /// The number of lines read, over all inputs.
    pub n_lines: u64,
    /// The number of bytes read, over all inputs.
    pub n_bytes: u64,
    /// The number of records, over all inputs: what the groups' counts add up to.
    pub n_records: u64,
    /// The first stamp of all inputs, RFC 3339 in UTC.
    pub first_seen: Option<String>,
    /// The last stamp of all inputs, likewise.
    pub last_seen: Option<String>,
    /// When the change went out that the log is held against, where that is known.
    pub deploy: Option<DeployTime>,
    /// Groups, the ones that matter first: new before bursting before the others, severe before
    /// mild, frequent before rare, then by line.
    pub groups: Vec<LogGroup>,
}

/// Records that one statement printed, as far as their text tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogGroup {
    /// A stable name made from level, target and template; of a crash, from its place.
    pub id: String,
    /// The constant part of the message, with `<*>` where values stood.
    pub template: String,
    /// The level.
    pub level: Level,
    /// What the records are.
    pub kind: GroupKind,
    /// The logger, module or category that the records name, as written: `pool::manager`,
    /// `org.acme.Pool`. Null where the format has none or the records differ.
    pub target: Option<String>,
    /// How many records.
    pub count: u64,
    /// How many of them before the deploy; null where no deploy time is known.
    pub count_before: Option<u64>,
    /// How many of them from the deploy on; null where no deploy time is known.
    pub count_after: Option<u64>,
    /// The input's name in which the first record stands.
    pub input: String,
    /// Line of the first record's head, from 1.
    pub first_line: u64,
    /// Line of the last record's head, from 1; in the last input that has one.
    pub last_line: u64,
    /// Offset of the first record's first byte in its input.
    pub first_byte: u64,
    /// Offset of the last record's first byte in its input.
    pub last_byte: u64,
    /// The first record's time, RFC 3339 in UTC, where its stamp could be read.
    pub first_seen: Option<String>,
    /// The last record's time, likewise.
    pub last_seen: Option<String>,
    /// The message of one record: the prefix with stamp, level, logger and thread taken off,
    /// colours removed, escapes undone; cut at 1,000 characters. Of a crash, its message.
    pub message: String,
    /// One record's head line as it stands in the log, cut at 400 characters.
    pub sample: String,
    /// Where that line stands in its input.
    pub sample_span: ByteSpan,
    /// What became of the group with the deploy.
    pub status: GroupStatus,
    /// How often it came before and after.
    pub rates: Option<Rates>,
    /// Records by minute, only minutes that have some, in order; empty where no record has a
    /// time.
    pub minutes: Vec<Minute>,
    /// The trace, where the records carry one.
    pub trace: Option<GroupTrace>,
    /// The statements that can have printed it, the likeliest first; filled in where a workspace
    /// is at hand.
    pub statements: Vec<StatementPlace>,
}

/// What the records of a group are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupKind {
    /// A record below a warning.
    #[default]
    Log,
    /// A warning.
    Warn,
    /// An error without a trace.
    Error,
    /// An exception with its trace, or named by its type.
    Exception,
    /// A panic.
    Panic,
}

impl GroupKind {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Exception => "exception",
            Self::Panic => "panic",
        }
    }
}

/// What became of a group with the deploy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupStatus {
    /// No deploy time is known.
    #[default]
    Unknown,
    /// It came before and comes after, about as often.
    Steady,
    /// It came before and no more after.
    Gone,
    /// It came before, and comes far more often since.
    Bursting,
    /// It came for the first time with the deploy or after it.
    New,
}

impl GroupStatus {
    /// Returns what the deploy changed, in words; `None` where it changed nothing.
    pub fn news(self) -> Option<&'static str> {
        match self {
            Self::New => Some("new since the deploy"),
            Self::Bursting => Some("far more often since the deploy"),
            Self::Gone => Some("gone since the deploy"),
            Self::Steady | Self::Unknown => None,
        }
    }

    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Steady => "steady",
            Self::Gone => "gone",
            Self::Bursting => "bursting",
            Self::New => "new",
        }
    }
}

/// How often a group came, in records a minute.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    /// Where it became frequent, or stopped: RFC 3339 in UTC.
    pub start: String,
    /// Records a minute before.
    pub before: f64,
    /// Records a minute after.
    pub after: f64,
}

/// The records of one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minute {
    /// Minutes since 1970 in UTC.
    pub minute: i64,
    /// How many records.
    pub count: u64,
}

/// What the traces of a group have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupTrace {
    /// Made from the kind, the exception's type and the top frame of the service's own code:
    /// the same crash in other wrappings, and under other callers, has the same.
    pub fingerprint: String,
    /// The exception's type (`TypeError`, `java.io.IOException`); empty of a panic.
    pub exception: String,
    /// Frames of the first record, the failing one first; at most 16.
    pub frames: Vec<GroupFrame>,
}

/// A frame as the log has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupFrame {
    /// The function, empty where the frame has none.
    pub function: String,
    /// The file as printed, without a leading `./`.
    pub file: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// Whether it looks like the service's own code.
    pub in_app: bool,
}

/// When a change went out, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployTime {
    /// RFC 3339 in UTC.
    pub at: String,
    /// How it is known.
    pub how: DeployHow,
    /// The words, the line or the commit that tell, for a person.
    pub evidence: String,
    /// The line that tells, from 1, where the log itself does; with the input's name.
    pub line: Option<(String, u64)>,
}

/// How a deploy time is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeployHow {
    /// The person gave a time.
    Given,
    /// The person gave words: "14:00 fine, 14:05 failing".
    Words,
    /// The event of an error tracker or the alert names it.
    Event,
    /// The deployed commit's or tag's own time: no deploy was earlier.
    Commit,
    /// A start-up banner or a version line in the log.
    Banner,
    /// Rates changed there, nothing else tells.
    ChangePoint,
}

impl DeployHow {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Words => "words",
            Self::Event => "event",
            Self::Commit => "commit",
            Self::Banner => "banner",
            Self::ChangePoint => "change_point",
        }
    }
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

    /// Returns what a record of this level without a trace is.
    pub fn kind(self) -> GroupKind {
        match self {
            Self::Trace | Self::Debug | Self::Info => GroupKind::Log,
            Self::Warn => GroupKind::Warn,
            Self::Error | Self::Fatal => GroupKind::Error,
        }
    }
}
