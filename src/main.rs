//! The `backcourt` program.

fn main() {}
