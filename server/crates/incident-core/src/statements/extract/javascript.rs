//! JavaScript and TypeScript: `console`, loggers in the manner of pino and winston, thrown errors.

use tree_sitter::{Language, Node};

use super::names::{is_error_type, is_logger, level};
use super::tree::{
    MAX_DEPTH, arguments, collect, field, named, object, push_read, slice, value_names,
};
use super::{Pattern, Said};
use crate::statements::format::{Style, expand, unescape};
use crate::statements::{Statement, StatementKind};

const FUNCTIONS: &[&str] = &[
    "function_declaration",
    "generator_function_declaration",
    "function_expression",
    "arrow_function",
    "method_definition",
];

/// Returns the statements of one file.
pub(super) fn statements(text: &str, language: &Language) -> Vec<Statement> {
    collect(text, language, FUNCTIONS, |node, around| match node.kind() {
        "call_expression" => call(node, around, text),
        "new_expression" => {
            let name = field(node, "constructor", text);
            is_error_type(name).then(|| error(name, node, text)).flatten()
        }
        "throw_statement" => {
            let thrown = node.named_child(0)?;
            Some(Said::new(StatementKind::Error, read(thrown, text, 0)?))
        }
        _ => None,
    })
}

fn call(node: Node<'_>, around: &[Node<'_>], text: &str) -> Option<Said> {
    let callee = node.child_by_field_name("function")?;
    let args = arguments(node);
    match callee.kind() {
        "member_expression" => {
            let object = object(callee, "object", text);
            let method = field(callee, "property", text);
            if object == "console" {
                return Some(Said::log(console_level(method)?, console(&args, text)?));
            }
            if matches!(object, "process.stdout" | "process.stderr") && method == "write" {
                return Some(Said::new(StatementKind::Print, read(*args.first()?, text, 0)?));
            }
            if matches!(object, "assert" | "console") {
                return asserted(&args, text);
            }
            let known = level(method);
            let also = is_logger(object) && matches!(method, "log" | "http" | "write" | "child");
            (known.is_some() || also).then(|| logged(known, &args, text)).flatten()
        }
        "identifier" => {
            let name = slice(callee, text);
            match name {
                "assert" | "invariant" => asserted(&args, text),
                "log" | "logger" | "print" => logged(None, &args, text),
                _ if is_error_type(name) => error(name, node, text),
                // `debug('connected to %s', host)`, `warn(...)`.
                _ => logged(Some(level(name)?), &args, text),
            }
        }
        // `super("...")` in the constructor of an error.
        "super" => {
            let is_class = |it: &&Node<'_>| matches!(it.kind(), "class_declaration" | "class");
            let class = *around.iter().rev().find(is_class)?;
            let heritage = named(class).into_iter().find(|it| it.kind() == "class_heritage")?;
            let is_error = slice(heritage, text).split(|c: char| !c.is_alphanumeric());
            let is_error = { is_error }.any(is_error_type);
            is_error.then(|| error(field(class, "name", text), node, text)).flatten()
        }
        _ => None,
    }
}

/// Returns `None` for a method of `console` that prints no message.
fn console_level(method: &str) -> Option<Option<&'static str>> {
    match method {
        "log" | "dir" | "group" => Some(None),
        _ => level(method).map(Some),
    }
}

/// `console` joins its arguments with blanks, after `%s` and the like took theirs.
fn console(args: &[Node<'_>], text: &str) -> Option<Pattern> {
    let (first, rest) = args.split_first()?;
    let mut rest = rest;
    let mut pattern = Pattern::default();
    let read_first = read(*first, text, 0);
    match (&read_first, first.kind()) {
        (Some(_), "string" | "template_string") if !rest.is_empty() => {
            let raw = format_text(*first, text);
            let format = expand(&raw, Style::Percent, &value_names(rest, text));
            let n_taken = format.names().filter(|name| !name.starts_with("${")).count();
            rest = rest.get(n_taken.min(rest.len())..).unwrap_or_default();
            pattern.push(&with_substitutions(&format));
        }
        _ => push_read(&mut pattern, read_first, *first, text),
    }
    for arg in rest {
        pattern.push_text(" ");
        push_read(&mut pattern, read(*arg, text, 0), *arg, text);
    }
    (pattern.n_literal() > 0).then_some(pattern)
}

/// `log.info({ fields }, "message %s", value)`, `log.info("message", { fields })`.
fn logged(level: Option<&'static str>, args: &[Node<'_>], text: &str) -> Option<Said> {
    let (message_idx, message) =
        args.iter().take(2).enumerate().find_map(|(idx, arg)| Some((idx, read(*arg, text, 0)?)))?;
    let rest = args.get(message_idx + 1..).unwrap_or_default();
    let node = args.get(message_idx)?;
    // `log.warn('config', 'unknown key ' + key)`: loggers that join texts join them with blanks.
    if rest.first().is_some_and(|next| read(*next, text, 0).is_some()) {
        let joined = console(args.get(message_idx..).unwrap_or_default(), text)?;
        return Some(Said::log(level, joined));
    }
    let takes_values = matches!(node.kind(), "string" | "template_string") && !rest.is_empty();
    let pattern = if takes_values {
        let format = expand(&format_text(*node, text), Style::Percent, &value_names(rest, text));
        with_substitutions(&format)
    } else {
        message
    };
    let mut said = Said::log(level, pattern);
    let objects = args.iter().filter(|arg| arg.kind() == "object");
    said.fields = objects.flat_map(|object| keys(*object, text)).collect();
    Some(said)
}

fn keys(object: Node<'_>, text: &str) -> Vec<String> {
    let key = |property: Node<'_>| match property.kind() {
        "pair" => field(property, "key", text).trim_matches(['"', '\'']).to_owned(),
        _ => slice(property, text).to_owned(),
    };
    named(object).into_iter().map(key).collect()
}

fn asserted(args: &[Node<'_>], text: &str) -> Option<Said> {
    let message = args.iter().rev().find_map(|arg| read(*arg, text, 0))?;
    Some(Said::new(StatementKind::Error, message))
}

fn error(name: &str, node: Node<'_>, text: &str) -> Option<Said> {
    let args = arguments(node);
    let message = args.iter().find_map(|arg| read(*arg, text, 0))?;
    Some(Said::error(name, message))
}

/// Returns the inside of a string or template, escapes undone, substitutions as they stand.
fn format_text(node: Node<'_>, text: &str) -> String {
    let quoted = slice(node, text);
    let inside = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    unescape(inside)
}

/// Makes holes of the `${..}` that a format's literal text still holds.
fn with_substitutions(format: &Pattern) -> Pattern {
    let mut pattern = Pattern::default();
    for piece in format.pieces() {
        match piece {
            crate::statements::Piece::Value(name) => pattern.push_value(name),
            crate::statements::Piece::Text(text) => {
                let mut rest = text.as_str();
                while let Some((before, after)) = rest.split_once("${") {
                    pattern.push_text(before);
                    let (name, after) = after.split_once('}').unwrap_or((after, ""));
                    pattern.push_value(name);
                    rest = after;
                }
                pattern.push_text(rest);
            }
        }
    }
    pattern
}

/// Reads an expression that gives text with words of its own.
fn read(node: Node<'_>, text: &str, depth: usize) -> Option<Pattern> {
    if depth > MAX_DEPTH {
        return None;
    }
    let pattern = match node.kind() {
        "string" => Pattern::text(&format_text(node, text)),
        "template_string" => template(node, text),
        "parenthesized_expression" => read(node.named_child(0)?, text, depth + 1)?,
        "binary_expression" if field(node, "operator", text) == "+" => {
            let mut pattern = Pattern::default();
            for side in ["left", "right"] {
                let side = node.child_by_field_name(side)?;
                push_read(&mut pattern, read(side, text, depth + 1), side, text);
            }
            pattern
        }
        "call_expression" => {
            let name = field(node, "function", text);
            let args = arguments(node);
            let (first, rest) = args.split_first()?;
            match name.rsplit('.').next()? {
                "format" | "sprintf" if first.kind() == "string" => {
                    let names = value_names(rest, text);
                    expand(&format_text(*first, text), Style::Percent, &names)
                }
                "gettext" | "t" | "__" => read(*first, text, depth + 1)?,
                _ => return None,
            }
        }
        _ => return None,
    };
    pattern.with_text()
}

fn template(node: Node<'_>, text: &str) -> Pattern {
    let mut pattern = Pattern::default();
    let mut at = node.start_byte() + 1;
    for part in named(node).into_iter().filter(|part| part.kind() == "template_substitution") {
        pattern.push_text(&unescape(text.get(at..part.start_byte()).unwrap_or_default()));
        let name = slice(part, text).trim_start_matches("${").trim_end_matches('}');
        pattern.push_value(name);
        at = part.end_byte();
    }
    let end = node.end_byte().saturating_sub(1);
    pattern.push_text(&unescape(text.get(at..end).unwrap_or_default()));
    pattern
}
