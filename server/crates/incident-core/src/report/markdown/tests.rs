use expect_test::expect;

use super::*;
use crate::report::fixture;

#[test]
fn a_panic_with_a_suspect() {
    expect![[r#"
        # panic in `Pool::get`: index out of bounds: the len is 4 but the index is 4

        incident 74c65322a0ac · thread worker-1 · HEAD c0ffeec assumed deployed

        ## Where

        ```text
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
        ```

        ## Suspect commit

        **`1a2b3c4` Spread the keys over one more shard** (2026-02-02, suspected)

        - last changed src/pool.rs:9, in the function that failed
        - but is eight days old

        ## Hypothesis 1: the shard is one too high (likely)

        `shard` runs from 1 to 4, while the last item has the number 3. It is made from the length of the key, so that a key of any length may fail.

        - src/pool.rs:9 `src/pool.rs:9`: `let shard = key.len() % 4 + 1;`

        - Wrong if: an index below 4 fails as well
        - Right if: a key of three bytes fails each time `cargo test shard`

        Fix: count the shards from 0

        ```diff
        --- a/src/pool.rs
        +++ b/src/pool.rs
        @@ -6,7 +6,7 @@

         impl Pool {
             pub fn get(&self, key: &str) -> u64 {
        -        let shard = key.len() % 4 + 1;
        +        let shard = key.len() % 4;

                 let slot = &self.shards[shard];
                 *slot.get(key).unwrap()
        ```
    "#]]
    .assert_eq(&without_line_end_spaces(&explain(&fixture::explain_with_suspect())));
}

#[test]
fn text_from_outside_stays_text() {
    let trace = fixture::TRACE.replace("index out", "![x](http://example.invalid) <b>`` index out");
    let report = explain(&fixture::explain_in(&[("src/pool.rs", fixture::POOL)], &trace));
    assert!(!report.contains("![x]"), "{report}");
    assert!(!report.contains("<b>"), "{report}");
}

/// A diff has a space on its blank lines, which the expected text can't hold.
fn without_line_end_spaces(report: &str) -> String {
    report.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
