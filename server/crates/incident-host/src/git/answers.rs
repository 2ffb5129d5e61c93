//! What git has answered, as far as the answer holds for ever: it follows from object ids alone.
//!
//! In memory only, and bounded. What a name stands for, HEAD or a tag, is asked each time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use incident_core::history::{BlameRange, Commit, CommitId};

use super::{Log, LogQuery};

/// How many bytes the kept texts of files may have.
const MAX_TEXT_BYTES: usize = 24 << 20;
/// How many bytes the kept logs may have.
const MAX_LOG_BYTES: usize = 32 << 20;
/// How many bytes the kept lines of blame may have.
const MAX_BLAME_BYTES: usize = 4 << 20;

/// A file as it stood in a commit: where it lies relative to the top.
pub(super) type StateOfFile = (CommitId, String);

/// The lines of one file that were asked for: the commit, where to stop, the path, the ranges.
pub(super) type BlameQuery = (CommitId, Option<CommitId>, String, Vec<(u32, u32)>);

/// Answers of git about one repository. Each lock is held for one look-up.
#[derive(Debug, Default)]
pub struct Answers {
    texts: Mutex<Kept<StateOfFile, Arc<[u8]>>>,
    logs: Mutex<Kept<(LogQuery, bool), Log>>,
    blame: Mutex<Kept<BlameQuery, Arc<[BlameRange]>>>,
}

impl Answers {
    /// Returns a file's content. What was not there is not kept: a partial clone may get it.
    pub(super) fn text(&self, state: &StateOfFile) -> Option<Arc<[u8]>> {
        lock(&self.texts).get(state)
    }

    pub(super) fn keep_text(&self, state: StateOfFile, text: Arc<[u8]>) {
        let n_bytes = text.len() + state.1.len() + 64;
        lock(&self.texts).put(state, text, n_bytes, MAX_TEXT_BYTES);
    }

    /// Returns what was read of a whole or shallow history.
    pub(super) fn log(&self, query: &LogQuery, is_shallow: bool) -> Option<Log> {
        lock(&self.logs).get(&(query.clone(), is_shallow))
    }

    pub(super) fn keep_log(&self, query: &LogQuery, is_shallow: bool, log: &Log) {
        let n_bytes = log.commits.iter().map(size).sum();
        lock(&self.logs).put((query.clone(), is_shallow), log.clone(), n_bytes, MAX_LOG_BYTES);
    }

    pub(super) fn blame(&self, query: &BlameQuery) -> Option<Arc<[BlameRange]>> {
        lock(&self.blame).get(query)
    }

    pub(super) fn keep_blame(&self, query: BlameQuery, ranges: Arc<[BlameRange]>) {
        let n_bytes = (ranges.len() + query.3.len() + 1) * 128;
        lock(&self.blame).put(query, ranges, n_bytes, MAX_BLAME_BYTES);
    }
}

/// Returns about how many bytes a commit takes.
fn size(commit: &Commit) -> usize {
    let of_lines = |lines: &[String]| lines.iter().map(|line| line.len() + 24).sum::<usize>();
    let hunks = commit.files.iter().flat_map(|file| &file.hunks);
    let of_hunks: usize =
        hunks.map(|hunk| of_lines(&hunk.removed) + of_lines(&hunk.added) + 96).sum();
    of_hunks + commit.files.len() * 128 + commit.body.len() + commit.subject.len() + 256
}

/// Values by key in two generations: when the young one is full, the old one goes.
#[derive(Debug)]
struct Kept<K, V> {
    young: HashMap<K, (V, usize)>,
    old: HashMap<K, (V, usize)>,
    young_bytes: usize,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), young_bytes: 0 }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Kept<K, V> {
    /// Returns a value; one that is asked for again stays young.
    fn get(&mut self, key: &K) -> Option<V> {
        if let Some((value, _)) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, (value, n_bytes)) = self.old.remove_entry(key)?;
        self.young_bytes += n_bytes;
        self.young.insert(key, (value.clone(), n_bytes));
        Some(value)
    }

    /// Keeps a value of about `n_bytes`; all together have about `max_bytes` at most.
    fn put(&mut self, key: K, value: V, n_bytes: usize, max_bytes: usize) {
        if n_bytes > max_bytes / 2 {
            return;
        }
        if self.young_bytes + n_bytes > max_bytes / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += n_bytes;
        self.young.insert(key, (value, n_bytes));
    }
}

fn lock<T>(kept: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A look-up leaves nothing half done.
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::Kept;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let mut kept = Kept::default();
        for number in 0..100 {
            kept.put(number, number, 10, 100);
            assert_eq!(kept.get(&0), Some(0));
        }
        let n_kept = (0..100).filter(|number| kept.get(number).is_some()).count();
        assert!((2..=10).contains(&n_kept), "{n_kept}");
        assert_eq!(kept.get(&99), Some(99));
        assert_eq!(kept.get(&1), None);
        kept.put(100, 100, 51, 100);
        assert_eq!(kept.get(&100), None);
    }
}
