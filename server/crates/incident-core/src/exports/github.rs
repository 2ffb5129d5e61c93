//! Issues, pull requests, comments and gists, as GitHub's API answers them.
//!
//! Source: <https://docs.github.com/en/rest>, version 2022-11-28.

use jiff::Timestamp;
use serde_json::Value;

use super::json::{list, string, time};
use crate::timeline::{Clock, Event, EventKind};

/// An issue's posts, or a gist's files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// The title, the gist's description.
    pub title: Option<String>,
    /// In the document's order.
    pub posts: Vec<Post>,
}

/// One post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// When.
    pub at: Option<Timestamp>,
    /// The account that wrote it.
    pub author: Option<String>,
    /// Markdown, or a file's text.
    pub body: String,
}

impl Thread {
    /// Reads an issue, a list of comments, one comment or a gist; `None` for other JSON.
    pub fn from_json(value: &Value) -> Option<Self> {
        if let Some(files) = value.get("files").and_then(Value::as_object)
            && value.get("owner").or(value.get("html_url")).is_some()
        {
            let at = value.get("created_at").and_then(time);
            let posts = files
                .values()
                .filter_map(|file| Some(Post { at, author: None, body: string(file, "content")? }));
            return Some(Self { title: string(value, "description"), posts: posts.collect() });
        }
        let items = match value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let is_post = |item: &Value| {
            item.get("body").is_some()
                && item.pointer("/user/login").is_some()
                && item.get("created_at").is_some()
        };
        if items.is_empty() || !items.iter().all(is_post) {
            return None;
        }
        let mut posts: Vec<Post> = items.iter().filter_map(post).collect();
        posts.extend(list(value, "comment_list").iter().filter_map(post));
        Some(Self { title: string(value, "title"), posts })
    }

    /// Returns what the thread adds to the timeline: its first line of each post.
    pub(super) fn timeline(&self, source: &str) -> Vec<Event> {
        let title = self.title.as_deref();
        let events = self.posts.iter().enumerate().filter_map(|(at, post)| {
            let line = post.body.lines().map(str::trim).find(|line| !line.is_empty());
            let what = if at == 0 { title.or(line)? } else { line? };
            let what = match &post.author {
                Some(author) => format!("{author}: {what}"),
                None => what.to_owned(),
            };
            Some(Event::new(post.at?, EventKind::Note, Clock::Forge, source, &what))
        });
        events.collect()
    }

    /// Returns the posts' text, one after the other.
    pub(super) fn prose(&self) -> String {
        let bodies: Vec<&str> = self.posts.iter().map(|post| post.body.as_str()).collect();
        bodies.join("\n\n")
    }
}

fn post(value: &Value) -> Option<Post> {
    Some(Post {
        at: value.get("created_at").and_then(time),
        author: value.get("user").and_then(|user| string(user, "login")),
        body: string(value, "body")?,
    })
}
