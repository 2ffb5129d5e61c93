use expect_test::{Expect, expect};

use super::{group, template};
use crate::cancel::Cancel;
use crate::input::RawInput;

fn check(text: &str, expected: Expect) {
    let input = RawInput { name: "app.log".to_owned(), text: text.to_owned() };
    let (report, problems) = group(&[input], &Cancel::new());
    let mut shown = format!("{} lines\n", report.n_lines);
    for group in &report.groups {
        shown += &format!(
            "{}x {} {:?} lines {}-{} {}\n",
            group.count,
            group.level.as_str(),
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
            2x error "pool: timed out after <*> ms" lines 1-3 2026-03-03T14:05:00.25Z
            1x info "served in <*>" lines 2-2 2026-03-03T14:05:01Z
        "#]],
    );
}

#[test]
fn a_backtrace_belongs_to_its_record() {
    check(
        "INFO order of 4711\n\nthread 'w-1' panicked at src/a.rs:1:2:\nboom\nstack backtrace:\n   0: a\n             at ./src/a.rs:1:2\nnote: more\nINFO order of 4712\n",
        expect![[r#"
            9 lines
            1x fatal "boom" lines 3-3 -
            2x info "order of <*>" lines 1-9 -
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
            1x error "pool \"<*>\" exhausted" lines 1-1 2026-03-03T14:05:00Z
            1x warn "slow query <*>" lines 2-2 2026-03-03T14:05:01Z
            1x info "{\"<*>\": broken" lines 3-3 -
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
        1x info "\0�" lines 1-1 -
        1x info "\"<*>" lines 2-2 -
        1x info "`<*>" lines 3-3 -
    "#]],
    );
}

#[test]
fn cancel_says_where_it_stopped() {
    let text = "INFO again\n".repeat(3000);
    let cancel = Cancel::new();
    cancel.cancel();
    let input = RawInput { name: "app.log".to_owned(), text };
    let (report, problems) = group(&[input], &cancel);
    assert_eq!(report.groups.first().map(|group| group.count), Some(1023));
    assert_eq!(problems.len(), 1);
}

#[test]
fn masking_keeps_what_is_constant() {
    let cases = [
        ("order 4711 of \"Ann Lee\" took 12ms", "order <*> of \"<*>\" took <*>"),
        ("attempt=3 host=db-1.internal:5432,", "attempt=<*> host=<*>,"),
        ("(retry 3)", "(retry <*>)"),
    ];
    for (message, expected) in cases {
        assert_eq!(template::mask(message), expected);
    }
}
