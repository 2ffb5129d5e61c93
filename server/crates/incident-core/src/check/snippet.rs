//! What may be checked: a snippet, a file, a unified diff, Markdown with fences.
//!
//! Each becomes parts of one language in which every byte keeps its line and column: what does not
//! belong is blanked out, so that places need no translation.

use tree_sitter::{Node, Parser, Tree};

use crate::api::{CrateApi, ItemId, SnippetScope, index_snippet};
use crate::cancel::Cancel;
use crate::problem::Problem;
use crate::text::{ByteSpan, LineIndex};

use super::Language;

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SnippetKind {
    /// A few lines of one language, or a whole file.
    Code(Language),
    /// A unified diff; only added lines are checked.
    Diff,
    /// Markdown; fenced blocks are checked.
    Markdown,
}

impl SnippetKind {
    /// Tells the kind of a text from its first lines.
    pub fn of(text: &str) -> Self {
        let mut has_fence = false;
        let mut has_old_name = false;
        for line in text.lines().take(4000) {
            if line.starts_with("diff --git ") || (has_old_name && line.starts_with("+++ ")) {
                return Self::Diff;
            }
            if line.starts_with("@@ -") && line[4..].contains(" @@") {
                return Self::Diff;
            }
            has_old_name = line.starts_with("--- ");
            has_fence |= line.trim_start().starts_with("```");
        }
        if has_fence { Self::Markdown } else { Self::Code(Language::Rust) }
    }
}

/// A text to check, cut into parts.
#[derive(Clone, Debug, Default)]
pub struct Snippet {
    pub(crate) parts: Vec<Part>,
    pub(crate) others: Vec<OtherPart>,
    pub(crate) problems: Vec<Problem>,
}

/// Rust text that stands by itself.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// As long as the whole input; what does not belong is blank.
    pub(crate) text: String,
    pub(crate) tree: Tree,
    pub(crate) lines: LineIndex,
    /// Lines whose references are told; `None` for all.
    pub(crate) told: Option<Vec<bool>>,
    /// The text is cut out of a file: names may come from what is not seen.
    pub(crate) is_cut: bool,
    /// All identifiers, sorted.
    pub(crate) words: Vec<String>,
    pub(crate) scopes: Vec<(ByteSpan, SnippetScope)>,
}

/// Text of another language that stands by itself.
#[derive(Clone, Debug)]
pub struct OtherPart {
    /// What it is written in.
    pub language: Language,
    /// As long as the whole input; what does not belong is blank.
    pub text: String,
    /// Lines whose references are told; `None` for all.
    told: Option<Vec<bool>>,
    /// The text is cut out of a file: names may come from what is not seen.
    pub is_cut: bool,
}

impl OtherPart {
    /// Says whether a reference on this line, from 1, is told.
    pub fn is_told(&self, line: u32) -> bool {
        let Some(told) = &self.told else { return true };
        told.get((line as usize).saturating_sub(1)).copied().unwrap_or(false)
    }
}

/// Inputs beyond this are not checked.
const MAX_BYTES: usize = 4 << 20;
/// Blocks nested deeper than this are not checked.
pub(crate) const MAX_DEPTH: usize = 150;

/// Cuts `text` into the parts that can be checked.
pub fn parse_snippet(text: &str, kind: SnippetKind) -> Snippet {
    let mut snippet = Snippet::default();
    if text.len() > MAX_BYTES {
        let message = format!("the text has {} bytes; up to {MAX_BYTES} are checked", text.len());
        snippet.problems.push(Problem::warning(message));
        return snippet;
    }
    match kind {
        SnippetKind::Code(language) => snippet.add(language, text.to_owned(), None, false),
        SnippetKind::Markdown => markdown_parts(text, &mut snippet),
        SnippetKind::Diff => diff_parts(text, &mut snippet),
    }
    snippet
}

impl Snippet {
    /// Returns the parts that are not Rust.
    pub fn others(&self) -> &[OtherPart] {
        &self.others
    }

    /// Says that no part is Rust, so that no crate is needed.
    pub fn is_without_rust(&self) -> bool {
        self.parts.is_empty()
    }

    fn add(&mut self, language: Language, text: String, told: Option<Vec<bool>>, is_cut: bool) {
        match language {
            Language::Rust => self.add_rust(text, told, is_cut),
            _ => self.others.push(OtherPart { language, text, told, is_cut }),
        }
    }

    fn add_rust(&mut self, text: String, told: Option<Vec<bool>>, is_cut: bool) {
        let mut parser = Parser::new();
        let language = tree_sitter_rust::LANGUAGE.into();
        let tree = match parser.set_language(&language) {
            Ok(()) => parser.parse(&text, None),
            Err(_) => None,
        };
        let Some(tree) = tree else {
            self.problems.push(Problem::error("the Rust grammar could not be loaded"));
            return;
        };
        let mut words: Vec<String> = crate::api::tokens::tokenize(&text)
            .into_iter()
            .filter(|token| token.kind == crate::api::tokens::TokenKind::Ident)
            .map(|token| token.text.to_owned())
            .collect();
        words.sort();
        words.dedup();
        let scopes = collect_scopes(&tree, &text);
        let lines = LineIndex::new(&text);
        self.parts.push(Part { text, tree, lines, told, is_cut, words, scopes });
    }
}

impl Part {
    /// Returns the snippet's own items and, for each of `scopes`, its module.
    pub(crate) fn index(&self, edition: u16, cancel: &Cancel) -> (CrateApi, Vec<ItemId>) {
        let scopes: Vec<SnippetScope> =
            self.scopes.iter().map(|(_, scope)| scope.clone()).collect();
        index_snippet(&self.text, &scopes, edition, cancel)
    }

    /// Says whether a reference at this place is told.
    pub(crate) fn is_told(&self, offset: usize) -> bool {
        let Some(told) = &self.told else { return true };
        let line = self.lines.line_col(offset).line as usize;
        told.get(line.saturating_sub(1)).copied().unwrap_or(false)
    }
}

/// Finds modules and blocks with the items in each, the root first.
fn collect_scopes(tree: &Tree, text: &str) -> Vec<(ByteSpan, SnippetScope)> {
    let root = tree.root_node();
    let mut scopes = vec![(
        ByteSpan::new(0, text.len()),
        SnippetScope { module_name: Some(String::new()), ..SnippetScope::default() },
    )];
    let mut pending = vec![(root, 0usize, 0usize)];
    while let Some((node, scope, depth)) = pending.pop() {
        if depth > MAX_DEPTH {
            continue;
        }
        let mut cursor = node.walk();
        let mut attributes: Option<usize> = None;
        for child in node.named_children(&mut cursor) {
            let span = ByteSpan::new(child.start_byte(), child.end_byte());
            let start = attributes.unwrap_or(span.start);
            match child.kind() {
                "attribute_item" => {
                    attributes.get_or_insert(span.start);
                    continue;
                }
                "line_comment" | "block_comment" => continue,
                "mod_item" if child.child_by_field_name("body").is_some() => {
                    let name = child
                        .child_by_field_name("name")
                        .and_then(|name| name.utf8_text(text.as_bytes()).ok());
                    let module_name = Some(name.unwrap_or_default().to_owned());
                    scopes.push((
                        span,
                        SnippetScope { parent: scope, module_name, items: Vec::new() },
                    ));
                    if let Some(body) = child.child_by_field_name("body") {
                        pending.push((body, scopes.len() - 1, depth + 1));
                    }
                }
                kind => {
                    if is_item(kind) && is_scope(node) {
                        scopes[scope].1.items.push(ByteSpan::new(start, span.end));
                    }
                    let inner = if kind == "block" && has_items(child) {
                        let parent = scope;
                        scopes.push((span, SnippetScope { parent, ..SnippetScope::default() }));
                        scopes.len() - 1
                    } else {
                        scope
                    };
                    pending.push((child, inner, depth + 1));
                }
            }
            attributes = None;
        }
    }
    scopes
}

/// Says whether items right in `node` are names of a module or a block; those of an impl are not.
fn is_scope(node: Node<'_>) -> bool {
    match node.kind() {
        "source_file" | "block" => true,
        "declaration_list" => node.parent().is_some_and(|parent| parent.kind() == "mod_item"),
        _ => false,
    }
}

fn has_items(block: Node<'_>) -> bool {
    let mut cursor = block.walk();
    block.named_children(&mut cursor).any(|child| is_item(child.kind()))
}

fn is_item(kind: &str) -> bool {
    matches!(
        kind,
        "use_declaration"
            | "extern_crate_declaration"
            | "function_item"
            | "function_signature_item"
            | "struct_item"
            | "enum_item"
            | "union_item"
            | "trait_item"
            | "impl_item"
            | "type_item"
            | "const_item"
            | "static_item"
            | "mod_item"
            | "macro_definition"
            | "foreign_mod_item"
    )
}

/// One part for each fenced block of Rust.
fn markdown_parts(text: &str, snippet: &mut Snippet) {
    let mut fence: Option<(usize, &str, usize)> = None;
    let mut at = 0;
    let mut other_languages: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let trimmed = line.trim_start_matches([' ', '>']);
        let n_ticks = trimmed.bytes().take_while(|byte| *byte == b'`').count();
        let info = trimmed.get(n_ticks..).unwrap_or_default().trim();
        match fence {
            None if n_ticks >= 3 => fence = Some((n_ticks, info, at)),
            Some((n_open, info_open, body)) if n_ticks >= n_open && info.is_empty() => {
                add_fence(
                    text,
                    info_open,
                    ByteSpan::new(body, start),
                    snippet,
                    &mut other_languages,
                );
                fence = None;
            }
            _ => {}
        }
    }
    if let Some((_, info, body)) = fence {
        add_fence(text, info, ByteSpan::new(body, text.len()), snippet, &mut other_languages);
    }
    other_languages.sort();
    other_languages.dedup();
    for language in other_languages {
        let message = format!("blocks marked `{language}` are not checked yet");
        snippet.problems.push(Problem::info(message));
    }
}

fn add_fence(
    text: &str,
    info: &str,
    body: ByteSpan,
    snippet: &mut Snippet,
    other_languages: &mut Vec<String>,
) {
    let language = info.split([',', ' ', '{']).next().unwrap_or_default();
    match language {
        "" => snippet.add(Language::Rust, blank_outside(text, body), None, false),
        "diff" | "patch" => {
            diff_parts(&blank_outside(text, body), snippet);
        }
        other => match Language::named(other) {
            Some(language) => snippet.add(language, blank_outside(text, body), None, false),
            None => {
                // Shown to a person as it stands, so without what an editor would act on.
                let shown: String = other.chars().filter(|c| !c.is_control()).take(20).collect();
                other_languages.push(shown);
            }
        },
    }
}

/// Returns `text` with all but `kept` and the line ends blanked.
fn blank_outside(text: &str, kept: ByteSpan) -> String {
    let mut blanked = String::with_capacity(text.len());
    blanked.extend(text.bytes().take(kept.start).map(blank));
    blanked.push_str(kept.slice(text).unwrap_or_default());
    blanked.extend(text.bytes().skip(kept.end).map(blank));
    blanked
}

fn blank(byte: u8) -> char {
    if byte == b'\n' { '\n' } else { ' ' }
}

/// One part for each file of the diff whose language is known: context and added lines, the added ones told.
fn diff_parts(text: &str, snippet: &mut Snippet) {
    let mut part = String::with_capacity(text.len());
    let mut told = Vec::new();
    // A diff without file names is taken for one of Rust.
    let mut language = Some(Language::Rust);
    // Lines of the current hunk that are still to come, on the old and the new side.
    let mut left = (0usize, 0usize);
    let finish = |language, part: &mut String, told: &mut Vec<bool>, snippet: &mut Snippet| {
        if let Some(language) = language
            && told.contains(&true)
        {
            snippet.add(language, part.clone(), Some(told.clone()), true);
        }
        *part = part.bytes().map(blank).collect();
        told.iter_mut().for_each(|line| *line = false);
    };
    for line in text.split_inclusive('\n') {
        let in_hunk = left.0 > 0 || left.1 > 0;
        let mut kept = false;
        let mut is_added = false;
        match line.as_bytes().first() {
            Some(b'+') if in_hunk => {
                left.1 = left.1.saturating_sub(1);
                kept = language.is_some();
                is_added = kept;
            }
            Some(b'-') if in_hunk => left.0 = left.0.saturating_sub(1),
            Some(b'\\') => {}
            Some(_) if in_hunk && !line.starts_with("@@ ") => {
                left = (left.0.saturating_sub(1), left.1.saturating_sub(1));
                kept = language.is_some();
            }
            _ if line.starts_with("+++ ") => {
                finish(language, &mut part, &mut told, snippet);
                let path = line[4..].split('\t').next().unwrap_or_default().trim();
                language = Language::of_file(path);
            }
            _ if line.starts_with("@@ ") => left = hunk_lengths(line),
            _ => {}
        }
        if kept && line.is_char_boundary(1) {
            part.push(if line.starts_with('\n') { '\n' } else { ' ' });
            part.push_str(line.get(1..).unwrap_or_default());
        } else {
            part.extend(line.bytes().map(blank));
        }
        told.push(is_added);
    }
    finish(language, &mut part, &mut told, snippet);
}

/// Reads `@@ -1,7 +1,9 @@`; a length that is left out is 1.
fn hunk_lengths(line: &str) -> (usize, usize) {
    let length = |sign: char| {
        let range = line.split(' ').find_map(|word| word.strip_prefix(sign))?;
        match range.split_once(',') {
            Some((_, length)) => length.parse().ok(),
            None => Some(1),
        }
    };
    (length('-').unwrap_or(0), length('+').unwrap_or(0))
}
