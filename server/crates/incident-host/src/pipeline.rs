//! The one place where the stages are ordered. Synchronous; callers bring the thread.

use incident_core::cancel::Cancel;
use incident_core::input::RawInput;
use incident_core::present::Explanation;

use crate::workspace::Workspace;

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
    let _ = (inputs, workspace, options, cancel, updates);
    Explanation::default()
}
