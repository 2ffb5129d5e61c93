//! Python: `logging` and its like, `print`, raised exceptions; `%`, `format`, f-strings.

use tree_sitter::Node;

use super::names::{is_error_type, is_logger, level};
use super::tree::{
    MAX_DEPTH, arguments, collect, field, named, object, push_read, slice, value_names,
};
use super::{Pattern, Said};
use crate::statements::format::{Style, expand, unescape};
use crate::statements::{Statement, StatementKind};

/// Returns the statements of one file.
pub(super) fn statements(text: &str) -> Vec<Statement> {
    let logger = module_logger(text);
    let language = tree_sitter_python::LANGUAGE.into();
    collect(text, &language, &["function_definition"], |node, around| match node.kind() {
        "call" => {
            let is_raised = around.last().is_some_and(|it| it.kind() == "raise_statement");
            let mut said = (!is_raised).then(|| call(node, text)).flatten()?;
            if said.kind == StatementKind::Log {
                said.logger.clone_from(&logger);
            }
            Some(said)
        }
        "raise_statement" => {
            let raised = node.named_child(0).filter(|it| it.kind() == "call")?;
            raised_error(raised, field(raised, "function", text), text)
        }
        "assert_statement" => {
            let message = read(node.named_child(1)?, text, 0)?;
            Some(Said::error("AssertionError", message))
        }
        _ => None,
    })
}

/// Returns the name in `getLogger("..")`, where the file names exactly one.
fn module_logger(text: &str) -> Option<String> {
    let mut names = text.split("getLogger(").skip(1).filter_map(|rest| {
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        rest.get(1..)?.split(quote).next()
    });
    let name = names.next()?;
    names.all(|other| other == name).then(|| name.to_owned())
}

fn call(node: Node<'_>, text: &str) -> Option<Said> {
    let callee = node.child_by_field_name("function")?;
    let args = arguments(node);
    if callee.kind() == "identifier" {
        let name = slice(callee, text);
        return match name {
            "print" => Some(Said::new(StatementKind::Print, printed(&args, text)?)),
            "log" | "fail" | "abort" => logged(None, &args, text),
            _ if is_error_type(name) => raised_error(node, name, text),
            _ => None,
        };
    }
    let method = field(callee, "attribute", text);
    let object = object(callee, "object", text);
    if matches!(object, "sys.stderr" | "sys.stdout") && method == "write" || method == "echo" {
        return Some(Said::new(StatementKind::Print, read(*args.first()?, text, 0)?));
    }
    if is_error_type(method) {
        return raised_error(node, method, text);
    }
    let known = level(method);
    let also = is_logger(object) && matches!(method, "log" | "msg");
    (known.is_some() || also).then(|| logged(known, &args, text)).flatten()
}

fn raised_error(call: Node<'_>, name: &str, text: &str) -> Option<Said> {
    let message = arguments(call).into_iter().find_map(|arg| match arg.kind() {
        "keyword_argument" => {
            let value = arg.child_by_field_name("value")?;
            matches!(field(arg, "name", text), "message" | "msg" | "detail" | "reason")
                .then(|| read(value, text, 0))?
        }
        _ => read(arg, text, 0),
    })?;
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_error = is_error_type(name) || last.starts_with(|c: char| c.is_uppercase());
    is_error.then(|| Said::error(last, message))
}

/// `log.info("message %s", value, extra={..})`, `log.log(WARNING, "..")`, `log.info("..", key=1)`.
fn logged(level: Option<&'static str>, args: &[Node<'_>], text: &str) -> Option<Said> {
    let is_positional = |arg: &&Node<'_>| arg.kind() != "keyword_argument";
    let positional: Vec<Node<'_>> = args.iter().filter(is_positional).copied().collect();
    let (message_idx, message) = positional
        .iter()
        .take(2)
        .enumerate()
        .find_map(|(idx, arg)| Some((idx, read(*arg, text, 0)?)))?;
    let rest = positional.get(message_idx + 1..).unwrap_or_default();
    let is_format = positional.get(message_idx).is_some_and(is_plain_string);
    let pattern = if rest.is_empty() || !is_format {
        message
    } else {
        // `logging` formats with `%`, loguru with braces.
        let literal: String = message.texts().collect();
        expand(&literal, Style::PercentOrBraces, &value_names(rest, text))
    };
    let mut said = Said::log(level, pattern);
    for arg in args.iter().filter(|arg| arg.kind() == "keyword_argument") {
        let value = arg.child_by_field_name("value");
        match (field(*arg, "name", text), value) {
            ("exc_info" | "stack_info" | "stacklevel", _) => {}
            ("extra", Some(value)) if value.kind() == "dictionary" => {
                let keys = named(value).into_iter().map(|pair| field(pair, "key", text));
                said.fields.extend(keys.map(|key| key.trim_matches(['"', '\'']).to_owned()));
            }
            (name, _) => said.fields.push(name.to_owned()),
        }
    }
    Some(said)
}

fn is_plain_string(node: &Node<'_>) -> bool {
    matches!(node.kind(), "string" | "concatenated_string" | "parenthesized_expression")
}

/// `print` joins its arguments with blanks.
fn printed(args: &[Node<'_>], text: &str) -> Option<Pattern> {
    let mut pattern = Pattern::default();
    let mut has_text = false;
    for (arg_idx, arg) in args.iter().filter(|arg| arg.kind() != "keyword_argument").enumerate() {
        if arg_idx > 0 {
            pattern.push_text(" ");
        }
        let read = read(*arg, text, 0);
        has_text |= read.is_some();
        push_read(&mut pattern, read, *arg, text);
    }
    has_text.then_some(pattern)
}

/// Reads an expression that gives text with words of its own.
fn read(node: Node<'_>, text: &str, depth: usize) -> Option<Pattern> {
    if depth > MAX_DEPTH {
        return None;
    }
    let pattern = match node.kind() {
        "string" => string(node, text)?,
        "concatenated_string" => {
            let mut pattern = Pattern::default();
            for part in named(node) {
                push_read(&mut pattern, read(part, text, depth + 1), part, text);
            }
            pattern
        }
        "parenthesized_expression" => read(node.named_child(0)?, text, depth + 1)?,
        "binary_operator" => {
            let left = node.child_by_field_name("left")?;
            let right = node.child_by_field_name("right")?;
            match field(node, "operator", text) {
                "%" => {
                    let literal: String = read(left, text, depth + 1)?.texts().collect();
                    let values = if right.kind() == "tuple" { named(right) } else { vec![right] };
                    expand(&literal, Style::Percent, &value_names(&values, text))
                }
                "+" => {
                    let mut pattern = Pattern::default();
                    push_read(&mut pattern, read(left, text, depth + 1), left, text);
                    push_read(&mut pattern, read(right, text, depth + 1), right, text);
                    pattern
                }
                _ => return None,
            }
        }
        "call" => {
            let callee = node.child_by_field_name("function")?;
            let args = arguments(node);
            if field(callee, "attribute", text) == "format" {
                let format = read(callee.child_by_field_name("object")?, text, depth + 1)?;
                let literal: String = format.texts().collect();
                expand(&literal, Style::Braces, &value_names(&args, text))
            } else if matches!(slice(callee, text), "_" | "gettext" | "gettext_lazy" | "_lazy") {
                read(*args.first()?, text, depth + 1)?
            } else {
                return None;
            }
        }
        _ => return None,
    };
    pattern.with_text()
}

fn string(node: Node<'_>, text: &str) -> Option<Pattern> {
    let parts = named(node);
    let (start, end) = (parts.first()?, parts.last()?);
    let prefix = slice(*start, text).trim_end_matches(['"', '\'']).to_ascii_lowercase();
    let literal = |from: usize, to: usize| {
        let raw = text.get(from..to).unwrap_or_default();
        let plain = if prefix.contains('r') { raw.to_owned() } else { unescape(raw) };
        if prefix.contains(['f', 't']) {
            plain.replace("{{", "{").replace("}}", "}")
        } else {
            plain
        }
    };
    let mut pattern = Pattern::default();
    let mut at = start.end_byte();
    for part in parts.iter().filter(|part| part.kind() == "interpolation") {
        pattern.push_text(&literal(at, part.start_byte()));
        let name = part.child_by_field_name("expression").map_or("", |it| slice(it, text));
        pattern.push_value(name);
        at = part.end_byte();
    }
    pattern.push_text(&literal(at, end.start_byte()));
    Some(pattern)
}
