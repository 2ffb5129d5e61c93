//! The cases of languages other than Rust: how their chains and frames are read.

use incident_core::input::RawInput;
use incident_core::trace::{self, Frame, FrameOrder, Origin, Relation, Trace};
use serde::{Deserialize, Serialize};

use super::case::{Case, ExpectedFrame};
use crate::tally::Tally;

/// The languages that the corpus has, as it spells them.
pub(super) const LANGUAGES: [&str; 4] = ["javascript", "python", "go", "java"];
/// The columns of the table.
pub(super) const COLUMNS: [&str; 8] =
    ["parts", "type", "message", "relation", "frames", "function", "place", "top_app"];

/// `expected` of a case.
#[derive(Debug, Deserialize)]
struct Expected {
    chain: Vec<ExpectedPart>,
}

/// One exception, goroutine, or member of a group, in text order.
#[derive(Debug, Deserialize)]
struct ExpectedPart {
    exception_type: Option<String>,
    message: Option<String>,
    #[serde(default)]
    frames: Vec<ExpectedFrame>,
    top_app_frame: Option<usize>,
    relation_to_previous: Option<String>,
}

/// What came of the cases of one language.
#[derive(Debug, Serialize)]
pub(super) struct LanguageScore {
    pub(super) language: &'static str,
    pub(super) tallies: Vec<(&'static str, Tally)>,
    pub(super) misses: Vec<String>,
}

impl LanguageScore {
    fn compare<T: PartialEq + std::fmt::Debug>(
        &mut self,
        case: &str,
        name: &'static str,
        expected: Option<&T>,
        got: Option<&T>,
    ) {
        let Some((_, tally)) = self.tallies.iter_mut().find(|(column, _)| *column == name) else {
            return;
        };
        if !tally.compare(expected, got) {
            self.misses.push(format!("{case}: {name}: expected {expected:?}, got {got:?}"));
        }
    }
}

/// One part of what was read.
struct Part<'t> {
    kind: Option<&'t str>,
    message: Option<&'t str>,
    relation: Option<Relation>,
    frames: Vec<&'t Frame>,
    order: FrameOrder,
}

impl Part<'_> {
    fn top_app_frame(&self) -> Option<usize> {
        let is_app = |frame: &&Frame| frame.origin == Origin::App && !frame.noise;
        match self.order {
            FrameOrder::InnermostFirst => self.frames.iter().position(is_app),
            FrameOrder::InnermostLast => self.frames.iter().rposition(is_app),
        }
    }
}

/// Scores the cases of one language.
pub(super) fn score(language: &'static str, cases: &[Case]) -> anyhow::Result<LanguageScore> {
    let tallies = COLUMNS.map(|name| (name, Tally::default())).to_vec();
    let mut score = LanguageScore { language, tallies, misses: Vec::new() };
    for case in cases {
        let expected: Expected = serde_json::from_value(case.label.expected.clone())?;
        let input = RawInput { name: case.label.id.clone(), text: case.text.clone() };
        let (traces, _) = trace::parse(&input);
        let parts: Vec<Part<'_>> = traces.iter().flat_map(parts).collect();
        score_case(&mut score, &case.label.id, &expected, &parts);
    }
    Ok(score)
}

/// Takes a trace apart into its causes, in text order.
fn parts(trace: &Trace) -> Vec<Part<'_>> {
    let of_cause = |cause_idx: usize| {
        trace.frames.iter().filter(move |frame| frame.cause == cause_idx).collect::<Vec<_>>()
    };
    let order = trace.order;
    if trace.causes.is_empty() {
        let frames = of_cause(0);
        return vec![Part { kind: None, message: None, relation: None, frames, order }];
    }
    let mut causes: Vec<_> = trace.causes.iter().enumerate().collect();
    causes.sort_by_key(|(_, cause)| cause.span.start);
    causes
        .into_iter()
        .map(|(cause_idx, cause)| Part {
            kind: cause.kind.as_deref(),
            message: cause.message.as_deref(),
            relation: Some(cause.relation),
            frames: of_cause(cause_idx),
            order,
        })
        .collect()
}

fn score_case(score: &mut LanguageScore, id: &str, expected: &Expected, parts: &[Part<'_>]) {
    score.compare(id, "parts", Some(&expected.chain.len()), Some(&parts.len()));
    let nothing = Part {
        kind: None,
        message: None,
        relation: None,
        frames: Vec::new(),
        order: FrameOrder::InnermostFirst,
    };
    for (part_idx, label) in expected.chain.iter().enumerate() {
        let part = parts.get(part_idx).unwrap_or(&nothing);
        let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let kind = part.kind.map(str::to_owned);
        score.compare(id, "type", label.exception_type.as_ref(), kind.as_ref());
        let message = part.message.map(str::to_owned);
        score.compare(id, "message", text(&label.message).as_ref(), message.as_ref());
        if let Some(words) = &label.relation_to_previous {
            let wanted = match words.as_str() {
                "raised from the one before" | "caused by" => Relation::CausedBy,
                words if words.starts_with("member") => Relation::GroupMember,
                words if words.contains("handling") => Relation::DuringHandling,
                _ => Relation::Suppressed,
            };
            // In a trace the error that reached the top is the first cause, and each further one
            // says how it is related to the one before: of two either of them may say it.
            let beside = part_idx.checked_sub(1).and_then(|before| parts.get(before));
            let said = [part.relation, beside.and_then(|before| before.relation)];
            let got = said.into_iter().flatten().find(|relation| *relation != Relation::Root);
            score.compare(id, "relation", Some(&wanted), got.as_ref());
        }
        for (at, frame) in label.frames.iter().enumerate() {
            let got = part.frames.get(at);
            score.compare(id, "frames", Some(&true), got.map(|_| true).as_ref());
            let function = got.and_then(|got| got.function.clone());
            score.compare(id, "function", frame.function.as_ref(), function.as_ref());
            let place = |file: &Option<String>, line, column| Some((file.clone()?, line, column));
            let wanted = place(&frame.place.file, frame.place.line, frame.place.column);
            let printed = got.and_then(|got| got.location.as_ref());
            let printed = printed.and_then(|it| place(&Some(it.file.clone()), it.line, it.column));
            score.compare(id, "place", wanted.as_ref(), printed.as_ref());
        }
        let further = part.frames.len().saturating_sub(label.frames.len());
        for _ in 0..further {
            score.compare(id, "frames", None, Some(&true));
        }
        score.compare(id, "top_app", label.top_app_frame.as_ref(), part.top_app_frame().as_ref());
    }
}
