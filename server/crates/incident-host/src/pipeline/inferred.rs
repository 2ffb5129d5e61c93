//! Which commit ran, where nobody said: the state of the tree that the frames fit best.
//!
//! Only states that differ in the files of the trace are told apart; each stands for the newest
//! commit that still has it, so that no change which could have run is left out of the history.

use std::collections::BTreeSet;
use std::sync::Arc;

use incident_core::deployed::{Agreement, best_fits, total_agreement};
use incident_core::history::{CommitId, Deployed, DeployedHow};
use incident_core::incident::Repeated;
use incident_core::problem::Problem;
use incident_core::resolve::{self, ResolveInput, ResolvedTrace, Sources};
use incident_core::syntax::SymbolIndex;
use incident_core::trace::Trace;

use super::deployed;
use super::run::Run;
use super::tie::{Ground, Tree};
use crate::git::Contents;

/// How many states of the files are tried.
const MAX_STATES: usize = 60;
/// How many traces are tried on each.
const MAX_TRACES: usize = 8;

/// Replaces an assumed HEAD by the commit that the frames fit, if they fit another one better.
pub(super) fn refine(
    run: &mut Run<'_>,
    ground: &mut Ground,
    traces: &[Repeated<Trace>],
    tree: &Tree,
) {
    let Deployed { how: DeployedHow::Head, commit: Some(head), .. } = &ground.deployed else {
        return;
    };
    let head = head.clone();
    let traces = traces.get(..MAX_TRACES).unwrap_or(traces);
    let symbols = SymbolIndex::default();
    let wanted: BTreeSet<String> = traces
        .iter()
        .flat_map(|it| {
            resolve::wanted_files(&it.trace, &tree.files, &symbols, tree.look.packages.members())
        })
        .collect();
    let wanted: Vec<String> = wanted.into_iter().collect();
    let Some(at_head) = fits(run, ground, std::slice::from_ref(&head), &wanted, traces, tree)
        .first()
        .copied()
        .filter(|fit| fit.most > 0)
    else {
        return;
    };
    if at_head.is_whole() {
        ground.deployed = deployed::known(head, DeployedHow::Head, 0.6);
        return;
    }
    let states = states(run, ground, &head, &wanted);
    let commits: Vec<CommitId> = states.iter().map(|state| state.changed_by.clone()).collect();
    let measured = fits(run, ground, &commits, &wanted, traces, tree);
    let better: Vec<(CommitId, Agreement)> = states
        .into_iter()
        .zip(measured)
        .filter(|(_, fit)| fit.points > at_head.points)
        .map(|(state, fit)| (state.newest, fit))
        .collect();
    let mut best = best_fits(&better).into_iter();
    let Some(commit) = best.next() else {
        run.problems.push(Problem::warning(format!(
            "the trace fits HEAD in {} of {} points and none of the last {} changes of its files \
             better, so lines may be off; name what was running with --deployed REV",
            at_head.points,
            at_head.most,
            commits.len()
        )));
        return;
    };
    let fit = better.iter().map(|(_, fit)| *fit).max().unwrap_or_default();
    let candidates: Vec<CommitId> = best.collect();
    let share = f64::from(fit.points) / f64::from(fit.most.max(1));
    let confidence = if candidates.is_empty() { 0.9 * share } else { 0.6 * share };
    ground.deployed =
        Deployed { candidates, ..deployed::known(commit, DeployedHow::Inferred, confidence) };
}

/// A state of the files.
struct State {
    /// The commit that made it.
    changed_by: CommitId,
    /// The newest commit that still has it.
    newest: CommitId,
}

/// Returns the states before HEAD's, newest first.
fn states(run: &mut Run<'_>, ground: &Ground, head: &CommitId, wanted: &[String]) -> Vec<State> {
    let repository = &ground.repository;
    let touching = run.answered(repository.touching(head, wanted, MAX_STATES, run.cancel));
    let touching = touching.unwrap_or_default();
    let mut states = Vec::new();
    for pair in touching.windows(2) {
        let [next_change, changed_by] = pair else { continue };
        let before = format!("{}^1", next_change.0);
        let newest = run.answered(repository.rev_parse(&before, run.cancel)).flatten();
        states.push(State {
            changed_by: changed_by.clone(),
            newest: newest.unwrap_or_else(|| changed_by.clone()),
        });
    }
    states
}

/// Measures how well each commit's texts fit the traces.
fn fits(
    run: &mut Run<'_>,
    ground: &Ground,
    commits: &[CommitId],
    wanted: &[String],
    traces: &[Repeated<Trace>],
    tree: &Tree,
) -> Vec<Agreement> {
    if wanted.is_empty() || commits.is_empty() {
        return Vec::new();
    }
    let contents = run.answered(ground.repository.states(commits, wanted, run.cancel));
    contents.unwrap_or_default().iter().map(|texts| fit(run, texts, traces, tree)).collect()
}

fn fit(run: &Run<'_>, texts: &Contents, traces: &[Repeated<Trace>], tree: &Tree) -> Agreement {
    let mut sources = Sources::default();
    for (path, bytes) in texts {
        let text: Arc<str> = String::from_utf8_lossy(bytes).into();
        sources.current.insert(path.clone(), Arc::clone(&text));
        sources.deployed.insert(path.clone(), text);
    }
    let input = ResolveInput {
        files: &tree.files,
        symbols: &SymbolIndex::default(),
        sources: &sources,
        packages: &tree.package_sources,
        members: tree.look.packages.members(),
    };
    let resolved: Vec<ResolvedTrace> =
        traces.iter().map(|it| resolve::resolve(it.trace.clone(), &input, run.cancel).0).collect();
    total_agreement(&resolved)
}
