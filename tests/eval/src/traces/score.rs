//! Holds what was read of one case against its label.

use incident_core::input::RawInput;
use incident_core::trace::{self, Frame, SourceLocation, Trace};
use serde::Serialize;

use super::case::{Case, Expected, ExpectedFrame, ExpectedPlace};
use crate::tally::Tally;

/// The columns that this file fills, in the order of the table.
pub(super) const COLUMNS: [&str; 10] = [
    "frames", "function", "place", "kind", "noise", "location", "message", "thread", "causes",
    "top_app",
];

/// What came of one case.
#[derive(Debug, Serialize)]
pub(super) struct CaseScore {
    pub(super) id: String,
    pub(super) styles: Vec<String>,
    /// By column, in the order of the table.
    pub(super) tallies: Vec<(&'static str, Tally)>,
    /// One line for each difference, for people.
    pub(super) misses: Vec<String>,
}

impl CaseScore {
    fn tally(&mut self, name: &'static str) -> &mut Tally {
        let at = self.tallies.iter().position(|(column, _)| *column == name).unwrap_or_else(|| {
            self.tallies.push((name, Tally::default()));
            self.tallies.len() - 1
        });
        &mut self.tallies[at].1
    }

    fn compare<T: PartialEq + std::fmt::Debug>(
        &mut self,
        name: &'static str,
        expected: Option<&T>,
        got: Option<&T>,
    ) {
        if !self.tally(name).compare(expected, got) {
            self.misses.push(format!("{name}: expected {expected:?}, got {got:?}"));
        }
    }
}

/// Reads the case's text and scores the trace that fits the label best.
///
/// A label speaks of one trace; a text may hold several.
pub(super) fn score(case: &Case) -> anyhow::Result<CaseScore> {
    let expected: Expected = serde_json::from_value(case.label.expected.clone())?;
    let input = RawInput { name: case.label.id.clone(), text: case.text.clone() };
    let (traces, _) = trace::parse(&input);
    let nothing = Trace::default();
    let best = traces
        .iter()
        .map(|trace| score_trace(case, &expected, trace))
        .max_by_key(|score| {
            let right: usize = score.tallies.iter().map(|(_, tally)| tally.right).sum();
            // Of equal ones the first, and the one with the fewest misses.
            (right, std::cmp::Reverse(score.misses.len()))
        })
        .unwrap_or_else(|| score_trace(case, &expected, &nothing));
    Ok(best)
}

fn score_trace(case: &Case, expected: &Expected, trace: &Trace) -> CaseScore {
    let mut score = CaseScore {
        id: case.label.id.clone(),
        styles: case.label.styles.clone(),
        tallies: COLUMNS.iter().map(|name| (*name, Tally::default())).collect(),
        misses: Vec::new(),
    };
    score_frames(&mut score, expected, trace);

    let location = trace.location.as_ref().map(place);
    score.compare("location", expected.panic_location.as_ref(), location.as_ref());
    let message = trace.message().map(str::to_owned);
    score.compare("message", expected.message.as_ref(), message.as_ref());
    score.compare("thread", expected.thread.as_ref(), trace.thread.as_ref());

    let causes: Vec<&str> =
        trace.causes.iter().skip(1).filter_map(|cause| cause.message.as_deref()).collect();
    for (at, expected) in expected.causes.iter().enumerate() {
        score.compare("causes", Some(&expected.message.as_str()), causes.get(at));
    }
    for made_up in causes.iter().skip(expected.causes.len()) {
        score.compare("causes", None, Some(made_up));
    }
    if !expected.frames.is_empty() {
        score.compare("top_app", Some(&expected.top_app_frame), Some(&trace.top_app_frame()));
    }
    if trace.kind.as_str() != expected.exception_type {
        score.misses.push(format!(
            "type: expected {}, got {}",
            expected.exception_type,
            trace.kind.as_str()
        ));
    }
    score
}

fn score_frames(score: &mut CaseScore, expected: &Expected, trace: &Trace) {
    for (at, expected) in expected.frames.iter().enumerate() {
        let Some(frame) = trace.frames.get(at) else {
            for column in ["frames", "function", "place", "kind"] {
                score.tally(column).labelled += 1;
            }
            score.misses.push(format!("frame {at}: missing"));
            continue;
        };
        score_frame(score, at, expected, frame);
    }
    for (at, frame) in trace.frames.iter().enumerate().skip(expected.frames.len()) {
        score.tally("frames").invented += 1;
        score.misses.push(format!("frame {at}: made up, {:?}", frame.function));
    }
}

/// A frame is right when all of it is: number, function, every place, and whose code it is.
fn score_frame(score: &mut CaseScore, at: usize, expected: &ExpectedFrame, frame: &Frame) {
    let function = frame.function == expected.function;
    let mut places = vec![frame.location.as_ref().map_or(NOWHERE, place)];
    places.extend(frame.more_locations.iter().map(place));
    let mut expected_places = vec![expected.place.clone()];
    expected_places.extend(expected.more_locations.iter().cloned());
    // Where a text prints no numbers the label counts the frames.
    let index = frame.index.or(u32::try_from(at).ok());
    let place = places == expected_places && index == expected.index;
    let kind = frame.origin.as_str() == expected.kind;
    for (column, right) in [
        ("frames", function && place && kind),
        ("function", function),
        ("place", place),
        ("kind", kind),
    ] {
        let tally = score.tally(column);
        tally.labelled += 1;
        tally.right += usize::from(right);
    }
    // Panic machinery is noise for a reader; the labels speak of executors and pools alone.
    if matches!(expected.kind.as_str(), "app" | "dependency") {
        let tally = score.tally("noise");
        tally.labelled += usize::from(expected.noise);
        tally.right += usize::from(expected.noise && frame.noise);
        tally.invented += usize::from(!expected.noise && frame.noise);
        if expected.noise != frame.noise {
            score.misses.push(format!("frame {at}: noise {} {:?}", frame.noise, frame.function));
        }
    }
    if !(function && place && kind) {
        score.misses.push(format!(
            "frame {at}: expected {:?} {:?} {:?} {}, got {:?} {:?} {places:?} {}",
            expected.index,
            expected.function,
            expected_places,
            expected.kind,
            frame.index,
            frame.function,
            frame.origin.as_str(),
        ));
    }
}

const NOWHERE: ExpectedPlace = ExpectedPlace { file: None, line: None, column: None };

fn place(location: &SourceLocation) -> ExpectedPlace {
    ExpectedPlace {
        file: Some(location.file.clone()),
        line: location.line,
        column: location.column,
    }
}
