//! Versions and revisions that a text names: start-up banners, build lines, crash reports, paths.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

/// How much of a text is searched: its start and its end, where banners and reports stand.
const MAX_SEARCHED: usize = 1 << 20;

/// A version that a text gives to a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionMention {
    /// The package, where its name stands beside the version.
    pub name: Option<String>,
    /// The version, without a `v`.
    pub version: String,
}

/// What a text says about the build that wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Versions, the most trustworthy first: named before unnamed, later before earlier, since a
    /// log that spans a deploy ends with the new build.
    pub versions: Vec<VersionMention>,
    /// Abbreviated or full object ids that are called a commit or a revision, last one first.
    pub revisions: Vec<String>,
}

/// Numbers with dots, and what may follow in a version.
const VERSION: &str = r"v?(\d+\.\d+(?:\.\d+)?(?:-[0-9A-Za-z][0-9A-Za-z.]*)?)";

static KEYED: LazyLock<Regex> = LazyLock::new(|| {
    let keys = r"(?:app[._-]?version|service[._-]version|version|release|image|tag)";
    Regex::new(&format!(r#"(?i)\b{keys}["']?\s*[:=]\s*["']?(?:[\w./-]+[@:])?{VERSION}\b"#))
        .expect("the pattern is a constant")
});

static REVISION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)\b(?:commit|rev(?:ision)?|git[._-]?(?:sha|commit|hash|rev)|sha|vcs[._]revision|build)["']?\s*[:=( ]\s*["']?([0-9a-f]{7,40})\b"#,
    )
    .expect("the pattern is a constant")
});

/// `git describe` of a commit after a tag: `v1.4.0-3-gabc1234`.
static DESCRIBED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\d-\d+-g([0-9a-f]{7,40})\b").expect("the pattern is a constant"));

/// Reads what `text` says about the build of one of the packages `names`.
pub fn mentions(text: &str, names: &[&str]) -> Mentions {
    let mut found: Vec<(usize, VersionMention)> = Vec::new();
    let mut revisions: Vec<(usize, String)> = Vec::new();
    for (offset, part) in searched(text) {
        for name in names.iter().filter(|name| !name.is_empty()) {
            for (at, version) in beside_name(part, name) {
                let name = Some((*name).to_owned());
                found.push((offset + at, VersionMention { name, version: version.to_owned() }));
            }
        }
        for captures in KEYED.captures_iter(part) {
            let version = captures.get(1);
            if let Some(version) = version.filter(|version| ends_there(part, version.end())) {
                let mention = VersionMention { name: None, version: version.as_str().to_owned() };
                found.push((offset + version.start(), mention));
            }
        }
        for pattern in [&*REVISION, &*DESCRIBED] {
            for captures in pattern.captures_iter(part) {
                if let Some(id) = captures.get(1).filter(|id| has_digit_and_letter(id.as_str())) {
                    revisions.push((offset + id.start(), id.as_str().to_ascii_lowercase()));
                }
            }
        }
    }
    found.sort_by(|a, b| a.1.name.is_none().cmp(&b.1.name.is_none()).then(b.0.cmp(&a.0)));
    revisions.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    Mentions {
        versions: distinct(found.into_iter().map(|(_, mention)| mention)),
        revisions: distinct(revisions.into_iter().map(|(_, id)| id)),
    }
}

/// Finds `name 1.4.0`, `name/1.4.0`, `name v1.4.0`, `name-1.4.0`, `name@1.4.0`, `name (1.4.0)`.
fn beside_name<'t>(text: &'t str, name: &str) -> Vec<(usize, &'t str)> {
    static AFTER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(r"^(?:[ /@:_-]|, | \(| version | release )?{VERSION}\b"))
            .expect("the pattern is a constant")
    });
    let mut found = Vec::new();
    let finder = memchr::memmem::Finder::new(name);
    for at in finder.find_iter(text.as_bytes()) {
        let before = text[..at].chars().next_back();
        let is_whole = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
        // A version stands near; more of a long line need not be looked at.
        let rest: &str = text.get(at + name.len()..).unwrap_or_default();
        let window = crate::text::cut(rest, 80);
        let version = AFTER.captures(window).and_then(|it| it.get(1)).filter(|_| is_whole);
        if let Some(version) = version.filter(|version| ends_there(window, version.end())) {
            // `name-1.4.0/src` in a path ends at the slash; `1.4.0.tar` does not count.
            found.push((at, version.as_str()));
        }
    }
    found
}

/// Says whether the numbers end at `end`: `1.0.0.7` is of another numbering, and not `1.0.0`.
fn ends_there(text: &str, end: usize) -> bool {
    let mut after = text.get(end..).unwrap_or_default().chars();
    !(after.next() == Some('.') && after.next().is_some_and(|c| c.is_ascii_digit()))
}

/// The parts of a text that are searched, with their offsets.
fn searched(text: &str) -> Vec<(usize, &str)> {
    if text.len() <= 2 * MAX_SEARCHED {
        return vec![(0, text)];
    }
    let start = crate::text::cut(text, MAX_SEARCHED);
    let mut at = text.len() - MAX_SEARCHED;
    while !text.is_char_boundary(at) {
        at += 1;
    }
    vec![(0, start), (at, &text[at..])]
}

/// A word of digits alone is a number, of letters alone a word.
fn has_digit_and_letter(id: &str) -> bool {
    id.bytes().any(|byte| byte.is_ascii_digit())
        && id.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn distinct<T: Eq + std::hash::Hash + Clone>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen: HashMap<T, ()> = HashMap::new();
    items.filter(|item| seen.insert(item.clone(), ()).is_none()).collect()
}
