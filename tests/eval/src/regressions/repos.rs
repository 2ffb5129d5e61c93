//! The same cases on the real repositories: with source text, blame and every commit of the range.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use incident_core::cancel::Cancel;
use incident_core::history::{CommitId, History};
use incident_core::producers;
use incident_core::suspects;
use incident_core::syntax::{SymbolIndex, index_file};
use incident_host::command::Environment;
use incident_host::git::{LogQuery, Repository};

use super::case::Case;
use super::convert::Scene;

/// How many commits of a range are read, as in the product.
const MAX_COMMITS: usize = 5_000;

impl Scene {
    /// Reads a case's scene from its repository; `None` where `dir` has none of it.
    pub(super) fn from_repository(case: &Case, dir: &Path) -> anyhow::Result<Option<Self>> {
        let Some(bare) = find(dir, &case.facts.repo) else { return Ok(None) };
        let cancel = Cancel::new();
        // The product asks for a working tree: an empty one that points at the clone.
        let tree = tempfile::tempdir().context("no temporary folder")?;
        std::fs::write(tree.path().join(".git"), format!("gitdir: {}\n", bare.display()))
            .context("cannot write into the temporary folder")?;
        let environment = Environment::of_process();
        let repository = Repository::discover(tree.path(), &environment, &cancel)
            .with_context(|| format!("{} is no repository", bare.display()))?;
        let id = |id: &str| CommitId(id.to_owned());
        let (tip, good) = (id(&case.facts.range.bad_sha), id(&case.facts.range.good_sha));
        let query = LogQuery {
            tip: tip.clone(),
            since: Some(good.clone()),
            since_time: None,
            max_commits: MAX_COMMITS,
        };
        let log = repository.log(&query, &cancel).context("git log")?;

        let mut scene = Self::new(case);
        let on_stack: BTreeSet<String> =
            case.facts.frames.iter().map(|frame| frame.file.clone()).collect();
        let on_stack: Vec<String> = on_stack.into_iter().collect();
        let texts = repository.blobs(&tip, &on_stack, &cancel).context("git cat-file")?;
        for (path, bytes) in texts {
            let text: Arc<str> = Arc::from(String::from_utf8_lossy(&bytes));
            let symbols = index_file(&path, &text);
            if !symbols.items.is_empty() {
                scene.functions = scene.functions.with(Arc::new(symbols));
            }
            scene.sources.deployed.insert(path, text);
        }
        let symbols = SymbolIndex::default();
        scene.producers = scene
            .traces
            .iter()
            .flat_map(|trace| producers::producers(trace, &scene.sources, &symbols, &cancel))
            .collect();
        let wanted = suspects::wanted_history(&scene.traces, &scene.functions, &scene.producers);
        let blame = repository.blame(&tip, Some(&good), &wanted.blame, &cancel);
        scene.history = History {
            config: repository.config_changes(&log.commits, &cancel),
            commits: log.commits,
            blame: blame.context("git blame")?,
            ..scene.history
        };
        Ok(Some(scene))
    }
}

/// Finds the clone of `owner/name`: `DIR/owner+name/repo`, `DIR/owner/name`, `DIR/name`, each with
/// or without `.git`.
fn find(dir: &Path, repo: &str) -> Option<PathBuf> {
    let name = repo.rsplit('/').next().unwrap_or(repo);
    let names = [format!("{}/repo", repo.replace('/', "+")), repo.to_owned(), name.to_owned()];
    names
        .iter()
        .flat_map(|name| [dir.join(name), dir.join(format!("{name}.git"))])
        .find(|path| path.join("objects").is_dir() || path.join(".git").is_dir())
        .map(|path| if path.join(".git").is_dir() { path.join(".git") } else { path })
}
