//! What stands between a model, or anybody's advice, and the person.
//!
//! - [`claims`] holds each step of a model's chain against the evidence that it cites, and drops
//!   the whole chain where one step fails.
//! - [`generic`] tells advice that would fit any incident.
//! - [`hostile`] finds text that reads like an instruction to a tool.
//! - [`looping`] knows a fix that was tried, and fixes that undo each other.
//! - [`suggestion`] judges advice from anywhere, sentence by sentence, and places its code.
//! - [`join`] puts a model's causes beside those of the signatures.
//!
//! All text is data here; nothing that it asks for is done.

pub mod claims;
pub mod generic;
pub mod hostile;
pub mod join;
pub mod looping;
pub mod suggestion;
mod support;
mod words;
