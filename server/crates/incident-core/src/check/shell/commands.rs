//! Commands out of shell text, by the shell's own grammar: pipelines, substitutions and wrappers
//! such as `sudo` included.

use tree_sitter::{Node, Parser};

use crate::problem::Problem;
use crate::text::{LineCol, LineIndex};

/// One simple command: the program's name first. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) words: Vec<Word>,
    /// What stands on its standard input, where the text says so.
    pub(super) heredoc: String,
}

/// One word of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Without quotes; `None` where the shell would put something in.
    pub(super) text: Option<String>,
    /// As written.
    pub(super) written: String,
    pub(super) start: LineCol,
    pub(super) end: LineCol,
}

impl Command {
    /// Returns the command on one line, cut when long.
    pub(super) fn shown(&self) -> String {
        let written: Vec<&str> = self.words.iter().map(|word| word.written.as_str()).collect();
        let joined = written.join(" ").replace('\n', " ");
        match joined.char_indices().nth(80) {
            Some((cut, _)) => format!("{}…", joined.get(..cut).unwrap_or_default()),
            None => joined,
        }
    }

    /// Returns the words that are known, without the program.
    pub(super) fn args(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).filter_map(|word| word.text.as_deref())
    }
}

/// Deeper nesting is not looked into.
const MAX_DEPTH: usize = 100;
/// A text with more commands is checked up to here.
const MAX_COMMANDS: usize = 5000;

/// Returns the commands of `text` in order.
pub(super) fn parse(text: &str) -> (Vec<Command>, Vec<Problem>) {
    let text = without_prompts(text);
    let mut parser = Parser::new();
    let language = tree_sitter_bash::LANGUAGE.into();
    let tree = match parser.set_language(&language) {
        Ok(()) => parser.parse(&text, None),
        Err(_) => None,
    };
    let Some(tree) = tree else {
        return (Vec::new(), vec![Problem::error("the shell grammar could not be loaded")]);
    };
    let lines = LineIndex::new(&text);
    let mut commands = Vec::new();
    let mut pending = vec![(tree.root_node(), 0usize)];
    while let Some((node, depth)) = pending.pop() {
        if depth > MAX_DEPTH || commands.len() >= MAX_COMMANDS {
            continue;
        }
        if node.kind() == "command" {
            let words = words(node, &text, &lines);
            let heredoc = heredoc(node, &text);
            commands.extend(unwrap(words).map(|words| Command { words, heredoc: heredoc.clone() }));
        }
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        pending.extend(children.into_iter().rev().map(|child| (child, depth + 1)));
    }
    (commands, Vec::new())
}

/// Blanks the prompt of a copied session: `$ cmd`, `# cmd` is a comment and stays one.
fn without_prompts(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        match line.get(indent..) {
            Some(rest) if rest.starts_with("$ ") || rest.starts_with("% ") => {
                plain.push_str(line.get(..indent).unwrap_or_default());
                plain.push(' ');
                plain.push_str(rest.get(1..).unwrap_or_default());
            }
            _ => plain.push_str(line),
        }
    }
    plain
}

fn words(command: Node<'_>, text: &str, lines: &LineIndex) -> Vec<Word> {
    let mut cursor = command.walk();
    let mut words = Vec::new();
    for child in command.named_children(&mut cursor) {
        let is_word = !matches!(
            child.kind(),
            "variable_assignment" | "file_redirect" | "heredoc_redirect" | "herestring_redirect"
        );
        if !is_word {
            continue;
        }
        let written = child.utf8_text(text.as_bytes()).unwrap_or_default().to_owned();
        let value = match child.kind() {
            "command_name" => child.named_child(0).and_then(|inner| value(inner, text, 0)),
            _ => value(child, text, 0),
        };
        words.push(Word {
            text: value,
            written,
            start: lines.line_col(child.start_byte()),
            end: lines.line_col(child.end_byte()),
        });
    }
    words
}

/// Returns what the shell makes of a word; `None` where that depends on more than the text.
fn value(node: Node<'_>, text: &str, depth: usize) -> Option<String> {
    let raw = node.utf8_text(text.as_bytes()).ok()?;
    match node.kind() {
        "word" | "number" | "variable_name" | "brace_expression" | "test_operator" => {
            let mut plain = String::with_capacity(raw.len());
            let mut chars = raw.chars();
            while let Some(c) = chars.next() {
                if c == '\\' {
                    plain.extend(chars.next().filter(|c| *c != '\n'));
                } else {
                    plain.push(c);
                }
            }
            Some(plain)
        }
        "raw_string" => Some(raw.trim_matches('\'').to_owned()),
        "string" | "concatenation" if depth < 8 => {
            let mut plain = String::new();
            let mut cursor = node.walk();
            for child in node.named_children(&mut cursor) {
                match child.kind() {
                    "string_content" => plain.push_str(child.utf8_text(text.as_bytes()).ok()?),
                    _ => plain.push_str(&value(child, text, depth + 1)?),
                }
            }
            // An unnamed leftover, such as `{}` in a concatenation, is text as it stands.
            if plain.is_empty() && node.named_child_count() == 0 {
                return Some(raw.trim_matches('"').to_owned());
            }
            Some(plain)
        }
        _ => None,
    }
}

/// Returns the here-document or here-string of a command.
fn heredoc(command: Node<'_>, text: &str) -> String {
    let mut found = String::new();
    let around = [Some(command), command.parent().filter(|it| it.kind() == "redirected_statement")];
    for node in around.into_iter().flatten() {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            if matches!(child.kind(), "heredoc_redirect" | "herestring_redirect") {
                found.push_str(child.utf8_text(text.as_bytes()).unwrap_or_default());
            }
        }
    }
    found
}

/// Returns the name of a program without its folder.
pub(super) fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// Programs that run the rest of their words as another command, with their flags that take a
/// value.
const WRAPPERS: &[(&str, &[&str])] = &[
    (
        "sudo",
        &["-u", "-g", "-h", "-p", "-C", "-T", "-r", "-t", "-U", "-D", "-R", "--user", "--group"],
    ),
    ("doas", &["-u", "-C"]),
    ("nohup", &[]),
    ("time", &["-f", "-o"]),
    ("command", &[]),
    ("exec", &["-a"]),
    ("nice", &["-n"]),
    ("ionice", &["-c", "-n", "-p"]),
    ("env", &["-u", "-C", "-S"]),
    ("timeout", &["-s", "-k", "--signal", "--kill-after"]),
    ("stdbuf", &["-i", "-o", "-e"]),
];

/// Returns the command itself and, for a wrapper, the command in it as well.
fn unwrap(words: Vec<Word>) -> impl Iterator<Item = Vec<Word>> {
    let mut all = Vec::new();
    let mut words = words;
    for _depth in 0..4 {
        let name = words.first().and_then(|word| word.text.as_deref()).map(base_name);
        let wrapper = WRAPPERS.iter().find(|(wrapper, _)| name == Some(*wrapper));
        let Some((wrapper, with_value)) = wrapper else { break };
        let mut at = 1;
        while let Some(text) = words.get(at).and_then(|word| word.text.as_deref()) {
            let is_setting = *wrapper == "env" && text.contains('=');
            if with_value.contains(&text) {
                at += 2;
            } else if text.starts_with('-') || is_setting {
                at += 1;
            } else {
                break;
            }
        }
        // `timeout 5 cmd`: the first operand is its own.
        at += usize::from(*wrapper == "timeout");
        let inner = words.split_off(at.min(words.len()));
        all.push(std::mem::replace(&mut words, inner));
    }
    all.push(words);
    all.into_iter().filter(|words| !words.is_empty())
}
