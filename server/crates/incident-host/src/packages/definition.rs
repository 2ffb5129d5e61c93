//! Where a package's source defines a name, as its text says: a place to jump to, not a verdict.

use std::path::{Path, PathBuf};

use incident_core::cancel::Cancel;

/// How many files of a package are looked through, and how large one may be.
const MAX_FILES: usize = 4_000;
const MAX_BYTES: u64 = 4 << 20;

/// Words that stand before the name that they define, in the languages that are checked.
const KEYWORDS: &[&str] = &[
    "fn",
    "struct",
    "enum",
    "trait",
    "union",
    "mod",
    "type",
    "const",
    "static",
    "macro_rules!",
    "def",
    "class",
    "function",
    "interface",
    "let",
    "var",
];

/// Endings of files that define something.
const ENDINGS: &[&str] = &["rs", "ts", "js", "mjs", "cjs", "py", "pyi"];

/// Returns the first place below `root`, by path, where `name` is defined, with its line from 1.
pub fn find_definition(root: &Path, name: &str, cancel: &Cancel) -> Option<(PathBuf, u32)> {
    let mut folders = vec![root.to_owned()];
    let mut n_files = 0;
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<_> =
            std::fs::read_dir(&folder).into_iter().flatten().flatten().collect();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            if cancel.is_cancelled() || n_files >= MAX_FILES {
                return None;
            }
            let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
            // A link may lead anywhere, and a package's tests and packages define other things.
            if kind.is_dir() && !is_aside(&path) {
                folders.push(path);
            } else if kind.is_file() && is_source(&path) {
                n_files += 1;
                if let Some(line) = line_in(&path, name) {
                    return Some((path, line));
                }
            }
        }
    }
    None
}

fn is_aside(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    matches!(name, "tests" | "test" | "benches" | "examples" | "node_modules" | "target" | ".git")
}

fn is_source(file: &Path) -> bool {
    file.extension().and_then(|it| it.to_str()).is_some_and(|ending| ENDINGS.contains(&ending))
}

fn line_in(file: &Path, name: &str) -> Option<u32> {
    if file.metadata().ok()?.len() > MAX_BYTES {
        return None;
    }
    let bytes = std::fs::read(file).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let line_idx = text.lines().position(|line| defines(line, name))?;
    u32::try_from(line_idx + 1).ok()
}

/// Says whether a line defines `name`: the whole word, behind a word that defines.
fn defines(line: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| {
        let (Some(before), Some(after)) = (line.get(..at), line.get(at + name.len()..)) else {
            return false;
        };
        let keyword = before.trim_end();
        let stands_alone = keyword.len() < before.len() && !after.starts_with(is_word);
        stands_alone
            && keyword.split_whitespace().next_back().is_some_and(|it| KEYWORDS.contains(&it))
    })
}

#[cfg(test)]
mod tests {
    use super::{Cancel, defines, find_definition};

    #[test]
    fn only_the_whole_word_behind_a_keyword_counts() {
        assert!(defines("pub const fn sleep(d: Duration) {", "sleep"));
        assert!(defines("export class Pool {", "Pool"));
        assert!(!defines("fn sleep_until() {", "sleep"));
        assert!(!defines("fn oversleep() {", "sleep"));
        assert!(!defines("    sleep(d)", "sleep"));
    }

    #[test]
    fn the_first_file_that_defines_it_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let put = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        };
        put("tests/a.rs", "fn sleep() {}\n");
        put("src/time.rs", "\npub fn sleep() {}\n");
        let found = find_definition(folder.path(), "sleep", &Cancel::new());
        assert_eq!(found, Some((folder.path().join("src/time.rs"), 2)));
        assert_eq!(find_definition(folder.path(), "slep", &Cancel::new()), None);
    }
}
