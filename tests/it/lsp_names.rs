//! Names that the resolved version does not have, and frames of dependencies: what the editor shows,
//! offers and opens. The dependency lies in a vendored folder.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::lsp_client::{Client, at, uri};
use crate::lsp_incident::{POOL, capabilities, crash_text, repository};
use crate::support::Repository;

const CLOCK: &str = "//! Time.\n\n/// Waits.\npub fn wait(ms: u64) -> u64 {\n    ms / 0\n}\n";

/// The program with a dependency on `clock` 1.2.0, whose source is vendored.
fn with_dependency() -> Repository {
    let repository = repository();
    let package = |name: &str, version: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n{more}")
    };
    let lock = "version = 4\n\n[[package]]\nname = \"clock\"\nversion = \"1.2.0\"\n\
                source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\n\
                [[package]]\nname = \"shop\"\nversion = \"0.1.0\"\ndependencies = [\"clock\"]\n";
    let config =
        "[source.crates-io]\nreplace-with = \"here\"\n[source.here]\ndirectory = \"vendor\"\n";
    repository.commit(
        "Depend on a clock",
        &[
            ("Cargo.toml", &package("shop", "0.1.0", "[dependencies]\nclock = \"1.2\"\n")),
            ("Cargo.lock", lock),
            (".cargo/config.toml", config),
            ("vendor/clock/Cargo.toml", &package("clock", "1.2.0", "")),
            ("vendor/clock/.cargo-checksum.json", "{\"files\":{}}"),
            ("vendor/clock/src/lib.rs", CLOCK),
        ],
    );
    repository
}

fn client(repository: &Repository) -> Client {
    let mut offered = capabilities();
    offered["textDocument"]["publishDiagnostics"]["codeDescriptionSupport"] = json!(true);
    Client::with(repository.path(), offered, json!(null))
}

fn clock_source(repository: &Repository) -> PathBuf {
    repository.path().join("vendor/clock/src/lib.rs")
}

#[track_caller]
fn missing(diagnostics: &Value) -> Value {
    let all = diagnostics["diagnostics"].as_array().unwrap();
    let is_it = |it: &&Value| it["code"] == "missing-api";
    all.iter().find(is_it).unwrap_or_else(|| panic!("{diagnostics}")).clone()
}

#[test]
fn a_name_that_the_resolved_version_lacks_leads_to_the_one_it_has() {
    let repository = with_dependency();
    let mut client = client(&repository);
    let draft = repository.path().join("src/draft.rs");
    client.open(&draft, "rust", "fn go() {\n    clock::wayt(5);\n}\n");
    client.command("incident.checkApis", json!({ "uri": uri(&draft) }));
    client.message("window/showMessage");
    let shown = missing(&client.diagnostics(&draft));
    let page = "https://docs.rs/clock/1.2.0/clock/?search=wait";
    assert_eq!(shown["codeDescription"]["href"], page, "{shown}");
    assert_eq!(shown["severity"], 3, "an unasked warning would be loud: {shown}");
    let place = &shown["relatedInformation"][0]["location"];
    assert_eq!(place["uri"], uri(&clock_source(&repository)), "{shown}");
    assert_eq!(place["range"]["start"]["line"], 3, "{shown}");
    let hover = client.hover(&draft, 1, 12)["contents"]["value"].to_string();
    assert!(hover.contains(page) && hover.contains("clock 1.2.0"), "{hover}");

    let params = json!({
        "textDocument": { "uri": uri(&draft) },
        "range": shown["range"],
        "context": { "diagnostics": [shown], "only": ["quickfix"] },
    });
    let actions = client.request("textDocument/codeAction", params);
    assert_eq!(actions[0]["title"], "Use `wait`", "{actions}");
    assert_eq!(actions[0]["isPreferred"], json!(null));
    let edit = &actions[0]["edit"]["changes"][uri(&draft)][0];
    assert_eq!((&edit["newText"], &edit["range"]), (&json!("wait"), &shown["range"]));
    client.end();
}

#[test]
fn a_package_that_nobody_locked_is_not_in_this_project_s_lock_file() {
    let repository = with_dependency();
    let mut client = client(&repository);
    let draft = repository.path().join("src/draft.rs");
    client.open(&draft, "rust", "fn go() {\n    clokc::wait(5);\n}\n");
    client.command("incident.checkApis", json!({ "uri": uri(&draft) }));
    client.message("window/showMessage");
    let shown = missing(&client.diagnostics(&draft));
    let told = shown["message"].as_str().unwrap();
    assert!(told.contains("in this project's lock file") && told.contains("clock"), "{told}");
    assert!(!told.contains("exist"), "{told}");
    client.end();
}

#[test]
fn the_files_of_an_opened_fix_are_checked_where_it_changes_them() {
    let repository = with_dependency();
    let careful = "{ clock::wayt(1); names.get(at).map_or(\"\", String::as_str) }";
    let careful = POOL.replace("&names[at]", careful);
    repository.commit("Pick with care", &[("src/pool.rs", &careful)]);
    repository.commit("Pick without care", &[("src/pool.rs", POOL)]);
    let mut client = client(&repository);
    let explained = client.command("incident.explain", json!({ "text": crash_text() }));
    let suspect = &explained["incident"]["suspect_commits"]["ranked"][0]["commit"];
    let opened = client.command("incident.openFix", json!({ "commit": suspect }));
    let file = Path::new(opened["file"].as_str().unwrap());
    let shown = missing(&client.diagnostics(file));
    assert_eq!(shown["severity"], 2, "a fix that relies on it is a warning: {shown}");
    assert!(shown["message"].as_str().unwrap().contains("wayt"), "{shown}");
    client.skip_diagnostics();
    client.end();
}

#[test]
fn a_frame_of_a_dependency_opens_the_source_of_the_resolved_version() {
    let repository = with_dependency();
    let mut client = client(&repository);
    let trace = crash_text().replace(
        "   3: shop::pool::pick",
        "   3: clock::wait\n             at /home/a/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/\
         clock-1.2.0/src/lib.rs:5:5\n   4: shop::pool::pick",
    );
    let log = repository.path().join("crash.log");
    client.open(&log, "log", &trace);
    let line_idx = trace.lines().position(|line| line.contains("clock-1.2.0")).unwrap();
    let line = u32::try_from(line_idx).unwrap();
    let target = client.request("textDocument/definition", at(&log, line, 90));
    assert_eq!(target[0]["uri"], uri(&clock_source(&repository)), "{target}");
    assert_eq!(target[0]["range"]["start"]["line"], 4, "{target}");

    let links = client.request("textDocument/documentLink", at(&log, 0, 0));
    let is_it = |link: &&Value| link["range"]["start"]["line"] == line;
    let link = links.as_array().unwrap().iter().find(is_it).unwrap().clone();
    let link = client.request("documentLink/resolve", link);
    let followed = link["target"].as_str().unwrap();
    assert!(followed.starts_with(&uri(&clock_source(&repository))), "{link}");
    client.skip_diagnostics();
    client.end();
}

#[test]
fn a_frame_leads_to_the_file_as_it_is_after_it_changed_on_disk() {
    let repository = repository();
    let mut offered = capabilities();
    offered["workspace"] = json!({ "didChangeWatchedFiles": { "dynamicRegistration": true } });
    let mut client = Client::with(repository.path(), offered, json!(null));
    let asked = client.message("client/registerCapability");
    let registration = &asked["params"]["registrations"][0];
    assert_eq!(registration["method"], "workspace/didChangeWatchedFiles", "{asked}");
    client.send(&json!({ "jsonrpc": "2.0", "id": asked["id"], "result": null }));

    let log = repository.path().join("crash.log");
    let trace = crash_text();
    client.open(&log, "log", &trace);
    let line = trace.lines().position(|line| line.contains("shop::pool::pick")).unwrap();
    let frame = at(&log, u32::try_from(line).unwrap(), 8);
    let before = client.request("textDocument/definition", frame.clone());
    assert_eq!(before[0]["range"]["start"]["line"], 2, "{before}");

    // Another program writes the file.
    repository.write("src/pool.rs", format!("// New.\n\n{POOL}"));
    let pool = uri(&repository.path().join("src/pool.rs"));
    let changes = json!({ "changes": [{ "uri": pool, "type": 2 }] });
    client.notify("workspace/didChangeWatchedFiles", changes);
    let after = client.request("textDocument/definition", frame);
    assert_eq!(after[0]["range"]["start"]["line"], 4, "{after}");
    client.skip_diagnostics();
    client.end();
}
