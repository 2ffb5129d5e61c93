//! A series as a line of block characters.

use super::Sample;

/// How many characters a sparkline has at most.
const WIDTH: usize = 40;

/// Draws the samples, the lowest as the lowest block; each character is a mean.
pub(super) fn draw(samples: &[Sample]) -> String {
    let values: Vec<f64> = samples.iter().map(|sample| sample.value).collect();
    draw_values(&values)
}

/// Draws values in order.
pub(super) fn draw_values(values: &[f64]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let width = WIDTH.min(values.len());
    let column = |column_idx: usize| {
        let start = column_idx * values.len() / width.max(1);
        let end = ((column_idx + 1) * values.len() / width.max(1)).max(start + 1);
        let run = values.get(start..end).unwrap_or_default();
        run.iter().sum::<f64>() / run.len().max(1) as f64
    };
    let columns: Vec<f64> = (0..width).map(column).collect();
    let low = columns.iter().copied().fold(f64::INFINITY, f64::min);
    let high = columns.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let block = |value: &f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.0 };
        let block_idx = (share * 7.0).round().clamp(0.0, 7.0) as usize;
        BLOCKS.get(block_idx).copied().unwrap_or('▁')
    };
    columns.iter().map(block).collect()
}
