//! The one task that owns slow work: it starts jobs, takes their results, publishes diagnostics.
//!
//! Everything reaches it as an [`Event`], so that results, edits and commands meet in one order.
//! The work itself runs on blocking threads, each with a [`Cancel`].

mod explain;
mod job;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use incident_core::cancel::Cancel;
use incident_core::present::{Explanation, Presentation};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tower_lsp::Client;
use tower_lsp::lsp_types::Url;

pub(crate) use self::explain::{Input, Purpose, Request, link_settings};
pub(crate) use self::job::{Job, JobId, Outcome};
use crate::diagnostics::Publisher;
use crate::progress::{Progress, Stage};
use crate::state::{Entry, State};
use crate::transport::Outbox;

/// So many explanations run at a time; the others wait.
const MAX_RUNNING: usize = 4;

/// What the engine can be told.
#[derive(Debug)]
pub(crate) enum Event {
    /// Explain something.
    Explain(Box<NewJob>),
    /// A job goes on.
    Stage(JobId, &'static str),
    /// A job has found something.
    Found(JobId, Box<Found>),
    /// A job has ended.
    Ended(JobId),
    /// Stop a job: its request was cancelled, or its progress display.
    Cancel(JobId),
    /// A request runs work of its own.
    TaskBegan(JobId, TaskBegan),
    /// That work has ended.
    TaskEnded(JobId),
    /// Diagnostics of these documents have moved, come or gone.
    Touched(Vec<Url>),
    /// The session ends.
    Stop,
}

/// Work that a request runs itself, on a blocking thread.
#[derive(Debug)]
pub(crate) struct TaskBegan {
    title: String,
    cancel: Cancel,
    stages: watch::Receiver<Stage>,
}

/// A job that was asked for.
#[derive(Debug)]
pub(crate) struct NewJob {
    id: JobId,
    request: Request,
    found: watch::Sender<Option<Arc<Found>>>,
    done: oneshot::Sender<Outcome>,
}

/// What an explanation has found so far.
#[derive(Debug)]
pub(crate) struct Found {
    /// The state's revision that it has read.
    pub(crate) seen_revision: u64,
    /// The workspace folder that it was held against.
    pub(crate) root: PathBuf,
    /// What was found.
    pub(crate) explanation: Arc<Explanation>,
    /// The same for an editor; the diagnostics have gone into `entries`.
    pub(crate) presentation: Presentation,
    /// The same for the board, taken from here when it is put there.
    pub(crate) entries: Vec<Entry>,
    /// Nothing more comes.
    pub(crate) is_last: bool,
}

/// Reaches the engine; cheap to clone, never blocks.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    events: mpsc::UnboundedSender<Event>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    next_job: AtomicU64,
    /// Jobs that run or wait.
    n_jobs: AtomicUsize,
    /// Notified when `n_jobs` has come down to nothing.
    idle: Notify,
}

impl Engine {
    /// Starts the engine's task.
    pub(crate) fn start(state: Arc<State>, client: Client, outbox: Outbox) -> Self {
        let (events, incoming) = mpsc::unbounded_channel();
        let engine = Self { events, shared: Arc::default() };
        let task = Task {
            engine: engine.clone(),
            publisher: Publisher::new(outbox.clone()),
            state,
            client,
            outbox,
            running: BTreeMap::new(),
            tasks: BTreeMap::new(),
            waiting: VecDeque::new(),
            touched: BTreeSet::new(),
        };
        tokio::spawn(task.run(incoming));
        engine
    }

    /// Asks for an explanation; dropping the job before it is released cancels it.
    pub(crate) fn explain(&self, request: Request) -> Job {
        let id = self.new_job_id();
        self.shared.n_jobs.fetch_add(1, Ordering::AcqRel);
        let (found_sender, found) = watch::channel(None);
        let (done_sender, done) = oneshot::channel();
        let job = NewJob { id, request, found: found_sender, done: done_sender };
        self.send(Event::Explain(Box::new(job)));
        Job::new(id, self.clone(), found, done)
    }

    /// Runs work on a blocking thread, with a progress display; `None` where it panicked.
    ///
    /// Dropping the future, shutdown and the display's button raise the flag.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        id: JobId,
        title: String,
        work: impl FnOnce(&Cancel) -> T + Send + 'static,
    ) -> Option<T> {
        self.run_telling(id, title, move |cancel, _| work(cancel)).await
    }

    /// The same for work that tells what it does, in short sentences.
    pub(crate) async fn run_telling<T: Send + 'static>(
        &self,
        id: JobId,
        title: String,
        work: impl FnOnce(&Cancel, &mut dyn FnMut(&str)) -> T + Send + 'static,
    ) -> Option<T> {
        let cancel = Cancel::new();
        let (stage, stages) = watch::channel(Stage::Running("Working".into()));
        self.shared.n_jobs.fetch_add(1, Ordering::AcqRel);
        let began = TaskBegan { title, cancel: cancel.clone(), stages };
        self.send(Event::TaskBegan(id, began));
        let on_drop = cancel.clone();
        let _abandoned = OnDrop(move || on_drop.cancel());
        let engine = self.clone();
        let blocking = tokio::task::spawn_blocking(move || {
            let _ended = OnDrop(|| {
                stage.send_replace(Stage::Ended);
                engine.send(Event::TaskEnded(id));
            });
            let mut tell = |words: &str| {
                stage.send_replace(Stage::Running(words.to_owned().into()));
            };
            work(&cancel, &mut tell)
        });
        blocking.await.ok()
    }

    /// Returns a name for new work.
    pub(crate) fn new_job_id(&self) -> JobId {
        JobId(self.shared.next_job.fetch_add(1, Ordering::Relaxed))
    }

    /// Tells the engine something.
    pub(crate) fn send(&self, event: Event) {
        // An error means that the session has ended.
        let _ = self.events.send(event);
    }

    /// Returns how many jobs run or wait.
    pub(crate) fn n_jobs(&self) -> usize {
        self.shared.n_jobs.load(Ordering::Acquire)
    }

    /// Cancels every job and waits until none runs.
    pub(crate) async fn stop(&self) {
        self.send(Event::Stop);
        loop {
            let idle = self.shared.idle.notified();
            if self.n_jobs() == 0 {
                return;
            }
            idle.await;
        }
    }

    fn job_has_gone(&self) {
        if self.shared.n_jobs.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.idle.notify_waiters();
        }
    }
}

struct Task {
    engine: Engine,
    state: Arc<State>,
    client: Client,
    outbox: Outbox,
    publisher: Publisher,
    running: BTreeMap<JobId, Running>,
    tasks: BTreeMap<JobId, Cancel>,
    waiting: VecDeque<NewJob>,
    /// Documents whose diagnostics are to be published again.
    touched: BTreeSet<Url>,
}

struct Running {
    /// A newer job with an equal key takes this one's place.
    key: explain::Key,
    cancel: Cancel,
    stage: watch::Sender<Stage>,
    found: watch::Sender<Option<Arc<Found>>>,
    done: Option<oneshot::Sender<Outcome>>,
    /// The whole document that is explained, where it is one.
    document: Option<Url>,
}

impl Task {
    async fn run(mut self, mut events: mpsc::UnboundedReceiver<Event>) {
        while let Some(event) = events.recv().await {
            self.take(event);
            // What is waiting already is taken in first: a document is published once for all of it.
            while let Ok(event) = events.try_recv() {
                self.take(event);
            }
            self.publisher.publish(&self.state, std::mem::take(&mut self.touched));
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Explain(job) => self.add(*job),
            Event::Stage(id, stage) => {
                if let Some(running) = self.running.get(&id) {
                    running.stage.send_replace(Stage::Running(stage.into()));
                }
            }
            Event::Found(id, found) => self.found(id, *found),
            Event::Ended(id) => self.ended(id),
            Event::Cancel(id) => self.cancel(id),
            Event::TaskBegan(id, task) => {
                self.show_progress(id, task.title, task.stages);
                self.tasks.insert(id, task.cancel);
            }
            Event::TaskEnded(id) => {
                if self.tasks.remove(&id).is_some() {
                    self.engine.job_has_gone();
                }
            }
            Event::Touched(uris) => self.touched.extend(uris),
            Event::Stop => {
                self.waiting.drain(..).for_each(|_| self.engine.job_has_gone());
                self.running.values().for_each(|running| running.cancel.cancel());
                self.tasks.values().for_each(Cancel::cancel);
            }
        }
    }

    fn add(&mut self, job: NewJob) {
        let key = job.request.key();
        for running in self.running.values_mut().filter(|running| running.key == key) {
            running.cancel.cancel();
            if let Some(done) = running.done.take() {
                let _ = done.send(Outcome::Replaced);
            }
        }
        if let Some(at) = self.waiting.iter().position(|waiting| waiting.request.key() == key)
            && let Some(replaced) = self.waiting.remove(at)
        {
            let _ = replaced.done.send(Outcome::Replaced);
            self.engine.job_has_gone();
        }
        self.waiting.push_back(job);
        self.start_waiting();
    }

    fn start_waiting(&mut self) {
        while self.running.len() < MAX_RUNNING
            && let Some(job) = self.waiting.pop_front()
        {
            self.start(job);
        }
    }

    fn start(&mut self, job: NewJob) {
        let NewJob { id, request, found, done } = job;
        let cancel = Cancel::new();
        let (stage, stages) = watch::channel(Stage::Running("Reading".into()));
        let snapshot = self.state.begin_job();
        self.show_progress(id, request.title(), stages);
        let document = request.whole_document().cloned();
        let running = Running {
            key: request.key(),
            cancel: cancel.clone(),
            stage,
            found,
            done: Some(done),
            document,
        };
        self.running.insert(id, running);
        let engine = self.engine.clone();
        tokio::task::spawn_blocking(move || {
            // The end is told even if the work panics.
            let _ended = OnDrop(|| engine.send(Event::Ended(id)));
            explain::run(&request, &snapshot, &cancel, &mut |update| match update {
                explain::Progress::Stage(stage) => engine.send(Event::Stage(id, stage)),
                explain::Progress::Found(found) => engine.send(Event::Found(id, found)),
            });
        });
    }

    fn show_progress(&self, id: JobId, title: String, stages: watch::Receiver<Stage>) {
        if self.state.snapshot().session.capabilities.work_done_progress {
            Progress::show(id, title, stages, self.client.clone(), self.outbox.clone());
        }
    }

    fn found(&mut self, id: JobId, mut found: Found) {
        let Some(running) = self.running.get_mut(&id) else { return };
        if running.cancel.is_cancelled() {
            return;
        }
        let entries = std::mem::take(&mut found.entries);
        self.touched.extend(self.state.put_on_board(found.seen_revision, entries));
        if !found.is_last {
            running.found.send_replace(Some(Arc::new(found)));
            return;
        }
        let (document, done) = (running.document.take(), running.done.take());
        // Published before it is answered: who reads the answer finds the diagnostics there.
        self.publisher.publish(&self.state, std::mem::take(&mut self.touched));
        let found = Arc::new(found);
        if let Some(uri) = document {
            self.state.remember_look_up(uri, Arc::clone(&found));
            self.refresh_lenses();
        }
        if let Some(done) = done {
            let _ = done.send(Outcome::Found(found));
        }
    }

    /// A document that was explained has lenses, links and folds from now on.
    fn refresh_lenses(&self) {
        if self.state.snapshot().session.capabilities.code_lens_refresh {
            let client = self.client.clone();
            tokio::spawn(async move { client.code_lens_refresh().await });
        }
    }

    fn ended(&mut self, id: JobId) {
        if let Some(mut running) = self.running.remove(&id) {
            self.state.end_job();
            running.stage.send_replace(Stage::Ended);
            if let Some(done) = running.done.take() {
                let outcome = if running.cancel.is_cancelled() {
                    Outcome::Cancelled
                } else {
                    Outcome::Failed
                };
                let _ = done.send(outcome);
            }
            self.engine.job_has_gone();
        }
        self.start_waiting();
    }

    fn cancel(&mut self, id: JobId) {
        if let Some(running) = self.running.get_mut(&id) {
            running.cancel.cancel();
            if let Some(done) = running.done.take() {
                let _ = done.send(Outcome::Cancelled);
            }
        }
        if let Some(cancel) = self.tasks.get(&id) {
            cancel.cancel();
        }
        if let Some(at) = self.waiting.iter().position(|waiting| waiting.id == id) {
            self.waiting.remove(at);
            self.engine.job_has_gone();
        }
    }
}

struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
