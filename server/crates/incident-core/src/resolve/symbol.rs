//! Function names as traces print them, brought to one form.
//!
//! Legacy and v0 Rust, DWARF names without a path, MSVC's spellings, closures, async blocks,
//! generics, trait impls: what is left is the path of names that stand in the source.

/// A symbol's path in the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SymbolPath {
    /// The names, outermost first: crate, modules, a type or trait, outer functions, the function.
    /// Without generics, closures and impl numbers.
    pub(super) segments: Vec<String>,
    /// The type of `<Type as Trait>::f` or `<impl Trait for Type>::f`: its last name.
    pub(super) self_type: Option<String>,
    /// The trait there: its last name.
    pub(super) of_trait: Option<String>,
    /// Modules of the type in `<a::b::Type as Trait>::f`, crate first: where the impl may stand.
    pub(super) type_modules: Vec<String>,
    /// Modules of the trait, crate first.
    pub(super) trait_modules: Vec<String>,
    /// `{impl#3}`, `impl$3`: some impl of the module.
    pub(super) in_some_impl: bool,
    /// A closure or async block of the function.
    pub(super) is_closure: bool,
}

impl SymbolPath {
    /// Reads a printed function name; `None` where it names no function of a source.
    pub(super) fn parse(printed: &str) -> Option<Self> {
        let demangled;
        let mut printed = printed.trim();
        if let Ok(name) = rustc_demangle::try_demangle(printed) {
            demangled = format!("{name:#}");
            printed = &demangled;
        }
        if printed.starts_with("_Z")
            || printed.starts_with('?')
            || printed.starts_with('<') && !printed.contains(">::")
        {
            return None;
        }
        let mut path = Self::default();
        let mut rest =
            printed.strip_prefix("_<").map_or(printed, |_| printed.get(1..).unwrap_or(""));
        // `module!function+0x12`, as debuggers print it.
        if let Some((module, function)) = rest.split_once('!')
            && module
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.')
        {
            rest = function.split('+').next().unwrap_or(function);
        }
        for segment in split_path(rest) {
            path.take_segment(segment);
        }
        (!path.segments.is_empty()).then_some(path)
    }

    fn take_segment(&mut self, segment: &str) {
        let segment = segment.trim();
        if let Some(inner) = segment.strip_prefix('<') {
            let inner = cut_closing(inner);
            self.take_qualified(
                inner.strip_prefix("impl ").unwrap_or(inner),
                inner.starts_with("impl "),
            );
            return;
        }
        let name = segment.split(['<', '[', '(']).next().unwrap_or_default().trim();
        let plain = name.trim_start_matches('{').trim_end_matches('}');
        let number = plain.rsplit(['#', '$', ':']).next().unwrap_or_default();
        let is_numbered = |start: &str| {
            plain.strip_prefix(start).is_some_and(|tail| {
                tail.is_empty() || (tail.starts_with(['#', '$', ':', '-']) && !number.is_empty())
            })
        };
        if name.contains("{{")
            || [
                "closure",
                "closure_env",
                "async_block",
                "async_fn",
                "async_block_env",
                "async_fn_env",
                "coroutine",
                "generator",
                "shim",
                "vtable.shim",
                "constant",
                "static_init",
            ]
            .iter()
            .any(|start| (name.starts_with('{') || name.contains('$')) && is_numbered(start))
        {
            self.is_closure = true;
        } else if (name.starts_with('{') || name.contains('$')) && is_numbered("impl") {
            self.in_some_impl = true;
        } else if is_identifier(name) {
            self.segments.push(name.trim_start_matches("r#").to_owned());
        }
    }

    /// Takes `Type as Trait`, `Trait for Type` (after `impl`) or `Type`.
    fn take_qualified(&mut self, inner: &str, is_impl: bool) {
        let split = |by: &str| {
            let at = top_level(inner, by)?;
            Some((inner.get(..at)?.trim(), inner.get(at + by.len()..)?.trim()))
        };
        let (of_type, of_trait) = match is_impl {
            true => match split(" for ") {
                Some((of_trait, of_type)) => (of_type, Some(of_trait)),
                None => (inner, None),
            },
            false => match split(" as ") {
                Some((of_type, of_trait)) => (of_type, Some(of_trait)),
                None => (inner, None),
            },
        };
        let mut type_path = names_of(of_type);
        self.self_type = type_path.pop();
        self.type_modules = type_path;
        if let Some(of_trait) = of_trait {
            let mut trait_path = names_of(of_trait);
            self.of_trait = trait_path.pop();
            self.trait_modules = trait_path;
        } else if !is_impl && self.segments.is_empty() {
            // `<a::b::Type<T>>::f` is `a::b::Type::f`.
            self.segments = std::mem::take(&mut self.type_modules);
            self.segments.extend(self.self_type.take());
        }
    }

    /// Returns the function's own name.
    pub(super) fn name(&self) -> &str {
        self.segments.last().map_or("", String::as_str)
    }

    /// Says whether the name alone is left, without any path.
    pub(super) fn is_bare(&self) -> bool {
        self.segments.len() == 1 && self.self_type.is_none() && self.of_trait.is_none()
    }

    /// Returns the names of the crates that may hold the function, best first.
    pub(super) fn crates(&self) -> Vec<&str> {
        let mut crates: Vec<&str> = Vec::new();
        if self.segments.len() > 1 {
            crates.extend(self.segments.first().map(String::as_str));
        }
        if self.segments.len() == 1 {
            crates.extend(self.type_modules.first().map(String::as_str));
            crates.extend(self.trait_modules.first().map(String::as_str));
        }
        crates
    }
}

/// Returns the names of a path, without generics, references and `dyn`.
fn names_of(path: &str) -> Vec<String> {
    let path = path.trim_start_matches(['&', '*', ' ']);
    let path = ["mut ", "dyn ", "const "]
        .iter()
        .fold(path, |path, word| path.strip_prefix(word).unwrap_or(path));
    split_path(path)
        .into_iter()
        .map(|segment| segment.split(['<', '[', '(', ' ']).next().unwrap_or_default().trim())
        .filter(|name| is_identifier(name))
        .map(str::to_owned)
        .collect()
}

fn is_identifier(name: &str) -> bool {
    let name = name.trim_start_matches("r#");
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|character| character.is_alphanumeric() || character == '_')
}

/// Returns what stands before the `>` that closes an open `<`.
fn cut_closing(inner: &str) -> &str {
    let mut depth = 1usize;
    let mut previous = ' ';
    for (at, character) in inner.char_indices() {
        match character {
            '<' | '(' | '[' => depth += 1,
            '>' if previous == '-' => {}
            '>' | ')' | ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return inner.get(..at).unwrap_or(inner);
        }
        previous = character;
    }
    inner
}

/// Returns the offset of `wanted` outside of all brackets.
fn top_level(text: &str, wanted: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut previous = ' ';
    for (at, character) in text.char_indices() {
        match character {
            _ if depth == 0 && text.get(at..).is_some_and(|rest| rest.starts_with(wanted)) => {
                return Some(at);
            }
            '<' | '(' | '[' | '{' => depth += 1,
            '>' if previous == '-' => {}
            '>' | ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        previous = character;
    }
    None
}

/// Splits a path at the `::` outside of brackets.
fn split_path(path: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    let (mut depth, mut start, mut previous) = (0usize, 0usize, b' ');
    let bytes = path.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'<' | b'(' | b'[' | b'{' => depth += 1,
            b'>' if previous == b'-' => {}
            b'>' | b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 && previous == b':' && at > start => {
                segments.extend(path.get(start..at - 1));
                start = at + 1;
            }
            _ => {}
        }
        previous = *byte;
    }
    segments.extend(path.get(start..));
    segments
}
