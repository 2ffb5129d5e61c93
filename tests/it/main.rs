//! The integration tests of incident-lsp: one binary, one module a subject.
#![allow(clippy::unwrap_used)] // A test that can't go on says so by panicking.

#[cfg(target_os = "linux")]
mod addresses;
#[cfg(unix)]
mod at_rest;
mod bad_input;
mod cli;
mod exports;
mod fix;
mod fix_memory;
#[cfg(target_os = "linux")]
mod fix_random;
#[cfg(unix)]
mod fix_verify;
mod fixes;
mod json;
mod later;
mod links;
mod lsp_client;
mod lsp_fix;
mod lsp_incident;
mod lsp_logs;
mod lsp_names;
mod lsp_session;
mod lsp_sign_off;
#[cfg(unix)]
mod lsp_together;
#[cfg(unix)]
mod mcp;
mod model;
mod mutations;
mod readme;
mod sample;
mod support;
mod tidy;
#[cfg(unix)]
mod untrusted;
