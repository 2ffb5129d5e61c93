//! One page of Markdown, cut at its headings.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::text::LineIndex;

/// A page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The first heading of the highest level, else the front matter's title; may be empty.
    pub title: String,
    /// Ids of incidents that the front matter says the page is about.
    pub fingerprints: Vec<String>,
    /// In the page's order.
    pub passages: Vec<Passage>,
}

/// What stands below one heading, up to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The heading's own text; the page's title for what stands before the first heading.
    pub heading: String,
    /// The heading's line, from 1.
    pub line: u32,
    /// What it is for.
    pub role: Role,
    /// Plain text: marks are gone, code stays.
    pub text: String,
}

/// What a passage is for; the order is the order of showing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// What to do.
    Mitigation,
    /// What was tried and taken back.
    Tried,
    /// How to tell that it is this.
    Diagnosis,
    /// Anything else.
    Other,
}

impl Role {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mitigation => "mitigation",
            Self::Tried => "tried",
            Self::Diagnosis => "diagnosis",
            Self::Other => "other",
        }
    }

    /// Returns the role with this name, `Other` for any other word.
    pub fn from_name(name: &str) -> Self {
        let all = [Self::Mitigation, Self::Tried, Self::Diagnosis];
        all.into_iter().find(|role| role.as_str() == name).unwrap_or(Self::Other)
    }

    /// Tells a passage's purpose by its heading, else by what it says.
    fn of(heading: &str, text: &str) -> Self {
        const HEADINGS: [(Role, &[&str]); 3] = [
            (
                Role::Tried,
                &[
                    "tried",
                    "rolled back",
                    "did not",
                    "didn't",
                    "what not to do",
                    "do not",
                    "failed",
                ],
            ),
            (
                Role::Mitigation,
                &[
                    "mitigat",
                    "fix",
                    "remed",
                    "resol",
                    "recover",
                    "what to do",
                    "action",
                    "steps",
                    "how to stop",
                    "workaround",
                    "procedure",
                    "response",
                ],
            ),
            (
                Role::Diagnosis,
                &[
                    "signal",
                    "symptom",
                    "diagnos",
                    "first look",
                    "check",
                    "investigat",
                    "detect",
                    "identify",
                    "triage",
                    "how to tell",
                    "verify",
                ],
            ),
        ];
        let heading = heading.to_lowercase();
        let by_heading = HEADINGS
            .iter()
            .find(|(_, words)| words.iter().any(|word| heading.contains(word)))
            .map(|(role, _)| *role);
        by_heading.unwrap_or_else(|| {
            let text = text.to_lowercase();
            let reports = ["rolled back", "reverted", "was reverted", "we tried", "made it worse"];
            if reports.iter().any(|words| text.contains(words)) { Self::Tried } else { Self::Other }
        })
    }
}

/// The longest text of one passage that is kept, in bytes.
const MAX_PASSAGE: usize = 16 << 10;

/// Reads a page. Total: anything is a page, if only one passage without a heading.
pub fn read(markdown: &str) -> Page {
    let (front, skipped) = front_matter(markdown);
    let body = markdown.get(skipped..).unwrap_or_default();
    let lines = LineIndex::new(markdown);
    let mut page = Page { title: front.title, fingerprints: front.fingerprints, ..Page::default() };
    let mut open =
        Passage { heading: String::new(), line: 1, role: Role::Other, text: String::new() };
    let mut heading: Option<String> = None;
    for (event, range) in Parser::new_ext(body, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                page.close(std::mem::replace(
                    &mut open,
                    Passage {
                        heading: String::new(),
                        line: lines.line_col(skipped + range.start).line,
                        role: Role::Other,
                        text: String::new(),
                    },
                ));
                heading = Some(String::new());
            }
            Event::End(TagEnd::Heading(_)) => {
                open.heading = heading.take().unwrap_or_default().trim().to_owned();
                if page.title.is_empty() {
                    page.title.clone_from(&open.heading);
                }
            }
            Event::Text(text) | Event::Code(text) => match &mut heading {
                Some(heading) => heading.push_str(&text),
                None if open.text.len() + text.len() <= MAX_PASSAGE => open.text.push_str(&text),
                None => {}
            },
            Event::SoftBreak | Event::HardBreak | Event::Rule => open.text.push(' '),
            Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::CodeBlock | TagEnd::TableRow) => {
                open.text.push('\n');
            }
            Event::End(TagEnd::TableCell) => open.text.push(' '),
            _ => {}
        }
    }
    page.close(open);
    page
}

impl Page {
    fn close(&mut self, mut passage: Passage) {
        passage.text = passage.text.trim().to_owned();
        if passage.text.is_empty() {
            return;
        }
        passage.role = Role::of(&passage.heading, &passage.text);
        if passage.heading.is_empty() {
            passage.heading.clone_from(&self.title);
        }
        self.passages.push(passage);
    }
}

#[derive(Default)]
struct FrontMatter {
    title: String,
    fingerprints: Vec<String>,
}

/// Reads `key: value` lines between two `---`; returns them and where the page goes on.
fn front_matter(markdown: &str) -> (FrontMatter, usize) {
    let mut front = FrontMatter::default();
    let Some(rest) = markdown.strip_prefix("---\n").or_else(|| markdown.strip_prefix("---\r\n"))
    else {
        return (front, 0);
    };
    let start = markdown.len() - rest.len();
    let mut at = start;
    let mut in_fingerprints = false;
    for line in rest.split_inclusive('\n') {
        at += line.len();
        let line = line.trim_end();
        if line == "---" {
            return (front, at);
        }
        let (key, value) = match line.split_once(':') {
            Some((key, value)) if !key.starts_with([' ', '-']) => (key.trim(), value.trim()),
            _ => ("", line.trim().trim_start_matches('-').trim()),
        };
        in_fingerprints = key == "fingerprints" || (in_fingerprints && key.is_empty());
        if key == "title" {
            front.title = value.trim_matches(['"', '\'']).to_owned();
        }
        if in_fingerprints || key == "incident" {
            let ids = value.split([',', '[', ']', ' ', '"', '\'']);
            let is_id = |id: &&str| id.len() == 12 && id.bytes().all(|b| b.is_ascii_hexdigit());
            front.fingerprints.extend(ids.filter(is_id).map(str::to_owned));
        }
    }
    // Never closed: a rule, not a front matter.
    (FrontMatter::default(), 0)
}
