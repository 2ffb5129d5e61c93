//! Secrets that were taken out of a kept fix, put back from the file that the fix changes.
//!
//! What is kept of an incident is redacted, its fixes too. The file still has the secret: a line of
//! the patch that the file has but for a placeholder tells what stood there. Nothing is kept for it.

use std::collections::BTreeMap;

use super::{FilePatch, PatchLine};

/// How a placeholder begins; it ends at the next `>`.
const MARK: &str = "<secret:";

/// Longer lines are no place for a person's secret.
const MAX_LINE: usize = 4096;

impl FilePatch {
    /// Says whether a secret was taken out of this part of a patch.
    pub fn is_redacted(&self) -> bool {
        self.hunks.iter().flat_map(|hunk| &hunk.lines).any(|line| text_of(line).contains(MARK))
    }

    /// Returns the patch with its secrets put back from `before`, the file as it is; `None` where
    /// the file does not tell one of them, or tells it in two ways.
    pub fn with_secrets_of(&self, before: &str) -> Option<Self> {
        let mut secrets: BTreeMap<String, String> = BTreeMap::new();
        let old_lines = self.hunks.iter().flat_map(|hunk| &hunk.lines).filter_map(|line| {
            let is_old = !matches!(line, PatchLine::Added(_));
            Some(text_of(line)).filter(|text| is_old && text.contains(MARK))
        });
        for redacted in old_lines {
            let mut found: Option<Vec<(String, String)>> = None;
            for line in before.lines().filter(|line| line.len() <= MAX_LINE) {
                let Some(these) = matched(redacted.trim_end_matches(['\n', '\r']), line) else {
                    continue;
                };
                if found.as_ref().is_some_and(|found| *found != these) {
                    return None;
                }
                found = Some(these);
            }
            for (placeholder, secret) in found? {
                let known = secrets.insert(placeholder, secret.clone());
                if known.is_some_and(|known| known != secret) {
                    return None;
                }
            }
        }
        let mut restored = self.clone();
        for line in restored.hunks.iter_mut().flat_map(|hunk| &mut hunk.lines) {
            let text = line.text_mut();
            for (placeholder, secret) in &secrets {
                if text.contains(placeholder.as_str()) {
                    *text = text.replace(placeholder.as_str(), secret);
                }
            }
            if text.contains(MARK) {
                return None;
            }
        }
        Some(restored)
    }
}

fn text_of(line: &PatchLine) -> &str {
    match line {
        PatchLine::Context(text) | PatchLine::Removed(text) | PatchLine::Added(text) => text,
    }
}

/// Matches a line against one with placeholders; returns what each stands for.
///
/// Each placeholder takes as little as it can, so that the way is one and linear; a secret is never
/// empty and holds no blank.
fn matched(redacted: &str, line: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    let (mut redacted, mut line) = (redacted, line);
    while let Some(at) = redacted.find(MARK) {
        let (plain, rest) = redacted.split_at_checked(at)?;
        line = line.strip_prefix(plain)?;
        let end = rest.find('>')? + 1;
        let (placeholder, rest) = rest.split_at_checked(end)?;
        let next = rest.find(MARK).and_then(|at| rest.get(..at)).unwrap_or(rest);
        let length = if next.is_empty() { line.len() } else { line.find(next)? };
        let secret = line.get(..length).filter(|it| !it.is_empty() && !it.contains(' '))?;
        found.push((placeholder.to_owned(), secret.to_owned()));
        line = line.get(length..)?;
        redacted = rest;
    }
    (redacted == line).then_some(found)
}

#[cfg(test)]
mod tests {
    use crate::fix::parse_patch;

    #[track_caller]
    fn check(patch_lines: &str, before: &str, expected: Option<&str>) {
        let n_old = patch_lines.lines().filter(|line| !line.starts_with('+')).count();
        let n_new = patch_lines.lines().filter(|line| !line.starts_with('-')).count();
        let patch = format!("--- a/x\n+++ b/x\n@@ -1,{n_old} +1,{n_new} @@\n{patch_lines}");
        let patch = &parse_patch(&patch).unwrap().files[0];
        let after = patch.with_secrets_of(before).and_then(|patch| patch.apply(before));
        assert_eq!(after.as_deref(), expected);
    }

    #[test]
    fn the_file_tells_what_was_taken_out() {
        check(
            " let key = \"<secret:aws-key:1>\";\n-connect(1, \"<secret:aws-key:1>\");\n+connect(2, \"<secret:aws-key:1>\");\n",
            "let key = \"AKIA123\";\nconnect(1, \"AKIA123\");\n",
            Some("let key = \"AKIA123\";\nconnect(2, \"AKIA123\");\n"),
        );
        check(
            "-u = <secret:password:1>:<secret:token:1>\n+v = <secret:token:1>\n",
            "u = abc:def\n",
            Some("v = def\n"),
        );
    }

    #[test]
    fn what_the_file_does_not_tell_is_refused() {
        check("-a\n+b <secret:token:1>\n", "a\n", None);
        check("-k = <secret:token:1>\n+j = <secret:token:1>\n", "k = one\nk = two\n", None);
        check("-k = <secret:token:1>\n+j\n", "other\n", None);
        check("-k = <secret:token:1\n+j\n", "k = x\n", None);
    }
}
