//! The post-mortem: a draft in Markdown that says what is known, from where, and what is not.
//!
//! Nothing is invented. Every generated sentence names its source in brackets, or stands as a gap
//! for a person to fill ("Not known: ..."). Each generated part lies between two marks; when the
//! draft is made again only what is between them changes, so that what people wrote stays.

mod sections;
mod times;

use jiff::Timestamp;

use super::json::{Explain, Incident};

/// What a draft is made of.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The explained incident, as it was kept: redacted, one incident.
    pub report: &'a Explain,
    /// What was tried against it, oldest first.
    pub attempts: &'a [Attempt],
    /// What a person confirmed as the cause, in the hypothesis' words.
    pub confirmed: Option<&'a str>,
    /// When the draft is made.
    pub now: Timestamp,
}

/// A fix that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it was opened.
    pub at: Timestamp,
    /// What was claimed.
    pub what: String,
    /// The scratch branch.
    pub branch: String,
    /// What the checks said.
    pub outcome: Option<String>,
    /// Whether a person said that it worked.
    pub worked: Option<bool>,
}

/// One generated part: its mark's name, its heading, its lines.
struct Section {
    name: &'static str,
    heading: &'static str,
    body: String,
}

/// Returns a new draft; `None` where the report holds no incident.
pub fn draft(facts: &Facts<'_>) -> Option<String> {
    let incident = facts.report.incidents.first()?;
    let mut out = front_matter(incident, facts);
    out.push_str(&format!("# {}\n", sections::line(&incident.title)));
    for section in sections::all(incident, facts) {
        out.push_str(&format!("\n## {}\n\n", section.heading));
        out.push_str(&marked(&section));
    }
    Some(out)
}

/// Returns `page` with its generated parts made anew. A part whose marks a person took away stays
/// away, and so does everything outside the marks.
///
/// `None` where the report holds no incident.
pub fn refresh(page: &str, facts: &Facts<'_>) -> Option<String> {
    let incident = facts.report.incidents.first()?;
    let mut out = page.to_owned();
    for section in sections::all(incident, facts) {
        let (begin, end) = marks(section.name);
        let Some(start) = out.find(&begin) else { continue };
        let Some(stop) = out[start..].find(&end).map(|at| start + at + end.len()) else { continue };
        out.replace_range(start..stop, marked(&section).trim_end());
    }
    Some(out)
}

fn front_matter(incident: &Incident, facts: &Facts<'_>) -> String {
    let day = incident.first_seen.as_deref().and_then(|it| it.get(..10));
    let today = facts.now.strftime("%Y-%m-%d").to_string();
    format!(
        "---\ntitle: \"{}\"\nfingerprints: [{}]\ndate: {}\nstatus: draft\n---\n\n",
        sections::plain(&incident.title).replace(['"', '\\'], "'"),
        incident.id,
        day.unwrap_or(&today)
    )
}

fn marks(name: &str) -> (String, String) {
    (format!("<!-- incident-lsp:begin {name} -->"), format!("<!-- incident-lsp:end {name} -->"))
}

fn marked(section: &Section) -> String {
    let (begin, end) = marks(section.name);
    format!("{begin}\n{}\n{end}\n", section.body.trim_end())
}

#[cfg(test)]
mod tests;
