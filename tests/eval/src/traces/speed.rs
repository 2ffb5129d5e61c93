//! How fast traces are read: megabytes a second on one core.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use incident_core::input::RawInput;
use incident_core::trace;

use super::case::Case;
use crate::index;

const MEGABYTE: usize = 1_000_000;

/// Measures texts of several kinds and renders one line for each.
pub(super) fn measure(cases: &[Case]) -> String {
    let corpus: String = cases.iter().map(|case| case.text.as_str()).collect();
    let texts = [
        ("traces, 20 MB", repeated(&corpus, 20 * MEGABYTE)),
        ("log with 20 panics, 10 MB", log(&corpus, 10 * MEGABYTE)),
        ("random bytes, 50 MB", random(50 * MEGABYTE)),
        ("one line of JSON, 20 MB", one_line(20 * MEGABYTE)),
    ];
    let mut out = String::new();
    for (name, text) in texts {
        let megabytes = text.len() as f64 / MEGABYTE as f64;
        let input = RawInput { name: name.to_owned(), text };
        let (start, cpu) = (Instant::now(), index::cpu_time());
        let (traces, _) = black_box(trace::parse(&input));
        let elapsed = start.elapsed();
        // One thread does it all; on a machine with other work the clock says less.
        let cpu = index::cpu_time().zip(cpu).map(|(after, before)| after.saturating_sub(before));
        let seconds = cpu.unwrap_or(elapsed).as_secs_f64().max(0.001);
        let _ = writeln!(
            out,
            "{name:<32} {:>8.1} MB/s {:>8.0} ms {:>8} traces {:>6} MB at the peak",
            megabytes / seconds,
            seconds * 1000.0,
            traces.len(),
            index::memory() >> 20,
        );
    }
    out
}

fn repeated(text: &str, size: usize) -> String {
    text.repeat(size / text.len().max(1) + 1)
}

/// A log of plain lines with a few traces in between.
fn log(corpus: &str, size: usize) -> String {
    let mut out = String::with_capacity(size + corpus.len());
    let every = size / 20;
    let mut next = every;
    let mut number = 0u64;
    while out.len() < size {
        number += 1;
        let _ = writeln!(
            out,
            "2024-05-01T10:{:02}:{:02}.{:03}Z INFO  app::server::http: request served id={number} path=/v1/items/{} status=200 took={}ms",
            number / 60 % 60,
            number % 60,
            number % 1000,
            number % 977,
            number % 311,
        );
        if out.len() > next {
            next += every;
            out.push_str("thread 'worker' panicked at src/pool.rs:41:9:\nno slot left\nstack backtrace:\n   0: app::pool::take\n             at ./src/pool.rs:41:9\n   1: app::main\n");
        }
    }
    out
}

/// Noise that is the same everywhere, with what is not UTF-8 replaced.
fn random(size: usize) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(size);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn one_line(size: usize) -> String {
    let mut out = String::from("{\"message\":\"panicked at src/a.rs:1:2:\\nboom\\n");
    for number in 0.. {
        let _ = write!(
            out,
            "  {}: app::pool::take\\n             at ./src/pool.rs:41:9\\n",
            number % 1000
        );
        if out.len() > size {
            break;
        }
    }
    out + "\"}"
}
