//! `workspace/executeCommand`: the commands of [`crate::lsp::commands`], each in its own file.

mod answers;
mod check_apis;
mod confirm;
mod explain;
mod fix;
mod incidents;
mod report;
mod scratch;
mod scratch_check;
mod status;
mod suggestion;

use incident_host::memory::Answer;
use serde::Serialize;
use serde_json::Value;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::ExecuteCommandParams;

pub(crate) use self::fix::{clean_untouched as clean_scratches, show as show_scratch};
pub(crate) use self::scratch::all as all_scratches;
use super::blocking;
use crate::lsp::commands::Command;
use crate::lsp::from_proto;
use crate::server::Server;

/// Runs a command.
pub(crate) async fn execute_command(
    server: &Server,
    params: ExecuteCommandParams,
) -> Result<Option<Value>> {
    let ExecuteCommandParams { command: id, arguments, .. } = params;
    let Some(command) = Command::from_id(&id) else {
        return Err(Error::invalid_params(format!("there is no command {id}")));
    };
    match command {
        Command::Explain => {
            let params = from_proto::argument(&id, arguments)?;
            answer(&explain::explain(server, params).await?)
        }
        Command::Clear => {
            answer(&incidents::clear(server, &from_proto::argument(&id, arguments)?)?)
        }
        Command::List => answer(&incidents::list(server)),
        Command::Dismiss => {
            answer(&incidents::dismiss(server, &from_proto::argument(&id, arguments)?)?)
        }
        Command::Reopen => {
            answer(&incidents::reopen(server, &from_proto::argument(&id, arguments)?)?)
        }
        Command::Confirm => {
            answer(&confirm::confirm(server, from_proto::argument(&id, arguments)?).await?)
        }
        Command::Report => {
            answer(&report::report(server, &from_proto::argument(&id, arguments)?).await?)
        }
        Command::CopySummary => {
            answer(&report::summary(server, &from_proto::argument(&id, arguments)?).await?)
        }
        Command::CopyPrompt => {
            answer(&suggestion::prompt(server, from_proto::argument(&id, arguments)?, false).await?)
        }
        Command::ShowPrompt => {
            answer(&suggestion::prompt(server, from_proto::argument(&id, arguments)?, true).await?)
        }
        Command::CheckSuggestion => {
            answer(&suggestion::check(server, from_proto::argument(&id, arguments)?).await?)
        }
        Command::CheckApis => {
            answer(&check_apis::check_apis(server, from_proto::argument(&id, arguments)?).await?)
        }
        Command::OpenFix => {
            answer(&fix::open(server, from_proto::argument(&id, arguments)?).await?)
        }
        Command::VerifyFix => {
            answer(&fix::verify(server, from_proto::argument(&id, arguments)?).await?)
        }
        Command::CancelVerify => {
            answer(&fix::cancel(server, &from_proto::argument(&id, arguments)?))
        }
        Command::SignOff => {
            answer(&scratch::sign_off(server, from_proto::argument(&id, arguments)?).await?)
        }
        Command::FixWorked => {
            let params = from_proto::argument(&id, arguments)?;
            answer(&answers::say(server, params, Answer::Worked).await?)
        }
        Command::FixFailed => {
            let params = from_proto::argument(&id, arguments)?;
            answer(&answers::say(server, params, Answer::Failed).await?)
        }
        Command::TakeBack => {
            answer(&answers::take_back(server, from_proto::argument(&id, arguments)?).await?)
        }
        Command::CleanScratch => {
            answer(&fix::clean(server, from_proto::argument(&id, arguments)?).await?)
        }
        Command::Status => {
            let (n_jobs, snapshot) = (server.engine.n_jobs(), server.state.snapshot());
            let status = blocking(move || status::status(&snapshot, n_jobs)).await;
            answer(&status.ok_or_else(Error::internal_error)?)
        }
    }
}

fn answer(result: &impl Serialize) -> Result<Option<Value>> {
    serde_json::to_value(result).map(Some).map_err(|error| {
        tracing::error!("an answer can't be written as JSON: {error}");
        Error::internal_error()
    })
}
