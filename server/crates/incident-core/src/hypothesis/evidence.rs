//! The evidence lock: holds every quote and every name of a hypothesis against what is really there.
//!
//! It trusts nobody, not even the built-in signatures. A quote stands word for word in the piece
//! that its id names, at the place that it says; a file, line, function or commit that a sentence
//! names exists. What fails is dropped, and confidence is capped by the share that holds.

use std::collections::BTreeSet;

use crate::fix::parse_patch;
use crate::hypothesis::catalogue::{Catalogue, Entry, catalogue};
use crate::hypothesis::mentions::{Mention, mentions, sentences};
use crate::hypothesis::{
    CheckedHypothesis, Evidence, EvidenceKind, EvidenceLocation, EvidenceOrigin, Hypothesis,
    HypothesisInput,
};
use crate::text::LineIndex;

/// Hypotheses that a person is shown.
const MAX_HYPOTHESES: usize = 3;
/// The most that a claim is worth whose evidence anybody or the failing service alone could have
/// written.
const MAX_WITHOUT_SOURCE: f64 = 0.5;

/// Verifies every quote of `hypotheses`, drops what does not hold, and keeps the best three.
pub fn verify(hypotheses: Vec<Hypothesis>, input: &HypothesisInput<'_>) -> Vec<CheckedHypothesis> {
    let lock = Lock::new(input);
    let mut checked: Vec<Hypothesis> =
        hypotheses.into_iter().filter_map(|hypothesis| lock.check(hypothesis)).collect();
    checked.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.title.cmp(&b.title)));
    let mut titles = BTreeSet::new();
    checked.retain(|hypothesis| titles.insert(hypothesis.title.clone()));
    checked.truncate(MAX_HYPOTHESES);
    checked
        .into_iter()
        .map(|hypothesis| CheckedHypothesis { hypothesis, findings: Vec::new(), stopped: None })
        .collect()
}

/// The lock on one incident's evidence.
pub(crate) struct Lock<'a> {
    input: &'a HypothesisInput<'a>,
    catalogue: Catalogue,
}

/// How many claims were made and how many of them hold.
#[derive(Default)]
struct Tally {
    made: u32,
    held: u32,
}

impl Tally {
    fn count(&mut self, holds: bool) -> bool {
        self.made += 1;
        self.held += u32::from(holds);
        holds
    }

    /// Returns the share that holds; nothing claimed is nothing held.
    fn share(&self) -> f64 {
        if self.made == 0 { 0.0 } else { f64::from(self.held) / f64::from(self.made) }
    }
}

impl<'a> Lock<'a> {
    /// Collects what may be cited about an incident.
    pub(crate) fn new(input: &'a HypothesisInput<'a>) -> Self {
        Self { input, catalogue: catalogue(input) }
    }

    /// Returns the piece of evidence with this id.
    pub(crate) fn entry(&self, id: &str) -> Option<&Entry> {
        self.catalogue.get(id)
    }

    /// Cites `quote` from the piece or the source line that `id` names, if it stands there.
    pub(crate) fn cite(&self, id: &str, kind: EvidenceKind, quote: &str) -> Option<Evidence> {
        self.held(Evidence {
            id: id.to_owned(),
            kind,
            origin: EvidenceOrigin::AttackerWritable,
            location: EvidenceLocation::default(),
            quote: quote.to_owned(),
        })
    }

    /// Says whether every place, function and commit that a text names exists.
    pub(crate) fn names_exist(&self, text: &str) -> bool {
        mentions(text).iter().all(|mention| self.exists(mention))
    }

    fn check(&self, mut hypothesis: Hypothesis) -> Option<Hypothesis> {
        let mut tally = Tally::default();
        hypothesis.evidence = hypothesis
            .evidence
            .into_iter()
            .filter_map(|evidence| {
                let held = self.held(evidence);
                tally.count(held.is_some());
                held
            })
            .collect();
        if hypothesis.evidence.is_empty() || !self.says_truth(&hypothesis.title, &mut tally) {
            return None;
        }
        let kept: Vec<&str> = sentences(&hypothesis.explanation)
            .into_iter()
            .filter(|sentence| self.says_truth(sentence, &mut tally))
            .collect();
        hypothesis.explanation = kept.join(" ");
        hypothesis.notes.retain(|note| self.says_truth(note, &mut tally));
        hypothesis.would_disprove.retain(|what| self.says_truth(what, &mut tally));
        hypothesis.validation.retain(|validation| {
            self.says_truth(&validation.prediction, &mut tally)
                && self.says_truth(validation.command.as_deref().unwrap_or_default(), &mut tally)
        });
        // What nothing could disprove is no hypothesis.
        if hypothesis.would_disprove.is_empty() {
            return None;
        }
        if let Some(fix) = &hypothesis.fix
            && let Err(why) = self.fix_fits(&fix.patch)
        {
            tally.count(false);
            hypothesis.fix = None;
            hypothesis.notes.push(format!("A fix was left out: {why}."));
        }
        let seen_in_source = hypothesis.evidence.iter().any(|evidence| {
            matches!(evidence.origin, EvidenceOrigin::Repository | EvidenceOrigin::Tool)
        });
        let most = if seen_in_source { 1.0 } else { MAX_WITHOUT_SOURCE };
        let claimed = if hypothesis.confidence.is_finite() { hypothesis.confidence } else { 0.0 };
        hypothesis.confidence = claimed.clamp(0.0, most).min(tally.share());
        Some(hypothesis)
    }

    /// Returns the evidence as the catalogue knows it, or `None` where its quote does not hold.
    fn held(&self, evidence: Evidence) -> Option<Evidence> {
        if evidence.quote.trim().is_empty() {
            return None;
        }
        let unplaced = evidence.location == EvidenceLocation::default();
        if let Some(entry) = self.catalogue.get(&evidence.id) {
            let placed = unplaced || entry.location == evidence.location;
            let quoted = entry.text.contains(&evidence.quote)
                || (entry.kind == EvidenceKind::Frame
                    && self.stands_at(&entry.location, &evidence.quote));
            // Who wrote it is the catalogue's to say, never the claim's.
            return (placed && quoted && entry.kind == evidence.kind).then(|| Evidence {
                origin: entry.origin,
                location: entry.location.clone(),
                ..evidence
            });
        }
        let (path, line) = match evidence.id.strip_prefix('S').filter(|line| is_number(line)) {
            // The number alone names no file.
            Some(line) => (evidence.location.path.as_str(), line),
            None => evidence.id.rsplit_once(':')?,
        };
        let line = line.parse().ok()?;
        let location = EvidenceLocation { path: path.to_owned(), line: Some(line), commit: None };
        let placed = unplaced || location == evidence.location;
        let holds = placed
            && evidence.kind == EvidenceKind::Frame
            && self.stands_at(&location, &evidence.quote);
        holds.then_some(Evidence { origin: EvidenceOrigin::Repository, location, ..evidence })
    }

    /// Says whether the quote begins on that very line of the source, as it is now or as it ran.
    fn stands_at(&self, location: &EvidenceLocation, quote: &str) -> bool {
        let Some(line) = location.line else { return false };
        let sources = self.input.sources;
        [&sources.current, &sources.deployed].into_iter().any(|texts| {
            let Some(text) = texts.get(&location.path) else { return false };
            let Some(span) = LineIndex::new(text).line_span(line) else { return false };
            let rest = text.get(span.start..).unwrap_or_default();
            // A quote of several lines begins on the line and goes on below it.
            rest.find(quote).is_some_and(|at| at <= span.len())
        })
    }

    /// Counts every name in a text; says whether all of them exist.
    fn says_truth(&self, text: &str, tally: &mut Tally) -> bool {
        let mut all = true;
        for mention in mentions(text) {
            all &= tally.count(self.exists(&mention));
        }
        all
    }

    fn exists(&self, mention: &Mention<'_>) -> bool {
        match *mention {
            Mention::Commit(digits) => self.is_commit(digits),
            Mention::Function(name) => {
                self.anywhere(|text| holds_word(text, name)) || self.in_frames(name)
            }
            Mention::Place { path, line } => self.is_place(path, line),
        }
    }

    fn is_commit(&self, digits: &str) -> bool {
        let Some(history) = self.input.history else { return false };
        let deployed = history.deployed.commit.iter().chain(&history.deployed.candidates);
        history
            .commits
            .iter()
            .flat_map(|commit| std::iter::once(&commit.id).chain(&commit.parents))
            .chain(history.blame.iter().map(|blame| &blame.commit))
            .chain(deployed)
            .any(|commit| commit.0.starts_with(digits))
    }

    fn is_place(&self, path: &str, line: Option<u32>) -> bool {
        let sources = self.input.sources;
        let fits = |known: &str| {
            known == path || known.strip_suffix(path).is_some_and(|before| before.ends_with('/'))
        };
        let mut at_hand = false;
        for (known, text) in sources.current.iter().chain(&sources.deployed) {
            if fits(known) {
                at_hand = true;
                if line.is_none_or(|line| (1..=LineIndex::new(text).n_lines()).contains(&line)) {
                    return true;
                }
            }
        }
        // A file whose text is at hand has the last word on its lines.
        !at_hand
            && (self.in_frames(path)
                || self.anywhere_quoted(path)
                || self.catalogue.entries().any(|(_, entry)| fits(&entry.location.path)))
    }

    fn in_frames(&self, words: &str) -> bool {
        self.input.incident.traces.iter().flat_map(|trace| &trace.trace.frames).any(|frame| {
            let file = frame.location.as_ref().map(|location| location.file.as_str());
            let names = [frame.function.as_deref(), frame.raw_function.as_deref(), file];
            names.into_iter().flatten().any(|name| holds_word(name, words))
        })
    }

    fn anywhere(&self, holds: impl Fn(&str) -> bool) -> bool {
        let sources = self.input.sources;
        sources.current.values().chain(sources.deployed.values()).any(|text| holds(text))
            || self.catalogue.entries().any(|(_, entry)| holds(&entry.text))
    }

    fn anywhere_quoted(&self, words: &str) -> bool {
        self.catalogue.entries().any(|(_, entry)| holds_word(&entry.text, words))
    }

    /// Says why a patch does not fit the files as they are now.
    fn fix_fits(&self, patch: &str) -> Result<(), String> {
        let patch = parse_patch(patch).map_err(|problem| problem.message)?;
        for file in &patch.files {
            let Some(old_path) = &file.old_path else { continue };
            let Some(text) = self.input.sources.current.get(old_path) else {
                return Err(format!("the file {old_path} is not at hand"));
            };
            if file.apply(text).is_none() {
                return Err(format!("its lines are not those of {old_path} as it is now"));
            }
        }
        Ok(())
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Says whether `text` holds `words` with no letter, digit or `_` right before or after.
fn holds_word(text: &str, words: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(words).any(|(at, found)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}
