use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::*;
use crate::syntax::index_file;
use crate::text::ByteSpan;

/// A workspace in the fixture language: `//- /path` begins a file, `//- deployed /path` its text
/// when it was deployed, `//- member name version root` a package, `//- lock name version` a locked
/// one, `//- package name version /path` a dependency's file.
#[derive(Default)]
struct Fixture {
    files: Vec<String>,
    sources: Sources,
    members: Vec<WorkspaceMember>,
    packages: PackageSources,
    symbols: SymbolIndex,
}

fn fixture(text: &str) -> Fixture {
    let mut fixture = Fixture::default();
    for part in text.split("//- ").skip(1) {
        let (head, body) = part.split_once('\n').unwrap_or((part, ""));
        let body: Arc<str> = body.into();
        let words: Vec<&str> = head.split_whitespace().collect();
        match words.as_slice() {
            ["deployed", path] => {
                fixture.sources.deployed.insert(path[1..].to_owned(), body);
            }
            ["member", name, version, root @ ..] => fixture.members.push(WorkspaceMember {
                name: (*name).to_owned(),
                version: Some((*version).to_owned()),
                root: root.concat(),
            }),
            ["lock", name, version] => fixture.packages.resolved.push(package_id(name, version)),
            ["package", name, version, path] => {
                let files = fixture.packages.files.entry(package_id(name, version)).or_default();
                files.insert(path[1..].to_owned(), body);
            }
            [path] => {
                fixture.files.push(path[1..].to_owned());
                fixture.sources.current.insert(path[1..].to_owned(), body);
            }
            _ => panic!("unknown fixture line: {head}"),
        }
    }
    let current = fixture.sources.current.iter();
    fixture.symbols =
        SymbolIndex::new(current.map(|(path, text)| Arc::new(index_file(path, text))).collect());
    fixture.files.sort();
    fixture
}

fn package_id(name: &str, version: &str) -> PackageId {
    PackageId { name: name.to_owned(), version: version.to_owned() }
}

/// Reads `message @ file:line:col` as the panic, then `function @ file:line:col` or `function` a line.
fn trace(text: &str) -> Trace {
    let mut trace = Trace::default();
    for (line_idx, line) in text.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate()
    {
        let (name, place) = line.split_once(" @ ").unwrap_or((line, ""));
        let location = (!place.is_empty()).then(|| {
            let number = |text: &str| {
                let (before, number) = text.rsplit_once(':')?;
                Some((before.to_owned(), number.parse::<u32>().ok()?))
            };
            let (mut file, mut line, mut column) = (place.to_owned(), None, None);
            while let Some((before, number)) = number(&file) {
                (file, line, column) = (before, Some(number), line);
            }
            SourceLocation { file, line, column, span: ByteSpan::default() }
        });
        if line_idx == 0 {
            trace.location = location;
            trace
                .causes
                .push(crate::trace::Cause { message: Some(name.to_owned()), ..Default::default() });
        } else {
            let function = (name != "?").then(|| name.to_owned());
            trace.frames.push(Frame { function, location, ..Frame::default() });
        }
    }
    trace
}

fn check(workspace: &str, trace_text: &str, expected: Expect) {
    let fixture = fixture(workspace);
    let input = ResolveInput {
        files: &fixture.files,
        symbols: &fixture.symbols,
        sources: &fixture.sources,
        packages: &fixture.packages,
        members: &fixture.members,
    };
    let (resolved, _) = resolve(trace(trace_text), &input, &Cancel::new());
    let mut shown = String::new();
    for resolution in resolved.location.iter().chain(&resolved.frames) {
        show(&mut shown, resolution);
    }
    expected.assert_eq(&shown);
}

fn show(shown: &mut String, resolution: &Resolution) {
    let _ = write!(shown, "{}", resolution.status.as_str());
    if let Some(package) = &resolution.package {
        let _ = write!(shown, " [{package}]");
    }
    if let Some(place) = &resolution.place {
        let _ = write!(shown, " {}", place.path);
        if let Some(line) = place.line {
            let _ = write!(shown, ":{line}");
        }
        if let Some(item) = &place.item {
            let _ = write!(shown, " in {}", item.name);
        }
        if let Some(expression) = &place.expression {
            let _ = write!(shown, " {:?}", expression.kind);
        }
    }
    for candidate in &resolution.candidates {
        let line = candidate.line.map_or("?".to_owned(), |line| line.to_string());
        let _ = write!(shown, " <{}:{line}>", candidate.path);
    }
    let reason = resolution.reason.as_deref().unwrap_or("");
    let _ = writeln!(shown, "{}{reason}", if reason.is_empty() { "" } else { " -- " });
}

const POOL: &str = "
//- member my-app 0.2.0
//- deployed /src/pool.rs
pub struct Pool;
impl Pool {
    pub fn get(&self, name: &str) -> u8 {
        self.map.get(name).unwrap()
    }
}
//- /src/pool.rs
pub struct Pool;
impl Pool {
    pub fn get(&self, name: &str) -> u8 {
        self.map.get(name).unwrap()
    }
}
";

#[test]
fn the_deployed_text_is_the_text_of_today() {
    check(
        POOL,
        "called `Option::unwrap()` on a `None` value @ /build/my-app/src/pool.rs:4:28
         my_app::pool::Pool::get @ /build/my-app/src/pool.rs:4:28
         <my_app::pool::Pool as core::fmt::Debug>::fmt @ C:\\b\\my-app\\.\\src\\x\\..\\pool.rs:4
         core::option::Option<T>::unwrap @ /rustc/0123456789abcdef/library/core/src/option.rs:4:5
         ? @ ../../etc/passwd:1
         my_app::nowhere",
        expect![[r#"
            exact src/pool.rs:4 in get MethodCall
            exact src/pool.rs:4 in get MethodCall
            exact src/pool.rs:4 in get MethodCall -- the trace names `fmt`, the line lies in `get`
            unresolved -- part of the standard library
            unresolved -- `../../etc/passwd` names no file of a workspace
            unresolved -- no function `my_app::nowhere` in the workspace
        "#]],
    );
}

#[test]
fn ties_are_listed() {
    check(
        "
//- member a 0.1.0 a
//- member b 0.1.0 b
//- /a/src/lib.rs
pub fn one() {}
//- /b/src/lib.rs
pub fn two() {}
",
        "boom @ /app/src/lib.rs:1:1
         b::two @ /app/src/lib.rs:1:1
         b::one @ /app/src/lib.rs:1:1",
        expect![[r#"
            by_symbol b/src/lib.rs:1 in two Other -- the deployed text was not seen; the function around the line agrees
            by_symbol b/src/lib.rs:1 in two Other -- the deployed text was not seen; the function around the line agrees
            by_symbol a/src/lib.rs in one -- the trace has no line; the function has this name
        "#]],
    );
}

#[test]
fn names_without_places() {
    check(
        "
//- member my-app 0.1.0
//- lock dep 1.2.0
//- package dep 1.2.0 /src/codec.rs
impl<T> Codec<T> { pub fn decode(&self) {} }
//- /src/lib.rs
mod imp { pub fn current() {} }
//- /src/cpu.rs
impl State { pub fn current() {} }
mod imp { pub fn current() { fn inner() {} } }
#[cfg(windows)] pub fn twice() {}
#[cfg(unix)] pub fn twice() {}
impl Iterator for State { fn next(&mut self) {} }
",
        "boom
         my_app::cpu::State::current
         my_app::cpu::imp::current::{{closure}}
         my_app::cpu::imp::current::inner
         my_app[0123abcd]::imp::current
         my_app::cpu::twice
         <my_app::cpu::State as core::iter::Iterator>::next
         my_app::cpu::impl$1::next
         dep::codec::Codec<T>::decode
         dep::codec::Codec<T>::encode",
        expect![[r#"
            by_symbol src/cpu.rs in current -- the trace has no line; the function has this name
            by_symbol src/cpu.rs in current -- the trace has no line; the function has this name
            by_symbol src/cpu.rs in inner -- the trace has no line; the function has this name
            by_symbol src/lib.rs in current -- the trace has no line; the function has this name
            ambiguous <src/cpu.rs:3> <src/cpu.rs:4> -- several functions are called `my_app::cpu::twice`
            by_symbol src/cpu.rs in next -- the trace has no line; the function has this name
            by_symbol src/cpu.rs in next -- the trace has no line; the function has this name
            dependency [dep 1.2.0] src/codec.rs in decode -- the trace has no line; the function has this name
            dependency [dep 1.2.0] -- the function was not found in the source at hand
        "#]],
    );
}

#[test]
fn dependencies_and_versions() {
    check(
        "
//- member my-app 0.2.0
//- lock dep 1.3.0
//- package dep 1.2.0 /src/lib.rs
pub fn run(v: &[u8]) {
    v[1];
}
//- /src/lib.rs
pub fn run() {}
",
        "index out of bounds: the len is 0 @ /home/user/.cargo/registry/src/x-1/dep-1.2.0/src/lib.rs:2:5
         dep::run @ /home/user/.cargo/registry/src/x-1/dep-1.2.0/src/lib.rs:2:5
         dep::run @ /home/user/.cargo/registry/src/x-1/dep-1.3.0/src/lib.rs:2:5
         my_app::run @ /home/user/.cargo/registry/src/x-1/my-app-0.1.0/src/lib.rs:1:5
         other::run @ /app/vendor/other/src/lib.rs:9:5",
        expect![[r#"
            dependency [dep 1.2.0] src/lib.rs:2 in run Index -- the lock file has dep 1.3.0
            dependency [dep 1.2.0] src/lib.rs:2 in run Index -- the lock file has dep 1.3.0
            dependency [dep 1.3.0] src/lib.rs:2 -- the source of dep 1.3.0 is not at hand
            by_symbol src/lib.rs:1 in run Other -- the deployed text was not seen; the function around the line agrees; the trace is from my-app 0.1.0, this is 0.2.0
            unresolved -- in the package other, of a version that nothing names
        "#]],
    );
}

#[test]
fn a_name_that_is_elsewhere_wins_over_the_line() {
    check(
        "
//- member my-app 0.2.0
//- /src/lib.rs
pub fn new_one() {
    a();
}
pub fn run(x: Option<u8>) {
    x.unwrap();
}
",
        "boom
         my_app::run @ src/lib.rs:2:7",
        expect![[r#"
            by_symbol src/lib.rs:5 in run MethodCall -- the deployed text was not seen; the printed line does not lie in `run` here
        "#]],
    );
}

const DEPLOYED: &str = "
//- member my-app 0.2.0
//- deployed /src/pool.rs
impl Pool {
    pub fn get(&self, name: &str) -> Conn {
        let slot = self.slots.find(name);
        self.conns[slot].clone()
    }
    pub fn close(&mut self, name: &str) {
        let conn = self.take(name).expect(\"pool knows its connections\");
        conn.shutdown(self.timeout);
    }
}
";

fn check_drift(later: &str, trace_text: &str, expected: Expect) {
    check(&format!("{DEPLOYED}{later}"), trace_text, expected);
}

#[test]
fn a_line_that_only_moved() {
    check_drift(
        "//- /src/pool.rs
impl Pool {
    /// New.
    pub fn len(&self) -> usize {
        self.conns.len()
    }
    pub fn get(&self, name: &str) -> Conn {
        let slot = self.slots.find(name);
        self.conns[slot].clone()
    }
}
",
        "index out of bounds: the len is 1 but the index is 1 @ src/pool.rs:4:9
         my_app::pool::Pool::close @ src/pool.rs:7:36",
        expect![[r#"
            moved src/pool.rs:8 in get Index
            deleted -- `close` is gone since the deploy
        "#]],
    );
}

#[test]
fn a_statement_that_was_edited_or_reformatted() {
    check_drift(
        "//- /src/pool.rs
impl Pool {
    pub fn get(&self, name: &str) -> Conn {
        let slot = self.slots.find(name);
        trace(slot);
        self.connections[slot.index()].clone()
    }
    pub fn close(&mut self, name: &str) {
        let conn = self
            .take(name)
            .expect(\"pool knows its connections\");
        conn.shutdown(self.timeout);
    }
}
",
        "index out of bounds: the len is 1 but the index is 1 @ src/pool.rs:4:9
         my_app::pool::Pool::close @ src/pool.rs:7:36",
        expect![[r#"
            edited src/pool.rs:5 in get Index -- the statement was edited since the deploy
            edited src/pool.rs:10 in close MethodCall -- only the layout of the statement changed since the deploy
        "#]],
    );
}

#[test]
fn a_function_that_went_to_another_file_or_name() {
    check_drift(
        "//- /src/pool/mod.rs
impl Pool {
    pub fn get(&self, name: &str) -> Conn {
        let slot = self.slots.find(name);
        self.conns[slot].clone()
    }
}
//- /src/pool.rs
impl Pool {
    pub fn shut(&mut self, name: &str) {
        let conn = self.take(name).expect(\"pool knows its connections\");
        conn.shutdown(self.timeout);
    }
}
",
        "index out of bounds: the len is 1 but the index is 1 @ src/pool.rs:4:9
         my_app::pool::Pool::close @ src/pool.rs:7:36",
        expect![[r#"
            moved src/pool/mod.rs:4 in get Index -- was in src/pool.rs
            moved src/pool.rs:3 in shut MethodCall -- was in `close`
        "#]],
    );
}

#[test]
fn a_statement_that_is_gone() {
    check_drift(
        "//- /src/pool.rs
impl Pool {
    pub fn get(&self, name: &str) -> Conn {
        match self.lookup_or_connect(name) { Ok(it) => it, Err(_) => Conn::closed() }
    }
}
",
        "index out of bounds: the len is 1 but the index is 1 @ src/pool.rs:4:9
         my_app::pool::Pool::close @ src/pool.rs:7:36",
        expect![[r#"
            deleted src/pool.rs in get -- `get` no longer has this statement
            deleted -- `close` is gone since the deploy
        "#]],
    );
}

#[test]
fn the_panics_own_words_without_the_deployed_text() {
    check(
        "
//- /src/pool.rs
fn close(&mut self, name: &str) {
    log();
    let conn = self.take(name).expect(\"pool knows its connections\");
    if full { panic!(\"pool {} is full, {n} waiting\", name); }
    if full { panic!(\"pool {} is empty\", name); }
    a[i]; b[i];
}
",
        "pool knows its connections: NotFound @ /app/src/pool.rs:40:9",
        expect![[r#"
            by_symbol src/pool.rs:3 in close MethodCall -- the deployed text was not seen; the panic's words stand there
        "#]],
    );
    check(
        "//- /src/pool.rs\nfn f() {\n    panic!(\"pool {} is full, {n} waiting\", name);\n}",
        "pool 'a' is full, 3 waiting @ src/pool.rs:1:5",
        expect![[r#"
            by_symbol src/pool.rs:2 in f MacroCall -- the deployed text was not seen; the panic's words stand there
        "#]],
    );
    check(
        "//- /src/pool.rs\nfn f() {\n    a[i];\n    b[i];\n}",
        "index out of bounds: the len is 1 @ src/pool.rs:1:5",
        expect![[r#"
            ambiguous <src/pool.rs:2> <src/pool.rs:3> -- the deployed text was not seen, and several lines fit
        "#]],
    );
}
