//! Forty scripted histories: each circle is stopped by its second round, nothing else is.

use super::*;

/// Versions of one function; a history is a string of their letters.
fn version(letter: char, style: usize) -> String {
    let body = match letter {
        'a' => "let head = items.first(); *head.unwrap()",
        'b' => "let head = items.first(); head.copied().unwrap_or(0)",
        'c' => "if items.is_empty() { return 0; } items[0]",
        'd' => "items.iter().next().copied().unwrap_or_default()",
        'e' => "items.first().copied().expect(\"an item\")",
        _ => "match items { [head, ..] => *head, [] => 0 }",
    };
    // The same code in other clothes.
    let body = match style % 3 {
        1 => body.replace("; ", ";\n        // explained\n        "),
        2 => body.replace("(", "(  ").replace(" {", "\n    {"),
        _ => body.to_owned(),
    };
    format!(
        "pub fn first(items: &[u32]) -> u32 {{\n    {body}\n}}\n\npub fn other() -> u32 {{ 7 }}\n"
    )
}

/// Plays a history; returns the step, from 1, that is stopped.
fn play(history: &str, held: impl Fn(usize) -> Option<bool>) -> Option<usize> {
    let letters: Vec<char> = history.chars().collect();
    let mut attempts = Vec::new();
    for (at, pair) in letters.windows(2).enumerate() {
        let (before, after) = (version(pair[0], at), version(pair[1], at + 1));
        let change = change("src/lib.rs", &before, &after);
        if stop("symptom", &change, &attempts).is_some() {
            return Some(at + 1);
        }
        attempts.push(Attempt {
            symptom: "symptom".to_owned(),
            change,
            held: held(at),
            why: "it still panics".to_owned(),
        });
    }
    None
}

#[test]
fn circles_are_stopped_by_their_second_round() {
    let failed = |_| Some(false);
    let circles = [
        // The original code back.
        ("aba", 2),
        ("aca", 2),
        ("ada", 2),
        ("bcb", 2),
        ("cdc", 2),
        ("efe", 2),
        ("faf", 2),
        // A-B-A-B and longer.
        ("abab", 2),
        ("acac", 2),
        ("bdbd", 2),
        ("abcb", 3),
        ("abcdc", 4),
        ("acdcd", 3),
        ("fedef", 3),
        // The same fix again, from elsewhere.
        ("abcdb", 4),
        ("abcb", 3),
        ("acbdc", 4),
        ("adcbd", 4),
        ("aebfe", 4),
        ("bcdec", 4),
    ];
    for (history, step) in circles {
        let stopped = play(history, failed);
        assert!(stopped.is_some_and(|at| at <= step), "{history}: {stopped:?}, at most {step}");
    }
}

#[test]
fn progress_is_not_stopped() {
    let failed = |_| Some(false);
    let straight = [
        "ab", "abc", "abcd", "abcde", "abcdef", "fedcba", "acebd", "bdf", "ace", "fa", "cdef",
        "bad",
    ];
    for history in straight {
        assert_eq!(play(history, failed), None, "{history}");
    }
    // What held may be taken back, and tried again.
    for history in ["aba", "abab", "acac", "bcb", "abcb"] {
        assert_eq!(play(history, |_| Some(true)), None, "{history}");
    }
    // What nobody judged may be opened once more from the same place.
    let change = change("src/lib.rs", &version('a', 0), &version('b', 0));
    let open = Attempt {
        symptom: "symptom".to_owned(),
        change: change.clone(),
        held: None,
        why: String::new(),
    };
    assert_eq!(stop("symptom", &change, std::slice::from_ref(&open)), None);
    // Another symptom is another history.
    let failed = Attempt { held: Some(false), ..open };
    assert_eq!(stop("another", &change, std::slice::from_ref(&failed)), None);
    assert_eq!(stop("symptom", &change, &[failed]), Some(Stop::SameAgain { attempt: 0 }));
}

#[test]
fn layout_comments_and_other_functions_do_not_matter() {
    for letter in ['a', 'b', 'c', 'd', 'e', 'f'] {
        for style in 0..3 {
            let same = change("src/lib.rs", &version(letter, 0), &version(letter, style));
            assert_eq!(same.before, same.after, "{letter} {style}");
        }
    }
    let grown = version('a', 0) + "\npub fn third() -> u32 { 8 }\n";
    let a = change("src/lib.rs", &version('a', 0), &version('b', 0));
    let b = change("src/lib.rs", &grown, &(version('b', 1) + "\npub fn third() -> u32 { 8 }\n"));
    assert_eq!(a, b);
}

#[test]
fn other_languages_have_shapes_too() {
    let change = |path: &str, before: &str, after: &str| super::change(path, before, after);
    let js = change("a.ts", "f(1) // x\n", "f(1)\n");
    assert_eq!(js.before, js.after);
    assert_ne!(
        change("a.py", "x = 1\n", "x = 2\n").before,
        change("a.py", "x = 1\n", "x = 2\n").after
    );
    let text = change("notes.txt", "one two", "one  two");
    assert_eq!(text.before, text.after);
}

#[test]
fn the_sentence_names_the_plan() {
    let change = change("src/lib.rs", &version('a', 0), &version('b', 0));
    let attempts = [Attempt {
        symptom: "s".to_owned(),
        change,
        held: Some(false),
        why: "tests fail".to_owned(),
    }];
    let told =
        Stop::SameAgain { attempt: 0 }.sentence(&attempts, &["print items.len()".to_owned()]);
    assert_eq!(
        told,
        "This fix was tried before and did not hold (tests fail). What would tell the causes apart: print items.len()."
    );
}

#[test]
fn deep_nesting_does_not_end_the_program() {
    let deep = "(".repeat(50_000);
    assert_eq!(change("a.rs", &deep, &deep).before.len(), 0);
}
