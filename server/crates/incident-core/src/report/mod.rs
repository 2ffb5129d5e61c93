//! Reports: an [`Explanation`](crate::present::Explanation) as text, Markdown, JSON or SARIF.
//!
//! Pure functions from values to text. Colour is a role here and becomes an escape sequence only
//! where a terminal is known to listen.

#[cfg(test)]
pub(crate) mod fixture;
pub mod json;
pub mod markdown;
pub mod permalink;
pub mod postmortem;
pub mod sarif;
pub mod styled;
pub mod text;
