use super::*;
use crate::report::fixture;

#[test]
fn results_have_places_stacks_and_fingerprints() {
    let log: Value =
        serde_json::from_str(&explain(&fixture::explain_with_suspect(), "1.2.3")).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let crash = results.iter().find(|it| it["ruleId"] == "crash-site").unwrap();
    assert_eq!(crash["level"], "warning");
    let place = &crash["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "src/pool.rs");
    assert_eq!(
        place["region"],
        json!({ "startLine": 11, "startColumn": 21, "endLine": 11, "endColumn": 39 })
    );
    assert_eq!(crash["stacks"][0]["frames"].as_array().unwrap().len(), 8);
    let fingerprint = crash["partialFingerprints"]["incident/v1"].as_str().unwrap();
    assert!(fingerprint.ends_with("/crash-site"), "{fingerprint}");
    assert!(results.iter().any(|it| it["ruleId"] == "suspect-line"));
}

#[test]
fn columns_count_characters() {
    let at = |column| LineCol { line: 2, column };
    assert_eq!(characters_before("a\nné日x\n", at(1)), 0);
    assert_eq!(characters_before("a\nné日x\n", at(4)), 2);
    assert_eq!(characters_before("a\nné日x\n", at(7)), 3);
    assert_eq!(characters_before("a\n", LineCol { line: 9, column: 4 }), 0);
}

#[test]
fn paths_are_uris() {
    assert_eq!(uri("src/a b%.rs"), "src/a%20b%25.rs");
    assert_eq!(uri(r"C:\src\ä.rs"), "C%3A/src/%C3%A4.rs");
}
