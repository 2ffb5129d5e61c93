//! Indexes, ranges and byte offsets that lie outside of what they are used on.

use crate::fix::{Edit, Fix};
use crate::hypothesis::crash::{Crash, Site, shown};
use crate::hypothesis::origin::describe_names;
use crate::hypothesis::repair::{Repair, exit_at, option_suffix};
use crate::hypothesis::signatures::Claim;
use crate::syntax::FailureKind;
use crate::syntax::rust::{Around, LinkKind};
use crate::text::ByteSpan;

/// Methods that only read, so that `get(..)?` in place of an index still compiles.
const READERS: &[&str] = &[
    "as_bytes",
    "as_ref",
    "as_str",
    "chars",
    "bytes",
    "clone",
    "cmp",
    "contains",
    "ends_with",
    "eq",
    "find",
    "first",
    "get",
    "is_empty",
    "is_none",
    "is_some",
    "iter",
    "last",
    "len",
    "lines",
    "parse",
    "split",
    "starts_with",
    "to_owned",
    "to_string",
    "to_vec",
    "trim",
];

/// An index past the end: `index out of bounds: the len is 3 but the index is 7`, and what the
/// methods of `Vec` and `VecDeque` say.
pub(super) fn index(crash: &Crash<'_>) -> Option<Claim> {
    let message = crash.message;
    let (index, len) = if let Some(rest) = message.strip_prefix("index out of bounds: the len") {
        let numbers = numbers(rest);
        (*numbers.get(1)?, *numbers.first()?)
    } else if ["removal index", "insertion index", "swap_remove index", "`at` split index"]
        .iter()
        .any(|start| message.starts_with(start))
    {
        let numbers = numbers(message);
        (*numbers.first()?, *numbers.get(1)?)
    } else {
        return None;
    };
    let site = crash.site.filter(|site| site.direct && site.expression.is_some());
    let what = site.and_then(|site| Some(shown(site.slice(site.expression?.span))));
    let problem = index_in_words(index, len);
    let title = match &what {
        Some(what) => format!("{what}: {}", problem.short),
        None => format!("Index out of bounds: {}", problem.short),
    };
    let mut claim = Claim::new(title, if what.is_some() { 0.5 } else { 0.25 })
        .say(format!("The index was {index} and the length {len}: {}.", problem.long))
        .disproved_by(format!("the length is above {index} when the failing input is replayed"));
    let Some(site) = site else { return Some(claim) };
    claim = about_index(claim, crash, site);
    claim = claim.validate(
        format!("with the failing input the length is {len} again when the index is {index}"),
        None,
        "a log line before the crash shows the same two numbers",
        "the numbers differ, so the length changes between the check and the use",
    );
    claim.fix = get_instead(site, "the index is out of bounds");
    Some(no_edit(
        claim,
        "No edit is safe here without knowing what should happen when the item is not there: check the index against the length first.",
    ))
}

/// A range outside of a slice or a string, or one that ends before it begins.
pub(super) fn slice(crash: &Crash<'_>) -> Option<Claim> {
    let message = crash.message;
    let found = numbers(message.split(" of `").next().unwrap_or(message));
    let (first, second) = (found.first().copied(), found.get(1).copied());
    let (short, long) = if message.starts_with("range end index")
        || message.starts_with("range start index")
        || (message.starts_with("index ") && message.contains("out of range for slice of length"))
    {
        let (at, len) = (first?, second?);
        let side = if message.starts_with("range start") { "begins" } else { "ends" };
        let words = index_in_words(at, len);
        let long = match (len, side) {
            (0, _) => format!("the range {side} at {at}, but the slice is empty"),
            _ if at.checked_sub(len) == Some(1) => {
                format!("the range {side} at {at}, one past the length {len}: off by one")
            }
            _ => format!("the range {side} at {at}, past the length {len}{}", words.wrapped()),
        };
        (format!("the range {side} at {at}, the length is {len}"), long)
    } else if message.starts_with("slice index starts at")
        || message.starts_with("begin <= end")
        || message.starts_with("begin > end")
    {
        let (start, end) = (first?, second?);
        let long = format!("the range begins at {start} and ends at {end}, before its own start");
        (format!("the range {start}..{end} ends before it begins"), long)
    } else if message.contains("byte index") && message.contains("out of bounds of") {
        let at = first?;
        (
            format!("byte {at} lies past the end of the text"),
            format!("byte {at} lies past the end of the text"),
        )
    } else {
        return None;
    };
    let site = crash.site.filter(|site| site.direct && site.expression.is_some());
    let what = site.and_then(|site| Some(shown(site.slice(site.expression?.span))));
    let title = match &what {
        Some(what) => format!("{what}: {short}"),
        None => format!("Slice out of bounds: {short}"),
    };
    let mut claim = Claim::new(title, if what.is_some() { 0.5 } else { 0.25 })
        .say(format!("{}.", capital(&long)))
        .disproved_by("both ends of the range lie inside for the failing input");
    let Some(site) = site else { return Some(claim) };
    claim = about_index(claim, crash, site);
    claim = claim.validate(
        "the failing input gives the same two numbers again",
        None,
        "a log line before the crash shows them",
        "they differ",
    );
    claim.fix = get_instead(site, "the range is out of bounds");
    Some(no_edit(
        claim,
        "No edit is safe here without knowing what should happen for a short input: compare both ends with the length first.",
    ))
}

/// A byte offset inside a character.
pub(super) fn char_boundary(crash: &Crash<'_>) -> Option<Claim> {
    let message = crash.message;
    let head = message.split(" of `").next().unwrap_or(message);
    if !head.contains("is not a char boundary") {
        return None;
    }
    let found = numbers(head.split("; it is inside").next().unwrap_or(head));
    let at = found.first()?;
    let character =
        head.split("it is inside ").nth(1).map(|rest| rest.split(" (").next().unwrap_or(rest));
    let inside = character.map_or_else(String::new, |character| {
        format!(", inside the character {}", shown(character))
    });
    let site = crash.site.filter(|site| site.direct && site.expression.is_some());
    let what = site.and_then(|site| Some(shown(site.slice(site.expression?.span))));
    let title = match &what {
        Some(what) => format!("{what} cuts a character at byte {at}"),
        None => format!("A text is cut inside a character at byte {at}"),
    };
    let mut claim = Claim::new(title, if what.is_some() { 0.65 } else { 0.35 })
        .say(format!(
            "Byte {at} is not where a character begins{inside}. The offset counts bytes, and the \
             text has characters of more than one byte, so this works until such text comes."
        ))
        .disproved_by("the failing text is plain ASCII");
    let Some(site) = site else { return Some(claim) };
    claim = about_index(claim, crash, site).validate(
        "any text with a character of several bytes at that offset fails",
        None,
        format!("a text with `é` across byte {at} panics in the same way"),
        "it does not",
    );
    claim.fix = floor_boundaries(site, message);
    Some(no_edit(
        claim,
        "Find the end with `char_indices` or `floor_char_boundary` (Rust 1.91) instead of a byte count.",
    ))
}

/// A bad index in words.
struct IndexWords {
    short: String,
    long: String,
    below_zero: Option<i128>,
}

impl IndexWords {
    fn wrapped(&self) -> String {
        self.below_zero.map_or_else(String::new, |value| {
            format!("; as a signed number that is {value}, so a subtraction went below zero")
        })
    }
}

fn index_in_words(index: u128, len: u128) -> IndexWords {
    // `usize` on 64 and 32 bits: what lies in the upper half came from below zero.
    let below_zero = [64u32, 32].into_iter().find_map(|bits| {
        let (top, half) = (1u128 << bits, 1u128 << (bits - 1));
        let is_near = index < top && index >= top - (half >> 16).max(1) && index > len;
        is_near.then(|| i128::try_from(index).unwrap_or(0) - i128::try_from(top).unwrap_or(0))
    });
    let (short, long) = if let Some(value) = below_zero {
        (
            format!("the index is {value} wrapped around"),
            format!(
                "as a signed number the index is {value}, so a subtraction went below zero before"
            ),
        )
    } else if len == 0 {
        (format!("index {index} of an empty list"), "the list was empty".to_owned())
    } else if index == len {
        (
            format!("index {index} of {len}, one past the end"),
            format!("one past the end, off by one; the last item is {}", len - 1),
        )
    } else {
        (
            format!("index {index} of {len}"),
            format!("{} past the last item", index.saturating_sub(len) + 1),
        )
    };
    IndexWords { short, long, below_zero }
}

/// Tells where the index and what it is used on come from.
fn about_index(mut claim: Claim, crash: &Crash<'_>, site: &Site<'_>) -> Claim {
    let Some(expression) = site.expression else { return claim };
    if site.doubtful {
        claim = claim.say("Which of the indexes in it failed, the place alone does not tell.");
        claim.confidence -= 0.1;
    }
    let index = match expression.kind {
        FailureKind::Index => expression.subject,
        _ => site
            .snippet
            .as_ref()
            .and_then(|snippet| snippet.chain(expression.span))
            .and_then(|chain| chain.links.last().and_then(|link| link.arguments)),
    };
    let Some(index) = index else { return claim };
    let names = site.snippet.as_ref().map(|snippet| snippet.names(expression.span));
    claim.names = names.unwrap_or_default();
    let before = claim.steps.len();
    let mut claim = claim.steps(describe_names(crash, site, index));
    if claim.steps.len() > before {
        claim.confidence += 0.1;
    }
    claim
}

/// Uses `get` in place of the brackets, where the function can tell its caller that there is
/// nothing.
pub(super) fn get_instead(site: &Site<'_>, message: &str) -> Option<Fix> {
    let expression = site.expression.filter(|it| it.kind == FailureKind::Index)?;
    let snippet = site.snippet.as_ref()?;
    let (base, index) = (expression.base?, expression.subject?);
    let (exit, _) = exit_at(site, expression.span.start)?;
    let (suffix, summary) = option_suffix(&exit, message)?;
    let index_text = site.slice(index);
    let is_range = index_text.contains("..");
    let (star, span) = match snippet.around(expression.span)? {
        Around::Referenced(reference) => ("", reference),
        Around::Receiver { name, called: true } => {
            if !READERS.contains(&site.slice(name)) {
                return None;
            }
            ("", expression.span)
        }
        Around::Receiver { called: false, .. } => ("", expression.span),
        // A range has no size of its own: it is always behind a reference.
        Around::Let { .. } | Around::Value if !is_range => ("*", expression.span),
        _ => return None,
    };
    // Arguments of macros take a reference by themselves; the tree can't tell which do.
    let in_macro = snippet.function().is_some_and(|function| {
        let text = site.slice(ByteSpan::new(function.start, expression.span.start));
        text.rsplit(';').next().is_some_and(|head| head.contains("!("))
    });
    if in_macro && star == "*" {
        return None;
    }
    let text = format!("{star}{}.get({index_text}){suffix}", site.slice(base));
    let summary = format!("{summary} when {} is not there", shown(site.slice(expression.span)));
    Repair { summary, edits: vec![Edit { span, replacement: text }] }.into_fix(site)
}

/// Moves the ends of a string's range back to where a character begins.
fn floor_boundaries(site: &Site<'_>, message: &str) -> Option<Fix> {
    let expression = site.expression.filter(|it| it.kind == FailureKind::Index)?;
    let (base, range) = (expression.base?, expression.subject?);
    let chain = site.snippet.as_ref()?.chain(base)?;
    // The text is named twice in the new code, so it must be cheap to name and free of effects.
    let is_plain = chain.links.iter().all(|link| {
        link.kind == LinkKind::Field
            || (link.kind == LinkKind::Method && matches!(site.slice(link.name), "as_str" | "trim"))
    });
    if !is_plain || chain.root_arguments.is_some() {
        return None;
    }
    let text = site.slice(base);
    let range = site.slice(range);
    let (start, end) = range.split_once("..")?;
    if end.starts_with('=') || end.contains("..") {
        return None;
    }
    let is_start = message.starts_with("start byte index");
    let is_end = message.starts_with("end byte index");
    let floor = |offset: &str| match offset.trim() {
        "" => String::new(),
        offset => {
            format!("(0..={offset}).rev().find(|&byte| {text}.is_char_boundary(byte)).unwrap_or(0)")
        }
    };
    let start = if is_end { start.trim().to_owned() } else { floor(start) };
    let end = if is_start { end.trim().to_owned() } else { floor(end) };
    let edit = Edit { span: expression.subject?, replacement: format!("{start}..{end}") };
    let summary =
        format!("Cut {} where the character begins; up to three bytes less are kept", shown(text));
    Repair { summary, edits: vec![edit] }.into_fix(site)
}

fn no_edit(claim: Claim, note: &str) -> Claim {
    if claim.fix.is_some() { claim } else { claim.note(note) }
}

/// Returns the whole numbers in a message, in order.
fn numbers(text: &str) -> Vec<u128> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
