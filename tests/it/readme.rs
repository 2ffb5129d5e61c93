//! What the README shows is what the program prints.

use std::path::Path;

use crate::support::Run;

const MARKER: &str =
    "<!-- sample: the output of the command above; a test compares it -->\n```text\n";

#[test]
fn the_sample_in_the_readme_is_the_real_output() {
    // The sample's repository lies in this user's cache.
    let printed = generalised(&Run::new(["explain", "--sample"]).end().done());

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(MARKER).expect("the README shows the sample");
    let (shown, after) = rest.split_once("```\n").expect("the block ends");
    if std::env::var_os("UPDATE_EXPECT").is_some() && shown != printed {
        std::fs::write(&path, format!("{before}{MARKER}{printed}```\n{after}")).unwrap();
        return;
    }
    assert!(shown == printed, "run with UPDATE_EXPECT=1 and read the diff; printed:\n{printed}");
}

/// Replaces the path of the sample's repository by a word.
fn generalised(printed: &str) -> String {
    let mut text = String::new();
    for line in printed.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let is_ours = |word: &str| word.starts_with('/') && word.contains("sample");
        let line: Vec<&str> =
            words.into_iter().map(|word| if is_ours(word) { "SAMPLE" } else { word }).collect();
        text.push_str(line.join(" ").trim_end());
        text.push('\n');
    }
    text
}
