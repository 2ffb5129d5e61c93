//! The answer of the API check for a terminal: what is wrong first, what is right as a number.

use crate::check::{Reference, Verdict};
use crate::problem::Problem;
use crate::report::styled::{Role, Styled};

use super::hang;

/// Renders the names that `name` (a file, `stdin`) relies on.
pub fn check(name: &str, references: &[Reference], problems: &[Problem]) -> Styled {
    let mut out = Styled::new();
    let mut shown: Vec<&Reference> =
        references.iter().filter(|it| it.verdict != Verdict::Exists).collect();
    shown.sort_by_key(|it| (urgency(it.verdict), it.line, it.column));
    for reference in shown {
        one(&mut out, name, reference);
    }
    out.gap();
    out.line(Role::Strong, &summary(references));
    super::problems(&mut out, problems);
    out
}

fn one(out: &mut Styled, name: &str, reference: &Reference) {
    let (role, place) = (
        if reference.verdict.is_accusation() { Role::Alarm } else { Role::Doubt },
        format!("{name}:{}:{}", reference.line, reference.column),
    );
    out.put(Role::Place, &place).put(Role::Strong, &format!("  {}", reference.api));
    out.line(role, &format!("  {}", words(reference.verdict)));
    out.put(Role::Plain, "    ");
    hang(out, Role::Plain, &reference.reason, 4);
    if !reference.suggestions.is_empty() {
        let near: Vec<&str> = reference.suggestions.iter().take(5).map(String::as_str).collect();
        out.put(Role::Dim, "    near: ");
        hang(out, Role::Command, &near.join(", "), 10);
    }
    if let Some(package) = &reference.exists_in {
        out.put(Role::Dim, "    ");
        hang(out, Role::Plain, &format!("{package} has it"), 4);
    }
}

/// `12 names: 10 exist, 1 missing, 1 unknown`.
fn summary(references: &[Reference]) -> String {
    let mut verdicts: Vec<Verdict> = references.iter().map(|it| it.verdict).collect();
    verdicts.sort_by_key(|verdict| (urgency(*verdict), *verdict));
    let counts: Vec<String> = verdicts
        .chunk_by(|a, b| a == b)
        .filter_map(|same| Some(format!("{} {}", same.len(), words(*same.first()?))))
        .collect();
    match references.len() {
        0 => "no name that a dependency or the language provides was found".to_owned(),
        1 => format!("1 name: {}", counts.join(", ")),
        n => format!("{n} names: {}", counts.join(", ")),
    }
}

fn urgency(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Exists => 3,
        Verdict::Unknown => 2,
        Verdict::Deprecated => 1,
        _ => 0,
    }
}

fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Exists => "there",
        Verdict::Missing => "missing",
        Verdict::FeatureDisabled => "behind a feature that is off",
        Verdict::Private => "private",
        Verdict::Deprecated => "deprecated",
        Verdict::WrongArity => "called with the wrong number of arguments",
        Verdict::UnknownPackage => "in no package of the lock file",
        Verdict::WrongVersion => "in another version",
        Verdict::WrongMeaning => "means something else",
        Verdict::DangerousCommand => "a dangerous command",
        Verdict::Unknown => "unknown",
    }
}
