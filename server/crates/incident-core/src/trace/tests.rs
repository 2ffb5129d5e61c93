//! Traces as people paste them, and what is read from them.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::*;

fn read(text: &str) -> (Vec<Trace>, Vec<Problem>) {
    parse(&RawInput { name: "trace.txt".to_owned(), text: text.to_owned() })
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&render(text));
}

/// Renders every trace of `text` for reading; places are read back through their spans.
fn render(text: &str) -> String {
    let (traces, problems) = read(text);
    let mut out = String::new();
    for trace in &traces {
        let thread = trace.thread.as_deref().map_or(String::new(), |name| format!(" '{name}'"));
        let cut = if trace.cut { " (cut)" } else { "" };
        let _ = writeln!(out, "{}{thread}{cut}", trace.kind.as_str());
        for cause in &trace.causes {
            let _ = writeln!(out, "  {}: {:?}", cause.relation.as_str(), cause.message);
        }
        if let Some(location) = &trace.location {
            let _ = writeln!(out, "  at {}", place(location));
        }
        for frame in &trace.frames {
            let index = frame.index.map_or("-".to_owned(), |index| index.to_string());
            let noise = if frame.noise { "*" } else { "" };
            let name = frame.function.as_deref().unwrap_or("?");
            let _ = write!(out, "  {index} {}{noise} {name}", frame.origin.as_str());
            for location in frame.location.iter().chain(&frame.more_locations) {
                let _ = write!(out, " @ {}", place(location));
            }
            if let Some(package) = &frame.package {
                let version = package.version.as_deref().unwrap_or("?");
                let _ = write!(out, " [{} {version}]", package.name);
            }
            out.push('\n');
        }
    }
    for problem in &problems {
        let _ = writeln!(out, "{}: {}", problem.severity.as_str(), problem.message);
    }
    out
}

fn place(location: &SourceLocation) -> String {
    let mut text = location.file.clone();
    for number in [location.line, location.column].into_iter().flatten() {
        let _ = write!(text, ":{number}");
    }
    text
}

#[test]
fn old_panic_line_with_short_backtrace() {
    check(
        "thread 'main' panicked at 'index out of bounds: the len is 2 but the index is 2', src/cpu.rs:152:29
stack backtrace:
   0: rust_begin_unwind
             at /rustc/84c898d65adf2f39a5a98507f1fe0ce10a2b8dbc/library/std/src/panicking.rs:579:5
   1: app::cpu::State::current
             at ./src/cpu.rs:152:29
   2: app::main
             at ./src/main.rs:7:5
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
",
        expect![[r#"
            panic 'main'
              root: Some("index out of bounds: the len is 2 but the index is 2")
              at src/cpu.rs:152:29
              0 std* rust_begin_unwind @ /rustc/84c898d65adf2f39a5a98507f1fe0ce10a2b8dbc/library/std/src/panicking.rs:579:5
              1 app app::cpu::State::current @ ./src/cpu.rs:152:29
              2 app app::main @ ./src/main.rs:7:5
        "#]],
    );
}

#[test]
fn new_panic_line_with_thread_id_and_full_backtrace() {
    check(
        "thread 'worker' (4242) panicked at crates/pool/src/lib.rs:3:9:
assertion `left == right` failed: out of step
  left: 1
 right: 2
stack backtrace:
   0:     0x55e6dc060829 - std::panicking::default_hook::hdf0a14532816569f
   1:     0x55e6dc0da958 - pool::step::hd9c1ff688508ad95
                               at /srv/app/crates/pool/src/lib.rs:3:9
   2:     0x55e6dc0da959 - __clone
   3:     0x0 - <unknown>
",
        expect![[r#"
            panic 'worker'
              root: Some("assertion `left == right` failed: out of step\n  left: 1\n right: 2")
              at crates/pool/src/lib.rs:3:9
              0 std* std::panicking::default_hook
              1 app pool::step @ /srv/app/crates/pool/src/lib.rs:3:9
              2 runtime __clone
              3 unknown ?
        "#]],
    );
}

#[test]
fn nothing_to_read_says_what_to_paste() {
    check(
        "",
        expect![[r#"
        error: trace.txt is empty; paste the panic message with its backtrace (RUST_BACKTRACE=1), or a log that holds it
    "#]],
    );
    check(
        "all is well\n",
        expect![[r#"
        error: no stack trace in trace.txt (1 lines read); paste the panic message with its backtrace (RUST_BACKTRACE=1), or a log that holds it
    "#]],
    );
}
