//! What changed between two states of a service, with or without a failure to hold it against.

use crate::config_changes::{ConfigChange, ConfigChanges};
use crate::history::{Commit, Deployed};
use crate::problem::Problem;
use crate::suspects::Suspects;

/// Everything that changed and may have been deployed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// The commit that ran; `None` outside a repository.
    pub deployed: Option<Deployed>,
    /// What bounds the list, in words; empty without a repository.
    pub bounds: String,
    /// Newest first.
    pub commits: Vec<Commit>,
    /// What the commits changed in settings files and lock files.
    pub config: ConfigChanges,
    /// The commits held against a log, where one was given.
    pub suspects: Option<Suspects>,
    /// Two states of one file that were given, held against each other.
    pub compared: Vec<ConfigChange>,
    /// What could not be done.
    pub problems: Vec<Problem>,
}
