use expect_test::{Expect, expect};

use super::group;
use crate::cancel::Cancel;
use crate::input::RawInput;

fn check(text: &str, expected: Expect) {
    let input = RawInput { name: "app.log".to_owned(), text: text.to_owned() };
    let (report, problems) = group(&[input], &Cancel::new());
    let mut shown = format!("{} lines\n", report.n_lines);
    for group in &report.groups {
        shown += &format!(
            "{}x {} {} {}{:?} lines {}-{} {}\n",
            group.count,
            group.level.as_str(),
            group.kind.as_str(),
            group.target.as_ref().map(|target| format!("{target} ")).unwrap_or_default(),
            group.template,
            group.first_line,
            group.last_line,
            group.first_seen.as_deref().unwrap_or("-"),
        );
    }
    for problem in problems {
        shown += &format!("{}\n", problem.message);
    }
    expected.assert_eq(&shown);
}

#[test]
fn like_records_are_one_group() {
    check(
        "2026-03-03T14:05:00.250Z ERROR pool: timed out after 2000 ms\n\
         2026-03-03T14:05:01Z INFO served in 12ms\n\
         2026-03-03T14:05:02Z ERROR pool: timed out after 2001 ms\n",
        expect![[r#"
            3 lines
            2x error error pool "timed out after <*> ms" lines 1-3 2026-03-03T14:05:00.25Z
            1x info log "served in <*>" lines 2-2 2026-03-03T14:05:01Z
        "#]],
    );
}

#[test]
fn a_backtrace_belongs_to_its_record() {
    check(
        "INFO order of 4711\n\nthread 'w-1' panicked at src/a.rs:1:2:\nboom\nstack backtrace:\n   0: a\n             at ./src/a.rs:1:2\nnote: more\nINFO order of 4712\n",
        expect![[r#"
            9 lines
            1x fatal panic "boom" lines 3-3 -
            2x info log "order of <*>" lines 1-9 -
        "#]],
    );
}

#[test]
fn json_records_are_read_by_their_fields() {
    check(
        r#"{"level":50,"time":"2026-03-03T14:05:00Z","msg":"pool \"main\" exhausted"}
{"timestamp":"2026-03-03T14:05:01Z","level":"WARN","fields":{"message":"slow query 12"}}
{"level": broken
"#,
        expect![[r#"
            3 lines
            1x error error "pool <*> exhausted" lines 1-1 2026-03-03T14:05:00Z
            1x warn warn "slow query <*>" lines 2-2 2026-03-03T14:05:01Z
            1x info log "<*>" lines 3-3 2026-03-03T14:05:01Z
        "#]],
    );
}

#[test]
fn odd_text_is_still_counted() {
    check(
        "",
        expect![[r#"
        0 lines
    "#]],
    );
    check(
        "\0\u{fffd}\r\n\"\n`",
        expect![[r#"
            3 lines
            1x info log "<*>" lines 1-1 -
            1x info log "\"" lines 2-2 -
            1x info log "`" lines 3-3 -
        "#]],
    );
}

#[test]
fn cancel_says_where_it_stopped() {
    let text = "INFO again\n".repeat(9000);
    let cancel = Cancel::new();
    cancel.cancel();
    let input = RawInput { name: "app.log".to_owned(), text };
    let (report, problems) = group(&[input], &cancel);
    assert_eq!(report.groups.first().map(|group| group.count), Some(4095));
    assert!(problems.iter().any(|it| it.message.contains("cancelled")), "{problems:?}");
}

#[test]
fn a_trace_takes_its_lines_from_between_other_records() {
    check(
        "2026-03-03T14:05:00Z ERROR pool: slow 1\n\
         thread 'main' panicked at src/pool.rs:3:5:\n\
         2026-03-03T14:05:01Z INFO served 17\n\
         called `Option::unwrap()` on a `None` value\n\
         stack backtrace:\n\
         \x20  0: core::panicking::panic\n\
         2026-03-03T14:05:02Z INFO served 18\n\
         \x20  1: shop::pool::take\n\
         \x20            at ./src/pool.rs:3:5\n\
         note: Some details are omitted.\n",
        expect![[r#"
            10 lines
            1x fatal panic "called `Option::unwrap()` on a `None` value" lines 2-2 2026-03-03T14:05:00Z
            1x error error pool "slow <*>" lines 1-1 2026-03-03T14:05:00Z
            2x info log "served <*>" lines 3-7 2026-03-03T14:05:01Z
        "#]],
    );
}

#[test]
fn one_crash_in_two_wrappings_is_one_group() {
    check(
        r#"{"level":"error","time":"2026-03-03T14:05:00Z","msg":"order failed","err":{"type":"TypeError","message":"x is undefined","stack":"TypeError: x is undefined\n    at State.take (/app/src/pool.js:3:5)\n    at async run (/app/src/main.js:9:1)"}}
2026-03-03T14:05:01.000Z stderr F TypeError: x is undefined
2026-03-03T14:05:01.000Z stderr F     at State.take (/srv/app/src/pool.js:3:5)
2026-03-03T14:05:01.000Z stderr F     at async other (/srv/app/src/other.js:1:1)
"#,
        expect![[r#"
            4 lines
            2x error exception "TypeError: x is undefined" lines 1-2 2026-03-03T14:05:00Z
        "#]],
    );
}

#[test]
fn envelopes_of_many_kinds_hold_the_same_record() {
    let text = r#"{"log":"2026-03-03T14:05:00Z ERROR pool: timed out after 1 ms\n","stream":"stderr","time":"2026-03-03T14:05:00.1Z"}
2026-03-03T14:05:01.123456789Z stderr F 2026-03-03T14:05:01Z ERROR pool: timed out after 2 ms
[pod/shop-1/shop] 2026-03-03T14:05:02Z ERROR pool: timed out after 3 ms
Mar 03 14:05:03 host shop[31]: 2026-03-03T14:05:03Z ERROR pool: timed out after 4 ms
web-1  | 2026-03-03T14:05:04Z ERROR pool: timed out after 5 ms
ts=2026-03-03T14:05:05Z level=error target=pool msg="timed out after 6 ms" attempt=2
{"timestamp":"2026-03-03T14:05:06Z","level":"ERROR","fields":{"message":"timed out after 7 ms"},"target":"pool"}
"#;
    let coloured = "\x1b[2m2026-03-03T14:05:07Z\x1b[0m \x1b[31mERROR\x1b[0m \
                    \x1b[2mpool\x1b[0m\x1b[2m:\x1b[0m timed out after 8 ms\r\n";
    check(
        &format!("{text}{coloured}"),
        expect![[r#"
        8 lines
        8x error error pool "timed out after <*> ms" lines 1-8 2026-03-03T14:05:00Z
        time stamps without a zone were read as UTC; --tz changes it
    "#]],
    );
}

#[test]
fn heads_of_many_loggers() {
    check(
        r#"E0303 14:05:00.123456    1234 pool.go:12] klog says 1
2026/03/03 14:05:00 [error] 12#12: *7 connect() failed (111: Connection refused) while connecting to upstream
10.0.0.1 - - [03/Mar/2026:14:05:00 +0000] "GET /v1/cart HTTP/1.1" 502 157 "-" "curl/8"
2026-03-03 14:05:00,123 ERROR    [shop.pool] [MainThread] python says 3
ERROR:root:python says 4
2026-03-03 14:05:00.123  WARN 1 --- [nio-8080-exec-1] c.a.s.PoolService : spring says 5
2026-03-03 14:05:00,123 [main] ERROR org.acme.Pool - logback says 6
[2026-03-03T14:05:00Z WARN  shop::pool] env_logger says 7
[2026-03-03T14:05:00.000Z] ERROR (shop/31): pino says 8
error: winston says 9
2026-03-03T14:05:00.123Z	ERROR	shop.pool	pool/pool.go:12	zap says 10	{"k":1}
[Sun Dec 04 04:47:44 2005] [error] apache says 11
time=2026-03-03T14:05:00Z level=WARN msg="slog says 12" n=1
<11>1 2026-03-03T14:05:00Z host shop 12 - - syslog says 13
2026-03-03 14:05:00,123 - shop.pool - ERROR - python says 14
"#,
        expect![[r#"
            15 lines
            2x error error shop.pool "python says <*>" lines 4-15 2026-03-03T14:05:00.123Z
            1x error error pool.go:12 "klog says <*>" lines 1-1 2026-03-03T14:05:00.123456Z
            1x error error "<*>: <*> connect() failed <*>: Connection refused) while connecting to upstream" lines 2-2 2026-03-03T14:05:00Z
            1x error error GET "GET <*> <*> <*> <*>" lines 3-3 2026-03-03T14:05:00Z
            1x error error root "python says <*>" lines 5-5 2026-03-03T14:05:00.123Z
            1x error error org.acme.Pool "logback says <*>" lines 7-7 2026-03-03T14:05:00.123Z
            1x error error "pino says <*>" lines 9-9 2026-03-03T14:05:00Z
            1x error error "winston says <*>" lines 10-10 2026-03-03T14:05:00Z
            1x error error shop.pool "zap says <*>" lines 11-11 2026-03-03T14:05:00.123Z
            1x error error "apache says <*>" lines 12-12 2005-12-04T04:47:44Z
            1x error error shop "syslog says <*>" lines 14-14 2026-03-03T14:05:00Z
            1x warn warn c.a.s.PoolService "spring says <*>" lines 6-6 2026-03-03T14:05:00.123Z
            1x warn warn shop::pool "env_logger says <*>" lines 8-8 2026-03-03T14:05:00Z
            1x warn warn "slog says <*>" lines 13-13 2026-03-03T14:05:00Z
            time stamps without a zone were read as UTC; --tz changes it
        "#]],
    );
}

/// Two traces of one writer, line by line in turn: whose a frame is shows in the whole ones before.
#[test]
fn mixed_traces_go_on_as_whole_ones_did() {
    let first = ["Error: hang up", "    at read (/app/a.js:1:1)", "    at poll (/app/a.js:2:2)"];
    let second =
        ["Error: too many", "    at admit (/app/b.js:3:3)", "    at serve (/app/b.js:4:4)"];
    let whole = format!("{}\n{}\n", first.join("\n"), second.join("\n"));
    let mixed = [first[0], second[0], second[1], first[1], first[2], second[2]].join("\n");
    check(
        &format!("{}{mixed}\n", whole.repeat(3)),
        expect![[r#"
        24 lines
        4x error exception "Error: hang up" lines 1-19 -
        4x error exception "Error: too many" lines 4-20 -
    "#]],
    );
}

/// What a statement printed a hundred times without a trace has none of its own.
#[test]
fn a_strayed_trace_does_not_split_a_statement() {
    let line = "2026-03-03T14:05:00Z ERROR pool: timed out after 20 ms\n";
    check(
        &format!("{}    at read (/app/a.js:1:1)\n{line}", line.repeat(100)),
        expect![[r#"
            102 lines
            101x error error pool "timed out after <*> ms" lines 1-102 2026-03-03T14:05:00Z
        "#]],
    );
}

#[test]
fn heads_of_cargo_and_npm() {
    check(
        "   0.100434877s DEBUG main:exec:workspace: cargo::core::workspace: find_root - found!\n   \
         0.100616186s DEBUG main:exec:new{path=\"/a b\" wrapper=None}: cargo::util::rustc: adding info\n\
         7 verbose title npm run build\n\
         12 error code E404\n",
        expect![[r#"
            4 lines
            1x error error "code <*>" lines 4-4 -
            1x debug log cargo::core::workspace "find_root - found!" lines 1-1 -
            1x debug log cargo::util::rustc "adding info" lines 2-2 -
            1x debug log "title npm run build" lines 3-3 -
        "#]],
    );
}
