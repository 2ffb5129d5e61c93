//! Panics that somebody wrote down: `panic!`, `unreachable!`, `todo!`, `unimplemented!`.

use crate::cancel::Cancel;
use crate::hypothesis::crash::{Crash, Site, shown};
use crate::hypothesis::origin::{Step, describe_names};
use crate::hypothesis::signatures::Claim;
use crate::syntax::FailureKind;
use crate::syntax::rust::Branch;

/// The macros, how their messages begin, and what reaching them means.
const DECLARED: &[(&str, &str, &str)] = &[
    (
        "unreachable",
        "internal error: entered unreachable code",
        "Code that its author held to be unreachable was reached",
    ),
    ("todo", "not yet implemented", "A part that is not written yet was reached"),
    ("unimplemented", "not implemented", "A part that is not written was reached"),
    ("panic", "explicit panic", "The code gives up here on purpose"),
];

/// A panic by one of the macros.
pub(super) fn declared(crash: &Crash<'_>) -> Option<Claim> {
    let site = crash.site.filter(|site| site.direct);
    let called = site.and_then(macro_name);
    let by_message = DECLARED.iter().find(|(_, start, _)| crash.message.starts_with(start));
    let (name, start, meaning) = match (by_message, called) {
        (Some(known), _) => *known,
        (None, Some("panic")) => DECLARED.last().copied()?,
        _ => return None,
    };
    let words = crash.message.strip_prefix(start).map(|rest| rest.trim_start_matches(':').trim());
    let words = words.unwrap_or(crash.message).lines().next().unwrap_or_default().trim();
    // The message alone repeats what the person has pasted.
    let site = site.filter(|site| site.expression.is_some())?;
    let cancel = Cancel::new();
    let start = site.expression?.span.start;
    let branch = site.snippet.as_ref().and_then(|snippet| snippet.branch(start, &cancel));

    let mut claim =
        Claim::new(String::new(), 0.35).say(format!("{meaning}, in {}.", site.function_name()));
    let deciding = match branch {
        Some(Branch::Arm { pattern, value }) => {
            claim.title = format!(
                "{} met {}, and `{name}!` answers",
                shown(site.slice(value)),
                shown(site.slice(pattern))
            );
            claim = claim.say(format!(
                "It is what the arm {} does, so {} had a value that no other arm takes.",
                shown(site.slice(pattern)),
                shown(site.slice(value))
            ));
            Some(value)
        }
        Some(Branch::If { condition, otherwise }) => {
            let held = if otherwise { "did not hold" } else { "held" };
            claim.title = format!("{} {held}, and `{name}!` answers", shown(site.slice(condition)));
            claim = claim.say(format!(
                "The branch is taken because {} {held}.",
                shown(site.slice(condition))
            ));
            Some(condition)
        }
        None => {
            claim.title = match words {
                "" => format!("`{name}!` was reached in {}", site.function_name()),
                words => format!("`{name}!` was reached: {}", shown(words)),
            };
            None
        }
    };
    if !words.is_empty() {
        claim = claim.say(format!("It says {}.", shown(words)));
    }
    if let Some(deciding) = deciding {
        claim.confidence += 0.1;
        let line = site.line_of(deciding.start);
        if line != site.line {
            claim.steps.push(Step {
                path: site.path.to_owned(),
                line,
                quote: site.line_text(line).to_owned(),
                says: String::new(),
                makes: true,
            });
        }
        claim = claim.steps(describe_names(crash, site, deciding));
        claim.names = site
            .snippet
            .as_ref()
            .map(|snippet| snippet.function_names(deciding, &cancel))
            .unwrap_or_default();
    }
    let what =
        deciding.map_or_else(|| "what leads here".to_owned(), |span| shown(site.slice(span)));
    Some(
        claim
            .validate(
                format!("for the failing input {what} has a value that the code does not expect"),
                None,
                "a log line before the crash shows such a value",
                "the value is one that another branch takes",
            )
            .disproved_by(format!(
                "{what} has an expected value when the failing input is replayed"
            ))
            .note("The fix is a decision: handle the case, or keep it from coming here."),
    )
}

fn macro_name<'a>(site: &'a Site<'a>) -> Option<&'a str> {
    let expression = site.expression.filter(|it| it.kind == FailureKind::MacroCall)?;
    site.slice(expression.span).split('!').next()?.trim().rsplit("::").next()
}
