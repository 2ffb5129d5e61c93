//! The built-in failure signatures: what a panic's message and the expression behind it say.
//!
//! One file a family. A signature knows the message forms of old and new compilers, names the very
//! expression, goes one step back to what produced the bad value, and offers an edit only where
//! the types it needs were seen. The order below is the order in which they are asked; the first
//! that recognises a message keeps it.

mod absent;
mod arithmetic;
mod assertion;
mod bounds;
mod cells;
mod declared;
pub(super) mod infra;
mod known;
mod threads;

use std::sync::Arc;

use crate::cancel::Cancel;
use crate::fix::Fix;
use crate::hypothesis::catalogue::catalogue;
use crate::hypothesis::crash::{Crash, Site};
use crate::hypothesis::culprit::{self, LineOfInterest};
use crate::hypothesis::origin::{Producer, Step, Trail};
use crate::hypothesis::{Evidence, Hypothesis, HypothesisInput, HypothesisOrigin, Validation};
use crate::input::Language;
use crate::producers::producers;
use crate::resolve::Status;
use crate::syntax::{SymbolIndex, index_file};

/// Traces of one incident that are looked at: they are shapes of the same crash.
const MAX_TRACES: usize = 3;
/// No claim of a signature is surer than this: it has not run anything.
const MAX_CONFIDENCE: f64 = 0.9;
/// Source lines that are quoted besides the crash's own.
const MAX_STEPS_QUOTED: usize = 5;

/// A known way to fail.
struct Signature {
    /// Stable, kebab-case.
    name: &'static str,
    recognise: fn(&Crash<'_>) -> Option<Claim>,
}

const SIGNATURES: &[Signature] = &[
    Signature { name: "lock-poisoned", recognise: threads::poisoned },
    Signature { name: "join-failed", recognise: threads::join },
    Signature { name: "channel-closed", recognise: threads::channel },
    Signature { name: "unwrap-none", recognise: absent::none },
    Signature { name: "unwrap-err", recognise: absent::err },
    Signature { name: "index-out-of-bounds", recognise: bounds::index },
    Signature { name: "slice-out-of-bounds", recognise: bounds::slice },
    Signature { name: "char-boundary", recognise: bounds::char_boundary },
    Signature { name: "integer-overflow", recognise: arithmetic::overflow },
    Signature { name: "division-by-zero", recognise: arithmetic::zero_divisor },
    Signature { name: "time-overflow", recognise: arithmetic::time },
    Signature { name: "refcell-borrowed", recognise: cells::borrowed },
    Signature { name: "known-panic", recognise: known::known },
    Signature { name: "assertion-failed", recognise: assertion::assertion },
    Signature { name: "declared-panic", recognise: declared::declared },
];

/// What a signature says, before the common evidence is put to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Claim {
    /// One line, short.
    title: String,
    /// Sentences.
    explanation: Vec<String>,
    /// From 0 to 1, by what was seen.
    confidence: f64,
    /// Besides the message, the crash's line and the steps.
    evidence: Vec<Evidence>,
    /// The way back.
    steps: Vec<Step>,
    /// Names whose checks matter.
    names: Vec<String>,
    would_disprove: Vec<String>,
    validation: Vec<Validation>,
    fix: Option<Fix>,
    notes: Vec<String>,
}

impl Claim {
    fn new(title: String, confidence: f64) -> Self {
        Self { title, confidence, ..Self::default() }
    }

    fn say(mut self, sentence: impl Into<String>) -> Self {
        self.explanation.push(sentence.into());
        self
    }

    fn disproved_by(mut self, what: impl Into<String>) -> Self {
        self.would_disprove.push(what.into());
        self
    }

    fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    fn validate(
        mut self,
        prediction: impl Into<String>,
        command: Option<String>,
        confirms: impl Into<String>,
        disproves: impl Into<String>,
    ) -> Self {
        self.validation.push(Validation {
            prediction: prediction.into(),
            command,
            confirms: confirms.into(),
            disproves: disproves.into(),
        });
        self
    }

    /// Takes in the way back from the crash; `lead` opens the sentence that says when the value is
    /// not there.
    fn trail(mut self, trail: Trail, lead: &str) -> Self {
        self.confidence += match trail.producer {
            Some(Producer::Function) => 0.15,
            Some(Producer::Library | Producer::Field) => 0.1,
            Some(Producer::Parameter) => 0.05,
            None => 0.0,
        };
        self.explanation.extend(trail.sentences(lead));
        self.steps.extend(trail.steps);
        self
    }

    fn steps(mut self, steps: Vec<Step>) -> Self {
        self.explanation.extend(steps.iter().map(|step| step.says.clone()));
        self.explanation.retain(|sentence| !sentence.is_empty());
        self.steps.extend(steps);
        self
    }
}

/// Proposes hypotheses for one incident, best first.
pub(super) fn propose(input: &HypothesisInput<'_>) -> Vec<Hypothesis> {
    let catalogue = catalogue(input);
    let infra = infra::propose(input, &catalogue);
    if !matches!(input.incident.language, Language::Rust | Language::Unknown) {
        return infra;
    }
    let texts = input.sources.current.iter();
    let symbols =
        SymbolIndex::new(texts.map(|(path, text)| Arc::new(index_file(path, text))).collect());
    let mut hypotheses = infra;
    let mut n_messages = 0;
    for (trace_idx, trace) in input.incident.traces.iter().enumerate() {
        let first_message = n_messages;
        n_messages += trace.trace.causes.len();
        if trace_idx >= MAX_TRACES {
            continue;
        }
        let producers = producers(trace, input.sources, &symbols, &Cancel::new());
        // The innermost cause is what happened; the ones around it are how it was reported.
        for (cause_idx, cause) in trace.trace.causes.iter().enumerate().rev() {
            let message = cause.message.as_deref().unwrap_or_default().trim();
            if message.is_empty() {
                continue;
            }
            let message_id = format!("M{}", first_message + cause_idx + 1);
            let site = Site::of(trace, message, input);
            let crash = Crash {
                input,
                catalogue: &catalogue,
                trace,
                producers: &producers,
                message,
                message_id: &message_id,
                site: site.as_ref(),
            };
            let found = SIGNATURES
                .iter()
                .find_map(|signature| Some((signature.name, (signature.recognise)(&crash)?)));
            if let Some((name, claim)) = found {
                let hypothesis = finish(&crash, name, claim);
                if !hypotheses.iter().any(|known| known.title == hypothesis.title) {
                    hypotheses.push(hypothesis);
                }
                break;
            }
        }
    }
    hypotheses.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    hypotheses
}

/// Puts the evidence that every signature has to a claim, and the suspect commit if one fits.
fn finish(crash: &Crash<'_>, name: &'static str, claim: Claim) -> Hypothesis {
    let mut hypothesis = Hypothesis {
        title: claim.title,
        explanation: String::new(),
        origin: HypothesisOrigin::Signature(name),
        confidence: claim.confidence,
        evidence: crash.cite_message().into_iter().collect(),
        would_disprove: claim.would_disprove,
        validation: claim.validation,
        fix: claim.fix,
        notes: claim.notes,
    };
    let mut sentences = claim.explanation;
    let mut lines = Vec::new();
    if let Some(site) = crash.site {
        let text = site.line_text(site.line);
        if !text.is_empty() {
            let cited = crash.catalogue.cite_line(site.path, site.line, text, &hypothesis.evidence);
            hypothesis.evidence.push(cited);
        }
        lines.push(LineOfInterest {
            path: site.path.to_owned(),
            line: site.line,
            text: text.to_owned(),
            role: "the line that failed",
        });
        match site.status {
            Status::Edited => {
                hypothesis.confidence *= 0.7;
                sentences.push(
                    "The line was edited since the version that ran, so the code shown is not \
                     quite the code that failed."
                        .to_owned(),
                );
            }
            Status::BySymbol => hypothesis.confidence *= 0.7,
            _ => {}
        }
    }
    for step in claim.steps.into_iter().take(MAX_STEPS_QUOTED) {
        let taken = &hypothesis.evidence;
        let cited = crash.catalogue.cite_line(&step.path, step.line, &step.quote, taken);
        hypothesis.evidence.push(cited);
        // Who passes a bad value on has not made it.
        if !step.makes {
            continue;
        }
        lines.push(LineOfInterest {
            path: step.path,
            line: step.line,
            text: step.quote,
            role: "a line that makes the value",
        });
    }
    hypothesis.evidence.extend(claim.evidence);
    blame(crash, &lines, &claim.names, &mut hypothesis, &mut sentences);
    hypothesis.explanation = sentences.join(" ");
    hypothesis.confidence = hypothesis.confidence.clamp(0.0, MAX_CONFIDENCE);
    hypothesis.evidence.dedup_by(|a, b| a.id == b.id && a.quote == b.quote);
    hypothesis
}

/// Says so where a suspect commit changed a line that the hypothesis speaks of.
fn blame(
    crash: &Crash<'_>,
    lines: &[LineOfInterest],
    names: &[String],
    hypothesis: &mut Hypothesis,
    sentences: &mut Vec<String>,
) {
    let Some(culprit) = culprit::find(crash.input, crash.catalogue, lines, names) else { return };
    hypothesis.confidence += 0.2;
    sentences.push(culprit.says.clone());
    hypothesis.evidence.push(culprit.evidence.clone());
    let (commit, path) = (culprit.commit.id.short(), culprit.path);
    hypothesis.validation.push(Validation {
        prediction: format!("the failure is not there without commit {commit}"),
        command: Some(format!("git show {commit} -- {}", shell_word(path))),
        confirms: "a build without the change survives the same input".to_owned(),
        disproves: "it fails in the same way".to_owned(),
    });
    // What a commit broke is mended where it broke it; the crash site would only hide it.
    if culprit.rewrites || hypothesis.fix.is_none() {
        let local = hypothesis.fix.take();
        hypothesis.fix = culprit::revert(crash.input, &culprit).or_else(|| local.clone());
        if let Some(local) = local.filter(|local| hypothesis.fix.as_ref() != Some(local)) {
            hypothesis.notes.push(format!("Another way, at the crash itself: {}.", local.summary));
        }
    }
}

/// Quotes a path for a shell, for a command that a person copies.
fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
    if word.chars().all(is_plain) && !word.starts_with('-') {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
