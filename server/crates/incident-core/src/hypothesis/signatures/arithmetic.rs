//! Arithmetic that has no result: overflow, division by zero, time that runs backwards.

use crate::cancel::Cancel;
use crate::fix::{Edit, Fix};
use crate::hypothesis::crash::{Crash, Site, shown};
use crate::hypothesis::origin::describe_names;
use crate::hypothesis::repair::{Exit, Repair, exit_at, option_suffix};
use crate::hypothesis::signatures::Claim;
use crate::syntax::rust::{DefinitionKind, RootKind, Snippet};
use crate::syntax::{FailingExpression, FailureKind};
use crate::text::ByteSpan;

/// An operation as messages name it, and what it is called elsewhere.
struct Operation {
    /// What follows `attempt to `.
    said: &'static str,
    symbol: &'static str,
    /// The end of `checked_..`.
    method: &'static str,
}

const OPERATIONS: &[Operation] = &[
    Operation { said: "add ", symbol: "+", method: "add" },
    Operation { said: "subtract ", symbol: "-", method: "sub" },
    Operation { said: "multiply ", symbol: "*", method: "mul" },
    Operation { said: "divide ", symbol: "/", method: "div" },
    Operation { said: "calculate the remainder ", symbol: "%", method: "rem" },
    Operation { said: "shift left ", symbol: "<<", method: "shl" },
    Operation { said: "shift right ", symbol: ">>", method: "shr" },
];

/// `attempt to subtract with overflow` and its kin.
pub(super) fn overflow(crash: &Crash<'_>) -> Option<Claim> {
    let rest = after_attempt(crash.message)?;
    if rest.starts_with("negate with overflow") {
        let claim = Claim::new("The smallest number was negated".to_owned(), 0.4)
            .say("The smallest value of a signed type has no positive counterpart.")
            .disproved_by("the number is another one than the smallest of its type");
        return Some(claim.note("`checked_neg` or `unsigned_abs` has a result for every value."));
    }
    let operation = OPERATIONS.iter().find(|operation| rest.starts_with(operation.said))?;
    if !rest.contains("with overflow") {
        return None;
    }
    let site = crash.site.filter(|site| site.direct);
    let failed = site.and_then(Operands::at);
    let why = match operation.method {
        "sub" => {
            "the right side was larger than the left, and the type has nothing below its smallest value"
        }
        "shl" | "shr" => "the distance was not smaller than the number of bits",
        "div" | "rem" => "the smallest value of a signed type was divided by -1",
        _ => "the result is larger than the type can hold",
    };
    let Some(failed) = failed else {
        return Some(
            Claim::new(format!("`{}` went over the range of its type", operation.symbol), 0.25)
                .say(format!("{}.", capital(why)))
                .disproved_by("both operands are small for the failing input"),
        );
    };
    let title = match operation.method {
        "sub" => format!("{} went below zero", failed.shown()),
        _ => format!("{} went over the range of its type", failed.shown()),
    };
    let mut claim = Claim::new(title, 0.5).say(format!("{}.", capital(why)));
    claim = failed.describe(claim, crash);
    claim = claim
        .say(
            "Debug builds and builds with overflow checks panic here; others go on with a \
             wrapped, wrong value.",
        )
        .validate(
            format!(
                "for the failing input, {} have values whose result does not fit",
                failed.sides()
            ),
            None,
            "a log line before the crash shows such values",
            "the values are harmless",
        )
        .disproved_by(format!("{} have values whose result fits", failed.sides()));
    claim.fix = failed.fix(operation);
    Some(match claim.fix {
        Some(_) => claim,
        None => claim.note(format!(
            "`checked_{0}` tells of the case, `saturating_{0}` stops at the limit: which is right \
             depends on what the value means.",
            operation.method
        )),
    })
}

/// `attempt to divide by zero`, `.. with a divisor of zero`.
pub(super) fn zero_divisor(crash: &Crash<'_>) -> Option<Claim> {
    let rest = after_attempt(crash.message).unwrap_or(crash.message);
    let says =
        ["divide by zero", "calculate the remainder with a divisor of zero", "division by zero"];
    if !says.iter().any(|start| rest.starts_with(start)) {
        return None;
    }
    let site = crash.site.filter(|site| site.direct);
    let Some(failed) = site.and_then(Operands::at) else {
        return Some(
            Claim::new("A number was divided by zero".to_owned(), 0.25)
                .say("The divisor was zero.")
                .disproved_by("the divisor is not zero for the failing input"),
        );
    };
    let site = failed.site;
    let divisor = site.slice(failed.right);
    let mut claim = Claim::new(format!("{} is zero in {}", shown(divisor), failed.shown()), 0.55)
        .say(format!("The divisor {} was zero.", shown(divisor)));
    let counts = divisor.ends_with(".len()") || divisor.ends_with(".count()");
    if counts {
        claim = claim.say("It counts items, so there was none: an average over nothing.");
        claim.confidence += 0.1;
    }
    claim = failed.describe(claim, crash);
    claim = claim
        .validate(
            format!("for the failing input {} is zero", shown(divisor)),
            None,
            "a log line before the crash shows zero",
            "it shows another number",
        )
        .disproved_by(format!("{} is not zero for the failing input", shown(divisor)));
    let operation = OPERATIONS.iter().find(|it| it.symbol == failed.symbol())?;
    claim.fix =
        failed.checked(operation).or_else(|| counts.then(|| failed.at_least_one()).flatten());
    Some(match claim.fix {
        Some(_) => claim,
        None => claim.note("Decide what the result means when there is nothing to divide by, and check for zero first."),
    })
}

/// Times and durations that can't be subtracted or added.
pub(super) fn time(crash: &Crash<'_>) -> Option<Claim> {
    let (what, why, instead) = match crash.message {
        message if message.starts_with("overflow when subtracting duration") => (
            "A time or duration went below zero",
            "more time was taken off than there was; an `Instant` can't lie before the machine's start",
            "`checked_sub` or `saturating_sub`",
        ),
        message if message.starts_with("overflow when adding duration") => (
            "A time or duration went over its range",
            "the sum is later than the type can hold, which often comes from a huge or a `MAX` time limit",
            "`checked_add`, or a smaller limit",
        ),
        message if message.starts_with("supplied instant is later than self") => (
            "A later time was taken from an earlier one",
            "the two instants were taken in the other order",
            "`saturating_duration_since`",
        ),
        message if message.starts_with("divide by zero error when dividing duration") => {
            ("A duration was divided by zero", "the divisor was zero", "a check for zero")
        }
        message if message.contains("can not be negative") && message.contains("Duration") => (
            "A duration was made from a negative number",
            "the number of seconds was negative",
            "`Duration::try_from_secs_f64`",
        ),
        message if message.starts_with("can not convert float seconds to Duration") => (
            "A duration was made from a number that is none",
            "the number of seconds was negative, too large or not a number",
            "`Duration::try_from_secs_f64`",
        ),
        _ => return None,
    };
    let site = crash.site.filter(|site| site.direct);
    let shown_there = site.and_then(|site| Some(shown(site.slice(site.expression?.span))));
    let title = match &shown_there {
        Some(there) => format!("{what}: {there}"),
        None => what.to_owned(),
    };
    let mut claim = Claim::new(title, 0.5).say(format!("{}.", capital(why)));
    if let Some(failed) = site.and_then(Operands::at) {
        claim = failed.describe(claim, crash);
    }
    Some(
        claim
            .note(format!("Use {instead} instead of the operator."))
            .disproved_by("the two values are in the expected order and range"),
    )
}

/// The two sides of the operation at the crash.
struct Operands<'a> {
    site: &'a Site<'a>,
    expression: FailingExpression,
    left: ByteSpan,
    right: ByteSpan,
}

impl<'a> Operands<'a> {
    fn at(site: &'a Site<'a>) -> Option<Self> {
        let expression = site.expression.filter(|it| it.kind == FailureKind::Arithmetic)?;
        Some(Self { site, expression, left: expression.base?, right: expression.subject? })
    }

    fn shown(&self) -> String {
        shown(self.site.slice(self.expression.span))
    }

    fn sides(&self) -> String {
        format!("{} and {}", shown(self.site.slice(self.left)), shown(self.site.slice(self.right)))
    }

    /// Returns the operator without a `=`.
    fn symbol(&self) -> &'a str {
        let between = self.site.slice(ByteSpan::new(self.left.end, self.right.start));
        between.trim().trim_end_matches('=')
    }

    fn is_assignment(&self) -> bool {
        self.site.slice(ByteSpan::new(self.left.end, self.right.start)).trim().ends_with('=')
    }

    fn describe(&self, mut claim: Claim, crash: &Crash<'_>) -> Claim {
        if self.site.doubtful {
            claim =
                claim.say("Which of the operations in it failed, the place alone does not tell.");
            claim.confidence -= 0.1;
        }
        let snippet = self.site.snippet.as_ref();
        let names = snippet.map(|snippet| snippet.names(self.expression.span));
        claim.names = names.unwrap_or_default();
        let before = claim.steps.len();
        for side in [self.right, self.left] {
            claim = claim.steps(describe_names(crash, self.site, side));
        }
        if claim.steps.len() > before {
            claim.confidence += 0.1;
        }
        claim
    }

    fn fix(&self, operation: &Operation) -> Option<Fix> {
        if let Some(fix) = self.checked(operation) {
            return Some(fix);
        }
        if operation.method != "sub" {
            return None;
        }
        let summary = format!(
            "Stop at the smallest value (0 for unsigned types) in {} instead of going below; if \
             that hides a wrong total, return an error there instead",
            self.shown()
        );
        self.call("saturating_sub", "", summary)
    }

    /// Leaves the function where the operation has no result.
    fn checked(&self, operation: &Operation) -> Option<Fix> {
        let (exit, _) = exit_at(self.site, self.expression.span.start)?;
        if exit == Exit::Unit {
            return None;
        }
        let message = format!("no result for {}", self.shown().replace('`', ""));
        let (suffix, summary) = option_suffix(&exit, &message)?;
        let summary = format!("{summary} when {} has no result", self.shown());
        self.call(&format!("checked_{}", operation.method), &suffix, summary)
    }

    /// Puts a method of the integer types in the operator's place.
    fn call(&self, method: &str, suffix: &str, summary: String) -> Option<Fix> {
        if self.site.doubtful || !self.is_typed(self.left) || self.may_be_reference(self.right) {
            return None;
        }
        let (left, right) = (self.site.slice(self.left), self.site.slice(self.right));
        let snippet = self.site.snippet.as_ref()?;
        let receiver = match left.strip_prefix('*') {
            // A method call looks through the reference by itself.
            Some(name) if is_path(name) => name.to_owned(),
            _ if is_path(left) || snippet.chain(self.left)?.root_kind != RootKind::Other => {
                left.to_owned()
            }
            _ => format!("({left})"),
        };
        let value = format!("{receiver}.{method}({right}){suffix}");
        let replacement = match self.is_assignment() {
            true if is_path(left.trim_start_matches('*')) => format!("{left} = {value}"),
            true => return None,
            false => value,
        };
        let edits = vec![Edit { span: self.expression.span, replacement }];
        Repair { summary, edits }.into_fix(self.site)
    }

    /// Divides by one where there is nothing to count.
    fn at_least_one(&self) -> Option<Fix> {
        let right = self.site.slice(self.right);
        let summary = format!(
            "Divide by 1 when {} is 0; the result is then the undivided value, so say so where an \
             average of nothing must not look like one",
            shown(right)
        );
        let edits = vec![Edit {
            span: ByteSpan::new(self.right.end, self.right.end),
            replacement: ".max(1)".to_owned(),
        }];
        Repair { summary, edits }.into_fix(self.site)
    }

    /// Says whether the type of the left side does not hang on a bare literal.
    fn is_typed(&self, operand: ByteSpan) -> bool {
        let text = self.site.slice(operand);
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            return text.contains(['u', 'i']);
        }
        let Some(definition) = self.definition(operand) else { return true };
        let from_literal = definition.value.is_some_and(|value| {
            let value = self.site.slice(value);
            value.starts_with(|c: char| c.is_ascii_digit()) && !value.contains(['u', 'i'])
        });
        definition.written_type.is_some() || !from_literal
    }

    /// Says whether an operand may be a reference, which the methods do not take.
    fn may_be_reference(&self, operand: ByteSpan) -> bool {
        let Some(definition) = self.definition(operand) else { return false };
        if let Some(written) = definition.written_type {
            return self.site.slice(written).starts_with('&');
        }
        !matches!(definition.kind, DefinitionKind::Let | DefinitionKind::Assignment)
            && definition.kind != DefinitionKind::Parameter
    }

    fn definition(&self, operand: ByteSpan) -> Option<crate::syntax::rust::Definition> {
        let name = self.site.slice(operand);
        let cancel = Cancel::new();
        let snippet = Snippet::at(self.site.text, operand.start, &cancel)?;
        snippet.definition_of_local(self.expression.span.start, name, &cancel)
    }
}

/// Says whether an expression is a name or fields of one.
fn is_path(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.')
}

/// Returns what follows `attempt to`, or `attempted to` of old compilers.
fn after_attempt(message: &str) -> Option<&str> {
    message.strip_prefix("attempt to ").or_else(|| message.strip_prefix("attempted to "))
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
