//! For reading severe records alone: which lines can be passed over at a glance.
//!
//! Most lines of most logs are neither severe nor continue such a record, and nearly all of one
//! writer name their level at the same place.

use super::shape::mix;

/// How far into a line a level is looked for.
const LOOK: usize = 110;

/// How many kinds of lines are told apart, by what their first bytes are.
const N_KINDS: usize = 64;

/// Where levels stood lately, for each kind of line.
#[derive(Debug)]
pub(super) struct Mild {
    /// Offsets in the line; what is found moves up.
    places: [[usize; 3]; N_KINDS],
}

impl Default for Mild {
    fn default() -> Self {
        Self { places: [[0; 3]; N_KINDS] }
    }
}

impl Mild {
    /// Says whether a line is surely the head of a record below a warning, by a look at its start.
    pub(super) fn is_head(&mut self, line: &[u8]) -> bool {
        if !matches!(line.first(), Some(b'0'..=b'9' | b'[' | b'{' | b'A'..=b'Z' | b't' | 0x1b)) {
            return false;
        }
        let start = line.get(..LOOK).unwrap_or(line);
        let Some(places) = self.places.get_mut(kind(start)) else { return false };
        for (at, number) in places.iter().zip(0_usize..) {
            if let Some(is_mild) = is_mild_at(start, *at) {
                places.swap(number, number.saturating_sub(1));
                return is_mild;
            }
        }
        let found = memchr::memchr3_iter(b'D', b'I', b'l', start)
            .chain(memchr::memchr2_iter(b'W', b'E', start))
            .find_map(|at| Some((at, is_mild_at(start, at)?)));
        if let (Some((at, _)), Some(last)) = (found, places.last_mut()) {
            *last = at;
        }
        found.is_some_and(|(_, is_mild)| is_mild)
    }
}

/// Returns a number for what the first bytes are: digits, letters, signs.
fn kind(start: &[u8]) -> usize {
    const UPPER_HALVES: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    let (numbers, _) = start.get(..16).unwrap_or_default().as_chunks();
    let hash =
        numbers.iter().fold(0, |hash, bytes| mix(hash, u64::from_le_bytes(*bytes) & UPPER_HALVES));
    usize::try_from(hash >> 32).map_or(0, |hash| hash % N_KINDS)
}

/// Says whether the level that stands at `at` is below a warning; `None` where none stands.
fn is_mild_at(start: &[u8], at: usize) -> Option<bool> {
    let word = start.get(at..)?;
    let is_whole = |rest: &[u8]| {
        let before = at.checked_sub(1).and_then(|at| start.get(at)).copied().unwrap_or(b' ');
        // After a blank, a bracket, a quote, or a colour.
        matches!(before, b' ' | b'[' | b'"' | b'm' | b'\t')
            && rest.first().is_none_or(|byte| !byte.is_ascii_alphanumeric())
    };
    let (first, rest) = word.split_at_checked(4)?;
    match first {
        b"INFO" => is_whole(rest).then_some(true),
        b"DEBU" => is_whole(rest.strip_prefix(b"G")?).then_some(true),
        b"WARN" => is_whole(rest.strip_prefix(b"ING").unwrap_or(rest)).then_some(false),
        b"ERRO" => is_whole(rest.strip_prefix(b"R")?).then_some(false),
        b"leve" => [&b"l=debug"[..], b"l=info", b"l\":20", b"l\":30", b"l\\\":20", b"l\\\":30"]
            .iter()
            .any(|it| rest.starts_with(it))
            .then_some(true),
        _ => None,
    }
}
