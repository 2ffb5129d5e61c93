//! Turn a switch that guards the suspect's code: an environment variable, a feature flag of a
//! service, a switch in the settings, found in the conditions around the changed lines.

use std::collections::{BTreeMap, BTreeSet};

use tree_sitter::Node;

use super::{Mitigation, MitigationKind, Texts, Verdict};
use crate::history::{Commit, FileChange};
use crate::suspects::is_code;
use crate::syntax;

/// How many switches are proposed.
const MAX_TOGGLES: usize = 3;
/// Shortest changed line that is looked for in the text as it is now: a brace stands everywhere.
const MIN_LINE: usize = 8;
/// How much of a condition is read, in bytes.
const MAX_CONDITION: usize = 1000;

/// What stands before the name of an environment variable.
const ENVIRONMENT: &[&str] = &[
    "env::var(",
    "env::var_os(",
    "process.env.",
    "process.env[",
    "os.environ.get(",
    "os.environ[",
    "environ.get(",
    "os.getenv(",
    "os.Getenv(",
    "os.LookupEnv(",
    "System.getenv(",
    "Deno.env.get(",
    "import.meta.env.",
];
/// Methods with which LaunchDarkly, Unleash, OpenFeature and their like are asked for a flag.
const SERVICES: &[&str] = &[
    "variation(",
    "boolVariation(",
    "BoolVariation(",
    "bool_variation(",
    "isEnabled(",
    "IsEnabled(",
    "is_enabled(",
    "getBooleanValue(",
    "get_boolean_value(",
    "BooleanValue(",
    "getBooleanDetails(",
    "isFeatureEnabled(",
    "is_feature_enabled(",
    "feature_enabled(",
];
/// Names of what settings are read from.
const SETTINGS: &[&str] =
    &["config.", "cfg.", "settings.", "flags.", "features.", "options.", "feature_flags."];

/// A switch that a condition asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Switch {
    name: String,
    /// What it is, in words.
    what: &'static str,
}

pub(super) fn propose(commit: &Commit, texts: &Texts) -> Vec<Mitigation> {
    let mut proposals = Vec::new();
    for file in commit.files.iter().filter(|file| is_code(&file.path)) {
        let Some(text) = texts.get(&file.path) else { continue };
        for (switch, guarded) in guards(file, text) {
            if proposals.len() >= MAX_TOGGLES {
                return proposals;
            }
            proposals.push(proposal(&switch, &guarded, file, commit));
        }
    }
    proposals
}

fn proposal(switch: &Switch, guarded: &Guarded, file: &FileChange, commit: &Commit) -> Mitigation {
    let turn = if guarded.when_off { "on" } else { "off" };
    let Guarded { first_line, last_line, .. } = guarded;
    Mitigation {
        kind: MitigationKind::Toggle,
        summary: format!(
            "Turn {turn} {} ({}), which guards what {} changed ({}:{first_line})",
            switch.name,
            switch.what,
            commit.id.short(),
            file.path
        ),
        commit: Some(commit.id.clone()),
        undoes: vec![format!("{}: lines {first_line} to {last_line} no longer run", file.path)],
        hazards: vec!["how it is set in production is not seen from here".to_owned()],
        verdict: Verdict::Unknown,
        patch: None,
    }
}

/// What a condition decides over.
struct Guarded {
    first_line: usize,
    last_line: usize,
    /// It runs where the switch is off.
    when_off: bool,
}

/// Returns the switches whose condition holds changed lines of a file.
fn guards(file: &FileChange, text: &str) -> BTreeMap<Switch, Guarded> {
    let mut guards = BTreeMap::new();
    let changed = changed_rows(file, text);
    if changed.is_empty() {
        return guards;
    }
    let Some(tree) = syntax::parse(&file.path, text) else { return guards };
    let variables = variables(text);
    // Down, right and up again by cursor: the depth of the tree is the input's.
    let mut cursor = tree.walk();
    loop {
        if let Some((switch, guarded)) = guard(cursor.node(), text, &changed, &variables) {
            guards.entry(switch).or_insert(guarded);
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return guards;
            }
        }
    }
}

fn guard(
    node: Node<'_>,
    text: &str,
    changed: &BTreeSet<usize>,
    variables: &BTreeMap<&str, Switch>,
) -> Option<(Switch, Guarded)> {
    let condition = node.child_by_field_name("condition")?;
    let said = crate::text::cut(text.get(condition.byte_range())?, MAX_CONDITION);
    let said = said.trim_matches(|c: char| c == '(' || c == ')' || c.is_whitespace());
    let negated = said.starts_with('!') || said.starts_with("not ");
    let branch = |field: &str| {
        let branch = node.child_by_field_name(field)?;
        let rows = branch.start_position().row..=branch.end_position().row;
        changed.range(rows.clone()).next().map(|_| rows)
    };
    let then = branch("consequence").or_else(|| branch("body"));
    let (rows, in_else) = match then {
        Some(rows) => (rows, false),
        None => (branch("alternative")?, true),
    };
    let switch = switch_in(said).or_else(|| {
        let name = said.trim_start_matches('!').trim_start_matches("not ").trim();
        variables.get(name).cloned()
    })?;
    let guarded = Guarded {
        first_line: rows.start() + 1,
        last_line: rows.end() + 1,
        when_off: negated != in_else,
    };
    Some((switch, guarded))
}

/// Returns the rows, from 0, of lines that the commit wrote and that are still there.
fn changed_rows(file: &FileChange, text: &str) -> BTreeSet<usize> {
    let added: BTreeSet<&str> = file
        .hunks
        .iter()
        .flat_map(|hunk| &hunk.added)
        .map(|line| line.trim())
        .filter(|line| line.len() >= MIN_LINE)
        .collect();
    let rows = text.lines().enumerate();
    rows.filter(|(_, line)| added.contains(line.trim())).map(|(row, _)| row).collect()
}

/// Finds the switch that a condition reads itself.
fn switch_in(said: &str) -> Option<Switch> {
    let named = |heads: &[&str], what| {
        let rest = heads.iter().find_map(|head| Some(said.split_once(head)?.1))?;
        let name: String = rest
            .trim_start_matches(['"', '\'', '`', ' '])
            .chars()
            .take_while(|c| c.is_alphanumeric() || "_-.".contains(*c))
            .collect();
        let name = name.trim_matches('.').to_owned();
        (name.len() >= 2).then_some(Switch { name, what })
    };
    let setting = || {
        // `config.pool.max > 3` is no switch, and neither is what a call gives.
        let path = said.trim_start_matches('!').trim_start_matches("not ").trim();
        let is_path = path.chars().all(|c| c.is_alphanumeric() || "_.".contains(c));
        let path = path.strip_prefix("self.").or(path.strip_prefix("this.")).unwrap_or(path);
        let is_setting = SETTINGS.iter().any(|head| path.starts_with(head));
        (is_path && is_setting).then(|| Switch { name: path.to_owned(), what: "a setting" })
    };
    named(ENVIRONMENT, "an environment variable")
        .or_else(|| named(SERVICES, "a feature flag"))
        .or_else(setting)
}

/// Returns the variables that are read from switches, one step back from a condition.
fn variables(text: &str) -> BTreeMap<&str, Switch> {
    let mut variables = BTreeMap::new();
    for line in text.lines() {
        let Some((before, value)) = line.split_once('=') else { continue };
        let Some(switch) = switch_in(value.trim()) else { continue };
        let is_name =
            |word: &&str| word.len() >= 2 && word.chars().all(|c| c.is_alphanumeric() || c == '_');
        for name in before.split([' ', ':']).filter(is_name) {
            variables.entry(name).or_insert_with(|| switch.clone());
        }
    }
    variables
}
