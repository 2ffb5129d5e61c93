//! GitHub, enterprise hosts too: issues, pull requests, comments, gists, failed Actions runs.
//!
//! Source: <https://docs.github.com/en/rest>, version 2022-11-28.

mod actions;

use incident_core::problem::Problem;
use reqwest::Url;
use serde_json::{Value, json};

use super::fetch::Fetcher;
use super::{LinkError, Loaded, segments, text};
use crate::message::plain;

const HEADERS: [(&str, &str); 2] =
    [("accept", "application/vnd.github+json"), ("x-github-api-version", "2022-11-28")];
/// Pages of a hundred comments.
const MAX_PAGES: usize = 20;

/// What a link names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place<'a> {
    /// An issue or a pull request.
    Thread {
        repository: [&'a str; 2],
        number: &'a str,
        comment: Option<&'a str>,
    },
    Gist {
        id: &'a str,
    },
    Run {
        repository: [&'a str; 2],
        run: &'a str,
        attempt: Option<&'a str>,
        job: Option<&'a str>,
    },
    /// A file as it is.
    Raw,
}

pub(super) fn load(url: &Url, fetcher: &mut Fetcher<'_>) -> Result<Loaded, LinkError> {
    match place(url) {
        Some(Place::Thread { repository: [owner, name], comment: Some(comment), .. }) => {
            let parts = ["repos", owner, name, "issues", "comments", comment];
            let asked = fetcher.api_url(&parts, &[])?;
            let comment = fetcher.json(&asked, &HEADERS, "a comment")?.value;
            let mut loaded = Loaded::default();
            loaded.push(url, &comment);
            Ok(loaded)
        }
        Some(Place::Thread { repository, number, .. }) => thread(url, fetcher, repository, number),
        Some(Place::Gist { id }) => gist(url, fetcher, id),
        Some(Place::Run { repository, run, attempt, job }) => {
            actions::load(url, fetcher, repository, actions::Wanted { run, attempt, job })
        }
        Some(Place::Raw) => text(url, fetcher),
        None => Err(LinkError::NotThis(format!(
            "{} is no link to an issue, a comment, a gist or a run of Actions",
            plain(url.as_str())
        ))),
    }
}

fn place(url: &Url) -> Option<Place<'_>> {
    let is_number =
        |it: &str| !it.is_empty() && it.len() < 20 && it.bytes().all(|c| c.is_ascii_digit());
    let is_hash = |it: &str| it.len() >= 20 && it.bytes().all(|c| c.is_ascii_hexdigit());
    let host = url.host_str().unwrap_or_default();
    if host.ends_with(".githubusercontent.com") {
        return Some(Place::Raw);
    }
    let parts = segments(url);
    let parts = match parts.as_slice() {
        // Enterprise hosts have gists below a path.
        ["gist", rest @ ..] if rest.last().copied().is_some_and(is_hash) => rest,
        all => all,
    };
    match parts {
        [.., "raw"] | [_, _, "raw", ..] => Some(Place::Raw),
        [id] | [_, id] if is_hash(id) => Some(Place::Gist { id }),
        [owner, name, "issues" | "pull", number, ..] if is_number(number) => {
            let comment = url.fragment().and_then(|it| it.strip_prefix("issuecomment-"));
            let comment = comment.filter(|it| is_number(it));
            Some(Place::Thread { repository: [owner, name], number, comment })
        }
        [owner, name, "actions", "runs", run, rest @ ..] if is_number(run) => {
            let after = |wanted: &str| {
                let at = rest.iter().position(|part| *part == wanted)?;
                rest.get(at + 1).copied().filter(|it| is_number(it))
            };
            let (attempt, job) = (after("attempts"), after("job"));
            Some(Place::Run { repository: [owner, name], run, attempt, job })
        }
        _ => None,
    }
}

/// An issue with all its comments, as one document.
fn thread(
    link: &Url,
    fetcher: &mut Fetcher<'_>,
    [owner, name]: [&str; 2],
    number: &str,
) -> Result<Loaded, LinkError> {
    let parts = ["repos", owner, name, "issues", number];
    let asked = fetcher.api_url(&parts, &[])?;
    let mut issue = fetcher.json(&asked, &HEADERS, "an issue")?.value;
    let mut loaded = Loaded::default();
    let mut comments = Vec::new();
    let first = fetcher.api_url(&[&parts[..], &["comments"]].concat(), &[("per_page", "100")])?;
    let mut next = Some(first);
    for _ in 0..MAX_PAGES {
        let Some(asked) = next.take() else { break };
        match fetcher.json(&asked, &HEADERS, "a list of comments") {
            Ok(page) => {
                comments.extend(page.value.as_array().into_iter().flatten().cloned());
                next = page.next;
            }
            Err(err) => {
                let told = format!("the comments could not be read: {err}");
                loaded.problems.push(Problem::warning(told).at(plain(link.as_str()), None));
            }
        }
    }
    if next.is_some() {
        let told = format!("only the first {} comments were read", comments.len());
        loaded.problems.push(Problem::warning(told).at(plain(link.as_str()), None));
    }
    if let Value::Object(members) = &mut issue {
        members.insert("comment_list".to_owned(), json!(comments));
    }
    loaded.push(link, &issue);
    Ok(loaded)
}

/// A gist; a file that is cut in the answer is read where it lies.
fn gist(link: &Url, fetcher: &mut Fetcher<'_>, id: &str) -> Result<Loaded, LinkError> {
    let asked = fetcher.api_url(&["gists", id], &[])?;
    let mut gist = fetcher.json(&asked, &HEADERS, "a gist")?.value;
    let mut loaded = Loaded::default();
    let files = gist.get_mut("files").and_then(Value::as_object_mut);
    for (name, file) in files.into_iter().flatten() {
        let is_cut = file.get("truncated").and_then(Value::as_bool).unwrap_or(false);
        let raw = file.get("raw_url").and_then(Value::as_str).and_then(|it| Url::parse(it).ok());
        let Some(raw) = raw.filter(|_| is_cut) else { continue };
        let named = plain(name);
        match fetcher.get_named(&raw) {
            Ok(answer) => {
                let text = json!(String::from_utf8_lossy(&answer.body));
                if let Value::Object(members) = file {
                    members.insert("content".to_owned(), text);
                }
            }
            Err(err) => {
                let told = format!("{named} could not be read whole: {err}");
                loaded.problems.push(Problem::warning(told).at(plain(link.as_str()), None));
            }
        }
    }
    loaded.push(link, &gist);
    Ok(loaded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_github_and_of_enterprise_hosts() {
        let cases = [
            (
                "https://github.com/o/r/issues/5",
                "Thread { repository: [\"o\", \"r\"], number: \"5\", comment: None }",
            ),
            (
                "https://git.corp.example/o/r/pull/5/files",
                "Thread { repository: [\"o\", \"r\"], number: \"5\", comment: None }",
            ),
            (
                "https://github.com/o/r/issues/5#issuecomment-99",
                "Thread { repository: [\"o\", \"r\"], number: \"5\", comment: Some(\"99\") }",
            ),
            (
                "https://gist.github.com/ada/0123456789abcdef0123",
                "Gist { id: \"0123456789abcdef0123\" }",
            ),
            (
                "https://git.corp.example/gist/ada/0123456789abcdef0123",
                "Gist { id: \"0123456789abcdef0123\" }",
            ),
            ("https://gist.githubusercontent.com/ada/0123456789abcdef0123/raw/x.log", "Raw"),
            (
                "https://github.com/o/r/actions/runs/12",
                "Run { repository: [\"o\", \"r\"], run: \"12\", attempt: None, job: None }",
            ),
            (
                "https://github.com/o/r/actions/runs/12/attempts/2/job/7",
                "Run { repository: [\"o\", \"r\"], run: \"12\", attempt: Some(\"2\"), job: Some(\"7\") }",
            ),
        ];
        for (link, wanted) in cases {
            let url = Url::parse(link).unwrap();
            assert_eq!(place(&url).map(|it| format!("{it:?}")).as_deref(), Some(wanted), "{link}");
        }
        for link in
            ["https://github.com/o/r", "https://github.com/o/r/issues/x", "https://github.com/"]
        {
            assert_eq!(place(&Url::parse(link).unwrap()), None, "{link}");
        }
    }
}
