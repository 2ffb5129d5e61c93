//! `unwrap` and `expect` on a `None` or an `Err`.

use crate::fix::{Edit, Fix};
use crate::hypothesis::crash::{Crash, Site, shown};
use crate::hypothesis::errors;
use crate::hypothesis::library::Absence;
use crate::hypothesis::origin::{Producer, Trail, follow, functions_named};
use crate::hypothesis::repair::{
    ErrorType, Exit, InLoop, Repair, exit_at, exit_of_type, leave_early, option_suffix,
    result_suffix,
};
use crate::hypothesis::signatures::Claim;
use crate::syntax::FailureKind;
use crate::syntax::rust::LinkKind;
use crate::text::ByteSpan;

/// A call of `unwrap` or `expect` at the crash.
struct Unwrapping<'a> {
    site: &'a Site<'a>,
    /// The whole call.
    call: ByteSpan,
    /// What it is called on.
    subject: ByteSpan,
    /// `unwrap` or `expect`.
    method: &'a str,
    /// The text that `expect` was given, where it is a plain literal.
    words: Option<String>,
}

/// `called Option::unwrap() on a None value`, and `expect` with its own words.
pub(super) fn none(crash: &Crash<'_>) -> Option<Claim> {
    let unwrapping = Unwrapping::at(crash);
    let says_none = crash.message.starts_with("called `Option::unwrap()`");
    let own_words = unwrapping.as_ref().is_some_and(|unwrapping| {
        unwrapping.method == "expect" && unwrapping.words.as_deref() == Some(crash.message)
    });
    if !says_none && !own_words {
        return None;
    }
    let unwrapping = unwrapping?;
    let site = unwrapping.site;
    let value = shown(site.slice(unwrapping.subject));
    let trail = follow(crash, site, unwrapping.subject, Absence::None);

    let from = origin_of(&trail, &value);
    let mut claim = Claim::new(format!("{value}{from} was None"), 0.45).say(format!(
        "{} takes {value} for granted: `.{}()` panics because it is None.",
        capital(&site.function_name()),
        unwrapping.method
    ));
    claim.names = unwrapping.names();
    claim.confidence += if own_words { 0.1 } else { 0.0 };
    let by_function = trail.producer == Some(Producer::Function);
    let because = trail.because.clone();
    claim = claim.trail(trail, "It is None when");
    claim = match because {
        Some(because) => claim.validate(
            format!("in the failing case {because}"),
            None,
            "the same input fails again, and a log line before it shows the value missing",
            "the value is there and another call on the line gave None",
        ),
        None => claim.validate(
            format!("{value} is None for the failing input"),
            None,
            "a log line before the crash shows None",
            "it shows a value",
        ),
    };
    claim = claim.disproved_by(format!("{value} holds a value when the failing input is replayed"));
    if by_function {
        claim = claim
            .note("If None is wrong here at all, the function that gives it is the place to fix.");
    }
    Some(unwrapping.with_fix(claim, crash, Absence::None, ""))
}

/// `called Result::unwrap() on an Err value`, and `expect` with its own words and the error.
pub(super) fn err(crash: &Crash<'_>) -> Option<Claim> {
    let unwrapping = Unwrapping::at(crash);
    let printed = crash.message.strip_prefix("called `Result::unwrap()` on an `Err` value: ");
    let after_words = unwrapping
        .as_ref()
        .filter(|it| it.method == "expect")
        .and_then(|it| crash.message.strip_prefix(it.words.as_deref()?)?.strip_prefix(": "));
    let inner = printed.or(after_words)?.trim();
    let meaning = errors::explain(inner);
    let Some(unwrapping) = unwrapping else {
        // Without the source the error itself is all there is; it says enough only if known.
        let meaning = meaning?;
        return Some(
            Claim::new(format!("An error was not handled: {}", shown(inner)), 0.3)
                .say(format!("{meaning}."))
                .disproved_by("the operation that gave this error succeeds when it is repeated"),
        );
    };
    let site = unwrapping.site;
    let value = shown(site.slice(unwrapping.subject));
    let trail = follow(crash, site, unwrapping.subject, Absence::Err);
    let reason = meaning.clone().unwrap_or_else(|| shown(inner));
    let mut claim =
        Claim::new(format!("{value}{} failed: {reason}", origin_of(&trail, &value)), 0.45).say(
            format!(
                "{} does not expect {value} to fail, and `.{}()` turns its error into a panic.",
                capital(&site.function_name()),
                unwrapping.method
            ),
        );
    // The error itself says more than when such a call can fail.
    let trail = match &meaning {
        Some(meaning) => {
            claim.confidence += 0.1;
            claim = claim.say(format!("The error says: {meaning}."));
            trail.without_reason()
        }
        None => trail,
    };
    claim.names = unwrapping.names();
    claim = claim
        .trail(trail, "It fails when")
        .validate(
            format!("repeating {value} with the same input gives the same error"),
            None,
            format!("the error is {} again", shown(inner)),
            "it succeeds, so the cause was outside of the program and has passed",
        )
        .disproved_by(format!("{value} succeeds in the state that the program was in"));
    Some(unwrapping.with_fix(claim, crash, Absence::Err, inner))
}

impl<'a> Unwrapping<'a> {
    fn at(crash: &Crash<'a>) -> Option<Self> {
        let site = crash.site.filter(|site| site.direct)?;
        let expression = site.expression.filter(|it| it.kind == FailureKind::MethodCall)?;
        let chain = site.snippet.as_ref()?.chain(expression.span)?;
        let last = chain.links.last().filter(|link| link.kind == LinkKind::Method)?;
        let method = site.slice(last.name);
        if !matches!(method, "unwrap" | "expect") {
            return None;
        }
        let subject = expression.subject?;
        let words = last.arguments.and_then(|span| literal_text(site.slice(span)));
        Some(Self { site, call: expression.span, subject, method, words })
    }

    fn names(&self) -> Vec<String> {
        self.site.snippet.as_ref().map(|snippet| snippet.names(self.subject)).unwrap_or_default()
    }

    fn with_fix(&self, claim: Claim, crash: &Crash<'_>, absence: Absence, inner: &str) -> Claim {
        match self.fix(crash, absence, inner) {
            Some(fix) => Claim { fix: Some(fix), ..claim },
            None => claim.note(match absence {
                Absence::None => {
                    "No edit is safe here without knowing what the caller should see: decide what \
                     a missing value means, then handle None before the call."
                }
                Absence::Err => {
                    "No edit is safe here without knowing what the caller should see: decide what \
                     the failure means, then handle the error before it becomes a panic."
                }
            }),
        }
    }

    fn fix(&self, crash: &Crash<'_>, absence: Absence, inner: &str) -> Option<Fix> {
        let (exit, body) = exit_at(self.site, self.call.start)?;
        let message = match &self.words {
            Some(words) => words.clone(),
            None => {
                format!("no value from {}", shown(self.site.slice(self.subject)).replace('`', ""))
            }
        };
        let suffix = match absence {
            Absence::None => option_suffix(&exit, &message),
            Absence::Err => {
                let declared = self.declared_error(crash);
                result_suffix(&exit, inner, declared.as_deref(), &message)
            }
        };
        if let Some((suffix, summary)) = suffix {
            let subject = self.site.slice(self.subject);
            let edits = vec![Edit {
                span: ByteSpan::new(self.subject.end, self.call.end),
                replacement: suffix,
            }];
            let summary = format!("{summary} when {} is missing", shown(subject));
            let summary = match absence {
                Absence::None => summary,
                Absence::Err => summary.replace(" is missing", " fails"),
            };
            return Repair { summary, edits }.into_fix(self.site);
        }
        if exit != Exit::Unit || self.site.function == Some("main") {
            return None;
        }
        leave_early(self.site, &body, self.call, self.subject, absence, InLoop::NextRound)?
            .into_fix(self.site)
    }

    /// Returns the error type that the called function of the workspace declares.
    fn declared_error(&self, crash: &Crash<'_>) -> Option<String> {
        let snippet = self.site.snippet.as_ref()?;
        let called = snippet.called(self.subject)?;
        let functions = functions_named(crash, self.site.slice(called.name));
        let [function] = functions.as_slice() else { return None };
        let head = function.item.span.slice(function.text)?.split('{').next()?;
        let returns = head.rsplit_once("->")?.1.split(" where ").next()?.trim();
        match exit_of_type(returns, function.text)? {
            Exit::Result(ErrorType::Other(error)) => Some(error),
            _ => None,
        }
    }
}

/// Returns `, from ..` where a local stands for something that says more.
fn origin_of(trail: &Trail, value: &str) -> String {
    match &trail.made_by {
        Some(made_by) if made_by != value && made_by.chars().count() <= 48 => {
            format!(", from {made_by},")
        }
        _ => String::new(),
    }
}

/// Returns what the one string literal in the arguments says, if that is all they hold.
fn literal_text(arguments: &str) -> Option<String> {
    let inner =
        arguments.strip_prefix('(')?.strip_suffix(')')?.trim().trim_end_matches(',').trim_end();
    let text = inner.strip_prefix('"')?.strip_suffix('"')?;
    if text.contains('"') && !text.contains("\\\"") {
        return None;
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        plain.push(match chars.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            other @ ('\\' | '"' | '\'') => other,
            _ => return None,
        });
    }
    Some(plain)
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
