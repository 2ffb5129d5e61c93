use super::*;

#[test]
fn plain_text_is_borrowed() {
    assert!(matches!(one_line("naïve 日本 ✓"), Cow::Borrowed(_)));
    assert!(matches!(block("two\nlines"), Cow::Borrowed(_)));
}

#[test]
fn escape_sequences_and_bidi_controls_are_spelled_out() {
    assert_eq!(one_line("a\x1b[2Jb\u{9b}c\u{202e}d\u{200b}"), r"a\x1b[2Jb\x9bc\u{202e}d\u{200b}");
    assert_eq!(one_line("a\tb\r\nc\0"), r"a    b\r\nc\x00");
    assert_eq!(block("a\nb\x07"), "a\nb\\x07");
}

#[test]
fn headline_takes_one_line_and_marks_the_cut() {
    assert_eq!(headline("\n  first \nsecond", 80), "first");
    assert_eq!(headline("abcdefgh", 5), "abcd…");
    assert_eq!(headline("abcde", 5), "abcde");
    assert_eq!(headline("", 5), "");
}

#[test]
fn a_path_keeps_its_end() {
    assert_eq!(shorten_start("abcdefgh", 5), "…efgh");
    assert_eq!(shorten_start("abcde", 5), "abcde");
}
