//! What the client tells: one file a notification. State changes at once, nothing waits.

mod did_change;
mod did_change_watched_files;
mod did_change_workspace_folders;
mod did_close;
mod did_open;
mod did_save;
mod initialized;
mod work_done_progress_cancel;

pub(crate) use did_change::did_change;
pub(crate) use did_change_watched_files::{did_change_watched_files, watch_files};
pub(crate) use did_change_workspace_folders::did_change_workspace_folders;
pub(crate) use did_close::did_close;
pub(crate) use did_open::did_open;
pub(crate) use did_save::did_save;
pub(crate) use initialized::initialized;
pub(crate) use work_done_progress_cancel::work_done_progress_cancel;
