//! What ranking and explaining make of one incident.

use std::sync::Arc;

use incident_core::check::Finding;
use incident_core::history::History;
use incident_core::hypothesis::{self, CheckedHypothesis, HypothesisInput};
use incident_core::incident::Incident;
use incident_core::logs::LogReport;
use incident_core::present::{ExplainedIncident, Explanation};
use incident_core::producers::Producer;
use incident_core::resolve::Sources;
use incident_core::suspects::{self, RankInput, Suspects};
use incident_core::syntax::SymbolIndex;

use super::run::Run;
use crate::checking::CheckOptions;
use crate::look::Look;

/// What ranking and explaining every incident stand on.
#[derive(Clone, Copy)]
pub(super) struct Findings<'a> {
    pub(super) context: &'a str,
    pub(super) logs: &'a LogReport,
    /// As deployed.
    pub(super) functions: &'a SymbolIndex,
    /// As they are now.
    pub(super) symbols: &'a SymbolIndex,
    pub(super) sources: &'a Sources,
    pub(super) history: Option<&'a History>,
}

impl Run<'_> {
    /// Ranks the changes, and says what to do first.
    pub(super) fn rank(
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

    /// Looks for causes whose evidence holds.
    pub(super) fn hypothesize(
        &mut self,
        incident: Incident,
        findings: Findings<'_>,
    ) -> ExplainedIncident {
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
    pub(super) fn check_fixes(&mut self, explanation: &mut Explanation, look: &Arc<Look>) {
        let has_fix = |it: &CheckedHypothesis| it.hypothesis().fix.is_some();
        if !explanation.incidents.iter().any(|it| it.hypotheses.iter().any(has_fix)) {
            return;
        }
        self.partial(explanation);
        self.stage("Checking the fixes' names");
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
}
