//! What secrets look like.

use std::sync::LazyLock;

use regex::Regex;

use crate::text::ByteSpan;

/// A secret in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// A short kebab-case name.
    pub(super) kind: &'static str,
    /// The secret alone, without the words around it.
    pub(super) span: ByteSpan,
}

/// Looks at the text before the secret and at the secret, and turns false alarms down.
type Accepts = fn(&str, &str) -> bool;

/// A form that secrets have; the first group that takes part is the secret, else the whole match.
struct Form {
    kind: &'static str,
    regex: Regex,
    accepts: Accepts,
}

/// Kinds with their patterns; where two overlap, the first one names the secret.
const FORMS: &[(&str, &str, Accepts)] = &[
    (
        "private-key",
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=\s]|\\[nr]|(?:Proc-Type|DEK-Info|Version|Comment): [^\n]*)*(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----)?",
        always,
    ),
    ("jwt", r"\beyJ[A-Za-z0-9_-]{6,}\.eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*", always),
    ("aws-key", r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA|ANVA|ABIA|ACCA)[A-Z0-9]{16}\b", always),
    (
        "github-token",
        r"\b(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255})",
        always,
    ),
    ("gitlab-token", r"\bgl(?:pat|ptt|rt|cbt|dt)-[A-Za-z0-9_-]{20,}", always),
    ("stripe-key", r"\b(?:[srp]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,}", always),
    ("slack-token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}", always),
    ("slack-hook", r"hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9/_-]{20,})", always),
    ("google-key", r"\bAIza[A-Za-z0-9_-]{35}|\bya29\.[A-Za-z0-9_-]{20,}", always),
    ("model-key", r"\bsk-(?:proj-|ant-|or-|svcacct-)?[A-Za-z0-9_-]{20,}", has_digit_and_letter),
    (
        "registry-token",
        r"\b(?:npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{32,}|cio[A-Za-z0-9]{32}\b)",
        has_digit_and_letter,
    ),
    ("mail-key", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|\bkey-[0-9a-f]{32}\b", always),
    (
        "authorization",
        r#"(?i)\b(?:proxy-)?authorization\\?["']?\s*[:=]>?\s*\\?["']?(?:(?:bearer|basic|token|digest|negotiate|apikey|aws4-hmac-sha256)\s+)?([^\s"'\\,;<>]{4,})"#,
        is_no_word,
    ),
    ("authorization", r"(?i)\b(?:bearer|basic)\s+([A-Za-z0-9._~+/-]{16,}=*)", has_digit_and_letter),
    (
        "cookie",
        r#"(?i)\b(?:set-)?cookie\\?["']?\s*:\s*\\?["']?([^\s"'\\][^\r\n"'\\]*=[^\r\n"'\\]+)"#,
        always,
    ),
    ("password", r#"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s:/?#@"'<>]*:([^\s@/"'<>]+)@"#, is_value),
    (
        "secret",
        // A name that ends in one of the words, then a quoted value.
        r#"(?i)(?:^|[^A-Za-z0-9])[A-Za-z0-9_.-]*(?:passwords?|passwd|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key(?:[_-]?id)?|private[_-]?key|signing[_-]?key|encryption[_-]?key|account[_-]?key|auth[_-]?key|credentials?|session[_-]?id|connection[_-]?string)\\?["']?\s*(?:=>|:=|[:=])\s*\\?(?:"([^"\r\n\\]{4,})|'([^'\r\n\\]{4,}))"#,
        is_value,
    ),
    (
        "secret",
        // The same with a bare value right after `=`, as in an environment, a link or a DSN.
        r#"(?i)(?:^|[^A-Za-z0-9])[A-Za-z0-9_.-]*(?:passwords?|passwd|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key(?:[_-]?id)?|private[_-]?key|signing[_-]?key|encryption[_-]?key|account[_-]?key|auth[_-]?key|sharedaccesskey|credentials?|session[_-]?id)=([^\s"'&;,<>(){}\[\]|]{4,})"#,
        is_value,
    ),
    (
        "secret",
        // The same with blanks or a colon before a bare value: prose and code look like this too.
        r#"(?i)(?:^|[^A-Za-z0-9])[A-Za-z0-9_.-]*(?:passwords?|passwd|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key(?:[_-]?id)?|private[_-]?key|auth[_-]?key|credentials?|session[_-]?id)["']?\s*(?::|\s=|=)\s+([^\s"'&;,<>(){}\[\]|]{8,})"#,
        is_likely_value,
    ),
    ("email", r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}\b", is_email),
    ("card", r"\b[3-6](?:[ -]?[0-9]){12,18}\b", is_card),
];

static COMPILED: LazyLock<Vec<Form>> = LazyLock::new(|| {
    FORMS
        .iter()
        .filter_map(|&(kind, pattern, accepts)| {
            // A pattern that does not compile fails the tests; it must not fail the user.
            Some(Form { kind, regex: Regex::new(pattern).ok()?, accepts })
        })
        .collect()
});

/// Finds the secrets in a text, by start, without overlaps.
pub(super) fn find(text: &str) -> Vec<Found> {
    let mut found: Vec<(usize, Found)> = Vec::new();
    for (order, form) in COMPILED.iter().enumerate() {
        for captures in form.regex.captures_iter(text) {
            let groups = captures.iter().skip(1).flatten().next();
            let Some(secret) = groups.or_else(|| captures.get(0)) else { continue };
            let before = text.get(..secret.start()).unwrap_or_default();
            if (form.accepts)(before, secret.as_str()) {
                let span = ByteSpan::new(secret.start(), secret.end());
                found.push((order, Found { kind: form.kind, span }));
            }
        }
    }
    found.sort_by_key(|(order, found)| (found.span.start, *order, found.span.end));
    let mut merged: Vec<Found> = Vec::new();
    for (_, next) in found {
        match merged.last_mut() {
            // What sticks out of an overlap is a part of the secret as well.
            Some(last) if next.span.start < last.span.end => {
                last.span.end = last.span.end.max(next.span.end);
            }
            _ => merged.push(next),
        }
    }
    merged
}

/// Returns how many patterns compile, and how many there are.
#[cfg(test)]
pub(super) fn n_compiled() -> (usize, usize) {
    (COMPILED.len(), FORMS.len())
}

fn always(_: &str, _: &str) -> bool {
    true
}

fn has_digit_and_letter(_: &str, secret: &str) -> bool {
    secret.contains(|c: char| c.is_ascii_digit())
        && secret.contains(|c: char| c.is_ascii_alphabetic())
}

fn is_no_word(_: &str, secret: &str) -> bool {
    const WORDS: &[&str] =
        &["bearer", "basic", "none", "null", "required", "missing", "failed", "header"];
    !WORDS.contains(&secret.to_ascii_lowercase().as_str()) && is_value("", secret)
}

/// Says whether a value is more than a stand-in for one.
fn is_value(_: &str, value: &str) -> bool {
    const STAND_INS: &[&str] = &[
        "none",
        "null",
        "true",
        "false",
        "undefined",
        "redacted",
        "[redacted]",
        "hidden",
        "missing",
        "required",
        "invalid",
        "expired",
        "empty",
        "string",
        "password",
        "secret",
        "token",
        "changeme",
    ];
    let lower = value.to_ascii_lowercase();
    let is_reference = value.starts_with(['$', '<', '{', '%', '/', '~', '&', '@'])
        || value.contains("${")
        || value.contains("::")
        || value.contains("{}");
    let is_masked = value.chars().all(|c| matches!(c, '*' | 'x' | 'X' | '.' | '-' | '•' | '#'));
    // `token = self.next` and `token=lexer.peek` are code.
    let is_code = value.starts_with("self.") || value.starts_with("env.") || value.ends_with("()");
    !is_reference && !is_masked && !is_code && !STAND_INS.contains(&lower.as_str())
}

/// Says whether a bare value after a blank is a secret rather than a word or a name in code.
fn is_likely_value(before: &str, value: &str) -> bool {
    let is_name =
        value.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '_' | '.' | ':' | '?' | '!'));
    is_value(before, value) && !is_name && value.contains(|c: char| c.is_ascii_digit())
}

fn is_email(before: &str, address: &str) -> bool {
    // Remote repositories, units of systemd and files with a scale are written alike.
    const NO_DOMAINS: &[&str] = &[
        "service", "socket", "target", "timer", "mount", "slice", "png", "jpg", "jpeg", "svg",
        "rs", "js", "ts", "py", "go", "java", "so", "toml", "json", "lock",
    ];
    let end = address.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    // The user of a link is part of the link.
    !address.starts_with("git@") && !before.ends_with("//") && !NO_DOMAINS.contains(&end.as_str())
}

/// Says whether digits are a payment card's number: length and first digits of an issuer, and the
/// check digit of ISO/IEC 7812.
fn is_card(before: &str, written: &str) -> bool {
    // A longer number, a hash, a version or a UUID goes on before it.
    if before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '#')) {
        return false;
    }
    let digits: Vec<u32> = written.chars().filter_map(|c| c.to_digit(10)).collect();
    let first =
        |n_digits: usize| digits.iter().take(n_digits).fold(0, |sum, digit| sum * 10 + digit);
    let fits = match digits.len() {
        13 => first(1) == 4,
        14 => first(2) == 36 || first(2) == 38 || (300..=305).contains(&first(3)),
        15 => matches!(first(2), 34 | 37),
        16 => {
            first(1) == 4
                || (51..=55).contains(&first(2))
                || (2221..=2720).contains(&first(4))
                || matches!(first(2), 35 | 65)
                || first(4) == 6011
                || (644..=649).contains(&first(3))
        }
        19 => first(1) == 4,
        _ => false,
    };
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| if at % 2 == 1 { doubled(*digit) } else { *digit })
        .sum();
    fits && sum.is_multiple_of(10)
}
