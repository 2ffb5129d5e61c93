//! Whether two small sets of figures differ: medians, and an exact rank test in plain words.

use super::Outcome;

/// Below this chance of seeing such a difference by luck, a difference counts.
const MAX_CHANCE: f64 = 0.05;

/// The exact test is made for so many figures on each side; no more are looked at.
const MAX_FIGURES: usize = 20;

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Less is better: time, memory, errors.
    Down,
    /// More is better: requests a second.
    Up,
}

/// What comparing two sets of figures gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The verdict.
    pub outcome: Outcome,
    /// The median before; `None` without a figure.
    pub before: Option<f64>,
    /// The median after.
    pub after: Option<f64>,
    /// Why, in plain words.
    pub why: String,
}

/// Compares figures of repeated runs.
///
/// A difference counts when it is larger than `tolerance` (a share of the median before) and the
/// ranks could hardly have come about by luck. Fewer than four runs a side can't show that.
pub fn compare(before: &[f64], after: &[f64], direction: Direction, tolerance: f64) -> Comparison {
    let before = usable(before);
    let after = usable(after);
    let (Some(old), Some(new)) = (median(&before), median(&after)) else {
        let missing = match (before.is_empty(), after.is_empty()) {
            (true, true) => "not measured",
            (true, false) => "not measured before",
            _ => "not measured after",
        };
        return Comparison {
            outcome: Outcome::Unknown,
            before: median(&before),
            after: median(&after),
            why: missing.to_owned(),
        };
    };
    let change =
        if old == 0.0 { new.signum() * f64::from(new != 0.0) } else { (new - old) / old.abs() };
    let outcome = |outcome, why| Comparison { outcome, before: Some(old), after: Some(new), why };
    if change.abs() <= tolerance {
        let why = format!("within {:.0} %", tolerance * 100.0);
        return outcome(Outcome::Same, why);
    }
    let chance = chance_of_luck(&before, &after);
    let runs = format!("{} runs before, {} after", before.len(), after.len());
    let percent = format!("{:+.0} %", change * 100.0);
    if chance > MAX_CHANCE {
        let (fewest, _) = (before.len().min(after.len()), ());
        let why = if fewest < 4 {
            format!("{percent}, but {runs} are too few to tell it from luck")
        } else {
            format!("{percent}, but as likely luck (p = {chance:.2}; {runs})")
        };
        return outcome(if fewest < 4 { Outcome::Unknown } else { Outcome::Same }, why);
    }
    let why = format!("{percent} (p = {chance:.3}; {runs})");
    let is_better = match direction {
        Direction::Down => change < 0.0,
        Direction::Up => change > 0.0,
    };
    outcome(if is_better { Outcome::Better } else { Outcome::Worse }, why)
}

/// Returns the median; `None` of nothing.
pub fn median(figures: &[f64]) -> Option<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = sorted.get(middle).copied()?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = sorted.get(middle.checked_sub(1)?).copied()?;
    Some(f64::midpoint(lower, upper))
}

/// Leaves out what is no figure: a tool may print `NaN` for a mean of nothing.
fn usable(figures: &[f64]) -> Vec<f64> {
    figures.iter().copied().filter(|figure| figure.is_finite()).take(MAX_FIGURES).collect()
}

/// Returns the two-sided chance that ranks differ at least so much by luck alone: the exact
/// distribution of Mann and Whitney's rank sum, ties at their middle rank.
fn chance_of_luck(before: &[f64], after: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = before.iter().map(|figure| (*figure, true)).collect();
    all.extend(after.iter().map(|figure| (*figure, false)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Ranks from 1, doubled, so that the middle of two ranks is a whole number.
    let mut ranks: Vec<usize> = Vec::with_capacity(all.len());
    while let Some((figure, _)) = all.get(ranks.len()) {
        let first = ranks.len();
        let n_ties = all.iter().skip(first).take_while(|(other, _)| other == figure).count().max(1);
        ranks.extend(std::iter::repeat_n(2 * first + n_ties + 1, n_ties));
    }
    let of_before: usize =
        ranks.iter().zip(&all).filter(|(_, (_, is_before))| *is_before).map(|(rank, _)| rank).sum();
    // ways[k][s]: how many choices of k ranks have the sum s.
    let most = ranks.iter().sum::<usize>();
    let mut ways = vec![vec![0.0_f64; most + 1]; before.len() + 1];
    if let Some(none) = ways.first_mut().and_then(|sums| sums.first_mut()) {
        *none = 1.0;
    }
    for rank in &ranks {
        for k in (1..ways.len()).rev() {
            let Ok([fewer, these]) = ways.get_disjoint_mut([k - 1, k]) else { continue };
            for (sum, n_ways) in fewer.iter().enumerate() {
                if let Some(slot) = these.get_mut(sum + rank).filter(|_| *n_ways > 0.0) {
                    *slot += n_ways;
                }
            }
        }
    }
    let Some(sums) = ways.last() else { return 1.0 };
    // The sum that luck expects, doubled once more: half of `most` in proportion.
    let n_all = ranks.len().max(1);
    let distance = |sum: usize| (sum * n_all).abs_diff(most * before.len());
    let far = distance(of_before);
    let total: f64 = sums.iter().sum();
    let as_far: f64 =
        sums.iter().enumerate().filter(|(sum, _)| distance(*sum) >= far).map(|(_, n)| n).sum();
    if total > 0.0 { (as_far / total).min(1.0) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::{Direction, chance_of_luck, compare, median};
    use crate::verification::Outcome;

    #[test]
    fn chances_are_those_of_the_tables() {
        let chance = |before: &[f64], after: &[f64]| (chance_of_luck(before, after) * 1e4).round();
        // Complete separation: 2 / C(10, 5), 2 / C(8, 4), 2 / C(6, 3).
        assert_eq!(chance(&[1., 2., 3., 4., 5.], &[6., 7., 8., 9., 10.]), 79.0);
        assert_eq!(chance(&[1., 2., 3., 4.], &[6., 7., 8., 9.]), 286.0);
        assert_eq!(chance(&[1., 2., 3.], &[6., 7., 8.]), 1000.0);
        // U = 3 of 25: the table's 0.056 for two sides.
        assert_eq!(chance(&[1., 2., 3., 5., 8.], &[4., 6., 7., 9., 10.]), 952.0);
        assert_eq!(chance(&[1., 1., 1., 1.], &[1., 1., 1., 1.]), 10_000.0);
        assert_eq!(chance(&[1.], &[2.]), 10_000.0);
    }

    #[test]
    fn a_difference_needs_size_and_more_than_luck() {
        let check = |before: &[f64], after: &[f64], direction| {
            let compared = compare(before, after, direction, 0.05);
            (compared.outcome, compared.why)
        };
        let slow = [100., 101., 102., 103., 104.];
        let quick = [50., 51., 52., 53., 54.];
        let (outcome, why) = check(&slow, &quick, Direction::Down);
        assert_eq!(
            (outcome, why.as_str()),
            (Outcome::Better, "-49 % (p = 0.008; 5 runs before, 5 after)")
        );
        assert_eq!(check(&slow, &quick, Direction::Up).0, Outcome::Worse);
        assert_eq!(check(&slow, &[103., 104., 105., 106., 107.], Direction::Down).0, Outcome::Same);
        let (outcome, why) = check(&slow[..3], &quick[..3], Direction::Down);
        assert_eq!(outcome, Outcome::Unknown);
        assert!(why.contains("too few"), "{why}");
        assert_eq!(
            check(&[1., 90., 100., 200.], &[2., 120., 130., 190.], Direction::Down).0,
            Outcome::Same
        );
        assert_eq!(check(&[f64::NAN], &[1.0], Direction::Down).1, "not measured before");
        assert_eq!(check(&[0.; 4], &[3.; 4], Direction::Down).0, Outcome::Worse);
    }

    #[test]
    fn a_median_of_an_even_number_lies_between() {
        assert_eq!(median(&[4., 1., 3., 2.]), Some(2.5));
        assert_eq!(median(&[3., 1., 2.]), Some(2.0));
        assert_eq!(median(&[]), None);
    }
}
