use expect_test::{Expect, expect};

use super::*;
use crate::report::fixture;

fn check(explanation: &Explanation, expected: Expect) {
    let typed =
        Typed { explain: "incident-lsp explain trace.txt".to_owned(), git: "git".to_owned() };
    let report = explain(explanation, &typed).to_plain();
    for line in report.lines() {
        let width = super::super::styled::width_of(line);
        assert!(width <= WIDTH, "{width} columns: {line}");
    }
    expected.assert_eq(&report);
}

#[test]
fn a_panic_with_a_suspect() {
    check(
        &fixture::explain_with_suspect(),
        expect![[r#"
        panic: index out of bounds: the len is 4 but the index is 4
          incident 74c65322a0ac · thread worker-1 · HEAD c0ffeec assumed deployed

          --> src/pool.rs:11:21 in get
           |
         8 |     pub fn get(&self, key: &str) -> u64 {
         9 |         let shard = key.len() % 4 + 1;
        10 |
        11 |         let slot = &self.shards[shard];
           |                     ------------^^^^^- `shard` does not fit `self.shards`
        12 |         *slot.get(key).unwrap()
        13 |     }
           |

        Called through
          till::pool::Pool::get  src/pool.rs:11
            2 frames in tokio 1.40.0
          till::serve            src/main.rs:9
          till::main             src/main.rs:5

        Suspect commit
          1a2b3c4 Spread the keys over one more shard  2026-02-02, 72%
            - last changed src/pool.rs:9, in the function that failed
            - but is eight days old

        Next
          git show 1a2b3c4                               what the suspect changed
          git log -L8,13:src/pool.rs                     how this function came to be
          incident-lsp explain trace.txt --deployed REV  if another version than HEAD ran
    "#]],
    );
}

#[test]
fn nothing_in_the_text() {
    check(
        &fixture::explain_in(&[], "all is well\n"),
        expect![[r#"
        No incident found.

        error: trace.txt: no stack trace in trace.txt (1 lines read); paste the panic message with its
               backtrace (RUST_BACKTRACE=1), or a log that holds it
    "#]],
    );
}
