use super::{InputError, from_bytes, load_file, read_end};
use crate::testing::Scratch;

#[test]
fn the_end_of_a_stream_is_kept() {
    for (n_bytes, limit) in [(0_usize, 4), (3, 4), (4, 4), (5, 4), (8, 4), (9, 4), (1003, 4)] {
        let bytes: Vec<u8> = (0..n_bytes).map(|at| (at % 251) as u8).collect();
        let (kept, dropped) = read_end(&bytes[..], limit).unwrap();
        assert_eq!(kept, bytes[n_bytes.saturating_sub(limit)..]);
        assert_eq!(dropped, n_bytes.saturating_sub(limit) as u64);
    }
}

#[test]
fn a_missing_file_and_a_folder() {
    let scratch = Scratch::new();
    let missing = load_file(&scratch.path("missing.txt")).unwrap_err();
    assert!(matches!(missing, InputError::Unreadable { .. }));
    let folder = load_file(&scratch.root()).unwrap_err();
    assert!(folder.to_string().ends_with("or `-` for standard input"), "{folder}");
}

#[test]
fn bytes_that_are_not_utf8() {
    let (input, problems) = from_bytes("stdin", b"a\xff\0b".to_vec());
    assert_eq!(input.text, "a\u{fffd}\0b");
    assert_eq!(problems.len(), 1);
}

#[test]
fn what_a_windows_shell_redirects() {
    let wide: Vec<u8> =
        "\u{feff}panicked \u{1f980}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (input, problems) = from_bytes("stdin", wide);
    assert_eq!(input.text, "panicked \u{1f980}");
    assert!(problems.is_empty());
}

#[test]
fn what_is_packed_is_unpacked() {
    use std::io::Write as _;
    let scratch = Scratch::new();
    let path = scratch.path("app.log.gz");
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(b"ERROR pool exhausted\n").unwrap();
    std::fs::write(&path, packer.finish().unwrap()).unwrap();
    let (input, problems) = load_file(&path).unwrap();
    assert_eq!(input.text, "ERROR pool exhausted\n");
    assert!(problems.is_empty());
}
