//! Traces as people paste them, and what is read from them.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::*;

mod hostile;
mod languages;
mod wrapped;

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

#[test]
fn error_chain_with_stack_backtrace() {
    check(
        "Error: loading settings

Caused by:
    0: cannot open app.toml
    1: No such file or directory (os error 2)

Stack backtrace:
   0: anyhow::error::<impl anyhow::Error>::msg
             at /home/u/.cargo/registry/src/index-6f17/anyhow-1.0.86/src/backtrace.rs:27:14
   1: app::settings::load
             at ./src/settings.rs:12:9
   2: app::main
             at ./src/main.rs:4:5
",
        expect![[r#"
            anyhow
              root: Some("loading settings")
              caused_by: Some("cannot open app.toml")
              caused_by: Some("No such file or directory (os error 2)")
              0 dependency anyhow::error::<impl anyhow::Error>::msg @ /home/u/.cargo/registry/src/index-6f17/anyhow-1.0.86/src/backtrace.rs:27:14 [anyhow 1.0.86]
              1 app app::settings::load @ ./src/settings.rs:12:9
              2 app app::main @ ./src/main.rs:4:5
        "#]],
    );
}

#[test]
fn panic_inside_json_log_lines() {
    check(
        r#"{"level":"INFO","fields":{"message":"listening"}}
{"timestamp":"2025-05-10T21:04:11Z","level":"ERROR","fields":{"message":"thread 'w' panicked at src/pool.rs:41:9:\nno \"slot\" left\nstack backtrace:\n   0: app::pool::take\n             at ./src/pool.rs:41:9\n   1: core::ops::function::FnOnce::call_once\n"}}
"#,
        expect![[r#"
            panic 'w' (cut)
              root: Some("no \"slot\" left")
              at src/pool.rs:41:9
              0 app app::pool::take @ ./src/pool.rs:41:9
              1 std* core::ops::function::FnOnce::call_once
        "#]],
    );
}

#[test]
fn panic_in_named_fields() {
    check(
        r#"{"level":"ERROR","fields":{"message":"A panic occurred","panic.payload":"boom","panic.location":"src/main.rs:7:13","panic.backtrace":"   0: app::run\n             at src/main.rs:7:13\n   1: app::main\n"}}"#,
        expect![[r#"
            panic
              root: Some("boom")
              at src/main.rs:7:13
              0 app app::run @ src/main.rs:7:13
              1 app app::main
        "#]],
    );
    check(
        r#"ts=2024-05-01T10:00:00Z level=error msg="panic" panic.file=src/a.rs panic.line=3 panic.column=5 panic.message="index out of bounds""#,
        expect![[r#"
            panic
              root: Some("index out of bounds")
              at src/a.rs:3:5
        "#]],
    );
}

#[test]
fn docker_json_file_has_one_line_a_record() {
    check(
        r#"{"log":"thread 'main' panicked at src/main.rs:2:5:\n","stream":"stderr","time":"2024-05-01T10:00:00Z"}
{"log":"boom\n","stream":"stderr","time":"2024-05-01T10:00:00Z"}
{"log":"stack backtrace:\n","stream":"stderr","time":"2024-05-01T10:00:00Z"}
{"log":"   0: app::main\n","stream":"stderr","time":"2024-05-01T10:00:00Z"}
{"log":"             at ./src/main.rs:2:5\n","stream":"stderr","time":"2024-05-01T10:00:00Z"}
"#,
        expect![[r#"
            panic 'main'
              root: Some("boom")
              at src/main.rs:2:5
              0 app app::main @ ./src/main.rs:2:5
        "#]],
    );
}

#[test]
fn text_without_a_trace_gives_the_places_it_names() {
    check(
        "error in \"C:\\Program Files\\app\\src\\main.rs\", line 12, column 3
see src/lib.rs(10,4) and ./a/b.py:7 or /home/me/My Project/src/x.rs:10:5
file:///srv/app/index.ts#L9, example.com:8080, version 1.2.3
",
        expect![[r#"
            exception
              - app ? @ C:\Program Files\app\src\main.rs:12:3
              - app ? @ src/lib.rs:10:4
              - app ? @ ./a/b.py:7
              - app ? @ /home/me/My Project/src/x.rs:10:5
              - app ? @ /srv/app/index.ts:9
            warning: no stack trace in trace.txt; read the 5 source places that it names instead
        "#]],
    );
    check(
        "please look at main.rs and src/lib.rs.\n",
        expect![[r#"
        exception
          - app ? @ main.rs
          - app ? @ src/lib.rs
        warning: no stack trace in trace.txt; read the 2 source places that it names instead
    "#]],
    );
}

#[test]
fn places_told_in_named_fields() {
    check(
        r#"ERROR: cannot start
|-- file: /srv/app/src/bins/run.rs
|-- line: 37
`-- column: 9
    ├── file = "src/setup.rs"
    └── line = 81
- Line number: 12
- Column: 3
- File: src/other.rs
{"level":"ERROR","filename":"src/job.rs","line_number":7}
level=error file=src/logfmt.rs line=5 msg="file:line"
  "file": "web/app.ts",
  "lineno": 9,
file: notes
line: 3
"#,
        expect![[r#"
            exception
              - app ? @ /srv/app/src/bins/run.rs:37:9
              - app ? @ src/setup.rs:81
              - app ? @ src/other.rs:12
              - app ? @ src/job.rs:7
              - app ? @ src/logfmt.rs:5
              - app ? @ web/app.ts:9
            warning: no stack trace in trace.txt; read the 6 source places that it names instead
        "#]],
    );
}

#[test]
fn reports_of_other_tools() {
    check(
        "Backtrace (most recent call last):
  File \"/home/u/app/src/main.rs\", line 22, in app::main
    run();
  File \"/home/u/app/src/main.rs\", line 14, in app::run
    panic!()
The application panicked (crashed).
  OMG
in src/main.rs, line 14
thread: main
",
        expect![[r#"
            panic 'main'
              root: Some("OMG")
              at src/main.rs:14
              - app app::main @ /home/u/app/src/main.rs:22
              - app app::run @ /home/u/app/src/main.rs:14
        "#]],
    );
    check(
        "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x602
    #0 0x55d0 in app::read src/main.rs:9:5
    #1 0x55d1 in main (/srv/app+0x1234)
",
        expect![[r#"
            trap
              root: Some("heap-use-after-free on address 0x602")
              0 app app::read @ src/main.rs:9:5
              1 runtime main
        "#]],
    );
    check(
        "Thread 1 \"main\" received signal SIGABRT, Aborted.
#0  0x00007ffff7c4 in raise () from /lib/libc.so.6
#1  0x0000555555 in app::pool::take (self=0x7ffe, n=3) at src/pool.rs:41
#2  app::main () at src/main.rs:3
",
        expect![[r#"
            trap 'main'
              root: Some("SIGABRT, Aborted")
              0 runtime raise
              1 app app::pool::take @ src/pool.rs:41
              2 app app::main @ src/main.rs:3
        "#]],
    );
    check(
        "* thread #1, name = 'main', stop reason = signal SIGABRT
  * frame #0: 0x000000010 app`app::pool::take(self=0x1) at pool.rs:41:9 [opt]
    frame #1: 0x000000011 app`app::main at main.rs:3:5
",
        expect![[r#"
            trap 'main'
              root: Some("signal SIGABRT")
              0 app app::pool::take @ pool.rs:41:9
              1 app app::main @ main.rs:3:5
        "#]],
    );
    check(
        "panicked at src/lib.rs:10:5:
boom

Stack:

Error
    at imports.wbg.__wbg_new_abda76e8 (http://localhost:8000/pkg/app.js:354:21)
    at app.wasm.console_error_panic_hook::hook::h1234567890abcdef (wasm://wasm/0012ab:wasm-function[33]:0x8e5e)
    at app.wasm.app::start::h1234567890abcdef (wasm://wasm/0012ab:wasm-function[12]:0x8e5f)
",
        expect![[r#"
            panic (cut)
              root: Some("boom")
              at src/lib.rs:10:5
              - dependency console_error_panic_hook::hook
              - app app::start
        "#]],
    );
    check(
        "Backtrace [{ fn: \"std::backtrace::Backtrace::create\", file: \"/rustc/abc/library/std/src/backtrace.rs\", line: 331 }, { fn: \"app::main\", file: \"./src/main.rs\", line: 4 }]",
        expect![[r#"
            panic
              - std* std::backtrace::Backtrace::create @ /rustc/abc/library/std/src/backtrace.rs:331
              - app app::main @ ./src/main.rs:4
        "#]],
    );
    check(
        "Panic occurred in file 'src/main.rs' at line 7
cause = \"boom\"
",
        expect![[r#"
            panic
              root: Some("boom")
              at src/main.rs:7
        "#]],
    );
}
