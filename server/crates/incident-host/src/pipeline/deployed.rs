//! Which commit ran: given, else named in the text by id or by a version that a tag bears, else
//! inferred from how the frames fit, else HEAD is assumed, and said.

use std::collections::BTreeSet;

use incident_core::cancel::Cancel;
use incident_core::deployed::{self, Mentions, VersionMention};
use incident_core::exports::{self, Unfolded};
use incident_core::history::{CommitId, Deployed, DeployedHow};
use incident_core::problem::Problem;
use incident_core::resolve::WorkspaceMember;

use super::run::Run;
use crate::git::{GitError, Repository};
use crate::message::plain;

/// How many commit ids in the text are looked up.
const MAX_LOOKUPS: usize = 8;

/// What may tell the deployed commit.
pub(super) struct Clues<'a> {
    pub(super) unfolded: &'a Unfolded,
    pub(super) members: &'a [WorkspaceMember],
}

/// Finds the commit that ran, by what was said. [`DeployedHow::Head`] means that nothing was.
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
    let mentions = clues.mentions();
    let named = by_revision(run, repository, &mentions.revisions)
        .or_else(|| by_version(run, repository, head.as_ref(), &mentions.versions, clues.members));
    if named.is_none() {
        run.problems.extend(not_here(&mentions));
    }
    named.unwrap_or_else(|| Deployed {
        confidence: if head.is_some() { 0.3 } else { 0.0 },
        present_locally: head.is_some(),
        commit: head,
        how: DeployedHow::Head,
        candidates: Vec::new(),
    })
}

/// Says which build the text names that this clone knows nothing of.
fn not_here(mentions: &Mentions) -> Option<Problem> {
    let guess = "What follows rests on a guess, so lines may be off";
    if let Some(id) = mentions.revisions.first() {
        return Some(Problem::warning(format!(
            "the text names commit {}, which this clone does not hold; `git fetch` may bring it. \
             {guess}",
            plain(id)
        )));
    }
    let named =
        mentions.versions.iter().find_map(|mention| Some((mention.name.as_ref()?, mention)));
    let (name, mention) = named?;
    Some(Problem::warning(format!(
        "the text is of {} {}, and no tag of this clone stands for that version; `git fetch --tags` \
         may bring it. {guess}",
        plain(name),
        plain(&mention.version)
    )))
}

/// Returns a deployed commit that this clone holds.
pub(super) fn known(commit: CommitId, how: DeployedHow, confidence: f64) -> Deployed {
    Deployed {
        commit: Some(commit),
        how,
        candidates: Vec::new(),
        confidence,
        present_locally: true,
    }
}

/// Returns the release before the deployed commit, where that is a release itself: its tag, and the
/// commit, an ancestor of the deployed one.
pub(super) fn release_before(
    repository: &Repository,
    deployed: &Deployed,
    cancel: &Cancel,
) -> Result<Option<(String, CommitId)>, GitError> {
    let Some(commit) = &deployed.commit else { return Ok(None) };
    let tags = repository.tags(cancel)?;
    let mut before = tags
        .iter()
        .filter(|(_, tagged)| tagged == commit)
        .filter_map(|(tag, _)| deployed::previous_release(tag, &tags));
    let Some((tag, previous)) = before.next() else { return Ok(None) };
    let is_ancestor = repository.is_ancestor(previous, commit, cancel)?;
    Ok(is_ancestor.then(|| (tag.clone(), previous.clone())))
}

fn by_revision(run: &mut Run<'_>, repository: &Repository, ids: &[String]) -> Option<Deployed> {
    let mut found: Vec<CommitId> = Vec::new();
    for id in ids.iter().take(MAX_LOOKUPS) {
        // The id alone: a branch or tag of that name is none.
        let commit = run.answered(repository.rev_parse(id, run.cancel)).flatten();
        found.extend(commit.filter(|commit| commit.0.starts_with(id.as_str())));
    }
    first_of(found, DeployedHow::Event)
}

fn by_version(
    run: &mut Run<'_>,
    repository: &Repository,
    head: Option<&CommitId>,
    mentions: &[VersionMention],
    members: &[WorkspaceMember],
) -> Option<Deployed> {
    if mentions.is_empty() {
        return None;
    }
    let tags = run.answered(repository.tags(run.cancel)).unwrap_or_default();
    let tagged = deployed::tagged(mentions, &tags);
    if !tagged.is_empty() {
        return first_of(tagged.into_iter().map(|it| it.commit), DeployedHow::Tag);
    }
    let is_at_head = |mention: &VersionMention| {
        members.iter().any(|member| {
            mention.name.as_ref() == Some(&member.name)
                && member.version.as_ref() == Some(&mention.version)
        })
    };
    let head = head.filter(|_| mentions.iter().any(is_at_head))?;
    Some(known(head.clone(), DeployedHow::Version, 0.5))
}

/// Takes the first commit; others that the text names as well make it less sure.
fn first_of(commits: impl IntoIterator<Item = CommitId>, how: DeployedHow) -> Option<Deployed> {
    let mut commits = commits.into_iter();
    let commit = commits.next()?;
    let mut seen = BTreeSet::from([commit.clone()]);
    let candidates: Vec<CommitId> = commits.filter(|other| seen.insert(other.clone())).collect();
    let confidence = if candidates.is_empty() { 0.9 } else { 0.6 };
    Some(Deployed { candidates, ..known(commit, how, confidence) })
}

impl Clues<'_> {
    /// Reads what the inputs say about the build.
    fn mentions(&self) -> Mentions {
        let names: Vec<&str> = self.members.iter().map(|member| member.name.as_str()).collect();
        let mut all = Mentions::default();
        // What people wrote counts last: they speak of other releases too.
        for input in self.unfolded.inputs.iter().chain(&self.unfolded.asides) {
            let found = deployed::mentions(&exports::build_words(&input.text), &names);
            all.versions.extend(found.versions);
            all.revisions.extend(found.revisions);
        }
        // Stable: within each kind the inputs' order stays.
        all.versions.sort_by_key(|mention| mention.name.is_none());
        all
    }
}
