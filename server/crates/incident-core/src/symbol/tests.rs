use super::segments;

fn check(function: &str, expected: &[&str]) {
    assert_eq!(segments(function), expected, "{function}");
}

#[test]
fn rust_names_lose_what_changes_from_build_to_build() {
    check("pool::acquire", &["pool", "acquire"]);
    check("pool::acquire::h0123456789abcdef", &["pool", "acquire"]);
    check("pool[8787f43e282added]::acquire", &["pool", "acquire"]);
    check("pool::acquire::<alloc::string::String>", &["pool", "acquire"]);
    check("pool::acquire::{{closure}}::{closure#0}", &["pool", "acquire"]);
    check("<pool::Pool<T> as core::ops::Drop>::drop", &["pool", "Pool", "drop"]);
    check("core::slice::<impl Index<I> for [T]>::index", &["core", "slice", "index"]);
    check("<F as fn() -> T>::call", &["F", "call"]);
    check("pool::impl$2::acquire", &["pool", "acquire"]);
}

#[test]
fn names_of_other_languages() {
    check(
        "github.com/x/hugo/hugolib.(*pageMap).AddFi.func1({0x41043a0, 0xc0})",
        &["github", "com", "x", "hugo", "hugolib", "pageMap", "AddFi"],
    );
    check("Object.<anonymous>", &["Object"]);
    check("async Server.handle", &["Server", "handle"]);
    check("com.acme.Pool.acquire", &["com", "acme", "Pool", "acquire"]);
}

#[test]
fn hostile_names_end() {
    check("", &[]);
    check("<<<<<<", &[]);
    check(">>>::<", &[">>>"]);
    check("é::<ü>::ß", &["é", "ß"]);
    let deep = "<".repeat(100_000);
    check(&deep, &[]);
}
