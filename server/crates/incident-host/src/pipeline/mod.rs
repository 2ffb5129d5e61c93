//! The one place where the stages are ordered. Synchronous; callers bring the thread.
//!
//! Total: every stage gives what it can, and what it could not do stands among the problems. Three
//! things run beside the road: reading the log, indexing the workspace, and asking git for its
//! history; the first frames wait for none of them.

mod deployed;
mod fetch;
mod inferred;
mod keep;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread::{Scope, ScopedJoinHandle};

use incident_core::cancel::Cancel;
use incident_core::check::Finding;
use incident_core::history::{CommitId, Deployed, History};
use incident_core::hypothesis::{self, CheckedHypothesis, HypothesisInput};
use incident_core::incident::{self, Incident, Repeated};
use incident_core::input::RawInput;
use incident_core::logs::{self, LogReport};
use incident_core::present::{ExplainedIncident, Explanation, WorkspaceInfo};
use incident_core::problem::Problem;
use incident_core::producers::{self, Producer};
use incident_core::resolve::{
    self, PackageSources, ResolveInput, ResolvedTrace, Sources, WantedPackageFile,
};
use incident_core::suspects::{self, RankInput, Suspects};
use incident_core::syntax::{self, SymbolIndex};
use incident_core::text;
use incident_core::trace::{self, Trace};
use rayon::prelude::*;

use crate::checking::{CheckOptions, Checker};
use crate::config;
use crate::git::{GitError, Repository};
use crate::packages::Packages;
use crate::source::{self, Listing};
use crate::workspace::Workspace;

/// How much of the inputs the ranking gets to see, in bytes.
const MAX_CONTEXT_BYTES: usize = 64 << 10;

/// How many different traces are tied to the source; a paste of more is a log of everything.
const MAX_TRACES: usize = 300;

/// What the person asked for, besides the inputs.
#[derive(Clone, Debug, Default)]
pub struct ExplainOptions {
    /// The deployed revision, as given.
    pub deployed: Option<String>,
    /// The last good revision or time, as given.
    pub since: Option<String>,
    /// Keep the answer in the store, so that `fix` and `forget` can name it.
    pub store: bool,
}

/// What the pipeline reports while it runs.
#[derive(Clone, Debug)]
pub enum Update {
    /// A stage began; one short sentence for a progress display.
    Stage(&'static str),
    /// What is known so far: first frames, then suspects, then hypotheses.
    Partial(Box<Explanation>),
}

/// Explains `inputs` against `workspace`.
///
/// Total: whatever goes wrong is a problem in the answer. When `cancel` is raised it returns soon,
/// with what was known by then and a problem that says so.
pub fn explain(
    inputs: Vec<RawInput>,
    workspace: &Workspace,
    options: &ExplainOptions,
    cancel: &Cancel,
    updates: &mut dyn FnMut(Update),
) -> Explanation {
    let (config, problems) = config::read(workspace.root(), workspace.is_trusted());
    let deployed = options.deployed.clone().or(config.deployed_revision);
    let options = &ExplainOptions { deployed, ..options.clone() };
    let max_commits = config.max_commits;
    let mut run = Run { workspace, options, max_commits, cancel, updates, problems };
    let mut explanation = std::thread::scope(|scope| run.explain(&inputs, scope));
    if cancel.is_cancelled() {
        let told = "the work was cancelled; this is what was known by then";
        run.problems.push(Problem::warning(told));
    } else if options.store {
        run.problems.extend(keep::keep(&explanation, workspace, crate::clock::now()));
    }
    explanation.problems = without_repeats(run.problems);
    explanation
}

/// One run through the stages.
struct Run<'a> {
    workspace: &'a Workspace,
    options: &'a ExplainOptions,
    /// How many commits are looked at where nothing bounds them, if the settings say.
    max_commits: Option<usize>,
    cancel: &'a Cancel,
    updates: &'a mut dyn FnMut(Update),
    problems: Vec<Problem>,
}

/// The workspace as this run found it.
struct Tree {
    /// Sorted.
    files: Vec<String>,
    packages: Packages,
    /// What the traces need of the packages.
    package_sources: PackageSources,
}

/// The repository and what of it is deployed.
struct Ground {
    repository: Repository,
    deployed: Deployed,
}

/// What ranking and explaining every incident stand on.
#[derive(Clone, Copy)]
struct Findings<'a> {
    context: &'a str,
    logs: &'a LogReport,
    /// As deployed.
    functions: &'a SymbolIndex,
    /// As they are now.
    symbols: &'a SymbolIndex,
    sources: &'a Sources,
    history: Option<&'a History>,
}

impl<'a> Run<'a> {
    fn explain<'scope, 'env>(
        &mut self,
        inputs: &'env [RawInput],
        scope: &'scope Scope<'scope, 'env>,
    ) -> Explanation
    where
        'a: 'env,
    {
        let (workspace, cancel) = (self.workspace, self.cancel);
        let mut explanation = Explanation {
            workspace: WorkspaceInfo { root: workspace.root().display().to_string(), head: None },
            ..Explanation::default()
        };
        self.stage("Reading the input");
        let reading_log = scope.spawn(move || logs::group(inputs, cancel));
        let traces = self.read_traces(inputs);

        self.stage("Looking at the workspace");
        let listing = Arc::new(self.noting(source::list(workspace.root(), cancel)));
        let listed = Arc::clone(&listing);
        let indexing = scope.spawn(move || workspace.index().update(workspace, &listed, cancel));
        let tree = self.tree(&listing, &traces);
        let (mut ground, head) = self.ground(inputs, &tree);
        if let Some(ground) = &mut ground {
            inferred::refine(self, ground, &traces, &tree);
        }
        explanation.workspace.head = head.map(|head| head.0);
        let reading_history = self.begin_history(scope, ground.as_ref());

        self.stage("Tying frames to the source");
        let mut sources = Sources::default();
        if !indexing.is_finished() {
            // What needs no symbols is shown at once.
            let symbols = SymbolIndex::default();
            self.fetch_sources(&traces, &tree, &symbols, ground.as_ref(), &mut sources);
            let first = self.resolve(traces.clone(), &tree, &symbols, &sources);
            explanation.sources = sources.clone();
            explanation.incidents = bare(incident::group_repeated(first, &LogReport::default()));
            self.partial(&explanation);
            self.stage("Indexing the workspace");
        }
        let symbols = self.joined(indexing).unwrap_or_default();
        self.fetch_sources(&traces, &tree, &symbols, ground.as_ref(), &mut sources);
        let resolved = self.resolve(traces, &tree, &symbols, &sources);
        let producers = self.producers(&resolved, &symbols, &sources);
        let wanted = producers::wanted_files(&producers).into_iter().collect();
        fetch::sources(self, wanted, ground.as_ref(), &mut sources);
        explanation.sources = sources.clone();
        explanation.logs = self.joined(reading_log).unwrap_or_default();
        let incidents = incident::group_repeated(resolved, &explanation.logs);
        explanation.incidents = bare(incidents.clone());
        self.partial(&explanation);

        self.stage("Asking git what changed");
        let functions = functions_as_deployed(&sources, &symbols);
        let log = reading_history.and_then(|reading| self.read_log(reading));
        let history =
            ground.map(|it| fetch::history(self, &it, log, &incidents, &functions, &producers));

        self.stage("Ranking the changes");
        let context = context(inputs);
        let findings = Findings {
            context: &context,
            logs: &explanation.logs,
            functions: &functions,
            symbols: &symbols,
            sources: &sources,
            history: history.as_ref(),
        };
        let incidents: Vec<Incident> =
            incidents.into_iter().map(|incident| self.rank(incident, findings)).collect();
        explanation.incidents = bare(incidents.clone());
        self.partial(&explanation);

        self.stage("Looking for causes");
        explanation.incidents =
            incidents.into_iter().map(|incident| self.hypothesize(incident, findings)).collect();
        let has_fix = |it: &CheckedHypothesis| it.hypothesis().fix.is_some();
        if explanation.incidents.iter().any(|it| it.hypotheses.iter().any(has_fix)) {
            self.partial(&explanation);
            self.stage("Checking the fixes' names");
            self.check_fixes(&mut explanation);
        }
        explanation
    }

    /// Reads the traces of all inputs; those printed again and again are kept once and counted.
    fn read_traces(&mut self, inputs: &[RawInput]) -> Vec<Repeated<Trace>> {
        let mut traces = Vec::new();
        for input in inputs {
            if self.cancel.is_cancelled() {
                break;
            }
            traces.extend(self.noting(trace::parse(input)));
        }
        let mut traces = incident::distinct(traces);
        if traces.len() > MAX_TRACES {
            self.problems.push(Problem::warning(format!(
                "the input has {} different traces; the first {MAX_TRACES} were looked at",
                traces.len()
            )));
            traces.truncate(MAX_TRACES);
        }
        traces
    }

    fn tree(&mut self, listing: &Listing, traces: &[Repeated<Trace>]) -> Tree {
        let mut files = listing.source_paths();
        let open = self.workspace.open_buffers().keys();
        files.extend(open.filter(|path| source::is_source(path)).cloned());
        files.sort();
        files.dedup();
        let packages = self.noting(Packages::read(self.workspace, listing, self.cancel));
        let resolved = packages.resolved();
        let wanted: BTreeSet<WantedPackageFile> = traces
            .iter()
            .flat_map(|repeated| resolve::wanted_packages(&repeated.trace, &resolved))
            .collect();
        let wanted: Vec<WantedPackageFile> = wanted.into_iter().collect();
        let package_sources = packages.fetch(&wanted, self.cancel);
        Tree { files, packages, package_sources }
    }

    fn ground(&mut self, inputs: &[RawInput], tree: &Tree) -> (Option<Ground>, Option<CommitId>) {
        let workspace = self.workspace;
        let found = Repository::discover(workspace.root(), workspace.environment(), self.cancel);
        let Some(repository) = self.answered(found) else { return (None, None) };
        let head = self.answered(repository.head(self.cancel)).flatten();
        let clues = deployed::Clues { inputs, members: tree.packages.members() };
        let deployed = deployed::find(self, &repository, head.clone(), &clues);
        (Some(Ground { repository, deployed }), head)
    }

    /// Starts to read the commits up to the deployed one: the longest of git's answers.
    fn begin_history<'scope, 'env>(
        &mut self,
        scope: &'scope Scope<'scope, 'env>,
        ground: Option<&Ground>,
    ) -> Option<ScopedJoinHandle<'scope, fetch::LogAnswer>>
    where
        'a: 'env,
    {
        let ground = ground?;
        let query = fetch::log_query(self, ground)?;
        let (repository, cancel) = (ground.repository.clone(), self.cancel);
        Some(scope.spawn(move || fetch::LogAnswer::read(query, &repository, cancel)))
    }

    fn read_log(
        &mut self,
        reading: ScopedJoinHandle<'_, fetch::LogAnswer>,
    ) -> Option<fetch::ReadLog> {
        let Ok(fetch::LogAnswer { query, answer }) = reading.join() else {
            self.problems.push(broken_stage());
            return None;
        };
        let (log, config) = self.answered(answer)?;
        Some(fetch::ReadLog { query, log, config })
    }

    fn fetch_sources(
        &mut self,
        traces: &[Repeated<Trace>],
        tree: &Tree,
        symbols: &SymbolIndex,
        ground: Option<&Ground>,
        sources: &mut Sources,
    ) {
        let members = tree.packages.members();
        let wanted: BTreeSet<String> = traces
            .par_iter()
            .flat_map_iter(|repeated| {
                resolve::wanted_files(&repeated.trace, &tree.files, symbols, members)
            })
            .collect();
        fetch::sources(self, wanted, ground, sources);
    }

    fn resolve(
        &mut self,
        traces: Vec<Repeated<Trace>>,
        tree: &Tree,
        symbols: &SymbolIndex,
        sources: &Sources,
    ) -> Vec<Repeated<ResolvedTrace>> {
        let input = ResolveInput {
            files: &tree.files,
            symbols,
            sources,
            packages: &tree.package_sources,
            members: tree.packages.members(),
        };
        let cancel = self.cancel;
        let resolved: Vec<(Repeated<ResolvedTrace>, Vec<Problem>)> = traces
            .into_par_iter()
            .map(|repeated| {
                let mut problems = Vec::new();
                let resolved = repeated.map(|trace| {
                    let (resolved, found) = resolve::resolve(trace, &input, cancel);
                    problems = found;
                    resolved
                });
                (resolved, problems)
            })
            .collect();
        resolved.into_iter().map(|answer| self.noting(answer)).collect()
    }

    /// Finds the functions that made the values which failed: ranking and explaining look one step
    /// back from the crash.
    fn producers(
        &self,
        resolved: &[Repeated<ResolvedTrace>],
        symbols: &SymbolIndex,
        sources: &Sources,
    ) -> Vec<Producer> {
        resolved
            .par_iter()
            .flat_map_iter(|it| producers::producers(&it.trace, sources, symbols, self.cancel))
            .collect()
    }

    fn rank(&mut self, incident: Incident, findings: Findings<'_>) -> Incident {
        let suspects = match findings.history {
            Some(history) => {
                let producers: Vec<Producer> = incident
                    .traces
                    .iter()
                    .flat_map(|trace| {
                        let Findings { sources, symbols, .. } = findings;
                        producers::producers(trace, sources, symbols, self.cancel)
                    })
                    .collect();
                let input = RankInput {
                    producers: &producers,
                    traces: &incident.traces,
                    logs: findings.logs,
                    log_groups: &incident.log_groups,
                    context: findings.context,
                    functions: findings.functions,
                    sources: findings.sources,
                    history,
                };
                self.noting(suspects::rank(&input, self.cancel))
                    .with_spans_as_they_are_now(findings.functions, findings.symbols)
            }
            None => Suspects {
                abstained: Some("there is no git history to look at".to_owned()),
                ..Suspects::default()
            },
        };
        incident.with_suspects(suspects, findings.history)
    }

    fn hypothesize(&mut self, incident: Incident, findings: Findings<'_>) -> ExplainedIncident {
        let input = HypothesisInput {
            incident: &incident,
            sources: findings.sources,
            history: findings.history,
            logs: findings.logs,
        };
        let hypotheses = if self.cancel.is_cancelled() {
            Vec::new()
        } else {
            hypothesis::verify(hypothesis::from_signatures(&input), &input)
        };
        ExplainedIncident { incident, hypotheses }
    }

    /// Holds every name in a fix against what the lock file resolves.
    fn check_fixes(&mut self, explanation: &mut Explanation) {
        let checker = self.noting(Checker::open(self.workspace, self.cancel));
        let options = CheckOptions { language: Some("diff".to_owned()), file: None };
        for hypothesis in explanation.incidents.iter_mut().flat_map(|it| &mut it.hypotheses) {
            if self.cancel.is_cancelled() {
                return;
            }
            let Some(fix) = &hypothesis.hypothesis().fix else { continue };
            let (references, _) = checker.check(&fix.patch, &options, self.cancel);
            let findings = references
                .into_iter()
                .filter(|reference| reference.verdict.is_accusation())
                .map(|reference| Finding { message: reference.reason.clone(), reference })
                .collect();
            *hypothesis = hypothesis.clone().with_findings(findings);
        }
    }

    fn stage(&mut self, words: &'static str) {
        if !self.cancel.is_cancelled() {
            (self.updates)(Update::Stage(words));
        }
    }

    fn partial(&mut self, explanation: &Explanation) {
        if !self.cancel.is_cancelled() {
            let mut partial = explanation.clone();
            partial.problems = without_repeats(self.problems.clone());
            (self.updates)(Update::Partial(Box::new(partial)));
        }
    }

    /// Keeps a stage's problems and returns its value.
    fn noting<T>(&mut self, (value, problems): (T, Vec<Problem>)) -> T {
        self.problems.extend(problems);
        value
    }

    /// Waits for work beside the road; work that broke gives nothing but a problem.
    fn joined<T>(&mut self, work: ScopedJoinHandle<'_, (T, Vec<Problem>)>) -> Option<T> {
        match work.join() {
            Ok(answer) => Some(self.noting(answer)),
            Err(_) => {
                self.problems.push(broken_stage());
                None
            }
        }
    }

    /// Returns git's answer; what kept it from answering becomes a problem.
    fn answered<T>(&mut self, answer: Result<T, GitError>) -> Option<T> {
        match answer {
            Ok(value) => Some(value),
            Err(err) => {
                self.problems.extend(git_problem(&err));
                None
            }
        }
    }
}

/// Says what a person should know about git's silence; a cancelled job is told once, elsewhere.
fn git_problem(err: &GitError) -> Option<Problem> {
    match err {
        GitError::Command(crate::command::CommandError::Cancelled) => None,
        GitError::NotARepository => Some(Problem::info(err.to_string())),
        err => Some(Problem::warning(err.to_string())),
    }
}

fn broken_stage() -> Problem {
    Problem::error(
        "a part of the work broke off; this is a fault of incident-lsp, please report it",
    )
}

/// Returns the workspace's symbols with the files at hand as they were deployed.
fn functions_as_deployed(sources: &Sources, symbols: &SymbolIndex) -> SymbolIndex {
    sources.deployed.iter().fold(symbols.clone(), |index, (path, text)| {
        index.with(Arc::new(syntax::index_file(path, text)))
    })
}

/// Returns the start of what was pasted: as much as the ranking looks at.
fn context(inputs: &[RawInput]) -> String {
    let mut context = String::new();
    for input in inputs {
        let room = MAX_CONTEXT_BYTES.saturating_sub(context.len());
        context.push_str(text::cut(&input.text, room));
        context.push('\n');
    }
    context
}

/// Incidents before anybody looked for causes.
fn bare(incidents: Vec<Incident>) -> Vec<ExplainedIncident> {
    incidents
        .into_iter()
        .map(|incident| ExplainedIncident { incident, hypotheses: Vec::new() })
        .collect()
}

/// Drops repeats and keeps the order.
fn without_repeats(problems: Vec<Problem>) -> Vec<Problem> {
    let mut seen = BTreeSet::new();
    problems.into_iter().filter(|problem| seen.insert(problem.clone())).collect()
}
