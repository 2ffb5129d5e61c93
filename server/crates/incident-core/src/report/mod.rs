//! Reports: an [`Explanation`](crate::present::Explanation) as text, Markdown, JSON or SARIF.
