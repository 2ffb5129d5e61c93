//! From a label to what the product made of the same place of the text.

use incident_core::input::RawInput;
use incident_core::resolve::{Resolution, ResolvedTrace};
use incident_core::trace::{Frame, SourceLocation, Trace, parse, references};

use super::labels::{Expected, ItemLabel, Which};

/// Where a labelled place stands in what was parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    trace_idx: usize,
    kind: SpotKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SpotKind {
    Panic,
    Frame { frame_idx: usize, location_idx: usize },
}

/// Reads a case's text: its traces, and last the places that stand anywhere in it.
pub(crate) fn traces_of(id: &str, text: &str) -> Vec<Trace> {
    let mut traces = parse(&RawInput { name: id.to_owned(), text: text.to_owned() }).0;
    let at = |location| Frame { location: Some(location), ..Frame::default() };
    let frames = references(text).into_iter().map(at).collect();
    traces.push(Trace { frames, ..Trace::default() });
    traces
}

/// Finds the place that a label speaks of; `None` where the parser did not see it.
pub(crate) fn find(
    traces: &[Trace],
    expected: &Expected,
    which: &Which,
    location_idx: usize,
    line: Option<u32>,
) -> Option<Spot> {
    let (_, parsed) = traces.split_last()?;
    match which {
        Which::Frame(position) => frame_spot(parsed, expected, *position, location_idx),
        Which::Named(name) if name == "panic" => {
            let label = expected.panic_location.as_ref()?;
            parsed.iter().enumerate().find_map(|(trace_idx, trace)| {
                let location = trace.location.as_ref()?;
                let same = location.file == label.file && location.line == label.line;
                same.then_some(Spot { trace_idx, kind: SpotKind::Panic })
            })
        }
        Which::Named(_) => traces.iter().enumerate().find_map(|(trace_idx, trace)| {
            let at = |location: &Option<SourceLocation>| {
                location.as_ref().is_some_and(|location| location.line == line)
            };
            let frame_idx = trace.frames.iter().position(|frame| at(&frame.location))?;
            Some(Spot { trace_idx, kind: SpotKind::Frame { frame_idx, location_idx: 0 } })
        }),
    }
}

fn frame_spot(
    traces: &[Trace],
    expected: &Expected,
    position: usize,
    location_idx: usize,
) -> Option<Spot> {
    let label = expected.frames.get(position)?;
    let same = |frame: &Frame| {
        frame.function == label.function
            && frame.location.as_ref().map(|location| &location.file) == label.file.as_ref()
            && frame.location.as_ref().and_then(|location| location.line) == label.line
    };
    let all = traces.iter().enumerate().flat_map(|(trace_idx, trace)| {
        trace.frames.iter().enumerate().map(move |(frame_idx, frame)| (trace_idx, frame_idx, frame))
    });
    // Equal frames are told apart by their order.
    let earlier = expected.frames.get(..position).unwrap_or_default();
    let n_before = earlier
        .iter()
        .filter(|frame| {
            frame.function == label.function && frame.file == label.file && frame.line == label.line
        })
        .count();
    let (trace_idx, frame_idx, _) = all.filter(|(.., frame)| same(frame)).nth(n_before)?;
    Some(Spot { trace_idx, kind: SpotKind::Frame { frame_idx, location_idx } })
}

impl Spot {
    /// Returns the trace that holds the place.
    pub(crate) fn trace<'t>(&self, traces: &'t [Trace]) -> Option<&'t Trace> {
        traces.get(self.trace_idx)
    }

    /// Returns the place as it was printed.
    pub(crate) fn location<'t>(&self, trace: &'t Trace) -> Option<&'t SourceLocation> {
        match self.kind {
            SpotKind::Panic => trace.location.as_ref(),
            SpotKind::Frame { frame_idx, location_idx } => {
                let frame = trace.frames.get(frame_idx)?;
                match location_idx.checked_sub(1) {
                    None => frame.location.as_ref(),
                    Some(further) => frame.more_locations.get(further),
                }
            }
        }
    }

    /// Returns what became of the place.
    pub(crate) fn resolution<'r>(&self, resolved: &'r ResolvedTrace) -> Option<&'r Resolution> {
        match self.kind {
            SpotKind::Panic => resolved.location.as_ref(),
            SpotKind::Frame { frame_idx, location_idx } => {
                let resolution = resolved.frames.get(frame_idx)?;
                match location_idx.checked_sub(1) {
                    None => Some(resolution),
                    Some(further) => resolution.more.get(further),
                }
            }
        }
    }
}

/// Says whether a place has the labelled function around it.
pub(crate) fn item_fits(resolution: &Resolution, label: Option<&ItemLabel>) -> bool {
    let item = resolution.place.as_ref().and_then(|place| place.item.as_ref());
    match (item, label) {
        (None, None) => true,
        (Some(item), Some(label)) => {
            let wanted = label.container.as_deref().unwrap_or_default();
            item.name == label.name
                && item.start_line == label.first_line
                && item.end_line == label.last_line
                && item.containers.join(" > ") == wanted
                && item.inside_macro == label.inside_macro
        }
        _ => false,
    }
}

/// Returns a place in one word for a table.
pub(crate) fn shown(resolution: &Resolution) -> String {
    let Some(place) = &resolution.place else {
        let reason = resolution.reason.as_deref().unwrap_or_default();
        let candidates: String = resolution
            .candidates
            .iter()
            .map(|it| format!(" {}:{}", it.path, it.line.unwrap_or_default()))
            .collect();
        return format!("{}{candidates} ({reason})", resolution.status.as_str());
    };
    let line = place.line.map_or("-".to_owned(), |line| line.to_string());
    let item = place.item.as_ref().map_or("-".to_owned(), |item| {
        let within = item.containers.join(" > ");
        format!("[{within}] {} {}-{}", item.name, item.start_line, item.end_line)
    });
    format!("{} {}:{line} {item}", resolution.status.as_str(), place.path)
}
