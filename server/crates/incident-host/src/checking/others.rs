//! Parts that are not Rust: each language reads what it needs from its own kind of installation.

use std::sync::PoisonError;

use incident_core::cancel::Cancel;
use incident_core::check::{Checked, Language, Snippet};

use super::Checker;
use super::node::Node;
use super::python::Python;
use super::toolchain::sysroots;
use super::tools::Tools;

/// What was read for languages other than Rust so far.
#[derive(Debug, Default)]
pub(super) struct Others {
    tools: Tools,
    python: Option<Python>,
    node: Option<Node>,
}

impl Checker {
    /// Checks the parts of `snippet` that are not Rust and adds what is found to `checked`.
    pub(super) fn check_others(&self, snippet: &Snippet, checked: &mut Checked, cancel: &Cancel) {
        if snippet.others().is_empty() {
            return;
        }
        // What a panic left behind is whole: entries are added one by one.
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.node.take_if(|node| !node.still_stands());
        others.python.take_if(|python| !python.still_stands());
        for part in snippet.others() {
            match part.language {
                Language::Shell => {
                    let sysroots = sysroots(&self.workspace);
                    let found = others.tools.check(&self.workspace, &sysroots, part, cancel);
                    checked.references.extend(found.references);
                    checked.problems.extend(found.problems);
                }
                Language::Python => {
                    let python = others
                        .python
                        .get_or_insert_with(|| Python::find(&self.workspace, &self.look.listing));
                    let found = python.check(part, cancel);
                    checked.references.extend(found.references);
                    checked.problems.extend(found.problems);
                }
                Language::JavaScript | Language::TypeScript => {
                    let node = others
                        .node
                        .get_or_insert_with(|| Node::find(&self.workspace, &self.look.listing));
                    let found = node.check(part, cancel);
                    checked.references.extend(found.references);
                    checked.problems.extend(found.problems);
                }
                // Its parts are no others.
                Language::Rust => {}
            }
        }
        checked
            .references
            .sort_by(|a, b| (a.line, a.column, &a.api).cmp(&(b.line, b.column, &b.api)));
    }
}
