//! Secrets taken out of text, before it is stored or leaves the machine.
//!
//! Each secret becomes a placeholder, `<secret:aws-key:1>`, the same one wherever it stands, so
//! that a text still makes sense and the way back is exact. Commit ids, UUIDs, versions, paths and
//! source code are left alone: a redaction that eats the evidence is worth nothing. All patterns
//! run in linear time.

mod patterns;

use std::collections::BTreeMap;

use patterns::{Found, find};

/// A text without its secrets, and the way back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redacted {
    /// The text with placeholders.
    pub text: String,
    /// What each placeholder stands for, in order of first appearance.
    pub placeholders: Vec<Placeholder>,
}

/// One secret and what stands in its place.
#[derive(Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// `<secret:kind:number>`.
    pub name: String,
    /// The secret itself. Never stored, never sent.
    pub secret: String,
}

/// Redacts the texts of one incident with one numbering.
#[derive(Clone, Default)]
pub struct Redactor {
    placeholders: Vec<Placeholder>,
    /// Position in `placeholders` by secret.
    known: BTreeMap<String, usize>,
    /// How many secrets of a kind were seen.
    counts: BTreeMap<&'static str, usize>,
}

impl std::fmt::Debug for Placeholder {
    /// Leaves the secret out: debug output ends in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Placeholder").field("name", &self.name).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").field("placeholders", &self.placeholders).finish_non_exhaustive()
    }
}

/// Returns `text` with what looks like a secret replaced by named placeholders.
pub fn redact(text: &str) -> Redacted {
    let mut redactor = Redactor::default();
    let text = redactor.redact(text);
    Redacted { text, placeholders: redactor.placeholders }
}

impl Redacted {
    /// Returns `text`, such as an answer to the redacted text, with the secrets put back.
    pub fn restore(&self, text: &str) -> String {
        restore(&self.placeholders, text)
    }
}

impl Redactor {
    /// Returns `text` with placeholders; a secret that was seen before keeps its own.
    pub fn redact(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for found in find(text) {
            let Found { kind, span } = found;
            let (Some(kept), Some(secret)) = (text.get(done..span.start), span.slice(text)) else {
                continue;
            };
            out.push_str(kept);
            out.push_str(&self.placeholder(kind, secret, text));
            done = span.end;
        }
        out.push_str(text.get(done..).unwrap_or_default());
        out
    }

    /// Returns what the placeholders given out so far stand for.
    pub fn placeholders(&self) -> &[Placeholder] {
        &self.placeholders
    }

    /// Returns `text` with the secrets put back.
    pub fn restore(&self, text: &str) -> String {
        restore(&self.placeholders, text)
    }

    fn placeholder(&mut self, kind: &'static str, secret: &str, text: &str) -> String {
        if let Some(known) = self.known.get(secret).and_then(|at| self.placeholders.get(*at)) {
            return known.name.clone();
        }
        let count = self.counts.entry(kind).or_insert(0);
        let name = loop {
            *count += 1;
            let name = format!("<secret:{kind}:{count}>");
            // A text that holds such words already must not get a secret put in their place.
            if !text.contains(&name) {
                break name;
            }
        };
        self.known.insert(secret.to_owned(), self.placeholders.len());
        self.placeholders.push(Placeholder { name: name.clone(), secret: secret.to_owned() });
        name
    }
}

fn restore(placeholders: &[Placeholder], text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("<secret:") {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let known = placeholders.iter().find(|known| from.starts_with(&known.name));
        let (put, n_bytes) = match known {
            Some(known) => (known.secret.as_str(), known.name.len()),
            None => ("<secret:", "<secret:".len()),
        };
        out.push_str(put);
        rest = from.get(n_bytes..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
