//! What came after a commit: on HEAD, and on the branch that everybody works from.

use incident_core::cancel::Cancel;
use incident_core::history::CommitId;

use super::{GitError, Repository, parse};

/// Names of the default branch, the one that is trusted most first.
const DEFAULT_BRANCHES: [&str; 5] = [
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
];

/// A commit that changed one of the wanted files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touching {
    /// Its id.
    pub commit: CommitId,
    /// Its first parent; `None` for a root.
    pub parent: Option<CommitId>,
    /// The first line of its message.
    pub subject: String,
}

impl Repository {
    /// Returns the tips that a fix may have landed on, with what a person calls them: HEAD, then
    /// the default branch. Each commit once.
    pub fn tips(
        &self,
        head: &CommitId,
        cancel: &Cancel,
    ) -> Result<Vec<(String, CommitId)>, GitError> {
        let mut args = vec!["--format=%(objectname) %(refname) %(symref)"];
        args.extend(DEFAULT_BRANCHES);
        let answer = self.run("for-each-ref", &args, Vec::new(), cancel)?;
        let known: Vec<(CommitId, String, String)> = String::from_utf8_lossy(&answer)
            .lines()
            .filter_map(|line| {
                let mut words = line.split(' ');
                let commit = parse::commit_id(words.next()?.as_bytes())?;
                let name = words.next()?.to_owned();
                Some((commit, name, words.next().unwrap_or_default().to_owned()))
            })
            .collect();
        let default = DEFAULT_BRANCHES
            .iter()
            .find_map(|wanted| known.iter().find(|(_, name, _)| name == wanted));
        let mut tips = vec![("HEAD".to_owned(), head.clone())];
        if let Some((commit, name, stands_for)) = default {
            let name = if stands_for.is_empty() { name } else { stands_for };
            let shown = ["refs/remotes/", "refs/heads/"]
                .iter()
                .find_map(|prefix| name.strip_prefix(prefix))
                .unwrap_or(name);
            match tips.iter_mut().find(|(_, tip)| tip == commit) {
                Some((tip, _)) => *tip = shown.to_owned(),
                None => tips.push((shown.to_owned(), commit.clone())),
            }
        }
        Ok(tips)
    }

    /// Returns the commits of `tip` that `deployed` does not have and that changed one of `paths`:
    /// the oldest `max_commits` of them, oldest first, without merges.
    pub fn touching_since(
        &self,
        deployed: &CommitId,
        tip: &CommitId,
        paths: &[String],
        max_commits: usize,
        cancel: &Cancel,
    ) -> Result<Vec<Touching>, GitError> {
        let mut args: Vec<String> =
            ["--format=%H %P%x00%s%x00", "--no-merges", "--reverse"].map(str::to_owned).to_vec();
        args.extend(["--no-show-signature".into(), "--end-of-options".into(), tip.0.clone()]);
        args.extend([format!("^{}", deployed.0), "--".into()]);
        let n_fixed = args.len();
        args.extend(paths.iter().filter_map(|path| self.top_path(path)));
        if args.len() == n_fixed {
            return Ok(Vec::new());
        }
        let answer = self.run("log", &args, Vec::new(), cancel)?;
        let mut fields = answer.split(|byte| *byte == 0);
        let commits = std::iter::from_fn(|| {
            let (ids, subject) = (fields.next()?.trim_ascii(), fields.next()?);
            let mut ids = ids.split(|byte| *byte == b' ').filter_map(parse::commit_id);
            let commit = ids.next()?;
            let subject = String::from_utf8_lossy(subject).into_owned();
            Some(Touching { commit, parent: ids.next(), subject })
        });
        Ok(commits.take(max_commits).collect())
    }
}
