//! Advice from anywhere, held against an incident: a pasted answer, Markdown, a snippet, a diff.
//!
//! Each sentence is marked as far as code can tell: it holds on the evidence, it is not in the
//! evidence, it is contradicted, or it would fit any incident. A diff is tried against the files as
//! they are; a block of code without a diff is placed by the function that it defines.

use super::generic::{self, EvidenceWords};
use super::hostile;
use super::support::Ground;
use super::words::{identifiers, numbers};
use crate::error_codes;
use crate::fix::{Edit, Fix, parse_patch, unified_diff};
use crate::hypothesis::{EvidenceKind, HypothesisInput, Lock, catalogue, sentences};
use crate::syntax::{self, ItemKind};

/// What became of one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Every name in it is there, and the evidence speaks of what it says.
    Holds,
    /// Nothing in the evidence shows it; it may still be true.
    NotInEvidence,
    /// The evidence, or what a code means, says otherwise.
    Contradicted,
    /// It would fit any incident.
    Generic,
    /// It reads like an instruction to a tool.
    Hostile,
}

/// One sentence with its mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// The sentence.
    pub text: String,
    /// What became of it.
    pub mark: Mark,
    /// Why, in words; empty where it holds.
    pub why: String,
}

/// A piece of code in the advice, as a change to the tree of now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedFix {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// The change, where it has a place; else why it has none.
    pub fix: Result<Fix, String>,
}

/// The advice, judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suggestion {
    /// Its sentences, in order.
    pub judgements: Vec<Judgement>,
    /// Its code, in order.
    pub fixes: Vec<PlacedFix>,
}

/// The longest advice that is looked at, in bytes.
const MAX_BYTES: usize = 256 << 10;

impl Mark {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::NotInEvidence => "not_in_evidence",
            Self::Contradicted => "contradicted",
            Self::Generic => "generic",
            Self::Hostile => "hostile",
        }
    }
}

/// Holds `text` against the incident. Total: whatever is pasted is judged as far as it goes.
pub fn check(text: &str, input: &HypothesisInput<'_>) -> Suggestion {
    let text = crate::text::cut(text, MAX_BYTES);
    let judge = Judge::new(input);
    let mut suggestion = Suggestion::default();
    for part in parts(text) {
        match part.kind {
            PartKind::Prose => judge.prose(&part, &mut suggestion.judgements),
            PartKind::Code => {
                if let Some(fix) = judge.place(&part.text) {
                    suggestion.fixes.push(PlacedFix { line: part.line, fix });
                }
            }
        }
    }
    suggestion
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PartKind {
    Prose,
    Code,
}

/// A run of lines of one kind.
struct Part {
    kind: PartKind,
    /// From 1.
    line: usize,
    text: String,
}

/// Splits advice into prose and code: fences, and diffs that stand without one.
fn parts(text: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut fence = false;
    let mut diff = false;
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let starts_fence = line.trim_start().starts_with("```");
        if starts_fence {
            (fence, diff) = (!fence, false);
            if fence {
                parts.push(Part { kind: PartKind::Code, line: at + 2, text: String::new() });
            } else {
                parts.push(Part { kind: PartKind::Prose, line: at + 2, text: String::new() });
            }
            continue;
        }
        let begins_diff = line.starts_with("diff --git ")
            || (line.starts_with("--- ")
                && lines.get(at + 1).is_some_and(|it| it.starts_with("+++ ")));
        let goes_on = line.starts_with([' ', '+', '-', '@', '\\'])
            || ["index ", "new file", "deleted file", "diff --git ", "similarity", "rename "]
                .iter()
                .any(|start| line.starts_with(start))
            || (line.is_empty()
                && lines.get(at + 1).is_some_and(|it| it.starts_with([' ', '+', '-', '@'])));
        let was_diff = diff;
        diff = !fence && (begins_diff || (diff && goes_on));
        let kind = if fence || diff { PartKind::Code } else { PartKind::Prose };
        match parts.last_mut() {
            Some(last) if last.kind == kind && (fence || was_diff == diff) => {
                last.text.push_str(line);
                last.text.push('\n');
            }
            _ => parts.push(Part { kind, line: at + 1, text: format!("{line}\n") }),
        }
    }
    parts.retain(|part| !part.text.trim().is_empty());
    // A snippet pasted alone is code: nobody writes prose with a brace at every other line's end.
    if let [only] = parts.as_mut_slice()
        && only.kind == PartKind::Prose
        && looks_like_code(&only.text)
    {
        only.kind = PartKind::Code;
    }
    parts
}

fn looks_like_code(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|it| !it.is_empty()).collect();
    let n_code = lines.iter().filter(|it| it.ends_with(['{', '}', ';', ','])).count();
    lines.len() >= 2 && n_code * 2 > lines.len()
}

struct Judge<'a> {
    input: &'a HypothesisInput<'a>,
    lock: Lock<'a>,
    words: EvidenceWords,
    /// All that may be cited.
    ground: Ground,
}

impl<'a> Judge<'a> {
    fn new(input: &'a HypothesisInput<'a>) -> Self {
        let mut ground = Ground::default();
        for (_, entry) in catalogue(input).entries() {
            ground.add(&entry.text, entry.kind == EvidenceKind::Hunk);
            ground.add(&entry.location.path, false);
        }
        for suspect in &input.incident.suspects.commits {
            ground.add(&suspect.subject, true);
        }
        Self { input, lock: Lock::new(input), words: EvidenceWords::of(input), ground }
    }

    fn prose(&self, part: &Part, judgements: &mut Vec<Judgement>) {
        // A heading claims nothing.
        let claims = part.text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
        for (at, line) in claims {
            let line_text = line.trim().trim_start_matches(['-', '*', '>', ' ']).trim();
            let numbered = line_text.split_once(". ").filter(|(head, _)| {
                !head.is_empty() && head.len() <= 2 && head.bytes().all(|it| it.is_ascii_digit())
            });
            let line_text = numbered.map_or(line_text, |(_, rest)| rest).replace("**", "");
            for sentence in sentences(&line_text) {
                if sentence.chars().filter(|c| c.is_alphabetic()).count() < 4 {
                    continue;
                }
                let (mark, why) = self.sentence(sentence);
                let text = sentence.to_owned();
                judgements.push(Judgement { line: part.line + at, text, mark, why });
            }
        }
    }

    fn sentence(&self, sentence: &str) -> (Mark, String) {
        if let Some(line) = hostile::find(sentence).first() {
            return (Mark::Hostile, format!("it reads like {}", line.what));
        }
        if let Some(wrong) = error_codes::wrong_meanings(sentence).first() {
            return (Mark::Contradicted, wrong.reason.clone());
        }
        if !self.lock.names_exist(sentence) {
            let why = "it names a file, a line, a function or a commit that is not there";
            return (Mark::Contradicted, why.to_owned());
        }
        if let Some(name) = identifiers(sentence).into_iter().find(|it| !self.words.has_name(it)) {
            let name = crate::neutral::headline(name, 60);
            return (Mark::NotInEvidence, format!("`{name}` is nowhere in the evidence"));
        }
        if let Some(number) = numbers(sentence).into_iter().find(|it| !self.words.has_number(it)) {
            return (
                Mark::NotInEvidence,
                format!("the number {number} is nowhere in the evidence"),
            );
        }
        if let Some(why) = generic::is_generic(sentence, &self.words) {
            return (Mark::Generic, why.to_owned());
        }
        match self.ground.fails(sentence, &Ground::default()) {
            Some(_) => (Mark::NotInEvidence, "nothing in the evidence speaks of it".to_owned()),
            None => (Mark::Holds, String::new()),
        }
    }

    /// Gives code its place; `None` where it is no change: a command, an output.
    fn place(&self, code: &str) -> Option<Result<Fix, String>> {
        if code.lines().any(|line| line.starts_with("@@")) {
            return Some(self.diff(code));
        }
        let symbols = syntax::index_file("suggestion.rs", code);
        let functions = symbols.items.iter().filter(|item| item.kind == ItemKind::Function);
        let function = functions.max_by_key(|item| item.span.len())?;
        let replacement = function.span.slice(code)?;
        let mut places = Vec::new();
        for (path, text) in &self.input.sources.current {
            for item in syntax::index_file(path, text).items {
                let is_same = item.kind == ItemKind::Function && item.name == function.name;
                if is_same {
                    places.push((path, text, item));
                }
            }
        }
        Some(match places.as_slice() {
            [] => Err(format!("no file of this incident has a function `{}`", function.name)),
            [(path, text, item)] => {
                let edit = Edit {
                    span: item.span,
                    replacement: indented(replacement, text, item.span.start),
                };
                let patch = unified_diff(path, text, &[edit]);
                match patch.is_empty() {
                    true => Err(format!("it is what `{}` is already", function.name)),
                    false => {
                        Ok(Fix { summary: format!("Replace `{}` in {path}", function.name), patch })
                    }
                }
            }
            several => Err(format!("{} functions are called `{}`", several.len(), function.name)),
        })
    }

    fn diff(&self, code: &str) -> Result<Fix, String> {
        let patch = parse_patch(code).map_err(|problem| problem.message)?;
        for file in &patch.files {
            let Some(path) = &file.old_path else { continue };
            let Some(text) = self.input.sources.current.get(path) else {
                return Err(format!(
                    "the file {} is not one of this incident",
                    crate::neutral::headline(path, 80)
                ));
            };
            if file.apply(text).is_none() {
                return Err(format!("its lines are not those of {path} as it is now"));
            }
        }
        Ok(Fix { summary: "The diff as it was pasted".to_owned(), patch: code.to_owned() })
    }
}

/// Indents all lines but the first as the place asks for.
fn indented(code: &str, text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let wanted: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    // The least indentation after the first line is what the snippet had by itself.
    let own = code
        .lines()
        .skip(1)
        .filter(|it| !it.trim().is_empty())
        .map(|it| it.len() - it.trim_start().len())
        .min()
        .unwrap_or(0);
    let mut lines = code.lines();
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        out.push('\n');
        if !line.trim().is_empty() {
            out.push_str(&wanted);
            out.push_str(line.get(own..).unwrap_or(line));
        }
    }
    out
}

#[cfg(test)]
mod tests;
