//! Brings the files that code may have moved to since the deploy.

use std::collections::BTreeSet;

use incident_core::incident::Repeated;
use incident_core::resolve::{self, ResolveInput};
use incident_core::trace::Trace;
use rayon::prelude::*;

use super::fetch;
use super::run::Run;
use super::tie::{Ground, Tied};

/// Of so many traces at most the places are followed into other files.
const MAX_TRACES: usize = 32;

/// Reads the texts that the places of `traces` may stand in now, besides those that were read.
pub(super) fn fetch(run: &mut Run<'_>, traces: &[Repeated<Trace>], tied: &mut Tied) {
    if tied.ground.is_none() {
        return;
    }
    let traces = traces.get(..MAX_TRACES).unwrap_or(traces);
    let cancel = run.cancel;
    let input = ResolveInput {
        files: &tied.tree.files,
        symbols: &tied.symbols,
        sources: &tied.sources,
        packages: &tied.tree.package_sources,
        members: tied.tree.look.packages.members(),
    };
    let strayed: Vec<&Trace> = traces
        .par_iter()
        .map(|it| &it.trace)
        .filter(|trace| resolve::has_strayed(trace, &input, cancel))
        .collect();
    if strayed.is_empty() {
        return;
    }
    let changed = changed(run, tied);
    let wanted: BTreeSet<String> = strayed
        .par_iter()
        .flat_map_iter(|trace| resolve::wanted_moved(trace, &input, &changed, cancel))
        .collect();
    fetch::sources(run, wanted, tied.ground.as_ref(), &mut tied.sources);
}

/// Returns the files of today that are not as they were deployed: committed since, open, or new.
fn changed(run: &mut Run<'_>, tied: &Tied) -> Vec<String> {
    let Some(Ground { repository, deployed }) = &tied.ground else { return Vec::new() };
    let files = &tied.tree.files;
    let mut changed: Vec<String> = match (&deployed.commit, &tied.head) {
        (Some(deployed), Some(head)) if deployed != head => {
            run.answered(repository.changed_between(deployed, head, run.cancel)).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    changed.extend(run.workspace.open_buffers().keys().cloned());
    let tracked = run.answered(repository.ls_files(run.cancel)).unwrap_or_default();
    let is_new = |path: &&String| tracked.binary_search(path).is_err();
    changed.extend(files.iter().filter(is_new).cloned());
    changed.retain(|path| files.binary_search(path).is_ok());
    changed.sort();
    changed.dedup();
    changed
}
