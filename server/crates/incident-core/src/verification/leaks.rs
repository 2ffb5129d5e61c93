//! Whether something grows without end: the slope of samples over time, after the warm-up.

use super::Outcome;
use super::statistics::median;

/// The part of a run that is warm-up: caches fill, pools open.
const WARM_UP: f64 = 1.0 / 3.0;

/// Fewer samples after the warm-up show nothing.
const MIN_SAMPLES: usize = 8;

/// More samples are thinned out evenly: the slope looks at every pair.
const MAX_SAMPLES: usize = 200;

/// Of all pairs of samples, this share must rise before a growth is held for one.
const MIN_RISING: f64 = 0.8;

/// One look at the processes of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Seconds since the run began.
    pub at_s: f64,
    /// Resident memory of all processes together, in bytes.
    pub memory: u64,
    /// Open descriptors.
    pub descriptors: u64,
    /// Threads.
    pub threads: u64,
}

/// What grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Resident memory.
    Memory,
    /// Open descriptors.
    Descriptors,
    /// Threads.
    Threads,
}

/// How something moved after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// By how much it rises in a second, the middle of all pairs' slopes (Theil and Sen).
    pub per_second: f64,
    /// Its middle value.
    pub level: f64,
    /// It rises steadily, and by more than such a thing moves anyway.
    pub is_leak: bool,
}

impl Kind {
    /// Every kind, in the order of the table.
    pub const ALL: [Self; 3] = [Self::Memory, Self::Descriptors, Self::Threads];

    /// Returns its name in the table.
    pub fn subject(self) -> &'static str {
        match self {
            Self::Memory => "memory over time",
            Self::Descriptors => "descriptors over time",
            Self::Threads => "threads over time",
        }
    }

    fn of(self, sample: &Sample) -> f64 {
        let figure = match self {
            Self::Memory => sample.memory,
            Self::Descriptors => sample.descriptors,
            Self::Threads => sample.threads,
        };
        figure as f64
    }

    /// Growth over the window that is smaller than this, absolutely or as a share of the level, is
    /// no leak.
    fn floor(self, level: f64) -> f64 {
        match self {
            Self::Memory => (4.0 * 1024.0 * 1024.0_f64).max(level * 0.05),
            Self::Descriptors | Self::Threads => 8.0_f64.max(level * 0.1),
        }
    }
}

/// Judges how `kind` moved in one run; `None` where there are too few samples.
pub fn growth(samples: &[Sample], kind: Kind) -> Option<Growth> {
    let end = samples.last()?.at_s;
    let warm: Vec<(f64, f64)> = samples
        .iter()
        .filter(|sample| sample.at_s.is_finite() && sample.at_s >= end * WARM_UP)
        .map(|sample| (sample.at_s, kind.of(sample)))
        .collect();
    if warm.len() < MIN_SAMPLES {
        return None;
    }
    let step = warm.len().div_ceil(MAX_SAMPLES);
    let warm: Vec<(f64, f64)> = warm.into_iter().step_by(step).collect();
    let mut slopes = Vec::with_capacity(warm.len() * warm.len() / 2);
    let mut n_rising = 0_usize;
    for (index, (at, figure)) in warm.iter().enumerate() {
        for (later, other) in warm.iter().skip(index + 1) {
            if later > at {
                slopes.push((other - figure) / (later - at));
                n_rising += usize::from(other > figure);
            }
        }
    }
    let per_second = median(&slopes)?;
    let level = median(&warm.iter().map(|(_, figure)| *figure).collect::<Vec<_>>())?;
    let window = warm.last()?.0 - warm.first()?.0;
    let is_leak = per_second * window > kind.floor(level)
        && n_rising as f64 >= MIN_RISING * slopes.len() as f64;
    Some(Growth { per_second, level, is_leak })
}

/// Compares growth before and after, each the runs of one side.
pub(super) fn judge(before: &[Growth], after: &[Growth]) -> (Outcome, &'static str) {
    let leaks = |side: &[Growth]| 2 * side.iter().filter(|it| it.is_leak).count() > side.len();
    let slope = |side: &[Growth]| {
        median(&side.iter().map(|it| it.per_second).collect::<Vec<_>>()).unwrap_or_default()
    };
    match (leaks(before), leaks(after)) {
        _ if after.is_empty() => (Outcome::Unknown, "the run was too short to tell"),
        _ if before.is_empty() && !leaks(after) => (Outcome::Same, "does not grow after"),
        (false, true) => (Outcome::Worse, "grows steadily after the warm-up"),
        (true, false) => (Outcome::Better, "no longer grows"),
        (true, true) if slope(after) > 1.5 * slope(before) => (Outcome::Worse, "grows faster"),
        (true, true) if slope(after) < slope(before) / 1.5 => (Outcome::Better, "grows slower"),
        (true, true) => (Outcome::Same, "grows as before"),
        (false, false) => (Outcome::Same, "does not grow"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Sample, growth, judge};
    use crate::verification::Outcome;

    const MIB: u64 = 1 << 20;

    fn run(memory: impl Fn(u64) -> u64) -> Vec<Sample> {
        (0..60)
            .map(|step| Sample {
                at_s: step as f64 / 10.0,
                memory: memory(step),
                descriptors: 12 + step % 3,
                threads: 4,
            })
            .collect()
    }

    #[test]
    fn warm_up_and_noise_are_no_leak_and_a_leak_is() {
        let is_leak = |samples: &[Sample]| growth(samples, Kind::Memory).unwrap().is_leak;
        let warm_up = run(|step| (20 + step.min(15) * 4) * MIB);
        let noise = run(|step| (50 + (step * 7919) % 11) * MIB);
        let saw = run(|step| (50 + step % 20) * MIB);
        let leak = run(|step| (20 + step) * MIB + (step * 7919) % 500_000);
        assert_eq!(
            [&warm_up, &noise, &saw, &leak].map(|it| is_leak(it)),
            [false, false, false, true]
        );
        let slope = growth(&leak, Kind::Memory).unwrap().per_second / MIB as f64;
        assert!((9.0..11.0).contains(&slope), "{slope} MiB/s");
        assert!(!growth(&leak, Kind::Descriptors).unwrap().is_leak);
        assert_eq!(growth(&leak[..9], Kind::Memory), None);
        assert_eq!(growth(&[], Kind::Threads), None);
    }

    #[test]
    fn only_a_new_or_a_faster_leak_counts_against_a_fix() {
        let of = |rate: u64| growth(&run(|step| (20 + step * rate) * MIB), Kind::Memory).unwrap();
        let outcome = |before: &[_], after: &[_]| judge(before, after).0;
        assert_eq!(outcome(&[of(0)], &[of(1)]), Outcome::Worse);
        assert_eq!(outcome(&[of(1)], &[of(0)]), Outcome::Better);
        assert_eq!(outcome(&[of(1)], &[of(1)]), Outcome::Same);
        assert_eq!(outcome(&[of(1)], &[of(3)]), Outcome::Worse);
        assert_eq!(outcome(&[of(0)], &[]), Outcome::Unknown);
        assert_eq!(outcome(&[of(0), of(0), of(0)], &[of(0), of(1), of(1)]), Outcome::Worse);
    }
}
