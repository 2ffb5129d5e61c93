//! Function names as traces print them, reduced to the part that stays across builds.
//!
//! Hashes, generic arguments, closures, crate disambiguators and argument lists go; the path of
//! names remains. Nothing here looks a name up.

/// Longest name that is looked at, in bytes: past it a symbol says nothing that a person reads.
const MAX_SYMBOL: usize = 4096;

/// Splits a printed function name into its stable segments, outermost first.
///
/// `<pool::Pool<T> as Drop>::drop::{{closure}}::h0123456789abcdef` gives `pool`, `Pool`, `drop`.
/// Empty where nothing stable is in it.
pub fn segments(function: &str) -> Vec<String> {
    let function = crate::text::cut(function, MAX_SYMBOL);
    let mut segments = Vec::new();
    push_path(without_arguments(function), 0, &mut segments);
    segments
}

/// Returns the last stable segment: the function's own name.
pub fn own_name(function: &str) -> Option<String> {
    segments(function).pop()
}

/// How deep `<.. as ..>` may stand in one another before the inner ones are dropped.
const MAX_NESTING: usize = 4;

fn push_path(path: &str, nesting: usize, segments: &mut Vec<String>) {
    let mut segment = String::new();
    let mut chars = path.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '<' => {
                let inner_len = balanced_len(&path[at + 1..]);
                let inner = &path[at + 1..at + 1 + inner_len];
                let end = at + 1 + inner_len;
                while chars.next_if(|(next, _)| *next <= end).is_some() {}
                // After a name, `<..>` holds generic arguments; before one, whose function it is.
                let names_owner = segments.is_empty() || inner.starts_with("impl ");
                if segment.is_empty() && names_owner && nesting < MAX_NESTING {
                    push_path(self_type(inner), nesting + 1, segments);
                }
            }
            '{' => {
                let mut depth = 1_usize;
                while let Some((_, brace)) = chars.next_if(|_| depth > 0) {
                    match brace {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        _ => {}
                    }
                }
            }
            ':' | '.' | '/' | '#' | '!' => push_segment(&mut segment, segments),
            '(' | ')' | '*' | '&' => {}
            _ => segment.push(c),
        }
    }
    push_segment(&mut segment, segments);
}

/// Cuts the argument list that Go and wrapped C++ names carry: `AddFi({0x41043a0, ..})`.
fn without_arguments(function: &str) -> &str {
    let function = function.trim();
    match function.find("({").or_else(|| function.find("(0x")).or_else(|| function.find("(...)")) {
        Some(at) => &function[..at],
        None => function.strip_suffix("()").unwrap_or(function),
    }
}

/// Returns the length up to the `>` that closes an already opened `<`; `->` closes nothing.
fn balanced_len(text: &str) -> usize {
    let mut depth = 1_usize;
    let mut previous = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '<' => depth += 1,
            '>' if previous != '-' => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
        previous = c;
    }
    text.len()
}

/// Returns the type whose function it is, from the inside of `<Type as Trait>` or `<impl T for U>`.
fn self_type(inner: &str) -> &str {
    let inner = inner.trim();
    if let Some(rest) = inner.strip_prefix("impl ") {
        return rest.rsplit_once(" for ").map_or(rest, |(_, of)| of);
    }
    // The last ` as ` at depth 0 would be exact; the first one is right wherever the type is plain.
    inner.split_once(" as ").map_or(inner, |(of, _)| of)
}

fn push_segment(segment: &mut String, segments: &mut Vec<String>) {
    let name = std::mem::take(segment);
    let name = name.split('[').next().unwrap_or_default().trim();
    let name = name.strip_prefix("async ").or(name.strip_prefix("new ")).unwrap_or(name);
    if !name.is_empty() && !is_unstable(name) {
        segments.push(name.to_owned());
    }
}

/// Says whether a segment changes from build to build or names only a closure.
fn is_unstable(name: &str) -> bool {
    let is_hash = name.len() == 17
        && name.starts_with('h')
        && name[1..].bytes().all(|b| b.is_ascii_hexdigit());
    let is_numbered = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    is_hash
        || name.starts_with("impl$")
        || name.starts_with("closure$")
        || name.starts_with("closure_env$")
        || name.starts_with("async_fn$")
        || name.starts_with("async_block$")
        || is_numbered("func")
        || is_numbered("")
        || matches!(name, "_" | "__" | "lambda" | "anonymous")
}

#[cfg(test)]
mod tests;
