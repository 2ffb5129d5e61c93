//! The one place where the stages are ordered. Synchronous; callers bring the thread.
//!
//! Total: every stage gives what it can, and what it could not do stands among the problems. Three
//! things run beside the road: reading the log, indexing the workspace, and asking git for its
//! history; the first frames wait for none of them.

mod changes;
mod deployed;
mod fetch;
mod inferred;
mod keep;
mod mitigate;
mod model;
mod moved;
mod remembered;
mod runbooks;
mod statements;
#[cfg(test)]
mod tests;
mod tie;

pub use self::statements::attach_statements;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{Scope, ScopedJoinHandle};

use incident_core::cancel::Cancel;
use incident_core::check::Finding;
use incident_core::exports::{self, Unfolded};
use incident_core::history::{CommitId, History};
use incident_core::hypothesis::{self, CheckedHypothesis, HypothesisInput};
use incident_core::incident::{self, Incident, Repeated};
use incident_core::input::RawInput;
use incident_core::logs::LogReport;
use incident_core::metrics::{self, MetricReport};
use incident_core::present::{ExplainedIncident, Explanation, WorkspaceInfo};
use incident_core::problem::Problem;
use incident_core::producers::{self, Producer};
use incident_core::resolve::Sources;
use incident_core::suspects::{self, RankInput, Suspects};
use incident_core::syntax::{self, FileSymbols, SymbolIndex};
use incident_core::text;
use incident_core::timeline;
use incident_core::trace::{self, Trace};
use rayon::prelude::*;

use self::tie::{Task, Tied};
use crate::checking::CheckOptions;
use crate::config::{self, Config};
use crate::git::GitError;
use crate::logs;
use crate::look::Look;
use crate::workspace::Workspace;

pub use self::changes::changes;

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
    /// Files of which only a part is among the inputs: as logs they are read whole.
    pub whole_logs: Vec<PathBuf>,
    /// The model to ask, where the person asked for one.
    pub model: Option<ModelOptions>,
}

/// How a model is asked.
#[derive(Clone, Debug, Default)]
pub struct ModelOptions {
    /// `PROVIDER[/NAME]`, or `configured`.
    pub model: String,
    /// The address, where it is given with it.
    pub url: Option<String>,
    /// The person's own suspicion.
    pub focus: Option<String>,
    /// Make the requests and hand them out ([`Update::Request`]); send nothing.
    pub show_only: bool,
}

/// What the pipeline reports while it runs.
#[derive(Clone, Debug)]
pub enum Update {
    /// A stage began; one short sentence for a progress display.
    Stage(&'static str),
    /// What is known so far: first frames, then suspects, then hypotheses.
    Partial(Box<Explanation>),
    /// A request to a model, right before it is sent, or in its place.
    Request(Box<ModelRequest>),
}

/// A request to a model as it goes out, and what a person should know of it.
#[derive(Clone, Debug)]
pub struct ModelRequest {
    /// The incident's id.
    pub incident: String,
    /// Where it goes.
    pub target: String,
    /// The exact body.
    pub body: Vec<u8>,
    /// The prompt's hash.
    pub hash: String,
    /// Tokens of the prompt, as estimated.
    pub n_tokens: usize,
    /// What was left out for length.
    pub left_out: Vec<String>,
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
    let (config, mut problems) = config::read(workspace.root(), workspace.is_trusted());
    let (measured, inputs): (Vec<RawInput>, Vec<RawInput>) =
        inputs.into_iter().partition(|input| metrics::is_metrics(&input.text));
    let (metrics, found) = metrics::read(&measured, cancel);
    problems.extend(found);
    let deployed = options.deployed.clone().or_else(|| config.deployed_revision.clone());
    let options = &ExplainOptions { deployed, ..options.clone() };
    let mut run = Run { workspace, options, config: &config, cancel, updates, problems };
    let unfolded = exports::unfold(inputs);
    let mut explanation = std::thread::scope(|scope| run.explain(&unfolded, metrics, scope));
    explanation.timeline = timeline::build(&explanation, unfolded.timeline);
    run.problems.extend(timeline::skew(&explanation.timeline));
    if cancel.is_cancelled() {
        let told = "the work was cancelled; this is what was known by then";
        run.problems.push(Problem::warning(told));
    } else {
        let told = remembered::recall(&mut explanation, workspace, options.store, cancel);
        run.problems.extend(told);
        if options.store {
            run.problems.extend(keep::keep(&explanation, workspace, crate::clock::now()));
        }
    }
    explanation.problems = without_repeats(run.problems);
    explanation
}

/// One run through the stages.
struct Run<'a> {
    workspace: &'a Workspace,
    options: &'a ExplainOptions,
    config: &'a Config,
    cancel: &'a Cancel,
    updates: &'a mut dyn FnMut(Update),
    problems: Vec<Problem>,
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
        unfolded: &'env Unfolded,
        metrics: MetricReport,
        scope: &'scope Scope<'scope, 'env>,
    ) -> Explanation
    where
        'a: 'env,
    {
        let (workspace, cancel) = (self.workspace, self.cancel);
        let inputs = unfolded.inputs.as_slice();
        let mut explanation = Explanation {
            workspace: WorkspaceInfo { root: workspace.root().display().to_string(), head: None },
            metrics,
            ..Explanation::default()
        };
        self.stage("Reading the input");
        let deploy = timeline::deploy(&unfolded.timeline);
        let whole_logs = &self.options.whole_logs;
        let reading_log = scope.spawn(move || {
            let tallied = logs::group(inputs, whole_logs, deploy, cancel);
            (tallied.report, tallied.problems)
        });
        let traces = self.read_traces(unfolded);

        self.stage("Looking at the workspace");
        let task = Task { unfolded, traces: &traces };
        let n_problems = self.problems.len();
        let looking = self.begin_looking(scope);
        let first = self.tie_first(task, &looking);
        let mut log = first.as_ref().and_then(|first| self.begin_log(scope, first));
        if let Some(first) = &first {
            // What needs no further look is shown at once.
            explanation.workspace.head = first.head.as_ref().map(|head| head.0.clone());
            explanation.sources = first.sources.clone();
            let resolved = first.resolved.clone();
            explanation.incidents = bare(incident::group_repeated(resolved, &LogReport::default()));
            self.partial(&explanation);
        }
        self.stage("Indexing the workspace");
        let deployed_at_first = first.as_ref().and_then(Tied::deployed).cloned();
        let Some(tied) = self.tie_again(task, first, looking, n_problems) else {
            return explanation;
        };
        tie::save_index(scope, workspace);
        if tied.deployed() != deployed_at_first.as_ref() {
            log = self.begin_log(scope, &tied);
        }
        let Tied { tree, ground, head, symbols, mut sources, resolved } = tied;
        explanation.workspace.head = head.map(|head| head.0);
        explanation.logs = self.joined(reading_log).unwrap_or_default();
        self.forgive_logs(&explanation.logs);
        if statements::are_worthwhile(&explanation.logs) {
            self.stage("Looking for the statements behind the log");
            let found =
                attach_statements(&mut explanation.logs, workspace, &tree.look.listing, cancel);
            self.problems.extend(found);
        }
        let mut incidents = incident::group_repeated(resolved, &explanation.logs);
        let burst = incident::burst(&explanation.logs, &incidents);
        if let Some(burst) = burst {
            // The log tells what no trace could.
            self.problems.retain(|problem| !trace::says_no_trace(problem));
            incidents.insert(0, burst);
        }
        for incident in &mut incidents {
            incident.metrics.clone_from(&explanation.metrics.changes);
        }
        let printed = statements::files_of_errors(&explanation.logs);
        fetch::sources(self, printed, ground.as_ref(), &mut sources);
        let producers = self.producers(&incidents, &symbols, &sources);
        let wanted = producers.iter().flat_map(|of_one| producers::wanted_files(of_one)).collect();
        fetch::sources(self, wanted, ground.as_ref(), &mut sources);
        explanation.sources = sources.clone();
        explanation.incidents = bare(incidents.clone());
        self.partial(&explanation);

        self.stage("Asking git what changed");
        let functions = functions_as_deployed(&sources, &symbols);
        let log = log.and_then(|log| self.joined(log)).flatten();
        let all_producers = producers.concat();
        let history = ground
            .as_ref()
            .map(|it| fetch::history(self, it, log, &incidents, &functions, &all_producers));
        if incidents.iter().any(|incident| incident.traces.is_empty()) {
            let settings = history.as_ref().map(statements::settings_files).unwrap_or_default();
            fetch::sources(self, settings, ground.as_ref(), &mut sources);
            explanation.sources = sources.clone();
        }

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
        let incidents: Vec<Incident> = incidents
            .into_iter()
            .zip(&producers)
            .map(|(incident, producers)| self.rank(incident, producers, findings))
            .collect();
        explanation.incidents = bare(incidents.clone());
        self.partial(&explanation);

        self.stage("Looking for causes");
        explanation.incidents =
            incidents.into_iter().map(|incident| self.hypothesize(incident, findings)).collect();
        let has_fix = |it: &CheckedHypothesis| it.hypothesis().fix.is_some();
        explanation.history = findings.history.map(|history| {
            let suspects =
                explanation.incidents.iter().flat_map(|it| &it.incident.suspects.commits);
            let suspects: BTreeSet<&CommitId> = suspects.map(|suspect| &suspect.commit).collect();
            Arc::new(history.only(|commit| suspects.contains(commit)))
        });
        if let Some(options) = &self.options.model {
            self.partial(&explanation);
            explanation.incidents = model::ask(self, options, explanation.clone(), findings);
        }
        if explanation.incidents.iter().any(|it| it.hypotheses.iter().any(has_fix)) {
            self.partial(&explanation);
            self.stage("Checking the fixes' names");
            self.check_fixes(&mut explanation, &tree.look);
        }
        self.find_runbooks(&tree.look.listing, &mut explanation);
        explanation
    }

    /// Reads the traces of all inputs; those printed again and again are kept once and counted.
    fn read_traces(&mut self, unfolded: &Unfolded) -> Vec<Repeated<Trace>> {
        let mut traces = Vec::new();
        for input in &unfolded.inputs {
            if self.cancel.is_cancelled() {
                break;
            }
            traces.extend(self.noting(trace::parse(input)));
        }
        for aside in &unfolded.asides {
            // People talk about places; only a real trace counts here.
            let (found, problems) = trace::parse(aside);
            traces.extend(found.into_iter().filter(|_| problems.is_empty()));
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

    /// Drops the word that there is no trace in an input that was read as a log: it has its say.
    fn forgive_logs(&mut self, report: &LogReport) {
        let is_log = |name: &str| {
            report.groups.iter().any(|group| group.input == name && group.first_seen.is_some())
        };
        self.problems.retain(|problem| {
            let place = problem.location.as_ref().filter(|_| trace::says_no_trace(problem));
            !place.is_some_and(|place| is_log(&place.path))
        });
    }

    /// Starts to read the commits up to the deployed one.
    fn begin_log<'scope, 'env>(
        &self,
        scope: &'scope Scope<'scope, 'env>,
        tied: &Tied,
    ) -> Option<ScopedJoinHandle<'scope, (Option<fetch::ReadLog>, Vec<Problem>)>>
    where
        'a: 'env,
    {
        let ground = tied.ground.as_ref()?;
        let reader = fetch::LogReader {
            repository: ground.repository.clone(),
            deployed: ground.deployed.clone(),
            options: self.options,
            max_commits: self.config.max_commits,
            cancel: self.cancel,
        };
        Some(scope.spawn(move || reader.read()))
    }

    /// Finds the functions that made the values which failed, for each incident: ranking and
    /// explaining look one step back from the crash.
    fn producers(
        &self,
        incidents: &[Incident],
        symbols: &SymbolIndex,
        sources: &Sources,
    ) -> Vec<Vec<Producer>> {
        let of_incident = |incident: &Incident| {
            let traces = incident.traces.iter();
            traces
                .flat_map(|trace| producers::producers(trace, sources, symbols, self.cancel))
                .collect()
        };
        incidents.par_iter().map(of_incident).collect()
    }

    fn rank(
        &mut self,
        incident: Incident,
        producers: &[Producer],
        findings: Findings<'_>,
    ) -> Incident {
        let suspects = match findings.history {
            Some(history) => {
                let input = RankInput {
                    producers,
                    traces: &incident.traces,
                    logs: findings.logs,
                    log_groups: &incident.log_groups,
                    context: findings.context,
                    functions: findings.functions,
                    sources: findings.sources,
                    history,
                };
                let mut suspects = self
                    .noting(suspects::rank(&input, self.cancel))
                    .with_spans_as_they_are_now(findings.functions, findings.symbols);
                if incident.traces.is_empty() {
                    suspects.spans = suspects::burst_spans(&input, &suspects.commits);
                }
                self.mitigate(suspects, history)
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
    fn check_fixes(&mut self, explanation: &mut Explanation, look: &Arc<Look>) {
        let checker = self.noting(self.workspace.checker(look, self.cancel));
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
        // The log's own times say how long each stage took: `INCIDENT_LSP_LOG=incident_host=debug`.
        tracing::debug!("{words}");
        if !self.cancel.is_cancelled() {
            (self.updates)(Update::Stage(words));
        }
    }

    fn partial(&mut self, explanation: &Explanation) {
        if !self.cancel.is_cancelled() {
            let mut partial = explanation.clone();
            partial.problems = without_repeats(self.problems.clone());
            tracing::debug!("showing what is known so far");
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
    let changed: Vec<(&String, &Arc<str>)> = sources
        .deployed
        .iter()
        .filter(|(path, text)| {
            sources.current.get(*path) != Some(text) || symbols.file(path).is_none()
        })
        .collect();
    let changed: Vec<Arc<FileSymbols>> = changed
        .into_par_iter()
        .map(|(path, text)| Arc::new(syntax::index_file(path, text)))
        .collect();
    SymbolIndex::new(symbols.files().iter().cloned().chain(changed).collect())
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
