//! The local record of every unit and every check result: the only truth about progress.

mod state;

pub use state::{CheckState, RunState, UnitState};
