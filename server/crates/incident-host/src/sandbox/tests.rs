use std::path::Path;
use std::time::{Duration, Instant};

use incident_core::cancel::Cancel;
use incident_core::verification::{RunEnd, StepRun};

use super::{Job, Sandbox, Walls};
use crate::command::CommandError;
use crate::testing::Scratch;

fn job(scratch: &Scratch, script: &str) -> Job {
    let dir = scratch.path("scratch");
    std::fs::create_dir_all(&dir).unwrap();
    Job {
        words: vec!["sh".into(), "-c".into(), script.into()],
        dir: dir.clone(),
        writable: vec![dir],
        variables: vec![("GIVEN".into(), "yes".into())],
        network: false,
        time: Duration::from_secs(20),
        memory: 1 << 30,
    }
}

fn sandbox(scratch: &Scratch) -> Sandbox {
    Sandbox::probe(&scratch.root(), &scratch.environment(), &Cancel::new())
}

fn run(sandbox: &Sandbox, job: &Job) -> StepRun {
    sandbox.run(job, &mut |_| {}, &Cancel::new()).unwrap()
}

/// The same machine with nothing to keep a program apart.
fn without_walls(scratch: &Scratch) -> Sandbox {
    Sandbox { walls: Walls::None, death_watch: None, ..sandbox(scratch) }
}

#[test]
fn words_come_in_order_and_clean_and_the_environment_is_a_short_list() {
    let scratch = Scratch::new();
    let environment = scratch.environment().with("API_TOKEN", "secret");
    let sandbox = Sandbox::probe(&scratch.root(), &environment, &Cancel::new());
    let script = "echo one; echo two >&2; echo three; printf 'a\\033[31mb\\n'; env; exit 7";
    let mut lines = Vec::new();
    let run = sandbox
        .run(&job(&scratch, script), &mut |line| lines.push(line.to_owned()), &Cancel::new())
        .unwrap();
    assert_eq!(run.end, RunEnd::Exited(7), "{run:?}");
    assert!(run.output.starts_with("one\ntwo\nthree\na"), "{}", run.output);
    assert!(!run.output.contains('\u{1b}') && !run.output.contains("secret"), "{}", run.output);
    assert!(run.output.contains("GIVEN=yes"), "{}", run.output);
    assert_eq!(lines[..3], ["one", "two", "three"]);
}

#[cfg(target_os = "linux")]
#[test]
fn the_tree_and_the_network_are_out_of_reach_where_the_system_can_do_that() {
    let scratch = Scratch::new();
    let sandbox = sandbox(&scratch);
    let told = sandbox.describe(false).join("; ");
    let target = scratch.root().join("written");
    let script = format!(
        "echo x > '{}' 2>/dev/null && echo WROTE-TREE; echo x > here && echo wrote-scratch; \
         cat /proc/net/dev | grep -c :",
        target.display()
    );
    let run = run(&sandbox, &job(&scratch, &script));
    assert!(run.output.contains("wrote-scratch"), "{}", run.output);
    if matches!(sandbox.walls, Walls::None) {
        assert!(told.contains("the network was open"), "{told}");
        return;
    }
    assert!(told.contains("no network") && told.contains("read-only"), "{told}");
    assert!(!run.output.contains("WROTE-TREE") && !target.exists(), "{}", run.output);
    assert!(run.output.trim_end().ends_with('1'), "the loopback alone: {}", run.output);
}

#[cfg(target_os = "linux")]
#[test]
fn memory_time_and_the_flag_end_a_run_with_all_its_processes() {
    let scratch = Scratch::new();
    let pids = scratch.path("scratch/pids");
    // Leaves its group, so that only the walls or the mark can find it.
    let leave = "(setsid sh -c 'while :; do echo x > alive; sleep 0.05; done' &) ; ";
    for sandbox in [sandbox(&scratch), without_walls(&scratch)] {
        let start = Instant::now();
        let mut timed = job(&scratch, &format!("{leave} sleep 60"));
        timed.time = Duration::from_secs(1);
        let RunEnd::Stopped(why) = run(&sandbox, &timed).end else { panic!("it went on") };
        assert_eq!(why, "stopped after 1 s, its time limit");

        let mut greedy =
            job(&scratch, &format!("{leave} head -c 400000000 /dev/zero | tail | wc -c"));
        greedy.memory = 64 << 20;
        let stopped = run(&sandbox, &greedy);
        let RunEnd::Stopped(why) = stopped.end else { panic!("it went on") };
        assert!(why.contains("more than 64 MiB"), "{why}");
        assert!(stopped.peak_bytes.unwrap() > 64 << 20);

        let cancel = Cancel::new();
        let flag = cancel.clone();
        let waiting = job(&scratch, &format!("{leave} echo begun; sleep 60"));
        let cancelled = sandbox.run(
            &waiting,
            &mut |line| {
                if line == "begun" {
                    flag.cancel();
                }
            },
            &cancel,
        );
        assert_eq!(cancelled, Err(CommandError::Cancelled));
        assert!(start.elapsed() < Duration::from_secs(30));
        assert!(is_quiet(&scratch.path("scratch/alive")), "a process lives on");
    }
    let _ = pids;
}

/// Says whether nobody writes to `file` any more.
fn is_quiet(file: &Path) -> bool {
    let deadline = Instant::now() + Duration::from_secs(5);
    while Instant::now() < deadline {
        let _ = std::fs::remove_file(file);
        std::thread::park_timeout(Duration::from_millis(300));
        if !file.exists() {
            return true;
        }
    }
    false
}

#[cfg(target_os = "linux")]
#[test]
fn processor_time_and_samples_are_those_of_all_processes() {
    let scratch = Scratch::new();
    let script = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done & wait; sleep 0.5";
    let run = run(&sandbox(&scratch), &job(&scratch, script));
    assert_eq!(run.end, RunEnd::Exited(0), "{run:?}");
    assert!(run.cpu_s.unwrap() > 0.1, "{:?}", run.cpu_s);
    assert!(run.samples.len() >= 3, "{}", run.samples.len());
    assert!(run.samples.iter().any(|sample| sample.threads >= 2 && sample.descriptors >= 3));
}

#[test]
fn a_flood_of_words_keeps_its_beginning_and_its_end() {
    let scratch = Scratch::new();
    let script = "echo first; head -c 9000000 /dev/zero | tr '\\0' x; echo; echo last";
    let run = run(&sandbox(&scratch), &job(&scratch, script));
    assert!(run.output.starts_with("first\n") && run.output.ends_with("last\n"));
    assert!(run.output.contains("bytes left out]"), "{}", run.output.len());
    assert!(run.output.len() < 5 << 20);
}
