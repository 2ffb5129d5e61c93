//! Our diffs against real `git apply`.

use std::path::Path;

use incident_core::fix::{Edit, apply_edits, parse_patch, unified_diff};
use incident_core::text::ByteSpan;

/// Splitmix64: the same edits in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound.max(1) as u64).unwrap()
    }

    fn text(&mut self, n_lines: usize, line_end: &str) -> String {
        let words =
            ["let x = 1;", "}", "", "\tcall(é);", "a", "b ", "-- c", "++ d", "@@ e", "\\ f"];
        let mut text = String::new();
        for _ in 0..n_lines {
            text.push_str(words[self.below(words.len())]);
            text.push_str(line_end);
        }
        if self.below(3) == 0 {
            text.push_str("no end");
        }
        text
    }

    /// Picks a character boundary at or after `from` and at most some way off.
    fn boundary(&mut self, text: &str, from: usize, reach: usize) -> usize {
        let mut at = from + self.below(reach.min(text.len() - from) + 1);
        while !text.is_char_boundary(at) {
            at += 1;
        }
        at
    }

    fn edits(&mut self, text: &str) -> Vec<Edit> {
        let mut edits = Vec::new();
        let mut from = 0;
        for _ in 0..1 + self.below(4) {
            let start = self.boundary(text, from, text.len());
            let end = self.boundary(text, start, 40);
            let n_lines = self.below(3);
            edits.push(Edit {
                span: ByteSpan::new(start, end),
                replacement: self.text(n_lines, "\n"),
            });
            from = end;
        }
        edits
    }
}

fn git_apply(folder: &Path, patch: &str) {
    std::fs::write(folder.join("fix.patch"), patch).unwrap();
    let output = std::process::Command::new("git")
        .args(["-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "fix.patch"])
        .current_dir(folder)
        .env("GIT_CEILING_DIRECTORIES", folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}\n{patch}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn git_applies_what_we_render() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(20_260);
    let mut n_applied = 0;
    for round in 0..300 {
        let n_lines = random.below(40);
        let before = random.text(n_lines, if round % 4 == 0 { "\r\n" } else { "\n" });
        let edits = random.edits(&before);
        let after = apply_edits(&before, &edits);
        let path = if round % 2 == 0 { "src/my file.rs" } else { "ü\"b.rs" };
        let patch = unified_diff(path, &before, &edits);
        if before.is_empty() || after.is_empty() || patch.is_empty() {
            continue; // An emptied file is another kind of patch.
        }
        let file = folder.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &before).unwrap();
        git_apply(folder.path(), &patch);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), after, "{patch}");
        assert_eq!(parse_patch(&patch).unwrap().files[0].apply(&before), Some(after), "{patch}");
        n_applied += 1;
    }
    assert!(n_applied > 200, "{n_applied}");
}
