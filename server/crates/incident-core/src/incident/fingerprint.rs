//! What makes two traces one incident: the kind, the masked message, the program's own frames.
//!
//! Made from the text alone, so that the id is the same with and without the source at hand, and
//! from names rather than lines, so that it stays across builds, machines and line drift.

use sha2::{Digest, Sha256};

use super::IncidentKind;
use crate::resolve::ResolvedTrace;
use crate::suspects::stack::own_frames;
use crate::symbol;
use crate::text;

/// How many of the program's innermost functions count: a cut paste often has no more.
const N_FRAMES: usize = 3;
/// How much of a message counts, in bytes.
const MAX_MESSAGE: usize = 2048;
/// What stands in a masked message where a value was.
const MASK: &str = "<*>";

/// The parts of a fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Fingerprint {
    pub(crate) kind: IncidentKind,
    /// The error's type and its masked message.
    pub(crate) message: String,
    /// Names of the program's innermost functions; empty where the trace has none.
    pub(crate) functions: Vec<String>,
    /// The end of the panic location's path, which stands in where no function is known.
    pub(crate) file: Option<String>,
}

impl Fingerprint {
    /// Takes the fingerprint of one trace.
    pub(crate) fn of(trace: &ResolvedTrace, kind: IncidentKind) -> Self {
        let mut functions: Vec<String> = own_frames(trace)
            .into_iter()
            .filter_map(|own| symbol::own_name(own.frame.function.as_deref()?))
            .collect();
        functions.dedup();
        functions.truncate(N_FRAMES);
        // The root cause is the last one; the outer ones often carry a request's own words.
        let cause = trace.trace.causes.last();
        let type_name = cause.and_then(|cause| cause.kind.as_deref()).unwrap_or_default();
        let message = cause.and_then(|cause| cause.message.as_deref()).unwrap_or_default();
        let printed_at = trace.trace.location.as_ref().map(|location| location.file.as_str());
        let first_file = || {
            let own = own_frames(trace).into_iter().next()?;
            own.frame.location.as_ref().map(|location| location.file.as_str())
        };
        Self {
            kind,
            message: format!("{type_name}: {}", mask(text::cut(message, MAX_MESSAGE))),
            functions,
            file: printed_at.or_else(first_file).map(path_end),
        }
    }

    /// Returns twelve hex digits.
    pub(crate) fn id(&self) -> String {
        let mut hasher = Sha256::new();
        let mut part = |text: &str| {
            hasher.update(text.as_bytes());
            hasher.update([0]);
        };
        part(self.kind.as_str());
        part(&self.message);
        if self.functions.is_empty() {
            part(self.file.as_deref().unwrap_or_default());
        }
        for function in &self.functions {
            part(function);
        }
        hasher.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Returns the last two parts of a path, in lower case: what build machines share.
fn path_end(path: &str) -> String {
    let mut parts: Vec<&str> =
        path.rsplit(['/', '\\']).filter(|part| !part.is_empty()).take(2).collect();
    parts.reverse();
    parts.join("/").to_lowercase()
}

/// Replaces numbers, quoted values, paths, addresses and hex in a message.
pub(crate) fn mask(message: &str) -> String {
    let mut masked = String::new();
    for line in message.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !masked.is_empty() {
            masked.push('\n');
        }
        match line.split_once(':') {
            // The two sides of a failed assertion are values whatever they look like.
            Some((side @ ("left" | "right"), _)) => {
                masked.push_str(side);
                masked.push_str(MASK);
            }
            _ => mask_line(line, &mut masked),
        }
    }
    collapse(&masked)
}

fn mask_line(line: &str, masked: &mut String) {
    let mut rest = line;
    let mut previous = ' ';
    while let Some(c) = rest.chars().next() {
        let opens_quote = matches!(c, '"' | '\'') && !previous.is_alphanumeric();
        if let Some(len) = opens_quote.then(|| quoted_len(rest, c)).flatten() {
            masked.push_str(MASK);
            rest = &rest[len..];
            previous = c;
            continue;
        }
        let is_word = |c: char| c.is_alphanumeric() || "_-./\\:@+%~$#".contains(c);
        let len = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if len == 0 {
            masked.push(c);
            rest = &rest[c.len_utf8()..];
            previous = c;
            continue;
        }
        let (word, tail) = rest.split_at(len);
        let bare = word.trim_end_matches(['.', ':']);
        mask_word(bare, masked);
        masked.push_str(&word[bare.len()..]);
        previous = word.chars().next_back().unwrap_or(' ');
        rest = tail;
    }
}

/// Returns the length of a quoted value with its quotes, or `None` where it is not closed.
fn quoted_len(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            let end = at + c.len_utf8();
            let after = text[end..].chars().next();
            if quote == '"' || !after.is_some_and(char::is_alphanumeric) {
                return Some(end);
            }
        }
    }
    None
}

fn mask_word(word: &str, masked: &mut String) {
    let is_path = word.contains('\\')
        || word.starts_with(['/', '~'])
        || word.contains("://")
        || word.matches('/').count() >= 2
        || (word.contains('/') && word.contains('.'));
    let is_code_path = word.contains("::") && !word.contains('/');
    if is_path {
        masked.push_str(MASK);
    } else if is_code_path || !word.bytes().any(|b| b.is_ascii_digit()) {
        masked.push_str(word);
    } else {
        for (part_idx, part) in word.split('_').enumerate() {
            if part_idx > 0 {
                masked.push('_');
            }
            mask_part(part, masked);
        }
    }
}

/// Masks a part whole where it is hex or no word at all, else its digits only: `utf8`, `worker-17`.
fn mask_part(part: &str, masked: &mut String) {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let letters = part.chars().filter(|c| c.is_alphabetic()).count();
    let hex_like = part.bytes().all(|b| b.is_ascii_hexdigit() || b"-:xX.+%".contains(&b));
    if digits > 0 && (hex_like || letters < digits) {
        masked.push_str(MASK);
        return;
    }
    let mut in_digits = false;
    for c in part.chars() {
        if c.is_ascii_digit() {
            if !in_digits {
                masked.push_str(MASK);
            }
            in_digits = true;
        } else {
            in_digits = false;
            masked.push(c);
        }
    }
}

/// Folds lists of masked values: their length is a value too.
fn collapse(masked: &str) -> String {
    let mut folded = String::with_capacity(masked.len());
    let mut rest = masked;
    while let Some(at) = rest.find(MASK) {
        let end = at + MASK.len();
        folded.push_str(&rest[..end]);
        rest = &rest[end..];
        while let Some(tail) = rest
            .trim_start_matches([',', ' '])
            .strip_prefix(MASK)
            .filter(|_| rest.starts_with([',', ' ']))
        {
            rest = tail;
        }
    }
    folded.push_str(rest);
    folded
}
