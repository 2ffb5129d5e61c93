//! What the output of a build says it was made with: toolchains, base images, resolved packages,
//! warnings and the flags of its commands. Two builds of one source may differ in these alone.
//!
//! Reads CI, cargo, npm, pip and docker output, whatever their runner puts before each line.

use std::collections::BTreeMap;

use super::{ChangeKind, ConfigChange};
use crate::escapes;
use crate::text;

/// How many lines of one output are read.
const MAX_LINES: usize = 500_000;
/// How much of one line is read, in bytes.
const MAX_LINE: usize = 2048;
/// How many facts of one output are kept; a hostile one has no end of them.
const MAX_FACTS: usize = 20_000;
/// How many differences are told.
const MAX_CHANGES: usize = 500;

/// Programs whose version in an output is the toolchain's.
const TOOLS: &[&str] = &[
    "rustc", "cargo", "node", "npm", "yarn", "pnpm", "python", "pip", "go", "gcc", "clang", "cc",
    "java", "javac", "docker", "cmake", "ruby", "deno", "bun", "rustup", "ld", "glibc", "openjdk",
    "maven", "gradle",
];
/// Programs whose flags change what is built.
const BUILDERS: &[&str] = &[
    "cargo", "npm", "yarn", "pnpm", "docker", "go", "pip", "make", "cmake", "mvn", "gradle",
    "rustc", "tsc",
];
/// Variables whose values change what is built.
const VARIABLES: &[&str] = &[
    "RUSTFLAGS",
    "CFLAGS",
    "CXXFLAGS",
    "LDFLAGS",
    "NODE_OPTIONS",
    "NODE_ENV",
    "GOFLAGS",
    "CGO_ENABLED",
    "RUSTUP_TOOLCHAIN",
    "MAKEFLAGS",
];

/// One thing that a build says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fact {
    /// A package that is there twice has both, joined by a comma.
    value: String,
    /// From 1.
    line: u32,
}

/// By kind and key, so that the compiler `go` is not the package `go`.
type Facts = BTreeMap<(ChangeKind, String), Fact>;

/// Tells what differs between the outputs of two builds; `name` is the second one's.
pub fn between_builds(name: &str, good: &str, bad: &str) -> Vec<ConfigChange> {
    let (good, bad) = (read(good), read(bad));
    let change = |(kind, key): &(ChangeKind, String), old: Option<&Fact>, new: Option<&Fact>| {
        let value = |fact: &Fact| fact.value.clone();
        let line = new.or(old).map_or(1, |fact| fact.line);
        let (old, new) = (old.map(value), new.map(value));
        ConfigChange { path: name.to_owned(), kind: *kind, key: key.clone(), old, new, line }
    };
    let now =
        bad.iter().filter(|(key, new)| good.get(key).is_none_or(|old| old.value != new.value));
    let gone = good.iter().filter(|(key, _)| !bad.contains_key(key));
    let mut changes: Vec<ConfigChange> = now
        .map(|(key, new)| change(key, good.get(key), Some(new)))
        .chain(gone.map(|(key, old)| change(key, Some(old), None)))
        .collect();
    changes.sort_by_key(|change| rank(change.kind));
    changes.truncate(MAX_CHANGES);
    changes
}

/// What explains most comes first.
fn rank(kind: ChangeKind) -> u8 {
    match kind {
        ChangeKind::Toolchain => 0,
        ChangeKind::Image => 1,
        ChangeKind::Package => 2,
        ChangeKind::Setting | ChangeKind::Flag | ChangeKind::Schema => 3,
        ChangeKind::Warning => 4,
    }
}

fn read(output: &str) -> Facts {
    let mut facts = Facts::new();
    for (line, content) in (1..).zip(output.lines().take(MAX_LINES)) {
        if facts.len() >= MAX_FACTS {
            break;
        }
        let plain = escapes::removed(text::cut(content, MAX_LINE));
        let said = without_prefix(&plain);
        for (kind, key, value) in facts_of(said) {
            let known =
                facts.entry((kind, key)).or_insert_with(|| Fact { value: value.clone(), line });
            if !known.value.split(", ").any(|one| one == value) && known.value.len() < 200 {
                known.value = format!("{}, {value}", known.value);
            }
        }
    }
    facts
}

fn facts_of(line: &str) -> Vec<(ChangeKind, String, String)> {
    if let Some(warning) = warning(line) {
        return vec![(ChangeKind::Warning, warning, "given".to_owned())];
    }
    let words: Vec<&str> = line.split_whitespace().take(64).collect();
    if let Some((image, tag)) = base_image(&words) {
        return vec![(ChangeKind::Image, format!("FROM {image}"), tag)];
    }
    if let Some((tool, version)) = tool(&words) {
        return vec![(ChangeKind::Toolchain, tool, version)];
    }
    if let Some((command, flags)) = command(&words) {
        return vec![(ChangeKind::Setting, command, flags)];
    }
    let variables = words.iter().filter_map(|word| variable(word, line));
    let packages = packages(&words).into_iter();
    let packages = packages.map(|(name, version)| (ChangeKind::Package, name, version));
    variables.map(|(name, value)| (ChangeKind::Setting, name, value)).chain(packages).collect()
}

/// `warning: unused variable`, `npm warn deprecated har@5.1.5: ...`; numbers and places are left out,
/// since they move with every edit.
fn warning(line: &str) -> Option<String> {
    let lower = line.get(..line.len().min(16)).map(str::to_ascii_lowercase)?;
    let heads = ["warning: ", "npm warn ", "warn: ", "warning! ", "##[warning]"];
    let head = heads.into_iter().find(|head| lower.starts_with(head))?;
    let said = line.get(head.len()..)?.trim();
    let is_summary = said.contains(" generated ") && said.contains(" warning");
    (!said.is_empty() && !is_summary).then(|| text::cut(said, 160).to_owned())
}

/// `Step 1/9 : FROM node:18`, `[1/7] FROM docker.io/library/rust:1.75@sha256:...`.
fn base_image(words: &[&str]) -> Option<(String, String)> {
    let at = words.iter().position(|word| *word == "FROM")?;
    let is_step = words.get(..at)?.iter().all(|word| {
        word.starts_with('[')
            || word.ends_with(']')
            || matches!(*word, "Step" | ":")
            || word.contains('/')
    });
    let named = words.get(at + 1..)?.iter().find(|word| !word.starts_with("--"))?;
    let (image, digest) =
        named.split_once('@').map_or((*named, ""), |(image, digest)| (image, digest));
    // A colon before the last slash belongs to the registry's port.
    let colon = image.rfind(':').filter(|at| image.rfind('/').is_none_or(|slash| slash < *at));
    let (image, tag) = colon.map_or((image, "latest"), |at| (&image[..at], &image[at + 1..]));
    let shown = match digest {
        "" => tag.to_owned(),
        digest => format!("{tag}@{}", text::cut(digest, 19)),
    };
    (is_step && !image.is_empty()).then(|| (image.to_owned(), shown))
}

/// `rustc 1.75.0 (82e1608df 2023-12-21)`, `node: v18.19.0`, `go version go1.21.5 linux/amd64`.
fn tool(words: &[&str]) -> Option<(String, String)> {
    let first = words.first()?.trim_end_matches(':').to_ascii_lowercase();
    let name =
        TOOLS.iter().find(|tool| first == **tool || first.strip_suffix(".js") == Some(tool))?;
    let rest = words.get(1..)?;
    let found = rest.iter().take(4).find_map(|word| {
        let bare = word.trim_matches(['"', '(', ')', ',']);
        version(bare.strip_prefix(*name).unwrap_or(bare))
    })?;
    // `pip install x==1.2` speaks of a package.
    let is_about_itself = rest
        .iter()
        .take_while(|word| version(word.trim_matches(['"', '(', ')', ','])).is_none())
        .all(|word| {
            matches!(*word, "version" | "Version" | "is" | ":" | "(Debian" | "(GCC)")
                || word.starts_with(*name)
                || word.starts_with('(')
        });
    is_about_itself.then(|| ((*name).to_owned(), found.to_owned()))
}

/// `+ cargo build --release --features tls`: the command without its flags, and its flags.
fn command(words: &[&str]) -> Option<(String, String)> {
    let marks = ["+", "$", ">", "Run", "run:", "RUN", "[command]", "Running"];
    let at = words.iter().take(6).position(|word| marks.contains(word))?;
    let rest: Vec<&str> = words
        .get(at + 1..)?
        .iter()
        .copied()
        .skip_while(|word| word.contains('=') || matches!(*word, "/bin/sh" | "-c"))
        .collect();
    let program = rest.first()?.rsplit('/').next()?;
    let verb = rest.get(1).filter(|word| !word.starts_with('-')).copied().unwrap_or_default();
    let flags: Vec<&str> = rest.iter().skip(1).copied().filter(|word| *word != verb).collect();
    (BUILDERS.contains(&program) && !flags.is_empty())
        .then(|| (format!("{program} {verb}").trim_end().to_owned(), flags.join(" ")))
}

/// `RUSTFLAGS=-C target-cpu=native` or `RUSTFLAGS: -C target-cpu=native`; alone on its line it may
/// hold spaces.
fn variable(word: &str, line: &str) -> Option<(String, String)> {
    let name = VARIABLES.iter().find(|name| {
        word.strip_prefix(**name).is_some_and(|rest| rest.starts_with('=') || rest == ":")
    })?;
    let value = line.split_once(*name)?.1.trim_start_matches(['=', ':', ' ']);
    let value = value.trim_matches('"').trim();
    (!value.is_empty()).then(|| ((*name).to_owned(), text::cut(value, 200).to_owned()))
}

/// The packages that a line says were resolved.
fn packages(words: &[&str]) -> Vec<(String, String)> {
    let pair = |name: &str, found: &str| {
        Some((name.to_owned(), version(found.trim_matches(['(', ')', ',']))?.to_owned()))
    };
    match words {
        // cargo
        [
            "Compiling" | "Checking" | "Downloaded" | "Adding" | "Locking" | "Installing",
            name,
            found,
            ..,
        ] => pair(name, found).into_iter().collect(),
        ["go:", "downloading" | "found", name, found, ..] => {
            pair(name, found).into_iter().collect()
        }
        // pip
        ["Successfully", "installed", rest @ ..] => rest
            .iter()
            .filter_map(|word| word.rsplit_once('-'))
            .filter_map(|(name, found)| pair(name, found))
            .collect(),
        ["Collecting", pinned, ..] => pinned
            .split_once("==")
            .and_then(|(name, found)| pair(name, found))
            .into_iter()
            .collect(),
        // npm, yarn, pnpm: `+ express@4.18.2`, `├── express@4.18.2`
        ["+" | "├──" | "└──" | "├─" | "└─" | "added", named, ..] => named
            .rsplit_once('@')
            .filter(|(name, _)| !name.is_empty())
            .and_then(|(name, found)| pair(name, found.trim_start_matches("npm:")))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

/// Returns a word that is a version, without a `v` before it.
fn version(word: &str) -> Option<&str> {
    let bare = word.strip_prefix('v').unwrap_or(word);
    let starts = bare.starts_with(|c: char| c.is_ascii_digit());
    let is_plain = bare.chars().all(|c| c.is_ascii_alphanumeric() || ".-+_~".contains(c));
    (starts && bare.contains('.') && is_plain).then_some(bare)
}

/// Takes off what runners put before each line: times, `#12 3.456`, `|`.
fn without_prefix(line: &str) -> &str {
    let mut rest = line.trim();
    loop {
        let (first, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let is_time = first.len() >= 8
            && first.starts_with(|c: char| c.is_ascii_digit() || c == '[')
            && first.bytes().filter(|byte| *byte == b':').count() >= 2
            && first.bytes().all(|byte| byte.is_ascii_digit() || b"-:.TZ+[]".contains(&byte));
        let is_day = first.len() == 10 && first.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let is_step =
            first.strip_prefix('#').is_some_and(|n| !n.is_empty() && n.parse::<u32>().is_ok());
        let is_seconds = first.split_once('.').is_some_and(|(whole, part)| {
            part.len() == 3 && whole.parse::<u32>().is_ok() && part.parse::<u32>().is_ok()
        });
        if after.is_empty() || !(is_time || is_day || is_step || is_seconds || first == "|") {
            return rest;
        }
        rest = after.trim_start();
    }
}
