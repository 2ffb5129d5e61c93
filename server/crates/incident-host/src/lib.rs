//! The part of incident-lsp that touches git, the disk, package installs and the network.
//!
//! It answers what core asks for, orders the stages (`pipeline`), and never decides what an
//! incident means. The user's tree is read-only to it.

pub mod command;
mod message;

pub mod binary;
pub mod checking;
pub mod git;
pub mod input;
pub mod logs;
pub mod packages;
pub mod source;

pub mod clock;
pub mod config;
pub mod folders;
pub mod http;
pub mod index;
pub mod links;
pub mod look;
pub mod memory;
pub mod sandbox;
pub mod statements;
pub mod store;
pub mod trust;

pub mod model;
pub mod permalink;
pub mod pipeline;
pub mod retrospect;
pub mod runbooks;
pub mod workspace;
pub mod worktree;

#[cfg(test)]
mod testing;
