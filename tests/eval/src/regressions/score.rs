//! Figures: top-k, mean reciprocal rank, and how they are shown.

/// The outcome of one list for one case.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Outcome {
    /// Rank of the first right entry, from 1.
    pub(super) rank: Option<usize>,
}

impl Outcome {
    /// Finds the first right entry.
    pub(super) fn of<T>(list: &[T], is_right: impl Fn(&T) -> bool) -> Self {
        Self { rank: list.iter().position(is_right).map(|at| at + 1) }
    }
}

/// Counts over cases.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tally {
    pub(super) n_cases: usize,
    pub(super) top1: f64,
    pub(super) top3: f64,
    pub(super) top5: f64,
    reciprocal_sum: f64,
}

impl Tally {
    /// Adds up outcomes.
    pub(super) fn of(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        let mut tally = Self::default();
        for outcome in outcomes {
            let within = |k: usize| f64::from(u8::from(outcome.rank.is_some_and(|rank| rank <= k)));
            tally.add(
                within(1),
                within(3),
                within(5),
                outcome.rank.map_or(0.0, |rank| 1.0 / rank as f64),
            );
        }
        tally
    }

    /// Adds one case by its chances of being in the first 1, 3, 5 and its reciprocal rank.
    pub(super) fn add(&mut self, top1: f64, top3: f64, top5: f64, reciprocal: f64) {
        self.n_cases += 1;
        self.top1 += top1;
        self.top3 += top3;
        self.top5 += top5;
        self.reciprocal_sum += reciprocal;
    }

    /// Returns the mean reciprocal rank.
    pub(super) fn mrr(&self) -> f64 {
        self.reciprocal_sum / self.n_cases.max(1) as f64
    }

    /// Returns the cells of a row: cases, top-1, top-3, top-5, MRR.
    pub(super) fn cells(&self) -> Vec<String> {
        let count = |x: f64| if x.fract() == 0.0 { format!("{x:.0}") } else { format!("{x:.2}") };
        let mut cells = vec![self.n_cases.to_string()];
        cells.extend([self.top1, self.top3, self.top5].map(count));
        cells.push(format!("{:.3}", self.mrr()));
        cells
    }
}
