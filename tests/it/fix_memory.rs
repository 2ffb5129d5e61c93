//! An incident that comes back: what was tried before, whether it landed, whether it runs.

use serde_json::Value;

use crate::lsp_incident::{POOL, crash_text, repository};
use crate::support::{Home, Repository, Run};

struct Story {
    repository: Repository,
    home: Home,
    culprit: String,
}

impl Story {
    fn new() -> Self {
        let repository = repository();
        let careful = POOL.replace("&names[at]", "names.get(at).map_or(\"\", String::as_str)");
        repository.commit("Pick with care", &[("src/pool.rs", &careful)]);
        let culprit = repository.commit("Pick without care", &[("src/pool.rs", POOL)]);
        Self { repository, home: Home::new(), culprit }
    }

    fn run<const N: usize>(&self, args: [&str; N]) -> Run {
        Run::new(args).dir(self.repository.path()).home(&self.home)
    }

    fn explain(&self, deployed: &str, format: &str) -> String {
        self.run(["explain", "--deployed", deployed, "--format", format])
            .stdin(crash_text())
            .end()
            .done()
    }

    fn incident(&self, deployed: &str) -> Value {
        let report: Value = serde_json::from_str(&self.explain(deployed, "json")).unwrap();
        report["incidents"][0].clone()
    }

    fn first_line(&self, deployed: &str) -> String {
        self.explain(deployed, "text").lines().next().unwrap().to_owned()
    }
}

#[test]
fn a_fix_that_landed_is_found_again_by_what_it_changes() {
    let story = Story::new();
    let short = |commit: &str| commit[..7].to_owned();
    let incident = story.incident(&story.culprit);
    assert_eq!(incident["seen_before"], serde_json::json!([]));
    let id = incident["id"].as_str().unwrap();
    assert!(story.first_line(&story.culprit).starts_with("panic: "));
    story.run(["fix", id, "0", "--revert", &story.culprit]).end().done();
    // Opened and nothing else: that is no fix yet.
    assert!(story.first_line(&story.culprit).starts_with("panic: "));

    let said = story.run(["fix", id, "0", "--worked"]).end().done();
    assert!(said.contains(&format!("incident/{id}/0 fixed it")), "{said}");
    let line = story.first_line(&story.culprit);
    assert_eq!(line, format!("last fix on incident/{id}/0 never landed"));

    // Somebody lands the same change, under another subject and beside other changes.
    story.repository.commit("Something else", &[("other.txt", "x\n")]);
    story.repository.git(["revert", "--no-edit", &story.culprit]);
    story.repository.git(["commit", "-q", "--amend", "-m", "Be careful again"]);
    let landed = story.repository.git(["rev-parse", "HEAD"]).trim().to_owned();
    let line = story.first_line(&story.culprit);
    let (fix, runs) = (short(&landed), short(&story.culprit));
    assert_eq!(line, format!("last fix {fix} is not in the deployed commit {runs}"));

    // It is deployed, and the incident is back.
    let line = story.first_line(&landed);
    let expected = format!(
        "seen once before; last fix {fix} was deployed and did not hold, so this is out: take {} \
         back",
        short(&story.culprit)
    );
    assert_eq!(line.trim_end(), expected);
    let seen = story.incident(&landed)["seen_before"].clone();
    assert_eq!(seen[0]["fix"], landed.as_str(), "{seen}");
    assert_eq!(seen[0]["held"], false, "{seen}");
}

#[test]
fn what_was_said_can_be_taken_back() {
    let story = Story::new();
    let incident = story.incident(&story.culprit);
    let id = incident["id"].as_str().unwrap();
    let refused = story.run(["fix", id, "0", "--worked"]).end().refused();
    assert!(refused.contains("was opened here"), "{refused}");
    story.run(["fix", id, "0", "--revert", &story.culprit]).end().done();
    story.run(["fix", id, "0", "--worked"]).end().done();
    assert!(story.first_line(&story.culprit).starts_with("last fix on "));
    let said = story.run(["fix", id, "--undo"]).end().done();
    assert_eq!(said, format!("taken back: that it fixed it (incident/{id}/0)\n"));
    assert!(story.first_line(&story.culprit).starts_with("panic: "));
    let refused = story.run(["fix", id, "--undo"]).end().refused();
    assert!(refused.contains("nothing was said"), "{refused}");

    story.run(["fix", id, "0", "--worked"]).end().done();
    story.run(["forget", id]).end().done();
    assert!(story.first_line(&story.culprit).starts_with("panic: "));
}

/// Otherwise the third person on the same night opens the fix that failed twice.
#[test]
fn a_fix_that_failed_is_not_opened_again() {
    let story = Story::new();
    let incident = story.incident(&story.culprit);
    let id = incident["id"].as_str().unwrap();
    let with_fix = |it: &Value| it["fix"].is_object();
    let hypotheses = incident["hypotheses"].as_array().unwrap();
    let number = hypotheses.iter().position(with_fix).unwrap() + 1;
    let number = number.to_string();
    story.run(["fix", id, &number]).end().done();
    story.run(["fix", id, &number, "--failed"]).end().done();
    let refused = story.run(["fix", id, &number]).end().refused();
    assert!(refused.contains("was tried before and did not hold"), "{refused}");
    assert!(refused.contains("--undo"), "{refused}");

    let told = story.explain(&story.culprit, "text");
    assert!(told.contains("This fix was tried before and did not hold"), "{told}");
    let sarif = story.explain(&story.culprit, "sarif");
    assert!(sarif.contains("\"ruleId\": \"fix-loop\""), "{sarif}");

    story.run(["fix", id, "--undo"]).end().done();
    story.run(["fix", id, &number]).end().done();
    assert!(!story.explain(&story.culprit, "text").contains("did not hold"));
}
