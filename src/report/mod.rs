//! The handoff document, from the ledger alone: who was not there can go on from it.
//! This room knows no engine and no warehouse; a run that lives, ended or died reads the same.

mod handoff;
mod standing;

pub use handoff::{Handoff, markdown};
pub use standing::{Attention, Check, Run, Stage, Standing};
