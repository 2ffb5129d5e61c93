//! The pure part of incident-lsp: text in, values out.
//!
//! Nothing here touches the disk, the network, a clock, a process or the LSP. What a stage needs
//! from outside it asks for with a value (`wanted_files`, `wanted_history`, `wanted_packages`); the
//! host answers with a value, and the stage goes on. Every stage is total: bad input gives less
//! output plus [`problem::Problem`]s, never a panic. Output is deterministic.
//!
//! Data flows one way, and the types carry the progress:
//!
//! ```text
//! RawInput -> Trace | LogReport -> ResolvedTrace -> Suspects -> Incident
//!          -> Hypothesis -> CheckedHypothesis -> Presentation -> LSP | report
//! ```

pub mod cancel;
pub mod neutral;
pub mod problem;
pub mod text;

pub mod exports;
pub mod input;
pub mod logs;
pub mod metrics;
pub mod statements;
pub mod symbol;
pub mod trace;

pub mod producers;
pub mod resolve;
pub mod syntax;

pub mod changes;
pub mod config_changes;
pub mod deployed;
pub mod history;
pub mod suspects;

pub mod incident;
pub mod later;
pub mod runbook;
pub mod timeline;

pub mod fix;
pub mod hypothesis;
pub mod mitigation;
pub mod verification;

pub mod api;
pub mod check;
pub mod deps;
pub mod error_codes;
mod escapes;
pub mod guard;
pub mod prompt;
pub mod reply;

pub mod present;
pub mod redact;
pub mod report;
