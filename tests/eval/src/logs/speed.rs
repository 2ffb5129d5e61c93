//! How much processor time grouping takes, beside a search of the same file with ripgrep.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};

/// What ripgrep looks for.
const PATTERN: &str = "panicked|ERROR|timeout";

/// Runs this program and ripgrep in turn, and prints what a run took of all cores together.
pub(super) fn run(log: &Path, n_runs: u32) -> anyhow::Result<ExitCode> {
    let own = std::env::current_exe().context("cannot find this program")?;
    let group = |severe: &[&str]| {
        let mut command = Command::new(&own);
        command.arg("logs").arg(log).args(severe);
        command
    };
    let search = || {
        let mut command = Command::new("rg");
        command.args(["-a", "-c", PATTERN]).arg(log);
        command
    };
    let (mut every, mut severe, mut peer) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut said = (String::new(), String::new());
    // What is measured in turn is slowed down alike by whatever else runs.
    for _ in 0..n_runs.max(1) {
        every += measured(group(&[]), &mut said.0)?;
        severe += measured(group(&["--severe"]), &mut said.1)?;
        peer += measured(search(), &mut String::new())?;
    }
    let mut out = std::io::stdout().lock();
    for (name, sum, said) in [
        ("every line grouped", every, said.0.as_str()),
        ("severe lines grouped", severe, said.1.as_str()),
        ("rg -a -c", peer, ""),
    ] {
        let each = sum.as_secs_f64() * 1000.0 / f64::from(n_runs.max(1));
        let ratio = sum.as_secs_f64() / peer.as_secs_f64().max(0.001);
        writeln!(out, "{name:<22}{each:>9.1} ms{ratio:>7.2}x  {}", said.trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a command to its end: the processor time that it took, and what it printed.
fn measured(mut command: Command, said: &mut String) -> anyhow::Result<Duration> {
    let before = of_children()?;
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    // Ripgrep ends with 1 where nothing was found.
    if output.status.code().is_none_or(|code| code > 1) {
        bail!("{} failed: {}", command.get_program().display(), output.status);
    }
    *said = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(of_children()?.saturating_sub(before))
}

/// Returns the processor time of all children that ended, in hundredths of a second; sums of many
/// runs are finer.
fn of_children() -> anyhow::Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").context("this needs Linux's /proc")?;
    let (_, after_name) = stat.rsplit_once(')').context("no name in /proc/self/stat")?;
    let ticks =
        after_name.split_whitespace().skip(13).take(2).filter_map(|it| it.parse::<u64>().ok());
    Ok(Duration::from_millis(ticks.sum::<u64>() * 10))
}
