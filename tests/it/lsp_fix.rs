//! From a code action to a branch of its own, over the protocol: the user's tree stays as it is.

use std::path::Path;

use serde_json::{Value, json};

use crate::lsp_client::{Client, uri};
use crate::lsp_incident::{POOL, capabilities, crash_text, repository};
use crate::support::Repository;

/// The program with a second commit, which put the crash in.
pub(crate) fn with_culprit() -> Repository {
    let repository = repository();
    let careful = POOL.replace("&names[at]", "names.get(at).map_or(\"\", String::as_str)");
    repository.commit("Pick with care", &[("src/pool.rs", &careful)]);
    repository.commit("Pick without care", &[("src/pool.rs", POOL)]);
    repository.write("src/pool.rs", POOL.replace("/// Picks", "/// Picks out"));
    repository.write("untracked.txt", "mine\n");
    repository
}

/// All that a fix must not touch.
fn state_of(repository: &Repository) -> String {
    let refs = repository.git(["for-each-ref"]);
    let refs: Vec<&str> = refs.lines().filter(|line| !line.contains("/incident/")).collect();
    let file = |name: &str| std::fs::read(repository.path().join(name)).unwrap();
    format!(
        "{}{}{}{:?}{:?}{refs:?}",
        repository.git(["status", "--porcelain=v2", "--branch"]),
        repository.git(["diff"]),
        repository.git(["stash", "list"]),
        file(".git/config"),
        file(".git/HEAD"),
    )
}

fn actions(client: &mut Client, path: &Path, diagnostics: &Value) -> Vec<Value> {
    let params = json!({
        "textDocument": { "uri": uri(path) },
        "range": diagnostics["diagnostics"][0]["range"],
        "context": { "diagnostics": [], "only": ["quickfix.incident.fix"] },
    });
    let actions = client.request("textDocument/codeAction", params);
    actions.as_array().cloned().unwrap_or_default()
}

#[test]
fn the_reverse_of_a_suspect_opens_beside_the_tree_and_goes_again() {
    let repository = with_culprit();
    let before = state_of(&repository);
    let mut offered = capabilities();
    offered["window"] = json!({ "showDocument": { "support": true } });
    let mut client = Client::with(repository.path(), offered, json!({ "workspaceTrusted": true }));
    client.command("incident.explain", json!({ "text": crash_text() }));
    let pool = repository.path().join("src/pool.rs");
    let diagnostics = client.diagnostics_until(&pool, |it| it["diagnostics"] != json!([]));

    let actions = actions(&mut client, &pool, &diagnostics);
    let is_revert = |action: &&Value| action["title"].as_str().unwrap().contains("evert");
    let revert = actions.iter().find(is_revert).unwrap_or_else(|| panic!("{actions:#?}"));
    let revert = client.request("codeAction/resolve", revert.clone());
    let opened = client.request("workspace/executeCommand", revert["command"].clone());
    assert_eq!(opened["shown"], true, "{opened}");
    let show = client.message("window/showDocument");
    let file = opened["file"].as_str().unwrap();
    assert_eq!(show["params"]["uri"], uri(Path::new(file)));
    client.send(&json!({ "jsonrpc": "2.0", "id": show["id"], "result": { "success": true } }));
    assert!(std::fs::read_to_string(file).unwrap().contains("names.get(at)"), "{opened}");
    assert!(!Path::new(file).starts_with(repository.path()));
    assert_eq!(state_of(&repository), before);

    let job = client.command("incident.verifyFix", json!({ "branch": opened["branch"] }));
    assert!(job["job"].is_u64(), "{job}");
    let told = client.message("window/showMessage");
    let told = told["params"]["message"].as_str().unwrap();
    let show = client.message("window/showDocument");
    assert_eq!(show["params"]["takeFocus"], false, "it comes by itself: {show}");
    assert!(show["params"]["uri"].as_str().unwrap().ends_with(".verdict.md"), "{show}");
    client.send(&json!({ "jsonrpc": "2.0", "id": show["id"], "result": { "success": true } }));
    assert!(told.starts_with("Verified incident/") && told.contains("same: "), "{told}");
    assert_eq!(state_of(&repository), before);

    let cleaned = client.command("incident.cleanScratch", json!(null));
    assert_eq!(cleaned["removed"], json!([opened["branch"]]), "{cleaned}");
    client.message("window/showMessage");
    assert!(!Path::new(opened["path"].as_str().unwrap()).exists());
    assert_eq!(repository.git(["branch", "--list", "incident/*"]), "");
    assert_eq!(state_of(&repository), before);
    client.skip_diagnostics();
    client.end();
}

#[test]
fn an_untrusted_workspace_is_not_checked() {
    let repository = with_culprit();
    let mut client =
        Client::with(repository.path(), capabilities(), json!({ "workspaceTrusted": false }));
    let answer = client.command("incident.explain", json!({ "text": crash_text() }));
    let suspect = &answer["incidents"][0]["suspect_commits"]["ranked"][0]["commit"];
    let opened = client.command("incident.openFix", json!({ "commit": suspect }));
    assert_eq!(opened["shown"], false, "the client can't show it: {opened}");
    let params = json!({ "command": "incident.verifyFix", "arguments": [] });
    let verify = client.ask("workspace/executeCommand", params);
    let refused = client.answer(verify).unwrap_err();
    assert!(refused["message"].as_str().unwrap().contains("not trusted"), "{refused}");
    client.skip_diagnostics();
    client.end();
}

#[test]
fn the_report_is_a_file_of_ours_that_the_editor_shows() {
    let repository = with_culprit();
    repository.git(["remote", "add", "origin", "https://ada:hunter2@github.com/o/r.git"]);
    let mut offered = capabilities();
    offered["window"] = json!({ "showDocument": { "support": true } });
    let mut client = Client::with(repository.path(), offered, json!(null));
    client.command("incident.explain", json!({ "text": crash_text() }));
    let report = client.command("incident.report", json!(null));
    let show = client.message("window/showDocument");
    let path = report["path"].as_str().unwrap();
    assert_eq!(show["params"]["uri"], uri(Path::new(path)));
    client.send(&json!({ "jsonrpc": "2.0", "id": show["id"], "result": { "success": false } }));
    let told = client.message("window/showMessage");
    assert!(told["params"]["message"].as_str().unwrap().contains(path), "{told}");
    assert!(std::fs::read_to_string(path).unwrap().contains("index out of bounds"));

    let summary = client.command("incident.copySummary", json!(null));
    let lines = summary["text"].as_str().unwrap().lines().count();
    assert!((2..=5).contains(&lines), "{summary}");
    let head = repository.git(["rev-parse", "HEAD"]);
    let text = summary["text"].as_str().unwrap();
    let line = format!("https://github.com/o/r/blob/{}/src/pool.rs#L3\n", head.trim());
    assert!(text.contains(&line) && text.contains("https://github.com/o/r/commit/"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    client.skip_diagnostics();
    client.end();
}
