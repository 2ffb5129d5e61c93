use super::*;

#[test]
fn markup_from_outside_is_text() {
    assert_eq!(text("a *b* [c](d) <e> &amp;"), r"a \*b\* \[c\](d) &lt;e&gt; &amp;amp;");
    assert_eq!(text("see https://x.invalid"), "see https&#58;//x.invalid");
    assert_eq!(text("a\nb\u{1b}[1m"), r"a\\nb\\x1b\[1m");
}

#[test]
fn pairs_of_backticks_stay_code() {
    assert_eq!(
        text("called `Option::unwrap()` on a `None` value"),
        "called `Option::unwrap()` on a `None` value"
    );
    assert_eq!(text("`*a*` *b*"), r"`*a*` \*b\*");
    assert_eq!(text("one ` only"), r"one \` only");
    assert_eq!(text("``` two"), r"\`\`\` two");
}

#[test]
fn code_and_fences_cannot_be_left() {
    assert_eq!(code("a `b` c"), "``a `b` c``");
    assert_eq!(code("`b`"), "`` `b` ``");
    assert_eq!(code("  "), "");
    assert_eq!(fence("text", "a\n```\nb\n"), "````text\na\n```\nb\n````");
}
