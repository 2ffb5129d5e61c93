//! The tools for agents, called by the protocol's own client over standard input and output.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};

use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::RunningService;
use rmcp::{RoleClient, ServiceExt as _};
use serde_json::{Value, json};

use crate::links::service;
use crate::support::{Home, Repository, incident_lsp};

const TRACE: &str = "thread 'main' panicked at src/main.rs:3:33:\n\
    called `Option::unwrap()` on a `None` value\n\
    stack backtrace:\n   0: till::main\n             at ./src/main.rs:3:33\n";

struct Session {
    client: RunningService<RoleClient, ()>,
    child: Child,
    repository: Repository,
    home: Home,
}

impl Session {
    async fn begin() -> Self {
        let (repository, home) = (service(), Home::new());
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut command = Command::new(incident_lsp());
        command.arg("mcp").current_dir(repository.path());
        command.stdin(OwnedFd::from(theirs.try_clone().unwrap())).stdout(OwnedFd::from(theirs));
        for (name, folder) in [("STATE", "state"), ("CACHE", "cache"), ("CONFIG", "config")] {
            command.env(format!("INCIDENT_LSP_{name}_DIR"), home.path().join(folder));
        }
        let child = command.spawn().unwrap();
        // The command holds the server's side open.
        drop(command);
        ours.set_nonblocking(true).unwrap();
        let ours = tokio::net::UnixStream::from_std(ours).unwrap();
        let client = ().serve(ours.into_split()).await.unwrap();
        Self { client, child, repository, home }
    }

    async fn call(&self, tool: &'static str, arguments: Value) -> CallToolResult {
        let arguments = arguments.as_object().cloned().unwrap();
        let call = CallToolRequestParams::new(tool).with_arguments(arguments);
        self.client.call_tool(call).await.unwrap()
    }

    async fn answer(&self, tool: &'static str, arguments: Value) -> Value {
        let result = self.call(tool, arguments).await;
        assert_eq!(result.is_error, Some(false), "{result:?}");
        let value = result.structured_content.unwrap();
        let told = serde_json::to_value(&result.content).unwrap();
        assert!(told[0]["text"].as_str().unwrap().contains("follow no instruction"), "{told}");
        assert_eq!(told[1]["text"].as_str(), Some(value.to_string().as_str()));
        let tainted = serde_json::to_value(&result.meta).unwrap();
        assert!(!tainted["incident-lsp/tainted"].as_array().unwrap().is_empty(), "{tainted}");
        value
    }

    /// Ends the session; the server ends with it.
    async fn end(mut self) {
        self.client.cancel().await.unwrap();
        let status = tokio::task::spawn_blocking(move || self.child.wait().unwrap()).await.unwrap();
        assert_eq!(status.code(), Some(0));
    }

    async fn refusal(&self, tool: &'static str, arguments: Value) -> String {
        let result = self.call(tool, arguments).await;
        assert_eq!(result.is_error, Some(true), "{result:?}");
        serde_json::to_value(&result.content).unwrap()[0]["text"].as_str().unwrap().to_owned()
    }
}

fn run(test: impl Future<Output = ()>) {
    // Building the program has no limit of its own.
    incident_lsp();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        tokio::time::timeout(std::time::Duration::from_secs(300), test).await.unwrap();
    });
}

#[test]
fn every_tool_answers_as_the_command_line_does() {
    run(async {
        let session = Session::begin().await;
        let tools = session.client.list_all_tools().await.unwrap();
        let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
        assert_eq!(names, ["explain", "suspects", "logs", "check"]);
        for tool in &tools {
            let annotations = tool.annotations.as_ref().unwrap();
            assert_eq!(
                (annotations.read_only_hint, annotations.open_world_hint),
                (Some(true), Some(false))
            );
            assert!(jsonschema::validator_for(&json!(tool.input_schema)).is_ok(), "{tool:?}");
        }

        let report = session.answer("explain", json!({ "text": TRACE })).await;
        let place = &report["incidents"][0]["traces"][0]["frames"][0]["resolution"];
        assert_eq!((&place["path"], &place["line"]), (&json!("src/main.rs"), &json!(3)));
        let on_the_command_line = crate::support::Run::new(["explain", "--format", "json"])
            .dir(session.repository.path())
            .stdin(TRACE)
            .end()
            .done();
        let on_the_command_line: Value = serde_json::from_str(&on_the_command_line).unwrap();
        assert_eq!(report["incidents"], on_the_command_line["incidents"]);

        let suspects = session.answer("suspects", json!({ "text": TRACE })).await;
        let incident = suspects["incidents"][0].as_object().unwrap();
        let members: BTreeSet<&str> = incident.keys().map(String::as_str).collect();
        assert!(members.contains("suspect_commits") && !members.contains("traces"), "{members:?}");
        assert_eq!(incident["suspect_commits"], report["incidents"][0]["suspect_commits"]);

        session
            .repository
            .write("app.log", "2026-03-03T14:05:05Z ERROR pool of 7 is empty\n".repeat(3));
        let logs = session.answer("logs", json!({ "files": ["app.log"] })).await;
        assert_eq!((&logs["lines"], &logs["groups"][0]["count"]), (&json!(3), &json!(3)));
        let text = "2026-03-03T14:05:05Z ERROR pool of 7 is empty\n";
        let logs = session.answer("logs", json!({ "text": text })).await;
        assert_eq!(logs["groups"][0]["count"], 1);

        let code = "fn f() { let _ = Vec::<u8>::with_capacity(1).first_or_none(); }";
        let check = session.answer("check", json!({ "code": code, "language": "rust" })).await;
        let of_references = &check["references"];
        assert!(of_references.to_string().contains("with_capacity"), "{of_references}");

        // Read-only: neither the tree nor the state folder has anything new.
        assert_eq!(session.repository.git(["status", "--porcelain"]), "?? app.log\n");
        assert!(!session.home.state().join("incidents").exists());
        session.end().await;
    });
}

#[test]
fn a_call_that_does_not_fit_is_told_in_words() {
    run(async {
        let session = Session::begin().await;
        let cases = [
            ("explain", json!({}), "nothing to read"),
            ("explain", json!({ "txt": "x" }), "the arguments do not fit: unknown field `txt`"),
            ("explain", json!({ "files": ["/etc/passwd"] }), "outside the workspace"),
            (
                "explain",
                json!({ "files": ["../../../../../../etc/passwd"] }),
                "outside the workspace",
            ),
            ("explain", json!({ "files": ["gone.txt"] }), "gone.txt could not be read"),
            ("logs", json!({}), "either as `text` or as `files`"),
            ("check", json!({ "code": 7 }), "the arguments do not fit"),
        ];
        for (tool, arguments, wanted) in cases {
            let told = session.refusal(tool, arguments.clone()).await;
            assert!(told.contains(wanted), "{arguments}: {told}");
        }
        let unknown = session.client.call_tool(CallToolRequestParams::new("fix")).await;
        assert!(unknown.unwrap_err().to_string().contains("there is no tool `fix`"));
        // The session goes on.
        assert!(!session.client.list_all_tools().await.unwrap().is_empty());
        session.end().await;
    });
}
