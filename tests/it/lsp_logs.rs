//! A log in an editor: from a line to its statement, and what is told of it.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::lsp_client::{Client, at, uri};
use crate::lsp_incident::capabilities;
use crate::support::Repository;

const POOL: &str = "\
use tracing::{error, info};

pub fn acquire(waited: u64) {
    info!(\"acquired a connection after {waited} ms\");
    error!(\"timed out acquiring a connection after {waited} ms\");
}
";

/// Twenty quiet minutes, then errors that were not there before.
fn log() -> String {
    let mut log = String::new();
    for second in 0..1200 {
        let (minute, second_of) = (second / 60, second % 60);
        let _ = writeln!(
            log,
            "2026-03-03T14:{minute:02}:{second_of:02}Z  INFO pool: acquired a connection after {} ms",
            second % 17
        );
        if second >= 900 && second % 10 == 0 {
            let _ = writeln!(
                log,
                "2026-03-03T14:{minute:02}:{second_of:02}Z ERROR pool: timed out acquiring a connection after {second} ms"
            );
        }
    }
    log
}

#[test]
fn a_line_leads_to_its_statement() {
    let repository = Repository::with(&[
        ("Cargo.toml", "[package]\nname = \"pool\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
        ("src/lib.rs", POOL),
    ]);
    let mut client = Client::with(repository.path(), capabilities(), json!(null));
    let text = log();
    let path = repository.path().join("app.log");
    std::fs::write(&path, &text).unwrap();
    client.open(&path, "log", &text);
    client.command("incident.explain", json!({ "uri": uri(&path) }));
    client.skip_diagnostics();

    let line = text.lines().position(|line| line.contains("timed out")).unwrap();
    let line = u32::try_from(line).unwrap();
    let found = client.request("textDocument/definition", at(&path, line, 40));
    let found = found.as_array().and_then(|all| all.first()).unwrap_or(&found);
    let target = found["targetUri"].as_str().or(found["uri"].as_str()).unwrap_or_default();
    let range = if found["targetUri"].is_null() { &found["range"] } else { &found["targetRange"] };
    assert!(target.ends_with("/src/lib.rs"), "{found}");
    assert_eq!(range["start"]["line"], 4, "{found}");

    let hover = client.hover(&path, line, 40)["contents"]["value"].to_string();
    for told in [
        "timed out acquiring a connection after",
        "30 times",
        "2026-03-03T14:15:00Z to 2026-03-03T14:19:50Z",
        "printed by src/lib.rs:5 in `acquire`",
    ] {
        assert!(hover.contains(told), "{told} is not in {hover}");
    }

    let titles = titles_of(&mut client, &path);
    assert!(
        titles.iter().any(|it| it == "new since the deploy: 30 times, printed by src/lib.rs:5"),
        "{titles:?}"
    );

    let source = repository.path().join("src/lib.rs");
    client.open(&source, "rust", POOL);
    assert_eq!(
        titles_of(&mut client, &source),
        ["printed 30 times since 14:15, new since the deploy"]
    );
    client.edit(&source, 2, [4, 0, 5, 0], "");
    assert!(titles_of(&mut client, &source).is_empty(), "the statement is gone");
    client.skip_diagnostics();
    client.end();
}

fn titles_of(client: &mut Client, path: &Path) -> Vec<String> {
    let document = json!({ "textDocument": { "uri": uri(path) } });
    let lenses = client.request("textDocument/codeLens", document);
    let title = |lens: &Value| lens["command"]["title"].as_str().map(str::to_owned);
    // No lens at all is null.
    lenses.as_array().into_iter().flatten().filter_map(title).collect()
}
