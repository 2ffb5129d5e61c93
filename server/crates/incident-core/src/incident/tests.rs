use expect_test::{Expect, expect};

use super::fingerprint::mask;
use super::{Incident, distinct, group, group_repeated};
use crate::history::{Deployed, DeployedHow, History};
use crate::logs::LogReport;
use crate::resolve::{Resolution, ResolvedTrace};
use crate::suspects::Suspects;
use crate::trace::{Cause, Frame, Origin, SourceLocation, Trace, TraceKind};

fn frame(function: &str, file: &str, line: u32) -> Frame {
    Frame {
        function: Some(function.to_owned()),
        location: Some(at(file, line)),
        origin: Origin::App,
        ..Frame::default()
    }
}

fn at(file: &str, line: u32) -> SourceLocation {
    SourceLocation {
        file: file.to_owned(),
        line: Some(line),
        column: None,
        span: Default::default(),
    }
}

fn panic(message: &str, location: SourceLocation, frames: Vec<Frame>) -> ResolvedTrace {
    let resolutions = frames.iter().map(|_| Resolution::default()).collect();
    let trace = Trace {
        language: crate::input::Language::Rust,
        kind: TraceKind::Panic,
        causes: vec![Cause { message: Some(message.to_owned()), ..Cause::default() }],
        location: Some(location),
        frames,
        ..Trace::default()
    };
    ResolvedTrace { trace, location: None, frames: resolutions }
}

fn check(traces: Vec<ResolvedTrace>, expected: Expect) {
    let shown: Vec<String> = group(traces, &LogReport::default())
        .iter()
        .map(|incident| format!("{} x{} {}\n", incident.id, incident.count, incident.title))
        .collect();
    expected.assert_eq(&shown.concat());
}

const NONE: &str = "called `Option::unwrap()` on a `None` value";

#[test]
fn the_same_crash_in_another_build_is_the_same_incident() {
    let acquire = |function: &str, file: &str, line| {
        panic(
            NONE,
            at(file, line),
            vec![frame(function, file, line), frame("app::main", "src/main.rs", line + 9)],
        )
    };
    check(
        vec![
            acquire("pool::acquire", "src/pool.rs", 41),
            acquire("pool::acquire::h0123456789abcdef", "/build/7f3a/src/pool.rs", 38),
            acquire("pool::acquire::{{closure}}", "C:\\ci\\src\\pool.rs", 44),
        ],
        expect![[r#"
            2449df7877fd x3 panic in `pool::acquire`: called `Option::unwrap()` on a `None` value
        "#]],
    );
}

#[test]
fn other_callers_other_messages_are_other_incidents() {
    let from = |caller: &str, message: &str| {
        panic(
            message,
            at("src/pool.rs", 41),
            vec![frame("pool::acquire", "src/pool.rs", 41), frame(caller, "src/main.rs", 9)],
        )
    };
    check(
        vec![from("app::read", NONE), from("app::write", NONE), from("app::read", "no pool")],
        expect![[r#"
            28f1cbd29e72 x1 panic in `pool::acquire`: called `Option::unwrap()` on a `None` value
            af51c3edc3d1 x1 panic in `pool::acquire`: called `Option::unwrap()` on a `None` value
            c0cb0765be89 x1 panic in `pool::acquire`: no pool
        "#]],
    );
}

#[test]
fn a_bare_panic_line_joins_the_only_incident_that_it_can_be() {
    let bare = || panic(NONE, at("/srv/src/pool.rs", 41), Vec::new());
    let framed =
        |caller| panic(NONE, at("src/pool.rs", 41), vec![frame(caller, "src/pool.rs", 41)]);
    check(
        vec![bare(), framed("pool::acquire")],
        expect![[r#"
            eb144d04d458 x2 panic in `pool::acquire`: called `Option::unwrap()` on a `None` value
        "#]],
    );
    check(
        vec![bare(), framed("pool::acquire"), framed("pool::release")],
        expect![[r#"
            8a7d22d4ecd7 x1 panic in `/srv/src/pool.rs`: called `Option::unwrap()` on a `None` value
            eb144d04d458 x1 panic in `pool::acquire`: called `Option::unwrap()` on a `None` value
            75ef7100894b x1 panic in `pool::release`: called `Option::unwrap()` on a `None` value
        "#]],
    );
}

#[test]
fn values_are_masked_and_code_is_not() {
    let check = |message: &str, expected: &str| assert_eq!(mask(message), expected, "{message}");
    check(NONE, NONE);
    check(
        "index out of bounds: the len is 10 but the index is 12",
        "index out of bounds: the len is <*> but the index is <*>",
    );
    check("no pool named 'orders-eu' for \"a \\\" b\"", "no pool named <*> for <*>");
    check("can't open /home/user/x.toml: No such file", "can't open <*>: No such file");
    check("C:\\Users\\user\\x.toml is gone", "<*> is gone");
    check("bad pointer 0x7ffd_12ab at deadbeef01", "bad pointer <*>_<*> at <*>");
    check("worker-17 got 12ms from 10.0.0.1:8080", "worker-<*> got <*>ms from <*>");
    check("ids [1, 2, 3] and [4]", "ids [<*>] and [<*>]");
    check("invalid utf8 in std::u8", "invalid utf<*> in std::u8");
    check(
        "assertion `left == right` failed\n  left: Some(Job { id: 3 })\n right: None",
        "assertion `left == right` failed\nleft<*>\nright<*>",
    );
}

#[test]
fn what_is_missing_says_how_to_bring_it() {
    let kinds = |incident: &Incident| -> Vec<&str> {
        incident.missing_context.iter().map(|missing| missing.kind).collect()
    };
    let mut without_lines = frame("pool::acquire", "", 0);
    without_lines.location = None;
    let traces = vec![
        panic(NONE, at("src/pool.rs", 41), Vec::new()),
        panic("no pool", at("src/pool.rs", 41), vec![without_lines]),
        panic("no room", at("src/pool.rs", 41), vec![frame("pool::grow", "src/pool.rs", 41)]),
    ];
    let incidents = group(traces, &LogReport::default());
    let found: Vec<Vec<&str>> = incidents.iter().map(kinds).collect();
    assert_eq!(found, [vec!["backtrace"], vec!["line_numbers"], vec![]]);
    assert!(incidents[0].missing_context[0].how_to_provide.contains("RUST_BACKTRACE=1"));
    assert!(incidents[1].missing_context[0].how_to_provide.contains("line-tables-only"));

    let history = History {
        deployed: Deployed {
            commit: None,
            how: DeployedHow::Head,
            candidates: Vec::new(),
            confidence: 0.5,
            present_locally: true,
        },
        commits: Default::default(),
        blame: Vec::new(),
        config: Default::default(),
        attempts: Vec::new(),
        last_good: None,
        bounds: "the last 200 commits".to_owned(),
        bounded: false,
        shallow: true,
    };
    let framed = incidents[2].clone();
    let with = framed.clone().with_suspects(Suspects::default(), Some(&history));
    // Nothing was looked at, so there is nothing to bound.
    assert_eq!(kinds(&with), ["deployed_commit", "history"]);
    assert_eq!(kinds(&framed.with_suspects(Suspects::default(), None)), ["history"]);
}

#[test]
fn a_crash_loop_is_one_trace_with_a_count() {
    let traces: Vec<Trace> = (0..300)
        .map(|n| {
            let message = format!("no order {}", n % 100);
            let frames = vec![frame("pool::grow", "src/pool.rs", if n % 3 == 0 { 40 } else { 41 })];
            let mut trace = panic(&message, at("src/pool.rs", 41), frames).trace;
            trace.logged_at = Some(format!("2024-05-01T12:{:02}:{:02}Z", n / 60, n % 60));
            trace
        })
        .collect();
    let kept = distinct(traces.clone());
    assert_eq!(kept.iter().map(|it| it.count).collect::<Vec<_>>(), [100, 200]);
    let bare = |trace: Trace| ResolvedTrace {
        frames: trace.frames.iter().map(|_| Resolution::default()).collect(),
        location: None,
        trace,
    };
    let resolved = kept.into_iter().map(|repeated| repeated.map(bare)).collect();
    let counted = group_repeated(resolved, &LogReport::default());
    let one_by_one = group(traces.into_iter().map(bare).collect(), &LogReport::default());
    assert_eq!(counted, one_by_one);
    assert_eq!(counted[0].last_seen.as_deref(), Some("2024-05-01T12:04:59Z"));
}
