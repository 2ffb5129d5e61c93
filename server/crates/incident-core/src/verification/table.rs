//! The verdict for a reader: a table for a terminal, a table for a pull request.

use super::{Outcome, Row, Verdict};
use crate::neutral;
use crate::present::markdown;

/// No cell is wider, in characters.
const MAX_CELL: usize = 60;

/// Renders the verdict for a terminal: the point first, then row by row, then the notes.
pub fn text(verdict: &Verdict) -> String {
    let mut out = format!("{}\n", neutral::headline(&verdict.headline(), 400));
    let cells: Vec<[String; 5]> = verdict.rows.iter().map(cells).collect();
    let width = |column: usize| {
        let of_column = cells.iter().filter_map(|row| row.get(column));
        of_column.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths = [0, 1, 2, 3].map(width);
    for row in &cells {
        let mut line = String::from(" ");
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(&format!(" {cell:<width$} "));
        }
        if let Some(why) = row.last() {
            line.push_str(&format!(" {why}"));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    for note in &verdict.notes {
        out.push_str(&format!("  note: {}\n", neutral::headline(note, 400)));
    }
    out
}

/// Renders the verdict as Markdown, with the commands left to the caller.
pub fn markdown(verdict: &Verdict) -> String {
    let mut out = format!("**{}**\n", markdown::text(&verdict.headline()));
    if !verdict.rows.is_empty() {
        out.push_str("\n| | before | after | verdict | why |\n|---|---|---|---|---|\n");
    }
    for row in &verdict.rows {
        let cells = cells(row).map(|cell| markdown::text(&cell).replace('|', "\\|"));
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    if !verdict.notes.is_empty() {
        out.push('\n');
    }
    for note in &verdict.notes {
        out.push_str(&format!("- {}\n", markdown::text(note)));
    }
    out
}

fn cells(row: &Row) -> [String; 5] {
    let outcome = match (row.outcome, row.counts) {
        // What does not count is told without a judgement.
        (Outcome::Better | Outcome::Worse | Outcome::Same, false) => "",
        (outcome, _) => outcome.as_str(),
    };
    [
        neutral::headline(&row.subject, MAX_CELL),
        neutral::headline(&row.before, MAX_CELL),
        neutral::headline(&row.after, MAX_CELL),
        outcome.to_owned(),
        neutral::headline(&row.why, 200),
    ]
}
