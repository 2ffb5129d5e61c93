//! A child on its way: pipes read on threads of their own, one loop that watches the limits.

use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use incident_core::cancel::Cancel;

use super::{Command, CommandError, Output};

/// How often the limits and the cancel flag are looked at while the child is silent.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// How long a pipe may stay open after the child ended: a grandchild may hold it for ever.
pub(super) const GRACE: Duration = Duration::from_millis(200);

const STDERR_LIMIT: usize = 64 << 10;

/// What the reading threads tell the watching loop.
enum Event {
    Closed,
    Full,
}

/// What becomes of bytes past a pipe's limit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Excess {
    Stop,
    Discard,
}

/// The bytes of one pipe; the reading thread holds the lock only to append.
type Collected = Arc<Mutex<Vec<u8>>>;

pub(super) fn run(command: Command, cancel: &Cancel) -> Result<Output, CommandError> {
    if cancel.is_cancelled() {
        return Err(CommandError::Cancelled);
    }
    let program = command.program.path().display().to_string();
    let deadline = Instant::now() + command.limits.time;
    let mut group = Group::spawn(&command, &program)?;

    let (events, inbox) = mpsc::channel();
    if let Some(mut stdin) = group.child.stdin.take() {
        // An early end of the child shows as an error here and, better, in its status.
        std::thread::spawn(move || stdin.write_all(&command.input));
    }
    let stdout =
        collect(group.child.stdout.take(), command.limits.output, Excess::Stop, events.clone());
    let stderr = collect(group.child.stderr.take(), STDERR_LIMIT, Excess::Discard, events.clone());

    let ended = watch(&mut group, &inbox, deadline, cancel);
    drop(events); // Held until here: while one sender lives, waiting for an event takes its time.
    // Kill before reaping: as long as the leader is not reaped, its group's number is taken.
    group.kill();
    let status = group.child.wait().map_err(|err| CommandError::NotStarted {
        program: program.clone(),
        reason: err.to_string(),
    })?;
    match ended {
        End::TimedOut => {
            Err(CommandError::TimedOut { program, seconds: command.limits.time.as_secs() })
        }
        End::Cancelled => Err(CommandError::Cancelled),
        End::Done | End::Full => Ok(Output {
            status,
            stdout: take(&stdout),
            stderr: take(&stderr),
            truncated: matches!(ended, End::Full),
        }),
    }
}

/// What ended the wait.
enum End {
    Done,
    Full,
    TimedOut,
    Cancelled,
}

fn watch(group: &mut Group, inbox: &Receiver<Event>, deadline: Instant, cancel: &Cancel) -> End {
    let mut n_open_pipes = 2;
    let mut left_since = None;
    let mut pause = Duration::from_micros(50);
    loop {
        // A child with closed pipes is about to end: look often at first.
        let wait = if n_open_pipes > 0 { TICK } else { pause };
        match inbox.recv_timeout(wait) {
            Ok(Event::Closed) => n_open_pipes -= 1,
            Ok(Event::Full) => return End::Full,
            Err(_) if n_open_pipes > 0 => {}
            Err(_) => pause = (pause * 2).min(TICK),
        }
        if cancel.is_cancelled() {
            return End::Cancelled;
        }
        let now = Instant::now();
        if group.has_ended() {
            let since = *left_since.get_or_insert(now);
            if n_open_pipes == 0 || now - since > GRACE {
                return End::Done;
            }
        }
        if now > deadline {
            return End::TimedOut;
        }
    }
}

fn collect(
    pipe: Option<impl Read + Send + 'static>,
    limit: usize,
    excess: Excess,
    events: Sender<Event>,
) -> Collected {
    let collected = Collected::default();
    let target = Arc::clone(&collected);
    std::thread::spawn(move || {
        // The receiver is gone once nobody waits any more; then there is nothing to tell.
        let _ = events.send(match pipe.map(|pipe| drain(pipe, limit, excess, &target)) {
            Some(true) => Event::Full,
            Some(false) | None => Event::Closed,
        });
    });
    collected
}

/// Reads to the end; says whether it stopped because there was more than `limit` allows.
fn drain(mut pipe: impl Read, limit: usize, excess: Excess, target: &Collected) -> bool {
    let mut block = vec![0; 64 << 10];
    loop {
        let n_read = match pipe.read(&mut block) {
            Ok(0) => return false,
            Ok(n_read) => n_read,
            Err(err) if err.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return false,
        };
        let mut bytes = target.lock().unwrap_or_else(PoisonError::into_inner);
        let n_kept = n_read.min(limit.saturating_sub(bytes.len()));
        bytes.extend_from_slice(&block[..n_kept]);
        if n_kept < n_read && excess == Excess::Stop {
            return true;
        }
    }
}

fn take(collected: &Collected) -> Vec<u8> {
    std::mem::take(&mut *collected.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A child and the process group that it leads; killed as a whole when dropped.
pub(super) struct Group {
    child: Child,
    killed: bool,
}

impl Group {
    fn spawn(command: &Command, program: &str) -> Result<Self, CommandError> {
        Self::spawn_into(command, program, [Stdio::piped(), Stdio::piped()])
    }

    /// Starts a program whose standard output and error are one pipe, in the order of writing.
    pub(super) fn spawn_joined(
        command: &Command,
        program: &str,
        pipe: std::io::PipeWriter,
    ) -> Result<Self, CommandError> {
        let twice = pipe.try_clone().map_err(|err| CommandError::NotStarted {
            program: program.to_owned(),
            reason: err.to_string(),
        })?;
        Self::spawn_into(command, program, [pipe.into(), twice.into()])
    }

    fn spawn_into(
        command: &Command,
        program: &str,
        [stdout, stderr]: [Stdio; 2],
    ) -> Result<Self, CommandError> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        let mut builder = std::process::Command::new(command.program.path());
        builder
            .args(&command.args)
            .current_dir(&command.dir)
            .env_clear()
            .envs(&command.env)
            .stdin(stdin(command))
            .stdout(stdout)
            .stderr(stderr);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut builder, 0);
        match builder.spawn() {
            Ok(child) => Ok(Self { child, killed: false }),
            Err(err) => Err(CommandError::NotStarted {
                program: program.to_owned(),
                reason: format!("{err} (in {})", command.dir.display()),
            }),
        }
    }

    /// Returns the leader's number.
    pub(super) fn number(&self) -> u32 {
        self.child.id()
    }

    /// Reaps the leader; the group must have been killed.
    pub(super) fn wait(&mut self) -> std::io::Result<std::process::ExitStatus> {
        self.child.wait()
    }

    #[cfg(unix)]
    fn pid(&self) -> Option<rustix::process::Pid> {
        rustix::process::Pid::from_raw(i32::try_from(self.child.id()).ok()?)
    }

    /// Says whether the leader ended, without reaping it.
    #[cfg(unix)]
    pub(super) fn has_ended(&mut self) -> bool {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let Some(pid) = self.pid() else { return true };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(pid), options), Ok(None))
    }

    #[cfg(not(unix))]
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Kills whatever is left of the group.
    pub(super) fn kill(&mut self) {
        if std::mem::replace(&mut self.killed, true) {
            return;
        }
        #[cfg(unix)]
        if let Some(pid) = self.pid() {
            // Fails only where nobody is left to kill.
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
        #[cfg(not(unix))]
        let _ = self.child.kill();
    }
}

fn stdin(command: &Command) -> Stdio {
    if !command.input.is_empty() {
        return Stdio::piped();
    }
    let held = command.held.as_ref().and_then(|lock| lock.try_clone().ok());
    held.map_or_else(Stdio::null, Stdio::from)
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        // Reaps; on the way out there is nobody to tell a failure to.
        let _ = self.child.wait();
    }
}
