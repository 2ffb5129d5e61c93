//! What the client asks: one file a request. Each reads a snapshot; slow work is the engine's.

mod code_action;
mod code_lens;
mod definition;
mod document_link;
mod execute_command;
mod folding_range;
mod hover;
mod initialize;

pub(crate) use code_action::{code_action, code_action_resolve};
pub(crate) use code_lens::code_lens;
pub(crate) use definition::definition;
pub(crate) use document_link::{document_link, document_link_resolve};
pub(crate) use execute_command::{all_scratches, clean_scratches, execute_command, show_scratch};
pub(crate) use folding_range::folding_range;
pub(crate) use hover::hover;
pub(crate) use initialize::initialize;

/// Runs more than a moment's work off the message loop; `None` where it panicked.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
