//! Traces in the wrappings of tools, terminals and chats.

use super::*;

#[test]
fn prefixes_of_build_and_phone_logs() {
    check(
        "test\tRun cargo test\t2024-05-01T10:00:00.1234567Z thread 'tests::adds' panicked at src/lib.rs:5:9:
test\tRun cargo test\t2024-05-01T10:00:00.1234567Z boom
test\tRun cargo test\t2024-05-01T10:00:00.1234567Z note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
",
        expect![[r#"
            panic 'tests::adds'
              root: Some("boom")
              at src/lib.rs:5:9
        "#]],
    );
    check(
        "05-01 10:00:00.123  1234  1250 E RustStdoutStderr: thread 'main' panicked at src/lib.rs:5:9:
05-01 10:00:00.123  1234  1250 E RustStdoutStderr: boom
05-01 10:00:00.123  1234  1250 E RustStdoutStderr: stack backtrace:
05-01 10:00:00.123  1234  1250 E RustStdoutStderr:    0: app::start
05-01 10:00:00.123  1234  1250 E RustStdoutStderr:              at ./src/lib.rs:5:9
E/RustPanic( 1234): thread 'x' panicked at 'y', src/z.rs:3
",
        expect![[r#"
            panic 'main' (cut)
              root: Some("boom")
              at src/lib.rs:5:9
              0 app app::start @ ./src/lib.rs:5:9
            panic 'x'
              root: Some("y")
              at src/z.rs:3
        "#]],
    );
}

#[test]
fn prefix_of_a_logger_of_its_own() {
    check(
        "10:00:01 E app thread 'main' panicked at src/a.rs:1:2:
10:00:01 E app boom
10:00:01 E app stack backtrace:
10:00:01 E app    0: app::a
10:00:01 E app              at ./src/a.rs:1:2
10:00:01 E app    1: app::main
",
        expect![[r#"
            panic 'main'
              root: Some("boom")
              at src/a.rs:1:2
              0 app app::a @ ./src/a.rs:1:2
              1 app app::main
        "#]],
    );
}

#[test]
fn containers_that_print_into_each_other() {
    check(
        "web-1  | thread 'a' panicked at src/web.rs:1:2:
db-1   | thread 'b' panicked at src/db.rs:3:4:
web-1  | no page
db-1   | no row
web-1  | stack backtrace:
db-1   | stack backtrace:
web-1  |    0: web::page
db-1   |    0: db::row
web-1  |              at ./src/web.rs:1:2
db-1   |              at ./src/db.rs:3:4
",
        expect![[r#"
            panic 'a' (cut)
              root: Some("no page")
              at src/web.rs:1:2
              0 app web::page @ ./src/web.rs:1:2
            panic 'b' (cut)
              root: Some("no row")
              at src/db.rs:3:4
              0 app db::row @ ./src/db.rs:3:4
        "#]],
    );
}

#[test]
fn torn_panic_lines() {
    check(
        "thread 'main' panicked at /home/user/.cargo/registry/src/index.registry-6f17/png-0.17.13/
src/decoder/transform.rs:74:61:
range end index 3 out of range
",
        expect![[r#"
            panic 'main'
              root: Some("range end index 3 out of range")
              at /home/user/.cargo/registry/src/index.registry-6f17/png-0.17.13/src/decoder/transform.rs:74:61
        "#]],
    );
    check(
        "thread 'main' panicked at 'index out of bounds: the len is 1 but the index is 1', /home/user/.ca
rgo/registry/src/index.registry-6f17/png-0.17.13/src/lib.rs:309:21
",
        expect![[r#"
            panic 'main'
              root: Some("index out of bounds: the len is 1 but the index is 1")
              at /home/user/.cargo/registry/src/index.registry-6f17/png-0.17.13/src/lib.rs:309:21
        "#]],
    );
}

#[test]
fn quotes_of_chat_programs() {
    check(
        "thread ‘main’ panicked at ‘called `Option::unwrap()` on a `None` value’, src/main.rs:4:23
thread 'main' panicked at 'log_panics puts a colon': src/main.rs:9
",
        expect![[r#"
            panic 'main'
              root: Some("called `Option::unwrap()` on a `None` value")
              at src/main.rs:4:23
            panic 'main'
              root: Some("log_panics puts a colon")
              at src/main.rs:9
        "#]],
    );
}

#[test]
fn errors_and_aborts() {
    check(
        "Error: ParseIntError { kind: InvalidDigit }\n",
        expect![[r#"
        anyhow
          root: Some("ParseIntError { kind: InvalidDigit }")
    "#]],
    );
    check(
        "Error: cannot start

Caused by:
    No such file (os error 2)

Location:
    src/main.rs:5:10
",
        expect![[r#"
            eyre
              root: Some("cannot start")
              caused_by: Some("No such file (os error 2)")
              at src/main.rs:5:10
        "#]],
    );
    check(
        "Error:
   0: Unable to read config
   1: No such file (os error 2)

Location:
   src/main.rs:10

  ━━━━━━━━━ SPANTRACE ━━━━━━━━━

   0: app::read_config with path=\"x\"
      at src/main.rs:9

  ━━━━━━━━━ BACKTRACE ━━━━━━━━━
                 ⋮ 5 frames hidden ⋮
   6: app::main::h0123456789abcdef
      at /home/u/app/src/main.rs:10
",
        expect![[r#"
            eyre
              root: Some("Unable to read config")
              caused_by: Some("No such file (os error 2)")
              at src/main.rs:10
              6 app app::main @ /home/u/app/src/main.rs:10
        "#]],
    );
    check(
        "
thread 'main' has overflowed its stack
fatal runtime error: stack overflow
",
        expect![[r#"
            trap 'main'
              root: Some("stack overflow")
        "#]],
    );
    check(
        "2024-05-01T10:00:00Z ERROR app::server: request failed
Caused by: connection reset
Caused by: peer went away
",
        expect![[r#"
            anyhow
              root: Some("request failed")
              caused_by: Some("connection reset")
              caused_by: Some("peer went away")
        "#]],
    );
}

#[test]
fn panic_whose_message_is_an_error_chain() {
    check(
        "thread 'main' panicked at src/main.rs:8:36:
called `Result::unwrap()` on an `Err` value: loading settings

Caused by:
    No such file or directory (os error 2)

Stack backtrace:
   0: anyhow::context::ext_context
   1: app::load
             at ./src/load.rs:3:4
stack backtrace:
   0: rust_begin_unwind
   1: app::main
             at ./src/main.rs:8:36
",
        expect![[r#"
            panic 'main'
              root: Some("called `Result::unwrap()` on an `Err` value: loading settings")
              caused_by: Some("No such file or directory (os error 2)")
              at src/main.rs:8:36
              0 dependency anyhow::context::ext_context
              1 app app::load @ ./src/load.rs:3:4
              0 std* rust_begin_unwind
              1 app app::main @ ./src/main.rs:8:36
        "#]],
    );
}
