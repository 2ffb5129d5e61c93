//! The session from the first byte to the last: reads messages, drives tower-lsp's service, ends.
//!
//! `tower_lsp::Server` is not used: it stops reading behind a hundred messages, runs four handlers
//! at a time and answers `$/cancelRequest` late. Here each message's future is polled once in the
//! order of arrival, so that a handler which changes state before its first `await` is seen by all
//! that follow; what is not ready by then goes on in a task of its own. Answers of the client go
//! straight to whoever waits for them.

use std::io::{self, BufReader, Read, Write};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

use futures::{FutureExt, Sink, StreamExt};
use tokio::sync::mpsc;
use tower::Service;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};
use tower_lsp::{ClientSocket, Loopback, LspService};

use crate::server::Server;
use crate::transport::{Frame, FrameReader, Incoming, Outbox, Rejected, parse};

/// Messages read ahead of the loop.
const N_READ_AHEAD: usize = 64;

/// How long the last answers may take to be written.
const LAST_WRITE: Duration = Duration::from_millis(300);

/// How long running jobs may take to notice that they are cancelled.
const LAST_JOBS: Duration = Duration::from_millis(300);

/// Serves one client on standard input and output, until it leaves.
pub(crate) fn serve() -> io::Result<ExitCode> {
    start_log();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build()?;
    let ending = runtime.block_on(run(io::stdin(), io::stdout()));
    // A thread that still reads standard input must not keep the process alive.
    runtime.shutdown_background();
    Ok(match ending? {
        Ending::Orderly => ExitCode::SUCCESS,
        Ending::Abrupt => ExitCode::FAILURE,
    })
}

/// Standard output belongs to the protocol: the log goes to standard error, warnings and up unless
/// `INCIDENT_LSP_LOG` says otherwise.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("INCIDENT_LSP_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,tower_lsp=error"));
    let log = tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false);
    // An error means that somebody listens already.
    let _ = log.with_env_filter(filter).try_init();
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// After `shutdown`.
    Orderly,
    /// Without it: `exit` alone, end of input, a client that vanished.
    Abrupt,
}

async fn run(
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> io::Result<Ending> {
    let (outbox, writer) = Outbox::start(output)?;
    let mut incoming = start_reader(input)?;
    let (service, socket) = Server::service(outbox.clone());
    let mut session = Session::new(service, socket, outbox.clone());
    loop {
        let message = tokio::select! {
            biased;
            () = outbox.broken() => break,
            () = session.client_gone() => break,
            message = next_message(&mut incoming, &outbox) => message,
        };
        let Some(message) = message else { break };
        match message {
            Ok(Incoming::Request(request)) => {
                let is_exit = request.method() == "exit";
                session.take_request(request);
                if is_exit {
                    break;
                }
            }
            Ok(Incoming::Response(response)) => session.take_response(response),
            Err(rejected) => outbox.respond(&rejected.response),
        }
    }
    let ending = session.ending();
    session.end().await;
    writer.finish(&outbox, LAST_WRITE).await;
    Ok(ending)
}

type Message = Result<Incoming, Rejected>;

async fn next_message(incoming: &mut mpsc::Receiver<Message>, outbox: &Outbox) -> Option<Message> {
    outbox.has_room().await;
    incoming.recv().await
}

/// Starts the thread that reads; the channel closes at the end of input.
fn start_reader(input: impl Read + Send + 'static) -> io::Result<mpsc::Receiver<Message>> {
    let (messages, incoming) = mpsc::channel(N_READ_AHEAD);
    std::thread::Builder::new().name("reader".to_owned()).spawn(move || {
        let mut frames = FrameReader::new(BufReader::new(input));
        loop {
            let message = match frames.next_frame() {
                Ok(Some(Frame::Body(body))) => parse(&body),
                Ok(Some(Frame::TooLong { n_bytes })) => Err(unread(&format!(
                    "a message of {n_bytes} bytes is longer than this server reads"
                ))),
                Ok(Some(Frame::BadHeader)) => Err(unread("no header with a Content-Length")),
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!("the client's output can't be read: {error}");
                    break;
                }
            };
            if messages.blocking_send(message).is_err() {
                break;
            }
        }
    })?;
    Ok(incoming)
}

fn unread(reason: &str) -> Rejected {
    Rejected::new(Id::Null, ErrorCode::ParseError, reason.to_owned())
}

/// The service with what belongs to driving it.
struct Session {
    service: LspService<Server>,
    responses: <ClientSocket as Loopback>::ResponseSink,
    outbox: Outbox,
    is_shut_down: bool,
}

impl Session {
    fn new(service: LspService<Server>, socket: ClientSocket, outbox: Outbox) -> Self {
        let (mut requests, responses) = socket.split();
        let own = outbox.clone();
        tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                own.request(&request);
            }
        });
        Self { service, responses, outbox, is_shut_down: false }
    }

    /// Polls the message's handler once, here, and leaves the rest to a task.
    fn take_request(&mut self, request: Request) {
        self.is_shut_down |= request.method() == "shutdown" && request.id().is_some();
        let id = request.id().cloned();
        let Ok(future) = std::panic::catch_unwind(AssertUnwindSafe(|| self.service.call(request)))
        else {
            self.answer_panic(id);
            return;
        };
        let mut handler = AssertUnwindSafe(future).catch_unwind();
        match (&mut handler).now_or_never() {
            Some(Ok(response)) => respond(&self.outbox, response),
            Some(Err(_panic)) => self.answer_panic(id),
            None => {
                let outbox = self.outbox.clone();
                tokio::spawn(async move {
                    match handler.await {
                        Ok(response) => respond(&outbox, response),
                        Err(_panic) => outbox.respond_panic(id),
                    }
                });
            }
        }
    }

    /// Hands the client's answer to whoever waits; one that nobody waits for is dropped.
    fn take_response(&mut self, response: Response) {
        let mut sink = Pin::new(&mut self.responses);
        // tower-lsp panics where the waiting handler was cancelled meanwhile.
        let sent =
            std::panic::catch_unwind(AssertUnwindSafe(|| sink.as_mut().start_send(response)));
        if !matches!(sent, Ok(Ok(()))) {
            tracing::debug!("an answer of the client's came too late");
        }
    }

    fn answer_panic(&mut self, id: Option<Id>) {
        self.outbox.respond_panic(id);
    }

    /// Waits until the process that `initialize` named is gone.
    async fn client_gone(&self) {
        self.service.inner().client_gone().await;
    }

    fn ending(&self) -> Ending {
        if self.is_shut_down { Ending::Orderly } else { Ending::Abrupt }
    }

    /// Cancels what still runs, and gives it a moment.
    async fn end(self) {
        let _ = tokio::time::timeout(LAST_JOBS, self.service.inner().stop()).await;
    }
}

fn respond<E>(outbox: &Outbox, response: Result<Option<Response>, E>) {
    // An error means that `exit` was handled before.
    if let Ok(Some(response)) = response {
        outbox.respond(&response);
    }
}

impl Outbox {
    /// Answers a request whose handler panicked: one failed request, and the session goes on.
    fn respond_panic(&self, id: Option<Id>) {
        let Some(id) = id else { return };
        let mut error = Error::internal_error();
        error.message = "this request failed inside the server; its log says where".into();
        self.respond(&Response::from_error(id, error));
    }
}
