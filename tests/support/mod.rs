//! What the end-to-end tests share. Each test target uses its own part of it.
#![allow(dead_code, reason = "each test target compiles all of this and uses a part")]

pub mod pty;
pub mod toy;
