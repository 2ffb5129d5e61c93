//! The public surface of a package, read from its source.
