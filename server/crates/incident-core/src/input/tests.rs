use super::*;

fn check(bytes: &[u8], text: &str, problems: &[&str]) {
    let (input, found) = RawInput::decode("app.log", bytes);
    assert_eq!(input.text, text);
    let found: Vec<String> = found
        .iter()
        .map(|it| {
            let line = it.location.as_ref().and_then(|at| at.line);
            let words: Vec<&str> = it.message.split(' ').take(5).collect();
            format!("{}: {}", line.map_or("-".to_owned(), |line| line.to_string()), words.join(" "))
        })
        .collect();
    assert_eq!(found, problems);
}

#[test]
fn text_comes_through_as_it_is() {
    check(b"", "", &[]);
    check("né\r\n".as_bytes(), "né\r\n", &[]);
}

#[test]
fn marks_are_not_text() {
    check(b"\xef\xbb\xbfpanic", "panic", &[]);
    check(b"\xff\xfep\0a\0", "pa", &[]);
    check(b"\xfe\xff\0p\0a", "pa", &[]);
}

#[test]
fn an_odd_byte_at_the_end_of_utf16_is_cut() {
    check(b"\xff\xfep\0a", "p", &[]);
}

#[test]
fn bytes_that_are_no_text_are_named_by_line() {
    check(b"one\ntwo \xff\xfe\n", "one\ntwo \u{fffd}\u{fffd}\n", &["2: some bytes are no UTF-8"]);
}

#[test]
fn compressed_input_is_told_apart() {
    check(b"\x1f\x8b\x08\0\0", "", &["-: the input is compressed with"]);
}
