use expect_test::{Expect, expect};

use super::{
    Outcome, RunEnd, Sample, Seen, Side, Step, StepKind, StepRun, Verdict, WantedLoad, judge, text,
};

const MIB: u64 = 1 << 20;

fn run(code: i32, output: &str) -> StepRun {
    StepRun {
        end: RunEnd::Exited(code),
        wall_s: 1.0,
        output: output.to_owned(),
        ..StepRun::default()
    }
}

fn step(kind: StepKind, runs: Vec<StepRun>) -> Step {
    Step { kind, command: format!("run-{}", kind.as_str()), runs }
}

/// Five runs of a load with this share of failed requests, this latency, and this leak.
fn load(errors: u32, p99_ms: f64, leak_mib_per_sample: u64) -> Step {
    let runs = (0..5_u32).map(|number| {
        let wobble = f64::from(number) / 100.0;
        let output = format!(
            "{{\"requests\": 1000, \"errors\": {}, \"per_second\": {}, \"concurrency\": 32, \
             \"latency_ms\": {{\"p50\": {}, \"p99\": {}}}}}\n",
            errors + number,
            200.0 + wobble,
            10.0 + wobble,
            p99_ms + wobble
        );
        let samples = (0..40).map(|index| Sample {
            at_s: index as f64 / 4.0,
            memory: (60 + leak_mib_per_sample * index) * MIB,
            descriptors: 20,
            threads: 4,
        });
        StepRun {
            samples: samples.collect(),
            peak_bytes: Some((60 + leak_mib_per_sample * 40) * MIB),
            ..run(0, &output)
        }
    });
    step(StepKind::Load, runs.collect())
}

fn passing_check() -> Step {
    step(StepKind::Check, vec![run(0, "")])
}

fn of_loads(before: Step, after: Step) -> Verdict {
    judge(&Seen {
        before: Side { steps: vec![passing_check(), before] },
        after: Side { steps: vec![passing_check(), after] },
        ..Seen::default()
    })
}

#[track_caller]
fn check(verdict: &Verdict, expected: Expect) {
    expected.assert_eq(&text(verdict));
}

#[test]
fn a_cure_is_better() {
    check(
        &of_loads(load(300, 2500.0, 0), load(0, 40.0, 0)),
        expect![[r#"
            better: failed requests (-99 %), latency p99 (-98 %)
              check                  passes           passes           same
              failed requests        30.2 %           0.2 %            better  -99 % (p = 0.008; 5 runs before, 5 after)
              answers a second       200              200              same    within 10 %
              latency p50            10.0 ms          10.0 ms          same    within 10 %
              latency p99            2.50 s           40.0 ms          better  -98 % (p = 0.008; 5 runs before, 5 after)
              peak memory            60 MiB           60 MiB           same    within 8192 KiB
              memory over time       +0 KiB a second  +0 KiB a second  same    does not grow
              descriptors over time  +0.0 a second    +0.0 a second    same    does not grow
              threads over time      +0.0 a second    +0.0 a second    same    does not grow
        "#]],
    );
}

#[test]
fn a_longer_timeout_is_no_cure() {
    let verdict = of_loads(load(300, 250.0, 0), load(300, 2000.0, 0));
    assert_eq!(verdict.outcome, Outcome::Worse, "{}", verdict.headline());
}

#[test]
fn a_cure_that_leaks_is_worse() {
    let verdict = of_loads(load(300, 2500.0, 0), load(0, 40.0, 3));
    check(
        &verdict,
        expect![[r#"
        worse: peak memory (+200 %), memory over time (grows steadily after the warm-up); it does cure failed requests (-99 %), latency p99 (-98 %)
          check                  passes           passes            same
          failed requests        30.2 %           0.2 %             better  -99 % (p = 0.008; 5 runs before, 5 after)
          answers a second       200              200               same    within 10 %
          latency p50            10.0 ms          10.0 ms           same    within 10 %
          latency p99            2.50 s           40.0 ms           better  -98 % (p = 0.008; 5 runs before, 5 after)
          peak memory            60 MiB           180 MiB           worse   +200 % (p = 0.008; 5 runs before, 5 after)
          memory over time       +0 KiB a second  +12 MiB a second  worse   grows steadily after the warm-up
          descriptors over time  +0.0 a second    +0.0 a second     same    does not grow
          threads over time      +0.0 a second    +0.0 a second     same    does not grow
    "#]],
    );
}

#[test]
fn what_does_not_compile_gets_no_further() {
    let verdict = judge(&Seen {
        before: Side { steps: vec![passing_check(), load(300, 250.0, 0)] },
        after: Side {
            steps: vec![step(
                StepKind::Check,
                vec![run(101, "warning: x\nerror[E0599]: no method named `wait_all` found\n")],
            )],
        },
        ..Seen::default()
    });
    check(
        &verdict,
        expect![[r#"
        worse: check fails: error[E0599]: no method named `wait_all` found
          check  passes  fails (101)  worse  error[E0599]: no method named `wait_all` found
    "#]],
    );
}

#[test]
fn tests_and_side_effects_are_told() {
    let tests = |a: &str, b: &str, c: &str| {
        step(
            StepKind::Test,
            vec![run(0, &format!("test a ... {a}\ntest b ... {b}\ntest c ... {c}\n")); 2],
        )
    };
    let side = |test| Side { steps: vec![passing_check(), test] };
    let verdict = judge(&Seen {
        before: side(tests("FAILED", "ok", "ok")),
        after: side(tests("ok", "ok", "FAILED")),
        changed_locks: vec!["Cargo.lock".to_owned()],
        foreign_files: vec!["gen.rs".to_owned()],
        wanted_load: WantedLoad { per_second: Some(100.0), concurrency: None },
        notes: vec!["the network was cut off".to_owned()],
    });
    check(
        &verdict,
        expect![[r#"
        worse: tests (broken: c; fixed: a)
          check            passes  passes     same
          tests            2 pass  2 pass     worse  broken: c; fixed: a
          test: wall time  1.00 s  1.00 s            within 10 %
          lock file                1 changed         Cargo.lock
          other files              1 changed         gen.rs
          note: the network was cut off
    "#]],
    );
}

#[test]
fn less_load_than_the_incident_is_said() {
    let mut seen = Seen {
        before: Side { steps: vec![load(0, 10.0, 0)] },
        after: Side { steps: vec![load(0, 10.0, 0)] },
        ..Seen::default()
    };
    seen.wanted_load = WantedLoad { per_second: Some(900.0), concurrency: Some(32.0) };
    check(
        &judge(&seen),
        expect![[r#"
            same: nothing that was measured changed
              failed requests        0.2 %            0.2 %            same  within 0.2 % of the requests
              answers a second       200              200              same  within 10 %
              latency p50            10.0 ms          10.0 ms          same  within 10 %
              latency p99            10.0 ms          10.0 ms          same  within 10 %
              peak memory            60 MiB           60 MiB           same  within 8192 KiB
              memory over time       +0 KiB a second  +0 KiB a second  same  does not grow
              descriptors over time  +0.0 a second    +0.0 a second    same  does not grow
              threads over time      +0.0 a second    +0.0 a second    same  does not grow
              note: the incident had 900 requests a second, this load reached 200
        "#]],
    );
    assert_eq!(judge(&Seen::default()).outcome, Outcome::Unknown);
}
