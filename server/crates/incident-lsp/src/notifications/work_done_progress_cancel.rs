//! `window/workDoneProgress/cancel`.

use tower_lsp::lsp_types::WorkDoneProgressCancelParams;

use crate::engine::Event;
use crate::progress;
use crate::server::Server;

/// Stops the job behind a progress display.
pub(crate) fn work_done_progress_cancel(server: &Server, params: &WorkDoneProgressCancelParams) {
    if let Some(job) = progress::job_of(&params.token) {
        server.engine.send(Event::Cancel(job));
    }
}
