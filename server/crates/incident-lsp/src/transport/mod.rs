//! Messages over a byte stream: frames in, frames out. It knows JSON-RPC, and nothing of LSP's methods.
//!
//! Reading is tolerant: a frame that cannot be understood becomes a value that says why, and the
//! stream goes on behind it. Writing is in one thread, in the order in which messages were sent.

mod frame;
mod message;
mod outbox;

pub(crate) use frame::{Frame, FrameReader};
pub(crate) use message::{Incoming, Rejected, parse};
pub(crate) use outbox::Outbox;

#[cfg(test)]
mod tests;
