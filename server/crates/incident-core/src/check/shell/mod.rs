//! Commands: their flags and subcommands held against the installed tools' own documentation, and
//! those that destroy or change what others rely on called out.
//!
//! Nothing in a text is ever run. Core says which tools' documentation it wants; host answers with
//! manual pages and help texts, and a flag is accused only when the documentation at hand lists
//! flags and not this one.

use std::collections::{BTreeMap, BTreeSet};

use crate::deps::PackageId;
use crate::problem::Problem;

use super::{OtherPart, Reference, Verdict, names};

mod commands;
mod danger;
mod help;
mod tools;

use commands::{Command, Word};
pub use help::{Takes, ToolHelp, read_help, read_man};
pub use tools::{HelpCall, extra_flags, help_call, is_known_tool, page_names};

/// A tool, or one of its subcommands: `docker` with `["container", "ls"]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ToolQuery {
    /// The program's name without a folder.
    pub tool: String,
    /// Its subcommand, outermost first. Each word was found in its parent's own list of commands,
    /// or has a manual page of its own.
    pub subcommand: Vec<String>,
}

impl std::fmt::Display for ToolQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.tool)?;
        self.subcommand.iter().try_for_each(|word| write!(f, " {word}"))
    }
}

/// What was found about tools; `Err` says why there is nothing.
pub type ToolWorld = BTreeMap<ToolQuery, Result<ToolHelp, String>>;

/// What a check of commands found, and what it would need to say more.
#[derive(Clone, Debug, Default)]
pub struct CheckedShell {
    /// Every tool, subcommand and flag that was looked at.
    pub references: Vec<Reference>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Documentation that was asked for and is not in the world.
    pub wanted: BTreeSet<ToolQuery>,
}

/// Holds the commands of `part` against `world`.
pub fn check_shell(part: &OtherPart, world: &ToolWorld) -> CheckedShell {
    let mut checked = CheckedShell::default();
    let (commands, problems) = commands::parse(&part.text);
    checked.problems = problems;
    for command in &commands {
        let mut ctx = Ctx { world, command, checked: &mut checked };
        ctx.check();
    }
    checked.references.retain(|reference| part.is_told(reference.line));
    checked.references.sort_by(|a, b| (a.line, a.column, &a.api).cmp(&(b.line, b.column, &b.api)));
    checked.references.dedup();
    checked
}

struct Ctx<'a> {
    world: &'a ToolWorld,
    command: &'a Command,
    checked: &'a mut CheckedShell,
}

impl Ctx<'_> {
    fn check(&mut self) {
        if let Some(danger) = danger::of(self.command) {
            let word = self.command.words.first();
            let api = self.command.shown();
            let end = self.command.words.last();
            if let (Some(word), Some(end)) = (word, end) {
                let mut reference = self.reference(&api, word, Verdict::DangerousCommand, danger);
                (reference.end_line, reference.end_column) = (end.end.line, end.end.column);
                self.checked.references.push(reference);
            }
        }
        let Some(tool) = self.command.words.first() else { return };
        let Some(name) = tool.text.as_deref().map(commands::base_name) else { return };
        if !is_known_tool(name) {
            return;
        }
        let mut query = ToolQuery { tool: name.to_owned(), subcommand: Vec::new() };
        let Some(top) = self.ask(&query) else { return };
        let reason = match &top {
            Ok(help) => format!("its flags are listed in {}", help.source),
            Err(why) => why.clone(),
        };
        let verdict = if top.is_ok() { Verdict::Exists } else { Verdict::Unknown };
        let reference = self.reference(name, tool, verdict, reason);
        self.checked.references.push(reference);
        let Some((help, rest)) = self.enter_subcommands(&mut query, top) else { return };
        self.check_flags(&query, &help, rest);
    }

    /// Follows subcommands as far as they are known; returns the innermost documentation and the
    /// position of the first word after it.
    fn enter_subcommands(
        &mut self,
        query: &mut ToolQuery,
        top: Result<ToolHelp, String>,
    ) -> Option<(Result<ToolHelp, String>, usize)> {
        let mut help = top;
        let mut at = 1;
        if !tools::has_subcommands(&query.tool) {
            return Some((help, at));
        }
        for _depth in 0..3 {
            let first = if query.subcommand.is_empty() {
                self.skip_global_flags(&query.tool, at)
            } else {
                at
            };
            let Some(word) = self.command.words.get(first) else { break };
            let Some(text) = word.text.as_deref().filter(|text| tools::is_plain_word(text)) else {
                break;
            };
            let mut inner = query.clone();
            inner.subcommand.push(text.to_owned());
            let listed = help.as_ref().is_ok_and(|help| help.subcommands.contains(text));
            let is_shared = tools::shares_one_page(&query.tool);
            if is_shared && !query.subcommand.is_empty() {
                break;
            }
            let found = match (&help, is_shared) {
                (_, true) => help.clone(),
                _ => self.ask(&inner)?,
            };
            let api = inner.to_string();
            match (&found, &help) {
                (Ok(found), _) => {
                    let is_known = !is_shared || listed || found.subcommands.is_empty();
                    if is_known {
                        let reason = format!("listed in {}", found.source);
                        let reference = self.reference(&api, word, Verdict::Exists, reason);
                        self.checked.references.push(reference);
                    }
                }
                (Err(_), Ok(parent)) if parent.lists_subcommands && !listed => {
                    if query.subcommand.is_empty() && tools::allows_plugins(&query.tool) {
                        let reason = format!(
                            "{} does not list `{text}`; it may be an alias or a plug-in",
                            parent.source
                        );
                        let reference = self.reference(&api, word, Verdict::Unknown, reason);
                        self.checked.references.push(reference);
                    } else if query.subcommand.is_empty() {
                        let reason = format!("{} lists no command `{text}`", parent.source);
                        let mut reference = self.reference(&api, word, Verdict::Missing, reason);
                        reference.suggestions = names::nearest(text, parent.subcommands.clone());
                        self.checked.references.push(reference);
                    } else {
                        // A word after a subcommand that has none of its own is an argument.
                        break;
                    }
                    return None;
                }
                (Err(why), _) => {
                    if !query.subcommand.is_empty() {
                        break;
                    }
                    let reference = self.reference(&api, word, Verdict::Unknown, why.clone());
                    self.checked.references.push(reference);
                    self.list_unknown(first + 1, why);
                    return None;
                }
            }
            let goes_on = found.as_ref().is_ok_and(|found| !found.subcommands.is_empty());
            (*query, help, at) = (inner, found, first + 1);
            if !goes_on || is_shared {
                break;
            }
        }
        Some((help, at))
    }

    /// Returns the position of the first word that is neither a flag nor the value of one of the
    /// tool's own flags.
    fn skip_global_flags(&self, tool: &str, start: usize) -> usize {
        let mut at = start;
        while let Some(text) = self.command.words.get(at).and_then(|word| word.text.as_deref()) {
            if tools::takes_value(tool, text) {
                at += 2;
            } else if text.starts_with('-') || text.starts_with('+') {
                at += 1;
            } else {
                break;
            }
        }
        at
    }

    fn list_unknown(&mut self, start: usize, why: &str) {
        for word in self.command.words.iter().skip(start) {
            match word.text.as_deref() {
                Some("--") => break,
                Some(text) if text.starts_with('-') && text.len() > 1 => {
                    let flag = help::flag_name(text);
                    let reference = self.reference(flag, word, Verdict::Unknown, why.to_owned());
                    self.checked.references.push(reference);
                }
                _ => {}
            }
        }
    }

    fn check_flags(&mut self, query: &ToolQuery, help: &Result<ToolHelp, String>, rest: usize) {
        let help = match help {
            Ok(help) => help,
            Err(why) => return self.list_unknown(1, why),
        };
        let stops = tools::stops_at_operand(&query.tool, &query.subcommand);
        let mut value_of: Option<Takes> = None;
        for word in self.command.words.iter().skip(rest) {
            let Some(text) = word.text.as_deref() else {
                value_of = None;
                continue;
            };
            if text == "--" {
                break;
            }
            if !text.starts_with('-') || text.len() < 2 || text.starts_with("-<") {
                match value_of.take() {
                    // What an inner program is given is not this tool's.
                    None | Some(Takes::Nothing) if stops => break,
                    Some(Takes::Unknown) if stops => break,
                    _ => continue,
                }
            }
            // What begins with two dashes is taken for a flag even where a value may stand.
            if matches!(value_of, Some(Takes::Value)) && !text.starts_with("--") {
                value_of = None;
                continue;
            }
            value_of = Some(self.check_flag(query, help, word, text));
        }
    }

    fn check_flag(&mut self, query: &ToolQuery, help: &ToolHelp, word: &Word, text: &str) -> Takes {
        let flag = help::flag_name(text);
        let is_long = text.starts_with("--") || tools::has_single_dash_words(&query.tool);
        if is_long {
            let found = help.takes(flag);
            let judged = match found {
                Some(_) => (Verdict::Exists, format!("listed in {}", help.source)),
                None => self.judge_long(query, help, flag),
            };
            let mut reference = self.reference(flag, word, judged.0, judged.1);
            if judged.0 == Verdict::Missing {
                reference.suggestions = names::nearest(flag, help.flags.keys().cloned().collect());
            }
            self.checked.references.push(reference);
            return if text.contains('=') {
                Takes::Nothing
            } else {
                found.unwrap_or(Takes::Unknown)
            };
        }
        self.check_cluster(query, help, word, text)
    }

    fn judge_long(&self, query: &ToolQuery, help: &ToolHelp, flag: &str) -> (Verdict, String) {
        // `-newerXY` stands for all its spellings: `-newermt`.
        if query.tool == "find" && flag.starts_with("-newer") && help.takes("-newerXY").is_some() {
            return (Verdict::Exists, format!("{} lists `-newerXY`", help.source));
        }
        let starts: Vec<&String> =
            help.flags.keys().filter(|known| known.starts_with(flag)).collect();
        if tools::may_abbreviate(&query.tool) && flag.starts_with("--") && !starts.is_empty() {
            return match starts.as_slice() {
                [only] => (Verdict::Exists, format!("`{query}` takes it for {only}")),
                _ => (Verdict::Unknown, format!("it may be short for {}", starts[0])),
            };
        }
        let positive = flag.strip_prefix("--no-").map(|rest| format!("--{rest}"));
        if positive.is_some_and(|positive| help.takes(&positive).is_some()) {
            let reason = format!("{} lists the flag that it negates", help.source);
            return (Verdict::Unknown, reason);
        }
        if !help.lists_flags() {
            return (Verdict::Unknown, format!("{} does not list every flag", help.source));
        }
        (Verdict::Missing, format!("{} does not list `{flag}`", help.source))
    }

    /// Checks `-abc`, where each letter may be a flag and the rest of the word a value.
    fn check_cluster(
        &mut self,
        query: &ToolQuery,
        help: &ToolHelp,
        word: &Word,
        text: &str,
    ) -> Takes {
        let mut letters = text.chars().skip(1);
        let Some(first) = letters.next() else { return Takes::Nothing };
        let flag = format!("-{first}");
        if first.is_ascii_digit() {
            return Takes::Nothing;
        }
        let found = help.takes(&flag);
        let (verdict, reason) = match found {
            Some(_) => (Verdict::Exists, format!("listed in {}", help.source)),
            None if help.lists_short_flags() && tools::has_plain_shorts(&query.tool) => {
                (Verdict::Missing, format!("{} does not list `{flag}`", help.source))
            }
            None => (Verdict::Unknown, format!("{} does not list `{flag}`", help.source)),
        };
        let reference = self.reference(&flag, word, verdict, reason);
        self.checked.references.push(reference);
        match letters.last() {
            None => found.unwrap_or(Takes::Unknown),
            Some(_) if found == Some(Takes::Value) => Takes::Nothing,
            Some(last) => help.takes(&format!("-{last}")).unwrap_or(Takes::Unknown),
        }
    }

    fn ask(&mut self, query: &ToolQuery) -> Option<Result<ToolHelp, String>> {
        let found = self.world.get(query).cloned();
        if found.is_none() {
            self.checked.wanted.insert(query.clone());
        }
        found
    }

    fn reference(
        &self,
        api: &str,
        word: &Word,
        verdict: Verdict,
        reason: impl Into<String>,
    ) -> Reference {
        let tool = self.command.words.first().and_then(|word| word.text.as_deref());
        let name = tool.map(commands::base_name).unwrap_or_default().to_owned();
        let version = self
            .world
            .get(&ToolQuery { tool: name.clone(), subcommand: Vec::new() })
            .and_then(|found| found.as_ref().ok())
            .and_then(|help| help.version.clone());
        Reference {
            api: api.to_owned(),
            line: word.start.line,
            column: word.start.column,
            end_line: word.end.line,
            end_column: word.end.column,
            verdict,
            package: version.map(|version| PackageId { name, version }),
            suggestions: Vec::new(),
            exists_in: None,
            reason: reason.into(),
        }
    }
}

#[cfg(test)]
mod tests;
