//! The integration tests of incident-lsp: one binary, one module a subject.
#![allow(clippy::unwrap_used)] // A test that can't go on says so by panicking.

mod fix;
mod sample;
mod tidy;
