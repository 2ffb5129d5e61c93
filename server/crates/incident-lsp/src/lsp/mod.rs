//! The protocol's own types and what they mean here; nothing outside this module converts them.

pub(crate) mod capabilities;
pub(crate) mod commands;
pub(crate) mod ext;
pub(crate) mod from_proto;
pub(crate) mod position;
pub(crate) mod to_proto;
