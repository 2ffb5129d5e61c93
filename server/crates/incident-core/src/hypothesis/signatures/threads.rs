//! What one thread or task learns of another: poisoned locks, closed channels, failed joins.

use crate::fix::{Edit, Fix};
use crate::hypothesis::Evidence;
use crate::hypothesis::crash::{Crash, Site, shown};
use crate::hypothesis::library::Absence;
use crate::hypothesis::origin::describe_names;
use crate::hypothesis::repair::{Exit, InLoop, Repair, exit_at, leave_early};
use crate::hypothesis::signatures::Claim;
use crate::syntax::FailureKind;
use crate::syntax::rust::LinkKind;
use crate::text::ByteSpan;

/// A lock whose holder panicked.
pub(super) fn poisoned(crash: &Crash<'_>) -> Option<Claim> {
    let message = crash.message;
    if !message.contains("PoisonError")
        && !message.contains("poisoned lock: another task failed inside")
    {
        return None;
    }
    let site = crash.site.filter(|site| site.direct);
    let lock = site.and_then(|site| {
        let chain = site.snippet.as_ref()?.chain(site.expression?.subject?)?;
        let last = chain.links.last().filter(|link| link.kind == LinkKind::Method)?;
        let text = site.slice(last.span);
        let end = last.name.start.saturating_sub(last.span.start);
        Some(text.get(..end)?.trim_end().trim_end_matches('.').trim_end())
    });
    let title = match lock {
        Some(lock) => {
            format!("{} is poisoned: another thread panicked while it held it", shown(lock))
        }
        None => "A lock is poisoned: another thread panicked while it held it".to_owned(),
    };
    let mut claim = Claim::new(title, 0.6)
        .say("This panic is a consequence. The first panic, of the thread that held the lock, is the one to explain.");
    claim = with_first_panic(claim, crash);
    if let Some(site) = site {
        claim.fix = take_anyway(site);
        claim.names = lock
            .map(|lock| vec![lock.rsplit('.').next().unwrap_or(lock).to_owned()])
            .unwrap_or_default();
    }
    Some(
        claim
            .validate(
                "the log holds an earlier panic of another thread in code that held this lock",
                Some("grep -n 'panicked at' LOG | head -1".to_owned()),
                "the first panic lies between `lock` and the end of the guard",
                "this is the first panic of the process",
            )
            .disproved_by("no other thread panicked before this one")
            .note("Going on with a poisoned lock means going on with what the panicking thread left half done."),
    )
}

/// A channel whose other side is gone.
pub(super) fn channel(crash: &Crash<'_>) -> Option<Claim> {
    let message = crash.message;
    let printed = message.rsplit_once("`Err` value: ").map_or(message, |(_, inner)| inner);
    let (other, what) = if printed.contains("SendError")
        || printed.contains("sending on a closed channel")
    {
        (
            "receiver",
            "Nobody can take the message: every receiver was dropped, as a rule because its thread or task ended or panicked.",
        )
    } else if printed.contains("RecvError")
        || printed.contains("receiving on a closed channel")
        || printed.contains("receiving on an empty and disconnected channel")
    {
        (
            "sender",
            "Nothing can come any more: every sender was dropped, as a rule because its thread or task ended or panicked.",
        )
    } else if printed.starts_with("Disconnected") {
        ("other side", "The other side of the channel was dropped.")
    } else if printed.starts_with("Canceled") {
        ("sender", "The sender of a one-shot channel was dropped without sending.")
    } else {
        return None;
    };
    let site = crash.site.filter(|site| site.direct)?;
    let expression = site.expression.filter(|it| it.kind == FailureKind::MethodCall)?;
    let subject = expression.subject?;
    let call = shown(site.slice(subject));
    let mut claim =
        Claim::new(format!("{call}: the {other} of the channel is gone"), 0.5).say(what);
    let end = site
        .snippet
        .as_ref()
        .and_then(|snippet| snippet.chain(subject))
        .and_then(|chain| (chain.root_arguments.is_none()).then_some(chain.root));
    if let Some(end) = end {
        let steps = describe_names(crash, site, end);
        claim = claim.steps(steps);
    }
    claim = with_first_panic(claim, crash);
    claim.names = site.snippet.as_ref().map(|it| it.names(subject)).unwrap_or_default();
    claim.fix = exit_at(site, expression.span.start)
        .filter(|(exit, _)| *exit == Exit::Unit && site.function != Some("main"))
        .and_then(|(_, body)| {
            leave_early(site, &body, expression.span, subject, Absence::Err, InLoop::End)
        })
        .and_then(|repair| repair.into_fix(site));
    Some(
        claim
            .validate(
                format!("the {other} ended before this call"),
                None,
                format!("a log line at the end of the {other}'s loop stands before the panic"),
                format!("the {other} is alive when the call is made"),
            )
            .disproved_by(format!("the {other} is alive when the call is made"))
            .note(
                "At shutdown this is normal: then the error should end the loop, not the thread.",
            ),
    )
}

/// A thread or task that panicked, seen by the one that waited for it.
pub(super) fn join(crash: &Crash<'_>) -> Option<Claim> {
    let message = crash.message;
    let is_thread = message.ends_with("value: Any { .. }")
        || message.ends_with("value: Any")
        || message.ends_with(": Any { .. }")
        || message.contains("a scoped thread panicked");
    let is_task = message.contains("JoinError::Panic")
        || (message.contains("JoinError") && message.contains("panic"));
    let is_cancelled = message.contains("JoinError::Cancelled");
    let (title, says, disproof) = if is_cancelled {
        (
            "A task that was waited for had been cancelled",
            "Somebody called `abort` on the task, or the runtime was shutting down.",
            "nothing aborts the task and the runtime is up",
        )
    } else if is_task {
        (
            "A task that was waited for had panicked",
            "This panic is a consequence: the task's own panic is the one to explain.",
            "the task ended without a panic",
        )
    } else if is_thread {
        (
            "A thread that was waited for had panicked",
            "This panic is a consequence: the thread's own panic is the one to explain.",
            "the thread ended without a panic",
        )
    } else {
        return None;
    };
    let site = crash.site.filter(|site| site.direct);
    let waited = site.and_then(|site| Some(shown(site.slice(site.expression?.subject?))));
    let title = waited.map_or_else(|| title.to_owned(), |waited| format!("{title}: {waited}"));
    let mut claim = Claim::new(title, 0.5).say(says);
    // Newer versions of tokio print the task's own message.
    if let Some((_, inner)) = message.split_once("JoinError::Panic(")
        && let Some((_, inner)) = inner.split_once(", \"")
        && let Some((inner, _)) = inner.split_once("\", ")
    {
        claim = claim.say(format!("Its message was {}.", shown(inner)));
    }
    if !is_cancelled {
        claim = with_first_panic(claim, crash);
    }
    Some(
        claim
            .validate(
                "an earlier panic of the thread or task stands in the log",
                Some("grep -n 'panicked at' LOG | head -1".to_owned()),
                "it does, in the code that was waited for",
                "this is the first panic of the process",
            )
            .disproved_by(disproof),
    )
}

/// Cites the first panic of another place in the log, which may be the cause.
fn with_first_panic(mut claim: Claim, crash: &Crash<'_>) -> Claim {
    let Some(evidence) = first_panic(crash) else { return claim };
    claim.confidence += 0.15;
    let says = format!("An earlier panic stands in the log: {}.", shown(&evidence.quote));
    claim.evidence.push(evidence);
    claim.say(says)
}

fn first_panic(crash: &Crash<'_>) -> Option<Evidence> {
    let own_place = crash.trace.trace.location.as_ref().map(|location| {
        let line = location.line.map(|line| format!(":{line}")).unwrap_or_default();
        format!("{}{line}", location.file)
    });
    let groups = crash.input.logs.groups.iter().enumerate();
    let (group_idx, line) = groups
        .filter_map(|(group_idx, group)| {
            let line = group.sample.lines().find(|line| line.contains("panicked at"))?;
            let is_own = own_place.as_ref().is_some_and(|place| line.contains(place));
            (!is_own).then_some((group.first_line, group_idx, line))
        })
        .min()
        .map(|(_, group_idx, line)| (group_idx, line))?;
    crash.catalogue.cite(&format!("L{}", group_idx + 1), line.trim())
}

/// Takes the data in spite of the poison.
fn take_anyway(site: &Site<'_>) -> Option<Fix> {
    let expression = site.expression.filter(|it| it.kind == FailureKind::MethodCall)?;
    let subject = expression.subject?;
    let chain = site.snippet.as_ref()?.chain(subject)?;
    let method = chain.links.last().filter(|link| link.kind == LinkKind::Method)?;
    if !matches!(site.slice(method.name), "lock" | "read" | "write") {
        return None;
    }
    let edit = Edit {
        span: ByteSpan::new(subject.end, expression.span.end),
        replacement: ".unwrap_or_else(std::sync::PoisonError::into_inner)".to_owned(),
    };
    let summary = "Go on with the data as the panicking thread left it; check that it can be \
                   trusted, and mend the first panic as well"
        .to_owned();
    Repair { summary, edits: vec![edit] }.into_fix(site)
}
