//! The order of the stages.
//!
//! Three things run beside the road: reading the log, indexing the workspace, and asking git for
//! its history; the first frames wait for none of them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread::Scope;

use incident_core::exports::Unfolded;
use incident_core::history::{CommitId, History};
use incident_core::incident::{self, Incident, Repeated};
use incident_core::input::RawInput;
use incident_core::logs::LogReport;
use incident_core::metrics::MetricReport;
use incident_core::present::{ExplainedIncident, Explanation, WorkspaceInfo};
use incident_core::problem::Problem;
use incident_core::producers::{self, Producer};
use incident_core::resolve::{ResolvedTrace, Sources};
use incident_core::syntax::{self, FileSymbols, SymbolIndex};
use incident_core::text;
use incident_core::timeline;
use incident_core::trace::{self, Trace};
use rayon::prelude::*;

use super::causes::Findings;
use super::run::{Beside, Run};
use super::statements::{self, attach_statements};
use super::tie::{self, Task, Tied};
use super::{fetch, model};
use crate::logs;
use crate::look::Look;

/// How much of the inputs the ranking gets to see, in bytes.
const MAX_CONTEXT_BYTES: usize = 64 << 10;

/// How many different traces are tied to the source; a paste of more is a log of everything.
const MAX_TRACES: usize = 300;

impl<'a> Run<'a> {
    /// Takes the inputs through the stages, and shows what is known on the way.
    pub(super) fn explain<'scope, 'env>(
        &mut self,
        unfolded: &'env Unfolded,
        metrics: MetricReport,
        scope: &'scope Scope<'scope, 'env>,
    ) -> Explanation
    where
        'a: 'env,
    {
        let root = self.workspace.root().display().to_string();
        let mut explanation = Explanation {
            workspace: WorkspaceInfo { root, head: None },
            metrics,
            ..Explanation::default()
        };
        self.stage("Reading the input");
        let reading_logs = self.begin_logs(scope, unfolded);
        let traces = self.read_traces(unfolded);
        let task = Task { unfolded, traces: &traces };
        let Some((tied, commits)) = self.tie(scope, task, &mut explanation) else {
            return explanation;
        };
        let Tied { tree, ground, head, symbols, mut sources, resolved } = tied;
        explanation.logs = self.joined(reading_logs).unwrap_or_default();
        self.find_statements(&mut explanation.logs, &tree.look);
        let incidents = self.group(resolved, &explanation);
        let ground = ground.as_ref();
        let printed = statements::files_of_errors(&explanation.logs);
        fetch::sources(self, printed, ground, &mut sources);
        let producers = self.producers(&incidents, &symbols, &sources);
        let wanted = producers.iter().flat_map(|of_one| producers::wanted_files(of_one)).collect();
        fetch::sources(self, wanted, ground, &mut sources);
        explanation.sources = sources.clone();
        explanation.incidents = bare(incidents.clone());
        self.partial(&explanation);

        self.stage("Asking git what changed");
        let functions = functions_as_deployed(&sources, &symbols);
        let commits = commits.and_then(|commits| self.joined(commits)).flatten();
        let made = producers.concat();
        let history =
            ground.map(|it| fetch::history(self, it, commits, &incidents, &functions, &made));
        if incidents.iter().any(|incident| incident.traces.is_empty()) {
            let settings = history.as_ref().map(statements::settings_files).unwrap_or_default();
            fetch::sources(self, settings, ground, &mut sources);
            explanation.sources = sources.clone();
        }

        self.stage("Ranking the changes");
        let context = context(&unfolded.inputs);
        let findings = Findings {
            context: &context,
            logs: &explanation.logs,
            functions: &functions,
            symbols: &symbols,
            sources: &sources,
            history: history.as_ref(),
        };
        let mut incidents: Vec<Incident> = incidents
            .into_iter()
            .zip(&producers)
            .map(|(incident, producers)| self.rank(incident, producers, findings))
            .collect();
        self.look_later(&mut incidents, &producers, ground, head.as_ref());
        explanation.incidents = bare(incidents.clone());
        self.partial(&explanation);

        self.stage("Looking for causes");
        explanation.incidents =
            incidents.into_iter().map(|incident| self.hypothesize(incident, findings)).collect();
        explanation.history = findings.history.map(|it| only_suspects(it, &explanation.incidents));
        if let Some(options) = &self.options.model {
            self.partial(&explanation);
            explanation.incidents = model::ask(self, options, explanation.clone(), findings);
        }
        self.check_fixes(&mut explanation, &tree.look);
        self.find_runbooks(&tree.look.listing, &mut explanation);
        explanation
    }

    /// Starts to group the inputs as logs.
    fn begin_logs<'scope, 'env>(
        &self,
        scope: &'scope Scope<'scope, 'env>,
        unfolded: &'env Unfolded,
    ) -> Beside<'scope, LogReport>
    where
        'a: 'env,
    {
        let (whole_logs, cancel) = (&self.options.whole_logs, self.cancel);
        let deploy = timeline::deploy(&unfolded.timeline);
        scope.spawn(move || {
            let tallied = logs::group(&unfolded.inputs, whole_logs, deploy, cancel);
            (tallied.report, tallied.problems)
        })
    }

    /// Ties the traces to the source, at first with what is at hand, and starts to read the commits
    /// up to the deployed one.
    fn tie<'scope, 'env>(
        &mut self,
        scope: &'scope Scope<'scope, 'env>,
        task: Task<'_>,
        explanation: &mut Explanation,
    ) -> Option<(Tied, Option<Beside<'scope, Option<fetch::ReadLog>>>)>
    where
        'a: 'env,
    {
        self.stage("Looking at the workspace");
        let n_problems = self.problems.len();
        let looking = self.begin_looking(scope);
        let first = self.tie_first(task, &looking);
        let mut commits = first.as_ref().and_then(|first| self.begin_commits(scope, first));
        if let Some(first) = &first {
            // What needs no further look is shown at once.
            explanation.workspace.head = first.head.as_ref().map(|head| head.0.clone());
            explanation.sources = first.sources.clone();
            let resolved = first.resolved.clone();
            explanation.incidents = bare(incident::group_repeated(resolved, &LogReport::default()));
            self.partial(explanation);
        }
        self.stage("Indexing the workspace");
        let deployed_at_first = first.as_ref().and_then(Tied::deployed).cloned();
        let tied = self.tie_again(task, first, looking, n_problems)?;
        tie::save_index(scope, self.workspace);
        if tied.deployed() != deployed_at_first.as_ref() {
            commits = self.begin_commits(scope, &tied);
        }
        explanation.workspace.head = tied.head.as_ref().map(|head| head.0.clone());
        Some((tied, commits))
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
        let mut traces = incident::distinct(self.symbolise(traces));
        if traces.len() > MAX_TRACES {
            self.problems.push(Problem::warning(format!(
                "the input has {} different traces; the first {MAX_TRACES} were looked at",
                traces.len()
            )));
            traces.truncate(MAX_TRACES);
        }
        traces
    }

    /// Starts to read the commits up to the deployed one.
    fn begin_commits<'scope, 'env>(
        &self,
        scope: &'scope Scope<'scope, 'env>,
        tied: &Tied,
    ) -> Option<Beside<'scope, Option<fetch::ReadLog>>>
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

    /// Looks for the statements behind a log that has more to tell than its traces.
    fn find_statements(&mut self, report: &mut LogReport, look: &Look) {
        if statements::are_worthwhile(report) {
            self.stage("Looking for the statements behind the log");
            let listing = &look.listing;
            let found = attach_statements(report, self.workspace, listing, self.cancel);
            self.problems.extend(found);
        }
    }

    /// Makes incidents of the traces and of what else the log tells.
    fn group(
        &mut self,
        resolved: Vec<Repeated<ResolvedTrace>>,
        explanation: &Explanation,
    ) -> Vec<Incident> {
        let logs = &explanation.logs;
        let mut incidents = incident::group_repeated(resolved, logs);
        let burst = incident::burst(logs, &incidents);
        // Where a log has its say, nobody misses a trace in it.
        let is_log = |name: &str| {
            logs.groups.iter().any(|group| group.input == name && group.first_seen.is_some())
        };
        self.problems.retain(|problem| {
            let of_log = problem.location.as_ref().is_some_and(|place| is_log(&place.path));
            !(trace::says_no_trace(problem) && (burst.is_some() || of_log))
        });
        incidents.splice(..0, burst);
        for incident in &mut incidents {
            incident.metrics.clone_from(&explanation.metrics.changes);
        }
        incidents
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
}

/// Keeps the commits that are suspects: the others are not shown.
fn only_suspects(history: &History, incidents: &[ExplainedIncident]) -> Arc<History> {
    let suspects = incidents.iter().flat_map(|it| &it.incident.suspects.commits);
    let suspects: BTreeSet<&CommitId> = suspects.map(|suspect| &suspect.commit).collect();
    Arc::new(history.only(|commit| suspects.contains(commit)))
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
pub(super) fn context(inputs: &[RawInput]) -> String {
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
