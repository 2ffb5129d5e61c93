//! Places told in named fields, one a line: `file: src/main.rs` and `line: 37` below it.
//!
//! Reports, error chains and structured logs of many libraries print a place so, each with its own
//! decoration: branches, bullets, quotes, `=` in place of `:`.

use super::SourceLocation;
use super::references::{Bare, find_all};
use super::unwrap::Line;
use crate::text::ByteSpan;

/// A longer line is no field.
const MAX_FIELD: usize = 2048;
/// Lines between the fields of one place: a column, a module, a blank line.
const MAX_BETWEEN: usize = 3;

/// The fields that were read since the last place.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    file: Option<SourceLocation>,
    line: Option<(u32, ByteSpan)>,
    /// Lines since the last field.
    age: usize,
    /// The place that was handed out last may still get its column.
    lacks_column: bool,
}

/// What a line made of the fields before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// A whole place.
    Place(SourceLocation),
    /// The column of the place before it, and where that ends.
    Column(u32, usize),
}

/// One named part of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field<'a> {
    File(&'a str),
    Line(u32),
    Column(u32),
}

impl Pairs {
    /// Takes the next line of the text.
    pub(super) fn take(&mut self, line: &Line<'_>) -> Option<Told> {
        let Some(field) = field(line.body()) else {
            self.age += 1;
            if self.age > MAX_BETWEEN {
                *self = Self::default();
            }
            return None;
        };
        self.age = 0;
        match field {
            Field::File(file) => {
                let span = line.span_of(file);
                self.file =
                    Some(SourceLocation { file: file.to_owned(), line: None, column: None, span });
                self.lacks_column = false;
            }
            Field::Line(number) => {
                self.line = Some((number, line.span_of(line.body().trim_end())));
                self.lacks_column = false;
            }
            Field::Column(column) => {
                let told = Told::Column(column, line.span_of(line.body().trim_end()).end);
                return std::mem::take(&mut self.lacks_column).then_some(told);
            }
        }
        let (_, line_span) = self.line?;
        let mut place = self.file.take()?;
        place.line = self.line.take().map(|(number, _)| number);
        place.span =
            ByteSpan::new(place.span.start.min(line_span.start), place.span.end.max(line_span.end));
        self.lacks_column = true;
        Some(Told::Place(place))
    }
}

/// Reads `|-- file: src/main.rs`, `"line": 37,`, `- column = 9`.
fn field(body: &str) -> Option<Field<'_>> {
    if body.len() > MAX_FIELD {
        return None;
    }
    let text = body.trim_start_matches(|c: char| !c.is_alphanumeric());
    let key_len =
        text.bytes().take(16).take_while(|b| b.is_ascii_alphabetic() || b"_ -".contains(b));
    let (key, rest) = text.split_at_checked(key_len.count())?;
    let rest = rest.trim_start_matches(['"', '\'', '`', ' ']);
    let rest = rest.strip_prefix("=>").or_else(|| rest.strip_prefix([':', '=']))?;
    let value = rest.trim_matches(|c: char| c.is_whitespace() || "\"'`,;".contains(c));
    let is = |names: &[&str]| names.iter().any(|name| key.trim().eq_ignore_ascii_case(name));
    if is(&[
        "file",
        "filename",
        "file name",
        "file_name",
        "file path",
        "path",
        "source",
        "source file",
    ]) {
        let place = find_all(value, Bare::Take).next()?;
        return (place.line.is_none() && place.text == value).then_some(Field::File(place.file));
    }
    if is(&["line", "lineno", "line no", "line_no", "line number", "line_number", "linenumber"]) {
        return value.parse().ok().filter(|number| *number > 0).map(Field::Line);
    }
    if is(&["column", "col", "colno", "col_no", "column number", "column_number"]) {
        return value.parse().ok().map(Field::Column);
    }
    None
}
