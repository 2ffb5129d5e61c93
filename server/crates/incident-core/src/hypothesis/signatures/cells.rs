//! `RefCell` borrowed twice at a time.

use crate::cancel::Cancel;
use crate::fix::{Edit, Fix};
use crate::hypothesis::crash::{Crash, Site, shown};
use crate::hypothesis::origin::Step;
use crate::hypothesis::repair::Repair;
use crate::hypothesis::signatures::Claim;
use crate::suspects::stack::own_frames;
use crate::syntax::FailureKind;
use crate::syntax::rust::OpenLet;
use crate::text::ByteSpan;

/// `already borrowed: BorrowMutError`, `RefCell already mutably borrowed` and the like.
pub(super) fn borrowed(crash: &Crash<'_>) -> Option<Claim> {
    let message = crash.message.strip_prefix("RefCell ").unwrap_or(crash.message);
    let held = if message.starts_with("already mutably borrowed") {
        "mutably borrowed"
    } else if message.starts_with("already borrowed") {
        "borrowed"
    } else {
        return None;
    };
    let site = crash.site.filter(|site| site.direct)?;
    let expression = site.expression.filter(|it| it.kind == FailureKind::MethodCall)?;
    let cell = site.slice(expression.subject?);
    let title =
        format!("{} was {held} already at {}", shown(cell), shown(site.slice(expression.span)));
    let mut claim = Claim::new(title, 0.45).say(format!(
        "A `RefCell` gives out one mutable borrow or several shared ones, and {} still had one out.",
        shown(cell)
    ));
    claim.names = site.snippet.as_ref().map(|it| it.names(expression.span)).unwrap_or_default();
    if let Some(guard) = guard(site, cell, expression.span) {
        let line = site.line_of(guard.statement.start);
        let name = site.slice(guard.pattern);
        claim.confidence += 0.3;
        claim = claim.steps(vec![Step {
            path: site.path.to_owned(),
            line,
            quote: site.line_text(line).to_owned(),
            says: format!("`{name}` borrows it on line {line} and is alive until its block ends."),
            makes: true,
        }]);
        claim.fix = drop_before(site, &guard, expression.span);
    } else if let Some(step) = borrowing_caller(crash) {
        claim.confidence += 0.2;
        claim = claim.steps(vec![step]);
    }
    let needs_note = claim.fix.is_none();
    claim = claim
        .validate(
            "the borrow that is still out was taken further up the same call chain",
            None,
            "ending it earlier, in a block of its own or with `drop`, makes the panic go away",
            "the cell is borrowed at no place that leads here",
        )
        .disproved_by("no borrow of the cell is alive when the call is reached");
    Some(match needs_note {
        true => claim.note("End the first borrow before the second begins: copy out what is needed, or put the first one in a block of its own."),
        false => claim,
    })
}

/// Finds the `let` in the same function that still borrows the cell.
fn guard(site: &Site<'_>, cell: &str, at: ByteSpan) -> Option<OpenLet> {
    let lets = site.snippet.as_ref()?.open_lets(at.start, &Cancel::new());
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    let taken = [format!("{}.borrow_mut()", plain(cell)), format!("{}.borrow()", plain(cell))];
    // A longer chain, such as `cell.borrow().len()`, ends its borrow with the statement.
    lets.into_iter().rev().find(|open| taken.contains(&plain(site.slice(open.value))))
}

/// Finds a frame further up whose line borrows something while it calls.
fn borrowing_caller(crash: &Crash<'_>) -> Option<Step> {
    let site = crash.site?;
    let own = own_frames(crash.trace);
    let places = own.iter().filter_map(|own| own.resolution.place.as_ref());
    let above = places.skip_while(|place| place.path != site.path || place.line != Some(site.line));
    above.skip(1).take(20).find_map(|place| {
        let (line, text) = (place.line?, place.line_text.as_deref()?.trim());
        let borrows = text.contains(".borrow_mut()") || text.contains(".borrow()");
        borrows.then(|| Step {
            path: place.path.clone(),
            line,
            quote: text.to_owned(),
            says: format!(
                "{}:{line} holds a borrow while it calls down to here: {}.",
                place.path,
                shown(text)
            ),
            makes: true,
        })
    })
}

/// Ends the first borrow before the second, where its guard is not used any more.
fn drop_before(site: &Site<'_>, guard: &OpenLet, at: ByteSpan) -> Option<Fix> {
    let name = site.slice(guard.pattern);
    let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_') && name != "_";
    let snippet = site.snippet.as_ref()?;
    let (statement, _) = snippet.block_statement(at.start, &Cancel::new())?;
    let function = snippet.function()?;
    let rest = site.slice(ByteSpan::new(statement.start, function.end));
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let used_later = rest.match_indices(name).any(|(at, _)| {
        let before = rest.get(..at).and_then(|before| before.chars().next_back());
        let after = rest.get(at + name.len()..).and_then(|after| after.chars().next());
        // A field of the same name is another thing.
        !before.is_some_and(|c| is_word(c) || c == '.') && !after.is_some_and(is_word)
    });
    // In a loop the guard would be dropped twice.
    let body = snippet.body_around(at.start, &Cancel::new())?;
    if !is_name || used_later || body.in_loop {
        return None;
    }
    let text = format!("drop({name});{}{}", site.line_end(), site.indent(statement.start));
    let edits =
        vec![Edit { span: ByteSpan::new(statement.start, statement.start), replacement: text }];
    Repair { summary: format!("End the first borrow, `{name}`, before the second begins"), edits }
        .into_fix(site)
}
