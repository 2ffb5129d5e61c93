//! Which commit ran: versions and revisions that a text names, tags that match them, and how well a
//! state of the tree fits the frames.
//!
//! Nothing is decided by a date. The host asks git; the choice is made here, from values.

mod mentions;

use semver::Version;

pub use self::mentions::{Mentions, VersionMention, mentions};
use crate::history::CommitId;
use crate::resolve::{Resolution, ResolvedTrace, Status};
use crate::syntax::FailingExpression;
use crate::trace::Origin;

/// Returns the commits whose tag stands for a mentioned version, the best mention's first.
///
/// A tag matches with or without the package's name and a `v` before the version:
/// `v1.4.0`, `till-1.4.0`, `till/v1.4.0`, `release-1.4.0`. Without repeats.
pub fn tagged(mentions: &[VersionMention], tags: &[(String, CommitId)]) -> Vec<TaggedVersion> {
    let mut found: Vec<TaggedVersion> = Vec::new();
    for mention in mentions {
        for (tag, commit) in tags {
            let is_known = found.iter().any(|known| known.commit == *commit);
            if !is_known && version_in_tag(tag, mention.name.as_deref()) == Some(&mention.version) {
                found.push(TaggedVersion {
                    tag: tag.clone(),
                    commit: commit.clone(),
                    mention: mention.clone(),
                });
            }
        }
    }
    found
}

/// A tag that stands for a version that the text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaggedVersion {
    /// The tag.
    pub tag: String,
    /// The commit that it stands for.
    pub commit: CommitId,
    /// What the text says.
    pub mention: VersionMention,
}

/// Returns the tag of the release before `tag`: the highest lower version among the tags that are
/// built the same way. Pre-releases count only before a pre-release.
pub fn previous_release<'a>(
    tag: &str,
    tags: &'a [(String, CommitId)],
) -> Option<&'a (String, CommitId)> {
    let Some((prefix, version)) =
        split_tag(tag).and_then(|(prefix, version)| Some((prefix, parse_version(version)?)))
    else {
        return previous_dated(tag, tags);
    };
    tags.iter()
        .filter_map(|entry| {
            let (other_prefix, other) = split_tag(&entry.0)?;
            let other = parse_version(other)?;
            let counts = other_prefix == prefix
                && other < version
                && (other.pre.is_empty() || !version.pre.is_empty());
            counts.then_some((other, entry))
        })
        .max_by(|a, b| a.0.cmp(&b.0))
        .map(|(_, entry)| entry)
}

/// Returns the deploy before, for tags that are numbered or dated: `deploy-2026-03-03`, `build-118`.
fn previous_dated<'a>(tag: &str, tags: &'a [(String, CommitId)]) -> Option<&'a (String, CommitId)> {
    let (name, numbers) = name_and_numbers(tag)?;
    tags.iter()
        .filter_map(|entry| {
            let (other_name, other) = name_and_numbers(&entry.0)?;
            (other_name == name && other < numbers).then_some((other, entry))
        })
        .max_by(|a, b| a.0.cmp(&b.0))
        .map(|(_, entry)| entry)
}

/// Splits a tag into the name that it begins with and the numbers that it ends with.
fn name_and_numbers(tag: &str) -> Option<(&str, Vec<u64>)> {
    let start = tag.find(|c: char| c.is_ascii_digit())?;
    let (name, rest) = (tag.get(..start)?, tag.get(start..)?);
    let numbers: Option<Vec<u64>> =
        rest.split(['-', '.', '_', '/', 'T', ':']).map(|part| part.parse().ok()).collect();
    Some((name, numbers?))
}

/// Counts what of a resolved trace fits the texts that it was resolved with.
///
/// To compare states of a tree, resolve the same trace with each state's texts and take the state
/// with the highest count. Frames of dependencies and of the standard library say nothing.
pub fn agreement(resolved: &ResolvedTrace) -> Agreement {
    let mut agreement = Agreement::default();
    if let Some(resolution) = &resolved.location {
        agreement.count(resolution, resolved.trace.location.is_some(), true);
    }
    for (frame, resolution) in resolved.resolved_frames() {
        if matches!(frame.origin, Origin::App | Origin::Unknown) && !frame.noise {
            agreement.count(resolution, frame.location.is_some(), false);
        }
    }
    agreement
}

/// How well a state of the tree fits a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Agreement {
    /// Points: a line in the function that the frame names, an expression there that can fail.
    pub points: u32,
    /// Points that a perfect fit would have.
    pub most: u32,
}

impl Agreement {
    /// Says whether everything that could be compared fits, and something could be.
    pub fn is_whole(self) -> bool {
        self.most > 0 && self.points == self.most
    }

    fn count(&mut self, resolution: &Resolution, has_line: bool, is_crash: bool) {
        if resolution.status == Status::Dependency || resolution.package.is_some() || !has_line {
            return;
        }
        // The crash itself tells most: something that fails so must stand at its very column.
        let worth = if is_crash { 3 } else { 1 };
        self.most += 2 * worth;
        if resolution.status != Status::Exact {
            return;
        }
        self.points += worth;
        let place = resolution.place.as_ref();
        let expression = place.and_then(|place| place.expression.as_ref());
        let has_expression = expression.is_some_and(FailingExpression::can_fail);
        self.points += if has_expression { worth } else { 0 };
    }
}

/// Adds up the agreement of several traces of one build.
pub fn total_agreement<'a>(resolved: impl IntoIterator<Item = &'a ResolvedTrace>) -> Agreement {
    resolved.into_iter().map(agreement).fold(Agreement::default(), |sum, one| Agreement {
        points: sum.points + one.points,
        most: sum.most + one.most,
    })
}

/// Chooses among states of the tree, newest first: those that fit best.
///
/// Empty where no state fits better than none at all.
pub fn best_fits(fits: &[(CommitId, Agreement)]) -> Vec<CommitId> {
    let Some(best) = fits.iter().map(|(_, fit)| fit.points).max().filter(|points| *points > 0)
    else {
        return Vec::new();
    };
    fits.iter().filter(|(_, fit)| fit.points == best).map(|(commit, _)| commit.clone()).collect()
}

/// Returns the version in a tag, if what stands before it is nothing, the name, or a usual word.
fn version_in_tag<'t>(tag: &'t str, name: Option<&str>) -> Option<&'t str> {
    let (prefix, version) = split_tag(tag)?;
    let prefix = prefix.trim_end_matches(['-', '/', '_', '@', '.']);
    let is_usual = ["", "v", "release", "releases", "version", "rel"].contains(&prefix);
    let is_named = name.is_some_and(|name| {
        // A monorepo tags each package; another package's tag is not this one's.
        prefix == name || prefix.rsplit('/').next() == Some(name)
    });
    (is_usual || is_named).then_some(version)
}

/// Splits `till/v1.4.0` into `till/` and `1.4.0`; the `v` goes.
fn split_tag(tag: &str) -> Option<(&str, &str)> {
    let mut boundary = true;
    for (at, c) in tag.char_indices() {
        if boundary && c.is_ascii_digit() && parse_version(&tag[at..]).is_some() {
            let prefix = &tag[..at];
            let prefix = prefix.strip_suffix(['v', 'V']).unwrap_or(prefix);
            return Some((prefix, &tag[at..]));
        }
        boundary = !c.is_ascii_digit() && c != '.';
    }
    None
}

/// Reads a version of two or three numbers.
fn parse_version(text: &str) -> Option<Version> {
    Version::parse(text).ok().or_else(|| {
        let n_dots = text.matches('.').count();
        (n_dots == 1).then(|| Version::parse(&format!("{text}.0")).ok()).flatten()
    })
}

#[cfg(test)]
mod tests;
