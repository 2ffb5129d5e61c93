//! Text with roles: what a terminal colours and a file gets plain.
//!
//! Every piece of text goes through [`Styled::put`], which neutralises it, so no report can hand a
//! terminal something to obey.

use crate::neutral;

/// What a piece of text is, for whoever colours it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Ordinary text.
    #[default]
    Plain,
    /// The one line that must be seen.
    Headline,
    /// The title of a section.
    Heading,
    /// Something that deserves attention.
    Strong,
    /// A place in a file.
    Place,
    /// Line numbers, rulers, what may be skipped.
    Dim,
    /// Marks under the failing expression, and errors.
    Alarm,
    /// Doubt: a status other than exact, a warning.
    Doubt,
    /// A command to type.
    Command,
    /// An added line of a diff.
    Added,
    /// A removed line of a diff.
    Removed,
}

/// Neutralised text in pieces, each with its role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Styled {
    pieces: Vec<(Role, String)>,
}

impl Styled {
    /// Returns an empty text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `text` to the current line; control characters are spelled out.
    pub fn put(&mut self, role: Role, text: &str) -> &mut Self {
        if !text.is_empty() {
            self.push(role, &neutral::one_line(text));
        }
        self
    }

    /// Ends the current line.
    pub fn end_line(&mut self) -> &mut Self {
        self.push(Role::Plain, "\n");
        self
    }

    /// Adds a whole line.
    pub fn line(&mut self, role: Role, text: &str) -> &mut Self {
        self.put(role, text).end_line()
    }

    /// Adds one empty line, unless the text is empty or ends in one.
    pub fn gap(&mut self) -> &mut Self {
        let mut ends = self.pieces.iter().rev().flat_map(|(_, text)| text.chars().rev());
        match (ends.next(), ends.next()) {
            (None, _) | (Some('\n'), Some('\n') | None) => self,
            (Some('\n'), _) => self.end_line(),
            _ => self.end_line().end_line(),
        }
    }

    /// Adds `text` filled into lines of at most `width` columns, each one indented by `indent`.
    ///
    /// Line breaks of the text stay. A word longer than a line gets one of its own.
    pub fn fill(&mut self, role: Role, text: &str, indent: usize, width: usize) -> &mut Self {
        for paragraph in text.lines() {
            let mut column = 0;
            for word in paragraph.split_whitespace() {
                let word_width = width_of(word);
                if column > 0 && indent + column + 1 + word_width > width {
                    self.end_line();
                    column = 0;
                }
                match column {
                    0 => self.put(Role::Plain, &" ".repeat(indent)),
                    _ => self.put(Role::Plain, " "),
                };
                self.put(role, word);
                column += word_width + usize::from(column > 0);
            }
            self.end_line();
        }
        self
    }

    /// Returns the pieces in order; only line ends are control characters.
    pub fn pieces(&self) -> impl Iterator<Item = (Role, &str)> {
        self.pieces.iter().map(|(role, text)| (*role, text.as_str()))
    }

    /// Returns the text without roles.
    pub fn to_plain(&self) -> String {
        self.pieces.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Returns how many columns the current line has.
    pub fn current_width(&self) -> usize {
        let mut width = 0;
        for (_, text) in self.pieces.iter().rev() {
            match text.rsplit_once('\n') {
                Some((_, tail)) => return width + width_of(tail),
                None => width += width_of(text),
            }
        }
        width
    }

    fn push(&mut self, role: Role, text: &str) {
        match self.pieces.last_mut() {
            Some((last, held)) if *last == role => held.push_str(text),
            _ => self.pieces.push((role, text.to_owned())),
        }
    }
}

/// Returns how many columns a terminal gives to `text`, once neutralised.
pub fn width_of(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(&*neutral::one_line(text))
}
