//! Patterns: the literal text that a statement prints, with holes where values go.

use memchr::memmem;
use serde::{Deserialize, Serialize};

/// What a statement prints: text and holes in turn, never two of a kind in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    pieces: Vec<Piece>,
}

/// One part of a [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Piece {
    /// Printed as it stands; never empty.
    Text(String),
    /// A value, with the argument's name or text in the source; empty where it has none.
    Value(String),
}

/// The longest name of a value that is kept, in bytes: longer ones are expressions to look up.
const MAX_NAME_BYTES: usize = 60;

impl Pattern {
    /// Returns the pattern of a text without values.
    pub fn text(text: &str) -> Self {
        let mut pattern = Self::default();
        pattern.push_text(text);
        pattern
    }

    /// Reads a log template, with `<*>` for each value.
    pub fn of_template(template: &str) -> Self {
        let mut pattern = Self::default();
        for (part_idx, text) in template.split("<*>").enumerate() {
            if part_idx > 0 {
                pattern.push_value("");
            }
            pattern.push_text(text);
        }
        pattern
    }

    /// Returns the parts in the order in which they are printed.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Appends literal text.
    pub fn push_text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    /// Appends a hole; two holes in a row are one, since nothing tells where the first ends.
    pub fn push_value(&mut self, name: &str) {
        let name = crate::text::cut(name.trim(), MAX_NAME_BYTES);
        match self.pieces.last_mut() {
            Some(Piece::Value(last)) => {
                if !last.is_empty() && !name.is_empty() {
                    last.push_str(", ");
                }
                last.push_str(name);
            }
            _ => self.pieces.push(Piece::Value(name.to_owned())),
        }
    }

    /// Appends all parts of `other`.
    pub fn push(&mut self, other: &Self) {
        for piece in &other.pieces {
            match piece {
                Piece::Text(text) => self.push_text(text),
                Piece::Value(name) => self.push_value(name),
            }
        }
    }

    /// Brings the pattern to what one line of a log can show: without blanks at its ends, and with
    /// a hole in place of everything after the first line.
    pub fn first_line(mut self) -> Self {
        if let Some(Piece::Text(first)) = self.pieces.first_mut() {
            first.drain(..first.len() - first.trim_start().len());
        }
        if let Some(Piece::Text(last)) = self.pieces.last_mut() {
            last.truncate(last.trim_end().len());
        }
        let cut = self.pieces.iter().enumerate().find_map(|(piece_idx, piece)| match piece {
            Piece::Text(text) => text.find('\n').map(|at| (piece_idx, at)),
            Piece::Value(_) => None,
        });
        if let Some((piece_idx, at)) = cut {
            self.pieces.truncate(piece_idx + 1);
            if let Some(Piece::Text(text)) = self.pieces.last_mut() {
                text.truncate(at);
                text.truncate(text.trim_end().len());
            }
            self.pieces.push(Piece::Value(String::new()));
        }
        self.pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        self
    }

    /// Returns the pattern where anything of it is literal, blanks apart.
    pub fn with_text(self) -> Option<Self> {
        let has_text = self.texts().any(|text| !text.trim().is_empty());
        has_text.then_some(self)
    }

    /// Returns how many letters and digits are literal: what the pattern has to tell it by.
    pub fn n_literal(&self) -> usize {
        self.texts().map(|text| text.chars().filter(|c| c.is_alphanumeric()).count()).sum()
    }

    /// Iterates over the literal parts.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Value(_) => None,
        })
    }

    /// Iterates over the names of the values.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Value(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// Returns the pattern with `<*>` for each value, as log templates are written.
    pub fn template(&self) -> String {
        let part = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Value(_) => "<*>".to_owned(),
        };
        self.pieces.iter().map(part).collect()
    }

    /// Returns the values of a message that this pattern printed, in order; `None` where it cannot
    /// have printed it. Each value is the shortest that fits, the last one apart.
    pub fn values<'m>(&self, message: &'m str) -> Option<Vec<&'m str>> {
        let mut values = Vec::new();
        let mut at = 0;
        let mut in_value = false;
        let n_pieces = self.pieces.len();
        for (piece_idx, piece) in self.pieces.iter().enumerate() {
            let rest = message.get(at..)?;
            match piece {
                Piece::Value(_) => in_value = true,
                Piece::Text(text) if !in_value => {
                    rest.starts_with(text.as_str()).then_some(())?;
                    at += text.len();
                }
                Piece::Text(text) => {
                    // The last literal is bound to the end, the others to their first occurrence:
                    // if any way to lay the pattern fits, this one does.
                    let found = if piece_idx + 1 == n_pieces {
                        rest.ends_with(text.as_str()).then(|| rest.len() - text.len())?
                    } else {
                        memmem::find(rest.as_bytes(), text.as_bytes())?
                    };
                    values.push(rest.get(..found)?);
                    at += found + text.len();
                    in_value = false;
                }
            }
        }
        let rest = message.get(at..)?;
        if in_value {
            values.push(rest);
        } else if !rest.is_empty() {
            return None;
        }
        Some(values)
    }
}
