use super::{ByteSpan, LineCol, LineIndex};

#[test]
fn offsets_and_positions_are_inverse() {
    let text = "fn a() {}\n\nlet ö = 1;\r\nlast";
    let index = LineIndex::new(text);
    for (offset, _) in text.char_indices() {
        assert_eq!(index.offset(index.line_col(offset)), Some(offset), "at {offset}");
    }
    assert_eq!(index.n_lines(), 4);
}

#[test]
fn a_carriage_return_belongs_to_its_line() {
    let index = LineIndex::new("a\r\nb");
    assert_eq!(index.line_span(1), Some(ByteSpan::new(0, 2)));
    assert_eq!(index.line_span(2), Some(ByteSpan::new(3, 4)));
    assert_eq!(index.line_span(3), None);
    assert_eq!(index.line_span(0), None);
}

#[test]
fn rustc_columns_count_characters() {
    let text = "x\nlet ö = y.unwrap();";
    let index = LineIndex::new(text);
    let offset = index.offset_of_char_column(text, 2, 10).expect("inside the line");
    assert_eq!(&text[offset..], ".unwrap();");
    assert_eq!(index.offset_of_char_column(text, 2, 99), None);
    assert_eq!(index.offset(LineCol { line: 1, column: 3 }), None);
}
