//! What the end-to-end tests share. Each test target uses its own part of it.
#![allow(dead_code, reason = "each test target compiles all of this and uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

pub mod pty;
pub mod toy;
