//! A repository whose own settings, files and surroundings want to start programs: none starts.
//!
//! Every trap writes a marker of its own. The last test springs the traps with the tools that they
//! are made for, so that the others can be believed.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

use crate::lsp_client::{Client, uri};
use crate::support::{Home, Repository, Run};

const MANIFEST: &str = "\
[package]
name = \"till\"
version = \"1.0.0\"
edition = \"2021\"
build = \"build.rs\"
";

const MAIN: &str = "mod pool;\n\nfn main() {\n    println!(\"{}\", pool::get(&[1, 2], 7));\n}\n";

const POOL: &str = "\
pub fn get(shards: &[u64], at: usize) -> u64 {
    let shard = at % 4 + 1;
    shards[shard]
}
";

const TRACE: &str = "\
2026-02-03T10:00:00Z INFO started till 1.0.0
thread 'main' panicked at src/pool.rs:3:5:
index out of bounds: the len is 2 but the index is 4
stack backtrace:
   0: rust_begin_unwind
             at /rustc/9fc6b43126469e3858e2fe86cafb4f0fd5068869/library/std/src/panicking.rs:665:5
   1: till::pool::get
             at ./src/pool.rs:3:5
   2: till::main
             at ./src/main.rs:4:20
";

const PATCH: &str = "\
--- a/src/pool.rs
+++ b/src/pool.rs
@@ -1,4 +1,4 @@
 pub fn get(shards: &[u64], at: usize) -> u64 {
     let shard = at % 4 + 1;
-    shards[shard]
+    shards.get(shard).copied().unwrap_or_default()
 }
";

/// Programs that a folder on `PATH` may pass for.
const IMPOSTORS: &[&str] = &[
    "git",
    "cargo",
    "rustc",
    "rustup",
    "npm",
    "node",
    "python3",
    "ssh",
    "less",
    "git-upload-pack",
];

const HOOKS: &[&str] = &[
    "post-checkout",
    "post-commit",
    "post-index-change",
    "pre-auto-gc",
    "pre-commit",
    "reference-transaction",
    "sendemail-validate",
    "update",
];

/// Git's settings that name a program; `TRAP(name)` stands for one of ours.
const GIT_SETTINGS: &str = "
[core]
    fsmonitor = TRAP(fsmonitor)
    hooksPath = TRAP(hooks)
    pager = TRAP(pager)
    editor = TRAP(editor)
    askPass = TRAP(askpass)
    sshCommand = TRAP(ssh-command)
    gitProxy = TRAP(git-proxy)
    alternateRefsCommand = TRAP(alternate-refs)
    attributesFile = .gitattributes
[pager]
    log = TRAP(pager-log)
    blame = TRAP(pager-blame)
    branch = TRAP(pager-branch)
[diff]
    external = TRAP(diff-external)
[diff \"text\"]
    textconv = TRAP(textconv)
    cachetextconv = true
[diff \"driver\"]
    command = TRAP(diff-command)
[filter \"one\"]
    clean = TRAP(filter-clean)
    smudge = TRAP(filter-smudge)
    required = true
[filter \"many.files\"]
    process = TRAP(filter-process)
[merge]
    tool = ours
[mergetool \"ours\"]
    cmd = TRAP(mergetool)
[merge \"driver\"]
    driver = TRAP(merge-driver)
[credential]
    helper = !TRAP(credential)
[gpg]
    program = TRAP(gpg)
[gpg \"ssh\"]
    program = TRAP(gpg-ssh)
    defaultKeyCommand = TRAP(gpg-key)
[commit]
    gpgSign = true
[tag]
    gpgSign = true
[log]
    showSignature = true
[gc]
    auto = 1
[alias]
    trap = !TRAP(alias)
    log = !TRAP(alias-log)
[trailer \"sign\"]
    command = TRAP(trailer)
[interactive]
    diffFilter = TRAP(diff-filter)
[protocol \"ext\"]
    allow = always
[protocol \"file\"]
    allow = always
[remote \"origin\"]
    url = ext::TRAP(remote-ext)
    uploadpack = TRAP(upload-pack)
    fetch = +refs/heads/*:refs/remotes/origin/*
[include]
    path = ../more.gitconfig
";

const ATTRIBUTES: &str = "\
*.rs diff=driver merge=driver filter=one
*.toml diff=text
*.md filter=many.files
";

const CARGO_SETTINGS: &str = "
paths = []
[build]
rustc-wrapper = \"TRAP(rustc-wrapper)\"
rustc-workspace-wrapper = \"TRAP(workspace-wrapper)\"
[target.'cfg(all())']
runner = \"TRAP(runner)\"
[registry]
global-credential-providers = [\"TRAP(credential-provider)\"]
[alias]
trap = \"run\"
[env]
RUSTC_WRAPPER = { value = \"TRAP(rustc-wrapper)\", force = true }
";

const OUR_SETTINGS: &str = "
[[service]]
name = \"till\"
root = \".\"

[fix]
check = \"TRAP(fix-check)\"
test = \"TRAP(fix-test)\"
load = \"TRAP(fix-load)\"

[links]
hosts = [\"https://trap.example.invalid\"]

[model]
provider = \"openai\"
url = \"https://trap.example.invalid\"
";

/// Variables that send tools to other programs, as an `.envrc` of the repository would set them.
const VARIABLES: &[(&str, &str)] = &[
    ("GIT_EXTERNAL_DIFF", "TRAP(env-diff)"),
    ("GIT_SSH_COMMAND", "TRAP(env-ssh)"),
    ("GIT_SSH", "TRAP(env-ssh)"),
    ("GIT_PAGER", "TRAP(env-pager)"),
    ("GIT_EDITOR", "TRAP(env-editor)"),
    ("GIT_ASKPASS", "TRAP(env-askpass)"),
    ("GIT_PROXY_COMMAND", "TRAP(env-proxy)"),
    ("GIT_CONFIG_COUNT", "1"),
    ("GIT_CONFIG_KEY_0", "core.fsmonitor"),
    ("GIT_CONFIG_VALUE_0", "TRAP(env-fsmonitor)"),
    ("GIT_CONFIG_PARAMETERS", "'core.fsmonitor'='TRAP(env-fsmonitor)'"),
    ("GIT_EXEC_PATH", "TRAP(impostors)"),
    ("GIT_TRACE2_EVENT", "TRAP(env-trace)"),
    ("PAGER", "TRAP(env-pager)"),
    ("EDITOR", "TRAP(env-editor)"),
    ("VISUAL", "TRAP(env-editor)"),
    ("SSH_ASKPASS", "TRAP(env-askpass)"),
    ("RUSTC", "TRAP(env-rustc)"),
    ("RUSTC_WRAPPER", "TRAP(env-wrapper)"),
    ("RUSTC_WORKSPACE_WRAPPER", "TRAP(env-wrapper)"),
    ("RUSTDOC", "TRAP(env-rustc)"),
    ("CARGO", "TRAP(env-cargo)"),
    ("CARGO_BUILD_RUSTC_WRAPPER", "TRAP(env-wrapper)"),
    ("BASH_ENV", "TRAP(env-shell)"),
    ("ENV", "TRAP(env-shell)"),
    ("NODE_OPTIONS", "--require=TRAP(env-node)"),
    ("PYTHONPATH", "TRAP(python)"),
];

/// The repository, and the folder that its traps write to.
struct Trapped {
    repository: Repository,
    /// Traps and markers; the traps lie outside the tree where git and cargo find them as well.
    outside: tempfile::TempDir,
}

impl Trapped {
    fn new() -> Self {
        let trapped =
            Self { repository: Repository::empty(), outside: tempfile::tempdir().unwrap() };
        let repository = &trapped.repository;
        repository.write("Cargo.toml", MANIFEST);
        repository.write("src/main.rs", MAIN);
        repository.write("src/pool.rs", POOL.replace("+ 1", ""));
        repository.write("build.rs", trapped.armed(BUILD_SCRIPT, "build-script"));
        repository.write("README.md", "How to run it.\n");
        repository.write("notes.txt", "None.\n");
        repository.commit("Begin", &[]);
        repository.git(["branch", "other"]);
        repository.commit("Count from one", &[("src/pool.rs", POOL)]);
        repository.git(["update-ref", "refs/heads/main", &trapped.signed_commit()]);

        repository.write("trace.txt", TRACE);
        repository.write("fix.patch", PATCH);
        repository.write(".gitattributes", ATTRIBUTES);
        repository.write(".git/info/attributes", ATTRIBUTES);
        repository.write(".incident.toml", trapped.arm(OUR_SETTINGS));
        repository.write(".cargo/config.toml", trapped.arm(CARGO_SETTINGS));
        repository.write("rust-toolchain.toml", "[toolchain]\npath = \"toolchain\"\n");
        for tool in ["cargo", "rustc"] {
            trapped.put(&repository.path().join("toolchain/bin").join(tool), "toolchain");
        }
        let scripts = "{\"scripts\": {\"preinstall\": \"TRAP(npm)\", \"test\": \"TRAP(npm)\"}}";
        repository.write("package.json", trapped.arm(scripts));
        let python = trapped.trap("python").join("sitecustomize.py");
        std::fs::create_dir_all(python.parent().unwrap()).unwrap();
        let code = format!("open({:?}, 'w')\n", trapped.marker("python"));
        std::fs::write(&python, &code).unwrap();
        repository.write("sitecustomize.py", &code);
        for impostor in IMPOSTORS {
            trapped.put(&repository.path().join(impostor), "impostor");
            trapped.put(&repository.path().join("node_modules/.bin").join(impostor), "impostor");
        }
        for hook in HOOKS {
            trapped.put(&trapped.trap("hooks").join(hook), &format!("hook-{hook}"));
            trapped.put(&repository.path().join(".git/hooks").join(hook), &format!("hook-{hook}"));
        }
        repository.write("more.gitconfig", trapped.arm("[core]\n    fsmonitor = TRAP(included)\n"));
        // The last file to be written: from here on git is not safe to use.
        let settings = std::fs::read_to_string(repository.path().join(".git/config")).unwrap();
        repository.write(".git/config", settings + &trapped.arm(GIT_SETTINGS));
        trapped
    }

    /// Writes a copy of the newest commit with a signature, for a program to look at.
    fn signed_commit(&self) -> String {
        let commit = self.repository.git(["cat-file", "commit", "HEAD"]);
        let (head, message) = commit.split_once("\n\n").unwrap();
        let signature =
            "gpgsig -----BEGIN PGP SIGNATURE-----\n \n AAAA\n -----END PGP SIGNATURE-----";
        self.repository.write("commit", format!("{head}\n{signature}\n\n{message}"));
        let id = self.repository.git(["hash-object", "-t", "commit", "-w", "commit"]);
        std::fs::remove_file(self.repository.path().join("commit")).unwrap();
        id.trim().to_owned()
    }

    /// Puts the paths of traps into a text, and makes the traps.
    fn arm(&self, text: &str) -> String {
        let mut armed = String::new();
        let mut rest = text;
        while let Some((before, from)) = rest.split_once("TRAP(") {
            let (name, after) = from.split_once(')').unwrap();
            let path = self.trap(name);
            if !matches!(name, "hooks" | "python" | "impostors") {
                self.put(&path, name);
            }
            armed.push_str(before);
            armed.push_str(path.to_str().unwrap());
            rest = after;
        }
        armed + rest
    }

    /// Puts a marker's path into a program's text.
    fn armed(&self, text: &str, name: &str) -> String {
        text.replace("MARKER", self.marker(name).to_str().unwrap())
    }

    /// Makes a program that leaves a marker. A wrapper or a filter then does its work: if it did
    /// not, it would hide the traps behind it.
    fn put(&self, path: &Path, name: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let then = match name {
            "rustc-wrapper" | "workspace-wrapper" | "runner" => "exec \"$@\"",
            "filter-clean" | "filter-smudge" => "exec cat",
            hook if hook.starts_with("hook-") => "exit 0",
            _ => "exit 1",
        };
        let marker = self.marker(name);
        std::fs::create_dir_all(marker.parent().unwrap()).unwrap();
        std::fs::write(path, format!("#!/bin/sh\n: > '{}'\n{then}\n", marker.display())).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn trap(&self, name: &str) -> PathBuf {
        self.outside.path().join("traps").join(name)
    }

    fn marker(&self, name: &str) -> PathBuf {
        self.outside.path().join("markers").join(name)
    }

    /// Returns the names of the traps that went off.
    fn sprung(&self) -> BTreeSet<String> {
        let markers = std::fs::read_dir(self.outside.path().join("markers")).unwrap();
        markers.map(|marker| marker.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Returns the variables of a shell that the repository has set up.
    fn variables(&self) -> Vec<(String, String)> {
        let mut variables: Vec<(String, String)> =
            VARIABLES.iter().map(|(name, value)| ((*name).to_owned(), self.arm(value))).collect();
        let root = self.repository.path().display();
        let path = std::env::var("PATH").unwrap();
        let path = format!(".::{root}:{root}/node_modules/.bin:{root}/../{root}:{path}");
        variables.push(("PATH".into(), path));
        variables
    }

    /// Runs the program in the repository, in a shell that the repository has set up.
    fn run<const N: usize>(&self, home: &Home, args: [&str; N]) -> String {
        let run = Run::new(args).dir(self.repository.path()).home(home);
        let variables = self.variables();
        let ended = variables.iter().fold(run, |run, (name, value)| run.env(name, value)).end();
        assert_eq!(self.sprung(), BTreeSet::new(), "{args:?} ran what the repository says");
        assert!(matches!(ended.code, Some(0 | 1)), "{args:?}: {}{}", ended.stdout, ended.stderr);
        ended.stdout
    }

    /// Runs a shell's line in the repository as its owner would, whatever comes of it; returns what
    /// it said.
    fn shell(&self, line: &str) -> String {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(self.repository.path());
        shell.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        shell.env("GIT_TERMINAL_PROMPT", "0").env("CARGO_NET_OFFLINE", "true");
        shell.env("CARGO_TARGET_DIR", self.outside.path().join("target"));
        for identity in ["AUTHOR", "COMMITTER"] {
            shell.env(format!("GIT_{identity}_NAME"), "Fixture");
            shell.env(format!("GIT_{identity}_EMAIL"), "fixture@example.invalid");
        }
        let output = shell.stdin(Stdio::null()).output().unwrap();
        [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat()
    }
}

const BUILD_SCRIPT: &str = "fn main() {\n    std::fs::write(\"MARKER\", \"\").unwrap();\n}\n";

#[test]
fn no_command_runs_what_the_repository_says() {
    let trapped = Trapped::new();
    let home = Home::new();
    let report = trapped.run(&home, ["explain", "trace.txt"]);
    assert!(report.contains("src/pool.rs:3:5") && report.contains("Count from one"), "{report}");
    trapped.run(&home, ["explain", "trace.txt", "--deployed", "other", "--since", "HEAD~1"]);
    let json = trapped.run(&home, ["explain", "trace.txt", "--format", "json"]);
    trapped.run(&home, ["logs", "trace.txt"]);
    trapped.run(&home, ["check", "src/pool.rs"]);
    trapped.run(&home, ["check", "fix.patch"]);
    let words = trapped.run(&home, ["doctor"]);
    assert!(words.contains("not trusted"), "{words}");

    let opened = trapped.run(&home, ["fix", "--patch", "fix.patch"]);
    assert!(opened.contains("src/pool.rs"), "{opened}");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let id = json["incidents"][0]["id"].as_str().unwrap();
    trapped.run(&home, ["fix", id, "--revert", "main"]);
    trapped.run(&home, ["fix", "--list"]);
    let cleaned = trapped.run(&home, ["fix", "--clean"]);
    assert_eq!(cleaned.matches("removed incident/").count(), 2, "{cleaned}");
}

#[test]
fn a_check_of_a_fix_is_refused() {
    let trapped = Trapped::new();
    let run = Run::new(["fix", "--patch", "fix.patch", "--verify"]);
    let sentence = run.dir(trapped.repository.path()).end().refused();
    assert!(sentence.contains("not trusted"), "{sentence}");
    assert_eq!(trapped.sprung(), BTreeSet::new());
}

#[test]
fn no_editor_session_runs_what_the_repository_says() {
    let trapped = Trapped::new();
    let root = trapped.repository.path();
    let mut client = Client::start_under(Home::new(), |server| {
        server.current_dir(root).envs(trapped.variables());
    });
    client.initialize(json!({
        "processId": null,
        "capabilities": {},
        "workspaceFolders": [{ "uri": uri(root), "name": "workspace" }],
    }));
    let pool = root.join("src/pool.rs");
    client.open(&pool, "rust", POOL);
    let answer = client.command("incident.explain", json!({ "text": TRACE }));
    let suspects = answer["incidents"][0]["suspect_commits"]["ranked"].as_array().unwrap();
    let suspect = suspects.iter().find(|it| it["subject"] == "Count from one").unwrap();
    client.diagnostics_until(&pool, |it| it["diagnostics"] != json!([]));
    let hover = client.hover(&pool, 2, 6);
    assert!(hover.to_string().contains("index"), "{hover}");
    client.edit(&pool, 2, [0, 0, 0, 0], "// Shards.\n");
    client.command("incident.openFix", json!({ "commit": suspect["commit"] }));
    let params = json!({ "command": "incident.verifyFix", "arguments": [] });
    let verify = client.ask("workspace/executeCommand", params);
    client.answer(verify).unwrap_err();
    client.command("incident.report", json!(null));
    client.command("incident.cleanScratch", json!(null));
    client.command("incident.status", json!(null));
    assert_eq!(trapped.sprung(), BTreeSet::new());
}

#[test]
fn the_traps_work() {
    let trapped = Trapped::new();
    let lines = [
        (
            "git -c core.fsmonitor=\"$(git config --get-all core.fsmonitor | head -1)\" status",
            &["fsmonitor"] as &[_],
        ),
        ("git status", &["included"]),
        // It breaks whatever comes near the file, so it goes at once.
        ("git add README.md; git config --remove-section filter.many.files", &["filter-process"]),
        ("git diff other main -- src/pool.rs", &["diff-command"]),
        ("git log -1 --ext-diff -p other -- notes.txt", &["diff-external"]),
        ("git log -p other -- Cargo.toml", &["textconv"]),
        ("git log -1 --show-signature main", &["gpg"]),
        ("git trap", &["alias"]),
        ("printf 'protocol=https\\nhost=x.invalid\\n\\n' | git credential fill", &["credential"]),
        ("git ls-remote ssh://x.invalid/y", &["ssh-command"]),
        ("git ls-remote origin", &["remote-ext"]),
        ("git add src", &["filter-clean"]),
        ("git commit --no-gpg-sign --amend", &["editor", "hook-pre-commit"]),
        ("git branch new", &["hook-reference-transaction"]),
        ("git checkout other -- src", &["filter-smudge", "hook-post-index-change"]),
        ("git checkout --force -B third", &["hook-post-checkout"]),
        (
            "GIT_EXTERNAL_DIFF='TRAP(env-diff)' git show --ext-diff other -- notes.txt",
            &["env-diff"],
        ),
        ("PATH=.:$PATH; git status", &["impostor"]),
        ("mv rust-toolchain.toml aside; cargo metadata --format-version 1", &["rustc-wrapper"]),
        ("cargo check", &["workspace-wrapper", "build-script"]),
        ("cargo trap", &["runner"]),
    ];
    for (line, names) in lines {
        let before = trapped.sprung();
        let mut said = trapped.shell(&trapped.arm(line));
        // Git looks again at a file only where its time stamp says so, which may take a second try.
        for _ in 0..2 {
            if !names.iter().all(|name| trapped.sprung().contains(*name)) {
                said = trapped.shell(&trapped.arm(line));
            }
        }
        let sprung = trapped.sprung();
        for name in names {
            let seen = sprung.difference(&before).collect::<Vec<_>>();
            assert!(sprung.contains(*name), "`{line}` sprung {seen:?} without {name}: {said}");
        }
    }
}
