//! A language server for production incidents, and its command line.

use std::process::ExitCode;

mod api_marks;
mod cli;

mod client_process;
mod lifecycle;
mod server;
mod transport;

mod engine;
mod state;

mod notifications;
mod requests;

mod diagnostics;
mod log_document;
mod lsp;
mod progress;
mod trace_document;

fn main() -> ExitCode {
    cli::main(lifecycle::serve)
}
