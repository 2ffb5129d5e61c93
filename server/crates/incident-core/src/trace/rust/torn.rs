//! Names and paths that a terminal or a report has torn over several lines.

use super::super::location;
use super::super::unwrap::{Line, LineBuilder};
use super::classify::{Kind, classify};
use super::frame::{self, AtLine, FrameLine};
use super::panic_line::Form;

/// A torn name or path has at most this many pieces.
const MAX_PIECES: usize = 24;
/// Longer lines are not torn.
const MAX_LINE: usize = 16 * 1024;

/// A line whose name or path may go on on the next one.
#[derive(Debug)]
pub(super) struct Tail<'t> {
    pub(super) line: Line<'t>,
    n_pieces: usize,
}

/// What became of a tail when the next line came.
#[derive(Debug)]
pub(super) enum Joined<'t> {
    /// The next line went on with it, and it may still go on.
    More(Tail<'t>),
    /// The next line completed it.
    Whole(Line<'t>),
    /// The next line has nothing to do with it.
    Apart(Line<'t>),
}

impl<'t> Tail<'t> {
    /// Returns a tail where `line` seems to go on, else the line.
    pub(super) fn begin(line: Line<'t>, expects_hash: bool) -> Result<Self, Line<'t>> {
        if is_unfinished(&line, expects_hash) { Ok(Self { line, n_pieces: 1 }) } else { Err(line) }
    }

    /// Joins `next` to the pieces so far, where it goes on with them.
    pub(super) fn join(self, next: &Line<'t>, expects_hash: bool) -> Joined<'t> {
        let goes_on = self.n_pieces < MAX_PIECES
            && matches!(classify(next), Kind::Other)
            && may_go_on(&self.line, next.body());
        if !goes_on {
            return Joined::Apart(self.line);
        }
        let head = self.line.body().trim_end();
        let piece = next.body().trim();
        let mut builder = LineBuilder::default();
        builder.keep_from(&self.line, head);
        if breaks_at_blank(head, piece) {
            builder.replace(" ", self.line.span_of(head).end, 0);
        }
        builder.keep_from(next, piece);
        let joined = builder.finish(Some(&self.line));
        if is_unfinished(&joined, expects_hash) {
            Joined::More(Tail { line: joined, n_pieces: self.n_pieces + 1 })
        } else {
            Joined::Whole(joined)
        }
    }
}

/// Says whether a frame's name or an `at` line's path seems to go on on the next line.
fn is_unfinished(line: &Line<'_>, expects_hash: bool) -> bool {
    if line.body().len() > MAX_LINE {
        return false;
    }
    // Only the standard styles are torn; their first byte tells them without a look at the rest.
    let trimmed = line.body().trim_start_matches(frame::is_margin);
    match trimmed.bytes().next() {
        Some(b'a') => matches!(frame::parse_at(trimmed), Some(AtLine::Open(_))),
        Some(b'0'..=b'9') => frame::parse(trimmed)
            .is_some_and(|frame| frame.place.is_none() && name_is_unfinished(&frame, expects_hash)),
        // Else only a panic line; most lines end with no path and need no second look.
        _ if may_end_in_path(trimmed) => panic_is_torn(line),
        _ => false,
    }
}

fn may_end_in_path(trimmed: &str) -> bool {
    let last_word = trimmed.trim_end().rsplit(' ').next().unwrap_or_default();
    last_word.contains(['/', '\\']) && location::parse(last_word.trim_end_matches(':')).is_none()
}

/// Says whether a panic line ends inside the path of its place.
fn panic_is_torn(line: &Line<'_>) -> bool {
    match classify(line) {
        Kind::Panic(panic) => match panic.form {
            Form::Other { rest } => rest.contains(['/', '\\']) && !rest.trim().contains(' '),
            Form::MessageOpen { message } => message.rsplit_once("', ").is_some_and(|(_, path)| {
                path.contains(['/', '\\']) && !path.trim_end().contains(' ')
            }),
            _ => false,
        },
        _ => false,
    }
}

fn name_is_unfinished(frame: &FrameLine<'_>, expects_hash: bool) -> bool {
    let name = frame.name;
    if name.is_empty() {
        return frame.address.is_some();
    }
    if name.starts_with("<unknown>") || super::names::hash_start(name).is_some() {
        return false;
    }
    const OPEN_ENDS: [&str; 8] = ["::", " as", " for", ",", "<", " -", "{{", "{"];
    OPEN_ENDS.iter().any(|end| name.ends_with(end))
        || is_unbalanced(name)
        || has_partial_hash(name)
        || (expects_hash && name.contains("::"))
}

/// Says whether a `<` of the name is not closed; `->` does not close one.
fn is_unbalanced(name: &str) -> bool {
    let mut depth = 0i32;
    let mut previous = 0u8;
    for byte in name.bytes() {
        match byte {
            b'<' => depth += 1,
            b'>' if previous != b'-' => depth -= 1,
            _ => {}
        }
        previous = byte;
    }
    depth > 0
}

fn has_partial_hash(name: &str) -> bool {
    let Some((_, hash)) = name.rsplit_once("::h") else { return false };
    hash.len() < 16
        && hash.bytes().any(|byte| byte.is_ascii_digit())
        && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Says whether `piece` can be the rest of what `head` began.
fn may_go_on(head: &Line<'_>, piece: &str) -> bool {
    let piece = piece.trim();
    if piece.is_empty() || piece.len() > 4096 {
        return false;
    }
    match classify(head) {
        Kind::At(_) => !piece.contains(": "),
        // The rest of a path that ends with its line: nothing else looks so.
        Kind::Panic(_) => {
            !piece.contains(' ') && location::parse(piece.trim_end_matches(':')).is_some()
        }
        Kind::Frame(frame) => {
            let is_symbol = piece
                .chars()
                .all(|c| c.is_alphanumeric() || "_:<>{}()[],.$&*+-'\";=#@! ".contains(c));
            // A name that may be whole goes on only with a hash, else any word would be taken.
            let is_torn = name_is_unfinished(&frame, false);
            let brings_hash = super::names::hash_start(piece).is_some()
                || (!piece.contains(' ') && piece.contains("::h"));
            is_symbol && (is_torn || brings_hash)
        }
        _ => false,
    }
}

/// Says whether the break between two pieces stood in place of a blank.
fn breaks_at_blank(head: &str, piece: &str) -> bool {
    const WORDS: [&str; 8] = [" as", " for", "<dyn", "&mut", "<impl", " -", " +", ","];
    WORDS.iter().any(|word| head.ends_with(word))
        || ["as ", "for ", "+ ", "-> "].iter().any(|word| piece.starts_with(word))
}
