//! Work-done progress: shown only for work that takes a while, with a cancel button.

use std::borrow::Cow;
use std::time::Duration;

use tokio::sync::watch;
use tower_lsp::Client;
use tower_lsp::lsp_types::notification::Progress as ProgressNotification;
use tower_lsp::lsp_types::request::WorkDoneProgressCreate;
use tower_lsp::lsp_types::{
    NumberOrString, ProgressParams, ProgressParamsValue, WorkDoneProgress, WorkDoneProgressBegin,
    WorkDoneProgressCreateParams, WorkDoneProgressEnd, WorkDoneProgressReport,
};

use crate::engine::JobId;
use crate::transport::Outbox;

/// Work that ends within this time shows nothing: a flicker helps nobody.
const DELAY: Duration = Duration::from_millis(300);

const TOKEN_PREFIX: &str = "incident/";

/// Where a job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It does this, in a few words.
    Running(Cow<'static, str>),
    /// It has ended.
    Ended,
}

/// The display of one job.
#[derive(Debug)]
pub(crate) struct Progress {
    token: NumberOrString,
    outbox: Outbox,
}

impl Progress {
    /// Shows a job until it ends, in a task of its own.
    pub(crate) fn show(
        job: JobId,
        title: String,
        mut stages: watch::Receiver<Stage>,
        client: Client,
        outbox: Outbox,
    ) {
        tokio::spawn(async move {
            let ended = stages.wait_for(|stage| *stage == Stage::Ended);
            if tokio::time::timeout(DELAY, ended).await.is_ok() {
                return;
            }
            let token = NumberOrString::String(format!("{TOKEN_PREFIX}{}", job.0));
            let create = WorkDoneProgressCreateParams { token: token.clone() };
            // A client that never answers costs its own progress display, and nothing else.
            if client.send_request::<WorkDoneProgressCreate>(create).await.is_ok() {
                Self { token, outbox }.follow(title, stages).await;
            }
        });
    }

    async fn follow(self, title: String, mut stages: watch::Receiver<Stage>) {
        let mut message = match &*stages.borrow_and_update() {
            Stage::Running(stage) => stage.clone(),
            Stage::Ended => return,
        };
        self.send(WorkDoneProgress::Begin(WorkDoneProgressBegin {
            title,
            cancellable: Some(true),
            message: Some(message.to_string()),
            percentage: None,
        }));
        while stages.changed().await.is_ok() {
            let stage = stages.borrow_and_update().clone();
            match stage {
                Stage::Running(stage) if stage == message => {}
                Stage::Running(stage) => {
                    message = stage;
                    self.send(WorkDoneProgress::Report(WorkDoneProgressReport {
                        cancellable: Some(true),
                        message: Some(message.to_string()),
                        percentage: None,
                    }));
                }
                Stage::Ended => break,
            }
        }
        self.send(WorkDoneProgress::End(WorkDoneProgressEnd { message: None }));
    }

    fn send(&self, progress: WorkDoneProgress) {
        self.outbox.notify::<ProgressNotification>(ProgressParams {
            token: self.token.clone(),
            value: ProgressParamsValue::WorkDone(progress),
        });
    }
}

/// Returns the job that a progress display stands for.
pub(crate) fn job_of(token: &NumberOrString) -> Option<JobId> {
    let NumberOrString::String(token) = token else { return None };
    token.strip_prefix(TOKEN_PREFIX)?.parse().ok().map(JobId)
}
