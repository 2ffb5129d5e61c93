//! Steps in a series: where its level changed for good.

use super::{Sample, Series};

/// A lasting change of a series' level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Seconds since 1970: the first sample that departs from the level before.
    pub at: f64,
    /// The median before, back to the step before this one.
    pub before: f64,
    /// The median after, up to the next step.
    pub after: f64,
}

/// How long a level must hold on either side, in seconds: shorter is a dip or a spike.
const MIN_HOLD_S: f64 = 120.0;
/// How many samples must stand on either side.
const MIN_SIDE: usize = 4;
/// How much likelier a step must be than one level: natural logarithm, doubled.
const MIN_OVER_LEVEL: f64 = 20.0;
/// How much likelier it must be than a straight line: a slow trend is no step.
const MIN_OVER_LINE: f64 = 14.0;
/// How far the levels must lie apart, in spreads of the samples around them.
const MIN_SPREADS: f64 = 1.2;
/// How far the levels must lie apart, as a share of the higher one.
const MIN_SHARE: f64 = 0.12;
/// How many spreads of the level before a sample must be off to count as departed.
const DEPARTED_SPREADS: f64 = 5.0;
/// How many steps of one series are looked for.
const MAX_STEPS: usize = 6;

/// Finds the steps of a series, in time.
pub fn steps(samples: &[Sample]) -> Vec<Step> {
    let mut bounds: Vec<usize> = Vec::new();
    let mut open = vec![(0, samples.len())];
    // Each step splits its segment in two that are looked at on their own.
    while let Some((start, end)) = open.pop() {
        if bounds.len() >= MAX_STEPS {
            break;
        }
        let Some(segment) = samples.get(start..end) else { continue };
        if let Some(at) = split(segment) {
            bounds.push(start + at);
            open.push((start, start + at));
            open.push((start + at, end));
        }
    }
    bounds.sort_unstable();
    let edges: Vec<usize> =
        std::iter::once(0).chain(bounds.iter().copied()).chain([samples.len()]).collect();
    let step = |edge: &[usize]| {
        let &[start, at, end] = edge else { return None };
        let (before, after) = (samples.get(start..at)?, samples.get(at..end)?);
        let first = departed(before, after, samples, at);
        Some(Step { at: samples.get(first)?.at, before: median(before), after: median(after) })
    };
    edges.windows(3).filter_map(step).collect()
}

/// Returns where a segment's level changes, where it does.
fn split(segment: &[Sample]) -> Option<usize> {
    let n = segment.len();
    let (first, last) = (segment.first()?, segment.last()?);
    let mut sums = Sums::default();
    let total = segment.iter().fold(Sums::default(), |sums, sample| sums.with(sample.value));
    let mut best: Option<(f64, usize)> = None;
    for (at, pair) in segment.windows(2).enumerate() {
        let [left, right] = pair else { continue };
        sums = sums.with(left.value);
        let at = at + 1;
        let holds = right.at - first.at >= MIN_HOLD_S && last.at - right.at >= MIN_HOLD_S;
        if at < MIN_SIDE || n - at < MIN_SIDE || !holds {
            continue;
        }
        let error = sums.error() + total.without(sums).error();
        if best.is_none_or(|(least, _)| error < least) {
            best = Some((error, at));
        }
    }
    let (error, at) = best?;
    let (before, after) = segment.split_at_checked(at)?;
    let (low, high) = (median(before), median(after));
    let apart = (high - low).abs();
    let spread = spread(before, low).max(spread(after, high));
    let share = apart / low.abs().max(high.abs()).max(f64::MIN_POSITIVE);
    // What no float can tell from equal counts as equal.
    let noise = f64::EPSILON * total.squares.max(f64::MIN_POSITIVE);
    let likelier = |other: f64| n as f64 * ((other + noise) / (error + noise)).ln();
    let is_step = likelier(total.error()) >= MIN_OVER_LEVEL
        && likelier(line_error(segment)) >= MIN_OVER_LINE
        && apart >= MIN_SPREADS * spread
        && share >= MIN_SHARE;
    is_step.then_some(at)
}

/// Walks back from a split over the samples that have left the level before already: where a
/// value climbs over some samples, the best split lies in the middle of the climb.
fn departed(before: &[Sample], after: &[Sample], samples: &[Sample], at: usize) -> usize {
    let level = median(before);
    let rises = median(after) > level;
    let limit = DEPARTED_SPREADS * spread(before, level).max(level.abs() * 0.01);
    let has_left = |sample: &Sample| {
        let off = if rises { sample.value - level } else { level - sample.value };
        off > limit
    };
    let n_back = samples
        .get(..at)
        .unwrap_or_default()
        .iter()
        .rev()
        .take(before.len() / 2)
        .take_while(|sample| has_left(sample))
        .count();
    if n_back > 0 {
        return at - n_back;
    }
    // The other way round: the split may stand before samples that are still at the old level.
    let n_late = after.iter().take(after.len() / 2).take_while(|sample| !has_left(sample)).count();
    let is_clear = after.iter().skip(n_late).take(MIN_SIDE).all(has_left);
    if is_clear { at + n_late } else { at }
}

/// Sums over a run of values.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    n: f64,
    values: f64,
    squares: f64,
}

impl Sums {
    fn with(self, value: f64) -> Self {
        Self { n: self.n + 1.0, values: self.values + value, squares: self.squares + value * value }
    }

    fn without(self, other: Self) -> Self {
        Self {
            n: self.n - other.n,
            values: self.values - other.values,
            squares: self.squares - other.squares,
        }
    }

    /// Returns the squared distance of the values from their mean.
    fn error(self) -> f64 {
        (self.squares - self.values * self.values / self.n.max(1.0)).max(0.0)
    }
}

/// Returns the squared distance of the samples from the best straight line.
fn line_error(segment: &[Sample]) -> f64 {
    let n = segment.len() as f64;
    let start = segment.first().map_or(0.0, |sample| sample.at);
    let mean_x = segment.iter().map(|sample| sample.at - start).sum::<f64>() / n;
    let mean_y = segment.iter().map(|sample| sample.value).sum::<f64>() / n;
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for sample in segment {
        let (x, y) = (sample.at - start - mean_x, sample.value - mean_y);
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    if xx > 0.0 { (yy - xy * xy / xx).max(0.0) } else { yy }
}

fn median(samples: &[Sample]) -> f64 {
    median_of(samples.iter().map(|sample| sample.value).collect())
}

fn median_of(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Returns the typical distance from `level`: a standard deviation that outliers do not move.
fn spread(samples: &[Sample], level: f64) -> f64 {
    1.4826 * median_of(samples.iter().map(|sample| (sample.value - level).abs()).collect())
}

/// Returns the rate by second of a counter, which only grows but for restarts; `None` for others.
pub(super) fn as_rate(series: &Series) -> Option<Vec<Sample>> {
    let is_named =
        ["_total", "_count", "_sum", "_bucket"].iter().any(|it| series.name.ends_with(it));
    let pairs = || series.samples.windows(2);
    let n_falls = pairs().filter(|pair| matches!(pair, [a, b] if b.value < a.value)).count();
    let n_rises = pairs().filter(|pair| matches!(pair, [a, b] if b.value > a.value)).count();
    if !is_named || n_falls > 2 || n_rises <= n_falls {
        return None;
    }
    let rate = |pair: &[Sample]| {
        let &[a, b] = pair else { return None };
        // After a restart a counter begins at nothing.
        let grown = if b.value < a.value { b.value } else { b.value - a.value };
        let seconds = b.at - a.at;
        (seconds > 0.0).then(|| Sample { at: b.at, value: grown / seconds })
    };
    Some(pairs().filter_map(rate).collect())
}
