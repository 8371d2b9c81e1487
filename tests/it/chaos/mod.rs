//! The real program is killed, or its system calls fail, anywhere; the next start continues and nothing is lost.
#![cfg(target_os = "linux")]

mod faults;
mod kills;
mod points;
mod stand;
mod strace;
