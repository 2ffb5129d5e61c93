//! Whatever the text: no panic, spans that fit it, and no more traces than it has lines.

use super::*;

/// Small texts that together go through every reader.
const SAMPLES: [&str; 12] = [
    "thread 'main' (7) panicked at src/main.rs:2:5:\nboom\n  left: 1\nstack backtrace:\n   0: 0x55 - app::f::h0123456789abcdef\n             at ./src/main.rs:2:5\n   1: main\nnote: run with `RUST_BACKTRACE=full`\n",
    "> app_1  | \u{1b}[31mthread '<unnamed>' panicked at 'it’s “ö” &lt;T&gt;\nand more', C:\\a b\\src\\lib.rs:9\u{1b}[0m\n",
    "Error: a\n\nCaused by:\n    0: b\n    1: c\n\nLocation:\n    src/x.rs:1:2\n\nStack backtrace:\n   0: <a::B<C> as\n      d::E>::f\n             at /r/registry/src/i/d-1.0.0/\n      src/e.rs:4\n",
    "{\"fields\":{\"message\":\"thread 'w' panicked at src/p.rs:4:9:\\nno \\\"s\\\" \\ud83d\\ude00 \\u00e9\\nstack backtrace:\\n   0: a::b\\n\",\"panic.location\":\"x.rs:1:2\"}}\n",
    "level=error msg=\"panicked at 'a', b.rs:1\\n   0: c::d\" panic.file=src/a.rs panic.line=3\n",
    "Error:   × Main thread panicked.\n  ├─▶ at crates/a/src/b.rs:1050:14\n  ╰─▶ internal error\n      goes on\n  help: x\n         0: 0x5dda - a::b\n",
    "The application panicked (crashed).\nMessage:  m\nLocation: src/main.rs:2\n  ━━━ BACKTRACE ━━━\n   ⋮ 8 frames hidden ⋮\n   9: a::b\n      at <unknown source file>:<unknown line>\n",
    "panic: PanicInfo { payload: Any, message: Some(é), location: Location { file: \"a\\\\b.rs\", line: 1, col: 4 } }\ntrace:\n   0: g\n",
    "000000a0`9d80d0c0 00007ffc`05cfc348 : 0 : m!ZN14regex_automata10sparse_set9SparseSet5clear17hb2288ea68fdfded5E+0x16 [C:\\a.rs @ 3]\n39  std  0x5616f47c7745  [inlined] a::b (local.rs:299)\n#0  0x1 in a (x=1) at b.rs:2\n  * frame #0: 0x10 a`b::c(self) at d.rs:1:2\n    at a.wasm.b::c (wasm://wasm/1:wasm-function[3]:0x8e)\n",
    "Backtrace [{ fn: \"a::b\", file: \"c.rs\", line: 3 }, { fn: \"\u{feff}d\" }]\ntrap at X (_ZN1a1b17h0123456789abcdefE): [panic] Assert m at a.rs:1:2: 1:3 failed.\n",
    "Jun 29 08:34:17 host n[9]:    0: a::b\nJun 29 08:34:17 host n[9]:              at ./a.rs:4\n2024-05-01T10:00:00Z my logger 12    1: c::d\n[pod/a/b] x\n",
    "see \"C:\\Program Files\\a.rs\", line 12, column 3 and /a b/c.rs:4:5 or x.py(3,4) d.ts#L4 src/é.go:9.2\n",
];

/// A small generator of numbers that is the same everywhere.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % (limit.max(1) as u64)).unwrap()
    }
}

fn check_sane(text: &str) {
    let (traces, problems) = read(text);
    let shown: String = text.chars().take(400).collect();
    assert!(!traces.is_empty() || !problems.is_empty(), "silence for {shown:?}");
    let n_lines = text.split(['\n', '\r']).count() + text.matches("\\n").count();
    assert!(traces.len() <= n_lines, "too many traces for {shown:?}");
    for trace in &traces {
        let causes = trace.causes.iter().map(|cause| cause.span);
        let frames = trace.frames.iter().map(|frame| frame.span);
        let places = trace
            .frames
            .iter()
            .flat_map(|frame| frame.location.iter().chain(&frame.more_locations))
            .chain(&trace.location)
            .map(|place| place.span);
        for span in causes.chain(frames).chain(places).chain([trace.span]) {
            assert!(span.slice(text).is_some(), "{span:?} does not fit {shown:?}");
        }
    }
}

#[test]
fn cut_at_every_character() {
    for sample in SAMPLES {
        for (at, _) in sample.char_indices() {
            let (head, tail) = sample.split_at(at);
            check_sane(head);
            check_sane(tail);
        }
    }
}

#[test]
fn shuffled_lines_and_broken_bytes() {
    let all = SAMPLES.concat();
    let lines: Vec<&str> = all.split_inclusive('\n').collect();
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for _ in 0..400 {
        let n_lines = 1 + numbers.below(40);
        let text: String = (0..n_lines).map(|_| lines[numbers.below(lines.len())]).collect();
        check_sane(&text);
        let mut bytes = text.into_bytes();
        for _ in 0..1 + numbers.below(24) {
            let at = numbers.below(bytes.len());
            let byte = u8::try_from(numbers.next() & 0xff).unwrap();
            match numbers.below(3) {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes.truncate(bytes.len() - at.min(bytes.len() / 8)),
            }
        }
        check_sane(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn random_bytes() {
    let mut numbers = Numbers(42);
    for _ in 0..40 {
        let bytes: Vec<u8> =
            (0..4096).map(|_| u8::try_from(numbers.next() & 0xff).unwrap()).collect();
        check_sane(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn long_lines_and_deep_nesting() {
    check_sane(&"{\"a\":".repeat(20_000));
    check_sane(&format!("   0: {}", "<".repeat(200_000)));
    check_sane(&format!("panicked at '{}", "', a.rs".repeat(30_000)));
    check_sane(&"Error: x\nCaused by:\n".repeat(5_000));
    check_sane(&"thread 'a' panicked at src/a.rs:1:2:\n".repeat(5_000));
    check_sane(&"\\n   0: a::b panicked at 'x\\n".repeat(5_000));
    check_sane(&"   0: a::<\n".repeat(20_000));
    check_sane(&"a.a.rs:".repeat(30_000));
}
