//! What happens at the same time: an answer before the work is done, two servers on one workspace.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::lsp_client::{Client, uri};
use crate::lsp_fix::with_culprit;
use crate::lsp_incident::{self, capabilities, crash_text};
use crate::support::Home;

/// A git that answers `git log` only once it is let go.
struct HeldGit {
    dir: tempfile::TempDir,
}

impl HeldGit {
    fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let held = Self { dir: tempfile::tempdir().unwrap() };
        let gate = held.gate();
        let made = std::process::Command::new("mkfifo").arg(&gate).status().unwrap();
        assert!(made.success());
        let git = held.dir.path().join("git");
        // Reading the pipe waits until somebody opens it for writing.
        let script = format!(
            "#!/bin/sh\ncase \" $* \" in *\" --patch \"*) cat {} > /dev/null;; esac\n\
             PATH=\"${{PATH#*:}}\" exec git \"$@\"\n",
            gate.display()
        );
        std::fs::write(&git, script).unwrap();
        std::fs::set_permissions(&git, std::fs::Permissions::from_mode(0o755)).unwrap();
        held
    }

    fn gate(&self) -> PathBuf {
        self.dir.path().join("gate")
    }

    fn path(&self) -> String {
        format!("{}:{}", self.dir.path().display(), std::env::var("PATH").unwrap())
    }

    fn let_go(&self) {
        drop(std::fs::File::options().write(true).open(self.gate()).unwrap());
    }
}

fn session(root: &std::path::Path, home: Home, path: Option<&str>) -> Client {
    let mut client = Client::start_under(home, |server| {
        server.envs(path.map(|path| ("PATH", path)));
    });
    client.initialize(json!({
        "processId": null,
        "capabilities": capabilities(),
        "workspaceFolders": [{ "uri": uri(root), "name": "workspace" }],
    }));
    client
}

#[test]
fn after_two_seconds_the_answer_is_what_is_known_and_the_rest_follows() {
    let repository = with_culprit();
    let git = HeldGit::new();
    let mut client = session(repository.path(), Home::new(), Some(&git.path()));
    let answer = client.command("incident.explain", json!({ "text": crash_text() }));
    assert_eq!(answer["partial"], true, "{answer}");
    let status = |frame: usize| {
        let frame = &answer["incident"]["traces"][0]["frames"][frame];
        format!("{} {}", frame["function"], frame["resolution"]["line"])
    };
    assert_eq!(status(3), "\"shop::pool::pick\" 3", "{answer}");
    assert_eq!(answer["incident"]["suspect_commits"]["ranked"], json!([]));
    let pool = repository.path().join("src/pool.rs");
    let before = client.diagnostics(&pool);

    git.let_go();
    let after = client.diagnostics_until(&pool, |it| {
        it["diagnostics"].as_array().unwrap().iter().any(|it| it["code"] == "hypothesis")
    });
    assert_ne!(before["diagnostics"], after["diagnostics"]);
    client.skip_diagnostics();
    client.end();
}

/// Runs one command on both servers at the same time.
fn on_both(servers: &mut [Client; 2], command: &str, argument: &Value) -> [Value; 2] {
    let params = json!({ "command": command, "arguments": [argument] });
    let asked = servers.each_mut().map(|it| it.ask("workspace/executeCommand", params.clone()));
    let mut answers = asked
        .into_iter()
        .zip(servers)
        .map(|(id, server)| server.answer(id).unwrap_or_else(|error| panic!("{command}: {error}")));
    [answers.next().unwrap(), answers.next().unwrap()]
}

#[test]
fn two_servers_on_one_workspace_share_what_is_kept() {
    let repository = with_culprit();
    let home = Home::new();
    let mut servers = [(); 2].map(|()| session(repository.path(), home.clone(), None));
    for round in 0..5 {
        let text = format!("{}\n// {round}\n", crash_text());
        let answers = on_both(&mut servers, "incident.explain", &json!({ "text": text }));
        let ids = answers.each_ref().map(|answer| answer["incident"]["id"].clone());
        assert!(ids[0].is_string(), "{answers:?}");
        assert_eq!(ids[0], ids[1]);
        for answer in &answers {
            assert_eq!(answer["problems"], json!([]), "{answer}");
        }
    }
    let answers = on_both(&mut servers, "incident.confirm", &json!({}));
    for answer in &answers {
        let told = answer["message"].as_str().unwrap();
        assert!(told.starts_with("Noted as the cause of incident"), "{told}");
    }

    // Both open the same fix: one makes the branch, the other finds it.
    let list = servers[0].command("incident.list", json!(null));
    let explained = servers[0].command("incident.explain", json!({ "text": crash_text() }));
    let suspect = &explained["incident"]["suspect_commits"]["ranked"][0]["commit"];
    servers[1].command("incident.explain", json!({ "text": crash_text() }));
    let opened = on_both(&mut servers, "incident.openFix", &json!({ "commit": suspect }));
    assert_eq!(opened[0]["branch"], opened[1]["branch"], "{list}");
    let told = opened.each_ref().map(|it| it["message"].as_str().unwrap().contains("already"));
    assert_ne!(told[0], told[1], "{opened:?}");
    let cleaned = on_both(&mut servers, "incident.cleanScratch", &json!({ "all": true }));
    let n_removed = cleaned.iter().map(|it| it["removed"].as_array().unwrap().len());
    assert_eq!(n_removed.sum::<usize>(), 1, "{cleaned:?}");
    assert_eq!(repository.git(["branch", "--list", "incident/*"]), "");
    for mut server in servers {
        server.skip_diagnostics();
        server.skip_messages();
        server.end();
    }
}

#[test]
fn a_cause_is_confirmed_only_where_there_is_one() {
    let repository = lsp_incident::repository();
    let mut client = session(repository.path(), Home::new(), None);
    let params = json!({ "command": "incident.confirm", "arguments": [] });
    let asked = client.ask("workspace/executeCommand", params);
    assert_eq!(client.answer(asked).unwrap_err()["code"], -32602);
    client.command("incident.explain", json!({ "text": crash_text() }));
    let params = json!({ "command": "incident.confirm", "arguments": [{ "number": 9 }] });
    let asked = client.ask("workspace/executeCommand", params);
    let told = client.answer(asked).unwrap_err();
    assert!(told["message"].as_str().unwrap().contains("no hypothesis 9"), "{told}");
    client.skip_diagnostics();
    client.end();
}
