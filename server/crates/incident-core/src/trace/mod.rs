//! Stack traces: from pasted text to [`Trace`] values.
//!
//! One file a dialect. [`parse`] never fails: text that holds no trace gives an empty list and a
//! problem that says so. Nothing here looks at a workspace; what a frame's file is called in the
//! text is kept as printed.

use crate::exports::{self, Document};
use crate::input::{Language, RawInput};
use crate::problem::Problem;
use crate::text::ByteSpan;

mod addresses;
mod event;
mod location;
pub mod names;
mod origin;
mod other;
mod packages;
mod pairs;
mod references;
mod rust;
mod unwrap;
mod well_known;

pub use self::addresses::{CodePlace, CodePlaces, wanted_addresses, with_places};

/// One stack trace as it stands in the text: a panic, an error chain, a trap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The language that the dialect belongs to.
    pub language: Language,
    /// What ended the thread.
    pub kind: TraceKind,
    /// The thread's name as printed, without quotes.
    pub thread: Option<String>,
    /// The errors, outermost first. A panic has one. Empty where the text shows frames only.
    pub causes: Vec<Cause>,
    /// The place in the panic line itself.
    pub location: Option<SourceLocation>,
    /// The frames in text order, over all causes.
    pub frames: Vec<Frame>,
    /// Which end of `frames` failed.
    pub order: FrameOrder,
    /// Time stamp of the log line that carries the trace, as printed.
    pub logged_at: Option<String>,
    /// The part of the original text that the trace was read from.
    pub span: ByteSpan,
    /// The text ended before the trace did.
    pub cut: bool,
}

/// What ended the thread, in Rust's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TraceKind {
    /// `panic!` and everything that panics.
    #[default]
    Panic,
    /// An error printed with `anyhow`'s chain.
    Anyhow,
    /// An error printed with `eyre`'s chain.
    Eyre,
    /// An exception of a language that has them.
    Exception,
    /// A signal, a WebAssembly trap, an abort.
    Trap,
}

/// Which end of a list of frames is the innermost call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FrameOrder {
    /// The first frame failed.
    #[default]
    InnermostFirst,
    /// The last frame failed: "most recent call last".
    InnermostLast,
}

/// One error of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// The error's type where the text names it: `panic`, `anyhow`, `ValueError`.
    pub kind: Option<String>,
    /// The message, all its lines, unwrapped and without escape sequences.
    pub message: Option<String>,
    /// How it relates to the cause before it.
    pub relation: Relation,
    /// Where the message stands in the original text.
    pub span: ByteSpan,
}

/// How a cause relates to the one before it in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// The first one.
    #[default]
    Root,
    /// It made the one before it happen.
    CausedBy,
    /// It happened while the one before it was handled.
    DuringHandling,
    /// It was raised while the one before it was on its way, and was put aside.
    Suppressed,
    /// It is one member of a group.
    GroupMember,
}

/// A place as a trace prints it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceLocation {
    /// The file as printed, with line wrapping and string escapes undone.
    pub file: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column as printed; for Rust from 1 and counted in characters.
    pub column: Option<u32>,
    /// Where it stands in the original text.
    pub span: ByteSpan,
}

/// One frame of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The cause in [`Trace::causes`] that the frame belongs to.
    pub cause: usize,
    /// The number printed before the frame.
    pub index: Option<u32>,
    /// The function, demangled and without its hash; `None` for `<unknown>`.
    pub function: Option<String>,
    /// The name as printed, where that differs from `function`.
    pub raw_function: Option<String>,
    /// The place that counts: the first `at` line.
    pub location: Option<SourceLocation>,
    /// Further `at` lines under one name: inlined calls.
    pub more_locations: Vec<SourceLocation>,
    /// The frame was inlined into the one printed before it under the same number.
    pub inlined: bool,
    /// The address that the call returns to, where it is printed.
    pub address: Option<u64>,
    /// Offset into a library or a WebAssembly module, as printed, in place of a file.
    pub module_offset: Option<String>,
    /// Whose code it is, by the text alone; resolving may correct it.
    pub origin: Origin,
    /// The package and version that the file's path names (`serde-1.0.203/src/de.rs`).
    pub package: Option<PackageRef>,
    /// Plumbing of an async executor, a thread pool, or the panic machinery.
    pub noise: bool,
    /// The lines of the frame in the original text.
    pub span: ByteSpan,
}

/// Whose code a frame runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The program's own code.
    App,
    /// A package that the program depends on.
    Dependency,
    /// The language's standard library and its panic machinery.
    Std,
    /// The C runtime, the operating system, a thread's entry.
    Runtime,
    /// The text does not tell.
    #[default]
    Unknown,
}

/// A package as a trace names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageRef {
    /// The package's name.
    pub name: String,
    /// The version, where the text has one.
    pub version: Option<String>,
}

impl TraceKind {
    /// Returns the error type that stands for the kind where a text names none.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Anyhow => "anyhow",
            Self::Eyre => "eyre",
            Self::Exception => "exception",
            Self::Trap => "trap",
        }
    }
}

impl Relation {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::CausedBy => "caused_by",
            Self::DuringHandling => "during_handling",
            Self::Suppressed => "suppressed",
            Self::GroupMember => "group_member",
        }
    }
}

impl Origin {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Dependency => "dependency",
            Self::Std => "std",
            Self::Runtime => "runtime",
            Self::Unknown => "unknown",
        }
    }
}

impl Trace {
    /// Returns the message of the outermost cause.
    pub fn message(&self) -> Option<&str> {
        self.causes.first()?.message.as_deref()
    }

    /// Returns the position in `frames` of the innermost frame of the program's own code.
    ///
    /// Frames of the program's own panic hook do not count: they run after the failure.
    pub fn top_app_frame(&self) -> Option<usize> {
        let is_app = |frame: &Frame| frame.origin == Origin::App && !frame.noise;
        if self.order == FrameOrder::InnermostLast {
            return self.frames.iter().rposition(is_app);
        }
        let n_hook_frames = self.frames.iter().position(calls_panic_hook).map_or(0, |at| at + 1);
        let after_hook = self.frames.get(n_hook_frames..)?;
        after_hook.iter().position(is_app).map(|at| n_hook_frames + at)
    }
}

/// Says whether a frame is the one that runs the panic hook.
fn calls_panic_hook(frame: &Frame) -> bool {
    frame.function.as_deref().is_some_and(|name| name.ends_with("::rust_panic_with_hook"))
}

/// A text beyond this size is a log: the places that it names are not what a person pasted.
const MAX_PASTE: usize = 256 * 1024;

/// Returns the places with a line that stand anywhere in a text, in order: in log lines, in prose.
pub fn references(text: &str) -> Vec<SourceLocation> {
    let frames = references::as_trace(text).map(|trace| trace.frames).unwrap_or_default();
    let locations = frames.into_iter().filter_map(|frame| frame.location);
    locations.filter(|location| location.line.is_some()).collect()
}

/// Reads every trace in `input`, in text order.
///
/// A text without a trace but with `path:line` references gives one trace of frames without
/// functions, and a problem that says so.
///
/// An error tracker's event gives the traces in its fields.
///
/// Linear in the size of the text; every span points into `input.text`.
pub fn parse(input: &RawInput) -> (Vec<Trace>, Vec<Problem>) {
    if let Some(Document::Event(event)) = exports::recognise(&input.text) {
        let traces = event::traces(&event, &input.text);
        let problems = if traces.is_empty() { vec![no_trace(input)] } else { Vec::new() };
        return (traces, problems);
    }
    let mut reader = rust::Reader::default();
    let mut others = other::Reader::default();
    unwrap::each_line(&input.text, |line| {
        others.push(&line);
        reader.push(line);
    });
    let mut traces = other::merge(reader.finish(), others.finish());
    // In noise, and in lists of any kind, a number and a colon look like a frame without a name.
    traces.retain(says_something);
    if !traces.is_empty() {
        return (traces, Vec::new());
    }
    let references = (input.text.len() <= MAX_PASTE).then(|| references::as_trace(&input.text));
    match references.flatten() {
        Some(trace) => {
            let n_places = trace.frames.len();
            let message = format!(
                "{NO_TRACE}{}; read the {n_places} source places that it names instead",
                input.name
            );
            (vec![trace], vec![Problem::warning(message).at(input.name.clone(), None)])
        }
        None => (Vec::new(), vec![no_trace(input)]),
    }
}

/// Says whether a trace holds anything to go on with: a message, a place, a function.
fn says_something(trace: &Trace) -> bool {
    let names_something = |frame: &Frame| frame.function.is_some() || frame.location.is_some();
    !trace.causes.is_empty() || trace.location.is_some() || trace.frames.iter().any(names_something)
}

/// Says whether a problem of [`parse`] only says that a text holds no trace.
pub fn says_no_trace(problem: &Problem) -> bool {
    problem.message.starts_with(NO_TRACE)
}

/// How that problem begins.
const NO_TRACE: &str = "no stack trace in ";

/// Says what was read and what to paste.
fn no_trace(input: &RawInput) -> Problem {
    let n_lines = input.text.lines().count();
    let message = match n_lines {
        0 => format!(
            "{} is empty; paste the panic message with its backtrace (RUST_BACKTRACE=1), or a log that holds it",
            input.name
        ),
        _ => format!(
            "{NO_TRACE}{} ({n_lines} lines read); paste the panic message with its backtrace (RUST_BACKTRACE=1), or a log that holds it",
            input.name
        ),
    };
    Problem::error(message).at(input.name.clone(), None)
}

#[cfg(test)]
mod tests;
