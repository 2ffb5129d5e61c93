use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::{Expect, expect};

use super::*;
use crate::cancel::Cancel;

fn index(files: &[(&str, &str)]) -> CrateApi {
    let source = PackageSource {
        crate_name: "sample".to_owned(),
        edition: 2021,
        root: "src/lib.rs".to_owned(),
        files: files.iter().map(|(path, text)| ((*path).to_owned(), Arc::from(*text))).collect(),
        build_script: None,
    };
    index_package(&source, &Cancel::new())
}

fn check(files: &[(&str, &str)], expected: Expect) {
    let api = index(files);
    let mut shown = String::new();
    for item in &api.items {
        let kind = match &item.kind {
            ItemKind::Module(_) => "mod",
            ItemKind::Struct { .. } => "struct",
            ItemKind::Enum { .. } => "enum",
            ItemKind::Variant(_) => "variant",
            ItemKind::Trait { .. } => "trait",
            ItemKind::TypeAlias { .. } => "type",
            ItemKind::Fn(_) => "fn",
            ItemKind::Const(_) => "const",
            ItemKind::Static(_) => "static",
            ItemKind::Macro => "macro",
            ItemKind::AttributeMacro => "attribute",
            ItemKind::DeriveMacro => "derive",
        };
        let parent = &api.items[item.parent as usize].name;
        write!(shown, "{kind} {parent}::{} {:?}", item.name, item.vis).unwrap();
        if !item.attrs.cfg.is_always() {
            write!(shown, " {:?}", item.attrs.cfg).unwrap();
        }
        shown.push('\n');
    }
    for one in &api.impls {
        let names: Vec<&str> = one.items.iter().map(|item| item.name.as_str()).collect();
        writeln!(shown, "impl: {}", names.join(" ")).unwrap();
    }
    for opaque in &api.opaque {
        writeln!(shown, "opaque {}", opaque.name).unwrap();
    }
    for (path, why) in &api.unread {
        writeln!(shown, "unread {path}: {why}").unwrap();
    }
    expected.assert_eq(&shown);
}

#[test]
fn modules_in_files() {
    check(
        &[
            ("src/lib.rs", "pub mod a; mod b { pub mod c; } mod gone; #[path = \"x/y.rs\"] mod z;"),
            ("src/a/mod.rs", "pub mod deep;"),
            ("src/a/deep.rs", "pub struct Deep<T>(pub T);"),
            ("src/b/c.rs", "pub enum E { A, B(u8), #[cfg(feature = \"f\")] C { x: u8 } }"),
            ("src/x/y.rs", "pub const N: usize = { 1 };"),
        ],
        expect![[r#"
            mod sample::sample Public
            mod sample::a Public
            mod a::deep Public
            struct deep::Deep Public
            mod sample::b Private
            mod b::c Public
            enum c::E Public
            variant E::A Public
            variant E::B Public
            variant E::C Public Feature("f")
            mod sample::gone Private
            mod sample::z Private
            const z::N Public
            unread src/gone/mod.rs: not found
        "#]],
    );
}

#[test]
fn own_macros_are_expanded() {
    check(
        &[(
            "src/lib.rs",
            r#"
macro_rules! ints { ($($name:ident = $ty:ty, $doc:literal);* $(;)?) => { $(
    impl $name { pub fn get(&self) -> $ty { 0 } methods!($ty); }
    pub struct $name($ty);
)* } }
macro_rules! methods { ($t:ty) => { pub const fn max() -> $t { 0 } }; }
ints! { Small = u8, "s"; Large = Vec<u64>, "l"; }
macro_rules! count { () => {}; ($head:ident $($tail:ident)*) => { pub static $head: u8 = 0; count!($($tail)*); } }
count!(A B C);
foreign::thing! { generated }
"#,
        )],
        expect![[r#"
            mod sample::sample Public
            macro sample::ints Private
            macro sample::methods Private
            struct sample::Small Public
            struct sample::Large Public
            macro sample::count Private
            static sample::A Public
            static sample::B Public
            static sample::C Public
            impl: get max
            impl: get max
            opaque foreign::thing
        "#]],
    );
}

#[test]
fn conditions_are_kept() {
    check(
        &[(
            "src/lib.rs",
            r#"
cfg_if::cfg_if! { if #[cfg(unix)] { pub fn a() {} } else if #[cfg(feature = "x")] { pub fn a() {} } else { mod b {} } }
#[cfg_attr(docsrs, doc(cfg(feature = "n")))] #[cfg(all(feature = "n", not(windows)))] pub mod n { #![cfg(test)] }
"#,
        )],
        expect![[r#"
            mod sample::sample Public
            fn sample::a Public Flag("unix", None)
            fn sample::a Public All([Not(Flag("unix", None)), Feature("x")])
            mod sample::b Private All([Not(Flag("unix", None)), Not(Feature("x"))])
            mod sample::n Public All([Feature("n"), Not(Flag("windows", None)), Flag("test", None)])
        "#]],
    );
}

#[test]
fn hostile_source_ends_soon() {
    let deep = format!("{}{}", "mod a {".repeat(20_000), "}".repeat(20_000));
    assert!(index(&[("src/lib.rs", &deep)]).items.len() < 100);
    let types = format!("pub fn f(x: {}u8) {{}}", "&(".repeat(50_000));
    index(&[("src/lib.rs", &types)]);
    let bomb =
        "macro_rules! m { ($($t:tt)*) => { m!($($t)* $($t)*); pub fn f() {} } } m!(a b c d);";
    assert!(index(&[("src/lib.rs", bomb)]).items.len() < 100_000);
    let cycle = "#[path = \"lib.rs\"] pub mod again;";
    assert!(index(&[("src/lib.rs", cycle)]).items.len() < 10);
    index(&[("src/lib.rs", "\"unterminated"), ("src/a.rs", "'"), ("src/b.rs", "r#\"")]);
}
