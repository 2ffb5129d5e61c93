//! The JSON documents, their schemas and the page about them say the same.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Repository, Run};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../server/docs")
}

fn schema(name: &str) -> Value {
    let path = docs().join(format!("schema/{name}-1.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Makes a field that the schema does not name an error, so that none goes undocumented.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("properties").is_some_and(Value::is_object) && map.contains_key("required") {
                map.insert("additionalProperties".to_owned(), false.into());
            }
            map.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[track_caller]
fn assert_valid(name: &str, document: &Value) {
    let mut closed = schema(name);
    close(&mut closed);
    let validator = jsonschema::options().should_validate_formats(true).build(&closed).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(document)
        .map(|err| format!("{}: {err}", err.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{}\n{document:#}", errors.join("\n"));
}

const POOL: &str = "\
pub fn get(shards: &[u64], key: &str) -> u64 {
    let shard = key.len() % 4 + 1;
    shards[shard]
}
";

const LOG: &str = "\
2026-02-03T10:00:00Z INFO till: listening on 127.0.0.1:7070
2026-02-03T10:00:01Z ERROR till: order 17 refused: no such customer

thread 'main' panicked at src/pool.rs:3:5:
index out of bounds: the len is 4 but the index is 4
stack backtrace:
   0: till::pool::get
             at ./src/pool.rs:3:5
   1: till::main
             at ./src/main.rs:4:5
2026-02-03T10:00:02Z INFO till: listening on 127.0.0.1:7071
";

fn service() -> Repository {
    let repository = Repository::with(&[
        ("Cargo.toml", "[package]\nname = \"till\"\nversion = \"1.0.0\"\n"),
        ("src/main.rs", "mod pool;\n\nfn main() {\n    pool::get(&[1, 2, 3, 4], \"abc\");\n}\n"),
        ("src/pool.rs", &POOL.replace(" + 1", "")),
    ]);
    repository.commit("Skip the first shard", &[("src/pool.rs", POOL)]);
    repository
}

#[track_caller]
fn document(run: Run) -> Value {
    serde_json::from_str(&run.end().done()).unwrap()
}

#[test]
fn explain_fits_its_schema() {
    let repository = service();
    let run = Run::new(["explain", "--format", "json"]).dir(repository.path());
    let document = document(run.stdin(LOG));
    assert_valid("explain", &document);
    let incident = &document["incidents"][0];
    let location = &incident["traces"][0]["location"];
    assert_eq!(location["resolution"]["path"], "src/pool.rs");
    assert_eq!(location["resolution"]["line"], 3);
    assert_eq!(document["workspace"]["head"], repository.git(["rev-parse", "HEAD"]).trim());
}

#[test]
fn explain_without_an_incident_fits_its_schema() {
    let run = Run::new(["explain", "--format", "json"]);
    let document = document(run.stdin("all is well\n"));
    assert_valid("explain", &document);
    assert_eq!(document["incidents"], json!([]));
    assert_ne!(document["problems"], json!([]), "silence would not say why");
}

#[test]
fn logs_fit_their_schema() {
    let document = document(Run::new(["logs", "-", "--format", "json"]).stdin(LOG));
    assert_valid("logs", &document);
    assert_eq!(document["lines"], 11);
    assert!(!document["groups"].as_array().unwrap().is_empty());
}

#[test]
fn changes_fit_their_schema() {
    let repository = service();
    repository.commit("Wait less", &[("config/db.toml", "[pool]\nacquire_timeout_ms = 250\n")]);
    repository.commit("Wait even less", &[("config/db.toml", "[pool]\nacquire_timeout_ms = 25\n")]);
    let log = "2026-02-03T10:00:01Z ERROR till: timed out acquiring a connection after 26 ms\n";
    let run = Run::new(["changes", "--format", "json", "-"]).dir(repository.path());
    let document = document(run.stdin(log));
    assert_valid("changes", &document);
    let newest = &document["commits"][0]["settings"][0];
    assert_eq!(newest["key"], "pool.acquire_timeout_ms");
    assert_eq!((&newest["old"], &newest["new"]), (&json!("250"), &json!("25")));
    let first = &document["suspect_commits"]["ranked"][0];
    assert_eq!(first["subject"], "Wait even less");
    let reasons = first["reasons"].as_array().unwrap();
    assert!(reasons.iter().any(|it| it["kind"] == "setting_changed"), "{first:#}");
}

#[test]
fn changes_need_no_input() {
    let repository = service();
    let run = Run::new(["changes", "--format", "json"]).dir(repository.path());
    let document = document(run);
    assert_valid("changes", &document);
    assert_eq!(document["suspect_commits"], json!(null));
    assert_eq!(document["commits"].as_array().unwrap().len(), 2);
}

#[test]
fn check_fits_its_schema() {
    let repository = service();
    let snippet = "fn main() {\n    let v: Vec<u8> = Vec::nope();\n    nowhere::at_all();\n}\n";
    let run = Run::new(["check", "--format", "json", "--fail-on", "never", "--language", "rust"]);
    let document = document(run.dir(repository.path()).stdin(snippet));
    assert_valid("check", &document);
    let references = document["references"].as_array().unwrap();
    let nowhere = references.iter().find(|it| it["line"] == 3).unwrap();
    assert!(nowhere["api"].as_str().unwrap().starts_with("nowhere"), "{nowhere}");
    assert_ne!(nowhere["verdict"], "exists");
}

#[test]
fn a_schema_refuses_what_does_not_fit() {
    let mut closed = schema("logs");
    close(&mut closed);
    let accepts = |document: &Value| jsonschema::is_valid(&closed, document);
    let fits = json!({
        "schema_version": 1, "lines": 0, "bytes": 0, "groups": [], "deploy": null, "problems": []
    });
    assert!(accepts(&fits));
    for (field, wrong) in [("lines", json!(-1)), ("schema_version", json!(2)), ("new", json!(1))] {
        let mut document = fits.clone();
        document[field] = wrong;
        assert!(!accepts(&document), "{field}");
    }
}

/// Collects the names of fields and the allowed words of a schema.
fn names(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Object(properties)) = map.get("properties") {
                found.extend(properties.keys().cloned());
            }
            if let Some(Value::Array(words)) = map.get("enum") {
                found.extend(words.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            map.values().for_each(|it| names(it, found));
        }
        Value::Array(items) => items.iter().for_each(|it| names(it, found)),
        _ => {}
    }
}

#[test]
fn the_page_names_every_field_and_word() {
    let page = std::fs::read_to_string(docs().join("json.md")).unwrap();
    let mut all = Vec::new();
    for name in ["explain", "logs", "check", "changes"] {
        let section = page
            .split_once(&format!("\n## {name}\n"))
            .map(|(_, rest)| rest.split("\n## ").next().unwrap())
            .unwrap();
        let mut found = Vec::new();
        names(&schema(name), &mut found);
        assert!(found.len() > 10, "{name}");
        // The shared types are described once, under `explain`.
        let missing = found.iter().filter(|it| {
            let quoted = format!("`{it}`");
            !section.contains(&quoted) && !page.contains(&quoted)
        });
        all.extend(missing.map(|it| format!("{name}: {it}")));
    }
    assert!(all.is_empty(), "json.md does not name: {}", all.join(", "));
}
