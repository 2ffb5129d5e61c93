//! The prompt: what of an incident goes to a model, chosen by value until the window is full.
//!
//! Never left out, whatever the window: the error's text, the crash frame, the first new log group,
//! the culprit's hunk; where even these are too long, each is cut and says so. What else was left
//! out is listed. Secrets are taken out before anything is cut. All of it is data between tags that
//! nobody outside can know. The same incident gives the same bytes, with a hash.

mod pieces;
mod select;
mod words;

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use crate::deps::PackageId;
use crate::hypothesis::HypothesisInput;
use crate::incident::MissingContext;
use crate::redact::Redactor;

use pieces::Piece;

/// What a prompt is made from.
#[derive(Clone, Copy, Debug)]
pub struct PromptInput<'a> {
    /// The incident and what is known of it.
    pub evidence: HypothesisInput<'a>,
    /// The person's own suspicion.
    pub focus: Option<&'a str>,
    /// Fixes that were tried: what failed and why, one line each.
    pub tried: &'a [String],
    /// The resolved versions of the packages on the stack.
    pub versions: &'a [PackageId],
    /// A secret of this machine, from which the tags around data are made.
    pub seed: &'a [u8],
    /// How many tokens the whole prompt may take, as estimated.
    pub max_tokens: usize,
}

/// A prompt, and the way back from it.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// The rules: the same for every incident.
    pub system: String,
    /// The question with the evidence.
    pub user: String,
    /// The ids that may be cited.
    pub ids: Vec<String>,
    /// SHA-256 of both texts, in hex.
    pub hash: String,
    /// How many tokens it takes, as estimated.
    pub n_tokens: usize,
    /// What was left out, or cut, in words.
    pub left_out: Vec<String>,
    /// Pieces with lines that read like instructions, and what these look like.
    pub hostile: Vec<(String, String)>,
    /// Knows the secrets that placeholders stand for.
    pub redactor: Redactor,
}

/// Estimates how many tokens a text takes: incident text has about 2.4 characters a token.
pub fn estimate_tokens(text: &str) -> usize {
    text.chars().count().saturating_mul(10).div_ceil(24)
}

/// Returns what is missing so badly that asking a model is a waste; empty where it is not.
pub fn not_enough(input: &HypothesisInput<'_>) -> Vec<MissingContext> {
    let catalogue = crate::hypothesis::catalogue(input);
    let kinds: BTreeSet<_> = catalogue.entries().map(|(_, entry)| entry.kind).collect();
    // One lonely line: nothing to hold a claim against.
    if kinds.len() >= 2 || catalogue.entries().count() >= 3 {
        return Vec::new();
    }
    let mut missing = input.incident.missing_context.clone();
    if missing.is_empty() {
        missing.push(MissingContext {
            kind: "evidence",
            why: "one line alone says what happened, not why".to_owned(),
            how_to_provide: "give the whole stack trace, the log around it, or run it inside the \
                             source tree"
                .to_owned(),
        });
    }
    missing
}

/// Builds the prompt of one incident.
pub fn build(input: &PromptInput<'_>) -> Prompt {
    let mut redactor = Redactor::default();
    let mut hostile = Vec::new();
    let pieces: Vec<Piece> = pieces::collect(input)
        .into_iter()
        .map(|piece| piece.made_safe(&mut redactor, &mut hostile))
        .collect();
    let tag = tag(input.seed, &pieces);
    let head = words::head(input, &tag, &mut redactor);
    let fixed = estimate_tokens(words::SYSTEM) + estimate_tokens(&head);
    // Titles of sections and the list of what was left out take some room too.
    let room = input.max_tokens.saturating_sub(fixed + words::MARGIN);
    let (chosen, left_out) = select::select(pieces, room, &tag);
    let mut user = head;
    let mut section = "";
    for piece in &chosen {
        if piece.section.title() != section {
            section = piece.section.title();
            user.push_str(&format!("\n## {section}\n"));
        }
        user.push_str(&piece.rendered(&tag));
    }
    if !left_out.is_empty() {
        user.push_str(&format!("\nLeft out for length: {}.\n", words::summary(&left_out)));
    }
    hostile.retain(|(name, _)| chosen.iter().any(|piece| piece.name == *name));
    Prompt {
        hash: hash(words::SYSTEM, &user),
        n_tokens: estimate_tokens(words::SYSTEM) + estimate_tokens(&user),
        system: words::SYSTEM.to_owned(),
        user,
        ids: chosen.into_iter().flat_map(|piece| piece.ids).collect(),
        left_out,
        hostile,
        redactor,
    }
}

impl Prompt {
    /// Returns the whole prompt as one text, for a chat that has no place for rules.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.system, self.user)
    }
}

fn hash(system: &str, user: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(system);
    hasher.update([0]);
    hasher.update(user);
    hex(&hasher.finalize(), 32)
}

/// Returns a tag that no text from outside can hold: it depends on a secret and on that text.
fn tag(seed: &[u8], pieces: &[Piece]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(seed);
    for piece in pieces {
        hasher.update(&piece.body);
        hasher.update([0]);
    }
    format!("d-{}", hex(&hasher.finalize(), 4))
}

fn hex(bytes: &[u8], n_bytes: usize) -> String {
    bytes.iter().take(n_bytes).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
