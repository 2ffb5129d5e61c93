//! File contents as they stood in commits.

use std::collections::BTreeMap;
use std::sync::Arc;

use incident_core::cancel::Cancel;
use incident_core::config_changes::{FileStates, WantedStates};
use incident_core::history::CommitId;

use super::answers::StateOfFile;
use super::{GitError, Repository, parse};
use crate::command::Limits;

/// The largest blob that is read; a source file is far smaller.
const MAX_BLOB_BYTES: u64 = 8 << 20;

/// The largest settings or lock file that is compared.
const MAX_SETTINGS_BYTES: u64 = 4 << 20;
/// How much is read of all of them: the newest changes' files first.
const MAX_ALL_SETTINGS_BYTES: u64 = 64 << 20;

/// Contents by path, relative to the workspace.
pub type Contents = BTreeMap<String, Arc<[u8]>>;

/// A text as git gave it, and who asked for it.
type ReadText<'a> = (Unknown<'a>, Arc<[u8]>);

/// A text that was not asked for before.
struct Unknown<'a> {
    state_idx: usize,
    /// Relative to the workspace.
    path: &'a String,
    state: StateOfFile,
}

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

    /// Returns the contents of `paths` in each of `commits`, in two processes for any number, and in
    /// none where all of them were asked for before.
    pub fn states(
        &self,
        commits: &[CommitId],
        paths: &[String],
        cancel: &Cancel,
    ) -> Result<Vec<Contents>, GitError> {
        let paths: Vec<(&String, String)> = paths
            .iter()
            .filter_map(|path| Some((path, self.top_path(path)?)))
            .filter(|(_, top_path)| !top_path.contains('\n'))
            .collect();
        let mut states = vec![Contents::new(); commits.len()];
        let mut unknown: Vec<Unknown<'_>> = Vec::new();
        for (state_idx, commit) in commits.iter().enumerate() {
            for (path, top_path) in &paths {
                let state = (commit.clone(), top_path.clone());
                match (self.answers.text(&state), states.get_mut(state_idx)) {
                    (Some(text), Some(contents)) => {
                        contents.insert((*path).clone(), text);
                    }
                    _ => unknown.push(Unknown { state_idx, path, state }),
                }
            }
        }
        for (unknown, text) in self.read_texts(unknown, cancel)? {
            if let Some(contents) = states.get_mut(unknown.state_idx) {
                contents.insert(unknown.path.clone(), Arc::clone(&text));
            }
            self.answers.keep_text(unknown.state, text);
        }
        Ok(states)
    }

    /// Asks git for texts; those that are not there, or are too large, are left out.
    fn read_texts<'a>(
        &self,
        unknown: Vec<Unknown<'a>>,
        cancel: &Cancel,
    ) -> Result<Vec<ReadText<'a>>, GitError> {
        if unknown.is_empty() {
            return Ok(Vec::new());
        }
        let request: String =
            unknown.iter().map(|it| format!("{}:{}\n", it.state.0.0, it.state.1)).collect();
        let heads = self.run("cat-file", &["--batch-check"], request.into_bytes(), cancel)?;
        let mut by_object: BTreeMap<String, Vec<Unknown<'a>>> = BTreeMap::new();
        for (unknown, head) in unknown.into_iter().zip(parse::batch_check(&heads)) {
            if let Some(head) = head.filter(|it| it.kind == "blob" && it.size <= MAX_BLOB_BYTES) {
                by_object.entry(head.object).or_default().push(unknown);
            }
        }
        if by_object.is_empty() {
            return Ok(Vec::new());
        }
        let request: String = by_object.keys().map(|object| format!("{object}\n")).collect();
        let limits = Limits { output: 256 << 20, ..Limits::default() };
        let (contents, _) =
            self.run_limited("cat-file", &["--batch"], request.into_bytes(), limits, cancel)?;
        let mut texts = Vec::new();
        for (object, bytes) in parse::batch(&contents) {
            let text: Arc<[u8]> = bytes.into();
            let of_object = by_object.remove(&object).unwrap_or_default();
            texts.extend(of_object.into_iter().map(|it| (it, Arc::clone(&text))));
        }
        Ok(texts)
    }

    /// Returns the texts of settings files around the commits that changed them, in the order of
    /// `wanted`; in two processes for any number.
    pub fn file_states(
        &self,
        wanted: &[WantedStates],
        cancel: &Cancel,
    ) -> Result<Vec<FileStates>, GitError> {
        let mut states = vec![FileStates::default(); wanted.len()];
        let mut asked: Vec<(usize, bool)> = Vec::new();
        let mut request = String::new();
        for (at, file) in wanted.iter().enumerate() {
            let sides = [
                (true, Some(&file.commit), &file.path),
                (false, file.parent.as_ref(), &file.old_path),
            ];
            for (is_after, commit, path) in sides {
                let (Some(commit), Some(path)) = (commit, self.top_path(path)) else { continue };
                if !path.contains('\n') {
                    asked.push((at, is_after));
                    request.push_str(&format!("{}:{path}\n", commit.0));
                }
            }
        }
        if asked.is_empty() {
            return Ok(states);
        }
        let heads = self.run("cat-file", &["--batch-check"], request.into_bytes(), cancel)?;
        let mut by_object: BTreeMap<String, Vec<(usize, bool)>> = BTreeMap::new();
        let mut order = Vec::new();
        let mut n_bytes = 0;
        // How many sides of each file git has, less those that were read.
        let mut n_lacking = vec![0_u32; wanted.len()];
        for (asked, head) in asked.into_iter().zip(parse::batch_check(&heads)) {
            let Some(head) = head.filter(|it| it.kind == "blob") else { continue };
            if let Some(n_lacking) = n_lacking.get_mut(asked.0) {
                *n_lacking += 1;
            }
            if head.size > MAX_SETTINGS_BYTES {
                continue;
            }
            if !by_object.contains_key(&head.object) {
                n_bytes += head.size;
                order.push(head.object.clone());
            }
            if n_bytes <= MAX_ALL_SETTINGS_BYTES {
                by_object.entry(head.object).or_default().push(asked);
            }
        }
        order.retain(|object| by_object.contains_key(object));
        if order.is_empty() {
            return Ok(states);
        }
        let request: String = order.iter().map(|object| format!("{object}\n")).collect();
        let limits = Limits { output: 80 << 20, ..Limits::default() };
        let (answer, _) =
            self.run_limited("cat-file", &["--batch"], request.into_bytes(), limits, cancel)?;
        for (object, bytes) in parse::batch(&answer) {
            for (at, is_after) in by_object.get(&object).into_iter().flatten() {
                let Some(state) = states.get_mut(*at) else { continue };
                let side = if *is_after { &mut state.after } else { &mut state.before };
                *side = Some(String::from_utf8_lossy(bytes).into_owned());
                if let Some(n_lacking) = n_lacking.get_mut(*at) {
                    *n_lacking -= 1;
                }
            }
        }
        // A file of which one side could not be read would look new or gone: it is left out.
        for (state, n_lacking) in states.iter_mut().zip(n_lacking) {
            if n_lacking > 0 {
                *state = FileStates::default();
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
