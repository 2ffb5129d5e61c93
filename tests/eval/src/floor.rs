//! Floors: the counts below which the benchmark fails.

use std::str::FromStr;

use anyhow::Context as _;

/// A count that a column must reach, written `NAME=COUNT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Floor {
    /// The column's name as the table prints it.
    pub(crate) name: String,
    /// The least number of right answers.
    pub(crate) count: usize,
}

impl FromStr for Floor {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, count) = text.split_once('=').context("a floor is written NAME=COUNT")?;
        let count = count.parse().with_context(|| format!("{count} is not a count"))?;
        Ok(Self { name: name.to_owned(), count })
    }
}
