use std::io::Write as _;
use std::path::Path;

use incident_core::cancel::Cancel;
use incident_core::logs::{LogReport, ScanOptions, Tallied, Tally};

use super::{Follower, LogOptions, blocks, read};

const LINES: &str = "2026-03-03T14:05:00Z ERROR pool: timed out after 1 ms\n\
                     2026-03-03T14:05:01Z INFO http: served 7\n";

fn read_names(names: &[&Path]) -> Tallied {
    let names: Vec<String> = names.iter().map(|name| name.display().to_string()).collect();
    read(&names, &LogOptions::default(), &Cancel::new())
}

fn counts(report: &LogReport) -> Vec<(String, u64)> {
    report.groups.iter().map(|group| (group.template.clone(), group.count)).collect()
}

fn two(n: u64) -> Vec<(String, u64)> {
    vec![("timed out after <*> ms".to_owned(), n), ("served <*>".to_owned(), n)]
}

#[test]
fn a_file_of_many_blocks_is_counted_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    let n = 120_000;
    std::fs::write(&path, LINES.repeat(n)).unwrap();
    let tallied = read_names(&[&path]);
    assert_eq!(counts(&tallied.report), two(n as u64));
    assert_eq!(tallied.report.n_lines, 2 * n as u64);
    let first = &tallied.report.groups[0];
    assert_eq!((first.first_line, first.last_line), (1, 2 * n as u64 - 1));
    assert_eq!(first.last_byte, ((n - 1) * LINES.len()) as u64);
}

#[test]
fn a_line_longer_than_a_block_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    let long =
        format!("{LINES}2026-03-03T14:05:01Z INFO http: served {}\n{LINES}", "x1".repeat(5 << 20));
    std::fs::write(&path, long).unwrap();
    let report = read_names(&[&path]).report;
    assert_eq!(report.n_lines, 5);
    assert_eq!(report.n_records, 5);
}

#[test]
fn compressed_files_are_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let gzip = folder.path().join("a.log.gz");
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(LINES.as_bytes()).unwrap();
    std::fs::write(&gzip, packer.finish().unwrap()).unwrap();
    assert_eq!(counts(&read_names(&[&gzip]).report), two(1));

    let zstd = folder.path().join("a.log.zst");
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    let mut frames = ruzstd::encoding::compress_to_vec(LINES.as_bytes(), level);
    frames.extend(ruzstd::encoding::compress_to_vec(LINES.as_bytes(), level));
    std::fs::write(&zstd, &frames).unwrap();
    assert_eq!(counts(&read_names(&[&zstd]).report), two(2));

    // Cut in the middle: what came before is counted, and a sentence says so.
    std::fs::write(&zstd, frames.get(..frames.len() - 7).unwrap()).unwrap();
    let tallied = read_names(&[&zstd]);
    assert!(
        tallied.problems.iter().any(|it| it.message.contains("to its end")),
        "{:?}",
        tallied.problems
    );
}

#[test]
fn folders_and_patterns_are_read_by_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("pods")).unwrap();
    for pod in ["a", "b"] {
        std::fs::write(folder.path().join(format!("pods/{pod}.log")), LINES).unwrap();
    }
    std::fs::write(folder.path().join("pods/readme.txt"), "hello\n").unwrap();
    let all = read_names(&[&folder.path().join("pods/*.log")]).report;
    assert_eq!(counts(&all), two(2));
    assert_eq!(read_names(&[folder.path()]).report.n_lines, 5);
    let none = read_names(&[&folder.path().join("*.gone")]);
    assert!(none.problems.iter().any(|it| it.message.contains("no file matches")));
    let gone = read_names(&[&folder.path().join("gone.log")]);
    assert!(gone.problems.iter().any(|it| it.message.contains("does not exist")));
}

#[test]
fn a_followed_log_may_grow_and_be_cut_and_rotate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    std::fs::write(&path, LINES).unwrap();
    let (mut follower, _) = Follower::new(&path, &LogOptions::default());
    let cancel = Cancel::new();
    follower.look(&cancel);
    assert_eq!(counts(&follower.report().report), two(1));

    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    // The last line has no end yet.
    write!(file, "{LINES}2026-03-03T14:05:02Z INFO http: serv").unwrap();
    follower.look(&cancel);
    assert_eq!(counts(&follower.report().report), two(2));
    writeln!(file, "ed 9").unwrap();
    follower.look(&cancel);
    assert_eq!(follower.report().report.n_records, 5);

    std::fs::write(&path, LINES).unwrap();
    let look = follower.look(&cancel);
    assert!(look.problems.iter().any(|it| it.message.contains("was cut")), "{look:?}");
    assert_eq!(follower.report().report.n_records, 7);

    std::fs::rename(&path, folder.path().join("app.log.1")).unwrap();
    let mut old =
        std::fs::OpenOptions::new().append(true).open(folder.path().join("app.log.1")).unwrap();
    write!(old, "{LINES}").unwrap();
    std::fs::write(&path, LINES).unwrap();
    let look = follower.look(&cancel);
    assert!(look.problems.iter().any(|it| it.message.contains("replaced")), "{look:?}");
    assert_eq!(follower.report().report.n_records, 11);

    std::fs::remove_file(&path).unwrap();
    let look = follower.look(&cancel);
    assert!(look.problems.iter().any(|it| it.message.contains("is gone")), "{look:?}");
    assert_eq!(follower.report().report.n_records, 11);
}

#[test]
fn zones_and_deploys_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    std::fs::write(&path, LINES.replace('Z', "")).unwrap();
    let options = |zone: &str, deploy: &str| LogOptions {
        zone: Some(zone.to_owned()),
        deploy_at: Some(deploy.to_owned()),
        ..LogOptions::default()
    };
    let names = [path.display().to_string()];
    let tallied = read(&names, &options("+02:00", "14:05"), &Cancel::new());
    assert_eq!(tallied.report.first_seen.as_deref(), Some("2026-03-03T12:05:00Z"));
    assert_eq!(tallied.report.deploy.map(|it| it.at).as_deref(), Some("2026-03-03T12:05:00Z"));
    let tallied = read(&names, &options("Mars", "soon"), &Cancel::new());
    assert!(tallied.problems.iter().any(|it| it.message.contains("no time zone")));
    assert!(tallied.problems.iter().any(|it| it.message.contains("names no time")));
}

#[test]
fn a_file_may_change_while_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    std::fs::write(&path, LINES.repeat(2)).unwrap();
    let file = std::fs::File::open(&path).unwrap();
    let len = file.metadata().unwrap().len();
    let read_to = |len: u64| {
        let mut tally = Tally::new(ScanOptions::default());
        let options = ScanOptions::default();
        let done = blocks::read_to(len, "a.log", &file, &options, &mut tally, &Cancel::new());
        let says = done.err().map(|problem| problem.message).unwrap_or_default();
        (counts(&tally.finish(None).report), says)
    };
    let (counted, says) = read_to(len + 100);
    assert_eq!(counted, two(2));
    assert!(says.contains("became shorter while it was read"), "{says}");
    let (counted, says) = read_to(len / 2);
    assert_eq!(counted, two(1));
    assert!(says.contains("grew while it was read"), "{says}");
    // A file that is deleted is there until it is closed.
    std::fs::remove_file(&path).unwrap();
    assert_eq!(read_to(len), (two(2), String::new()));
}
