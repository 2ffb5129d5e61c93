//! Envelopes: what container runtimes, syslog, journald and kubectl put around a program's line.
//!
//! An envelope tells whose line it is, which keeps the lines of one writer together where several
//! write into one file.

use super::report::Level;
use super::shape::mix_bytes;
use super::stamp::{self, Clock, Micros};
use super::{head, json};

/// A physical line without what was put around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Envelope<'a> {
    /// Whose line it is, as a hash.
    pub(super) writer: u64,
    /// The envelope's own stamp.
    pub(super) time: Option<Micros>,
    /// The line goes on in the writer's next one.
    pub(super) partial: bool,
    /// The program's line; `None` where it lies in the buffer that was handed in.
    pub(super) body: Option<&'a [u8]>,
    /// The program's name, where the envelope has it.
    pub(super) program: &'a [u8],
    /// The level, where the envelope has one.
    pub(super) level: Option<Level>,
}

impl<'a> Envelope<'a> {
    fn new(writer: u64, body: &'a [u8]) -> Self {
        Self { writer, time: None, partial: false, body: Some(body), program: b"", level: None }
    }
}

/// Takes the envelope off `line`; escapes are undone into `buffer`.
pub(super) fn open<'a>(line: &'a [u8], clock: &Clock, buffer: &mut Vec<u8>) -> Envelope<'a> {
    let (line, ending) = match line {
        [line @ .., b'\r'] => (line, 2),
        line => (line, 1),
    };
    let bare = Envelope::new(ending, line);
    let opened = match line.first() {
        Some(b'{') => docker(line, buffer),
        Some(b'[') => kubectl(line),
        Some(b'0'..=b'9') => cri(line, clock).or_else(|| journald_iso(line, clock)),
        Some(b'A'..=b'Z' | b'<') => syslog(line, clock),
        Some(b'a'..=b'z') => compose(line),
        _ => None,
    };
    opened.unwrap_or(bare)
}

/// Docker's json-file driver: `{"log":"...\n","stream":"stdout","time":"..."}`.
fn docker<'a>(line: &'a [u8], buffer: &mut Vec<u8>) -> Option<Envelope<'a>> {
    let rest = line.strip_prefix(br#"{"log":""#)?;
    let end = json::string_end(rest)?;
    let text = rest.get(..end)?;
    let after = rest.get(end + 1..)?;
    // Another logger may call its message `log`.
    let stream = field(after, br#""stream":""#)?;
    let time = field(after, br#""time":""#)?;
    buffer.clear();
    json::unescape_into(text, buffer);
    let partial = buffer.last() != Some(&b'\n');
    while matches!(buffer.last(), Some(b'\n' | b'\r')) {
        buffer.pop();
    }
    let clock = Clock::new(None, None);
    let time = stamp::read(time, &clock).and_then(|(time, _)| time);
    let writer = mix_bytes(3, stream);
    Some(Envelope { time, partial, body: None, ..Envelope::new(writer, b"") })
}

fn field<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let at = memchr::memmem::find(text, name)? + name.len();
    let rest = text.get(at..)?;
    rest.get(..memchr::memchr(b'"', rest)?)
}

/// `kubectl logs --prefix`: `[pod/NAME/CONTAINER] ...`.
fn kubectl(line: &[u8]) -> Option<Envelope<'_>> {
    if !line.starts_with(b"[pod/") {
        return None;
    }
    let end = memchr::memchr(b']', line.get(..300).unwrap_or(line))?;
    let body = line.get(end + 1..)?;
    let body = body.strip_prefix(b" ").unwrap_or(body);
    let writer = mix_bytes(4, line.get(..end)?);
    Some(Envelope::new(writer, body))
}

/// A container runtime's file: `2026-03-03T14:05:00.123456789Z stdout F ...`.
fn cri<'a>(line: &'a [u8], clock: &Clock) -> Option<Envelope<'a>> {
    let end = memchr::memchr(b' ', line.get(..40).unwrap_or(line))?;
    let rest = line.get(end + 1..)?;
    let (stream, rest) = if let Some(rest) = rest.strip_prefix(b"stdout ") {
        (5, rest)
    } else {
        (6, rest.strip_prefix(b"stderr ")?)
    };
    let (tag, body) = match rest {
        [tag, b' ', body @ ..] => (tag, body),
        [tag] => (tag, &rest[1..]),
        _ => return None,
    };
    let partial = match tag {
        b'P' => true,
        b'F' => false,
        _ => return None,
    };
    let (time, _) = stamp::read(line, clock)?;
    Some(Envelope { time, partial, ..Envelope::new(stream, body) })
}

/// Syslog as files have it, and `journalctl`: `Mar 03 14:05:00 host program[12]: ...`, with a
/// priority or without.
fn syslog<'a>(line: &'a [u8], clock: &Clock) -> Option<Envelope<'a>> {
    let mut rest = line;
    let mut level = None;
    if let Some(after) = line.strip_prefix(b"<") {
        let end = memchr::memchr(b'>', after.get(..4).unwrap_or(after))?;
        rest = after.get(end + 1..)?;
        let priority: u32 = std::str::from_utf8(after.get(..end)?).ok()?.parse().ok()?;
        // Severity is the lower part; informational says no more than no level.
        level = Some(head::level_of_priority(priority % 8)).filter(|level| *level != Level::Info);
        if let Some(after) = rest.strip_prefix(b"1 ") {
            return rfc5424(after, clock).map(|it| Envelope { level, ..it });
        }
    }
    if !matches!(rest.get(3), Some(b' ')) {
        return None;
    }
    let (time, len) = stamp::read(rest, clock)?;
    let envelope = named_host(rest.get(len..)?.strip_prefix(b" ")?, time)?;
    Some(Envelope { level, ..envelope })
}

/// `journalctl -o short-iso`: `2026-03-03T14:05:00+0000 host program[12]: ...`.
fn journald_iso<'a>(line: &'a [u8], clock: &Clock) -> Option<Envelope<'a>> {
    if line.get(10) != Some(&b'T') {
        return None;
    }
    let end = memchr::memchr(b' ', line.get(..40).unwrap_or(line))?;
    // Its stamps end with an offset: `+0000`, of late `+00:00`.
    let zone = line.get(end.checked_sub(6)?..end)?;
    if !matches!(zone, [b'+' | b'-', ..] | [_, b'+' | b'-', ..]) {
        return None;
    }
    let envelope = named_host(line.get(end + 1..)?, None)?;
    // Without a process number a logger's line looks the same: `stamp LEVEL target: text`.
    let named = envelope.program.len();
    let rest = line.get(end + 1..)?;
    let host = memchr::memchr(b' ', rest)?;
    if rest.get(host + 1 + named) != Some(&b'[') {
        return None;
    }
    let (time, _) = stamp::read(line, clock)?;
    Some(Envelope { time, ..envelope })
}

/// Reads `host program[12]: ...`.
fn named_host(rest: &[u8], time: Option<Micros>) -> Option<Envelope<'_>> {
    let host = memchr::memchr(b' ', rest.get(..100).unwrap_or(rest))?;
    let named = rest.get(host + 1..)?;
    let colon = memchr::memchr2(b':', b' ', named.get(..100).unwrap_or(named))?;
    if named.get(colon) != Some(&b':') || colon == 0 {
        return None;
    }
    let program = named.get(..colon)?;
    let name = program.get(..memchr::memchr(b'[', program).unwrap_or(colon))?;
    let body = named.get(colon + 1..)?;
    let body = body.strip_prefix(b" ").unwrap_or(body);
    let writer = mix_bytes(7, rest.get(..host + 1 + colon)?);
    Some(Envelope { time, program: name, ..Envelope::new(writer, body) })
}

/// The newer syslog: `stamp host program process id [data] text`.
fn rfc5424<'a>(rest: &'a [u8], clock: &Clock) -> Option<Envelope<'a>> {
    let mut words = rest.splitn(6, |byte| *byte == b' ');
    let time = stamp::read(words.next()?, clock).and_then(|(time, _)| time);
    let (host, program, process, _) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let mut body = words.next()?;
    if body.starts_with(b"[") {
        let end = memchr::memmem::find(body, b"] ").map_or(body.len(), |end| end + 2);
        body = body.get(end..)?;
    } else {
        body = body.strip_prefix(b"-").unwrap_or(body);
        body = body.strip_prefix(b" ").unwrap_or(body);
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let writer = mix_bytes(mix_bytes(mix_bytes(8, host), program), process);
    Some(Envelope { time, program, ..Envelope::new(writer, body) })
}

/// `docker compose logs`: `web-1  | ...`.
fn compose(line: &[u8]) -> Option<Envelope<'_>> {
    let bar = memchr::memchr(b'|', line.get(..64).unwrap_or(line))?;
    let name = line.get(..bar)?.trim_ascii_end();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.len() == bar || !name.iter().all(is_name) || !name.iter().any(u8::is_ascii_digit) {
        return None;
    }
    let body = line.get(bar + 1..)?.strip_prefix(b" ")?;
    Some(Envelope::new(mix_bytes(9, name), body))
}

/// Copies `text` without escape sequences.
pub(super) fn strip_colours(text: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut rest = text;
    while let Some(at) = memchr::memchr(0x1b, rest) {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        let after = rest.get(at + 1..).unwrap_or_default();
        let len = match after.first() {
            // `ESC [ parameters letter`.
            Some(b'[') => {
                let end = after.iter().skip(1).position(|byte| (0x40..=0x7e).contains(byte));
                end.map_or(after.len(), |end| end + 2)
            }
            // `ESC ] text BEL`.
            Some(b']') => memchr::memchr(7, after).map_or(1, |end| end + 1),
            Some(_) => 1,
            None => 0,
        };
        rest = after.get(len..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}
