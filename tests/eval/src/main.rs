//! Eval.
fn main() {}
