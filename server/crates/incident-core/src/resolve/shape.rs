//! How alike two pieces of Rust are: by their tokens, whatever the layout.

use std::collections::HashMap;

use crate::syntax::rust;

/// Beyond so many tokens the rest of a text is not compared.
const MAX_TOKENS: usize = 4_000;

/// The tokens of a piece of source, ready to be compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape<'t> {
    tokens: Vec<&'t str>,
}

impl<'t> Shape<'t> {
    /// Reads the tokens of `text`.
    pub(super) fn new(text: &'t str) -> Self {
        Self { tokens: rust::tokens(text).take(MAX_TOKENS).collect() }
    }

    /// Returns the number of tokens.
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Says whether two pieces differ in layout and trailing commas at most.
    pub(super) fn same(&self, other: &Shape<'_>) -> bool {
        self.core().eq(other.core())
    }

    /// The tokens without what formatting adds and removes: a comma before a closing bracket, the
    /// semicolon or comma at the end.
    fn core(&self) -> impl Iterator<Item = &'t str> + '_ {
        let next = self.tokens.iter().skip(1).map(Some).chain([None]);
        self.tokens.iter().zip(next).filter_map(|(token, next)| {
            let added = match (*token, next) {
                (",", Some(next)) => matches!(*next, ")" | "]" | "}"),
                ("," | ";", None) => true,
                _ => false,
            };
            (!added).then_some(*token)
        })
    }

    /// Returns how alike two pieces are, from 0 to 1: the share of tokens and of neighbouring pairs
    /// that both have.
    pub(super) fn similarity(&self, other: &Shape<'_>) -> f64 {
        if self.tokens.is_empty() || other.tokens.is_empty() {
            return 0.0;
        }
        let words = |tokens: &[&str]| -> f64 { tokens.iter().map(|token| weight(token)).sum() };
        let (mut single, mut pairs) = (HashMap::new(), HashMap::new());
        for token in &self.tokens {
            *single.entry(*token).or_insert(0usize) += 1;
        }
        for pair in self.tokens.windows(2) {
            *pairs.entry((pair[0], pair[1])).or_insert(0usize) += 1;
        }
        let mut take = |token: &&str| match single.get_mut(*token) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        };
        let shared: f64 =
            other.tokens.iter().filter(|token| take(token)).map(|token| weight(token)).sum();
        let of_tokens = 2.0 * shared / (words(&self.tokens) + words(&other.tokens));
        let n_pairs = (self.tokens.len() + other.tokens.len()).saturating_sub(2);
        if n_pairs == 0 {
            return of_tokens;
        }
        let mut n_shared = 0usize;
        for pair in other.tokens.windows(2) {
            if let Some(count) = pairs.get_mut(&(pair[0], pair[1]))
                && *count > 0
            {
                *count -= 1;
                n_shared += 1;
            }
        }
        0.6 * of_tokens + 0.4 * (2.0 * n_shared as f64 / n_pairs as f64)
    }
}

/// Names and texts tell more than brackets and dots.
fn weight(token: &str) -> f64 {
    match token.len() {
        1 if !token.starts_with(|first: char| first.is_alphanumeric()) => 0.25,
        1 | 2 => 0.75,
        _ => 1.0,
    }
}
