//! A job from the side of the request that asked for it.

use std::sync::Arc;

use tokio::sync::{oneshot, watch};
use tower_lsp::jsonrpc::{Error, ErrorCode};

use super::{Engine, Event, Found};

/// Names a job; never used twice in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct JobId(pub(crate) u64);

/// How a job ended.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// With an answer.
    Found(Arc<Found>),
    /// Somebody cancelled it.
    Cancelled,
    /// A newer request for the same input took its place.
    Replaced,
    /// It panicked.
    Failed,
}

impl Outcome {
    /// Returns what a request says where it got no answer.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Cancelled => Error::request_cancelled(),
            Self::Replaced => Error {
                code: ErrorCode::ContentModified,
                message: "a newer request for the same text took this one's place".into(),
                data: None,
            },
            Self::Failed | Self::Found(_) => Error {
                code: ErrorCode::InternalError,
                message: "explaining failed inside the server; its log says where".into(),
                data: None,
            },
        }
    }
}

/// A job that was asked for. Dropping it cancels the work, unless it was released or has ended.
#[derive(Debug)]
pub(crate) struct Job {
    id: JobId,
    engine: Engine,
    found: watch::Receiver<Option<Arc<Found>>>,
    done: oneshot::Receiver<Outcome>,
    is_released: bool,
}

impl Job {
    pub(super) fn new(
        id: JobId,
        engine: Engine,
        found: watch::Receiver<Option<Arc<Found>>>,
        done: oneshot::Receiver<Outcome>,
    ) -> Self {
        Self { id, engine, found, done, is_released: false }
    }

    /// Waits for the end.
    pub(crate) async fn outcome(&mut self) -> Outcome {
        let outcome = (&mut self.done).await.unwrap_or(Outcome::Cancelled);
        self.is_released = true;
        outcome
    }

    /// Returns what was found so far.
    pub(crate) fn found_so_far(&self) -> Option<Arc<Found>> {
        self.found.borrow().clone()
    }

    /// Lets the work go on without anybody waiting for it.
    pub(crate) fn release(mut self) {
        self.is_released = true;
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if !self.is_released {
            self.engine.send(Event::Cancel(self.id));
        }
    }
}
