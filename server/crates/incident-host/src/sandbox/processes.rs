//! The processes of a run, as the system shows them: memory, descriptors, threads, time.
//!
//! Reads `/proc`; where there is none, nothing is told and everything else goes on.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use incident_core::verification::Sample;

/// The variable that marks every process of a run, whatever it does to leave its group: the
/// number of the program of ours that started it, when that was started, and which run it is.
pub(super) const MARK: &str = "INCIDENT_LSP_RUN";

/// Ticks of processor time in a second, as `/proc` counts them on every platform of today.
const TICKS_PER_SECOND: f64 = 100.0;

/// What `/proc/N/stat` says of one process.
#[derive(Clone, Copy, Debug)]
struct Stat {
    parent: u32,
    /// Its own time and that of children it waited for, in ticks.
    ticks: u64,
    threads: u64,
    started: u64,
    is_zombie: bool,
}

/// Returns a value of [`MARK`] that no other run has.
pub(super) fn mark() -> String {
    static N_RUNS: AtomicU64 = AtomicU64::new(0);
    let run = N_RUNS.fetch_add(1, Ordering::Relaxed);
    let number = std::process::id();
    let started = stat(number).map_or(0, |stat| stat.started);
    format!("{number}:{started}:{run}")
}

/// Adds up `leader` and all its descendants; `None` where that can't be seen.
pub(super) fn sample(leader: u32, at_s: f64) -> Option<Sample> {
    let mut sample = Sample { at_s, ..Sample::default() };
    let mut n_seen = 0;
    for number in with_descendants(leader) {
        let Some(stat) = stat(number).filter(|stat| !stat.is_zombie) else { continue };
        n_seen += 1;
        sample.memory += memory(number).unwrap_or_default();
        sample.threads += stat.threads;
        let descriptors = std::fs::read_dir(format!("/proc/{number}/fd"));
        sample.descriptors += descriptors.map_or(0, |entries| entries.count() as u64);
    }
    (n_seen > 0).then_some(sample)
}

/// Returns the processor time of `leader` and all that it waited for, in seconds.
pub(super) fn cpu_seconds(leader: u32) -> Option<f64> {
    Some(stat(leader)?.ticks as f64 / TICKS_PER_SECOND)
}

/// Kills the processes that runs of ended programs of ours left behind; returns how many.
///
/// Only where a run could not be given a process space of its own can there be any.
pub fn sweep() -> usize {
    let is_of_a_dead_run = |number: u32| {
        let mark = marked(number)?;
        let mut parts = mark.split(':');
        let (owner, started) = (parts.next()?, parts.next()?);
        let (owner, started): (u32, u64) = (owner.parse().ok()?, started.parse().ok()?);
        (stat(owner).map(|stat| stat.started) != Some(started)).then_some(())
    };
    kill(numbers().into_iter().filter(|number| is_of_a_dead_run(*number).is_some()))
}

/// Kills what is left of this process' runs in `mark`.
pub(super) fn kill_marked(mark: &str) -> usize {
    let own = std::process::id();
    kill(
        numbers()
            .into_iter()
            .filter(|number| *number != own && marked(*number).is_some_and(|found| found == mark)),
    )
}

fn kill(numbers: impl Iterator<Item = u32>) -> usize {
    let mut n_killed = 0;
    for number in numbers {
        #[cfg(unix)]
        if let Some(pid) = i32::try_from(number).ok().and_then(rustix::process::Pid::from_raw) {
            let killed = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            n_killed += usize::from(killed.is_ok());
        }
        #[cfg(not(unix))]
        let _ = number;
    }
    n_killed
}

fn numbers() -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// Returns the mark of a process of ours.
fn marked(number: u32) -> Option<String> {
    let environment = std::fs::read(format!("/proc/{number}/environ")).ok()?;
    let prefix = format!("{MARK}=");
    let values = environment.split(|byte| *byte == 0);
    let mut values = values.filter_map(|value| std::str::from_utf8(value).ok());
    values.find_map(|value| value.strip_prefix(&prefix)).map(str::to_owned)
}

fn with_descendants(leader: u32) -> Vec<u32> {
    // The kernel's own list is exact and quick; where it is missing, parents are.
    let listed = |number: u32| {
        let mut children = Vec::new();
        for task in std::fs::read_dir(format!("/proc/{number}/task")).ok()?.flatten() {
            let text = std::fs::read_to_string(task.path().join("children")).ok()?;
            children.extend(text.split_whitespace().filter_map(|word| word.parse::<u32>().ok()));
        }
        Some(children)
    };
    let mut all = vec![leader];
    let mut by_parent: Option<BTreeMap<u32, Vec<u32>>> = None;
    let mut at = 0;
    while let Some(number) = all.get(at).copied() {
        at += 1;
        if all.len() > 10_000 {
            break;
        }
        match listed(number) {
            Some(children) => all.extend(children),
            None => {
                let by_parent = by_parent.get_or_insert_with(|| {
                    let mut map: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
                    for child in numbers() {
                        if let Some(stat) = stat(child) {
                            map.entry(stat.parent).or_default().push(child);
                        }
                    }
                    map
                });
                all.extend(by_parent.get(&number).into_iter().flatten());
            }
        }
    }
    all
}

fn stat(number: u32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    parse_stat(&text)
}

/// Reads `/proc/N/stat`; the name in parentheses may hold anything.
fn parse_stat(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    // Counted from the state, which is the third field of the line.
    let field = |at: usize| fields.get(at - 3)?.parse::<u64>().ok();
    Some(Stat {
        parent: u32::try_from(field(4)?).ok()?,
        ticks: [14, 15, 16, 17].into_iter().filter_map(field).sum(),
        threads: field(20)?,
        started: field(22)?,
        is_zombie: fields.first() == Some(&"Z"),
    })
}

/// Returns the resident memory of a process, in bytes.
fn memory(number: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{number}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes << 10)
}

/// Says whether `/proc` tells anything here.
pub(super) fn are_visible() -> bool {
    Path::new(OsStr::new("/proc/self/stat")).exists()
}

#[cfg(test)]
mod tests {
    use super::{parse_stat, sample};

    #[test]
    fn a_name_with_parentheses_is_no_trap() {
        let line = "12 (a) b (c) S 1 12 12 0 -1 4194560 1 2 3 4 10 20 3 4 20 0 7 0 999 1000 250 1";
        let stat = parse_stat(line).unwrap();
        assert_eq!((stat.parent, stat.ticks, stat.threads), (1, 37, 7));
        assert_eq!((stat.started, stat.is_zombie), (999, false));
        for broken in ["", ")", "1 (a)", "1 (a) S", "1 (a) S x"] {
            assert!(parse_stat(broken).is_none());
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_seen() {
        let seen = sample(std::process::id(), 1.5).unwrap();
        assert!(seen.memory > 1 << 20 && seen.descriptors > 2 && seen.threads >= 1, "{seen:?}");
        assert_eq!(sample(u32::MAX, 0.0), None);
    }
}
