use super::super::{DeployHow, DeployTime, ScanOptions, group_bytes};
use crate::cancel::Cancel;
use expect_test::{Expect, expect};

/// One line a minute from 13:00 on; `per_minute(minute)` gives the messages.
fn log(minutes: u32, per_minute: impl Fn(u32) -> Vec<String>) -> String {
    let mut text = String::new();
    for minute in 0..minutes {
        for (message, second) in per_minute(minute).into_iter().zip(0..) {
            let (hour, minute) = (13 + minute / 60, minute % 60);
            text += &format!("2026-03-03T{hour:02}:{minute:02}:{:02}Z {message}\n", second % 60);
        }
    }
    text
}

fn incident(minute: u32) -> Vec<String> {
    let mut messages = vec![format!("INFO http: served {minute}")];
    if minute % 10 == 3 {
        messages.push(format!("WARN cache: slow shard {minute}"));
    }
    if minute < 60 {
        messages.push("INFO old: legacy path taken".to_owned());
    }
    if minute == 61 {
        messages.push("INFO main: listening on 0.0.0.0:80".to_owned());
    }
    if minute >= 65 {
        messages.push(format!("ERROR pool: timed out after {minute} ms"));
        messages.extend((0..8).map(|_| format!("WARN cache: slow shard {minute}")));
    }
    messages
}

fn check(text: &str, at: Option<&str>, expected: Expect) {
    let deploy = at.map(|at| DeployTime {
        at: at.to_owned(),
        how: DeployHow::Given,
        evidence: String::new(),
        line: None,
    });
    let options = ScanOptions { deploy: at.and_then(super::time), ..ScanOptions::default() };
    let tallied = group_bytes(&[("app.log", text.as_bytes())], options, deploy, &Cancel::new());
    let mut shown = match &tallied.report.deploy {
        Some(deploy) => format!("{} {}: {}\n", deploy.how.as_str(), deploy.at, deploy.evidence),
        None => "no deploy\n".to_owned(),
    };
    for group in &tallied.report.groups {
        shown += &format!(
            "{} {} {:?}/{:?} {}\n",
            group.status.as_str(),
            group.template,
            group.count_before,
            group.count_after,
            group.rates.as_ref().map_or_else(String::new, |it| format!(
                "{} {:.2} -> {:.2}",
                it.start, it.before, it.after
            )),
        );
    }
    expected.assert_eq(&shown);
}

#[test]
fn a_deploy_that_is_given() {
    check(
        &log(90, incident),
        Some("2026-03-03T14:01:00Z"),
        expect![[r#"
        given 2026-03-03T14:01:00Z: 
        new timed out after <*> ms Some(0)/Some(25) 2026-03-03T14:05:01Z 0.00 -> 0.89
        bursting slow shard <*> Some(6)/Some(203) 2026-03-03T14:05:00Z 0.10 -> 7.21
        new listening on <*> Some(0)/Some(1) 2026-03-03T14:01:01Z 0.00 -> 0.04
        steady served <*> Some(61)/Some(29) 2026-03-03T14:01:00Z 1.00 -> 1.03
        gone legacy path taken Some(60)/Some(0) 2026-03-03T14:01:00Z 0.98 -> 0.00
    "#]],
    );
}

#[test]
fn a_deploy_that_the_log_shows() {
    check(
        &log(90, incident),
        None,
        expect![[r#"
        banner 2026-03-03T14:01:01Z: the log says "listening on 0.0.0.0:80"
        new timed out after <*> ms Some(0)/Some(25) 2026-03-03T14:05:01Z 0.00 -> 0.89
        bursting slow shard <*> Some(6)/Some(203) 2026-03-03T14:05:00Z 0.10 -> 7.22
        new listening on <*> Some(0)/Some(1) 2026-03-03T14:01:01Z 0.00 -> 0.04
        steady served <*> Some(61)/Some(29) 2026-03-03T14:01:01Z 1.00 -> 1.03
        gone legacy path taken Some(60)/Some(0) 2026-03-03T14:01:01Z 0.98 -> 0.00
    "#]],
    );
}

#[test]
fn errors_that_begin_together_show_a_change() {
    let quiet =
        |minute| incident(minute).into_iter().filter(|it| !it.contains("listening")).collect();
    check(
        &log(90, quiet),
        None,
        expect![[r#"
        change_point 2026-03-03T14:05:01Z: errors that were not there before begin then
        new timed out after <*> ms Some(0)/Some(25) 2026-03-03T14:05:01Z 0.00 -> 1.04
        bursting slow shard <*> Some(7)/Some(202) 2026-03-03T14:05:01Z 0.11 -> 8.37
        steady served <*> Some(65)/Some(25) 2026-03-03T14:05:01Z 1.00 -> 1.04
        gone legacy path taken Some(60)/Some(0) 2026-03-03T14:05:01Z 0.92 -> 0.00
    "#]],
    );
}

#[test]
fn a_quiet_log_shows_no_deploy() {
    check(
        &log(30, |minute| vec![format!("INFO http: served {minute}")]),
        None,
        expect![[r#"
        no deploy
        unknown served <*> None/None 
    "#]],
    );
}
