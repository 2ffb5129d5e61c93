use super::{KEPT_SECONDS, Store, StoreError, StoredIncident, forget_everything};
use crate::folders::Folders;
use crate::testing::Scratch;

const NOW: i64 = 1_714_564_800;

fn incident(id: &str, saved_at: i64) -> StoredIncident {
    StoredIncident {
        id: id.into(),
        title: format!("panic {id}"),
        saved_at,
        report: serde_json::json!({ "schema_version": 1 }),
    }
}

fn open(scratch: &Scratch) -> Store {
    Store::open(&Folders::of(&scratch.environment()).unwrap(), &scratch.root())
}

fn ids(store: &Store) -> Vec<String> {
    store.list(NOW).into_iter().map(|incident| incident.id).collect()
}

#[test]
fn incidents_are_listed_newest_first_and_expire() {
    let scratch = Scratch::new();
    let store = open(&scratch);
    store.put(&incident("aaaaaaaaaaaa", NOW - KEPT_SECONDS - 1)).unwrap();
    store.put(&incident("bbbbbbbbbbbb", NOW - 10)).unwrap();
    store.put(&incident("cccccccccccc", NOW - 5)).unwrap();
    assert_eq!(ids(&store), ["cccccccccccc", "bbbbbbbbbbbb"]);
    let old = store.get("aaaaaaaaaaaa", NOW);
    assert!(matches!(old, Err(StoreError::NotKept(_))));
    store.put(&incident("bbbbbbbbbbbb", NOW)).unwrap();
    assert_eq!(ids(&store), ["bbbbbbbbbbbb", "cccccccccccc"]);
}

#[test]
fn forgetting_one_and_all() {
    let scratch = Scratch::new();
    let store = open(&scratch);
    store.put(&incident("aaaaaaaaaaaa", NOW)).unwrap();
    store.put(&incident("bbbbbbbbbbbb", NOW)).unwrap();
    store.forget("aaaaaaaaaaaa").unwrap();
    assert!(matches!(store.forget("aaaaaaaaaaaa"), Err(StoreError::NotKept(_))));
    assert_eq!(store.forget_all().unwrap(), 1);
    assert!(ids(&store).is_empty());
    store.put(&incident("cccccccccccc", NOW)).unwrap();
    forget_everything(&Folders::of(&scratch.environment()).unwrap()).unwrap();
    assert!(ids(&store).is_empty());
}

#[test]
fn an_id_cannot_name_another_file() {
    let scratch = Scratch::new();
    let store = open(&scratch);
    for id in ["", "../../../x", "aaaaaaaaaaa/", "AAAAAAAAAAAAA", "aaaaaaaaaaaé"] {
        assert!(matches!(store.get(id, NOW), Err(StoreError::NotAnId(_))), "{id:?}");
        assert!(matches!(store.forget(id), Err(StoreError::NotAnId(_))), "{id:?}");
    }
}

#[test]
fn repositories_do_not_see_each_other_but_folders_of_one_do() {
    let scratch = Scratch::new();
    scratch.commit(1, "Begin");
    let below = scratch.root().join("service");
    std::fs::create_dir(&below).unwrap();
    let folders = Folders::of(&scratch.environment()).unwrap();
    open(&scratch).put(&incident("aaaaaaaaaaaa", NOW)).unwrap();
    assert_eq!(ids(&Store::open(&folders, &below)), ["aaaaaaaaaaaa"]);
    assert!(ids(&Store::open(&folders, &scratch.path("home"))).is_empty());
}

#[test]
fn damaged_files_are_passed_over() {
    let scratch = Scratch::new();
    let store = open(&scratch);
    store.put(&incident("aaaaaaaaaaaa", NOW)).unwrap();
    std::fs::write(store.folder.join("bbbbbbbbbbbb.json"), b"{\"id\":").unwrap();
    assert_eq!(ids(&store), ["aaaaaaaaaaaa"]);
}

#[test]
fn many_writers_at_once_lose_nothing() {
    let scratch = Scratch::new();
    let store = open(&scratch);
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let store = &store;
            scope.spawn(move || {
                for n in 0..10 {
                    store.put(&incident(&format!("{writer:06x}{n:06x}"), NOW)).unwrap();
                }
            });
        }
    });
    assert_eq!(ids(&store).len(), 80);
}

#[test]
fn a_state_folder_that_cannot_be_made() {
    let scratch = Scratch::new();
    let blocked = scratch.path("file");
    std::fs::write(&blocked, "").unwrap();
    let environment = scratch.environment().with("INCIDENT_LSP_STATE_DIR", blocked.join("state"));
    let store = Store::open(&Folders::of(&environment).unwrap(), &scratch.root());
    let err = store.put(&incident("aaaaaaaaaaaa", NOW)).unwrap_err().to_string();
    assert!(err.contains("could not be written"), "{err}");
    assert!(ids(&store).is_empty());
}

#[test]
fn what_nobody_comes_back_for_goes_when_anything_is_kept() {
    let scratch = Scratch::new();
    let store = open(&scratch);
    let elsewhere = store.folder.with_file_name("00000000000000000000");
    std::fs::create_dir_all(&elsewhere).unwrap();
    let put = |name: &str, age: i64| {
        let file = std::fs::File::create(elsewhere.join(name)).unwrap();
        let written = u64::try_from(NOW - age).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(written)).unwrap();
    };
    put("aaaaaaaaaaaa.json", KEPT_SECONDS + 1);
    put("aaaaaaaaaaaa.md", KEPT_SECONDS + 1);
    put("bbbbbbbbbbbb.json", KEPT_SECONDS - 1);
    put(".half.tmp", 2 * 60 * 60);
    put(".being-written.tmp", 1);
    store.put(&incident("cccccccccccc", NOW)).unwrap();
    let mut left: Vec<_> =
        std::fs::read_dir(elsewhere).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [".being-written.tmp", "bbbbbbbbbbbb.json"]);
}
