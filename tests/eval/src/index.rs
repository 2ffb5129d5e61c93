//! `incident-eval index`: how fast a workspace's symbols are read, cold and after one edit.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use incident_core::cancel::Cancel;
use incident_host::source;
use incident_host::workspace::Workspace;

use crate::histories;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Lines of the workspace that is made up.
    #[arg(long, default_value_t = 1_000_000)]
    lines: usize,
    /// A workspace to index in place of one that is made up.
    #[arg(long, value_name = "DIR")]
    workspace: Option<std::path::PathBuf>,
}

/// Indexes a workspace twice, with one file edited in between, and prints what it took.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let made_up = tempfile::tempdir().context("cannot make a folder")?;
    let root = match &args.workspace {
        Some(root) => root.clone(),
        None => {
            histories::write_workspace(made_up.path(), args.lines)?;
            made_up.path().to_owned()
        }
    };
    let workspace = Workspace::open(&root);
    let cancel = Cancel::new();
    let before = memory();
    let cold = measured(|| {
        let (listing, _) = source::list(workspace.root(), &cancel);
        workspace.index().update(&workspace, &listing, &cancel).0
    });
    let n_items: usize = cold.value.files().iter().map(|file| file.items.len()).sum();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} files, {n_items} items", cold.value.files().len())?;
    writeln!(out, "cold: {cold}, {} MB more at the peak", memory().saturating_sub(before) >> 20)?;
    if args.workspace.is_none() {
        edit_one(&root)?;
    }
    let warm = measured(|| {
        let (listing, _) = source::list(workspace.root(), &cancel);
        let listed = Instant::now();
        let index = workspace.index().update(&workspace, &listing, &cancel).0;
        (index, listed.elapsed())
    });
    let of_index = warm.value.1.as_secs_f64() * 1000.0;
    writeln!(out, "after one edit: {warm}; without listing the files {of_index:.1} ms")?;
    Ok(ExitCode::SUCCESS)
}

/// What something gave, and what it took.
struct Measured<T> {
    value: T,
    elapsed: Duration,
    /// On all cores together.
    cpu: Option<Duration>,
}

impl<T> std::fmt::Display for Measured<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} ms", self.elapsed.as_secs_f64() * 1000.0)?;
        match self.cpu {
            Some(cpu) => write!(f, " ({:.0} ms of all cores)", cpu.as_secs_f64() * 1000.0),
            None => Ok(()),
        }
    }
}

fn measured<T>(work: impl FnOnce() -> T) -> Measured<T> {
    let (start, cpu) = (Instant::now(), cpu_time());
    let value = work();
    let elapsed = start.elapsed();
    let cpu = cpu_time().zip(cpu).map(|(after, before)| after.saturating_sub(before));
    Measured { value, elapsed, cpu }
}

/// The time that this process has spent on all cores; `None` where the system does not tell.
pub(crate) fn cpu_time() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|it| it.parse::<u64>().ok())
        .sum();
    // Linux counts in hundredths of a second wherever programs are run.
    Some(Duration::from_millis(ticks * 10))
}

/// The most memory that this process held, in bytes; 0 where the system does not tell.
pub(crate) fn memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = status.lines().find_map(|line| {
        line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<usize>().ok()
    });
    kilobytes.unwrap_or_default() << 10
}

/// Appends a function to one file.
fn edit_one(root: &Path) -> anyhow::Result<()> {
    let path = root.join("crate_0/src/part_0.rs");
    let mut file = fs::OpenOptions::new().append(true).open(&path).context("cannot edit")?;
    writeln!(file, "pub fn added() {{}}").context("cannot edit")
}
