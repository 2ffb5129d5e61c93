use tower_lsp::lsp_types::{Position, Range, TextDocumentContentChangeEvent, Url};

use super::{Document, State};

fn uri(name: &str) -> Url {
    Url::parse(&format!("file:///w/{name}")).expect("it is a URL")
}

fn change(at: [u32; 4], text: &str) -> TextDocumentContentChangeEvent {
    let [line, column, end_line, end_column] = at;
    let range = Range::new(Position::new(line, column), Position::new(end_line, end_column));
    TextDocumentContentChangeEvent { range: Some(range), range_length: None, text: text.to_owned() }
}

#[test]
fn changes_of_one_notification_build_on_each_other() {
    let state = State::default();
    state.open_document(uri("a"), Document::new("rust", 1, "one\r\ntwo 🦀\r\n"));
    let changes =
        [change([1, 4, 1, 6], "crabs"), change([0, 0, 1, 0], ""), change([9, 9, 9, 9], "!")];
    state.change_document(&uri("a"), 2, &changes);
    let snapshot = state.snapshot();
    let document = snapshot.document(&uri("a")).expect("it is open");
    assert_eq!((&*document.text(), document.version()), ("two crabs\r\n!", 2));
}

#[test]
fn a_change_without_a_range_is_the_whole_text() {
    let state = State::default();
    state.open_document(uri("a"), Document::new("rust", 1, "one"));
    let whole = TextDocumentContentChangeEvent { range: None, ..change([0; 4], "two") };
    state.change_document(&uri("a"), 2, &[whole]);
    assert_eq!(&*state.snapshot().document(&uri("a")).expect("it is open").text(), "two");
}

#[test]
fn a_snapshot_stays_as_it_was() {
    let state = State::default();
    state.open_document(uri("a"), Document::new("rust", 1, "one"));
    let before = state.snapshot();
    state.change_document(&uri("a"), 2, &[change([0, 0, 0, 3], "two")]);
    state.close_document(&uri("a"));
    assert_eq!(&*before.document(&uri("a")).expect("it was open").text(), "one");
    assert!(state.snapshot().document(&uri("a")).is_none());
    assert!(state.snapshot().revision > before.revision);
}

#[test]
fn ranges_that_end_before_they_start_and_unknown_documents_do_no_harm() {
    let state = State::default();
    state.open_document(uri("a"), Document::new("rust", 1, "abc"));
    state.change_document(&uri("a"), 2, &[change([0, 2, 0, 1], "-")]);
    assert_eq!(&*state.snapshot().document(&uri("a")).expect("it is open").text(), "a-c");
    assert!(state.change_document(&uri("never"), 1, &[change([0; 4], "x")]).is_empty());
    assert!(state.close_document(&uri("never")).is_empty());
}

#[test]
fn open_buffers_are_those_below_the_root() {
    let state = State::default();
    for name in ["src/a.rs", "src/deep/b.rs"] {
        state.open_document(uri(name), Document::new("rust", 1, name));
    }
    let outside = Url::parse("untitled:Untitled-1").expect("it is a URL");
    state.open_document(outside, Document::new("plaintext", 1, ""));
    let buffers = state.snapshot().open_buffers(std::path::Path::new("/w/src"));
    assert_eq!(buffers.into_keys().collect::<Vec<_>>(), ["a.rs", "deep/b.rs"]);
}
