//! What logging tools put before a line: containers, time stamps, quotes.

use super::Line;

/// More layers than this are not prefixes but text.
const MAX_LAYERS: usize = 6;

/// Moves the start of `line`'s body behind every prefix that is recognised.
pub(super) fn strip(line: &mut Line<'_>) {
    for _ in 0..MAX_LAYERS {
        let body = line.body();
        let Some(layer) = first_layer(body) else { return };
        let stream = layer.stream.map(|name| line.stream_within(name));
        let (len, stamp_len) = (layer.len, layer.stamp_len);
        line.take_prefix(len, stamp_len, stream);
    }
}

#[derive(Debug)]
struct Layer<'a> {
    len: usize,
    stream: Option<&'a str>,
    /// Length of the time stamp at the start.
    stamp_len: usize,
}

impl<'a> Layer<'a> {
    fn plain(len: usize) -> Self {
        Self { len, stream: None, stamp_len: 0 }
    }

    fn stream(len: usize, name: &'a str) -> Self {
        Self { len, stream: Some(name), stamp_len: 0 }
    }

    fn stamp(len: usize, stamp_len: usize) -> Self {
        Self { len, stream: None, stamp_len }
    }
}

fn first_layer(body: &str) -> Option<Layer<'_>> {
    let bytes = body.as_bytes();
    let n_spaces = bytes.iter().take(16).take_while(|byte| **byte == b' ').count();
    match bytes.get(n_spaces)? {
        b'>' => quote(body, n_spaces),
        b'0'..=b'9' if n_spaces == 0 && logcat_len(body).is_some() => {
            let len = logcat_len(body)?;
            Some(Layer::stamp(len, "05-01 10:00:00.123".len()))
        }
        b'0'..=b'9' => {
            // Frames start with a number as well: only a full time stamp is taken.
            let (_, rest) = body.split_at_checked(n_spaces)?;
            let len = time_stamp_len(rest)?;
            (n_spaces < 4).then(|| {
                let after = rest.get(len..).unwrap_or_default();
                // One blank alone: what follows keeps its indentation.
                let n_blank = usize::from(after.starts_with(' '));
                Layer::stamp(n_spaces + len + n_blank, n_spaces + len)
            })
        }
        b'a'..=b'z' | b'A'..=b'Z' | b'[' | b'_' | 0xc3..=0xf4 if n_spaces == 0 => compose(body)
            .or_else(|| kubectl(body))
            .or_else(|| syslog(body))
            .or_else(|| brief_logcat(body))
            .or_else(|| workflow(body))
            .or_else(|| cri_stream(body)),
        _ => None,
    }
}

/// `> ` of Markdown and mail.
fn quote(body: &str, n_spaces: usize) -> Option<Layer<'_>> {
    let after = body.get(n_spaces + 1..)?;
    match after.chars().next() {
        None => Some(Layer::plain(n_spaces + 1)),
        Some(' ') => Some(Layer::plain(n_spaces + 2)),
        Some('>') => Some(Layer::plain(n_spaces + 1)),
        _ => None,
    }
}

/// `app_1  | ` of docker compose.
fn compose(body: &str) -> Option<Layer<'_>> {
    let name_len = body.bytes().take(80).take_while(|byte| is_name_byte(*byte)).count();
    let name = body.get(..name_len).filter(|name| !name.is_empty())?;
    let rest = body.get(name_len..)?;
    let n_spaces = spaces_len(rest);
    let after = rest.get(n_spaces..)?.strip_prefix('|')?;
    let n_after = usize::from(after.starts_with(' '));
    (n_spaces > 0 && (after.is_empty() || n_after > 0))
        .then(|| Layer::stream(name_len + n_spaces + 1 + n_after, name))
}

/// `[pod/name/container] ` of kubectl.
fn kubectl(body: &str) -> Option<Layer<'_>> {
    let (name, _) = body.strip_prefix("[pod/")?.split_once("] ")?;
    let is_name = name.len() < 256 && name.bytes().all(|b| is_name_byte(b) || b == b'/');
    is_name.then(|| Layer::stream("[pod/".len() + name.len() + "] ".len(), name))
}

/// `Jun 29 08:34:17 host name[9675]: ` of syslog and journald.
fn syslog(body: &str) -> Option<Layer<'_>> {
    let stamp_len = syslog_stamp_len(body)?;
    let rest = body.get(stamp_len..)?.strip_prefix(' ')?;
    let (host, after_host) = rest.split_once(' ')?;
    let (name, _) = after_host.split_once(':')?;
    let is_plain = |word: &str| !word.is_empty() && word.len() < 128 && !word.contains(' ');
    if !is_plain(host) || !is_plain(name) {
        return None;
    }
    let mut len = stamp_len + 1 + host.len() + 1 + name.len() + 1;
    len += usize::from(body.get(len..).is_some_and(|after| after.starts_with(' ')));
    Some(Layer { len, stream: Some(name), stamp_len })
}

fn syslog_stamp_len(body: &str) -> Option<usize> {
    // The month is a word of any language: `Mär`, `juin`, `févr.`.
    let (month, rest) = body.split_once(' ')?;
    let is_month = (3..=8).contains(&month.len())
        && month.trim_end_matches('.').chars().all(char::is_alphabetic);
    let stamp = rest.get(..11).filter(|_| is_month)?;
    let shape_fits = stamp.bytes().enumerate().all(|(at, byte)| match at {
        0 => byte == b' ' || byte.is_ascii_digit(),
        2 => byte == b' ',
        5 | 8 => byte == b':',
        _ => byte.is_ascii_digit(),
    });
    shape_fits.then_some(month.len() + 1 + 11)
}

/// `stderr F ` of the container runtime interface; its time stamp was taken before.
fn cri_stream(body: &str) -> Option<Layer<'_>> {
    let rest = body.strip_prefix("stdout ").or_else(|| body.strip_prefix("stderr "))?;
    (rest.starts_with("F ") || rest.starts_with("P ")).then(|| Layer::plain("stdout F ".len()))
}

/// `job\tstep\t2024-05-01T..`: what the command line of a forge prints of a workflow's log.
fn workflow(body: &str) -> Option<Layer<'_>> {
    let (job, rest) = body.split_once('\t')?;
    let (step, rest) = rest.split_once('\t')?;
    let is_short = job.len() + step.len() < 200;
    let rest = rest.strip_prefix('\u{feff}').unwrap_or(rest);
    time_stamp_len(rest).filter(|_| is_short)?;
    Some(Layer::stream(body.len() - rest.len(), job))
}

/// `05-01 10:00:00.123  1234  1250 E Tag: `, the long form of Android's log.
fn logcat_len(body: &str) -> Option<usize> {
    let stamp = body.get(..18)?;
    let shape_fits = stamp.bytes().enumerate().all(|(at, byte)| match at {
        2 => byte == b'-',
        5 => byte == b' ',
        8 | 11 => byte == b':',
        14 => byte == b'.',
        _ => byte.is_ascii_digit(),
    });
    let mut words = body.get(18..).filter(|_| shape_fits)?.split_ascii_whitespace();
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let ids_fit = words.next().is_some_and(is_number) && words.next().is_some_and(is_number);
    let level_fits = words.next().is_some_and(|level| level.len() == 1);
    if !ids_fit || !level_fits {
        return None;
    }
    let colon = body.get(18..)?.find(": ")?;
    (colon < 120).then_some(18 + colon + 2)
}

/// `E/Tag( 1234): `, its short form.
fn brief_logcat(body: &str) -> Option<Layer<'_>> {
    let rest =
        body.get(1..)?.strip_prefix('/').filter(|_| body.starts_with(|c| "VDIWEF".contains(c)))?;
    let (tag, behind) = rest.split_once('(')?;
    let (id, behind) = behind.split_once("): ")?;
    let fits = tag.len() < 80 && id.trim().bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| Layer::plain(body.len() - behind.len()))
}

/// Returns the length of the time stamp that `text` starts with: a date, a time, a zone.
fn time_stamp_len(text: &str) -> Option<usize> {
    let date = text.get(..10)?;
    let is_date = date.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-' || byte == b'/',
        _ => byte.is_ascii_digit(),
    });
    if !is_date {
        return None;
    }
    let after_date = text.get(10..)?;
    let clock = after_date.strip_prefix(['T', ' ', '_'])?;
    let clock_len = clock
        .bytes()
        .take(24)
        .take_while(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b','))
        .count();
    if clock_len < "00:00".len() || clock.get(..clock_len)?.matches(':').count() == 0 {
        return None;
    }
    let mut len = 11 + clock_len;
    len += zone_len(text.get(len..)?);
    // A stamp ends at a blank or at the line's end.
    text.get(len..)?.chars().next().is_none_or(char::is_whitespace).then_some(len)
}

fn zone_len(text: &str) -> usize {
    if text.starts_with('Z') {
        return 1;
    }
    let (n_blank, zone) = match text.strip_prefix(' ') {
        Some(zone) => (1, zone),
        None => (0, text),
    };
    if !zone.starts_with(['+', '-']) {
        return 0;
    }
    let n_digits =
        zone.bytes().skip(1).take(5).take_while(|b| b.is_ascii_digit() || *b == b':').count();
    if n_digits >= 4 { n_blank + 1 + n_digits } else { 0 }
}

fn spaces_len(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'@')
}
