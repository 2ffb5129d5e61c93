//! Blocks of a Notion page, as its API answers them, written out as Markdown.
//!
//! Source: <https://developers.notion.com/reference/block>.

use serde_json::Value;

use super::json::{list, string};

/// One block and where it stands on its page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    /// Its number among its siblings, after those of the blocks around it. Never empty.
    place: Vec<usize>,
    /// Its Markdown, without a line end; may have several lines.
    text: String,
}

impl Block {
    /// Reads one block; `None` where it has been thrown away or shows nothing.
    pub fn from_json(value: &Value, place: Vec<usize>) -> Option<Self> {
        let is = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
        if is("in_trash") || is("archived") || place.is_empty() {
            return None;
        }
        let kind = string(value, "type")?;
        let body = value.get(&kind)?;
        let text = rich_text(list(body, "rich_text"));
        let text = match kind.as_str() {
            "heading_1" => format!("# {text}"),
            "heading_2" => format!("## {text}"),
            "heading_3" => format!("### {text}"),
            "bulleted_list_item" | "toggle" => format!("- {text}"),
            "numbered_list_item" => format!("1. {text}"),
            "to_do" => {
                let is_done = body.get("checked").and_then(Value::as_bool).unwrap_or(false);
                format!("- [{}] {text}", if is_done { 'x' } else { ' ' })
            }
            "quote" | "callout" => format!("> {}", text.replace('\n', "\n> ")),
            "code" => {
                let language = string(body, "language").unwrap_or_default();
                let language: String =
                    language.chars().filter(char::is_ascii_alphanumeric).collect();
                format!("```{language}\n{}\n```", plain_text(list(body, "rich_text")))
            }
            "table_row" => {
                let cells = list(body, "cells").iter();
                let cells = cells
                    .map(|cell| rich_text(cell.as_array().map(Vec::as_slice).unwrap_or_default()));
                format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
            }
            "child_page" | "child_database" => format!("- {}", string(body, "title")?),
            "bookmark" | "embed" | "link_preview" => string(body, "url")?,
            "divider" => "---".to_owned(),
            _ => text,
        };
        (!text.is_empty()).then_some(Self { place, text })
    }
}

/// Writes blocks out in the page's order; what lies below another is indented.
///
/// A code block stays at the margin: a trace in it is read by its columns.
pub fn markdown(mut blocks: Vec<Block>) -> String {
    blocks.sort();
    let mut out = String::new();
    for block in &blocks {
        let depth = if block.text.starts_with("```") { 0 } else { block.place.len() - 1 };
        for line in block.text.lines() {
            out.extend(std::iter::repeat_n("  ", depth));
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Returns rich text with its links and code marks.
fn rich_text(pieces: &[Value]) -> String {
    let marked = pieces.iter().filter_map(|piece| {
        let text = string(piece, "plain_text")?;
        let is_code = piece.pointer("/annotations/code").and_then(Value::as_bool).unwrap_or(false);
        Some(match string(piece, "href") {
            Some(href) if href != text => format!("[{text}]({href})"),
            _ if is_code => format!("`{text}`"),
            _ => text,
        })
    });
    marked.collect()
}

fn plain_text(pieces: &[Value]) -> String {
    pieces.iter().filter_map(|piece| piece.get("plain_text")?.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(text: &str) -> Value {
        json!([{"type": "text", "plain_text": text, "href": null, "annotations": {"code": false}}])
    }

    #[test]
    fn blocks_become_markdown_in_the_order_of_the_page() {
        let blocks = [
            (json!({"type": "paragraph", "paragraph": {"rich_text": text("below")}}), vec![1, 0]),
            (json!({"type": "heading_2", "heading_2": {"rich_text": text("Mitigation")}}), vec![0]),
            (json!({"type": "toggle", "toggle": {"rich_text": text("open")}}), vec![1]),
            (
                json!({"type": "code", "code": {"rich_text": text("thread 'main' panicked\n  at x"), "language": "plain text"}}),
                vec![2],
            ),
            (
                json!({"type": "to_do", "to_do": {"rich_text": text("roll back"), "checked": true}}),
                vec![3],
            ),
            (
                json!({"type": "table_row", "table_row": {"cells": [text("a"), text("b")]}}),
                vec![4, 0],
            ),
            (
                json!({"type": "paragraph", "in_trash": true, "paragraph": {"rich_text": text("gone")}}),
                vec![5],
            ),
            (
                json!({"type": "paragraph", "paragraph": {"rich_text": [
                {"plain_text": "see ", "href": null}, {"plain_text": "the board", "href": "https://x.example/"},
                {"plain_text": " `", "annotations": {"code": true}}]}}),
                vec![6],
            ),
            (json!({"type": "unheard_of"}), vec![7]),
        ];
        let blocks =
            blocks.into_iter().filter_map(|(value, place)| Block::from_json(&value, place));
        assert_eq!(
            markdown(blocks.collect()),
            "## Mitigation\n- open\n  below\n```plaintext\nthread 'main' panicked\n  at x\n```\n\
             - [x] roll back\n  | a | b |\nsee [the board](https://x.example/)` ``\n"
        );
    }
}
