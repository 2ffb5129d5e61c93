//! The lock on a model's claims, before the lock that every hypothesis goes through.
//!
//! A chain is as strong as its weakest step: a step without a quote that stands, with a name or a
//! number that is nowhere in the evidence, or whose quotes speak of something else, takes the whole
//! hypothesis with it. What is withheld is counted, never shown as a claim.

use std::collections::BTreeSet;

use super::support::Ground;
use super::words::{identifiers, numbers};
use crate::error_codes;
use crate::fix::{Edit, Fix, unified_diff};
use crate::guard::generic::{self, EvidenceWords};
use crate::hypothesis::{
    Entry, Evidence, EvidenceKind, Hypothesis, HypothesisInput, HypothesisOrigin, Lock, Validation,
};
use crate::reply::{Claim, Edits, Link, Reply};
use crate::text::{ByteSpan, LineIndex};

/// The most that a model's word is worth, however well it quotes.
const MAX_CONFIDENCE: f64 = 0.75;
/// Lines around a cited line that a sentence may speak of.
const AROUND: u32 = 8;
/// The shortest quote that says anything, in letters and digits.
const MIN_QUOTE: usize = 5;

/// What became of a model's answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// What may go on to [`crate::hypothesis::verify`].
    pub hypotheses: Vec<Hypothesis>,
    /// What may not, with the reason.
    pub withheld: Vec<Withheld>,
}

/// A claim that is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// The claim's title, for the person who asks.
    pub title: String,
    /// Why, in words.
    pub why: String,
}

/// Holds every claim of an answer against the evidence.
pub fn judge(reply: &Reply, model: &str, input: &HypothesisInput<'_>) -> Judged {
    let judge = Judge { input, lock: Lock::new(input), words: EvidenceWords::of(input) };
    let mut judged = Judged::default();
    for claim in &reply.hypotheses {
        match judge.claim(claim, model) {
            Ok(hypothesis) => judged.hypotheses.push(hypothesis),
            Err(why) => judged.withheld.push(Withheld { title: claim.title.clone(), why }),
        }
    }
    judged
}

struct Judge<'a> {
    input: &'a HypothesisInput<'a>,
    lock: Lock<'a>,
    words: EvidenceWords,
}

impl Judge<'_> {
    fn claim(&self, claim: &Claim, model: &str) -> Result<Hypothesis, String> {
        let mut evidence: Vec<Evidence> = Vec::new();
        let mut sentences = Vec::new();
        let mut all = Ground::default();
        for trace in &self.input.incident.traces {
            all.add(trace.trace.message().unwrap_or_default(), false);
        }
        let (mut n_quotes, mut n_held) = (0usize, 0usize);
        for link in &claim.chain {
            let held = self.link(link, &mut all)?;
            n_quotes += link.evidence.len();
            n_held += held.len();
            for piece in held {
                if !evidence.contains(&piece) {
                    evidence.push(piece);
                }
            }
            let says = link.says.trim();
            let end = if says.ends_with(['.', '!', '?']) { "" } else { "." };
            sentences.push(format!("{says}{end}"));
        }
        let title = claim.title.trim().to_owned();
        self.holds(&title, &all, &Ground::default())
            .map_err(|why| format!("its title does not hold: {why}"))?;
        if let Some(why) = generic::is_generic(&title, &self.words) {
            return Err(format!("it would fit any incident: {why}"));
        }
        let mut notes = Vec::new();
        let fix = claim.fix.as_ref().and_then(|edits| match self.fix(edits) {
            Ok(fix) => Some(fix),
            Err(why) => {
                notes.push(format!("A fix of the model was left out: {why}."));
                None
            }
        });
        let share = n_held as f64 / n_quotes.max(1) as f64;
        Ok(Hypothesis {
            title,
            explanation: sentences.join(" "),
            origin: HypothesisOrigin::Model(model.to_owned()),
            confidence: (claim.confidence * share).min(MAX_CONFIDENCE),
            evidence,
            would_disprove: claim.would_disprove.iter().map(|it| it.trim().to_owned()).collect(),
            validation: self.validation(claim),
            fix,
            notes,
        })
    }

    /// Returns the quotes of a link that stand; an error where the link does not hold.
    fn link(&self, link: &Link, all: &mut Ground) -> Result<Vec<Evidence>, String> {
        let mut held = Vec::new();
        let mut ground = Ground::default();
        let mut failed = None;
        for cite in &link.evidence {
            match self.cite(&cite.id, &cite.quote) {
                Ok(evidence) => {
                    self.add(&evidence, &mut ground);
                    held.push(evidence);
                }
                Err(why) => failed = Some(why),
            }
        }
        if held.is_empty() {
            return Err(failed.unwrap_or_else(|| "a step cites nothing".to_owned()));
        }
        self.holds(&link.says, &ground, all)?;
        for evidence in &held {
            self.add(evidence, all);
        }
        all.is_first = false;
        if let Some(why) = generic::is_generic(&link.says, &self.words) {
            return Err(format!("a step would fit any incident: {why}"));
        }
        Ok(held)
    }

    /// Finds a quote in the piece that it is cited from.
    fn cite(&self, id: &str, quote: &str) -> Result<Evidence, String> {
        let id = id.trim().trim_matches(['[', ']', '`']);
        let not_there =
            || format!("a quote does not stand in {}", crate::neutral::headline(id, 40));
        for form in forms(quote) {
            let entry = self.lock.entry(id);
            let whole = entry.is_some_and(|entry| entry.text.lines().any(|it| it.trim() == form));
            if form.chars().filter(|c| c.is_alphanumeric()).count() < MIN_QUOTE && !whole {
                return Err("a quote is too short to say anything".to_owned());
            }
            let kind = entry.map_or(EvidenceKind::Frame, |entry| entry.kind);
            if let Some(evidence) = self.lock.cite(id, kind, &form) {
                return Ok(evidence);
            }
        }
        Err(not_there())
    }

    /// Adds a piece of evidence with what stands around it.
    fn add(&self, evidence: &Evidence, ground: &mut Ground) {
        let is_change = evidence.kind == EvidenceKind::Hunk;
        ground.add(&evidence.quote, is_change);
        ground.add(&evidence.location.path, false);
        if let Some(Entry { text, .. }) = self.lock.entry(&evidence.id) {
            ground.add(text, is_change);
        }
        if let Some(commit) = &evidence.location.commit {
            let commits = self.input.history.map(|it| &*it.commits).unwrap_or_default();
            if let Some(commit) = commits.iter().find(|it| it.id == *commit) {
                ground.add(&commit.subject, true);
            }
        }
        let Some(line) = evidence.location.line.filter(|_| !is_change) else { return };
        let sources = self.input.sources;
        let texts = [&sources.current, &sources.deployed];
        let Some(text) = texts.iter().find_map(|texts| texts.get(&evidence.location.path)) else {
            return;
        };
        let lines = LineIndex::new(text);
        let first = lines.line_span(line.saturating_sub(AROUND).max(1));
        let last = lines.line_span((line.saturating_add(AROUND)).min(lines.n_lines()));
        if let (Some(first), Some(last)) = (first, last) {
            ground.add(ByteSpan::new(first.start, last.end).slice(text).unwrap_or_default(), false);
        }
    }

    /// Says why a sentence does not hold on what it cites.
    fn holds(&self, sentence: &str, ground: &Ground, chain: &Ground) -> Result<(), String> {
        if !self.lock.names_exist(sentence) {
            return Err(
                "it names a file, a line, a function or a commit that is not there".to_owned()
            );
        }
        if let Some(name) = identifiers(sentence).into_iter().find(|it| !self.words.has_name(it)) {
            return Err(format!(
                "`{}` is nowhere in the evidence",
                crate::neutral::headline(name, 60)
            ));
        }
        if let Some(number) = numbers(sentence).into_iter().find(|it| !self.words.has_number(it)) {
            return Err(format!("the number {number} is nowhere in the evidence"));
        }
        if let Some(wrong) = error_codes::wrong_meanings(sentence).first() {
            return Err(format!("it gives a code another meaning: {}", wrong.reason));
        }
        ground.fails(sentence, chain).map_or(Ok(()), Err)
    }

    fn validation(&self, claim: &Claim) -> Vec<Validation> {
        let is_specific = |text: &str| generic::is_generic(text, &self.words).is_none();
        claim
            .validation
            .iter()
            .filter(|check| {
                self.lock.names_exist(&check.prediction) && is_specific(&check.prediction)
            })
            .map(|check| Validation {
                prediction: check.prediction.trim().to_owned(),
                command: check.command.clone().filter(|it| !it.trim().is_empty()),
                confirms: check.confirms.trim().to_owned(),
                disproves: check.disproves.trim().to_owned(),
            })
            .collect()
    }

    /// Turns a replacement of exact text into a diff.
    fn fix(&self, edits: &Edits) -> Result<Fix, String> {
        let path = edits.path.trim().trim_start_matches("./");
        let shown = crate::neutral::headline(path, 80);
        let Some(text) = self.input.sources.current.get(path) else {
            return Err(format!("{shown} is no file of this incident"));
        };
        let mut places = text.match_indices(edits.old.as_str());
        let (Some((at, _)), None) = (places.next(), places.next()) else {
            return Err(format!(
                "the text that it replaces does not stand exactly once in {shown}"
            ));
        };
        let edit =
            Edit { span: ByteSpan::new(at, at + edits.old.len()), replacement: edits.new.clone() };
        let patch = unified_diff(path, text, &[edit]);
        if patch.is_empty() {
            return Err("it changes nothing".to_owned());
        }
        Ok(Fix { summary: edits.summary.trim().to_owned(), patch })
    }
}

/// Returns the forms in which a model may have written down a true quote, the strictest first.
fn forms(quote: &str) -> Vec<String> {
    let trimmed = quote.trim();
    let bare = trimmed.trim_matches(['`', '"', '…']).trim().to_owned();
    // The prompt numbers source lines, `41| code`; the number is not part of the line.
    let unnumbered: Vec<&str> = trimmed
        .lines()
        .map(|line| match line.split_once("| ") {
            Some((number, rest)) if number.trim().bytes().all(|b| b.is_ascii_digit()) => rest,
            _ => line,
        })
        .collect();
    let first = unnumbered.first().map(|line| line.trim().to_owned()).unwrap_or_default();
    let mut seen = BTreeSet::new();
    let forms = [quote.to_owned(), trimmed.to_owned(), bare, unnumbered.join("\n"), first];
    forms.into_iter().filter(|it| !it.is_empty() && seen.insert(it.clone())).collect()
}

#[cfg(test)]
mod tests;
