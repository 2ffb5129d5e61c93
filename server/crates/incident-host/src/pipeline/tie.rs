//! From traces to places: the workspace, what of it is deployed, the texts, the frames.
//!
//! Where an earlier run has left a look at the workspace and an index, the frames are tied with
//! those at once, while the workspace is looked at again beside the road. Texts are always read
//! anew, and so are the symbols of every file that a frame may lie in; what can be out of date is
//! which files and packages there are. [`Run::tie_again`] has the last word.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::Scope;

use incident_core::exports::Unfolded;
use incident_core::history::{CommitId, Deployed};
use incident_core::incident::Repeated;
use incident_core::problem::Problem;
use incident_core::resolve::{
    self, PackageSources, ResolveInput, ResolvedTrace, Sources, WantedPackageFile,
};
use incident_core::syntax::SymbolIndex;
use incident_core::trace::Trace;
use rayon::prelude::*;

use super::run::{Beside, Run};
use super::{deployed, fetch, inferred, moved};
use crate::git::Repository;
use crate::look::Look;
use crate::source;
use crate::workspace::Workspace;

/// The workspace as this run found it.
pub(super) struct Tree {
    /// Sorted.
    pub(super) files: Vec<String>,
    pub(super) look: Arc<Look>,
    /// What the traces need of the packages.
    pub(super) package_sources: PackageSources,
}

/// The repository and what of it is deployed.
pub(super) struct Ground {
    pub(super) repository: Repository,
    pub(super) deployed: Deployed,
}

/// Traces tied to the source, with everything that this was done with.
pub(super) struct Tied {
    pub(super) tree: Tree,
    pub(super) ground: Option<Ground>,
    pub(super) head: Option<CommitId>,
    pub(super) symbols: Arc<SymbolIndex>,
    pub(super) sources: Sources,
    pub(super) resolved: Vec<Repeated<ResolvedTrace>>,
}

impl Tied {
    /// Returns what is known of the deployed commit.
    pub(super) fn deployed(&self) -> Option<&Deployed> {
        self.ground.as_ref().map(|ground| &ground.deployed)
    }
}

/// The look at the workspace that goes on beside the road.
pub(super) struct Looking<'scope> {
    /// Comes before the index.
    look: Receiver<Arc<Look>>,
    indexing: Beside<'scope, Arc<SymbolIndex>>,
}

/// What is to be tied.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) unfolded: &'a Unfolded,
    pub(super) traces: &'a [Repeated<Trace>],
}

impl<'a> Run<'a> {
    /// Starts to look at the workspace, and to index it.
    pub(super) fn begin_looking<'scope, 'env>(
        &self,
        scope: &'scope Scope<'scope, 'env>,
    ) -> Looking<'scope>
    where
        'a: 'env,
    {
        let (workspace, cancel) = (self.workspace, self.cancel);
        let (seen, look) = mpsc::channel();
        let indexing = scope.spawn(move || {
            let look = workspace.look_again(cancel);
            // Nobody waits for it any more where the run broke off.
            let _ = seen.send(Arc::clone(&look));
            workspace.index().update(workspace, &look.listing, cancel)
        });
        Looking { look, indexing }
    }

    /// Ties the frames with what is at hand: the last look and index, else a new look and no index.
    pub(super) fn tie_first(&mut self, task: Task<'_>, looking: &Looking<'_>) -> Option<Tied> {
        let look = match self.workspace.last_look() {
            Some(look) => look,
            None => looking.look.recv().ok()?,
        };
        let symbols = self.workspace.index().last(self.workspace, &[]).unwrap_or_default();
        let tree = self.tree(look, task.traces);
        let (ground, head) = self.ground(task, &tree);
        self.stage("Tying frames to the source");
        // The symbols of every file that is named are made sure of before a line is taken from them.
        let wanted = self.wanted_files(task.traces, &tree, &symbols);
        let symbols = self.workspace.index().last(self.workspace, &wanted).unwrap_or_default();
        let mut tied =
            Tied { tree, ground, head, symbols, sources: Sources::default(), resolved: Vec::new() };
        self.resolve_tied(task.traces, &mut tied);
        Some(tied)
    }

    /// Ties the frames again where the workspace is not what the first tie took it for.
    ///
    /// `n_problems` is how many problems there were before the first tie.
    pub(super) fn tie_again(
        &mut self,
        task: Task<'_>,
        first: Option<Tied>,
        looking: Looking<'_>,
        n_problems: usize,
    ) -> Option<Tied> {
        // The first tie may have taken the look: then there comes none, and it was the right one.
        let look = looking.look.recv().ok();
        let Some(mut tied) = first else { return self.joined(looking.indexing).and(None) };
        let other_look = look.filter(|look| !Arc::ptr_eq(look, &tied.tree.look));
        let has_other_look = other_look.is_some();
        if let Some(look) = other_look {
            self.problems.truncate(n_problems);
            tied.tree = self.tree(look, task.traces);
            (tied.ground, tied.head) = self.ground(task, &tied.tree);
            tied.sources = Sources::default();
        }
        let symbols = self.joined(looking.indexing).unwrap_or_default();
        if has_other_look || !Arc::ptr_eq(&symbols, &tied.symbols) {
            tied.symbols = symbols;
            self.resolve_tied(task.traces, &mut tied);
        }
        Some(tied)
    }

    pub(super) fn tree(&mut self, look: Arc<Look>, traces: &[Repeated<Trace>]) -> Tree {
        let mut files = look.listing.source_paths();
        let open = self.workspace.open_buffers().keys();
        files.extend(open.filter(|path| source::is_source(path)).cloned());
        files.sort();
        files.dedup();
        self.problems.extend(look.problems.iter().cloned());
        let resolved = look.packages.resolved();
        let wanted: BTreeSet<WantedPackageFile> = traces
            .iter()
            .flat_map(|repeated| resolve::wanted_packages(&repeated.trace, &resolved))
            .collect();
        let wanted: Vec<WantedPackageFile> = wanted.into_iter().collect();
        let package_sources = look.packages.fetch(&wanted, self.cancel);
        Tree { files, look, package_sources }
    }

    pub(super) fn ground(
        &mut self,
        task: Task<'_>,
        tree: &Tree,
    ) -> (Option<Ground>, Option<CommitId>) {
        let workspace = self.workspace;
        let (root, environment) = (workspace.root(), workspace.environment());
        let found = Repository::discover_with_head(root, environment, self.cancel);
        let Some((repository, head)) = self.answered(found) else { return (None, None) };
        let repository = repository.with_answers(workspace.answers());
        let clues =
            deployed::Clues { unfolded: task.unfolded, members: tree.look.packages.members() };
        let deployed = deployed::find(self, &repository, head.clone(), &clues);
        let mut ground = Ground { repository, deployed };
        inferred::refine(self, &mut ground, task.traces, tree);
        (Some(ground), head)
    }

    fn wanted_files(
        &self,
        traces: &[Repeated<Trace>],
        tree: &Tree,
        symbols: &SymbolIndex,
    ) -> Vec<String> {
        let members = tree.look.packages.members();
        let wanted: BTreeSet<String> = traces
            .par_iter()
            .flat_map_iter(|repeated| {
                resolve::wanted_files(&repeated.trace, &tree.files, symbols, members)
            })
            .collect();
        wanted.into_iter().collect()
    }

    /// Reads the texts that the frames need and ties the frames to them.
    fn resolve_tied(&mut self, traces: &[Repeated<Trace>], tied: &mut Tied) {
        let wanted = self.wanted_files(traces, &tied.tree, &tied.symbols);
        let wanted: BTreeSet<String> = wanted.into_iter().collect();
        fetch::sources(self, wanted, tied.ground.as_ref(), &mut tied.sources);
        moved::fetch(self, traces, tied);
        let input = ResolveInput {
            files: &tied.tree.files,
            symbols: &tied.symbols,
            sources: &tied.sources,
            packages: &tied.tree.package_sources,
            members: tied.tree.look.packages.members(),
        };
        let cancel = self.cancel;
        let resolved: Vec<(Repeated<ResolvedTrace>, Vec<Problem>)> = traces
            .par_iter()
            .map(|repeated| {
                let mut problems = Vec::new();
                let resolved = repeated.clone().map(|trace| {
                    let (resolved, found) = resolve::resolve(trace, &input, cancel);
                    problems = found;
                    resolved
                });
                (resolved, problems)
            })
            .collect();
        tied.resolved = resolved.into_iter().map(|answer| self.noting(answer)).collect();
    }
}

/// Writes what was indexed into the cache folder, beside what is still to come.
pub(super) fn save_index<'scope>(scope: &'scope Scope<'scope, '_>, workspace: &'scope Workspace) {
    scope.spawn(move || workspace.index().save(workspace));
}
