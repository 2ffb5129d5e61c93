//! The schema that a model is held to, and the check of what it sent.
//!
//! Every string has a longest length and every list a largest number: small models repeat
//! themselves until something stops them.

use serde_json::{Value, json};

use super::{Claim, Reply};

/// The limits of the schema, in characters and items.
pub mod limits {
    /// Hypotheses.
    pub const HYPOTHESES: usize = 3;
    /// Links of a chain.
    pub const LINKS: usize = 4;
    /// Quotes of a link.
    pub const QUOTES: usize = 3;
    /// A title.
    pub const TITLE: usize = 120;
    /// A sentence.
    pub const SENTENCE: usize = 300;
    /// A quote.
    pub const QUOTE: usize = 240;
    /// An id of evidence.
    pub const ID: usize = 120;
    /// What would disprove, checks, missing things.
    pub const ITEMS: usize = 3;
    /// One side of an edit.
    pub const EDIT: usize = 2_000;
}

/// Returns the JSON Schema of an answer.
///
/// `ids` are the ids that may be cited; where they are few, the schema lists them, so that a server
/// that enforces it cannot invent one.
pub fn schema(ids: &[String]) -> Value {
    let text = |max: usize| json!({ "type": "string", "minLength": 1, "maxLength": max });
    let list = |of: Value, min: usize, max: usize| json!({ "type": "array", "items": of, "minItems": min, "maxItems": max });
    let id = if (1..=200).contains(&ids.len()) {
        json!({ "type": "string", "enum": ids })
    } else {
        text(limits::ID)
    };
    let cite = object(&[("id", id), ("quote", text(limits::QUOTE))], &["id", "quote"]);
    let link = object(
        &[("says", text(limits::SENTENCE)), ("evidence", list(cite, 1, limits::QUOTES))],
        &["says", "evidence"],
    );
    let check = object(
        &[
            ("prediction", text(limits::SENTENCE)),
            ("command", text(limits::SENTENCE)),
            ("confirms", text(limits::SENTENCE)),
            ("disproves", text(limits::SENTENCE)),
        ],
        &["prediction", "confirms", "disproves"],
    );
    let fix = object(
        &[
            ("summary", text(limits::TITLE)),
            ("path", text(limits::ID)),
            ("old", text(limits::EDIT)),
            ("new", text(limits::EDIT)),
        ],
        &["summary", "path", "old", "new"],
    );
    let claim = object(
        &[
            ("title", text(limits::TITLE)),
            ("chain", list(link, 1, limits::LINKS)),
            ("confidence", json!({ "type": "number", "minimum": 0, "maximum": 1 })),
            ("would_disprove", list(text(limits::SENTENCE), 1, limits::ITEMS)),
            ("validation", list(check, 0, limits::ITEMS)),
            ("fix", fix),
        ],
        &["title", "chain", "confidence", "would_disprove"],
    );
    object(
        &[
            ("hypotheses", list(claim, 0, limits::HYPOTHESES)),
            ("missing", list(text(limits::SENTENCE), 0, limits::ITEMS)),
        ],
        &["hypotheses"],
    )
}

/// Returns the schema in the few words that a server without schemas is given.
pub fn schema_words() -> &'static str {
    r#"{"hypotheses":[{"title":"...","chain":[{"says":"one sentence","evidence":[{"id":"F1","quote":"exact words"}]}],"confidence":0.5,"would_disprove":["..."],"validation":[{"prediction":"...","command":"...","confirms":"...","disproves":"..."}],"fix":{"summary":"...","path":"...","old":"exact text","new":"..."}}],"missing":["..."]} (validation, fix and missing may be left out)"#
}

fn object(properties: &[(&str, Value)], required: &[&str]) -> Value {
    let properties: serde_json::Map<String, Value> =
        properties.iter().map(|(name, of)| ((*name).to_owned(), of.clone())).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// Reads a value as an answer; says in words what does not fit.
pub(super) fn fit(value: Value) -> Result<Reply, String> {
    let reply: Reply = serde_json::from_value(value).map_err(|err| err.to_string())?;
    at_most("hypotheses", reply.hypotheses.len(), limits::HYPOTHESES)?;
    at_most("missing", reply.missing.len(), limits::ITEMS)?;
    for (at, claim) in reply.hypotheses.iter().enumerate() {
        claim_fits(claim).map_err(|why| format!("hypotheses[{at}]: {why}"))?;
    }
    Ok(reply)
}

/// Says in words what of a claim does not fit.
pub(super) fn claim_fits(claim: &Claim) -> Result<(), String> {
    length("title", &claim.title, limits::TITLE)?;
    if !(0.0..=1.0).contains(&claim.confidence) {
        return Err("`confidence` lies outside 0 to 1".to_owned());
    }
    if claim.chain.is_empty() {
        return Err("`chain` is empty".to_owned());
    }
    at_most("chain", claim.chain.len(), limits::LINKS)?;
    for link in &claim.chain {
        length("says", &link.says, limits::SENTENCE)?;
        if link.evidence.is_empty() {
            return Err("a link has no `evidence`".to_owned());
        }
        at_most("evidence", link.evidence.len(), limits::QUOTES)?;
        for cite in &link.evidence {
            length("id", &cite.id, limits::ID)?;
            length("quote", &cite.quote, limits::QUOTE)?;
        }
    }
    if claim.would_disprove.is_empty() {
        return Err("`would_disprove` is empty".to_owned());
    }
    at_most("would_disprove", claim.would_disprove.len(), limits::ITEMS)?;
    for what in &claim.would_disprove {
        length("would_disprove", what, limits::SENTENCE)?;
    }
    at_most("validation", claim.validation.len(), limits::ITEMS)?;
    if let Some(fix) = &claim.fix {
        length("fix.summary", &fix.summary, limits::TITLE)?;
        length("fix.path", &fix.path, limits::ID)?;
        length("fix.old", &fix.old, limits::EDIT)?;
        at_most("fix.new", fix.new.chars().count(), limits::EDIT)?;
    }
    Ok(())
}

fn length(name: &str, text: &str, max: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err(format!("`{name}` is empty"));
    }
    // Where a server does not enforce the schema, a little more is no lie.
    at_most(name, text.chars().count(), max * 2)
}

fn at_most(name: &str, n: usize, max: usize) -> Result<(), String> {
    if n > max {
        return Err(format!("`{name}` is too long: {n}, at most {max}"));
    }
    Ok(())
}
