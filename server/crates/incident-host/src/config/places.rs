//! Where the keys of a settings file stand, so that a problem points at the key it speaks of.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A settings file and its keys with their places.
pub(super) struct Places<'a> {
    text: &'a str,
    table: DeTable<'a>,
}

impl<'a> Places<'a> {
    /// Reads the places; a text that is no TOML has as many as were read before its errors.
    pub(super) fn of(text: &'a str) -> Self {
        let (table, _) = DeTable::parse_recoverable(text);
        Self { text, table: table.into_inner() }
    }

    /// Returns the line, from 1, of the last key of `path` that is there: of `["fix", "check"]` the
    /// line of `check` in the section `fix`.
    pub(super) fn line_of(&self, path: &[&str]) -> Option<u32> {
        let mut table = Some(&self.table);
        let mut line = None;
        for key in path {
            let Some((found, value)) = table.and_then(|table| entry(table, key)) else { break };
            line = Some(line_at(self.text, found.span().start));
            table = match value.get_ref() {
                DeValue::Table(inner) => Some(inner),
                _ => None,
            };
        }
        line
    }
}

type Entry<'t, 'a> = (&'t Spanned<std::borrow::Cow<'a, str>>, &'t Spanned<DeValue<'a>>);

fn entry<'t, 'a>(table: &'t DeTable<'a>, key: &str) -> Option<Entry<'t, 'a>> {
    table.iter().find(|(known, _)| known.get_ref() == key)
}

/// Returns the line, from 1, of an offset in bytes.
pub(super) fn line_at(text: &str, offset: usize) -> u32 {
    let before = text.get(..offset).unwrap_or(text);
    u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX)
}
