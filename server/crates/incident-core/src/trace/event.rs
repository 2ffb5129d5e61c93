//! Traces from an error tracker's event: its frames are fields, not lines.
//!
//! Local variables are never read. Places in the original text are found by looking for each
//! frame's file in turn, so that links in an editor land on it.

use std::borrow::Cow;

use super::{Cause, Frame, FrameOrder, Origin, Relation, SourceLocation, Trace, TraceKind};
use super::{names, origin};
use crate::exports::sentry::{self, Event};
use crate::input::Language;
use crate::text::ByteSpan;

/// Returns the traces of `event`, which was read from `text`: the exception chain, else each thread.
pub(super) fn traces(event: &Event, text: &str) -> Vec<Trace> {
    let mut places = Places { text, from: 0 };
    if !event.exceptions.is_empty() {
        return vec![chain(event, &mut places)];
    }
    let failed = |thread: &&sentry::Thread| thread.crashed;
    let crashed: Vec<&sentry::Thread> = event.threads.iter().filter(failed).collect();
    let threads = if crashed.is_empty() { event.threads.iter().collect() } else { crashed };
    let traces = threads.into_iter().map(|thread| {
        let mut trace = bare(event, text);
        trace.thread = thread.name.clone();
        trace.causes.extend(event.message.as_deref().map(|message| cause(None, Some(message))));
        add_frames(&mut trace, 0, &thread.frames, &mut places);
        finished(trace)
    });
    traces.collect()
}

fn chain(event: &Event, places: &mut Places<'_>) -> Trace {
    let mut trace = bare(event, places.text);
    let thread = event.threads.iter().find(|thread| thread.crashed);
    trace.thread = thread.and_then(|thread| thread.name.clone());
    // The format puts the first cause first; a trace names what was raised last first.
    for (at, exception) in event.exceptions.iter().rev().enumerate() {
        let mut cause = cause(exception.kind.as_deref(), exception.value.as_deref());
        cause.relation = if at == 0 { Relation::Root } else { Relation::CausedBy };
        trace.causes.push(cause);
        places.from = 0;
        add_frames(&mut trace, at, &exception.frames, places);
    }
    // Causes of one error seldom have a stack of their own: the thread's stack is the error's.
    if trace.frames.is_empty()
        && let Some(thread) = thread.or(event.threads.first())
    {
        add_frames(&mut trace, 0, &thread.frames, places);
    }
    finished(trace)
}

fn bare(event: &Event, text: &str) -> Trace {
    let is_panic = event.exceptions.iter().any(|exception| {
        let kind = exception.kind.as_deref().unwrap_or_default();
        exception.mechanism.as_deref() == Some("panic") || kind == "panic"
    });
    let language = language(event);
    Trace {
        language,
        kind: if is_panic { TraceKind::Panic } else { TraceKind::Exception },
        // Frames stand oldest first in the format; only Python prints them so.
        order: match language {
            Language::Python => FrameOrder::InnermostLast,
            _ => FrameOrder::InnermostFirst,
        },
        logged_at: event.at.map(|at| at.to_string()),
        span: ByteSpan::new(0, text.len()),
        ..Trace::default()
    }
}

fn cause(kind: Option<&str>, message: Option<&str>) -> Cause {
    Cause { kind: kind.map(str::to_owned), message: message.map(str::to_owned), ..Cause::default() }
}

fn language(event: &Event) -> Language {
    match event.platform.as_deref().unwrap_or_default() {
        "rust" => return Language::Rust,
        "python" => return Language::Python,
        "go" => return Language::Go,
        "java" => return Language::Java,
        "javascript" | "node" => return Language::JavaScript,
        _ => {}
    }
    // `native` and `other` say nothing; the files do.
    let stacks = event.exceptions.iter().map(|it| &it.frames);
    let stacks = stacks.chain(event.threads.iter().map(|it| &it.frames));
    let is_rust = |file: &str| file.ends_with(".rs");
    let mut files = stacks.flatten().filter_map(|frame| frame.file.as_deref());
    if files.any(is_rust) { Language::Rust } else { Language::Unknown }
}

fn add_frames(trace: &mut Trace, cause: usize, frames: &[sentry::Frame], places: &mut Places<'_>) {
    let mut read: Vec<Frame> =
        frames.iter().map(|it| frame(it, cause, trace.language, places)).collect();
    if trace.order == FrameOrder::InnermostFirst {
        read.reverse();
    }
    trace.frames.append(&mut read);
}

fn frame(read: &sentry::Frame, cause: usize, language: Language, places: &mut Places<'_>) -> Frame {
    let printed = match (&read.module, &read.function) {
        // Rust's names carry their path; in other languages the module stands apart.
        (Some(module), Some(function)) if takes_module(language, module, function) => {
            Some(Cow::Owned(format!("{module}.{function}")))
        }
        (_, function) => function.as_deref().map(Cow::Borrowed),
    };
    let function = printed.as_deref().map(|name| match language {
        Language::Rust => names::readable(name).into_owned(),
        _ => name.to_owned(),
    });
    let location = read.file.as_ref().map(|file| SourceLocation {
        file: file.clone(),
        line: read.line,
        column: read.column,
        span: places.next(file),
    });
    Frame {
        cause,
        raw_function: printed.filter(|raw| function.as_deref() != Some(raw)).map(Cow::into_owned),
        function,
        span: location.as_ref().map(|it| it.span).unwrap_or_default(),
        location,
        origin: match read.in_app {
            Some(true) => Origin::App,
            Some(false) => Origin::Dependency,
            None => Origin::Unknown,
        },
        ..Frame::default()
    }
}

fn takes_module(language: Language, module: &str, function: &str) -> bool {
    matches!(language, Language::Java | Language::Go)
        && !module.is_empty()
        && !function.starts_with(module)
}

/// Says whose code each frame is. The SDK's word counts where the names say nothing better: the
/// Rust SDK calls its own frames the program's.
fn finished(mut trace: Trace) -> Trace {
    if trace.language == Language::Rust {
        let said: Vec<Origin> = trace.frames.iter().map(|frame| frame.origin).collect();
        origin::classify(&mut trace);
        for (frame, said) in trace.frames.iter_mut().zip(said) {
            let is_sdk = frame
                .function
                .as_deref()
                .and_then(names::crate_of)
                .is_some_and(|name| name == "sentry" || name.starts_with("sentry_"));
            match frame.origin {
                _ if is_sdk => (frame.origin, frame.noise) = (Origin::Dependency, true),
                Origin::App if said == Origin::Dependency => frame.origin = said,
                Origin::Unknown => frame.origin = said,
                _ => {}
            }
        }
    }
    trace
}

/// Finds the files in the text one after the other.
struct Places<'t> {
    text: &'t str,
    from: usize,
}

impl Places<'_> {
    /// Returns where `file` stands next, between its quotes; nowhere is an empty span.
    fn next(&mut self, file: &str) -> ByteSpan {
        let quoted = serde_json::Value::from(file).to_string();
        let found = self.text.get(self.from..).and_then(|rest| rest.find(&quoted));
        let Some(at) = found.map(|at| self.from + at) else { return ByteSpan::default() };
        self.from = at + quoted.len();
        ByteSpan::new(at + 1, at + quoted.len() - 1)
    }
}

#[cfg(test)]
mod tests;
