//! Frames as debuggers, sanitizers, crash reporters and browsers print them.

use super::super::location::{self, Place};
use super::frame::FrameLine;

/// Reads a frame in one of the styles that do not come from Rust itself.
pub(super) fn parse(trimmed: &str) -> Option<FrameLine<'_>> {
    match trimmed.bytes().next()? {
        b'#' => hash_frame(trimmed),
        b'*' => lldb(trimmed.trim_start_matches(['*', ' '])),
        b'f' if trimmed.starts_with("frame #") => lldb(trimmed),
        b'0'..=b'9' | b'a'..=b'f' => table_row(trimmed).or_else(|| windbg(trimmed)),
        _ => None,
    }
}

fn frame(name: &str) -> FrameLine<'_> {
    FrameLine { index: None, address: None, name, place: None, inlined: false, offset: None }
}

/// `#0 0x55.. in name file:1:2` (sanitizers), `#0  name (args) at file:1` (gdb).
fn hash_frame(text: &str) -> Option<FrameLine<'_>> {
    let (index, rest) = index(text.strip_prefix('#')?)?;
    let rest = rest.trim_start();
    let (address, rest) = hex(rest).map_or((None, rest), |(hex, rest)| (Some(hex), rest));
    let rest = rest.trim_start();
    let rest = match (address, rest.strip_prefix("in ")) {
        (_, Some(name)) => name,
        (Some(_), None) => rest,
        // gdb leaves the address out where the frame is at the start of a line.
        (None, None) if rest.contains('(') => rest,
        (None, None) => return None,
    };
    if rest.starts_with('(') {
        // `#1 0x55.. (/app/bin+0x1234)`: no name.
        let offset = rest.trim_start_matches('(').split(')').next();
        return Some(FrameLine { index: Some(index), address, offset, ..frame("") });
    }
    let found = FrameLine { index: Some(index), address, ..frame(rest) };
    Some(with_arguments(found, rest))
}

/// Splits the arguments and the place off a name: `name (args) at file:1`, `name file:1:2`.
fn with_arguments<'a>(mut found: FrameLine<'a>, text: &'a str) -> FrameLine<'a> {
    let (head, place) = match text.rsplit_once(" at ") {
        Some((head, place)) => match location::parse(place.trim()) {
            Some(place) => (head, Some(place)),
            None => (text, None),
        },
        None => (text, None),
    };
    found.name = before_arguments(head);
    found.place = place;
    if place.is_some() {
        return found;
    }
    if let Some((name, last)) = text.trim_end().rsplit_once(' ') {
        if let Some(place) = location::parse(last) {
            found.name = before_arguments(name);
            found.place = Some(place);
        } else if let Some(offset) = last.strip_prefix('(').and_then(|last| last.strip_suffix(')'))
            && offset.contains("+0x")
        {
            found.name = before_arguments(name);
            found.offset = Some(offset);
        }
    }
    found
}

/// Cuts ` (args..)` and ` from library` off; a parenthesis inside `<..>` belongs to the name.
fn before_arguments(text: &str) -> &str {
    let mut depth = 0i32;
    let mut previous = 0u8;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' if previous != b'-' => depth -= 1,
            b'(' if depth <= 0 && at > 0 && previous == b' ' => {
                return text.get(..at).unwrap_or(text).trim_end();
            }
            _ => {}
        }
        previous = byte;
    }
    text.split(" from /").next().unwrap_or(text).trim_end()
}

/// As lldb prints it: ``frame #0: 0x0000000100003f2c app`app::main at main.rs:5:3 [opt]``.
fn lldb(text: &str) -> Option<FrameLine<'_>> {
    let (index, rest) = index(text.strip_prefix("frame #")?)?;
    let (address, rest) = hex(rest.strip_prefix(':')?.trim_start())?;
    let rest = rest.trim_start();
    let (_module, rest) = rest.split_once('`').unwrap_or(("", rest));
    let rest = rest.split(" [opt]").next().unwrap_or(rest).trim_end();
    let found = FrameLine { index: Some(index), address: Some(address), ..frame(rest) };
    let mut found = with_arguments(found, rest);
    found.name = without_call(found.name);
    if let Some((name, offset)) = found.name.rsplit_once(" + ")
        && offset.bytes().all(|byte| byte.is_ascii_digit())
    {
        found.name = name;
        found.offset = Some(offset);
    }
    Some(found)
}

/// Cuts `(self=0x1)` off the end of a name.
fn without_call(name: &str) -> &str {
    let mut depth = 0usize;
    if !name.ends_with(')') {
        return name;
    }
    for (at, byte) in name.bytes().enumerate().rev() {
        match byte {
            b')' => depth += 1,
            b'(' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return name.get(..at).filter(|name| !name.is_empty()).unwrap_or(name);
        }
    }
    name
}

/// `39  std   0x5616f47c7745   [inlined] name (local.rs:299)` and macOS crash reports.
fn table_row(text: &str) -> Option<FrameLine<'_>> {
    let (index, rest) = index(text)?;
    let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
    // The module may hold blanks; the address ends it.
    let at = rest.find(" 0x").or_else(|| rest.find("\t0x"))?;
    if at > 256 || rest.get(..at)?.contains(": ") {
        return None;
    }
    let (address, rest) = hex(rest.get(at + 1..)?)?;
    let mut name = rest.trim();
    if address.len() < 6 || name.is_empty() {
        return None;
    }
    let inlined = name.starts_with("[inlined] ");
    name = name.strip_prefix("[inlined] ").unwrap_or(name);
    let mut found =
        FrameLine { index: Some(index), address: Some(address), inlined, ..frame(name) };
    if let Some((head, place)) = name.strip_suffix(')').and_then(|text| text.rsplit_once(" (")) {
        found.place = location::parse(place);
        found.name = head.trim_end();
    }
    if let Some((head, offset)) = found.name.rsplit_once(" + ")
        && !offset.is_empty()
        && offset.bytes().all(|byte| byte.is_ascii_digit())
    {
        found.name = head.trim_end();
        found.offset = Some(offset);
    }
    Some(found)
}

/// `000000a0`9d80d0c0 00007ffc`05cfc348 : .. : module!name+0x16f138 [C:\app\main.rs @ 12]`.
fn windbg(text: &str) -> Option<FrameLine<'_>> {
    let (number, rest) = match text.split_once(' ') {
        Some((number, rest)) if number.len() == 2 => (number.parse().ok(), rest.trim_start()),
        _ => (None, text),
    };
    if !is_windbg_address(rest.get(..17)?) {
        return None;
    }
    let bang = rest.find('!')?;
    let module_start = rest.get(..bang)?.rfind(' ')? + 1;
    let address = rest.get(..17);
    let symbol = rest.get(module_start..)?;
    let (symbol, place) = match symbol.split_once(" [") {
        Some((symbol, place)) => (symbol, windbg_place(place)),
        None => (symbol, None),
    };
    let symbol = symbol.trim_end();
    let (name, offset) = match symbol.rsplit_once("+0x") {
        Some((name, _)) => (name, symbol.get(name.len()..)),
        None => (symbol, None),
    };
    let (_module, name) = name.split_once('!')?;
    Some(FrameLine { index: number, address, place, offset, ..frame(name) })
}

fn is_windbg_address(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        8 => byte == b'`',
        _ => byte.is_ascii_hexdigit(),
    })
}

/// `C:\app\src\main.rs @ 12]`.
fn windbg_place(text: &str) -> Option<Place<'_>> {
    let text = text.split(']').next()?;
    let (file, line) = text.split_once(" @ ")?;
    Some(Place { file, line: Some(line.trim().parse().ok()?), column: None, text })
}

/// `at name (wasm://wasm/0a1b2c:wasm-function[12]:0x34ab)`, `name@http://..:wasm-function[1]:0x2`.
pub(super) fn wasm(text: &str) -> Option<FrameLine<'_>> {
    let mark = text.find("wasm-function[")?;
    let text = text.strip_prefix("at ").unwrap_or(text).trim();
    let (head, offset) = text.rsplit_once(":0x")?;
    let offset = offset.trim_end_matches(')');
    let offset = text.get(head.len() + 1..head.len() + 3 + offset.len())?;
    let name = match (head.split_once(" ("), head.split_once('@')) {
        (Some((name, _)), _) | (None, Some((name, _))) => name,
        (None, None) => "",
    };
    // Chrome puts the module before the name: `app.wasm.core::panicking::panic`.
    let name = name.split_once(".wasm.").map_or(name, |(_, name)| name);
    (mark > 0).then(|| FrameLine { offset: Some(offset), ..frame(name) })
}

fn index(text: &str) -> Option<(u32, &str)> {
    let n_digits = text.bytes().take(6).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(n_digits)?;
    Some((digits.parse().ok()?, rest))
}

fn hex(text: &str) -> Option<(&str, &str)> {
    let digits = text.strip_prefix("0x")?;
    let n_digits = digits.bytes().take(20).take_while(u8::is_ascii_hexdigit).count();
    (n_digits > 0).then(|| text.split_at_checked(2 + n_digits))?
}
