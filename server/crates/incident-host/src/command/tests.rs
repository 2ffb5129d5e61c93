#![cfg(unix)] // The programs are shell scripts.

use std::time::{Duration, Instant};

use incident_core::cancel::Cancel;

use super::{CommandError, Environment, Limits, Program};
use crate::testing::Scratch;

fn shell(scratch: &Scratch, script: &str) -> super::Command {
    let environment = scratch.environment();
    let sh = Program::find("sh", &environment, &[]).unwrap();
    sh.command(&scratch.root(), &environment, &[]).args(["-c", script])
}

#[test]
fn output_larger_than_any_pipe_while_input_is_written() {
    let scratch = Scratch::new();
    let input = vec![b'x'; 3 << 20];
    let output = shell(&scratch, "cat; cat /dev/zero | head -c 1000000 >&2")
        .input(input.clone())
        .run(&Cancel::new())
        .unwrap();
    assert!(output.status.success());
    assert!(output.stdout == input);
    assert!(output.stderr.len() < 100_000);
}

#[test]
fn a_child_that_does_not_read_its_input() {
    let scratch = Scratch::new();
    let output = shell(&scratch, "exit 3").input(vec![b'x'; 3 << 20]).run(&Cancel::new()).unwrap();
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn too_much_output_is_cut() {
    let scratch = Scratch::new();
    let limits = Limits { output: 1000, ..Limits::default() };
    let output = shell(&scratch, "yes").limits(limits).run(&Cancel::new()).unwrap();
    assert!(output.truncated);
    assert_eq!(output.stdout.len(), 1000);
}

/// The whole group goes: a grandchild that holds a pipe would keep this one open.
#[test]
fn a_time_limit_ends_grandchildren_too() {
    let scratch = Scratch::new();
    let pipe = scratch.path("pipe");
    let limits = Limits { time: Duration::from_millis(200), ..Limits::default() };
    let script = format!(
        "mkfifo {0}; (exec 3<>{0}; echo alive >&3; sleep 1000) & sleep 1000",
        pipe.display()
    );
    let started = Instant::now();
    let err = shell(&scratch, &script).limits(limits).run(&Cancel::new()).unwrap_err();
    assert!(matches!(err, CommandError::TimedOut { .. }));
    assert!(started.elapsed() < Duration::from_secs(5));
    // Nobody reads the pipe any more: opening it for writing without waiting fails. The kernel
    // takes its time to end a process that was told to.
    let has_reader = || {
        let flags = rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::NONBLOCK;
        rustix::fs::open(&pipe, flags, rustix::fs::Mode::empty()).is_ok()
    };
    while has_reader() {
        assert!(started.elapsed() < Duration::from_secs(5), "the grandchild lives on");
        std::thread::yield_now();
    }
}

#[test]
fn a_grandchild_that_keeps_the_pipe_does_not_keep_us() {
    let scratch = Scratch::new();
    let started = Instant::now();
    let output = shell(&scratch, "echo done; sleep 1000 &").run(&Cancel::new()).unwrap();
    assert_eq!(output.stdout, b"done\n");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn cancel_ends_it() {
    let scratch = Scratch::new();
    let cancel = Cancel::new();
    let flag = cancel.clone();
    let ready = scratch.path("ready");
    let script = format!("touch {}; sleep 1000", ready.display());
    let watcher = std::thread::spawn(move || {
        while !ready.exists() {
            std::thread::yield_now();
        }
        flag.cancel();
    });
    let started = Instant::now();
    assert_eq!(shell(&scratch, &script).run(&cancel).unwrap_err(), CommandError::Cancelled);
    watcher.join().unwrap();
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn programs_of_the_workspace_are_never_found() {
    let scratch = Scratch::new();
    let inside = scratch.root().join("bin/tool");
    scratch.script(&inside, "exit 0");
    let links = scratch.path("links");
    std::fs::create_dir(&links).unwrap();
    std::os::unix::fs::symlink(scratch.root().join("bin/tool"), links.join("tool")).unwrap();
    let path = format!(".::{}:{}:bin", inside.parent().unwrap().display(), links.display());
    let environment = Environment::default().with("PATH", &path);
    let outside = [scratch.root()];
    let err = Program::find("tool", &environment, &outside).unwrap_err();
    assert_eq!(
        err.to_string(),
        "no `tool` was found on PATH outside the workspace; install tool or add it to PATH"
    );
    scratch.script(&scratch.path("good/tool"), "exit 0");
    let path = format!("{path}:{}", scratch.path("good").display());
    let found = Program::find("tool", &environment.with("PATH", path), &outside).unwrap();
    assert_eq!(found.path(), scratch.path("good/tool"));
}

#[test]
fn a_child_sees_little_of_the_environment() {
    let scratch = Scratch::new();
    let environment = scratch
        .environment()
        .with("GIT_DIR", "/elsewhere")
        .with("RUSTC_WRAPPER", "/evil")
        .with("API_TOKEN", "secret")
        .with("LC_ALL", "de_DE.UTF-8");
    let sh = Program::find("sh", &environment, &[]).unwrap();
    let output = sh
        .command(&scratch.root(), &environment, &[])
        .args(["-c", "echo \"$GIT_DIR|$RUSTC_WRAPPER|$API_TOKEN|$LC_ALL|$HOME\"; cat"])
        .run(&Cancel::new())
        .unwrap();
    let expected = format!("|||C|{}\n", scratch.path("home").display());
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}
