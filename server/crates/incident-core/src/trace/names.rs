//! Symbol names: demangling, hashes, and the normalised path that names are compared by.

use std::borrow::Cow;

use super::packages::is_identifier;

/// Returns `printed` as a person reads it: demangled, without its hash.
pub fn readable(printed: &str) -> Cow<'_, str> {
    let name = printed.trim();
    if let Some(demangled) = demangle(name) {
        return Cow::Owned(demangled);
    }
    // color-backtrace prints `<unknown>` where it has no hash; wasmtime and debuggers a module.
    let name = name.strip_suffix("<unknown>").unwrap_or(name);
    let name = match name.split_once('!') {
        Some((module, name)) if !name.is_empty() && !module.contains("::") => name,
        _ => name,
    };
    Cow::Borrowed(without_hash(name))
}

/// Demangles a legacy or v0 symbol; `None` for every other name.
fn demangle(name: &str) -> Option<String> {
    // Windows and some linkers drop the underscore, macOS adds one.
    const PREFIXES: [&str; 6] = ["_ZN", "ZN", "__ZN", "_R", "__R", "R"];
    if !PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || name.contains("::") {
        return None;
    }
    let demangled = rustc_demangle::try_demangle(name).ok()?;
    let text = format!("{demangled:#}");
    // The names of C++ are mangled alike; a Rust one ends with its hash or is v0.
    let is_legacy = name.trim_start_matches('_').starts_with("ZN");
    let has_hash = is_legacy && legacy_hash(name);
    (has_hash || (!is_legacy && text != name)).then_some(text)
}

/// Says whether a legacy symbol ends with `17h` and sixteen digits.
fn legacy_hash(name: &str) -> bool {
    name.rfind("17h").and_then(|at| name.get(at + 3..at + 19)).is_some_and(is_hex)
}

/// Cuts `::h0123456789abcdef` off, also with the three letters that it carried before 2016.
pub(super) fn without_hash(name: &str) -> &str {
    hash_start(name).and_then(|start| name.get(..start)).unwrap_or(name)
}

/// Returns where the hash of a printed name starts, with its `::`.
pub(super) fn hash_start(name: &str) -> Option<usize> {
    let start = name.rfind("::h")?;
    let hash = name.get(start + 3..)?;
    let hash = hash.split(['.', '+', ' ']).next()?;
    let (digits, suffix) = hash.split_at_checked(16)?;
    let suffix_fits = suffix.is_empty()
        || (suffix.len() == 3 && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    (is_hex(digits) && suffix_fits).then_some(start)
}

/// Says whether the name carries the hash with three letters of compilers before 2016.
pub(super) fn has_hash_of_2016(name: &str) -> bool {
    hash_start(name).is_some_and(|start| name.len() == start + "::h".len() + 16 + 3)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Returns the crate that a function belongs to, as code spells it; `None` where the name has
/// no path (`main`, `{closure#0}<..>`) or starts with a type parameter.
pub fn crate_of(function: &str) -> Option<&str> {
    let mut rest = function.trim();
    loop {
        rest = rest.trim_start_matches(['<', '&', '*', '(', '[', ' ', '-', '+', '@']);
        let Some(stripped) = ["mut ", "const ", "dyn ", "impl ", "unsafe ", "extern "]
            .iter()
            .find_map(|word| rest.strip_prefix(word))
        else {
            break;
        };
        rest = stripped;
    }
    let end =
        rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
    let (first, after) = rest.split_at_checked(end)?;
    // v0 prints a disambiguator: `core[3450ada48eaa0180]::panicking`.
    let after = match after.strip_prefix('[').and_then(|text| text.split_once(']')) {
        Some((_, behind)) => behind,
        None => after,
    };
    if after.starts_with("::") && is_identifier(first) {
        return Some(first);
    }
    // `<T as alloc::boxed::FnBox<A>>::call_box`: the trait's crate stands for it.
    if function.trim_start().starts_with('<') {
        let (_, of_trait) = split_outer_as(function)?;
        return crate_of(of_trait);
    }
    None
}

/// Splits `<Type as Trait>::method` after its outermost ` as `.
fn split_outer_as(function: &str) -> Option<(&str, &str)> {
    let inner = function.trim_start().strip_prefix('<')?;
    let mut depth = 0usize;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' if depth == 0 => return None,
            b'>' => depth -= 1,
            b' ' if depth == 0 => {
                if let Some(of_trait) = inner.get(at..)?.strip_prefix(" as ") {
                    return Some((inner.get(..at)?, of_trait));
                }
            }
            _ => {}
        }
    }
    None
}
