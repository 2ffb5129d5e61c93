//! File contents as they stood in commits.

use std::collections::BTreeMap;

use incident_core::cancel::Cancel;
use incident_core::history::CommitId;

use super::{GitError, Repository, parse};
use crate::command::Limits;

/// The largest blob that is read; a source file is far smaller.
const MAX_BLOB_BYTES: u64 = 8 << 20;

/// Contents by path, relative to the workspace.
pub type Contents = BTreeMap<String, Vec<u8>>;

impl Repository {
    /// Returns the contents of `paths` as they stood in `commit`, in two processes for any number.
    ///
    /// Paths that were not there, and blobs past the size limit, are left out.
    pub fn blobs(
        &self,
        commit: &CommitId,
        paths: &[String],
        cancel: &Cancel,
    ) -> Result<Contents, GitError> {
        let states = self.states(std::slice::from_ref(commit), paths, cancel)?;
        Ok(states.into_iter().next().unwrap_or_default())
    }

    /// Returns the contents of `paths` in each of `commits`, in two processes for any number.
    pub fn states(
        &self,
        commits: &[CommitId],
        paths: &[String],
        cancel: &Cancel,
    ) -> Result<Vec<Contents>, GitError> {
        let mut states = vec![Contents::new(); commits.len()];
        let paths: Vec<(&String, String)> = paths
            .iter()
            .filter_map(|path| Some((path, self.top_path(path)?)))
            .filter(|(_, top_path)| !top_path.contains('\n'))
            .collect();
        let mut asked: Vec<(usize, &String)> = Vec::new();
        let mut request = String::new();
        for (state_idx, commit) in commits.iter().enumerate() {
            for (path, top_path) in &paths {
                asked.push((state_idx, path));
                request.push_str(&format!("{}:{top_path}\n", commit.0));
            }
        }
        if asked.is_empty() {
            return Ok(states);
        }
        let heads = self.run("cat-file", &["--batch-check"], request.into_bytes(), cancel)?;
        let heads = parse::batch_check(&heads);
        let mut by_object: BTreeMap<String, Vec<(usize, &String)>> = BTreeMap::new();
        for (asked, head) in asked.into_iter().zip(heads) {
            if let Some(head) = head.filter(|it| it.kind == "blob" && it.size <= MAX_BLOB_BYTES) {
                by_object.entry(head.object).or_default().push(asked);
            }
        }
        if by_object.is_empty() {
            return Ok(states);
        }
        let request: String = by_object.keys().map(|object| format!("{object}\n")).collect();
        let limits = Limits { output: 256 << 20, ..Limits::default() };
        let (answer, _) =
            self.run_limited("cat-file", &["--batch"], request.into_bytes(), limits, cancel)?;
        for (object, bytes) in parse::batch(&answer) {
            for (state_idx, path) in by_object.get(&object).into_iter().flatten() {
                if let Some(state) = states.get_mut(*state_idx) {
                    state.insert((*path).clone(), bytes.to_vec());
                }
            }
        }
        Ok(states)
    }

    /// Returns the newest commits up to `tip` that changed one of `paths`, newest first.
    pub fn touching(
        &self,
        tip: &CommitId,
        paths: &[String],
        max_commits: usize,
        cancel: &Cancel,
    ) -> Result<Vec<CommitId>, GitError> {
        let mut args = vec![
            "--format=%H".to_owned(),
            "--no-show-signature".into(),
            format!("--max-count={max_commits}"),
            "--end-of-options".into(),
            tip.0.clone(),
            "--".into(),
        ];
        let n_fixed = args.len();
        args.extend(paths.iter().filter_map(|path| self.top_path(path)));
        if args.len() == n_fixed {
            return Ok(Vec::new());
        }
        let answer = self.run("log", &args, Vec::new(), cancel)?;
        Ok(answer.split(|byte| *byte == b'\n').filter_map(parse::commit_id).collect())
    }
}
