//! Java: SLF4J and loggers like it, `System.out`, exceptions.

use tree_sitter::Node;

use super::names::{is_error_type, is_logger, level};
use super::tree::{MAX_DEPTH, arguments, collect, field, object, push_read, slice, value_names};
use super::{Pattern, Said};
use crate::statements::format::{Style, expand, unescape};
use crate::statements::{Statement, StatementKind};

/// Returns the statements of one file.
pub(super) fn statements(text: &str) -> Vec<Statement> {
    let functions = ["method_declaration", "constructor_declaration"];
    collect(text, &tree_sitter_java::LANGUAGE.into(), &functions, |node, _| match node.kind() {
        "method_invocation" => call(node, text),
        "object_creation_expression" => {
            let name = field(node, "type", text);
            let message = arguments(node).into_iter().find_map(|arg| read(arg, text, 0))?;
            is_error_type(name).then(|| Said::error(name, message))
        }
        "explicit_constructor_invocation" => {
            let message = arguments(node).into_iter().find_map(|arg| read(arg, text, 0))?;
            Some(Said::new(StatementKind::Error, message))
        }
        _ => None,
    })
}

fn call(node: Node<'_>, text: &str) -> Option<Said> {
    let (object, method) = (object(node, "object", text), field(node, "name", text));
    let args = arguments(node);
    if matches!(object, "System.out" | "System.err") {
        let printed = match method {
            "printf" | "format" => formatted(&args, text)?,
            _ => read(*args.first()?, text, 0)?,
        };
        return Some(Said::new(StatementKind::Print, printed));
    }
    if matches!(method, "requireNonNull" | "checkArgument" | "checkState" | "checkNotNull") {
        let (message, rest) = args.get(1..)?.split_first()?;
        let literal: String = read(*message, text, 0)?.texts().collect();
        let pattern = expand(&literal, Style::Percent, &value_names(rest, text));
        return Some(Said::new(StatementKind::Error, pattern));
    }
    let known = level(method);
    let also = object.split('.').any(is_logger) && method == "log";
    if known.is_none() && !also {
        return None;
    }
    let (message_idx, message) =
        args.iter().take(2).enumerate().find_map(|(idx, arg)| Some((idx, read(*arg, text, 0)?)))?;
    let rest = args.get(message_idx + 1..).unwrap_or_default();
    let is_plain = args.get(message_idx).is_some_and(|arg| arg.kind() != "method_invocation");
    let pattern = if is_plain { with_braces(&message, rest, text) } else { message };
    let known = known.or_else(|| object.split(['.', '(']).find_map(level));
    Some(Said::log(known, pattern))
}

/// Makes holes of the `{}` in the literal parts.
fn with_braces(message: &Pattern, rest: &[Node<'_>], text: &str) -> Pattern {
    let mut names = value_names(rest, text);
    let mut pattern = Pattern::default();
    for piece in message.pieces() {
        match piece {
            crate::statements::Piece::Value(name) => pattern.push_value(name),
            crate::statements::Piece::Text(literal) => {
                let expanded = expand(literal, Style::EmptyBraces, &names);
                let n_taken = expanded.names().count();
                names.drain(..n_taken.min(names.len()));
                pattern.push(&expanded);
            }
        }
    }
    pattern
}

fn formatted(args: &[Node<'_>], text: &str) -> Option<Pattern> {
    let (format_idx, format) =
        args.iter().take(2).enumerate().find_map(|(idx, arg)| Some((idx, read(*arg, text, 0)?)))?;
    let literal: String = format.texts().collect();
    let rest = args.get(format_idx + 1..).unwrap_or_default();
    let pattern = expand(&literal.replace("%n", "\n"), Style::Percent, &value_names(rest, text));
    Some(pattern)
}

/// Reads an expression that gives text with words of its own.
fn read(node: Node<'_>, text: &str, depth: usize) -> Option<Pattern> {
    if depth > MAX_DEPTH {
        return None;
    }
    let pattern = match node.kind() {
        "string_literal" => {
            let literal = slice(node, text);
            let is_block = literal.starts_with("\"\"\"");
            let quotes = if is_block { 3 } else { 1 };
            let end = literal.len().saturating_sub(quotes);
            Pattern::text(&unescape(literal.get(quotes..end).unwrap_or_default()))
        }
        "parenthesized_expression" => read(node.named_child(0)?, text, depth + 1)?,
        "binary_expression" if field(node, "operator", text) == "+" => {
            let mut pattern = Pattern::default();
            for side in ["left", "right"] {
                let side = node.child_by_field_name(side)?;
                push_read(&mut pattern, read(side, text, depth + 1), side, text);
            }
            pattern
        }
        "method_invocation" => match (field(node, "object", text), field(node, "name", text)) {
            ("String", "format") => formatted(&arguments(node), text)?,
            (_, "formatted") => {
                let format = read(node.child_by_field_name("object")?, text, depth + 1)?;
                let literal: String = format.texts().collect();
                expand(&literal, Style::Percent, &value_names(&arguments(node), text))
            }
            _ => return None,
        },
        // `() -> "..."`: the suppliers that loggers take.
        "lambda_expression" => read(node.child_by_field_name("body")?, text, depth + 1)?,
        _ => return None,
    };
    pattern.with_text()
}
