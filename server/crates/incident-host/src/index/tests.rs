use std::collections::BTreeMap;
use std::sync::Arc;

use incident_core::cancel::Cancel;
use incident_core::syntax::SymbolIndex;

use super::{WorkspaceIndex, cache_path};
use crate::source;
use crate::testing::Scratch;
use crate::workspace::Workspace;

fn open(scratch: &Scratch) -> Workspace {
    Workspace::open(&scratch.root()).with_environment(scratch.environment())
}

fn update(index: &WorkspaceIndex, workspace: &Workspace) -> Arc<SymbolIndex> {
    let (listing, _) = source::list(workspace.root(), &Cancel::new());
    let (symbols, problems) = index.update(workspace, &listing, &Cancel::new());
    assert!(problems.is_empty(), "{problems:?}");
    index.save(workspace);
    symbols
}

fn names(symbols: &SymbolIndex) -> Vec<String> {
    let items = symbols.files().iter().flat_map(|file| file.items.iter().map(move |it| (file, it)));
    items.map(|(file, item)| format!("{}: {}", file.path, item.name)).collect()
}

#[test]
fn follows_what_is_written_removed_and_open() {
    let scratch = Scratch::new();
    scratch.write("src/a.rs", "fn one() {}\n");
    scratch.write("src/b.rs", "fn two() {}\n");
    scratch.write("src/c.py", "def three(): pass\n");
    let (index, workspace) = (WorkspaceIndex::default(), open(&scratch));
    assert!(!index.is_warm());
    assert_eq!(names(&update(&index, &workspace)), ["src/a.rs: one", "src/b.rs: two"]);
    assert!(index.is_warm());
    scratch.write("src/a.rs", "fn changed() {}\n");
    std::fs::remove_file(scratch.root().join("src/b.rs")).unwrap();
    assert_eq!(names(&update(&index, &workspace)), ["src/a.rs: changed"]);
    let buffer = BTreeMap::from([("src/a.rs".to_owned(), Arc::from("fn unsaved() {}\n"))]);
    let edited = workspace.clone().with_open_buffers(buffer);
    assert_eq!(names(&update(&index, &edited)), ["src/a.rs: unsaved"]);
    assert_eq!(names(&update(&index, &workspace)), ["src/a.rs: changed"]);
}

#[test]
fn the_next_process_reads_the_cache() {
    let scratch = Scratch::new();
    let workspace = open(&scratch);
    let file = scratch.root().join("a.rs");
    scratch.write("a.rs", "fn one() {}\n");
    update(&WorkspaceIndex::default(), &workspace);
    // Same size and time: only the cache can still know the old name.
    let time = file.metadata().unwrap().modified().unwrap();
    scratch.write("a.rs", "fn two() {}\n");
    std::fs::File::options().write(true).open(&file).unwrap().set_modified(time).unwrap();
    assert_eq!(names(&update(&WorkspaceIndex::default(), &workspace)), ["a.rs: one"]);

    let cache = cache_path(workspace.folders().unwrap().cache(), workspace.root());
    let mut bytes = std::fs::read(&cache).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&cache, bytes).unwrap();
    assert_eq!(names(&update(&WorkspaceIndex::default(), &workspace)), ["a.rs: two"]);
}

#[test]
fn a_cancelled_run_leaves_no_gap_for_the_next() {
    let scratch = Scratch::new();
    scratch.write("a.rs", "fn one() {}\n");
    let (index, workspace) = (WorkspaceIndex::default(), open(&scratch));
    let cancel = Cancel::new();
    let (listing, _) = source::list(workspace.root(), &cancel);
    cancel.cancel();
    assert!(names(&index.update(&workspace, &listing, &cancel).0).is_empty());
    assert_eq!(names(&update(&index, &workspace)), ["a.rs: one"]);
}

#[test]
fn caches_of_trees_that_nobody_opens_expire() {
    let scratch = Scratch::new();
    let workspace = open(&scratch);
    let own = cache_path(workspace.folders().unwrap().cache(), workspace.root());
    std::fs::create_dir_all(own.parent().unwrap()).unwrap();
    for (name, days) in [("old", 31), ("new", 29)] {
        let written = crate::clock::now() - days * 24 * 60 * 60;
        let since = std::time::Duration::from_secs(u64::try_from(written).unwrap());
        let file = std::fs::File::create(own.with_file_name(name)).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + since).unwrap();
    }
    scratch.write("a.rs", "fn one() {}\n");
    update(&WorkspaceIndex::default(), &workspace);
    assert!(own.exists() && own.with_file_name("new").exists());
    assert!(!own.with_file_name("old").exists());
}
