//! Chains of errors: what stands under `Caused by:`, and the branches that miette draws.

use super::super::unwrap::Line;
use crate::text::ByteSpan;

/// Links beyond this number say no more.
const MAX_LINKS: usize = 256;

/// One error of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) text: String,
    pub(super) span: ByteSpan,
}

/// A chain that is being read.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) links: Vec<Link>,
    style: Style,
    after_blank: bool,
}

/// How the links are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Indented under a heading; numbered where there are several.
    Indented,
    /// `├─▶` and `╰─▶`.
    Branches,
}

impl Chain {
    pub(super) fn new(style: Style) -> Self {
        Self { links: Vec::new(), style, after_blank: false }
    }

    /// Adds a link that was read already.
    pub(super) fn push(&mut self, text: &str, span: ByteSpan) {
        if self.links.len() < MAX_LINKS {
            self.links.push(Link { text: text.to_owned(), span });
        }
    }

    /// Takes `line` if it belongs to the chain.
    pub(super) fn take(&mut self, line: &Line<'_>) -> bool {
        match self.style {
            Style::Indented => self.take_indented(line),
            Style::Branches => self.take_branch(line),
        }
    }

    fn take_indented(&mut self, line: &Line<'_>) -> bool {
        let body = line.body();
        let text = body.trim();
        if text.is_empty() {
            self.after_blank = true;
            return true;
        }
        // Trees of files and lines that some reports draw under each error.
        let is_detail = ["|--", "`--", "# "].iter().any(|mark| text.starts_with(mark));
        if is_detail || text.trim_start_matches("ERROR: ").bytes().all(|byte| byte == b'.') {
            return true;
        }
        let is_indented = body.starts_with([' ', '\t']);
        let after_blank = std::mem::take(&mut self.after_blank);
        if let Some(numbered) = strip_number(text)
            && (is_indented || self.links.is_empty())
        {
            self.push(numbered, line.span_of(numbered));
            return true;
        }
        if self.links.is_empty() {
            if !is_indented && after_blank {
                return false;
            }
            self.push(text, line.span_of(text));
            return true;
        }
        if !is_indented || after_blank {
            return false;
        }
        self.append(text, "\n", line.span_of(text));
        true
    }

    fn take_branch(&mut self, line: &Line<'_>) -> bool {
        let body = line.body();
        if let Some(text) = branch(body) {
            self.push(text, line.span_of(text));
            return true;
        }
        let text = body.trim_start_matches(|c: char| c.is_whitespace() || c == '│').trim_end();
        let is_rest = body.starts_with("    ") || body.trim_start().starts_with('│');
        if text.is_empty() || !is_rest || text.starts_with("help:") || text.starts_with("url:") {
            return false;
        }
        // The report was wrapped to the terminal's width, at blanks where there are any.
        let is_path = self.links.last().is_some_and(|link| {
            link.text.starts_with("at ") && !link.text.trim_start_matches("at ").contains(' ')
        });
        let separator = if is_path { "" } else { " " };
        self.append(text, separator, line.span_of(text));
        true
    }

    fn append(&mut self, text: &str, separator: &str, span: ByteSpan) {
        const MAX_TEXT: usize = 64 * 1024;
        if let Some(last) = self.links.last_mut()
            && last.text.len() + text.len() < MAX_TEXT
        {
            last.text.push_str(separator);
            last.text.push_str(text);
            last.span = ByteSpan::new(last.span.start, span.end);
        }
    }
}

/// Reads `├─▶ text` and `╰─▶ text`, also in their ASCII forms.
pub(super) fn branch(body: &str) -> Option<&str> {
    let text = body.trim_start();
    ["├─▶ ", "╰─▶ ", "|-> ", "`-> ", "├── ", "╰── ", "└─▶ "]
        .iter()
        .find_map(|mark| text.strip_prefix(mark))
        .map(str::trim_end)
}

/// Reads the text behind `Caused by:`, in whatever case; empty where it stands alone.
pub(super) fn caused_by(body: &str) -> Option<&str> {
    let text = body.trim();
    let (head, rest) = text.split_at_checked("caused by:".len())?;
    head.eq_ignore_ascii_case("caused by:").then(|| rest.trim())
}

/// Reads `Error: text` at the start of a line; progress bars may stand before it.
pub(super) fn error_head(body: &str) -> Option<&str> {
    let text = body.trim_end();
    if let Some(rest) = text.trim_start().strip_prefix("Error:") {
        return Some(rest.trim()).filter(|_| rest.is_empty() || rest.starts_with([' ', '\t']));
    }
    let head = text.strip_suffix("Error:")?;
    head.ends_with(|c: char| !c.is_alphanumeric() && c != '_').then_some("")
}

/// Reads the message behind `×`, with which miette starts a report.
pub(super) fn cross(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix("× ").map(str::trim)
}

fn strip_number(text: &str) -> Option<&str> {
    let n_digits = text.bytes().take(4).take_while(u8::is_ascii_digit).count();
    let rest = text.get(n_digits..)?.strip_prefix(':')?;
    (n_digits > 0).then(|| rest.trim())
}
