//! Which commit ran: given, else named in the text, else by a version in the text that a tag or a
//! manifest bears, else HEAD is assumed, and said.

use incident_core::history::{CommitId, Deployed, DeployedHow};
use incident_core::incident::Repeated;
use incident_core::input::RawInput;
use incident_core::problem::Problem;
use incident_core::resolve::WorkspaceMember;
use incident_core::text;
use incident_core::trace::Trace;

use super::Run;
use crate::git::Repository;
use crate::message::plain;

/// How much of each end of an input is searched for a version: start-up banners and crash heads.
const SEARCHED_BYTES: usize = 256 << 10;

/// How many commit ids in the text are looked up.
const MAX_LOOKUPS: usize = 8;

/// Words before a commit id in a banner or an event: `commit=1a2b3c4`, `"git_sha":"1a2b3c4"`.
const COMMIT_WORDS: &[&str] = &["commit", "sha", "revision", "rev", "git", "git_hash", "build"];

/// What may tell the deployed commit.
pub(super) struct Clues<'a> {
    pub(super) inputs: &'a [RawInput],
    pub(super) traces: &'a [Repeated<Trace>],
    pub(super) members: &'a [WorkspaceMember],
}

/// Finds the commit that ran when the incident happened.
pub(super) fn find(
    run: &mut Run<'_>,
    repository: &Repository,
    head: Option<CommitId>,
    clues: &Clues<'_>,
) -> Deployed {
    if let Some(revision) = &run.options.deployed {
        match run.answered(repository.rev_parse(revision, run.cancel)).flatten() {
            Some(commit) => return known(commit, DeployedHow::Given, 1.0),
            None => run.problems.push(Problem::error(format!(
                "--deployed {} names no commit that this clone holds; `git fetch --tags` may bring \
                 it. What follows rests on a guess, so lines may be off",
                plain(revision)
            ))),
        }
    }
    by_commit(run, repository, clues)
        .or_else(|| by_version(run, repository, head.as_ref(), clues))
        .unwrap_or_else(|| Deployed {
            confidence: if head.is_some() { 0.3 } else { 0.0 },
            present_locally: head.is_some(),
            commit: head,
            how: DeployedHow::Head,
            candidates: Vec::new(),
        })
}

fn known(commit: CommitId, how: DeployedHow, confidence: f64) -> Deployed {
    Deployed {
        commit: Some(commit),
        how,
        candidates: Vec::new(),
        confidence,
        present_locally: true,
    }
}

fn by_commit(run: &mut Run<'_>, repository: &Repository, clues: &Clues<'_>) -> Option<Deployed> {
    let mut ids: Vec<&str> = clues.texts().flat_map(commit_words).collect();
    // The last banner before the crash is the one that counts.
    ids.reverse();
    let mut seen = std::collections::BTreeSet::new();
    ids.retain(|id| seen.insert(*id));
    let mut found: Vec<CommitId> = Vec::new();
    for id in ids.into_iter().take(MAX_LOOKUPS) {
        // The id alone: a branch or tag of that name is none.
        let commit = run.answered(repository.rev_parse(id, run.cancel)).flatten();
        found.extend(commit.filter(|commit| commit.0.starts_with(&id.to_ascii_lowercase())));
    }
    found.dedup();
    let mut found = found.into_iter();
    let commit = found.next()?;
    let candidates: Vec<CommitId> = found.filter(|other| *other != commit).collect();
    let confidence = if candidates.is_empty() { 0.9 } else { 0.6 };
    Some(Deployed { candidates, ..known(commit, DeployedHow::Event, confidence) })
}

fn by_version(
    run: &mut Run<'_>,
    repository: &Repository,
    head: Option<&CommitId>,
    clues: &Clues<'_>,
) -> Option<Deployed> {
    let mut mentions: Vec<(&WorkspaceMember, &str)> =
        clues.texts().flat_map(|text| versions(text, clues.members)).collect();
    mentions.reverse();
    let mut seen = std::collections::BTreeSet::new();
    mentions.retain(|mention| seen.insert(*mention));
    if mentions.is_empty() {
        return None;
    }
    let tags = run.answered(repository.tags(run.cancel)).unwrap_or_default();
    let mut found: Vec<&CommitId> = mentions
        .iter()
        .flat_map(|(member, version)| {
            tags.iter().filter(|(tag, _)| is_tag_of(tag, &member.name, version))
        })
        .map(|(_, commit)| commit)
        .collect();
    found.dedup();
    if let Some((commit, others)) = found.split_first() {
        let candidates: Vec<CommitId> =
            others.iter().filter(|it| *it != commit).map(|it| (*it).clone()).collect();
        let confidence = if candidates.is_empty() { 0.9 } else { 0.6 };
        return Some(Deployed {
            candidates,
            ..known((*commit).clone(), DeployedHow::Tag, confidence)
        });
    }
    let is_current =
        mentions.iter().any(|(member, version)| member.version.as_deref() == Some(*version));
    let head = head.filter(|_| is_current)?;
    Some(known(head.clone(), DeployedHow::Version, 0.5))
}

impl<'a> Clues<'a> {
    /// Returns the parts of the inputs that are searched, then what traces carry themselves.
    fn texts(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let of_inputs = self.inputs.iter().flat_map(|input| {
            let start = text::cut(&input.text, SEARCHED_BYTES);
            let mut end_at = input.text.len().saturating_sub(SEARCHED_BYTES).max(start.len());
            while !input.text.is_char_boundary(end_at) {
                end_at += 1;
            }
            [start, input.text.get(end_at..).unwrap_or_default()]
        });
        let traces = self.traces;
        let of_traces = traces.iter().filter_map(|it| it.trace.version_text.as_deref());
        of_inputs.chain(of_traces)
    }
}

/// Finds `name version` in a text: `till 1.4.0`, `till/1.4.0`, `till v1.4.0`, `till-1.4.0`.
fn versions<'a>(
    text: &'a str,
    members: &'a [WorkspaceMember],
) -> impl Iterator<Item = (&'a WorkspaceMember, &'a str)> {
    let named = members.iter().flat_map(move |member| {
        memchr::memmem::find_iter(text.as_bytes(), member.name.as_bytes())
            .map(move |at| (at, member))
    });
    let mut found: Vec<(usize, &WorkspaceMember, &str)> = named
        .filter_map(|(at, member)| {
            let before = text.get(..at)?.chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || "_-/.:".contains(c)) {
                return None;
            }
            let rest = text.get(at + member.name.len()..)?;
            let rest = rest.strip_prefix([' ', '/', '-', '@', '='])?;
            let rest = rest.strip_prefix("version ").unwrap_or(rest);
            let rest = rest.strip_prefix('v').unwrap_or(rest);
            let is_part = |c: char| c.is_ascii_alphanumeric() || ".-+".contains(c);
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let version = rest.get(..end)?.trim_end_matches(['.', '-']);
            let n_numbers = version.split(['-', '+']).next()?.split('.').count();
            let is_version = version.starts_with(|c: char| c.is_ascii_digit()) && n_numbers == 3;
            is_version.then_some((at, member, version))
        })
        .collect();
    found.sort_by_key(|(at, ..)| *at);
    found.into_iter().map(|(_, member, version)| (member, version))
}

/// Says whether a tag stands for a release: `v1.4.0`, `1.4.0`, `till-v1.4.0`, `till/1.4.0`.
fn is_tag_of(tag: &str, name: &str, version: &str) -> bool {
    let rest = tag.strip_suffix(version);
    let rest = rest.map(|rest| rest.strip_suffix('v').unwrap_or(rest));
    rest.is_some_and(|rest| {
        rest.is_empty()
            || matches!(rest, "release-" | "release/" | "releases/" | "rel-")
            || rest.strip_prefix(name).is_some_and(|glue| matches!(glue, "-" | "/" | "@" | "_"))
    })
}

/// Finds commit ids behind words that announce one.
fn commit_words(text: &str) -> impl Iterator<Item = &str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut previous = "";
    text.split(move |c: char| !is_word(c)).filter(|word| !word.is_empty()).filter_map(move |word| {
        let key = std::mem::replace(&mut previous, word);
        let id = word.strip_prefix('g').filter(|_| key.bytes().all(|b| b.is_ascii_digit()));
        let announced = COMMIT_WORDS
            .iter()
            .any(|it| key.to_ascii_lowercase().rsplit('_').next() == Some(*it) || key == *it);
        // `v1.4.0-3-g1a2b3c4`, as `git describe` writes it.
        let id = id.or_else(|| announced.then_some(word))?;
        let is_id = (7..=40).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_hexdigit())
            && id.bytes().any(|b| b.is_ascii_digit());
        is_id.then_some(id)
    })
}
