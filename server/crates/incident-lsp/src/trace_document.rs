//! Trace and log documents: where their traces and frames stand, as ranges of the document.

use incident_core::input::RawInput;
use incident_core::present::Explanation;
use incident_core::resolve::Resolution;
use incident_core::text::ByteSpan;
use incident_core::trace::{self, Frame, Origin, SourceLocation, Trace};
use tower_lsp::lsp_types::{FoldingRange, FoldingRangeKind, Position, Range, Url};

use crate::lsp::position::{self, Encoding};
use crate::state::Document;

/// A fold of fewer frames hides nothing worth hiding.
const MIN_FOLDED_FRAMES: usize = 2;

/// Reads the traces of a text.
pub(crate) fn read_traces(text: &str) -> Vec<Trace> {
    let input = RawInput { name: "the document".to_owned(), text: text.to_owned() };
    trace::parse(&input).0
}

/// A frame's or a panic line's place as it stands in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Printed {
    /// What is printed there.
    pub(crate) location: SourceLocation,
    /// The function that is printed with it; `None` for the panic line's own place.
    pub(crate) function: Option<String>,
}

/// Returns the places of the document that may lie in a workspace or a package, in text order.
pub(crate) fn printed_places(traces: &[Trace]) -> Vec<Printed> {
    let mut places: Vec<Printed> = Vec::new();
    for trace in traces {
        let own = trace.location.iter().cloned();
        places.extend(own.map(|location| Printed { location, function: None }));
        let frames = trace.frames.iter().filter(|frame| may_have_source(frame));
        places.extend(frames.filter_map(|frame| {
            let location = frame.location.clone()?;
            Some(Printed { location, function: frame.function.clone() })
        }));
    }
    places.sort_by_key(|place| place.location.span);
    places
}

/// Returns the place that is printed at a position: the panic line's, or that of the frame around it.
pub(crate) fn place_at(traces: &[Trace], offset: usize) -> Option<Printed> {
    let holds = |span: ByteSpan| span.start <= offset && offset <= span.end;
    let of_panic = traces.iter().filter_map(|trace| trace.location.as_ref());
    if let Some(location) = of_panic.clone().find(|location| holds(location.span)) {
        return Some(Printed { location: location.clone(), function: None });
    }
    let frame = traces.iter().flat_map(|trace| &trace.frames).find(|frame| holds(frame.span))?;
    let location = frame.location.clone()?;
    Some(Printed { location, function: frame.function.clone() })
}

/// Returns what an explanation of the same text says of a place.
///
/// The same words stand for the same place, wherever in the text they are.
pub(crate) fn resolution<'a>(
    explanation: &'a Explanation,
    printed: &Printed,
) -> Option<&'a Resolution> {
    let is_same = |location: &SourceLocation| {
        (&location.file, location.line, location.column)
            == (&printed.location.file, printed.location.line, printed.location.column)
    };
    let traces = || explanation.incidents.iter().flat_map(|it| &it.incident.traces);
    if printed.function.is_none() {
        return traces()
            .filter(|resolved| resolved.trace.location.as_ref().is_some_and(is_same))
            .find_map(|resolved| resolved.location.as_ref());
    }
    traces()
        .flat_map(|resolved| resolved.resolved_frames())
        .find(|(frame, _)| {
            frame.function == printed.function && frame.location.as_ref().is_some_and(is_same)
        })
        .map(|(_, resolution)| resolution)
}

/// Returns the folds over frames that are not the program's own.
pub(crate) fn folds(document: &Document, traces: &[Trace]) -> Vec<FoldingRange> {
    let mut folds = Vec::new();
    for trace in traces {
        for run in trace.frames.chunk_by(|a, b| is_noise(a) == is_noise(b)) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            if is_noise(first) && run.len() >= MIN_FOLDED_FRAMES {
                let span = ByteSpan::new(first.span.start, last.span.end.max(first.span.start));
                folds.extend(fold(document, span, run.len()));
            }
        }
    }
    folds
}

fn fold(document: &Document, span: ByteSpan, n_frames: usize) -> Option<FoldingRange> {
    let range = lines(document, span);
    (range.end.line > range.start.line).then(|| FoldingRange {
        start_line: range.start.line,
        end_line: range.end.line,
        kind: Some(FoldingRangeKind::Region),
        collapsed_text: Some(format!("… {n_frames} frames of libraries and the runtime")),
        ..FoldingRange::default()
    })
}

/// Returns the lines of a span, without the one that only its end touches.
fn lines(document: &Document, span: ByteSpan) -> Range {
    let rope = document.rope();
    let text = document.text();
    let n_trailing = span.slice(&text).map_or(0, |part| part.len() - part.trim_end().len());
    position::range(rope, span.start, span.end - n_trailing, Encoding::Utf32)
}

/// Returns the beginning of each trace with the range of all of it.
pub(crate) fn trace_ranges(
    document: &Document,
    traces: &[Trace],
    encoding: Encoding,
) -> Vec<Range> {
    let range = |trace: &Trace| {
        position::range(document.rope(), trace.span.start, trace.span.end, encoding)
    };
    traces.iter().map(range).collect()
}

/// Returns the link to a line, as editors that know fragments read it.
pub(crate) fn line_link(mut uri: Url, line: Option<u32>) -> Url {
    if let Some(line) = line {
        uri.set_fragment(Some(&format!("L{line}")));
    }
    uri
}

/// Returns the first column of a line that is counted from 1.
pub(crate) fn line_start(line: Option<u32>) -> Position {
    Position::new(line.unwrap_or(1).saturating_sub(1), 0)
}

fn is_noise(frame: &Frame) -> bool {
    frame.noise || matches!(frame.origin, Origin::Std | Origin::Runtime)
}

fn may_have_source(frame: &Frame) -> bool {
    !matches!(frame.origin, Origin::Std | Origin::Runtime)
}
