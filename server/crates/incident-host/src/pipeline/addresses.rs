//! Names for frames that are bare addresses, from the file that the person named.

use incident_core::problem::Problem;
use incident_core::trace::{self, Trace};

use super::run::Run;
use crate::binary;

impl Run<'_> {
    /// Puts functions and places where `traces` have addresses alone, where a binary was named.
    pub(super) fn symbolise(&mut self, traces: Vec<Trace>) -> Vec<Trace> {
        let Some(named) = &self.options.binary else { return traces };
        let addresses = trace::wanted_addresses(&traces);
        if addresses.is_empty() {
            return traces;
        }
        match binary::places(named, &addresses, self.cancel) {
            Ok(answer) => {
                let places = self.noting(answer);
                traces.into_iter().map(|trace| trace::with_places(trace, &places)).collect()
            }
            Err(err) => {
                self.problems.push(Problem::warning(err.to_string()));
                traces
            }
        }
    }
}
