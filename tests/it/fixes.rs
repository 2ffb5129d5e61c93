//! The edits that signatures offer, through the real compiler.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use incident_core::cancel::Cancel;
use incident_core::fix::parse_patch;
use incident_core::hypothesis::{HypothesisInput, from_signatures, verify};
use incident_core::input::RawInput;
use incident_core::logs::LogReport;
use incident_core::resolve::{PackageSources, ResolveInput, Sources, resolve};
use incident_core::syntax::{SymbolIndex, index_file};

const PATH: &str = "src/lib.rs";

/// Returns the source with the best hypothesis' fix made; `$0` is where it panicked.
fn fixed(marked: &str, message: &str) -> String {
    let at = marked.find("$0").unwrap();
    let source = marked.replace("$0", "");
    let line = marked[..at].lines().count();
    let column = marked[..at].rsplit('\n').next().unwrap().chars().count() + 1;
    let text = format!("thread 'main' panicked at {PATH}:{line}:{column}:\n{message}\n");
    let (mut traces, _) =
        incident_core::trace::parse(&RawInput { name: "trace.txt".to_owned(), text });
    let mut sources = Sources::default();
    sources.current.insert(PATH.to_owned(), Arc::from(source.as_str()));
    sources.deployed = sources.current.clone();
    let files = [PATH.to_owned()];
    let input = ResolveInput {
        files: &files,
        symbols: &SymbolIndex::new(vec![Arc::new(index_file(PATH, &source))]),
        sources: &sources,
        packages: &PackageSources::default(),
        members: &[],
    };
    let (resolved, _) = resolve(traces.remove(0), &input, &Cancel::new());
    let logs = LogReport::default();
    let incident = incident_core::incident::group(vec![resolved], &logs).remove(0);
    let input =
        HypothesisInput { incident: &incident, sources: &sources, history: None, logs: &logs };
    let checked = verify(from_signatures(&input), &input);
    let hypothesis = checked.first().unwrap_or_else(|| panic!("no hypothesis for {message}"));
    let fix = hypothesis.hypothesis().fix.as_ref();
    let fix = fix.unwrap_or_else(|| panic!("no fix: {:#?}", hypothesis.hypothesis()));
    parse_patch(&fix.patch).unwrap().files[0].apply(&source).unwrap()
}

fn compiles(folder: &Path, source: &str) -> Result<(), String> {
    let file = folder.join("lib.rs");
    std::fs::write(&file, source).unwrap();
    let output = Command::new(std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned()))
        .args(["--edition=2021", "--crate-type=lib", "--emit=metadata", "-o"])
        .arg(folder.join("lib.rmeta"))
        .arg(&file)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(stderr) }
}

const NONE: &str = "called `Option::unwrap()` on a `None` value";
const IO: &str = "called `Result::unwrap()` on an `Err` value: Os { code: 2, kind: NotFound, message: \"No such file or directory\" }";
const NUMBER: &str =
    "called `Result::unwrap()` on an `Err` value: ParseIntError { kind: InvalidDigit }";
const BOUNDS: &str = "index out of bounds: the len is 3 but the index is 3";
const CHARACTER: &str =
    "byte index 3 is not a char boundary; it is inside 'é' (bytes 2..4) of `abé`";
const BELOW: &str = "attempt to subtract with overflow";
const ZERO: &str = "attempt to divide by zero";
const POISON: &str = "called `Result::unwrap()` on an `Err` value: PoisonError { .. }";
const SEND: &str = "called `Result::unwrap()` on an `Err` value: SendError { .. }";

/// Sources with the place of the panic, and what it said.
const CASES: &[(&str, &str)] = &[
    ("pub fn f(v: &[u8]) -> Option<u8> { Some(*v.first().$0unwrap()) }", NONE),
    (
        "pub fn f(v: &[u8]) -> Result<u8, String> {\n    let first = v.first().$0unwrap();\n    Ok(*first)\n}",
        NONE,
    ),
    (
        "use std::error::Error;\npub fn f(v: &str) -> Result<&str, Box<dyn Error + Send + Sync>> {\n    let (a, _) = v.split_once('{').$0expect(\"a \\\"brace\\\" {\");\n    Ok(a)\n}",
        "a \"brace\" {",
    ),
    ("pub fn f(v: &str) -> std::io::Result<char> { Ok(v.chars().next().$0unwrap()) }", NONE),
    (
        "pub fn f(v: &mut Vec<Option<String>>) {\n    for item in v {\n        let mut text = item.take().$0unwrap();\n        text.push('x');\n        *item = Some(text);\n    }\n}",
        NONE,
    ),
    ("pub fn f(v: Option<u8>) {\n    let byte = v.$0unwrap();\n    drop(byte);\n}", NONE),
    (
        "use std::{fs, io};\npub fn f(p: &str) -> io::Result<String> {\n    let text = fs::read_to_string(p).$0unwrap();\n    Ok(text)\n}",
        IO,
    ),
    (
        "use std::fs;\npub fn f(p: &str) -> Result<String, String> {\n    let text = fs::read_to_string(p).$0unwrap();\n    Ok(text)\n}",
        IO,
    ),
    (
        "pub fn f(p: &str) -> Result<u8, Box<dyn std::error::Error>> { Ok(p.parse::<u8>().$0unwrap()) }",
        NUMBER,
    ),
    ("pub fn f(p: &str) -> std::io::Result<u8> { Ok(p.parse::<u8>().$0unwrap()) }", NUMBER),
    ("pub fn f(p: &str) -> Option<u8> { Some(p.parse::<u8>().$0unwrap()) }", NUMBER),
    (
        "pub fn f(p: &[&str]) {\n    for p in p {\n        let n = p.parse::<u8>().$0unwrap();\n        drop(n);\n    }\n}",
        NUMBER,
    ),
    (
        "pub struct Bad;\nfn g() -> Result<u8, Bad> { Err(Bad) }\nimpl std::fmt::Debug for Bad { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(\"Bad\") } }\npub fn f() -> Result<u8, Bad> { Ok(g().$0unwrap()) }",
        "called `Result::unwrap()` on an `Err` value: Bad",
    ),
    ("pub fn f(v: &[u64], i: usize) -> Option<u64> { let x = $0v[i]; Some(x + 1) }", BOUNDS),
    ("pub fn f(v: &[String], i: usize) -> Option<&str> { Some($0v[i].as_str()) }", BOUNDS),
    (
        "pub fn f(v: &[String], i: usize) -> Option<usize> { let s = &$0v[i]; Some(s.len()) }",
        BOUNDS,
    ),
    ("pub fn f(v: &[(u8, u8)], i: usize) -> Result<u8, String> { Ok($0v[i].0 as u8 + 1) }", BOUNDS),
    (
        "pub fn f(v: &[u8], n: usize) -> Option<&[u8]> { Some(&$0v[..n]) }",
        "range end index 4 out of range for slice of length 3",
    ),
    (
        "pub fn f(v: &[u8], n: usize) -> Option<Vec<u8>> { Some($0v[..n].to_vec()) }",
        "range end index 4 out of range for slice of length 3",
    ),
    ("pub fn f(s: &str) -> String { $0s[..3].to_owned() }", CHARACTER),
    (
        "pub struct T { name: String }\nimpl T { pub fn f(&self, n: usize) -> &str { &$0self.name[n..] } }",
        CHARACTER,
    ),
    ("pub fn f(s: &str, a: usize, b: usize) -> &str { &$0s[a..b + 1] }", CHARACTER),
    ("pub fn f(a: usize, b: usize) -> usize { $0a - b }", BELOW),
    ("pub fn f(a: &mut u32, b: u32) { $0*a -= b; }", BELOW),
    ("pub struct C { n: u64 }\nimpl C { pub fn f(&mut self) { $0self.n -= 1; } }", BELOW),
    ("pub fn f(v: &[u8]) -> usize { $0v.len() - 1 }", BELOW),
    ("pub fn f(a: u8, b: u8) -> Option<u8> { Some($0a + b) }", "attempt to add with overflow"),
    (
        "pub fn f(a: u8, b: u8) -> Result<u8, String> { Ok(2 + $0(a + 1) * b) }",
        "attempt to multiply with overflow",
    ),
    ("pub fn f(sum: usize, v: &[u8]) -> usize { $0sum / v.len() }", ZERO),
    (
        "pub fn f(a: u32, b: u32) -> Option<u32> { Some($0a % b) }",
        "attempt to calculate the remainder with a divisor of zero",
    ),
    ("use std::sync::Mutex;\npub fn f(m: &Mutex<u8>) -> u8 { *m.lock().$0unwrap() }", POISON),
    (
        "use std::sync::RwLock;\npub fn f(m: &RwLock<Vec<u8>>) { m.write().$0expect(\"lock\").push(1); }",
        "lock: PoisonError { .. }",
    ),
    (
        "use std::sync::mpsc::Sender;\npub fn f(s: &Sender<u8>) {\n    loop {\n        s.send(1).$0unwrap();\n    }\n}",
        SEND,
    ),
    (
        "use std::cell::RefCell;\npub fn f(c: &RefCell<Vec<u8>>) {\n    let all = c.borrow();\n    let n = all.len() as u8;\n    c.$0borrow_mut().push(n);\n}",
        "RefCell already borrowed",
    ),
    (
        "use std::collections::HashMap;\npub fn f(m: &HashMap<u8, u8>, k: u8) -> Option<u8> { Some($0m[&k]) }",
        "no entry found for key",
    ),
];

#[test]
fn offered_edits_compile() {
    let folder = tempfile::tempdir().unwrap();
    let mut broken = Vec::new();
    for (marked, message) in CASES {
        let before = marked.replace("$0", "");
        compiles(folder.path(), &before).unwrap_or_else(|error| panic!("{before}\n{error}"));
        let after = fixed(marked, message);
        assert_ne!(before, after);
        if let Err(error) = compiles(folder.path(), &after) {
            broken.push(format!("{after}\n{error}"));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
