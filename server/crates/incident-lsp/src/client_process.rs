//! Watches the client's process: an editor that was killed closes nothing and sends nothing.

use std::time::Duration;

use tokio::sync::watch;

/// How often the process is looked for.
const INTERVAL: Duration = Duration::from_secs(2);

/// The client's process, as far as it is known.
#[derive(Clone, Debug)]
pub(crate) struct ClientProcess {
    is_gone: watch::Sender<bool>,
}

impl ClientProcess {
    /// Returns a process that is not known yet, and so is never gone.
    pub(crate) fn unknown() -> Self {
        Self { is_gone: watch::Sender::new(false) }
    }

    /// Begins to watch the process that the client named.
    ///
    /// One that can't be seen from the start is not watched: the client lives in another container
    /// or on another machine, and its number means nothing here.
    pub(crate) fn watch(&self, process_id: u32) {
        if !is_alive(process_id) {
            tracing::info!("the client's process {process_id} can't be seen, and is not watched");
            return;
        }
        let is_gone = self.is_gone.clone();
        tokio::spawn(async move {
            while is_alive(process_id) {
                tokio::time::sleep(INTERVAL).await;
            }
            is_gone.send_replace(true);
        });
    }

    /// Waits until the process is gone.
    pub(crate) async fn gone(&self) {
        // An error would mean that the sender is gone, which is `self`.
        let _ = self.is_gone.subscribe().wait_for(|is_gone| *is_gone).await;
    }
}

#[cfg(unix)]
fn is_alive(process_id: u32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    let pid = i32::try_from(process_id).ok().and_then(Pid::from_raw);
    // Without permission to signal it, it is there all the same.
    pid.is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

/// Elsewhere the end of input tells: it closes with the process that held it.
#[cfg(not(unix))]
fn is_alive(_process_id: u32) -> bool {
    true
}
