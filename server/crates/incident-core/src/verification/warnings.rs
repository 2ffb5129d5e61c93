//! Warnings in what a compiler or a linter printed, told apart by their words and file.

use std::collections::BTreeMap;

/// Returns the warnings that `after` has and `before` has not, as often as they are new.
pub(super) fn new_warnings(before: &str, after: &str) -> Vec<String> {
    let mut left = parse(before);
    let mut new = Vec::new();
    for (warning, n_after) in parse(after) {
        let n_before = left.remove(&warning).unwrap_or_default();
        new.extend(std::iter::repeat_n(warning, n_after.saturating_sub(n_before)));
    }
    new
}

/// Counts warnings by words and file; lines and columns move with every edit.
fn parse(output: &str) -> BTreeMap<String, usize> {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    let mut lines = output.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(mut warning) = rustc(line).or_else(|| with_place(line)) else { continue };
        // rustc names the place in the line below.
        if let Some(place) = lines.peek().and_then(|next| next.trim_start().strip_prefix("--> ")) {
            warning = format!("{}: {warning}", place.split(':').next().unwrap_or(place));
        }
        *found.entry(warning).or_default() += 1;
    }
    found
}

fn rustc(line: &str) -> Option<String> {
    let rest = line.strip_prefix("warning")?;
    let words = match rest.strip_prefix('[') {
        Some(code) => code.split_once("]: ")?.1,
        None => rest.strip_prefix(": ")?,
    };
    // `warning: `till` (lib) generated 1 warning` counts the others.
    let is_sum = words.contains(" generated ") && words.contains(" warning");
    (!is_sum && !words.ends_with("warnings emitted") && !words.ends_with("warning emitted"))
        .then(|| words.to_owned())
}

/// `src/a.ts(3,4): warning TS1: words`, `src/a.c:3:4: warning: words`.
fn with_place(line: &str) -> Option<String> {
    let (place, words) = line.split_once(": warning")?;
    let file = place.split(['(', ':']).next().filter(|file| file.contains('.'))?;
    Some(format!("{file}: {}", words.trim_start_matches([':', ' '])))
}

#[cfg(test)]
mod tests {
    use super::new_warnings;

    #[test]
    fn a_warning_that_moved_is_not_new_and_a_second_one_is() {
        let before = "warning: unused variable: `a`\n --> src/lib.rs:3:5\n  |\n\
                      warning: `till` (lib) generated 1 warning\n\
                      src/a.ts(3,4): warning TS6133: 'b' is declared\n";
        let after = "warning: unused variable: `a`\n --> src/lib.rs:9:5\n  |\n\
                     warning: unused variable: `a`\n --> src/lib.rs:12:5\n  |\n\
                     warning: `till` (lib) generated 2 warnings\n\
                     src/a.ts(8,4): warning TS6133: 'b' is declared\n\
                     src/c.c:1:2: warning: shadowed\n";
        assert_eq!(
            new_warnings(before, after),
            ["src/c.c: shadowed", "src/lib.rs: unused variable: `a`"]
        );
        assert_eq!(new_warnings(after, before), Vec::<String>::new());
    }
}
