use super::*;
use crate::report::fixture;
use crate::report::json;
use crate::timeline::{Clock, Event, EventKind};

fn report() -> Explain {
    let mut explanation = fixture::explain_with_suspect();
    let event = |at: &str, kind, clock, what: &str| {
        Event::new(at.parse().unwrap(), kind, clock, "page.json", what)
    };
    explanation.timeline = vec![
        event("2026-03-03T14:05:00Z", EventKind::Error, Clock::Log, "first seen: panic"),
        event("2026-03-03T14:06:05Z", EventKind::Alert, Clock::Pager, "5xx firing ``` | <b>"),
        event("2026-03-03T14:11:00Z", EventKind::Rollback, Clock::Chat, "rolling back"),
        event("2026-03-03T14:18:05Z", EventKind::Resolved, Clock::Pager, "resolved"),
    ];
    json::explain(&explanation)
}

fn facts<'a>(
    report: &'a Explain,
    attempts: &'a [Attempt],
    confirmed: Option<&'a str>,
) -> Facts<'a> {
    Facts { report, attempts, confirmed, now: "2026-03-04T09:00:00Z".parse().unwrap() }
}

#[test]
fn times_are_read_off_the_axis() {
    let report = report();
    let draft = draft(&facts(&report, &[], None)).unwrap();
    for line in [
        "- To notice: 1 min 5 s. [page.json: 5xx firing \\`\\`\\` \\| &lt;b&gt;]",
        "- To stop the harm: 6 min. [page.json: rolling back]",
        "- To the end: 13 min 5 s. [page.json: resolved]",
        "- It lasted 13 min 5 s. [page.json]",
        "    14.11.00 : rolling back",
    ] {
        assert!(draft.lines().any(|it| it == line), "{line}\n{draft}");
    }
}

#[test]
fn every_generated_line_has_a_source_or_is_a_gap() {
    let report = report();
    let attempt = Attempt {
        at: "2026-03-03T14:30:00Z".parse().unwrap(),
        what: "take the default".to_owned(),
        branch: "incident/0123456789ab/1".to_owned(),
        outcome: Some("better".to_owned()),
        worked: None,
    };
    let draft = draft(&facts(&report, &[attempt], None)).unwrap();
    let mut inside = false;
    for line in draft.lines() {
        match line {
            line if line.starts_with("<!-- incident-lsp:begin") => inside = true,
            line if line.starts_with("<!-- incident-lsp:end") => inside = false,
            line if inside && line.starts_with("- ") && !line.starts_with("- [ ] ") => {
                assert!(line.ends_with(']') && line.contains('['), "{line}");
            }
            line if inside && line.starts_with('>') => {
                assert!(line.starts_with("> **Not known:** "), "{line}")
            }
            _ => {}
        }
    }
    assert!(draft.contains("- take the default (2026-03-03 14:30:00 UTC): the checks said better. [incident/0123456789ab/1]"));
}

#[test]
fn what_people_wrote_stays() {
    let report = report();
    let mut page = draft(&facts(&report, &[], None)).unwrap();
    page = page.replace("## Impact\n", "## Impact\n\nTwo shops could not sell.\n");
    let (begin, end) = marks("switches");
    let start = page.find(&begin).unwrap();
    let stop = page.find(&end).unwrap() + end.len();
    page.replace_range(start..stop, "We have no switches.");
    let again = refresh(&page, &facts(&report, &[], Some("the discount has no rate"))).unwrap();
    assert!(again.contains("Two shops could not sell."));
    assert!(
        again.contains("We have no switches.") && !again.contains(&begin),
        "a part that was taken away stays away"
    );
    assert!(again.contains("Cause: the discount has no rate. [confirmed by a person]"));
    assert_eq!(
        again,
        refresh(&again, &facts(&report, &[], Some("the discount has no rate"))).unwrap()
    );
}

#[test]
fn the_page_is_found_by_its_fingerprint() {
    let report = report();
    let draft = draft(&facts(&report, &[], None)).unwrap();
    let page = crate::runbook::read(&draft);
    assert_eq!(page.fingerprints, [report.incidents[0].id.clone()]);
    assert!(!page.title.is_empty());
}

#[test]
fn without_an_incident_there_is_no_draft() {
    let empty = json::explain(&Default::default());
    assert_eq!(draft(&facts(&empty, &[], None)), None);
    assert_eq!(refresh("page", &facts(&empty, &[], None)), None);
}
