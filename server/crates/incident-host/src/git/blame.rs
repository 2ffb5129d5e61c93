//! Who last changed lines.

use std::collections::BTreeMap;

use incident_core::cancel::Cancel;
use incident_core::history::{BlameRange, CommitId, WantedBlame};
use rayon::prelude::*;

use super::{GitError, Repository, parse};

/// The lines of one file: where it lies for the workspace, and what git is asked.
struct Asked<'a> {
    path: &'a str,
    query: super::answers::BlameQuery,
}

impl Repository {
    /// Says who last changed the lines of `wanted` as they stood in `commit`.
    ///
    /// Lines past the end of a file and files that were not there are left out. With `since`, git
    /// stops there, and lines that are older are said to be that commit's. Where `since` holds all
    /// of `commit`'s history there is nothing to say.
    pub fn blame(
        &self,
        commit: &CommitId,
        since: Option<&CommitId>,
        wanted: &[WantedBlame],
        cancel: &Cancel,
    ) -> Result<Vec<BlameRange>, GitError> {
        // Left with no commit to begin at, git would take the working tree, and on the way start
        // the filters that the repository configures.
        if let Some(since) = since
            && self.is_ancestor(commit, since, cancel)?
        {
            return Ok(Vec::new());
        }
        let mut by_path: BTreeMap<&str, Vec<&WantedBlame>> = BTreeMap::new();
        for range in wanted {
            by_path.entry(&range.path).or_default().push(range);
        }
        let paths: Vec<String> = by_path.keys().map(|path| (*path).to_owned()).collect();
        let texts = self.blobs(commit, &paths, cancel)?;
        let asked: Vec<Asked<'_>> = by_path
            .into_iter()
            .filter_map(|(path, ranges)| {
                let n_lines = u32::try_from(n_lines(texts.get(path)?)).unwrap_or(u32::MAX);
                let ranges: Vec<(u32, u32)> = ranges
                    .into_iter()
                    .map(|range| (range.start_line.max(1), range.end_line.min(n_lines)))
                    .filter(|(start, end)| start <= end)
                    .collect();
                let query = (commit.clone(), since.cloned(), self.top_path(path)?, ranges);
                (!query.3.is_empty()).then_some(Asked { path, query })
            })
            .collect();
        // One process a file, and most of the time of each is its own.
        let blamed: Result<Vec<Vec<BlameRange>>, GitError> =
            asked.par_iter().map(|asked| self.blame_file(asked, cancel)).collect();
        let mut blamed = blamed?.concat();
        blamed.sort();
        Ok(blamed)
    }

    fn blame_file(&self, asked: &Asked<'_>, cancel: &Cancel) -> Result<Vec<BlameRange>, GitError> {
        if let Some(ranges) = self.answers.blame(&asked.query) {
            return Ok(ranges.to_vec());
        }
        let (commit, since, top_path, ranges) = &asked.query;
        let mut args: Vec<String> =
            ["--incremental", "--no-textconv", "-w", "--encoding=UTF-8"].map(String::from).into();
        args.extend(ranges.iter().map(|(start, end)| format!("-L{start},{end}")));
        args.push(commit.0.clone());
        args.extend(since.iter().map(|since| format!("^{}", since.0)));
        args.extend(["--".into(), top_path.clone()]);
        let answer = self.run("blame", &args, Vec::new(), cancel)?;
        let blamed: Vec<BlameRange> = parse::blame(&answer)
            .into_iter()
            .map(|range| BlameRange {
                path: asked.path.to_owned(),
                start_line: range.start_line,
                n_lines: range.n_lines,
                commit: range.commit,
            })
            .collect();
        self.answers.keep_blame(asked.query.clone(), blamed.as_slice().into());
        Ok(blamed)
    }
}

fn n_lines(text: &[u8]) -> usize {
    let n_ends = memchr::memchr_iter(b'\n', text).count();
    n_ends + usize::from(text.last().is_some_and(|byte| *byte != b'\n'))
}
