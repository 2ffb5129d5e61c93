//! The one place where the stages are ordered. Synchronous; callers bring the thread.
//!
//! Total: every stage gives what it can, and what it could not do stands among the problems.

mod addresses;
mod causes;
mod changes;
mod deployed;
mod fetch;
mod inferred;
mod keep;
mod later;
mod mitigate;
mod model;
mod moved;
mod remembered;
mod road;
mod run;
mod runbooks;
mod statements;
#[cfg(test)]
mod tests;
mod tie;

use std::path::PathBuf;

use incident_core::cancel::Cancel;
use incident_core::exports;
use incident_core::input::RawInput;
use incident_core::metrics;
use incident_core::present::Explanation;
use incident_core::problem::Problem;
use incident_core::timeline;

use self::run::{Run, without_repeats};
use crate::binary::Binary;
use crate::config;
use crate::workspace::Workspace;

pub use self::changes::changes;
pub use self::statements::attach_statements;

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
    /// What names the addresses of a trace without symbols.
    pub binary: Option<Binary>,
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
