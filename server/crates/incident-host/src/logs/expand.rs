//! What a person names as logs: files, folders of them, patterns.

use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use incident_core::problem::Problem;

use crate::message::plain;

/// How many files one call reads.
const MAX_FILES: usize = 10_000;

/// Returns the files that `names` mean, in order: a folder's and a pattern's by name.
///
/// `-` stays `-`. A name that means no file is a problem.
pub fn expand(names: &[String], problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for name in names {
        let path = Path::new(name);
        if name == "-" || path.is_file() || (path.exists() && !path.is_dir()) {
            files.push(path.to_owned());
        } else if path.is_dir() {
            let found = walk(path, |_| true);
            if found.is_empty() {
                problems.push(Problem::warning(format!("{} holds no file", plain(name))));
            }
            files.extend(found);
        } else if name.contains(['*', '?', '[', '{']) {
            let found = matching(name);
            if found.is_empty() {
                problems.push(Problem::error(format!("no file matches {}", plain(name))));
            }
            files.extend(found);
        } else {
            problems.push(Problem::error(format!("{} does not exist", plain(name))));
        }
    }
    if files.len() > MAX_FILES {
        problems.push(Problem::warning(format!(
            "{} files were named; the first {MAX_FILES} are read",
            files.len()
        )));
        files.truncate(MAX_FILES);
    }
    files
}

/// Returns the files that fit a pattern; its folder is the part before the first sign of one.
fn matching(pattern: &str) -> Vec<PathBuf> {
    let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() else {
        return Vec::new();
    };
    let fixed = pattern.split(['*', '?', '[', '{']).next().unwrap_or_default();
    let folder = match fixed.rfind('/') {
        Some(0) => "/",
        Some(end) => fixed.get(..end).unwrap_or("."),
        None => ".",
    };
    let matcher = glob.compile_matcher();
    walk(Path::new(folder), |path| {
        matcher.is_match(path) || path.strip_prefix("./").is_ok_and(|path| matcher.is_match(path))
    })
}

/// Returns the files below `folder` that fit, sorted; hidden ones and links to folders are left out.
fn walk(folder: &Path, fits: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let walker = ignore::WalkBuilder::new(folder)
        .standard_filters(false)
        .hidden(true)
        .max_depth(Some(12))
        .sort_by_file_path(|a, b| a.cmp(b))
        .build();
    walker
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .map(|entry| entry.into_path())
        .filter(|path| fits(path))
        .take(MAX_FILES + 1)
        .collect()
}
