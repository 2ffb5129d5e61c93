//! Safe local edits: how a missing value can leave a function without a panic.
//!
//! An edit is offered only where the types that it relies on were seen in the source; where it
//! drops something, its summary says so.

use crate::cancel::Cancel;
use crate::fix::{Edit, Fix, unified_diff};
use crate::hypothesis::crash::{Site, shown};
use crate::hypothesis::library::Absence;
use crate::syntax::rust::{Around, Body, BodyKind};
use crate::text::ByteSpan;

/// How a function can give back that something went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// It returns an `Option`.
    Option,
    /// It returns a `Result` with this error.
    Result(ErrorType),
    /// It returns nothing.
    Unit,
}

/// An error type that an edit can make a value of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ErrorType {
    /// `anyhow::Error`.
    Anyhow,
    /// `eyre::Report`, through this path of the macro.
    Eyre(&'static str),
    /// `Box<dyn Error>`, with or without `Send` and `Sync`.
    Boxed,
    /// `String`.
    String,
    /// `std::io::Error`.
    Io,
    /// Another one, as written.
    Other(String),
}

/// The beginnings of `{:?}` of error types that implement `std::error::Error`.
const KNOWN_ERRORS: &[&str] = &[
    "Os {",
    "Custom {",
    "Kind(",
    "ParseIntError",
    "ParseFloatError",
    "ParseBoolError",
    "Utf8Error",
    "FromUtf8Error",
    "TryFromIntError",
    "SystemTimeError",
    "NotPresent",
    "NotUnicode",
    "AddrParseError",
    "RecvError",
    "CharTryFromError",
    "ParseCharError",
    "Elapsed",
];

/// Says how `return` at an offset of the site can tell of a failure.
///
/// `None` in a closure or an async block without a written type, and for types that no value can
/// be made of.
pub(super) fn exit_at(site: &Site<'_>, offset: usize) -> Option<(Exit, Body)> {
    let snippet = site.snippet.as_ref().filter(|_| !site.doubtful)?;
    let body = snippet.body_around(offset, &Cancel::new())?;
    let exit = match (body.kind, body.returns) {
        (BodyKind::Function, None) => Exit::Unit,
        (_, Some(returns)) => exit_of_type(site.slice(returns), site.text)?,
        _ => return None,
    };
    Some((exit, body))
}

/// Reads a written return type; `file` tells which `Result` is meant.
pub(super) fn exit_of_type(written: &str, file: &str) -> Option<Exit> {
    let written = written.split_whitespace().collect::<Vec<_>>().join(" ");
    if written == "()" {
        return Some(Exit::Unit);
    }
    let (path, arguments) = match written.split_once('<') {
        Some((path, rest)) => (path.trim(), rest.trim_end().strip_suffix('>')?),
        None => (written.as_str(), ""),
    };
    let name = path.rsplit("::").next()?;
    if name == "Option" {
        return Some(Exit::Option);
    }
    if name != "Result" {
        return None;
    }
    let arguments = split_arguments(arguments);
    let error = match arguments.as_slice() {
        [_, error] => error_type(error.trim(), file)?,
        _ => alias_error(path, file)?,
    };
    Some(Exit::Result(error))
}

/// Splits generic arguments at the top level.
fn split_arguments(arguments: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0i32, 0);
    let mut previous = ' ';
    for (at, c) in arguments.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' if previous == '-' => {}
            '>' | ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(arguments.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
        previous = c;
    }
    parts.push(arguments.get(start..).unwrap_or_default());
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn error_type(written: &str, file: &str) -> Option<ErrorType> {
    let imports = |path: &str| file.contains(path);
    Some(match written {
        "String" => ErrorType::String,
        "anyhow::Error" => ErrorType::Anyhow,
        "eyre::Report" | "eyre::Error" => ErrorType::Eyre("eyre::eyre!"),
        "color_eyre::Report" | "color_eyre::eyre::Report" => {
            ErrorType::Eyre("color_eyre::eyre::eyre!")
        }
        "io::Error" | "std::io::Error" => ErrorType::Io,
        "Error" if imports("use anyhow::Error") => ErrorType::Anyhow,
        _ if written.starts_with("Box<dyn ") && written.contains("Error") => ErrorType::Boxed,
        _ => ErrorType::Other(written.to_owned()),
    })
}

/// Tells which error `Result<T>` has, by the path or the file's imports and aliases.
fn alias_error(path: &str, file: &str) -> Option<ErrorType> {
    match path {
        "anyhow::Result" => return Some(ErrorType::Anyhow),
        "eyre::Result" => return Some(ErrorType::Eyre("eyre::eyre!")),
        "color_eyre::Result" | "color_eyre::eyre::Result" => {
            return Some(ErrorType::Eyre("color_eyre::eyre::eyre!"));
        }
        "io::Result" | "std::io::Result" => return Some(ErrorType::Io),
        "Result" => {}
        _ => return None,
    }
    for line in file.lines().map(str::trim) {
        if let Some(alias) =
            line.strip_prefix("type Result<").or(line.strip_prefix("pub type Result<"))
        {
            let aliased = alias.split_once("Result<")?.1.trim_end_matches(';').strip_suffix('>')?;
            let [_, error] = split_arguments(aliased).try_into().ok()?;
            return error_type(error.trim(), file);
        }
        let Some(import) = line.strip_prefix("use ") else { continue };
        let names_result =
            import.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == "Result");
        if !names_result {
            continue;
        }
        if import.starts_with("anyhow::") {
            return Some(ErrorType::Anyhow);
        } else if import.starts_with("color_eyre::") {
            return Some(ErrorType::Eyre("color_eyre::eyre::eyre!"));
        } else if import.starts_with("eyre::") {
            return Some(ErrorType::Eyre("eyre::eyre!"));
        } else if import.starts_with("std::io::") {
            return Some(ErrorType::Io);
        }
    }
    None
}

/// An edit with what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repair {
    /// What it does, in one line.
    pub(super) summary: String,
    /// The edits of the site's file.
    pub(super) edits: Vec<Edit>,
}

impl Repair {
    /// Renders the edits against the site's file as it is now.
    pub(super) fn into_fix(self, site: &Site<'_>) -> Option<Fix> {
        let patch = unified_diff(site.path, site.text, &self.edits);
        (!patch.is_empty()).then_some(Fix { summary: self.summary, patch })
    }
}

/// Returns what is put after an `Option` so that its `None` leaves the function; with words for a
/// summary.
///
/// `message` becomes the error's text where an error is made.
pub(super) fn option_suffix(exit: &Exit, message: &str) -> Option<(String, String)> {
    let text = literal(message);
    let error = match exit {
        Exit::Option => return Some(("?".to_owned(), "Return None to the caller".to_owned())),
        Exit::Unit => return None,
        Exit::Result(ErrorType::Anyhow) => format!("anyhow::anyhow!({text})"),
        Exit::Result(ErrorType::Eyre(path)) => format!("{path}({text})"),
        Exit::Result(ErrorType::Boxed) => {
            return Some((format!(".ok_or({})?", plain_literal(message)), error_words()));
        }
        Exit::Result(ErrorType::String) => format!("{}.to_owned()", plain_literal(message)),
        Exit::Result(ErrorType::Io) => {
            format!(
                "std::io::Error::new(std::io::ErrorKind::InvalidData, {})",
                plain_literal(message)
            )
        }
        Exit::Result(ErrorType::Other(_)) => return None,
    };
    Some((format!(".ok_or_else(|| {error})?"), error_words()))
}

fn error_words() -> String {
    "Return an error to the caller".to_owned()
}

/// Returns what is put after a `Result` so that its error leaves the function.
///
/// `inner` is the error as the panic printed it, `declared` the error type of the called function
/// of the workspace.
pub(super) fn result_suffix(
    exit: &Exit,
    inner: &str,
    declared: Option<&str>,
    message: &str,
) -> Option<(String, String)> {
    let pass_on = || Some(("?".to_owned(), "Pass the error on to the caller".to_owned()));
    let is_known = KNOWN_ERRORS.iter().any(|known| inner.starts_with(known))
        // serde_json.
        || (inner.starts_with("Error(") && inner.contains("line:"));
    let is_io = ["Os {", "Custom {", "Kind("].iter().any(|known| inner.starts_with(known));
    let text = literal(&format!("{message}: ")).replacen(": \"", ": {error:?}\"", 1);
    let error = match exit {
        Exit::Unit => return None,
        Exit::Option => {
            let drops = "Return None to the caller; the error's reason is dropped, so log it first if nobody else does";
            return Some((".ok()?".to_owned(), drops.to_owned()));
        }
        Exit::Result(ErrorType::Other(own)) => {
            return (declared == Some(own.as_str())).then(pass_on).flatten();
        }
        Exit::Result(ErrorType::Anyhow | ErrorType::Eyre(_) | ErrorType::Boxed) if is_known => {
            return pass_on();
        }
        Exit::Result(ErrorType::Io) if is_io => return pass_on(),
        Exit::Result(ErrorType::Anyhow) => format!("anyhow::anyhow!({text})"),
        Exit::Result(ErrorType::Eyre(path)) => format!("{path}({text})"),
        Exit::Result(ErrorType::Boxed | ErrorType::String) => format!("format!({text})"),
        Exit::Result(ErrorType::Io) => {
            format!("std::io::Error::new(std::io::ErrorKind::InvalidData, format!({text}))")
        }
    };
    Some((format!(".map_err(|error| {error})?"), "Pass the error on to the caller".to_owned()))
}

/// What leaving early means inside of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InLoop {
    /// The next item may be fine.
    NextRound,
    /// Nothing more can come of it.
    End,
}

/// Leaves early where the function gives nothing back: `let Some(x) = .. else { return };`.
///
/// Only where the whole statement is a `let` of the expression, or the expression alone.
pub(super) fn leave_early(
    site: &Site<'_>,
    body: &Body,
    expression: ByteSpan,
    subject: ByteSpan,
    absence: Absence,
    in_loop: InLoop,
) -> Option<Repair> {
    let snippet = site.snippet.as_ref()?;
    let (way_out, skips) = match (body.in_loop, in_loop) {
        (true, InLoop::NextRound) => ("continue", "skip this round of the loop".to_owned()),
        (true, InLoop::End) => ("break", "end the loop".to_owned()),
        (false, _) => ("return", format!("leave {} early", site.function_name())),
    };
    let wrapper = match absence {
        Absence::None => "Some",
        Absence::Err => "Ok",
    };
    let value = site.slice(subject);
    let log = log_line(site, subject);
    match snippet.around(expression)? {
        Around::Let { statement, pattern, typed: false, has_else: false } => {
            let (indent, end) = (site.indent(statement.start), site.line_end());
            let body = match &log {
                Some(log) => {
                    format!("{{{end}{indent}    {log}{end}{indent}    {way_out};{end}{indent}}}")
                }
                None => format!("{{ {way_out} }}"),
            };
            let pattern = let_pattern(site, statement, pattern);
            let text = format!("let {wrapper}({pattern}) = {value} else {body};");
            let unsaid =
                if log.is_some() { "" } else { "; nothing is logged, so what was skipped is lost" };
            Some(Repair {
                summary: format!("Instead of the panic, {skips}{unsaid}"),
                edits: vec![Edit { span: statement, replacement: text }],
            })
        }
        Around::Statement(statement) => {
            let check = match absence {
                Absence::None => "is_none",
                Absence::Err => "is_err",
            };
            let (indent, end) = (site.indent(statement.start), site.line_end());
            let log = log.map(|log| format!("{indent}    {log}{end}")).unwrap_or_default();
            let text =
                format!("if {value}.{check}() {{{end}{log}{indent}    {way_out};{end}{indent}}}");
            Some(Repair {
                summary: format!("Instead of the panic, {skips}"),
                edits: vec![Edit { span: statement, replacement: text }],
            })
        }
        _ => None,
    }
}

/// Returns the pattern with `mut`, which stands outside the grammar's pattern.
fn let_pattern(site: &Site<'_>, statement: ByteSpan, pattern: ByteSpan) -> String {
    let head = site.slice(ByteSpan::new(statement.start, pattern.start));
    let mutable = if head.contains("mut") { "mut " } else { "" };
    format!("{mutable}{}", site.slice(pattern))
}

/// Returns a statement that logs, by the crate that the file uses for it.
fn log_line(site: &Site<'_>, subject: ByteSpan) -> Option<String> {
    let logger = ["tracing", "log"].into_iter().find(|logger| {
        let (used, imported) = (format!("{logger}::"), format!("use {logger}::"));
        site.text.contains(&imported) || site.text.contains(&used)
    })?;
    let message = format!("no value from {}", shown(site.slice(subject)).replace('`', ""));
    Some(format!("{logger}::error!({});", literal(&message)))
}

/// Returns a string literal for a formatting macro.
fn literal(message: &str) -> String {
    plain_literal(&message.replace('{', "{{").replace('}', "}}"))
}

fn plain_literal(message: &str) -> String {
    format!("\"{}\"", message.escape_debug().to_string().replace("\\'", "'"))
}
