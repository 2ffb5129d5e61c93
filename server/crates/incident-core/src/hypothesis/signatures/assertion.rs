//! `assert!`, `assert_eq!`, `assert_ne!` and their debug forms, with both sides.

use crate::hypothesis::crash::{Crash, Site, shown};
use crate::hypothesis::origin::describe_names;
use crate::hypothesis::signatures::Claim;
use crate::syntax::FailureKind;
use crate::text::ByteSpan;

/// What an assertion's message says.
#[derive(Debug, Default)]
struct Said<'a> {
    /// The comparison or condition as printed.
    condition: Option<&'a str>,
    /// The printed values.
    left: Option<&'a str>,
    right: Option<&'a str>,
    /// The author's own words.
    words: Option<&'a str>,
}

/// An assertion that did not hold.
pub(super) fn assertion(crash: &Crash<'_>) -> Option<Claim> {
    let site = crash.site.filter(|site| site.direct);
    let asserting = site.and_then(Asserting::at);
    let said = read(crash.message).or_else(|| {
        // `assert!(condition, "words")` prints the words alone: the source knows.
        asserting.as_ref()?;
        Some(Said { words: crash.message.lines().next(), ..Said::default() })
    })?;
    // The standard library's own assertions speak of arguments that the program gave.
    let asserting = asserting?;
    let site = asserting.site;
    let call = shown(site.slice(asserting.call));
    let title = match (said.left, said.right) {
        (Some(left), Some(right)) => {
            format!(
                "{}: left is {}, right is {}",
                asserting.name_shown(),
                shown(left),
                shown(right)
            )
        }
        _ => match asserting.arguments.first() {
            Some(condition) => format!("{} did not hold", shown(site.slice(*condition))),
            None => format!("{call} did not hold"),
        },
    };
    let mut claim = Claim::new(title, 0.4);
    if let (Some(left), Some(right)) = (said.left, said.right) {
        let sides: Vec<String> = asserting
            .arguments
            .iter()
            .zip([left, right])
            .map(|(argument, value)| {
                format!("{} was {}", shown(site.slice(*argument)), shown(value))
            })
            .collect();
        if !sides.is_empty() {
            claim = claim.say(format!("{}.", sides.join(" and ")));
            claim.confidence += 0.1;
        }
        if let Some(difference) = difference(left, right) {
            claim = claim.say(difference);
        }
    } else if let Some(condition) = said.condition {
        claim = claim.say(format!("The condition {} was false.", shown(condition)));
    } else if let Some(condition) = asserting.arguments.first() {
        claim = claim.say(format!("The condition {} was false.", shown(site.slice(*condition))));
    }
    if let Some(words) = said.words {
        claim = claim.say(format!("Its author says: {}.", shown(words)));
    }
    let n_sides = if said.left.is_some() { 2 } else { 1 };
    for argument in asserting.arguments.iter().take(n_sides) {
        claim = claim.steps(describe_names(crash, site, *argument));
    }
    claim.names =
        site.snippet.as_ref().map(|snippet| snippet.names(asserting.call)).unwrap_or_default();
    Some(
        claim
            .say("The assertion is the messenger: what it guards was broken earlier.")
            .validate(
                "the values are the same when the failing input is replayed",
                None,
                "the assertion fails with the same values",
                "it holds, so state that the input does not bring decides",
            )
            .disproved_by("the condition itself is wrong: the values it turns down are allowed")
            .note("Taking the assertion out would let the broken state go on; no edit is offered."),
    )
}

/// The macro call at the crash.
struct Asserting<'a> {
    site: &'a Site<'a>,
    call: ByteSpan,
    name: &'a str,
    /// The arguments before the message, at most two.
    arguments: Vec<ByteSpan>,
}

impl<'a> Asserting<'a> {
    fn at(site: &'a Site<'a>) -> Option<Self> {
        let expression = site.expression.filter(|it| it.kind == FailureKind::MacroCall)?;
        let text = site.slice(expression.span);
        let name = text.split('!').next()?.trim();
        let short = name.rsplit("::").next()?;
        let short = short.strip_prefix("debug_").unwrap_or(short);
        if !short.starts_with("assert") {
            return None;
        }
        let tokens = expression.subject?;
        let wanted = if short == "assert" { 1 } else { 2 };
        let mut arguments = arguments(site.text, tokens);
        arguments.truncate(wanted);
        Some(Self { site, call: expression.span, name, arguments })
    }

    fn name_shown(&self) -> String {
        format!("`{}!` failed", self.name)
    }
}

/// Splits a macro's tokens, brackets included, at the commas of the top level.
fn arguments(text: &str, tokens: ByteSpan) -> Vec<ByteSpan> {
    let inner = ByteSpan::new(tokens.start + 1, tokens.end.saturating_sub(1));
    let Some(source) = inner.slice(text) else { return Vec::new() };
    let mut spans = Vec::new();
    let (mut depth, mut start, mut in_string, mut escaped) = (0i32, 0, false, false);
    let mut push = |start: usize, end: usize| {
        let part = source.get(start..end).unwrap_or_default();
        let lead = part.len() - part.trim_start().len();
        let trimmed = part.trim();
        if !trimmed.is_empty() {
            let from = inner.start + start + lead;
            spans.push(ByteSpan::new(from, from + trimmed.len()));
        }
    };
    for (at, c) in source.char_indices() {
        if in_string {
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '"' => in_string = true,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                push(start, at);
                start = at + 1;
            }
            _ => {}
        }
    }
    push(start, source.len());
    spans
}

/// Reads the message forms of old and new compilers.
fn read(message: &str) -> Option<Said<'_>> {
    let first = message.lines().next()?;
    let rest = first.strip_prefix("assertion ")?;
    let mut said = Said::default();
    if let Some(old) = rest.strip_prefix("failed: `(left ") {
        // "assertion failed: `(left == right)`", then "  left: `1`,", " right: `2`: words".
        said.condition = old.split_once(")`").map(|(comparison, _)| comparison);
        said.left = old_side(message, "left: `", "`,");
        let right = side(message, "right: `")?;
        match right.split_once("`: ") {
            Some((value, words)) => {
                (said.right, said.words) = (Some(value), words.lines().next());
            }
            None => said.right = Some(right.trim_end().trim_end_matches('`')),
        }
        // The condition is the operator alone: the sides say more.
        said.condition = None;
        return Some(said);
    }
    if let Some(condition) = rest.strip_prefix("failed: ") {
        said.condition = Some(condition);
        return Some(said);
    }
    // "assertion `left == right` failed: words", then "  left: 1", " right: 2".
    let (_, words) = rest.strip_prefix("`left ")?.split_once("` failed")?;
    said.words = words.strip_prefix(": ");
    said.left = side(message, "left: ")
        .map(|left| left.split("\n right: ").next().unwrap_or(left).trim_end());
    said.right = message.rsplit_once("\n right: ").map(|(_, right)| right.trim_end());
    Some(said)
}

fn side<'a>(message: &'a str, label: &str) -> Option<&'a str> {
    let (before, value) = message.split_once(label)?;
    let label_alone = before.rsplit('\n').next().is_some_and(|line| line.trim().is_empty());
    label_alone.then_some(value)
}

fn old_side<'a>(message: &'a str, label: &str, end: &str) -> Option<&'a str> {
    side(message, label)?.split_once(end).map(|(value, _)| value)
}

/// Says how two printed values differ, where that takes one short sentence.
fn difference(left: &str, right: &str) -> Option<String> {
    if let (Ok(left), Ok(right)) = (left.parse::<i128>(), right.parse::<i128>()) {
        let difference = left.checked_sub(right)?;
        return match difference {
            0 => None,
            1 | -1 => Some("They differ by one.".to_owned()),
            _ => Some(format!("They differ by {}.", difference.unsigned_abs())),
        };
    }
    if left.len() > 200 || right.len() > 200 {
        return None;
    }
    let (plain_left, plain_right) = (left.trim_matches('"'), right.trim_matches('"'));
    if left != right && plain_left.trim() == plain_right.trim() {
        return Some("They differ only in the blanks around them.".to_owned());
    }
    if left != right && plain_left.eq_ignore_ascii_case(plain_right) {
        return Some("They differ only in upper and lower case.".to_owned());
    }
    None
}
