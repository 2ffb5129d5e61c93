//! What a person says about a fix, over the protocol: signed off, it worked, it did not, taken back;
//! and what was left open is offered again.

use std::path::Path;

use serde_json::{Value, json};

use crate::lsp_client::{Client, uri};
use crate::lsp_fix::with_culprit;
use crate::lsp_incident::{capabilities, crash_text};
use crate::support::{Home, Repository};

fn session(repository: &Repository, home: &Home, options: Value) -> Client {
    let mut client = Client::start_in(home.clone());
    client.initialize(json!({
        "processId": null,
        "capabilities": capabilities(),
        "initializationOptions": options,
        "workspaceFolders": [{ "uri": uri(repository.path()), "name": "workspace" }],
    }));
    client
}

/// Opens the reverse of the suspect; returns what `incident.openFix` says.
fn open_fix(client: &mut Client) -> Value {
    let explained = client.command("incident.explain", json!({ "text": crash_text() }));
    let suspect = &explained["incident"]["suspect_commits"]["ranked"][0]["commit"];
    client.command("incident.openFix", json!({ "commit": suspect }))
}

/// Returns the sentence about the incident, from a whole answer: on a busy machine the first one may
/// be what was known after two seconds.
fn summary(client: &mut Client) -> String {
    for _ in 0..8 {
        let answer = client.command("incident.explain", json!({ "text": crash_text() }));
        if answer["partial"] == false {
            return answer["message"].as_str().unwrap().to_owned();
        }
        while client.command("incident.status", json!(null))["nJobs"] != 0 {}
    }
    panic!("no whole answer came");
}

fn titles(client: &mut Client, file: &Path, trigger: u32) -> Vec<String> {
    let at = json!({ "line": 0, "character": 0 });
    let params = json!({
        "textDocument": { "uri": uri(file) },
        "range": { "start": at, "end": at },
        "context": { "diagnostics": [], "triggerKind": trigger },
    });
    let actions = client.request("textDocument/codeAction", params);
    let actions = actions.as_array().cloned().unwrap_or_default();
    actions.iter().map(|action| action["title"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_answer_is_remembered_and_can_be_taken_back() {
    let (repository, home) = (with_culprit(), Home::new());
    let mut client = session(&repository, &home, json!(null));
    let opened = open_fix(&mut client);
    let branch = opened["branch"].as_str().unwrap();

    let said = client.command("incident.fixWorked", json!({ "branch": branch }));
    let told = client.message("window/showMessage")["params"]["message"].clone();
    assert_eq!(said["message"], told);
    assert!(told.as_str().unwrap().contains(&format!("{branch} fixed it")), "{told}");
    let said = summary(&mut client);
    assert!(said.starts_with(&format!("Last fix on {branch} never landed: ")), "{said}");

    let taken = client.command("incident.takeBack", json!(null));
    client.message("window/showMessage");
    assert!(taken["message"].as_str().unwrap().contains("that it fixed it"), "{taken}");
    let said = summary(&mut client);
    assert!(said.starts_with("panic in "), "{said}");

    // Without a branch the fix that was tried last is meant.
    let said = client.command("incident.fixFailed", json!(null));
    client.message("window/showMessage");
    assert!(said["message"].as_str().unwrap().contains("did not fix it"), "{said}");
    client.skip_diagnostics();
    client.end();
}

#[test]
fn an_answer_about_nothing_is_refused() {
    let (repository, home) = (with_culprit(), Home::new());
    let mut client = session(&repository, &home, json!(null));
    for command in ["incident.fixWorked", "incident.takeBack", "incident.signOff"] {
        let params = json!({ "command": command, "arguments": [] });
        let asked = client.ask("workspace/executeCommand", params);
        assert_eq!(client.answer(asked).unwrap_err()["code"], -32602, "{command}");
    }
    client.end();
}

#[test]
fn the_worktree_s_files_offer_what_can_be_done_with_the_fix_to_those_who_ask() {
    let (repository, home) = (with_culprit(), Home::new());
    let mut client = session(&repository, &home, json!(null));
    let opened = open_fix(&mut client);
    let file = Path::new(opened["file"].as_str().unwrap());
    let by_hand = titles(&mut client, file, 1);
    let branch = opened["branch"].as_str().unwrap();
    for wanted in ["Verify the fix on", "Show the change on", "This fixed it:", "This did not fix"]
    {
        let is_there = by_hand.iter().any(|it| it.starts_with(wanted) && it.contains(branch));
        assert!(is_there, "{wanted}: {by_hand:?}");
    }
    assert_eq!(titles(&mut client, file, 2), [""; 0], "no light bulb on every line");

    let page = client.command("incident.signOff", json!({ "branch": branch }));
    let text = std::fs::read_to_string(page["path"].as_str().unwrap()).unwrap();
    let patch = page["patch"].as_str().unwrap();
    let file_of_patch = patch.lines().next().unwrap();
    assert!(file_of_patch.starts_with("diff --git") && text.contains(file_of_patch), "{text}");
    assert!(text.contains("git switch"), "{text}");
    client.command("incident.cleanScratch", json!(null));
    client.message("window/showMessage");
    assert!(!Path::new(page["path"].as_str().unwrap()).exists(), "the page went with its worktree");
    client.skip_diagnostics();
    client.end();
}

#[test]
fn a_fix_that_was_left_open_is_offered_at_the_next_start() {
    let (repository, home) = (with_culprit(), Home::new());
    let mut client = session(&repository, &home, json!(null));
    let opened = open_fix(&mut client);
    let branch = opened["branch"].as_str().unwrap().to_owned();
    // Killed, not ended.
    drop(client);

    let mut told = session(&repository, &home, json!(null));
    let message = told.message("window/showMessage")["params"]["message"].clone();
    assert!(message.as_str().unwrap().contains(&branch), "{message}");
    let again = told.command("incident.openFix", json!({ "branch": branch }));
    assert_eq!(again["file"], opened["file"]);
    told.end();

    let mut asked = session(&repository, &home, json!({ "messageButtons": true }));
    let question = asked.message("window/showMessageRequest");
    assert_eq!(question["params"]["actions"][1]["title"], "Remove");
    let chosen = json!({ "title": "Remove" });
    asked.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": chosen }));
    let removed = asked.message("window/showMessage")["params"]["message"].clone();
    assert_eq!(removed, "Removed 1 scratch worktree.");
    assert_eq!(repository.git(["branch", "--list", "incident/*"]), "");
    asked.end();
}
