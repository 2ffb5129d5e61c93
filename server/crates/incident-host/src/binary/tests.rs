//! Hostile files and maps; real programs are in `tests/it`.

use std::path::Path;

use super::*;
use crate::testing::Scratch;

fn tried(bytes: &[u8], addresses: &[u64]) -> Result<CodePlaces, BinaryError> {
    let scratch = Scratch::new();
    let file = scratch.path("app");
    std::fs::write(&file, bytes).unwrap();
    let binary = Binary { file, maps: None };
    places(&binary, addresses, &Cancel::new()).map(|(places, _)| places)
}

#[test]
fn what_is_no_program_is_said() {
    for bytes in [&b""[..], b"\x7fELF", b"MZ", b"#!/bin/sh\n", &[0; 4096]] {
        assert!(matches!(tried(bytes, &[0x1000]), Err(BinaryError::NotABinary { .. })));
    }
    let gone = Binary { file: "nowhere/app".into(), maps: None };
    let err = places(&gone, &[], &Cancel::new()).unwrap_err().to_string();
    assert!(err.starts_with("nowhere/app can't be read: "), "{err}");
}

#[test]
fn a_cut_or_damaged_program_gives_less_and_never_ends_the_process() {
    let whole = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let whole = &whole[..whole.len().min(4 << 20)];
    let addresses: Vec<u64> = (0..64).map(|n| 0x5555_5555_0000 + n * 0x1234).collect();
    for cut in [64, 1000, 4096, 100_000, whole.len() / 2, whole.len()] {
        let _ = tried(&whole[..cut.min(whole.len())], &addresses);
    }
    let mut damaged = whole.to_vec();
    for at in (0..4096).step_by(7) {
        damaged[at] ^= 0xff;
    }
    let _ = tried(&damaged, &addresses);
}

#[test]
fn a_map_tells_how_far_the_program_was_moved() {
    let exe = std::env::current_exe().unwrap();
    let bytes = std::fs::read(&exe).unwrap();
    let object = object::File::parse(&*bytes).unwrap();
    let name = exe.file_name().unwrap().to_str().unwrap();
    let maps = format!(
        "7f0000000000-7f0000001000 r--p 00000000 fd:01 7  /lib/libc.so.6\n\
         55d0c8a00000-55d0c8a40000 r--p 00000000 fd:01 9  /srv/{name} (deleted)\n\
         55d0c8a40000-55d0c8b00000 r-xp 00040000 fd:01 9  /srv/{name} (deleted)\n\
         7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0  [stack]\n"
    );
    let moved = base::mapped(&object, &maps, Path::new(name));
    let is_relocatable = object.kind() == object::ObjectKind::Dynamic;
    assert_eq!(moved.filter(|_| is_relocatable), is_relocatable.then_some(0x55d0_c8a0_0000));
    assert_eq!(base::mapped(&object, "no map\n\u{0}", Path::new(name)), None);
}
