//! Asks a model about each incident and joins what holds with what the signatures said.
//!
//! Nothing here can take a signature's hypothesis away: whatever goes wrong with the model is a
//! problem beside them.

use std::collections::BTreeSet;

use incident_core::guard::claims::{self, Judged};
use incident_core::guard::join;
use incident_core::hypothesis::{self, Hypothesis, HypothesisInput};
use incident_core::neutral;
use incident_core::present::{ExplainedIncident, Explanation};
use incident_core::problem::Problem;
use incident_core::prompt::{self, Prompt, PromptInput};
use incident_core::reply;

use super::causes::Findings;
use super::run::Run;
use super::{ModelOptions, ModelRequest, Update};
use crate::memory::{Answer, Memory, Outcome};
use crate::model::{self, Asked, Choice, Form, ModelError, Provider, Question, Turn};

/// How many incidents of one input a model is asked about.
const MAX_INCIDENTS: usize = 3;

/// Asks about the first incidents of what is known so far; returns all incidents with what holds.
pub(super) fn ask(
    run: &mut Run<'_>,
    options: &ModelOptions,
    mut known: Explanation,
    findings: Findings<'_>,
) -> Vec<ExplainedIncident> {
    about_each(run, options, &mut known, findings);
    known.incidents
}

fn about_each(
    run: &mut Run<'_>,
    options: &ModelOptions,
    explanation: &mut Explanation,
    findings: Findings<'_>,
) {
    let environment = run.workspace.environment();
    let choice = Choice::of(&options.model, options.url.as_deref(), &run.config.model, environment);
    let choice = match choice {
        Ok(choice) => choice,
        Err(err) => return run.problems.push(Problem::error(format!("no model was asked: {err}"))),
    };
    if explanation.incidents.len() > MAX_INCIDENTS {
        run.problems.push(Problem::info(format!(
            "the model was asked about the first {MAX_INCIDENTS} of {} incidents",
            explanation.incidents.len()
        )));
    }
    for at in 0..MAX_INCIDENTS.min(explanation.incidents.len()) {
        if run.cancel.is_cancelled() {
            return;
        }
        let Some(explained) = explanation.incidents.get(at).cloned() else { return };
        let input = HypothesisInput {
            incident: &explained.incident,
            sources: findings.sources,
            history: findings.history,
            logs: findings.logs,
        };
        let missing = prompt::not_enough(&input);
        if !missing.is_empty() {
            for missing in missing {
                run.problems.push(Problem::info(format!(
                    "the model was not asked, since too little is known: {}; {}",
                    missing.why, missing.how_to_provide
                )));
                if let Some(explained) = explanation.incidents.get_mut(at)
                    && !explained.incident.missing_context.contains(&missing)
                {
                    explained.incident.missing_context.push(missing);
                }
            }
            continue;
        }
        run.stage("Asking the model");
        let mut conversation =
            Conversation { run, choice: &choice, options, explained: &explained, input };
        let outcome = conversation.hold(&mut |run, claims| {
            if let Some(shown) = explanation.incidents.get_mut(at) {
                *shown = joined(&explained, claims, &input);
            }
            run.partial(explanation);
        });
        match outcome {
            Ok(Some(judged)) => {
                if let Some(shown) = explanation.incidents.get_mut(at) {
                    *shown = joined(&explained, judged.hypotheses.clone(), &input);
                }
                run.problems.push(told(&choice, &judged));
            }
            Ok(None) => {}
            Err(ModelError::Http(crate::http::HttpError::Cancelled)) => return,
            Err(err) => run.problems.push(Problem::warning(format!(
                "{err}; the causes shown come from the evidence alone"
            ))),
        }
    }
}

/// Returns the incident with the claims beside the signatures' own, all through the lock.
fn joined(
    explained: &ExplainedIncident,
    claims: Vec<Hypothesis>,
    input: &HypothesisInput<'_>,
) -> ExplainedIncident {
    let own = explained.hypotheses.iter().map(|it| it.hypothesis().clone()).collect();
    ExplainedIncident {
        incident: explained.incident.clone(),
        hypotheses: hypothesis::verify(join::join(own, claims), input),
    }
}

/// Says what became of an answer.
fn told(choice: &Choice, judged: &Judged) -> Problem {
    let name = neutral::headline(&choice.title(), 60);
    let held = match judged.hypotheses.len() {
        0 => "no cause of it holds".to_owned(),
        1 => "one cause of it holds".to_owned(),
        n => format!("{n} causes of it hold"),
    };
    let reasons: BTreeSet<String> =
        judged.withheld.iter().map(|it| neutral::headline(&it.why, 120)).collect();
    let withheld = match judged.withheld.len() {
        0 => String::new(),
        n => {
            let reasons: Vec<String> = reasons.into_iter().collect();
            format!("; {n} withheld: {}", reasons.join("; "))
        }
    };
    Problem::info(format!("the model {name} answered: {held}{withheld}"))
}

struct Conversation<'a, 'r> {
    run: &'a mut Run<'r>,
    choice: &'a Choice,
    options: &'a ModelOptions,
    explained: &'a ExplainedIncident,
    input: HypothesisInput<'a>,
}

impl<'r> Conversation<'_, 'r> {
    /// Asks, at most once more where the answer is of no use, and judges. `None` where nothing was
    /// sent since only the request was wanted.
    fn hold(
        &mut self,
        on_claims: &mut dyn FnMut(&mut Run<'r>, Vec<Hypothesis>),
    ) -> Result<Option<Judged>, ModelError> {
        let mut prompt = self.prompt(self.choice.prompt_room());
        self.tell_hostile(&prompt);
        let mut turns = vec![Turn { by_model: false, text: prompt.user.clone() }];
        let (mut is_again, mut is_cut_down) = (false, false);
        loop {
            let question = self.question(&prompt, turns.clone());
            self.hand_out(&question, &prompt);
            if self.options.show_only {
                return Ok(None);
            }
            let asked = match self.ask(&question, &prompt, on_claims) {
                // A server that names its window gets a prompt that fits it.
                Err(ModelError::TooLong(Some(window))) if !is_cut_down => {
                    is_cut_down = true;
                    let answer = usize::try_from(self.choice.max_answer).unwrap_or(usize::MAX);
                    prompt = self.prompt(window.saturating_sub(answer.min(window / 3)) * 8 / 10);
                    turns = vec![Turn { by_model: false, text: prompt.user.clone() }];
                    continue;
                }
                asked => asked?,
            };
            self.tell_cut_prompt(&asked, &prompt);
            let judged =
                reply::read(&asked.text, asked.finish).map(|read| self.judge(read.reply, &prompt));
            let again = match &judged {
                Ok(judged) if !judged.hypotheses.is_empty() || judged.withheld.is_empty() => None,
                Ok(judged) => Some(withheld_words(judged)),
                Err(err) => err.ask_again(),
            };
            match (again, judged) {
                (Some(again), _) if !is_again => {
                    is_again = true;
                    turns.push(Turn { by_model: true, text: asked.text });
                    turns.push(Turn { by_model: false, text: again });
                }
                (_, Ok(judged)) => return Ok(Some(judged)),
                (_, Err(err)) => return Err(err.into()),
            }
        }
    }

    fn prompt(&self, max_tokens: usize) -> Prompt {
        let traces = &self.explained.incident.traces;
        let versions: BTreeSet<_> = traces
            .iter()
            .flat_map(|trace| trace.location.iter().chain(&trace.frames))
            .filter_map(|resolution| resolution.package.clone())
            .collect();
        let versions: Vec<_> = versions.into_iter().collect();
        prompt::build(&PromptInput {
            evidence: self.input,
            focus: self.options.focus.as_deref(),
            tried: &tried(self.run, &self.explained.incident.id),
            versions: &versions,
            seed: &model::seed(self.run.workspace.folders()),
            max_tokens,
        })
    }

    fn question(&self, prompt: &Prompt, turns: Vec<Turn>) -> Question {
        Question {
            system: prompt.system.clone(),
            turns,
            schema: reply::schema(&prompt.ids),
            max_tokens: self.choice.max_answer,
        }
    }

    /// Shows the request and notes that it goes out.
    fn hand_out(&mut self, question: &Question, prompt: &Prompt) {
        let request = model::request(question, self.choice, Form::Schema);
        let is_sent = !self.options.show_only && self.choice.provider != Provider::Replay;
        if let (true, Some(folders)) = (is_sent, self.run.workspace.folders()) {
            let incident = &self.explained.incident.id;
            let noted = model::note(folders, incident, &request, crate::clock::now());
            self.run.problems.extend(noted.err().map(|err| Problem::warning(err.to_string())));
        }
        (self.run.updates)(Update::Request(Box::new(ModelRequest {
            incident: self.explained.incident.id.clone(),
            target: request.target().to_owned(),
            body: request.body.clone(),
            hash: prompt.hash.clone(),
            n_tokens: prompt.n_tokens,
            left_out: prompt.left_out.clone(),
        })));
    }

    fn ask(
        &mut self,
        question: &Question,
        prompt: &Prompt,
        on_claims: &mut dyn FnMut(&mut Run<'r>, Vec<Hypothesis>),
    ) -> Result<Asked, ModelError> {
        let (input, title) = (self.input, self.choice.title());
        let (cancel, run) = (self.run.cancel, &mut *self.run);
        let mut n_seen = 0;
        let mut n_bytes = 0;
        model::ask(question, self.choice, cancel, &mut |text| {
            // A hypothesis can only end where a brace does.
            let is_new = text.get(n_bytes..).is_some_and(|new| new.contains('}'));
            n_bytes = text.len();
            if !is_new {
                return;
            }
            let reply = reply::so_far(text);
            if reply.hypotheses.len() > n_seen {
                n_seen = reply.hypotheses.len();
                let reply = reply.map_text(|text| prompt.redactor.restore(text));
                on_claims(run, claims::judge(&reply, &title, &input).hypotheses);
            }
        })
    }

    fn judge(&self, reply: reply::Reply, prompt: &Prompt) -> Judged {
        let reply = reply.map_text(|text| prompt.redactor.restore(text));
        claims::judge(&reply, &self.choice.title(), &self.input)
    }

    fn tell_hostile(&mut self, prompt: &Prompt) {
        for (piece, what) in prompt.hostile.iter().take(5) {
            let what = neutral::headline(what, 160);
            self.run.problems.push(Problem::warning(format!(
                "hostile-text: {piece} holds {what}; it is treated as data, as all text is"
            )));
        }
    }

    /// A server that has read far less than was sent has cut it.
    fn tell_cut_prompt(&mut self, asked: &Asked, prompt: &Prompt) {
        let read = usize::try_from(asked.usage.prompt).unwrap_or(usize::MAX);
        if read > 0 && read < prompt.n_tokens * 2 / 5 {
            self.run.problems.push(Problem::warning(format!(
                "the model's server read {read} tokens of about {}, so it may have cut the prompt: \
                 set `model.window`",
                prompt.n_tokens
            )));
        }
    }
}

fn withheld_words(judged: &Judged) -> String {
    let why: Vec<String> =
        judged.withheld.iter().map(|it| neutral::headline(&it.why, 160)).collect();
    format!(
        "No cause of yours holds: {}. Answer again: quote the evidence word for word, speak only of \
         what it shows, or give an empty list.",
        why.join("; ")
    )
}

/// Returns what was tried against the incident and did not hold, one line each.
fn tried(run: &Run<'_>, incident: &str) -> Vec<String> {
    let Some(memory) = Memory::of(run.workspace) else { return Vec::new() };
    let attempts = memory.attempts(incident).unwrap_or_default();
    attempts
        .into_iter()
        .filter_map(|attempt| {
            let why = match (&attempt.answer, &attempt.outcome) {
                (Some(Answer::Failed), _) => "it did not fix it".to_owned(),
                (None, Some((Outcome::Worse | Outcome::Same, words))) => words.clone(),
                _ => return None,
            };
            Some(format!("{}: {why}", attempt.tried.hypothesis))
        })
        .collect()
}
