use std::sync::Arc;

use expect_test::{Expect, expect};

use super::{Producer, producers};
use crate::cancel::Cancel;
use crate::resolve::{Place, Resolution, ResolvedTrace, Sources, Status};
use crate::syntax::rust::{FailureHint, Snippet, function_at_line};
use crate::syntax::{SymbolIndex, index_file};
use crate::text::LineIndex;
use crate::trace::Trace;

/// Files separated by `//- path`; `$0` stands where the crash is.
fn check(fixture: &str, expected: Expect) {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut crash = None;
    for line in fixture.lines() {
        if let Some(path) = line.strip_prefix("//- ") {
            files.push((path.to_owned(), String::new()));
            continue;
        }
        let (path, text) = files.last_mut().unwrap();
        if let Some(at) = line.find("$0") {
            crash = Some((path.clone(), text.len() + at));
        }
        text.push_str(&line.replace("$0", ""));
        text.push('\n');
    }
    let (path, offset) = crash.expect("a place with `$0`");
    let text = &files.iter().find(|(it, _)| *it == path).unwrap().1;
    let at = LineIndex::new(text).line_col(offset);
    let snippet = Snippet::at(text, offset, &Cancel::new()).unwrap();
    let expression = snippet.failing_expression(offset, FailureHint::from_message("")).unwrap();
    let place = Place {
        path: path.clone(),
        line: Some(at.line),
        column: Some(at.column),
        item: function_at_line(&index_file(&path, text).items, at.line).cloned(),
        line_text: None,
        expression: Some(expression),
    };
    let location =
        Resolution { status: Status::Exact, place: Some(place), ..Resolution::default() };
    let trace =
        ResolvedTrace { trace: Trace::default(), location: Some(location), frames: Vec::new() };
    let symbols = SymbolIndex::new(
        files.iter().map(|(path, text)| Arc::new(index_file(path, text))).collect(),
    );
    let mut sources = Sources::default();
    sources.current.extend(files.iter().map(|(path, text)| (path.clone(), text.as_str().into())));

    let shown = |it: &Producer| {
        format!(
            "{} {} {}:{}-{} by {}\n",
            it.distance,
            it.shown(),
            it.path,
            it.start_line,
            it.end_line,
            it.call
        )
    };
    let found = producers(&trace, &sources, &symbols, &Cancel::new());
    expected.assert_eq(&found.iter().map(shown).collect::<String>());
}

#[test]
fn a_method_is_found_through_the_parameters_type() {
    check(
        "//- src/pricing.rs
use crate::tiers::Tiers;
fn total(order: &Order, tiers: &Tiers) -> u64 {
    let tier = tiers.get(&order.tier).$0unwrap();
    tier.percent
}
//- src/tiers.rs
impl Tiers {
    fn get(&self, name: &str) -> Option<&Tier> {
        self.rows.iter().find(|row| row.name == name)
    }
}
//- src/cache.rs
impl Cache {
    fn get(&self, name: &str) -> Option<&Entry> { None }
}
",
        expect![[r#"
            1 Tiers::get src/tiers.rs:2-4 by tiers.get(&order.tier)
        "#]],
    );
}

#[test]
fn a_local_leads_to_the_call_that_made_it() {
    check(
        "//- src/main.rs
fn run() {
    let config = load_config(\"a\");
    let port = config.$0unwrap();
}
fn load_config(path: &str) -> Option<u16> { find_port(path) }
",
        expect![[r#"
            1 load_config src/main.rs:5-5 by load_config("a")
        "#]],
    );
}

#[test]
fn a_common_name_on_an_unknown_type_accuses_nobody() {
    check(
        "//- src/main.rs
fn run(limits: &std::collections::HashMap<String, u32>, others: Vec<Thing>) {
    let limit = limits.get(\"a\").$0unwrap();
}
//- src/tiers.rs
impl Tiers {
    fn get(&self, name: &str) -> Option<&Tier> { None }
}
",
        expect![""],
    );
}

#[test]
fn self_and_its_fields_have_types_too() {
    check(
        "//- src/shop.rs
struct Shop {
    tiers: Arc<Tiers>,
}
impl Shop {
    fn price(&self) -> u64 {
        self.tiers.best().and_then(|it| it.rate()).$0unwrap()
    }
}
//- src/tiers.rs
impl Tiers {
    fn best(&self) -> Option<&Tier> { None }
}
impl Ranking {
    fn best(&self) -> Option<&Tier> { None }
}
",
        expect![[r#"
            1 Tiers::best src/tiers.rs:2-2 by self.tiers.best()
        "#]],
    );
}
