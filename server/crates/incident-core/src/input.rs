//! What a person hands in: the first type of the road.

use std::borrow::Cow;

use crate::problem::Problem;

/// One input as it was given: a file, standard input, a selection, a link's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawInput {
    /// What the person calls it: a path as given, `stdin`, `selection`. Shown in problems.
    pub name: String,
    /// The text; invalid UTF-8 was replaced by U+FFFD before, with a `Problem`.
    pub text: String,
}

impl RawInput {
    /// Reads the bytes of an input, whatever their encoding.
    ///
    /// UTF-8 with or without a mark, and UTF-16 with one (what a Windows shell writes into a file).
    /// Bytes that are no text become U+FFFD, and a problem names the first line of them.
    pub fn decode(name: impl Into<String>, bytes: &[u8]) -> (Self, Vec<Problem>) {
        let name = name.into();
        let mut problems = Vec::new();
        let text = match bytes {
            [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
            [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
            [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
            [0x1f, 0x8b, ..] => {
                problems.push(
                    Problem::error("the input is compressed with gzip; unpack it first (gzip -d)")
                        .at(&name, None),
                );
                String::new()
            }
            [0x28, 0xb5, 0x2f, 0xfd, ..] => {
                problems.push(
                    Problem::error("the input is compressed with zstd; unpack it first (zstd -d)")
                        .at(&name, None),
                );
                String::new()
            }
            _ => match String::from_utf8_lossy(bytes) {
                Cow::Borrowed(text) => text.to_owned(),
                Cow::Owned(text) => {
                    let n_valid = std::str::from_utf8(bytes).err().map_or(0, |it| it.valid_up_to());
                    let before = bytes.get(..n_valid).unwrap_or_default();
                    let line = memchr::memchr_iter(b'\n', before).count() + 1;
                    problems.push(
                        Problem::warning(
                            "some bytes are no UTF-8 text; they were read as U+FFFD, \
                             so quotes and offsets there may differ from the file",
                        )
                        .at(&name, u32::try_from(line).ok()),
                    );
                    text
                }
            },
        };
        (Self { name, text }, problems)
    }
}

fn utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The programming language that a trace, an incident or a snippet speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Rust.
    Rust,
    /// JavaScript, in a browser or on Node.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// Python.
    Python,
    /// Go.
    Go,
    /// Java and other languages of its machine.
    Java,
    /// Nothing told the language.
    #[default]
    Unknown,
}

impl Language {
    /// Returns the name used in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::Python => "python",
            Self::Go => "go",
            Self::Java => "java",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests;
