//! Random sequences of opening, editing, verifying, cancelling and cleaning, with kills at any
//! moment, over repositories that people live in: what is theirs stays byte for byte, nothing of
//! theirs in a scratch worktree is lost, no process is left, and nothing that cleaning leaves.
//!
//! `FIX_SEQUENCES=500 FIX_SEED=1 cargo test -p incident-it fix_random` runs more of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use crate::support::{Home, Repository, Run};

/// How many sequences run where nothing is said.
const N_SEQUENCES: u64 = 60;

/// How long processes of a killed program may live on: a git that ends its step.
const PATIENCE: Duration = Duration::from_secs(20);

const TEXT: &str = "fn price() -> u32 {\n    7\n}\n";

const SETTINGS: &str = "\
[fix]
check = [\"sh\", \"check.sh\"]
test = [\"sh\", \"check.sh\"]
";

/// Works for a moment with children, one of which leaves its group.
const CHECK: &str = "\
(setsid sleep 33 &) ; sleep 33 &
i=0; while [ $i -lt 6 ]; do i=$((i + 1)); sleep 0.02; done
cat src/lib.rs
kill $! 2>/dev/null
";

/// Splitmix64: the same sequence for the same number.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// One sequence and all that must hold in it.
struct World {
    random: Random,
    repository: Repository,
    home: Home,
    /// The user's other worktree and the like, beside the repository.
    beside: tempfile::TempDir,
    /// What is the user's, as it was.
    theirs: BTreeMap<PathBuf, Vec<u8>>,
    /// Entries of `.git/worktrees` that are the user's.
    their_worktrees: BTreeSet<String>,
    /// Files that a person wrote in scratch worktrees.
    own_work: BTreeMap<PathBuf, String>,
    story: Vec<String>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let repository = Repository::with(&[
            ("src/lib.rs", TEXT),
            ("check.sh", CHECK),
            (".incident.toml", SETTINGS),
            (".gitignore", "ignored\n"),
            ("staged.txt", "one\n"),
        ]);
        for number in 0..random.below(60) {
            repository.write(&format!("src/more/{number}.rs"), format!("// {number}\n"));
        }
        repository.commit("More", &[]);
        let beside = tempfile::tempdir().unwrap();
        if random.one_in(2) {
            repository.write("staged.txt", "stashed\n");
            repository.git(["stash", "-q"]);
        }
        if random.one_in(3) {
            let other = Repository::with(&[("inner.txt", "inner\n")]);
            let path = other.path().display().to_string();
            let allow = "protocol.file.allow=always";
            repository.git(["-c", allow, "submodule", "add", "-q", "--", &path, "vendor"]);
            repository.commit("Bring a part in", &[]);
        }
        if random.one_in(2) {
            let path = beside.path().join("theirs").display().to_string();
            repository.git(["worktree", "add", "-q", "-b", "theirs", &path]);
            std::fs::write(beside.path().join("theirs/new.txt"), "theirs\n").unwrap();
        }
        if random.one_in(2) {
            repository.write("staged.txt", "two\n");
            repository.git(["add", "staged.txt"]);
        }
        if random.one_in(2) {
            repository.write("src/lib.rs", TEXT.replace("price", "cost"));
        }
        repository.write("untracked.txt", "mine\n");
        repository.write("ignored", "mine\n");
        for lock in ["index.lock", "HEAD.lock", "config.lock"] {
            if random.one_in(4) {
                repository.write(&format!(".git/{lock}"), "held\n");
            }
        }
        let home = Home::new();
        let world = Self {
            random,
            repository,
            home,
            beside,
            theirs: BTreeMap::new(),
            their_worktrees: BTreeSet::new(),
            own_work: BTreeMap::new(),
            story: vec![format!("seed {seed}")],
        };
        world.run(["trust"]).end().done();
        world.with_what_is_theirs()
    }

    fn with_what_is_theirs(mut self) -> Self {
        let worktrees = std::fs::read_dir(self.repository.path().join(".git/worktrees"));
        self.their_worktrees = worktrees
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        self.theirs = self.everything_of_theirs();
        self
    }

    fn run<const N: usize>(&self, args: [&str; N]) -> Run {
        Run::new(args).dir(self.repository.path()).home(&self.home)
    }

    /// Every file of the repository and of the worktree beside it but objects and what is ours.
    fn everything_of_theirs(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.repository.path().to_owned(), self.beside.path().to_owned()];
        let git = self.repository.path().join(".git");
        let ours = [
            git.join("objects"),
            git.join("refs/heads/incident"),
            git.join("logs/refs/heads/incident"),
        ];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap().flatten() {
                let path = entry.path();
                let name = entry.file_name().into_string().unwrap();
                let is_our_entry =
                    folder == git.join("worktrees") && !self.their_worktrees.contains(&name);
                if ours.contains(&path) || is_our_entry {
                    continue;
                }
                if entry.file_type().unwrap().is_dir() {
                    folders.push(path);
                } else {
                    let bytes = std::fs::read(&path).unwrap();
                    found.insert(path, bytes);
                }
            }
        }
        found
    }

    /// The folders of the scratch worktrees.
    fn scratches(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let below = |folder: &Path| -> Vec<PathBuf> {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| entry.path()).collect()
        };
        for repository in below(&self.home.state().join("worktrees")) {
            found.extend(below(&repository).into_iter().filter(|path| path.is_dir()));
        }
        found.sort();
        found
    }

    fn patch(&mut self) -> PathBuf {
        let price = self.random.below(3) + 1;
        let patch = match self.random.below(4) {
            0 => format!("--- /dev/null\n+++ b/src/new{price}.rs\n@@ -0,0 +1 @@\n+// {price}\n"),
            1 => format!(
                "--- a/src/lib.rs\n+++ b/src/lib.rs\n@@ -1,3 +1,3 @@\n fn cost() -> u32 {{\n-    \
                 7\n+    {price}\n }}\n"
            ),
            _ => format!(
                "--- a/src/lib.rs\n+++ b/src/lib.rs\n@@ -1,3 +1,3 @@\n fn price() -> u32 {{\n-    \
                 7\n+    {price}\n }}\n"
            ),
        };
        let path = self.home.path().join("fix.patch");
        std::fs::write(&path, patch).unwrap();
        path
    }

    fn step(&mut self) {
        let step = self.random.below(10);
        let patch = self.patch();
        let (what, run) = match step {
            0..=2 => ("open", self.run(["fix", "--patch"]).arg(&patch)),
            3..=5 => ("verify", self.run(["fix", "--verify", "--patch"]).arg(&patch)),
            6 => ("clean", self.run(["fix", "--clean"])),
            7 => {
                self.own_work.clear();
                ("clean all", self.run(["fix", "--clean", "--all"]))
            }
            _ => return self.edit(),
        };
        let how = self.random.below(3);
        let after = Duration::from_millis(self.random.below(if step < 6 { 900 } else { 120 }));
        self.story.push(match how {
            0 => what.to_owned(),
            1 => format!("{what}, interrupted after {after:?}"),
            _ => format!("{what}, killed after {after:?}"),
        });
        if how == 0 {
            // It may well refuse: a patch that does not fit, a branch with work.
            run.end();
        } else {
            self.stop(run, after, how == 2);
        }
        self.check();
    }

    /// Lets a run go on for a while, then kills it, or interrupts it and waits.
    fn stop(&self, mut run: Run, after: Duration, kill: bool) {
        let mut child: Child = run.child();
        drop(child.stdin.take());
        let begun = Instant::now();
        while begun.elapsed() < after && child.try_wait().unwrap().is_none() {
            std::thread::park_timeout(Duration::from_millis(2));
        }
        if kill {
            child.kill().unwrap();
        } else if child.try_wait().unwrap().is_none() {
            let interrupt =
                std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
            assert!(interrupt.unwrap().success() || child.try_wait().unwrap().is_some());
        }
        child.wait().unwrap();
    }

    fn edit(&mut self) {
        let number = self.random.below(1000);
        let scratches = self.scratches();
        let edited: Vec<PathBuf> = scratches
            .into_iter()
            .filter(|path| path.extension().is_none() && is_complete(path))
            .collect();
        if edited.is_empty() {
            return;
        }
        let at = self.random.below(edited.len() as u64);
        let path = edited[usize::try_from(at).unwrap()].join(format!("work{}.txt", number % 3));
        let text = format!("work {number}\n");
        std::fs::write(&path, &text).unwrap();
        self.story.push(format!("edit {}", path.display()));
        self.own_work.insert(path, text);
    }

    #[track_caller]
    fn check(&self) {
        let begun = Instant::now();
        loop {
            let left = self.processes();
            if left.is_empty() {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "{:#?}\nprocesses are left: {left:#?}", self.story);
            std::thread::park_timeout(Duration::from_millis(20));
        }
        let now = self.everything_of_theirs();
        let changed: Vec<&PathBuf> = self
            .theirs
            .keys()
            .chain(now.keys())
            .filter(|path| self.theirs.get(*path) != now.get(*path))
            .collect();
        assert!(changed.is_empty(), "{:#?}\nwhat is theirs has changed: {changed:#?}", self.story);
        for (path, text) in &self.own_work {
            let found = std::fs::read_to_string(path).unwrap_or_default();
            assert_eq!(found, *text, "{:#?}\n{} is lost", self.story, path.display());
        }
    }

    /// Processes that work in one of the folders of this world.
    fn processes(&self) -> Vec<String> {
        let folders = [self.repository.path(), self.home.path()];
        let folders: Vec<PathBuf> = folders.iter().map(|it| it.canonicalize().unwrap()).collect();
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Ok(cwd) = std::fs::read_link(entry.path().join("cwd")) else { continue };
            if folders.iter().any(|folder| cwd.starts_with(folder)) {
                let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
                found.push(String::from_utf8_lossy(&line).replace('\0', " "));
            }
        }
        found
    }

    fn end(mut self) {
        self.story.push("at the end: clean all".to_owned());
        self.own_work.clear();
        let said = self.run(["fix", "--clean", "--all"]).end();
        self.story.push(format!("{}{}", said.stdout, said.stderr));
        self.check();
        let left: Vec<PathBuf> = walk(&self.home.state().join("worktrees"))
            .into_iter()
            .filter(|path| path.file_name().is_some_and(|name| name != ".lock"))
            .collect();
        assert!(left.is_empty(), "{:#?}\nleft after cleaning: {left:#?}", self.story);
        let git = self.repository.path().join(".git");
        let refs: Vec<PathBuf> = walk(&git.join("refs/heads/incident"));
        assert!(refs.is_empty(), "{:#?}\nleft after cleaning: {refs:#?}", self.story);
        let worktrees = std::fs::read_dir(git.join("worktrees")).into_iter().flatten().flatten();
        let worktrees: BTreeSet<String> =
            worktrees.map(|entry| entry.file_name().into_string().unwrap()).collect();
        assert_eq!(worktrees, self.their_worktrees, "{:#?}", self.story);
    }
}

/// Says whether a scratch worktree was ever told to be open.
fn is_complete(scratch: &Path) -> bool {
    let record = std::fs::read(scratch.with_added_extension("json")).unwrap_or_default();
    let record: serde_json::Value = serde_json::from_slice(&record).unwrap_or_default();
    record["is_complete"] == true
}

/// Returns every file below a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => files.push(entry.path()),
            }
        }
    }
    files
}

#[test]
fn random_sequences_with_kills_leave_what_is_theirs_as_it_was() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let n_sequences = number("FIX_SEQUENCES").unwrap_or(N_SEQUENCES);
    let first = number("FIX_SEED").unwrap_or(1000);
    let next = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if at >= n_sequences {
                        return;
                    }
                    let mut world = World::new(first + at);
                    for _ in 0..3 + world.random.below(6) {
                        world.step();
                    }
                    world.end();
                }
            });
        }
    });
}
