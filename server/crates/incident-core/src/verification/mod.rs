//! What running the same commands before and after a fix says about it.
//!
//! Pure: the host runs the commands and hands over what it saw; this module judges. Each row of
//! the table is better, worse, the same or unknown, with the reason; a fix that is worse in one
//! thing is worse, whatever else it cures.

mod judge;
mod leaks;
mod load;
mod statistics;
mod table;
mod test_states;
#[cfg(test)]
mod tests;
mod warnings;

pub use self::judge::judge;
pub use self::leaks::{Growth, Kind as LeakKind, Sample, growth};
pub use self::load::{LoadFigures, parse_load};
pub use self::statistics::{Comparison, Direction, compare, median};
pub use self::table::{markdown, text};
pub use self::test_states::{
    TestChanges, TestState, TestStates, compare_tests, parse_tests, wants_another_run,
};

/// A verdict, on a row or on the whole fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Better than before.
    Better,
    /// Worse than before.
    Worse,
    /// No difference that could be told.
    Same,
    /// Not measured, or not enough to say.
    Unknown,
}

impl Outcome {
    /// Returns the word for it, in the table and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Same => "same",
            Self::Unknown => "unknown",
        }
    }
}

/// A command that a verification runs, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepKind {
    /// Does it compile, do the types fit.
    Check,
    /// Do the tests pass.
    Test,
    /// How does it behave under load.
    Load,
}

impl StepKind {
    /// Returns the name of its key in the settings, which people know it by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Test => "test",
            Self::Load => "load",
        }
    }
}

/// One run of one command.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepRun {
    /// How it ended.
    pub end: RunEnd,
    /// Time on the wall, in seconds.
    pub wall_s: f64,
    /// Processor time of all its processes, in seconds; `None` where it can't be told.
    pub cpu_s: Option<f64>,
    /// The most memory that its processes held together, in bytes.
    pub peak_bytes: Option<u64>,
    /// Looks at its processes while it ran.
    pub samples: Vec<Sample>,
    /// What it said, capped and without control characters.
    pub output: String,
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RunEnd {
    /// With this exit code.
    Exited(i32),
    /// By a signal that was not ours.
    #[default]
    Killed,
    /// Stopped by us: its time, its memory, its words; in words.
    Stopped(String),
}

impl StepRun {
    /// Says whether it ended with success.
    pub fn passed(&self) -> bool {
        self.end == RunEnd::Exited(0)
    }
}

/// The runs of one command on one side.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Which command.
    pub kind: StepKind,
    /// As a person would type it.
    pub command: String,
    /// In order; never empty.
    pub runs: Vec<StepRun>,
}

/// One side: the base, or the base with the fix.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    /// The steps that ran, in order.
    pub steps: Vec<Step>,
}

impl Side {
    /// Returns a step.
    pub fn step(&self, kind: StepKind) -> Option<&Step> {
        self.steps.iter().find(|step| step.kind == kind)
    }
}

impl Step {
    /// Says whether every run ended with success.
    pub fn passed(&self) -> bool {
        self.runs.iter().all(StepRun::passed)
    }
}

/// Everything that was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Without the fix.
    pub before: Side,
    /// With it.
    pub after: Side,
    /// Lock files that the commands changed and the fix does not.
    pub changed_locks: Vec<String>,
    /// Other files that the commands wrote and the fix does not.
    pub foreign_files: Vec<String>,
    /// The load of the incident, where it is known.
    pub wanted_load: WantedLoad,
    /// What the run could and could not keep apart: network, memory; sentences.
    pub notes: Vec<String>,
}

/// The load that the incident had.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WantedLoad {
    /// Requests a second.
    pub per_second: Option<f64>,
    /// So many at a time.
    pub concurrency: Option<f64>,
}

/// The verdict on a fix.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// On the whole.
    pub outcome: Outcome,
    /// The step that kept later ones from running, with the line that says why.
    pub stopped_at: Option<(StepKind, String)>,
    /// Row by row, in a fixed order.
    pub rows: Vec<Row>,
    /// Sentences that the person should read.
    pub notes: Vec<String>,
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What was looked at.
    pub subject: String,
    /// Before, as a person reads it; empty where there is nothing to show.
    pub before: String,
    /// After.
    pub after: String,
    /// The verdict.
    pub outcome: Outcome,
    /// It counts towards the whole; the others are for the reader.
    pub counts: bool,
    /// Why, in plain words.
    pub why: String,
}

impl Verdict {
    /// Returns the verdict in one sentence: the outcome and what decided it.
    pub fn headline(&self) -> String {
        let told = |outcome| {
            let rows = self.rows.iter().filter(move |row| row.counts && row.outcome == outcome);
            // How sure it is stands in the table.
            let why = |row: &Row| row.why.split(" (p = ").next().unwrap_or_default().to_owned();
            rows.map(|row| format!("{} ({})", row.subject, why(row))).collect::<Vec<_>>().join(", ")
        };
        if let Some((step, why)) = &self.stopped_at {
            return format!("{}: {} fails: {why}", self.outcome.as_str(), step.as_str());
        }
        let (better, worse) = (told(Outcome::Better), told(Outcome::Worse));
        match self.outcome {
            Outcome::Worse if better.is_empty() => format!("worse: {worse}"),
            Outcome::Worse => format!("worse: {worse}; it does cure {better}"),
            Outcome::Better => format!("better: {better}"),
            Outcome::Same => "same: nothing that was measured changed".to_owned(),
            Outcome::Unknown => match told(Outcome::Unknown) {
                unknown if unknown.is_empty() => "unknown: nothing was measured".to_owned(),
                unknown => format!("unknown: {unknown}"),
            },
        }
    }
}
