//! What a `Cargo.toml` says, as text.
