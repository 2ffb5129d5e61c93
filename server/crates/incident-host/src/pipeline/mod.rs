//! The one place where the stages are ordered. Synchronous; callers bring the thread.
//!
//! Total: every stage gives what it can, and what it could not do stands among the problems.

mod deployed;
mod fetch;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use incident_core::cancel::Cancel;
use incident_core::history::{CommitId, History, WantedHistory};
use incident_core::hypothesis::{self, HypothesisInput};
use incident_core::incident::{self, Incident};
use incident_core::input::RawInput;
use incident_core::logs::{self, LogReport};
use incident_core::present::{ExplainedIncident, Explanation, WorkspaceInfo};
use incident_core::problem::Problem;
use incident_core::resolve::{self, ResolveInput, ResolvedTrace, Sources, WantedPackageFile};
use incident_core::suspects::{self, RankInput, Suspects};
use incident_core::syntax::{self, SymbolIndex};
use incident_core::text;
use incident_core::trace::{self, Trace};

use crate::git::{GitError, Repository};
use crate::packages::Packages;
use crate::source;
use crate::workspace::Workspace;

/// How much of the inputs the ranking gets to see, in bytes.
const MAX_CONTEXT_BYTES: usize = 64 << 10;

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
    let mut run = Run { workspace, options, cancel, updates, problems: Vec::new() };
    let mut explanation = run.explain(&inputs);
    if cancel.is_cancelled() {
        run.problems
            .push(Problem::warning("the work was cancelled; this is what was known by then"));
    }
    explanation.problems = distinct(run.problems);
    explanation
}

/// One run through the stages.
struct Run<'a> {
    workspace: &'a Workspace,
    options: &'a ExplainOptions,
    cancel: &'a Cancel,
    updates: &'a mut dyn FnMut(Update),
    problems: Vec<Problem>,
}

/// The workspace as this run found it.
struct Tree {
    /// Sorted.
    files: Vec<String>,
    symbols: SymbolIndex,
    packages: Packages,
}

/// What the ranking of every incident stands on.
#[derive(Clone, Copy)]
struct Ground<'a> {
    context: &'a str,
    logs: &'a LogReport,
    functions: &'a SymbolIndex,
    sources: &'a Sources,
    history: Option<&'a History>,
}

impl Run<'_> {
    fn explain(&mut self, inputs: &[RawInput]) -> Explanation {
        let mut explanation = Explanation {
            workspace: WorkspaceInfo {
                root: self.workspace.root().display().to_string(),
                head: None,
            },
            ..Explanation::default()
        };
        self.stage("Reading the input");
        let traces = self.read_traces(inputs);
        explanation.logs = self.noting(logs::group(inputs, self.cancel));

        self.stage("Looking at the workspace");
        let repository = self.repository();
        explanation.workspace.head = repository
            .as_ref()
            .and_then(|repository| self.answered(repository.head(self.cancel)).flatten())
            .map(|head| head.0);
        let tree = self.tree();
        let deployed = repository.as_ref().map(|repository| {
            deployed::find(self, repository, inputs, &traces, tree.packages.members())
        });

        self.stage("Tying frames to the source");
        let sources = self.sources(
            &traces,
            &tree,
            repository.as_ref().zip(deployed.as_ref().and_then(|it| it.commit.as_ref())),
        );
        let resolved = self.resolve(traces, &tree, &sources);
        let incidents = incident::group(resolved, &explanation.logs);
        explanation.incidents = bare(&incidents);
        explanation.sources = sources.clone();
        self.partial(&explanation);

        self.stage("Asking git what changed");
        let functions = functions_as_deployed(&sources, &tree);
        let wanted = wanted_history(&incidents, &functions);
        let history = repository
            .as_ref()
            .zip(deployed)
            .map(|(repository, deployed)| fetch::history(self, repository, deployed, &wanted));

        self.stage("Ranking the changes");
        let ground = Ground {
            context: &context(inputs),
            logs: &explanation.logs,
            functions: &functions,
            sources: &sources,
            history: history.as_ref(),
        };
        let incidents: Vec<Incident> =
            incidents.into_iter().map(|incident| self.rank(incident, &ground)).collect();
        explanation.incidents = bare(&incidents);
        self.partial(&explanation);

        self.stage("Looking for causes");
        explanation.incidents = incidents
            .into_iter()
            .map(|incident| {
                self.hypothesize(incident, &sources, history.as_ref(), &explanation.logs)
            })
            .collect();
        explanation
    }

    fn read_traces(&mut self, inputs: &[RawInput]) -> Vec<Trace> {
        let mut traces = Vec::new();
        for input in inputs {
            if self.cancel.is_cancelled() {
                break;
            }
            traces.extend(self.noting(trace::parse(input)));
        }
        traces
    }

    fn repository(&mut self) -> Option<Repository> {
        let workspace = self.workspace;
        let found = Repository::discover(workspace.root(), workspace.environment(), self.cancel);
        self.answered(found)
    }

    fn tree(&mut self) -> Tree {
        let listing = self.noting(source::list(self.workspace.root(), self.cancel));
        let mut files = listing.source_paths();
        let open = self.workspace.open_buffers().keys();
        files.extend(open.filter(|path| source::is_source(path)).cloned());
        files.sort();
        files.dedup();
        let packages = self.noting(Packages::read(self.workspace, &listing, self.cancel));
        Tree { files, symbols: SymbolIndex::default(), packages }
    }

    fn sources(
        &mut self,
        traces: &[Trace],
        tree: &Tree,
        deployed: Option<(&Repository, &CommitId)>,
    ) -> Sources {
        let wanted: BTreeSet<String> = traces
            .iter()
            .flat_map(|trace| {
                resolve::wanted_files(trace, &tree.files, &tree.symbols, tree.packages.members())
            })
            .collect();
        fetch::sources(self, &wanted.into_iter().collect::<Vec<_>>(), deployed)
    }

    fn resolve(
        &mut self,
        traces: Vec<Trace>,
        tree: &Tree,
        sources: &Sources,
    ) -> Vec<ResolvedTrace> {
        let resolved = tree.packages.resolved();
        let wanted: BTreeSet<WantedPackageFile> =
            traces.iter().flat_map(|trace| resolve::wanted_packages(trace, &resolved)).collect();
        let wanted: Vec<WantedPackageFile> = wanted.into_iter().collect();
        let packages = tree.packages.fetch(&wanted, self.cancel);
        let input = ResolveInput {
            files: &tree.files,
            symbols: &tree.symbols,
            sources,
            packages: &packages,
            members: tree.packages.members(),
        };
        traces
            .into_iter()
            .map(|trace| self.noting(resolve::resolve(trace, &input, self.cancel)))
            .collect()
    }

    fn rank(&mut self, incident: Incident, ground: &Ground<'_>) -> Incident {
        let suspects = match ground.history {
            Some(history) => {
                let input = RankInput {
                    traces: &incident.traces,
                    logs: ground.logs,
                    context: ground.context,
                    functions: ground.functions,
                    sources: ground.sources,
                    history,
                };
                self.noting(suspects::rank(&input, self.cancel))
            }
            None => Suspects {
                abstained: Some("there is no git history to look at".to_owned()),
                ..Suspects::default()
            },
        };
        incident.with_suspects(suspects, ground.history)
    }

    fn hypothesize(
        &mut self,
        incident: Incident,
        sources: &Sources,
        history: Option<&History>,
        logs: &LogReport,
    ) -> ExplainedIncident {
        let input = HypothesisInput { incident: &incident, sources, history, logs };
        let hypotheses = if self.cancel.is_cancelled() {
            Vec::new()
        } else {
            hypothesis::verify(hypothesis::from_signatures(&input), &input)
        };
        ExplainedIncident { incident, hypotheses }
    }

    fn stage(&mut self, words: &'static str) {
        if !self.cancel.is_cancelled() {
            (self.updates)(Update::Stage(words));
        }
    }

    fn partial(&mut self, explanation: &Explanation) {
        if !self.cancel.is_cancelled() {
            let mut partial = explanation.clone();
            partial.problems = distinct(self.problems.clone());
            (self.updates)(Update::Partial(Box::new(partial)));
        }
    }

    /// Keeps a stage's problems and returns its value.
    fn noting<T>(&mut self, (value, problems): (T, Vec<Problem>)) -> T {
        self.problems.extend(problems);
        value
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

fn wanted_history(incidents: &[Incident], functions: &SymbolIndex) -> WantedHistory {
    let traces: Vec<ResolvedTrace> =
        incidents.iter().flat_map(|incident| incident.traces.iter().cloned()).collect();
    suspects::wanted_history(&traces, functions)
}

/// Returns the workspace's symbols with the files at hand as they were deployed.
fn functions_as_deployed(sources: &Sources, tree: &Tree) -> SymbolIndex {
    sources.deployed.iter().fold(tree.symbols.clone(), |index, (path, text)| {
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
fn bare(incidents: &[Incident]) -> Vec<ExplainedIncident> {
    incidents
        .iter()
        .map(|incident| ExplainedIncident { incident: incident.clone(), hypotheses: Vec::new() })
        .collect()
}

/// Drops repeats and keeps the order.
fn distinct(problems: Vec<Problem>) -> Vec<Problem> {
    let mut seen = BTreeSet::new();
    problems.into_iter().filter(|problem| seen.insert(problem.clone())).collect()
}
