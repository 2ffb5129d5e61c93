use ropey::Rope;
use tower_lsp::lsp_types::{Position, PositionEncodingKind, Range};

use super::{Encoding, Shift, byte_offset, position};

/// A family emoji (surrogate pairs and joiners), a combining mark, all three line ends, no last one.
const TEXT: &str = "let 👩‍👩‍👧 = 1;\r\ne\u{301}té();\rx\n\nlast 🦀";

const ENCODINGS: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

#[test]
fn positions_and_offsets_are_inverse() {
    let rope = Rope::from_str(TEXT);
    for encoding in ENCODINGS {
        for (offset, char) in TEXT.char_indices() {
            // The middle of `\r\n` has no position of its own.
            if char == '\n' && TEXT.get(offset.saturating_sub(1)..offset) == Some("\r") {
                continue;
            }
            let at = position(&rope, offset, encoding);
            assert_eq!(byte_offset(&rope, at, encoding), offset, "{encoding:?} {at:?}");
        }
    }
}

#[test]
fn columns_count_what_the_encoding_says() {
    let rope = Rope::from_str(TEXT);
    let end_of_emoji = TEXT.find(" =").expect("it is there");
    let columns = ENCODINGS.map(|encoding| position(&rope, end_of_emoji, encoding).character);
    assert_eq!(columns, [22, 12, 9]);
    let paren = TEXT.find("()").expect("it is there");
    let columns = ENCODINGS.map(|encoding| position(&rope, paren, encoding));
    assert_eq!(columns, [Position::new(1, 6), Position::new(1, 4), Position::new(1, 4)]);
}

#[test]
fn lines_end_as_lsp_says() {
    let rope = Rope::from_str(TEXT);
    let lines = ["let", "e\u{301}", "x", "\nlast", "last"]
        .map(|text| position(&rope, TEXT.find(text).expect("it is there"), Encoding::Utf16).line);
    assert_eq!(lines, [0, 1, 2, 3, 4]);
    let other = "form\u{c}feed\u{b}\u{85}\u{2028}end";
    let at = position(&Rope::from_str(other), other.len(), Encoding::Utf32);
    assert_eq!(at.line, 0, "only LSP's line ends count");
}

#[test]
fn positions_outside_the_text_mean_the_nearest_place_inside() {
    let rope = Rope::from_str(TEXT);
    for encoding in ENCODINGS {
        let end_of_first = TEXT.find('\r').expect("it is there");
        assert_eq!(byte_offset(&rope, Position::new(0, u32::MAX), encoding), end_of_first);
        assert_eq!(byte_offset(&rope, Position::new(4, u32::MAX), encoding), TEXT.len());
        assert_eq!(byte_offset(&rope, Position::new(u32::MAX, 3), encoding), TEXT.len());
        assert_eq!(position(&rope, usize::MAX, encoding).line, 4);
        assert_eq!(byte_offset(&Rope::new(), Position::new(0, 5), encoding), 0);
    }
}

#[test]
fn the_middle_of_a_character_means_its_start() {
    let rope = Rope::from_str(TEXT);
    let crab = TEXT.find('🦀').expect("it is there");
    let start = byte_offset(&rope, Position::new(4, 5), Encoding::Utf16);
    assert_eq!(start, crab);
    assert_eq!(byte_offset(&rope, Position::new(4, 6), Encoding::Utf16), crab);
    assert_eq!(byte_offset(&rope, Position::new(4, 7), Encoding::Utf8), crab);
}

#[test]
fn bytes_are_chosen_where_they_are_offered() {
    let (utf8, utf16, utf32) =
        (PositionEncodingKind::UTF8, PositionEncodingKind::UTF16, PositionEncodingKind::UTF32);
    assert_eq!(Encoding::negotiate(None), Encoding::Utf16);
    assert_eq!(Encoding::negotiate(Some(&[])), Encoding::Utf16);
    assert_eq!(Encoding::negotiate(Some(std::slice::from_ref(&utf32))), Encoding::Utf32);
    assert_eq!(Encoding::negotiate(Some(&[utf16.clone(), utf32])), Encoding::Utf16);
    assert_eq!(Encoding::negotiate(Some(&[utf16, utf8])), Encoding::Utf8);
}

/// Marks `marked` in `before`, replaces `old` by `new`, and expects the mark on `expected`.
fn check_shift(before: &str, marked: &str, (old, new): (&str, &str), expected: &str) {
    for encoding in ENCODINGS {
        let rope = Rope::from_str(before);
        let span = |rope: &Rope, text: &str, part: &str| {
            let start = text.find(part).expect("it is there");
            Range::new(
                position(rope, start, encoding),
                position(rope, start + part.len(), encoding),
            )
        };
        let at = before.find(old).expect("it is there");
        let chars = rope.byte_to_char(at)..rope.byte_to_char(at + old.len());
        let moved = Shift::new(&rope, chars, new, encoding).apply(span(&rope, before, marked));
        let after = before.replacen(old, new, 1);
        assert_eq!(moved, span(&Rope::from_str(&after), &after, expected), "{encoding:?}");
    }
}

#[test]
fn a_mark_follows_lines_put_in_before_it() {
    check_shift("a\nb\ncrash()\n", "crash()", ("a\n", "a\n🦀\r\n\r\n"), "crash()");
    check_shift("a\nb\ncrash()\n", "crash()", ("a\nb\n", ""), "crash()");
}

#[test]
fn a_mark_follows_text_on_its_line() {
    check_shift("let x = crash();", "crash()", ("x", "é👩‍👩‍👧"), "crash()");
    check_shift("let x = crash();", "crash()", (";", "; // later"), "crash()");
}

#[test]
fn a_line_broken_behind_a_mark_does_not_widen_it() {
    check_shift("  crash();\nnext", "crash();", (";\n", ";\n    more();\n"), "crash();");
}

#[test]
fn text_typed_inside_a_mark_belongs_to_it() {
    check_shift("  crash(a);\n", "crash(a);", ("(a)", "(a, b)"), "crash(a, b);");
}

#[test]
fn a_client_that_sends_everything_moves_only_what_changed() {
    let before = "one\r\ntwo\r\ncrash()\r\nfour\r\n";
    let after = "one\r\ntwo\r\nthree\r\ncrash()\r\nfour\r\n";
    check_shift(before, "crash()", (before, after), "crash()");
}

#[test]
fn line_ends_of_another_kind_are_measured_whole() {
    check_shift("a\r\nb\r\ncrash()", "crash()", ("a\r\nb\r\n", "a\nb\n\n"), "crash()");
}
