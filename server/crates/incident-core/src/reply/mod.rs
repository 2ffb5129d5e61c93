//! A model's answer: a strict schema, and what may be wrong with the text that comes back.
//!
//! The text is untrusted. It is read as data, held to limits, and nothing in it is obeyed. What is
//! cut off is salvaged as far as whole hypotheses go; everything else that is wrong is an error
//! that can be told back to the model once, in words.

mod salvage;
mod schema;

use serde::Deserialize;

pub use schema::{limits, schema, schema_words};

/// A model's answer that fits the schema; nothing in it is verified yet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Reply {
    /// At most three causes.
    pub hypotheses: Vec<Claim>,
    /// What the model would need to say more.
    #[serde(default)]
    pub missing: Vec<String>,
}

/// One claimed cause.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Claim {
    /// One line: what went wrong.
    pub title: String,
    /// The chain from cause to failure, in order; each step with its own quotes.
    pub chain: Vec<Link>,
    /// From 0 to 1.
    pub confidence: f64,
    /// What would show it to be wrong.
    pub would_disprove: Vec<String>,
    /// How to tell.
    #[serde(default)]
    pub validation: Vec<Check>,
    /// An edit, where the model has one.
    #[serde(default)]
    pub fix: Option<Edits>,
}

/// One step of a chain.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Link {
    /// One sentence.
    pub says: String,
    /// What it rests on.
    pub evidence: Vec<Cite>,
}

/// A quote with the id of the evidence that it is from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Cite {
    /// `F1`, `H2`, `src/pool.rs:41`.
    pub id: String,
    /// The very words.
    pub quote: String,
}

/// One way to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Check {
    /// What should be seen if it holds.
    pub prediction: String,
    /// A command for a person; never run by us.
    #[serde(default)]
    pub command: Option<String>,
    /// What confirms it.
    pub confirms: String,
    /// What disproves it.
    pub disproves: String,
}

/// Replacements of exact text: models count lines badly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Edits {
    /// What it does, in one line.
    pub summary: String,
    /// The file.
    pub path: String,
    /// The text as it stands there, once.
    pub old: String,
    /// What shall stand there instead.
    pub new: String,
}

impl Reply {
    /// Returns the answer with every text passed through `change`, such as one that puts secrets
    /// back in the place of their stand-ins.
    pub fn map_text(mut self, change: impl Fn(&str) -> String) -> Self {
        for claim in &mut self.hypotheses {
            claim.title = change(&claim.title);
            for link in &mut claim.chain {
                link.says = change(&link.says);
                for cite in &mut link.evidence {
                    cite.quote = change(&cite.quote);
                }
            }
            for what in &mut claim.would_disprove {
                *what = change(what);
            }
            if let Some(fix) = &mut claim.fix {
                fix.old = change(&fix.old);
                fix.new = change(&fix.new);
            }
        }
        self
    }
}

/// Returns the hypotheses that stand whole in an answer that is still coming.
pub fn so_far(text: &str) -> Reply {
    salvage::whole_claims(object_start(text).and_then(|at| text.get(at..)).unwrap_or_default())
}

/// How a provider says that the model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// It had said all.
    Complete,
    /// It reached a limit of length.
    Length,
    /// It, or a filter, refused.
    Refused,
}

/// Why a text is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyError {
    /// Nothing came.
    Empty,
    /// It was cut before the first whole hypothesis.
    Truncated,
    /// The model, or a filter before it, refused.
    Refused,
    /// There is no JSON object in it.
    NotJson,
    /// The JSON does not fit; says where and why.
    WrongSchema(String),
}

impl std::fmt::Display for ReplyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("the model answered with nothing"),
            Self::Truncated => {
                f.write_str("the answer was cut off before its first whole hypothesis")
            }
            Self::Refused => f.write_str("the model, or a filter before it, refused to answer"),
            Self::NotJson => f.write_str("the answer holds no JSON object"),
            Self::WrongSchema(why) => write!(f, "the answer does not fit the schema: {why}"),
        }
    }
}

impl std::error::Error for ReplyError {}

impl ReplyError {
    /// Returns what to tell the model when it is asked once more; `None` where that is no use.
    pub fn ask_again(&self) -> Option<String> {
        match self {
            Self::Refused => None,
            Self::Empty | Self::NotJson => {
                Some("Answer with one JSON object of the given schema and nothing else.".to_owned())
            }
            Self::Truncated => Some(
                "The answer was too long and was cut. Answer again with one hypothesis, one or two \
                 links and short sentences."
                    .to_owned(),
            ),
            Self::WrongSchema(why) => Some(format!(
                "The answer did not fit the schema: {why}. Answer again with one JSON object."
            )),
        }
    }
}

/// An answer as far as it could be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// What it says.
    pub reply: Reply,
    /// The text was cut; what stood whole before the cut was kept.
    pub was_cut: bool,
}

/// The longest text that is looked at, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// Reads a model's text.
pub fn read(text: &str, finish: Finish) -> Result<Read, ReplyError> {
    if finish == Finish::Refused {
        return Err(ReplyError::Refused);
    }
    let text = crate::text::cut(text, MAX_BYTES).trim();
    if text.is_empty() {
        return Err(ReplyError::Empty);
    }
    let Some(start) = object_start(text) else {
        return Err(if is_refusal(text) { ReplyError::Refused } else { ReplyError::NotJson });
    };
    let body = text.get(start..).unwrap_or_default();
    match first_object(body) {
        Ok(value) => {
            let reply = schema::fit(value).map_err(ReplyError::WrongSchema)?;
            Ok(Read { reply, was_cut: finish == Finish::Length })
        }
        // Cut in the middle, whatever the provider says about it.
        Err(err) if err.is_eof() => {
            let reply = salvage::whole_claims(body);
            if reply.hypotheses.is_empty() {
                return Err(ReplyError::Truncated);
            }
            Ok(Read { reply, was_cut: true })
        }
        Err(err) => Err(ReplyError::WrongSchema(format!("no JSON at line {}", err.line()))),
    }
}

fn first_object(body: &str) -> Result<serde_json::Value, serde_json::Error> {
    let mut values = serde_json::Deserializer::from_str(body).into_iter::<serde_json::Value>();
    values.next().unwrap_or_else(|| serde_json::from_str(""))
}

/// Returns where the answer's object begins: in a fence of JSON, else at the first brace that goes
/// on like an object.
fn object_start(text: &str) -> Option<usize> {
    let fenced = text.find("```json").and_then(|at| Some(at + text.get(at..)?.find('{')?));
    let is_object = |at: &usize| {
        let rest = text.get(at + 1..).unwrap_or_default().trim_start();
        rest.is_empty() || rest.starts_with(['"', '}'])
    };
    fenced.or_else(|| text.match_indices('{').map(|(at, _)| at).find(is_object))
}

/// Says whether a text without JSON reads like a refusal.
fn is_refusal(text: &str) -> bool {
    let start = crate::text::cut(text, 240).to_lowercase();
    let start = start.replace('’', "'");
    [
        "i can't",
        "i cannot",
        "i'm sorry",
        "i am sorry",
        "i am unable",
        "i'm unable",
        "i won't",
        "as an ai",
    ]
    .iter()
    .any(|words| start.contains(words))
}

#[cfg(test)]
mod tests;
