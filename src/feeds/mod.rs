//! Everything that becomes a raw table: the shipped box scores and the feeds made from them.
//! This room knows no stage, no run and no screen.

pub mod league;
