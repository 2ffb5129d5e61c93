//! The sample incident is real: its history comes from the script, its panics from the program.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn sample_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../server/crates/incident-lsp/sample")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(sample_dir().join(name)).unwrap()
}

/// Runs a program to its end, fails the test where it fails, and returns its standard output.
fn run(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Returns the panic lines and the service's own frames of a log: what does not depend on the
/// toolchain and the port.
fn crash_facts(log: &str) -> Vec<&str> {
    let lines: Vec<&str> = log.lines().collect();
    let mut facts = Vec::new();
    for (line_idx, line) in lines.iter().enumerate() {
        if let Some((_, place)) = line.split_once(" panicked at ") {
            facts.extend([place, lines.get(line_idx + 1).copied().unwrap_or_default()]);
        } else if let Some((_, function)) = line.split_once(": till::") {
            let place = lines.get(line_idx + 1).copied().unwrap_or_default().trim();
            facts.extend([function, place]);
        }
    }
    facts
}

#[test]
fn history_is_what_the_script_writes() {
    let written = run(Command::new("python3").arg(sample_dir().join("make_history.py")));
    assert!(
        written == std::fs::read(sample_dir().join("history.fast-import")).unwrap(),
        "run `python3 make_history.py > history.fast-import` in the sample folder"
    );
}

#[test]
fn log_holds_the_panics_that_the_service_really_has() {
    let dir = tempfile::tempdir().unwrap();
    let repository = dir.path().join("till");
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "core.hooksPath=/dev/null"]).args(arguments);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command
    };
    run(git(&["init", "-q", "-b", "main"]).arg(&repository));
    let stream = std::fs::File::open(sample_dir().join("history.fast-import")).unwrap();
    let imported = git(&["fast-import", "--done", "--quiet"])
        .current_dir(&repository)
        .stdin(stream)
        .status()
        .unwrap();
    assert!(imported.success());
    run(git(&["checkout", "-q", "v1.4.0"]).current_dir(&repository));
    run(Command::new(env!("CARGO"))
        .args(["build", "--offline", "--quiet"])
        .current_dir(&repository)
        .env("CARGO_TARGET_DIR", dir.path().join("target")));

    let mut service = Command::new(dir.path().join("target/debug/till"))
        .arg("0")
        .current_dir(&repository) // Places are printed relative to it, as in the recorded log.
        .env("RUST_BACKTRACE", "1")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(service.stderr.take().unwrap());
    let mut banner = String::new();
    log.read_line(&mut banner).unwrap();
    let address = banner.trim().rsplit(' ').next().unwrap().to_owned();
    for request in
        ["PRICE 4714 gold ladlex3", "PRICE 4715 Gold kettlex1", "PRICE 4717 Gold whiskx6"]
    {
        let mut connection = TcpStream::connect(&address).unwrap();
        writeln!(connection, "{request}").unwrap();
        connection.shutdown(std::net::Shutdown::Write).unwrap();
        // An empty answer is the crash; either way the worker is done once the line is closed.
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
    }
    service.kill().unwrap();
    service.wait().unwrap();
    let mut rest = String::new();
    log.read_to_string(&mut rest).unwrap();

    let recorded = read("incident.log");
    assert!(!crash_facts(&recorded).is_empty());
    assert_eq!(crash_facts(&rest), crash_facts(&recorded));
}
