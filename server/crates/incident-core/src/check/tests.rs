use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::{Expect, expect};

use super::*;
use crate::api::{PackageSource, index_package};

/// As much of the standard library as the tests need.
const STD: &str = r#"
//- /core/src/lib.rs
//- /std/src/lib.rs
pub mod prelude { pub mod rust_2021 { pub use crate::option::{Option, Option::*}; } }
pub mod ops { pub trait Deref { type Target: ?Sized; fn deref(&self) -> &Self::Target; } }
pub mod future { pub trait Future { type Output; } }
pub mod option { pub enum Option<T> { None, Some(T) } }
"#;

/// Splits `//- /package/src/lib.rs` fixtures into packages; `std` stands in for the toolchain.
fn world(fixture: &str) -> (ApiWorld, Resolved) {
    let mut files: BTreeMap<String, BTreeMap<String, Arc<str>>> = BTreeMap::new();
    let mut features: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let fixture = format!("{STD}{fixture}");
    for section in fixture.split("//- /").skip(1) {
        let (head, text) = section.split_once('\n').unwrap();
        let mut words = head.split(' ');
        let (package, path) = words.next().unwrap().split_once('/').unwrap();
        features.entry(package.to_owned()).or_default().extend(words.map(str::to_owned));
        files.entry(package.to_owned()).or_default().insert(path.to_owned(), text.into());
    }
    let mut world = ApiWorld::new();
    let key = |package: &str| match package {
        "std" | "core" | "alloc" => CrateKey::Toolchain(package.to_owned()),
        _ => CrateKey::Package(PackageId { name: package.to_owned(), version: "1.0.0".to_owned() }),
    };
    let externs: BTreeMap<String, CrateKey> =
        files.keys().map(|package| (package.clone(), key(package))).collect();
    for (package, files) in files {
        let source = PackageSource {
            crate_name: package.clone(),
            edition: 2021,
            root: "src/lib.rs".to_owned(),
            files,
            build_script: None,
        };
        world.add(LoadedCrate {
            key: key(&package),
            api: Arc::new(index_package(&source, &Cancel::new())),
            cfg: CfgContext {
                features: features.remove(&package).unwrap_or_default(),
                ..CfgContext::default()
            },
            externs: externs.clone(),
        });
    }
    world.add_absent(key("alloc"), "not in this test".to_owned());
    let direct = externs.into_iter().filter(|(name, _)| name != "hidden").collect();
    let lock = "[[package]]\nname = \"hidden\"\nversion = \"1.0.0\"\nsource = \"r\"\n";
    let resolved = Resolved {
        locked: Some(crate::deps::parse_cargo_lock("Cargo.lock", lock).0),
        direct,
        manifests_known: true,
        ..Resolved::default()
    };
    (world, resolved)
}

fn check_kind(fixture: &str, text: &str, kind: SnippetKind, expected: Expect) {
    let (world, resolved) = world(fixture);
    let checked = check(&parse_snippet(text, kind), &resolved, &world, &Cancel::new());
    let mut shown = String::new();
    for reference in &checked.references {
        let verdict = reference.verdict.as_str();
        write!(shown, "{}:{} {} {verdict}", reference.line, reference.column, reference.api)
            .unwrap();
        if reference.verdict != Verdict::Exists {
            write!(shown, ": {}", reference.reason).unwrap();
        }
        if !reference.suggestions.is_empty() {
            write!(shown, " -> {}", reference.suggestions.join(", ")).unwrap();
        }
        shown.push('\n');
    }
    for problem in &checked.problems {
        writeln!(shown, "{}", problem.message).unwrap();
    }
    expected.assert_eq(&shown);
}

fn check_rust(fixture: &str, text: &str, expected: Expect) {
    check_kind(fixture, text, SnippetKind::Code(Language::Rust), expected);
}

const CLOCK: &str = r#"
//- /clock/src/lib.rs time
mod inner;
pub mod time;
pub use inner::{Ticker, hidden_ticker as ticker};
#[cfg(feature = "net")]
pub mod net {}
#[deprecated(since = "1.2.0", note = "use `sleep` instead")]
pub fn delay() {}
//- /clock/src/inner.rs
pub struct Ticker;
pub fn hidden_ticker() {}
//- /clock/src/time.rs
macro_rules! cfg_time { ($($item:item)*) => { $( #[cfg(feature = "time")] $item )* } }
cfg_time! { pub fn sleep() {} pub fn sleep_until() {} }
pub(crate) fn secret() {}
"#;

#[test]
fn paths_and_imports() {
    check_rust(
        CLOCK,
        "use clock::time::{sleep, delay_for as d};\nfn f() { clock::time::sleep_untill(); clock::Ticker; }\n",
        expect![[r#"
            1:5 clock exists
            1:12 clock::time exists
            1:19 clock::time::sleep exists
            1:26 clock::time::delay_for missing: `clock::time` of clock 1.0.0 has no item `delay_for`
            2:10 clock exists
            2:17 clock::time exists
            2:23 clock::time::sleep_untill missing: `clock::time` of clock 1.0.0 has no item `sleep_untill` -> sleep_until, sleep
            2:39 clock exists
            2:46 clock::Ticker exists
        "#]],
    );
}

#[test]
fn what_exists_but_cannot_be_used() {
    check_rust(
        CLOCK,
        "use clock::net;\nuse clock::inner::Ticker;\nuse clock::time::secret;\nuse clock::delay;\n",
        expect![[r#"
            1:5 clock exists
            1:12 clock::net feature_disabled: `net` is in clock 1.0.0 only with feature `net`, which is off here -> feature `net`
            2:5 clock exists
            2:12 clock::inner private: `inner` is in clock 1.0.0, but not public
            2:19 clock::inner::Ticker exists
            3:5 clock exists
            3:12 clock::time exists
            3:18 clock::time::secret private: `secret` is in clock 1.0.0, but not public
            4:5 clock exists
            4:12 clock::delay deprecated: `delay` is deprecated since 1.2.0: use `sleep` instead -> sleep
        "#]],
    );
}

#[test]
fn packages_that_the_project_lacks() {
    check_rust(
        CLOCK,
        "use hidden::a;\nuse clok::time;\nuse crate::own;\nmod mine {}\nuse mine::x;\n",
        expect![[r#"
            1:5 hidden unknown_package: hidden 1.0.0 is in the lock file but not a dependency of this workspace's packages
            2:5 clok unknown_package: no package `clok` in this project's lock file -> clock
            3:12 crate::own unknown: the workspace's own code is not checked
            5:11 mine::x unknown: the workspace's own code is not checked
        "#]],
    );
}

#[test]
fn only_added_lines_of_a_diff() {
    check_kind(
        CLOCK,
        "--- a/src/a.rs\n+++ b/src/a.rs\n@@ -1,2 +1,2 @@\n-use clock::gone;\n+use clock::time::sleeps;\n use clock::nothing;\n--- a/b.txt\n+++ b/b.txt\n@@ -0,0 +1 @@\n+use clock::x;\n",
        SnippetKind::Diff,
        expect![[r#"
            5:6 clock exists
            5:13 clock::time exists
            5:19 clock::time::sleeps missing: `clock::time` of clock 1.0.0 has no item `sleeps` -> sleep
        "#]],
    );
}

#[test]
fn fences_of_markdown() {
    check_kind(
        CLOCK,
        "Try `x`:\n```rust\nuse clock::time::sleeps;\n```\nor\n```python\nimport x\n```\n",
        SnippetKind::Markdown,
        expect![[r#"
            3:5 clock exists
            3:12 clock::time exists
            3:18 clock::time::sleeps missing: `clock::time` of clock 1.0.0 has no item `sleeps` -> sleep
        "#]],
    );
}

#[test]
fn re_exports_in_a_circle_end() {
    check_rust(
        "//- /a/src/lib.rs\npub use b::*;\npub mod m { pub use super::m2::*; }\npub mod m2 { pub use super::m::*; }\n//- /b/src/lib.rs\npub use a::*;\n",
        "use a::nothing;\nuse a::m::nothing;\n",
        expect![[r#"
            1:5 a exists
            1:8 a::nothing missing: `a` of a 1.0.0 has no item `nothing`
            2:5 a exists
            2:8 a::m exists
            2:11 a::m::nothing missing: `a::m` of a 1.0.0 has no item `nothing`
        "#]],
    );
}

const POOL: &str = r#"
//- /pool/src/lib.rs tls
use std::option::Option;
pub struct Pool<T> { inner: T, pub size: u32 }
pub struct Builder;
pub struct Guard<T>(T);
impl<T> std::ops::Deref for Guard<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
impl Builder {
    pub fn new() -> Self { Builder }
    pub fn max(self, n: u32) -> Builder { self }
    #[cfg(feature = "tls")] pub fn tls(self) -> Self { self }
    #[cfg(feature = "zip")] pub fn zip(self) -> Self { self }
    pub async fn build<T>(self, first: T) -> Option<Pool<T>> { None }
}
impl<T> Pool<T> {
    pub fn get(&self) -> Guard<T> { loop {} }
    fn hidden(&self) {}
    pub fn map<U, F>(&self, f: F) -> Pool<U> where F: Fn(T) -> U { loop {} }
}
pub trait Drain { fn drain_all(&self); }
impl<T> Drain for Pool<T> { fn drain_all(&self) {} }
"#;

#[test]
fn methods_through_builders_futures_and_guards() {
    check_rust(
        POOL,
        "use pool::Builder;\nasync fn f() -> Option<()> {\n    let p = Builder::new().max(3).tls().build(Builder::new()).await?;\n    p.get().max(1).maxx(2);\n    p.hidden();\n    p.map(|b| b.zip()).get();\n    let n = p.size + p.inner;\n    p.drain_all();\n    Builder::new().max(1, 2);\n    None\n}\n",
        expect![[r#"
            1:5 pool exists
            1:11 pool::Builder exists
            2:17 Option exists
            3:13 pool::Builder exists
            3:22 pool::Builder::new exists
            3:28 pool::Builder::max exists
            3:35 pool::Builder::tls exists
            3:41 pool::Builder::build exists
            3:47 pool::Builder exists
            3:56 pool::Builder::new exists
            4:7 pool::Pool::get exists
            4:13 pool::Guard::max exists
            4:20 pool::Builder::maxx missing: `pool::Builder` of pool 1.0.0 has no `maxx` -> max
            5:7 pool::Pool::hidden private: `hidden` is in pool 1.0.0, but not public
            6:7 pool::Pool::map exists
            6:17 pool::Builder::zip feature_disabled: `zip` is in pool 1.0.0 only with feature `zip`, which is off here -> feature `zip`
            6:24 pool::Pool::get exists
            7:15 pool::Pool.size exists
            7:24 pool::Pool.inner private: `inner` is in pool 1.0.0, but not public
            8:7 pool::Pool::drain_all missing: `drain_all` is a method of `pool::Drain`, which is not imported here -> pool::Drain
            9:5 pool::Builder exists
            9:14 pool::Builder::new exists
            9:20 max wrong_arity: `max` takes 1 argument, 2 given
            9:20 pool::Builder::max exists
            10:5 None exists
        "#]],
    );
}

#[test]
fn what_rests_on_an_unseen_receiver_is_not_accused() {
    check_rust(
        POOL,
        "fn f(x: Elsewhere) { x.anything(); let y = other(); y.go().on(); }\nfn g(v: impl Iterator) { v.count(); }\n",
        expect![[r#"
            1:9 Elsewhere unknown: `Elsewhere` is neither defined nor imported here
            1:24 anything unknown: the receiver's type is not told
            1:55 go unknown: the receiver's type is not told
            1:60 on unknown: the receiver's type is not told
            2:14 Iterator unknown: `Iterator` is neither defined nor imported here
            2:28 count unknown: the receiver's type is not told
        "#]],
    );
}
