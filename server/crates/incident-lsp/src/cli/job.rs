//! Long work in a thread of its own: cancelled by Ctrl-C, with progress on a terminal.

use std::borrow::Cow;
use std::io::IsTerminal as _;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use incident_core::cancel::Cancel;
use indicatif::{ProgressBar, ProgressStyle};

/// Work that is quicker shows nothing: a bar that flashes is worse than none.
const QUIET_FOR: Duration = Duration::from_millis(300);

/// The person pressed Ctrl-C.
#[derive(Debug)]
pub(super) struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

enum Event<T> {
    Stage(Cow<'static, str>),
    Done(T),
    Interrupt,
}

/// Tells the progress display which stage began.
pub(super) struct Stages<T> {
    events: Sender<Event<T>>,
}

impl<T> Stages<T> {
    /// Names the stage in one short sentence.
    pub(super) fn begin(&self, stage: impl Into<Cow<'static, str>>) {
        // Nobody listens any more after a second Ctrl-C, and then nobody needs to.
        let _ = self.events.send(Event::Stage(stage.into()));
    }
}

/// Runs `work` and waits for it.
///
/// The first Ctrl-C raises the flag and waits for the work to stop; the second one does not wait.
pub(super) fn run<T: Send + 'static>(
    work: impl FnOnce(&Cancel, &Stages<T>) -> T + Send + 'static,
) -> anyhow::Result<T> {
    let (events, receiver) = mpsc::channel();
    let cancel = Cancel::new();
    watch_interrupts(events.clone());
    let worker = {
        let cancel = cancel.clone();
        let stages = Stages { events: events.clone() };
        std::thread::Builder::new().name("job".to_owned()).spawn(move || {
            let answer = work(&cancel, &stages);
            let _ = stages.events.send(Event::Done(answer));
        })?
    };
    drop(events);
    let started = Instant::now();
    let mut bar = None;
    let mut stage = Cow::Borrowed("");
    let answer = loop {
        // The worker may have died without an answer while the watcher keeps the channel open.
        if worker.is_finished() && bar.is_none() {
            match receiver.try_recv() {
                Ok(Event::Done(answer)) => break Ok(answer),
                Ok(_) => continue,
                Err(_) => break Err(crashed()),
            }
        }
        let wait = QUIET_FOR.saturating_sub(started.elapsed()).max(Duration::from_millis(20));
        match receiver.recv_timeout(wait) {
            Ok(Event::Done(answer)) if cancel.is_cancelled() => {
                drop(answer);
                break Err(Interrupted.into());
            }
            Ok(Event::Done(answer)) => break Ok(answer),
            Ok(Event::Stage(begun)) => stage = begun,
            Ok(Event::Interrupt) if cancel.is_cancelled() => break Err(Interrupted.into()),
            Ok(Event::Interrupt) => cancel.cancel(),
            Err(RecvTimeoutError::Disconnected) => break Err(crashed()),
            Err(RecvTimeoutError::Timeout) if worker.is_finished() => match receiver.try_recv() {
                Ok(Event::Done(answer)) => break Ok(answer),
                Ok(_) => {}
                Err(_) => break Err(crashed()),
            },
            Err(RecvTimeoutError::Timeout) => {}
        }
        if started.elapsed() >= QUIET_FOR && std::io::stderr().is_terminal() {
            bar.get_or_insert_with(spinner).set_message(stage.clone());
        }
    };
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    answer
}

fn crashed() -> anyhow::Error {
    anyhow::anyhow!("the work ended by a bug of ours; please report the lines above")
}

fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// Where no signal can be watched, Ctrl-C ends the program at once, as it does by default.
fn watch_interrupts<T: Send + 'static>(events: Sender<Event<T>>) {
    let watcher = std::thread::Builder::new().name("interrupts".to_owned());
    let _ = watcher.spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else {
            return;
        };
        runtime.block_on(async {
            while tokio::signal::ctrl_c().await.is_ok() {
                if events.send(Event::Interrupt).is_err() {
                    return;
                }
            }
        });
    });
}
