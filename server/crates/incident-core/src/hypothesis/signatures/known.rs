//! Panics whose message tells nearly everything: one row each.

use crate::hypothesis::crash::{Crash, shown};
use crate::hypothesis::origin::describe_names;
use crate::hypothesis::signatures::Claim;
use crate::syntax::FailureKind;

/// A message and what is behind it.
struct Known {
    /// Parts of the message, one of which must be there.
    says: &'static [&'static str],
    /// What happened, short.
    title: &'static str,
    /// Why, in a sentence or two.
    why: &'static str,
    /// What would show that to be wrong.
    disproof: &'static str,
    /// What to do.
    advice: &'static str,
}

const KNOWN: &[Known] = &[
    Known {
        says: &[
            "there is no reactor running",
            "not currently running on the Tokio runtime",
            "no reactor is running",
        ],
        title: "tokio was used outside of its runtime",
        why: "A timer, socket or `spawn` needs a tokio runtime of the same major version on the current thread, and there is none. It is often called from a plain thread, from another executor, before the runtime starts, or through a second version of tokio.",
        disproof: "the call runs inside `block_on` or a task of the same tokio version",
        advice: "Enter the runtime first (`Handle::enter`, `#[tokio::main]`), or hand a `Handle` to the thread that calls.",
    },
    Known {
        says: &["there is no timer running", "timers are disabled"],
        title: "A tokio timer was used on a runtime without timers",
        why: "The runtime was built without `enable_time`, or the timer was made outside of any runtime.",
        disproof: "the runtime is built with `enable_all` or `enable_time`",
        advice: "Build the runtime with `enable_all()`.",
    },
    Known {
        says: &["but IO is disabled"],
        title: "tokio's network was used on a runtime without it",
        why: "The runtime was built without `enable_io`.",
        disproof: "the runtime is built with `enable_all` or `enable_io`",
        advice: "Build the runtime with `enable_all()`.",
    },
    Known {
        says: &["Cannot start a runtime from within a runtime"],
        title: "`block_on` was called on a thread that already drives async tasks",
        why: "Waiting there would stop every other task of that thread, so tokio refuses. As a rule a blocking wrapper (`reqwest::blocking`, `futures::executor`, a `Runtime::new().block_on`) is called from async code.",
        disproof: "no async function is among the callers",
        advice: "Use `.await` there, or move the blocking part to `spawn_blocking`.",
    },
    Known {
        says: &[
            "Cannot block the current thread from within a runtime",
            "Cannot drop a runtime in a context where blocking is not allowed",
        ],
        title: "Something blocked a thread that drives async tasks",
        why: "A `blocking_*` call, or the drop of a runtime, happened inside an async task. A runtime is often dropped with a client or struct that owns one.",
        disproof: "no async function is among the callers",
        advice: "Use the async form, `spawn_blocking`, or `shutdown_background` for the inner runtime.",
    },
    Known {
        says: &["can call blocking only when running on the multi-threaded runtime"],
        title: "`block_in_place` was called on a single-threaded runtime",
        why: "There is no other thread that could take over the tasks. `#[tokio::test]` and `current_thread` runtimes are single-threaded.",
        disproof: "the runtime is built with `new_multi_thread`",
        advice: "Use the multi-threaded flavour there, or `spawn_blocking`.",
    },
    Known {
        says: &["`spawn_local` called from outside of a"],
        title: "`spawn_local` was called outside of a `LocalSet`",
        why: "A local task needs a `LocalSet` that drives it on this thread.",
        disproof: "the caller runs inside `LocalSet::run_until`",
        advice: "Run the caller in a `LocalSet`, or make the future `Send` and use `spawn`.",
    },
    Known {
        says: &[
            "no process-level CryptoProvider available",
            "Could not automatically determine the process-level CryptoProvider",
        ],
        title: "rustls has no crypto provider",
        why: "Several providers of rustls are compiled in, or none, so it does not pick one by itself. A dependency that turned on another feature of rustls is enough.",
        disproof: "exactly one of rustls' features `ring` and `aws-lc-rs` is on",
        advice: "Call `CryptoProvider::install_default()` at the start of `main`, and look at `cargo tree -e features -i rustls`.",
    },
    Known {
        says: &["no entry found for key"],
        title: "A map was indexed with a key that it does not have",
        why: "`map[key]` panics when the key is missing.",
        disproof: "the key is in the map when the failing input is replayed",
        advice: "Use `get` and decide what a missing key means.",
    },
    Known {
        says: &[
            "source slice length (",
            "copy_from_slice: source slice length",
            "destination and source slices have different lengths",
        ],
        title: "Two slices of different lengths were copied",
        why: "`copy_from_slice` and `clone_from_slice` want equal lengths.",
        disproof: "both slices have the same length for the failing input",
        advice: "Cut both to the shorter length, or refuse input of another length first.",
    },
    Known {
        says: &["mid > len", "assertion failed: mid <= self.len()"],
        title: "A slice was split past its end",
        why: "`split_at` wants a position inside of the slice.",
        disproof: "the position is not above the length for the failing input",
        advice: "Use `split_at_checked`, or compare with the length first.",
    },
    Known {
        says: &[
            "chunk size must be non-zero",
            "chunk_size must be non-zero",
            "window size must be non-zero",
            "size is zero",
        ],
        title: "A list was cut into pieces of size zero",
        why: "`chunks` and `windows` want a size above zero, and the size was computed or configured as zero.",
        disproof: "the size is not zero for the failing input",
        advice: "Take `.max(1)` of the size, or refuse zero where it is configured.",
    },
    Known {
        says: &["assertion failed: step != 0"],
        title: "`step_by` was given zero",
        why: "A step of zero would never end.",
        disproof: "the step is not zero for the failing input",
        advice: "Take `.max(1)` of the step, or refuse zero where it is configured.",
    },
    Known {
        says: &["assertion failed: min <= max", "min > max, or either was NaN"],
        title: "`clamp` was given a lower bound above the upper one",
        why: "The bounds crossed, or one of them is not a number.",
        disproof: "the lower bound is not above the upper one for the failing input",
        advice: "Order the bounds before the call.",
    },
    Known {
        says: &["cannot sample empty range", "assertion failed: low < high"],
        title: "A random number was asked for from an empty range",
        why: "The range's end is not above its start, often because it is a length of zero.",
        disproof: "the range holds a number for the failing input",
        advice: "Handle the empty case before the call.",
    },
    Known {
        says: &[
            "attempted to index slice up to maximum usize",
            "attempted to index str up to maximum usize",
            "attempted to index slice from after maximum usize",
            "attempted to index str from after maximum usize",
        ],
        title: "A range ends at the largest index there is",
        why: "`..=usize::MAX` has no end that fits; such a value often stands for `no limit` or came from below zero.",
        disproof: "the end of the range is an ordinary index",
        advice: "Treat `no limit` apart, with an open range.",
    },
    Known {
        says: &["user-provided comparison function does not correctly implement a total order"],
        title: "A comparison for sorting contradicts itself",
        why: "Since Rust 1.81 `sort` panics when it sees that the order is not total. `partial_cmp` with a fallback on numbers that are NaN, and keys that change while sorting, are the usual reasons.",
        disproof: "the comparison is total for every pair of the failing input",
        advice: "Use `total_cmp` for floating-point numbers, and keys that do not change.",
    },
    Known {
        says: &["capacity overflow"],
        title: "A collection was asked to grow beyond memory",
        why: "The wanted capacity in bytes does not fit. A length that came from below zero, or from untrusted input, is the usual reason.",
        disproof: "the wanted capacity is small for the failing input",
        advice: "Check the length against a limit before reserving; `try_reserve` gives an error instead.",
    },
    Known {
        says: &["memory allocation of"],
        title: "The allocator had no memory to give",
        why: "The process hit its memory limit, or asked for a size that no machine has.",
        disproof: "memory use was flat and far from the limit",
        advice: "Compare the number of bytes with the limit: if it is huge, look for a length from outside; if it is small, memory was used up elsewhere.",
    },
    Known {
        says: &["failed printing to stdout", "failed printing to stderr"],
        title: "The reader of the output went away",
        why: "`println!` panics when the pipe is closed, as `| head` does, or when the terminal or log collector is gone.",
        disproof: "the output is open when the program prints",
        advice: "Write with `writeln!` to a locked `stdout` and end quietly on `BrokenPipe`.",
    },
    Known {
        says: &[
            "cannot access a Thread Local Storage value during or after destruction",
            "cannot access a TLS value during or after destruction",
            "cannot access a Thread Local Storage value",
        ],
        title: "A thread-local was used while its thread was ending",
        why: "A destructor that runs at the thread's end uses a thread-local that is gone already.",
        disproof: "the thread is not ending",
        advice: "Use `try_with` in destructors, or end the work before the thread ends.",
    },
    Known {
        says: &["has previously been poisoned"],
        title: "A lazy value's first initialisation had panicked",
        why: "This panic is a consequence: the first panic, of the initialiser, is the one to explain.",
        disproof: "this is the first panic of the process",
        advice: "Look for the first panic in the log.",
    },
    Known {
        says: &["resumed after completion", "resumed after panicking", "polled after completion"],
        title: "A finished future was polled again",
        why: "It is polled by hand or kept in a `select!` loop after it gave its value.",
        disproof: "the future is made anew for each round",
        advice: "Use `fuse`, or leave the branch out once it is done.",
    },
    Known {
        says: &[
            "a formatting trait implementation returned an error",
            "a Display implementation returned an error unexpectedly",
        ],
        title: "A `Display` or `Debug` implementation failed",
        why: "`to_string` and `format!` panic when an implementation returns an error, which it may only pass on from the formatter.",
        disproof: "no implementation of the program's own is among the values",
        advice: "Return errors from `fmt` only where the formatter gave them.",
    },
    Known {
        says: &["Formatting argument out of range"],
        title: "A width or precision for formatting is above 65535",
        why: "Since Rust 1.87 width and precision are limited to 16 bits; `{:>width$}` with a huge or wrapped width panics.",
        disproof: "the width is small for the failing input",
        advice: "Bound the width with `.min(..)` before formatting.",
    },
    Known {
        says: &["has overflowed its stack", "stack overflow"],
        title: "The stack is used up",
        why: "As a rule a function calls itself without end or once for each level of its input; large values on the stack and small thread stacks do it too.",
        disproof: "the call depth is small for the failing input",
        advice: "Bound the depth, or turn the recursion into a loop with a stack of its own.",
    },
    Known {
        says: &["panic in a function that cannot unwind", "panic in a destructor during cleanup"],
        title: "A panic reached a place that can't let it through",
        why: "An `extern \"C\"` function, or a destructor during another panic, panicked, so the process was ended. The panic before this one is the one to explain.",
        disproof: "no other panic was printed before",
        advice: "Catch the panic with `catch_unwind` at the border, and mend the first panic.",
    },
    Known {
        says: &["Out of bounds access"],
        title: "A `VecDeque` was indexed past its end",
        why: "The index was not below the length.",
        disproof: "the index is below the length for the failing input",
        advice: "Use `get` and decide what a missing item means.",
    },
];

/// A panic whose message is known.
pub(super) fn known(crash: &Crash<'_>) -> Option<Claim> {
    let head = crash.message.lines().next().unwrap_or_default();
    let known = KNOWN.iter().find(|known| known.says.iter().any(|part| head.contains(part)))?;
    let site = crash.site.filter(|site| site.expression.is_some());
    // The program's own `panic!` and `assert!` may use the same words for something else.
    let is_own = site.is_some_and(|site| {
        site.direct && site.expression.is_some_and(|it| it.kind == FailureKind::MacroCall)
    });
    if is_own {
        return None;
    }
    let there = site.and_then(|site| Some(shown(site.slice(site.expression?.span))));
    let title =
        there.map_or_else(|| known.title.to_owned(), |there| format!("{}: {there}", known.title));
    let mut claim = Claim::new(title, 0.5).say(known.why);
    if let Some(function) = recursion(crash) {
        claim = claim.say(function);
        claim.confidence += 0.2;
    }
    if let Some(site) = site
        && let Some(expression) = site.expression
    {
        claim = claim.steps(describe_names(crash, site, expression.span));
        claim.names = site.snippet.as_ref().map(|it| it.names(expression.span)).unwrap_or_default();
        claim.fix = super::bounds::get_instead(site, "no entry for the key");
    }
    claim = claim
        .validate("the failing input fails again in the same way", None, "it does", known.disproof)
        .disproved_by(known.disproof);
    Some(claim.note(known.advice))
}

/// Names a function that stands in the trace again and again.
fn recursion(crash: &Crash<'_>) -> Option<String> {
    if !crash.message.contains("stack") {
        return None;
    }
    let mut counts = std::collections::BTreeMap::new();
    for frame in &crash.trace.trace.frames {
        *counts.entry(frame.function.as_deref()?).or_insert(0usize) += 1;
    }
    let (function, n_times) = counts.into_iter().max_by_key(|(_, n_times)| *n_times)?;
    (n_times >= 3)
        .then(|| format!("`{}` stands {n_times} times in the trace.", function.replace('`', "'")))
}
