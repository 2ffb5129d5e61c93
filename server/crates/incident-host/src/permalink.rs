//! Where the team's forge shows the code and the commits of an incident.

use incident_core::cancel::Cancel;
use incident_core::history::CommitId;
use incident_core::incident::Incident;
use incident_core::present::words;
use incident_core::report::permalink::Forge;
use incident_core::resolve::Status;

use crate::git::Repository;
use crate::workspace::Workspace;

/// The links of one incident, as far as they are sure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permalinks {
    /// The line of the crash, in the deployed commit.
    pub site: Option<String>,
    /// The first suspect.
    pub suspect: Option<String>,
}

/// Makes the links, where the repository's remote is on a forge that is known.
pub fn of_incident(workspace: &Workspace, incident: &Incident, cancel: &Cancel) -> Permalinks {
    let repository = Repository::discover(workspace.root(), workspace.environment(), cancel).ok();
    let forge = repository.as_ref().and_then(|it| Forge::of_remote(&it.remote(cancel)?));
    let (Some(repository), Some(forge)) = (repository, forge) else { return Permalinks::default() };
    let suspect = incident.suspects.commits.first();
    Permalinks {
        site: site(&repository, &forge, incident, cancel),
        suspect: suspect.map(|suspect| forge.commit(&suspect.commit)),
    }
}

/// Returns the link to the line that the trace printed, in the commit that printed it.
fn site(
    repository: &Repository,
    forge: &Forge,
    incident: &Incident,
    cancel: &Cancel,
) -> Option<String> {
    let deployed: &CommitId = incident.deployed.as_ref()?.commit.as_ref()?;
    let site = incident.traces.iter().find_map(words::site)?;
    // By its symbol alone the line of then is not known.
    let is_same_line =
        matches!(site.resolution.status, Status::Exact | Status::Moved | Status::Edited);
    let place = site.resolution.place.as_ref().filter(|_| is_same_line)?;
    let line = site.printed?.line?;
    // The file may have had another name then: a link that leads nowhere is none.
    let paths = [place.path.clone()];
    let then = repository.blobs(deployed, &paths, cancel).ok()?;
    let text = then.get(&place.path)?;
    let n_lines = u32::try_from(memchr::memchr_iter(b'\n', text).count() + 1).unwrap_or(u32::MAX);
    let path = format!("{}{}", repository.prefix(), place.path);
    (1..=n_lines).contains(&line).then(|| forge.line(deployed, &path, line))
}
