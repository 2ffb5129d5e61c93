//! An incident in an editor: explained, shown, followed through edits, put aside.

use std::path::PathBuf;

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::lsp_client::{Client, at, uri};
use crate::support::Repository;

const MANIFEST: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

const MAIN: &str = "\
mod pool;

fn main() {
    let names = vec![\"Ada\".to_owned()];
    println!(\"{}\", pool::pick(&names, 7));
}
";

/// The crash stands behind characters of every width.
pub(crate) const POOL: &str = "\
/// Picks a name.
pub fn pick(names: &[String], at: usize) -> &str {
    let _ = \"é👩‍👩‍👧\"; &names[at]
}
";

/// A repository that holds the program.
pub(crate) fn repository() -> Repository {
    Repository::with(&[("Cargo.toml", MANIFEST), ("src/main.rs", MAIN), ("src/pool.rs", POOL)])
}

/// What the program prints when it fails.
pub(crate) fn crash_text() -> String {
    let crash_line = POOL.lines().nth(2).unwrap();
    let before = crash_line.split("names[at]").next().unwrap();
    let column = before.chars().count() + 1;
    format!(
        "\
thread 'main' (17) panicked at src/pool.rs:3:{column}:
index out of bounds: the len is 1 but the index is 7
stack backtrace:
   0: __rustc::rust_begin_unwind
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
   1: core::panicking::panic_fmt
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
   2: core::panicking::panic_bounds_check
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:271:5
   3: shop::pool::pick
             at ./src/pool.rs:3:{column}
   4: shop::main
             at ./src/main.rs:5:20
   5: core::ops::function::FnOnce::call_once
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
"
    )
}

/// Everything that a modern editor offers, as far as it matters here.
pub(crate) fn capabilities() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16"] },
        "textDocument": {
            "hover": { "contentFormat": ["markdown", "plaintext"] },
            "publishDiagnostics": { "relatedInformation": true, "dataSupport": true },
            "codeAction": {
                "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } },
                "dataSupport": true,
                "resolveSupport": { "properties": ["edit", "command"] },
            },
            "foldingRange": { "foldingRange": { "collapsedText": true } },
        },
    })
}

struct Session {
    repository: Repository,
    client: Client,
}

impl Session {
    fn new(capabilities: Value) -> Self {
        let repository = repository();
        let client = Client::with(repository.path(), capabilities, json!(null));
        Self { repository, client }
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.repository.path().join(relative)
    }

    /// Renders diagnostics: source lines with the marked part beneath.
    fn render(&self, diagnostics: &Value, text: &str) -> String {
        let mut shown = format!("version {}\n", diagnostics["version"]);
        for diagnostic in diagnostics["diagnostics"].as_array().unwrap() {
            let (start, end) = (&diagnostic["range"]["start"], &diagnostic["range"]["end"]);
            let line_idx = usize::try_from(start["line"].as_u64().unwrap()).unwrap();
            let units: Vec<u16> = text.lines().nth(line_idx).unwrap().encode_utf16().collect();
            let column = |at: &Value| usize::try_from(at["character"].as_u64().unwrap()).unwrap();
            let marked = &units[column(start)..column(end)];
            let message = diagnostic["message"].as_str().unwrap().lines().next().unwrap();
            shown.push_str(&format!(
                "{} {} severity {} on `{}`: {message}\n",
                line_idx + 1,
                diagnostic["code"].as_str().unwrap(),
                diagnostic["severity"],
                String::from_utf16(marked).unwrap(),
            ));
            for related in diagnostic["relatedInformation"].as_array().unwrap_or(&Vec::new()) {
                let place = related["location"]["uri"].as_str().unwrap();
                let place = place.rsplit("/src/").next().unwrap();
                let line = related["location"]["range"]["start"]["line"].as_u64().unwrap() + 1;
                shown.push_str(&format!("    {place}:{line} {}\n", related["message"]));
            }
        }
        shown
    }

    /// Explains the crash and returns the diagnostics of the file that it is in.
    fn explain(&mut self) -> Value {
        let answer = self.client.command("incident.explain", json!({ "text": crash_text() }));
        assert_eq!(answer["partial"], false, "{answer}");
        let path = self.path("src/pool.rs");
        self.client.diagnostics_until(&path, |it| it["diagnostics"] != json!([]))
    }

    #[track_caller]
    fn check_diagnostics(&self, diagnostics: &Value, text: &str, expected: &Expect) {
        expected.assert_eq(&self.render(diagnostics, text));
    }
}

#[test]
fn a_pasted_trace_shows_at_the_crash_and_nothing_showed_before() {
    let mut session = Session::new(capabilities());
    let pool = session.path("src/pool.rs");
    session.client.open(&pool, "rust", POOL);
    assert_eq!(session.client.hover(&pool, 2, 20), json!(null));
    let diagnostics = session.explain();
    session.check_diagnostics(&diagnostics, POOL, &expect![[r#"
        version 1
        3 hypothesis severity 3 on `let _ = "é👩‍👩‍👧"; &names[at]`: Hypothesis 1: `names[at]`: index 7 of 1
            main.rs:5 "println!(\"{}\", pool::pick(&names, 7));"
        3 crash-site severity 2 on `names[at]`: Panicked here: index out of bounds: the len is 1 but the index is 7
            main.rs:5 "called from shop::main"
    "#]]);
    session.client.end();
}

#[test]
fn hover_says_why() {
    let mut session = Session::new(capabilities());
    session.explain();
    let pool = session.path("src/pool.rs");
    let shown = session.client.hover(&pool, 2, 30);
    assert_eq!(shown["contents"]["kind"], "markdown");
    expect![[r#"
        **panic in `pool::pick`: index out of bounds: the len is 1 but the index is 7**

        Suspect commit `88b88a9` Begin, 2026-02-02:

        - last changed the line of the crash (src/pool.rs:3)
        - last changed the code at src/pool.rs:3
        - touched src/pool.rs
        - speaks of "pool" like the failure

        Hypotheses:

        1. `names[at]`: index 7 of 1 (80%)

        ---

        **Hypothesis 1 (80%): `names[at]`: index 7 of 1**

        The index was 7 and the length 1: 7 past the last item. `at` is a parameter of `pick`; `main` passes it at src/main.rs:5. Commit 88b88a9 (Begin) wrote a line that makes the value.

        Evidence:

        - src/pool.rs:3: `index out of bounds: the len is 1 but the index is 7`
        - src/pool.rs:3: `let _ = "é👩\u{200d}👩\u{200d}👧"; &names[at]`
        - src/main.rs:5: `println!("{}", pool::pick(&names, 7));`
        - src/main.rs in 88b88a9: `+\n+fn main() {\n+    let names = vec!["Ada".to_owned()];\n+    println!("{}", pool::pick(&names, 7));\n+}`

        Would disprove it: the length is above 7 when the failing input is replayed"#]].assert_eq(shown["contents"]["value"].as_str().unwrap());
    assert_eq!(session.client.hover(&pool, 0, 0), json!(null));
    session.client.end();
}

#[test]
fn columns_are_those_of_the_agreed_encoding() {
    let crash_line = POOL.lines().nth(2).unwrap();
    let before = crash_line.split("names[at]").next().unwrap();
    for (encoding, column) in [
        ("utf-8", before.len()),
        ("utf-16", before.encode_utf16().count()),
        ("utf-32", before.chars().count()),
    ] {
        let mut offered = capabilities();
        offered["general"]["positionEncodings"] = json!([encoding]);
        let mut session = Session::new(offered);
        let diagnostics = session.explain();
        let crash = diagnostics["diagnostics"]
            .as_array()
            .unwrap()
            .iter()
            .find(|diagnostic| diagnostic["code"] == "crash-site")
            .unwrap();
        assert_eq!(crash["range"]["start"]["character"], column, "{encoding}");
        session.client.end();
    }
}

#[test]
fn diagnostics_follow_edits_and_forget_those_that_were_not_saved() {
    let mut session = Session::new(capabilities());
    let pool = session.path("src/pool.rs");
    session.client.open(&pool, "rust", POOL);
    session.explain();
    session.client.edit(&pool, 2, [0, 0, 0, 0], "//! A pool.\n\n");
    session.client.edit(&pool, 3, [4, 8, 4, 9], "_two");
    let moved = session.client.diagnostics_until(&pool, |it| it["version"] == 3);
    let edited = POOL.replace("let _ ", "let _two ");
    let edited = format!("//! A pool.\n\n{edited}");
    session.check_diagnostics(&moved, &edited, &expect![[r#"
        version 3
        5 hypothesis severity 3 on `let _two = "é👩‍👩‍👧"; &names[at]`: Hypothesis 1: `names[at]`: index 7 of 1
            main.rs:5 "println!(\"{}\", pool::pick(&names, 7));"
        5 crash-site severity 2 on `names[at]`: Panicked here: index out of bounds: the len is 1 but the index is 7
            main.rs:5 "called from shop::main"
    "#]]);
    session
        .client
        .notify("textDocument/didClose", json!({ "textDocument": { "uri": uri(&pool) } }));
    let back = session.client.diagnostics_until(&pool, |it| it["version"] == json!(null));
    session.check_diagnostics(&back, POOL, &expect![[r#"
        version null
        3 hypothesis severity 3 on `let _ = "é👩‍👩‍👧"; &names[at]`: Hypothesis 1: `names[at]`: index 7 of 1
            main.rs:5 "println!(\"{}\", pool::pick(&names, 7));"
        3 crash-site severity 2 on `names[at]`: Panicked here: index out of bounds: the len is 1 but the index is 7
            main.rs:5 "called from shop::main"
    "#]]);
    session.client.end();
}

#[test]
fn code_actions_say_what_happens_and_are_filled_in_when_chosen() {
    let mut session = Session::new(capabilities());
    let diagnostics = session.explain();
    let pool = session.path("src/pool.rs");
    let ask = |only: Value| {
        json!({
            "textDocument": { "uri": uri(&pool) },
            "range": diagnostics["diagnostics"][0]["range"],
            "context": { "diagnostics": diagnostics["diagnostics"], "only": only },
        })
    };
    let actions =
        session.client.request("textDocument/codeAction", ask(json!(["quickfix.incident"])));
    let mut shown = String::new();
    for action in actions.as_array().unwrap() {
        assert_eq!(action.get("isPreferred"), None, "{action}");
        assert_eq!(action.get("command"), None, "{action}");
        let resolved = session.client.request("codeAction/resolve", action.clone());
        let (kind, title) = (action["kind"].as_str().unwrap(), action["title"].as_str().unwrap());
        let command = resolved["command"]["command"].as_str().unwrap();
        shown.push_str(&format!("{kind}: {title} -> {command}\n"));
    }
    expect![[r#"
        quickfix.incident.show: Show the incident's report -> incident.report
        quickfix.incident.show: Copy a summary of the incident -> incident.copySummary
        quickfix.incident.dismiss: Dismiss the incident -> incident.dismiss
    "#]]
    .assert_eq(&shown);
    let others = session.client.request("textDocument/codeAction", ask(json!(["refactor"])));
    assert_eq!(others, json!(null));
    session.client.end();
}

#[test]
fn dismissed_incidents_come_back_and_cleared_ones_do_not() {
    let mut session = Session::new(capabilities());
    session.explain();
    let pool = session.path("src/pool.rs");
    let list = session.client.command("incident.list", json!(null));
    let id = list["incidents"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(list["incidents"][0]["place"]["line"], 3, "{list}");

    session.client.command("incident.dismiss", json!({ "id": id }));
    let gone = session.client.diagnostics(&pool);
    assert_eq!(gone["diagnostics"], json!([]));
    assert_eq!(session.client.hover(&pool, 2, 30), json!(null));
    session.client.command("incident.reopen", json!({ "id": id }));
    let back = session.client.diagnostics(&pool);
    assert_ne!(back["diagnostics"], json!([]));

    session.client.command("incident.clear", json!(null));
    let gone = session.client.diagnostics(&pool);
    assert_eq!(gone["diagnostics"], json!([]));
    let list = session.client.command("incident.list", json!(null));
    assert_eq!(list["incidents"], json!([]));
    let reopen = json!({ "command": "incident.reopen", "arguments": [{ "id": id }] });
    let reopen = session.client.ask("workspace/executeCommand", reopen);
    let refused = session.client.answer(reopen).unwrap_err();
    assert!(refused["message"].as_str().unwrap().contains(&id), "{refused}");
    session.client.end();
}

#[test]
fn a_text_without_an_incident_gets_a_message() {
    let mut session = Session::new(capabilities());
    let answer = session.client.command("incident.explain", json!({ "text": "all is well\n" }));
    assert_eq!(answer["incident"], json!(null));
    let told = session.client.message("window/showMessage");
    assert_eq!(told["params"]["message"], answer["message"]);
    assert!(answer["message"].as_str().unwrap().len() > 20, "{answer}");
    session.client.end();
}

#[test]
fn what_cannot_be_read_is_said() {
    let mut session = Session::new(capabilities());
    let gone = session.path("gone.log");
    let answer = session.client.command("incident.explain", json!({ "uri": uri(&gone) }));
    session.client.message("window/showMessage");
    assert!(answer["message"].as_str().unwrap().contains("gone.log"), "{answer}");
    for argument in [json!(null), json!({}), json!({ "text": "a", "uri": uri(&gone) }), json!([1])]
    {
        let params = json!({ "command": "incident.explain", "arguments": [argument] });
        let asked = session.client.ask("workspace/executeCommand", params);
        assert_eq!(session.client.answer(asked).unwrap_err()["code"], -32602, "{argument}");
    }
    session.client.end();
}

#[test]
fn a_trace_document_has_a_lens_links_folds_and_definitions() {
    let mut session = Session::new(capabilities());
    let trace = session.path("crash.stacktrace");
    let text = format!("started\n{}", crash_text());
    session.client.open(&trace, "incident-trace", &text);
    let document = json!({ "textDocument": { "uri": uri(&trace) } });

    let lenses = session.client.request("textDocument/codeLens", document.clone());
    assert_eq!(lenses.as_array().unwrap().len(), 1, "{lenses}");
    assert_eq!(lenses[0]["range"]["start"]["line"], 1, "{lenses}");
    assert_eq!(lenses[0]["command"]["title"], "Explain this incident");

    let folds = session.client.request("textDocument/foldingRange", document.clone());
    let folded: Vec<String> = folds
        .as_array()
        .unwrap()
        .iter()
        .map(|fold| format!("{}-{} {}", fold["startLine"], fold["endLine"], fold["collapsedText"]))
        .collect();
    expect![[r#"4-9 "… 3 frames of libraries and the runtime""#]].assert_eq(&folded.join("\n"));

    let links = session.client.request("textDocument/documentLink", document.clone());
    let mut shown = String::new();
    for link in links.as_array().unwrap() {
        assert_eq!(link.get("target"), None, "drawing a link looks nothing up");
        let resolved = session.client.request("documentLink/resolve", link.clone());
        let target = resolved["target"].as_str().unwrap().rsplit("/src/").next().unwrap();
        shown.push_str(&format!("{} -> {target}\n", link["range"]["start"]["line"]));
    }
    expect![[r#"
        1 -> pool.rs#L3
        11 -> pool.rs#L3
        13 -> main.rs#L5
    "#]]
    .assert_eq(&shown);

    let frame = text.lines().position(|line| line.contains("shop::main")).unwrap();
    let line = u32::try_from(frame).unwrap();
    let found = session.client.request("textDocument/definition", at(&trace, line, 8));
    assert_eq!(found[0]["uri"], uri(&session.path("src/main.rs")));
    assert_eq!(found[0]["range"]["start"]["line"], 4);
    // Following a frame shows nothing: nobody asked for an explanation.
    let list = session.client.command("incident.list", json!(null));
    assert_eq!(list["incidents"], json!([]));
    session.client.end();
}

#[test]
fn a_plain_document_becomes_a_trace_document_when_it_is_explained() {
    let mut session = Session::new(capabilities());
    let notes = session.path("notes.txt");
    session.client.open(&notes, "plaintext", &crash_text());
    let document = json!({ "textDocument": { "uri": uri(&notes) } });
    let before = session.client.request("textDocument/codeLens", document.clone());
    assert_eq!(before, json!(null));
    let answer = session.client.command("incident.explain", json!({ "uri": uri(&notes) }));
    assert_eq!(answer["incidents"].as_array().unwrap().len(), 1, "{answer}");
    session.client.diagnostics(&session.repository.path().join("src/pool.rs"));
    let after = session.client.request("textDocument/codeLens", document);
    assert_eq!(after.as_array().unwrap().len(), 1, "{after}");
    session.client.end();
}

#[test]
fn of_several_folders_the_one_that_holds_the_code_is_taken() {
    let other = Repository::with(&[("README.md", "Another one.\n")]);
    let repository = repository();
    let mut client = Client::start();
    let folder = |it: &Repository| json!({ "uri": uri(it.path()), "name": "folder" });
    client.initialize(json!({
        "capabilities": {},
        "workspaceFolders": [folder(&other), folder(&repository)],
    }));
    let answer = client.command("incident.explain", json!({ "text": crash_text() }));
    assert_eq!(answer["incidents"][0]["place"]["uri"], uri(&repository.path().join("src/pool.rs")));
    client.diagnostics(&repository.path().join("src/pool.rs"));
    client.end();
}
