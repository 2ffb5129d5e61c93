//! What is remembered of an incident: when it was seen before, what was tried, what came of that.

use crate::history::CommitId;
use crate::neutral;
use crate::present::words::count;

/// The past of one incident, as far as this machine knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Earlier times that it was seen, oldest first. The one at hand is not among them.
    pub sightings: Vec<PastSighting>,
    /// The fix that was last held to have mended it.
    pub fix: Option<PastFix>,
}

/// An earlier time that the incident was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastSighting {
    /// When it was seen first: seconds since 1970, UTC.
    pub at: i64,
    /// What ran then.
    pub deployed: Option<CommitId>,
}

/// A fix of the past, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastFix {
    /// The commit by which it landed, where it did.
    pub commit: Option<CommitId>,
    /// The scratch branch that it was tried on.
    pub branch: String,
    /// What it claimed, in one line.
    pub hypothesis: String,
    /// Where it stands.
    pub standing: Standing,
}

/// Where a fix stands while its incident is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No commit of this clone has it.
    NotLanded,
    /// It landed, and what runs does not have it.
    NotDeployed,
    /// Several versions run, and not all of them have it.
    PartlyDeployed,
    /// What runs has it, and the incident is back.
    DidNotHold,
    /// It is not known what runs.
    Unknown,
}

impl Past {
    /// Returns one line for a person, the point first; `None` where nothing is remembered.
    ///
    /// `deployed` is the commit that runs.
    pub fn headline(&self, deployed: Option<&CommitId>) -> Option<String> {
        let seen = match self.sightings.len() {
            0 => None,
            1 => Some("seen once before".to_owned()),
            n => Some(format!("seen {} before", count(n, "time"))),
        };
        let fix = self.fix.as_ref().map(|fix| fix.words(deployed));
        let line = [seen, fix].into_iter().flatten().collect::<Vec<_>>().join("; ");
        (!line.is_empty()).then_some(line)
    }
}

impl PastFix {
    fn words(&self, deployed: Option<&CommitId>) -> String {
        let name = match &self.commit {
            Some(commit) => commit.short().to_owned(),
            None => format!("on {}", neutral::headline(&self.branch, 80)),
        };
        let runs = deployed.map(|commit| format!(" {}", commit.short())).unwrap_or_default();
        let stands = match self.standing {
            Standing::NotLanded => "never landed".to_owned(),
            Standing::NotDeployed => format!("is not in the deployed commit{runs}"),
            Standing::PartlyDeployed => {
                "is in only some of the deployed versions; finish the rollout".to_owned()
            }
            Standing::DidNotHold => format!(
                "was deployed and did not hold, so this is out: {}",
                neutral::headline(&self.hypothesis, 160)
            ),
            Standing::Unknown => "may not be deployed: it is not known what runs".to_owned(),
        };
        format!("last fix {name} {stands}")
    }

    /// Says whether the fix held; `None` where it did not run, or nobody knows.
    pub fn held(&self) -> Option<bool> {
        match self.standing {
            Standing::DidNotHold => Some(false),
            Standing::NotLanded
            | Standing::NotDeployed
            | Standing::PartlyDeployed
            | Standing::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Past, PastFix, PastSighting, Standing};
    use crate::history::CommitId;

    #[track_caller]
    fn check(n_sightings: usize, fix: Option<(Option<&str>, Standing)>, expected: Option<&str>) {
        let past = Past {
            sightings: vec![PastSighting { at: 0, deployed: None }; n_sightings],
            fix: fix.map(|(commit, standing)| PastFix {
                commit: commit.map(|id| CommitId(id.repeat(5))),
                branch: "incident/0123456789ab/1".to_owned(),
                hypothesis: "the index is past the end".to_owned(),
                standing,
            }),
        };
        let deployed = CommitId("1234abcd".repeat(5));
        assert_eq!(past.headline(Some(&deployed)).as_deref(), expected);
    }

    #[test]
    fn the_first_line_says_how_often_and_where_the_fix_stands() {
        check(0, None, None);
        check(1, None, Some("seen once before"));
        check(
            2,
            Some((Some("a1b2c3d4"), Standing::NotDeployed)),
            Some("seen 2 times before; last fix a1b2c3d is not in the deployed commit 1234abc"),
        );
        check(
            3,
            Some((Some("a1b2c3d4"), Standing::DidNotHold)),
            Some(
                "seen 3 times before; last fix a1b2c3d was deployed and did not hold, so this is \
                 out: the index is past the end",
            ),
        );
        check(
            1,
            Some((None, Standing::NotLanded)),
            Some("seen once before; last fix on incident/0123456789ab/1 never landed"),
        );
    }
}
