//! Where a command of a fix runs: cut off from the network and from the user's tree where the
//! system can do that, with limits on time, memory and words, and killed whole.
//!
//! What could be had is told, never assumed: bubblewrap, else the system's own namespaces, else a
//! process group. A command is run only for a root that the user trusts; the caller sees to that.

pub mod guard;
mod processes;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use incident_core::cancel::Cancel;
use incident_core::neutral;
use incident_core::verification::{RunEnd, Sample, StepRun};

pub use self::processes::sweep;
use crate::command::{Command, CommandError, Environment, Limits, Program, Watch, WatchedEnd};
use crate::message::plain;

/// How long the system may take to show whether it can keep a program apart.
const PROBE: Limits = Limits { time: Duration::from_secs(5), output: 64 << 10 };

/// How often the processes of a run are looked at, to begin with.
const SAMPLE_EVERY: Duration = Duration::from_millis(100);

/// When there are so many samples, every other goes and they are taken half as often.
const MAX_SAMPLES: usize = 600;

/// The first and the last part of a run's words that are kept, each, in bytes.
const KEPT_WORDS: usize = 2 << 20;

/// Lets the program go on only under the parent that it was started for, so that one that was
/// orphaned before it could ask for the parent's death signal ends too.
const UNDER_PARENT: &str = r#"[ "$PPID" = "$1" ] || exit 125; shift; exec "$@""#;

/// Brings the loopback up and makes the user's tree read-only, then runs the program as the user.
/// `$1` is the tree, `$2` how many folders below it stay writable, which follow.
const INSIDE: &str = r#"
ip link set lo up 2>/dev/null
tree=$1; n=$2; shift 2
mount --make-rprivate / && mount --bind "$tree" "$tree" || exit 125
while [ "$n" -gt 0 ]; do mount --bind "$1" "$1" || exit 125; shift; n=$((n - 1)); done
mount -o remount,bind,ro "$tree" || exit 125
exec "$@"
"#;

/// What keeps a program apart on this machine.
#[derive(Clone, Debug)]
pub struct Sandbox {
    walls: Walls,
    /// Ends the program when we end, however we end.
    death_watch: Option<[Program; 2]>,
    /// The user's tree, which no command may write to.
    tree: PathBuf,
    /// Folders that no program may come from.
    outside: Vec<PathBuf>,
    environment: Environment,
}

#[derive(Clone, Debug)]
enum Walls {
    Bubblewrap(Program),
    /// `unshare`, `sh`, and the user's number and group's where they are not root's.
    Namespaces {
        unshare: Program,
        sh: Program,
    },
    None,
}

/// What a run may do.
#[derive(Clone, Debug)]
pub struct Job {
    /// Program and arguments; never empty.
    pub words: Vec<String>,
    /// Where it runs.
    pub dir: PathBuf,
    /// Folders that it may write to although they lie in the user's tree.
    pub writable: Vec<PathBuf>,
    /// Variables besides the few that every child sees.
    pub variables: Vec<(String, String)>,
    /// It may reach the network.
    pub network: bool,
    /// Time on the wall.
    pub time: Duration,
    /// Memory of all its processes together, in bytes.
    pub memory: u64,
}

impl Sandbox {
    /// Finds out what this machine can do, for commands on behalf of the tree at `tree`.
    pub fn probe(tree: &Path, environment: &Environment, cancel: &Cancel) -> Self {
        let outside = vec![tree.to_owned()];
        let find = |name: &str| Program::find(name, environment, &outside).ok();
        let mut sandbox = Self {
            walls: Walls::None,
            death_watch: find("setpriv").zip(find("sh")).map(|(setpriv, sh)| [setpriv, sh]),
            tree: tree.to_owned(),
            outside: outside.clone(),
            environment: environment.clone(),
        };
        let mut possible = Vec::new();
        possible.extend(find("bwrap").map(Walls::Bubblewrap));
        possible.extend(
            find("unshare").zip(find("sh")).map(|(unshare, sh)| Walls::Namespaces { unshare, sh }),
        );
        possible.push(Walls::None);
        let Some(nothing) = find("true") else { return sandbox };
        for walls in possible {
            sandbox.walls = walls;
            if sandbox.can_run(&nothing, cancel) {
                return sandbox;
            }
        }
        // Not even the death watch works here.
        sandbox.death_watch = None;
        sandbox
    }

    fn can_run(&self, nothing: &Program, cancel: &Cancel) -> bool {
        let job = Job {
            words: vec![nothing.path().display().to_string()],
            dir: self.tree.clone(),
            writable: Vec::new(),
            variables: Vec::new(),
            network: false,
            time: PROBE.time,
            memory: u64::MAX,
        };
        let command = self.command(nothing, &job).limits(PROBE);
        command.run(cancel).is_ok_and(|output| output.status.success())
    }

    /// Says in sentences what is kept apart, for the report.
    pub fn describe(&self, network: bool) -> Vec<String> {
        let mut told = Vec::new();
        let walls = match &self.walls {
            Walls::Bubblewrap(_) => Some("bubblewrap"),
            Walls::Namespaces { .. } => Some("namespaces"),
            Walls::None => None,
        };
        told.push(match (walls, network) {
            (Some(walls), false) => format!("no network but the loopback of its own ({walls})"),
            (Some(_), true) => "the network was open, as `fix.network` says".to_owned(),
            (None, _) => {
                "the network was open: neither bubblewrap nor user namespaces work here".to_owned()
            }
        });
        told.push(match walls {
            Some(_) => "your tree was read-only to the commands".to_owned(),
            None => "your tree could be written by the commands".to_owned(),
        });
        told.push(if processes::are_visible() {
            "memory was watched from outside, not held by a cgroup".to_owned()
        } else {
            "memory was not limited: this system does not show it".to_owned()
        });
        told
    }

    /// Runs a job to its end or its limits; `said` takes each line as it comes, cleaned.
    pub fn run(
        &self,
        job: &Job,
        said: &mut dyn FnMut(&str),
        cancel: &Cancel,
    ) -> Result<StepRun, CommandError> {
        let Some((name, args)) = job.words.split_first() else {
            return Err(CommandError::NotFound { name: String::new() });
        };
        let mut outside = self.outside.clone();
        outside.push(job.dir.clone());
        let program = Program::find(name, &self.environment, &outside)?;
        let mark = processes::mark();
        let command = self
            .command(&program, job)
            .args(args)
            .env(processes::MARK, &mark)
            .limits(Limits { time: job.time, output: usize::MAX });
        let start = Instant::now();
        let mut words = Words::default();
        let mut samples = Samples::new(start);
        let mut cpu_s = None;
        let end = command.watch(
            Watch {
                said: &mut |bytes| words.take(bytes, said),
                tick: &mut |leader| {
                    cpu_s = processes::cpu_seconds(leader).or(cpu_s);
                    samples.tick(leader, job.memory)
                },
            },
            cancel,
        );
        if matches!(self.walls, Walls::None) {
            // What has left the group is still marked.
            processes::kill_marked(&mark);
        }
        let end = match end? {
            WatchedEnd::Stopped(reason) => RunEnd::Stopped(reason),
            WatchedEnd::Ended(status) => status.code().map_or(RunEnd::Killed, RunEnd::Exited),
        };
        Ok(StepRun {
            end,
            wall_s: start.elapsed().as_secs_f64(),
            cpu_s,
            peak_bytes: samples.peak,
            samples: samples.taken,
            output: words.finish(said),
        })
    }

    /// Builds the command with everything around it; the program's own arguments follow.
    fn command(&self, program: &Program, job: &Job) -> Command {
        let mut chain: Vec<String> = Vec::new();
        let mut programs: Vec<&Program> = Vec::new();
        let path = |program: &Program| program.path().display().to_string();
        if let Some([setpriv, sh]) = &self.death_watch {
            programs.push(setpriv);
            chain.extend([path(setpriv), "--pdeathsig".into(), "KILL".into(), "--".into()]);
            chain.extend([path(sh), "-c".into(), UNDER_PARENT.into(), "sh".into()]);
            chain.push(std::process::id().to_string());
        }
        let tree = self.tree.display().to_string();
        let writable = self.writable(job);
        match &self.walls {
            Walls::Bubblewrap(bwrap) => {
                programs.push(bwrap);
                chain.extend([path(bwrap), "--die-with-parent".into()]);
                chain.extend(["--dev-bind", "/", "/", "--ro-bind"].map(str::to_owned));
                chain.extend([tree.clone(), tree]);
                for folder in &writable {
                    chain.extend(["--bind".into(), folder.clone(), folder.clone()]);
                }
                chain.extend(["--unshare-pid", "--proc", "/proc"].map(str::to_owned));
                if !job.network {
                    chain.push("--unshare-net".into());
                }
                chain.push("--".into());
            }
            Walls::Namespaces { unshare, sh } => {
                programs.push(unshare);
                chain.extend([path(unshare), "--user".into(), "--map-root-user".into()]);
                chain
                    .extend(["--mount", "--pid", "--fork", "--kill-child=KILL"].map(str::to_owned));
                chain.push("--mount-proc".into());
                if !job.network {
                    chain.push("--net".into());
                }
                chain.extend(["--".into(), path(sh), "-c".into(), INSIDE.into(), "sh".into()]);
                chain.extend([tree, writable.len().to_string()]);
                chain.extend(writable);
                chain.extend([path(unshare), "--user".into()]);
                let (user, group) = own_numbers();
                chain.extend([format!("--map-user={user}"), format!("--map-group={group}")]);
                chain.push("--".into());
            }
            Walls::None => {}
        }
        let first = programs.first().copied().unwrap_or(program);
        let mut command =
            first.command(&job.dir, &self.environment, &self.outside).args(chain.iter().skip(1));
        if !programs.is_empty() {
            command = command.arg(program.path());
        }
        for (name, value) in &job.variables {
            command = command.env(name, value);
        }
        command
    }

    /// Folders inside the user's tree that must stay writable: a scratch worktree may lie there.
    fn writable(&self, job: &Job) -> Vec<String> {
        let inside = job.writable.iter().filter(|folder| folder.starts_with(&self.tree));
        inside.map(|folder| folder.display().to_string()).collect()
    }
}

#[cfg(unix)]
fn own_numbers() -> (u32, u32) {
    (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
}

#[cfg(not(unix))]
fn own_numbers() -> (u32, u32) {
    (0, 0)
}

/// Looks at the processes of a run, ever less often the longer it takes.
struct Samples {
    start: Instant,
    every: Duration,
    next: Duration,
    taken: Vec<Sample>,
    peak: Option<u64>,
}

impl Samples {
    fn new(start: Instant) -> Self {
        Self { start, every: SAMPLE_EVERY, next: Duration::ZERO, taken: Vec::new(), peak: None }
    }

    /// Takes a sample when it is time; returns why the run must stop.
    fn tick(&mut self, leader: u32, limit: u64) -> Option<String> {
        let elapsed = self.start.elapsed();
        if elapsed < self.next {
            return None;
        }
        self.next = elapsed + self.every;
        let sample = processes::sample(leader, elapsed.as_secs_f64())?;
        self.peak = self.peak.max(Some(sample.memory));
        self.taken.push(sample);
        if self.taken.len() > MAX_SAMPLES {
            let mut index = 0;
            self.taken.retain(|_| {
                index += 1;
                index % 2 == 0
            });
            self.every *= 2;
        }
        (sample.memory > limit)
            .then(|| format!("stopped: it used more than {} MiB of memory, its limit", limit >> 20))
    }
}

/// What a run says: its beginning and its end, and each line for the display.
#[derive(Default)]
struct Words {
    head: Vec<u8>,
    tail: std::collections::VecDeque<u8>,
    n_dropped: usize,
    line: Vec<u8>,
}

impl Words {
    fn take(&mut self, bytes: &[u8], said: &mut dyn FnMut(&str)) {
        let room = KEPT_WORDS.saturating_sub(self.head.len()).min(bytes.len());
        let (head, rest) = bytes.split_at(room);
        self.head.extend_from_slice(head);
        self.tail.extend(rest);
        let excess = self.tail.len().saturating_sub(KEPT_WORDS);
        self.tail.drain(..excess);
        self.n_dropped += excess;
        for byte in bytes {
            if matches!(byte, b'\n' | b'\r') {
                self.tell(said);
            } else if self.line.len() < 400 {
                self.line.push(*byte);
            }
        }
    }

    fn tell(&mut self, said: &mut dyn FnMut(&str)) {
        let line = plain(&String::from_utf8_lossy(&self.line));
        if !line.trim().is_empty() {
            said(&line);
        }
        self.line.clear();
    }

    fn finish(mut self, said: &mut dyn FnMut(&str)) -> String {
        self.tell(said);
        let mut text = String::from_utf8_lossy(&self.head).into_owned();
        if self.n_dropped > 0 {
            text.push_str(&format!("\n[{} bytes left out]\n", self.n_dropped));
        }
        text.push_str(&String::from_utf8_lossy(self.tail.make_contiguous()));
        neutral::block(&text).into_owned()
    }
}
