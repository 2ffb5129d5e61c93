//! Every family of signatures on a message of its own, in old and new wordings.

use super::*;

#[test]
fn subtraction_below_zero() {
    check(
        r#"
//- /src/lib.rs
fn remaining(limit: usize, used: usize) -> usize {
    $0limit - used
}
fn report() { $1remaining(3, 4); }
//- message
attempt to subtract with overflow
"#,
        expect![[r#"
            `limit - used` went below zero [integer-overflow 0.60]
              The right side was larger than the left, and the type has nothing below its smallest value.
              `used` is a parameter of `remaining`; `report` passes it at src/lib.rs:4.
              `limit` is a parameter of `remaining`; `report` passes it at src/lib.rs:4.
              Debug builds and builds with overflow checks panic here; others go on with a wrapped, wrong value.
              M1: attempt to subtract with overflow
              F1: limit - used
              F2: fn report() { remaining(3, 4); }
              fix: Stop at the smallest value (0 for unsigned types) in `limit - used` instead of going below; if that hides a wrong total, return an error there instead
                -    limit - used
                +    limit.saturating_sub(used)
        "#]],
    );
}

#[test]
fn sum_in_a_function_that_can_fail() {
    check(
        r#"
//- /src/lib.rs
use anyhow::Result;
fn total(prices: &[u32]) -> Result<u32> {
    let mut sum = 0u32;
    for price in prices {
        let price = *price;
        $0sum += price;
    }
    Ok(sum)
}
//- message
attempt to add with overflow
"#,
        expect![[r#"
            `sum += price` went over the range of its type [integer-overflow 0.60]
              The result is larger than the type can hold.
              `price` is set from `*price` on line 5.
              `price` runs over `prices` from line 4.
              `sum` is `0u32` on line 3.
              Debug builds and builds with overflow checks panic here; others go on with a wrapped, wrong value.
              M1: attempt to add with overflow
              F1: sum += price;
              S5: let price = *price;
              S4: for price in prices {
              S3: let mut sum = 0u32;
              fix: Return an error to the caller when `sum += price` has no result
                -        sum += price;
                +        sum = sum.checked_add(price).ok_or_else(|| anyhow::anyhow!("no result for sum += price"))?;
        "#]],
    );
}

#[test]
fn several_subtractions_at_one_place() {
    check(
        r#"
//- /src/lib.rs
fn left(a: u32, b: u32, c: u32) -> u32 {
    $0a - b - c
}
//- message
attempt to subtract with overflow
"#,
        expect![[r#"
            `a - b - c` went below zero [integer-overflow 0.40]
              The right side was larger than the left, and the type has nothing below its smallest value.
              Which of the operations in it failed, the place alone does not tell.
              Debug builds and builds with overflow checks panic here; others go on with a wrapped, wrong value.
              M1: attempt to subtract with overflow
              F1: a - b - c
              note: `checked_sub` tells of the case, `saturating_sub` stops at the limit: which is right depends on what the value means.
        "#]],
    );
}

#[test]
fn average_of_nothing() {
    check(
        r#"
//- /src/lib.rs
fn mean(values: &[u64]) -> u64 {
    let sum: u64 = values.iter().sum();
    usize::try_from(sum).unwrap_or(0) as u64 + ($0sum as usize / values.len()) as u64
}
//- message
attempt to divide by zero
"#,
        expect![[r#"
            `values.len()` is zero in `sum as usize / values.len()` [division-by-zero 0.75]
              The divisor `values.len()` was zero.
              It counts items, so there was none: an average over nothing.
              `sum` is set from `values.iter().sum()` on line 2.
              M1: attempt to divide by zero
              F1: usize::try_from(sum).unwrap_or(0) as u64 + (sum as usize / values.len()) as u64
              S2: let sum: u64 = values.iter().sum();
              fix: Divide by 1 when `values.len()` is 0; the result is then the undivided value, so say so where an average of nothing must not look like one
                -    usize::try_from(sum).unwrap_or(0) as u64 + (sum as usize / values.len()) as u64
                +    usize::try_from(sum).unwrap_or(0) as u64 + (sum as usize / values.len().max(1)) as u64
        "#]],
    );
}

#[test]
fn cell_borrowed_in_the_same_function() {
    check(
        r#"
//- /src/lib.rs
use std::cell::RefCell;
struct Cache { rows: RefCell<Vec<u32>> }
impl Cache {
    fn add(&self, row: u32) {
        let rows = self.rows.borrow();
        let known = rows.contains(&row);
        if !known {
            self.rows.$0borrow_mut().push(row);
        }
    }
}
//- message
RefCell already borrowed
"#,
        expect![[r#"
            `self.rows` was borrowed already at `self.rows.borrow_mut()` [refcell-borrowed 0.75]
              A `RefCell` gives out one mutable borrow or several shared ones, and `self.rows` still had one out.
              `rows` borrows it on line 5 and is alive until its block ends.
              M1: RefCell already borrowed
              F1: self.rows.borrow_mut().push(row);
              S5: let rows = self.rows.borrow();
              fix: End the first borrow, `rows`, before the second begins
                +            drop(rows);
        "#]],
    );
}

#[test]
fn cell_borrowed_by_a_caller() {
    check(
        r#"
//- /src/lib.rs
use std::cell::RefCell;
struct Bus { handlers: RefCell<Vec<fn(&Bus)>> }
impl Bus {
    fn register(&self, handler: fn(&Bus)) {
        self.handlers.$0borrow_mut().push(handler);
    }
    fn fire(&self) {
        self.handlers.borrow().iter().for_each(|handler| $1handler(self));
    }
}
//- message
already borrowed: BorrowMutError
"#,
        expect![[r#"
            `self.handlers` was borrowed already at `self.handlers.borrow_mut()` [refcell-borrowed 0.65]
              A `RefCell` gives out one mutable borrow or several shared ones, and `self.handlers` still had one out.
              src/lib.rs:8 holds a borrow while it calls down to here: `self.handlers.borrow().iter().for_each(|handler| handler(self));`.
              M1: already borrowed: BorrowMutError
              F1: self.handlers.borrow_mut().push(handler);
              F2: self.handlers.borrow().iter().for_each(|handler| handler(self));
              note: End the first borrow before the second begins: copy out what is needed, or put the first one in a block of its own.
        "#]],
    );
}

#[test]
fn poisoned_lock_with_the_first_panic_in_the_log() {
    check(
        r#"
//- /src/lib.rs
use std::sync::Mutex;
fn count(hits: &Mutex<u32>) -> u32 {
    *hits.lock().$0unwrap()
}
//- message
called `Result::unwrap()` on an `Err` value: PoisonError { .. }
//- log
2026-01-01T00:00:00Z ERROR thread 'worker-3' panicked at src/worker.rs:40:9: boom
2026-01-01T00:00:01Z ERROR request failed
"#,
        expect![[r#"
            `hits` is poisoned: another thread panicked while it held it [lock-poisoned 0.75]
              This panic is a consequence.
              The first panic, of the thread that held the lock, is the one to explain.
              An earlier panic stands in the log: `2026-01-01T00:00:00Z ERROR thread 'worker-3' panicked at src/wo…`.
              M1: called `Result::unwrap()` on an `Err` value: PoisonError { .. }
              F1: *hits.lock().unwrap()
              L1: 2026-01-01T00:00:00Z ERROR thread 'worker-3' panicked at src/worker.rs:40:9: boom
              fix: Go on with the data as the panicking thread left it; check that it can be trusted, and mend the first panic as well
                -    *hits.lock().unwrap()
                +    *hits.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
              note: Going on with a poisoned lock means going on with what the panicking thread left half done.
        "#]],
    );
}

#[test]
fn receiver_is_gone() {
    check(
        r#"
//- /src/lib.rs
use std::sync::mpsc::Sender;
fn feed(lines: Vec<String>, sender: Sender<String>) {
    for line in lines {
        sender.send(line).$0unwrap();
    }
}
//- message
called `Result::unwrap()` on an `Err` value: SendError { .. }
"#,
        expect![[r#"
            `sender.send(line)`: the receiver of the channel is gone [channel-closed 0.50]
              Nobody can take the message: every receiver was dropped, as a rule because its thread or task ended or panicked.
              M1: called `Result::unwrap()` on an `Err` value: SendError { .. }
              F1: sender.send(line).unwrap();
              fix: Instead of the panic, end the loop
                -        sender.send(line).unwrap();
                +        if sender.send(line).is_err() {
                +            break;
                +        }
              note: At shutdown this is normal: then the error should end the loop, not the thread.
        "#]],
    );
}

#[test]
fn task_that_panicked() {
    check(
        r#"
//- /src/main.rs
async fn run(task: tokio::task::JoinHandle<u32>) -> u32 {
    task.await.$0unwrap()
}
//- message
called `Result::unwrap()` on an `Err` value: JoinError::Panic(Id(13), "no rows", ...)
"#,
        expect![[r#"
            A task that was waited for had panicked: `task.await` [join-failed 0.50]
              This panic is a consequence: the task's own panic is the one to explain.
              Its message was `no rows`.
              M1: called `Result::unwrap()` on an `Err` value: JoinError::Panic(Id(13), "no rows", ...)
              F1: task.await.unwrap()
        "#]],
    );
}

#[test]
fn unreachable_arm() {
    check(
        r#"
//- /src/lib.rs
fn price(kind: &str) -> u32 {
    match kind {
        "a" => 1,
        "b" => 2,
        other => $0unreachable!("kind {other}"),
    }
}
fn main() { $1price("c"); }
//- message
internal error: entered unreachable code: kind c
"#,
        expect![[r#"
            `kind` met `other`, and `unreachable!` answers [declared-panic 0.45]
              Code that its author held to be unreachable was reached, in `price`.
              It is what the arm `other` does, so `kind` had a value that no other arm takes.
              It says `kind c`.
              `kind` is a parameter of `price`; `main` passes it at src/lib.rs:8.
              M1: internal error: entered unreachable code: kind c
              F1: other => unreachable!("kind {other}"),
              S2: match kind {
              F2: fn main() { price("c"); }
              note: The fix is a decision: handle the case, or keep it from coming here.
        "#]],
    );
}

#[test]
fn panic_on_a_condition() {
    check(
        r#"
//- /src/lib.rs
fn start(port: u16) {
    if port == 0 {
        $0panic!("port must be set");
    }
}
//- message
port must be set
"#,
        expect![[r#"
            `port == 0` held, and `panic!` answers [declared-panic 0.45]
              The code gives up here on purpose, in `start`.
              The branch is taken because `port == 0` held.
              It says `port must be set`.
              M1: port must be set
              F1: panic!("port must be set");
              S2: if port == 0 {
              note: The fix is a decision: handle the case, or keep it from coming here.
        "#]],
    );
}

#[test]
fn key_that_is_not_in_the_map() {
    check(
        r#"
//- /src/lib.rs
use std::collections::HashMap;
fn rate(rates: &HashMap<String, f64>, currency: &str) -> Option<f64> {
    Some($0rates[currency])
}
//- message
no entry found for key
"#,
        expect![[r#"
            A map was indexed with a key that it does not have: `rates[currency]` [known-panic 0.50]
              `map[key]` panics when the key is missing.
              M1: no entry found for key
              F1: Some(rates[currency])
              fix: Return None to the caller when `rates[currency]` is not there
                -    Some(rates[currency])
                +    Some(*rates.get(currency)?)
              note: Use `get` and decide what a missing key means.
        "#]],
    );
}

#[test]
fn runtime_inside_a_runtime() {
    check(
        r#"
//- /src/main.rs
fn fetch(runtime: &tokio::runtime::Runtime) -> u32 {
    runtime.$0block_on(async { 1 })
}
//- message
Cannot start a runtime from within a runtime. This happens because a function (like `block_on`) attempted to block the current thread while the thread is being used to drive asynchronous tasks.
"#,
        expect![[r#"
            `block_on` was called on a thread that already drives async tasks: `runtime.block_on(async { 1 })` [known-panic 0.50]
              Waiting there would stop every other task of that thread, so tokio refuses.
              As a rule a blocking wrapper (`reqwest::blocking`, `futures::executor`, a `Runtime::new().block_on`) is called from async code.
              M1: Cannot start a runtime from within a runtime. This happens because a function (like `block_on`) attempted to block the current thread while the thread is being used to drive asynchronous tasks.
              F1: runtime.block_on(async { 1 })
              note: Use `.await` there, or move the blocking part to `spawn_blocking`.
        "#]],
    );
}

#[test]
fn own_words_are_not_taken_for_known_ones() {
    check(
        r#"
//- /src/lib.rs
fn push(depth: usize) {
    $0assert!(depth < 9, "stack overflow at depth {depth}");
}
//- message
stack overflow at depth 9
"#,
        expect![[r#"
            `depth < 9` did not hold [assertion-failed 0.40]
              The condition `depth < 9` was false.
              Its author says: `stack overflow at depth 9`.
              The assertion is the messenger: what it guards was broken earlier.
              M1: stack overflow at depth 9
              F1: assert!(depth < 9, "stack overflow at depth {depth}");
              note: Taking the assertion out would let the broken state go on; no edit is offered.
        "#]],
    );
}
