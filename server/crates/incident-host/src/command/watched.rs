//! A long program, watched while it runs: what it says as it says it, its processes as they are.

use std::io::Read;
use std::process::ExitStatus;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::time::Instant;

use incident_core::cancel::Cancel;

use super::running::{GRACE, Group, TICK};
use super::{Command, CommandError};

/// How many blocks of output wait to be looked at before the program has to wait itself.
const MAX_WAITING: usize = 64;

/// Who watches.
pub struct Watch<'a> {
    /// Takes what the program says, standard output and error in the order of writing.
    pub said: &'a mut dyn FnMut(&[u8]),
    /// Called every few milliseconds with the number of the group's leader; a sentence stops it.
    pub tick: &'a mut dyn FnMut(u32) -> Option<String>,
}

/// How a watched program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchedEnd {
    /// By itself.
    Ended(ExitStatus),
    /// Stopped by its time limit or by who watched, in words.
    Stopped(String),
}

enum Event {
    Said(Vec<u8>),
    Closed,
}

pub(super) fn watch(
    command: Command,
    watch: Watch<'_>,
    cancel: &Cancel,
) -> Result<WatchedEnd, CommandError> {
    if cancel.is_cancelled() {
        return Err(CommandError::Cancelled);
    }
    let program = command.program.path().display().to_string();
    let limit = command.limits.time;
    let deadline = Instant::now() + limit;
    let failed = |err: std::io::Error| CommandError::NotStarted {
        program: program.clone(),
        reason: err.to_string(),
    };
    let (reader, writer) = std::io::pipe().map_err(failed)?;
    let mut group = Group::spawn_joined(&command, &program, writer)?;
    let (events, inbox) = mpsc::sync_channel(MAX_WAITING);
    std::thread::spawn(move || pump(reader, &events));

    let mut is_open = true;
    let mut ended_at = None;
    let stopped = loop {
        match inbox.recv_timeout(TICK) {
            Ok(Event::Said(bytes)) => (watch.said)(&bytes),
            Ok(Event::Closed) | Err(RecvTimeoutError::Disconnected) => is_open = false,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if cancel.is_cancelled() {
            group.kill();
            return Err(CommandError::Cancelled);
        }
        let now = Instant::now();
        if let Some(reason) = (watch.tick)(group.number()) {
            break Some(reason);
        }
        if group.has_ended() {
            // A grandchild may hold the pipe for ever.
            let since = *ended_at.get_or_insert(now);
            if !is_open || now - since > GRACE {
                break None;
            }
        } else if !is_open {
            // The pipe is closed and the program lives: nothing to wait for but the clock.
            std::thread::park_timeout(TICK);
        }
        if now > deadline {
            break Some(format!("stopped after {} s, its time limit", limit.as_secs()));
        }
    };
    // A last look: the leader's figures are complete now, and gone once it is reaped.
    let _ = (watch.tick)(group.number());
    // Kill before reaping: as long as the leader is not reaped, its group's number is taken.
    group.kill();
    let status = group.wait().map_err(failed)?;
    while let Ok(Event::Said(bytes)) = inbox.try_recv() {
        (watch.said)(&bytes);
    }
    Ok(match stopped {
        Some(reason) => WatchedEnd::Stopped(reason),
        None => WatchedEnd::Ended(status),
    })
}

fn pump(mut pipe: impl Read, events: &SyncSender<Event>) {
    let mut block = vec![0; 32 << 10];
    loop {
        match pipe.read(&mut block) {
            Ok(n_read) if n_read > 0 => {
                let bytes = block.get(..n_read).unwrap_or_default().to_vec();
                if events.send(Event::Said(bytes)).is_err() {
                    return;
                }
            }
            Err(err) if err.kind() == std::io::ErrorKind::Interrupted => {}
            // Nobody may listen any more.
            Ok(_) | Err(_) => return drop(events.send(Event::Closed)),
        }
    }
}
