//! Sources and messages that are mangled, cut or do not fit: no panic, no false claim.

use super::*;

const FIXTURES: &[&str] = &[
    "//- /a.rs\nfn f(m: &M, k: &str) -> Option<u8> {\n    let é = m.get(k).map(|x| x.y());\n    Some(*é.$0unwrap())\n}\n//- message\ncalled `Option::unwrap()` on a `None` value\n",
    "//- /a.rs\nfn f(s: &str) -> String {\n    let n = 3;\n    $0s[..n].to_owned()\n}\n//- message\nbyte index 3 is not a char boundary; it is inside 'é' (bytes 2..4) of `abé`\n",
    "//- /a.rs\nfn f(v: &[u8]) {\n    $0assert_eq!(v.len(), \"é\".len(), \"x {}\", v[0]);\n}\n//- message\nassertion `left == right` failed: x 1\n  left: 1\n right: 2\n",
    "//- /a.rs\nfn f(v: &[u8], n: usize) -> usize {\n    match n { 0 => 1, other => { $0v.len() - other } }\n}\n//- message\nattempt to subtract with overflow\n",
    "//- /a.rs\nfn f(c: &RefCell<u8>) {\n    let b = c.borrow();\n    c.$0borrow_mut();\n}\n//- message\nRefCell already borrowed\n",
];

/// The source may change, end or vanish between resolving and explaining.
#[test]
fn source_that_no_longer_fits_the_trace() {
    for fixture in FIXTURES {
        let mut world = world(fixture);
        let whole = world.sources.current["a.rs"].clone();
        let cuts = whole.char_indices().map(|(at, _)| at).step_by(3);
        for cut in cuts {
            for text in [
                whole[..cut].to_owned(),
                whole[cut..].to_owned(),
                format!("{}\u{0}é`\"({}", &whole[..cut], &whole[cut..]),
            ] {
                world.sources.current.insert("a.rs".to_owned(), Arc::from(text));
                let input = world.input();
                for checked in verify(from_signatures(&input), &input) {
                    assert!((0.0..=1.0).contains(&checked.hypothesis().confidence));
                }
            }
        }
        world.sources.current.clear();
        let input = world.input();
        verify(from_signatures(&input), &input);
    }
}

#[test]
fn messages_cut_anywhere() {
    let messages = [
        "index out of bounds: the len is 99999999999999999999999999999999999999999 but the index is 7",
        "slice index starts at 247 but ends at 3",
        "byte index 2 is not a char boundary; it is inside 'é' (bytes 1..3) of `aé`",
        "assertion failed: `(left == right)`\n  left: `é`,\n right: `b`: words",
        "called `Result::unwrap()` on an `Err` value: Error(\"x`\", line: 1, column: 2)",
        "called `Result::unwrap()` on an `Err` value: JoinError::Panic(Id(1), \"é\", ...)",
    ];
    for message in messages {
        for (cut, _) in message.char_indices().skip(1).step_by(2) {
            let source = "//- /a.rs\nfn f(v: &[u8], i: usize) -> Option<u8> { Some($0v[i]) }\n";
            let world = world(&format!("{source}//- message\n{}\n", &message[..cut]));
            let input = world.input();
            verify(from_signatures(&input), &input);
        }
    }
}
