//! Go: panics and goroutine dumps, two lines a frame.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::{Dialect, Heading, MAX_FRAME, add, located};
use crate::input::Language;
use crate::text::ByteSpan;
use crate::trace::unwrap::Line;
use crate::trace::{Frame, Origin, SourceLocation, Trace, TraceKind};

/// Lines between a panic and its goroutine: the signal, blank lines, headings of a report.
const MAX_BETWEEN: usize = 8;
/// Foreign lines after which a goroutine is over.
const MAX_FOREIGN: usize = 2;

static SERVING: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("panic serving "));
static PANIC: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("panic: "));
static PANIC_UPPER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("PANIC: "));

/// The state of one stream.
#[derive(Debug, Default)]
pub(super) struct Reader {
    panic: Option<Heading>,
    open: Option<Trace>,
    /// A goroutine's own line began it.
    has_goroutine: bool,
    /// The function whose place stands on the next line.
    function: Option<(String, ByteSpan)>,
    n_foreign: usize,
}

impl Dialect for Reader {
    fn push(&mut self, line: &Line<'_>, done: &mut Vec<Trace>) {
        let text = line.body().trim_matches(|c: char| c.is_whitespace() || c == '`');
        if text.is_empty() || text.len() > MAX_FRAME {
            return;
        }
        if let Some(name) = goroutine(text) {
            self.close(done);
            let mut trace = self.begin(line.span_of(text));
            trace.thread = Some(name.to_owned());
            (self.open, self.has_goroutine) = (Some(trace), true);
            return;
        }
        if let Some((place, behind)) = place(line, text) {
            return self.add_place(line, place, behind, line.span_of(text));
        }
        if let Some(message) = panic_message(text) {
            self.close(done);
            self.panic = Some(Heading::new(line, text, "panic", message));
            return;
        }
        if let Some(function) = function(text) {
            if self.open.is_some() {
                self.flush();
                self.n_foreign = 0;
            }
            self.function = Some((function.to_owned(), line.span_of(text)));
            return;
        }
        if let Some(panic) = &mut self.panic {
            panic.age += 1;
            if panic.age > MAX_BETWEEN {
                self.panic = None;
            }
        }
        self.function = self.function.take().filter(|_| self.open.is_some());
        if self.open.is_some() && !text.starts_with("goroutine running on") {
            self.n_foreign += 1;
            if self.n_foreign > MAX_FOREIGN {
                self.close(done);
            }
        }
    }

    fn finish(mut self, done: &mut Vec<Trace>) {
        self.close(done);
    }
}

impl Reader {
    fn begin(&mut self, span: ByteSpan) -> Trace {
        let mut trace = super::begin(Language::Go, self.panic.take(), span);
        trace.kind = if trace.causes.is_empty() { TraceKind::Exception } else { TraceKind::Panic };
        trace
    }

    /// Takes the place of a frame, and further frames that were joined to the same line.
    fn add_place(&mut self, line: &Line<'_>, first: SourceLocation, behind: &str, span: ByteSpan) {
        let mut trace = match self.open.take() {
            Some(trace) => trace,
            None => self.begin(span),
        };
        self.n_foreign = 0;
        add(&mut trace, frame(self.function.take(), Some(first), span));
        let mut rest = behind.trim();
        while let Some((call, after)) = rest.split_once(") ") {
            let Some(name) = rest.get(..=call.len()).and_then(function) else { break };
            let Some((place, behind)) = place(line, after) else { break };
            add(&mut trace, frame(Some((name.to_owned(), span)), Some(place), span));
            rest = behind.trim();
        }
        self.open = Some(trace);
    }

    /// Adds a function whose place never came: the text was cut, or the frame has none.
    fn flush(&mut self) {
        if let (Some(trace), Some((name, span))) = (&mut self.open, self.function.take()) {
            add(trace, frame(Some((name, span)), None, span));
        }
    }

    fn close(&mut self, done: &mut Vec<Trace>) {
        self.flush();
        self.n_foreign = 0;
        let has_goroutine = std::mem::take(&mut self.has_goroutine);
        let Some(trace) = self.open.take() else { return };
        // One place alone, without a heading, is the end of something else.
        if has_goroutine || !trace.causes.is_empty() || trace.frames.len() > 1 {
            done.push(trace);
        }
    }
}

/// Reads `goroutine 12 [running]:`.
fn goroutine(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("goroutine ")?;
    let (number, state) = rest.split_once(" [")?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && state.trim_end().ends_with("]:")).then(|| text.split(" [").next().unwrap_or(text))
}

/// Reads `panic: ..`, `fatal error: ..`, `http: panic serving 1.2.3.4:5: ..`, `PANIC: ..`.
fn panic_message(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let message = if let Some(at) = SERVING.find(bytes) {
        text.get(at + SERVING.needle().len()..)?.split_once(": ")?.1
    } else if text.starts_with("runtime error: ") {
        text
    } else if let Some(message) = text.strip_prefix("fatal error: ") {
        message
    } else {
        let at = [PANIC.find(bytes), PANIC_UPPER.find(bytes)].into_iter().flatten().min()?;
        let before = text.get(..at)?;
        let is_word = before.is_empty() || before.ends_with([' ', '\t', ']', ':']);
        text.get(at + PANIC.needle().len()..).filter(|_| is_word)?
    };
    let message =
        message.trim_end_matches(" [recovered]").trim_end_matches(" [recovered, repanicked]");
    Some(message)
}

/// Reads the function's line: `main.run(0x1, {0x2, 0x3})`, `created by main.run in goroutine 1`.
fn function(text: &str) -> Option<&str> {
    if let Some(name) = text.strip_prefix("created by ") {
        return Some(name.split(" in goroutine ").next().unwrap_or(name).trim());
    }
    let inside = text.strip_suffix(')')?;
    let mut depth = 1usize;
    let open = inside.bytes().enumerate().rev().find_map(|(at, byte)| {
        match byte {
            b')' => depth += 1,
            b'(' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })?;
    let name = text.get(..open)?;
    let is_name = name == "panic" || name.contains('.');
    (is_name && !name.contains([' ', '"', ':', '=']) && !name.starts_with('.')).then_some(name)
}

/// Reads `/src/main.go:12 +0x1f` and `main.go:12 (0x41)`; returns what follows as well.
fn place<'a>(line: &Line<'_>, text: &'a str) -> Option<(SourceLocation, &'a str)> {
    const ENDINGS: [&str; 3] = [".go", ".s", ".c"];
    // Few lines have many colons; looking for each ending by itself costs more.
    let (file, ending) = memchr::memchr_iter(b':', text.as_bytes()).find_map(|colon| {
        let file = text.get(..colon)?;
        ENDINGS.iter().find(|ending| file.ends_with(**ending)).map(|ending| (file, *ending))
    })?;
    let behind = text.get(file.len() + 1..)?;
    let n_digits = behind.bytes().take(10).take_while(u8::is_ascii_digit).count();
    let (number, behind) = behind.split_at_checked(n_digits)?;
    let number = number.parse().ok()?;
    let is_path = !file.contains(['(', '"', '=', '[', '@']) || file.contains("/pkg/mod/");
    let is_end = behind.is_empty() || behind.starts_with(" +0x") || behind.starts_with(" (0x");
    let is_go = ending == ".go" || behind.starts_with(" +0x") || behind.starts_with(" (0x");
    // A log line that names its own place is no frame.
    if !is_path || !is_end || !is_go || (file.contains(' ') && !file.contains(['/', '\\'])) {
        return None;
    }
    let whole = text.get(..file.len() + 1 + n_digits)?;
    let rest = behind.trim_start();
    let rest = rest.split_once(' ').map_or("", |(_, rest)| rest);
    Some((located(line, whole, file, (Some(number), None)), rest))
}

fn frame(
    function: Option<(String, ByteSpan)>,
    location: Option<SourceLocation>,
    span: ByteSpan,
) -> Frame {
    let (name, start) = match function {
        Some((name, span)) => (Some(name), span.start),
        None => (None, span.start),
    };
    let origin = origin(name.as_deref().unwrap_or_default(), location.as_ref());
    let noise = matches!(origin, Origin::Std | Origin::Runtime);
    let span = ByteSpan::new(start.min(span.start), span.end);
    Frame { function: name, location, origin, noise, span, ..Frame::default() }
}

fn origin(function: &str, location: Option<&SourceLocation>) -> Origin {
    /// First folders of the standard library's packages.
    const STD: [&str; 46] = [
        "archive",
        "bufio",
        "builtin",
        "bytes",
        "cmp",
        "compress",
        "container",
        "context",
        "crypto",
        "database",
        "debug",
        "embed",
        "encoding",
        "errors",
        "expvar",
        "flag",
        "fmt",
        "go",
        "hash",
        "html",
        "image",
        "internal",
        "io",
        "iter",
        "log",
        "maps",
        "math",
        "mime",
        "net",
        "os",
        "path",
        "pkg",
        "plugin",
        "reflect",
        "regexp",
        "runtime",
        "slices",
        "sort",
        "strconv",
        "strings",
        "sync",
        "syscall",
        "testing",
        "text",
        "time",
        "unicode",
    ];
    if function == "panic" {
        return Origin::Runtime;
    }
    let Some(location) = location else { return Origin::Runtime };
    let path = location.file.replace('\\', "/");
    if path.contains("/pkg/mod/") || path.contains("/vendor/") {
        return Origin::Dependency;
    }
    let parts: Vec<&str> = path.split('/').collect();
    let is_root = |part: &str| part.starts_with("go") || part == "libexec" || part == "golang";
    let in_goroot = parts.windows(3).any(|parts| match parts {
        [root, "src", package] => is_root(&root.to_ascii_lowercase()) && STD.contains(package),
        _ => false,
    });
    let is_std_package = function
        .split(['.', '/'])
        .next()
        .is_some_and(|first| STD.contains(&first) && parts.len() > 2 && in_goroot);
    if in_goroot || is_std_package { Origin::Std } else { Origin::App }
}
