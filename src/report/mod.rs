//! The handoff document, from the ledger alone: who was not there can go on from it.
//! This room knows no engine and no warehouse; a run that lives, ended or died reads the same.

mod breakdown;
mod causes;
mod gaps;
mod handoff;
mod markdown;
mod next;
mod standing;

pub use breakdown::explained;
pub use causes::{Cause, Quarantine};
pub use gaps::StageGap;
pub use handoff::{Handoff, PastRun, Work};
pub use markdown::{by_state, markdown};
pub use next::Go;
pub use standing::{Attention, Check, Run, Stage, Standing};
