//! Go: `log`, `slog` and loggers like them, `fmt.Errorf`, `errors.New`, `panic`.

use tree_sitter::Node;

use super::names::{is_logger, level, without_suffix};
use super::tree::{MAX_DEPTH, arguments, collect, field, object, push_read, slice, value_names};
use super::{Pattern, Said};
use crate::statements::format::{Style, expand, unescape};
use crate::statements::{Statement, StatementKind};

/// Returns the statements of one file.
pub(super) fn statements(text: &str) -> Vec<Statement> {
    let functions = ["function_declaration", "method_declaration"];
    collect(text, &tree_sitter_go::LANGUAGE.into(), &functions, |node, _| {
        (node.kind() == "call_expression").then(|| call(node, text)).flatten()
    })
}

fn call(node: Node<'_>, text: &str) -> Option<Said> {
    let callee = node.child_by_field_name("function")?;
    let args = arguments(node);
    if callee.kind() == "identifier" {
        let name = slice(callee, text);
        return match name {
            "panic" => Some(Said::new(StatementKind::Panic, read(*args.first()?, text, 0)?)),
            "print" | "println" => message(name, &args, text)
                .map(|(pattern, _)| Said::new(StatementKind::Print, pattern)),
            _ => None,
        };
    }
    let (object, method) = (object(callee, "operand", text), field(callee, "field", text));
    let lower = method.to_ascii_lowercase();
    let (pattern, rest) = message(method, &args, text)?;
    match (object, without_suffix(&lower)) {
        ("errors" | "xerrors" | "pkgerrors" | "status" | "fmt", "new" | "error" | "err") => {
            Some(Said::new(StatementKind::Error, pattern))
        }
        ("errors" | "pkgerrors" | "eris", "wrap" | "withmessage" | "withmessagef") => {
            let mut wrapped = pattern;
            wrapped.push_text(": ");
            wrapped.push_value(value_names(args.get(..1)?, text).first()?);
            Some(Said::new(StatementKind::Error, wrapped))
        }
        ("fmt", "print" | "fprint") => Some(Said::new(StatementKind::Print, pattern)),
        ("fmt", "sprint") => Some(Said::new(StatementKind::Text, pattern)),
        // zerolog ends its chains so: `log.Error().Err(err).Msg("..")`.
        (_, "msg" | "print" | "log" | "logattr") if is_logger_call(object) => {
            let known = object.split(['.', '(']).find_map(level);
            Some(Said::log(known, pattern))
        }
        (_, "msg") => Some(Said::log(object.split(['.', '(']).find_map(level), pattern)),
        _ => {
            let known = level(method)?;
            let mut said = Said::log(Some(known), pattern);
            if !lower.ends_with('f') {
                said.fields = rest.iter().step_by(2).filter_map(|key| key_of(*key, text)).collect();
            }
            Some(said)
        }
    }
}

/// Says whether a logger stands anywhere in a chain of calls.
fn is_logger_call(object: &str) -> bool {
    object.split(['(', ')', '.']).any(is_logger)
}

/// Returns the key of a `"key", value` pair or of `slog.String("key", value)`.
fn key_of(node: Node<'_>, text: &str) -> Option<String> {
    let literal = match node.kind() {
        "call_expression" => *arguments(node).first()?,
        _ => node,
    };
    let is_string = literal.kind() == "interpreted_string_literal";
    is_string.then(|| slice(literal, text).trim_matches('"').to_owned())
}

/// Reads the first argument with words of its own, as a format where the name says so, and returns
/// it with the arguments after it.
fn message<'n>(method: &str, args: &[Node<'n>], text: &str) -> Option<(Pattern, Vec<Node<'n>>)> {
    let (message_idx, pattern) =
        args.iter().take(3).enumerate().find_map(|(idx, arg)| Some((idx, read(*arg, text, 0)?)))?;
    let rest = args.get(message_idx + 1..).unwrap_or_default().to_vec();
    let is_format = method.ends_with('f') || method.ends_with("Context");
    let is_line = method.ends_with("ln") || matches!(method, "Print" | "Error" | "Fatal" | "Panic");
    let pattern = if is_format {
        let literal: String = pattern.texts().collect();
        expand(&literal, Style::Percent, &value_names(&rest, text))
    } else if is_line && !rest.is_empty() && method.ends_with("ln") {
        let mut line = Pattern::default();
        for (arg_idx, arg) in args.iter().enumerate() {
            if arg_idx > 0 {
                line.push_text(" ");
            }
            push_read(&mut line, read(*arg, text, 0), *arg, text);
        }
        line
    } else {
        pattern
    };
    Some((pattern, rest))
}

/// Reads an expression that gives text with words of its own.
fn read(node: Node<'_>, text: &str, depth: usize) -> Option<Pattern> {
    if depth > MAX_DEPTH {
        return None;
    }
    let literal = slice(node, text);
    let inside = || literal.get(1..literal.len().saturating_sub(1)).unwrap_or_default();
    let pattern = match node.kind() {
        "interpreted_string_literal" => Pattern::text(&unescape(inside())),
        "raw_string_literal" => Pattern::text(inside()),
        "parenthesized_expression" => read(node.named_child(0)?, text, depth + 1)?,
        "binary_expression" if field(node, "operator", text) == "+" => {
            let mut pattern = Pattern::default();
            for side in ["left", "right"] {
                let side = node.child_by_field_name(side)?;
                push_read(&mut pattern, read(side, text, depth + 1), side, text);
            }
            pattern
        }
        "call_expression" if field(node, "function", text) == "fmt.Sprintf" => {
            message("Sprintf", &arguments(node), text)?.0
        }
        _ => return None,
    };
    pattern.with_text()
}
