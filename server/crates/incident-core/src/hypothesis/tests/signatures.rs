//! The road from a trace and its sources to the hypotheses that a person reads.

use super::*;

#[test]
fn map_lookup_that_finds_nothing() {
    check(
        r#"
//- /src/route.rs
use std::collections::HashMap;

pub struct Router { pools: HashMap<String, u32> }

impl Router {
    pub fn route(&self, name: &str) -> Option<u32> {
        let pool = self.pools.get(name);
        Some(*pool.$0unwrap())
    }

    pub fn handle(&self, request: &str) -> Option<u32> {
        $1self.route(request)
    }
}
//- message
called `Option::unwrap()` on a `None` value
"#,
        expect![[r#"
            `pool`, from `self.pools.get(name)`, was None [unwrap-none 0.55]
              `route` takes `pool` for granted: `.unwrap()` panics because it is None.
              `pool` is set from `self.pools.get(name)` on line 7.
              It is None when `self.pools` has nothing at `name`.
              `name` is a parameter of `route`; `handle` passes it at src/route.rs:12.
              M1: called `Option::unwrap()` on a `None` value
              F1: Some(*pool.unwrap())
              S7: let pool = self.pools.get(name);
              F2: self.route(request)
              fix: Return None to the caller when `pool` is missing
                -        Some(*pool.unwrap())
                +        Some(*pool?)
        "#]],
    );
}

#[test]
fn own_function_gives_none() {
    check(
        r#"
//- /src/main.rs
mod store;
fn answer(id: u32) -> anyhow::Result<String> {
    let user = store::find_user(id).$0expect("user must exist");
    Ok(user)
}
//- /src/store.rs
pub fn find_user(id: u32) -> Option<String> {
    if id == 0 {
        return None;
    }
    let row = query(id)?;
    Some(row)
}
fn query(id: u32) -> Option<String> { Some(id.to_string()) }
//- message
user must exist
"#,
        expect![[r#"
            `store::find_user(id)` was None [unwrap-none 0.70]
              `answer` takes `store::find_user(id)` for granted: `.expect()` panics because it is None.
              `find_user` can give None at src/store.rs:3: `return None`.
              `find_user` can give None at src/store.rs:5: `query(id)?`.
              M1: user must exist
              F1: let user = store::find_user(id).expect("user must exist");
              S3: return None;
              S5: let row = query(id)?;
              fix: Return an error to the caller when `store::find_user(id)` is missing
                -    let user = store::find_user(id).expect("user must exist");
                +    let user = store::find_user(id).ok_or_else(|| anyhow::anyhow!("user must exist"))?;
              note: If None is wrong here at all, the function that gives it is the place to fix.
        "#]],
    );
}

#[test]
fn field_that_starts_empty() {
    check(
        r#"
//- /src/server.rs
struct Server { listener: Option<u32> }
impl Server {
    fn new() -> Self {
        Server { listener: None }
    }
    fn run(&mut self) {
        let listener = self.listener.as_ref().$0unwrap();
        drop(listener);
    }
}
//- message
called `Option::unwrap()` on a `None` value
"#,
        expect![[r#"
            `self.listener.as_ref()` was None [unwrap-none 0.55]
              `run` takes `self.listener.as_ref()` for granted: `.unwrap()` panics because it is None.
              The field `listener` starts as None at src/server.rs:4.
              M1: called `Option::unwrap()` on a `None` value
              F1: let listener = self.listener.as_ref().unwrap();
              S4: Server { listener: None }
              fix: Instead of the panic, leave `run` early; nothing is logged, so what was skipped is lost
                -        let listener = self.listener.as_ref().unwrap();
                +        let Some(listener) = self.listener.as_ref() else { return };
        "#]],
    );
}

#[test]
fn commit_took_the_check_out() {
    check(
        r#"
//- /src/lib.rs
pub fn first(items: &[u32]) -> u32 {
    let head = items.first();
    *head.$0unwrap()
}
//- message
called `Option::unwrap()` on a `None` value
//- commit Simplify first
--- a/src/lib.rs
+++ b/src/lib.rs
@@ -1,4 +1,3 @@
 pub fn first(items: &[u32]) -> u32 {
     let head = items.first();
-    if head.is_none() { return 0; }
     *head.unwrap()
"#,
        expect![[r#"
            `head`, from `items.first()`, was None [unwrap-none 0.75]
              `first` takes `head` for granted: `.unwrap()` panics because it is None.
              `head` is set from `items.first()` on line 2.
              It is None when `items` is empty.
              Commit aaa0123 (Simplify first) took out the check `if head.is_none() { return 0; }`.
              M1: called `Option::unwrap()` on a `None` value
              F1: *head.unwrap()
              S2: let head = items.first();
              H1: -    if head.is_none() { return 0; }
              fix: Undo what commit aaa0123 changed here
                +    if head.is_none() { return 0; }
              note: No edit is safe here without knowing what the caller should see: decide what a missing value means, then handle None before the call.
        "#]],
    );
}

#[test]
fn commit_changed_the_function_that_gives_none() {
    check(
        r#"
//- /src/pricing.rs
use crate::tiers::Tiers;
pub fn total(order: &Order, tiers: &Tiers) -> Result<u64, String> {
    let tier = tiers.get(&order.tier).$0unwrap();
    Ok(tier.percent_off)
}
//- /src/main.rs
fn handle(order: Order, shop: Shop) -> Result<u64, String> {
    let cents = $1pricing::total(&order, &shop.tiers)?;
    Ok(cents)
}
//- /src/tiers.rs
pub struct Tiers { rows: Vec<Tier> }
impl Tiers {
    // Names are ours.
    pub fn get(&self, name: &str) -> Option<&Tier> {
        self.rows.iter().find(|tier| tier.name == name)
    }
}
//- /src/catalog.rs
pub struct Catalog;
impl Catalog {
    pub fn get(&self, sku: &str) -> Option<u64> { None }
}
//- message
called `Option::unwrap()` on a `None` value
//- commit Log what the customer pays
--- a/src/main.rs
+++ b/src/main.rs
@@ -2,2 +2,3 @@
-    pricing::total(&order, &shop.tiers)
+    let cents = pricing::total(&order, &shop.tiers)?;
+    Ok(cents)
 }
//- commit Look tiers up without allocating
--- a/src/tiers.rs
+++ b/src/tiers.rs
@@ -3 +3 @@
-    // Names differ in case.
+    // Names are ours.
@@ -4,4 +4,3 @@
     pub fn get(&self, name: &str) -> Option<&Tier> {
-        let wanted = name.to_lowercase();
-        self.rows.iter().find(|tier| tier.name.to_lowercase() == wanted)
+        self.rows.iter().find(|tier| tier.name == name)
     }
"#,
        expect![[r#"
            `tiers.get(&order.tier)` was None [unwrap-none 0.80]
              `total` takes `tiers.get(&order.tier)` for granted: `.unwrap()` panics because it is None.
              `get` can give None at src/tiers.rs:5: `self.rows.iter().find(|tier| tier.name == name)`.
              Commit bbb0123 (Look tiers up without allocating) wrote a line that makes the value; before it was `self.rows.iter().find(|tier| tier.name.to_lowercase() == wanted)`.
              M1: called `Option::unwrap()` on a `None` value
              F1: let tier = tiers.get(&order.tier).unwrap();
              S5: self.rows.iter().find(|tier| tier.name == name)
              H3: -        let wanted = name.to_lowercase(); / -        self.rows.iter().find(|tier| tier.name.to_lowercase() == wanted) / +        self.rows.iter().find(|tier| tier.name == name)
              fix: Undo what commit bbb0123 changed here
                -    // Names are ours.
                +    // Names differ in case.
                -        self.rows.iter().find(|tier| tier.name == name)
                +        let wanted = name.to_lowercase();
                +        self.rows.iter().find(|tier| tier.name.to_lowercase() == wanted)
              note: If None is wrong here at all, the function that gives it is the place to fix.
              note: Another way, at the crash itself: Return an error to the caller when `tiers.get(&order.tier)` is missing.
        "#]],
    );
}

#[test]
fn no_edit_inside_a_closure() {
    check(
        r#"
//- /src/lib.rs
fn all(items: &[Option<u32>]) -> Option<Vec<u32>> {
    Some(items.iter().map(|item| item.$0unwrap()).collect())
}
//- message
called `Option::unwrap()` on a `None` value
"#,
        expect![[r#"
            `item` was None [unwrap-none 0.45]
              `all` takes `item` for granted: `.unwrap()` panics because it is None.
              M1: called `Option::unwrap()` on a `None` value
              F1: Some(items.iter().map(|item| item.unwrap()).collect())
              note: No edit is safe here without knowing what the caller should see: decide what a missing value means, then handle None before the call.
        "#]],
    );
}

#[test]
fn error_of_a_known_kind() {
    check(
        r#"
//- /src/config.rs
use std::fs;
fn load(path: &str) -> std::io::Result<String> {
    let text = fs::read_to_string(path).$0unwrap();
    Ok(text)
}
fn main() { let _ = $1load("app.toml"); }
//- message
called `Result::unwrap()` on an `Err` value: Os { code: 2, kind: NotFound, message: "No such file or directory" }
"#,
        expect![[r#"
            `fs::read_to_string(path)` failed: the file or folder is not there [unwrap-err 0.65]
              `load` does not expect `fs::read_to_string(path)` to fail, and `.unwrap()` turns its error into a panic.
              The error says: the file or folder is not there.
              `path` is a parameter of `load`; `main` passes it at src/config.rs:6.
              M1: called `Result::unwrap()` on an `Err` value: Os { code: 2, kind: NotFound, message: "No such file or directory" }
              F1: let text = fs::read_to_string(path).unwrap();
              F2: fn main() { let _ = load("app.toml"); }
              fix: Pass the error on to the caller when `fs::read_to_string(path)` fails
                -    let text = fs::read_to_string(path).unwrap();
                +    let text = fs::read_to_string(path)?;
        "#]],
    );
}

#[test]
fn error_in_a_loop_that_returns_nothing() {
    check(
        r#"
//- /src/worker.rs
use tracing::info;
fn work(lines: &[String]) {
    for line in lines {
        let number: Vec<u8> = Vec::new();
        let count = line.parse::<u32>().$0expect("a count");
        info!("{count} {number:?}");
    }
}
//- message
a count: ParseIntError { kind: InvalidDigit }
"#,
        expect![[r#"
            `line.parse::<u32>()` failed: the text holds a character that is no digit [unwrap-err 0.65]
              `work` does not expect `line.parse::<u32>()` to fail, and `.expect()` turns its error into a panic.
              The error says: the text holds a character that is no digit.
              M1: a count: ParseIntError { kind: InvalidDigit }
              F1: let count = line.parse::<u32>().expect("a count");
              fix: Instead of the panic, skip this round of the loop
                -        let count = line.parse::<u32>().expect("a count");
                +        let Ok(count) = line.parse::<u32>() else {
                +            tracing::error!("no value from line.parse::<u32>()");
                +            continue;
                +        };
        "#]],
    );
}

#[test]
fn index_one_past_the_end() {
    check(
        r#"
//- /src/lib.rs
fn last(items: &[u64]) -> Option<u64> {
    let at = items.len();
    let value = $0items[at];
    Some(value)
}
//- message
index out of bounds: the len is 7 but the index is 7
"#,
        expect![[r#"
            `items[at]`: index 7 of 7, one past the end [index-out-of-bounds 0.60]
              The index was 7 and the length 7: one past the end, off by one; the last item is 6.
              `at` is set from `items.len()` on line 2.
              M1: index out of bounds: the len is 7 but the index is 7
              F1: let value = items[at];
              S2: let at = items.len();
              fix: Return None to the caller when `items[at]` is not there
                -    let value = items[at];
                +    let value = *items.get(at)?;
        "#]],
    );
}

#[test]
fn index_that_wrapped_around() {
    check(
        r#"
//- /src/lib.rs
fn cell(grid: &[Vec<u8>], row: usize, column: usize) -> u8 {
    $0grid[row][column.wrapping_sub(3)]
}
fn draw(grid: &[Vec<u8>]) { $1cell(grid, 0, 1); }
//- message
index out of bounds: the len is 80 but the index is 18446744073709551614
"#,
        expect![[r#"
            `grid[row][column.wrapping_sub(3)]`: the index is -2 wrapped around [index-out-of-bounds 0.50]
              The index was 18446744073709551614 and the length 80: as a signed number the index is -2, so a subtraction went below zero before.
              Which of the indexes in it failed, the place alone does not tell.
              `column` is a parameter of `cell`; `draw` passes it at src/lib.rs:4.
              M1: index out of bounds: the len is 80 but the index is 18446744073709551614
              F1: grid[row][column.wrapping_sub(3)]
              F2: fn draw(grid: &[Vec<u8>]) { cell(grid, 0, 1); }
              note: No edit is safe here without knowing what should happen when the item is not there: check the index against the length first.
        "#]],
    );
}

#[test]
fn range_past_the_end() {
    check(
        r#"
//- /src/lib.rs
fn header(bytes: &[u8]) -> Result<&[u8], String> {
    let end = 4;
    Ok(&$0bytes[0..end])
}
//- message
range end index 4 out of range for slice of length 3
"#,
        expect![[r#"
            `bytes[0..end]`: the range ends at 4, the length is 3 [slice-out-of-bounds 0.60]
              The range ends at 4, one past the length 3: off by one.
              `end` is `4` on line 2.
              M1: range end index 4 out of range for slice of length 3
              F1: Ok(&bytes[0..end])
              S2: let end = 4;
              fix: Return an error to the caller when `bytes[0..end]` is not there
                -    Ok(&bytes[0..end])
                +    Ok(bytes.get(0..end).ok_or_else(|| "the range is out of bounds".to_owned())?)
        "#]],
    );
}

#[test]
fn text_cut_inside_a_character() {
    check(
        r#"
//- /src/title.rs
pub fn short(title: &str) -> String {
    let limit = 30;
    $0title[..limit].to_owned()
}
//- message
byte index 30 is not a char boundary; it is inside 'ö' (bytes 29..31) of `Erstaunliche Geschichten vom gr`
"#,
        expect![[r#"
            `title[..limit]` cuts a character at byte 30 [char-boundary 0.75]
              Byte 30 is not where a character begins, inside the character `'ö'`.
              The offset counts bytes, and the text has characters of more than one byte, so this works until such text comes.
              `limit` is `30` on line 2.
              M1: byte index 30 is not a char boundary; it is inside 'ö' (bytes 29..31) of `Erstaunliche Geschichten vom gr`
              F1: title[..limit].to_owned()
              S2: let limit = 30;
              fix: Cut `title` where the character begins; up to three bytes less are kept
                -    title[..limit].to_owned()
                +    title[..(0..=limit).rev().find(|&byte| title.is_char_boundary(byte)).unwrap_or(0)].to_owned()
        "#]],
    );
}

#[test]
fn assertion_with_both_sides() {
    check(
        r#"
//- /src/lib.rs
fn settle(orders: &[u32], paid: usize) {
    let open = orders.len();
    $0assert_eq!(open, paid, "every order is paid");
}
//- message
assertion `left == right` failed: every order is paid
  left: 3
 right: 2
"#,
        expect![[r#"
            `assert_eq!` failed: left is `3`, right is `2` [assertion-failed 0.50]
              `open` was `3` and `paid` was `2`.
              They differ by one.
              Its author says: `every order is paid`.
              `open` is set from `orders.len()` on line 2.
              The assertion is the messenger: what it guards was broken earlier.
              M1: assertion `left == right` failed: every order is paid
              F1: assert_eq!(open, paid, "every order is paid");
              S2: let open = orders.len();
              note: Taking the assertion out would let the broken state go on; no edit is offered.
        "#]],
    );
}

#[test]
fn assertion_of_an_old_compiler() {
    check(
        r#"
//- /src/lib.rs
fn settle(name: &str) {
    $0assert_eq!(name, "Ada");
}
//- message
assertion failed: `(left == right)`
  left: `"ada"`,
 right: `"Ada"`
"#,
        expect![[r#"
            `assert_eq!` failed: left is `"ada"`, right is `"Ada"` [assertion-failed 0.50]
              `name` was `"ada"` and `"Ada"` was `"Ada"`.
              They differ only in upper and lower case.
              The assertion is the messenger: what it guards was broken earlier.
              M1: assertion failed: `(left == right)`
              F1: assert_eq!(name, "Ada");
              note: Taking the assertion out would let the broken state go on; no edit is offered.
        "#]],
    );
}

#[test]
fn plain_assertion_with_words() {
    check(
        r#"
//- /src/lib.rs
fn shift(start: u32, end: u32) -> u32 {
    $0assert!(start <= end, "bad range {start}..{end}");
    end - start
}
//- message
bad range 4..2
"#,
        expect![[r#"
            `start <= end` did not hold [assertion-failed 0.40]
              The condition `start <= end` was false.
              Its author says: `bad range 4..2`.
              The assertion is the messenger: what it guards was broken earlier.
              M1: bad range 4..2
              F1: assert!(start <= end, "bad range {start}..{end}");
              note: Taking the assertion out would let the broken state go on; no edit is offered.
        "#]],
    );
}

#[test]
fn no_source_and_nothing_to_say() {
    check("//- message\ncalled `Option::unwrap()` on a `None` value\n", expect![[r#""#]]);
}
