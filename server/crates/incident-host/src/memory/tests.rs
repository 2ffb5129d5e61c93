use std::path::Path;

use incident_core::guard::looping::Change;
use incident_core::history::CommitId;

use super::{Answer, Attempt, MarkKind, Memory, MemoryError, NewAttempt, Outcome};
use crate::clock;
use crate::folders::Folders;
use crate::testing::Scratch;

const ID: &str = "0123456789ab";
const HOUR: i64 = 60 * 60;

fn folders(scratch: &Scratch) -> Folders {
    Folders::of(&scratch.environment()).unwrap()
}

fn memory(scratch: &Scratch) -> Memory {
    Memory::open(&folders(scratch), &scratch.root())
}

fn commit(digit: &str) -> CommitId {
    CommitId(digit.repeat(40))
}

fn attempt(digest: &str, branch: &str) -> NewAttempt {
    NewAttempt {
        incident: ID.to_owned(),
        number: 1,
        hypothesis: "the index is past the end".to_owned(),
        base: commit("a"),
        branch: branch.to_owned(),
        patch_digest: digest.to_owned(),
        patch_id: Some("f".repeat(40)),
        files: vec!["src/a.rs".to_owned(), "src/with blank.rs".to_owned()],
        change: Change {
            before: ["1:a".to_owned()].into(),
            after: ["2:a".to_owned(), "3:b".to_owned()].into(),
        },
    }
}

#[test]
fn one_log_explained_again_and_again_is_one_sighting() {
    let scratch = Scratch::new();
    let memory = memory(&scratch);
    let now = clock::now();
    let (one, other) = (commit("a"), commit("b"));
    for (at, deployed) in [
        (now - 50 * HOUR, Some(&one)),
        (now - 48 * HOUR, Some(&one)),
        (now - 48 * HOUR, Some(&other)),
        (now, Some(&other)),
        (now, None),
        (now + 60, None),
    ] {
        memory.note_sighting(ID, "boom", at, deployed).unwrap();
    }
    let seen: Vec<(i64, i64)> = memory
        .sightings(ID)
        .unwrap()
        .iter()
        .map(|it| ((now - it.first_at) / HOUR, (it.last_at - it.first_at) / 60))
        .collect();
    assert_eq!(seen, [(50, 120), (48, 0), (0, 0), (0, 1)]);
    assert_eq!(memory.sightings("ba9876543210").unwrap(), []);
}

#[test]
fn an_attempt_keeps_its_outcome_and_the_last_word_that_was_not_taken_back() {
    let scratch = Scratch::new();
    let memory = memory(&scratch);
    let now = clock::now();
    memory.note_attempt(&attempt("one", "incident/x/1"), now).unwrap();
    memory.note_attempt(&attempt("two", "incident/x/2"), now + 1).unwrap();
    memory.note_attempt(&attempt("one", "incident/x/1-2"), now + 2).unwrap();
    memory.note_outcome("incident/x/2", None, Outcome::Worse, "leaks 3 MB/min", now).unwrap();
    let said = memory.answer("incident/x/1-2", Answer::Worked, now).unwrap();
    assert_eq!(said.answer, Some(Answer::Worked));

    let line = |it: &Attempt| {
        format!("{} {:?} {:?} {:?}", it.tried.branch, it.outcome, it.answer, it.tried.files)
    };
    let lines: Vec<String> = memory.attempts(ID).unwrap().iter().map(line).collect();
    let files = r#"["src/a.rs", "src/with blank.rs"]"#;
    assert_eq!(
        lines,
        [
            format!("incident/x/1-2 None Some(Worked) {files}"),
            format!(r#"incident/x/2 Some((Worse, "leaks 3 MB/min")) None {files}"#),
        ]
    );
    assert_eq!(memory.take_back(ID, now).unwrap().kind, MarkKind::Worked);
    assert_eq!(memory.attempts(ID).unwrap()[0].answer, None);
    assert!(matches!(memory.take_back(ID, now), Err(MemoryError::NotFound(_))));
    assert!(matches!(memory.answer("no/such", Answer::Failed, now), Err(MemoryError::NotFound(_))));
}

#[test]
fn secrets_stay_out_and_forget_takes_the_rest() {
    let scratch = Scratch::new();
    let memory = memory(&scratch);
    let now = clock::now();
    let secret = "AKIAIOSFODNN7EXAMPLE";
    memory.note_sighting(ID, &format!("denied for {secret}"), now, None).unwrap();
    let words = NewAttempt { hypothesis: format!("key {secret}"), ..attempt("one", "b") };
    memory.note_attempt(&words, now).unwrap();
    memory.mark(ID, MarkKind::Confirmed, &format!("key {secret}"), now).unwrap();
    memory.mark("ba9876543210", MarkKind::Dismissed, "", now).unwrap();
    let all_bytes = || {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(memory.path().parent().unwrap()).unwrap() {
            all.extend(std::fs::read(entry.unwrap().path()).unwrap());
        }
        String::from_utf8_lossy(&all).into_owned()
    };
    assert!(all_bytes().contains("denied for <secret:"), "the file is read at all");
    assert!(!all_bytes().contains(secret));

    memory.forget(ID).unwrap();
    assert_eq!(memory.sightings(ID).unwrap(), []);
    assert_eq!(memory.attempts(ID).unwrap(), []);
    assert_eq!(memory.marks(ID).unwrap(), []);
    assert_eq!(memory.marks("ba9876543210").unwrap().len(), 1);
    super::forget_everything(&folders(&scratch)).unwrap();
    assert_eq!(memory.marks("ba9876543210").unwrap(), []);
}

#[test]
fn another_repository_knows_nothing_of_it() {
    let scratch = Scratch::new();
    memory(&scratch).note_sighting(ID, "boom", clock::now(), None).unwrap();
    let other = Memory::open(&folders(&scratch), &scratch.path("home"));
    assert_eq!(other.sightings(ID).unwrap(), []);
}

#[test]
fn what_is_old_goes_when_the_file_is_opened() {
    let scratch = Scratch::new();
    let path = folders(&scratch).state().join(super::FILE);
    let now = clock::now();
    let mut keeper = super::Keeper { path: path.clone(), connection: None, problems: Vec::new() };
    for at in [now - super::KEPT_SECONDS - 10, now] {
        let noted = keeper.work(&|connection| {
            connection.execute("INSERT INTO sighting VALUES ('r', 'i', 't', ?1, ?1, NULL)", [at])
        });
        assert_eq!(noted.unwrap(), 1);
    }
    keeper.connection = None;
    let left = keeper.work(&|connection| {
        connection.query_row("SELECT count(*), max(last_at) FROM sighting", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })
    });
    assert_eq!(left.unwrap(), (1, now));
}

/// Damages the file as `damage` does, and expects a new one, the old one beside it, and a word.
#[track_caller]
fn check_damage(damage: impl Fn(&Path)) {
    let scratch = Scratch::new();
    let path = folders(&scratch).state().join(super::FILE);
    let keeper = || super::Keeper { path: path.clone(), connection: None, problems: Vec::new() };
    let fill = |connection: &rusqlite::Connection| {
        for number in 0..2000 {
            connection.execute(
                "INSERT INTO sighting VALUES ('r', ?1, 'title', 0, 9999999999, NULL)",
                [format!("{number:012}")],
            )?;
        }
        Ok(())
    };
    let mut first = keeper();
    first.work(&fill).unwrap();
    drop(first);
    damage(&path);
    let mut second = keeper();
    let count = |connection: &rusqlite::Connection| {
        connection.query_row("SELECT count(title) FROM sighting", [], |row| row.get::<_, i64>(0))
    };
    assert_eq!(second.work(&count).unwrap(), 0);
    assert_eq!(second.work(&fill), Ok(()));
    let [told] = second.problems.as_slice() else { panic!("{:?}", second.problems) };
    assert!(
        told.message.contains("set aside as") && told.message.contains(".damaged-1"),
        "{told:?}"
    );
    assert_eq!(super::schema::set_aside_files(&path).len(), 1);
}

#[test]
fn a_file_of_something_else_is_set_aside() {
    check_damage(|path| std::fs::write(path, "this is no database\n".repeat(99)).unwrap());
}

#[test]
fn a_file_with_a_broken_middle_is_set_aside() {
    check_damage(|path| {
        let mut bytes = std::fs::read(path).unwrap();
        let n_bytes = bytes.len();
        bytes[4096..n_bytes].fill(0xa5);
        std::fs::write(path, bytes).unwrap();
    });
}

#[test]
fn a_file_that_was_cut_is_set_aside() {
    check_damage(|path| {
        let bytes = std::fs::read(path).unwrap();
        std::fs::write(path, &bytes[..5000]).unwrap();
    });
}

#[test]
fn a_file_of_a_newer_program_is_left_alone() {
    let scratch = Scratch::new();
    let memory = memory(&scratch);
    memory.note_sighting(ID, "boom", clock::now(), None).unwrap();
    memory.run(|connection| connection.pragma_update(None, "user_version", 99)).unwrap();
    let path = memory.path().to_owned();
    let mut keeper = super::Keeper { path, connection: None, problems: Vec::new() };
    let refused = keeper.work(&|_| Ok(())).unwrap_err();
    assert!(matches!(refused, MemoryError::Newer { found: 99, .. }), "{refused}");
    assert_eq!(super::schema::set_aside_files(memory.path()), Vec::<std::path::PathBuf>::new());
}

#[test]
fn several_connections_write_at_once_and_lose_nothing() {
    let scratch = Scratch::new();
    let path = folders(&scratch).state().join(super::FILE);
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let path = path.clone();
            scope.spawn(move || {
                for number in 0..25 {
                    // A connection of its own each time: as if every write were a process.
                    let mut keeper = super::Keeper {
                        path: path.clone(),
                        connection: None,
                        problems: Vec::new(),
                    };
                    let id = format!("{writer}-{number}");
                    let noted = keeper.work(&|connection| {
                        connection.execute(
                            "INSERT INTO sighting VALUES ('r', ?1, 't', 0, 9999999999, NULL)",
                            [&id],
                        )
                    });
                    assert_eq!(noted, Ok(1));
                    assert_eq!(keeper.problems, []);
                }
            });
        }
    });
    let mut keeper = super::Keeper { path, connection: None, problems: Vec::new() };
    let count = keeper.work(&|connection| {
        connection.query_row("SELECT count(*) FROM sighting", [], |row| row.get::<_, i64>(0))
    });
    assert_eq!(count, Ok(100));
}

#[test]
fn a_folder_that_cannot_be_written_is_said() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    std::fs::write(&state, "a file").unwrap();
    let environment = scratch.environment().with("INCIDENT_LSP_STATE_DIR", &state);
    let memory = Memory::open(&Folders::of(&environment).unwrap(), &scratch.root());
    let refused = memory.sightings(ID).unwrap_err().to_string();
    assert!(refused.starts_with("the memory of earlier incidents can't be used"), "{refused}");
}
