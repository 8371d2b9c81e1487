//! The version of this program, and what it is built from.

/// The version number, with the commit and its date if they are known: `0.1.0 (1a2b3c4d5 2026-01-31)`.
pub const VERSION: &str = env!("BACKCOURT_VERSION");

/// The version, target, linkage, compiler and the libraries that matter to an operator, one per line.
pub const BUILD: &str = concat!(
    env!("BACKCOURT_VERSION"),
    "\ntarget:   ",
    env!("BACKCOURT_TARGET"),
    "\ncompiler: ",
    env!("BACKCOURT_COMPILER"),
    "\nbuilt in: SQLite, rustls, mimalloc; no optional features",
);
