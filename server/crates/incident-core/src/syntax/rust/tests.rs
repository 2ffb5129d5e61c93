use expect_test::{Expect, expect};

use super::*;
use crate::cancel::Cancel;
use crate::text::LineIndex;

fn check_items(text: &str, expected: Expect) {
    let symbols = index("src/lib.rs", text);
    let mut shown = String::new();
    for item in &symbols.items {
        let within = item.containers.join(" > ");
        let mark = if item.inside_macro { " (in a macro)" } else { "" };
        shown += &format!(
            "{}-{} {:?} {} [{within}]{mark}\n",
            item.start_line, item.end_line, item.kind, item.name
        );
    }
    expected.assert_eq(&shown);
}

/// `$0` marks the place; the expression is shown with its parts.
fn check_failing(text: &str, message: &str, expected: Expect) {
    let offset = text.find("$0").expect("the fixture marks a place");
    let text = text.replacen("$0", "", 1);
    let snippet = Snippet::at(&text, offset, &Cancel::new()).expect("the fixture parses");
    let found = snippet
        .failing_expression(offset, FailureHint::from_message(message))
        .expect("the place is inside the text");
    let show = |span: Option<ByteSpan>| {
        span.and_then(|span| span.slice(&text))
            .unwrap_or("-")
            .split_whitespace()
            .collect::<String>()
    };
    expected.assert_eq(&format!(
        "{:?} {} | {} | {}",
        found.kind,
        show(Some(found.span)),
        show(found.subject),
        show(found.base)
    ));
}

use crate::text::ByteSpan;

#[test]
fn items_and_what_holds_them() {
    check_items(
        r##"
//! Doc.
#[path = "other.rs"]
mod elsewhere;
pub(crate) mod imp {
    /// Doc.
    #[inline]
    pub(in crate::x) async unsafe fn one<'a, const N: usize>(x: [u8; { 1 }]) -> impl Fn(u8) { }
    impl<'a, T: Into<Vec<u8>>> fmt::Display for &'a mut super::Pool<T> where T: Fn() -> u8 {
        extern "C" fn two(&self) { fn inner() {} let c = '{'; let s = "fn no() {"; }
        fn declared_only(&self);
    }
}
const SIZE: usize = { 3 };
static mut COUNT: *const u8 = 0 as *const u8;
pub trait Draw: Sized { fn draw(&self) { /* fn no() { */ } const N: usize; }
macro_rules! make { ($n:ident) => { fn $n() {} fn fixed() {} }; }
cfg_if! { if #[cfg(unix)] { impl Task { pub fn run(self) {} } } else { fn other() {} } }
fn r#match() -> fn(u8) -> u8 { |x| x }
"##,
        expect![[r#"
            5-13 Module imp []
            8-8 Function one [mod imp]
            9-12 Impl Display for Pool [mod imp]
            10-10 Function two [mod imp > impl Display for Pool]
            10-10 Function inner [mod imp > impl Display for Pool > fn two]
            14-14 Const SIZE []
            15-15 Static COUNT []
            16-16 Trait Draw []
            16-16 Function draw [trait Draw]
            16-16 Const N [trait Draw]
            17-17 Macro make []
            17-17 Function fixed [macro make] (in a macro)
            18-18 Impl Task [] (in a macro)
            18-18 Function run [impl Task] (in a macro)
            18-18 Function other [] (in a macro)
            19-19 Function match []
        "#]],
    );
}

#[test]
fn half_typed_text_keeps_its_functions() {
    check_items(
        "fn a() { let x = (1 + ; }\nfn b( \nfn c() {}\n] ) fn d() {} \" unterminated fn e() {}",
        expect![[r#"
            1-1 Function a []
            3-3 Function c []
            4-4 Function d []
        "#]],
    );
}

#[test]
fn unwrap_at_the_end_of_a_chain() {
    check_failing(
        "fn f() { let pool = config\n    .pools()\n    .get(name)\n    .$0unwrap(); }",
        "called `Option::unwrap()` on a `None` value",
        expect!["MethodCall config.pools().get(name).unwrap() | config.pools().get(name) | -"],
    );
}

#[test]
fn old_compilers_point_at_the_start_of_the_chain() {
    check_failing(
        "fn f() { let x = $0a.get(i).unwrap().len(); }",
        "called `Option::unwrap()` on a `None` value",
        expect!["MethodCall a.get(i).unwrap() | a.get(i) | -"],
    );
}

#[test]
fn index_inside_arithmetic() {
    check_failing(
        "fn f() -> u8 { $0sizes[i + 1] - 1 }",
        "index out of bounds: the len is 3 but the index is 7",
        expect!["Index sizes[i+1] | i+1 | sizes"],
    );
    check_failing(
        "fn f() -> u8 { $0sizes[i + 1] - 1 }",
        "attempt to subtract with overflow",
        expect!["Arithmetic sizes[i+1]-1 | 1 | sizes[i+1]"],
    );
}

#[test]
fn arguments_of_macros_are_read() {
    check_failing(
        "fn f() { println!(\"{} {}\", a, vec![b.get(1).$0unwrap(), c]); }",
        "called `Option::unwrap()` on a `None` value",
        expect!["MethodCall b.get(1).unwrap() | b.get(1) | -"],
    );
}

#[test]
fn functions_in_macros_are_read() {
    check_failing(
        "cfg_rt! { impl A { fn f(&self) { self.x.$0expect(\"there\"); } } }",
        "there",
        expect![[r#"MethodCall self.x.expect("there") | self.x | -"#]],
    );
}

#[test]
fn macros_and_calls() {
    check_failing(
        "fn f() { $0assert_eq!(a, b); }",
        "assertion `left == right` failed",
        expect!["MacroCall assert_eq!(a,b) | (a,b) | -"],
    );
    check_failing(
        "fn f() { let h = $0Handle::current(); }",
        "no reactor running",
        expect!["FunctionCall Handle::current() | - | -"],
    );
    check_failing("fn f() { total $0+= x; }", "", expect!["Other total+=x; | - | -"]);
}

/// `$0` marks the use of `name`.
fn check_definition(text: &str, name: &str, expected: Expect) {
    let offset = text.find("$0").expect("the fixture marks a place");
    let text = text.replacen("$0", "", 1);
    let cancel = Cancel::new();
    let snippet = Snippet::at(&text, offset, &cancel).expect("the fixture parses");
    let shown = match snippet.definition_of_local(offset, name, &cancel) {
        Some(found) => format!(
            "{:?} {} = {}",
            found.kind,
            found.span.slice(&text).unwrap_or("?"),
            found.value.and_then(|span| span.slice(&text)).unwrap_or("-")
        ),
        None => "none".to_owned(),
    };
    expected.assert_eq(&shown);
}

#[test]
fn where_a_local_came_from() {
    let check = check_definition;
    check(
        "fn f() { let a = 1; { let a = 2; } let b = g($0a); }",
        "a",
        expect!["Let let a = 1; = 1"],
    );
    check("fn f(a: Option<u8>) { $0a.unwrap(); }", "a", expect!["Parameter a: Option<u8> = -"]);
    check(
        "fn f() { if let Some(a) = m.get(k) { $0a.x(); } }",
        "a",
        expect!["Condition let Some(a) = m.get(k) = m.get(k)"],
    );
    check(
        "fn f() { match m.get(k) { Some(a) => $0a.x(), None => {} } }",
        "a",
        expect!["MatchArm Some(a) = m.get(k)"],
    );
    check(
        "fn f() { for (i, a) in v.iter().enumerate() { $0a.x(); } }",
        "a",
        expect!["For for (i, a) in v.iter().enumerate() = v.iter().enumerate()"],
    );
    check("fn f() { v.map(|a| $0a.x()); }", "a", expect!["ClosureParameter |a| = -"]);
    check(
        "fn f() { let Some(a) = g() else { return }; println!(\"{}\", $0a.x()); }",
        "a",
        expect!["Let let Some(a) = g() else { return }; = g()"],
    );
    check("fn f() { v.map(|a| a.x()); $0a; }", "a", expect!["none"]);
}

#[test]
fn what_an_expression_calls() {
    let text = "async fn f() -> io::Result<u8> { let a = crate::db::load::<u8>(id).await?; a }";
    let cancel = Cancel::new();
    let start = text.find("crate").expect("in the text");
    let snippet = Snippet::at(text, start, &cancel).expect("it parses");
    let end = text.find("; a").expect("in the text");
    let called = snippet.called(ByteSpan::new(start, end)).expect("it calls");
    assert_eq!(called.path.slice(text), Some("crate::db::load"));
    assert_eq!(called.name.slice(text), Some("load"));
    assert_eq!(called.arguments.and_then(|span| span.slice(text)), Some("(id)"));
    assert_eq!(snippet.return_kind(start, &cancel), Some(ReturnKind::Result));
}

#[test]
fn a_line_without_column_has_one_culprit_or_none() {
    let text = "fn f() {\n    let a = x.get(1).unwrap();\n    b.unwrap(); c.unwrap();\n}\n";
    let cancel = Cancel::new();
    let snippet = Snippet::at(text, 12, &cancel).expect("it parses");
    let hint = FailureHint::from_message("called `Option::unwrap()` on a `None` value");
    let subject = |line| {
        let found = snippet.failing_on_line(line, hint)?;
        found.subject?.slice(text)
    };
    assert_eq!(subject(2), Some("x.get(1)"));
    assert_eq!(subject(3), None);
}

#[test]
fn hostile_text_ends() {
    let cancel = Cancel::new();
    for text in
        ["\"", "'", "/*", "r#\"", "b'\\", "fn", "impl", "\u{0}\u{fffd}é'", "pub(", "fn é(){'é'}"]
    {
        let _ = index("a.rs", text);
        let _ = LineIndex::new(text);
        for offset in 0..=text.len() {
            if let Some(snippet) = Snippet::at(text, offset, &cancel) {
                let _ = snippet.failing_expression(offset, FailureHint::default());
            }
        }
    }
    for deep in ["(", "[", "{", "fn a(){", "-", "&", "if x {", "mod a {", "a!{", "|x|"] {
        let text = format!("fn f() {{ {} }}", deep.repeat(20_000));
        let symbols = index("a.rs", &text);
        assert!(symbols.items.len() < 20_100);
        let offset = text.len() / 2;
        if let Some(snippet) = Snippet::at(&text, offset, &cancel) {
            let _ = snippet.failing_expression(offset, FailureHint::default());
            let _ = snippet.definition_of_local(offset, "a", &cancel);
        }
    }
}
