//! Notion: a page's blocks, level by level, written out as Markdown.
//!
//! Source: <https://developers.notion.com/reference/>.

use std::collections::VecDeque;

use incident_core::exports::notion::{self, Block};
use incident_core::input::RawInput;
use incident_core::problem::Problem;
use reqwest::Url;
use serde_json::Value;

use super::fetch::Fetcher;
use super::{LinkError, Loaded, segments};
use crate::message::plain;

const HEADERS: [(&str, &str); 1] = [("notion-version", "2022-06-28")];
/// More blocks than a page for people has.
const MAX_BLOCKS: usize = 5_000;
/// How deep blocks are read: lists in lists in toggles.
const MAX_DEPTH: usize = 8;

pub(super) fn load(url: &Url, fetcher: &mut Fetcher<'_>) -> Result<Loaded, LinkError> {
    let Some(page) = page_id(url) else {
        return Err(LinkError::NotThis(format!(
            "{} is no link to a page: it ends in the page's id, 32 hex digits",
            plain(url.as_str())
        )));
    };
    if !fetcher.service().has_token() {
        return Err(fetcher.closed("shows its pages to nobody without a token"));
    }
    let mut loaded = Loaded::default();
    let mut blocks: Vec<Block> = Vec::new();
    // A block's place among the blocks, so that what lies below one stands right after it.
    let mut waiting = VecDeque::from([(page, Vec::new())]);
    let mut is_cut = false;
    while let Some((holder, place)) = waiting.pop_front() {
        for (at, value) in children(fetcher, &holder)?.iter().enumerate() {
            if blocks.len() >= MAX_BLOCKS {
                is_cut = true;
                break;
            }
            let place: Vec<usize> = place.iter().copied().chain([at]).collect();
            let has_children = value.get("has_children").and_then(Value::as_bool).unwrap_or(false);
            // What lies on pages of its own is another link.
            let is_page = value
                .get("type")
                .and_then(Value::as_str)
                .is_some_and(|it| it.starts_with("child_"));
            if let Some(id) =
                value.get("id").and_then(Value::as_str).filter(|_| has_children && !is_page)
            {
                match place.len() < MAX_DEPTH {
                    true => waiting.push_back((id.to_owned(), place.clone())),
                    false => is_cut = true,
                }
            }
            blocks.extend(Block::from_json(value, place));
        }
    }
    if is_cut {
        let told = format!(
            "the page is larger than {MAX_BLOCKS} blocks or deeper than {MAX_DEPTH} levels, and \
             the rest was not read"
        );
        loaded.problems.push(Problem::warning(told).at(plain(url.as_str()), None));
    }
    let text = notion::markdown(blocks);
    loaded.inputs.push(RawInput { name: plain(url.as_str()), text });
    Ok(loaded)
}

/// Reads the blocks below one, page by page.
fn children(fetcher: &mut Fetcher<'_>, holder: &str) -> Result<Vec<Value>, LinkError> {
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut query = vec![("page_size", "100")];
        query.extend(cursor.as_deref().map(|cursor| ("start_cursor", cursor)));
        let asked = fetcher.api_url(&["v1", "blocks", holder, "children"], &query)?;
        let mut page = fetcher.json(&asked, &HEADERS, "a list of blocks")?.value;
        if let Some(Value::Array(results)) = page.get_mut("results").map(Value::take) {
            found.extend(results);
        }
        let has_more = page.get("has_more").and_then(Value::as_bool).unwrap_or(false);
        let next = page.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
        if !has_more || next.is_none() || next == cursor || found.len() >= MAX_BLOCKS {
            return Ok(found);
        }
        cursor = next;
    }
}

/// Returns the id at the end of a page's address, or the block that its fragment names.
fn page_id(url: &Url) -> Option<String> {
    let last = segments(url).last().copied()?;
    let digits: String = last.chars().filter(|c| *c != '-').collect();
    let start = digits.len().checked_sub(32)?;
    let id = digits.get(start..)?;
    id.bytes().all(|c| c.is_ascii_hexdigit()).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_ends_the_address() {
        let id = |link: &str| page_id(&Url::parse(link).unwrap());
        let wanted = Some("0123456789abcdef0123456789abcdef".to_owned());
        let page = "0123456789abcdef0123456789abcdef";
        assert_eq!(id(&format!("https://www.notion.so/acme/Pool-exhausted-{page}?pvs=4")), wanted);
        assert_eq!(id(&format!("https://acme.notion.site/{page}")), wanted);
        assert_eq!(id("https://notion.so/01234567-89ab-cdef-0123-456789abcdef"), wanted);
        assert_eq!(id("https://notion.so/acme/Pool-exhausted"), None);
        assert_eq!(id("https://notion.so/"), None);
    }
}
