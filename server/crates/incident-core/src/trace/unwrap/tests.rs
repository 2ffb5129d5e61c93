//! Lines come out clean, and every piece of them knows where it stood.

use expect_test::{Expect, expect};

use super::*;

fn check(text: &str, expected: Expect) {
    let mut out = String::new();
    each_line(text, |line| {
        let original = line.span().slice(text).unwrap_or("OUT OF BOUNDS");
        out.push_str(&format!("{:?} <- {original:?}\n", line.body()));
    });
    expected.assert_eq(&out);
}

#[test]
fn colours_and_entities_map_back() {
    check(
        "  \u{1b}[31mapp::f\u{1b}[0m x &lt;T&gt;\r\nplain",
        expect![[r#"
        "  app::f x <T>" <- "  \u{1b}[31mapp::f\u{1b}[0m x &lt;T&gt;"
        "plain" <- "plain"
    "#]],
    );
}

#[test]
fn prefixes_of_tools_are_not_the_body() {
    check(
        "app_1  | thread\n> quoted\nJun 29 08:34:17 host.example IMAPServer[9675]:    0: f\n2024-05-01T10:00:00.123Z stderr F   1: g\n",
        expect![[r#"
            "thread" <- "thread"
            "quoted" <- "quoted"
            "   0: f" <- "   0: f"
            "  1: g" <- "  1: g"
            "" <- ""
        "#]],
    );
}
