use std::time::Duration;

use super::{Config, TEMPLATE, parse};

fn told(text: &str, is_trusted: bool) -> Vec<(String, Option<u32>)> {
    let (_, problems) = parse(text, is_trusted);
    problems
        .into_iter()
        .map(|problem| (problem.message, problem.location.and_then(|location| location.line)))
        .collect()
}

#[test]
fn the_template_says_the_defaults_and_nothing_else() {
    assert_eq!(parse(TEMPLATE, true), (Config::default(), Vec::new()));
    // With the keys in force it is still all known.
    let in_force: String = TEMPLATE
        .lines()
        .map(|line| {
            match line
                .strip_prefix("# ")
                .filter(|rest| rest.contains(" = ") || rest.starts_with('['))
            {
                Some(key) => format!("{key}\n"),
                None => format!("{line}\n"),
            }
        })
        .collect();
    let (config, problems) = parse(&in_force, true);
    assert_eq!(problems, Vec::new());
    assert_eq!(config.deployed_revision.as_deref(), Some("origin/production"));
    assert_eq!(config.max_commits, Some(300));
    assert_eq!(config.fix.check_timeout, Duration::from_secs(1800));
    assert_eq!(config.fix.check.map(|check| check.len()), Some(4));
}

#[test]
fn commands_are_ignored_in_an_untrusted_tree() {
    let text = "[fix]\ncheck = \"make check\"\n";
    assert_eq!(parse(text, true).0.fix.check, Some(vec!["make".to_owned(), "check".to_owned()]));
    assert_eq!(parse(text, false).0.fix.check, None);
    let later = told("[fix]\ncheck_timeout_s = 5\ncheck = \"make\"\n", false);
    assert_eq!(later[0].1, Some(3), "{later:?}");
    let problems = told(text, false);
    assert!(problems[0].0.contains("not trusted"), "{problems:?}");
    assert_eq!(problems[0].1, Some(2));
}

#[test]
fn what_is_unknown_or_does_not_fit_is_told_with_its_line() {
    let text = "[deploy]\nrevison = \"x\"\n[history]\nmax_commits = \"many\"\n[limits]\n[other]\n";
    let problems = told(text, true);
    let lines: Vec<Option<u32>> = problems.iter().map(|(_, line)| *line).collect();
    assert_eq!(lines, [Some(2), Some(4), Some(5), Some(6)], "{problems:?}");
}

#[test]
fn a_broken_file_leaves_the_defaults() {
    let (config, problems) = parse("[fix\ncheck = 1", true);
    assert_eq!(config, Config::default());
    assert_eq!(problems.len(), 1);
}

#[test]
fn a_problem_stands_at_the_key_of_its_own_section() {
    let text = "[deploy]\nname = 1\n[history]\n  max_commits = 3\nname = 2\n[model]\nname = \"m\"\nmax = 1\n";
    let lines: Vec<Option<u32>> = told(text, true).into_iter().map(|(_, line)| line).collect();
    assert_eq!(lines, [Some(2), Some(5), Some(8)]);
    let dotted = told("history.max_commits = 5\nfix.check_timeout_s = 0\n", true);
    assert_eq!(dotted.first().and_then(|(_, line)| *line), Some(2), "{dotted:?}");
}
