//! The right to name nobody, and the words for it.

use super::weights::{Signal, TABLE};
use super::{Measured, RankInput, stack};

/// Least score with which a first suspect is named.
///
/// Where risk and coverage meet on the cases of `incident-eval regressions`: lower, and changes
/// are accused in histories that do not hold the culprit; higher, and real ones are kept back.
pub(super) const THRESHOLD: f64 = 6.0;
/// How much more is asked for where the message speaks of something outside the code.
const OUTSIDE_MARGIN: f64 = 3.0;
/// Least part of the score that must come from what ties a commit to this very failure.
const LEAST_GROUNDS: f64 = 1.0;

/// What a failure outside the code says of itself, in lower case, and what it is.
const OUTSIDE: &[(&str, &str)] = &[
    ("no space left on device", "the disk was full"),
    ("enospc", "the disk was full"),
    ("disk quota exceeded", "the disk quota was used up"),
    ("read-only file system", "the file system was read-only"),
    ("permission denied", "a permission was missing"),
    ("eacces", "a permission was missing"),
    ("connection refused", "the other side did not accept connections"),
    ("econnrefused", "the other side did not accept connections"),
    ("connection reset", "the other side closed the connection"),
    ("econnreset", "the other side closed the connection"),
    ("network is unreachable", "the network was not reachable"),
    ("no route to host", "the network was not reachable"),
    ("connection timed out", "the other side did not answer in time"),
    ("etimedout", "the other side did not answer in time"),
    ("dns error", "a name could not be resolved"),
    ("failed to lookup address", "a name could not be resolved"),
    ("name resolution", "a name could not be resolved"),
    ("enotfound", "a name could not be resolved"),
    ("no such host", "a name could not be resolved"),
    ("certificate has expired", "a certificate had expired"),
    ("certificate expired", "a certificate had expired"),
    ("cert_has_expired", "a certificate had expired"),
    ("certexpired", "a certificate had expired"),
];

/// Says why nobody is named, or returns `None` where the best suspect may be.
///
/// `ordered` is the ranking of all candidates, best first.
pub(super) fn reason(input: &RankInput<'_>, ordered: &[(Measured, f64)]) -> Option<String> {
    let bounds = &input.history.bounds;
    let Some((best, score)) = ordered.first() else {
        return Some(format!("there is no change to look at ({bounds})"));
    };
    if ordered.len() == 1 && best.value(Signal::Import) > 0.0 {
        return Some(format!(
            "the only change ({bounds}) brought all of the code in, so there is nothing to tell it by"
        ));
    }
    let outside = outside_the_code(input);
    let needed = THRESHOLD + if outside.is_some() { OUTSIDE_MARGIN } else { 0.0 };
    let grounds = grounds(best);
    if *score >= needed && grounds >= LEAST_GROUNDS {
        return None;
    }
    let closest = match ordered.len() {
        1 => format!("the only change ({bounds})"),
        n => format!("the closest of {n} changes ({bounds})"),
    };
    Some(match outside {
        Some(what) => {
            format!("the message says that {what}, and {closest} does not explain it")
        }
        None if !input.traces.iter().any(|trace| !stack::sites(trace).is_empty()) => format!(
            "no frame could be tied to this repository, and {closest} has too little to do with \
             the words of the failure to be named"
        ),
        None if grounds < LEAST_GROUNDS => {
            format!("{closest} neither touched the code on the stack nor speaks of the failure")
        }
        None => format!("{closest} has too little to do with the failure to be named"),
    })
}

/// Returns the part of a score that ties the commit to this very failure.
pub(super) fn grounds(measured: &Measured) -> f64 {
    TABLE
        .iter()
        .filter(|row| {
            matches!(
                row.signal,
                Signal::BlamedLine
                    | Signal::BlamedNear
                    | Signal::FunctionChanged
                    | Signal::CalleeChanged
                    | Signal::CodeRemoved
                    | Signal::FileTouched
                    | Signal::SharedWords
                    | Signal::MessageIntroduced
                    | Signal::SettingChanged
                    | Signal::PackageChanged
            )
        })
        .map(|row| row.weight * measured.value(row.signal))
        .sum()
}

/// Says what failed where the message names something that no code change makes or mends.
fn outside_the_code(input: &RankInput<'_>) -> Option<&'static str> {
    let causes = input.traces.iter().flat_map(|trace| &trace.trace.causes);
    let message: String = causes
        .filter_map(|cause| cause.message.as_deref())
        .map(|message| crate::text::cut(message, 4096).to_lowercase() + "\n")
        .take(16)
        .collect();
    OUTSIDE.iter().find(|(words, _)| message.contains(words)).map(|(_, what)| *what)
}
