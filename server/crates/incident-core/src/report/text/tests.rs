use expect_test::{Expect, expect};

use super::*;
use crate::report::fixture;

fn check(explanation: &Explanation, expected: Expect) {
    let typed = Typed {
        explain: "incident-lsp explain trace.txt".to_owned(),
        fix: Some("incident-lsp fix".to_owned()),
        git: "git".to_owned(),
    };
    let report = explain(explanation, &typed).to_plain();
    for line in report.lines() {
        let width = super::super::styled::width_of(line);
        assert!(width <= WIDTH, "{width} columns: {line}");
    }
    let shown: String = report.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    expected.assert_eq(&shown);
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
              1a2b3c4 Spread the keys over one more shard  2026-02-02, suspected
                - last changed src/pool.rs:9, in the function that failed
                - but is eight days old

            Hypothesis
              1. the shard is one too high (likely)
                 `shard` runs from 1 to 4, while the last item has the number 3. It is made from the length of
                 the key, so that a key of any length may fail.
                 > src/pool.rs:9  let shard = key.len() % 4 + 1;
                 Wrong if: an index below 4 fails as well
                 Right if: a key of three bytes fails each time
                   $ cargo test shard
                 Fix: count the shards from 0
                   --- a/src/pool.rs
                   +++ b/src/pool.rs
                   @@ -6,7 +6,7 @@

                    impl Pool {
                        pub fn get(&self, key: &str) -> u64 {
                   -        let shard = key.len() % 4 + 1;
                   +        let shard = key.len() % 4;

                            let slot = &self.shards[shard];
                            *slot.get(key).unwrap()

            Next
              opens the fix on a branch of its own, beside your tree
                incident-lsp fix 74c65322a0ac 1
              what the suspect changed
                git show 1a2b3c4
              how this function came to be
                git log -L8,13:src/pool.rs
              if another version than HEAD ran
                incident-lsp explain trace.txt --deployed REV
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
