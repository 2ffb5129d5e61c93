//! The way out: messages are queued by anyone, in order, and written by one thread.

use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{Notify, oneshot};
use tower_lsp::jsonrpc::{Request, Response};
use tower_lsp::lsp_types::notification::Notification;

/// With more than this unread by the client, nothing more is taken from it.
const MAX_QUEUED_BYTES: usize = 64 << 20;

/// Queues messages for the client; cheap to clone, never blocks.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    queue: Sender<Queued>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    n_queued_bytes: AtomicUsize,
    /// The client's end is closed. Set before `written` is notified.
    broken: AtomicBool,
    /// Notified after each write and when writing has failed.
    written: Notify,
}

#[derive(Debug)]
enum Queued {
    Frame(Vec<u8>),
    /// Nothing that is queued later matters.
    End,
}

/// The writing thread, to be joined at the end.
#[derive(Debug)]
pub(crate) struct Writer {
    done: oneshot::Receiver<()>,
}

impl Outbox {
    /// Starts the thread that writes to `stream`.
    pub(crate) fn start(stream: impl Write + Send + 'static) -> std::io::Result<(Self, Writer)> {
        let (queue, messages) = mpsc::channel();
        let (is_done, done) = oneshot::channel();
        let shared = Arc::new(Shared::default());
        let writer_shared = Arc::clone(&shared);
        std::thread::Builder::new().name("writer".to_owned()).spawn(move || {
            if let Err(error) = write_all(&messages, stream, &writer_shared) {
                tracing::warn!("the client's input is closed: {error}");
            }
            writer_shared.broken.store(true, Ordering::Release);
            writer_shared.written.notify_waiters();
            let _ = is_done.send(());
        })?;
        Ok((Self { queue, shared }, Writer { done }))
    }

    /// Queues the answer to a request of the client's.
    pub(crate) fn respond(&self, response: &Response) {
        self.send(response);
    }

    /// Queues a request or a notification of ours.
    pub(crate) fn request(&self, request: &Request) {
        self.send(request);
    }

    /// Queues a notification of ours.
    pub(crate) fn notify<N: Notification>(&self, params: N::Params) {
        match serde_json::to_value(params) {
            Ok(params) => self.send(&Request::build(N::METHOD).params(params).finish()),
            Err(error) => tracing::error!("{} can't be written as JSON: {error}", N::METHOD),
        }
    }

    /// Waits while the client leaves too much unread.
    pub(crate) async fn has_room(&self) {
        loop {
            let written = self.shared.written.notified();
            let n_queued = self.shared.n_queued_bytes.load(Ordering::Acquire);
            if n_queued <= MAX_QUEUED_BYTES || self.shared.broken.load(Ordering::Acquire) {
                return;
            }
            written.await;
        }
    }

    /// Waits until the client's end is closed.
    pub(crate) async fn broken(&self) {
        loop {
            let written = self.shared.written.notified();
            if self.shared.broken.load(Ordering::Acquire) {
                return;
            }
            written.await;
        }
    }

    fn send(&self, message: &impl Serialize) {
        let body = match serde_json::to_vec(message) {
            Ok(body) => body,
            Err(error) => {
                tracing::error!("a message can't be written as JSON: {error}");
                return;
            }
        };
        let mut frame = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        frame.extend_from_slice(&body);
        self.shared.n_queued_bytes.fetch_add(frame.len(), Ordering::AcqRel);
        // An error means that the writer has gone, and with it the client.
        let _ = self.queue.send(Queued::Frame(frame));
    }
}

impl Writer {
    /// Waits until everything queued so far is written, or `limit` is over.
    pub(crate) async fn finish(self, outbox: &Outbox, limit: Duration) {
        let _ = outbox.queue.send(Queued::End);
        let _ = tokio::time::timeout(limit, self.done).await;
    }
}

fn write_all(
    messages: &Receiver<Queued>,
    stream: impl Write,
    shared: &Shared,
) -> std::io::Result<()> {
    let mut stream = BufWriter::new(stream);
    while let Ok(Queued::Frame(frame)) = messages.recv() {
        let mut next = Some(Queued::Frame(frame));
        while let Some(queued) = next {
            let Queued::Frame(frame) = queued else { return stream.flush() };
            stream.write_all(&frame)?;
            shared.n_queued_bytes.fetch_sub(frame.len(), Ordering::AcqRel);
            shared.written.notify_waiters();
            next = messages.try_recv().ok();
        }
        stream.flush()?;
    }
    stream.flush()
}
