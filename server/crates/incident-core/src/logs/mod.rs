//! Logs: from bytes to groups of like records.
//!
//! [`scan()`] reads a window of bytes (records, their continuation lines, their shapes), [`Tally`]
//! adds the blocks up, and mining joins the shapes that one statement printed. Nothing is sampled:
//! every line counts. Files, decompression and following are the host's.

mod ahead;
mod attach;
mod change;
mod deploy;
mod envelope;
mod head;
mod json;
mod layout;
mod logfmt;
mod mild;
mod mine;
mod report;
mod scan;
mod shape;
mod shapes;
mod stamp;
mod successions;
mod survey;
mod tally;
mod trace;
mod window;

pub use self::deploy::{deploy_time, first_stamp};
pub use self::report::{
    DeployHow, DeployTime, GroupFrame, GroupKind, GroupStatus, GroupTrace, Level, LogGroup,
    LogReport, Minute, Rates,
};
pub use self::scan::scan;
pub use self::tally::{Tallied, Tally};
pub use self::window::{Block, ScanOptions, Window};

use crate::cancel::Cancel;
use crate::input::RawInput;
use crate::problem::Problem;

/// How many bytes of a log are one block.
pub const BLOCK_BYTES: usize = 4 << 20;

/// How many bytes before and after a block are read with it: what a record's lines may span.
pub const MARGIN_BYTES: usize = 64 << 10;

/// Groups the records of all inputs.
///
/// Stops early when `cancel` is raised; what was read by then is grouped, with a problem that says
/// where it stopped.
pub fn group(inputs: &[RawInput], cancel: &Cancel) -> (LogReport, Vec<Problem>) {
    group_since(inputs, None, cancel)
}

/// Groups like [`group()`], where something else than the log tells the time of the deploy.
pub fn group_since(
    inputs: &[RawInput],
    deploy: Option<DeployTime>,
    cancel: &Cancel,
) -> (LogReport, Vec<Problem>) {
    let texts: Vec<(&str, &[u8])> =
        inputs.iter().map(|input| (input.name.as_str(), input.text.as_bytes())).collect();
    let tallied = group_bytes(&texts, ScanOptions::default(), deploy, cancel);
    (tallied.report, tallied.problems)
}

/// Groups the records of texts that are at hand, each with its name.
pub fn group_bytes(
    inputs: &[(&str, &[u8])],
    mut options: ScanOptions,
    deploy: Option<DeployTime>,
    cancel: &Cancel,
) -> Tallied {
    options.year = options.year.or_else(|| inputs.iter().find_map(|(_, text)| year_in(text)));
    let mut tally = Tally::new(options);
    inputs.iter().for_each(|(name, text)| tally.add_text(name, text, cancel));
    tally.finish(deploy)
}

/// Groups bare messages, one a record, with a label for each.
pub fn group_messages(messages: &[&[u8]]) -> Tallied {
    let mut tally = Tally::new(ScanOptions { labels: true, ..ScanOptions::default() });
    let input = tally.begin_input("messages");
    tally.add(scan::scan_messages(messages, input));
    tally.finish(None)
}

/// Returns the year of the first stamp that names one, for those that do not.
pub fn year_in(text: &[u8]) -> Option<i16> {
    let start = text.get(..1 << 20).unwrap_or(text);
    memchr::memmem::find_iter(start, b"20").find_map(|at| {
        let digits = std::str::from_utf8(start.get(at..at + 5)?).ok()?;
        let (year, sign) = digits.split_at_checked(4)?;
        let before = at.checked_sub(1).and_then(|at| start.get(at));
        let is_date = matches!(sign, "-" | "/") && before.is_none_or(|byte| !byte.is_ascii_digit());
        year.parse().ok().filter(|_| is_date)
    })
}

#[cfg(test)]
mod tests;
