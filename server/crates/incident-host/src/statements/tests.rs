use std::collections::BTreeMap;
use std::sync::Arc;

use incident_core::cancel::Cancel;
use incident_core::statements::Query;

use super::WorkspaceStatements;
use crate::source;
use crate::testing::Scratch;
use crate::workspace::Workspace;

/// Finds the statement of a message in what is on disk and open now, as `path:line`.
fn find(known: &WorkspaceStatements, workspace: &Workspace, message: &str) -> Option<String> {
    let (listing, _) = source::list(workspace.root(), &Cancel::new());
    let (index, problems) = known.update(workspace, &listing, &Cancel::new());
    assert!(problems.is_empty(), "{problems:?}");
    let found = index.find(&Query { message, ..Query::default() });
    found.first().map(|it| format!("{}:{}", it.placed.path(), it.placed.statement().line))
}

#[test]
fn follows_what_is_written_removed_and_open() {
    let scratch = Scratch::new();
    scratch.write("src/a.rs", "fn f() { warn!(\"pool {name} drained\"); }\n");
    scratch.write("app/b.py", "raise KeyError(f'no shard {n}')\n");
    let workspace = Workspace::open(&scratch.root()).with_environment(scratch.environment());
    let known = WorkspaceStatements::default();
    let find = |workspace: &Workspace, message| find(&known, workspace, message);
    assert_eq!(find(&workspace, "pool main drained").as_deref(), Some("src/a.rs:1"));
    assert_eq!(find(&workspace, "KeyError: no shard 7").as_deref(), Some("app/b.py:1"));
    scratch.write("src/a.rs", "\n\nfn f() { warn!(\"pool {name} drained\"); }\n");
    std::fs::remove_file(scratch.root().join("app/b.py")).unwrap();
    assert_eq!(find(&workspace, "pool main drained").as_deref(), Some("src/a.rs:3"));
    assert_eq!(find(&workspace, "KeyError: no shard 7"), None);
    let buffer =
        BTreeMap::from([("src/a.rs".to_owned(), Arc::from("fn f() { info!(\"unsaved\") }"))]);
    let edited = workspace.clone().with_open_buffers(buffer);
    assert_eq!(find(&edited, "unsaved").as_deref(), Some("src/a.rs:1"));
    assert_eq!(find(&edited, "pool main drained"), None);
    assert_eq!(find(&workspace, "unsaved"), None);
}

#[test]
fn the_next_process_reads_the_cache_and_a_damaged_one_is_made_again() {
    let scratch = Scratch::new();
    let workspace = Workspace::open(&scratch.root()).with_environment(scratch.environment());
    let file = scratch.root().join("a.rs");
    scratch.write("a.rs", "fn f() { warn!(\"one\"); }\n");
    assert!(find(&WorkspaceStatements::default(), &workspace, "one").is_some());
    // Same size and time: only the cache can still know the old text.
    let time = file.metadata().unwrap().modified().unwrap();
    scratch.write("a.rs", "fn f() { warn!(\"two\"); }\n");
    std::fs::File::options().write(true).open(&file).unwrap().set_modified(time).unwrap();
    assert!(find(&WorkspaceStatements::default(), &workspace, "one").is_some());

    let cache = super::cache_path(workspace.folders().unwrap().cache(), workspace.root());
    let mut bytes = std::fs::read(&cache).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&cache, bytes).unwrap();
    assert!(find(&WorkspaceStatements::default(), &workspace, "two").is_some());
}
